//! All that is known of the box: the tree, the stores and items recognized in it, mounts and problems.
//!
//! It changes only by [`Inventory::apply`] and [`Inventory::forget`], and [`Inventory::refresh`] brings the sums
//! up to date after that. What goes and what comes back is the planner's business.

mod bars;
mod can_go;
mod companions;
mod event;
mod groups;
mod held;
mod index;
mod leftovers;
mod per_mount;
pub mod places;
pub mod refresh;
mod rest;
mod sets;
mod shares;
mod stores;
#[cfg(test)]
mod testing;
mod users;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::category::Category;
use super::held_open::HeldOpen;
use super::item::{BlobId, Item, ItemId, Store, StoreId, Use};
use super::measure::{Measure, Selection, measure};
use super::mount::Mount;
use super::node::{DirId, NodeId};
use super::people::People;
use super::problem::Problems;
use super::rows::{Held, RowKey};
use super::tree::Tree;
use super::usage::Usage;
use super::verdict::Verdict;
use refresh::Stale;

pub use bars::Bar;
pub use companions::Together;
pub use event::{Holder, Imported, Progress, ScanEvent, ScanState};
pub use groups::{Group, NotCounted};
pub use leftovers::Leftovers;
pub use shares::{GroupShare, Share, StoreShare};

/// A file several items hold.
#[derive(Debug, Clone)]
struct Blob {
    nodes: Vec<NodeId>,
    pointers: Vec<NodeId>,
    holders: Vec<ItemId>,
    store: StoreId,
}

/// Everything known of the box.
#[derive(Debug)]
pub struct Inventory {
    /// The scanned entries.
    pub tree: Tree,
    /// The mounts that were scanned.
    pub mounts: Vec<Mount>,
    /// Who is who.
    pub people: People,
    /// What could not be read.
    pub problems: Problems,
    /// How far the scan is.
    pub state: ScanState,
    /// Whether every known place was asked to be read, not only some folders.
    pub whole: bool,
    /// Its counters.
    pub progress: Progress,
    /// What was asked to be scanned.
    pub roots: Vec<PathBuf>,
    /// Set if it is not this machine's, but from an export: then nothing in it may be looked at or removed.
    pub imported: Option<Imported>,
    /// Deleted files that processes hold. They are in no sum of the scan.
    pub held_open: HeldOpen,
    /// The topmost directories that were scanned.
    pub scanned: Vec<DirId>,
    stores: FxHashMap<StoreId, Store>,
    by_root: FxHashMap<DirId, StoreId>,
    /// Roots of stores that lie in no other.
    top_stores: FxHashSet<DirId>,
    /// Directories above stores; may also hold some above which stores only were.
    maybe_above: FxHashSet<DirId>,
    store_keys: FxHashMap<String, StoreId>,
    items: Vec<Option<Box<Item>>>,
    /// The numbers of items by what they are known by, which they keep when their store is read again.
    item_keys: FxHashMap<(StoreId, Arc<str>), ItemId>,
    blobs: Vec<Option<Blob>>,
    uses: Vec<(StoreId, Use)>,
    needed: FxHashMap<ItemId, Vec<String>>,
    in_use: FxHashMap<ItemId, Vec<Holder>>,
    groups: Vec<Group>,
    rest: Measure,
    rest_above: FxHashMap<DirId, Measure>,
    shares: Vec<Share>,
    shares_stale: bool,
    together: OnceLock<FxHashMap<ItemId, Together>>,
    /// How often a store was measured.
    measurements: u64,
    stale: Stale,
}

impl Inventory {
    /// An inventory of nothing.
    pub fn new(tree: Tree) -> Self {
        Self {
            stale: Stale { all: tree.bound() > 0, ..Stale::default() },
            tree,
            mounts: Vec::new(),
            people: People::default(),
            problems: Problems::default(),
            state: ScanState::default(),
            whole: false,
            progress: Progress::default(),
            roots: Vec::new(),
            imported: None,
            held_open: HeldOpen::default(),
            scanned: Vec::new(),
            stores: FxHashMap::default(),
            by_root: FxHashMap::default(),
            top_stores: FxHashSet::default(),
            maybe_above: FxHashSet::default(),
            store_keys: FxHashMap::default(),
            items: Vec::new(),
            item_keys: FxHashMap::default(),
            blobs: Vec::new(),
            uses: Vec::new(),
            needed: FxHashMap::default(),
            in_use: FxHashMap::default(),
            groups: Vec::new(),
            rest: Measure::default(),
            rest_above: FxHashMap::default(),
            shares: Vec::new(),
            shares_stale: true,
            together: OnceLock::new(),
            measurements: 0,
        }
    }

