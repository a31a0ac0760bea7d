//! Every scanned entry: a table of directories, each with its files packed behind it.
//!
//! The root is always `/`; directories above what was scanned are there but empty. Totals come from
//! [`Tree::roll_up`] alone, so none depends on the order in which threads finished.

mod sums;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::block::Block;
use super::links::{DevId, LinkTable};
use super::node::{DirId, NodeId};
use super::packed::{self, FileFacts, FileRecord, Head, Name};
use super::usage::Usage;
use crate::text;

use sums::Totals;
pub use sums::{Once, RollUp, in_pieces};

const NONE: u32 = u32::MAX;

/// How far a directory is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirState {
    /// Not listed: above the scan, or not reached (yet).
    #[default]
    Unread,
    /// Listed, with all its files.
    Listed,
    /// Could not be opened or read; there is a problem that says why.
    Failed,
    /// Listed, with all its files but those left out because a person asked for it.
    Partial,
    /// Left out because a person asked for it.
    Excluded,
    /// Left out on purpose: another file system, a kernel file system, a second view of the same place.
    Skipped,
    /// Forgotten: removed from the disk or read anew under another number.
    Gone,
}

impl DirState {
    /// Whether its files are known, all of them or some.
    pub fn has_files(self) -> bool {
        matches!(self, Self::Listed | Self::Partial | Self::Failed)
    }

    /// Whether it was left out on purpose.
    pub fn is_left_out(self) -> bool {
        matches!(self, Self::Excluded | Self::Skipped)
    }

    /// Whether it was listed to the end.
    fn is_listed(self) -> bool {
        matches!(self, Self::Listed | Self::Partial)
    }
}

/// A directory the scan has finished, on its way to the tree.
#[derive(Debug, Clone)]
pub struct ListedDir {
    /// Its number. A parent's is smaller.
    pub id: DirId,
    /// The directory that holds it; none for `/`.
    pub parent: Option<DirId>,
    /// Device it lies on.
    pub dev: DevId,
    /// Inode number.
    pub ino: u64,
    /// Owner.
    pub uid: u32,
    /// Last change, seconds since 1970.
    pub mtime: u32,
    /// How far it is known.
    pub state: DirState,
    /// Name, sums and files.
    pub block: Block,
    /// When it is read again: the children that are still there and were not read again themselves.
    pub kept: Vec<DirId>,
}

/// A directory in the tree.
#[derive(Debug, Clone)]
pub struct Dir {
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    /// Owner.
    pub uid: u32,
    /// Inode number.
    pub ino: u64,
    /// Last change, seconds since 1970.
    pub mtime: u32,
    /// Device it lies on.
    pub dev: DevId,
    /// How far it is known.
    pub state: DirState,
    block: Block,
}

impl Dir {
    /// Its name and sums.
    pub fn head(&self) -> Head<'_> {
        packed::head(&self.block)
    }

    /// What `stat` said of it.
    pub fn facts(&self) -> FileFacts {
        packed::own_facts(&self.block, self.mtime, self.uid)
    }

    fn origin(&self) -> packed::Origin<'_> {
        packed::origin(&self.block, self.mtime, self.uid)
    }
}

/// The scanned entries.
#[derive(Debug, Clone)]
pub struct Tree {
    dirs: Vec<Dir>,
    totals: Totals,
    links: Arc<LinkTable>,
}

impl Tree {
    /// The root directory, `/`.
    pub const ROOT: DirId = DirId(0);

    /// An empty tree whose linked inodes are in `links`.
    pub fn new(links: Arc<LinkTable>) -> Self {
        Self { dirs: Vec::new(), totals: Totals::default(), links }
    }

    /// The table of inodes with several links.
    pub fn links(&self) -> &Arc<LinkTable> {
        &self.links
    }

