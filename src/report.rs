//! What was found, without a terminal: a table for people, JSON for programs, the tree for ncdu and gdu.

pub mod families;
pub mod json;
pub mod ncdu;
pub mod places;
pub mod plan;
pub mod prometheus;
pub mod table;
pub mod why;

/// What a report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tell {
    /// Groups, with their stores and items.
    #[default]
    Groups,
    /// Who holds how much of which group.
    Users,
    /// Only what is left over.
    Leftovers,
}
