//! Going through a folder to its bottom by descriptor: no path, no recursion, a bounded number of open folders,
//! no link followed, no mount crossed. Several threads share the work of a large one.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, openat};

use super::beneath::{self, Entry};
use super::limits;

/// What is done on the way, by several threads at once.
pub trait Visit: Sync {
    /// A file, link or the like in an open folder.
    fn file(&self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// A folder has been gone through; it lies as `name` in `parent`.
    fn leave(&self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// Something could not be opened or listed.
    fn failed(&self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()>;
}

/// What is done on the way where threads take turns, because what is gathered is one thing.
pub trait Gather: Send {
    /// As [`Visit::file`].
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// As [`Visit::leave`].
    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()>;

    /// As [`Visit::failed`].
    fn failed(&mut self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()>;
}

impl<G: Gather> Visit for Mutex<G> {
    fn file(&self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).file(folder, name, at)
    }

    fn leave(&self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).leave(parent, name, at)
    }

    fn failed(&self, name: &OsStr, at: &Trail, error: io::Error) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).failed(name, at, error)
    }
}

/// The names from the top to where one is.
#[derive(Debug, Default)]
pub struct Trail {
    above: Option<Arc<Folder>>,
    names: Vec<OsString>,
}

impl Trail {
    fn to(folder: &Arc<Folder>) -> Self {
        Self { above: Some(Arc::clone(folder)), names: Vec::new() }
    }

    /// The path of an entry here, below the top.
    pub fn path(&self, name: &OsStr) -> PathBuf {
        let mut above: Vec<&OsStr> = Vec::new();
        let mut at = self.above.as_deref();
        while let Some(folder) = at {
            // The top is not in it.
            if folder.above.is_some() {
                above.push(&folder.name);
            }
            at = folder.above.as_deref();
        }
        let names = self.names.iter().map(OsString::as_os_str);
        above.into_iter().rev().chain(names).chain(std::iter::once(name)).collect()
    }
}

/// A folder some of whose content is still to be done.
#[derive(Debug)]
struct Folder {
    fd: OwnedFd,
    name: OsString,
    above: Option<Arc<Folder>>,
    depth: usize,
    /// Jobs in it that are not over; whoever ends the last one leaves it.
    left: AtomicUsize,
}

/// Folders up to this depth are shared among threads, each with a descriptor. What lies deeper is gone through by one
/// thread that holds a few.
const SHARED: usize = 12;

/// So many files are one job.
const FILES: usize = 512;

/// So many entries are worth another thread.
const WORTH: usize = 1000;

enum Job {
    Folder(Arc<Folder>, OsString),
    Files(Arc<Folder>, Vec<OsString>),
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    /// Threads at work.
    busy: usize,
    /// Entries seen so far.
    seen: usize,
    over: bool,
    stopped: bool,
    lost: Option<io::Error>,
}

struct Work<'a> {
    visit: &'a dyn Visit,
    queue: Mutex<Queue>,
    more: Condvar,
}

/// Goes through everything below an open folder, deepest first. The folder itself is not left. `tick` is called again
/// and again in the thread that called.
///
/// # Errors
/// If the folder cannot be listed, or if the way back up is lost because something was moved meanwhile.
pub fn descend(top: OwnedFd, visit: &dyn Visit, tick: &mut dyn FnMut()) -> io::Result<ControlFlow<()>> {
    let entries = beneath::list(&top)?;
    let top = Folder { fd: top, name: OsString::new(), above: None, depth: 0, left: AtomicUsize::new(1) };
    let work = Work { visit, queue: Mutex::default(), more: Condvar::new() };
    work.lock().busy = 1;
    let flow = work.folder(&Arc::new(top), entries);
    work.ended(Ok(flow));
    let others = limits::threads().saturating_sub(1);
    std::thread::scope(|scope| {
        let mut spawned = others == 0;
        while let Some(job) = work.next(Some(&mut *tick)) {
            if !spawned && work.lock().seen >= WORTH {
                spawned = true;
                for _ in 0..others {
                    // Without another thread it only takes longer.
                    let builder = std::thread::Builder::new().name("descend".into());
                    let _ = builder.spawn_scoped(scope, || work.help());
                }
            }
            let flow = work.job(job, Some(&mut *tick));
            work.ended(flow);
            tick();
        }
    });
    let queue = work.queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    match queue.lost {
        Some(error) => Err(error),
        None if queue.stopped => Ok(ControlFlow::Break(())),
        None => Ok(ControlFlow::Continue(())),
    }
}

