//! What is to be read again, as a value: the interface asks for it, the scan does it.

use std::path::PathBuf;

use super::node::DirId;

/// A folder to read again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Where it is.
    pub path: PathBuf,
    /// Its number, which it keeps.
    pub id: DirId,
    /// The store it is, if it is one.
    pub role: Option<(&'static str, &'static str)>,
    /// Folders directly in it that are not read again: device, inode, number.
    pub keep: Vec<(u64, u64, DirId)>,
}
