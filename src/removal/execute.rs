//! Carrying a plan out, step by step. Every step looks again before it acts; one failure never stops the rest; what
//! became of each is reported, and what the disk really got back is measured.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::deletion;
use super::facts::{self, sentence};
use super::in_use::InUse;
use super::plan::{Action, Plan, Step};
use super::record;
use super::restore;
use super::trash::{Record, Root, Trash};
use crate::env::Env;
use crate::model::node::Kind;
use crate::sys::beneath;
use crate::sys::mounts;
use crate::sys::user::Names;

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It lies in this trash, under this name.
    Trashed {
        /// The trash.
        root: PathBuf,
        /// The name in it.
        name: std::ffi::OsString,
    },
    /// It is gone.
    Deleted {
        /// Entries removed.
        files: u64,
    },
    /// Some of it is gone.
    Partly {
        /// Entries removed.
        files: u64,
        /// Entries that stayed.
        left: u64,
        /// The first of them, with the reason.
        first: String,
        /// Where the rest lies.
        rest: PathBuf,
    },
    /// Nothing was done: it changed, is in use, or could not be moved.
    Kept(String),
    /// It was put back, because another part of the same item could not go.
    PutBack(String),
    /// The run was stopped before it came to this.
    NotReached,
}

impl Outcome {
    /// Whether it went as planned.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Trashed { .. } | Self::Deleted { .. })
    }
}

/// A step and what became of it.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// What it was about.
    pub path: PathBuf,
    /// The line of the plan.
    pub line: usize,
    /// What was to be done.
    pub action: Action,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a mount got back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Where.
    pub mount: PathBuf,
    /// Bytes the plan said.
    pub estimated: u64,
    /// Bytes left for this user before.
    pub before: u64,
    /// Bytes left afterwards; `None` if the file system did not answer in time.
    pub after: Option<u64>,
    /// Share in use afterwards, in percent as `df` prints it.
    pub percent: u64,
}

impl Measured {
    /// What came back; less than nothing if others wrote meanwhile.
    pub fn came_back(&self) -> Option<i64> {
        Some(self.after? as i64 - self.before as i64)
    }
}

/// What became of a plan.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The run, by which it can be undone.
    pub run: String,
    /// Every step.
    pub steps: Vec<StepReport>,
    /// What the disks got back.
    pub measured: Vec<Measured>,
    /// Bytes that lie in the trash now.
    pub trashed: u64,
    /// Whether it was stopped.
    pub stopped: bool,
}

impl Report {
    /// Steps that did not go as planned.
    pub fn failed(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|s| !s.outcome.is_done())
    }

    /// Whether everything went as planned.
    pub fn is_clean(&self) -> bool {
        self.failed().next().is_none()
    }
}

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub steps: usize,
    /// Steps in all.
    pub of: usize,
    /// Entries removed or moved.
    pub files: u64,
    /// Entries in all.
    pub of_files: u64,
    /// What is being worked on.
    pub path: PathBuf,
}

/// A look at the processes is this long good.
const FRESH: Duration = Duration::from_secs(2);

/// Carries a plan out.
pub fn run(plan: &Plan, env: &Env, stop: &AtomicBool, progress: &mut dyn FnMut(&Progress)) -> Report {
    let mut runner = Runner {
        env,
        stop,
        progress,
        so_far: Progress {
            of: plan.steps().len(),
            of_files: plan.steps().iter().map(|s| s.target().seen.files).sum(),
            ..Progress::default()
        },
        names: Names::of(env.accounts()),
        watched: outer_paths(plan),
        in_use: None,
        trashes: FxHashMap::default(),
        report: Report { run: beneath::random_hex()[..8].to_string(), ..Report::default() },
    };
    let before = measure_before(plan);
    for step in plan.steps() {
        let outcome = if runner.stop.load(Ordering::Relaxed) {
            runner.report.stopped = true;
            Outcome::NotReached
        } else {
            runner.step(step)
        };
        let kept = match &outcome {
            Outcome::Kept(reason) => Some(reason.clone()),
            _ => None,
        };
        runner.report.steps.push(StepReport {
            path: step.path().to_path_buf(),
            line: step.line(),
            action: step.action(),
            outcome,
        });
        if let Some(reason) = kept {
            runner.put_back(step.line(), &reason);
        }
        runner.so_far.steps += 1;
        runner.tell();
    }
    runner.report.measured = measure_after(before);
    let trashed = runner.report.steps.iter().zip(plan.steps());
    runner.report.trashed = trashed
        .filter(|(r, _)| matches!(r.outcome, Outcome::Trashed { .. }))
        .map(|(_, s)| s.target().seen.on_disk)
        .sum();
    runner.report
}

struct Runner<'a> {
    env: &'a Env,
    stop: &'a AtomicBool,
    progress: &'a mut dyn FnMut(&Progress),
    so_far: Progress,
    names: Names,
    watched: Vec<PathBuf>,
    in_use: Option<(Instant, InUse)>,
    trashes: FxHashMap<PathBuf, Trash>,
    report: Report,
}

