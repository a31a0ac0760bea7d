//! The sums on the screen: groups, the stores in them, and everything else.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::Inventory;
use crate::model::category::Category;
use crate::model::item::{ItemId, Store, StoreId};
use crate::model::measure::{Measure, Owners};
use crate::model::node::NodeId;
use crate::model::rows::{Held, RowKey};
use crate::model::tree::DirState;
use crate::model::verdict::Verdict;
use crate::text;

/// A group with its sums.
#[derive(Debug, Clone)]
pub struct Group {
    /// Which one.
    pub category: Category,
    /// All of it as one set.
    pub measure: Measure,
    /// The part of each store that belongs to it.
    pub stores: Vec<(StoreId, Measure)>,
    /// Those that may share something are measured as one: which measurements of which, and what they have together.
    as_one: (Vec<u64>, Measure),
}

impl Inventory {
    /// The groups that hold something.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Everything that was scanned and belongs to no store.
    pub fn rest(&self) -> &Measure {
        &self.rest
    }

    /// Bytes that are counted in two groups or more, because their inodes have names in each.
    pub fn shared_between_groups(&self) -> u64 {
        let groups: u64 = self.groups.iter().map(|g| g.measure.usage.on_disk).sum();
        (groups + self.rest.usage.on_disk).saturating_sub(self.total().on_disk)
    }

    /// Sums the groups. Asks nothing anew of stores that are as they were the last time.
    pub(super) fn sum_groups(&mut self) {
        let unasked: Vec<StoreId> =
            self.stores.values().filter(|s| s.shares.is_none()).map(|s| s.id).collect();
        for id in unasked {
            let shares = self.store(id).map(|store| self.shares_of(store));
            if let Some(store) = self.stores.get_mut(&id) {
                store.shares = shares;
            }
        }
        let before = std::mem::take(&mut self.groups);
        let all = self.stores();
        let mut groups: Vec<Group> = Vec::new();
        for category in Category::all().filter(|c| *c != Category::Other) {
            let share =
                |store: &Store| store.shares.iter().flatten().find(|(c, _)| *c == category).map(|s| s.1);
            let parts: Vec<(&Store, Measure)> = all.iter().filter_map(|s| Some((*s, share(s)?))).collect();
            if !parts.is_empty() {
                let before = before.iter().find(|g| g.category == category);
                groups.push(self.group(category, parts, before));
            }
        }
        self.groups = groups;
    }

