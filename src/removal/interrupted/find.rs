//! Finding what is half done: what the log says was in hand is held against the disk.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::intact::Left;
use super::runs::{Run, is_at_its_place, runs};
use super::{Interrupted, Kind};
use crate::env::Env;
use crate::model::node;
use crate::removal::deletion;
use crate::removal::facts::sentence;
use crate::removal::journal::line::id_of;
use crate::removal::journal::{self, Became, Event, Line, What};
use crate::removal::ledger::{self, Trashed};
use crate::sys::beneath::{self, Identity};
use crate::sys::mounts;
use crate::text;

/// The clock by which folders are dated runs behind the one by which the log is, by less than this many nanoseconds.
const CLOCK: i64 = 50_000_000;

/// Finds everything that is half done, largest first. `seen` are paths a scan came upon whose names say that.
pub fn find(env: &Env, seen: &[PathBuf]) -> Vec<Interrupted> {
    let lines = journal::read(env);
    let runs = runs(&lines);
    let mut finder = Finder { env, runs, had: FxHashSet::default(), found: Vec::new() };
    let steps = in_hand(&lines);
    let trashed = ledger::read(&ledger::roots(env, &mounts::read()));
    for (step, done) in &steps {
        finder.step(step, *done, &trashed);
    }
    finder.asides_in(&trashed);
    for path in seen {
        finder.leftover(path, None, None);
    }
    finder.parts(&trashed, &lines);
    finder.found.sort_by(|a, b| (b.bytes, &a.at).cmp(&(a.bytes, &b.at)));
    finder.found
}

/// Steps that were begun and of which something may be left: each with what became of it, if that was written.
fn in_hand(lines: &[Line]) -> Vec<(&Line, Option<&Line>)> {
    let key = |l: &Line| (l.run.clone(), l.step, l.path.clone(), l.path_encoded.clone());
    let mut became: FxHashMap<_, &Line> = FxHashMap::default();
    for done in lines.iter().filter(|l| l.event == Event::Done) {
        became.insert(key(done), done);
    }
    let steps = lines.iter().filter(|l| l.event == Event::Step && l.aside.is_some());
    let with = steps.map(|s| (s, became.get(&key(s)).copied()));
    with.filter(|(_, done)| {
        // An emptying that failed may have been stopped in the middle: only the disk knows.
        !matches!(done.and_then(|d| d.outcome), Some(Became::Deleted | Became::Unreached | Became::Restored))
    })
    .collect()
}

struct Finder<'a> {
    env: &'a Env,
    runs: FxHashMap<String, Run>,
    had: FxHashSet<PathBuf>,
    found: Vec<Interrupted>,
}

