//! Where the bytes of a file lie on the disk, and whether they are its own: the kernel's FIEMAP.
//!
//! Nothing is written first (no `FIEMAP_FLAG_SYNC`): what was not put on the disk yet has no place there, and is said to
//! have none.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;

/// Whose a piece of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// This file's alone, as it is.
    Own,
    /// Another file or a snapshot has it too; the kernel does not say which.
    Shared,
    /// Compressed: it takes less than its length.
    Packed,
    /// Not on the disk yet.
    Pending,
    /// Among the file system's own records, where its room is not given back by itself.
    Inline,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins on the disk, in bytes.
    pub start: u64,
    /// How long it is in the file, in bytes; on the disk a packed one is shorter.
    pub length: u64,
    /// Whose it is.
    pub kept: Kept,
}

/// Tells the pieces of a file, holes left out, until there are no more or `tell` has enough.
///
/// # Errors
/// What the system says: among others that this file system cannot say.
#[cfg(target_os = "linux")]
pub fn each(file: &File, tell: &mut dyn FnMut(Extent) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
    for extent in fiemap::Fiemap::new(file) {
        let e = extent?;
        let flow = tell(Extent { start: e.fe_physical, length: e.fe_length, kept: kept(e.fe_flags) });
        // Without a length the next question would be this one again.
        if flow.is_break() || e.fe_length == 0 {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(target_os = "linux")]
fn kept(flags: fiemap::FiemapExtentFlags) -> Kept {
    use fiemap::FiemapExtentFlags as F;
    if flags.intersects(F::DATA_INLINE | F::DATA_TAIL) {
        Kept::Inline
    } else if flags.intersects(F::UNKNOWN | F::DELALLOC) {
        Kept::Pending
    } else if flags.contains(F::SHARED) {
        Kept::Shared
    } else if flags.contains(F::ENCODED) {
        Kept::Packed
    } else {
        Kept::Own
    }
}

/// Other systems do not say.
#[cfg(not(target_os = "linux"))]
pub fn each(_: &File, _: &mut dyn FnMut(Extent) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use fiemap::FiemapExtentFlags as F;

    #[test]
    fn what_is_shared_is_shared_first_and_what_has_no_place_has_none() {
        assert_eq!(kept(F::LAST | F::UNWRITTEN | F::MERGED), Kept::Own);
        assert_eq!(kept(F::SHARED | F::ENCODED), Kept::Shared);
        assert_eq!(kept(F::ENCODED | F::LAST), Kept::Packed);
        assert_eq!(kept(F::UNKNOWN | F::DELALLOC | F::SHARED), Kept::Pending);
        assert_eq!(kept(F::DATA_INLINE | F::NOT_ALIGNED | F::ENCODED), Kept::Inline);
        assert_eq!(kept(F::from_bits_retain(0x1_0000)), Kept::Own, "a flag of tomorrow");
    }
}
