//! What would be done, and what the disk gets back: a pure value made of marks and facts. Only what is in a plan can
//! be removed: its steps cannot be made anywhere else, nor read from a file.

mod shared;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::back::{Back, Doubt, Reckoner};
use super::draft::{Draft, Entry, Environment, Order, Refusal, Target};
use super::facts::{self, Facts};
use super::index::{self, Index};
use super::recipe;
use super::trash::Root;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::marks::{Mark, Marks};
use crate::model::measure::{Meter, Selection};
use crate::model::mount::{Mount, Space};
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
    /// Why the trash cannot take some of it: the first reason.
    pub trash_refused: Option<String>,
    steps: Vec<Step>,
    indexes: Vec<Index>,
}

impl Plan {
    /// Works out what would be done.
    pub fn new(inventory: &Inventory, marks: &Marks, how: How, facts: &Facts) -> Self {
        let draft = Draft::new(inventory, marks);
        let indexes = draft.indexes(inventory);
        let mut entries = draft.entries;
        // What is deleted comes first: of what it shares with something in the trash nothing comes back at once.
        entries.sort_by_key(|e| action(how, e) != Action::Delete);
        let mut maker = Maker {
            inventory,
            facts,
            how,
            meter: Meter::new(&inventory.tree),
            reckoner: Reckoner::new(&facts.blocks),
            given_back: 0,
            changes: FxHashMap::default(),
            plan: Self {
                how,
                lines: Vec::new(),
                refused: draft.refused,
                size: Usage::default(),
                frees: 0,
                doubt: Doubt::default(),
                later: 0,
                image: 0,
                gone: 0,
                held: 0,
                undoable: 0,
                changes: Vec::new(),
                closed_processes: facts.in_use.closed,
                trash_refused: None,
                steps: Vec::new(),
                indexes,
            },
        };
        let entries = entries.into_iter().filter_map(|e| maker.judged(e)).collect();
        for entry in maker.without_needed(entries) {
            maker.entry(entry);
        }
        maker.finish()
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

    /// The most careful verdict in it.
    pub fn worst(&self) -> Option<Verdict> {
        self.lines.iter().map(|l| l.verdict).max()
    }
}

/// What is done with an entry. What lies in a trash is there already: it can only be deleted.
fn action(how: How, entry: &Entry) -> Action {
    match how {
        _ if entry.category == Category::Trash => Action::Delete,
        How::ForGood => Action::Delete,
        How::SafeForGood if entry.verdict == Verdict::Safe => Action::Delete,
        How::Trash | How::SafeForGood => Action::Trash,
    }
}

struct Maker<'a> {
    inventory: &'a Inventory,
    facts: &'a Facts,
    how: How,
    meter: Meter<'a>,
    reckoner: Reckoner<'a>,
    /// Bytes whose last name is in the plan.
    given_back: u64,
    /// By mount: bytes that come back for certain, those that may, and inodes.
    changes: FxHashMap<PathBuf, (u64, u64, u64)>,
    plan: Plan,
}

