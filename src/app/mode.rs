//! What is on the screen. Each variant carries what it shows; a new screen is a new variant.

use tui_input::Input;

use super::why::Why;
use crate::model::mount::Mount;
use crate::model::node::NodeId;
use crate::model::rows::RowKey;
use crate::model::usage::Usage;
use crate::removal::empty::Empty;
use crate::removal::execute::{Progress, Report};
use crate::removal::plan::{self, Plan};
use crate::removal::restore::Restored;

/// What is on the screen.
#[derive(Debug)]
pub enum Mode {
    /// The main view.
    Browse,
    /// Typing what to search for.
    Filter(Input),
    /// Typing how much is to come back.
    Free {
        /// On which mount.
        mount: Box<Mount>,
        /// What is typed so far.
        amount: Input,
    },
    /// All about one row.
    Details {
        /// The row.
        key: RowKey,
        /// The names of its inode that were seen, if it is a file with several.
        names: Vec<NodeId>,
        /// What each has of it, if it is an item of several owners.
        owners: Vec<(u32, Usage)>,
        /// Scrolled so far.
        scroll: usize,
    },
    /// Help, scrolled so far.
    Help(usize),
    /// Looking at what is about to go.
    Looking,
    /// The plan, before anything is done.
    Confirm(Box<Confirm>),
    /// A removal runs.
    Removing {
        /// The plan; none when the trash is emptied.
        plan: Option<Box<Plan>>,
        /// How far it is.
        progress: Progress,
        /// Whether it was asked to stop.
        stopping: bool,
    },
    /// What became of a removal.
    Done {
        /// It.
        report: Box<Report>,
        /// What it was meant to do.
        plan: Box<Plan>,
        /// Scrolled so far.
        scroll: usize,
    },
    /// Emptying the trash, before anything is done.
    ConfirmEmpty {
        /// What would go.
        empty: Box<Empty>,
        /// The word typed so far.
        word: Input,
        /// Scrolled so far.
        scroll: usize,
    },
    /// What a killed run left half done.
    Interrupted {
        /// The one the cursor is on.
        cursor: usize,
        /// What is asked about it.
        asked: AskedHalf,
    },
    /// It is being finished or put back.
    Resuming {
        /// How far that is.
        progress: Progress,
        /// Whether it was asked to stop.
        stopping: bool,
    },
    /// What did not come back from the trash, and what would bring it back.
    Undone {
        /// All that was tried.
        done: Vec<Restored>,
        /// Scrolled so far.
        scroll: usize,
    },
    /// All about something in a trash.
    Trashed {
        /// Where it was.
        title: String,
        /// What is known of it.
        facts: Vec<(&'static str, String)>,
        /// Scrolled so far.
        scroll: usize,
    },
    /// Why it cannot be saved.
    Why(Box<Why>),
    /// Leaving with marks.
    ConfirmQuit,
}

/// The plan on the screen.
#[derive(Debug)]
pub struct Confirm {
    /// The three ways to do it.
    pub plans: [Plan; 3],
    /// The one chosen.
    pub chosen: usize,
    /// The line the cursor is on.
    pub cursor: usize,
    /// What is asked now.
    pub asked: Asked,
}

/// What the plan waits for.
#[derive(Debug)]
pub enum Asked {
    /// For Enter, another way, or Esc.
    Nothing,
    /// For y; everything else is no.
    YesNo,
    /// For the word `delete`.
    Word(Input),
    /// For the name of the file the plan is saved in.
    File(Input),
}

/// What is asked about something half done.
#[derive(Debug)]
pub enum AskedHalf {
    /// Nothing yet.
    Nothing,
    /// For y, before it is put back.
    Undo,
    /// For the word `delete`, before the rest of it goes.
    Finish(Input),
}

/// The word that deletes for good.
pub const DELETE: &str = "delete";

/// The word that empties the trash.
pub const EMPTY: &str = "empty";

impl Confirm {
    /// A plan screen on which nothing was chosen by the person yet.
    pub fn new(plans: [Plan; 3], is_full: bool) -> Self {
        let chosen = plan::suggested(&plans, is_full);
        Self { plans, chosen, cursor: 0, asked: Asked::Nothing }
    }

    /// Chooses the way from which most can be undone of those that give so many bytes back at once; if none does, the
    /// one that gives most.
    pub fn choose_for(&mut self, wanted: u64) {
        let plans = &self.plans;
        // Of equal ones the first.
        let ways = || (0..plans.len()).rev();
        let enough = ways().filter(|i| plans[*i].frees >= wanted).max_by_key(|i| plans[*i].undoable);
        let most = ways().max_by_key(|i| plans[*i].frees).unwrap_or(self.chosen);
        if plans[most].frees > 0 {
            self.chosen = enough.unwrap_or(most);
        }
    }

    /// The chosen plan.
    pub fn plan(&self) -> &Plan {
        &self.plans[self.chosen]
    }
}
