//! Totals: every inode once within each directory that contains it, whatever the order in which it was met.

use rustc_hash::FxHashMap;

use super::{NONE, Tree};
use crate::model::links::LinkSlot;
use crate::model::node::DirId;
use crate::model::usage::Usage;

/// Does something until nothing is left or it is enough, about which it is asked now and then; says whether nothing is left.
pub fn in_pieces(enough: &mut dyn FnMut() -> bool, mut next: impl FnMut() -> bool) -> bool {
    loop {
        for _ in 0..256 {
            if !next() {
                return true;
            }
        }
        if enough() {
            return false;
        }
    }
}

/// Counts linked inodes once in each directory, however many names they have in it. Names are met in the order of a walk
/// in depth: each counts where it is, and once less in the lowest directory that has both it and the name before it.
#[derive(Debug, Default)]
pub struct Once {
    /// The directory in which each inode was met last.
    last: Vec<u32>,
}

impl Once {
    /// Meets a name in a directory. Returns what counts there, and where it counts once less; nothing if the name before
    /// it was in the same.
    pub fn meet(&mut self, tree: &Tree, at: DirId, slot: LinkSlot) -> Option<(Usage, Option<DirId>)> {
        let i = slot.0 as usize;
        if i >= self.last.len() {
            self.last.resize(tree.links.bound().max(i + 1), NONE);
        }
        let before = std::mem::replace(&mut self.last[i], at.0);
        let inode = if before == at.0 { None } else { tree.links.find(slot) };
        inode.map(|inode| (inode.usage(), tree.lowest_above(DirId(before), at)))
    }
}

/// What lies at or below each directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub usage: Vec<Usage>,
    /// 0 where there is no file.
    pub newest: Vec<u32>,
}

/// All totals on their way, a piece at a time. The tree may take directories in between two pieces: what comes too late
/// is in the totals of the next time.
#[derive(Debug)]
pub struct RollUp {
    /// What counts in each directory itself.
    own: Totals,
    /// What counts once less in all at or below a directory.
    less: FxHashMap<u32, Usage>,
    once: Once,
    todo: Vec<u32>,
}

impl RollUp {
    /// Begins with the directories that are there now.
    pub fn new(tree: &Tree) -> Self {
        let dirs = tree.dirs.len();
        let own = Totals { usage: vec![Usage::default(); dirs], newest: vec![0; dirs] };
        let todo = if dirs == 0 { Vec::new() } else { vec![Tree::ROOT.0] };
        Self { own, less: FxHashMap::default(), once: Once::default(), todo }
    }

    /// Goes on until it is enough. Says whether all was looked at.
    pub fn go_on(&mut self, tree: &Tree, enough: &mut dyn FnMut() -> bool) -> bool {
        in_pieces(enough, || {
            let next = self.todo.pop();
            next.inspect(|at| self.look_at(tree, *at)).is_some()
        })
    }

    fn look_at(&mut self, tree: &Tree, at: u32) {
        let Some(dir) = tree.get(DirId(at)) else { return };
        let known = self.own.usage.len() as u32;
        self.todo.extend(tree.children(DirId(at)).map(|c| c.0).filter(|c| *c < known));
        let head = dir.head();
        self.own.newest[at as usize] = head.newest;
        if dir.state.has_files() {
            self.own.usage[at as usize] += head.itself;
            self.own.usage[at as usize] += head.plain;
        }
        for slot in head.links() {
            let Some((usage, both)) = self.once.meet(tree, DirId(at), slot) else { continue };
            self.own.usage[at as usize] += usage;
            if let Some(both) = both {
                *self.less.entry(both.0).or_default() += usage;
            }
        }
    }

    /// Adds up what is below each directory.
    fn finish(mut self, tree: &Tree) -> Totals {
        drop(self.once);
        let Totals { usage, newest } = &mut self.own;
        for at in (0..usage.len()).rev() {
            if let Some(less) = self.less.get(&(at as u32)) {
                usage[at] -= *less;
            }
            let parent = tree.dirs[at].parent;
            if parent != NONE {
                let below = usage[at];
                usage[parent as usize] += below;
                newest[parent as usize] = newest[parent as usize].max(newest[at]);
            }
        }
        self.own
    }
}

impl Tree {
    /// Computes all totals anew.
    pub fn roll_up(&mut self) {
        let mut sums = RollUp::new(self);
        sums.go_on(self, &mut || false);
        self.take_totals(sums);
    }

