//! Reading directories through walkdir: for systems without the calls of [`super::linux`], and its check in tests.
//!
//! It opens by path, so what lies deeper than the system's longest path cannot be read and is a problem.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::list::{FsKind, Listed, Lister, Stat};
use crate::model::node::Kind;
use crate::text;

/// The portable back end.
#[derive(Debug, Default, Clone, Copy)]
pub struct Portable;

impl Lister for Portable {
    type Dir = PathBuf;

    fn open_root(&self, path: &Path) -> io::Result<PathBuf> {
        open(path.to_path_buf())
    }

    fn open(&self, parent: &PathBuf, name: &[u8]) -> io::Result<PathBuf> {
        open(parent.join(text::os_str(name)))
    }

    fn stat_dir(&self, dir: &PathBuf) -> io::Result<Stat> {
        Ok(convert(&dir.symlink_metadata()?))
    }

    fn stat(&self, dir: &PathBuf, name: &[u8]) -> io::Result<Stat> {
        Ok(convert(&dir.join(text::os_str(name)).symlink_metadata()?))
    }

    fn list(&self, dir: &PathBuf, each: &mut dyn FnMut(Listed<'_>)) -> io::Result<()> {
        for entry in WalkDir::new(dir).min_depth(1).max_depth(1).follow_links(false) {
            let entry = entry.map_err(io::Error::from)?;
            let name = entry.file_name().as_encoded_bytes();
            each(Listed { name, kind: Some(kind(entry.file_type())), ino: 0 });
        }
        Ok(())
    }

    fn may_write(&self, dir: &PathBuf) -> bool {
        super::beneath::may_write(dir)
    }

    fn fs_kind(&self, _dir: &PathBuf) -> FsKind {
        FsKind::Other
    }
}

fn open(path: PathBuf) -> io::Result<PathBuf> {
    if path.symlink_metadata()?.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

fn kind(t: std::fs::FileType) -> Kind {
    if t.is_file() {
        Kind::File
    } else if t.is_dir() {
        Kind::Dir
    } else if t.is_symlink() {
        Kind::Link
    } else {
        Kind::Special
    }
}

#[cfg(unix)]
fn convert(m: &Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt;
    Stat {
        dev: m.dev(),
        ino: m.ino(),
        kind: kind(m.file_type()),
        nlink: m.nlink(),
        uid: m.uid(),
        mode: m.mode() & 0o7777,
        size: m.size(),
        blocks: m.blocks(),
        mtime: m.mtime(),
    }
}

#[cfg(not(unix))]
fn convert(m: &Metadata) -> Stat {
    let since = m.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    Stat {
        dev: 0,
        ino: 0,
        kind: kind(m.file_type()),
        nlink: 1,
        uid: 0,
        mode: 0o777,
        size: m.len(),
        blocks: m.len().div_ceil(512),
        mtime: since.map_or(0, |d| d.as_secs() as i64),
    }
}
