//! A file that only grows, line by line, which several processes write at once and none may lose.
//!
//! Whoever appends holds a shared lock, whoever moves the file away an exclusive one, each for a moment. What others
//! put there for us to write into (a link, a pipe, a file of somebody else) is refused.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

/// So often a lock that somebody holds is asked for again, and so long in between.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(5);

/// Appends whole lines in one write. What a torn line left before is ended first. With `durable`, it returns when they
/// are on the disk. Returns how long the file is now.
///
/// # Errors
/// What the system says; the lines may be there in part.
pub fn append(folder: impl AsFd, name: &OsStr, lines: &[u8], durable: bool) -> io::Result<u64> {
    let fd = loop {
        let fd = open(&folder, name, true)?;
        lock(&fd, FlockOperation::NonBlockingLockShared)?;
        // Moved away between the opening and the lock: then there is another one now, or none.
        if fstat(&fd)?.st_nlink > 0 {
            break fd;
        }
    };
    let (mut size, mut torn) = end(&fd)?;
    if torn {
        // Somebody may be in the middle of a line right now: alone with it, one sees whether it stays torn.
        lock(&fd, FlockOperation::NonBlockingLockExclusive)?;
        (size, torn) = end(&fd)?;
    }
    let whole = if torn { [b"\n", lines].concat() } else { lines.to_vec() };
    if rustix::io::write(&fd, &whole)? != whole.len() {
        return Err(Errno::NOSPC.into());
    }
    if durable {
        rustix::fs::fdatasync(&fd)?;
    }
    Ok(size + whole.len() as u64)
}

/// How long it is, and whether its last line has no end.
fn end(fd: &OwnedFd) -> io::Result<(u64, bool)> {
    let size = u64::try_from(fstat(fd)?.st_size).unwrap_or(0);
    let mut last = [b'\n'];
    if size > 0 {
        rustix::io::pread(fd, &mut last, size - 1)?;
    }
    Ok((size, last[0] != b'\n'))
}

/// Everything in it, at most `cap` bytes from the end.
///
/// # Errors
/// What the system says.
pub fn read(folder: impl AsFd, name: &OsStr, cap: u64) -> io::Result<Vec<u8>> {
    let fd = open(folder, name, false)?;
    content(&fd, cap)
}

/// Gives a file that grew beyond `most` the name `old`, in place of what had that.
///
/// # Errors
/// What the system says.
pub fn rotate(folder: impl AsFd, name: &OsStr, old: &OsStr, most: u64) -> io::Result<bool> {
    let fd = open(&folder, name, false)?;
    if u64::try_from(fstat(&fd)?.st_size).unwrap_or(0) <= most {
        return Ok(false);
    }
    lock(&fd, FlockOperation::NonBlockingLockExclusive)?;
    // Somebody else may have done it meanwhile.
    let now = open(&folder, name, false)?;
    let (mine, there) = (fstat(&fd)?, fstat(&now)?);
    if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino) {
        return Ok(false);
    }
    rustix::fs::renameat(&folder, name, &folder, old)?;
    Ok(true)
}

