//! What is left of a thing that lies aside, and whether that is all of it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use crate::model::node::Kind;
use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Gather, Trail, descend};
use crate::sys::locks::Locks;

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Inodes.
    pub files: u64,
    /// Bytes of blocks, every inode once.
    pub bytes: u64,
    /// When an entry of any folder in it came or went last: removing one says so even where the inode has other names.
    pub touched: (i64, u32),
    /// Entries that could not be looked at.
    pub unknown: u64,
    /// Files a process holds a lock on.
    pub locked: u64,
}

impl Left {
    /// Looks at everything of an entry of an open folder.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn of(parent: &OwnedFd, name: &OsStr, own: &Identity) -> io::Result<Self> {
        let mut look = Look { left: Self::default(), links: HashSet::new(), locks: Locks::read() };
        look.count(own);
        let look = Mutex::new(look);
        if own.kind == Kind::Dir {
            let _ = descend(beneath::open_inside(parent, name)?, &look, &mut || ())?;
        }
        Ok(look.into_inner().unwrap_or_else(PoisonError::into_inner).left)
    }
}

struct Look {
    left: Left,
    links: HashSet<(u64, u64)>,
    locks: Locks,
}

impl Look {
    fn count(&mut self, it: &Identity) {
        if it.kind == Kind::Dir {
            self.left.touched = self.left.touched.max(it.mtime);
        } else if it.nlink > 1 && !self.links.insert((it.dev, it.ino)) {
            return;
        }
        self.left.files += 1;
        self.left.bytes += it.blocks * crate::model::usage::BLOCK;
        self.left.locked += u64::from(self.locks.on(it.dev, it.ino).is_some());
    }
}

impl Gather for Look {
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
        match beneath::look(folder, name) {
            Ok(it) => self.count(&it),
            Err(_) => self.left.unknown += 1,
        }
        ControlFlow::Continue(())
    }

    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.file(parent, name, at)
    }

    fn failed(&mut self, _: &OsStr, _: &Trail, _: io::Error) -> ControlFlow<()> {
        self.left.unknown += 1;
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_went_is_noticed_though_its_inode_stays() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("x/y")).expect("made");
        std::fs::write(root.join("x/y/a"), b"a").expect("written");
        std::fs::hard_link(root.join("x/y/a"), root.join("x/y/b")).expect("linked");
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let look = || {
            let path = root.join("x");
            let (parent, name) = beneath::open_parent(&path).expect("open");
            let own = beneath::look(&parent, name).expect("there");
            Left::of(&parent, name, &own).expect("looked at")
        };
        for folder in ["x", "x/y"] {
            std::fs::File::open(root.join(folder)).expect("open").set_modified(long_ago).expect("set");
        }
        let before = look();
        assert_eq!((before.files, before.touched), (3, (1_000_000, 0)));
        std::fs::remove_file(root.join("x/y/b")).expect("removed");
        let after = look();
        assert_eq!((after.files, after.bytes), (before.files, before.bytes), "only a name is gone");
        assert!(after.touched > before.touched);
    }
}
