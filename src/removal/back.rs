//! What the disk gets back of a plan: what is certain, and what may come back besides. Pure.
//!
//! Certain is what is the file's own. What is shared with a copy or a snapshot is not promised, even if all who share it
//! should go: the kernel does not say who they are. Where two things of a plan lie in the same place, it counts once.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::blocks::{Blocks, Key, Split};
use crate::model::node::NodeId;

/// Bytes that may come back, but are not promised, by the reason for the doubt. An upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubt {
    /// Shared with a snapshot or a copy.
    pub shared: u64,
    /// Compressed.
    pub packed: u64,
    /// Nobody said.
    pub unknown: u64,
}

impl Doubt {
    /// All of it.
    pub fn all(self) -> u64 {
        self.shared + self.packed + self.unknown
    }
}

impl std::ops::AddAssign for Doubt {
    fn add_assign(&mut self, other: Self) {
        self.shared += other.shared;
        self.packed += other.packed;
        self.unknown += other.unknown;
    }
}

/// What comes back of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Back {
    /// Certain.
    pub frees: u64,
    /// Perhaps.
    pub doubt: Doubt,
    /// In the image of a container: never.
    pub image: u64,
}

impl std::ops::AddAssign for Back {
    fn add_assign(&mut self, other: Self) {
        self.frees += other.frees;
        self.doubt += other.doubt;
        self.image += other.image;
    }
}

/// Adds up what comes back, target after target.
pub struct Reckoner<'a> {
    blocks: &'a Blocks,
    /// Names of linked inodes met so far.
    met: FxHashMap<Key, u32>,
    /// Places that were counted, by file system.
    places: FxHashMap<u64, Places>,
}

impl<'a> Reckoner<'a> {
    /// Nothing is counted yet.
    pub fn new(blocks: &'a Blocks) -> Self {
        Self { blocks, met: FxHashMap::default(), places: FxHashMap::default() }
    }

    /// What comes back with a target, of the bytes that its names and those before give back.
    pub fn add(&mut self, node: NodeId, frees: u64) -> Back {
        let Some(held) = self.blocks.targets.get(&node) else { return Back { frees, ..Back::default() } };
        let places = self.places.entry(held.pool).or_default();
        let mut found = held.plain.clone();
        for key in &held.names {
            let Some((names, linked)) = self.blocks.linked.get(key) else { continue };
            let met = self.met.entry(*key).or_default();
            *met += 1;
            if *met == *names {
                found.add(linked);
            }
        }
        // What was not asked is unknown; and nothing comes back twice.
        let mut left = frees;
        let mut take = |n: u64| {
            let n = n.min(left);
            left -= n;
            n
        };
        let image = take(found.image);
        let own = take(found.own);
        let shared = take(found.shared).min(places.add(&found, true));
        let packed = take(found.packed).min(places.add(&found, false));
        let unknown = take(found.unknown);
        let doubt = Doubt { shared, packed, unknown: unknown + left };
        Back { frees: own, doubt, image }
    }
}

/// Places on a disk, none over another: where each begins, and the first byte behind it.
#[derive(Debug, Default)]
struct Places(BTreeMap<u64, u64>);

impl Places {
    /// Takes in the pieces of one kind; says how many bytes of them are new. What is compressed may be said to reach
    /// into what lies behind it, so that this is never less than the truth.
    fn add(&mut self, found: &Split, shared: bool) -> u64 {
        let pieces = found.pieces.iter().filter(|p| p.shared == shared);
        pieces.map(|p| self.insert(p.from, p.to)).sum()
    }

