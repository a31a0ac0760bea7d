//! Limits of this process: open files, and threads for what is done to many files at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the number of files this process may open to what the system allows it, and returns it.
pub fn raise_open_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, wanted).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    limit.current.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// Threads asked for; 0 until then.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Says how many threads may go through one folder at once.
pub fn use_threads(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}

/// How many threads may go through one folder at once: as many as were asked for, else one a core, at most eight. One
/// where only few files can be open.
pub fn threads() -> usize {
    let few = getrlimit(Resource::Nofile).current.is_some_and(|n| n < 256);
    match THREADS.load(Ordering::Relaxed) {
        _ if few => 1,
        0 => std::thread::available_parallelism().map_or(1, |n| n.get().min(8)),
        asked => asked,
    }
}
