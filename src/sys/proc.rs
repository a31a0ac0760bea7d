//! What processes have open, mapped, run and work in, from `/proc`.

mod alone;
pub mod held;
mod maps;
mod names;
mod program;
mod reach;
mod stat;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use alone::is_alone;
use program::Program;
pub use reach::hidden;

use names::{Eye, Watch};

/// How a process uses a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// A file descriptor.
    Open,
    /// A mapping: model loaders close the descriptor and keep this.
    Mapped,
    /// Its working directory.
    WorksIn,
    /// Its executable, or the name by which that was called.
    RunsFrom,
    /// The environment it was started in.
    Activated,
    /// The connection file or the notebook of a Jupyter kernel.
    Kernel,
}

impl How {
    /// In words, before "by".
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mapped => "mapped",
            Self::WorksIn => "worked in",
            Self::RunsFrom => "run",
            Self::Activated => "activated",
            Self::Kernel => "used",
        }
    }
}

/// A path a process uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The path, as this process sees it.
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
    /// Processes that are a Jupyter kernel, and which; safe to show.
    pub kernels: Vec<(u32, String)>,
    /// Processes of others that may not be looked into.
    pub closed: usize,
    /// Processes that were looked into.
    pub seen: usize,
}

/// Looks at all processes but this one, for anything in these folders. They are sorted, and none lies in another.
/// Nothing is asked of the file systems that other paths lie on, so a dead one cannot hang this.
pub fn look(folders: &[PathBuf]) -> Look {
    let mut look = Look::default();
    let mut watch = Watch::of(folders);
    for pid in pids() {
        let base = PathBuf::from(format!("/proc/{pid}"));
        let Some(open) = Open::of(&base) else {
            // Gone meanwhile, or not ours to see. How it was called is told even then.
            if stat::of(pid).is_some_and(|s| !s.is_empty) {
                look.closed += 1;
                let eye = watch.eye(&base);
                started_as(pid, &Program::read(&base, None), None, &eye, &mut watch, &mut look);
            }
            continue;
        };
        look.seen += 1;
        let eye = watch.eye(&base);
        open.each(&mut |path, how| {
            for ours in eye.view.ours(path) {
                if !is_deleted(&ours) {
                    look.used.push(Used { path: ours, how, pid });
                }
            }
        });
        let program = Program::read(&base, open.cwd.as_deref());
        started_as(pid, &program, open.cwd.as_deref(), &eye, &mut watch, &mut look);
    }
    look.used.sort_unstable_by(|a, b| (a.pid, a.how, &a.path).cmp(&(b.pid, b.how, &b.path)));
    look.used.dedup();
    look
}

/// Adds what a process was started as.
fn started_as(
    pid: u32,
    program: &Program,
    cwd: Option<&Path>,
    eye: &Eye,
    watch: &mut Watch,
    look: &mut Look,
) {
    let mut add = |path: &Path, how| {
        for path in watch.named(eye, path) {
            look.used.push(Used { path, how, pid });
        }
    };
    if let Some(called) = &program.called {
        add(called, How::RunsFrom);
    }
    for environment in &program.environments {
        add(environment, How::Activated);
    }
    let Some(kernel) = &program.kernel else { return };
    add(&kernel.connection, How::Kernel);
    match &kernel.notebook {
        Some(notebook) if notebook.is_absolute() => add(notebook, How::Kernel),
        // It is told from where the server stands; the kernel stands beside it.
        Some(notebook) => {
            if let (Some(cwd), Some(name)) = (cwd, notebook.file_name()) {
                add(&cwd.join(name), How::Kernel);
            }
        }
        None => {}
    }
    look.kernels.push((pid, kernel.title()));
}

/// The numbers of all processes but this one.
fn pids() -> impl Iterator<Item = u32> {
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok()).filter(move |pid| *pid != own)
}

/// What a process has open, as the links of `/proc` tell it.
struct Open {
    fds: Vec<(u32, PathBuf)>,
    cwd: Option<PathBuf>,
    exe: Option<PathBuf>,
    maps: Vec<maps::Mapping>,
}

impl Open {
    /// Looks into a process; none if that may not be, or it is gone.
    fn of(base: &Path) -> Option<Self> {
        let fds = std::fs::read_dir(base.join("fd")).ok()?;
        let fd = |e: std::fs::DirEntry| {
            let number = e.file_name().to_str()?.parse().ok()?;
            Some((number, std::fs::read_link(e.path()).ok()?))
        };
        Some(Self {
            fds: fds.flatten().filter_map(fd).collect(),
            cwd: std::fs::read_link(base.join("cwd")).ok(),
            exe: std::fs::read_link(base.join("exe")).ok(),
            maps: maps::files(&std::fs::read(base.join("maps")).unwrap_or_default()),
        })
    }

    fn each(&self, add: &mut dyn FnMut(&Path, How)) {
        let fds = self.fds.iter().map(|(_, path)| (path, How::Open));
        let cwd = self.cwd.iter().map(|path| (path, How::WorksIn));
        let exe = self.exe.iter().map(|path| (path, How::RunsFrom));
        let maps = self.maps.iter().map(|m| (&m.path, How::Mapped));
        for (path, how) in fds.chain(cwd).chain(exe).chain(maps) {
            if path.is_absolute() {
                add(path, how);
            }
        }
    }
}

/// What is behind the name of a deleted file.
const DELETED: &[u8] = b" (deleted)";

/// A deleted file is shown with this behind its name; its name is free again then. Only asked of watched folders.
fn is_deleted(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(DELETED) && path.symlink_metadata().is_err()
}

/// All paths some process has open or mapped. Those of deleted files are among them, with ` (deleted)` behind.
pub fn open_paths() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for open in pids().filter_map(|pid| Open::of(Path::new(&format!("/proc/{pid}")))) {
        open.each(&mut |path, how| {
            if matches!(how, How::Open | How::Mapped) {
                paths.push(path.to_path_buf());
            }
        });
    }
    paths
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
            let look = look(std::slice::from_ref(&dir));
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
