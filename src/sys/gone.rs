//! Files that are deleted and still open: their bytes come back when the last process closes them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the kernel writes behind the name of a deleted file.
const MARK: &[u8] = b" (deleted)";

/// Processes that have a deleted file open or mapped whose former path `was` accepts, each once. Those of others may
/// be closed to us and are not among them.
pub fn holders(was: impl Fn(&Path) -> bool) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let is_one =
        |bytes: &[u8]| bytes.strip_suffix(MARK).is_some_and(|p| was(Path::new(OsStr::from_bytes(p))));
    let mut pids: Vec<u32> = entries
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let base = PathBuf::from(format!("/proc/{pid}"));
            let mut fds = std::fs::read_dir(base.join("fd")).into_iter().flatten().flatten();
            let open =
                fds.any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| is_one(to.as_os_str().as_bytes())));
            open || std::fs::read(base.join("maps"))
                .unwrap_or_default()
                .split(|b| *b == b'\n')
                .any(|line| line.iter().position(|b| *b == b'/').is_some_and(|at| is_one(&line[at..])))
        })
        .collect();
    pids.sort_unstable();
    pids
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_deleted_file_open_is_found() {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().canonicalize().expect("a path").join("held");
        let file = std::fs::File::create(&path).expect("a file");
        assert!(holders(|p| p == path).is_empty(), "it is not deleted yet");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(holders(|p| p == path), [std::process::id()]);
        drop(file);
        assert!(holders(|p| p == path).is_empty());
    }
}
