//! From entries and facts to lines and steps: what goes, what stays and why, and what comes back.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::{Action, Change, How, Line, Plan, Step, shared};
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::marks::Marks;
use crate::model::measure::{Meter, Selection};
use crate::model::usage::Usage;
use crate::model::verdict::Verdict;
use crate::removal::back::{Back, Doubt, Reckoner};
use crate::removal::draft::{Draft, Entry, Environment, Order, Refusal};
use crate::removal::facts::{self, Facts};
use crate::removal::{index, recipe};

/// Works out what would be done.
pub(super) fn plan(inventory: &Inventory, marks: &Marks, how: How, facts: &Facts) -> Plan {
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
        plan: Plan {
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
            hidden_processes: facts.hidden,
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

/// What is done with an entry. What lies in a trash is there already: it can only be deleted.
fn action(how: How, entry: &Entry) -> Action {
    match how {
        _ if entry.category == Category::Trash => Action::Delete,
        How::ForGood => Action::Delete,
        How::SafeForGood if entry.verdict == Verdict::Safe => Action::Delete,
        How::Trash | How::SafeForGood => Action::Trash,
    }
}

/// What can be done about something in use.
const ENDED: &str = "end what uses it, then press d again";

pub(super) struct Maker<'a> {
    pub(super) inventory: &'a Inventory,
    facts: &'a Facts,
    how: How,
    meter: Meter<'a>,
    reckoner: Reckoner<'a>,
    /// Bytes whose last name is in the plan.
    given_back: u64,
    /// By mount: bytes that come back for certain, those that may, and inodes.
    changes: FxHashMap<PathBuf, (u64, u64, u64)>,
    pub(super) plan: Plan,
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
