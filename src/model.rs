//! The nouns of mldu: what was found, how big it is, what would come back. Values only.
//!
//! Nothing below this line reads a disk, a clock, an environment variable or a terminal.

pub mod again;
pub mod block;
pub mod category;
pub mod folder;
pub mod headline;
pub mod held_open;
pub mod inventory;
pub mod item;
pub mod links;
pub mod marks;
pub mod measure;
pub mod mount;
pub mod node;
pub mod packed;
pub mod people;
pub mod problem;
pub mod propose;
pub mod recent;
pub mod rows;
pub mod select;
pub mod sight;
pub mod tree;
pub mod usage;
pub mod verdict;
