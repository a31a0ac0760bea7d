//! Bringing things back from the trash: what mldu put there, run by run or thing by thing, and what others put there if
//! it was chosen by itself. An item of several parts comes back whole or not at all, and nothing that lies at the old
//! place is ever replaced.

mod way;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::directory_sizes;
use super::facts::sentence;
use super::ledger::{self, Trashed};
use crate::sys::beneath;
use crate::text;

/// What a person said to do where the way back is not free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allow {
    /// Where something else lies now, it comes back beside that, as `name (restored)`.
    pub beside: bool,
    /// Of an item of which parts are gone, the rest comes back alone.
    pub rest: bool,
}

/// What a person can say so that it comes back after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// To put it beside what lies there.
    Beside,
    /// To take what is left of it.
    Rest,
}

/// Things that come back together.
#[derive(Debug, Clone)]
pub struct Restore {
    parts: Vec<Trashed>,
    /// Parts of which only the record is left: emptied elsewhere.
    gone: Vec<Trashed>,
    /// Parts of which there is not even a record in any trash that is there.
    missing: usize,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where it is, or should be.
    pub path: PathBuf,
    /// Where it was in the trash.
    pub from: PathBuf,
    /// Why it is not; `None` if it is.
    pub failed: Option<String>,
    /// What would bring it back.
    pub offer: Option<Offer>,
}

/// What comes back: everything mldu trashed that `wanted` accepts, item by item.
pub fn plan(all: &[Trashed], wanted: impl Fn(&Trashed) -> bool) -> Vec<Restore> {
    let chosen: Vec<&Trashed> = all.iter().filter(|t| t.is_ours() && wanted(t)).collect();
    of(&chosen, all)
}

/// What comes back for things chosen one by one: each with the other parts of its item; what others trashed alone. What
/// has no record cannot come back. What lay further up comes first.
pub fn of(chosen: &[&Trashed], all: &[Trashed]) -> Vec<Restore> {
    let key = |t: &Trashed| t.ours.as_ref().map(|o| (o.run.clone(), o.item.clone()));
    let wanted: FxHashSet<_> =
        chosen.iter().filter(|t| t.is_ours() || t.identity.is_none()).filter_map(|t| key(t)).collect();
    let mut items: FxHashMap<_, Restore> = FxHashMap::default();
    let mut stayed: FxHashMap<_, usize> = FxHashMap::default();
    let here: FxHashSet<&str> =
        all.iter().filter(|t| t.is_ours()).filter_map(|t| t.ours.as_ref()).map(|o| o.id.as_str()).collect();
    let came_later = |t: &Trashed| t.ours.as_ref().is_some_and(|o| here.contains(o.id.as_str()));
    for part in all {
        let Some(key) = key(part).filter(|k| wanted.contains(k)) else { continue };
        let item = items.entry(key.clone()).or_insert_with(Restore::empty);
        if part.is_ours() {
            item.parts.push(part.clone());
        } else if part.identity.is_none() && (came_later(part) || never_moved(part)) {
            // Its record was written, and an interrupted run did not come to it. Perhaps another one did.
            *stayed.entry(key).or_default() += 1;
        } else if part.identity.is_none() {
            item.gone.push(part.clone());
        }
    }
    for (key, item) in &mut items {
        let whole = item.all().filter_map(|p| p.ours.as_ref()?.part).map(|(_, of)| of).max().unwrap_or(1);
        let known = item.parts.len() + item.gone.len() + stayed.get(key).copied().unwrap_or(0);
        item.missing = whole.saturating_sub(known);
    }
    let mut items: Vec<Restore> = items.into_values().collect();
    let others = chosen.iter().filter(|t| !t.is_ours() && t.identity.is_some() && !t.is_orphan());
    items.extend(others.map(|t| Restore { parts: vec![(*t).clone()], ..Restore::empty() }));
    items.retain(|i| !i.parts.is_empty() || !i.gone.is_empty());
    let first = |i: &Restore| i.all().next().map(|p| (p.original.components().count(), p.original.clone()));
    items.sort_by_cached_key(first);
    items
}

/// The last run that put something into a trash.
pub fn last_run(all: &[Trashed]) -> Option<String> {
    let ours = all.iter().filter(|t| t.is_ours());
    let newest = ours.max_by(|a, b| a.date.cmp(&b.date))?;
    newest.ours.as_ref().map(|o| o.run.clone())
}

/// Brings all of these back, as far as that can be. Of things that were in the same place none is chosen.
pub fn bring_all(items: &[Restore], allow: Allow) -> Vec<Restored> {
    bring_each(items, allow, &mut |_, bring| bring())
}

/// Calls what brings an item back, and returns what that did.
pub type Witness<'a> = dyn FnMut(&Restore, &mut dyn FnMut() -> Vec<Restored>) -> Vec<Restored> + 'a;

/// The same, each item within a call of `witness`.
pub fn bring_each(items: &[Restore], allow: Allow, witness: &mut Witness<'_>) -> Vec<Restored> {
    let mut at: FxHashMap<&Path, Vec<&Trashed>> = FxHashMap::default();
    for part in items.iter().flat_map(|i| &i.parts) {
        at.entry(&part.original).or_default().push(part);
    }
    let mut done = Vec::new();
    for item in items {
        let twin = item.parts.iter().find_map(|part| {
            let twins = at.get(part.original.as_path())?;
            twins.iter().find(|t| t.file() != part.file()).copied()
        });
        done.extend(match twin {
            Some(twin) => item.report(|_| Some((twins(twin), None))),
            None => witness(item, &mut || item.bring(allow)),
        });
    }
    let roots: FxHashSet<&Path> = items.iter().flat_map(|i| &i.parts).map(|p| p.root.as_path()).collect();
    for root in roots {
        directory_sizes::update(root, &[]);
    }
    done
}

