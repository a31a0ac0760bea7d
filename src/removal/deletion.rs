//! Deleting for good, in two phases: first the thing gets another name beside its old one, in one step, then it is
//! taken apart. Whoever looks at the old name sees all of it or nothing, however the second phase ends.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::node::Kind;
use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Trail, Visit, descend};
use crate::sys::layers;

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

/// A name for one thing between the two phases, never given before.
pub fn aside_name() -> OsString {
    OsString::from(format!("{PREFIX}{}", beneath::random_hex()))
}

/// Whether a name is one of those.
pub fn is_aside(name: &OsStr) -> bool {
    let digits = name.as_encoded_bytes().strip_prefix(PREFIX.as_bytes());
    digits.is_some_and(|d| d.len() == 16 && d.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)))
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
    delete_as(&aside_name(), parent, name, path, identity, stop, progress)
}

/// The same, with the name for between the phases chosen by the caller, who can write it down before it is given.
///
/// # Errors
/// If nothing was removed: it is as it was.
pub fn delete_as(
    aside: &OsStr,
    parent: &OwnedFd,
    name: &OsStr,
    path: &Path,
    identity: &Identity,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Deleted> {
    let stays = identity.kind != Kind::Dir && layers::rename_copies(parent);
    let aside_first = if stays {
        Err(io::ErrorKind::CrossesDevices.into())
    } else {
        beneath::rename(parent, name, parent, aside)
    };
    let moved = match aside_first {
        Ok(()) => {
            // Only now nobody can put something else at the name we act on.
            let why = match beneath::look(parent, aside) {
                Ok(now) if now.unchanged(identity) => None,
                Ok(_) => Some(io::Error::other("changed at the last moment")),
                Err(e) => Some(e),
            };
            if let Some(why) = why {
                return give_back(parent, aside, name, path, why);
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
    let at: &OsStr = if moved { aside } else { name };
    if identity.kind != Kind::Dir {
        return match beneath::unlink(parent, at) {
            Ok(()) => {
                progress(1);
                Ok(Deleted { files: 1, ..Deleted::default() })
            }
            Err(e) if moved => give_back(parent, at, name, path, e),
            Err(e) => Err(e),
        };
    }
    let work = Work { files: AtomicU64::new(0), left: Mutex::default(), stop };
    let mut told = 0;
    let mut tell = || {
        let files = work.files.load(Ordering::Relaxed);
        progress(files - std::mem::replace(&mut told, files));
    };
    let result = beneath::open_inside(parent, at).and_then(|top| descend(top, &work, &mut tell));
    tell();
    let mut done = work.done();
    match result {
        Ok(flow) => done.stopped = flow.is_break(),
        Err(e) if done.files == 0 && moved => return give_back(parent, at, name, path, e),
        Err(e) if done.files == 0 => return Err(e),
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
    // If nothing could be removed, it is better where it was.
    let is_back = moved && done.files == 0 && beneath::rename(parent, at, parent, name).is_ok();
    done.rest = if is_back { Some(path.to_path_buf()) } else { beside(path, at) };
    Ok(done)
}

/// Gives a thing of which nothing was removed its name back. If even that fails, where it lies now is told: never is
/// it said to be as it was.
fn give_back(
    parent: &OwnedFd,
    aside: &OsStr,
    name: &OsStr,
    path: &Path,
    why: io::Error,
) -> io::Result<Deleted> {
    if beneath::rename(parent, aside, parent, name).is_ok() {
        return Err(why);
    }
    let mut done = Deleted { rest: beside(path, aside), ..Deleted::default() };
    done.note(PathBuf::new(), &why);
    Ok(done)
}

fn beside(path: &Path, name: &OsStr) -> Option<PathBuf> {
    path.parent().map(|p| p.join(name))
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
    /// What stayed first, with the reason, in words. The thing itself needs no name.
    pub fn first(&self) -> String {
        match self.left.first() {
            None => "stopped".to_string(),
            Some((path, why)) if path.as_os_str().is_empty() => why.clone(),
            Some((path, why)) => format!("{}: {why}", crate::text::path(path)),
        }
    }

    fn note(&mut self, path: PathBuf, error: &io::Error) {
        self.left_count += 1;
        if self.left.len() < 100 {
            self.left.push((path, super::facts::sentence(error)));
        }
    }
}

/// What all threads that take a folder apart share.
struct Work<'a> {
    files: AtomicU64,
    left: Mutex<Deleted>,
    stop: &'a AtomicBool,
}

impl Work<'_> {
    fn left(&self) -> MutexGuard<'_, Deleted> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(self) -> Deleted {
        let left = self.left.into_inner().unwrap_or_else(PoisonError::into_inner);
        Deleted { files: self.files.into_inner(), ..left }
    }

    fn count(&self, result: io::Result<()>, path: impl FnOnce() -> PathBuf) -> ControlFlow<()> {
        match result {
            Ok(()) => {
                self.files.fetch_add(1, Ordering::Relaxed);
            }
            // Somebody else removed it: that is what was wanted.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => self.left().note(path(), &e),
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Visit for Work<'_> {
    fn file(&self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.count(beneath::unlink(folder, name), || at.path(name))
    }

    fn leave(&self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        match beneath::rmdir(parent, name) {
            // What stays inside has been noted already.
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty && self.left().left_count > 0 => {
                ControlFlow::Continue(())
            }
            other => self.count(other, || at.path(name)),
        }
    }

    fn failed(&self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()> {
        self.count(Err(error), || at.path(name))
    }
}
