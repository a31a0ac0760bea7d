//! The directories of a store while it is being read: a small tree of its own, given away whole.

use rustc_hash::FxHashMap;

use crate::model::node::DirId;
use crate::model::tree::ListedDir;

/// The finished directories of a store.
#[derive(Debug, Default)]
pub struct SubTree {
    dirs: FxHashMap<DirId, ListedDir>,
    children: FxHashMap<DirId, Vec<DirId>>,
}

impl SubTree {
    /// Adds a finished directory.
    pub fn insert(&mut self, dir: ListedDir) {
        if let Some(parent) = dir.parent {
            self.children.entry(parent).or_default().push(dir.id);
        }
        self.dirs.insert(dir.id, dir);
    }

    /// Takes a directory and all below it out, as a tree of its own. What another store may still need of it,
    /// its name, stays if `keep_root`.
    #[must_use]
    pub fn take(&mut self, root: DirId, keep_root: bool) -> Self {
        let mut taken = Self::default();
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            if let Some(children) = self.children.remove(&id) {
                todo.extend(&children);
                taken.children.insert(id, children);
            }
            if let Some(dir) = self.dirs.remove(&id) {
                taken.dirs.insert(id, dir);
            }
        }
        if keep_root && let Some(dir) = taken.dirs.get(&root) {
            self.dirs.insert(root, dir.clone());
        }
        taken
    }

    /// A directory of it.
    pub fn get(&self, id: DirId) -> Option<&ListedDir> {
        self.dirs.get(&id)
    }

    /// The directories directly inside one, in no order.
    pub fn children(&self, id: DirId) -> &[DirId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.dirs.is_empty()
    }
}
