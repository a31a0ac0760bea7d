//! What a family sees of a finished store: folders and files, sorted by name, whatever order the disk has. It can read small parts of files in the store, and nothing outside it.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::subtree::SubTree;

use crate::env::Env;
use crate::model::links::LinkTable;
use crate::model::node::{DirId, Kind, NodeId};
use crate::model::packed::{self, FileFacts, FileRecord};
use crate::model::problem::Problem;
use crate::model::tree::ListedDir;
use crate::model::usage::BLOCK;
use crate::text;

/// Where in a file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From the beginning.
    Head,
    /// Up to the end.
    Tail,
    /// From this offset.
    At(u64),
}

/// Reads inside one store, and says what is being used there.
pub trait Reader {
    /// At most `cap` bytes of the file at a path below the store.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &Path, range: Range, cap: usize) -> io::Result<Vec<u8>>;

    /// The target of the link at a path below the store.
    ///
    /// # Errors
    /// What the system says.
    fn read_link(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether some process was seen to have this absolute path open. `false` is no proof.
    fn is_open(&self, path: &Path) -> bool;
}

/// A finished store.
pub struct StoreView<'a> {
    tree: &'a SubTree,
    links: Arc<LinkTable>,
    root: DirId,
    path: &'a Path,
    role: &'static str,
    reader: &'a dyn Reader,
    env: &'a Env,
    now: i64,
    problems: RefCell<Vec<Problem>>,
}

/// Younger than this many seconds, a file may still be being written.
pub const FRESH: i64 = 600;

impl<'a> StoreView<'a> {
    /// The store at `root`, which lies at `path`.
    #[expect(clippy::too_many_arguments, reason = "one call, in the scan")]
    pub fn new(
        tree: &'a SubTree,
        links: Arc<LinkTable>,
        root: DirId,
        path: &'a Path,
        role: &'static str,
        reader: &'a dyn Reader,
        env: &'a Env,
        now: i64,
    ) -> Self {
        Self { tree, links, root, path, role, reader, env, now, problems: RefCell::default() }
    }

    /// Its folder.
    pub fn root(&self) -> Folder<'_> {
        Folder { view: self, id: self.root }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.path
    }

    /// What it is to its family.
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// The world around it.
    pub fn env(&self) -> &Env {
        self.env
    }

    /// The time of the scan, seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Whether something changed so lately that it may still be being written.
    pub fn is_fresh(&self, mtime: u32) -> bool {
        self.now - i64::from(mtime) < FRESH
    }

    /// Whether something may still be being written: it changed lately, or a process has it open.
    pub fn is_live(&self, file: &File<'_>) -> bool {
        self.is_fresh(file.mtime) || self.reader.is_open(&self.path.join(self.below(file.node)))
    }

    /// Whether something in a folder may still be being written: it or something below changed lately, or a process
    /// has one of its files open.
    pub fn is_live_below(&self, folder: &Folder<'_>) -> bool {
        self.is_fresh(folder.touched())
            || folder
                .walk()
                .iter()
                .any(|f| f.records().any(|r| self.reader.is_open(&self.path.join(self.below(r.node)))))
    }

    /// The path of a node below the store.
    pub fn below(&self, node: NodeId) -> PathBuf {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut record = None;
        if !node.is_dir()
            && let Some(dir) = self.tree.get(node.dir)
        {
            record = Some(packed::record(&dir.block, node.at, &facts(dir), &self.links).0.name);
        }
        let mut at = node.dir;
        while at != self.root {
            let Some(dir) = self.tree.get(at) else { break };
            names.push(packed::head(&dir.block).name);
            let Some(parent) = dir.parent else { break };
            at = parent;
        }
        let mut path: PathBuf = names.into_iter().rev().map(text::os_str).collect();
        if let Some(name) = record {
            path.push(text::os_str(name));
        }
        path
    }

    /// The absolute path of a node.
    pub fn path_of(&self, node: NodeId) -> PathBuf {
        self.path.join(self.below(node))
    }

    /// At most `cap` bytes of a file. What goes wrong becomes a problem, and `None`.
    pub fn read(&self, node: NodeId, range: Range, cap: usize) -> Option<Vec<u8>> {
        let below = self.below(node);
        match self.reader.read(&below, range, cap) {
            Ok(bytes) => Some(bytes),
            Err(e) => {
                self.problem(node, "read", e);
                None
            }
        }
    }

    /// A file of at most `cap` bytes as JSON. A file that is none becomes a problem, and `None`.
    /// Python's `NaN` and `Infinity` are read as null.
    pub fn json(&self, node: NodeId, cap: usize) -> Option<serde_json::Value> {
        let bytes = self.read(node, Range::Head, cap)?;
        match super::names::tolerant_json(&bytes) {
            Ok(value) => Some(value),
            Err(e) => {
                self.problem(node, "understand", e);
                None
            }
        }
    }

    /// The target of a link, as bytes.
    pub fn read_link(&self, node: NodeId) -> Option<Vec<u8>> {
        match self.reader.read_link(&self.below(node)) {
            Ok(target) => Some(target),
            Err(e) => {
                self.problem(node, "read link", e);
                None
            }
        }
    }

    /// Notes that something could not be read or understood.
    pub fn problem(&self, node: NodeId, operation: &'static str, error: impl std::fmt::Display) {
        self.problems.borrow_mut().push(Problem::new(self.path_of(node), operation, error));
    }

    /// The problems noted so far.
    pub fn take_problems(&self) -> Vec<Problem> {
        self.problems.take()
    }
}

