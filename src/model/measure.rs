//! What a set of things takes on the disk, and what the disk gets back if exactly this set goes.
//!
//! An inode comes back only when all its links are in the set; until then its bytes are held outside.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::links::LinkSlot;
use super::node::{DirId, Kind, NodeId};
use super::packed::{FileRecord, Head};
use super::tree::Tree;
use super::usage::{BLOCK, Usage};

/// Nodes chosen as one, without some nodes inside them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The chosen nodes, none inside another.
    pub nodes: Vec<NodeId>,
    /// What is left out below them.
    holes: FxHashSet<NodeId>,
    /// Directories that hold a file that is left out.
    pierced: FxHashSet<DirId>,
}

impl Selection {
    /// Chooses `nodes` without `holes`. Nodes inside other nodes, and doubles, are dropped. What is chosen
    /// itself is no hole, even if it lies in one.
    pub fn new(
        tree: &Tree,
        nodes: impl IntoIterator<Item = NodeId>,
        holes: impl IntoIterator<Item = NodeId>,
    ) -> Self {
        let nodes: FxHashSet<NodeId> = nodes.into_iter().collect();
        let holes: FxHashSet<NodeId> = holes.into_iter().filter(|h| !nodes.contains(h)).collect();
        let mut outer: Vec<NodeId> = nodes
            .iter()
            .copied()
            .filter(|n| !covered(tree, n.dir, usize::from(n.is_dir()), &nodes, &holes))
            .collect();
        outer.sort_unstable();
        let pierced = holes.iter().filter(|h| !h.is_dir()).map(|h| h.dir).collect();
        Self { nodes: outer, holes, pierced }
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// Whether a chosen directory above covers this one, with no hole in between.
fn covered(
    tree: &Tree,
    dir: DirId,
    skip: usize,
    nodes: &FxHashSet<NodeId>,
    holes: &FxHashSet<NodeId>,
) -> bool {
    for above in tree.ancestors(dir).skip(skip) {
        let above = NodeId::dir(above);
        if holes.contains(&above) {
            return false;
        }
        if nodes.contains(&above) {
            return true;
        }
    }
    false
}

/// Whose the inodes of a selection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owners {
    /// There is nothing that could be somebody's, or nobody asked.
    #[default]
    Nobody,
    /// All are this user's.
    One(u32),
    /// So many users have some.
    Several(u32),
}

/// What a selection takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measure {
    /// What it takes on the disk, each inode once.
    pub usage: Usage,
    /// Bytes of blocks that come back if exactly this goes.
    pub frees: u64,
    /// Bytes of regular files' content that come back.
    pub frees_apparent: u64,
    /// Inodes that come back.
    pub frees_files: u64,
    /// Newest change of any file, seconds since 1970; 0 if there is none.
    pub newest: u32,
    /// Inodes that stay because other names hold them.
    pub held_files: u64,
    /// Whose it is.
    pub owners: Owners,
}

impl Measure {
    /// Bytes that stay because names outside hold them.
    pub fn held(&self) -> u64 {
        self.usage.on_disk.saturating_sub(self.frees)
    }
}

impl std::ops::AddAssign for Measure {
    /// Takes in what shares no inode with it, and is nobody else's.
    fn add_assign(&mut self, other: Self) {
        if self.owners == Owners::Nobody {
            self.owners = other.owners;
        }
        self.usage += other.usage;
        self.frees = self.frees.saturating_add(other.frees);
        self.frees_apparent = self.frees_apparent.saturating_add(other.frees_apparent);
        self.frees_files += other.frees_files;
        self.newest = self.newest.max(other.newest);
        self.held_files += other.held_files;
    }
}

impl std::iter::Sum for Measure {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, measure| {
            sum += measure;
            sum
        })
    }
}

/// Measures a selection.
pub fn measure(tree: &Tree, selection: &Selection) -> Measure {
    let mut meter = Meter::new(tree);
    let mut measure = meter.add(selection);
    measure.held_files = meter.held_files();
    measure
}

thread_local! {
    // One number a linked inode, all 0 between two meters: thousands of selections are measured one after the other.
    static COUNTS: Cell<Vec<u32>> = Cell::default();
}

