//! Whether something can really be written: the only honest answer to quotas, reserves and broken disks.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, fdatasync, openat, unlinkat};
use rustix::io::Errno;

use super::beneath::random_hex;

/// So much is written: a small notebook.
pub const BYTES: usize = 4096;

/// What a probe is called where a file must have a name, for the moment until that is taken away again.
const PREFIX: &str = ".mldu-probe-";

/// Writes 4 KiB to a new file in a folder and waits until the disk has them. The file has no name, or none any more.
///
/// # Errors
/// What the system says: `ENOSPC`, `EDQUOT`, `EROFS`, `EACCES`, `EIO` …
pub fn write(folder: &Path) -> io::Result<()> {
    let fd = nameless(folder)?;
    // What is all zeros may take no room.
    let content = [0x5a_u8; BYTES];
    let mut rest = &content[..];
    while !rest.is_empty() {
        let n = rustix::io::write(&fd, rest)?;
        if n == 0 {
            return Err(Errno::NOSPC.into());
        }
        rest = &rest[n..];
    }
    match fdatasync(&fd) {
        // Not all that can be written to can be synced.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        other => Ok(other?),
    }
}

fn nameless(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o600);
    match openat(CWD, folder, flags | OFlags::TMPFILE, mode) {
        // Not every file system knows it (NFS, old FUSE), and old kernels take it for a folder.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        other => return Ok(other?),
    }
    named(folder)
}

/// A new file that had a name for a moment.
fn named(folder: &Path) -> io::Result<OwnedFd> {
    let parent = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let name = format!("{PREFIX}{}", random_hex());
    let name = OsStr::new(&name);
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    let fd = openat(&parent, name, flags, Mode::from_raw_mode(0o600))?;
    unlinkat(&parent, name, AtFlags::empty())?;
    Ok(fd)
}

/// Gives a new file a name in a folder and takes it away again. Where a file system is full but for its last reserves
/// (Btrfs without room for metadata), files without a name can be made all the same, and those of programs cannot.
///
/// # Errors
/// What the system says.
pub fn name(folder: &Path) -> io::Result<()> {
    named(folder).map(drop)
}

/// Whether this user may write to a file that is there, by its permissions. Nothing is opened.
pub fn may_write(file: &Path) -> bool {
    let denied = |e: &Errno| matches!(*e, Errno::ACCESS | Errno::PERM);
    !accessat(CWD, file, Access::WRITE_OK, AtFlags::EACCESS).is_err_and(|e| denied(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_and_says_what_is_wrong() {
        let tmp = tempfile::tempdir().expect("a folder");
        write(tmp.path()).expect("there is room");
        assert_eq!(std::fs::read_dir(tmp.path()).expect("read").count(), 0);
        let missing = write(&tmp.path().join("no")).expect_err("nothing is there");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        assert!(write(Path::new("/proc")).is_err());
        name(tmp.path()).expect("there is room");
        assert_eq!(std::fs::read_dir(tmp.path()).expect("read").count(), 0, "and no name is left");
        assert!(name(Path::new("/proc")).is_err());
        // What is not there is not closed.
        assert!(may_write(&tmp.path().join("no")));
    }
}
