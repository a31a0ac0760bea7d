//! Small, capped reads of files inside a folder, which never leave it: no link is followed, no mount crossed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Opens a folder to read below it.
///
/// # Errors
/// What the system says.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Mode::empty())?)
}

/// Opens a regular file at a path below `folder`.
///
/// # Errors
/// What the system says; `ELOOP` if a link is in the way.
pub fn open_beneath(folder: impl AsFd, path: &Path) -> io::Result<File> {
    open_sized(folder, path).map(|(file, _)| file)
}

/// Opens the regular file at a path, through links, without waiting for what is none (a pipe, a device).
///
/// # Errors
/// What the system says, or that it is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Opens a file below a folder, and says how long it is.
fn open_sized(folder: impl AsFd, path: &Path) -> io::Result<(File, u64)> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let fd = match openat2(&folder, path, READ, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => open_stepwise(folder, path)?,
        other => other?,
    };
    let file = File::from(fd);
    let meta = file.metadata()?;
    if meta.is_file() {
        Ok((file, meta.len()))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// The same without `openat2` (kernels before 5.6, strict sandboxes): one component after the other.
fn open_stepwise(folder: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let mut names = path.components().peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let std::path::Component::Normal(name) = name else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let flags = if names.peek().is_some() { READ | OFlags::DIRECTORY } else { READ };
        let next = match &at {
            Some(fd) => openat(fd, name, flags, Mode::empty())?,
            None => openat(&folder, name, flags, Mode::empty())?,
        };
        at = Some(next);
    }
    at.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Where in a file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From the beginning.
    Head,
    /// Up to the end.
    Tail,
    /// From this offset.
    At(u64),
}

/// Reads at most `cap` bytes of a file below `folder`.
///
/// # Errors
/// What the system says.
pub fn read_beneath(folder: impl AsFd, path: &Path, range: Range, cap: usize) -> io::Result<Vec<u8>> {
    let (mut file, len) = open_sized(folder, path)?;
    let from = match range {
        Range::Head => 0,
        Range::At(offset) => offset,
        Range::Tail => len.saturating_sub(cap as u64),
    };
    if from > 0 {
        file.seek(SeekFrom::Start(from))?;
    }
    let mut bytes = Vec::with_capacity(len.saturating_sub(from).min(cap as u64) as usize);
    file.take(cap as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Length, last change (seconds since 1970) and the last `cap` bytes of a file below `folder`.
///
/// # Errors
/// What the system says.
pub fn facts_and_tail(folder: impl AsFd, path: &Path, cap: usize) -> io::Result<(u64, i64, Vec<u8>)> {
    use std::os::unix::fs::MetadataExt;
    let mut file = open_beneath(folder, path)?;
    let meta = file.metadata()?;
    file.seek(SeekFrom::Start(meta.len().saturating_sub(cap as u64)))?;
    let mut tail = Vec::new();
    file.take(cap as u64).read_to_end(&mut tail)?;
    Ok((meta.len(), meta.mtime(), tail))
}

/// Opens a folder at a path below `folder`, to read links in it.
///
/// # Errors
/// What the system says.
pub fn open_folder_beneath(folder: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match openat2(&folder, path, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => Ok(openat(folder, path, flags, Mode::empty())?),
        other => Ok(other?),
    }
}

/// The target of a symbolic link in an open folder, as bytes.
///
/// # Errors
/// What the system says.
pub fn read_link_in(folder: impl AsFd, name: &OsStr) -> io::Result<Vec<u8>> {
    Ok(rustix::fs::readlinkat(folder, name, Vec::with_capacity(128))?.into_bytes())
}