    fn group(&self, category: Category, parts: Vec<(&Store, Measure)>, before: Option<&Group>) -> Group {
        let stores = parts.iter().map(|(store, measure)| (store.id, *measure)).collect();
        // Stores of one owner that share no inode with others add up; the rest is measured as one.
        let owner = parts.first().map_or(Owners::Nobody, |(_, m)| m.owners);
        let of_one = matches!(owner, Owners::One(_)) && parts.iter().all(|(_, m)| m.owners == owner);
        let (apart, together): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(store, _)| of_one && !store.names_links);
        let mut measure = apart.into_iter().map(|(_, measure)| measure).sum::<Measure>();
        let of: Vec<u64> = together.iter().map(|(store, _)| store.measured).collect();
        let as_one = match &together[..] {
            [] => Measure::default(),
            [(_, only)] => *only,
            several => before.filter(|before| before.as_one.0 == of).map_or_else(
                || {
                    let parts = several.iter().filter_map(|(store, _)| self.part_of(store, category));
                    let (nodes, holes): (Vec<_>, Vec<_>) = parts.unzip();
                    self.measure_nodes(nodes.into_iter().flatten(), holes.into_iter().flatten())
                },
                |before| before.as_one.1,
            ),
        };
        if !together.is_empty() {
            measure += as_one;
        }
        Group { category, measure, stores, as_one: (of, as_one) }
    }

    /// What of a store lies in each group.
    fn shares_of(&self, store: &Store) -> Vec<(Category, Measure)> {
        let of_items: FxHashSet<Category> =
            store.items.iter().filter_map(|id| self.item(*id)).map(|i| i.category).collect();
        let share = |c: &Category| self.measure_part(store, *c).map(|m| (*c, m));
        of_items.iter().filter(|c| **c != Category::Other).filter_map(share).collect()
    }

    /// Sums that were right before are asked anew.
    pub(super) fn ask_anew(&mut self) {
        self.groups.clear();
        self.stores.values_mut().for_each(|s| s.shares = None);
        self.stale.groups = true;
    }

    /// What the part of a store that lies in a group takes and gives.
    fn measure_part(&self, store: &Store, category: Category) -> Option<Measure> {
        let mine = |id: &ItemId| self.item(*id).is_some_and(|i| i.category == category);
        let root = NodeId::dir(store.root);
        let is_whole =
            |id: &ItemId| self.item(*id).is_some_and(|i| i.is_rest || i.parts.iter().any(|p| p.node == root));
        if store.items.iter().all(mine) && store.items.iter().any(is_whole) {
            return Some(store.measure);
        }
        self.part_of(store, category).map(|(mine, out)| self.measure_nodes(mine, out))
    }

    /// What of a store lies in a group: what it consists of, and what is left out of that.
    pub(super) fn part_of(&self, store: &Store, category: Category) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
        let mine: Vec<ItemId> = self.items_in(store, category);
        if mine.is_empty() {
            return None;
        }
        let has_rest = mine.iter().any(|i| self.item(*i).is_some_and(|i| i.is_rest));
        if has_rest {
            // The group of what nobody claims has all that the others do not have, down to the folders themselves.
            let mut holes = store.inner.clone();
            for item in store.items.iter().filter(|i| !mine.contains(i)) {
                holes.extend(self.nodes_of(*item));
            }
            return Some((vec![store.root.into()], holes));
        }
        let nodes = mine.iter().flat_map(|i| self.nodes_of(*i)).collect();
        Some((nodes, store.inner.clone()))
    }

    /// The top items of a store that lie in a group.
    pub fn items_in(&self, store: &Store, category: Category) -> Vec<ItemId> {
        store
            .items
            .iter()
            .copied()
            .filter(|id| self.item(*id).is_some_and(|i| i.category == category))
            .collect()
    }

    /// What is directly below a row of groups, stores and items.
    pub fn below(&self, key: RowKey) -> Vec<RowKey> {
        match key {
            RowKey::Category(Category::HeldOpen) | RowKey::Process(_) | RowKey::HeldFile(..) => {
                self.open_below(key)
            }
            RowKey::Category(category) => self
                .groups
                .iter()
                .filter(|g| g.category == category)
                .flat_map(|g| g.stores.iter().map(|(id, _)| RowKey::Store(category, *id)))
                .collect(),
            RowKey::Store(category, id) => self
                .store(id)
                .map(|s| self.items_in(s, category))
                .unwrap_or_default()
                .into_iter()
                .filter(|i| self.is_worth_a_row(*i))
                .map(RowKey::Item)
                .collect(),
            RowKey::Item(id) => self
                .item(id)
                .map(|i| i.children.iter().copied().map(RowKey::Item).collect())
                .unwrap_or_default(),
            RowKey::Rest => {
                let loose =
                    |s: &&Store| self.items_in(s, Category::Other).iter().any(|i| self.is_worth_a_row(*i));
                self.stores()
                    .into_iter()
                    .filter(loose)
                    .map(|s| RowKey::Store(Category::Other, s.id))
                    .collect()
            }
            RowKey::Node(_) => Vec::new(),
            RowKey::Of(uid, held) => self.held_below(uid, held),
        }
    }

    /// The few blocks of a store's own folders are in its sum, but nobody wants to see them as a row.
    pub(super) fn is_worth_a_row(&self, id: ItemId) -> bool {
        self.item(id).is_some_and(|i| !i.is_rest || !i.parts.is_empty())
    }

    /// The row one above, where there is one.
    pub fn row_above(&self, key: RowKey) -> Option<RowKey> {
        match key {
            RowKey::Category(_) | RowKey::Rest => None,
            RowKey::Store(Category::Other, _) => Some(RowKey::Rest),
            RowKey::Store(category, _) => Some(RowKey::Category(category)),
            RowKey::Item(id) => {
                let item = self.item(id)?;
                Some(item.parent.map_or(RowKey::Store(item.category, item.store), RowKey::Item))
            }
            RowKey::Node(node) => {
                if node.is_dir() && self.scanned.contains(&node.dir) {
                    return Some(RowKey::Rest);
                }
                let above = if node.is_dir() { self.tree.parent(node.dir)? } else { node.dir };
                Some(RowKey::Node(above.into()))
            }
            RowKey::Of(uid, held) => self.held_above(uid, held),
            RowKey::Process(_) => Some(RowKey::Category(Category::HeldOpen)),
            RowKey::HeldFile(pid, _) => Some(RowKey::Process(pid)),
        }
    }

    /// The numbers of a row.
    pub fn row_measure(&self, key: RowKey) -> Measure {
        match key {
            RowKey::Category(Category::HeldOpen) | RowKey::Process(_) | RowKey::HeldFile(..) => {
                self.open_measure(key)
            }
            RowKey::Category(c) => {
                self.groups.iter().find(|g| g.category == c).map(|g| g.measure).unwrap_or_default()
            }
            RowKey::Store(Category::Other, id) => {
                let part = self.store(id).and_then(|s| self.part_of(s, Category::Other));
                part.map(|(mine, out)| self.measure_nodes(mine, out)).unwrap_or_default()
            }
            RowKey::Store(c, id) => self
                .groups
                .iter()
                .find(|g| g.category == c)
                .and_then(|g| g.stores.iter().find(|(s, _)| *s == id))
                .map(|(_, m)| *m)
                .unwrap_or_default(),
            RowKey::Item(id) => self.item(id).map(|i| i.measure).unwrap_or_default(),
            RowKey::Rest => self.rest,
            RowKey::Node(node) => self.node_measure(node),
            RowKey::Of(uid, held) => self.held_measure(uid, held),
        }
    }

    fn node_measure(&self, node: NodeId) -> Measure {
        if let Some(m) = node.is_dir().then(|| self.rest_above.get(&node.dir)).flatten() {
            return *m;
        }
        if node.is_dir() {
            let (usage, newest) = (self.tree.total(node.dir), self.tree.newest(node.dir));
            return Measure { usage, newest, ..Measure::default() };
        }
        self.measure_nodes([node], [])
    }

    /// The name of a row, safe to show.
    pub fn row_name(&self, key: RowKey) -> String {
        match key {
            RowKey::Category(c) => c.label().to_string(),
            RowKey::Rest => Category::Other.label().to_string(),
            RowKey::Store(_, id) => self.store(id).map(|s| self.store_title(s)).unwrap_or_default(),
            RowKey::Item(id) => self.item(id).map(|i| i.name.clone()).unwrap_or_default(),
            RowKey::Node(node) => {
                if self.scanned.contains(&node.dir) && node.is_dir() {
                    text::path(&self.tree.path(node))
                } else {
                    text::display(&self.tree.name(node).bytes())
                }
            }
            RowKey::Of(uid, held) => self.held_name(uid, held),
            RowKey::Process(_) | RowKey::HeldFile(..) => self.open_name(key),
        }
    }

    /// What a store is called: its path, or what its family calls it.
    pub fn store_title(&self, store: &Store) -> String {
        let path = text::path(&self.tree.path(store.root.into()));
        match &store.title {
            Some(title) => format!("{path}  {title}"),
            None => path,
        }
    }

    /// What happens if a row is deleted: its own verdict, or the most careful one of what it is made of.
    /// What is in use or protected decides only where there is nothing else, since a plan leaves it out.
    pub fn row_verdict(&self, key: RowKey) -> Verdict {
        match key {
            RowKey::Item(id) => self.verdict(id),
            RowKey::Rest | RowKey::Node(_) => Verdict::LookFirst,
            RowKey::Of(uid, held) => self.held_verdict(uid, held),
            RowKey::Process(_) | RowKey::HeldFile(..) | RowKey::Category(Category::HeldOpen) => {
                Verdict::InUse
            }
            RowKey::Category(_) | RowKey::Store(..) => {
                let all = self.below(key).into_iter().map(|k| self.row_verdict(k));
                let (free, kept): (Vec<Verdict>, Vec<Verdict>) = all.partition(|v| v.removable());
                free.into_iter().max().or_else(|| kept.into_iter().min()).unwrap_or(Verdict::LookFirst)
            }
        }
    }

    /// Whether something at or below a row is in use.
    pub fn row_in_use(&self, key: RowKey) -> bool {
        match key {
            RowKey::Item(id) | RowKey::Of(_, Held::Item(id)) => {
                self.descendants(id).any(|d| self.in_use.contains_key(&d))
            }
            RowKey::Rest | RowKey::Node(_) | RowKey::Of(_, Held::Folder(_)) => false,
            RowKey::Process(_) | RowKey::HeldFile(..) | RowKey::Category(Category::HeldOpen) => true,
            _ => !self.in_use.is_empty() && self.below(key).into_iter().any(|k| self.row_in_use(k)),
        }
    }
}

