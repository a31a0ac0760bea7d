//! The parallel walk: one task a directory, on a pool of its own. It sends finished directories, parents first, and
//! adds nothing up.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use rayon::ThreadPool;
use rustc_hash::{FxHashMap, FxHashSet};

use super::agenda::{Agenda, LaneId, Rank};
use super::ask::{CHUNK, Names, Part, ask, facts};
use super::borders::Borders;
use super::exclude::Exclude;
use super::node::{Counters, Finished, Known, Message, Node};
use super::pace::Pace;
use super::shape::{claim_by_shape, is_sealed};
use super::task::{Held, Opened, Task};
use super::wide::Wide;
use crate::families::Claim;
use crate::model::links::LinkTable;
use crate::model::node::DirId;
use crate::model::packed::{Access, BlockWriter, FileFacts};
use crate::model::problem::Problem;
use crate::model::tree::{DirState, ListedDir};
use crate::sys::list::{FsKind, Lister, Stat};
use crate::text;

/// One walk.
pub struct Walk<L: Lister> {
    /// The back end.
    pub lister: L,
    /// The user who looks.
    pub uid: u32,
    /// Numbers for directories.
    pub ids: Arc<AtomicU32>,
    /// Inodes with several links.
    pub links: Arc<LinkTable>,
    /// Which reading this is: facts of linked inodes from earlier ones are asked again.
    pub pass: u8,
    /// Directories known before, by device and inode.
    pub known: FxHashMap<(u64, u64), Known>,
    /// Those of them that somebody reads.
    pub begun: Mutex<FxHashSet<DirId>>,
    /// Stores known by place, by device and inode.
    pub places: FxHashMap<(u64, u64), Claim>,
    /// Where not to go.
    pub borders: Borders,
    /// Whether to stay on the file system of the root.
    pub one_fs: bool,
    /// What a person wants left out.
    pub exclude: Arc<Exclude>,
    /// Whether directories known as done are told to their parent as kept, because that is read again.
    pub keeping: bool,
    /// Where the result goes; full means wait.
    pub out: Sender<Message>,
    /// Set to stop.
    pub cancel: Arc<AtomicBool>,
    /// What to count.
    pub counters: Arc<Counters>,
    /// In which order folders are read, if that matters.
    pub agenda: Option<Agenda<Task<L>>>,
    /// Where tasks run.
    pub pool: Arc<ThreadPool>,
    /// How fast.
    pub pace: Arc<Pace>,
    /// How many directories may be held open for their children.
    pub max_open: usize,
    /// How many are.
    pub open_dirs: AtomicUsize,
}

impl<L: Lister> Walk<L> {
    /// Starts reading below `path`. The walk is over when all senders of its messages are gone.
    pub fn start(self: Arc<Self>, path: &Path) {
        let name = path.as_os_str().as_encoded_bytes().into();
        let lane = self.lane(None);
        self.spawn(Task { parent: None, within: None, name, lane });
    }

    /// A lane for what begins here.
    fn lane(&self, rank: Rank) -> LaneId {
        self.agenda.as_ref().map(|agenda| agenda.lane(rank)).unwrap_or_default()
    }

    fn spawn(self: Arc<Self>, task: Task<L>) {
        let pool = Arc::clone(&self.pool);
        if let Some(agenda) = &self.agenda {
            agenda.push(task.lane, task);
            pool.spawn(move || {
                if let Some(next) = self.agenda.as_ref().and_then(Agenda::next) {
                    self.run(next);
                }
            });
        } else {
            pool.spawn(move || self.run(task));
        }
    }

