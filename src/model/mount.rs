//! A mounted file system, with what is left of it for this user.

use std::path::PathBuf;

/// Space left on a mount. Bytes are for this user: what root keeps for itself does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Space {
    /// Size of the file system in bytes (`f_blocks`).
    pub total: u64,
    /// Bytes this user can still write (`f_bavail`).
    pub available: u64,
    /// Bytes free for root (`f_bfree`).
    pub free: u64,
    /// Inodes in all; `None` where the file system has no fixed number (btrfs, ZFS, some networks).
    pub inodes: Option<u64>,
    /// Inodes left (`f_favail`).
    pub inodes_available: Option<u64>,
}

impl Space {
    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// Bytes of what becomes free that may be kept for root before anybody else has some: ext file systems keep a twentieth
    /// unless somebody changed that (mke2fs(8), `-m`), and where nothing is left for users, root may have used of it. An
    /// upper bound, as far as nobody keeps more.
    fn owed_to_root(&self) -> u64 {
        if self.available > 0 { 0 } else { (self.total / 20 + self.ext4s_own()).saturating_sub(self.free) }
    }

    /// What ext4 keeps for itself at most, in bytes: a fiftieth of all blocks, of which a part is no space, or 4096 of them
    /// (Linux, `fs/ext4/super.c`, `ext4_calculate_resv_clusters`).
    pub fn ext4s_own(&self) -> u64 {
        (self.total / 40).min(17 << 20)
    }

    /// Share in use as `df` prints it: used ÷ (used + available), in percent, rounded up.
    pub fn percent(&self) -> u64 {
        percent_up(self.used(), self.used() + self.available)
    }

    /// Share in use, from 0 to 1, of what this user can have.
    pub fn share(&self) -> f64 {
        let whole = self.used() + self.available;
        if whole == 0 { 0.0 } else { self.used() as f64 / whole as f64 }
    }

    /// Share of inodes in use, rounded up.
    pub fn inode_percent(&self) -> Option<u64> {
        let (total, left) = (self.inodes?, self.inodes_available?);
        Some(percent_up(total.saturating_sub(left), total))
    }
}

fn percent_up(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        0
    } else {
        u64::try_from((u128::from(part) * 100).div_ceil(u128::from(whole))).unwrap_or(100)
    }
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub path: PathBuf,
    /// Its type: `ext4`, `overlay`, `nfs4` …
    pub fstype: String,
    /// What is mounted: `/dev/nvme0n1p2`, `server:/export` …
    pub source: String,
    /// The kernel's number for this mount, from `/proc/self/mountinfo`.
    pub id: u64,
    /// `st_dev` of the mounted file system, where it could be asked.
    pub dev: u64,
    /// Whether writing is forbidden.
    pub read_only: bool,
    /// What is left; `None` when the file system did not answer.
    pub space: Option<Space>,
}

/// What is the matter with a mount, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    /// Nothing can be written: it is mounted read-only.
    ReadOnly,
    /// No byte is left for this user.
    Bytes,
    /// No inode is left.
    Inodes,
    /// Less than a twentieth is left, of bytes or inodes.
    Low,
    /// There is room.
    Fine,
}

impl Mount {
    /// See [`Space::owed_to_root`].
    pub fn owed_to_root(&self) -> u64 {
        let keeps = matches!(self.fstype.as_str(), "ext2" | "ext3" | "ext4");
        self.space.filter(|_| keeps).map_or(0, |s| s.owed_to_root())
    }

    /// Less than this many bytes left is called full: a notebook does not fit any more.
    const FULL: u64 = 1 << 20;

    /// How bad it is, in a word.
    pub fn word(&self) -> &'static str {
        match self.pressure() {
            Pressure::ReadOnly => "READ-ONLY",
            Pressure::Bytes | Pressure::Inodes => "FULL",
            Pressure::Low => "LOW",
            Pressure::Fine if self.space.is_none() => "?",
            Pressure::Fine => "OK",
        }
    }

    /// How bad it is.
    pub fn pressure(&self) -> Pressure {
        let Some(s) = self.space else { return Pressure::Fine };
        if self.read_only {
            Pressure::ReadOnly
        } else if s.total > 0 && s.available < Self::FULL.min(s.total / 100) {
            Pressure::Bytes
        } else if s.inodes.is_some_and(|n| n > 0) && s.inodes_available == Some(0) {
            Pressure::Inodes
        } else if s.percent() >= 95 || s.inode_percent().is_some_and(|p| p >= 95) {
            Pressure::Low
        } else {
            Pressure::Fine
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(space: Space) -> Mount {
        Mount {
            path: "/".into(),
            fstype: "ext4".into(),
            source: "/dev/sda1".into(),
            id: 1,
            dev: 1,
            read_only: false,
            space: Some(space),
        }
    }

    #[test]
    fn percent_is_what_df_says() {
        // df rounds up: 1 byte used of much is 1%
        let s = Space { total: 1000, available: 900, free: 950, ..Space::default() };
        assert_eq!(s.percent(), 6);
        assert_eq!(Space::default().percent(), 0);
    }

    #[test]
    fn reserve_is_not_left_for_the_user() {
        let s = Space { total: 100 << 30, available: 0, free: 5 << 30, ..Space::default() };
        assert_eq!(mount(s).pressure(), Pressure::Bytes);
        assert_eq!(s.percent(), 100);
    }

    #[test]
    fn inodes_alone_can_be_gone() {
        let s = Space {
            total: 100 << 30,
            available: 50 << 30,
            free: 50 << 30,
            inodes: Some(10),
            inodes_available: Some(0),
        };
        assert_eq!(mount(s).pressure(), Pressure::Inodes);
        let btrfs = Space { inodes: None, inodes_available: None, ..s };
        assert_eq!(mount(btrfs).pressure(), Pressure::Fine);
    }
}
