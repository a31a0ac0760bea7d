//! One session: the first scan and every reading again after it share numbers and linked inodes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use rayon::ThreadPool;
use rustc_hash::FxHashMap;

use super::borders::Borders;
use super::node::{Counters, Known};
use super::recognize::{Job, OpenPaths, recognize};
use super::roots::{Itinerary, Phase};
use super::stores::Collector;
use super::walk::Walk;
use crate::env::Env;
use crate::families::{self, Claim};
use crate::model::inventory::{Inventory, Progress, ScanEvent};
use crate::model::links::LinkTable;
use crate::model::mount::Mount;
use crate::model::node::{DirId, Kind};
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::problem::Problem;
use crate::model::tree::{DirState, ListedDir, Tree};
use crate::sys;
use crate::sys::list::Lister;
use crate::sys::mounts::MountInfo;

/// How directories are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// By descriptors, where the system has the calls.
    #[default]
    Native,
    /// Through walkdir.
    Portable,
}

/// What to scan, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The world.
    pub env: Arc<Env>,
    /// What was asked for; empty means all that is known.
    pub roots: Vec<PathBuf>,
    /// Stay on the file systems of the roots.
    pub one_fs: bool,
    /// Walking threads; 0 means twice the cores, at least 4 and at most 16.
    pub threads: usize,
    /// How directories are read.
    pub backend: Backend,
    /// The time, seconds since 1970.
    pub now: i64,
    /// Mounts to show in place of the real ones, for pictures.
    pub shown_mounts: Option<Vec<Mount>>,
}

impl Settings {
    /// A scan of all that is known in this world.
    pub fn new(env: Arc<Env>, now: i64) -> Self {
        Self {
            env,
            roots: Vec::new(),
            one_fs: false,
            threads: 0,
            backend: Backend::Native,
            now,
            shown_mounts: None,
        }
    }
}

/// A folder to read again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Where it is.
    pub path: PathBuf,
    /// Its number, which it keeps.
    pub id: DirId,
    /// The store it is, if it is one.
    pub role: Option<(&'static str, &'static str)>,
    /// Folders directly in it that are not read again: device, inode, number.
    pub keep: Vec<(u64, u64, DirId)>,
}

/// What the readings of one session share.
#[derive(Clone)]
pub struct Session {
    settings: Settings,
    links: Arc<LinkTable>,
    ids: Arc<AtomicU32>,
    pass: Arc<AtomicU8>,
    pool: Arc<ThreadPool>,
    max_open: usize,
    mounts: Arc<Vec<MountInfo>>,
}