/// What is met in a selection, one after the other.
#[derive(Debug, Clone, Copy)]
pub enum Met {
    /// What a user has in a directory, each with one name; the directory itself is the first.
    Plain(DirId, u32, Usage),
    /// A name of an inode that may have others.
    Name(DirId, LinkSlot),
}

/// Tells whose what of a selection is.
pub fn each_owned(tree: &Tree, selection: &Selection, tell: &mut dyn FnMut(Met)) {
    let one = |dir: DirId, file: &FileRecord<'_>| {
        let usage = Usage { on_disk: file.on_disk(), apparent: file.facts.size, files: 1 };
        file.link.map_or(Met::Plain(dir, file.facts.uid, usage), |slot| Met::Name(dir, slot))
    };
    let mut todo: Vec<DirId> = Vec::new();
    for node in &selection.nodes {
        if node.is_dir() {
            todo.push(node.dir);
        } else if let Some(file) = tree.file(*node) {
            tell(one(node.dir, &file));
        }
    }
    while let Some(id) = todo.pop() {
        if selection.holes.contains(&id.into()) {
            continue;
        }
        todo.extend(tree.children(id));
        let Some(dir) = tree.get(id).filter(|d| d.state.has_files()) else { continue };
        let head = dir.head();
        let pierced = selection.pierced.contains(&id);
        let mut own = head.itself;
        if !head.mixed && !pierced {
            own += head.plain;
        }
        tell(Met::Plain(id, dir.uid, own));
        if head.mixed || pierced {
            for file in tree.files(id).filter(|f| !selection.holes.contains(&NodeId { dir: id, at: f.at })) {
                tell(one(id, &file));
            }
        } else {
            for slot in head.links() {
                tell(Met::Name(id, slot));
            }
        }
    }
}

/// Measures selections that go together, one after the other: an inode that they share is taken by the first that
/// names it and given back by the one that names it last. None may overlap another.
pub struct Meter<'a> {
    tree: &'a Tree,
    count: Count,
}

impl<'a> Meter<'a> {
    /// A meter that has seen nothing.
    pub fn new(tree: &'a Tree) -> Self {
        Self { tree, count: Count::new(tree) }
    }

    /// What this selection adds to those before.
    pub fn add(&mut self, selection: &Selection) -> Measure {
        self.count.m = Measure::default();
        self.count.uids.clear();
        self.count.add(self.tree, selection);
        self.count.measure()
    }

    /// Inodes that stay, because not all their names were seen.
    pub fn held_files(&self) -> u64 {
        self.count.held_files()
    }

    /// Whether any inode with several names was seen.
    pub fn names_links(&self) -> bool {
        !self.count.met.is_empty()
    }
}

/// What was seen so far of things that are measured as one. The tree may grow meanwhile.
#[derive(Debug)]
pub struct Count {
    /// One more than the names of each linked inode that were not seen; 0 if none was.
    unseen: Vec<u32>,
    /// Where that is not 0.
    met: Vec<LinkSlot>,
    /// Who was met in this selection, the last one last.
    uids: Vec<u32>,
    m: Measure,
}

impl Drop for Count {
    fn drop(&mut self) {
        for slot in &self.met {
            self.unseen[slot.0 as usize] = 0;
        }
        COUNTS.set(std::mem::take(&mut self.unseen));
    }
}

impl Count {
    /// Nothing was seen.
    pub fn new(tree: &Tree) -> Self {
        let mut unseen = COUNTS.take();
        let bound = tree.links().bound();
        if unseen.len() < bound {
            unseen.resize(bound, 0);
        }
        Self { unseen, met: Vec::new(), uids: Vec::new(), m: Measure::default() }
    }

    /// All that was seen.
    pub fn measure(&self) -> Measure {
        let owners = match self.uids[..] {
            [] => Owners::Nobody,
            [one] => Owners::One(one),
            _ => Owners::Several(self.uids.len() as u32),
        };
        Measure { owners, ..self.m }
    }

    /// Inodes that stay, because not all their names were seen.
    pub fn held_files(&self) -> u64 {
        self.met.iter().filter(|slot| self.unseen[slot.0 as usize] > 1).count() as u64
    }

