//! Going through a folder to its bottom by descriptor: no path, no recursion, a bounded number of open folders,
//! no link followed, no mount crossed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, openat};

use super::beneath;
use crate::model::node::Kind;

/// So many folders are held open; further up, `..` is opened again and checked.
const HELD: usize = 48;

/// What is done on the way.
pub trait Visit {
    /// A file, link or the like in an open folder.
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// A folder has been gone through; it lies as `name` in `parent`.
    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// Something could not be opened or listed.
    fn failed(&mut self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()>;
}

/// The names from the top to where one is.
#[derive(Debug, Default)]
pub struct Trail(Vec<OsString>);

impl Trail {
    /// The path of an entry here, below the top.
    pub fn path(&self, name: &OsStr) -> PathBuf {
        self.0.iter().map(OsString::as_os_str).chain(std::iter::once(name)).collect()
    }
}

struct Level {
    fd: Option<OwnedFd>,
    id: (u64, u64),
    names: Vec<(OsString, Option<Kind>)>,
}

/// Goes through everything below an open folder, deepest first. The folder itself is not left.
///
/// # Errors
/// If the folder cannot be listed, or if the way back up is lost because something was moved meanwhile.
pub fn descend(top: OwnedFd, visit: &mut dyn Visit) -> io::Result<ControlFlow<()>> {
    let mut trail = Trail::default();
    let mut levels = vec![level(top)?];
    loop {
        let depth = levels.len();
        let Some(here) = levels.last_mut() else { return Ok(ControlFlow::Continue(())) };
        let Some(fd) = here.fd.as_ref() else { return Err(lost()) };
        let Some((name, kind)) = here.names.pop() else {
            if depth == 1 {
                return Ok(ControlFlow::Continue(()));
            }
            let name = trail.0.pop().unwrap_or_default();
            let child = levels.pop().and_then(|l| l.fd);
            let Some(above) = levels.last_mut() else { return Err(lost()) };
            if above.fd.is_none() {
                above.fd = Some(back_up(child.as_ref(), above.id)?);
            }
            drop(child);
            let Some(parent) = above.fd.as_ref() else { return Err(lost()) };
            if visit.leave(parent, &name, &trail).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            continue;
        };
        let kind = match kind {
            Some(kind) => kind,
            None => beneath::look(fd, &name).map_or(Kind::File, |i| i.kind),
        };
        let flow = if kind == Kind::Dir {
            match beneath::open_inside(fd, &name).and_then(level) {
                Ok(next) => {
                    trail.0.push(name);
                    levels.push(next);
                    if levels.len() > HELD {
                        let far = levels.len() - HELD;
                        levels[far].fd = None;
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => visit.failed(&name, &trail, error),
            }
        } else {
            visit.file(fd, &name, &trail)
        };
        if flow.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

fn level(fd: OwnedFd) -> io::Result<Level> {
    let id = beneath::look_at(&fd)?;
    let names = beneath::list(&fd)?;
    Ok(Level { fd: Some(fd), id: (id.dev, id.ino), names })
}

fn back_up(child: Option<&OwnedFd>, id: (u64, u64)) -> io::Result<OwnedFd> {
    let child = child.ok_or_else(lost)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let parent = openat(child, "..", flags, Mode::empty())?;
    let found = beneath::look_at(&parent)?;
    if (found.dev, found.ino) == id { Ok(parent) } else { Err(lost()) }
}

fn lost() -> io::Error {
    io::Error::other("a folder was moved meanwhile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Count {
        files: usize,
        folders: usize,
        deepest: usize,
    }

    impl Visit for Count {
        fn file(&mut self, _: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
            self.files += 1;
            self.deepest = self.deepest.max(at.path(name).components().count());
            ControlFlow::Continue(())
        }
        fn leave(&mut self, parent: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
            assert_eq!(beneath::look(parent, name).expect("it is there").kind, Kind::Dir);
            self.folders += 1;
            ControlFlow::Continue(())
        }
        fn failed(&mut self, _: &OsStr, _: &Trail, error: io::Error) -> ControlFlow<()> {
            panic!("{error}")
        }
    }

    #[test]
    fn everything_below_is_visited_however_deep() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let mut at = root.clone();
        for i in 0..200 {
            std::fs::write(at.join("f"), b"").expect("written");
            std::fs::create_dir(at.join("side")).expect("made");
            at = at.join(format!("d{i}"));
            std::fs::create_dir(&at).expect("made");
        }
        let (parent, name) = beneath::open_parent(&root).expect("open");
        let mut count = Count::default();
        let flow =
            descend(beneath::open_inside(parent, name).expect("open"), &mut count).expect("gone through");
        assert!(flow.is_continue());
        assert_eq!((count.files, count.folders, count.deepest), (200, 400, 200));
    }
}
