//! What says who needs a shared file: a store's folders as they were when it was read. If one of them changed since,
//! something may have come to need what goes.

use std::path::{Path, PathBuf};

use crate::sys::beneath;

/// Folders of a store, and when each was last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The one they all lie in.
    pub root: PathBuf,
    /// Each with its last change, seconds since 1970.
    pub folders: Vec<(PathBuf, u32)>,
}

impl Index {
    /// The first folder in which something came or went since it was read. One that is gone names nothing any more.
    pub fn changed(&self) -> Option<&Path> {
        let same = |(path, then): &&(PathBuf, u32)| {
            let now = beneath::open_parent(path).and_then(|(parent, name)| beneath::look(&parent, name));
            match now {
                Ok(now) => now.mtime.0.clamp(0, i64::from(u32::MAX)) == i64::from(*then),
                Err(e) => e.kind() == std::io::ErrorKind::NotFound,
            }
        };
        self.folders.iter().find(|f| !same(f)).map(|(path, _)| path.as_path())
    }
}

/// Why something that shares with others must stay, in words.
pub fn reason(folder: &Path) -> String {
    format!(
        "changed since the scan: something came or went in {}, and may need files of it",
        crate::text::path(folder)
    )
}
