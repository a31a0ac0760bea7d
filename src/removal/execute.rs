//! Carrying a plan out, step by step. Every step looks again before it acts; one failure never stops the rest; what
//! became of each is reported, and what the disk really got back is measured.

mod lists;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::deletion;
use super::directory_sizes;
use super::facts::{self, sentence};
use super::in_use::Guard;
use super::journal::run::PlanLog;
use super::measure::{self, Measured};
use super::plan::{Action, Plan, Step};
use super::recipe::Written;
use super::record;
use super::restore;
use super::shortfall;
use super::together::Together;
use super::trash::{Record, Root, Trash};
use crate::env::Env;
use crate::model::node::Kind;
use crate::sys::beneath;
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

/// What became of a plan.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The run, by which it can be undone.
    pub run: String,
    /// Every step.
    pub steps: Vec<StepReport>,
    /// What the disks got back.
    pub measured: Vec<Measured>,
    /// The lists of environments, and those that could not be written.
    pub lists: Vec<Written>,
    /// Bytes that lie in the trash now.
    pub trashed: u64,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Why the log of it could not be written, if so.
    pub unlogged: Option<String>,
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

/// Carries a plan out.
pub fn run(plan: &Plan, env: &Env, stop: &AtomicBool, progress: &mut dyn FnMut(&Progress)) -> Report {
    let run = beneath::random_hex()[..8].to_string();
    let mut runner = Runner {
        env,
        plan,
        listed: FxHashMap::default(),
        stop,
        log: PlanLog::begin(env, plan, &run),
        at: 0,
        progress,
        so_far: Progress {
            of: plan.steps().len(),
            of_files: plan.steps().iter().map(|s| s.target().seen.files).sum(),
            ..Progress::default()
        },
        in_use: Guard::over(
            plan.steps().iter().map(|s| s.path().to_path_buf()).collect(),
            Names::of(env.accounts()),
        ),
        trashes: FxHashMap::default(),
        together: Together::of(plan),
        report: Report { run, ..Report::default() },
    };
    let before = measure::before(plan);
    for (at, step) in plan.steps().iter().enumerate() {
        runner.at = at;
        let outcome = if runner.stop.load(Ordering::Relaxed) {
            runner.report.stopped = true;
            Outcome::NotReached
        } else if let Some(reason) = runner.together.objection(step) {
            Outcome::Kept(reason)
        } else {
            runner.log.ahead(at);
            runner.step(step)
        };
        runner.log.done(at, &outcome);
        let undo = runner.together.note(at, step, &outcome);
        runner.report.steps.push(StepReport {
            path: step.path().to_path_buf(),
            line: step.line(),
            action: step.action(),
            outcome,
        });
        if let Some((others, reason)) = undo {
            runner.put_back(&others, &reason);
        }
        runner.so_far.steps += 1;
        runner.tell();
    }
    runner.report.measured = measure::after(before, plan);
    shortfall::explain(&mut runner.report, plan, &Names::of(env.accounts()));
    let trashed = runner.report.steps.iter().zip(plan.steps());
    runner.report.trashed = trashed
        .filter(|(r, _)| matches!(r.outcome, Outcome::Trashed { .. }))
        .map(|(_, s)| s.target().seen.on_disk)
        .sum();
    directory_sizes::note(plan, &runner.report);
    runner.report.unlogged = runner.log.end(&runner.report);
    runner.report
}

struct Runner<'a> {
    env: &'a Env,
    plan: &'a Plan,
    /// Lines whose environments were written down, or why not.
    listed: FxHashMap<usize, Option<String>>,
    log: PlanLog<'a>,
    /// The step in hand.
    at: usize,
    stop: &'a AtomicBool,
    progress: &'a mut dyn FnMut(&Progress),
    so_far: Progress,
    in_use: Guard,
    trashes: FxHashMap<PathBuf, Trash>,
    together: Together<'a>,
    report: Report,
}

impl Runner<'_> {
    fn tell(&mut self) {
        (self.progress)(&self.so_far);
    }

    fn step(&mut self, step: &Step) -> Outcome {
        self.so_far.path = step.path().to_path_buf();
        self.tell();
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
        if let Some(why) = self.unlisted(step) {
            return Outcome::Kept(why);
        }
        // Last of all, for the look into a large folder takes longer than a look at the processes is good.
        if let Some(reason) = self.in_use.reason(step.path()) {
            return Outcome::Kept(format!("in use: {reason}"));
        }
        match step.action() {
            Action::Trash => self.trash(step, &parent, name),
            Action::Delete => self.delete(step, &parent, name),
        }
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
            part: self.log.part(self.at),
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
            // Those at the top of a mount too: when it is not mounted, nothing else tells that there is one.
            if root.is_noted || root.top.is_some() {
                record::note_root(self.env, &root.path);
            }
            self.trashes.insert(root.path.clone(), trash);
        }
        self.trashes.get(&root.path).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn delete(&mut self, step: &Step, parent: &std::os::fd::OwnedFd, name: &std::ffi::OsStr) -> Outcome {
        let (so_far, progress) = (&mut self.so_far, &mut *self.progress);
        let mut told = Instant::now();
        let aside = self.log.aside(self.at);
        let (path, identity) = (step.path(), step.identity());
        let done = deletion::delete_as(aside, parent, name, path, identity, self.stop, &mut |n| {
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
                Outcome::Partly {
                    files: d.files,
                    left: d.left_count,
                    first: d.first(),
                    rest: d.rest.unwrap_or_default(),
                }
            }
            Err(e) => Outcome::Kept(sentence(&e)),
        }
    }

    /// An item goes as a whole or not at all: what of it is in the trash already comes back.
    fn put_back(&mut self, steps: &[usize], reason: &str) {
        for at in steps {
            let Some(done) = self.report.steps.get_mut(*at) else { continue };
            let Outcome::Trashed { root, name } = &done.outcome else { continue };
            if restore::put_back(root, name, &done.path).is_ok() {
                done.outcome = Outcome::PutBack(reason.to_string());
                self.log.done(*at, &done.outcome);
            }
        }
    }
}
