//! Room on a disk: taken without being written, and asked for without being taken. And times of links.

use std::fs::File;
use std::io;

use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FallocateFlags, Mode, OFlags, Timespec, Timestamps, fallocate, openat, utimensat,
};
use rustix::io::Errno;

/// Makes a file take so many bytes of blocks. Where the file system cannot reserve, it is written full of zeros.
///
/// # Errors
/// What the system says.
pub fn reserve(file: &mut File, bytes: u64) -> io::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    match fallocate(&*file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            use std::io::{Seek, SeekFrom, Write};
            let zeros = vec![0_u8; 64 * 1024];
            let from = file.metadata()?.len();
            file.seek(SeekFrom::Start(from))?;
            let mut left = bytes.saturating_sub(from);
            while left > 0 {
                let n = left.min(zeros.len() as u64);
                file.write_all(&zeros[..n as usize])?;
                left -= n;
            }
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Whether so many bytes can still be had in a folder: they are reserved in a file without a name, which is gone again
/// when this returns.
///
/// # Errors
/// What the system says: `ENOSPC`, `EDQUOT`, or that it cannot do this.
pub fn probe(folder: &Path, bytes: u64) -> io::Result<()> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let fd = openat(CWD, folder, flags, Mode::from_raw_mode(0o600))?;
    Ok(fallocate(&fd, FallocateFlags::empty(), 0, bytes)?)
}

/// Sets when a symbolic link itself was changed last, in seconds since 1970.
///
/// # Errors
/// What the system says.
pub fn date_link(path: &Path, seconds: i64) -> io::Result<()> {
    let then = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: then, last_modification: then };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
