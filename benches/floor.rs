//! What no program can go below: the time it takes to list all directories of a tree and to ask once for every inode,
//! with mldu's own way to ask and as many threads as mldu has, and to keep nothing but the numbers of inodes with
//! several names.
//!
//! `cargo bench --bench floor -- [-n ROUNDS] TREE`. Nothing here fails for being slow.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use mldu::model::node::Kind;
use mldu::sys::Native;
use mldu::sys::list::Lister;

fn main() {
    // Cargo adds an option of its own.
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut rounds, mut tree) = (5, PathBuf::from("."));
    while let Some(arg) = args.next() {
        if arg == "-n" {
            rounds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).expect("-n ROUNDS");
        } else {
            tree = PathBuf::from(arg);
        }
    }
    mldu::sys::limits::raise_open_files();
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 4;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.clamp(8, 16)).build().expect("threads");
    let _ = Floor::walk(&pool, &tree);
    let mut times: Vec<f64> = Vec::new();
    let mut last = Arc::new(Floor::default());
    for _ in 0..rounds {
        let began = Instant::now();
        last = Floor::walk(&pool, &tree);
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let n = |number: &AtomicU64| number.load(Ordering::Relaxed);
    println!(
        "{} entries, {} asked for, {:.1} GiB: {:.3} s, the median of {rounds}",
        n(&last.entries),
        n(&last.asked),
        n(&last.blocks) as f64 / f64::from(1 << 21),
        times[times.len() / 2],
    );
}

/// What is kept.
struct Floor {
    entries: AtomicU64,
    asked: AtomicU64,
    blocks: AtomicU64,
    /// Inodes with several names, in parts so that threads do not wait for each other.
    linked: Vec<Mutex<HashSet<u64>>>,
}

impl Default for Floor {
    fn default() -> Self {
        let linked = (0..256).map(|_| Mutex::default()).collect();
        Self { entries: AtomicU64::new(1), asked: AtomicU64::new(0), blocks: AtomicU64::new(0), linked }
    }
}

impl Floor {
    fn walk(pool: &rayon::ThreadPool, tree: &Path) -> Arc<Self> {
        let floor = Arc::new(Self::default());
        pool.scope(|scope| {
            let root = Native.open_root(tree).expect("a folder");
            floor.folder(scope, &Arc::new(root));
        });
        floor
    }

    fn folder(self: &Arc<Self>, scope: &rayon::Scope<'_>, dir: &Arc<OwnedFd>) {
        let mut names: Vec<(Vec<u8>, Option<Kind>, u64)> = Vec::new();
        let _ = Native.list(dir, &mut |e| names.push((e.name.to_vec(), e.kind, e.ino)));
        let (mut asked, mut blocks) = (1, Native.stat_dir(dir).map_or(0, |s| s.blocks));
        self.entries.fetch_add(names.len() as u64, Ordering::Relaxed);
        for (name, kind, ino) in names {
            if kind == Some(Kind::Dir) {
                let (dir, floor) = (Arc::clone(dir), Arc::clone(self));
                scope.spawn(move |scope| {
                    if let Ok(next) = Native.open(&dir, &name) {
                        drop(dir);
                        floor.folder(scope, &Arc::new(next));
                    }
                });
                continue;
            }
            let linked = &self.linked[(ino % 256) as usize];
            if linked.lock().expect("free").contains(&ino) {
                continue;
            }
            let Ok(stat) = Native.stat(dir, &name) else { continue };
            asked += 1;
            if stat.nlink < 2 || linked.lock().expect("free").insert(ino) {
                blocks += stat.blocks;
            }
        }
        self.asked.fetch_add(asked, Ordering::Relaxed);
        self.blocks.fetch_add(blocks, Ordering::Relaxed);
    }
}
