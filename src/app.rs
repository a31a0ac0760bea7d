//! The state of the interface and what events make of it. No terminal, no threads, no disk: an event goes in, perhaps
//! an [`Effect`] comes out, and the loop outside carries it out.

mod act;
mod act_bin;
mod act_files;
mod act_free;
pub mod action;
pub mod bin;
pub mod browse;
mod dialogs;
pub mod event;
pub mod files;
mod interrupted;
pub mod keymap;
pub mod mode;
mod refresh;
mod reread;
mod save;
pub mod status;
mod update;
pub mod why;

use std::path::PathBuf;

use crate::model::inventory::Inventory;
use crate::model::marks::Marks;
use crate::text::Units;

pub use browse::Browse;
pub use event::{Effect, Event};
pub use mode::Mode;
pub use status::Status;

/// What does not change while the program runs.
#[derive(Debug, Clone)]
pub struct Context {
    /// The home, written as `~`.
    pub home: PathBuf,
    /// Name of the machine, safe to show.
    pub host: String,
    /// Whether the person is root.
    pub is_root: bool,
    /// Units of sizes.
    pub units: Units,
    /// Whether nothing may be removed.
    pub read_only: bool,
    /// Whether this is the demo.
    pub demo: bool,
    /// Folders that were looked for and where, for the screen that found nothing.
    pub looked_for: Vec<String>,
}

/// The interface.
#[derive(Debug)]
pub struct App {
    /// What is known of the box.
    pub inventory: Inventory,
    /// What is chosen for removal.
    pub marks: Marks,
    /// Where the person is.
    pub browse: Browse,
    /// What is on the screen.
    pub mode: Mode,
    /// What is said and counted.
    pub status: Status,
    /// What never changes.
    pub context: Context,
}

impl App {
    /// Why nothing may be removed at all, if so.
    pub fn refusal(&self) -> Option<&'static str> {
        match &self.inventory.imported {
            Some(_) => Some("this is an import: nothing here can be removed or read again"),
            None => self.context.read_only.then_some("mldu was started read-only: nothing is removed"),
        }
    }

    /// An interface to nothing yet.
    pub fn new(inventory: Inventory, context: Context) -> Self {
        Self {
            inventory,
            marks: Marks::default(),
            browse: Browse::default(),
            mode: Mode::Browse,
            status: Status::default(),
            context,
        }
    }
}
