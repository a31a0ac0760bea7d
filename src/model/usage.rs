//! How much of the disk a thing takes.

use std::ops::{AddAssign, SubAssign};

/// Size of a block as `stat` counts them, in bytes.
pub const BLOCK: u64 = 512;

/// What a thing takes on the disk. Every inode is counted once within the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes of blocks on disk: what `du` says.
    pub on_disk: u64,
    /// Bytes by file length: what `du --apparent-size` says.
    pub apparent: u64,
    /// Inodes, directories included.
    pub files: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.on_disk = self.on_disk.saturating_add(other.on_disk);
        self.apparent = self.apparent.saturating_add(other.apparent);
        self.files += other.files;
    }
}

impl SubAssign for Usage {
    fn sub_assign(&mut self, other: Self) {
        self.on_disk = self.on_disk.saturating_sub(other.on_disk);
        self.apparent = self.apparent.saturating_sub(other.apparent);
        self.files = self.files.saturating_sub(other.files);
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        let mut total = Self::default();
        for u in iter {
            total += u;
        }
        total
    }
}
