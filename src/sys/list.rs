//! What the walk asks of a file system: open, list, stat. Two back ends answer: [`super::linux`] by directory
//! descriptors, [`super::portable`] through walkdir.

use std::io;
use std::path::Path;

use crate::model::node::Kind;

/// What `stat` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Device (`st_dev`).
    pub dev: u64,
    /// Inode number; 0 where the system has none.
    pub ino: u64,
    /// Kind of file.
    pub kind: Kind,
    /// Number of names.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Permissions.
    pub mode: u32,
    /// Length in bytes.
    pub size: u64,
    /// Blocks of 512 bytes on disk.
    pub blocks: u64,
    /// Last change of content, seconds since 1970.
    pub mtime: i64,
}

/// What kind of file system a directory lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsKind {
    /// A local one whose listings carry true inode numbers, so a name can be told without asking for it.
    Plain,
    /// Any other that holds files.
    Other,
    /// One the kernel makes up (`proc`, `sysfs` …): nothing on it takes space.
    Kernel,
}

/// An entry as a directory lists it.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Name, as bytes.
    pub name: &'a [u8],
    /// Kind of file, where the listing says so.
    pub kind: Option<Kind>,
    /// Inode number, or 0.
    pub ino: u64,
}

/// A way to read directories. All calls may be made from several threads at once.
pub trait Lister: Send + Sync + 'static {
    /// An open directory.
    type Dir: Send + Sync + 'static;

    /// Opens a folder by path; the last component may not be a symbolic link.
    ///
    /// # Errors
    /// What the system says.
    fn open_root(&self, path: &Path) -> io::Result<Self::Dir>;

    /// Opens a folder inside an open one. Links are not followed.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self, parent: &Self::Dir, name: &[u8]) -> io::Result<Self::Dir>;

    /// Stats an open directory.
    ///
    /// # Errors
    /// What the system says.
    fn stat_dir(&self, dir: &Self::Dir) -> io::Result<Stat>;

    /// Stats an entry of an open directory. Links are not followed.
    ///
    /// # Errors
    /// What the system says.
    fn stat(&self, dir: &Self::Dir, name: &[u8]) -> io::Result<Stat>;

    /// Calls `each` for all entries but `.` and `..`.
    ///
    /// # Errors
    /// What the system says; entries may have been reported before.
    fn list(&self, dir: &Self::Dir, each: &mut dyn FnMut(Listed<'_>)) -> io::Result<()>;

    /// Whether this process may add and remove entries of an open directory. Asked only where its permissions
    /// do not say yes by themselves: access lists and groups are the system's business.
    fn may_write(&self, dir: &Self::Dir) -> bool;

    /// What kind of file system the directory lies on.
    fn fs_kind(&self, dir: &Self::Dir) -> FsKind;
}
