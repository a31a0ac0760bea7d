//! The groups of one mount. On a box with one disk they are the groups; with several, each inode belongs to its own.

use std::path::Path;

use super::Inventory;
use crate::model::category::Category;
use crate::model::measure::Measure;
use crate::model::node::NodeId;

impl Inventory {
    /// Every group as far as it lies on a mount, in the order of the table.
    pub fn groups_on(&self, mount: &Path) -> Vec<(Category, Measure)> {
        // What is mounted further down is not of this mount.
        let inner = self.mounts.iter().filter(|m| m.path != mount && m.path.starts_with(mount));
        let inner: Vec<NodeId> = inner.filter_map(|m| self.tree.find(&m.path)).collect();
        Category::all().map(|category| (category, self.group_on(category, mount, &inner))).collect()
    }

    fn group_on(&self, category: Category, mount: &Path, inner: &[NodeId]) -> Measure {
        let is_here = |dir| self.mount_of(&self.tree.path(dir)).is_some_and(|m| m.path == mount);
        let mut nodes: Vec<NodeId> = Vec::new();
        let mut holes: Vec<NodeId> = inner.to_vec();
        if category == Category::Other {
            let roots = self.scanned.iter().map(|d| NodeId::dir(*d)).filter(|root| is_here(*root));
            nodes.extend(roots.chain(self.tree.find(mount)));
            holes.extend(self.top_stores.iter().map(|d| NodeId::dir(*d)));
        }
        for store in self.stores.values().filter(|s| is_here(s.root.into())) {
            let Some((mine, out)) = self.part_of(store, category) else { continue };
            nodes.extend(mine);
            holes.extend(out);
        }
        if nodes.is_empty() { Measure::default() } else { self.measure_nodes(nodes, holes) }
    }
}
