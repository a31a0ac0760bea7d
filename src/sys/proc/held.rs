//! Deleted files that still fill a disk, because a process has them open or mapped: what `df` counts and no walk finds.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::translated;
use super::{DELETED, Open, maps, program, stat};
use crate::model::mount::Mount;
use crate::sys::mounts::{self, MountInfo};
use crate::text::os_str;

/// A deleted file that a process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it was.
    pub path: PathBuf,
    /// Device and inode.
    pub id: (u64, u64),
    /// Bytes of blocks; none if the kernel does not say it of a file that is only mapped.
    pub bytes: Option<u64>,
    /// Length in bytes; of what is only mapped, what is mapped of it.
    pub size: u64,
    /// Last change, seconds since 1970.
    pub mtime: i64,
    /// The descriptor; none if it is only mapped.
    pub fd: Option<u32>,
    /// The scanned mount it fills.
    pub mount: PathBuf,
}

/// A process that holds deleted files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process number.
    pub pid: u32,
    /// Its command line, safe to show.
    pub line: String,
    /// Which Jupyter kernel it is, if it is one.
    pub kernel: Option<String>,
    /// When it began, seconds since 1970.
    pub since: Option<i64>,
    /// What it holds.
    pub files: Vec<File>,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Who holds what.
    pub holders: Vec<Holder>,
    /// Processes that could not be looked into.
    pub closed: usize,
}

/// Looks for deleted files on these mounts. No file system is asked that may not answer: which mount a descriptor is on
/// is read from `/proc`, and only a deleted one on a local mount of these is asked for its size.
pub fn look(scanned: &[Mount]) -> Look {
    let mut tables = Tables::new(scanned);
    let mut look = Look::default();
    let boot = stat::boot();
    for pid in super::pids() {
        let base = PathBuf::from(format!("/proc/{pid}"));
        let Some(open) = Open::of(&base) else {
            look.closed += usize::from(stat::of(pid).is_some_and(|s| !s.is_empty));
            continue;
        };
        let files = held(&base, &open, &mut tables);
        if !files.is_empty() {
            let program = program::Program::read(&base, open.cwd.as_deref());
            look.holders.push(Holder {
                pid,
                line: program::line(&base),
                kernel: program.kernel.map(|k| k.title()),
                since: boot.and_then(|b| Some(stat::of(pid)?.since(b))),
                files,
            });
        }
    }
    look
}

/// Processes that have a deleted file open or mapped whose former path `was` accepts, each once. Those of others may
/// be closed to us and are not among them.
pub fn holders(was: impl Fn(&Path) -> bool) -> Vec<u32> {
    let holds = |pid: &u32| {
        let Some(open) = Open::of(&PathBuf::from(format!("/proc/{pid}"))) else { return false };
        let mut found = false;
        open.each(&mut |path, _| found = found || deleted(path).is_some_and(&was));
        found
    };
    super::pids().filter(holds).collect()
}

/// The mounts that are scanned, and those of each process.
struct Tables<'a> {
    scanned: &'a [Mount],
    ours: FxHashMap<u64, MountInfo>,
    theirs: FxHashMap<PathBuf, FxHashMap<u64, MountInfo>>,
}

/// Where a deleted file is.
struct Spot {
    mount: PathBuf,
    path: PathBuf,
}

impl<'a> Tables<'a> {
    fn new(scanned: &'a [Mount]) -> Self {
        let ours = mounts::read().into_iter().map(|m| (m.id, m)).collect();
        Self { scanned, ours, theirs: FxHashMap::default() }
    }

    /// The scanned mount that shows a file system.
    fn showing(&self, id: u64, dev: u64) -> Option<&'a Mount> {
        let same = |m: &&Mount| m.id == id && m.dev == dev;
        self.scanned.iter().find(same).or_else(|| self.scanned.iter().find(|m| m.dev == dev))
    }

    /// Where a deleted file of a process is, if that is a local mount which is scanned.
    fn spot(&mut self, base: &Path, id: u64, path: &Path) -> Option<Spot> {
        let is_ours = self.ours.contains_key(&id);
        if !is_ours {
            let there = std::fs::read_link(base.join("ns/mnt")).ok()?;
            self.theirs.entry(there).or_insert_with(|| {
                let table = std::fs::read(base.join("mountinfo")).map(|t| mounts::parse(&t));
                table.unwrap_or_default().into_iter().map(|m| (m.id, m)).collect()
            });
        }
        let found = self.ours.get(&id).or_else(|| self.theirs.values().find_map(|t| t.get(&id)))?;
        if found.is_remote() || found.is_kernel() {
            return None;
        }
        let mount = self.showing(id, found.dev)?;
        let shown = if is_ours { None } else { self.ours.get(&mount.id) };
        let path = shown.and_then(|ours| translated(path, found, ours)).unwrap_or_else(|| path.into());
        Some(Spot { mount: mount.path.clone(), path })
    }
}

