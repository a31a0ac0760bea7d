//! Puts the walk's messages together: passes directories on, notices when a store is complete, and hands it over to
//! be recognized.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use rustc_hash::FxHashMap;

use super::node::{Finished, Message, Node};
use super::recognize::Job;
use crate::families::Claim;
use crate::families::subtree::SubTree;
use crate::model::block::Packer;
use crate::model::inventory::ScanEvent;
use crate::model::node::DirId;
use crate::model::tree::{DirState, ListedDir};

/// Directories are passed on in batches of at most this many, or after [`PATIENCE`].
const BATCH: usize = 256;
const PATIENCE: Duration = Duration::from_millis(40);

/// What is kept of a walk until its stores are complete.
pub struct Collector<'a> {
    /// Where results go.
    pub sink: &'a Sender<ScanEvent>,
    /// Where complete stores go.
    pub jobs: &'a Sender<Job>,
    /// Set when the scan is to stop.
    pub cancel: &'a AtomicBool,
    /// Directories of stores that are not complete yet.
    pub subtree: SubTree,
    /// Stores that are not complete yet, and whether only their shape says so.
    pub claims: FxHashMap<DirId, (Claim, bool)>,
    /// The phase of the scan.
    pub phase: usize,
    /// Directories that were not passed on yet, and whether they lie in a store.
    batch: Vec<(ListedDir, bool)>,
    packer: Packer,
}

impl<'a> Collector<'a> {
    /// A collector of nothing yet.
    pub fn new(sink: &'a Sender<ScanEvent>, jobs: &'a Sender<Job>, cancel: &'a AtomicBool) -> Self {
        Self {
            sink,
            jobs,
            cancel,
            subtree: SubTree::default(),
            claims: FxHashMap::default(),
            phase: 0,
            batch: Vec::new(),
            packer: Packer::default(),
        }
    }

    /// Takes everything a walk sends, until it is over. `tick` is called now and then.
    pub fn collect(&mut self, messages: &Receiver<Message>, mut tick: impl FnMut()) {
        let mut flushed = Instant::now();
        loop {
            match messages.recv_timeout(PATIENCE) {
                Ok(Message::Dir(finished)) => self.take(*finished),
                Ok(Message::Nothing(node)) => self.give_up(node),
                Ok(Message::Problem(problem)) => self.send(ScanEvent::Problem(problem)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.batch.len() >= BATCH || (flushed.elapsed() >= PATIENCE && !self.batch.is_empty()) {
                self.flush();
                flushed = Instant::now();
            }
            tick();
        }
        self.flush();
    }

    fn take(&mut self, finished: Finished) {
        let Finished { dir, node, claim, guessed } = finished;
        if let Some(claim) = claim.filter(|_| dir.state == DirState::Listed) {
            self.claims.insert(dir.id, (claim, guessed));
        }
        self.batch.push((dir, node.store.is_some()));
        self.give_up(Some(node));
    }

    /// Gives a node up. If it was the last of its directory, that is complete, and so may be those above.
    fn give_up(&mut self, mut node: Option<Arc<Node>>) {
        while let Some(last) = node {
            let path = self.claims.contains_key(&last.id).then(|| last.path());
            let Some(mut inner) = Arc::into_inner(last) else { return };
            if let Some(path) = path {
                self.complete(inner.id, path, inner.parent.as_ref().is_some_and(|p| p.store.is_some()));
            }
            node = inner.parent.take();
        }
    }

    fn complete(&mut self, root: DirId, path: std::path::PathBuf, within_store: bool) {
        let Some((claim, guessed)) = self.claims.remove(&root) else { return };
        if self.cancel.load(Ordering::Relaxed) {
            return;
        }
        self.flush();
        let tree = self.subtree.take(root, within_store);
        let _ = self.jobs.send(Job { tree, root, path, claim, guessed, phase: self.phase });
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.packer.pack(self.batch.iter_mut().map(|(dir, _)| &mut dir.block));
            let batch = std::mem::take(&mut self.batch).into_iter();
            let dirs = batch.map(|(dir, in_store)| {
                if in_store {
                    self.subtree.insert(&dir);
                }
                dir
            });
            let dirs = dirs.collect();
            self.send(ScanEvent::Dirs(dirs));
        }
    }

    fn send(&self, event: ScanEvent) {
        // Nobody listens any more: the scan was dropped, and the walk will notice.
        if self.sink.send(event).is_err() {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}