/// A scan that runs. Dropping it stops it.
pub struct Scanner {
    cancel: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scanner {
    /// Stops reading. What was found stays, and the scan says that it is over.
    pub fn stop(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Waits for the end.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Session {
    /// Prepares to scan.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new(settings: Settings) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = if settings.threads == 0 { (cores * 2).clamp(4, 16) } else { settings.threads };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("walk-{i}"))
            .stack_size(512 * 1024)
            .build()
            .map_err(std::io::Error::other)?;
        let files = sys::limits::raise_open_files();
        Ok(Self {
            settings,
            links: Arc::default(),
            ids: Arc::new(AtomicU32::new(0)),
            pass: Arc::default(),
            pool: Arc::new(pool),
            max_open: files.saturating_sub(64 + threads * 4).clamp(8, 1 << 16),
            mounts: Arc::new(sys::mounts::read()),
        })
    }

    /// A tree for what this session finds.
    pub fn tree(&self) -> Tree {
        Tree::new(Arc::clone(&self.links))
    }

    /// Starts the first scan.
    pub fn start(&self, sink: Sender<ScanEvent>) -> Scanner {
        let session = self.clone();
        launch(move |cancel| session.first(&sink, cancel))
    }

    /// Starts reading some folders again.
    pub fn again(&self, folders: Vec<Again>, sink: Sender<ScanEvent>) -> Scanner {
        let session = self.clone();
        launch(move |cancel| session.once_more(&folders, &sink, cancel))
    }

    /// Scans to the end and returns what was found.
    pub fn run(&self) -> Inventory {
        self.run_until(Arc::default())
    }

    /// Scans to the end, or until the flag is set, and returns what was found.
    pub fn run_until(&self, stop: Arc<AtomicBool>) -> Inventory {
        let (sink, events) = bounded(256);
        let scanner = self.start(sink);
        let mut inventory = Inventory::new(self.tree());
        for event in events {
            if stop.load(Ordering::Relaxed) {
                scanner.stop();
            }
            inventory.apply(event);
        }
        drop(stop);
        scanner.join();
        inventory.refresh();
        inventory
    }

    fn first(&self, sink: &Sender<ScanEvent>, cancel: &Arc<AtomicBool>) {
        let began = Instant::now();
        let env = &self.settings.env;
        let (borders, dead) = self.borders();
        let trip = Itinerary::plan(env, &self.settings.roots, self.settings.one_fs, &self.mounts, &borders);
        let mounts = self.mounts_of(&trip);
        let expected = expected(&mounts, &trip);
        let _ = sink.send(ScanEvent::Started {
            roots: trip.roots.clone(),
            mounts,
            whole: self.settings.roots.is_empty(),
        });
        for problem in dead.into_iter().chain(trip.problems) {
            let _ = sink.send(ScanEvent::Problem(problem));
        }
        let mut known: FxHashMap<(u64, u64), Known> = FxHashMap::default();
        let mut skeleton = FxHashMap::default();
        for root in trip.phases.iter().flat_map(|p| &p.roots) {
            self.announce(root, &mut skeleton, &mut known, sink);
        }
        let places = identities(&trip.places);
        let counters = Arc::new(Counters::default());
        let pass = self.pass.fetch_add(1, Ordering::Relaxed) + 1;
        self.with_families(sink, cancel, |jobs| {
            let mut collector = Collector::new(sink, jobs, cancel);
            for phase in &trip.phases {
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                let reading = Reading {
                    phase,
                    borders: &borders,
                    known: &known,
                    places: &places,
                    counters: &counters,
                    pass,
                    keeping: false,
                    progress: Progress { phase: phase.name, expected, ..Progress::default() },
                    began,
                };
                self.read(&reading, cancel, &mut collector);
                // What was read is not read again as part of something larger.
                for at in known.values_mut() {
                    if let Known::As(id) = *at
                        && phase.roots.iter().any(|r| skeleton.get(r) == Some(&id))
                    {
                        *at = Known::Done(id);
                    }
                }
            }
        });
        let seconds = began.elapsed().as_secs_f64();
        let _ = sink.send(ScanEvent::Progress(progress(
            &counters,
            Progress { phase: "", expected: None, seconds, ..Progress::default() },
        )));
        let _ = sink.send(ScanEvent::Finished { stopped: cancel.load(Ordering::Relaxed) });
    }

    fn once_more(&self, folders: &[Again], sink: &Sender<ScanEvent>, cancel: &Arc<AtomicBool>) {
        let began = Instant::now();
        let (borders, _) = self.borders();
        let mut mounts: Vec<Mount> = self.settings.shown_mounts.clone().unwrap_or_default();
        for mount in folders.iter().filter_map(|f| sys::mounts::holding(&self.mounts, &f.path)) {
            if self.settings.shown_mounts.is_none() && !mounts.iter().any(|m| m.id == mount.id) {
                mounts.push(sys::mounts::look(mount));
            }
        }
        let _ = sink.send(ScanEvent::Started { roots: Vec::new(), mounts, whole: false });
        let counters = Arc::new(Counters::default());
        let pass = self.pass.fetch_add(1, Ordering::Relaxed) + 1;
        let places = identities(&self.places(&borders));
        self.with_families(sink, cancel, |jobs| {
            let mut collector = Collector::new(sink, jobs, cancel);
            for folder in folders {
                let _ = sink.send(ScanEvent::Again(folder.path.clone()));
                let mut known: FxHashMap<(u64, u64), Known> = FxHashMap::default();
                let mut places = places.clone();
                if let Some(identity) = identity(&folder.path) {
                    known.insert(identity, Known::As(folder.id));
                    if let Some(claim) = folder.role.and_then(|(family, role)| claim_of(family, role)) {
                        places.entry(identity).or_insert(claim);
                    }
                }
                known.extend(folder.keep.iter().map(|(dev, ino, id)| ((*dev, *ino), Known::Done(*id))));
                let phase = Phase { name: "again", roots: vec![folder.path.clone()], one_fs: true };
                let reading = Reading {
                    phase: &phase,
                    borders: &borders,
                    known: &known,
                    places: &places,
                    counters: &counters,
                    pass,
                    keeping: !folder.keep.is_empty(),
                    progress: Progress { phase: "again", ..Progress::default() },
                    began,
                };
                self.read(&reading, cancel, &mut collector);
            }
        });
        let _ = sink.send(ScanEvent::Finished { stopped: cancel.load(Ordering::Relaxed) });
    }

    /// Where not to go, with mounts that may hang asked in threads of their own.
    fn borders(&self) -> (Borders, Vec<Problem>) {
        let roots: Vec<PathBuf> =
            if self.settings.roots.is_empty() { vec!["/".into()] } else { self.settings.roots.clone() };
        let waiting: Vec<(&Path, std::sync::mpsc::Receiver<()>)> = self
            .mounts
            .iter()
            .filter(|m| m.is_remote() && !m.is_kernel())
            .map(|m| (m.path.as_path(), ask(&m.path)))
            .collect();
        let deadline = Instant::now() + sys::mounts::PATIENCE;
        let answered: Vec<&Path> = waiting
            .into_iter()
            .filter(|(_, rx)| rx.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok())
            .map(|(path, _)| path)
            .collect();
        Borders::find(&self.mounts, &roots, |path| answered.contains(&path))
    }

    fn places(&self, borders: &Borders) -> Vec<(PathBuf, Claim)> {
        families::places(&self.settings.env)
            .into_iter()
            .filter(|k| self.settings.env.sees(&k.place.path) && !borders.is_dead(&k.place.path))
            .filter_map(|k| Some((k.place.path.canonicalize().ok()?, k.claim)))
            .collect()
    }

    /// The mounts that hold what is read, those with the roots first.
    fn mounts_of(&self, trip: &Itinerary) -> Vec<Mount> {
        if let Some(shown) = &self.settings.shown_mounts {
            return shown.clone();
        }
        let mut found: Vec<&MountInfo> = Vec::new();
        for root in trip.phases.iter().flat_map(|p| &p.roots) {
            let holding = sys::mounts::holding(&self.mounts, root);
            found.extend(holding.filter(|m| !found.iter().any(|f| f.id == m.id)));
        }
        found.into_iter().map(sys::mounts::look).collect()
    }

    /// Gives a folder and those above it their numbers before they are read.
    fn announce(
        &self,
        path: &Path,
        skeleton: &mut FxHashMap<PathBuf, DirId>,
        known: &mut FxHashMap<(u64, u64), Known>,
        sink: &Sender<ScanEvent>,
    ) -> DirId {
        if let Some(id) = skeleton.get(path) {
            return *id;
        }
        let parent = path.parent().map(|p| self.announce(p, skeleton, known, sink));
        let id = DirId(self.ids.fetch_add(1, Ordering::Relaxed));
        skeleton.insert(path.to_path_buf(), id);
        if let Some(identity) = identity(path) {
            known.entry(identity).or_insert(Known::As(id));
        }
        let facts = FileFacts { kind: Kind::Dir, size: 0, blocks: 0, mtime: 0, uid: 0 };
        let name = path.file_name().map_or(&b""[..], std::ffi::OsStr::as_encoded_bytes);
        let _ = sink.send(ScanEvent::Dirs(vec![ListedDir {
            id,
            parent,
            dev: crate::model::links::DevId(0),
            ino: 0,
            uid: 0,
            mtime: 0,
            state: DirState::Unread,
            block: BlockWriter::default().finish(name, &facts),
            kept: Vec::new(),
        }]));
        id
    }

    /// Runs families in a thread beside the walk, so that reading a store's files never makes the walk wait.
    fn with_families(&self, sink: &Sender<ScanEvent>, cancel: &AtomicBool, work: impl FnOnce(&Sender<Job>)) {
        let (jobs, todo) = bounded::<Job>(1024);
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("families".into())
                .spawn_scoped(scope, || {
                    let open = OpenPaths::new(sys::proc::open_paths);
                    for job in todo {
                        if cancel.load(Ordering::Relaxed) {
                            continue;
                        }
                        let store =
                            recognize(&job, &self.settings.env, &self.links, self.settings.now, &open);
                        let _ = sink.send(ScanEvent::Store(Box::new(store)));
                    }
                })
                .expect("a thread can be started");
            work(&jobs);
            drop(jobs);
        });
    }