/// What a process holds.
fn held(base: &Path, open: &Open, tables: &mut Tables<'_>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut met: FxHashSet<(u64, u64)> = FxHashSet::default();
    for (fd, path) in &open.fds {
        let Some(old) = deleted(path) else { continue };
        let spot = mount_of(base, *fd).and_then(|id| tables.spot(base, id, old));
        let Some(spot) = spot else { continue };
        let Some(file) = asked(&base.join(format!("fd/{fd}")), spot) else { continue };
        if met.insert(file.id) {
            files.push(File { fd: Some(*fd), ..file });
        }
    }
    for mapping in &open.maps {
        let Some(old) = deleted(&mapping.path) else { continue };
        let Some(mount) = tables.showing(0, mapping.dev) else { continue };
        let local = tables.ours.get(&mount.id).is_some_and(|m| !m.is_remote() && !m.is_kernel());
        if !local || files.iter().any(|f| f.id.1 == mapping.ino) {
            continue;
        }
        let spot = Spot { mount: mount.path.clone(), path: old.into() };
        let file = match std::fs::metadata(base.join("map_files").join(&mapping.range)) {
            Ok(meta) => is_gone(&meta).then(|| file(&meta, spot)),
            Err(_) => Some(unknown(mapping, spot)),
        };
        files.extend(file.filter(|f| met.insert(f.id)));
    }
    files
}

/// The path that was, if this is one of a deleted file.
fn deleted(path: &Path) -> Option<&Path> {
    let old = path.as_os_str().as_bytes().strip_suffix(DELETED)?;
    path.is_absolute().then(|| Path::new(os_str(old)))
}

/// The mount a descriptor is on.
fn mount_of(base: &Path, fd: u32) -> Option<u64> {
    let info = std::fs::read_to_string(base.join(format!("fdinfo/{fd}"))).ok()?;
    info.lines().find_map(|l| l.strip_prefix("mnt_id:")?.trim().parse().ok())
}

/// Whether a file has no name any more, and takes space all the same. One that is called ` (deleted)` has a name.
fn is_gone(meta: &std::fs::Metadata) -> bool {
    meta.is_file() && meta.nlink() == 0 && meta.blocks() > 0
}

fn asked(link: &Path, spot: Spot) -> Option<File> {
    let meta = std::fs::metadata(link).ok()?;
    is_gone(&meta).then(|| file(&meta, spot))
}

fn file(meta: &std::fs::Metadata, spot: Spot) -> File {
    File {
        path: spot.path,
        id: (meta.dev(), meta.ino()),
        bytes: Some(meta.blocks() * crate::model::usage::BLOCK),
        size: meta.len(),
        mtime: meta.mtime(),
        fd: None,
        mount: spot.mount,
    }
}

/// A mapping of which the kernel tells no more: asking is for root alone.
fn unknown(mapping: &maps::Mapping, spot: Spot) -> File {
    File {
        path: spot.path,
        id: (mapping.dev, mapping.ino),
        bytes: None,
        size: mapping.length,
        mtime: 0,
        fd: None,
        mount: spot.mount,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_deleted_file_open_is_found() {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().canonicalize().expect("a path").join("held");
        let file = std::fs::File::create(&path).expect("a file");
        let mut child =
            std::process::Command::new("sleep").arg("30").stdin(file).spawn().expect("sleep runs");
        assert!(holders(|p| p == path).is_empty(), "it is not deleted yet");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(holders(|p| p == path), [child.id()]);
        child.kill().expect("it can be ended");
        child.wait().expect("it ends");
        assert!(holders(|p| p == path).is_empty());
    }
}
