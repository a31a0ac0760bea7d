//! Removing things: marks become a [`draft`], a fresh look at the disk gives [`facts`], both make a [`plan`], and only
//! a plan can be [executed](execute). What was shown is the very value that runs.
//!
//! Outside of this module nothing deletes or renames a user's file.

pub mod age;
pub mod back;
pub mod blocks;
pub mod choose;
pub mod deletion;
pub mod directory_sizes;
pub mod draft;
pub mod empty;
pub mod execute;
pub mod facts;
pub mod held_open;
pub mod in_use;
pub mod index;
pub mod interrupted;
pub mod journal;
pub mod ledger;
pub mod locked;
pub mod measure;
pub mod plan;
#[cfg(feature = "portable")]
pub mod portable;
pub mod protect;
pub mod recipe;
pub mod record;
pub mod restore;
pub mod saved;
pub mod shortfall;
pub mod survey;
pub mod together;
pub mod trash;
pub mod weigh;
pub mod words;