impl Work<'_> {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn help(&self) {
        while let Some(job) = self.next(None) {
            let flow = self.job(job, None);
            self.ended(flow);
        }
    }

    /// The newest job; none when all is over.
    fn next(&self, mut tick: Option<&mut dyn FnMut()>) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.over {
                return None;
            }
            if let Some(job) = queue.jobs.pop() {
                queue.busy += 1;
                return Some(job);
            }
            if queue.busy == 0 {
                queue.over = true;
                self.more.notify_all();
                return None;
            }
            let waited = self.more.wait_timeout(queue, Duration::from_millis(50));
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            if let Some(tick) = tick.as_mut() {
                drop(queue);
                tick();
                queue = self.lock();
            }
        }
    }

    fn ended(&self, flow: io::Result<ControlFlow<()>>) {
        let mut queue = self.lock();
        queue.busy -= 1;
        match flow {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => (queue.over, queue.stopped) = (true, true),
            Err(error) => {
                queue.over = true;
                queue.lost.get_or_insert(error);
            }
        }
        if queue.over || (queue.busy == 0 && queue.jobs.is_empty()) {
            queue.over = true;
            self.more.notify_all();
        }
    }

    fn push(&self, jobs: Vec<Job>, seen: usize) {
        let mut queue = self.lock();
        queue.seen += seen;
        queue.jobs.extend(jobs);
        drop(queue);
        self.more.notify_all();
    }

    fn job(&self, job: Job, tick: Option<&mut dyn FnMut()>) -> io::Result<ControlFlow<()>> {
        match job {
            Job::Files(folder, names) => Ok(match self.files(&folder, &names) {
                ControlFlow::Continue(()) => self.leave(folder),
                stop @ ControlFlow::Break(()) => stop,
            }),
            Job::Folder(above, name) => self.open(above, name, tick),
        }
    }

    fn open(
        &self,
        above: Arc<Folder>,
        name: OsString,
        tick: Option<&mut dyn FnMut()>,
    ) -> io::Result<ControlFlow<()>> {
        let listed = beneath::open_inside(&above.fd, &name).and_then(|fd| Ok((beneath::list(&fd)?, fd)));
        let (entries, fd) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                return Ok(match self.visit.failed(&name, &Trail::to(&above), error) {
                    ControlFlow::Continue(()) => self.leave(above),
                    stop @ ControlFlow::Break(()) => stop,
                });
            }
        };
        if above.depth < SHARED {
            let depth = above.depth + 1;
            let folder = Folder { fd, name, above: Some(above), depth, left: AtomicUsize::new(1) };
            return Ok(self.folder(&Arc::new(folder), entries));
        }
        let mut trail = Trail { names: vec![name], ..Trail::to(&above) };
        if deep(fd, entries, &mut trail, self.visit, tick)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let name = trail.names.pop().unwrap_or_default();
        if self.visit.leave(&above.fd, &name, &trail).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(self.leave(above))
    }

    /// Does the files of a folder, as far as they are not worth a job of their own, and leaves the rest to all.
    fn folder(&self, folder: &Arc<Folder>, entries: Vec<Entry>) -> ControlFlow<()> {
        let seen = entries.len();
        let mut folders = Vec::new();
        let mut files = Vec::with_capacity(seen);
        for entry in entries {
            if entry.is_dir(&folder.fd) {
                folders.push(entry.name);
            } else {
                files.push((entry.ino, entry.name));
            }
        }
        // Inodes lie on the disk in the order of their numbers.
        files.sort_unstable_by_key(|(ino, _)| *ino);
        let mut files = files.into_iter().map(|(_, name)| name);
        let own: Vec<OsString> = files.by_ref().take(FILES).collect();
        let mut jobs: Vec<Job> =
            folders.into_iter().map(|name| Job::Folder(Arc::clone(folder), name)).collect();
        loop {
            let some: Vec<OsString> = files.by_ref().take(FILES).collect();
            if some.is_empty() {
                break;
            }
            jobs.push(Job::Files(Arc::clone(folder), some));
        }
        folder.left.fetch_add(jobs.len(), Ordering::AcqRel);
        self.push(jobs, seen);
        self.files(folder, &own)?;
        self.leave(Arc::clone(folder))
    }

    fn files(&self, folder: &Arc<Folder>, names: &[OsString]) -> ControlFlow<()> {
        let trail = Trail::to(folder);
        names.iter().try_for_each(|name| self.visit.file(&folder.fd, name, &trail))
    }

    /// A job in a folder is over; after the last one the folder is left, and so on upward.
    fn leave(&self, mut folder: Arc<Folder>) -> ControlFlow<()> {
        while folder.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let Some(above) = folder.above.clone() else { break };
            self.visit.leave(&above.fd, &folder.name, &Trail::to(&above))?;
            folder = above;
        }
        ControlFlow::Continue(())
    }
}

