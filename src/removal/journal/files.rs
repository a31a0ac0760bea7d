//! Where the lines of the log lie: at home in the state folder, in memory-backed folders while that cannot be written,
//! and in this process when nothing else is left. What lies elsewhere goes home as soon as it can.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::removal::facts::sentence;
use crate::removal::record;
use crate::sys::lines;

/// The log.
pub const NAME: &str = "actions.jsonl";

/// What it was before it grew too large.
pub const OLD: &str = "actions.old.jsonl";

/// Larger than this it begins anew, and the old one makes place: so there are never much more than two of these.
pub const MOST: u64 = 8 << 20;

/// So much of a file is read at most, from its end.
const READ: u64 = 2 * MOST;

/// Where lines were written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// Home.
    Home,
    /// Home, where the log began anew.
    Anew,
    /// To a folder in memory.
    Elsewhere,
    /// Only this process has them.
    Kept,
}

/// The places and what could not be written to any.
#[derive(Debug, Default)]
pub struct Store {
    home: Option<PathBuf>,
    others: Vec<PathBuf>,
    uid: u32,
    most: u64,
    kept: Vec<u8>,
    why: Option<String>,
}

impl Store {
    /// The places of this world.
    pub fn of(env: &Env) -> Self {
        Self {
            home: record::home(env),
            others: record::in_memory(env),
            uid: env.uid(),
            most: MOST,
            ..Self::default()
        }
    }

    /// Writes whole lines, wherever it can. It never fails: what went nowhere is kept.
    pub fn write(&mut self, text: &[u8], durable: bool) -> Wrote {
        // What was kept is older, and goes first.
        let all = [&std::mem::take(&mut self.kept)[..], text].concat();
        match self.write_home(&all, durable) {
            Ok(anew) => return if anew { Wrote::Anew } else { Wrote::Home },
            Err(e) => self.why = Some(sentence(&e)),
        }
        for folder in &self.others {
            let opened = record::open(folder, self.uid, true);
            if opened.and_then(|fd| lines::append(fd, OsStr::new(NAME), &all, false)).is_ok() {
                return Wrote::Elsewhere;
            }
        }
        self.kept = all;
        Wrote::Kept
    }

    fn write_home(&self, text: &[u8], durable: bool) -> io::Result<bool> {
        let Some(home) = self.home.as_deref() else {
            return Err(io::Error::other("there is no home to keep it in, nor a folder in memory"));
        };
        let fd = record::open(home, self.uid, true)?;
        let length = lines::append(&fd, OsStr::new(NAME), text, durable)?;
        Ok(length > self.most
            && lines::rotate(&fd, OsStr::new(NAME), OsStr::new(OLD), self.most).unwrap_or(false))
    }

    /// Brings home what lies elsewhere. Says why not all of it is there, if so.
    pub fn settle(&mut self) -> Option<String> {
        if !self.kept.is_empty() {
            let kept = std::mem::take(&mut self.kept);
            self.write(&kept, false);
        }
        let mut away = !self.kept.is_empty();
        if self.home.is_none() {
            // Nowhere to go from there.
            return if away { self.why.clone() } else { None };
        }
        for folder in self.others.clone() {
            let Ok(fd) = record::open(&folder, self.uid, false) else { continue };
            let moved =
                lines::drain(fd, OsStr::new(NAME), READ, |text| self.write_home(text, true).map(|_| ()));
            match moved {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => {
                    away = true;
                    self.why = Some(sentence(&e));
                }
            }
        }
        if !away {
            return None;
        }
        let safe = self.others.iter().find(|f| self.kept.is_empty() && f.join(NAME).exists());
        let why = self.why.clone()?;
        Some(match safe {
            Some(folder) => format!("{why}; until that works it lies in {}", crate::text::path(folder)),
            None => why,
        })
    }

    /// Everything that was ever written and is still there, as it was written: the oldest first, a line that is in two
    /// places once.
    pub fn read(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut had = HashSet::new();
        let home = self.home.iter().flat_map(|h| [(h.as_path(), OLD), (h.as_path(), NAME)]);
        let others = self.others.iter().map(|o| (o.as_path(), NAME));
        for (folder, name) in home.chain(others) {
            for line in read_one(folder, name, self.uid).split(|b| *b == b'\n') {
                if !line.is_empty() && had.insert(line.to_vec()) {
                    all.push(line.to_vec());
                }
            }
        }
        all
    }
}

fn read_one(folder: &Path, name: &str, uid: u32) -> Vec<u8> {
    record::open(folder, uid, false)
        .and_then(|fd| lines::read(fd, OsStr::new(name), READ))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Places {
        _tmp: tempfile::TempDir,
        home: PathBuf,
        other: PathBuf,
    }

    fn places() -> Places {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        Places { home: root.join("state/mldu"), other: root.join("run/mldu"), _tmp: tmp }
    }

    impl Places {
        fn store(&self) -> Store {
            Store {
                home: Some(self.home.clone()),
                others: vec![self.other.clone()],
                uid: crate::sys::user::effective(),
                most: 100,
                ..Store::default()
            }
        }
    }

    fn text(store: &Store) -> Vec<String> {
        store.read().into_iter().map(|l| String::from_utf8(l).expect("text")).collect()
    }

    #[test]
    fn what_lies_elsewhere_goes_home_when_it_can() {
        let p = places();
        // Something else is where the home would be.
        std::fs::create_dir_all(p.home.parent().expect("below")).expect("made");
        std::fs::write(&p.home, b"").expect("written");
        let mut store = p.store();
        assert_eq!(store.write(b"one\n", true), Wrote::Elsewhere);
        assert!(store.settle().is_some());
        assert_eq!(text(&p.store()), ["one"]);
        // Not even there: only this process has it.
        std::fs::remove_dir_all(p.other.parent().expect("below")).expect("removed");
        std::fs::write(p.other.parent().expect("below"), b"").expect("written");
        assert_eq!(store.write(b"two\n", true), Wrote::Kept);
        assert!(store.settle().is_some_and(|why| !why.is_empty()));
        std::fs::remove_file(p.other.parent().expect("below")).expect("removed");
        assert_eq!(store.write(b"three\n", true), Wrote::Elsewhere);
        assert_eq!(text(&p.store()), ["two", "three"]);
        std::fs::remove_file(&p.home).expect("removed");
        assert_eq!(store.settle(), None);
        assert_eq!(text(&p.store()), ["two", "three"]);
        assert!(!p.other.join(NAME).exists() && p.home.join(NAME).exists());
    }

    #[test]
    fn it_never_grows_beyond_two_files() {
        let p = places();
        let mut store = p.store();
        let mut anew = 0;
        for i in 0..100 {
            anew += u32::from(store.write(format!("{i:020}\n").as_bytes(), false) == Wrote::Anew);
        }
        assert!(anew >= 15, "{anew}");
        let lengths: u64 =
            [NAME, OLD].iter().filter_map(|n| p.home.join(n).metadata().ok()).map(|m| m.len()).sum();
        assert!(lengths <= 2 * 121, "{lengths}");
        let lines = text(&store);
        assert!(lines.last().is_some_and(|l| l.ends_with("99")), "{lines:?}");
        let mut sorted = lines.clone();
        sorted.sort();
        assert_eq!(lines, sorted, "the oldest first");
    }
}
