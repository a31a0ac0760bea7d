//! What was found, without a terminal: a table for people, JSON for programs, the tree for ncdu and gdu.

pub mod families;
pub mod json;
pub mod ncdu;
pub mod table;
