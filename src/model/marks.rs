//! What is chosen for removal: a set of ids, never of row numbers. Marks outlive sorting, filtering and rescans.

mod items;
mod places;

use rustc_hash::FxHashSet;

use super::inventory::Inventory;
use super::item::ItemId;
use super::node::NodeId;
use super::rows::{Held, RowKey};

pub use places::Places;

/// Something that can be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// A recognized item, with all it is made of.
    Item(ItemId),
    /// Any scanned file or folder outside the items.
    Node(NodeId),
}

/// How much of a row is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// Nothing.
    No,
    /// Something below it.
    Partly,
    /// All of it that can be.
    Yes,
}

/// The marked things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    set: FxHashSet<Mark>,
}

impl Marks {
    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// How many things are marked.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// The marked things, in a fixed order.
    pub fn sorted(&self) -> Vec<Mark> {
        let mut all: Vec<Mark> = self.set.iter().copied().collect();
        all.sort_unstable();
        all
    }

    /// Unmarks everything.
    pub fn clear(&mut self) {
        self.set.clear();
    }

    /// Whether exactly this is marked.
    pub fn contains(&self, mark: Mark) -> bool {
        self.set.contains(&mark)
    }

    /// Marks one thing as it is.
    pub fn insert(&mut self, mark: Mark) {
        self.set.insert(mark);
    }

    /// Unmarks one thing as it is.
    pub fn remove(&mut self, mark: Mark) {
        self.set.remove(&mark);
    }

    /// Drops marks on things that are gone; says how many.
    pub fn retain_known(&mut self, inventory: &Inventory) -> usize {
        let before = self.set.len();
        self.set.retain(|m| match m {
            Mark::Item(id) => inventory.item(*id).is_some(),
            Mark::Node(node) => inventory.tree.facts(*node).is_some(),
        });
        before - self.set.len()
    }

    /// How much of a row is marked.
    pub fn state(&self, inventory: &Inventory, row: RowKey) -> Marked {
        if self.set.is_empty() {
            return Marked::No;
        }
        match row {
            RowKey::Process(_) | RowKey::HeldFile(..) => Marked::No,
            RowKey::Item(id) => self.item_state(inventory, id),
            RowKey::Node(node) => self.node_state(inventory, node),
            RowKey::Of(uid, held) => match held {
                Held::Item(_) | Held::Folder(_) => self.state(inventory, row.plain()),
                _ => self.state_of(inventory, &inventory.marked_with(uid, held)),
            },
            RowKey::Category(_) | RowKey::Store(..) | RowKey::Rest => {
                let mut some = false;
                let mut all = true;
                for key in inventory.below(row) {
                    match self.state(inventory, key) {
                        Marked::Yes => some = true,
                        Marked::Partly => {
                            some = true;
                            all = false;
                        }
                        Marked::No if inventory.may_be_marked(key) => all = false,
                        Marked::No => {}
                    }
                }
                if row == RowKey::Rest && self.set.iter().any(|m| matches!(m, Mark::Node(_))) {
                    return Marked::Partly;
                }
                if !some {
                    Marked::No
                } else if all {
                    Marked::Yes
                } else {
                    Marked::Partly
                }
            }
        }
    }

    fn state_of(&self, inventory: &Inventory, items: &[ItemId]) -> Marked {
        let states: Vec<Marked> = items.iter().map(|id| self.item_state(inventory, *id)).collect();
        if states.iter().all(|s| *s == Marked::No) {
            Marked::No
        } else if states.iter().all(|s| *s == Marked::Yes) {
            Marked::Yes
        } else {
            Marked::Partly
        }
    }

    fn item_state(&self, inventory: &Inventory, id: ItemId) -> Marked {
        if inventory.line(id).any(|above| self.set.contains(&Mark::Item(above))) {
            return Marked::Yes;
        }
        let mut below = inventory.descendants(id).skip(1);
        if below.any(|i| self.set.contains(&Mark::Item(i))) { Marked::Partly } else { Marked::No }
    }

