//! Everything else: what folders above stores hold without them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Inventory;
use crate::model::category::Category;
use crate::model::measure::{Count, Measure, Selection};
use crate::model::node::DirId;
use crate::model::tree::{Once, Tree, in_pieces};
use crate::model::usage::Usage;

/// What lies in no store, on its way to be summed, a piece at a time. The tree may grow meanwhile.
#[derive(Debug)]
pub(super) struct Loose {
    /// All of it as one.
    all: Count,
    /// What lies in folders above stores, and in those below them that are above none.
    above: FxHashMap<DirId, Above>,
    once: Once,
    /// Folders, and the lowest above stores that they lie in or are.
    todo: Vec<(DirId, Option<DirId>)>,
}

/// A folder above stores, while it is added up.
#[derive(Debug, Default)]
struct Above {
    usage: Usage,
    newest: u32,
    /// What counts once less in all of it.
    less: Usage,
}

impl Inventory {
    pub(super) fn loose(&self) -> Loose {
        let mut above: FxHashMap<DirId, Above> = FxHashMap::default();
        for root in &self.top_stores {
            let is_new = |d: &DirId| above.insert(*d, Above::default()).is_none();
            self.tree.ancestors(*root).skip(1).take_while(is_new).for_each(drop);
        }
        Loose { all: Count::new(&self.tree), above, once: Once::default(), todo: vec![(Tree::ROOT, None)] }
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
        in_pieces(enough, || {
            let next = self.todo.pop();
            if let Some((id, above)) = next.filter(|(id, _)| !stores.contains(id)) {
                self.look_at(tree, id, above);
            }
            next.is_some()
        })
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
            let Some((usage, both)) = self.once.meet(tree, above, slot) else { continue };
            if let Some(sum) = self.above.get_mut(&above) {
                sum.usage += usage;
            }
            if let Some(sum) = both.and_then(|both| self.above.get_mut(&both)) {
                sum.less += usage;
            }
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
