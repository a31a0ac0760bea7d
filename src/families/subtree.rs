//! The directories of a store while it is being read: a small tree of its own, given away whole.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::node::DirId;
use crate::model::tree::ListedDir;

/// The finished directories of a store.
#[derive(Debug, Default)]
pub struct SubTree {
    dirs: FxHashMap<DirId, ListedDir>,
    children: FxHashMap<DirId, Vec<DirId>>,
    /// Directories of it that are stores of their own.
    inner: FxHashSet<DirId>,
}

impl SubTree {
    /// Adds a finished directory.
    pub fn insert(&mut self, dir: ListedDir) {
        if let Some(parent) = dir.parent {
            self.children.entry(parent).or_default().push(dir.id);
        }
        self.dirs.insert(dir.id, dir);
    }

    /// Takes a store and all below it out, as a tree of its own. What a store around it still needs of it, its name,
    /// stays if `keep_root`.
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
            if self.inner.remove(&id) {
                taken.inner.insert(id);
            }
        }
        if keep_root && let Some(dir) = taken.dirs.get(&root) {
            self.dirs.insert(root, dir.clone());
            self.inner.insert(root);
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

    /// Whether a directory is a store of its own.
    pub fn is_inner(&self, id: DirId) -> bool {
        self.inner.contains(&id)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.dirs.is_empty()
    }
}
