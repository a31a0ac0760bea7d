//! A marked file or folder: all of it, without what must stay in it.

use rustc_hash::FxHashSet;

use super::{Entry, Maker, Order, Refusal, barred, refusal};
use crate::model::category::Category;
use crate::model::inventory::places::lies_in;
use crate::model::marks::Mark;
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;
use crate::text;

/// So many things that stay in a folder are told by name.
const NAMED: usize = 4;

impl Maker<'_> {
    /// A store inside a marked folder goes with it if all of that store is marked and nothing in it must stay. Else it
    /// goes item by item, as far as it is marked, and the folder goes around it.
    pub(super) fn node(&mut self, node: NodeId) {
        let inventory = self.inventory;
        let tree = &inventory.tree;
        if tree.facts(node).is_none() {
            return;
        }
        let path = tree.path(node);
        let name = text::display(&tree.name(node).bytes());
        let item = inventory.item_at(node);
        if let Some(id) = item.filter(|id| !inventory.verdict(*id).removable()) {
            self.draft.refused.push(refusal(&name, path, inventory.verdict(id), &inventory.notes(id)));
            return;
        }
        if let Some(bar) = inventory.bar(node) {
            self.draft.refused.push(barred(&name, path, inventory.bar_words(bar)));
            return;
        }
        if !inventory.held_by(node).is_empty() {
            let reason = inventory.why_kept(node).unwrap_or_default();
            self.draft.refused.push(Refusal { name, path, reason, way_on: String::new() });
            return;
        }
        let holes = self.holes(node);
        let lies_in_trash = inventory.store_of(node.dir).is_some_and(|s| s.category == Category::Trash);
        let key = format!("file:{}", text::path(&path));
        let targets = self.expand(vec![(node, Order::Body)], &holes);
        if targets.is_empty() && self.is_told_by_items(node) {
            return;
        }
        self.push(Entry {
            mark: Mark::Node(node),
            name,
            kind: if node.is_dir() { "folder" } else { "file" },
            path,
            category: if lies_in_trash { Category::Trash } else { Category::Other },
            verdict: Verdict::LookFirst,
            notes: Vec::new(),
            key,
            targets,
            environments: Vec::new(),
            index: None,
        });
    }

    /// What must stay in a folder. What of it would be missed is told by name.
    fn holes(&mut self, node: NodeId) -> FxHashSet<NodeId> {
        let inventory = self.inventory;
        let mut holes = FxHashSet::default();
        if !node.is_dir() {
            return holes;
        }
        for store in inventory.stores_within(node) {
            if store.category == Category::Trash || !self.marks.takes_whole(inventory, store) {
                holes.insert(NodeId::dir(store.root));
            }
        }
        holes.extend(inventory.spared_within(node, |id| self.marks.takes(inventory, id)));
        let mut told = 0;
        let mut more = 0;
        for (id, nodes) in inventory.kept_within(node) {
            holes.extend(&nodes);
            // In a store of which something could be marked and nothing is, nobody asked for it.
            let asked = inventory.item(id).and_then(|i| inventory.store(i.store)).is_some_and(|s| {
                !lies_in(&inventory.tree, s.root.into(), node)
                    || self.marks.touches(inventory, s)
                    || self.marks.fills(inventory, s)
            });
            if asked && told < NAMED {
                told += 1;
                let name = inventory.item(id).map(|i| i.name.clone()).unwrap_or_default();
                let path = inventory.tree.path(nodes[0]);
                self.draft.refused.push(refusal(&name, path, inventory.verdict(id), &inventory.notes(id)));
            } else if asked {
                more += 1;
            }
        }
        if more > 0 {
            self.draft.refused.push(Refusal {
                name: text::display(&inventory.tree.name(node).bytes()),
                path: inventory.tree.path(node),
                reason: format!("{} in it must stay too", text::counted(more, "thing", "things")),
                way_on: String::new(),
            });
        }
        holes
    }

    /// Whether items in a folder are marked: then it needs no line of its own to say that it stays.
    fn is_told_by_items(&self, node: NodeId) -> bool {
        let inventory = self.inventory;
        let inside = inventory.stores_within(node).into_iter().any(|s| self.marks.touches(inventory, s));
        inside || inventory.items_within(node).into_iter().any(|id| self.marks.contains(Mark::Item(id)))
    }
}
