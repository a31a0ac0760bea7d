//! Where mldu keeps what it writes for itself, and the shortest of it: where it made trashes other programs do not look
//! for.
//!
//! On a full disk they go to memory-backed folders instead; losing them costs only that those trashes are found by
//! scanning.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
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
    home(env).into_iter().chain(in_memory(env)).collect()
}

/// The state folder of the user this process acts for. Under sudo the variables may still name the home of somebody
/// else: nothing is written there.
pub(super) fn home(env: &Env) -> Option<PathBuf> {
    // Who has no home has the root of the disk for one: in a Dockerfile, what is written there is in the image for ever.
    let homeless = env.home().parent().is_none() && env.state().starts_with(env.home().join(".local"));
    let asked = (!homeless).then(|| env.state().to_path_buf());
    let own = || {
        let account = env.accounts().iter().find(|a| a.uid == env.uid() && !env.is_fixed())?;
        Some(account.home.join(".local/state/mldu"))
    };
    let ours = |folder: &PathBuf| {
        let nearest = folder.ancestors().find_map(|p| p.metadata().ok());
        nearest.is_some_and(|m| m.uid() == env.uid())
    };
    asked.into_iter().chain(own()).filter(|folder| !folder.starts_with("/.local")).find(ours)
}

/// Folders that live in memory, for when the disk is full: they are gone with the next boot.
pub(super) fn in_memory(env: &Env) -> Vec<PathBuf> {
    if env.is_fixed() {
        return Vec::new();
    }
    let mut folders: Vec<PathBuf> =
        env.folder("XDG_RUNTIME_DIR").map(|p| p.join("mldu")).into_iter().collect();
    // Where it is not there it is nothing in memory that would be made.
    if Path::new("/dev/shm").is_dir() {
        folders.push(PathBuf::from(format!("/dev/shm/mldu-{}", env.uid())));
    }
    folders
}

/// The trashes noted before.
pub fn roots(env: &Env) -> Vec<PathBuf> {
    read(folders(env), env.uid())
}

/// Those noted in the state folder: not what another home of the same user left in memory.
pub fn kept(env: &Env) -> Vec<PathBuf> {
    read(vec![env.state().to_path_buf()], env.uid())
}

fn read(folders: Vec<PathBuf>, uid: u32) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in folders.into_iter().filter(|f| is_ours(f, uid)) {
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
    beneath::append(open(folder, uid, true)?, OsStr::new(NAME), line.as_bytes())
}

/// Opens one of these folders, made first if it is to be.
///
/// # Errors
/// What the system says; `PermissionDenied` if it is not ours alone.
pub(super) fn open(folder: &Path, uid: u32, make: bool) -> std::io::Result<OwnedFd> {
    if make && folder.symlink_metadata().is_err() {
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
    beneath::open_folder(&folder.canonicalize()?)
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
