//! Emptying the trash for good: of what mldu put there, and of what others put there only what was chosen by itself.
//! Right before each thing goes it is looked at again: who it is, whether a process uses it, whether something is mounted
//! in it, and whether its trash is ours alone.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::deletion;
use super::directory_sizes;
use super::facts::sentence;
use super::in_use::{Fresh, InUse};
use super::journal::{self, Log};
use super::ledger::Trashed;
use super::survey::Survey;
use super::trash;
use crate::model::node::Kind;
use crate::sys::beneath;
use crate::sys::locks::Locks;
use crate::sys::mounts::{self, MountInfo};
use crate::sys::user::{self, Names};

/// A record without its thing may be of something that is being moved just now; after so long it is not.
const SETTLED: i64 = 600;

/// Things in a trash that go for good.
#[derive(Debug, Clone, Default)]
pub struct Empty {
    things: Vec<Trashed>,
    /// What each takes, where that is known.
    bytes: Vec<Option<u64>>,
    names: Names,
}

/// What became of one of them.
#[derive(Debug, Clone)]
pub struct Emptied {
    /// Which.
    pub thing: Trashed,
    /// What it took, where that was known.
    pub bytes: Option<u64>,
    /// Why it is still there; `None` if it is gone.
    pub failed: Option<String>,
}

impl Empty {
    /// Everything mldu trashed that `wanted` accepts.
    pub fn plan(all: &[Trashed], wanted: impl Fn(&Trashed) -> bool) -> Self {
        let ours = all.iter().filter(|t| t.is_ours() && wanted(t));
        Self::chosen(ours.map(|t| (t.clone(), t.ours.as_ref().map(|o| o.bytes))))
    }

    /// Exactly these, each of which somebody chose, with what they take.
    pub fn chosen(things: impl IntoIterator<Item = (Trashed, Option<u64>)>) -> Self {
        let (things, bytes) = things.into_iter().unzip();
        Self { things, bytes, names: Names::default() }
    }

    /// Calls users by their names when it says who uses something.
    #[must_use]
    pub fn with_names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// What would go.
    pub fn things(&self) -> &[Trashed] {
        &self.things
    }

    /// What would go, with what each takes, where that is known.
    pub fn sized(&self) -> impl Iterator<Item = (&Trashed, Option<u64>)> {
        self.things.iter().zip(self.bytes.iter().copied())
    }

    /// Bytes of blocks it takes, as far as that is known.
    pub fn bytes(&self) -> u64 {
        self.bytes.iter().flatten().sum()
    }

    /// How many of them take nobody knows what.
    pub fn unknown(&self) -> usize {
        self.bytes.iter().filter(|b| b.is_none()).count()
    }

    /// How many of them other programs put there.
    pub fn foreign(&self) -> usize {
        self.things.iter().filter(|t| t.identity.is_some() && !t.is_ours()).count()
    }

    /// Deletes it, thing by thing; one failure does not stop the rest.
    pub fn run(&self, stop: &AtomicBool, progress: &mut dyn FnMut(u64)) -> Vec<Emptied> {
        self.run_logged(&mut Log::off(), stop, progress)
    }

    /// The same, written down as it goes.
    pub fn run_logged(
        &self,
        log: &mut Log,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64),
    ) -> Vec<Emptied> {
        let mut guard = Guard::new(self);
        let mut done = Vec::new();
        for (thing, bytes) in self.sized() {
            let result = if stop.load(Ordering::Relaxed) {
                Err("stopped before it came to this".to_string())
            } else {
                let aside = deletion::aside_name();
                log.ahead(&[journal::run::emptying(log, thing, &aside)]);
                let result = guard.remove(thing, &aside, stop, progress);
                journal::run::emptied(log, thing, result.as_ref().err().map(String::as_str));
                result
            };
            done.push(Emptied { thing: thing.clone(), bytes, failed: result.err() });
        }
        let mut roots: Vec<&PathBuf> = self.things.iter().map(|t| &t.root).collect();
        roots.sort_unstable();
        roots.dedup();
        for root in roots {
            directory_sizes::update(root, &[]);
        }
        done
    }
}