    /// Sees a selection.
    pub fn add(&mut self, tree: &Tree, selection: &Selection) {
        let mut todo: Vec<DirId> = Vec::new();
        for node in &selection.nodes {
            if node.is_dir() {
                todo.push(node.dir);
            } else if let Some(file) = tree.file(*node) {
                self.file(tree, &file);
            }
        }
        while let Some(id) = todo.pop() {
            if selection.holes.contains(&id.into()) {
                continue;
            }
            if selection.pierced.contains(&id) {
                self.pierced(tree, id, &selection.holes);
            } else {
                self.directory(tree, id);
            }
            todo.extend(tree.children(id));
        }
    }

    /// Sees a directory with the files directly inside.
    pub fn directory(&mut self, tree: &Tree, id: DirId) {
        let Some(head) = self.folder(tree, id) else { return };
        self.m.usage += head.plain;
        self.m.frees = self.m.frees.saturating_add(head.plain.on_disk);
        let content = head.plain.apparent.saturating_sub(head.unregular);
        self.m.frees_apparent = self.m.frees_apparent.saturating_add(content);
        self.m.frees_files += head.plain.files;
        self.m.newest = self.m.newest.max(head.newest);
        if head.mixed {
            for file in tree.files(id).filter(|f| f.link.is_none()) {
                self.owned_by(file.facts.uid);
            }
        }
        for slot in head.links() {
            self.name(tree, slot);
        }
    }

    /// Sees a directory with those files directly inside that are not left out.
    fn pierced(&mut self, tree: &Tree, id: DirId, holes: &FxHashSet<NodeId>) {
        if self.folder(tree, id).is_some() {
            for file in tree.files(id).filter(|f| !holes.contains(&NodeId { dir: id, at: f.at })) {
                self.file(tree, &file);
            }
        }
    }

