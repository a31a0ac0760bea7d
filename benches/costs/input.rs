//! A tree on the disk that is gone when it is dropped, and what a scan of it gives.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::unbounded;
use mldu::env::Env;
use mldu::model::inventory::{Inventory, ScanEvent};
use mldu::model::links::LinkTable;
use mldu::model::tree::{DirState, ListedDir};
use mldu::scan::{Session, Settings};

use crate::trees::{self, NOW, Shape};

/// A tree, which is somebody's home.
pub struct Input {
    _folder: tempfile::TempDir,
    /// The home.
    pub home: PathBuf,
    /// How many entries it has.
    pub entries: u64,
}

impl Input {
    /// Makes it.
    pub fn make(shape: Shape, scale: f64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().canonicalize().expect("a path");
        let entries = trees::make(shape, &home, scale, 1).expect("a tree");
        Self { _folder: folder, home, entries }
    }

    /// The world of its home.
    pub fn env(&self) -> Env {
        Env::fixed(&self.home)
    }

    /// How to scan it as what is asked for.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(Arc::new(self.env()), NOW);
        settings.roots = vec![self.home.clone()];
        settings
    }

    /// What a scan finds.
    pub fn scan(&self) -> Inventory {
        // Without a folder asked for, the whole of this world is read, and nothing waits for the rest of it.
        Session::new(Settings::new(Arc::new(self.env()), NOW)).expect("threads").run()
    }

    /// The folders a scan sends, in its order, and the linked inodes among them.
    pub fn folders(&self) -> (Vec<ListedDir>, Arc<LinkTable>) {
        let session = Session::new(self.settings()).expect("threads");
        let (sink, events) = unbounded();
        session.start(sink).join();
        let folders = events.into_iter().filter_map(|event| match event {
            ScanEvent::Dirs(folders) => Some(folders),
            _ => None,
        });
        (folders.flatten().collect(), Arc::clone(session.tree().links()))
    }

    /// The folders at and below a path, each once, those above first; and the linked inodes among them.
    pub fn folders_below(&self, path: &str) -> (Vec<ListedDir>, Arc<LinkTable>) {
        let (all, links) = self.folders();
        let mut tree = mldu::model::tree::Tree::new(Arc::clone(&links));
        all.iter().cloned().for_each(|folder| tree.merge(folder));
        let root = tree.find(&self.home.join(path)).expect("scanned").dir;
        let below = all.into_iter().filter(|f| f.state == DirState::Listed && tree.is_within(f.id, root));
        (below.collect(), links)
    }
}
