//! Removing things: marks become a [`draft`], a fresh look at the disk gives [`facts`], both make a [`plan`], and only
//! a plan can be [executed](execute). What was shown is the very value that runs.
//!
//! Outside of this module nothing deletes or renames a user's file.

pub mod deletion;
pub mod draft;
pub mod empty;
pub mod execute;
pub mod facts;
pub mod in_use;
pub mod ledger;
pub mod plan;
#[cfg(feature = "portable")]
pub mod portable;
pub mod protect;
pub mod record;
pub mod restore;
pub mod survey;
pub mod together;
pub mod trash;
