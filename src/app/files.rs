//! The files view: one open folder, and where the person is in it. The cursor is a thing, not a row number.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use crate::model::block::Block;
use crate::model::folder::{By, Folder, Look};
use crate::model::inventory::Inventory;
use crate::model::inventory::places::Badge;
use crate::model::item::ItemId;
use crate::model::marks::{Marks, Places};
use crate::model::node::{DirId, NodeId};
use crate::model::recent;
use crate::model::rows::RowKey;
use crate::model::tree::{DirState, Tree};

/// Which view is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The groups: stores and items.
    #[default]
    Groups,
    /// The files: one folder after the other.
    Files,
    /// Who holds how much of which group.
    Users,
    /// What lies in the trashes.
    Trash,
}

impl View {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Groups => Self::Files,
            Self::Files => Self::Users,
            Self::Users => Self::Trash,
            Self::Trash => Self::Groups,
        }
    }
}

/// The open folder.
#[derive(Debug, Default)]
pub struct Files {
    /// How it is looked at.
    pub look: Look,
    /// Whether only leftovers are shown, and what leads to them.
    pub leftovers: bool,
    /// What is in it, in order.
    pub folder: Folder,
    /// What its entries are to the stores.
    pub badges: FxHashMap<NodeId, Badge>,
    /// The item it is a part of.
    pub inside: Option<ItemId>,
    /// Where marked things are.
    pub places: Places,
    /// The row under the cursor.
    pub at: usize,
    /// The first row on the screen.
    pub top: usize,
    /// Its path.
    pub path: PathBuf,
    /// The open folder; none until there is one.
    pub dir: Option<DirId>,
    /// The entry under the cursor, with its name: numbers of files change when a folder is read again.
    cursor: Option<(NodeId, Vec<u8>)>,
    /// The row the person came from, and the entry that stands for it.
    from: Option<(NodeId, RowKey)>,
    /// What was in it when it was opened; kept, so that its memory is not given to something else.
    block: Option<Block>,
}

impl Files {
    /// The entry under the cursor.
    pub fn node(&self) -> Option<NodeId> {
        self.folder.nodes.get(self.at).copied()
    }

    /// Whether the tree still has the files as they were when the folder was opened.
    pub fn is_current(&self, tree: &Tree) -> bool {
        let now = self.dir.and_then(|d| tree.block(d));
        now.zip(self.block.as_ref()).is_some_and(|(now, then)| now.is(then))
    }

    /// Opens the folder anew: something in it changed, or how it is looked at. The cursor stays on its thing; if that
    /// is gone, where it was.
    pub fn rebuild(&mut self, inventory: &Inventory, marks: &Marks, now: i64) {
        let tree = &inventory.tree;
        let there = self.dir.filter(|d| tree.get(*d).is_some() && tree.path((*d).into()) == self.path);
        let dir = there.or_else(|| self.nearest(inventory));
        self.dir = dir;
        let Some(dir) = dir else {
            self.folder = Folder::default();
            return;
        };
        self.path = tree.path(dir.into());
        self.look.since = recent::since(now);
        self.folder = Folder::open(tree, dir, &self.look);
        if self.leftovers {
            let left = inventory.leftovers();
            self.folder.nodes.retain(|n| left.shows(tree, *n));
        }
        self.badges = inventory.badges(dir);
        self.inside = inventory.item_at(dir.into());
        self.places = Places::new(inventory, marks);
        self.block = tree.block(dir).cloned();
        let nodes = &self.folder.nodes;
        if let Some((node, name)) = &self.cursor {
            let same = nodes.iter().position(|n| n == node).filter(|i| tree.name(nodes[*i]) == **name);
            self.at = same.or_else(|| nodes.iter().position(|n| tree.name(*n) == **name)).unwrap_or(self.at);
        }
        self.at = self.at.min(nodes.len().saturating_sub(1));
    }

    /// The folder that was open, as far as its path is still there; at first what was scanned.
    fn nearest(&self, inventory: &Inventory) -> Option<DirId> {
        let tree = &inventory.tree;
        let top = top(inventory)?;
        let found = self.path.ancestors().find_map(|p| tree.find(p).filter(|n| n.is_dir()));
        let inside = found.map(|n| n.dir).filter(|d| tree.is_within(*d, top));
        Some(inside.filter(|_| self.path.is_absolute()).unwrap_or(top))
    }

