//! Finishing and undoing what is half done. Everything is looked at anew, and written to the log like any other run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::find::{may_come_back, may_go};
use super::intact::Left;
use super::{Interrupted, Kind};
use crate::env::Env;
use crate::removal::deletion;
use crate::removal::facts::sentence;
use crate::removal::in_use::InUse;
use crate::removal::journal::line::id_of;
use crate::removal::journal::run::name;
use crate::removal::journal::{self, Became, Event, Line, Log, What};
use crate::removal::ledger;
use crate::removal::protect::DenyList;
use crate::removal::restore;
use crate::sys::beneath::{self, Identity};
use crate::sys::mounts::{self, MountInfo};
use crate::sys::user::Names;
use crate::text;

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// What it was about.
    pub path: PathBuf,
    /// Where the rest of it was.
    pub from: PathBuf,
    /// Bytes that were left of it.
    pub bytes: u64,
    /// Whether it was to be deleted; otherwise it was to come back.
    pub deleting: bool,
    /// Why it is still half done; `None` if it is not.
    pub failed: Option<String>,
}

/// What has to be known before anything is done.
struct Ground<'a> {
    env: &'a Env,
    deny: DenyList,
    table: Vec<MountInfo>,
}

impl<'a> Ground<'a> {
    fn look(env: &'a Env) -> Self {
        let table = mounts::read();
        let trashes = ledger::roots(env, &table);
        Self { env, deny: DenyList::collect(env, &[], &trashes, &table), table }
    }

    /// Who it is now, if it is still what was found and nothing speaks against doing something with it.
    fn check(&self, it: &Interrupted) -> Result<(Identity, Left), String> {
        let (parent, name) = beneath::open_parent(&it.at).map_err(|e| sentence(&e))?;
        let now = beneath::look(&parent, name).map_err(|e| sentence(&e))?;
        let same = it.identity.as_ref().is_some_and(|i| now.same_thing(i));
        if !same || !deletion::is_aside(name) {
            return Err("it is not what it was when it was found".into());
        }
        if let Some(why) = self.deny.refuses(&it.at, &now) {
            return Err(format!("protected: {why}"));
        }
        if self.table.iter().any(|m| m.path.starts_with(&it.at)) {
            return Err("something is mounted inside it".into());
        }
        let left = Left::of(&parent, name, &now).map_err(|e| sentence(&e))?;
        may_go(&left)?;
        if left.files > it.files {
            return Err("something was put into it since it was found".into());
        }
        let names = Names::of(self.env.accounts());
        if let Some(who) = InUse::look(std::slice::from_ref(&it.at), &names).reason(&it.at) {
            return Err(format!("in use: {who}"));
        }
        Ok((now, left))
    }
}