/// Hands everything in it to `take`, and removes it if that went well.
///
/// # Errors
/// What the system says, or `take`.
pub fn drain(
    folder: impl AsFd,
    name: &OsStr,
    cap: u64,
    take: impl FnOnce(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let fd = open(&folder, name, false)?;
    lock(&fd, FlockOperation::NonBlockingLockExclusive)?;
    if fstat(&fd)?.st_nlink == 0 {
        return Ok(());
    }
    take(&content(&fd, cap)?)?;
    super::beneath::unlink(folder, name)
}

/// Opens it: a plain file of ours that only we may write.
fn open(folder: impl AsFd, name: &OsStr, write: bool) -> io::Result<OwnedFd> {
    let common = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let how = if write { OFlags::RDWR | OFlags::APPEND | OFlags::CREATE } else { OFlags::RDONLY };
    let fd = openat(folder, name, how | common, Mode::from_raw_mode(0o600))?;
    let it = fstat(&fd)?;
    let ours = it.st_uid == super::user::effective() && it.st_mode & 0o022 == 0;
    if ours && FileType::from_raw_mode(it.st_mode) == FileType::RegularFile {
        Ok(fd)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// A lock, waited for a moment. File systems without locks have none to hold.
fn lock(fd: &OwnedFd, how: FlockOperation) -> io::Result<()> {
    for _ in 0..TRIES {
        match rustix::fs::flock(fd, how) {
            Err(Errno::WOULDBLOCK | Errno::INTR) => std::thread::sleep(PAUSE),
            Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            other => return Ok(other?),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

fn content(fd: &OwnedFd, cap: u64) -> io::Result<Vec<u8>> {
    let size = u64::try_from(fstat(fd)?.st_size).unwrap_or(0);
    let mut at = size.saturating_sub(cap);
    let mut all = Vec::with_capacity(usize::try_from(size - at).unwrap_or(0));
    let mut buffer = vec![0_u8; 256 * 1024];
    while at < size {
        let n = rustix::io::pread(fd, &mut buffer, at)?;
        if n == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..n]);
        at += n as u64;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::beneath::open_folder;

    const NAME: &str = "log";

    fn folder() -> (tempfile::TempDir, std::path::PathBuf, OwnedFd) {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().canonicalize().expect("a path");
        let fd = open_folder(&path).expect("open");
        (tmp, path, fd)
    }

    #[test]
    fn a_torn_line_does_not_take_the_next_with_it() {
        let (_tmp, path, fd) = folder();
        let name = OsStr::new(NAME);
        append(&fd, name, b"one\n", true).expect("written");
        let mut file = std::fs::OpenOptions::new().append(true).open(path.join(NAME)).expect("open");
        std::io::Write::write_all(&mut file, b"to").expect("torn");
        append(&fd, name, b"two\nthree\n", false).expect("written");
        assert_eq!(read(&fd, name, 1000).expect("read"), b"one\nto\ntwo\nthree\n");
        assert_eq!(read(&fd, name, 6).expect("read"), b"three\n");
    }

    #[test]
    fn links_pipes_and_what_others_may_write_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_tmp, path, fd) = folder();
        std::fs::write(path.join("real"), b"").expect("written");
        std::os::unix::fs::symlink("real", path.join("link")).expect("linked");
        assert!(append(&fd, OsStr::new("link"), b"x\n", false).is_err());
        rustix::fs::mknodat(&fd, "pipe", FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("made");
        assert!(append(&fd, OsStr::new("pipe"), b"x\n", false).is_err());
        std::fs::set_permissions(path.join("real"), std::fs::Permissions::from_mode(0o666)).expect("set");
        assert!(append(&fd, OsStr::new("real"), b"x\n", false).is_err());
        assert_eq!(std::fs::read(path.join("real")).expect("read"), b"");
    }

    #[test]
    fn it_is_moved_away_whole_and_only_when_it_is_large() {
        let (_tmp, path, fd) = folder();
        let (name, old) = (OsStr::new(NAME), OsStr::new("old"));
        append(&fd, name, b"0123456789\n", false).expect("written");
        assert!(!rotate(&fd, name, old, 11).expect("asked"));
        assert!(rotate(&fd, name, old, 10).expect("moved"));
        append(&fd, name, b"new\n", false).expect("written");
        assert_eq!(std::fs::read(path.join("old")).expect("read"), b"0123456789\n");
        drain(&fd, old, 1000, |_| Err(io::ErrorKind::Other.into())).expect_err("not taken");
        assert!(path.join("old").exists());
        let mut taken = Vec::new();
        drain(&fd, old, 1000, |lines| {
            taken = lines.to_vec();
            Ok(())
        })
        .expect("taken");
        assert_eq!(taken, b"0123456789\n");
        assert!(!path.join("old").exists() && path.join(NAME).exists());
    }
}
