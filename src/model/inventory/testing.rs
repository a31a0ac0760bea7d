//! Stores for tests of what an inventory makes of them.

use std::path::Path;

use super::ScanEvent;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem, NewStore};
use crate::model::tree::Tree;
use crate::model::verdict::Verdict;

/// A store of items that can be downloaded again: what lies in each, and in which group what no item has is.
pub fn store(tree: &Tree, root: &str, category: Category, unclaimed: Category, items: &[&str]) -> ScanEvent {
    let at = |path: &str| tree.find(Path::new(path)).expect(path);
    let item = |path: &&str| NewItem::new("thing", *path, Verdict::ReDownload).body(at(path));
    ScanEvent::Store(Box::new(NewStore {
        root: at(root).dir,
        family: "conda",
        role: "root",
        category,
        hint: "",
        unclaimed,
        together: false,
        ordered: false,
        found: Found { items: items.iter().map(item).collect(), ..Found::default() },
    }))
}
