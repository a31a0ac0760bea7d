//! Everything else: what folders above stores hold without them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Inventory;
use crate::model::links::LinkSlot;
use crate::model::measure::Measure;
use crate::model::node::DirId;
use crate::model::usage::{BLOCK, Usage};

/// A folder above stores, while it is added up.
#[derive(Default)]
struct Above {
    usage: Usage,
    newest: u32,
    linked: FxHashSet<LinkSlot>,
}

impl Above {
    /// Takes in what a folder below it holds.
    fn absorb(&mut self, mut below: Self) {
        self.usage += below.usage;
        self.newest = self.newest.max(below.newest);
        if below.linked.len() > self.linked.len() {
            std::mem::swap(&mut self.linked, &mut below.linked);
        }
        self.linked.extend(below.linked);
    }
}

impl Inventory {
    /// What each folder above a store holds without the stores in it, every inode once. Reads each folder that lies in
    /// no store once, however many others are above it.
    pub(super) fn above_stores(&self) -> FxHashMap<DirId, Measure> {
        let mut above: Vec<DirId> = Vec::new();
        let mut met: FxHashSet<DirId> = FxHashSet::default();
        for root in &self.top_stores {
            above.extend(self.tree.ancestors(*root).skip(1).take_while(|d| met.insert(*d)));
        }
        // What lies deeper has the larger number.
        above.sort_unstable_by(|a, b| b.cmp(a));
        let mut open: FxHashMap<DirId, Above> = FxHashMap::default();
        let mut done: FxHashMap<DirId, Measure> = FxHashMap::default();
        for id in above {
            let mut sum = open.remove(&id).unwrap_or_default();
            self.add_loose(id, &met, &mut sum);
            let mut usage = sum.usage;
            for slot in &sum.linked {
                let inode = self.tree.links().get(*slot);
                usage += Usage { on_disk: inode.blocks * BLOCK, apparent: inode.size, files: 1 };
            }
            done.insert(id, Measure { usage, newest: sum.newest, ..Measure::default() });
            if let Some(parent) = self.tree.parent(id) {
                open.entry(parent).or_default().absorb(sum);
            }
        }
        done
    }

    /// Adds a folder and all below it that is no store and lies above none.
    fn add_loose(&self, id: DirId, above: &FxHashSet<DirId>, sum: &mut Above) {
        let mut todo = vec![id];
        while let Some(at) = todo.pop() {
            let Some(dir) = self.tree.get(at) else { continue };
            if dir.state.has_files() {
                let head = dir.head();
                sum.usage += head.itself;
                sum.usage += head.plain;
                sum.newest = sum.newest.max(head.newest);
                for slot in head.links() {
                    if sum.linked.insert(slot) {
                        sum.newest = sum.newest.max(self.tree.links().get(slot).mtime);
                    }
                }
            }
            let inside = self.tree.children(at);
            todo.extend(inside.filter(|c| !above.contains(c) && !self.by_root.contains_key(c)));
        }
    }
}