    fn read(&self, reading: &Reading<'_>, cancel: &Arc<AtomicBool>, collector: &mut Collector<'_>) {
        match self.settings.backend {
            #[cfg(target_os = "linux")]
            Backend::Native => self.walk(sys::linux::Native, reading, cancel, collector),
            _ => self.walk(sys::portable::Portable, reading, cancel, collector),
        }
    }

    fn walk<L: Lister>(
        &self,
        lister: L,
        reading: &Reading<'_>,
        cancel: &Arc<AtomicBool>,
        collector: &mut Collector<'_>,
    ) {
        let (out, messages) = bounded(4096);
        let walk = Arc::new(Walk {
            lister,
            ids: Arc::clone(&self.ids),
            links: Arc::clone(&self.links),
            pass: reading.pass,
            known: reading.known.clone(),
            places: reading.places.clone(),
            borders: reading.borders.clone(),
            one_fs: reading.phase.one_fs,
            keeping: reading.keeping,
            out,
            cancel: Arc::clone(cancel),
            counters: Arc::clone(reading.counters),
            pool: Arc::clone(&self.pool),
            max_open: self.max_open,
            open_dirs: AtomicUsize::new(0),
        });
        for root in &reading.phase.roots {
            Arc::clone(&walk).start(root);
        }
        drop(walk);
        let mut told = Instant::now();
        let sink = collector.sink;
        collector.collect(&messages, || {
            if told.elapsed() >= Duration::from_millis(100) {
                told = Instant::now();
                let seconds = reading.began.elapsed().as_secs_f64();
                let now = progress(reading.counters, Progress { seconds, ..reading.progress });
                let _ = sink.send(ScanEvent::Progress(now));
            }
        });
    }
}