    fn node_state(&self, inventory: &Inventory, node: NodeId) -> Marked {
        if self.set.contains(&Mark::Node(node))
            || inventory.tree.ancestors(node.dir).any(|d| self.set.contains(&Mark::Node(d.into())))
        {
            return Marked::Yes;
        }
        let inside = |m: &Mark| match m {
            Mark::Node(n) => node.is_dir() && inventory.tree.is_within(n.dir, node.dir),
            Mark::Item(_) => false,
        };
        if self.set.iter().any(inside) { Marked::Partly } else { Marked::No }
    }

    /// Marks a row with all below it that may be marked, or unmarks it. Says how many things changed.
    pub fn toggle(&mut self, inventory: &Inventory, row: RowKey) -> usize {
        let on = self.state(inventory, row) != Marked::Yes;
        let before = self.set.clone();
        self.set_row(inventory, row, on);
        before.symmetric_difference(&self.set).count()
    }

    fn set_row(&mut self, inventory: &Inventory, row: RowKey, on: bool) {
        match row {
            RowKey::Category(_) | RowKey::Store(..) => {
                for key in inventory.below(row) {
                    self.set_row(inventory, key, on);
                }
            }
            RowKey::Rest | RowKey::Process(_) | RowKey::HeldFile(..) => {}
            RowKey::Of(_, Held::Item(_) | Held::Folder(_)) => {
                if !on || inventory.may_be_marked(row) {
                    self.set_row(inventory, row.plain(), on);
                }
            }
            RowKey::Of(uid, held) => {
                for id in inventory.marked_with(uid, held) {
                    self.set_row(inventory, RowKey::Item(id), on);
                }
            }
            RowKey::Item(id) if on => {
                if inventory.may_be_marked(row) {
                    for below in inventory.descendants(id) {
                        self.set.remove(&Mark::Item(below));
                    }
                    self.set.insert(Mark::Item(id));
                }
            }
            RowKey::Item(id) => self.unmark_item(inventory, id),
            RowKey::Node(node) if on => {
                if inventory.may_be_marked(row) {
                    self.set.retain(|m| match m {
                        Mark::Node(n) => !(node.is_dir() && inventory.tree.is_within(n.dir, node.dir)),
                        Mark::Item(_) => true,
                    });
                    self.set.insert(Mark::Node(node));
                }
            }
            RowKey::Node(node) => self.unmark_node(inventory, node),
        }
    }

    /// Unmarks an item. If it was marked through one above, that one's other children stay marked.
    fn unmark_item(&mut self, inventory: &Inventory, id: ItemId) {
        let marked_above = inventory.line(id).find(|above| self.set.contains(&Mark::Item(*above)));
        for below in inventory.descendants(id) {
            self.set.remove(&Mark::Item(below));
        }
        let Some(above) = marked_above.filter(|a| *a != id) else { return };
        let line: Vec<ItemId> = inventory.line(id).collect();
        self.set.remove(&Mark::Item(above));
        let mut at = above;
        while at != id {
            let Some(item) = inventory.item(at) else { return };
            let Some(next) = item.children.iter().copied().find(|c| line.contains(c)) else { return };
            for child in &item.children {
                if *child != next && inventory.may_be_marked(RowKey::Item(*child)) {
                    self.set.insert(Mark::Item(*child));
                }
            }
            at = next;
        }
    }

    /// Unmarks a node; if it was marked through a folder above, the others in between stay marked.
    fn unmark_node(&mut self, inventory: &Inventory, node: NodeId) {
        let tree = &inventory.tree;
        if self.set.remove(&Mark::Node(node)) {
            return;
        }
        let line: Vec<NodeId> = tree.ancestors(node.dir).map(NodeId::dir).collect();
        let Some(top) = line.iter().position(|n| self.set.contains(&Mark::Node(*n))) else { return };
        self.set.remove(&Mark::Node(line[top]));
        let places = Places::new(inventory, self);
        for dir in &line[..=top] {
            let spared = |n: NodeId| n == node || line.contains(&n) || places.needs_no_mark(n);
            let inside = tree.children(dir.dir).map(NodeId::dir);
            let files = tree.files(dir.dir).map(|f| NodeId { dir: dir.dir, at: f.at });
            let rest: Vec<NodeId> = inside.chain(files).filter(|n| !spared(*n)).collect();
            if !(node.is_dir() && *dir == node) {
                self.set.extend(rest.into_iter().map(Mark::Node));
            }
        }
    }
}
