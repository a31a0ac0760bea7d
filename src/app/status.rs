//! What is said and counted beside the rows: the headline, what can go, what is marked, what was done.

use std::path::PathBuf;

use super::Context;
use crate::model::headline::{Headline, headline};
use crate::model::inventory::Inventory;
use crate::model::marks::{Mark, Marks};
use crate::model::measure::{Meter, Selection};
use crate::removal::draft::Draft;
use crate::removal::interrupted::Interrupted;
use crate::removal::ledger::Trashed;

/// What the marked things take and give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marked {
    /// How many things.
    pub count: usize,
    /// Bytes they take.
    pub size: u64,
    /// Bytes that come back if all of them are deleted.
    pub frees: u64,
}

/// What this session did, for the line after the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that came back, as measured.
    pub freed: i64,
    /// The runs that trashed something, the last one last.
    pub runs: Vec<String>,
    /// The mount: path, bytes left before, bytes left now, percent in use now.
    pub mount: Option<(PathBuf, u64, u64, u64)>,
    /// Things that did not go as planned.
    pub failed: usize,
    /// Whether anything was removed at all.
    pub acted: bool,
    /// Bytes of what was half deleted before, and is gone now.
    pub finished: u64,
    /// Why the log of it could not be written, if so.
    pub unlogged: Option<String>,
}

/// What is said and counted.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The time, seconds since 1970.
    pub now: i64,
    /// Said once, until the next key.
    pub message: Option<String>,
    /// The mount that matters.
    pub headline: Option<Headline>,
    /// Bytes that can go: safe, and to be downloaded again.
    pub can_go: (u64, u64),
    /// What is marked.
    pub marked: Marked,
    /// Bytes that the plan being looked at is to give back, if that was asked for.
    pub wanted: Option<u64>,
    /// What killed runs left half done.
    pub interrupted: Vec<Interrupted>,
    /// What mldu has in the trash.
    pub trash: Vec<Trashed>,
    /// What this session did.
    pub tally: Tally,
    /// Processes that could not be looked into.
    pub closed_processes: Option<usize>,
    /// Marked files and folders, to find them again after they are read again.
    pub remembered: Vec<(PathBuf, u64)>,
    /// Whether some folders are being read again: then sums wait until that is over.
    pub again: bool,
}

impl Status {
    /// Says something once.
    pub fn say(&mut self, text: impl Into<String>) {
        self.message = Some(text.into());
    }

    /// Counts everything that depends on the inventory anew.
    pub fn count(&mut self, inventory: &Inventory, marks: &Marks, context: &Context) {
        self.headline = headline(inventory, context.is_root, context.units);
        self.can_go = inventory.can_go(None);
        self.count_marked(inventory, marks);
    }

    /// Counts what is marked.
    pub fn count_marked(&mut self, inventory: &Inventory, marks: &Marks) {
        if marks.is_empty() {
            self.marked = Marked::default();
            return;
        }
        let draft = Draft::new(inventory, marks);
        let nodes = draft.targets().map(|t| t.node);
        let measure = Meter::new(&inventory.tree).add(&Selection::new(&inventory.tree, nodes, []));
        self.marked = Marked { count: marks.len(), size: measure.usage.on_disk, frees: measure.frees };
    }

    /// Notes where marked files and folders are, before they are read again and get new numbers.
    pub fn remember(&mut self, inventory: &Inventory, marks: &mut Marks) {
        self.remembered.clear();
        for mark in marks.sorted() {
            let Mark::Node(node) = mark else { continue };
            let ino = if node.is_dir() { inventory.tree.get(node.dir).map_or(0, |d| d.ino) } else { 0 };
            self.remembered.push((inventory.tree.path(node), ino));
            marks.remove(mark);
        }
    }

    /// Marks what was remembered again, where it is still the same. Says how many are not.
    pub fn reattach(&mut self, inventory: &Inventory, marks: &mut Marks) -> usize {
        let mut lost = 0;
        for (path, ino) in std::mem::take(&mut self.remembered) {
            let node = inventory.tree.find(&path).filter(|n| {
                let now = if n.is_dir() { inventory.tree.get(n.dir).map_or(0, |d| d.ino) } else { 0 };
                now == ino
            });
            match node {
                Some(node) => marks.insert(Mark::Node(node)),
                None => lost += 1,
            }
        }
        lost + marks.retain_known(inventory)
    }

    /// What of this session lies in the trash: bytes, and the last run of which something is there.
    pub fn left_in_trash(&self) -> (u64, Option<&str>) {
        let ours = || self.trash.iter().filter(|t| t.is_ours()).filter_map(|t| t.ours.as_ref());
        let bytes = ours().filter(|o| self.tally.runs.contains(&o.run)).map(|o| o.bytes).sum();
        let last = self.tally.runs.iter().rev().find(|run| ours().any(|o| o.run == **run));
        (bytes, last.map(String::as_str))
    }

    /// Bytes and things mldu has in the trash.
    pub fn in_trash(&self) -> (u64, usize) {
        let ours = self.trash.iter().filter(|t| t.is_ours());
        ours.fold((0, 0), |(bytes, n), t| (bytes + t.ours.as_ref().map_or(0, |o| o.bytes), n + 1))
    }
}
