//! One session: the first scan and every reading again after it share numbers and linked inodes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use rayon::ThreadPool;
use rustc_hash::FxHashMap;

use super::agenda::Agenda;
use super::borders::Borders;
use super::ground;
use super::import;
use super::node::{Counters, Known};
use super::pace::{Pace, Room};
use super::recognize::{Job, OpenPaths, Queue, READERS};
use super::roots::{Itinerary, Phase};
use super::scanner::Scanner;
use super::settings::{Backend, Settings};
use super::stores::Collector;
use super::walk::Walk;
use crate::families::Claim;
use crate::model::again::Again;
use crate::model::inventory::{Inventory, Progress, ScanEvent};
use crate::model::links::LinkTable;
use crate::model::mount::Mount;
use crate::model::node::{DirId, Kind};
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::tree::{DirState, ListedDir, Tree};
use crate::sys;
use crate::sys::list::Lister;
use crate::sys::mounts::MountInfo;

/// What the readings of one session share.
#[derive(Clone)]
pub struct Session {
    settings: Settings,
    links: Arc<LinkTable>,
    ids: Arc<AtomicU32>,
    pass: Arc<AtomicU8>,
    pool: Arc<ThreadPool>,
    pace: Arc<Pace>,
    max_open: usize,
    mounts: Arc<Vec<MountInfo>>,
}

