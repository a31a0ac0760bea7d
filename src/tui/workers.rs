//! Everything that takes time and is not the scan: looking, removing, undoing, emptying, each in a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rustc_hash::FxHashSet;

use crate::app::event::{Effect, Event, Saved};
use crate::diagnose::look;
use crate::env::Env;
use crate::removal::execute::{self, Progress};
use crate::removal::restore::Allow;
use crate::removal::weigh::weigh;
use crate::removal::{facts, held_open, interrupted, journal, ledger, restore, saved};
use crate::sys::mounts;
use crate::sys::user::Names;

/// The threads and what they need.
pub struct Workers {
    env: Arc<Env>,
    out: Sender<Event>,
    stop: Arc<AtomicBool>,
    /// The one that removes something; there is never a second.
    removal: Option<JoinHandle<()>>,
    /// Whether there is not even a first.
    read_only: bool,
    /// Where somebody wants to save notebooks.
    notebooks: PathBuf,
}

impl Workers {
    /// Nothing runs yet.
    pub fn new(env: Arc<Env>, out: Sender<Event>, read_only: bool, notebooks: PathBuf) -> Self {
        Self { env, out, stop: Arc::default(), removal: None, read_only, notebooks }
    }

    /// Starts what an effect asks for.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::LookInUse(roots) => {
                self.spawn("in-use", move |env, out, _| {
                    assert!(env.text("MLDU_PANIC") != Some("worker"), "asked to by MLDU_PANIC");
                    let _ = out.send(Event::InUse(facts::look_in_use(&roots, env)));
                });
            }
            Effect::LookHeld(mounts) => {
                self.spawn("held-open", move |env, out, _| {
                    let _ = out.send(Event::Held(Box::new(held_open::look(&mounts, env))));
                });
            }
            Effect::Look(question) => {
                self.spawn("look", move |env, out, _| {
                    let _ = out.send(Event::Facts(Box::new(question.answer(env))));
                });
            }
            Effect::ReadTrash => {
                self.spawn("trash", |env, out, _| send_trash(env, out));
            }
            Effect::Diagnose => {
                let (notebooks, read_only) = (self.notebooks.clone(), self.read_only);
                self.spawn("diagnose", move |env, out, _| {
                    let _ = out.send(Event::Diagnosed(Box::new(look::look(env, &notebooks, read_only))));
                });
            }
            Effect::FindInterrupted(seen) => {
                self.spawn("interrupted", move |env, out, _| {
                    let _ = out.send(Event::Interrupted(interrupted::find(env, &seen)));
                });
            }
            Effect::Finish(it) => self.remove(move |env, out, stop| {
                let mut so_far =
                    Progress { of: 1, of_files: it.files, path: it.at.clone(), ..Progress::default() };
                let mut told = Instant::now();
                let (done, lost) = interrupted::finish(env, &[*it], stop, &mut |n| {
                    so_far.files += n;
                    if told.elapsed() > Duration::from_millis(50) {
                        told = Instant::now();
                        let _ = out.send(Event::Progress(so_far.clone()));
                    }
                });
                resumed(env, out, done, lost);
            }),
            Effect::PutBack(it) => self.remove(move |env, out, _| {
                let (done, lost) = interrupted::undo(env, &[*it]);
                resumed(env, out, done, lost);
            }),
            Effect::Remove(plan) => self.remove(move |env, out, stop| {
                let report = execute::run(&plan, env, stop, &mut |p| {
                    let _ = out.send(Event::Progress(p.clone()));
                });
                send_trash(env, out);
                let _ = out.send(Event::Removed(Box::new(report)));
            }),
            Effect::Empty(empty) => self.remove(move |env, out, stop| {
                let mut so_far = Progress { of: empty.things().len(), ..Progress::default() };
                let mut told = Instant::now();
                let empty = empty.with_names(Names::of(env.accounts()));
                let (done, lost) = journal::run::empty(env, &empty, stop, &mut |n| {
                    so_far.files += n;
                    if told.elapsed() > Duration::from_millis(50) {
                        told = Instant::now();
                        let _ = out.send(Event::Progress(so_far.clone()));
                    }
                });
                send_trash(env, out);
                tell_unlogged(lost, out);
                let _ = out.send(Event::Emptied(done));
            }),
            Effect::Undo(run) => self.remove(move |env, out, _| {
                let all = ledger::read(&ledger::roots(env, &mounts::read()));
                let items = restore::plan(&all, |t| t.ours.as_ref().is_some_and(|o| o.run == run));
                let (done, lost) = journal::run::restore(env, &items, Allow::default());
                send_trash(env, out);
                tell_unlogged(lost, out);
                let _ = out.send(Event::Restored(done));
            }),
            Effect::Bring { files, allow } => self.remove(move |env, out, _| {
                let files: FxHashSet<PathBuf> = files.into_iter().collect();
                let all = ledger::read(&ledger::roots(env, &mounts::read()));
                let chosen: Vec<_> = all.iter().filter(|t| files.contains(&t.file())).collect();
                let (done, lost) = journal::run::restore(env, &restore::of(&chosen, &all), allow);
                send_trash(env, out);
                tell_unlogged(lost, out);
                let _ = out.send(Event::Restored(done));
            }),
            Effect::Weigh(files) => {
                self.spawn("weigh", move |_, out, _| {
                    let _ = out.send(Event::Weighed(weigh(&files)));
                });
            }
            Effect::StopRemoval => self.stop.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Writes a plan to a file. That removes nothing.
    pub fn save(&self, plan: saved::Saved, file: PathBuf) {
        self.spawn("save", move |env, out, _| {
            let file = env.expand(&file);
            let saved = match saved::file::write(&file, &plan) {
                Ok(()) => Saved::Yes(file),
                Err(unsaved) => Saved::No { instead: unsaved.instead(&file), why: unsaved.why },
            };
            let _ = out.send(Event::Saved(saved));
        });
    }

    /// Asks a removal to stop after its current entry and waits for it, for a limited time if one is given.
    pub fn stop(&mut self, limit: Option<Duration>) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(removal) = self.removal.take() else { return };
        let Some(limit) = limit else {
            let _ = removal.join();
            return;
        };
        let deadline = Instant::now() + limit;
        while !removal.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Everything that changes something on the disk goes through here.
    fn remove(&mut self, work: impl FnOnce(&Env, &Sender<Event>, &AtomicBool) + Send + 'static) {
        if self.read_only {
            let _ = self.out.send(Event::Failed("mldu was started read-only: nothing is removed".into()));
            return;
        }
        if self.removal.as_ref().is_some_and(|r| !r.is_finished()) {
            let _ = self.out.send(Event::Failed("something is still being removed".into()));
            return;
        }
        self.stop.store(false, Ordering::Relaxed);
        self.removal = self.spawn("removal", work);
    }

    fn spawn(
        &self,
        name: &str,
        work: impl FnOnce(&Env, &Sender<Event>, &AtomicBool) + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let (env, out, stop) = (Arc::clone(&self.env), self.out.clone(), Arc::clone(&self.stop));
        let failed = self.out.clone();
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| work(&env, &out, &stop))).is_err() {
                let _ = out.send(Event::Failed("a bug in mldu stopped this; what was done is done".into()));
            }
        });
        thread
            .inspect_err(|e| {
                let _ = failed.send(Event::Failed(format!("no thread could be started: {e}")));
            })
            .ok()
    }
}

fn resumed(env: &Env, out: &Sender<Event>, done: Vec<interrupted::Resumed>, lost: Option<String>) {
    send_trash(env, out);
    tell_unlogged(lost, out);
    let _ = out.send(Event::Resumed(done));
}

fn tell_unlogged(lost: Option<String>, out: &Sender<Event>) {
    if let Some(why) = lost {
        let _ = out.send(Event::Unlogged(why));
    }
}

fn send_trash(env: &Env, out: &Sender<Event>) {
    let roots = ledger::roots(env, &mounts::read());
    let _ = out.send(Event::Absent(ledger::absent(env)));
    let mut all = ledger::read(&roots);
    all.extend(ledger::orphans(&roots));
    let _ = out.send(Event::Trash(all));
}
