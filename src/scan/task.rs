//! What a walk has in hand: directories still to be read, and those that are open.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::agenda::LaneId;
use super::node::Node;
use super::walk::Walk;
use crate::model::packed::{Access, FileFacts};
use crate::sys::list::Lister;

/// An open directory and what was learned on opening it.
pub struct Opened<L: Lister> {
    /// The descriptor.
    pub dir: Arc<Held<L>>,
    /// Who it is.
    pub node: Node,
    /// What `stat` said of it.
    pub facts: FileFacts,
    /// What the person may do with what is in it.
    pub access: Access,
    /// Whose turn it took.
    pub lane: LaneId,
}

/// An open directory that counts itself.
pub struct Held<L: Lister> {
    /// The descriptor.
    pub dir: L::Dir,
    walk: Arc<Walk<L>>,
}

impl<L: Lister> Held<L> {
    /// A directory that was counted as open.
    pub fn new(dir: L::Dir, walk: Arc<Walk<L>>) -> Self {
        Self { dir, walk }
    }
}

impl<L: Lister> Drop for Held<L> {
    fn drop(&mut self) {
        self.walk.open_dirs.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A directory still to be read.
pub struct Task<L: Lister> {
    /// The directory it lies in; none for the root of a walk.
    pub parent: Option<Arc<Node>>,
    /// The open parent; without it the directory is opened step by step from the root of the walk.
    pub within: Option<Arc<Held<L>>>,
    /// Its name.
    pub name: Box<[u8]>,
    /// Whose turn it takes.
    pub lane: LaneId,
}
