//! The directories of a store by which it is known who holds what: where a new name may point at an old content.

use rustc_hash::FxHashSet;

use super::Inventory;
use super::places::lies_in;
use crate::model::item::ItemId;
use crate::model::node::{DirId, NodeId};

impl Inventory {
    /// The directory in which all of these lie, if a store holds it.
    pub fn around(&self, nodes: &[NodeId]) -> Option<DirId> {
        let above = |n: &NodeId| if n.is_dir() { self.tree.parent(n.dir) } else { Some(n.dir) };
        let mut around = above(nodes.first()?)?;
        for node in nodes {
            while !lies_in(&self.tree, *node, around.into()) {
                around = self.tree.parent(around)?;
            }
        }
        self.store_of(around).map(|_| around)
    }

    /// A directory of a store and those below it, as far as another thing of the store may come to lie in them: not
    /// what lies inside of one of its things.
    pub fn index_below(&self, around: DirId) -> Vec<DirId> {
        let Some(store) = self.store_of(around) else { return Vec::new() };
        let items: Vec<ItemId> = store.items.iter().flat_map(|id| self.descendants(*id)).collect();
        let mut things: FxHashSet<NodeId> = store.inner.iter().copied().collect();
        for item in
            items.iter().filter_map(|id| self.item(*id)).filter(|i| i.children.is_empty() && !i.is_rest)
        {
            things.extend(item.parts.iter().map(|p| p.node));
            things.extend(item.holds.iter().flat_map(|b| self.blob_nodes(*b)));
        }
        let mut found = Vec::new();
        let mut todo = vec![around];
        while let Some(dir) = todo.pop() {
            found.push(dir);
            if dir == around || !things.contains(&NodeId::dir(dir)) {
                todo.extend(self.tree.children(dir));
            }
        }
        found
    }

    /// Whether all that an item alone consists of lies in one of these.
    pub fn lies_wholly_in(&self, id: ItemId, nodes: &FxHashSet<NodeId>) -> bool {
        let inside = |n: NodeId| {
            nodes.contains(&n) || self.tree.ancestors(n.dir).any(|dir| nodes.contains(&NodeId::dir(dir)))
        };
        self.item(id).is_none_or(|item| item.parts.iter().all(|p| inside(p.node)))
    }
}
