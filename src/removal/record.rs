//! The few lines mldu keeps for itself: where it made trashes other programs do not look for.
//!
//! On a full disk they go to memory-backed folders instead; losing them costs only that those trashes are found by
//! scanning.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::trash::{decode, encode};
use crate::env::Env;
use crate::sys::beneath;

/// The file in each of the folders below.
const NAME: &str = "trash-roots";

/// Where records may lie: the state folder, and, when that cannot be written, memory-backed ones.
fn folders(env: &Env) -> Vec<PathBuf> {
    let mut folders = vec![env.state().to_path_buf()];
    if !env.is_fixed() {
        folders.extend(env.folder("XDG_RUNTIME_DIR").map(|p| p.join("mldu")));
        folders.push(PathBuf::from(format!("/dev/shm/mldu-{}", env.uid())));
    }
    folders
}

/// The trashes noted before.
pub fn roots(env: &Env) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in folders(env).into_iter().filter(|f| is_ours(f, env.uid())) {
        let content = std::fs::read(folder.join(NAME)).unwrap_or_default();
        let lines = content.split(|b| *b == b'\n').filter(|l| l.starts_with(b"/"));
        roots.extend(lines.map(|l| PathBuf::from(OsStr::from_bytes(&decode(l)))));
    }
    roots.sort();
    roots.dedup();
    roots
}

/// Notes a trash. Returns whether it could be written anywhere.
pub fn note_root(env: &Env, root: &Path) -> bool {
    if roots(env).iter().any(|r| r == root) {
        return true;
    }
    let line = format!("{}\n", encode(root.as_os_str().as_bytes()));
    folders(env).iter().any(|folder| append(folder, &line, env.uid()).is_ok())
}

fn append(folder: &Path, line: &str, uid: u32) -> std::io::Result<()> {
    if folder.symlink_metadata().is_err() {
        // Under sudo the variables may name a user's home: what root made there the user could not use any more.
        let above = folder.ancestors().find_map(|p| p.metadata().ok());
        if above.is_none_or(|m| m.uid() != uid && m.mode() & 0o1000 == 0) {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    if !is_ours(folder, uid) {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    let fd = beneath::open_folder(&folder.canonicalize()?)?;
    beneath::append(fd, OsStr::new(NAME), line.as_bytes())
}

/// A folder of ours, and not one somebody put there for us to write into.
fn is_ours(folder: &Path, uid: u32) -> bool {
    folder.symlink_metadata().is_ok_and(|m| m.is_dir() && m.uid() == uid && m.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_noted_once_with_any_name() {
        let tmp = tempfile::tempdir().expect("a folder");
        let env = Env::fixed(tmp.path().join("home"));
        let odd = Path::new(OsStr::from_bytes(b"/data/a\n\xff/.Trash-7"));
        assert!(roots(&env).is_empty());
        assert!(note_root(&env, odd) && note_root(&env, odd));
        assert_eq!(roots(&env), [odd]);
        let text = std::fs::read_to_string(env.state().join(NAME)).expect("written");
        assert_eq!(text.lines().count(), 1);
    }
}