    /// Takes a finished directory in. Its parent must have come before.
    ///
    /// If the directory was there already it is replaced, and children that it no longer names are forgotten.
    pub fn merge(&mut self, listed: ListedDir) {
        let at = listed.id.0 as usize;
        while self.dirs.len() <= at {
            if self.dirs.len() == self.dirs.capacity() {
                self.dirs.reserve_exact((self.dirs.len() / 4).max(1024));
            }
            self.dirs.push(Dir {
                parent: NONE,
                first_child: NONE,
                next_sibling: NONE,
                uid: 0,
                ino: 0,
                mtime: 0,
                dev: DevId(0),
                state: DirState::Gone,
                block: Block::default(),
            });
        }
        if self.dirs[at].state == DirState::Gone {
            let parent = listed.parent.map_or(NONE, |p| p.0);
            self.dirs[at].parent = parent;
            if parent != NONE {
                self.dirs[at].next_sibling = self.dirs[parent as usize].first_child;
                self.dirs[parent as usize].first_child = listed.id.0;
            }
        } else {
            let old: Vec<DirId> = self.children(listed.id).filter(|c| !listed.kept.contains(c)).collect();
            if self.dirs[at].state.is_listed() || !listed.state.is_listed() {
                for child in old {
                    self.forget(child);
                }
            }
        }
        let dir = &mut self.dirs[at];
        dir.uid = listed.uid;
        dir.ino = listed.ino;
        dir.dev = listed.dev;
        dir.mtime = listed.mtime;
        dir.state = listed.state;
        dir.block = listed.block;
    }

    /// Takes a directory and all below it out of the tree.
    pub fn forget(&mut self, id: DirId) {
        let Some(dir) = self.get(id) else { return };
        let (parent, next) = (dir.parent, dir.next_sibling);
        if parent != NONE {
            let mut at = self.dirs[parent as usize].first_child;
            if at == id.0 {
                self.dirs[parent as usize].first_child = next;
            } else {
                while at != NONE {
                    let following = self.dirs[at as usize].next_sibling;
                    if following == id.0 {
                        self.dirs[at as usize].next_sibling = next;
                        break;
                    }
                    at = following;
                }
            }
        }
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            todo.extend(self.children(id));
            let dir = &mut self.dirs[id.0 as usize];
            dir.state = DirState::Gone;
            dir.first_child = NONE;
            dir.next_sibling = NONE;
            dir.parent = NONE;
            dir.block = Block::default();
        }
    }

    /// The directory, unless it was forgotten.
    pub fn get(&self, id: DirId) -> Option<&Dir> {
        self.dirs.get(id.0 as usize).filter(|d| d.state != DirState::Gone)
    }

    /// Everything at or below a directory, as of the last roll-up.
    pub fn total(&self, id: DirId) -> Usage {
        self.get(id).and_then(|_| self.totals.usage.get(id.0 as usize)).copied().unwrap_or_default()
    }

    /// Newest change of any file below, seconds since 1970, as of the last roll-up; of the directory itself where it has
    /// none.
    pub fn newest(&self, id: DirId) -> u32 {
        let Some(dir) = self.get(id) else { return 0 };
        self.totals.newest.get(id.0 as usize).copied().filter(|n| *n > 0).unwrap_or(dir.mtime)
    }

    /// How many directories the table has room for: one more than the largest number used.
    pub fn bound(&self) -> u32 {
        self.dirs.len() as u32
    }

    /// All directories, parents first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (DirId, &Dir)> {
        self.dirs
            .iter()
            .enumerate()
            .filter(|(_, d)| d.state != DirState::Gone)
            .map(|(i, d)| (DirId(i as u32), d))
    }

    /// The directory that holds this one.
    pub fn parent(&self, id: DirId) -> Option<DirId> {
        self.get(id).and_then(|d| (d.parent != NONE).then_some(DirId(d.parent)))
    }

    /// The directory itself and then each one above it.
    pub fn ancestors(&self, id: DirId) -> impl Iterator<Item = DirId> + '_ {
        std::iter::successors(self.get(id).map(|_| id), |d| self.parent(*d))
    }

    /// The directories directly inside, in no order.
    pub fn children(&self, id: DirId) -> impl Iterator<Item = DirId> + '_ {
        let first = self.get(id).map_or(NONE, |d| d.first_child);
        std::iter::successors((first != NONE).then_some(DirId(first)), |d| {
            let next = self.dirs[d.0 as usize].next_sibling;
            (next != NONE).then_some(DirId(next))
        })
    }

    /// The files directly inside, in the order of the directory.
    pub fn files(&self, id: DirId) -> impl Iterator<Item = FileRecord<'_>> + '_ {
        let dir = self.get(id);
        let block: &[u8] = dir.map_or(&[], |d| &d.block);
        let (mtime, uid) = dir.map_or((0, 0), |d| (d.mtime, d.uid));
        packed::records(block, packed::origin(block, mtime, uid), &self.links)
    }

    /// The file of a node.
    pub fn file(&self, node: NodeId) -> Option<FileRecord<'_>> {
        let dir = self.get(node.dir)?;
        (!node.is_dir() && (node.at as usize) < dir.block.len())
            .then(|| packed::record(&dir.block, node.at, dir.origin(), &self.links).0)
    }

    /// What `stat` said of a node.
    pub fn facts(&self, node: NodeId) -> Option<FileFacts> {
        if node.is_dir() { self.get(node.dir).map(Dir::facts) } else { self.file(node).map(|f| f.facts) }
    }

    /// The name of a node; empty for the root.
    pub fn name(&self, node: NodeId) -> Name<'_> {
        if node.is_dir() {
            self.dir_name(node.dir).into()
        } else {
            self.file(node).map(|f| f.name).unwrap_or_default()
        }
    }

    /// The name of a directory; empty for the root.
    pub fn dir_name(&self, id: DirId) -> &[u8] {
        self.get(id).map_or(&[], |d| packed::dir_name(&d.block))
    }

    /// The absolute path of a node.
    pub fn path(&self, node: NodeId) -> PathBuf {
        let mut names: Vec<&[u8]> = self.ancestors(node.dir).map(|d| self.dir_name(d)).collect();
        names.reverse();
        let file = self.file(node).map(|f| f.name.bytes()).unwrap_or_default();
        names.push(&file);
        let mut path = PathBuf::from("/");
        for name in names.into_iter().filter(|n| !n.is_empty()) {
            path.push(text::os_str(name));
        }
        path
    }

    /// The node at an absolute path, if it was scanned.
    pub fn find(&self, path: &Path) -> Option<NodeId> {
        let mut dir = Self::ROOT;
        self.get(dir)?;
        let mut parts = path.components().filter_map(|c| match c {
            std::path::Component::Normal(n) => Some(n.as_encoded_bytes()),
            _ => None,
        });
        while let Some(name) = parts.next() {
            if let Some(child) = self.children(dir).find(|c| self.dir_name(*c) == name) {
                dir = child;
            } else {
                let file = self.files(dir).find(|f| f.name == *name)?;
                return parts.next().is_none().then_some(NodeId { dir, at: file.at });
            }
        }
        Some(dir.into())
    }

    /// The files of a directory as they are now. Read again it has others: where they lay says nothing any more.
    pub fn block(&self, id: DirId) -> Option<&Block> {
        self.get(id).map(|d| &d.block)
    }

    /// Whether `inner` is `outer` or lies below it.
    pub fn is_within(&self, inner: DirId, outer: DirId) -> bool {
        self.ancestors(inner).any(|d| d == outer)
    }
}

