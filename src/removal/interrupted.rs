//! What a killed run left half done: found by the log, by the trashes and by its name, told, and on demand finished or
//! undone. Nothing here happens by itself but one thing: the record of something that never came to the trash is taken
//! away when mldu acts the next time.
//!
//! Finding only reads. Acting looks at everything anew first: who it is, what is mounted, who uses it, what must stay.

mod act;
mod find;
mod intact;
mod runs;

use std::path::PathBuf;

use crate::model::inventory::Inventory;
use crate::model::marks::Marks;
use crate::removal::deletion;
use crate::removal::draft::Draft;
use crate::removal::ledger::Trashed;
use crate::sys::beneath::Identity;
use crate::text;

pub use act::{Resumed, finish, undo};
pub use find::find;
pub use runs::{open_runs, tidy};

/// What is half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A thing that was being deleted: the rest of it lies aside.
    Deletion,
    /// The same in a trash that was being emptied.
    Emptying,
    /// A thing that was being deleted where it is, because it could not be moved aside.
    InPlace,
    /// An item of several parts, of which some lie in the trash and some do not.
    Parts,
}

impl Kind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Deletion => "half deleted",
            Self::Emptying => "half emptied",
            Self::InPlace => "half deleted in its place",
            Self::Parts => "half in the trash",
        }
    }

    /// One word, for JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Deletion => "deletion",
            Self::Emptying => "emptying",
            Self::InPlace => "in-place",
            Self::Parts => "parts",
        }
    }
}

/// One thing that is half done.
#[derive(Debug, Clone)]
pub struct Interrupted {
    /// What it is.
    pub kind: Kind,
    /// Where the thing was, if that is known.
    pub original: Option<PathBuf>,
    /// Where the rest of it lies; of parts, the first that is in the trash.
    pub at: PathBuf,
    /// When the run began, seconds since 1970.
    pub began: Option<i64>,
    /// The run.
    pub run: Option<String>,
    /// Its item.
    pub item: Option<String>,
    /// Bytes of blocks that are left of it.
    pub bytes: u64,
    /// Inodes that are left of it.
    pub files: u64,
    /// Of parts: those that are at their place.
    pub in_place: Vec<PathBuf>,
    /// Whether it can be finished, or why not.
    pub finish: Result<(), String>,
    /// Whether it can be undone, or why not.
    pub undo: Result<(), String>,
    /// Who the rest was when it was found.
    identity: Option<Identity>,
    /// Of an emptying: the record in the trash, and the name of the thing there.
    record: Option<Trashed>,
    /// Of parts: those that lie in the trash.
    trashed: Vec<Trashed>,
}

impl Interrupted {
    /// The name a person knows it by.
    pub fn path(&self) -> &PathBuf {
        self.original.as_ref().unwrap_or(&self.at)
    }
}

/// The folders of a scan whose names say that they were being deleted. What lies in one of them is told with it.
pub fn seen(inventory: &Inventory) -> Vec<PathBuf> {
    let tree = &inventory.tree;
    let named = |id| deletion::is_aside(text::os_str(tree.dir_name(id)));
    let asides = tree.all().map(|(id, _)| id).filter(|id| named(*id));
    asides.filter(|id| !tree.ancestors(*id).skip(1).any(named)).map(|id| tree.path(id.into())).collect()
}

/// Marks what is still at its place of an item of which the rest is in the trash, as a person would in the files view.
///
/// # Errors
/// Why not all of it can be marked, as a sentence.
pub fn mark_rest(inventory: &Inventory, it: &Interrupted) -> Result<Marks, String> {
    let mut marks = Marks::default();
    for path in &it.in_place {
        let folder = path.parent().map(text::path).unwrap_or_default();
        let node = inventory.tree.find(path);
        let node = node.ok_or_else(|| format!("its other parts were not scanned; start mldu on {folder}"))?;
        let is_marked = Draft::new(inventory, &marks).targets().any(|t| t.path == *path);
        if !is_marked && marks.toggle_place(inventory, node) == 0 {
            let why = inventory.why_kept(node).unwrap_or_else(|| "it cannot be marked".into());
            return Err(format!("{}: {why}", text::path(path)));
        }
    }
    Ok(marks)
}

/// One line about all of it, if there is anything.
pub fn summary(all: &[Interrupted]) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let day = all.iter().filter_map(|i| i.began).max().and_then(text::rfc3339);
    let when = day.and_then(|d| d.get(..10).map(|d| format!(" {d}"))).unwrap_or_default();
    Some(format!("interrupted{when}: {} half done", text::counted(all.len() as u64, "thing", "things")))
}
