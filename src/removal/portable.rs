//! The trash of systems that have one of their own (macOS, Windows), through the `trash` crate. On Linux it is built
//! and tested behind the feature `portable`, so that it cannot rot, and never used: the crate copies where it cannot
//! rename, and it does not say where a thing went.

use std::io;
use std::path::Path;

/// Moves a thing to the system's trash. The caller has made sure that it lies on the same mount as that.
///
/// # Errors
/// What the system says.
pub fn put(path: &Path) -> io::Result<()> {
    trash::delete(path).map_err(io::Error::other)
}