impl Finder<'_> {
    /// A step of the log that may have left something aside, or in its place.
    fn step(&mut self, step: &Line, done: Option<&Line>, trashed: &[Trashed]) {
        let (Some(path), Some(aside)) = (step.path(), &step.aside) else { return };
        let trash = step.trash_root();
        let folder = match &trash {
            Some(root) => root.join("files"),
            None => path.parent().unwrap_or(Path::new("/")).to_path_buf(),
        };
        let record = trash.as_ref().and_then(|root| {
            trashed.iter().find(|t| t.root == *root && t.original == path && t.identity.is_none())
        });
        let at = folder.join(aside);
        // What the log says of another thing that bore this name says nothing of this one.
        let id = beneath::open_parent(&at).and_then(|(p, n)| beneath::look(&p, n)).map(|it| id_of(&it));
        if id.is_ok_and(|id| step.id.as_ref() == Some(&id)) {
            self.leftover(&at, Some(step), record);
        }
        if trash.is_none() && done.is_none_or(|d| d.outcome == Some(Became::Partly)) {
            self.in_place(step, done, &path);
        }
    }

    /// Whether somebody may be at it right now, and what is said of that.
    fn busy(&self, step: Option<&Line>) -> Option<&Run> {
        self.runs.get(&step?.run).filter(|r| r.may_run())
    }

    /// Something that lies aside.
    fn leftover(&mut self, at: &Path, step: Option<&Line>, record: Option<&Trashed>) {
        if !at.file_name().is_some_and(deletion::is_aside) || self.had.contains(at) {
            return;
        }
        let Ok((parent, name)) = beneath::open_parent(at) else { return };
        let Ok(identity) = beneath::look(&parent, name) else { return };
        if step.is_none() && identity.uid != self.env.uid() {
            return;
        }
        self.had.insert(at.to_path_buf());
        let busy = self.busy(step);
        if busy.is_some_and(|r| r.life == crate::sys::alive::Life::Runs) {
            return;
        }
        let (left, looked) = match Left::of(&parent, name, &identity) {
            Ok(left) => (left, Ok(())),
            Err(e) => (Left::default(), Err(format!("it cannot be looked into: {}", sentence(&e)))),
        };
        let kind = if record.is_some() || step.is_some_and(|s| s.trash.is_some()) {
            Kind::Emptying
        } else {
            Kind::Deletion
        };
        let undo = match (step, busy) {
            (None, _) => Err("where it was is not written down: it can only be finished".into()),
            (Some(_), Some(run)) => Err(format!(
                "it may still be worked on, in another container or on {}; a day later it is taken as over",
                if run.host.is_empty() { "another machine" } else { &run.host }
            )),
            (Some(step), None) => may_come_back(step, &identity, &left, record, kind),
        };
        let finish = looked.and_then(|()| may_go(&left));
        let original = step.and_then(Line::path).or_else(|| record.map(|r| r.original.clone()));
        self.found.push(Interrupted {
            kind,
            original,
            at: at.to_path_buf(),
            began: step.and_then(|s| self.runs.get(&s.run).map_or(s.seconds(), |r| r.began)),
            run: step.map(|s| s.run.clone()),
            item: step.and_then(|s| s.item.clone()),
            bytes: left.bytes,
            files: left.files,
            in_place: Vec::new(),
            finish,
            undo,
            identity: Some(identity),
            record: record.cloned(),
            trashed: Vec::new(),
        });
    }

    /// Something that was being deleted under its own name. A person may have gone on using it, so it is only told.
    fn in_place(&mut self, step: &Line, done: Option<&Line>, path: &Path) {
        let aside = done.is_some_and(|d| d.aside.is_some());
        if step.what != What::Delete || aside || self.busy(Some(step)).is_some() || self.had.contains(path) {
            return;
        }
        let Ok((parent, name)) = beneath::open_parent(path) else { return };
        let Ok(identity) = beneath::look(&parent, name) else { return };
        if identity.kind != node::Kind::Dir || step.id.as_deref() != Some(id_of(&identity).as_str()) {
            return;
        }
        let Ok(left) = Left::of(&parent, name, &identity) else { return };
        if step.files.is_none_or(|all| left.files >= all) {
            return;
        }
        self.had.insert(path.to_path_buf());
        let why = "it is under its own name still; look at it, then mark it and delete it as usual";
        let gone = step.files.unwrap_or(0) - left.files;
        self.found.push(Interrupted {
            kind: Kind::InPlace,
            original: Some(path.to_path_buf()),
            at: path.to_path_buf(),
            began: self.runs.get(&step.run).and_then(|r| r.began).or(step.seconds()),
            run: Some(step.run.clone()),
            item: step.item.clone(),
            bytes: left.bytes,
            files: left.files,
            in_place: Vec::new(),
            finish: Err(why.into()),
            undo: Err(format!("{} of it gone for good", text::counted(gone, "file is", "files are"))),
            identity: Some(identity),
            record: None,
            trashed: Vec::new(),
        });
    }

    /// What lies aside in the trashes, told by the record that speaks of that very inode.
    fn asides_in(&mut self, trashed: &[Trashed]) {
        let roots: FxHashSet<&Path> = trashed.iter().map(|t| t.root.as_path()).collect();
        for root in roots {
            let Ok(files) = beneath::open_folder(&root.join("files")) else { continue };
            for name in beneath::list(&files).unwrap_or_default().into_iter().map(|e| e.name) {
                if !deletion::is_aside(&name) {
                    continue;
                }
                let id = beneath::look(&files, &name).map(|it| id_of(&it)).ok();
                let record = trashed.iter().find(|t| {
                    t.root == root
                        && t.identity.is_none()
                        && t.ours.as_ref().is_some_and(|o| id.as_ref() == Some(&o.id))
                });
                self.leftover(&root.join("files").join(&name), None, record);
            }
        }
    }

    /// Items of several parts of which some are in the trash and some are where they were.
    fn parts(&mut self, trashed: &[Trashed], lines: &[Line]) {
        let mut groups: FxHashMap<(&str, &str), Vec<&Trashed>> = FxHashMap::default();
        for t in trashed {
            if let Some(o) = t.ours.as_ref().filter(|o| o.part.is_some_and(|p| p.1 > 1)) {
                groups.entry((&o.run, &o.item)).or_default().push(t);
            }
        }
        for ((run, item), group) in groups {
            let of = group.iter().filter_map(|t| t.ours.as_ref()?.part).map(|p| p.1).max().unwrap_or(0);
            let there: Vec<&Trashed> = group.iter().copied().filter(|t| t.is_ours()).collect();
            if there.is_empty() || there.len() >= of || self.runs.get(run).is_some_and(Run::may_run) {
                continue;
            }
            let safe = text::redact(item);
            let mut in_place: Vec<PathBuf> =
                group.iter().filter(|t| is_at_its_place(t)).map(|t| t.original.clone()).collect();
            // What never came to the trash has no record there; the log says where it was.
            let steps = lines.iter().filter(|l| l.event == Event::Step && l.run == run);
            for step in steps.filter(|l| l.item.as_deref() == Some(&safe)) {
                let Some(path) = step.path() else { continue };
                let known = there.iter().any(|t| t.original == path) || in_place.contains(&path);
                let found = beneath::open_parent(&path).and_then(|(p, n)| beneath::look(&p, n));
                if !known && found.is_ok_and(|it| step.id.as_deref() == Some(id_of(&it).as_str())) {
                    in_place.push(path);
                }
            }
            if in_place.is_empty() {
                // The others were emptied or are gone elsewhere: nothing is between two places.
                continue;
            }
            let first = there[0];
            self.found.push(Interrupted {
                kind: Kind::Parts,
                original: Some(first.original.clone()),
                at: first.file(),
                began: self.runs.get(run).and_then(|r| r.began),
                run: Some(run.to_string()),
                item: Some(item.to_string()),
                bytes: there.iter().filter_map(|t| t.ours.as_ref()).map(|o| o.bytes).sum(),
                files: there.len() as u64,
                in_place,
                finish: Ok(()),
                undo: Ok(()),
                identity: None,
                record: None,
                trashed: there.into_iter().cloned().collect(),
            });
        }
    }
}

