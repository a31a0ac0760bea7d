//! Emptying the trash of what mldu put there, for good. What others trashed is never touched here.

use std::ffi::OsStr;
use std::sync::atomic::AtomicBool;

use super::deletion;
use super::facts::sentence;
use super::in_use::Guard;
use super::journal::{self, Log};
use super::ledger::Trashed;
use crate::sys::beneath;
use crate::sys::user::{self, Names};

/// Things in a trash that go for good.
#[derive(Debug, Clone)]
pub struct Empty {
    things: Vec<Trashed>,
}

/// What became of one of them.
#[derive(Debug, Clone)]
pub struct Emptied {
    /// Which.
    pub thing: Trashed,
    /// Why it is still there; `None` if it is gone.
    pub failed: Option<String>,
}

impl Empty {
    /// Everything mldu trashed that `wanted` accepts.
    pub fn plan(all: &[Trashed], wanted: impl Fn(&Trashed) -> bool) -> Self {
        Self { things: all.iter().filter(|t| t.is_ours() && wanted(t)).cloned().collect() }
    }

    /// What would go.
    pub fn things(&self) -> &[Trashed] {
        &self.things
    }

    /// Bytes of blocks it takes, as its records say.
    pub fn bytes(&self) -> u64 {
        self.things.iter().filter_map(|t| t.ours.as_ref()).map(|o| o.bytes).sum()
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
        let mut done = Vec::new();
        // What is used stays, in a trash as anywhere: somebody may have begun to since it was put there.
        let names = Names::of(&user::accounts(std::path::Path::new("/etc/passwd")));
        let mut in_use = Guard::over(self.things.iter().map(Trashed::file).collect(), names);
        for thing in &self.things {
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                done.push(Emptied {
                    thing: thing.clone(),
                    failed: Some("stopped before it came to this".into()),
                });
                continue;
            }
            let failed = match in_use.reason(&thing.file()) {
                Some(reason) => Some(format!("in use: {reason}")),
                None => {
                    let aside = deletion::aside_name();
                    log.ahead(&[journal::run::emptying(log, thing, &aside)]);
                    let failed = remove(thing, &aside, stop, progress).err();
                    journal::run::emptied(log, thing, failed.as_deref());
                    failed
                }
            };
            done.push(Emptied { thing: thing.clone(), failed });
        }
        done
    }
}

/// The thing first, then its record: an interruption leaves a record of something that is still there.
fn remove(
    thing: &Trashed,
    aside: &OsStr,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> Result<(), String> {
    let file = thing.file();
    let identity = thing.identity.as_ref().ok_or_else(|| "it is gone already".to_string())?;
    let (parent, name) = beneath::open_parent(&file).map_err(|e| sentence(&e))?;
    let now = beneath::look(&parent, name).map_err(|e| sentence(&e))?;
    if !now.same_thing(identity) {
        return Err("changed since it was trashed".into());
    }
    let done = deletion::delete_as(aside, &parent, name, &file, &now, stop, progress);
    let done = done.map_err(|e| sentence(&e))?;
    if let Some(rest) = done.rest {
        let why = done.left.first().map_or_else(|| "stopped".to_string(), |(_, why)| why.clone());
        return Err(format!("only partly removed ({why}); the rest is in {}", crate::text::path(&rest)));
    }
    let info = thing.info();
    let (folder, name) = beneath::open_parent(&info).map_err(|e| sentence(&e))?;
    beneath::unlink(folder, name).map_err(|e| sentence(&e))
}
