//! All that a scan knows of what lies below a folder, as one number: the same again only if nothing below it is other.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::model::node::{DirId, Kind};
use crate::model::tree::Tree;

/// Names, kinds, lengths, times and owners of all below a folder. Times of folders do not count: a file that was made
/// in one and is gone again changes nothing. Nor do blocks, which a file system may lay out anew, nor the names that
/// something has elsewhere.
pub fn of(tree: &Tree, dir: DirId) -> String {
    let mut hash = Sha256::new();
    let mut todo = vec![dir];
    while let Some(dir) = todo.pop() {
        let state = tree.get(dir).map(|d| (d.state as u8, d.uid)).unwrap_or_default();
        hash.update([b'D', state.0]);
        hash.update(state.1.to_le_bytes());
        let called = |c: DirId| (tree.name(c.into()).bytes(), c);
        let mut folders: Vec<(Cow<'_, [u8]>, DirId)> = tree.children(dir).map(called).collect();
        folders.sort_unstable();
        for (name, _) in &folders {
            named(&mut hash, Kind::Dir, name);
        }
        let mut files: Vec<_> = tree.files(dir).map(|f| (f.name.bytes(), f.facts)).collect();
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (name, facts) in files {
            named(&mut hash, facts.kind, &name);
            hash.update(facts.size.to_le_bytes());
            hash.update(facts.mtime.to_le_bytes());
            hash.update(facts.uid.to_le_bytes());
        }
        // The order of the walk says which folder is meant.
        todo.extend(folders.into_iter().rev().map(|(_, id)| id));
    }
    hash.finalize().iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A name never holds a zero, so it ends where one stands.
fn named(hash: &mut Sha256, kind: Kind, name: &[u8]) {
    hash.update([b'N', kind as u8]);
    hash.update(name);
    hash.update([0]);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::tree::testing::{Entry, kib, linked, tree};

    #[test]
    fn it_is_the_same_whatever_the_order_and_another_when_anything_below_is() {
        let at = |n: u64, mtime: u32| Entry { mtime, ..kib(n) };
        let print = |entries: &[(&str, Entry)]| {
            let t = tree(entries);
            of(&t, t.find(Path::new("/d")).expect("there").dir)
        };
        let one = print(&[("d/a", at(1, 5)), ("d/in/b", at(2, 6)), ("e/x", at(1, 1))]);
        assert_eq!(one, print(&[("e/y", at(9, 9)), ("d/in/b", at(2, 6)), ("d/a", at(1, 5))]));
        // Another name elsewhere is no other content.
        assert_eq!(
            print(&[("d/a", linked(7, 1, 3))]),
            print(&[("d/a", linked(8, 3, 3)), ("e", linked(8, 3, 3))])
        );
        let others = [
            print(&[("d/a", at(1, 5)), ("d/in/b", at(2, 7))]),
            print(&[("d/a", at(1, 5)), ("d/in/b", at(3, 6))]),
            print(&[("d/a", at(1, 5)), ("d/in/c", at(2, 6))]),
            print(&[("d/a", at(1, 5)), ("d/b", at(2, 6)), ("d/in/c", at(1, 1))]),
            print(&[("d/a", at(1, 5)), ("d/in/b", at(2, 6)), ("d/in/c", at(0, 0))]),
            print(&[("d/a", at(1, 5))]),
            print(&[("d/in/a", at(1, 5)), ("d/b", at(2, 6))]),
        ];
        for (i, other) in others.iter().enumerate() {
            assert_ne!(&one, other, "{i}");
        }
    }
}
