//! Deleting for good, in two phases: first the thing gets another name beside its old one, in one step, then it is
//! taken apart. Whoever looks at the old name sees all of it or nothing, however the second phase ends.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::node::Kind;
use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Trail, Visit, descend};

/// What a thing is called between the two phases.
pub const PREFIX: &str = ".mldu-deleting-";

/// What became of it.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Entries removed.
    pub files: u64,
    /// Entries that stayed, with the reason; the first ones.
    pub left: Vec<(PathBuf, String)>,
    /// How many stayed in all.
    pub left_count: u64,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// Where the rest lies, if there is one.
    pub rest: Option<PathBuf>,
}

/// Deletes an entry of an open folder, if it is still who it was.
///
/// # Errors
/// If nothing was removed: it is as it was.
pub fn delete(
    parent: &OwnedFd,
    name: &OsStr,
    path: &Path,
    identity: &Identity,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Deleted> {
    let aside = OsString::from(format!("{PREFIX}{}", beneath::random_hex()));
    let moved = match beneath::rename(parent, name, parent, &aside) {
        Ok(()) => {
            // Only now nobody can put something else at the name we act on.
            let now = beneath::look(parent, &aside)?;
            if !now.unchanged(identity) {
                beneath::rename(parent, &aside, parent, name)?;
                return Err(io::Error::other("changed at the last moment"));
            }
            true
        }
        Err(e) if cannot_rename(&e) => {
            if !beneath::look(parent, name)?.unchanged(identity) {
                return Err(io::Error::other("changed at the last moment"));
            }
            false
        }
        Err(e) => return Err(e),
    };
    let at: &OsStr = if moved { &aside } else { name };
    if identity.kind != Kind::Dir {
        return match beneath::unlink(parent, at) {
            Ok(()) => {
                progress(1);
                Ok(Deleted { files: 1, ..Deleted::default() })
            }
            Err(e) => {
                if moved {
                    beneath::rename(parent, at, parent, name)?;
                }
                Err(e)
            }
        };
    }
    let mut work = Work { done: Deleted::default(), stop, progress };
    let result = beneath::open_inside(parent, at).and_then(|top| descend(top, &mut work));
    let mut done = work.done;
    match result {
        Ok(flow) => done.stopped = flow.is_break(),
        Err(e) if done.files == 0 => {
            if moved {
                beneath::rename(parent, at, parent, name)?;
            }
            return Err(e);
        }
        Err(e) => done.note(PathBuf::new(), &e),
    }
    if !done.stopped && done.left_count == 0 {
        match beneath::rmdir(parent, at) {
            Ok(()) => {
                done.files += 1;
                progress(1);
                return Ok(done);
            }
            Err(e) => done.note(PathBuf::new(), &e),
        }
    }
    if moved && done.files == 0 {
        // Nothing could be removed: then it is better where it was.
        beneath::rename(parent, at, parent, name)?;
        done.rest = Some(path.to_path_buf());
    } else {
        done.rest = path.parent().map(|p| p.join(at));
    }
    Ok(done)
}

/// A rename needs a block or a right that deleting does not need: full btrfs, image layers, sticky corners.
fn cannot_rename(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::StorageFull | K::QuotaExceeded | K::CrossesDevices | K::InvalidInput | K::PermissionDenied
    )
}

impl Deleted {
    /// What stayed first, with the reason, in words.
    pub fn first(&self) -> String {
        self.left.first().map_or_else(
            || "stopped".to_string(),
            |(path, why)| format!("{}: {why}", crate::text::path(path)),
        )
    }

    fn note(&mut self, path: PathBuf, error: &io::Error) {
        self.left_count += 1;
        if self.left.len() < 100 {
            self.left.push((path, super::facts::sentence(error)));
        }
    }
}

struct Work<'a> {
    done: Deleted,
    stop: &'a AtomicBool,
    progress: &'a mut dyn FnMut(u64),
}

impl Work<'_> {
    fn count(&mut self, result: io::Result<()>, path: impl FnOnce() -> PathBuf) -> ControlFlow<()> {
        match result {
            Ok(()) => {
                self.done.files += 1;
                (self.progress)(1);
            }
            // Somebody else removed it: that is what was wanted.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => self.done.note(path(), &e),
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Visit for Work<'_> {
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.count(beneath::unlink(folder, name), || at.path(name))
    }

    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        match beneath::rmdir(parent, name) {
            // What stays inside has been noted already.
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty && self.done.left_count > 0 => {
                ControlFlow::Continue(())
            }
            other => self.count(other, || at.path(name)),
        }
    }

    fn failed(&mut self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()> {
        self.count(Err(error), || at.path(name))
    }
}
