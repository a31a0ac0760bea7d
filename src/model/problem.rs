//! Something that could not be read or done. Problems are data: counted, shown, never lost.

use std::path::PathBuf;

/// One thing that went wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it was about.
    pub path: PathBuf,
    /// What was tried: `open`, `read`, `stat`, `understand` …
    pub operation: &'static str,
    /// Why it failed, in words.
    pub error: String,
}

impl Problem {
    /// The operation of reading one of the person's own tables: what is wrong with it is theirs to put right.
    pub const LOAD: &str = "load";

    /// A problem from an operating system error.
    pub fn new(path: impl Into<PathBuf>, operation: &'static str, error: impl std::fmt::Display) -> Self {
        Self { path: path.into(), operation, error: error.to_string() }
    }
}

/// The problems of a scan. The first thousands are kept in full, the rest is counted.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// The ones kept.
    pub kept: Vec<Problem>,
    /// How many there were.
    pub count: u64,
}

impl Problems {
    /// More than this nobody reads; memory stays small on a tree of a million unreadable folders.
    const KEEP: usize = 10_000;

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.kept.len() < Self::KEEP {
            self.kept.push(problem);
        }
    }

    /// Drops those at or below `root`, before it is read again.
    pub fn forget_below(&mut self, root: &std::path::Path) {
        let before = self.kept.len();
        self.kept.retain(|p| !p.path.starts_with(root));
        self.count -= (before - self.kept.len()) as u64;
    }
}