/// Whether what is left may be deleted, as far as can be seen from it.
pub fn may_go(left: &Left) -> Result<(), String> {
    if left.unknown > 0 {
        let n = text::counted(left.unknown, "thing", "things");
        return Err(format!("{n} in it cannot be looked at: closed to you, or on another mount"));
    }
    if left.locked > 0 {
        return Err("in use: a process holds a lock on something in it".into());
    }
    Ok(())
}

/// Whether it is all there and can get its name back.
pub fn may_come_back(
    step: &Line,
    identity: &Identity,
    left: &Left,
    record: Option<&Trashed>,
    kind: Kind,
) -> Result<(), String> {
    let dir = identity.kind == node::Kind::Dir;
    let began = step.at.parse::<jiff::Timestamp>().map_or(i128::MIN, jiff::Timestamp::as_nanosecond);
    let touched = i128::from(left.touched.0) * 1_000_000_000 + i128::from(left.touched.1);
    // What lies in a trash is known by its bytes alone.
    let whole = step.files.is_none_or(|f| f == left.files) && step.bytes == Some(left.bytes);
    if left.unknown > 0 || !whole || (dir && touched >= began - i128::from(CLOCK)) {
        let of = step.files.map(|all| format!("{} of {all}", left.files));
        let left = of.unwrap_or_else(|| left.files.to_string());
        return Err(format!("it is not known to be whole ({left} files are left): it can only be finished"));
    }
    let back = match (kind, record) {
        (Kind::Emptying, Some(record)) => record.file(),
        (Kind::Emptying, None) => return Err("its record in the trash is gone".into()),
        _ => step.path().unwrap_or_default(),
    };
    match beneath::open_parent(&back) {
        Err(e) => Err(format!("the folder it was in cannot be opened: {}", sentence(&e))),
        Ok((folder, name)) if beneath::look(&folder, name).is_ok() => {
            Err(format!("something else lies at {} now", text::path(&back)))
        }
        Ok(_) => Ok(()),
    }
}