    /// Finds the places of marks anew, if they changed.
    pub fn follow(&mut self, inventory: &Inventory, marks: &Marks) {
        if !self.places.is_of(marks) {
            self.places = Places::new(inventory, marks);
        }
    }

    /// Keeps the cursor on the screen.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
        self.top = self.top.min(self.folder.nodes.len().saturating_sub(height));
    }

    /// Moves the cursor to a row.
    pub fn go(&mut self, tree: &Tree, at: usize) {
        self.at = at.min(self.folder.nodes.len().saturating_sub(1));
        self.cursor = self.node().map(|n| (n, tree.name(n).bytes().into_owned()));
    }

    /// Puts the cursor on an entry before the folder is opened that holds it.
    fn aim(&mut self, tree: &Tree, dir: DirId, node: Option<NodeId>) {
        self.dir = Some(dir);
        self.path = tree.path(dir.into());
        self.look.filter.clear();
        (self.at, self.top) = (0, 0);
        self.cursor = node.map(|n| (n, tree.name(n).bytes().into_owned()));
    }

    /// Goes into the folder under the cursor; says whether there is one that was read.
    pub fn enter(&mut self, inventory: &Inventory) -> bool {
        let tree = &inventory.tree;
        let Some(node) = self.node().filter(|n| n.is_dir()) else { return false };
        let state = tree.get(node.dir).map(|d| d.state);
        if !matches!(state, Some(DirState::Listed | DirState::Unread)) {
            return false;
        }
        self.aim(tree, node.dir, None);
        true
    }

    /// Goes to the folder above, with the cursor on the one that was left; says whether there is one.
    pub fn leave(&mut self, inventory: &Inventory) -> bool {
        let tree = &inventory.tree;
        let Some(dir) = self.dir.filter(|d| Some(*d) != top(inventory)) else { return false };
        let Some(above) = tree.parent(dir) else { return false };
        self.aim(tree, above, Some(dir.into()));
        true
    }

    /// Goes to where a file or folder is, for the row that stands for it.
    pub fn show(&mut self, inventory: &Inventory, node: NodeId, row: RowKey) {
        let tree = &inventory.tree;
        let above = if node.is_dir() { tree.parent(node.dir) } else { Some(node.dir) };
        let is_top = node.is_dir() && Some(node.dir) == top(inventory);
        match above.filter(|_| !is_top) {
            Some(above) => self.aim(tree, above, Some(node)),
            None => self.aim(tree, node.dir, None),
        }
        self.from = Some((node, row));
    }

    /// The row of the groups for what is under the cursor: where the person came from, if that is here.
    pub fn row_back(&self, inventory: &Inventory) -> Option<RowKey> {
        let here = self.node().or_else(|| self.dir.map(NodeId::dir))?;
        let came = self.from.filter(|(node, row)| {
            *node == here && inventory.place_of(*row).is_some_and(|place| place == here)
        });
        Some(came.map_or_else(|| inventory.row_of(here), |(_, row)| row))
    }

    /// Sorts by something; by the same again turns it round.
    pub fn sort(&mut self, by: By) {
        self.look.flipped = self.look.by == by && !self.look.flipped;
        self.look.by = by;
    }

    /// The order in words.
    pub fn sorted_by(&self) -> String {
        let by = match self.look.by {
            By::Size => "size",
            By::Name => "name",
            By::Files => "files",
            By::Newest => "newest",
            By::Recent => "recent",
        };
        if self.look.flipped { format!("{by} (turned)") } else { by.to_string() }
    }
}

/// The folder in which all lies that was scanned.
fn top(inventory: &Inventory) -> Option<DirId> {
    let tree = &inventory.tree;
    let mut dir = tree.get(Tree::ROOT).map(|_| Tree::ROOT)?;
    let seen =
        |c: &DirId| tree.get(*c).is_some_and(|d| d.state != DirState::Unread || tree.total(*c).files > 0);
    while tree.get(dir).is_some_and(|d| d.state == DirState::Unread) {
        let mut below = tree.children(dir).filter(seen);
        match (below.next(), below.next()) {
            (Some(only), None) => dir = only,
            _ => break,
        }
    }
    Some(dir)
}