impl Runner<'_> {
    fn tell(&mut self) {
        (self.progress)(&self.so_far);
    }

    fn step(&mut self, step: &Step) -> Outcome {
        self.so_far.path = step.path().to_path_buf();
        self.tell();
        if let Some(reason) = self.used(step.path()) {
            return Outcome::Kept(format!("in use: {reason}"));
        }
        let (parent, name) = match beneath::open_parent(step.path()) {
            Ok(found) => found,
            Err(e) => return Outcome::Kept(sentence(&e)),
        };
        match beneath::look(&parent, name) {
            Ok(now) if now.unchanged(step.identity()) && !now.is_mount => {}
            Ok(_) => return Outcome::Kept("changed since the plan was made".into()),
            Err(e) => return Outcome::Kept(sentence(&e)),
        }
        if step.identity().kind == Kind::Dir {
            match facts::grown(step.target(), self.env.uid()) {
                Ok(None) => {}
                Ok(Some(reason)) => return Outcome::Kept(reason),
                Err(e) => return Outcome::Kept(format!("could not be looked into: {}", sentence(&e))),
            }
        }
        match step.action() {
            Action::Trash => self.trash(step, &parent, name),
            Action::Delete => self.delete(step, &parent, name),
        }
    }

    /// Who uses a path, by a look that is no older than two seconds.
    fn used(&mut self, path: &Path) -> Option<String> {
        if self.in_use.as_ref().is_none_or(|(when, _)| when.elapsed() > FRESH) {
            self.in_use = Some((Instant::now(), InUse::look(&self.watched, &self.names)));
        }
        self.in_use.as_ref().and_then(|(_, look)| look.reason(path))
    }

    fn trash(&mut self, step: &Step, parent: &std::os::fd::OwnedFd, name: &std::ffi::OsStr) -> Outcome {
        let Some(root) = step.trash() else { return Outcome::Kept("no trash takes it".into()) };
        #[cfg(feature = "portable")]
        if self.env.text("MLDU_TRASH") == Some("system") {
            return match super::portable::put(step.path()) {
                Ok(()) => Outcome::Trashed { root: root.path.clone(), name: name.to_os_string() },
                Err(e) => Outcome::Kept(sentence(&e)),
            };
        }
        let above = beneath::look_at(parent).map_or((0o755, 0, 0), |p| (p.mode, p.uid, p.gid));
        let date = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let run = self.report.run.clone();
        let record = Record {
            path: step.path(),
            date: &date,
            run: &run,
            item: step.key(),
            bytes: step.target().seen.on_disk,
            parent: above,
        };
        let put = self.open_trash(root).and_then(|trash| {
            let name = trash.put(parent, name, step.identity(), &record)?;
            Ok((trash.path().to_path_buf(), name))
        });
        match put {
            Ok((root, name)) => {
                self.so_far.files += step.target().seen.files;
                Outcome::Trashed { root, name }
            }
            Err(e) => Outcome::Kept(sentence(&e)),
        }
    }

    fn open_trash(&mut self, root: &Root) -> std::io::Result<&Trash> {
        if !self.trashes.contains_key(&root.path) {
            let trash = Trash::open(root.clone())?;
            if root.is_noted {
                record::note_root(self.env, &root.path);
            }
            self.trashes.insert(root.path.clone(), trash);
        }
        self.trashes.get(&root.path).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn delete(&mut self, step: &Step, parent: &std::os::fd::OwnedFd, name: &std::ffi::OsStr) -> Outcome {
        let (so_far, progress) = (&mut self.so_far, &mut *self.progress);
        let mut told = Instant::now();
        let done = deletion::delete(parent, name, step.path(), step.identity(), self.stop, &mut |n| {
            so_far.files += n;
            if told.elapsed() > Duration::from_millis(50) {
                told = Instant::now();
                progress(so_far);
            }
        });
        match done {
            Ok(d) if d.rest.is_none() => Outcome::Deleted { files: d.files },
            // It lies where it was, whole.
            Ok(d) if d.files == 0 && d.rest.as_deref() == Some(step.path()) => {
                self.report.stopped |= d.stopped;
                Outcome::Kept(d.first())
            }
            Ok(d) => {
                self.report.stopped |= d.stopped;
                let first = d.first();
                Outcome::Partly {
                    files: d.files,
                    left: d.left_count,
                    first,
                    rest: d.rest.unwrap_or_default(),
                }
            }
            Err(e) => Outcome::Kept(sentence(&e)),
        }
    }

    /// An item goes as a whole or not at all: what of it is in the trash already comes back.
    fn put_back(&mut self, line: usize, reason: &str) {
        for done in self.report.steps.iter_mut().filter(|s| s.line == line) {
            let Outcome::Trashed { root, name } = &done.outcome else { continue };
            if restore::put_back(root, name, &done.path).is_ok() {
                done.outcome = Outcome::PutBack(reason.to_string());
            }
        }
    }
}

fn measure_before(plan: &Plan) -> Vec<Measured> {
    let measured = plan.changes.iter().filter_map(|c| {
        let space = settled(&c.mount.path)?;
        Some(Measured {
            mount: c.mount.path.clone(),
            estimated: c.frees,
            before: space.available,
            after: None,
            percent: space.percent(),
        })
    });
    measured.collect()
}

fn measure_after(before: Vec<Measured>) -> Vec<Measured> {
    let again = |m: Measured| match settled(&m.mount) {
        Some(space) => Measured { after: Some(space.available), percent: space.percent(), ..m },
        None => m,
    };
    before.into_iter().map(again).collect()
}

/// What is left on a mount once everything written is on the disk. Some file systems say it only then. A mount that
/// does not answer within five seconds is not waited for.
fn settled(mount: &Path) -> Option<crate::model::mount::Space> {
    let path = mount.to_path_buf();
    mounts::within(Duration::from_secs(5), move || {
        let _ = beneath::sync(&path);
        mounts::space(&path).ok()
    })
    .flatten()
}

fn outer_paths(plan: &Plan) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = plan.steps().iter().map(|s| s.path().to_path_buf()).collect();
    paths.sort();
    paths.dedup();
    paths
}
