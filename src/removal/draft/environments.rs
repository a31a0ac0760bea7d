//! Which environments go with something: what was in them is written down first.

use std::path::PathBuf;

use super::Entry;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::inventory::places::lies_in;
use crate::model::item::{Item, ItemId};
use crate::model::marks::Mark;

/// An environment that goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    /// Its name, safe to show.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The nearest folder around it that stays.
    pub beside: PathBuf,
}

/// The environments of which something lies in what an entry takes: the item itself, or those in a folder.
pub(super) fn of(inventory: &Inventory, entry: &Entry) -> Vec<Environment> {
    let ids: Vec<ItemId> = match entry.mark {
        Mark::Item(id) => vec![id],
        Mark::Node(node) => {
            inventory.stores_within(node).into_iter().flat_map(|s| s.items.iter().copied()).collect()
        }
    };
    let tree = &inventory.tree;
    let mut found = Vec::new();
    for item in ids.into_iter().filter_map(|id| inventory.item(id)).filter(|i| is_environment(i)) {
        let goes = item.parts.iter().any(|p| entry.targets.iter().any(|t| lies_in(tree, p.node, t.node)));
        let Some(store) = inventory.store(item.store).filter(|_| goes) else { continue };
        let path = tree.path(store.root.into());
        let outer = entry.targets.iter().find(|t| lies_in(tree, store.root.into(), t.node));
        let beside = outer.map_or(path.as_path(), |t| t.path.as_path()).parent();
        let beside = beside.unwrap_or(&path).to_path_buf();
        found.push(Environment { name: item.name.clone(), path, beside });
    }
    found
}

/// Whether an item is an environment that a person works in. Those in caches are made again by who made them.
fn is_environment(item: &Item) -> bool {
    item.kind == "environment" && item.category == Category::Environments && item.parent.is_none()
}