/// Space of a mount that no scanned entry accounts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCounted {
    /// Where.
    pub mount: std::path::PathBuf,
    /// Bytes in use there that were not seen.
    pub bytes: u64,
    /// How much of that is in deleted files which processes were seen to hold.
    pub held_open: u64,
    /// Why that can be.
    pub why: &'static str,
}

impl Inventory {
    /// What is in use on the mounts that were read whole, and was not seen.
    pub fn not_counted(&self) -> Vec<NotCounted> {
        let total = |path: &Path| {
            let dir = self.tree.find(path).filter(|n| n.is_dir())?;
            let listed = self.tree.get(dir.dir).is_some_and(|d| d.state == DirState::Listed);
            listed.then(|| self.tree.total(dir.dir).on_disk)
        };
        let mut found = Vec::new();
        for mount in &self.mounts {
            let (Some(space), Some(seen)) = (mount.space, total(&mount.path)) else { continue };
            let inside =
                |m: &&crate::model::mount::Mount| m.path != mount.path && m.path.starts_with(&mount.path);
            let others: u64 = self.mounts.iter().filter(inside).filter_map(|m| total(&m.path)).sum();
            let bytes = space.used().saturating_sub(seen.saturating_sub(others));
            if bytes > 0 && self.state == super::ScanState::Complete {
                let why = if self.problems.count > 0 {
                    "not readable by you, deleted but still open, or the file system's own"
                } else {
                    "deleted but still open, under another mount, or the file system's own"
                };
                let held_open = self.held_open.on(&mount.path).min(bytes);
                found.push(NotCounted { mount: mount.path.clone(), bytes, held_open, why });
            }
        }
        found
    }
}
