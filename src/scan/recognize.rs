//! Runs a family on a finished store, with hands that reach no further than the store.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use rustc_hash::FxHashSet;

use crate::env::Env;
use crate::families::subtree::SubTree;
use crate::families::{Beside, Claim, Range, Reader, StoreView};
use crate::model::inventory::ScanEvent;
use crate::model::item::NewStore;
use crate::model::links::LinkTable;
use crate::model::node::DirId;
use crate::model::problem::Problem;
use crate::sys;
use crate::sys::locks::Locks;
use crate::sys::mounts::MountInfo;

/// A store whose directories are all there.
pub struct Job {
    /// Its directories.
    pub tree: SubTree,
    /// Its folder.
    pub root: DirId,
    /// Where that is.
    pub path: PathBuf,
    /// Whose.
    pub claim: Claim,
    /// Whether only its shape says so.
    pub guessed: bool,
    /// The phase of the scan in which it was met.
    pub phase: usize,
}

/// Threads that recognize stores: on a cold disk most of what they do is to wait for it.
pub const READERS: usize = 2;

/// Jobs as they come, for several threads, and of those that wait the smallest of the earliest phase: a person sees the
/// small caches while the environments are still being understood, and the environments before what lies anywhere else.
pub struct Queue<'a> {
    todo: &'a Receiver<Job>,
    waiting: Mutex<Waiting>,
}

/// Those that came and were not taken, by phase, size, and when they came.
#[derive(Default)]
struct Waiting {
    jobs: BTreeMap<(usize, usize, usize), Job>,
    met: usize,
}

impl<'a> Queue<'a> {
    /// A queue of what comes from here.
    pub fn new(todo: &'a Receiver<Job>) -> Self {
        Self { todo, waiting: Mutex::default() }
    }

    /// The next one; none when no more will come.
    fn next(&self) -> Option<Job> {
        let mut came = None;
        loop {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for job in came.take().into_iter().chain(self.todo.try_iter()) {
                waiting.met += 1;
                let key = (job.phase, job.tree.len(), waiting.met);
                waiting.jobs.insert(key, job);
            }
            if let Some((_, job)) = waiting.jobs.pop_first() {
                return Some(job);
            }
            drop(waiting);
            came = Some(self.todo.recv().ok()?);
        }
    }

    /// Recognizes one after the other and tells what was found, until no more will come.
    pub fn recognize_all(
        &self,
        env: &Env,
        links: &Arc<LinkTable>,
        now: i64,
        open: &OpenPaths,
        sink: &Sender<ScanEvent>,
        cancel: &AtomicBool,
    ) {
        while let Some(job) = self.next() {
            if cancel.load(Ordering::Relaxed) {
                continue;
            }
            let store = recognize(&job, env, links, now, &Hands::new(&job.path, open));
            if !job.came_to_nothing(&store) {
                let _ = sink.send(ScanEvent::Store(Box::new(store)));
            }
        }
    }
}

impl Job {
    /// Whether a folder in which people keep their own things came to nothing: its names looked like a store, but what
    /// is in its files does not.
    pub fn came_to_nothing(&self, store: &NewStore) -> bool {
        let found = &store.found;
        self.guessed
            && self.claim.about().unclaimed.is_some()
            && found.items.is_empty()
            && found.problems.is_empty()
    }
}

/// Runs the family. A panic in it becomes a problem: one broken cache never costs the others.
pub fn recognize(job: &Job, env: &Env, links: &Arc<LinkTable>, now: i64, reader: &dyn Reader) -> NewStore {
    let family = job.claim.family;
    let about = family.about();
    let view =
        StoreView::new(&job.tree, Arc::clone(links), job.root, &job.path, job.claim.role, reader, env, now);
    let run = std::panic::AssertUnwindSafe(|| {
        let mut found = family.items(&view);
        found.problems.extend(view.take_problems());
        found
    });
    let found = std::panic::catch_unwind(run).unwrap_or_else(|_| {
        let mut found = crate::model::item::Found::default();
        let error = format!("{} could not make sense of it (a bug in mldu)", about.name);
        found.problems.push(Problem::new(&job.path, "understand", error));
        found
    });
    NewStore {
        root: job.root,
        family: about.id,
        role: job.claim.role,
        category: about.category,
        hint: about.hint,
        unclaimed: about.unclaimed.unwrap_or(about.category),
        together: about.together,
        ordered: about.ordered,
        found,
    }
}

/// What processes have open, and what they hold locks on; each looked up once, when a family first asks.
pub struct OpenPaths {
    /// In order: those below a folder are one piece.
    paths: OnceLock<Vec<PathBuf>>,
    look: fn() -> Vec<PathBuf>,
    locks: OnceLock<Locks>,
    alone: OnceLock<bool>,
    mounts: Arc<Vec<MountInfo>>,
}

impl OpenPaths {
    /// Nothing is looked up before somebody asks.
    pub fn new(look: fn() -> Vec<PathBuf>, mounts: Arc<Vec<MountInfo>>) -> Self {
        Self { paths: OnceLock::new(), look, locks: OnceLock::new(), alone: OnceLock::new(), mounts }
    }

    /// Whether nobody but this process can be writing in a folder. Of a container only its own file system is its alone:
    /// a volume may be somebody else's, too, whom nobody sees from here.
    fn is_alone_in(&self, folder: &Path) -> bool {
        let own = || sys::mounts::holding(&self.mounts, folder).is_some_and(|m| m.path == Path::new("/"));
        *self.alone.get_or_init(sys::proc::is_alone) && own()
    }

