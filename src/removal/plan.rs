//! What would be done, and what the disk gets back: a pure value made of marks and facts. Only what is in a plan can
//! be removed: its steps cannot be made anywhere else, nor read from a file.

mod maker;
mod shared;

use std::path::{Path, PathBuf};

use super::back::Doubt;
use super::draft::{Environment, Refusal, Target};
use super::facts::Facts;
use super::index::Index;
use super::trash::Root;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::marks::{Mark, Marks};
use crate::model::mount::{Mount, Space};
use crate::model::sight::{Hidden, Sight};
use crate::model::usage::Usage;
use crate::model::verdict::Verdict;
use crate::sys::beneath::Identity;

/// How things go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// What is safe for good, the rest to the trash.
    SafeForGood,
    /// All to the trash.
    Trash,
    /// All for good.
    ForGood,
}

impl How {
    /// The three, in the order of the screen.
    pub const ALL: [Self; 3] = [Self::SafeForGood, Self::Trash, Self::ForGood];

    /// Its name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::SafeForGood => "safe-for-good",
            Self::Trash => "trash",
            Self::ForGood => "for-good",
        }
    }
}

/// What is done with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is moved to the trash and can come back.
    Trash,
    /// It is deleted for good.
    Delete,
}

/// One file or folder and what is done with it. Only this module can make one.
#[derive(Debug, Clone)]
pub struct Step {
    target: Target,
    action: Action,
    identity: Identity,
    trash: Option<Root>,
    line: usize,
    with: Vec<usize>,
    key: String,
}

impl Step {
    /// What it is about.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.target.path
    }

    /// What is done.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Who it was when the plan was made.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The trash that takes it.
    pub fn trash(&self) -> Option<&Root> {
        self.trash.as_ref()
    }

    /// The line of the plan it belongs to.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The other lines that need it: it goes only if they went.
    pub fn with(&self) -> &[usize] {
        &self.with
    }

    /// The item it is a part of.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// One thing in a plan.
#[derive(Debug, Clone)]
pub struct Line {
    /// What was marked.
    pub mark: Mark,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Its group.
    pub category: Category,
    /// What happens when it goes.
    pub verdict: Verdict,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What is done.
    pub action: Action,
    /// What it takes; what is shared with a line above counts there.
    pub size: Usage,
    /// Bytes that come back at once with it and the lines above, for certain.
    pub frees: u64,
    /// Bytes that come back once its trash is emptied, for certain.
    pub later: u64,
    /// Bytes that may come back with it besides, now or then.
    pub doubt: Doubt,
    /// Bytes of it that lie in the image of a container and never come back.
    pub image: u64,
    /// The environments in it, which are written down first.
    pub environments: Vec<Environment>,
    /// What is said of those lists.
    pub lists: Vec<String>,
    /// The folder whose index says that nobody else needs it.
    pub index: Option<PathBuf>,
}

/// A mount before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub mount: Mount,
    /// Bytes that come back there, for certain.
    pub frees: u64,
    /// Bytes that may come back there besides.
    pub maybe: u64,
    /// Inodes that come back there.
    pub files: u64,
}

impl Change {
    /// What is left afterwards, at least.
    pub fn after(&self) -> Option<Space> {
        let s = self.mount.space?;
        let gone = self.frees.min(s.used());
        Some(Space {
            available: s
                .available
                .saturating_add(gone.saturating_sub(self.mount.owed_to_root()))
                .min(s.total),
            free: s.free.saturating_add(gone).min(s.total),
            inodes_available: s.inodes_available.map(|n| n.saturating_add(self.files)),
            ..s
        })
    }
}

/// What would be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How.
    pub how: How,
    /// The things that go, safe ones first.
    pub lines: Vec<Line>,
    /// What stays, and why.
    pub refused: Vec<Refusal>,
    /// What all lines take.
    pub size: Usage,
    /// Bytes that come back at once, for certain.
    pub frees: u64,
    /// Bytes that may come back at once besides.
    pub doubt: Doubt,
    /// Bytes that go to the trash, and come back for certain when that is emptied.
    pub later: u64,
    /// Bytes in the image of a container: they never come back.
    pub image: u64,
    /// Bytes on the disk of what is deleted for good.
    pub gone: u64,
    /// Bytes that stay because names outside the plan hold them.
    pub held: u64,
    /// Bytes that can be brought back.
    pub undoable: u64,
    /// The mounts it changes.
    pub changes: Vec<Change>,
    /// Processes that could not be looked into: in them these things may be in use.
    pub closed_processes: usize,
    /// Processes that are not even counted.
    pub hidden_processes: Option<Hidden>,
    /// Why the trash cannot take some of it: the first reason.
    pub trash_refused: Option<String>,
    steps: Vec<Step>,
    indexes: Vec<Index>,
}

impl Plan {
    /// Works out what would be done.
    pub fn new(inventory: &Inventory, marks: &Marks, how: How, facts: &Facts) -> Self {
        maker::plan(inventory, marks, how, facts)
    }

    /// What is done, in this order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The indexes of stores that must still be as they were read.
    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether something would be gone for good.
    pub fn is_final(&self) -> bool {
        self.steps.iter().any(|s| s.action == Action::Delete)
    }

    /// Bytes that come back at once, at most.
    pub fn at_most(&self) -> u64 {
        self.frees.saturating_add(self.doubt.all())
    }

    /// What could not be seen of who uses what.
    pub fn sight(&self) -> Sight {
        Sight { closed: self.closed_processes, hidden: self.hidden_processes }
    }

    /// The most careful verdict in it.
    pub fn worst(&self) -> Option<Verdict> {
        self.lines.iter().map(|l| l.verdict).max()
    }
}

/// Which of the three ways is taken unless a person says otherwise: the trash, unless it cannot take anything, or the disk
/// is full and something is safe; then what is safe goes for good. They are in the order of [`How::ALL`].
pub fn suggested(plans: &[Plan; 3], is_full: bool) -> usize {
    let at = |how: How| How::ALL.iter().position(|h| *h == how).unwrap_or(1);
    let (mixed, trash) = (at(How::SafeForGood), at(How::Trash));
    let frees_some = plans[mixed].at_most() > plans[trash].at_most();
    let trash_fails = plans[trash].is_empty() && !plans[mixed].is_empty();
    if (is_full && frees_some) || trash_fails { mixed } else { trash }
}
