//! The only place with raw system calls and with differences between systems. Safe functions, plain errors.
//!
//! Nothing here decides anything: what may be read, skipped or removed is said by the callers.

pub mod alive;
pub mod beneath;
pub mod descend;
pub mod extents;
pub mod input;
pub mod layers;
pub mod limits;
pub mod lines;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod list;
pub mod locks;
pub mod machine;
pub mod memory;
pub mod mounts;
pub mod portable;
pub mod probe;
pub mod proc;
pub mod read;
pub mod replace;
pub mod reserve;
pub mod signals;
pub mod tty;
pub mod user;

/// The fastest way this system can be read.
#[cfg(target_os = "linux")]
pub use linux::Native;
/// The fastest way this system can be read.
#[cfg(not(target_os = "linux"))]
pub use portable::Portable as Native;
