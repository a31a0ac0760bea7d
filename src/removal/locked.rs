//! Locks of processes that cannot be looked into. `/proc/locks` tells inodes, not paths: so a folder that is about to go
//! is gone through for them, if there is any such lock on its file system.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Trail, Visit, descend};
use crate::sys::locks::{Lock, Locks};

/// The first lock on something in a folder.
///
/// # Errors
/// If the folder cannot be opened.
pub fn inside(parent: &OwnedFd, name: &OsStr, folder: &Identity, locks: &Locks) -> io::Result<Option<Lock>> {
    let near = locks.near(folder.dev);
    if near.is_empty() {
        return Ok(None);
    }
    let search = Search { locks: near, found: OnceLock::new() };
    let _ = descend(beneath::open_inside(parent, name)?, &search, &mut || ())?;
    Ok(search.found.into_inner())
}

struct Search {
    locks: Locks,
    found: OnceLock<Lock>,
}

impl Visit for Search {
    fn file(&self, folder: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
        let found = beneath::look(folder, name).ok().and_then(|it| self.locks.on(it.dev, it.ino));
        match found {
            Some(lock) => {
                let _ = self.found.set(lock);
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn leave(&self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.file(parent, name, at)
    }

    // What cannot be looked into keeps the folder where it is, when it comes to that.
    fn failed(&self, _: &OsStr, _: &Trail, _: io::Error) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