/// One walk and what it needs to know.
struct Reading<'a> {
    phase: &'a Phase,
    borders: &'a Borders,
    known: &'a FxHashMap<(u64, u64), Known>,
    places: &'a FxHashMap<(u64, u64), Claim>,
    counters: &'a Arc<Counters>,
    pass: u8,
    keeping: bool,
    progress: Progress,
    began: Instant,
}

fn launch(work: impl FnOnce(&Arc<AtomicBool>) + Send + 'static) -> Scanner {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    let thread = std::thread::Builder::new().name("scan".into()).spawn(move || work(&flag)).ok();
    Scanner { cancel, thread }
}

fn progress(counters: &Counters, so_far: Progress) -> Progress {
    Progress {
        entries: counters.entries.load(Ordering::Relaxed),
        directories: counters.directories.load(Ordering::Relaxed),
        ..so_far
    }
}

/// Inodes in use on what is read whole: 100 %.
fn expected(mounts: &[Mount], trip: &Itinerary) -> Option<u64> {
    let whole = trip.phases.last()?.roots.iter();
    whole
        .map(|root| {
            let mount = mounts.iter().find(|m| m.path == *root)?;
            let space = mount.space?;
            Some(space.inodes?.saturating_sub(space.inodes_available?))
        })
        .sum()
}

/// Asks a file system for a sign of life.
fn ask(path: &Path) -> std::sync::mpsc::Receiver<()> {
    let (tx, rx) = std::sync::mpsc::sync_channel(1);
    let path = path.to_path_buf();
    let _ = std::thread::Builder::new().name("may-hang".into()).spawn(move || {
        if sys::mounts::space(&path).is_ok() && path.symlink_metadata().is_ok() {
            let _ = tx.send(());
        }
    });
    rx
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().ok().map(|m| (m.dev(), m.ino()))
}

fn identities(places: &[(PathBuf, Claim)]) -> FxHashMap<(u64, u64), Claim> {
    let mut found = FxHashMap::default();
    for (path, claim) in places {
        if let Some(identity) = identity(path) {
            found.entry(identity).or_insert(*claim);
        }
    }
    found
}

fn claim_of(family: &str, role: &'static str) -> Option<Claim> {
    let at = families::all().iter().position(|f| f.about().id == family)?;
    Some(Claim { family: families::FamilyId(at as u8), role })
}
