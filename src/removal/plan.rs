//! What would be done, and what the disk gets back: a pure value made of marks and facts. Only what is in a plan can
//! be removed: its steps cannot be made anywhere else, nor read from a file.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::draft::{Draft, Entry, Order, Refusal, Target};
use super::facts::Facts;
use super::trash::Root;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::marks::{Mark, Marks};
use crate::model::measure::{Meter, Selection};
use crate::model::mount::{Mount, Space};
use crate::model::node::NodeId;
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
    /// Bytes that come back at once with it and the lines above.
    pub frees: u64,
    /// Bytes that come back once its trash is emptied.
    pub later: u64,
}

/// A mount before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub mount: Mount,
    /// Bytes that come back there.
    pub frees: u64,
    /// Inodes that come back there.
    pub files: u64,
}

impl Change {
    /// What is left afterwards.
    pub fn after(&self) -> Option<Space> {
        let s = self.mount.space?;
        let gone = self.frees.min(s.used());
        Some(Space {
            available: s.available.saturating_add(gone).min(s.total),
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
    /// Bytes that come back at once.
    pub frees: u64,
    /// Bytes that go to the trash, and come back when that is emptied.
    pub later: u64,
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
}

impl Plan {
    /// Works out what would be done.
    pub fn new(inventory: &Inventory, marks: &Marks, how: How, facts: &Facts) -> Self {
        let draft = Draft::new(inventory, marks);
        let mut maker = Maker {
            inventory,
            facts,
            how,
            meter: Meter::new(&inventory.tree),
            changes: FxHashMap::default(),
            plan: Self {
                how,
                lines: Vec::new(),
                refused: draft.refused,
                size: Usage::default(),
                frees: 0,
                later: 0,
                held: 0,
                undoable: 0,
                changes: Vec::new(),
                closed_processes: facts.in_use.closed,
                hidden_processes: facts.hidden,
                trash_refused: None,
                steps: Vec::new(),
            },
        };
        for entry in draft.entries {
            maker.entry(entry);
        }
        maker.finish()
    }

    /// What is done, in this order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether something would be gone for good.
    pub fn is_final(&self) -> bool {
        self.steps.iter().any(|s| s.action == Action::Delete)
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

/// What can be done about something in use.
const ENDED: &str = "end what uses it, then press d again";

struct Maker<'a> {
    inventory: &'a Inventory,
    facts: &'a Facts,
    how: How,
    meter: Meter<'a>,
    changes: FxHashMap<PathBuf, (u64, u64)>,
    plan: Plan,
}

impl Maker<'_> {
    fn entry(&mut self, entry: Entry) {
        // What lies in a trash is there already: it can only be deleted.
        let action = match self.how {
            _ if entry.category == Category::Trash => Action::Delete,
            How::ForGood => Action::Delete,
            How::SafeForGood if entry.verdict == Verdict::Safe => Action::Delete,
            How::Trash | How::SafeForGood => Action::Trash,
        };
        if let Some((reason, way_on)) = self.objection(&entry, action) {
            self.plan.refused.push(Refusal { name: entry.name, path: entry.path, reason, way_on });
            return;
        }
        let nodes: Vec<NodeId> = entry.targets.iter().map(|t| t.node).collect();
        let measure = self.meter.add(&Selection::new(&self.inventory.tree, nodes, []));
        let line = self.plan.lines.len();
        let gone = action == Action::Delete;
        self.plan.size += measure.usage;
        self.plan.held += measure.held();
        if gone {
            self.plan.frees += measure.frees;
            let mount = self.inventory.mount_of(&entry.path).map(|m| m.path.clone()).unwrap_or_default();
            let change = self.changes.entry(mount).or_default();
            change.0 += measure.frees;
            change.1 += measure.frees_files;
        } else {
            self.plan.later += measure.frees;
            self.plan.undoable += measure.usage.on_disk;
        }
        for target in entry.targets {
            let Some(look) = self.facts.looks.get(&target.node) else { continue };
            let Ok(identity) = look.identity.clone() else { continue };
            let trash = if gone { None } else { look.trash.clone().ok() };
            self.plan.steps.push(Step { target, action, identity, trash, line, key: entry.key.clone() });
        }
        self.plan.lines.push(Line {
            mark: entry.mark,
            name: entry.name,
            kind: entry.kind,
            path: entry.path,
            category: entry.category,
            verdict: entry.verdict,
            notes: entry.notes,
            action,
            size: measure.usage,
            frees: if gone { measure.frees } else { 0 },
            later: if gone { 0 } else { measure.frees },
        });
    }

    /// Why an entry must stay as a whole, and what can be done about it. All of it goes, or nothing.
    fn objection(&mut self, entry: &Entry, action: Action) -> Option<(String, String)> {
        let none = String::new;
        if self.facts.read_only {
            return Some(("mldu was started read-only".into(), none()));
        }
        for target in &entry.targets {
            let Some(look) = self.facts.looks.get(&target.node) else {
                return Some(("it was not looked at yet".into(), "press d again".into()));
            };
            if let Err(reason) = &look.identity {
                let way_on = if reason.starts_with("in use") { ENDED.into() } else { none() };
                return Some((reason.clone(), way_on));
            }
            if let Some(reason) = self.facts.in_use.reason(&target.path) {
                return Some((format!("in use: {reason}"), ENDED.into()));
            }
            if action == Action::Trash
                && let Err(reason) = &look.trash
            {
                self.plan.trash_refused.get_or_insert_with(|| reason.clone());
                return Some((format!("the trash cannot take it: {reason}"), "3 deletes it for good".into()));
            }
        }
        None
    }

    fn finish(mut self) -> Plan {
        // Within all that goes: what points first, what was shared last; safe things before others.
        self.plan.steps.sort_by_key(|s| (s.target.order == Order::Last, s.line, s.target.order));
        self.plan.size.files = self.plan.size.files.max(self.plan.lines.len() as u64);
        let mut changes: Vec<Change> = Vec::new();
        for mount in &self.facts.mounts {
            let here = self.changes.get(&mount.path).copied();
            let touched = self
                .plan
                .steps
                .iter()
                .any(|s| self.inventory.mount_of(s.path()).is_some_and(|m| m.path == mount.path));
            if here.is_some() || touched {
                let (frees, files) = here.unwrap_or_default();
                changes.push(Change { mount: mount.clone(), frees, files });
            }
        }
        self.plan.changes = changes;
        self.plan
    }
}
