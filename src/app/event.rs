//! What comes in from outside, and what goes out to be done.

use std::path::PathBuf;

use super::keymap::Key;
use crate::diagnose;
use crate::model::again::Again;
use crate::model::held_open::HeldOpen;
use crate::model::inventory::ScanEvent;
use crate::model::mount::Mount;
use crate::removal::empty::{Emptied, Empty};
use crate::removal::execute::{Progress, Report};
use crate::removal::facts::{Facts, Question};
use crate::removal::in_use::InUse;
use crate::removal::interrupted::{Interrupted, Resumed};
use crate::removal::ledger::Trashed;
use crate::removal::plan::Plan;
use crate::removal::restore::{Allow, Restored};
use crate::removal::saved::Contents;

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A key. One of many that came at once is no person's finger.
    Key {
        /// Which.
        key: Key,
        /// Whether it came in a burst.
        burst: bool,
    },
    /// Text was pasted. It is never acted on.
    Paste,
    /// The scan reports.
    Scan(ScanEvent),
    /// Which processes use what.
    InUse(InUse),
    /// Which processes hold deleted files.
    Held(Box<HeldOpen>),
    /// What was looked at before a plan.
    Facts(Box<Facts>),
    /// How far a removal is.
    Progress(Progress),
    /// A removal is over.
    Removed(Box<Report>),
    /// What lies in the trashes.
    Trash(Vec<Trashed>),
    /// Trashes mldu used that are not there now.
    Absent(Vec<PathBuf>),
    /// What these things in a trash take; none where that cannot be found out.
    Weighed(Vec<(PathBuf, Option<u64>)>),
    /// An undo is over.
    Restored(Vec<Restored>),
    /// What killed runs left half done.
    Interrupted(Vec<Interrupted>),
    /// What came of finishing it or putting it back.
    Resumed(Vec<Resumed>),
    /// The log of what was done could not be written, and why.
    Unlogged(String),
    /// What was seen where Jupyter writes.
    Diagnosed(Box<diagnose::facts::Facts>),
    /// An emptying is over.
    Emptied(Vec<Emptied>),
    /// A removal, undo or emptying failed as a whole: a bug, told as such.
    Failed(String),
    /// What became of a plan that was to be saved.
    Saved(Saved),
    /// Time went on: seconds since 1970.
    Tick(i64),
}

/// What became of a plan that was to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is in this file.
    Yes(PathBuf),
    /// It is in none.
    No {
        /// Why.
        why: String,
        /// Where there is room, if that is what it needed.
        instead: Option<PathBuf>,
    },
}

/// Something is to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Go to the background.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Stop the scan.
    StopScan,
    /// See which processes use anything in these folders.
    LookInUse(Vec<PathBuf>),
    /// See which processes hold deleted files on these mounts.
    LookHeld(Vec<Mount>),
    /// Look at what is about to go.
    Look(Box<Question>),
    /// Carry a plan out.
    Remove(Box<Plan>),
    /// Write a plan to a file.
    SavePlan {
        /// What of it is on the screen.
        contents: Box<Contents>,
        /// The file, as it was typed.
        file: PathBuf,
    },
    /// Stop the removal after the current entry.
    StopRemoval,
    /// Bring a run back.
    Undo(String),
    /// See where Jupyter writes, and whether that can be written.
    Diagnose,
    /// Find what killed runs left half done; these paths look like it.
    FindInterrupted(Vec<PathBuf>),
    /// Delete what is left of it.
    Finish(Box<Interrupted>),
    /// Put it back.
    PutBack(Box<Interrupted>),
    /// Bring these files in trashes back, each with its item.
    Bring {
        /// Where they lie.
        files: Vec<PathBuf>,
        /// What the person said to do where the way is not free.
        allow: Allow,
    },
    /// Find out what these things in a trash take.
    Weigh(Vec<PathBuf>),
    /// Read what lies in the trashes.
    ReadTrash,
    /// Empty.
    Empty(Box<Empty>),
    /// Read these folders again.
    Rescan(Vec<Again>),
    /// Put text on the clipboard of the terminal.
    Copy(String),
}
