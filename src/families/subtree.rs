//! The directories of a store while it is being read: a small tree of its own, given away whole.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::model::block::Block;
use crate::model::node::DirId;
use crate::model::packed::{self, Name};
use crate::model::tree::{DirState, ListedDir};

const NONE: u32 = u32::MAX;

/// A directory of a store, with no more than families ask for: there are as many of these as directories for a while.
#[derive(Debug, Clone)]
pub struct Held {
    /// Name, sums and files.
    pub block: Block,
    /// Last change, seconds since 1970.
    pub mtime: u32,
    /// How far it is known.
    pub state: DirState,
    uid: u32,
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    /// Whether it is a store of its own.
    inner: bool,
    /// The names that its block has in pieces, put together, one behind the other; once somebody asked for one.
    names: OnceCell<Box<[u8]>>,
}

impl Held {
    /// The directory that holds it.
    pub fn parent(&self) -> Option<DirId> {
        (self.parent != NONE).then_some(DirId(self.parent))
    }

    /// What its files' records are relative to.
    pub fn origin(&self) -> packed::Origin<'_> {
        packed::origin(&self.block, self.mtime, self.uid)
    }

    /// A name of its block in one piece; `before` is the length of the names before it that are in pieces.
    pub fn whole<'a>(&'a self, name: Name<'a>, before: usize) -> &'a [u8] {
        name.whole().unwrap_or_else(|| {
            let all = self.names.get_or_init(|| {
                let mut all = Vec::new();
                let pieces = || packed::names(&self.block).map(|n| n.name).filter(|n| n.whole().is_none());
                all.reserve_exact(pieces().map(|n| n.len()).sum());
                pieces().for_each(|n| n.put(&mut all));
                all.into_boxed_slice()
            });
            &all[before..before + name.len()]
        })
    }
}

/// The finished directories of a store.
#[derive(Debug, Default)]
pub struct SubTree {
    dirs: FxHashMap<DirId, Held>,
}

impl SubTree {
    /// Adds a finished directory. Those above it came before.
    pub fn insert(&mut self, dir: &ListedDir) {
        let mut held = Held {
            block: dir.block.clone(),
            mtime: dir.mtime,
            state: dir.state,
            uid: dir.uid,
            parent: dir.parent.map_or(NONE, |p| p.0),
            first_child: NONE,
            next_sibling: NONE,
            inner: false,
            names: OnceCell::new(),
        };
        if let Some(parent) = dir.parent.and_then(|p| self.dirs.get_mut(&p)) {
            held.next_sibling = std::mem::replace(&mut parent.first_child, dir.id.0);
        }
        self.dirs.insert(dir.id, held);
    }

    /// Takes a store and all below it out, as a tree of its own. What a store around it still needs of it, its name,
    /// stays if `keep_root`.
    #[must_use]
    pub fn take(&mut self, root: DirId, keep_root: bool) -> Self {
        let mut taken = Self::default();
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            todo.extend(self.children(id));
            if let Some(dir) = self.dirs.remove(&id) {
                taken.dirs.insert(id, dir);
            }
        }
        if keep_root && let Some(dir) = taken.dirs.get(&root) {
            self.dirs.insert(root, Held { first_child: NONE, inner: true, ..dir.clone() });
        }
        if self.dirs.is_empty() {
            self.dirs = FxHashMap::default();
        }
        taken
    }

    /// A directory of it.
    pub fn get(&self, id: DirId) -> Option<&Held> {
        self.dirs.get(&id)
    }

    /// The directories directly inside one, in no order.
    pub fn children(&self, id: DirId) -> impl Iterator<Item = DirId> + '_ {
        let real = |id: u32| (id != NONE).then_some(DirId(id));
        let first = self.dirs.get(&id).and_then(|d| real(d.first_child));
        std::iter::successors(first, move |d| self.dirs.get(d).and_then(|d| real(d.next_sibling)))
    }

    /// Whether a directory is a store of its own.
    pub fn is_inner(&self, id: DirId) -> bool {
        self.dirs.get(&id).is_some_and(|d| d.inner)
    }

    /// How many directories it holds.
    pub fn len(&self) -> usize {
        self.dirs.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.dirs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::links::DevId;
    use crate::model::node::Kind;
    use crate::model::packed::{BlockWriter, FileFacts};

    fn dir(id: u32, parent: u32) -> ListedDir {
        let facts = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: id, uid: 3 };
        ListedDir {
            id: DirId(id),
            parent: Some(DirId(parent)),
            dev: DevId(0),
            ino: u64::from(id),
            uid: 3,
            mtime: id,
            state: DirState::Listed,
            block: BlockWriter::default().finish(format!("d{id}").as_bytes(), &facts),
            kept: Vec::new(),
        }
    }

    #[test]
    fn names_in_pieces_are_put_together_once_for_all() {
        let facts = FileFacts { kind: Kind::File, size: 1, blocks: 8, mtime: 0, uid: 3 };
        let names = ["img_1.jpg", "README", "img_22.jpg", "img_.jpeg", "img_333.jpg"];
        let mut w = BlockWriter::default();
        for name in names {
            w.file(name.as_bytes(), facts, &FileFacts { kind: Kind::Dir, ..facts });
        }
        let mut tree = SubTree::default();
        tree.insert(&ListedDir { block: w.finish(b"d", &facts), ..dir(6, 5) });
        let held = tree.get(DirId(6)).expect("it is there");
        let mut before = 0;
        for (named, wanted) in packed::names(&held.block).zip(names) {
            let got = held.whole(named.name, before);
            assert_eq!(got, wanted.as_bytes());
            let (pieces, again) = (named.name.whole().is_none(), held.whole(named.name, before));
            assert_eq!((pieces, again.as_ptr()), (wanted != "README", got.as_ptr()));
            before += if pieces { wanted.len() } else { 0 };
        }
    }

    fn sorted(tree: &SubTree, id: u32) -> Vec<u32> {
        let mut all: Vec<u32> = tree.children(DirId(id)).map(|d| d.0).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn an_inner_store_is_taken_out_and_its_name_stays() {
        let mut tree = SubTree::default();
        for (id, parent) in [(5, 1), (6, 5), (7, 5), (8, 6), (9, 6)] {
            tree.insert(&dir(id, parent));
        }
        let inner = tree.take(DirId(6), true);
        assert_eq!((sorted(&inner, 6), inner.is_inner(DirId(6))), (vec![8, 9], false));
        assert_eq!(sorted(&tree, 5), [6, 7]);
        assert!(tree.is_inner(DirId(6)) && sorted(&tree, 6).is_empty() && tree.get(DirId(8)).is_none());
        // What is still on its way when the inner one is gone finds its place.
        tree.insert(&dir(10, 7));
        let outer = tree.take(DirId(5), false);
        assert!(tree.is_empty());
        assert_eq!((sorted(&outer, 5), sorted(&outer, 7)), (vec![6, 7], vec![10]));
        let held = outer.get(DirId(10)).expect("it is there");
        assert_eq!((held.mtime, held.origin()), (10, packed::origin(&held.block, 10, 3)));
        assert_eq!(held.parent(), Some(DirId(7)));
    }
}
