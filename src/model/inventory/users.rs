//! Who needs an item: environments that link into it, processes that have it open.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Holder, Inventory};
use crate::model::item::ItemId;
use crate::model::node::NodeId;

/// Items by what they consist of.
type Owners = FxHashMap<NodeId, Vec<ItemId>>;

impl Inventory {
    /// Finds the items that environments in other stores link into.
    pub(super) fn resolve_uses(&mut self) {
        self.needed.clear();
        if self.uses.is_empty() {
            return;
        }
        let owners = self.owners(self.uses.iter().map(|(_, u)| u.path.as_path()));
        let mut needed = std::mem::take(&mut self.needed);
        for (_, used) in &self.uses {
            for id in self.items_at(&used.path, &owners) {
                let users: &mut Vec<String> = needed.entry(id).or_default();
                if !users.contains(&used.user) {
                    users.push(used.user.clone());
                }
            }
        }
        self.needed = needed;
    }

    /// The other stores into whose things a store links: without them its own do not work.
    pub fn links_into(&self, root: &Path) -> Vec<PathBuf> {
        let store = self.tree.find(root).and_then(|n| self.store_at(n.dir)).map(|s| s.id);
        let used = self.uses.iter().filter(|(id, _)| Some(*id) == store).map(|(_, used)| used.path.as_path());
        let stores = used.filter_map(|p| self.tree.find(p)).filter_map(|n| self.store_of(n.dir));
        let mut roots: Vec<PathBuf> =
            stores.filter(|s| Some(s.id) != store).map(|s| self.tree.path(s.root.into())).collect();
        roots.sort();
        roots.dedup();
        roots
    }

    /// Who would break without an item, in words.
    pub fn needed_by(&self, id: ItemId) -> &[String] {
        self.needed.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Says anew which processes use which paths.
    pub fn set_in_use(&mut self, seen: &[(PathBuf, Holder)]) {
        self.in_use.clear();
        let owners = self.owners(seen.iter().map(|(path, _)| path.as_path()));
        let mut in_use = std::mem::take(&mut self.in_use);
        for (path, holder) in seen {
            for id in self.items_at(path, &owners) {
                let holders: &mut Vec<Holder> = in_use.entry(id).or_default();
                if !holders.iter().any(|h| h.pid == holder.pid) {
                    holders.push(holder.clone());
                }
            }
        }
        self.in_use = in_use;
    }

    /// Which items the nodes at or above these paths belong to, as a part or as a blob.
    fn owners<'a>(&self, paths: impl Iterator<Item = &'a Path>) -> Owners {
        let mut owners = Owners::default();
        for node in paths.filter_map(|p| self.tree.find(p)) {
            owners.insert(node, Vec::new());
            owners.extend(self.tree.ancestors(node.dir).map(|d| (NodeId::dir(d), Vec::new())));
        }
        if owners.is_empty() {
            return owners;
        }
        for item in self.items() {
            let held = item.holds.iter().flat_map(|b| self.blob_nodes(*b).iter().copied());
            for node in item.parts.iter().map(|p| p.node).chain(held) {
                if let Some(items) = owners.get_mut(&node) {
                    items.push(item.id);
                }
            }
        }
        owners.retain(|_, items| !items.is_empty());
        owners
    }

    /// The items a path lies in: the one whose part it is, those that hold it as a blob, or, in a store that
    /// belongs together, all of them.
    fn items_at(&self, path: &Path, owners: &Owners) -> Vec<ItemId> {
        let Some(node) = self.tree.find(path) else { return Vec::new() };
        let Some(store) = self.store_of(node.dir) else { return Vec::new() };
        if store.together {
            return store.items.clone();
        }
        // Of an item and its parts, the innermost is what is used; siblings that share a blob are all used.
        std::iter::once(node)
            .chain(self.tree.ancestors(node.dir).map(NodeId::dir))
            .find_map(|n| owners.get(&n))
            .map(|ids| {
                let outer: FxHashSet<ItemId> = ids.iter().flat_map(|id| self.line(*id).skip(1)).collect();
                ids.iter().copied().filter(|id| !outer.contains(id)).collect()
            })
            .unwrap_or_default()
    }
}
