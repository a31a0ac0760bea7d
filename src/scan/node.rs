//! A directory on its way through the walk, and what the walk says about it.
//!
//! A directory is complete below when the last [`Node`] under it is given up; the collector sees that, because nodes
//! are only given up there.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::families::{About, Claim};
use crate::model::links::DevId;
use crate::model::node::DirId;
use crate::model::problem::Problem;
use crate::model::tree::ListedDir;
use crate::text;

/// A directory that is being read or waits for what is below it.
pub struct Node {
    /// Its number in the tree.
    pub id: DirId,
    /// The directory it lies in; none for the root of a walk.
    pub parent: Option<Arc<Node>>,
    /// Its name; the whole path for the root of a walk.
    pub name: Box<[u8]>,
    /// Device, short and long, and inode.
    pub dev: DevId,
    /// `st_dev`.
    pub st_dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Whether listings carry true inode numbers here.
    pub plain: bool,
    /// Whose the innermost store is that it is, or lies in.
    pub store: Option<&'static About>,
}

impl Node {
    /// The absolute path.
    pub fn path(&self) -> std::path::PathBuf {
        let mut names = vec![&self.name];
        let mut at = &self.parent;
        while let Some(node) = at {
            names.push(&node.name);
            at = &node.parent;
        }
        names.iter().rev().map(|n| text::os_str(n)).collect()
    }
}

/// Deep trees make long chains of nodes; they are given up one after the other, not by recursion.
impl Drop for Node {
    fn drop(&mut self) {
        let mut above = self.parent.take();
        while let Some(node) = above {
            above = Arc::into_inner(node).and_then(|mut n| n.parent.take());
        }
    }
}

/// What the walk sends.
pub enum Message {
    /// A finished directory.
    Dir(Box<Finished>),
    /// A directory that came to nothing (gone, or read before); its parent is given up here.
    Nothing(Option<Arc<Node>>),
    /// Something that could not be read.
    Problem(Problem),
}

/// A finished directory.
pub struct Finished {
    /// For the tree.
    pub dir: ListedDir,
    /// To know when everything below it is finished.
    pub node: Arc<Node>,
    /// Whose store it is.
    pub claim: Option<Claim>,
    /// Whether only its shape says so.
    pub guessed: bool,
}

impl Finished {
    /// A directory that is not gone into.
    pub fn closed(dir: ListedDir, node: Node) -> Message {
        Message::Dir(Box::new(Self { dir, node: Arc::new(node), claim: None, guessed: false }))
    }
}

/// What is known of a directory before the walk meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It has a number already; read it under that.
    As(DirId),
    /// It was read already; leave it.
    Done(DirId),
}

/// Counters shared with the one who shows them.
#[derive(Debug, Default)]
pub struct Counters {
    /// Entries seen.
    pub entries: AtomicU64,
    /// Directories listed.
    pub directories: AtomicU64,
}
