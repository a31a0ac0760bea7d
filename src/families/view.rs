//! What a family sees of a finished store: folders and files, sorted by name, whatever order the disk has. It can read small parts of files in the store, and of one outside it only: the original beside a folder of copies.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::{File, Folder};
use super::subtree::SubTree;
use crate::env::Env;
use crate::model::links::LinkTable;
use crate::model::node::{DirId, NodeId};
use crate::model::packed;
use crate::model::problem::Problem;
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

    /// Whether there may be anything at all below the store that a process has open or holds a lock on. Asked before
    /// paths are put together: of most stores nothing is.
    fn may_be_used(&self) -> bool;

    /// Whether some process was seen to have the file at a path below the store open. `false` is no proof.
    fn is_open(&self, path: &Path) -> bool;

    /// The file of this name in the folder that holds the store's, with its last `cap` bytes; nothing if none is there.
    ///
    /// # Errors
    /// What the system says, or that nothing can be known of it.
    fn beside(&self, _name: &OsStr, _cap: usize) -> io::Result<Option<Beside>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether nobody but this program can be writing in the store: no other process there is does anything.
    fn is_alone(&self) -> bool {
        false
    }

    /// Whether some process holds a lock on the file at a path below the store, whoever runs it. `false` is no proof:
    /// network file systems do not tell.
    fn is_held(&self, _path: &Path) -> bool {
        false
    }
}

/// What is known of a file beside a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Length in bytes.
    pub size: u64,
    /// Last change, seconds since 1970.
    pub mtime: i64,
    /// Its end.
    pub tail: Vec<u8>,
}

/// A finished store.
pub struct StoreView<'a> {
    pub(super) tree: &'a SubTree,
    pub(super) links: Arc<LinkTable>,
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
        Folder::new(self, self.root)
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

    /// Whether something changed so lately that it may still be being written, and somebody is there who could.
    pub fn is_fresh(&self, mtime: u32) -> bool {
        self.now - i64::from(mtime) < FRESH && !self.is_alone()
    }

    /// Whether nobody but this program can be writing in the store.
    pub fn is_alone(&self) -> bool {
        self.reader.is_alone()
    }

    /// Whether something may still be being written: it changed lately, a process has it open, or holds its lock.
    pub fn is_live(&self, file: &File<'_>) -> bool {
        self.is_fresh(file.mtime) || (self.reader.may_be_used() && self.is_used(&self.below(file.node)))
    }

    /// Whether something in a folder may still be being written: it or something below changed lately, or a process
    /// has one of its files open, or holds a lock on one or on the folder.
    pub fn is_live_below(&self, folder: &Folder<'_>) -> bool {
        let is_any_used = |f: &Folder<'_>| f.records().any(|r| self.is_used(&self.below(r.node)));
        self.is_fresh(folder.touched())
            || (self.reader.may_be_used()
                && (self.is_locked(&self.below(folder.node())) || folder.walk().iter().any(is_any_used)))
    }

    fn is_used(&self, below: &Path) -> bool {
        self.reader.is_open(below) || self.is_locked(below)
    }

    /// Whether a process holds a lock on a path below the store, or on the lock file beside it: `name.lock`, or the
    /// name with `.lock` in place of what stands behind its last dot.
    fn is_locked(&self, below: &Path) -> bool {
        let mut beside = below.as_os_str().to_os_string();
        beside.push(".lock");
        self.is_held(below) || self.is_held(Path::new(&beside)) || self.is_held(&below.with_extension("lock"))
    }

    /// Whether a process holds a lock on exactly this path below the store.
    pub fn is_held(&self, below: &Path) -> bool {
        self.reader.may_be_used() && self.reader.is_held(below)
    }

    /// The path of a node below the store.
    pub fn below(&self, node: NodeId) -> PathBuf {
        let mut names: Vec<&[u8]> = Vec::new();
        let dir = self.tree.get(node.dir).filter(|_| !node.is_dir());
        let file = dir.map(|d| packed::record(&d.block, node.at, d.origin(), &self.links).0.name.bytes());
        let mut at = node.dir;
        while at != self.root {
            let Some(dir) = self.tree.get(at) else { break };
            names.push(packed::dir_name(&dir.block));
            let Some(parent) = dir.parent() else { break };
            at = parent;
        }
        let mut path: PathBuf = names.into_iter().rev().map(text::os_str).collect();
        if let Some(name) = file {
            path.push(text::os_str(&name));
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

    /// The file of this name in the folder that holds the store: what a copy in it is a copy of. `Err` if nothing can be
    /// known of it, which is no problem of the store.
    ///
    /// # Errors
    /// What the system says.
    pub fn beside(&self, name: &[u8], cap: usize) -> io::Result<Option<Beside>> {
        self.reader.beside(text::os_str(name), cap)
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
