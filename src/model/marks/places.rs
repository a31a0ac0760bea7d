//! Marks on the files view: how much of a folder is marked, and marking a folder with all that lies in it.
//!
//! There is one set of marks. A mark on a folder is about what no store claims in it; what a store claims is marked item
//! by item, so the groups show it too, each with its verdict. If all of it is marked, the plan takes the folder as one.

use rustc_hash::FxHashSet;

use super::{Mark, Marked, Marks};
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::item::{ItemId, Store};
use crate::model::node::{DirId, NodeId};
use crate::model::rows::RowKey;

/// Where marked things are in the tree. Made anew when marks or the inventory change, so that a frame asks cheaply.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The marks it was made of.
    marks: Marks,
    by_item: FxHashSet<NodeId>,
    by_node: FxHashSet<NodeId>,
    /// Folders with something marked below.
    above: FxHashSet<DirId>,
    /// Roots of stores of which something could be marked and is not, and the folders above them.
    open: FxHashSet<DirId>,
    /// What stays, whatever is marked around it.
    kept: FxHashSet<NodeId>,
    /// What lies in a marked folder inside a store and belongs to somebody who stays.
    spared: FxHashSet<NodeId>,
}

impl Places {
    /// Finds the places of marks.
    pub fn new(inventory: &Inventory, marks: &Marks) -> Self {
        let mut places = Self { marks: marks.clone(), ..Self::default() };
        let mut items = Vec::new();
        for mark in &marks.set {
            match mark {
                Mark::Item(id) => items.push(*id),
                Mark::Node(node) => {
                    places.by_node.insert(*node);
                }
            }
        }
        for id in items.iter().flat_map(|id| inventory.descendants(*id)) {
            places
                .by_item
                .extend(inventory.item(id).into_iter().flat_map(|i| i.parts.iter().map(|p| p.node)));
        }
        for blob in inventory.own_blobs_of(&items) {
            places.by_item.extend(inventory.blob_nodes(blob));
        }
        for node in places.by_item.iter().chain(&places.by_node) {
            enter(inventory, &mut places.above, *node);
        }
        for node in &places.by_node {
            for spared in inventory.spared_within(*node, |id| marks.takes(inventory, id)) {
                enter(inventory, &mut places.open, spared);
                places.spared.insert(spared);
            }
        }
        for store in inventory.stores() {
            if !marks.fills(inventory, store) {
                enter(inventory, &mut places.open, store.root.into());
                places.open.insert(store.root);
            }
            for id in inventory.items_of(store).filter(|id| !inventory.verdict(*id).removable()) {
                places.kept.extend(inventory.nodes_of(id));
            }
        }
        places
    }

    /// Whether it was made of these marks.
    pub fn is_of(&self, marks: &Marks) -> bool {
        self.marks == *marks
    }

    /// Whether something else takes a node than a mark on a folder around it, or nothing may.
    pub(super) fn needs_no_mark(&self, node: NodeId) -> bool {
        self.by_item.contains(&node) || self.kept.contains(&node)
    }

    /// How much of a file or folder is marked.
    pub fn state(&self, inventory: &Inventory, node: NodeId) -> Marked {
        if self.marks.is_empty() {
            return Marked::No;
        }
        if self.covers(inventory, node) {
            let open = node.is_dir() && self.open.contains(&node.dir);
            return if open { Marked::Partly } else { Marked::Yes };
        }
        if node.is_dir() && self.above.contains(&node.dir) { Marked::Partly } else { Marked::No }
    }

    /// Whether a mark at or above a node takes it. Marks on folders end where a store begins, unless all of that is
    /// marked too.
    fn covers(&self, inventory: &Inventory, node: NodeId) -> bool {
        let file = (!node.is_dir()).then_some(node);
        for at in file.into_iter().chain(inventory.tree.ancestors(node.dir).map(NodeId::dir)) {
            if self.kept.contains(&at) {
                return false;
            }
            if self.by_item.contains(&at) || self.by_node.contains(&at) {
                return true;
            }
            if self.spared.contains(&at) {
                return false;
            }
            if at.is_dir() && inventory.is_store_root(at.dir) && self.open.contains(&at.dir) {
                return false;
            }
        }
        false
    }
}