impl Maker<'_> {
    /// What goes; what must stay is noted with its reason.
    fn judged(&mut self, entry: Entry) -> Option<Entry> {
        let action = action(self.how, &entry);
        let Some((reason, way_on)) = self.objection(&entry, action) else { return Some(entry) };
        self.plan.refused.push(Refusal { name: entry.name, path: entry.path, reason, way_on });
        None
    }

    fn entry(&mut self, entry: Entry) {
        let action = action(self.how, &entry);
        let (size, files, back) = self.measure(&entry);
        let line = self.plan.lines.len();
        let gone = action == Action::Delete;
        let loose = if gone { None } else { self.loose_links(&entry) };
        self.plan.size += size;
        self.plan.image += back.image;
        if gone {
            self.plan.gone += size.on_disk;
            self.plan.frees += back.frees;
            self.plan.doubt += back.doubt;
            let mount =
                facts::holding(&self.facts.mounts, &entry.path).map(|m| m.path.clone()).unwrap_or_default();
            let change = self.changes.entry(mount).or_default();
            change.0 += back.frees;
            change.1 += back.doubt.all();
            change.2 += files;
        } else {
            self.plan.later += back.frees;
            self.plan.undoable += size.on_disk;
        }
        for target in entry.targets {
            let Some(look) = self.facts.looks.get(&target.node) else { continue };
            let Ok(identity) = look.identity.clone() else { continue };
            let trash = if gone { None } else { look.trash.clone().ok() };
            let (key, with) = (entry.key.clone(), Vec::new());
            self.plan.steps.push(Step { target, action, identity, trash, line, with, key });
        }
        self.plan.lines.push(Line {
            mark: entry.mark,
            name: entry.name,
            kind: entry.kind,
            path: entry.path,
            category: entry.category,
            verdict: entry.verdict,
            notes: loose.into_iter().chain(entry.notes).collect(),
            action,
            size,
            frees: if gone { back.frees } else { 0 },
            later: if gone { 0 } else { back.frees },
            doubt: back.doubt,
            image: back.image,
            lists: self.lists(&entry.environments),
            environments: entry.environments,
            index: entry.index,
        });
    }

    /// What an entry takes, the inodes that come back with it, and what comes back of its bytes.
    fn measure(&mut self, entry: &Entry) -> (Usage, u64, Back) {
        let (mut size, mut files, mut back) = (Usage::default(), 0, Back::default());
        for target in &entry.targets {
            let measure = self.meter.add(&Selection::new(&self.inventory.tree, [target.node], []));
            size += measure.usage;
            files += measure.frees_files;
            self.given_back += measure.frees;
            back += self.reckoner.add(target.node, measure.frees);
        }
        (size, files, back)
    }

    /// Why an entry must stay as a whole, and what can be done about it. All of it goes, or nothing.
    fn objection(&mut self, entry: &Entry, action: Action) -> Option<(String, String)> {
        let none = String::new;
        if self.facts.read_only {
            return Some(("mldu was started read-only".into(), none()));
        }
        if let Some(folder) = entry.index.as_ref().and_then(|i| self.facts.outdated.get(i)) {
            return Some((index::reason(folder), "r reads it again".into()));
        }
        for target in &entry.targets {
            let Some(look) = self.facts.looks.get(&target.node) else {
                return Some(("it was not looked at yet".into(), "press d again".into()));
            };
            if let Err(reason) = &look.identity {
                return Some((reason.clone(), none()));
            }
            if let Some(reason) = self.facts.in_use.reason(&target.path) {
                return Some((format!("in use: {reason}"), "end what uses it, then press d again".into()));
            }
            if action == Action::Trash
                && let Err(reason) = &look.trash
            {
                self.plan.trash_refused.get_or_insert_with(|| reason.clone());
                let way_on = if self.facts.blocks.is_in_image(target.node) {
                    "3 deletes it, which frees nothing of the image: a smaller image does"
                } else {
                    "3 deletes it for good"
                };
                return Some((format!("the trash cannot take it: {reason}"), way_on.into()));
            }
        }
        let mut lists = entry.environments.iter().map(|e| recipe::why_not(self.facts.recipes.get(&e.path)));
        if action == Action::Delete
            && let Some(reason) = lists.find_map(|why| why)
        {
            return Some((reason, "2 moves it to the trash, or make room for the list".into()));
        }
        None
    }

    /// What is said of the lists of environments.
    fn lists(&self, environments: &[Environment]) -> Vec<String> {
        let words =
            |e: &Environment| format!("{}: {}", e.name, recipe::words(self.facts.recipes.get(&e.path)));
        environments.iter().map(words).collect()
    }

    fn finish(mut self) -> Plan {
        shared::tie(self.inventory, &mut self.plan);
        // Within all that goes: what points first, what was shared last; safe things before others.
        let when = |s: &Step| (s.target.order == Order::Last, !s.with.is_empty(), s.line, s.target.order);
        self.plan.steps.sort_by_key(when);
        self.plan.size.files = self.plan.size.files.max(self.plan.lines.len() as u64);
        self.plan.held = self.plan.size.on_disk.saturating_sub(self.given_back);
        let mut changes: Vec<Change> = Vec::new();
        for mount in &self.facts.mounts {
            let here = self.changes.get(&mount.path).copied();
            let is_here =
                |p: &Path| facts::holding(&self.facts.mounts, p).is_some_and(|m| m.path == mount.path);
            let touched = self.plan.steps.iter().any(|s| is_here(s.path()));
            if here.is_none() && !touched {
                continue;
            }
            let (frees, maybe, files) = here.unwrap_or_default();
            // Two folders of one file system (subvolumes, bind mounts) have the same room: it is counted once.
            match changes.iter_mut().find(|c| mount.dev != 0 && c.mount.dev == mount.dev) {
                Some(same) => {
                    same.frees += frees;
                    same.maybe += maybe;
                    same.files += files;
                }
                None => changes.push(Change { mount: mount.clone(), frees, maybe, files }),
            }
        }
        self.plan.changes = changes;
        self.plan
    }
}
