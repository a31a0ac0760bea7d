//! What is in the tree though nothing of it was read: folders that could not be opened, and those left out.

use std::sync::Arc;

use super::agenda::LaneId;
use super::ask::facts;
use super::node::{Finished, Known, Message, Node};
use super::task::{Held, Task};
use super::walk::Walk;
use crate::model::node::Kind;
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::problem::Problem;
use crate::model::tree::DirState;
use crate::sys::list::{Lister, Stat};

impl<L: Lister> Walk<L> {
    /// A directory that could not be opened: it is counted, and there is a problem that says why. One that
    /// vanished is neither.
    pub(super) fn failed(self: &Arc<Self>, task: Task<L>, error: &std::io::Error) {
        let gone = matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory);
        let stat = match (&task.parent, &task.within) {
            (Some(_), Some(held)) => self.lister.stat(&held.dir, &task.name).ok(),
            (Some(parent), None) => {
                self.reopen(parent).and_then(|dir| self.lister.stat(&dir, &task.name)).ok()
            }
            (None, _) => None,
        };
        if gone && task.parent.is_some() {
            self.send(Message::Nothing(task.parent));
            return;
        }
        let stat = stat.unwrap_or(Stat {
            dev: 0,
            ino: 0,
            kind: Kind::Dir,
            nlink: 1,
            mode: 0,
            uid: 0,
            size: 0,
            blocks: 0,
            mtime: 0,
        });
        let id = match self.known.get(&(stat.dev, stat.ino)) {
            Some(Known::As(id) | Known::Done(id)) => *id,
            None => self.next_id(),
        };
        let is_root = task.parent.is_none();
        let node = self.node(task, id, &stat, false);
        self.send(Message::Problem(Problem::new(node.path(), "open", error)));
        if is_root {
            self.send(Message::Nothing(Some(Arc::new(node))));
            return;
        }
        let dir = Self::listed(&node, &facts(&stat), DirState::Failed, &BlockWriter::default());
        self.send(Finished::closed(dir, node));
    }

    /// A folder that a person wants left out is there, but nothing of it is known.
    pub(super) fn leave_out(&self, dir: &Held<L>, parent: &Arc<Node>, name: Box<[u8]>) {
        let Ok(stat) = self.lister.stat(&dir.dir, &name) else { return };
        if self.known.contains_key(&(stat.dev, stat.ino)) {
            return;
        }
        let task = Task { parent: Some(Arc::clone(parent)), within: None, name, lane: LaneId::default() };
        let node = self.node(task, self.next_id(), &stat, false);
        let nothing = FileFacts { size: 0, blocks: 0, ..facts(&stat) };
        let dir = Self::listed(&node, &nothing, DirState::Excluded, &BlockWriter::default());
        self.send(Finished::closed(dir, node));
    }
}
