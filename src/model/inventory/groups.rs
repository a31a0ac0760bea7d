//! The sums on the screen: groups, the stores in them, and everything else.

use std::path::Path;

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

    pub(super) fn sum_groups(&mut self) {
        let mut groups: Vec<Group> = Vec::new();
        let all = self.stores();
        for category in Category::all().filter(|c| *c != Category::Other) {
            let mut stores: Vec<(StoreId, Measure)> = Vec::new();
            let mut parts: Vec<(&Store, Measure)> = Vec::new();
            for store in &all {
                let Some(measure) = self.measure_part(store, category) else { continue };
                stores.push((store.id, measure));
                parts.push((store, measure));
            }
            // Stores of one owner that share no inode with others add up; the rest is measured as one.
            let owner = parts.first().map_or(Owners::Nobody, |(_, m)| m.owners);
            let of_one = matches!(owner, Owners::One(_)) && parts.iter().all(|(_, m)| m.owners == owner);
            let (apart, together): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|(store, _)| of_one && !store.names_links);
            let mut sum = apart.into_iter().map(|(_, measure)| measure).sum::<Measure>();
            match &together[..] {
                [] => {}
                [(_, only)] => sum += *only,
                several => {
                    let parts = several.iter().filter_map(|(store, _)| self.part_of(store, category));
                    let (nodes, holes): (Vec<_>, Vec<_>) = parts.unzip();
                    sum += self.measure_nodes(nodes.into_iter().flatten(), holes.into_iter().flatten());
                }
            }
            if !stores.is_empty() {
                groups.push(Group { category, measure: sum, stores });
            }
        }
        self.groups = groups;
        let roots: Vec<NodeId> = self.top_stores.iter().map(|d| NodeId::dir(*d)).collect();
        let mut nodes: Vec<NodeId> = self.scanned.iter().map(|d| NodeId::dir(*d)).collect();
        let mut holes = roots;
        // What people keep in a folder beside a run is everything else too.
        for store in self.stores.values() {
            if let Some((mine, out)) = self.part_of(store, Category::Other) {
                nodes.extend(mine);
                holes.extend(out);
            }
        }
        self.rest = self.measure_nodes(nodes, holes);
        self.rest_above = self.above_stores();
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
        if let Some(dir) = node.is_dir().then(|| self.tree.get(node.dir)).flatten() {
            return Measure { usage: dir.total, newest: dir.newest, ..Measure::default() };
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
            self.tree.get(dir.dir).filter(|d| d.state == DirState::Listed).map(|d| d.total.on_disk)
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