fn twins(twin: &Trashed) -> String {
    let date = text::plain(&twin.date).replace('T', " ");
    let which = twin.id().map_or_else(|| text::path(&twin.file()), str::to_string);
    format!("{which}, trashed {date}, was in the same place: choose one of them")
}

/// Whether a record was written for something that is still where it was.
fn never_moved(part: &Trashed) -> bool {
    let Some(ours) = &part.ours else { return false };
    let now = beneath::open_parent(&part.original).and_then(|(folder, name)| beneath::look(folder, name));
    now.is_ok_and(|now| ledger::id_of(&now) == ours.id)
}

impl Restore {
    fn empty() -> Self {
        Self { parts: Vec::new(), gone: Vec::new(), missing: 0 }
    }

    fn all(&self) -> impl Iterator<Item = &Trashed> {
        self.parts.iter().chain(&self.gone)
    }

    /// Bytes that come back to their place.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().filter_map(|p| p.ours.as_ref()).map(|o| o.bytes).sum()
    }

    /// What lies in the trash of it.
    pub fn parts(&self) -> &[Trashed] {
        &self.parts
    }

    /// Where its parts were.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|p| p.original.as_path())
    }

    /// Brings all parts back that are there, or none.
    pub fn run(&self) -> Vec<Restored> {
        self.bring(Allow { rest: self.gone.is_empty(), beside: false })
    }

    /// Brings all parts back, or none.
    pub fn bring(&self, allow: Allow) -> Vec<Restored> {
        if let Some(why) = self.torn().filter(|_| self.parts.is_empty() || !allow.rest) {
            let offer = (!self.parts.is_empty()).then_some(Offer::Rest);
            return self.report(|_| Some((why.clone(), offer)));
        }
        // What was shared and what is pointed at comes back before what points there: the other way round.
        let mut done: Vec<way::Back<'_>> = Vec::new();
        for part in self.parts.iter().rev() {
            match way::bring_back(part, allow.beside) {
                Ok(back) => done.push(back),
                Err(e) => {
                    let (reason, offer) = match e.kind() {
                        io::ErrorKind::AlreadyExists => {
                            ("something else lies there now".to_string(), Some(Offer::Beside))
                        }
                        _ => (sentence(&e), None),
                    };
                    // They came from there a moment ago, so they can go back. What cannot is where it was.
                    let stuck: Vec<(PathBuf, PathBuf)> =
                        done.into_iter().rev().filter_map(way::Back::revoke).collect();
                    let mut restored = self.report(|p| {
                        if stuck.iter().any(|(from, _)| *from == p.file()) {
                            return None;
                        }
                        let why = if p == part { &reason } else { "another part of it cannot come back" };
                        Some((why.to_string(), offer))
                    });
                    for restored in &mut restored {
                        if let Some((_, path)) = stuck.iter().find(|(from, _)| *from == restored.from) {
                            restored.path.clone_from(path);
                        }
                    }
                    return restored;
                }
            }
        }
        let mut restored = self.report(|_| None);
        restored.truncate(self.parts.len());
        for (restored, back) in restored.iter_mut().rev().zip(done) {
            restored.path = back.settle();
        }
        restored
    }

    /// What is not there of it.
    fn torn(&self) -> Option<String> {
        let lost = self.gone.len() + self.missing;
        if lost == 0 {
            return None;
        }
        if self.parts.is_empty() {
            return Some("it was emptied elsewhere: only its record is left".into());
        }
        let whole = lost + self.parts.len();
        Some(match self.gone.first() {
            Some(gone) => {
                let name = text::path(&gone.original);
                format!("{lost} of its {whole} parts was emptied elsewhere ({name})")
            }
            None => format!(
                "{lost} of its {whole} parts is in no trash that is there: emptied elsewhere, never moved, or its \
                 file system is not mounted"
            ),
        })
    }

    fn report(&self, failed: impl Fn(&Trashed) -> Option<(String, Option<Offer>)>) -> Vec<Restored> {
        let restored = |p: &Trashed| {
            let (failed, offer) = failed(p).map_or((None, None), |(why, offer)| (Some(why), offer));
            Restored { path: p.original.clone(), from: p.file(), failed, offer }
        };
        self.all().map(restored).collect()
    }
}

/// Takes a thing out of the trash again that was put there a moment ago, with its record.
///
/// # Errors
/// What the system says; then it is in the trash.
pub fn put_back(root: &Path, name: &OsStr, original: &Path) -> io::Result<()> {
    let files = beneath::open_folder(&root.join("files"))?;
    let info = beneath::open_folder(&root.join("info"))?;
    let (to, new) = beneath::open_parent(original)?;
    beneath::rename(&files, name, &to, new)?;
    let mut record = name.to_os_string();
    record.push(".trashinfo");
    // It is back, whatever becomes of its record.
    let _ = beneath::unlink(&info, &record);
    Ok(())
}
