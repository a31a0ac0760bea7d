//! What the demo does not show, for the tests that are held over every family: one file for each corner of the
//! field, each a function that fills a home. Sizes are small; only what is in it matters.

mod declared;
mod envs;
mod own;
mod runs;
mod stores;
mod trackers;

use std::io;

use mldu::demo::Maker;

/// Fills a home, as seen through a maker below it.
pub type Fill = fn(&mut Maker) -> io::Result<()>;

/// All of them.
pub const BOXES: &[(&str, Fill)] = &[
    ("declared", declared::fill),
    ("envs", envs::fill),
    ("own", own::fill),
    ("runs", runs::fill),
    ("stores", stores::fill),
    ("trackers", trackers::fill),
];

/// Fills a home with all of them.
///
/// # Errors
/// What the system says.
pub fn fill(m: &mut Maker) -> io::Result<()> {
    for (name, fill) in BOXES {
        fill(m).map_err(|e| io::Error::new(e.kind(), format!("{name}: {e}")))?;
    }
    m.days(20).age_folders()
}
