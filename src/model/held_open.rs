//! Deleted files that still fill a disk, because processes hold them open. They are in no folder, so they belong to no
//! sum of the scan: they are a part of what is in use on a mount and was not seen there.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::measure::Measure;
use super::sight::Sight;
use super::usage::Usage;
use crate::text;

/// A deleted file that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFile {
    /// Where it was.
    pub path: PathBuf,
    /// Device and inode: who it is.
    pub id: (u64, u64),
    /// Bytes of blocks; none if that is not told.
    pub bytes: Option<u64>,
    /// Length in bytes; of what is only mapped and not told, what is mapped of it.
    pub size: u64,
    /// Last change, seconds since 1970.
    pub mtime: i64,
    /// The descriptor, in the first of the processes; none if it is only mapped.
    pub fd: Option<u32>,
    /// The mount it fills.
    pub mount: PathBuf,
}

/// A process that holds deleted files, or several of one program and one user that hold the same ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process numbers, the lowest first.
    pub pids: Vec<u32>,
    /// Its name, safe to show.
    pub command: String,
    /// Its command line, safe to show.
    pub line: String,
    /// Who runs it.
    pub user: String,
    /// Which Jupyter kernel it is, if it is one.
    pub kernel: Option<String>,
    /// When it began, seconds since 1970.
    pub since: Option<i64>,
    /// What it holds, the largest first.
    pub files: Vec<HeldFile>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldOpen {
    processes: Vec<Process>,
    /// What could not be seen.
    pub sight: Sight,
}

impl Process {
    /// The number by which it is known.
    pub fn pid(&self) -> u32 {
        self.pids.first().copied().unwrap_or(0)
    }

    /// Who it is: `python 4121 (ana)`, `python ×12 (ana)`.
    pub fn who(&self) -> String {
        match self.pids.len() {
            0 | 1 => format!("{} {} ({})", self.command, self.pid(), self.user),
            n => format!("{} ×{} ({})", self.command, text::full_count(n as u64), self.user),
        }
    }

    /// What it is called: who it is, with the notebook of a kernel.
    pub fn name(&self) -> String {
        self.kernel.as_ref().map_or_else(|| self.who(), |k| format!("{}  {k}", self.who()))
    }

    /// What it holds.
    pub fn usage(&self) -> Usage {
        self.files.iter().map(HeldFile::usage).sum()
    }
}

impl HeldFile {
    /// What it takes, as far as that is told.
    pub fn usage(&self) -> Usage {
        Usage {
            on_disk: self.bytes.unwrap_or(0),
            apparent: if self.bytes.is_some() { self.size } else { 0 },
            files: 1,
        }
    }
}

impl HeldOpen {
    /// Puts together processes that hold the same.
    pub fn new(each: Vec<Process>, sight: Sight) -> Self {
        type Key = (String, String, Option<String>, Vec<(u64, u64)>);
        let mut known: FxHashMap<Key, usize> = FxHashMap::default();
        let mut processes: Vec<Process> = Vec::new();
        for mut process in each {
            process.files.sort_by(|a, b| (b.bytes, &a.path, a.id).cmp(&(a.bytes, &b.path, b.id)));
            let ids = process.files.iter().map(|f| f.id).collect();
            let key = (process.command.clone(), process.user.clone(), process.kernel.clone(), ids);
            if let Some(at) = known.get(&key) {
                processes[*at].pids.extend(process.pids);
            } else {
                known.insert(key, processes.len());
                processes.push(process);
            }
        }
        for process in &mut processes {
            process.pids.sort_unstable();
        }
        processes.sort_by_key(|p| (std::cmp::Reverse(p.usage().on_disk), p.pid()));
        Self { processes, sight }
    }

    /// Who holds what, those who hold most first.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// Whether nothing is held, as far as was seen.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// The process known by this number.
    pub fn process(&self, pid: u32) -> Option<&Process> {
        self.processes.iter().find(|p| p.pid() == pid)
    }

    /// One of its files.
    pub fn file(&self, pid: u32, id: (u64, u64)) -> Option<&HeldFile> {
        self.process(pid)?.files.iter().find(|f| f.id == id)
    }