impl Session {
    /// Prepares to scan.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new(settings: Settings) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = if settings.threads == 0 { (cores * 4).clamp(8, 16) } else { settings.threads };
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
            pace: Arc::new(Pace::new(cores.saturating_sub(1 + READERS))),
            max_open: files.saturating_sub(64 + threads * 4).clamp(8, 1 << 16),
            mounts: Arc::new(sys::mounts::read()),
        })
    }

    /// Lets few threads read while what is returned lives, so that the caller has a processor for itself.
    pub fn make_room(&self) -> Room {
        self.pace.make_room()
    }

    /// A tree for what this session finds.
    pub fn tree(&self) -> Tree {
        Tree::new(Arc::clone(&self.links))
    }

    /// Starts the first scan.
    pub fn start(&self, sink: Sender<ScanEvent>) -> Scanner {
        let session = self.clone();
        Scanner::start(move |cancel| session.first(&sink, cancel))
    }

    /// Starts reading some folders again.
    pub fn again(&self, folders: Vec<Again>, sink: Sender<ScanEvent>) -> Scanner {
        let session = self.clone();
        Scanner::start(move |cancel| session.once_more(&folders, &sink, cancel))
    }

    /// Scans to the end and returns what was found.
    pub fn run(&self) -> Inventory {
        self.run_until(Arc::default())
    }

    /// Scans to the end, or until the flag is set, and returns what was found.
    pub fn run_until(&self, stop: Arc<AtomicBool>) -> Inventory {
        let (sink, events) = bounded(16);
        let scanner = self.start(sink);
        let mut inventory = Inventory::new(self.tree());
        loop {
            // What is read may have nothing to say for long, and is to be stopped even so.
            let event = events.recv_timeout(Duration::from_millis(100));
            if stop.load(Ordering::Relaxed) {
                scanner.stop();
            }
            match event {
                Ok(event) => inventory.apply(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        drop(stop);
        scanner.join();
        inventory.refresh();
        inventory
    }

    fn first(&self, sink: &Sender<ScanEvent>, cancel: &Arc<AtomicBool>) {
        if let Some(import) = &self.settings.import {
            import::run(import, &self.links, self.settings.now, sink, cancel);
            return;
        }
        let began = Instant::now();
        let _ = sink.send(ScanEvent::People(ground::people(&self.settings.env)));
        let (borders, dead) = ground::borders(&self.settings.roots, &self.mounts);
        let trip = Itinerary::plan(&self.settings, &self.mounts, &borders);
        let shown = self.settings.shown_mounts.clone();
        let exclude = &self.settings.exclude;
        let mounts = shown.unwrap_or_else(|| ground::mounts_of(&trip, &self.mounts, &borders, exclude));
        let expected = ground::expected(&mounts, &trip);
        let _ = sink.send(ScanEvent::Started {
            roots: trip.roots.clone(),
            mounts,
            whole: self.settings.roots.is_empty(),
        });
        let own = self.settings.families.problems().iter().cloned();
        for problem in own.chain(dead).chain(trip.problems) {
            let _ = sink.send(ScanEvent::Problem(problem));
        }
        let mut known: FxHashMap<(u64, u64), Known> = FxHashMap::default();
        let mut skeleton = FxHashMap::default();
        for root in trip.phases.iter().flat_map(|p| &p.roots) {
            self.announce(root, &mut skeleton, &mut known, sink);
        }
        let places = ground::identities(&trip.places);
        let counters = Arc::new(Counters::default());
        let pass = self.pass.fetch_add(1, Ordering::Relaxed) + 1;
        self.with_families(sink, cancel, |jobs| {
            let mut collector = Collector::new(sink, jobs, cancel);
            for phase in &trip.phases {
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                collector.phase += 1;
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
        let (borders, _) = ground::borders(&self.settings.roots, &self.mounts);
        let mut mounts: Vec<Mount> = self.settings.shown_mounts.clone().unwrap_or_default();
        for mount in folders.iter().filter_map(|f| sys::mounts::holding(&self.mounts, &f.path)) {
            if self.settings.shown_mounts.is_none() && !mounts.iter().any(|m| m.id == mount.id) {
                mounts.push(sys::mounts::look(mount));
            }
        }
        let _ = sink.send(ScanEvent::Started { roots: Vec::new(), mounts, whole: false });
        let counters = Arc::new(Counters::default());
        let pass = self.pass.fetch_add(1, Ordering::Relaxed) + 1;
        let places =
            ground::identities(&ground::places(&self.settings.families, &self.settings.env, &borders));
        self.with_families(sink, cancel, |jobs| {
            let mut collector = Collector::new(sink, jobs, cancel);
            for folder in folders {
                let _ = sink.send(ScanEvent::Again(folder.path.clone()));
                // What is wrong with a file that is no cache is not found again by reading its folder.
                let own = self.settings.families.problems().iter();
                for problem in own.filter(|p| p.path.starts_with(&folder.path)) {
                    let _ = sink.send(ScanEvent::Problem(problem.clone()));
                }
                let mut known: FxHashMap<(u64, u64), Known> = FxHashMap::default();
                let mut places = places.clone();
                if let Some(identity) = ground::identity(&folder.path) {
                    known.insert(identity, Known::As(folder.id));
                    let families = &self.settings.families;
                    let claim = folder.role.and_then(|(of, role)| ground::claim_of(families, of, role));
                    if let Some(claim) = claim {
                        places.entry(identity).or_insert(claim);
                    }
                }
                known.extend(folder.keep.iter().map(|(dev, ino, id)| ((*dev, *ino), Known::Done(*id))));
                let phase = Phase::of("again", vec![folder.path.clone()], true);
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
        if let Some(identity) = ground::identity(path) {
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

    /// Runs families beside the walk, so that reading a store's files never makes the walk wait.
    fn with_families(&self, sink: &Sender<ScanEvent>, cancel: &AtomicBool, work: impl FnOnce(&Sender<Job>)) {
        let (jobs, todo) = bounded::<Job>(1024);
        let (queue, open) =
            (Queue::new(&todo), OpenPaths::new(sys::proc::open_paths, Arc::clone(&self.mounts)));
        let (env, now) = (&self.settings.env, self.settings.now);
        std::thread::scope(|scope| {
            for n in 0..READERS {
                let thread = std::thread::Builder::new().name(format!("families-{n}"));
                let started = thread
                    .spawn_scoped(scope, || queue.recognize_all(env, &self.links, now, &open, sink, cancel));
                // One is enough.
                assert!(n > 0 || started.is_ok(), "a thread can be started");
            }
            work(&jobs);
            drop(jobs);
        });
    }

    fn read(&self, reading: &Reading<'_>, cancel: &Arc<AtomicBool>, collector: &mut Collector<'_>) {
        match self.settings.backend {
            Backend::Native => self.walk(sys::Native, reading, cancel, collector),
            Backend::Portable => self.walk(sys::portable::Portable, reading, cancel, collector),
        }
    }

    fn walk<L: Lister>(
        &self,
        lister: L,
        reading: &Reading<'_>,
        cancel: &Arc<AtomicBool>,
        collector: &mut Collector<'_>,
    ) {
        let (out, messages) = bounded(512);
        let walk = Arc::new(Walk {
            lister,
            uid: self.settings.env.uid(),
            ids: Arc::clone(&self.ids),
            links: Arc::clone(&self.links),
            pass: reading.pass,
            known: reading.known.clone(),
            begun: Mutex::default(),
            places: reading.places.clone(),
            borders: reading.borders.clone(),
            one_fs: reading.phase.one_fs,
            exclude: Arc::clone(&self.settings.exclude),
            keeping: reading.keeping,
            out,
            cancel: Arc::clone(cancel),
            counters: Arc::clone(reading.counters),
            agenda: reading.phase.in_turn.then(Agenda::new),
            pool: Arc::clone(&self.pool),
            pace: Arc::clone(&self.pace),
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

fn progress(counters: &Counters, so_far: Progress) -> Progress {
    Progress {
        entries: counters.entries.load(Ordering::Relaxed),
        directories: counters.directories.load(Ordering::Relaxed),
        ..so_far
    }
}
