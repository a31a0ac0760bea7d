//! What processes have open, mapped, run and work in, from `/proc`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// How a process uses a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// A file descriptor.
    Open,
    /// A mapping: model loaders close the descriptor and keep this.
    Mapped,
    /// Its working directory.
    WorksIn,
    /// Its executable.
    RunsFrom,
}

impl How {
    /// In words, before "by".
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mapped => "mapped",
            Self::WorksIn => "worked in",
            Self::RunsFrom => "run",
        }
    }
}

/// A path a process uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The path, as the process sees it.
    pub path: PathBuf,
    /// How.
    pub how: How,
    /// Process number.
    pub pid: u32,
}

/// What processes use, and how many could not be looked into.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// What was seen.
    pub used: Vec<Used>,
    /// Processes of others that may not be looked into.
    pub closed: usize,
    /// Processes that were looked into.
    pub seen: usize,
}

/// Looks at all processes but this one. Only paths that `keep` accepts are returned; nothing is asked of the file
/// systems they lie on, so a dead one cannot hang this.
pub fn look(keep: impl Fn(&Path) -> bool) -> Look {
    let mut look = Look::default();
    let own = std::process::id();
    let Ok(entries) = std::fs::read_dir("/proc") else { return look };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids.filter(|pid| *pid != own) {
        let base = PathBuf::from(format!("/proc/{pid}"));
        let mut add = |path: PathBuf, how| {
            if path.is_absolute() && keep(&path) && !is_deleted(&path) {
                look.used.push(Used { path, how, pid });
            }
        };
        let fds = std::fs::read_dir(base.join("fd"));
        let Ok(fds) = fds else {
            // Gone meanwhile, or not ours to see.
            if base.exists() {
                look.closed += 1;
            }
            continue;
        };
        for fd in fds.flatten() {
            if let Ok(path) = std::fs::read_link(fd.path()) {
                add(path, How::Open);
            }
        }
        for (link, how) in [("cwd", How::WorksIn), ("exe", How::RunsFrom)] {
            if let Ok(path) = std::fs::read_link(base.join(link)) {
                add(path, how);
            }
        }
        for path in mapped(&std::fs::read(base.join("maps")).unwrap_or_default()) {
            add(path, How::Mapped);
        }
        look.seen += 1;
    }
    look.used.sort_unstable_by(|a, b| (a.pid, a.how, &a.path).cmp(&(b.pid, b.how, &b.path)));
    look.used.dedup();
    look
}

/// The files in `/proc/PID/maps`, each once. A newline in a name is written `\012` there.
fn mapped(maps: &[u8]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for line in maps.split(|b| *b == b'\n') {
        let Some(at) = line.iter().position(|b| *b == b'/') else { continue };
        let path = Path::new(std::ffi::OsStr::from_bytes(&line[at..]));
        if paths.last().is_some_and(|p| p == path) {
            continue;
        }
        paths.push(PathBuf::from(OsString::from_vec(unescape_newlines(&line[at..]))));
    }
    paths.dedup();
    paths
}

fn unescape_newlines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((b, tail)) = rest.split_first() {
        if rest.starts_with(b"\\012") {
            out.push(b'\n');
            rest = &rest[4..];
        } else {
            out.push(*b);
            rest = tail;
        }
    }
    out
}

/// A deleted file is shown with this behind its name; its name is free again then.
fn is_deleted(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b" (deleted)") && path.symlink_metadata().is_err()
}

/// All paths some process has open or mapped.
pub fn open_paths() -> Vec<PathBuf> {
    look(|_| true)
        .used
        .into_iter()
        .filter(|u| matches!(u.how, How::Open | How::Mapped))
        .map(|u| u.path)
        .collect()
}

/// The name of a process.
pub fn command(pid: u32) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    crate::text::display(name.strip_suffix(b"\n").unwrap_or(&name))
}

/// Who runs a process.
pub fn owner(pid: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(format!("/proc/{pid}")).ok().map(|m| m.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lines_give_paths_once() {
        let text =
            b"7f00-7f01 r--p 00000000 fe:00 123   /a/b c.so\n7f01-7f02 r-xp 00001000 fe:00 123   /a/b c.so\n\
            7f02-7f03 rw-p 0 00:00 0 \n7f03-7f04 rw-p 0 00:00 0 [heap]\n7f05-7f06 r--p 0 fe:00 5 /x\\012y\n";
        assert_eq!(mapped(text), [PathBuf::from("/a/b c.so"), PathBuf::from("/x\ny")]);
    }

    #[test]
    fn a_child_is_seen_with_what_it_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path().canonicalize().expect("a path");
        let file = std::fs::File::create(dir.join("held")).expect("a file");
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .current_dir(&dir)
            .stdin(file)
            .spawn()
            .expect("sleep runs");
        // The child is another program only after exec.
        let mut hows: Vec<How> = Vec::new();
        for _ in 0..200 {
            let look = look(|p| p.starts_with(&dir));
            hows = look.used.iter().filter(|u| u.pid == child.id()).map(|u| u.how).collect();
            if hows.len() == 2 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.kill().expect("it can be ended");
        child.wait().expect("it ends");
        hows.sort_unstable();
        assert_eq!(hows, [How::Open, How::WorksIn]);
    }
}