    /// The rows of processes that hold a file.
    pub fn holders(&self, id: (u64, u64)) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(move |p| p.files.iter().any(|f| f.id == id))
    }

    /// Every file once, whoever holds it.
    fn each_once(&self) -> impl Iterator<Item = &HeldFile> {
        let mut met = FxHashSet::default();
        self.processes.iter().flat_map(|p| &p.files).filter(move |f| met.insert(f.id))
    }

    /// What all of it takes.
    pub fn usage(&self) -> Usage {
        self.each_once().map(HeldFile::usage).sum()
    }

    /// What it takes of a mount.
    pub fn on(&self, mount: &Path) -> u64 {
        self.each_once().filter(|f| f.mount == mount).map(|f| f.usage().on_disk).sum()
    }

    /// What of a mount comes back if the processes of a row end: what nobody else holds.
    pub fn frees_on(&self, process: &Process, mount: &Path) -> u64 {
        let alone = |f: &&HeldFile| f.mount == mount && self.holders(f.id).count() == 1;
        process.files.iter().filter(alone).map(|f| f.usage().on_disk).sum()
    }

    /// What comes back if the processes of a row end: what nobody else holds.
    pub fn frees(&self, process: &Process) -> u64 {
        let alone = |f: &&HeldFile| self.holders(f.id).count() == 1;
        process.files.iter().filter(alone).map(|f| f.usage().on_disk).sum()
    }

    /// The files on a mount whose size is not told.
    pub fn untold_on(&self, mount: &Path) -> usize {
        self.each_once().filter(|f| f.mount == mount && f.bytes.is_none()).count()
    }

    /// Who holds how much of a mount, those who hold most first.
    pub fn holders_on(&self, mount: &Path) -> Vec<(&Process, u64)> {
        let mut all: Vec<(&Process, u64)> = Vec::new();
        for process in &self.processes {
            let mut here = process.files.iter().filter(|f| f.mount == mount).peekable();
            if here.peek().is_some() {
                all.push((process, here.map(|f| f.usage().on_disk).sum()));
            }
        }
        all.sort_by_key(|(p, bytes)| (std::cmp::Reverse(*bytes), p.pid()));
        all
    }

    /// The numbers of all of it.
    pub fn measure(&self) -> Measure {
        let newest = self.each_once().map(HeldFile::newest).max().unwrap_or(0);
        let usage = self.usage();
        Measure { usage, newest, frees: usage.on_disk, ..Measure::default() }
    }

    /// The numbers of one row.
    pub fn measure_of(&self, process: &Process) -> Measure {
        let newest = process.files.iter().map(HeldFile::newest).max().unwrap_or(0);
        Measure { usage: process.usage(), newest, frees: self.frees(process), ..Measure::default() }
    }
}

impl HeldFile {
    /// Its last change, as rows tell it.
    pub fn newest(&self) -> u32 {
        u32::try_from(self.mtime.max(0)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(ino: u64, kib: u64) -> HeldFile {
        HeldFile {
            path: format!("/data/log-{ino}").into(),
            id: (1, ino),
            bytes: Some(kib << 10),
            size: kib << 10,
            mtime: 100,
            fd: Some(3),
            mount: "/data".into(),
        }
    }

    fn process(pid: u32, command: &str, files: &[(u64, u64)]) -> Process {
        Process {
            pids: vec![pid],
            command: command.into(),
            line: command.into(),
            user: "ana".into(),
            kernel: None,
            since: None,
            files: files.iter().map(|(ino, kib)| file(*ino, *kib)).collect(),
        }
    }

    #[test]
    fn every_file_counts_once_and_workers_are_one_row() {
        let each = vec![
            process(30, "python", &[(1, 8), (2, 4)]),
            process(20, "python", &[(2, 4), (1, 8)]),
            process(40, "tee", &[(1, 8), (3, 100)]),
        ];
        let held = HeldOpen::new(each, Sight::default());
        let names: Vec<String> = held.processes().iter().map(Process::name).collect();
        assert_eq!(names, ["tee 40 (ana)", "python ×2 (ana)"]);
        assert_eq!(held.usage(), Usage { on_disk: 112 << 10, apparent: 112 << 10, files: 3 });
        assert_eq!((held.on(Path::new("/data")), held.on(Path::new("/"))), (112 << 10, 0));
        let python = held.process(20).expect("the lower number");
        // What the other one holds too does not come back with these.
        assert_eq!((python.usage().on_disk, held.frees(python)), (12 << 10, 4 << 10));
        assert_eq!(python.files[0].id, (1, 1), "the largest first");
        let data = Path::new("/data");
        let on =
            |mount| held.holders_on(Path::new(mount)).iter().map(|(p, n)| (p.pid(), *n)).collect::<Vec<_>>();
        assert_eq!(on("/data"), [(40, 108 << 10), (20, 12 << 10)]);
        assert_eq!(
            (on("/"), held.frees_on(python, data), held.frees_on(python, Path::new("/"))),
            (vec![], 4 << 10, 0)
        );
        assert_eq!(held.process(30), None);
    }

    #[test]
    fn what_is_not_told_is_nothing_in_a_sum() {
        let mut p = process(7, "python", &[(1, 8)]);
        p.files[0].bytes = None;
        let held = HeldOpen::new(vec![p], Sight::default());
        assert_eq!(held.usage(), Usage { on_disk: 0, apparent: 0, files: 1 });
        assert_eq!(held.untold_on(Path::new("/data")), 1);
        assert!(!held.is_empty());
    }
}