fn facts(dir: &ListedDir) -> FileFacts {
    let itself = packed::head(&dir.block).itself;
    FileFacts {
        kind: Kind::Dir,
        size: itself.apparent,
        blocks: itself.on_disk / BLOCK,
        mtime: dir.mtime,
        uid: dir.uid,
    }
}

/// A folder of a store.
#[derive(Clone, Copy)]
pub struct Folder<'a> {
    view: &'a StoreView<'a>,
    id: DirId,
}

/// A file of a store.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Where it is.
    pub node: NodeId,
    /// Its name, as bytes.
    pub bytes: &'a [u8],
    /// Kind of file.
    pub kind: Kind,
    /// Length in bytes.
    pub size: u64,
    /// Bytes of blocks on disk.
    pub on_disk: u64,
    /// Last change, seconds since 1970.
    pub mtime: u32,
    /// How many names its inode has.
    pub nlink: u32,
}

impl<'a> File<'a> {
    /// Its name if it is text, else nothing.
    pub fn name(&self) -> &'a str {
        std::str::from_utf8(self.bytes).unwrap_or("")
    }

    /// Its name, safe to show.
    pub fn shown(&self) -> String {
        text::display(self.bytes)
    }

    /// Whether it is a file with content: no link, no pipe.
    pub fn is_regular(&self) -> bool {
        self.kind == Kind::File
    }
}

impl<'a> Folder<'a> {
    /// Its number.
    pub fn id(&self) -> DirId {
        self.id
    }

    /// Its node.
    pub fn node(&self) -> NodeId {
        self.id.into()
    }

