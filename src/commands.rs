//! What mldu does without its interface, one file a subcommand.

pub mod apply;
pub mod carry;
pub mod clean;
pub mod export;
pub mod families;
pub mod free;
pub mod interrupted;
pub mod log;
pub mod places;
pub mod plan;
pub mod report;
mod select;
pub mod trash;
pub mod undo;
pub mod why;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::env::Env;
use crate::model::inventory::Inventory;
use crate::model::problem::Problem;
use crate::removal::draft::Draft;
use crate::removal::{facts, held_open};
use crate::scan::import;
use crate::settings::Settings;
use crate::sys::mounts;
use crate::text;

/// How a command ended; `interface.md` 2.2 calls them so, README lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done,
    /// It could not be done.
    Error,
    /// It was asked for wrongly.
    Usage,
    /// A limit that was asked for is crossed.
    Limit,
    /// Some of it was done.
    Partly,
    /// It was interrupted by this signal.
    Signal(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Usage => 2,
            Exit::Limit => 3,
            Exit::Partly => 4,
            Exit::Signal(n) => 128 + n,
        })
    }
}

/// Why nothing can be done at all: the home lies on a file system that does not answer. What is there is read before
/// anything else, and whoever reads it waits for ever.
pub fn dead_home(env: &Env) -> Option<String> {
    let home = env.home().to_path_buf();
    let asked = home.clone();
    let limit = match mounts::holding(&mounts::read(), &home) {
        Some(mount) if mount.is_remote() => mounts::PATIENCE,
        // A disk that sleeps takes its time. A link may lead to a server, too.
        _ => mounts::PATIENCE * 5,
    };
    if mounts::within(limit, move || asked.metadata().is_ok()).is_some() {
        return None;
    }
    Some(format!(
        "your home {} does not answer: nothing can be saved there, and mldu cannot read it either. Wait for its server, or ask \
         whoever runs it; with HOME set to another folder, mldu shows the rest",
        text::path(&home)
    ))
}

/// Why a scan came to nothing: a folder that was asked for cannot be read, or an export is none. What cannot be read
/// inside a scan is no such reason.
fn lost(inventory: &Inventory, settings: &Settings) -> Option<String> {
    let lost = |p: &&Problem| match p.operation {
        "scan" | import::OPERATION => true,
        "open" => settings.scan.roots.contains(&p.path),
        _ => false,
    };
    let p = inventory.problems.kept.iter().find(lost)?;
    Some(format!("{}: {}", text::path(&p.path), text::plain(&p.error)))
}

/// Looks which processes use what is known, and which hold deleted files.
fn look_in_use(inventory: &mut Inventory, env: &Env) {
    let roots = facts::watched(inventory, &Draft::default());
    let seen = facts::look_in_use(&roots, env);
    inventory.set_in_use(&seen.seen);
    inventory.held_open = held_open::look(&inventory.mounts, env);
}

/// Prints. A reader that went away (`mldu report | head`) is no error; a full disk behind it is.
pub fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(e) => complain(&format!("the report could not be written: {e}")),
    }
}

/// Says what is wrong, and goes on.
pub fn warn(problem: &Problem) {
    complain(&format!("{}: {}", text::path(&problem.path), text::plain(&problem.error)));
}

/// Says that the log of what was done could not be written, if so. What was done is done.
pub fn tell_unlogged(why: Option<String>) {
    if let Some(why) = why {
        let _ = complain(&format!("the log could not be written: {}", text::plain(&why)));
    }
}

/// What a command has to say, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How it ended.
    pub exit: Exit,
    /// What it found or did.
    pub out: String,
    /// What went wrong.
    pub why: String,
}

impl Said {
    fn done(exit: Exit, out: impl Into<String>) -> Self {
        Self { exit, out: out.into(), why: String::new() }
    }

    fn wrong(why: impl Into<String>) -> Self {
        Self { exit: Exit::Error, out: String::new(), why: why.into() }
    }

    /// That nothing is removed or moved here.
    fn read_only() -> Self {
        Self::wrong("mldu was started read-only: nothing is removed, and nothing comes back")
    }

    /// Says it.
    fn say(self) -> Exit {
        let printed = if self.out.is_empty() { Exit::Done } else { print(&self.out) };
        if !self.why.is_empty() {
            complain(&self.why);
        }
        if printed == Exit::Done { self.exit } else { printed }
    }
}

/// How a thing ended that was done in many steps.
fn partly(failed: usize, all: usize) -> Exit {
    match failed {
        0 => Exit::Done,
        n if n < all => Exit::Partly,
        _ => Exit::Error,
    }
}

/// Says what went wrong.
pub fn complain(text: &str) -> Exit {
    let _ = writeln!(io::stderr(), "mldu: {text}");
    Exit::Error
}