    /// Takes over totals for which all was looked at.
    pub fn take_totals(&mut self, sums: RollUp) {
        self.totals = sums.finish(self);
    }

    /// The lowest directory that is at or above both.
    fn lowest_above(&self, a: DirId, b: DirId) -> Option<DirId> {
        let (mut a, mut b) = (a.0, b.0);
        // A parent's number is smaller.
        while a != b {
            let lower = if a > b { &mut a } else { &mut b };
            *lower = self.dirs.get(*lower as usize)?.parent;
        }
        (a != NONE).then_some(DirId(a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::testing::{Entry, kib, linked, tree};
    use crate::model::usage::BLOCK;
    use proptest::prelude::*;
    use std::collections::HashMap;

    type Files = Vec<(usize, u64, u64)>;

    /// Folders in one another: what lies in which, as paths.
    const FOLDERS: [&str; 7] = ["a", "a/b", "a/b/c", "a/d", "e", "e/f", "e/f/g/h"];

    fn entries(files: &Files) -> Vec<(String, Entry)> {
        let size: HashMap<u64, u64> = files.iter().map(|(_, ino, kib)| (*ino, *kib)).collect();
        let file = |ino, own| if ino == 0 { kib(own) } else { linked(ino, 9, size[&ino]) };
        (files.iter().zip(0..))
            .map(|((at, ino, own), i)| (format!("{}/f{i}", FOLDERS[*at]), file(*ino, *own)))
            .collect()
    }

    /// What lies below a path, every inode once, counted in the plainest way.
    fn plain(entries: &[(String, Entry)], path: &str) -> u64 {
        let below = |p: &str| path.is_empty() || p.strip_prefix(path).is_some_and(|p| p.starts_with('/'));
        let mut linked = HashMap::new();
        let mut sum = 0;
        for (_, e) in entries.iter().filter(|(p, _)| below(p)) {
            if e.ino == 0 {
                sum += e.blocks * BLOCK;
            } else {
                linked.insert(e.ino, e.blocks * BLOCK);
            }
        }
        sum + linked.values().sum::<u64>()
    }

    fn built(entries: &[(String, Entry)]) -> Tree {
        tree(&entries.iter().map(|(p, e)| (p.as_str(), *e)).collect::<Vec<_>>())
    }

    proptest! {
        /// Each folder has every inode below it once, whatever names it has where, however small the pieces.
        #[test]
        fn every_inode_counts_once_in_each_folder(
            files in prop::collection::vec((0..FOLDERS.len(), 0u64..5, 1u64..99), 1..40),
        ) {
            let entries = entries(&files);
            let mut t = built(&entries);
            let mut sums = RollUp::new(&t);
            while !sums.go_on(&t, &mut || true) {}
            t.take_totals(sums);
            let all: Vec<DirId> = t.all().map(|(id, _)| id).collect();
            for id in all {
                let path = t.path(id.into());
                let path = path.to_str().expect("plain names").trim_start_matches('/');
                prop_assert_eq!(t.total(id).on_disk, plain(&entries, path), "{}", path);
            }
        }
    }

    #[test]
    fn what_comes_between_two_pieces_is_counted_the_next_time() {
        let before = [("a/one", linked(7, 9, 10)), ("a/own", kib(1))];
        let after = [before[0], before[1], ("a/b/two", linked(7, 9, 10)), ("c/three", linked(8, 9, 100))];
        let (mut t, grown) = (tree(&before), tree(&after));
        let mut sums = RollUp::new(&t);
        // It grows, and its table of inodes with it.
        t.dirs.clone_from(&grown.dirs);
        t.links = std::sync::Arc::clone(&grown.links);
        assert!(sums.go_on(&t, &mut || false));
        t.take_totals(sums);
        assert_eq!(t.total(Tree::ROOT).on_disk / 1024, 11);
        assert!(t.total(DirId(t.bound() - 1)).files == 0);
        t.roll_up();
        assert_eq!(t.total(Tree::ROOT).on_disk / 1024, 111);
    }

    #[test]
    fn what_is_larger_than_a_number_stays_as_large_as_that() {
        let huge = Entry { size: u64::MAX / 2, ..kib(1) };
        let t = tree(&[("a/x", huge), ("a/y", huge), ("a/z", huge)]);
        assert_eq!(t.total(Tree::ROOT).apparent, u64::MAX);
    }
}