    /// Takes in what the scan reports. Sums follow with [`Inventory::refresh`].
    pub fn apply(&mut self, event: ScanEvent) {
        match event {
            ScanEvent::Started { roots, mounts, whole } => {
                self.whole |= whole;
                for mount in mounts {
                    self.mounts.retain(|m| m.path != mount.path);
                    self.mounts.push(mount);
                }
                if self.roots.is_empty() {
                    self.roots = roots;
                }
                self.state = ScanState::Running;
            }
            ScanEvent::People(people) => self.people = people,
            ScanEvent::Imported(imported) => self.imported = Some(imported),
            ScanEvent::Dirs(dirs) => {
                for dir in dirs {
                    self.tree.merge(dir);
                }
                self.stale.all = true;
            }
            ScanEvent::Store(store) => {
                self.add_store(*store);
                self.stale.all = true;
            }
            ScanEvent::Problem(problem) => self.problems.push(problem),
            ScanEvent::Progress(progress) => self.progress = progress,
            ScanEvent::Again(path) => {
                self.problems.forget_below(&path);
                self.state = ScanState::Running;
                self.stale.again = true;
                self.drop_refresh();
            }
            ScanEvent::Finished { stopped } => {
                self.state = if stopped { ScanState::Stopped } else { ScanState::Complete };
                let stores = self.stores.len();
                self.drop_dead_stores();
                self.stale.all |= self.stale.again || self.stores.len() < stores;
                // What is said of things may depend on whether all was read.
                self.forget_views();
            }
        }
    }

    /// What is derived from the sums is derived anew when it is asked for.
    fn forget_views(&mut self) {
        self.shares_stale = true;
        self.together = OnceLock::new();
    }

