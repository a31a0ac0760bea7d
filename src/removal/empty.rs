//! Emptying the trash of what mldu put there, for good. What others trashed is never touched here.

use std::sync::atomic::AtomicBool;

use super::deletion;
use super::facts::sentence;
use super::ledger::Trashed;
use crate::sys::beneath;

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
        let mut done = Vec::new();
        for thing in &self.things {
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                done.push(Emptied {
                    thing: thing.clone(),
                    failed: Some("stopped before it came to this".into()),
                });
                continue;
            }
            let failed = remove(thing, stop, progress).err();
            done.push(Emptied { thing: thing.clone(), failed });
        }
        done
    }
}

/// The thing first, then its record: an interruption leaves a record of something that is still there.
fn remove(thing: &Trashed, stop: &AtomicBool, progress: &mut dyn FnMut(u64)) -> Result<(), String> {
    let file = thing.file();
    let identity = thing.identity.as_ref().ok_or_else(|| "it is gone already".to_string())?;
    let (parent, name) = beneath::open_parent(&file).map_err(|e| sentence(&e))?;
    let now = beneath::look(&parent, name).map_err(|e| sentence(&e))?;
    if !now.same_thing(identity) {
        return Err("changed since it was trashed".into());
    }
    let info = thing.info();
    let (records, record) = beneath::open_parent(&info).map_err(|e| sentence(&e))?;
    let done = deletion::delete(&parent, name, &file, &now, stop, progress).map_err(|e| sentence(&e))?;
    if let Some(rest) = done.rest {
        let why = done.left.first().map_or_else(|| "stopped".to_string(), |(_, why)| why.clone());
        return Err(format!("only partly removed ({why}); the rest is in {}", crate::text::path(&rest)));
    }
    // The thing is gone, whatever becomes of its record: one that is left alone is shown as such.
    let _ = beneath::unlink(records, record);
    Ok(())
}