/// Deletes what is left of these, for good. Parts of items are not among them: they go by a plan. Says too why the
/// log could not be written, if so.
pub fn finish(
    env: &Env,
    all: &[Interrupted],
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> (Vec<Resumed>, Option<String>) {
    super::tidy(env);
    let ground = Ground::look(env);
    let bytes = all.iter().map(|i| i.bytes).sum();
    let mut log = Log::begin(env, &name(), What::Finish, all.len(), bytes);
    let mut done = Vec::new();
    for it in all {
        let result = if stop.load(Ordering::Relaxed) {
            Err("stopped before it came to this".to_string())
        } else {
            it.finish.clone().and_then(|()| finish_one(&ground, it, &mut log, stop, progress))
        };
        done.push(resumed(it, result, Became::Deleted, &mut log));
    }
    let lost = log.end(stop.load(Ordering::Relaxed), Vec::new());
    (done, lost)
}

fn finish_one(
    ground: &Ground<'_>,
    it: &Interrupted,
    log: &mut Log,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> Result<(), String> {
    if it.kind == Kind::Parts {
        return Err("its other parts go by a plan: mark it and press d".into());
    }
    let (now, _) = ground.check(it)?;
    let aside = deletion::aside_name();
    let mut ahead = line(log, Event::Step, it);
    ahead.aside = Some(aside.to_string_lossy().into_owned());
    ahead.id = Some(id_of(&now));
    // Should this be killed too, what is left then is not all there ever was.
    (ahead.files, ahead.bytes) = (None, None);
    log.ahead(&[ahead]);
    let (parent, name) = beneath::open_parent(&it.at).map_err(|e| sentence(&e))?;
    let gone = deletion::delete_as(&aside, &parent, name, &it.at, &now, stop, progress);
    let gone = gone.map_err(|e| sentence(&e))?;
    if let Some(rest) = gone.rest {
        let why = gone.left.first().map_or_else(|| "stopped".to_string(), |(_, why)| why.clone());
        return Err(format!("only partly removed ({why}); the rest is in {}", text::path(&rest)));
    }
    if let Some(record) = &it.record {
        let info = record.info();
        let (folder, name) = beneath::open_parent(&info).map_err(|e| sentence(&e))?;
        beneath::unlink(folder, name).map_err(|e| sentence(&e))?;
    }
    Ok(())
}

/// Puts these back to where they were: what lies aside gets its name again, parts come out of the trash. Says too why
/// the log could not be written, if so.
pub fn undo(env: &Env, all: &[Interrupted]) -> (Vec<Resumed>, Option<String>) {
    let lines = journal::read(env);
    super::tidy(env);
    let ground = Ground::look(env);
    let bytes = all.iter().map(|i| i.bytes).sum();
    let mut log = Log::begin(env, &name(), What::Back, all.len(), bytes);
    let mut done = Vec::new();
    for it in all {
        log.ahead(&[line(&log, Event::Step, it)]);
        let result = it.undo.clone().and_then(|()| match it.kind {
            Kind::Parts => parts_back(it),
            _ => name_back(&ground, it, &lines),
        });
        done.push(resumed(it, result, Became::Restored, &mut log));
    }
    let lost = log.end(false, Vec::new());
    // What came back left records behind where a killed run had written them.
    super::tidy(env);
    (done, lost)
}

/// What lies aside gets its name again, if it is still known to be whole.
fn name_back(ground: &Ground<'_>, it: &Interrupted, lines: &[Line]) -> Result<(), String> {
    let (now, left) = ground.check(it)?;
    let name = it.at.file_name().map(|n| n.to_string_lossy().into_owned());
    let step = lines.iter().rev().find(|l| l.event == Event::Step && l.aside == name);
    let step = step.ok_or("where it was is not written down")?;
    may_come_back(step, &now, &left, it.record.as_ref(), it.kind)?;
    let back: PathBuf = match &it.record {
        Some(record) => record.file(),
        None => it.original.clone().unwrap_or_default(),
    };
    rename(&it.at, &back).map_err(|e| sentence(&e))
}

fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    let (old_folder, old) = beneath::open_parent(from)?;
    let (new_folder, new) = beneath::open_parent(to)?;
    beneath::rename(&old_folder, old, &new_folder, new)
}

fn parts_back(it: &Interrupted) -> Result<(), String> {
    for item in restore::plan(&it.trashed, |_| true) {
        if let Some(why) = item.run().into_iter().find_map(|r| r.failed) {
            return Err(why);
        }
    }
    Ok(())
}

fn line(log: &Log, event: Event, it: &Interrupted) -> Line {
    let line = Line {
        item: it.item.as_deref().map(text::redact),
        bytes: Some(it.bytes),
        files: Some(it.files),
        ..log.line(event).about(it.path())
    };
    match &it.record {
        Some(record) => line.trash(&record.root),
        None => line,
    }
}

fn resumed(it: &Interrupted, result: Result<(), String>, became: Became, log: &mut Log) -> Resumed {
    let failed = result.err();
    let outcome = if failed.is_none() { became } else { Became::Kept };
    log.done(&line(log, Event::Done, it).became(outcome, failed.as_deref()));
    let deleting = became == Became::Deleted;
    Resumed { path: it.path().clone(), from: it.at.clone(), bytes: it.bytes, deleting, failed }
}
