//! Bringing things back from the trash: what mldu put there, run by run or thing by thing. An item of several parts
//! comes back whole or not at all, and nothing that lies at the old place is ever replaced.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::facts::sentence;
use super::ledger::Trashed;
use crate::sys::beneath;

/// Things that come back together.
#[derive(Debug, Clone)]
pub struct Restore {
    parts: Vec<Trashed>,
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
}

/// What comes back: everything mldu trashed that `wanted` accepts, item by item.
pub fn plan(all: &[Trashed], wanted: impl Fn(&Trashed) -> bool) -> Vec<Restore> {
    let mut items: Vec<Restore> = Vec::new();
    for thing in all.iter().filter(|t| t.is_ours() && wanted(t)) {
        let same = |r: &&mut Restore| r.parts.first().is_some_and(|p| together(p, thing));
        match items.iter_mut().find(same) {
            Some(item) => item.parts.push(thing.clone()),
            None => items.push(Restore { parts: vec![thing.clone()] }),
        }
    }
    items
}

fn together(a: &Trashed, b: &Trashed) -> bool {
    match (&a.ours, &b.ours) {
        (Some(a), Some(b)) => a.run == b.run && a.item == b.item,
        _ => false,
    }
}

/// The last run that put something into a trash.
pub fn last_run(all: &[Trashed]) -> Option<String> {
    let ours = all.iter().filter(|t| t.is_ours());
    let newest = ours.max_by(|a, b| a.date.cmp(&b.date))?;
    newest.ours.as_ref().map(|o| o.run.clone())
}

impl Restore {
    /// Bytes that come back to their place.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().filter_map(|p| p.ours.as_ref()).map(|o| o.bytes).sum()
    }

    /// Where its parts were.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|p| p.original.as_path())
    }

    /// Brings all parts back, or none.
    pub fn run(&self) -> Vec<Restored> {
        // What was shared and what is pointed at comes back before what points there: the other way round.
        let mut done: Vec<Back<'_>> = Vec::new();
        for part in self.parts.iter().rev() {
            match Back::bring(part) {
                Ok(back) => done.push(back),
                Err(e) => {
                    let reason = match e.kind() {
                        io::ErrorKind::AlreadyExists => "something else lies there now".to_string(),
                        _ => sentence(&e),
                    };
                    // They came from there a moment ago, so they can go back. What cannot is where it was.
                    done.retain(|back| back.return_to_trash().is_err());
                    done.iter().for_each(Back::forget_record);
                    return self.report(|p| {
                        if done.iter().any(|stuck| stuck.thing == p) {
                            None
                        } else if p == part {
                            Some(reason.clone())
                        } else {
                            Some("another part of it cannot come back".into())
                        }
                    });
                }
            }
        }
        done.iter().for_each(Back::forget_record);
        self.report(|_| None)
    }

    fn report(&self, failed: impl Fn(&Trashed) -> Option<String>) -> Vec<Restored> {
        let restored = |p: &Trashed| Restored { path: p.original.clone(), from: p.file(), failed: failed(p) };
        self.parts.iter().map(restored).collect()
    }
}

/// A thing that is back where it was, while its record is still there.
struct Back<'a> {
    thing: &'a Trashed,
    /// Folders that had to be made for it, outermost first.
    made: Vec<&'a Path>,
    records: OwnedFd,
}

impl<'a> Back<'a> {
    /// Moves a thing back to where it was. On an error nothing is left of folders that were made for it.
    fn bring(thing: &'a Trashed) -> io::Result<Self> {
        let mut made = Vec::new();
        let moved = (|| {
            // Opened before anything moves: what is back is not to be left with a record.
            let records = beneath::open_folder(&thing.root.join("info"))?;
            make_folders(thing, &mut made)?;
            let file = thing.file();
            let (from, name) = beneath::open_parent(&file)?;
            let (to, new) = beneath::open_parent(&thing.original)?;
            beneath::rename(&from, name, &to, new)?;
            Ok(records)
        })();
        match moved {
            Ok(records) => Ok(Self { thing, made, records }),
            Err(e) => {
                unmake(&made);
                Err(e)
            }
        }
    }

    fn return_to_trash(&self) -> io::Result<()> {
        let file = self.thing.file();
        let (to, name) = beneath::open_parent(&file)?;
        let (from, old) = beneath::open_parent(&self.thing.original)?;
        beneath::rename(&from, old, &to, name)?;
        unmake(&self.made);
        Ok(())
    }

    /// Removes its record. One that cannot be removed is left alone, and shown as such.
    fn forget_record(&self) {
        if let Some(name) = self.thing.info().file_name() {
            let _ = beneath::unlink(&self.records, name);
        }
    }
}

/// Removes folders that were made a moment ago, as far as they are still empty.
fn unmake(made: &[&Path]) {
    for folder in made.iter().rev() {
        if let Ok((above, name)) = beneath::open_parent(folder) {
            let _ = beneath::rmdir(above, name);
        }
    }
}

/// Makes the folders that were above it again, the last one with the permissions it had.
fn make_folders<'a>(thing: &'a Trashed, made: &mut Vec<&'a Path>) -> io::Result<()> {
    let Some(parent) = thing.original.parent() else { return Ok(()) };
    let missing: Vec<&Path> = parent
        .ancestors()
        .take_while(|p| p.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound))
        .collect();
    for (i, folder) in missing.iter().enumerate().rev() {
        let rights = thing.ours.as_ref().and_then(|o| o.parent).map_or(0o700, |p| p.0);
        let (above, name) = beneath::open_parent(folder)?;
        beneath::mkdir(above, name, if i == 0 { rights } else { 0o700 })?;
        made.push(folder);
    }
    Ok(())
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