#[cfg(test)]
pub mod testing {
    //! A tree from a few lines of text, for tests of everything that reads one.

    use super::*;
    use crate::model::links::LinkedInode;
    use crate::model::node::Kind;
    use crate::model::packed::BlockWriter;

    /// Builds a tree from entries `("a/b/", …)` for directories and `("a/f", Entry)` for files.
    /// A file with `ino != 0` is a name of an inode with `nlink` links.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Entry {
        /// Blocks of 512 bytes.
        pub blocks: u64,
        /// Length in bytes.
        pub size: u64,
        /// Inode number of a linked file, or 0.
        pub ino: u64,
        /// Its links.
        pub nlink: u32,
        /// Change time.
        pub mtime: u32,
    }

    /// A file of so many KiB.
    pub fn kib(n: u64) -> Entry {
        Entry { blocks: n * 2, size: n * 1024, ..Entry::default() }
    }

    /// A name of the inode `ino`, which has `nlink` names and so many KiB.
    pub fn linked(ino: u64, nlink: u32, n: u64) -> Entry {
        Entry { ino, nlink, ..kib(n) }
    }

    /// The tree of these paths. Directories cost nothing here, so that sums are easy to read.
    pub fn tree(entries: &[(&str, Entry)]) -> Tree {
        let links = Arc::new(LinkTable::default());
        let mut t = Tree::new(Arc::clone(&links));
        let mut dirs: Vec<String> = vec![String::new()];
        for (path, _) in entries {
            let mut at = 0;
            while let Some(i) = path[at..].find('/') {
                let dir = path[..at + i].to_string();
                if !dirs.contains(&dir) {
                    dirs.push(dir);
                }
                at += i + 1;
            }
        }
        for (i, dir) in dirs.iter().enumerate() {
            let facts = FileFacts { kind: Kind::Dir, size: 0, blocks: 0, mtime: 0, uid: 0 };
            let mut w = BlockWriter::default();
            for (path, e) in entries {
                let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
                if parent != dir || name.is_empty() {
                    continue;
                }
                let f =
                    FileFacts { kind: Kind::File, size: e.size, blocks: e.blocks, mtime: e.mtime, uid: 0 };
                if e.ino == 0 {
                    w.file(name.as_bytes(), f, &facts);
                } else {
                    let slot = links.enter(LinkedInode {
                        ino: e.ino,
                        size: e.size,
                        blocks: e.blocks,
                        nlink: e.nlink,
                        uid: 0,
                        mtime: e.mtime,
                        dev: DevId(0),
                        kind: Kind::File,
                        pass: 0,
                    });
                    w.linked(name.as_bytes(), Kind::File, slot, e.mtime);
                }
            }
            let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
            t.merge(ListedDir {
                id: DirId(i as u32),
                parent: (i > 0).then(|| {
                    DirId(dirs.iter().position(|d| d == parent).expect("parents come first") as u32)
                }),
                dev: DevId(0),
                ino: i as u64 + 1_000_000,
                uid: 0,
                mtime: 0,
                state: DirState::Listed,
                block: w.finish(name.as_bytes(), &facts),
                kept: vec![],
            });
        }
        t.roll_up();
        t
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{kib, linked, tree};
    use super::*;

    fn total(t: &Tree, path: &str) -> u64 {
        t.total(t.find(Path::new(path)).expect("scanned").dir).on_disk / 1024
    }

    #[test]
    fn a_linked_inode_counts_once_in_each_directory_that_contains_it() {
        let t = tree(&[
            ("pkgs/a/lib", linked(7, 3, 100)),
            ("pkgs/a/own", kib(10)),
            ("envs/x/lib", linked(7, 3, 100)),
            ("envs/x/lib2", linked(7, 3, 100)),
            ("envs/y/z/other", kib(1)),
        ]);
        assert_eq!(total(&t, "/pkgs"), 110);
        assert_eq!(total(&t, "/envs/x"), 100);
        assert_eq!(total(&t, "/envs"), 101);
        assert_eq!(total(&t, "/"), 111);
        assert_eq!(t.total(Tree::ROOT).files, 7 + 3);
    }

    #[test]
    fn paths_and_nodes_are_two_names_of_one_thing() {
        let t = tree(&[("a/b/c", kib(1)), ("a/d", kib(2))]);
        for p in ["/a/b/c", "/a/b", "/a/d", "/"] {
            let node = t.find(Path::new(p)).expect("scanned");
            assert_eq!(t.path(node), Path::new(p));
        }
        assert_eq!(t.find(Path::new("/a/x")), None);
        assert_eq!(t.find(Path::new("/a/d/x")), None);
    }

    #[test]
    fn forgetting_takes_everything_below_with_it() {
        let mut t = tree(&[("a/b/c", kib(1)), ("a/d/e", kib(2)), ("f", kib(4))]);
        let b = t.find(Path::new("/a/b")).expect("scanned").dir;
        t.forget(b);
        t.roll_up();
        assert_eq!(total(&t, "/a"), 2);
        assert_eq!(t.find(Path::new("/a/b/c")), None);
        assert!(t.get(b).is_none());
    }

    #[test]
    fn reading_a_directory_again_keeps_only_what_it_still_names() {
        let mut t = tree(&[("a/b/c", kib(1)), ("a/d/e", kib(2)), ("a/f", kib(4))]);
        let a = t.find(Path::new("/a")).expect("scanned").dir;
        let d = t.find(Path::new("/a/d")).expect("scanned").dir;
        let facts = t.get(a).expect("there").facts();
        t.merge(ListedDir {
            id: a,
            parent: Some(Tree::ROOT),
            dev: DevId(0),
            ino: 1,
            uid: 0,
            mtime: 0,
            state: DirState::Listed,
            block: packed::BlockWriter::default().finish(b"a", &facts),
            kept: vec![d],
        });
        t.roll_up();
        assert_eq!(total(&t, "/a"), 2);
        assert_eq!(total(&t, "/"), 2);
        assert_eq!(t.find(Path::new("/a/b")), None);
    }
}