/// Enters the folders above a node, up to one that is there already.
fn enter(inventory: &Inventory, above: &mut FxHashSet<DirId>, node: NodeId) {
    for dir in inventory.tree.ancestors(node.dir).skip(usize::from(node.is_dir())) {
        if !above.insert(dir) {
            break;
        }
    }
}

impl Marks {
    /// Whether everything of a store is marked that can be.
    pub fn fills(&self, inventory: &Inventory, store: &Store) -> bool {
        let free = store.items.iter().filter(|id| inventory.may_be_marked(RowKey::Item(**id)));
        store.category != Category::Trash
            && free.into_iter().all(|id| self.item_state(inventory, *id) == Marked::Yes)
    }

    /// Whether a store goes as a whole, with its folders: all of it is marked, and nothing in it must stay.
    pub fn takes_whole(&self, inventory: &Inventory, store: &Store) -> bool {
        let goes = |id| inventory.verdict(id).removable() && !inventory.keeps_something(id);
        self.fills(inventory, store) && store.items.iter().all(|id| goes(*id))
    }

    /// Whether an item is marked, itself or through one it is a part of.
    pub fn takes(&self, inventory: &Inventory, id: ItemId) -> bool {
        inventory.line(id).any(|above| self.set.contains(&Mark::Item(above)))
    }

    /// Whether something of a store is marked.
    pub fn touches(&self, inventory: &Inventory, store: &Store) -> bool {
        inventory.items_of(store).any(|id| self.set.contains(&Mark::Item(id)))
    }

    /// Marks a file or folder with all in it that may go, or unmarks that. Says how many marks changed.
    pub fn toggle_place(&mut self, inventory: &Inventory, node: NodeId) -> usize {
        let before = self.set.clone();
        if Places::new(inventory, self).state(inventory, node) == Marked::Yes {
            self.unmark_place(inventory, node);
        } else if inventory.why_kept(node).is_none() {
            self.mark_place(inventory, node);
        }
        before.symmetric_difference(&self.set).count()
    }

    fn mark_place(&mut self, inventory: &Inventory, node: NodeId) {
        let items = inventory.items_within(node);
        let is_one = |id| inventory.item(id).is_some_and(|i| i.parts.iter().any(|p| p.node == node));
        for id in &items {
            self.set_row(inventory, RowKey::Item(*id), true);
        }
        if !matches!(items[..], [only] if is_one(only)) {
            self.set_row(inventory, RowKey::Node(node), true);
        }
    }

