//! What was written lately below a folder.
//!
//! Nothing is kept for it: a folder's newest change is rolled up already, so whatever is older is passed over whole, and
//! only the records of folders with a recent file are read. It is asked for the open folder alone, once per change.

use rustc_hash::FxHashSet;

use super::links::LinkSlot;
use super::node::DirId;
use super::tree::Tree;
use super::usage::Usage;

/// So many seconds back is lately: a day.
pub const WINDOW: i64 = 86_400;

/// The first moment that counts as lately; both in seconds since 1970.
pub fn since(now: i64) -> u32 {
    (now - WINDOW).clamp(0, i64::from(u32::MAX)) as u32
}

/// What was written lately, with linked inodes by name, so that two of them can be put together.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    plain: Usage,
    links: FxHashSet<LinkSlot>,
}

impl Recent {
    /// What lies at or below a directory and was changed at `since` or later. Needs a roll-up before.
    pub fn below(tree: &Tree, dir: DirId, since: u32) -> Self {
        let mut found = Self::default();
        let mut todo = vec![dir];
        while let Some(id) = todo.pop() {
            found.add_files(tree, id, since);
            let recent = |c: &DirId| tree.newest(*c) >= since;
            todo.extend(tree.children(id).filter(recent));
        }
        found
    }

    /// Adds the files directly in a directory.
    pub fn add_files(&mut self, tree: &Tree, dir: DirId, since: u32) {
        if tree.get(dir).is_none_or(|d| d.head().newest < since) {
            return;
        }
        for file in tree.files(dir).filter(|f| f.facts.mtime >= since) {
            match file.link {
                Some(slot) => {
                    self.links.insert(slot);
                }
                None => {
                    self.plain += Usage { on_disk: file.on_disk(), apparent: file.facts.size, files: 1 };
                }
            }
        }
    }

    /// Puts another one to this; what both name counts once.
    pub fn join(&mut self, other: Self) {
        self.plain += other.plain;
        if self.links.is_empty() {
            self.links = other.links;
        } else {
            self.links.extend(other.links);
        }
    }

    /// How much that is, every inode once.
    pub fn usage(&self, tree: &Tree) -> Usage {
        let linked = self.links.iter().map(|slot| {
            let inode = tree.links().get(*slot);
            inode.usage()
        });
        std::iter::once(self.plain).chain(linked).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::{Entry, kib, linked, tree};
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    const NOW: i64 = 1_000_000;

    fn at(mtime: u32, e: Entry) -> Entry {
        Entry { mtime, ..e }
    }

    fn recent(t: &Tree, path: &str) -> u64 {
        let dir = t.find(Path::new(path)).expect("scanned").dir;
        Recent::below(t, dir, since(NOW)).usage(t).on_disk / 1024
    }

    #[test]
    fn only_what_was_written_within_a_day_counts() {
        let t = tree(&[
            ("a/new", at(NOW as u32 - 10, kib(1))),
            ("a/edge", at((NOW - WINDOW) as u32, kib(2))),
            ("a/old", at((NOW - WINDOW) as u32 - 1, kib(4))),
            ("a/future", at(NOW as u32 + 99, kib(8))),
            ("b/old", at(5, kib(16))),
            ("b/c/new", at(NOW as u32, kib(32))),
        ]);
        assert_eq!(recent(&t, "/a"), 11);
        assert_eq!(recent(&t, "/b"), 32);
        assert_eq!(recent(&t, "/"), 43);
        assert_eq!(since(5), 0);
    }

    #[test]
    fn a_linked_inode_counts_once_in_each_folder_that_names_it() {
        let now = |e| at(NOW as u32, e);
        let t = tree(&[
            ("a/x", now(linked(7, 3, 100))),
            ("a/y", now(linked(7, 3, 100))),
            ("b/z", now(linked(7, 3, 100))),
            ("b/own", now(kib(1))),
        ]);
        assert_eq!((recent(&t, "/a"), recent(&t, "/b"), recent(&t, "/")), (100, 101, 101));
    }

    proptest! {
        /// With a window that holds all, it is what the tree says of the files; and folders join to what is above.
        #[test]
        fn a_window_without_end_gives_the_whole(
            files in prop::collection::vec((0usize..3, 0usize..3, 0u64..5, 1u64..9), 1..30),
        ) {
            let names: Vec<String> =
                files.iter().enumerate().map(|(i, (a, b, ..))| format!("d{a}/e{b}/f{i}")).collect();
            let size: std::collections::HashMap<u64, u64> = files.iter().map(|f| (f.2, f.3)).collect();
            let entries: Vec<(&str, Entry)> = names.iter().zip(&files)
                .map(|(n, f)| (n.as_str(), at(9, if f.2 == 0 { kib(f.3) } else { linked(f.2, 99, size[&f.2]) })))
                .collect();
            let t = tree(&entries);
            let mut joined = Recent::default();
            for child in t.children(Tree::ROOT) {
                joined.join(Recent::below(&t, child, 0));
            }
            let whole = t.total(Tree::ROOT);
            prop_assert_eq!(joined.usage(&t).on_disk, whole.on_disk);
            prop_assert_eq!(Recent::below(&t, Tree::ROOT, 0).usage(&t), joined.usage(&t));
            prop_assert_eq!(Recent::below(&t, Tree::ROOT, 10).usage(&t), Usage::default());
        }
    }
}
