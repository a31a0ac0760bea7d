//! What a place of the tree is to the stores: whose part it is, what may not go with it, and why.
//!
//! The groups show stores and items; the files show folders. Here the one is told in terms of the other.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Inventory;
use crate::model::category::Category;
use crate::model::item::{ItemId, Store};
use crate::model::links::LinkSlot;
use crate::model::node::{DirId, NodeId};
use crate::model::rows::{Held, RowKey};
use crate::model::tree::{DirState, Tree};
use crate::model::verdict::Verdict;

/// Whether a node is another one, or lies in it.
pub fn lies_in(tree: &Tree, inner: NodeId, outer: NodeId) -> bool {
    inner == outer || (outer.is_dir() && tree.is_within(inner.dir, outer.dir))
}

/// A node and the folders above it.
fn upwards(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    let file = (!node.is_dir()).then_some(node);
    file.into_iter().chain(tree.ancestors(node.dir).map(NodeId::dir))
}

impl Inventory {
    /// The item a file or folder belongs to: the innermost whose part it is or lies in.
    pub fn item_at(&self, node: NodeId) -> Option<ItemId> {
        let store = self.store_of(node.dir)?;
        let rank = self.ranks(node, store);
        let mut best: Option<(usize, ItemId)> = None;
        for id in self.items_of(store) {
            let Some(item) = self.item(id) else { continue };
            let Some(part) = item.parts.iter().filter_map(|p| rank.get(&p.node)).min() else { continue };
            let left_out = item.without.iter().filter_map(|n| rank.get(n)).any(|at| at < part);
            // Items come before what they are made of, so of two with one part the inner one stays.
            if !left_out && best.is_none_or(|(at, _)| *part <= at) {
                best = Some((*part, id));
            }
        }
        best.map(|(_, id)| id)
    }

    /// How far above a node each folder up to the root of its store is.
    fn ranks(&self, node: NodeId, store: &Store) -> FxHashMap<NodeId, usize> {
        let root = NodeId::dir(store.root);
        let mut ranks = FxHashMap::default();
        for (i, n) in upwards(&self.tree, node).enumerate() {
            ranks.insert(n, i);
            if n == root {
                break;
            }
        }
        ranks
    }

    /// All items of a store, each before what it is made of.
    pub fn items_of(&self, store: &Store) -> impl Iterator<Item = ItemId> {
        store.items.iter().flat_map(|id| self.descendants(*id))
    }

