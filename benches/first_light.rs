//! How long a person waits: from the start of the program to the first frame, and until the groups of all known
//! places have their final numbers while the rest is still being read. The real program in a real terminal, as in `tests/pty.rs`.
//!
//! `cargo bench --bench first_light -- [-n ROUNDS] [--frames] [TREE]`. TREE is taken as the home; without one, a
//! small box is made. `--frames` shows every frame with its time. Nothing here fails for being slow.

#[path = "../tests/common/pty.rs"]
mod pty;
#[path = "trees/mod.rs"]
mod trees;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mldu::model::category::Category;
use pty::{Term, mldu, vars};
use trees::Shape;

/// All groups fit on a screen of this size.
const SIZE: (u16, u16) = (120, 40);

/// Groups of what lies anywhere: they are right when all is read, and not before.
const BY_SHAPE: [Category; 3] = [Category::Checkpoints, Category::Logs, Category::Trackers];

/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Whatever takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(10);

fn main() {
    // Cargo adds an option of its own.
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut rounds, mut tree, mut frames) = (7, None, false);
    while let Some(arg) = args.next() {
        if arg == "-n" {
            rounds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).expect("-n ROUNDS");
        } else if arg == "--frames" {
            frames = true;
        } else {
            tree = Some(PathBuf::from(arg));
        }
    }
    let made = tempfile::tempdir().expect("a folder");
    let tree = tree.unwrap_or_else(|| {
        trees::make(Shape::Small, made.path(), 1.0, 1).expect("a tree");
        made.path().to_path_buf()
    });
    let tree = tree.canonicalize().expect("a folder");
    // This also warms the disk's caches.
    let entries = walkdir::WalkDir::new(&tree).into_iter().flatten().count();
    println!("{entries} entries, warm, {rounds} rounds, terminal of {}x{}; medians:", SIZE.0, SIZE.1);
    let all: Vec<Light> = (0..rounds).map(|_| Light::measure(&tree, frames)).collect();
    print("first frame", all.iter().map(|l| l.first));
    let known = |l: &Light| l.groups.iter().filter(|g| !BY_SHAPE.contains(&g.0)).map(|g| g.1).max();
    print("groups of known places right", all.iter().filter_map(known));
    print("all groups right", all.iter().filter_map(|l| l.groups.iter().map(|g| g.1).max()));
    print("all read", all.iter().map(|l| l.over));
    let mut peaks: Vec<u64> = all.iter().map(|l| l.peak).collect();
    peaks.sort_unstable();
    let peak = peaks[peaks.len() / 2] as f64;
    let mib = peak / f64::from(1 << 20);
    println!("{:>30} {mib:>8.1} MiB   {:.1} bytes an entry", "peak memory", peak / entries as f64);
    println!("when each group was right:");
    for group in Category::all() {
        let of = |l: &Light| l.groups.iter().find(|g| g.0 == group).map(|g| g.1);
        print(group.label(), all.iter().filter_map(of));
    }
}

/// The median, the least and the most, if there is any.
fn print(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<u128> = times.map(|t| t.as_millis()).collect();
    times.sort_unstable();
    if let (Some(least), Some(most)) = (times.first(), times.last()) {
        println!("{what:>30} {:>8} ms    {least} to {most}", times[times.len() / 2]);
    }
}

/// What one start gave.
struct Light {
    first: Duration,
    over: Duration,
    /// Bytes.
    peak: u64,
    /// Since when each group shows what it shows at the end.
    groups: Vec<(Category, Duration)>,
}

impl Light {
    fn measure(tree: &Path, show: bool) -> Self {
        let vars = vars(tree);
        let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let path = tree.display().to_string();
        let began = Instant::now();
        let term = Term::start(mldu(), &[&path], &vars, SIZE);
        let mut frames: Vec<(Duration, String)> = Vec::new();
        let mut over: Option<Duration> = None;
        // A few frames more, for what follows the end of the scan.
        while over.is_none_or(|o| began.elapsed() < o + Duration::from_millis(500)) {
            let text = term.text();
            let now = began.elapsed();
            assert!(now < PATIENCE, "it never ends\n{text}");
            if over.is_none() && text.contains(" files in ") {
                over = Some(now);
            }
            if !text.trim().is_empty() && frames.last().is_none_or(|(_, before)| *before != text) {
                frames.push((now, text));
            }
            std::thread::sleep(LOOK);
        }
        let peak = peak(term.pid());
        for (at, text) in frames.iter().filter(|_| show) {
            println!("== {} ms\n{text}", at.as_millis());
        }
        Self { first: frames[0].0, over: over.unwrap_or_default(), peak, groups: groups_right(&frames) }
    }
}

/// The first moment from which on each group shows what it shows at the end.
fn groups_right(frames: &[(Duration, String)]) -> Vec<(Category, Duration)> {
    let right = Category::all().filter(|c| *c != Category::Other).filter_map(|group| {
        let last = numbers(&frames.last()?.1, group.label())?;
        let wrong = frames.iter().rposition(|(_, text)| numbers(text, group.label()).as_ref() != Some(&last));
        Some((group, frames[wrong.map_or(0, |w| w + 1)].0))
    });
    right.collect()
}

/// What stands before a group's name: size, files and age, without cursor, mark and bar.
fn numbers(screen: &str, label: &str) -> Option<String> {
    let found = screen.lines().find_map(|line| line.split_once(&format!("▸ {label} ")))?.0;
    let plain: String =
        found.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { ' ' }).collect();
    Some(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The most memory a process had, in bytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1024
}
