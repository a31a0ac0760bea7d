//! What the person who looks may not remove, as the permissions of folders say: told beside the row, before any plan.

use super::Inventory;
use crate::model::item::ItemId;
use crate::model::node::NodeId;
use crate::model::packed::Access;
use crate::model::rows::{Held, RowKey};
use crate::text;

/// Why something may not be removed by this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// They may not write in the folder that holds this.
    Folder(NodeId),
    /// The folder that holds this lets everybody remove their own only, and this is somebody else's.
    Sticky(NodeId),
    /// This is a folder of somebody else in which they may not write: it can be neither moved nor emptied.
    Inside(NodeId),
}

impl Inventory {
    /// Why a file or folder may not be removed by this user. Costs nothing but a look at what is known.
    pub fn bar(&self, node: NodeId) -> Option<Bar> {
        let me = self.people.me?;
        let tree = &self.tree;
        let uid = tree.facts(node)?.uid;
        let above = if node.is_dir() { tree.parent(node.dir)? } else { node.dir };
        let holder = tree.get(above)?;
        match holder.head().access {
            Access::Closed => return Some(Bar::Folder(node)),
            Access::Sticky if uid != me && holder.uid != me => return Some(Bar::Sticky(node)),
            _ => {}
        }
        let closed = node.is_dir() && tree.get(node.dir).is_some_and(|d| d.head().access == Access::Closed);
        (closed && uid != me).then_some(Bar::Inside(node))
    }

    /// The first bar on what an item consists of.
    pub(super) fn find_bar(&self, id: ItemId) -> Option<Bar> {
        self.people.me?;
        let item = self.item(id)?;
        let held = item.holds.iter().flat_map(|b| self.blob_nodes(*b).iter().copied());
        item.parts.iter().map(|p| p.node).chain(held).find_map(|n| self.bar(n))
    }

    /// A sentence on a bar.
    pub fn bar_words(&self, bar: Bar) -> String {
        let tree = &self.tree;
        let owner = |node: NodeId| self.people.name(tree.facts(node).map_or(0, |f| f.uid));
        match bar {
            Bar::Folder(node) => {
                let above = if node.is_dir() { tree.parent(node.dir).unwrap_or(node.dir) } else { node.dir };
                let path = text::path(&tree.path(above.into()));
                format!("you may not write in {path}, which is {}'s", owner(above.into()))
            }
            Bar::Sticky(node) => {
                let path = text::path(&tree.path(node));
                format!("{path} is {}'s, and lies where everybody may remove only their own", owner(node))
            }
            Bar::Inside(node) => {
                let path = text::path(&tree.path(node));
                format!("{path} is {}'s, and you may not write in it", owner(node))
            }
        }
    }

    /// Whether nothing of a row may be removed by this user.
    pub fn is_barred(&self, key: RowKey) -> bool {
        if self.people.me.is_none_or(|me| me == 0) {
            return false;
        }
        match key {
            RowKey::Item(id) | RowKey::Of(_, Held::Item(id)) => {
                self.item(id).is_some_and(|i| i.bar.is_some())
            }
            RowKey::Node(node) => self.bar(node).is_some(),
            RowKey::Of(_, Held::Folder(dir)) => self.bar(dir.into()).is_some(),
            RowKey::Store(..) | RowKey::Of(_, Held::Store(..)) => {
                let items = self.below(key);
                !items.is_empty() && items.into_iter().all(|k| self.is_barred(k))
            }
            RowKey::Category(_)
            | RowKey::Rest
            | RowKey::Of(..)
            | RowKey::Process(_)
            | RowKey::HeldFile(..) => false,
        }
    }
}