    /// Takes removed things out, without reading the disk again.
    pub fn forget(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            if node.is_dir() {
                self.tree.forget(node.dir);
            }
        }
        self.drop_dead_stores();
        self.ask_anew();
        self.stale.all = true;
    }

    /// The item with this number.
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(id.0 as usize)?.as_deref()
    }

    /// All items.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().flatten().map(|i| &**i)
    }

    /// The store with this number.
    pub fn store(&self, id: StoreId) -> Option<&Store> {
        self.stores.get(&id)
    }

    /// All stores, by path.
    pub fn stores(&self) -> Vec<&Store> {
        let mut all: Vec<&Store> = self.stores.values().collect();
        all.sort_by_cached_key(|s| self.tree.path(s.root.into()));
        all
    }

    /// Whether a store begins at this directory.
    pub fn is_store_root(&self, dir: DirId) -> bool {
        self.by_root.contains_key(&dir)
    }

    /// The store with the innermost root at or above this directory.
    pub fn store_of(&self, dir: DirId) -> Option<&Store> {
        self.tree.ancestors(dir).find_map(|d| self.by_root.get(&d)).and_then(|id| self.stores.get(id))
    }

    /// The item and all it is made of, itself first.
    pub fn descendants(&self, id: ItemId) -> impl Iterator<Item = ItemId> + '_ {
        let mut todo = vec![id];
        std::iter::from_fn(move || {
            let id = todo.pop()?;
            if let Some(item) = self.item(id) {
                todo.extend(item.children.iter().rev());
            }
            Some(id)
        })
    }

    /// The item and then each one it is a part of.
    pub fn line(&self, id: ItemId) -> impl Iterator<Item = ItemId> + '_ {
        std::iter::successors(self.item(id).map(|i| i.id), |id| self.item(*id).and_then(|i| i.parent))
    }

    /// What happens if the item is deleted, with all that is known by now.
    pub fn verdict(&self, id: ItemId) -> Verdict {
        let Some(item) = self.item(id) else { return Verdict::Protected };
        if self.in_use.contains_key(&id) {
            return Verdict::InUse;
        }
        if self.needed.contains_key(&id) {
            return Verdict::Protected;
        }
        if item.waits && !self.knows_all_users() && item.verdict < Verdict::LookFirst {
            return Verdict::LookFirst;
        }
        // What is somebody else's is theirs to judge; what cannot go is nothing to count on.
        if item.verdict < Verdict::LookFirst
            && (item.bar.is_some() || self.people.are_others(item.measure.owners))
        {
            return Verdict::LookFirst;
        }
        item.verdict
    }

    /// Whether everything was read that might need something of somewhere else.
    pub fn knows_all_users(&self) -> bool {
        self.whole && self.state == ScanState::Complete
    }

    /// Whether something the item is made of may not be removed.
    pub fn keeps_something(&self, id: ItemId) -> bool {
        let barred = |d| self.item(d).is_some_and(|i| i.bar.is_some());
        self.descendants(id).skip(1).any(|d| !self.verdict(d).removable() || barred(d))
    }

    /// What a person should know of the item, with all that is known by now.
    pub fn notes(&self, id: ItemId) -> Vec<String> {
        let Some(item) = self.item(id) else { return Vec::new() };
        let mut notes = item.notes.clone();
        notes.extend(Holder::together(self.holders(id)));
        for user in self.needed.get(&id).into_iter().flatten() {
            notes.push(format!("{user} links into it and would break"));
        }
        if item.waits && !self.knows_all_users() && self.state != ScanState::Running {
            let why = match self.imported {
                Some(_) => "an environment that is not in the export may need it",
                None => {
                    "not every environment was read, so one may need it; mldu without folders reads them all"
                }
            };
            notes.push(why.into());
        }
        if let Some(bar) = item.bar {
            notes.push(self.bar_words(bar));
        }
        notes.extend(self.together_words(id));
        if item.measure.held_files > 0 {
            notes.push(format!(
                "{} in {} stay: other names hold them",
                crate::text::size(item.measure.held(), crate::text::Units::Binary),
                crate::text::counted(item.measure.held_files, "file", "files"),
            ));
        }
        notes
    }

    /// The processes that use the item.
    pub fn holders(&self, id: ItemId) -> &[Holder] {
        self.in_use.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Whether a row may be marked; what is in use or protected may not.
    pub fn may_be_marked(&self, key: RowKey) -> bool {
        match key {
            RowKey::Item(id) => {
                let whole = |i: &Item| !i.parts.is_empty() || !i.holds.is_empty();
                self.verdict(id).removable() && self.item(id).is_some_and(|i| i.bar.is_none() && whole(i))
            }
            RowKey::Node(node) => self.why_kept(node).is_none(),
            RowKey::Category(_) | RowKey::Store(..) => {
                self.below(key).into_iter().any(|k| self.may_be_marked(k))
            }
            RowKey::Rest | RowKey::Process(_) | RowKey::HeldFile(..) => false,
            RowKey::Of(_, Held::Item(_)) => self.may_be_marked(key.plain()),
            RowKey::Of(uid, Held::Folder(dir)) => {
                self.tree.get(dir).is_some_and(|d| d.uid == uid) && self.may_be_marked(key.plain())
            }
            RowKey::Of(uid, held) => !self.marked_with(uid, held).is_empty(),
        }
    }

    fn blob(&self, id: BlobId) -> Option<&Blob> {
        self.blobs.get(id.0 as usize)?.as_ref()
    }

    /// The nodes of a blob.
    pub fn blob_nodes(&self, id: BlobId) -> &[NodeId] {
        self.blob(id).map_or(&[], |b| &b.nodes)
    }

    /// The items that hold a blob.
    pub fn blob_holders(&self, id: BlobId) -> &[ItemId] {
        self.blob(id).map_or(&[], |b| &b.holders)
    }

    /// The mount a path lies on: the one whose path is its longest beginning.
    pub fn mount_of(&self, path: &Path) -> Option<&Mount> {
        self.mounts.iter().filter(|m| path.starts_with(&m.path)).max_by_key(|m| m.path.as_os_str().len())
    }

    /// What the scan saw in all, every inode once.
    pub fn total(&self) -> Usage {
        self.tree.total(Tree::ROOT)
    }

    /// The topmost directories that were listed.
    fn find_scanned(&mut self) {
        use super::tree::DirState;
        let mut todo = vec![Tree::ROOT];
        let mut found = Vec::new();
        while let Some(dir) = todo.pop() {
            match self.tree.get(dir).map(|d| d.state) {
                Some(DirState::Unread) => todo.extend(self.tree.children(dir)),
                Some(_) => found.push(dir),
                None => {}
            }
        }
        found.sort_unstable();
        self.scanned = found;
    }

    fn measure_nodes(
        &self,
        nodes: impl IntoIterator<Item = NodeId>,
        holes: impl IntoIterator<Item = NodeId>,
    ) -> Measure {
        measure(&self.tree, &Selection::new(&self.tree, nodes, holes))
    }

    /// A category with nothing in it has no row.
    pub fn categories(&self) -> Vec<Category> {
        self.groups.iter().map(|g| g.category).collect()
    }
}
