//! A second look at a folder that is about to go: is there more in it than was shown, or something newer?

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::draft::Seen;
use crate::sys::beneath;
use crate::sys::descend::{Trail, Visit, descend};
use crate::sys::locks::Locks;
use crate::text::{self, Units};

/// What is in a folder now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Survey {
    /// Inodes, the folder itself included.
    pub files: u64,
    /// Bytes of blocks, every inode once.
    pub on_disk: u64,
    /// Newest change of any file, seconds since 1970.
    pub newest: i64,
    /// Folders that belong to somebody else: they can be moved, but perhaps not emptied.
    pub foreign: u64,
    /// Entries that could not be looked at.
    pub unknown: u64,
    /// Files a process holds a lock on.
    pub locked: u64,
}

impl Survey {
    /// Looks at everything below an entry of an open folder.
    ///
    /// # Errors
    /// If the folder cannot be opened.
    pub fn of(parent: &OwnedFd, name: &OsStr, uid: u32) -> io::Result<Self> {
        let surveyor =
            Surveyor { survey: Mutex::default(), links: Mutex::default(), locks: Locks::read(), uid };
        let own = beneath::look(parent, name)?;
        surveyor.count(&own);
        if own.kind == crate::model::node::Kind::Dir {
            let _ = descend(beneath::open_inside(parent, name)?, &surveyor, &mut || ())?;
        }
        Ok(surveyor.survey.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why this is more than what was shown; `None` if it is not. Less is fine: somebody cleaned up meanwhile.
    pub fn more_than(&self, seen: &Seen) -> Option<String> {
        if self.unknown > 0 {
            let n = text::counted(self.unknown, "thing", "things");
            return Some(format!("{n} in it cannot be looked at: closed to you, or on another mount"));
        }
        if self.locked > 0 {
            return Some("in use: a process holds a lock on something in it".into());
        }
        if self.files > seen.files {
            let more = text::counted(self.files - seen.files, "new file", "new files");
            return Some(format!("changed since the scan: {more} in it"));
        }
        if self.on_disk > seen.on_disk {
            let more = text::size(self.on_disk - seen.on_disk, Units::Binary);
            return Some(format!("changed since the scan: it grew by {more}"));
        }
        // The scan keeps times in 32 bits: what is later than those is as late as can be.
        if self.newest.min(i64::from(u32::MAX)) > i64::from(seen.newest) {
            return Some("changed since the scan: a file in it is newer".into());
        }
        None
    }
}

struct Surveyor {
    survey: Mutex<Survey>,
    links: Mutex<HashSet<(u64, u64)>>,
    locks: Locks,
    uid: u32,
}

impl Surveyor {
    fn survey(&self) -> MutexGuard<'_, Survey> {
        self.survey.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, it: &beneath::Identity) {
        use crate::model::node::Kind;
        if it.kind != Kind::Dir && it.nlink > 1 {
            let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
            if !links.insert((it.dev, it.ino)) {
                return;
            }
        }
        let is_locked = self.locks.on(it.dev, it.ino).is_some();
        let mut survey = self.survey();
        survey.files += 1;
        survey.locked += u64::from(is_locked);
        survey.on_disk += it.blocks * crate::model::usage::BLOCK;
        if it.kind == Kind::Dir {
            survey.foreign += u64::from(it.uid != self.uid);
        } else {
            survey.newest = survey.newest.max(it.mtime.0);
        }
    }
}

impl Visit for Surveyor {
    fn file(&self, folder: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
        match beneath::look(folder, name) {
            // A file can be mounted on too, and no open would tell.
            Ok(it) if it.is_mount => self.survey().unknown += 1,
            Ok(it) => self.count(&it),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => self.survey().unknown += 1,
        }
        ControlFlow::Continue(())
    }

    fn leave(&self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.file(parent, name, at)
    }

    fn failed(&self, _: &OsStr, _: &Trail, error: io::Error) -> ControlFlow<()> {
        if error.kind() != io::ErrorKind::NotFound {
            self.survey().unknown += 1;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::Kind;

    #[test]
    fn more_newer_or_larger_is_noticed_and_less_is_fine() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("x/y")).expect("made");
        std::fs::write(root.join("x/y/a"), vec![1; 5000]).expect("written");
        std::fs::hard_link(root.join("x/y/a"), root.join("x/b")).expect("linked");
        let path = root.join("x");
        let (parent, name) = beneath::open_parent(&path).expect("open");
        let survey = Survey::of(&parent, name, crate::sys::user::effective()).expect("looked at");
        assert_eq!((survey.files, survey.foreign), (3, 0));
        let seen = Seen {
            kind: Kind::Dir,
            on_disk: survey.on_disk,
            size: 0,
            files: 3,
            newest: survey.newest as u32,
            ino: 0,
        };
        assert_eq!(survey.more_than(&seen), None);
        let file = std::fs::File::open(root.join("x/y/a")).expect("open");
        file.lock_shared().expect("locked");
        let locked = Survey::of(&parent, name, crate::sys::user::effective()).expect("looked at");
        assert!(locked.more_than(&seen).is_some_and(|m| m.starts_with("in use: a process holds a lock")));
        drop(file);
        let hidden = Survey { unknown: 1, ..survey };
        assert!(hidden.more_than(&seen).is_some_and(|m| m.starts_with("1 thing in it cannot be looked at")));
        assert_eq!(survey.more_than(&Seen { files: 9, on_disk: 1 << 30, ..seen }), None);
        assert!(survey.more_than(&Seen { files: 2, ..seen }).is_some_and(|m| m.contains("1 new file")));
        assert!(survey.more_than(&Seen { on_disk: 0, ..seen }).is_some_and(|m| m.contains("grew by")));
        assert!(
            survey.more_than(&Seen { newest: seen.newest - 1, ..seen }).is_some_and(|m| m.contains("newer"))
        );
    }
}