    fn locks(&self) -> &Locks {
        self.locks.get_or_init(|| Locks::read().of_strangers())
    }

    /// Those below a folder.
    fn below(&self, folder: &Path) -> &[PathBuf] {
        let all = self.paths.get_or_init(|| {
            // Most processes have the same libraries open.
            let once: FxHashSet<PathBuf> = (self.look)().into_iter().collect();
            let mut all: Vec<PathBuf> = once.into_iter().collect();
            all.sort_unstable();
            all
        });
        let from = &all[all.partition_point(|path| **path < *folder)..];
        &from[..from.partition_point(|path| path.starts_with(folder))]
    }
}

/// Reads below one folder.
pub struct Hands<'a> {
    path: &'a Path,
    folder: OnceCell<OwnedFd>,
    /// The folder in which something was asked for last: links and locks come a folder at a time.
    last: RefCell<Option<(PathBuf, OwnedFd)>>,
    /// What processes have open below it.
    used: OnceCell<&'a [PathBuf]>,
    /// The locks that may be on something in it.
    locks: OnceCell<Locks>,
    open: &'a OpenPaths,
}

impl<'a> Hands<'a> {
    /// Nothing is opened before somebody reads.
    pub fn new(path: &'a Path, open: &'a OpenPaths) -> Self {
        let (folder, used, locks) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { path, folder, last: RefCell::default(), used, locks, open }
    }

    fn used(&self) -> &'a [PathBuf] {
        self.used.get_or_init(|| self.open.below(self.path))
    }

    fn locks(&self) -> &Locks {
        // Most of the time somebody on the machine holds a few, so the folder is asked where it lies.
        self.locks.get_or_init(|| {
            let all = self.open.locks();
            let dev =
                (!all.is_empty()).then(|| self.folder().and_then(sys::beneath::look_at)).and_then(Result::ok);
            dev.map(|it| all.near(it.dev)).unwrap_or_default()
        })
    }

    fn folder(&self) -> io::Result<&OwnedFd> {
        if let Some(fd) = self.folder.get() {
            return Ok(fd);
        }
        let fd = sys::read::open_folder(self.path)?;
        Ok(self.folder.get_or_init(|| fd))
    }

    /// Does something in a folder below.
    fn within<T>(&self, path: &Path, act: impl FnOnce(&OwnedFd) -> io::Result<T>) -> io::Result<T> {
        let mut last = self.last.borrow_mut();
        if last.as_ref().is_none_or(|(at, _)| at != path) {
            *last = Some((path.to_path_buf(), sys::read::open_folder_beneath(self.folder()?, path)?));
        }
        let (_, folder) = last.as_ref().expect("it was opened just now");
        act(folder)
    }
}

impl Reader for Hands<'_> {
    fn read(&self, path: &Path, range: Range, cap: usize) -> io::Result<Vec<u8>> {
        let range = match range {
            Range::Head => sys::read::Range::Head,
            Range::Tail => sys::read::Range::Tail,
            Range::At(offset) => sys::read::Range::At(offset),
        };
        sys::read::read_beneath(self.folder()?, path, range, cap)
    }

    fn read_link(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        self.within(parent, |folder| sys::read::read_link_in(folder, name))
    }

    fn may_be_used(&self) -> bool {
        !self.used().is_empty() || !self.locks().is_empty()
    }

    fn is_open(&self, path: &Path) -> bool {
        !self.used().is_empty() && self.used().binary_search(&self.path.join(path)).is_ok()
    }

    fn is_alone(&self) -> bool {
        self.open.is_alone_in(self.path)
    }

    fn beside(&self, name: &OsStr, cap: usize) -> io::Result<Option<Beside>> {
        let above = self.path.parent().ok_or(io::ErrorKind::Unsupported)?;
        let found = sys::read::facts_and_tail(sys::read::open_folder(above)?, Path::new(name), cap);
        match found {
            Ok((size, mtime, tail)) => Ok(Some(Beside { size, mtime, tail })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_held(&self, path: &Path) -> bool {
        // Who can be looked into has what it holds open.
        if self.is_open(path) {
            return true;
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
        if self.locks().is_empty() {
            return false;
        }
        let found = self.within(parent, |folder| sys::beneath::look(folder, name));
        found.is_ok_and(|it| self.locks().on(it.dev, it.ino).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_told_for_the_store_it_lies_in_alone() {
        let look =
            || ["/c/hub-x/y", "/c/hub", "/lib/z", "/c/hub/a/b", "/c/hub.x/y"].map(PathBuf::from).to_vec();
        let open = OpenPaths::new(look, Arc::default());
        // Locks of strangers are those of this machine, whatever they are.
        let used = |store: &'static str| Hands::new(Path::new(store), &open).used().len();
        assert_eq!([used("/c/hub"), used("/c/hub/a"), used("/c/hu"), used("/d"), used("/")], [2, 1, 0, 0, 5]);
        let hands = Hands::new(Path::new("/c/hub"), &open);
        assert!(hands.may_be_used() && hands.is_open(Path::new("a/b")));
        assert!(!hands.is_open(Path::new("a")) && !hands.is_open(Path::new("x/y")));
    }
}
