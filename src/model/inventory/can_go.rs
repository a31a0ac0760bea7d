//! What can go, item by item. What the first lines promise, what one key marks and what `free` chooses from are the
//! same things, because all of them ask here.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::Inventory;
use crate::model::category::Category;
use crate::model::item::ItemId;
use crate::model::node::NodeId;
use crate::model::rows::RowKey;
use crate::model::tree::DirState;
use crate::model::verdict::Verdict;

impl Inventory {
    /// What happens if an item goes with all it is made of: the most careful verdict of that. None for what is not to be
    /// proposed by itself, whatever is asked for: what lies in a trash (it may be a person's only copy), what is somebody
    /// else's, in use or protected, what waits for folders that were not read, and what was left out of the scan.
    pub fn offered_as(&self, id: ItemId) -> Option<Verdict> {
        if !self.may_be_marked(RowKey::Item(id)) {
            return None;
        }
        let mut worst = Verdict::Safe;
        for below in self.descendants(id) {
            let item = self.item(below)?;
            let in_trash =
                item.category == Category::Trash || self.store(item.store)?.category == Category::Trash;
            let theirs = item.bar.is_some() || self.people.are_others(item.measure.owners);
            let waits = item.waits && !self.knows_all_users();
            worst = worst.max(self.verdict(below));
            if in_trash || theirs || waits || !worst.removable() {
                return None;
            }
        }
        (!self.was_left_out(id)).then_some(worst)
    }

    /// The outermost items on a mount, or on all, with which nothing goes that is worse than a verdict.
    pub fn offered(&self, mount: Option<&Path>, worst: Verdict) -> Vec<ItemId> {
        let mut found = Vec::new();
        let mut todo: Vec<ItemId> = self.stores.values().flat_map(|s| s.items.iter().copied()).collect();
        while let Some(id) = todo.pop() {
            if self.offered_as(id).is_some_and(|v| v <= worst) && self.lies_on(id, mount) {
                found.push(id);
            } else {
                todo.extend(self.item(id).into_iter().flat_map(|i| i.children.iter().copied()));
            }
        }
        found.sort_unstable();
        found
    }

    /// What can go without regret, and what can be fetched again besides: bytes that come back if all of it goes.
    pub fn can_go(&self, mount: Option<&Path>) -> (u64, u64) {
        let alone = self.frees_of(&self.offered(mount, Verdict::Safe));
        let both = self.frees_of(&self.offered(mount, Verdict::ReDownload));
        (alone, both.saturating_sub(alone))
    }

    /// Bytes that come back if exactly these items go.
    pub fn frees_of(&self, ids: &[ItemId]) -> u64 {
        let all: FxHashSet<ItemId> = ids.iter().flat_map(|id| self.descendants(*id)).collect();
        let mut nodes: Vec<NodeId> = Vec::new();
        for item in all.iter().filter_map(|id| self.item(*id)) {
            nodes.extend(item.parts.iter().map(|p| p.node));
        }
        nodes.extend(self.own_blobs_of(ids).iter().flat_map(|b| self.blob_nodes(*b)));
        let holes: FxHashSet<NodeId> = ids.iter().flat_map(|id| self.holes_of(*id)).collect();
        self.measure_nodes(nodes, holes).frees
    }

    /// Whether an item lies on a mount.
    pub fn lies_on(&self, id: ItemId, mount: Option<&Path>) -> bool {
        let Some(mount) = mount else { return true };
        let path = self.nodes_of(id).first().map(|node| self.tree.path(*node));
        path.and_then(|p| self.mount_of(&p)).is_some_and(|m| m.path == mount)
    }

    /// Whether a person left something in an item out of the scan: nothing is known of that.
    fn was_left_out(&self, id: ItemId) -> bool {
        let mut todo = Vec::new();
        todo.extend(self.nodes_of(id).into_iter().filter(|n| n.is_dir()).map(|n| n.dir));
        while let Some(dir) = todo.pop() {
            let state = self.tree.get(dir).map(|d| d.state);
            if matches!(state, Some(DirState::Excluded | DirState::Partial)) {
                return true;
            }
            todo.extend(self.tree.children(dir));
        }
        false
    }
}
