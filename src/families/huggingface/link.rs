//! Where links of the cache lead, by their text alone: nothing is ever followed on the disk.

use std::path::{Component, Path, PathBuf};

use crate::families::{File, Folder, StoreView};
use crate::text;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// To a path below the store.
    Inside(PathBuf),
    /// Out of the store; the last name of the target.
    Outside(Vec<u8>),
    /// Nobody can tell: it could not be read.
    Unknown,
}

impl Lead {
    /// Reads a link of a folder.
    pub fn read(store: &StoreView<'_>, folder: &Folder<'_>, link: &File<'_>) -> Self {
        let Some(target) = store.read_link(link.node) else { return Self::Unknown };
        match resolve(store.path(), &store.below(folder.node()), &target) {
            Some(path) => Self::Inside(path),
            None => Self::Outside(target.rsplit(|b| *b == b'/').next().unwrap_or_default().to_vec()),
        }
    }

    /// The last name of the target.
    pub fn last(&self) -> &[u8] {
        match self {
            Self::Inside(path) => path.file_name().map_or(&[], |n| n.as_encoded_bytes()),
            Self::Outside(last) => last,
            Self::Unknown => &[],
        }
    }
}

/// The path below `store` that `target` means in the folder at `folder` below it. The library, too, goes by the text
/// (`os.path.abspath`).
fn resolve(store: &Path, folder: &Path, target: &[u8]) -> Option<PathBuf> {
    let target = Path::new(text::os_str(target));
    let (mut at, rest) = match target.strip_prefix(store) {
        Ok(rest) => (PathBuf::new(), rest),
        Err(_) => (folder.to_path_buf(), target),
    };
    for part in rest.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => at.push(name),
            Component::ParentDir if at.pop() => {}
            _ => return None,
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_without_leaving_the_store() {
        let to = |target: &str| {
            let path = resolve(Path::new("/c/hub"), Path::new("models--a--b/snapshots/1"), target.as_bytes());
            path.map(|p| p.display().to_string())
        };
        for (target, leads) in [
            ("../../blobs/x", Some("models--a--b/blobs/x")),
            ("./x", Some("models--a--b/snapshots/1/x")),
            ("../../../models--c--d/blobs/x", Some("models--c--d/blobs/x")),
            ("/c/hub/models--a--b/blobs/x", Some("models--a--b/blobs/x")),
            ("/c/hub/../../etc/passwd", None),
            ("/etc/passwd", None),
            ("../../../../etc/passwd", None),
            ("../../../../hub/models--a--b/blobs/x", None),
        ] {
            assert_eq!(to(target).as_deref(), leads, "{target}");
        }
    }
}