/// What is looked at before each thing goes.
struct Guard<'a> {
    names: &'a Names,
    watched: Vec<PathBuf>,
    look: Fresh<(InUse, Locks, Vec<MountInfo>)>,
}

impl<'a> Guard<'a> {
    fn new(empty: &'a Empty) -> Self {
        let mut watched: Vec<PathBuf> = empty.things.iter().map(|t| t.root.join("files")).collect();
        watched.sort();
        watched.dedup();
        Self { names: &empty.names, watched, look: Fresh::default() }
    }

    /// Why a thing must stay, by a look that is no older than two seconds.
    fn objection(&mut self, file: &std::path::Path, now: &beneath::Identity) -> Option<String> {
        let (watched, names) = (&self.watched, self.names);
        let look = || (InUse::look(watched, names), Locks::read(), mounts::read());
        let (in_use, locks, table) = self.look.get(look);
        if let Some(who) = in_use.reason(file) {
            return Some(format!("in use: {who}; end that, then empty again"));
        }
        if now.is_mount || table.iter().any(|m| m.path.starts_with(file)) {
            return Some("something is mounted in it".into());
        }
        if locks.on(now.dev, now.ino).is_some() {
            return Some("in use: a process holds a lock on it".into());
        }
        if now.kind == Kind::Dir && !locks.near(now.dev).is_empty() {
            let survey = beneath::open_parent(file)
                .and_then(|(parent, name)| Survey::of(&parent, name, user::effective()));
            if survey.is_ok_and(|s| s.locked > 0) {
                return Some("in use: a process holds a lock on something in it".into());
            }
        }
        None
    }

    /// The thing first, then its record: an interruption leaves a record of something that is still there.
    fn remove(
        &mut self,
        thing: &Trashed,
        aside: &OsStr,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        let folder = |name: &str| {
            trash::ours(&thing.root.join(name)).map_err(|e| format!("{}: {}", name_of(thing), sentence(&e)))
        };
        folder("")?;
        let (files, info) = (folder("files")?, folder("info")?);
        let Some(identity) = &thing.identity else { return drop_record(thing, &files, &info) };
        let file = thing.file();
        let now = beneath::look(&files, &thing.name).map_err(|e| sentence(&e))?;
        if !now.same_thing(identity) {
            return Err("changed since it was trashed".into());
        }
        if let Some(why) = self.objection(&file, &now) {
            return Err(why);
        }
        let done = deletion::delete_as(aside, &files, &thing.name, &file, &now, stop, progress);
        let done = done.map_err(|e| sentence(&e))?;
        if let Some(rest) = &done.rest {
            let (why, rest) = (done.first(), crate::text::path(rest));
            return Err(format!("only partly removed ({why}); the rest is in {rest}"));
        }
        if thing.is_orphan() {
            return Ok(());
        }
        // The thing is gone, whatever becomes of its record: one that is left alone is shown as such.
        let _ = beneath::unlink(&info, &record_of(thing));
        Ok(())
    }
}

/// Removes a record whose thing is gone.
fn drop_record(
    thing: &Trashed,
    files: &std::os::fd::OwnedFd,
    info: &std::os::fd::OwnedFd,
) -> Result<(), String> {
    let record = beneath::look(info, &record_of(thing)).map_err(|e| sentence(&e))?;
    let is_gone = beneath::look(files, &thing.name).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound);
    if !is_gone || jiff::Timestamp::now().as_second() - record.mtime.0 < SETTLED {
        return Err("its record is new: what it is about may just be on its way here".into());
    }
    beneath::unlink(info, &record_of(thing)).map_err(|e| sentence(&e))
}

fn record_of(thing: &Trashed) -> std::ffi::OsString {
    let mut record = thing.name.clone();
    record.push(".trashinfo");
    record
}

fn name_of(thing: &Trashed) -> String {
    crate::text::path(&thing.root)
}
