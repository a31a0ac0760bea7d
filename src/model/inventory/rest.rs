//! Everything else: what folders above stores hold without them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Inventory;
use crate::model::category::Category;
use crate::model::links::LinkSlot;
use crate::model::measure::{Count, Measure, Selection};
use crate::model::node::DirId;
use crate::model::tree::Tree;
use crate::model::usage::{BLOCK, Usage};

/// No folder.
const NONE: DirId = DirId(u32::MAX);

/// So many folders are looked at before it is asked whether that is enough.
const PIECE: usize = 256;

/// What lies in no store, on its way to be summed, a piece at a time. The tree may grow meanwhile.
#[derive(Debug)]
pub(super) struct Loose {
    /// All of it as one.
    all: Count,
    /// What lies in folders above stores, and in those below them that are above none.
    above: FxHashMap<DirId, Above>,
    /// The folder above stores in or below which each linked inode was met last.
    last: Vec<DirId>,
    /// Folders, and the lowest above stores that they lie in or are.
    todo: Vec<(DirId, Option<DirId>)>,
}

/// A folder above stores, while it is added up.
#[derive(Debug, Default)]
struct Above {
    usage: Usage,
    newest: u32,
    /// What counts once less in all of it: each name of an inode counts where it is, and once less in the lowest folder
    /// that has both it and the name before it.
    less: Usage,
}

impl Inventory {
    pub(super) fn loose(&self) -> Loose {
        let mut above: FxHashMap<DirId, Above> = FxHashMap::default();
        for root in &self.top_stores {
            let is_new = |d: &DirId| above.insert(*d, Above::default()).is_none();
            self.tree.ancestors(*root).skip(1).take_while(is_new).for_each(drop);
        }
        Loose { all: Count::new(&self.tree), above, last: Vec::new(), todo: vec![(Tree::ROOT, None)] }
    }

    /// Takes over what was looked at to the end.
    pub(super) fn take_rest(&mut self, mut loose: Loose) {
        // What people keep in a folder beside a run is everything else too.
        for store in self.stores.values() {
            if let Some((mine, out)) = self.part_of(store, Category::Other) {
                loose.all.add(&self.tree, &Selection::new(&self.tree, mine, out));
            }
        }
        self.rest = loose.all.measure();
        self.rest.held_files = loose.all.held_files();
        self.rest_above = loose.add_up(&self.tree);
    }
}

impl Loose {
    /// Goes on until it is enough. Says whether all was looked at.
    pub(super) fn go_on(
        &mut self,
        tree: &Tree,
        stores: &FxHashSet<DirId>,
        enough: &mut dyn FnMut() -> bool,
    ) -> bool {
        loop {
            for _ in 0..PIECE {
                let Some((id, above)) = self.todo.pop() else { return true };
                if !stores.contains(&id) {
                    self.look_at(tree, id, above);
                }
            }
            if enough() {
                return self.todo.is_empty();
            }
        }
    }

    fn look_at(&mut self, tree: &Tree, id: DirId, above: Option<DirId>) {
        let Some(dir) = tree.get(id) else { return };
        let above = if self.above.contains_key(&id) { Some(id) } else { above };
        self.todo.extend(tree.children(id).map(|c| (c, above)));
        self.all.directory(tree, id);
        let Some(above) = above.filter(|_| dir.state.has_files()) else { return };
        let head = dir.head();
        if let Some(sum) = self.above.get_mut(&above) {
            sum.usage += head.itself;
            sum.usage += head.plain;
            sum.newest = sum.newest.max(head.newest);
        }
        for slot in head.links() {
            self.name(tree, above, slot);
        }
    }

    fn name(&mut self, tree: &Tree, above: DirId, slot: LinkSlot) {
        let at = slot.0 as usize;
        if at >= self.last.len() {
            self.last.resize(tree.links().bound().max(at + 1), NONE);
        }
        let before = std::mem::replace(&mut self.last[at], above);
        if before == above {
            return;
        }
        let Some(inode) = tree.links().find(slot) else { return };
        let usage = Usage { on_disk: inode.blocks * BLOCK, apparent: inode.size, files: 1 };
        if let Some(sum) = self.above.get_mut(&above) {
            sum.usage += usage;
        }
        let both = tree.lowest_above(before, above);
        if let Some(sum) = both.and_then(|both| self.above.get_mut(&both)) {
            sum.less += usage;
        }
    }

    /// Adds up what is below each folder above stores, every inode once.
    fn add_up(mut self, tree: &Tree) -> FxHashMap<DirId, Measure> {
        let mut lowest_first: Vec<DirId> = self.above.keys().copied().collect();
        // What lies deeper has the larger number.
        lowest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut done: FxHashMap<DirId, Measure> = FxHashMap::default();
        for id in lowest_first {
            let Above { mut usage, newest, less } = self.above.remove(&id).unwrap_or_default();
            usage -= less;
            if let Some(parent) = tree.parent(id).and_then(|p| self.above.get_mut(&p)) {
                parent.usage += usage;
                parent.newest = parent.newest.max(newest);
            }
            done.insert(id, Measure { usage, newest, ..Measure::default() });
        }
        done
    }
}