    fn insert(&mut self, mut from: u64, mut to: u64) -> u64 {
        if from >= to {
            return 0;
        }
        let mut new = to - from;
        while let Some((&a, &b)) = self.0.range(..=to).next_back().filter(|(_, b)| **b >= from) {
            new -= b.min(to).saturating_sub(a.max(from)).min(new);
            from = from.min(a);
            to = to.max(b);
            self.0.remove(&a);
        }
        self.0.insert(from, to);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{OfTarget, Piece};
    use super::*;
    use proptest::prelude::*;

    fn node(at: u32) -> NodeId {
        NodeId::dir(crate::model::node::DirId(at))
    }

    fn piece(from: u64, to: u64, shared: bool) -> Piece {
        Piece { from, to, shared }
    }

    fn held(plain: Split, names: &[Key]) -> OfTarget {
        OfTarget { pool: 1, plain, names: names.to_vec() }
    }

    #[test]
    fn without_a_look_everything_comes_back() {
        let blocks = Blocks::default();
        assert_eq!(Reckoner::new(&blocks).add(node(1), 70), Back { frees: 70, ..Back::default() });
    }

    #[test]
    fn what_is_shared_is_not_promised_and_counts_once_in_what_may_come_back() {
        let copy = Split { own: 10, shared: 100, pieces: vec![piece(0, 100, true)], ..Split::default() };
        let half = Split { shared: 100, pieces: vec![piece(50, 150, true)], ..Split::default() };
        let mut blocks = Blocks::default();
        blocks.targets.insert(node(1), held(copy.clone(), &[]));
        blocks.targets.insert(node(2), held(copy, &[]));
        blocks.targets.insert(node(3), held(half.clone(), &[]));
        blocks.targets.insert(node(4), OfTarget { pool: 2, ..held(half, &[]) });
        let mut reckoner = Reckoner::new(&blocks);
        let mut add = |n, frees| {
            let back = reckoner.add(node(n), frees);
            (back.frees, back.doubt.shared, back.doubt.all())
        };
        assert_eq!(add(1, 110), (10, 100, 100));
        assert_eq!(add(2, 110), (10, 0, 0), "the same place");
        assert_eq!(add(3, 100), (0, 50, 50), "half of it");
        assert_eq!(add(4, 100), (0, 100, 100), "another disk");
    }

    #[test]
    fn compressed_pieces_reach_into_each_other_and_bound_the_truth() {
        // Two pieces of 128 that take 4 each, one behind the other.
        let packed = Split {
            packed: 256,
            pieces: vec![piece(0, 128, false), piece(4, 132, false)],
            ..Split::default()
        };
        let mut blocks = Blocks::default();
        blocks.targets.insert(node(1), held(packed, &[]));
        let back = Reckoner::new(&blocks).add(node(1), 256);
        assert_eq!((back.frees, back.doubt.packed), (0, 132));
    }

    #[test]
    fn an_inode_is_looked_at_with_its_last_name() {
        let key = (9, 7);
        let mut blocks = Blocks::default();
        blocks.linked.insert(
            key,
            (3, Split { own: 60, shared: 40, pieces: vec![piece(0, 40, true)], ..Split::default() }),
        );
        blocks.targets.insert(node(1), held(Split { own: 1, ..Split::default() }, &[key, key]));
        blocks.targets.insert(node(2), held(Split::default(), &[key]));
        let mut reckoner = Reckoner::new(&blocks);
        assert_eq!(reckoner.add(node(1), 1), Back { frees: 1, ..Back::default() });
        let last = reckoner.add(node(2), 100);
        assert_eq!((last.frees, last.doubt.shared), (60, 40));
    }

    #[test]
    fn what_was_not_asked_is_unknown_and_the_image_gives_nothing() {
        let mut blocks = Blocks::default();
        blocks
            .targets
            .insert(node(1), held(Split { own: 10, image: 50, unknown: 5, ..Split::default() }, &[]));
        let back = Reckoner::new(&blocks).add(node(1), 100);
        assert_eq!((back.frees, back.image, back.doubt.unknown), (10, 50, 40));
        let less = Reckoner::new(&blocks).add(node(1), 55);
        assert_eq!(
            (less.frees, less.image, less.doubt.unknown),
            (5, 50, 0),
            "never more than the names give"
        );
    }

    proptest! {
        #[test]
        fn places_are_counted_once(pieces in prop::collection::vec((0_u64..60, 0_u64..20), 0..30)) {
            let mut places = Places::default();
            let mut truth = std::collections::BTreeSet::new();
            for (from, length) in pieces {
                let before = truth.len();
                truth.extend(from..from + length);
                prop_assert_eq!(places.insert(from, from + length), (truth.len() - before) as u64);
            }
        }
    }
}
