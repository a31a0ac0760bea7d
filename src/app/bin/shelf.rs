//! What the trash view lists: groups of items, items of parts, and what each of them is together.

use std::path::PathBuf;

use crate::removal::ledger::Trashed;

/// Things that went together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Group {
    /// A run of mldu.
    Run(String),
    /// A trash folder, for what other programs put there.
    Folder(PathBuf),
}

/// What several things are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many.
    pub things: usize,
    /// Bytes of those whose size is known.
    pub bytes: u64,
    /// Those whose size is not known.
    pub unknown: usize,
    /// When the last of them was trashed.
    pub when: Option<i64>,
    /// Which that is.
    pub last: Option<usize>,
    /// How many of them are marked.
    pub marked: usize,
}

/// An item: its parts, as numbers in the list of what lies in the trashes.
#[derive(Debug, Clone)]
pub struct Item {
    /// The parts.
    pub parts: Vec<usize>,
    /// What they are together.
    pub sum: Sum,
}

/// A group with its items.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// What they have in common.
    pub group: Group,
    /// The items, in order.
    pub items: Vec<Item>,
    /// What they are together.
    pub sum: Sum,
}

/// A visible row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The group.
    pub shelf: usize,
    /// The item in it; none if the row is the group's own.
    pub item: Option<usize>,
    /// The part of that; none if the row is the item's own.
    pub part: Option<usize>,
    /// Whether something is inside.
    pub opens: bool,
    /// Whether it is open.
    pub open: bool,
}

/// Whether mldu put it there; of what is gone, whether its record says so.
pub fn is_known_ours(t: &Trashed) -> bool {
    t.is_ours() || (t.ours.is_some() && t.identity.is_none())
}

/// What two are together.
pub(super) fn together(a: Sum, b: Sum) -> Sum {
    Sum {
        things: a.things + b.things,
        bytes: a.bytes + b.bytes,
        unknown: a.unknown + b.unknown,
        when: a.when.max(b.when),
        last: if a.last.is_none() || b.when > a.when { b.last } else { a.last },
        marked: a.marked + b.marked,
    }
}
