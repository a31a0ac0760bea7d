//! What is left over: partial, orphaned, detached, superseded. A filter over everything else, never a verdict.

use rustc_hash::FxHashSet;

use super::Inventory;
use crate::model::item::{Item, ItemId};
use crate::model::measure::Measure;
use crate::model::node::{DirId, NodeId};
use crate::model::tree::Tree;

/// Where leftovers are in the tree.
#[derive(Debug, Default)]
pub struct Leftovers {
    parts: FxHashSet<NodeId>,
    above: FxHashSet<DirId>,
}

impl Leftovers {
    /// Whether a file or folder is one, lies in one, or leads to one.
    pub fn shows(&self, tree: &Tree, node: NodeId) -> bool {
        self.parts.contains(&node)
            || (node.is_dir() && self.above.contains(&node.dir))
            || tree.ancestors(node.dir).any(|d| self.parts.contains(&d.into()))
    }
}

impl Inventory {
    /// The items that are left over, none a part of another.
    pub fn leftover_items(&self) -> Vec<ItemId> {
        let left = |i: &&Item| {
            i.leftover && !self.line(i.id).skip(1).any(|a| self.item(a).is_some_and(|a| a.leftover))
        };
        self.items().filter(left).map(|i| i.id).collect()
    }

    /// What all leftovers take together, and what comes back if exactly they go.
    pub fn measure_leftovers(&self) -> Measure {
        self.measure_set(&self.leftover_items())
    }

    /// Whether an item is left over, is a part of what is, or has something in it that is.
    pub fn leads_to_leftover(&self, id: ItemId) -> bool {
        let is_left = |id: ItemId| self.item(id).is_some_and(|i| i.leftover);
        self.line(id).any(is_left) || self.descendants(id).any(is_left)
    }

    /// Where the leftovers are: their parts, and the blobs that only they hold.
    pub fn leftovers(&self) -> Leftovers {
        let items = self.leftover_items();
        let mut left = Leftovers::default();
        let all = items.iter().flat_map(|id| self.descendants(*id)).filter_map(|id| self.item(id));
        left.parts.extend(all.flat_map(|i| i.parts.iter().map(|p| p.node)));
        left.parts.extend(self.own_blobs_of(&items).iter().flat_map(|b| self.blob_nodes(*b)));
        for part in &left.parts {
            for dir in self.tree.ancestors(part.dir).skip(usize::from(part.is_dir())) {
                if !left.above.insert(dir) {
                    break;
                }
            }
        }
        left
    }
}
