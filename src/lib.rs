//! mldu: see what fills the disk of a machine-learning box, and let go of it without regret.
//!
//! The map, from the top down; imports go down only (`tests/layering.rs`):
//!
//! * [`scan`] reads the disk in the background, [`families`] say what lies in it
//! * [`model`] holds the nouns: tree, stores, items, sums; values only
//! * [`env`] is the world around the program, [`sys`] the system calls, [`text`] everything that is shown

pub mod env;
pub mod families;
pub mod model;
pub mod removal;
pub mod scan;
pub mod sys;
pub mod text;

/// Runs the program.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