    fn listed(&self) -> Option<&'a ListedDir> {
        self.view.tree.get(self.id)
    }

    /// Its name as bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.listed().map_or(&[], |d| packed::head(&d.block).name)
    }

    /// Its name if it is text, else nothing.
    pub fn name(&self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or("")
    }

    /// Its name, safe to show.
    pub fn shown(&self) -> String {
        text::display(self.bytes())
    }

    /// Its last change, seconds since 1970.
    pub fn mtime(&self) -> u32 {
        self.listed().map_or(0, |d| d.mtime)
    }

    /// Whether it could be listed.
    pub fn is_listed(&self) -> bool {
        self.listed().is_some_and(|d| d.state == crate::model::tree::DirState::Listed)
    }

    /// Whether all at and below it was read and is of this store. Only then is what is not seen there not there.
    pub fn is_whole(&self) -> bool {
        let mine = |f: &Folder<'_>| !self.view.tree.is_inner(f.id);
        self.walk().iter().all(|f| f.is_listed() && f.every_folder().iter().all(mine))
    }

    /// The folders in it that are not stores of their own, by name.
    pub fn folders(&self) -> Vec<Folder<'a>> {
        let mut all: Vec<Folder<'a>> =
            self.every_folder().into_iter().filter(|f| !self.view.tree.is_inner(f.id)).collect();
        all.sort_by(|a, b| a.bytes().cmp(b.bytes()));
        all
    }

    /// The folders in it that are stores of their own, by name. What lies in them is not this store's to judge.
    pub fn stores(&self) -> Vec<Folder<'a>> {
        let mut all: Vec<Folder<'a>> =
            self.every_folder().into_iter().filter(|f| self.view.tree.is_inner(f.id)).collect();
        all.sort_by(|a, b| a.bytes().cmp(b.bytes()));
        all
    }

    fn every_folder(&self) -> Vec<Folder<'a>> {
        self.view.tree.children(self.id).iter().map(|id| Folder { view: self.view, id: *id }).collect()
    }

    /// The folder of this name, unless it is a store of its own.
    pub fn folder(&self, name: &str) -> Option<Folder<'a>> {
        self.every_folder()
            .into_iter()
            .find(|f| f.bytes() == name.as_bytes() && !self.view.tree.is_inner(f.id))
    }

    /// The folder at a path below.
    pub fn folder_at(&self, path: &str) -> Option<Folder<'a>> {
        path.split('/').try_fold(*self, |at, name| at.folder(name))
    }

    /// Whether it holds a folder of this name, be it a store of its own or not.
    pub fn has_folder(&self, name: &str) -> bool {
        self.every_folder().iter().any(|f| f.bytes() == name.as_bytes())
    }

    /// Its files, by name.
    pub fn files(&self) -> Vec<File<'a>> {
        let mut all: Vec<File<'a>> = self.records().collect();
        all.sort_by(|a, b| a.bytes.cmp(b.bytes));
        all
    }

    fn records(&self) -> impl Iterator<Item = File<'a>> {
        let view = self.view;
        let id = self.id;
        let listed = self.listed();
        let records = listed.map(|d| packed::records(&d.block, facts(d), &view.links));
        records.into_iter().flatten().map(move |r| file(view, id, &r))
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<File<'a>> {
        self.records().find(|f| f.bytes == name.as_bytes())
    }

    /// Whether it holds a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.file(name).is_some()
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.every_folder().is_empty() && self.records().next().is_none()
    }

    /// This folder and all below it that belong to this store, parents first.
    pub fn walk(&self) -> Vec<Folder<'a>> {
        let mut all = Vec::new();
        let mut todo = vec![*self];
        while let Some(folder) = todo.pop() {
            todo.extend(folder.folders().into_iter().rev());
            all.push(folder);
        }
        all
    }

    /// The newest change of any file at or below it, seconds since 1970; its own if it has none.
    pub fn newest(&self) -> u32 {
        let files =
            self.walk().iter().filter_map(Folder::listed).map(|d| packed::head(&d.block).newest).max();
        files.filter(|n| *n > 0).unwrap_or_else(|| self.mtime())
    }

    /// The newest change at or below it, folders included. What is being unpacked has files as old as the archive
    /// says, but its folders are new.
    pub fn touched(&self) -> u32 {
        let all = self.walk();
        let folders = all.iter().map(Folder::mtime).max().unwrap_or(0);
        let files = all.iter().filter_map(Folder::listed).map(|d| packed::head(&d.block).newest).max();
        folders.max(files.unwrap_or(0))
    }
}

fn file<'a>(view: &'a StoreView<'a>, dir: DirId, r: &FileRecord<'a>) -> File<'a> {
    File {
        node: NodeId { dir, at: r.at },
        bytes: r.name,
        kind: r.facts.kind,
        size: r.facts.size,
        on_disk: r.on_disk(),
        mtime: r.facts.mtime,
        nlink: r.link.map_or(1, |slot| view.links.get(slot).nlink),
    }
}
