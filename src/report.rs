//! What was found, without a terminal: a table for people, JSON for programs.

pub mod json;
pub mod table;
