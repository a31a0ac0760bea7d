//! What an inventory is told: what the scan reports, and who uses what.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use crate::model::item::NewStore;
use crate::model::mount::Mount;
use crate::model::people::People;
use crate::model::problem::Problem;
use crate::model::tree::ListedDir;
use crate::text;

/// How far the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScanState {
    /// Something is still being read.
    #[default]
    Running,
    /// Everything asked for was read.
    Complete,
    /// It was stopped; what is known is kept.
    Stopped,
}

/// Counters of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    /// Entries seen.
    pub entries: u64,
    /// Directories listed.
    pub directories: u64,
    /// Seconds since it began.
    pub seconds: f64,
    /// Inodes in use on the mounts that are read, where they say so: what 100 % is.
    pub expected: Option<u64>,
    /// What is being read now, in words.
    pub phase: &'static str,
}

/// What the scan reports.
#[derive(Debug)]
pub enum ScanEvent {
    /// It begins: what was asked for, and what is mounted.
    Started {
        /// The folders that are read.
        roots: Vec<PathBuf>,
        /// The mounts they lie on.
        mounts: Vec<Mount>,
        /// Whether every known place is read, not only some folders.
        whole: bool,
    },
    /// Who is who on this machine.
    People(People),
    /// What follows is no disk of this machine, but was read from an export.
    Imported(Imported),
    /// Finished directories, parents first.
    Dirs(Vec<ListedDir>),
    /// A store with all its directories, which have come before.
    Store(Box<NewStore>),
    /// Something could not be read.
    Problem(Problem),
    /// How far it is.
    Progress(Progress),
    /// A folder is about to be read again: what was known below it may be replaced.
    Again(PathBuf),
    /// It is over.
    Finished {
        /// Whether it was stopped before the end.
        stopped: bool,
    },
}

/// An export that was read in place of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it is called: a file, or standard input.
    pub from: String,
    /// The program that wrote it, and its version; safe to show.
    pub by: String,
    /// When it was written, seconds since 1970.
    pub at: Option<i64>,
    /// The machine it was written on, where it says so; safe to show.
    pub host: String,
}

/// A process that uses something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process number.
    pub pid: u32,
    /// Its name.
    pub command: String,
    /// Who runs it.
    pub user: String,
    /// How, as a word before "by": `open`, `mapped`, `worked in`, `run`, `activated`, `used`, `locked`.
    pub how: &'static str,
}

impl Holder {
    /// Sentences on who uses something. Processes of one program and one user that do the same are told together:
    /// a thousand workers are one thing to a person.
    pub fn together<'a>(holders: impl IntoIterator<Item = &'a Self>) -> Vec<String> {
        let mut groups: Vec<(&Self, u64)> = Vec::new();
        let mut known: FxHashMap<(&str, &str, &str), usize> = FxHashMap::default();
        for h in holders {
            let at = *known.entry((h.how, &h.command, &h.user)).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, n)) => *n += 1,
                None => groups.push((h, 1)),
            }
        }
        let words = |(h, n): &(&Self, u64)| match n {
            1 => format!("{} by {} {} ({})", h.how, h.command, h.pid, h.user),
            n => format!("{} by {} ×{} ({})", h.how, h.command, text::full_count(*n), h.user),
        };
        groups.iter().map(words).collect()
    }
}