    /// What this thread does now that it has to do something: that, or what comes first.
    fn turn(&self, task: Task<L>) -> Option<Task<L>> {
        let Some(agenda) = &self.agenda else { return Some(task) };
        agenda.push(task.lane, task);
        agenda.next()
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Sends a message.
    pub fn send(&self, message: Message) {
        // The collector is gone only when the scan was dropped.
        let _ = self.out.send(message);
    }

    /// Reads a directory, and then one of its children in the same thread, until there is none.
    fn run(self: Arc<Self>, mut task: Task<L>) {
        loop {
            self.pace.keep(self.pool.current_thread_index(), &self.cancel);
            if self.cancelled() {
                self.send(Message::Nothing(task.parent));
                return;
            }
            let Some(opened) = self.open(task) else { return };
            let Some((opened, part)) = self.list(opened) else { return };
            match self.finish(opened, part) {
                Some(next) => task = next,
                None => return,
            }
        }
    }

    /// Opens a directory and finds out whether it is to be read.
    fn open(self: &Arc<Self>, task: Task<L>) -> Option<Opened<L>> {
        let opened = match (&task.parent, &task.within) {
            (None, _) => self.lister.open_root(Path::new(text::os_str(&task.name))),
            (Some(_), Some(held)) => self.lister.open(&held.dir, &task.name),
            (Some(parent), None) => self.reopen(parent).and_then(|dir| self.lister.open(&dir, &task.name)),
        };
        let opened = opened.and_then(|dir| Ok((self.lister.stat_dir(&dir)?, dir)));
        let (stat, dir) = match opened {
            Ok(found) => found,
            Err(error) => {
                self.failed(task, &error);
                return None;
            }
        };
        let mut skipped = false;
        let plain = if let Some(parent) = task.parent.as_ref().filter(|p| p.st_dev == stat.dev) {
            parent.plain
        } else {
            let kind = self.lister.fs_kind(&dir);
            skipped = task.parent.is_some() && (kind == FsKind::Kernel || self.one_fs);
            kind == FsKind::Plain
        };
        let id = match self.known.get(&(stat.dev, stat.ino)) {
            Some(Known::Done(_)) => {
                self.send(Message::Nothing(task.parent));
                return None;
            }
            // Another root of this scan, or the way to one: what is found there stays, and nothing is read twice.
            Some(Known::As(id)) if skipped || !self.begin(*id) => {
                self.send(Message::Nothing(task.parent));
                return None;
            }
            Some(Known::As(id)) => *id,
            None => self.next_id(),
        };
        let lane = task.lane;
        let node = self.node(task, id, &stat, plain);
        let facts = facts(&stat);
        if skipped {
            let dir = Self::listed(&node, &facts, DirState::Skipped, &BlockWriter::default());
            self.send(Finished::closed(dir, node));
            return None;
        }
        self.open_dirs.fetch_add(1, Ordering::Relaxed);
        let access = self.access(&stat, &dir);
        let dir = Arc::new(Held::new(dir, Arc::clone(self)));
        Some(Opened { dir, node, facts, access, lane })
    }

    /// What the person may do with the entries of a directory. The system is asked only where the permissions do not
    /// say yes by themselves; root may everything.
    fn access(&self, stat: &Stat, dir: &L::Dir) -> Access {
        if self.uid == 0 {
            return Access::Open;
        }
        let said = if stat.uid == self.uid { stat.mode >> 6 } else { stat.mode };
        if said & 0o3 != 0o3 && !self.lister.may_write(dir) {
            return Access::Closed;
        }
        if stat.mode & 0o1000 != 0 { Access::Sticky } else { Access::Open }
    }

    /// Opens a directory again, from the root of the walk down.
    pub(super) fn reopen(&self, node: &Arc<Node>) -> std::io::Result<L::Dir> {
        let mut line = vec![node];
        while let Some(above) = line[line.len() - 1].parent.as_ref() {
            line.push(above);
        }
        let mut steps = line.into_iter().rev();
        let root = steps.next().map_or(&b""[..], |n| &n.name);
        let mut dir = self.lister.open_root(Path::new(text::os_str(root)))?;
        for step in steps {
            dir = self.lister.open(&dir, &step.name)?;
        }
        Ok(dir)
    }

    /// Whether nobody else reads this directory: a mount can lead to one on two ways.
    fn begin(&self, id: DirId) -> bool {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    pub(super) fn next_id(&self) -> DirId {
        DirId(self.ids.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn node(&self, task: Task<L>, id: DirId, stat: &Stat, plain: bool) -> Node {
        let claimed = self.places.get(&(stat.dev, stat.ino)).map(Claim::about);
        let above = task.parent.as_ref().and_then(|p| p.store);
        let dev = task.parent.as_ref().filter(|p| p.st_dev == stat.dev).map(|p| p.dev);
        Node {
            id,
            parent: task.parent,
            name: task.name,
            dev: dev.unwrap_or_else(|| self.links.device(stat.dev)),
            st_dev: stat.dev,
            ino: stat.ino,
            plain,
            store: claimed.or(above),
        }
    }

    /// Lists a directory and asks for its files. A wide one is shared with other threads; then the last of
    /// them goes on with it, and this returns nothing.
    fn list(self: &Arc<Self>, opened: Opened<L>) -> Option<(Opened<L>, Part)> {
        let mut names = Names::begin();
        let mut wide: Option<Arc<Wide<L>>> = None;
        let mut opened = Some(opened);
        let mut count = 0;
        let held = Arc::clone(&opened.as_ref()?.dir);
        let result = self.lister.list(&held.dir, &mut |entry| {
            names.push(entry);
            if names.bytes.len() >= CHUNK && !self.cancelled() {
                let shared = wide.get_or_insert_with(|| {
                    let opened = opened.take().expect("a directory becomes wide once");
                    Wide::new(opened)
                });
                shared.expect_part();
                let (walk, shared, chunk) =
                    (Arc::clone(self), Arc::clone(shared), std::mem::take(&mut names));
                let pool = Arc::clone(&self.pool);
                pool.spawn(move || walk.share(shared, count, &chunk));
                count += 1;
            }
        });
        drop(held);
        let torn = result.is_err();
        if let Err(error) = result {
            let node = wide.as_ref().map_or_else(|| opened.as_ref(), |w| Some(&w.opened));
            if let Some(opened) = node {
                self.send(Message::Problem(Problem::new(opened.node.path(), "list", error)));
            }
        }
        match wide {
            None => {
                let opened = opened?;
                let mut part = ask(self, &opened, &names);
                names.end();
                part.torn |= torn;
                Some((opened, part))
            }
            Some(wide) => {
                let mut part = ask(self, &wide.opened, &names);
                part.torn |= torn;
                wide.hand_in(count, part)
            }
        }
    }

    /// Asks for a part of a wide directory, and goes on with it if this was the last part.
    fn share(self: Arc<Self>, wide: Arc<Wide<L>>, at: usize, names: &Names) {
        self.pace.keep(self.pool.current_thread_index(), &self.cancel);
        let part = if self.cancelled() { Part::default() } else { ask(&self, &wide.opened, names) };
        let next = wide.hand_in(at, part).and_then(|(opened, part)| self.finish(opened, part));
        if let Some(task) = next {
            self.run(task);
        }
    }

    /// Sends a listed directory on its way and puts its folders to be read; returns the one to go on with.
    fn finish(self: &Arc<Self>, opened: Opened<L>, mut part: Part) -> Option<Task<L>> {
        let Opened { dir, mut node, facts, access, lane } = opened;
        part.writer.set_access(access);
        let known = self.places.get(&(node.st_dev, node.ino)).copied();
        let claim = match known {
            None if !is_sealed(&node) => claim_by_shape(self, &dir, &node, &part),
            known => known,
        };
        let guessed = known.is_none();
        node.store = claim.as_ref().map(Claim::about).or(node.store);
        self.counters.directories.fetch_add(1, Ordering::Relaxed);
        self.counters.entries.fetch_add(part.entries + 1, Ordering::Relaxed);
        let state = match (part.torn, part.partial) {
            (true, _) => DirState::Failed,
            (false, true) => DirState::Partial,
            (false, false) => DirState::Listed,
        };
        let mut listed = Self::listed(&node, &facts, state, &part.writer);
        let mut folders = std::mem::take(&mut part.folders);
        let excluded = std::mem::take(&mut part.excluded);
        part.end();
        let stops = self.borders.inside(node.st_dev, node.ino);
        if !stops.is_empty() {
            folders.retain(|f| !stops.iter().any(|s| **s == **f));
        }
        if self.keeping {
            folders.retain(|f| match self.kept(&dir, f) {
                Some(id) => {
                    listed.kept.push(id);
                    false
                }
                None => true,
            });
        }
        let node = Arc::new(node);
        // Parents first: what is below is put on its way only after this is sent. The last folder takes the
        // node over, so that nodes are given up by the collector alone.
        if folders.is_empty() && excluded.is_empty() {
            self.send(Message::Dir(Box::new(Finished { dir: listed, node, claim, guessed })));
            return None;
        }
        self.send(Message::Dir(Box::new(Finished { dir: listed, node: Arc::clone(&node), claim, guessed })));
        for folder in excluded {
            self.leave_out(&dir, &node, folder);
        }
        let Some(last) = folders.pop() else {
            self.send(Message::Nothing(Some(node)));
            return None;
        };
        // Each store has a lane of its own.
        let lane = claim.as_ref().map_or(lane, |claim| self.lane(Some(claim.about().category)));
        let keep_open = self.open_dirs.load(Ordering::Relaxed) < self.max_open;
        for folder in folders {
            let within = keep_open.then(|| Arc::clone(&dir));
            Arc::clone(self).spawn(Task { parent: Some(Arc::clone(&node)), within, name: folder, lane });
        }
        self.turn(Task { parent: Some(node), within: Some(dir), name: last, lane })
    }

    /// The number of a folder that was read before and is not read again now.
    fn kept(&self, dir: &Held<L>, folder: &[u8]) -> Option<DirId> {
        let stat = self.lister.stat(&dir.dir, folder).ok()?;
        match self.known.get(&(stat.dev, stat.ino)) {
            Some(Known::Done(id)) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn listed(node: &Node, facts: &FileFacts, state: DirState, writer: &BlockWriter) -> ListedDir {
        let name: &[u8] = match &node.parent {
            Some(_) => &node.name,
            None => node.name.rsplit(|b| *b == b'/').next().unwrap_or(&node.name),
        };
        ListedDir {
            id: node.id,
            parent: node.parent.as_ref().map(|p| p.id),
            dev: node.dev,
            ino: node.ino,
            uid: facts.uid,
            mtime: facts.mtime,
            state,
            block: writer.finish(name, facts),
            kept: Vec::new(),
        }
    }
}
