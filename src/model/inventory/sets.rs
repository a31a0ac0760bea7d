//! What sets of items take and give back. A blob goes with the last of the items that hold it, so a set may give
//! back more than its items do one by one.

use rustc_hash::FxHashSet;

use super::Inventory;
use crate::model::item::{BlobId, Item, ItemId, Role};
use crate::model::measure::Measure;
use crate::model::node::NodeId;

impl Inventory {
    /// Of the blobs an item holds, those nobody else holds.
    pub fn own_blobs(&self, id: ItemId) -> Vec<BlobId> {
        self.own_blobs_of(&[id])
    }

    /// Of the blobs some items hold, those nobody else holds: what goes if all of them go.
    pub fn own_blobs_of(&self, ids: &[ItemId]) -> Vec<BlobId> {
        let set: FxHashSet<ItemId> = ids.iter().flat_map(|id| self.descendants(*id)).collect();
        let held: FxHashSet<BlobId> = self.all(&set).flat_map(|i| i.holds.iter().copied()).collect();
        let mut own: Vec<BlobId> =
            held.into_iter().filter(|b| self.blob_holders(*b).iter().all(|h| set.contains(h))).collect();
        own.sort_unstable();
        own
    }

    /// What some items take together, with all the blobs they hold, and what comes back if exactly they go: of the
    /// blobs only those nobody else holds.
    ///
    /// `frees_apparent` counts content. What only points at it is none: a ref beside a snapshot, a list of holders
    /// beside a blob. It counts where the whole it belongs to goes, not just a part of that.
    pub fn measure_set(&self, ids: &[ItemId]) -> Measure {
        let set: FxHashSet<ItemId> = ids.iter().flat_map(|id| self.descendants(*id)).collect();
        let mut holes: Vec<NodeId> = ids.iter().flat_map(|id| self.holes_of(*id)).collect();
        holes.sort_unstable();
        holes.dedup();
        let all = set.iter().flat_map(|id| self.own_nodes(*id));
        let mut m = self.measure_nodes(all, holes.iter().copied());
        let own = self.own_blobs_of(ids);
        let mut parts: Vec<NodeId> = self.all(&set).flat_map(|i| i.parts.iter().map(|p| p.node)).collect();
        parts.extend(own.iter().flat_map(|b| self.blob_nodes(*b)));
        if self.all(&set).any(|i| i.holds.iter().any(|b| own.binary_search(b).is_err())) {
            let freed = self.measure_nodes(parts.iter().copied(), holes);
            m.frees = freed.frees;
            m.frees_apparent = freed.frees_apparent;
            m.frees_files = freed.frees_files;
        }
        let parts: FxHashSet<NodeId> = parts.into_iter().collect();
        for pointer in self.pointers_beside(ids, &set, &own) {
            if !self.tree.ancestors(pointer.dir).any(|d| parts.contains(&d.into())) {
                let size = self.tree.facts(pointer).map_or(0, |f| f.size);
                m.frees_apparent = m.frees_apparent.saturating_sub(size);
            }
        }
        m
    }

    /// The files of a set that only point at its content.
    fn pointers_beside(&self, ids: &[ItemId], set: &FxHashSet<ItemId>, own: &[BlobId]) -> FxHashSet<NodeId> {
        let pointers = |item: &Item| -> Vec<NodeId> {
            let files = item.parts.iter().filter(|p| p.role == Role::Pointer && !p.node.is_dir());
            files.map(|p| p.node).collect()
        };
        let mut beside: FxHashSet<NodeId> = self.all(set).flat_map(pointers).collect();
        let wholes = ids.iter().copied().filter(|id| self.item(*id).is_some_and(|i| i.parent.is_none()));
        let within: FxHashSet<ItemId> = wholes.flat_map(|id| self.descendants(id)).collect();
        for blob in own.iter().filter_map(|b| self.blob(*b)) {
            if !blob.holders.iter().any(|h| within.contains(h)) {
                beside.extend(&blob.pointers);
            }
        }
        beside
    }

    fn all(&self, set: &FxHashSet<ItemId>) -> impl Iterator<Item = &Item> {
        set.iter().filter_map(|id| self.item(*id))
    }

