//! Writing a file anew so that at every moment either the old one or the new one is there, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::beneath::random_hex;

/// Writes to the file at `path`. If it is there it is replaced when everything is written and on the disk, and keeps
/// its permissions; a link to it stays one. What is no regular file (a pipe, a device) is written to as it is.
///
/// # Errors
/// What the system or `content` says; then nothing is left of what was written.
pub fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    replace(path, false, content)
}

/// The same for what nobody else is to read or write, whatever the permissions of the old one.
///
/// # Errors
/// As of [`write`].
pub fn write_private(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    replace(path, true, content)
}

fn replace(
    path: &Path,
    private: bool,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(meta) => Some(meta),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    if old.as_ref().is_some_and(|m| !m.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(path)?);
        content(&mut out)?;
        return out.flush();
    }
    let target = if old.is_some() { path.canonicalize()? } else { path.to_path_buf() };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let half = Half(folder.join(format!(".mldu-export-{}", random_hex())));
    let mode = if private { 0o600 } else { 0o666 };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&half.0)?;
    if let Some(old) = old.filter(|_| !private) {
        file.set_permissions(old.permissions())?;
    }
    let mut out = BufWriter::with_capacity(256 * 1024, file);
    content(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&half.0, &target)?;
    std::mem::forget(half);
    // The name is safe too; a file system that cannot say so has done what it can.
    let _ = File::open(folder).and_then(|f| f.sync_all());
    Ok(())
}

/// A file that is being written. Dropping it removes it.
struct Half(PathBuf);

impl Drop for Half {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<std::ffi::OsString> {
        let mut all: Vec<_> = fs::read_dir(folder).expect("read").flatten().map(|e| e.file_name()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().join("x");
        write(&path, |out| out.write_all(b"one")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        let failed = write(&path, |out| {
            out.write_all(&vec![b'x'; 1 << 20])?;
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).expect("read"), b"one");
        write(&path, |out| out.write_all(b"two")).expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        write_private(&path, |out| out.write_all(b"three")).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(names(tmp.path()), ["x"]);
        assert!(write(&tmp.path().join("no/x"), |_| Ok(())).is_err());
        assert!(write(tmp.path(), |_| Ok(())).is_err());
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let tmp = tempfile::tempdir().expect("a folder");
        fs::create_dir(tmp.path().join("d")).expect("made");
        fs::write(tmp.path().join("d/real"), b"old").expect("written");
        let link = tmp.path().join("link");
        std::os::unix::fs::symlink("d/real", &link).expect("linked");
        write(&link, |out| out.write_all(b"new")).expect("written");
        assert!(link.symlink_metadata().expect("there").is_symlink());
        assert_eq!(fs::read(tmp.path().join("d/real")).expect("read"), b"new");
        assert_eq!(names(&tmp.path().join("d")), ["real"]);
        let null = tmp.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).expect("linked");
        write(&null, |out| out.write_all(b"gone")).expect("written");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
    }
}