    /// Sees a directory alone.
    fn folder<'t>(&mut self, tree: &'t Tree, id: DirId) -> Option<Head<'t>> {
        let dir = tree.get(id).filter(|d| d.state.has_files())?;
        let head = dir.head();
        self.owned_by(dir.uid);
        self.m.usage += head.itself;
        self.m.frees = self.m.frees.saturating_add(head.itself.on_disk);
        self.m.frees_files += 1;
        Some(head)
    }

    fn file(&mut self, tree: &Tree, file: &FileRecord<'_>) {
        self.m.newest = self.m.newest.max(file.facts.mtime);
        if let Some(slot) = file.link {
            self.name(tree, slot);
            return;
        }
        self.owned_by(file.facts.uid);
        self.m.usage += Usage { on_disk: file.on_disk(), apparent: file.facts.size, files: 1 };
        self.m.frees = self.m.frees.saturating_add(file.on_disk());
        self.m.frees_files += 1;
        if file.facts.kind == Kind::File {
            self.m.frees_apparent = self.m.frees_apparent.saturating_add(file.facts.size);
        }
    }

    fn owned_by(&mut self, uid: u32) {
        if self.uids.last() != Some(&uid) {
            self.uids.retain(|u| *u != uid);
            self.uids.push(uid);
        }
    }

    /// One more name of a linked inode: the first takes it, the last gives it back.
    fn name(&mut self, tree: &Tree, slot: LinkSlot) {
        let at = slot.0 as usize;
        if at >= self.unseen.len() {
            self.unseen.resize(tree.links().bound().max(at + 1), 0);
        }
        let unseen = &mut self.unseen[at];
        let is_first = *unseen == 0;
        let inode = match *unseen {
            // More names than links: one was made while the others were read.
            1 => return,
            0 | 2 => tree.links().get(slot),
            n => {
                *unseen = n - 1;
                return;
            }
        };
        if is_first {
            self.met.push(slot);
        }
        *unseen = if is_first { inode.nlink.max(1) } else { 1 };
        let is_last = *unseen == 1;
        let on_disk = inode.blocks * BLOCK;
        if is_first {
            self.owned_by(inode.uid);
            self.m.usage += inode.usage();
        }
        if is_last {
            self.m.frees = self.m.frees.saturating_add(on_disk);
            self.m.frees_files += 1;
            if inode.kind == Kind::File {
                self.m.frees_apparent = self.m.frees_apparent.saturating_add(inode.size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::{kib, linked, tree};
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn nodes(t: &Tree, paths: &[&str]) -> Vec<NodeId> {
        paths.iter().map(|p| t.find(Path::new(p)).expect(p)).collect()
    }

    fn measured(t: &Tree, paths: &[&str], holes: &[&str]) -> (u64, u64) {
        let m = measure(t, &Selection::new(t, nodes(t, paths), nodes(t, holes)));
        (m.usage.on_disk / 1024, m.frees / 1024)
    }

    #[test]
    fn an_inode_comes_back_with_its_last_name() {
        let t = tree(&[
            ("pkgs/a/lib", linked(7, 3, 100)),
            ("pkgs/a/own", kib(10)),
            ("env1/lib", linked(7, 3, 100)),
            ("env2/lib", linked(7, 3, 100)),
        ]);
        assert_eq!(measured(&t, &["/pkgs/a"], &[]), (110, 10));
        assert_eq!(measured(&t, &["/env1"], &[]), (100, 0));
        assert_eq!(measured(&t, &["/env1", "/pkgs"], &[]), (110, 10));
        assert_eq!(measured(&t, &["/env1", "/env2", "/pkgs"], &[]), (110, 110));
        assert_eq!(measured(&t, &["/env1/lib", "/env2/lib", "/pkgs/a/lib"], &[]), (100, 100));
    }

    #[test]
    fn a_name_outside_the_scan_holds_the_inode() {
        let t = tree(&[("a", linked(7, 2, 100))]);
        assert_eq!(measured(&t, &["/a"], &[]), (100, 0));
    }

    #[test]
    fn nested_nodes_and_doubles_count_once() {
        let t = tree(&[("a/b/c", kib(1)), ("a/d", kib(2))]);
        assert_eq!(measured(&t, &["/a", "/a/b", "/a/b/c", "/a"], &[]), (3, 3));
    }

    #[test]
    fn holes_are_left_out_and_may_hold_chosen_things() {
        let t = tree(&[("a/b/c", kib(1)), ("a/b/x/y", kib(8)), ("a/d", kib(2)), ("a/e", kib(4))]);
        assert_eq!(measured(&t, &["/a"], &["/a/b"]), (6, 6));
        assert_eq!(measured(&t, &["/a"], &["/a/d"]), (13, 13));
        assert_eq!(measured(&t, &["/a", "/a/b/x"], &["/a/b"]), (14, 14));
        assert_eq!(measured(&t, &["/a"], &["/a"]), (15, 15));
    }

    proptest! {
        /// frees(A) + frees(B) <= frees(A ∪ B), frees <= size, and nothing chosen frees nothing.
        #[test]
        fn freeing_more_never_gives_less(
            files in prop::collection::vec((0usize..4, 0u64..6, 1u64..9), 1..30),
            extra in 0u32..2,
            pick in prop::collection::vec(0usize..4, 0..4),
        ) {
            let names: Vec<String> = files.iter().enumerate().map(|(i, (d, _, _))| format!("d{d}/f{i}")).collect();
            let mut links = std::collections::HashMap::new();
            for (_, ino, _) in &files {
                *links.entry(*ino).or_insert(extra) += 1;
            }
            let size: std::collections::HashMap<u64, u64> = files.iter().map(|(_, i, k)| (*i, *k)).collect();
            let entries: Vec<(&str, _)> = names.iter().zip(&files)
                .map(|(n, (_, ino, k))| (n.as_str(), if *ino == 0 { kib(*k) } else { linked(*ino, links[ino], size[ino]) }))
                .collect();
            let t = tree(&entries);
            let at = |d: &usize| t.find(Path::new(&format!("/d{d}")));
            let all: Vec<NodeId> = (0..4).filter_map(|d| at(&d)).collect();
            let some: Vec<NodeId> = pick.iter().filter_map(at).collect();
            let rest: Vec<NodeId> = all.iter().copied().filter(|n| !some.contains(n)).collect();
            let m = |n: &[NodeId]| measure(&t, &Selection::new(&t, n.iter().copied(), []));
            prop_assert!(m(&some).frees <= m(&some).usage.on_disk);
            prop_assert!(m(&some).frees + m(&rest).frees <= m(&all).frees);
            prop_assert_eq!(m(&all).usage, {
                let mut u = t.total(Tree::ROOT);
                u.files -= 1;
                u
            });
            prop_assert_eq!(m(&[]).frees, 0);
        }
    }
}
