//! How long a key waits while folders are read: from the byte that the program is sent to the screen that answers it. The
//! real program in a real terminal, as in `tests/pty.rs`.
//!
//! `cargo bench --bench keys -- [-n ROUNDS] [FOLDER]`. FOLDER is read with `-x`, in the three views; without one, a
//! small box is made, which is read before much can be typed. Nothing here fails for being slow.

#[path = "../tests/common/pty.rs"]
mod pty;
#[path = "trees/mod.rs"]
mod trees;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pty::{Term, mldu, vars};
use trees::Shape;

const SIZE: (u16, u16) = (80, 24);

/// A person who types fast.
const BETWEEN: Duration = Duration::from_millis(120);

/// How often the screen is looked at.
const LOOK: Duration = Duration::from_micros(200);

/// Whatever takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(10);

/// The views, and the key that opens each.
const VIEWS: [(&str, &str); 3] = [("groups", "1"), ("files", "2"), ("users", "3")];

fn main() {
    // Cargo adds an option of its own.
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut rounds, mut folder) = (3, None);
    while let Some(arg) = args.next() {
        if arg == "-n" {
            rounds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).expect("-n ROUNDS");
        } else {
            folder = Some(PathBuf::from(arg));
        }
    }
    let made = tempfile::tempdir().expect("a folder");
    let folder = folder.unwrap_or_else(|| {
        trees::make(Shape::Small, made.path(), 1.0, 1).expect("a tree");
        made.path().to_path_buf()
    });
    println!("milliseconds a key waits while {} is read, {rounds} rounds:", folder.display());
    println!("{:>8} {:>6} {:>8} {:>8} {:>8}", "view", "keys", "median", "9 of 10", "slowest");
    for (view, key) in VIEWS {
        let mut waits: Vec<Duration> = (0..rounds).flat_map(|_| typed_while_it_reads(&folder, key)).collect();
        waits.sort_unstable();
        let ms = |of: usize| waits.get(of).map_or(0.0, |w| w.as_secs_f64() * 1000.0);
        let (all, last) = (waits.len(), waits.len().saturating_sub(1));
        println!("{view:>8} {all:>6} {:>8.1} {:>8.1} {:>8.1}", ms(all / 2), ms(all * 9 / 10), ms(last));
    }
}

/// Opens and closes the help until all is read; says how long each took.
fn typed_while_it_reads(folder: &Path, view: &str) -> Vec<Duration> {
    let home = tempfile::tempdir().expect("a folder");
    let vars = vars(home.path());
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let path = folder.display().to_string();
    let began = Instant::now();
    let mut term = Term::start(mldu(), &["-x", &path], &vars, SIZE);
    term.wait_until("the first frame", |text| !text.trim().is_empty());
    term.send(view);
    std::thread::sleep(BETWEEN);
    let mut waits = Vec::new();
    for help in [true, false].into_iter().cycle() {
        let sent = Instant::now();
        term.send(if help { "?" } else { "\x1b" });
        while is_help(&term) != help {
            assert!(began.elapsed() < PATIENCE, "it does not answer\n{}", term.text());
            std::thread::sleep(LOOK);
        }
        waits.push(sent.elapsed());
        if !help && !term.text().contains("scanning ") {
            break;
        }
        std::thread::sleep(BETWEEN);
    }
    waits
}

fn is_help(term: &Term) -> bool {
    term.text().contains("HELP")
}