    /// Unmarks a file or folder with all in it. What was marked through something larger leaves the rest of that
    /// marked; of an item there is no part, so it is unmarked as a whole.
    pub fn unmark_place(&mut self, inventory: &Inventory, node: NodeId) {
        for id in inventory.items_within(node) {
            self.set_row(inventory, RowKey::Item(id), false);
        }
        if let Some(id) = inventory.item_at(node).filter(|id| self.takes(inventory, *id)) {
            self.set_row(inventory, RowKey::Item(id), false);
        }
        self.set_row(inventory, RowKey::Node(node), false);
        let inside = |n: NodeId| node.is_dir() && inventory.tree.is_within(n.dir, node.dir);
        self.set.retain(|m| !matches!(m, Mark::Node(n) if inside(*n)));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::inventory::ScanEvent;
    use crate::model::item::{Found, NewItem, NewStore};
    use crate::model::tree::testing::{kib, tree};
    use crate::model::verdict::Verdict;

    /// A home with work in it and a store of two models, a loose file and a secret.
    fn inventory() -> Inventory {
        let mut inventory = Inventory::new(tree(&[
            ("h/work/a", kib(1)),
            ("h/work/b", kib(2)),
            ("h/c/models/x", kib(4)),
            ("h/c/models/y", kib(8)),
            ("h/c/loose", kib(16)),
            ("h/c/token", kib(1)),
            ("h/d/m", kib(32)),
        ]));
        let at = |path: &str| inventory.tree.find(Path::new(path)).expect(path);
        let item = |name: &str, path: &str, verdict| NewItem::new("model", name, verdict).body(at(path));
        let store = |root: &str, items| NewStore {
            root: at(root).dir,
            family: "test",
            role: "test",
            category: Category::Hub,
            unclaimed: Category::Hub,
            hint: "",
            together: false,
            ordered: false,
            found: Found { items, ..Found::default() },
        };
        let stores = [
            store(
                "/h/c",
                vec![
                    item("x", "/h/c/models/x", Verdict::Safe),
                    item("y", "/h/c/models/y", Verdict::Safe),
                    item("token", "/h/c/token", Verdict::Protected).note("a secret"),
                ],
            ),
            store("/h/d", vec![item("m", "/h/d/m", Verdict::ReDownload)]),
        ];
        for store in stores {
            inventory.apply(ScanEvent::Store(Box::new(store)));
        }
        inventory.refresh();
        inventory
    }

    fn node(i: &Inventory, path: &str) -> NodeId {
        i.tree.find(Path::new(path)).expect(path)
    }

    fn states(i: &Inventory, marks: &Marks, paths: &[&str]) -> String {
        let places = Places::new(i, marks);
        let sign = |p: &&str| match places.state(i, node(i, p)) {
            Marked::Yes => '*',
            Marked::Partly => '-',
            Marked::No => ' ',
        };
        paths.iter().map(sign).collect()
    }

    const ALL: &[&str] = &[
        "/h",
        "/h/work",
        "/h/work/a",
        "/h/c",
        "/h/c/models",
        "/h/c/models/x",
        "/h/c/models/y",
        "/h/c/loose",
        "/h/c/token",
        "/h/d",
        "/h/d/m",
    ];

    #[test]
    fn an_item_is_the_file_it_is_and_shows_at_its_folders() {
        let i = inventory();
        let mut marks = Marks::default();
        assert_eq!(marks.toggle_place(&i, node(&i, "/h/c/models/x")), 1);
        assert!(matches!(marks.sorted()[..], [Mark::Item(_)]));
        assert_eq!(states(&i, &marks, ALL), "-  --*     ");
        marks.toggle_place(&i, node(&i, "/h/c/models"));
        assert_eq!(states(&i, &marks, ALL), "-  -***    ");
        // Unmarked as an item, it is no part of the marked folder around it either.
        let x = i.item_at(node(&i, "/h/c/models/x")).expect("an item");
        marks.toggle(&i, RowKey::Item(x));
        assert_eq!(states(&i, &marks, ALL), "-  -- *    ");
        marks.toggle(&i, RowKey::Item(x));
        assert_eq!(marks.toggle_place(&i, node(&i, "/h/c/models")), 3);
        assert!(marks.is_empty());
    }

    #[test]
    fn a_folder_is_marked_with_its_stores_without_what_must_stay() {
        let i = inventory();
        let mut marks = Marks::default();
        marks.toggle_place(&i, node(&i, "/h/c"));
        assert_eq!(states(&i, &marks, ALL), "-  *****   ");
        let stores: Vec<bool> = i.stores().iter().map(|s| marks.takes_whole(&i, s)).collect();
        assert_eq!(stores, [false, false], "the secret stays, and the other store is not marked");
        marks.toggle_place(&i, node(&i, "/h/d"));
        assert!(marks.takes_whole(&i, i.store_at(node(&i, "/h/d").dir).expect("a store")));
        assert_eq!(states(&i, &marks, ALL), "-  ***** **");
        assert_eq!(i.why_kept(node(&i, "/h/c/token")).as_deref(), Some("protected: a secret"));
        assert_eq!(marks.toggle_place(&i, node(&i, "/h/c/token")), 0);
    }

    #[test]
    fn what_is_unmarked_in_a_marked_folder_leaves_the_rest_marked() {
        let i = inventory();
        let mut marks = Marks::default();
        marks.toggle_place(&i, node(&i, "/h/work"));
        assert_eq!(states(&i, &marks, ALL), "-**        ");
        marks.toggle_place(&i, node(&i, "/h/work/a"));
        assert_eq!(states(&i, &marks, &["/h/work", "/h/work/a", "/h/work/b"]), "- *");
        marks.toggle_place(&i, node(&i, "/h/c"));
        marks.toggle_place(&i, node(&i, "/h/c/models/y"));
        assert_eq!(states(&i, &marks, ALL), "-- --* *   ");
    }

    #[test]
    fn a_file_in_what_was_scanned_can_be_marked_but_not_the_whole() {
        let mut i = Inventory::new(tree(&[("file", kib(1))]));
        i.apply(ScanEvent::Finished { stopped: false });
        i.refresh();
        assert_eq!(i.why_kept(node(&i, "/file")), None);
        assert!(i.why_kept(node(&i, "/")).is_some_and(|why| why.contains("never marked as a whole")));
    }
}