    /// The items that hold a file as a blob, by reference: it goes when the last of them goes.
    pub fn held_by(&self, node: NodeId) -> Vec<ItemId> {
        let Some(store) = self.store_of(node.dir) else { return Vec::new() };
        let blobs = self.blobs.iter().flatten().filter(|b| b.store == store.id);
        let here = blobs.filter(|b| b.nodes.iter().any(|n| lies_in(&self.tree, node, *n)));
        let mut holders: Vec<ItemId> = here.flat_map(|b| b.holders.iter().copied()).collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// The store that begins at a directory.
    pub fn store_at(&self, dir: DirId) -> Option<&Store> {
        self.by_root.get(&dir).and_then(|id| self.stores.get(id))
    }

    /// The stores that begin at or below a node.
    pub fn stores_within(&self, node: NodeId) -> Vec<&Store> {
        let mut found: Vec<&Store> =
            self.stores.values().filter(|s| lies_in(&self.tree, s.root.into(), node)).collect();
        found.sort_unstable_by_key(|s| s.id);
        found
    }

    /// The items of which everything lies at or below a node, none a part of another. What lies in a trash is no part
    /// of a folder around that trash.
    pub fn items_within(&self, node: NodeId) -> Vec<ItemId> {
        let mut found: Vec<ItemId> = Vec::new();
        for store in self.stores_within(node) {
            if store.category != Category::Trash {
                found.extend(&store.items);
            }
        }
        if let Some(around) = self.store_of(node.dir).filter(|s| !lies_in(&self.tree, s.root.into(), node)) {
            let mut todo = around.items.clone();
            while let Some(id) = todo.pop() {
                if self.lies_within(id, node) {
                    found.push(id);
                } else if let Some(item) = self.item(id) {
                    todo.extend(&item.children);
                }
            }
        }
        found.retain(|id| self.may_be_marked(RowKey::Item(*id)));
        found.sort_unstable();
        found
    }

    /// Whether all an item consists of lies at or below a node. Blobs go with the last that holds them, wherever they
    /// are; they count only for what is nothing else.
    fn lies_within(&self, id: ItemId, node: NodeId) -> bool {
        let items = self.descendants(id).filter_map(|d| self.item(d));
        let mut nodes: Vec<NodeId> = items.flat_map(|i| i.parts.iter().map(|p| p.node)).collect();
        if nodes.is_empty() {
            nodes = self.nodes_of(id);
        }
        !nodes.is_empty() && nodes.iter().all(|n| lies_in(&self.tree, *n, node))
    }

    /// Why a file or folder may not go by itself. What a plan looks up on the disk comes on top of that.
    pub fn why_kept(&self, node: NodeId) -> Option<String> {
        let tree = &self.tree;
        if tree.facts(node).is_none() {
            return Some("it is not there any more".into());
        }
        if node.is_dir() {
            if self.scanned.contains(&node.dir) {
                return Some("what was scanned is never marked as a whole; open it with →".into());
            }
            match tree.get(node.dir).map(|d| d.state) {
                Some(DirState::Skipped) => return Some("it was not entered: see i".into()),
                Some(DirState::Unread) => return Some("it was not read; what was is inside it".into()),
                _ => {}
            }
        }
        if let Some(bar) = self.bar(node) {
            return Some(self.bar_words(bar));
        }
        let store = self.store_of(node.dir)?;
        let item = self.item_at(node);
        if let Some(id) = item.filter(|id| !self.verdict(*id).removable()) {
            return Some(self.why_item_kept(id));
        }
        if let Some(holder) = self.held_by(node).first().and_then(|id| self.item(*id)) {
            let of = holder.parent.and_then(|p| self.item(p)).map(|p| format!("{} ", p.name));
            let of = of.unwrap_or_default();
            return Some(format!("{of}{} holds it: it goes with that; p goes there", holder.name));
        }
        if store.category == Category::Trash && item.is_none() {
            return Some("it is the trash itself: mark what lies in it, or press E".into());
        }
        None
    }

    /// Why an item may not go.
    pub fn why_item_kept(&self, id: ItemId) -> String {
        if let Some(bar) = self.item(id).and_then(|i| i.bar) {
            return self.bar_words(bar);
        }
        let verdict = self.verdict(id).label();
        match self.notes(id).last() {
            Some(note) => format!("{verdict}: {note}"),
            None => format!("{verdict}: it cannot be marked"),
        }
    }

    /// What stays when a folder goes: items in it that may not go, each with its files.
    pub fn kept_within(&self, node: NodeId) -> Vec<(ItemId, Vec<NodeId>)> {
        let around = self.store_of(node.dir).filter(|s| !lies_in(&self.tree, s.root.into(), node));
        let stores = self.stores_within(node).into_iter().chain(around);
        let mut kept = Vec::new();
        for id in stores.flat_map(|s| self.items_of(s)).filter(|id| !self.verdict(*id).removable()) {
            let nodes: Vec<NodeId> =
                self.nodes_of(id).into_iter().filter(|n| lies_in(&self.tree, *n, node)).collect();
            if !nodes.is_empty() {
                kept.push((id, nodes));
            }
        }
        kept
    }

    /// What lies in a folder inside a store and is somebody's who stays: items in it that are not chosen, and blobs that
    /// something holds which is not.
    pub fn spared_within(&self, node: NodeId, chosen: impl Fn(ItemId) -> bool) -> FxHashSet<NodeId> {
        let around = self.store_of(node.dir).filter(|s| !lies_in(&self.tree, s.root.into(), node));
        let Some(store) = around else { return FxHashSet::default() };
        let items = self.items_within(node).into_iter().filter(|id| !chosen(*id));
        let mut spared: FxHashSet<NodeId> = items.flat_map(|id| self.nodes_of(id)).collect();
        let blobs = self.blobs.iter().flatten().filter(|b| b.store == store.id);
        let held = blobs.filter(|b| b.holders.iter().any(|h| !chosen(*h)));
        spared.extend(held.flat_map(|b| b.nodes.iter().copied()));
        spared.retain(|n| lies_in(&self.tree, *n, node));
        spared
    }

    /// What the entries of an open folder are to the stores, where that is more than their folder is.
    pub fn badges(&self, dir: DirId) -> FxHashMap<NodeId, Badge> {
        let mut badges: FxHashMap<NodeId, Badge> = FxHashMap::default();
        if let Some(store) = self.store_of(dir) {
            let directly = |n: &NodeId| {
                if n.is_dir() { self.tree.parent(n.dir) == Some(dir) } else { n.dir == dir }
            };
            for id in self.items_of(store) {
                let Some(item) = self.item(id) else { continue };
                let name = if item.is_rest { String::new() } else { item.name.clone() };
                for part in item.parts.iter().map(|p| p.node).filter(directly) {
                    // An item says more of a part than what that is made of.
                    let badge =
                        || Badge { name: name.clone(), verdict: self.verdict(id), part_in_use: false };
                    badges.entry(part).or_insert_with(badge);
                }
            }
            for blob in self.blobs.iter().flatten().filter(|b| b.store == store.id) {
                let Some(first) = blob.holders.first() else { continue };
                let name = match blob.holders.len() {
                    1 => self.item(*first).map(|i| i.name.clone()).unwrap_or_default(),
                    n => format!("{n} hold it"),
                };
                let verdict = blob.holders.iter().map(|h| self.verdict(*h)).max();
                for node in blob.nodes.iter().copied().filter(directly) {
                    let verdict = verdict.unwrap_or(Verdict::LookFirst);
                    badges.insert(node, Badge { name: name.clone(), verdict, part_in_use: false });
                }
            }
        }
        for child in self.tree.children(dir) {
            if let Some(store) = self.store_at(child) {
                let name = store.title.clone().unwrap_or_else(|| store.family.to_string());
                let part_in_use = store.items.iter().any(|id| self.row_in_use(RowKey::Item(*id)));
                badges.insert(child.into(), Badge { name, verdict: self.store_verdict(store), part_in_use });
            }
        }
        badges
    }

    /// What happens if a store goes: the most careful verdict of what may go of it.
    fn store_verdict(&self, store: &Store) -> Verdict {
        let shown = store.items.iter().filter(|i| self.is_worth_a_row(**i));
        let all = shown.map(|i| self.verdict(*i));
        let (free, kept): (Vec<Verdict>, Vec<Verdict>) = all.partition(|v| v.removable());
        free.into_iter().max().or_else(|| kept.into_iter().min()).unwrap_or(Verdict::LookFirst)
    }

    /// What happens if a file or folder goes by itself. A piece of something is no better known than any other file.
    pub fn place_verdict(&self, node: NodeId) -> Verdict {
        if let Some(store) = node.is_dir().then(|| self.store_at(node.dir)).flatten() {
            return self.store_verdict(store);
        }
        if let Some(verdict) = self.held_by(node).into_iter().map(|id| self.verdict(id)).max() {
            return verdict;
        }
        let Some(id) = self.item_at(node) else { return Verdict::LookFirst };
        let exact = self.item(id).is_some_and(|i| i.parts.iter().any(|p| p.node == node));
        let verdict = self.verdict(id);
        if exact || !verdict.removable() { verdict } else { Verdict::LookFirst }
    }

    /// The names of a linked inode that were seen. Costs a look at every directory.
    pub fn names_of(&self, slot: LinkSlot) -> Vec<NodeId> {
        let mut names = Vec::new();
        for (dir, d) in self.tree.all() {
            if d.head().links().any(|s| s == slot) {
                let here = self.tree.files(dir).filter(|f| f.link == Some(slot));
                names.extend(here.map(|f| NodeId { dir, at: f.at }));
            }
        }
        names
    }

    /// The row of the groups that stands for a file or folder, or for what it lies in.
    pub fn row_of(&self, node: NodeId) -> RowKey {
        if let Some(store) = node.is_dir().then(|| self.store_at(node.dir)).flatten() {
            let own = self.item_at(node).filter(|id| self.item(*id).is_some_and(|i| i.parts.len() == 1));
            let category = store.items.iter().filter_map(|i| self.item(*i)).map(|i| i.category);
            return match own {
                Some(id) => RowKey::Item(id),
                None => RowKey::Store(category.min().unwrap_or(store.category), store.id),
            };
        }
        if let Some(id) = self.held_by(node).first().copied().or_else(|| self.item_at(node)) {
            return RowKey::Item(id);
        }
        match self.store_of(node.dir) {
            Some(store) => RowKey::Store(store.category, store.id),
            None => RowKey::Node(node),
        }
    }

    /// Where the thing a row stands for is in the tree. Groups are nowhere.
    pub fn place_of(&self, key: RowKey) -> Option<NodeId> {
        match key {
            RowKey::Item(id) => {
                let item = self.item(id)?;
                let held = item.holds.iter().flat_map(|b| self.blob_nodes(*b)).next().copied();
                let above = || item.parent.and_then(|p| self.place_of(RowKey::Item(p)));
                item.parts.first().map(|p| p.node).or(held).or_else(above)
            }
            RowKey::Store(_, id) => self.store(id).map(|s| s.root.into()),
            RowKey::Node(node) => Some(node),
            // A deleted file is nowhere either.
            RowKey::Category(_)
            | RowKey::Rest
            | RowKey::Of(_, Held::All)
            | RowKey::Process(_)
            | RowKey::HeldFile(..) => None,
            RowKey::Of(..) => self.place_of(key.plain()),
        }
    }
}

/// What an entry of a folder is to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The item or store, safe to show; empty for what no item claims.
    pub name: String,
    /// What happens if it goes.
    pub verdict: Verdict,
    /// Whether something in it is in use.
    pub part_in_use: bool,
}
