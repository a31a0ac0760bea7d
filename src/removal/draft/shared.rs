//! What several things hold: who they are, and the index that says that there is nobody else.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Draft, Entry, Maker, Order};
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::item::{BlobId, ItemId};
use crate::model::node::{DirId, NodeId};
use crate::removal::index::Index;

impl Maker<'_> {
    /// Notes who holds each blob that goes, if it is more than one.
    pub(super) fn share(&mut self, items: &[ItemId], blobs: &FxHashSet<BlobId>) {
        let inventory = self.inventory;
        let mut tops: FxHashMap<ItemId, ItemId> = FxHashMap::default();
        for top in items {
            tops.extend(inventory.descendants(*top).map(|below| (below, *top)));
        }
        for blob in blobs {
            let holders = inventory.blob_holders(*blob);
            let marked: FxHashSet<ItemId> = holders.iter().filter_map(|h| tops.get(h).copied()).collect();
            if marked.len() > 1 {
                for node in inventory.blob_nodes(*blob) {
                    self.shared.insert(*node, holders.to_vec());
                }
            }
        }
    }

    /// Notes the indexes of what is shared with others, though it may be that nobody else holds it now.
    pub(super) fn index(&mut self) {
        let inventory = self.inventory;
        let mut found: Vec<DirId> = Vec::new();
        let holds = |e: &&mut Entry| {
            e.category != Category::Trash && e.targets.iter().any(|t| t.order == Order::Last)
        };
        for entry in self.draft.entries.iter_mut().filter(holds) {
            let nodes: Vec<NodeId> = entry.targets.iter().map(|t| t.node).collect();
            let Some(around) = inventory.around(&nodes) else { continue };
            entry.index = Some(inventory.tree.path(around.into()));
            if !found.contains(&around) {
                found.push(around);
            }
        }
        self.draft.around = found;
    }
}

impl Draft {
    /// The indexes that must still be as they were read.
    pub fn indexes(&self, inventory: &Inventory) -> Vec<Index> {
        let tree = &inventory.tree;
        let index = |around: &DirId| {
            let folders = inventory.index_below(*around).into_iter();
            let times = folders.filter_map(|dir| Some((tree.path(dir.into()), tree.get(dir)?.mtime)));
            Index { root: tree.path((*around).into()), folders: times.collect() }
        };
        self.around.iter().map(index).collect()
    }
}