/// So many folders below are held open; further up, `..` is opened again and checked.
const HELD: usize = 8;

struct Level {
    fd: Option<OwnedFd>,
    id: (u64, u64),
    entries: Vec<Entry>,
}

/// Goes through everything below an open folder by itself.
///
/// # Errors
/// If the way back up is lost.
fn deep(
    top: OwnedFd,
    entries: Vec<Entry>,
    trail: &mut Trail,
    visit: &dyn Visit,
    mut tick: Option<&mut dyn FnMut()>,
) -> io::Result<ControlFlow<()>> {
    let mut levels = vec![level(top, entries)?];
    for steps in 1_usize.. {
        let depth = levels.len();
        let Some(here) = levels.last_mut() else { break };
        let Some(fd) = here.fd.as_ref() else { return Err(lost()) };
        let flow = match here.entries.pop() {
            Some(entry) if entry.is_dir(fd) => {
                let next = beneath::open_inside(fd, &entry.name)
                    .and_then(|fd| Ok((beneath::list(&fd)?, fd)))
                    .and_then(|(entries, fd)| level(fd, entries));
                match next {
                    Ok(next) => {
                        trail.names.push(entry.name);
                        levels.push(next);
                        if levels.len() > HELD {
                            let far = levels.len() - HELD;
                            levels[far].fd = None;
                        }
                        ControlFlow::Continue(())
                    }
                    Err(error) => visit.failed(&entry.name, trail, error),
                }
            }
            Some(entry) => visit.file(fd, &entry.name, trail),
            None if depth == 1 => break,
            None => {
                let name = trail.names.pop().unwrap_or_default();
                let child = levels.pop().and_then(|l| l.fd);
                let Some(above) = levels.last_mut() else { return Err(lost()) };
                if above.fd.is_none() {
                    above.fd = Some(back_up(child.as_ref(), above.id)?);
                }
                drop(child);
                let Some(parent) = above.fd.as_ref() else { return Err(lost()) };
                visit.leave(parent, &name, trail)
            }
        };
        if flow.is_break() {
            return Ok(flow);
        }
        if let Some(tick) = tick.as_mut().filter(|_| steps.is_multiple_of(64)) {
            tick();
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn level(fd: OwnedFd, entries: Vec<Entry>) -> io::Result<Level> {
    let id = beneath::look_at(&fd)?;
    Ok(Level { fd: Some(fd), id: (id.dev, id.ino), entries })
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
    use crate::model::node::Kind;

    #[derive(Default)]
    struct Count {
        files: AtomicUsize,
        folders: AtomicUsize,
        deepest: AtomicUsize,
        /// So many files, and no more.
        enough: Option<usize>,
    }

    impl Count {
        fn seen(&self) -> (usize, usize, usize) {
            let load = |n: &AtomicUsize| n.load(Ordering::Relaxed);
            (load(&self.files), load(&self.folders), load(&self.deepest))
        }
    }

    impl Visit for Count {
        fn file(&self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
            assert_ne!(beneath::look(folder, name).expect("it is there").kind, Kind::Dir);
            let before = self.files.fetch_add(1, Ordering::Relaxed);
            self.deepest.fetch_max(at.path(name).components().count(), Ordering::Relaxed);
            if self.enough.is_some_and(|n| before + 1 >= n) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
        fn leave(&self, parent: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
            assert_eq!(beneath::look(parent, name).expect("it is there").kind, Kind::Dir);
            self.folders.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Continue(())
        }
        fn failed(&self, _: &OsStr, _: &Trail, error: io::Error) -> ControlFlow<()> {
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
        let count = Count::default();
        assert!(go(&root, &count).is_continue());
        assert_eq!(count.seen(), (200, 400, 200));
    }

    fn go(root: &std::path::Path, count: &Count) -> ControlFlow<()> {
        let (parent, name) = beneath::open_parent(root).expect("open");
        let top = beneath::open_inside(parent, name).expect("open");
        descend(top, count, &mut || ()).expect("gone through")
    }

    struct Order<'a>(&'a Mutex<Vec<PathBuf>>);
    impl Visit for Order<'_> {
        fn file(&self, _: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
            self.0.lock().expect("free").push(at.path(name));
            ControlFlow::Continue(())
        }
        fn leave(&self, folder: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
            self.file(folder, name, at)
        }
        fn failed(&self, _: &OsStr, _: &Trail, error: io::Error) -> ControlFlow<()> {
            panic!("{error}")
        }
    }

    #[test]
    fn many_threads_see_each_thing_once_and_leave_a_folder_last() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        for a in 0..20 {
            for b in 0..5 {
                let folder = root.join(format!("{a}/{b}/c"));
                std::fs::create_dir_all(&folder).expect("made");
                for f in 0..20 {
                    std::fs::write(folder.join(format!("f{f}")), b"").expect("written");
                }
            }
        }
        for f in 0..2 * FILES + 7 {
            std::fs::write(root.join(format!("7/f{f}")), b"").expect("written");
        }
        let paths: Mutex<Vec<PathBuf>> = Mutex::default();
        let (parent, name) = beneath::open_parent(&root).expect("open");
        let top = beneath::open_inside(parent, name).expect("open");
        assert!(descend(top, &Order(&paths), &mut || ()).expect("gone through").is_continue());
        let paths = paths.into_inner().expect("free");
        let at: std::collections::HashMap<&PathBuf, usize> =
            paths.iter().enumerate().map(|(i, p)| (p, i)).collect();
        assert_eq!((paths.len(), at.len()), (20 + 100 + 100 + 2000 + 2 * FILES + 7, paths.len()));
        for (path, i) in &at {
            let above = path.parent().filter(|p| p.components().count() > 0);
            assert!(above.is_none_or(|p| at[&p.to_path_buf()] > *i), "{}", path.display());
        }
    }

    #[test]
    fn it_ends_when_told_to() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        for f in 0..3 * WORTH {
            std::fs::write(root.join(format!("f{f}")), b"").expect("written");
        }
        let count = Count { enough: Some(10), ..Count::default() };
        assert!(go(&root, &count).is_break());
        assert_eq!(count.seen().0, 10);
    }
}