    /// What an item consists of without its children: its parts, and the blobs it holds.
    fn own_nodes(&self, id: ItemId) -> Vec<NodeId> {
        let Some(item) = self.item(id) else { return Vec::new() };
        let held = item.holds.iter().flat_map(|b| self.blob_nodes(*b).iter().copied());
        item.parts.iter().map(|p| p.node).chain(held).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::model::category::Category;
    use crate::model::inventory::{Inventory, ScanEvent};
    use crate::model::item::{Found, ItemId, NewItem, NewStore};
    use crate::model::node::NodeId;
    use crate::model::tree::testing::{kib, tree};
    use crate::model::verdict::Verdict;

    /// Two repositories of one shared file of 100 KiB with a list of 1 KiB beside it; the first has two revisions
    /// that share a blob of 10 KiB, and refs of 2 and 4 KiB.
    fn inventory() -> Inventory {
        let mut inventory = Inventory::new(tree(&[
            ("c/shared", kib(100)),
            ("c/shared.refs", kib(1)),
            ("c/a/blobs/w", kib(10)),
            ("c/a/refs/main", kib(2)),
            ("c/a/refs/old", kib(4)),
            ("c/a/snapshots/1/own", kib(20)),
            ("c/a/snapshots/2/own", kib(40)),
            ("c/b/snapshots/1/own", kib(8)),
        ]));
        let at = |path: &str| -> NodeId { inventory.tree.find(Path::new(path)).expect(path) };
        let mut found = Found::default();
        let shared = found.listed_blob(vec![at("/c/shared")], vec![at("/c/shared.refs")]);
        let blob = found.blob(vec![at("/c/a/blobs/w")]);
        let revision = |path: &str, holds: &[_]| {
            let mut item = NewItem::new("revision", path, Verdict::ReDownload).body(at(path));
            item.holds = holds.to_vec();
            item
        };
        let mut a = NewItem::new("model", "a", Verdict::ReDownload).body(at("/c/a"));
        a.children = vec![
            revision("/c/a/snapshots/1", &[blob, shared]).pointer(at("/c/a/refs/main")),
            revision("/c/a/snapshots/2", &[blob]).pointer(at("/c/a/refs/old")),
        ];
        let mut b = NewItem::new("model", "b", Verdict::ReDownload).body(at("/c/b"));
        b.children = vec![revision("/c/b/snapshots/1", &[shared])];
        found.items = vec![a, b];
        let root = at("/c").dir;
        inventory.apply(ScanEvent::Store(Box::new(NewStore {
            root,
            family: "test",
            role: "hub",
            category: Category::Hub,
            unclaimed: Category::Hub,
            hint: "",
            together: false,
            ordered: false,
            found,
        })));
        inventory.refresh();
        inventory
    }

    /// What the items of these names give back: KiB of blocks and of content.
    fn frees(inventory: &Inventory, names: &[&str]) -> (u64, u64) {
        let find = |n: &&str| inventory.items().find(|i| i.name == *n).map(|i| i.id).expect("an item");
        let ids: Vec<ItemId> = names.iter().map(find).collect();
        let m = inventory.measure_set(&ids);
        (m.frees / 1024, m.frees_apparent / 1024)
    }

    #[test]
    fn a_blob_goes_with_the_last_that_holds_it() {
        let i = inventory();
        assert_eq!(frees(&i, &["/c/a/snapshots/1"]), (22, 20));
        assert_eq!(frees(&i, &["/c/a/snapshots/2"]), (44, 40));
        assert_eq!(frees(&i, &["/c/a/snapshots/1", "/c/a/snapshots/2"]), (76, 70));
        assert_eq!(frees(&i, &["a"]), (76, 76));
        assert_eq!(frees(&i, &["a", "/c/a/snapshots/1"]), (76, 76));
        assert_eq!(frees(&i, &[]), (0, 0));
    }

    #[test]
    fn a_list_of_holders_is_content_of_the_whole_but_not_of_a_part() {
        let i = inventory();
        assert_eq!(frees(&i, &["/c/a/snapshots/1", "/c/b/snapshots/1"]), (131, 128));
        assert_eq!(frees(&i, &["a", "b"]), (185, 185));
        assert_eq!(frees(&i, &["/c/a/snapshots/1", "b"]), (131, 129));
    }

    #[test]
    fn an_item_alone_is_a_set_of_one() {
        let i = inventory();
        for item in i.items().filter(|i| !i.is_rest) {
            assert_eq!(i.measure_set(&[item.id]), item.measure, "{}", item.name);
        }
    }
}
