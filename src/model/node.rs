//! Names for scanned entries that stay valid while the tree grows and are never used twice.

/// A directory of the tree. A parent always has a smaller number than its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DirId(pub u32);

/// An entry of the tree: a directory, or one file record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// The directory itself, or the one that holds the file.
    pub dir: DirId,
    /// Where the file's record begins in the directory's block; 0 is the directory itself.
    pub at: u32,
}

impl NodeId {
    /// The node of a directory.
    pub fn dir(dir: DirId) -> Self {
        Self { dir, at: 0 }
    }

    /// Whether this is a directory.
    pub fn is_dir(self) -> bool {
        self.at == 0
    }
}

impl From<DirId> for NodeId {
    fn from(dir: DirId) -> Self {
        Self::dir(dir)
    }
}

/// What kind of file an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A regular file.
    File = 0,
    /// A directory.
    Dir = 1,
    /// A symbolic link.
    Link = 2,
    /// A device, socket or pipe.
    Special = 3,
}

impl Kind {
    /// The kind stored in the two lowest bits of a record's first byte.
    pub fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::File,
            1 => Self::Dir,
            2 => Self::Link,
            _ => Self::Special,
        }
    }
}
