//! Reading the disk in the background: known places first, then what was asked for, then the rest of the mounts.
//!
//! It sends what it finds and keeps nothing. Dropping the [`Scanner`] stops it.

mod agenda;
mod ask;
pub mod borders;
mod exclude;
mod ground;
pub mod import;
mod node;
mod pace;
mod recognize;
mod roots;
mod scanner;
mod session;
mod settings;
mod shape;
mod stores;
mod task;
mod unread;
mod walk;
mod wide;

pub use exclude::Exclude;
pub use import::Import;
pub use scanner::Scanner;
pub use session::Session;
pub use settings::{Backend, Settings};
