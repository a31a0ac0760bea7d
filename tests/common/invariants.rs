//! What holds after every row of the fault matrix, checked by one function:
//!
//! * I1 each item is at exactly one place (where it was, in a trash, or gone as asked), byte for byte;
//! * I2 nothing else changed: names, contents, permissions and times;
//! * I3 every record in a trash has its thing and every thing its record, and what a delete left is told;
//! * I4 what the report says of each item is what the disk says, in numbers too;
//! * I6 the disk is not fuller than before, but for a block a record.
//!
//! (I5, the terminal, is looked at by `given_back` where there is one.)
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mldu::removal::deletion::PREFIX;
use mldu::removal::execute::{Outcome, Report};
use mldu::sys::{beneath, mounts};

/// A record may cost so much, and so does a folder of a trash that had to be made.
const BLOCK: u64 = 4096;

/// What is known of an entry: mode with its kind, owner, length, time of change, and a hash of its content.
type Facts = (u32, u32, u64, (i64, i64), u64);

/// Everything at and below a path, by its path below that.
pub type Print = BTreeMap<PathBuf, Facts>;

/// Looks at everything at and below a path, except what `skip` names.
pub fn print(root: &Path, skip: &dyn Fn(&Path) -> bool) -> Print {
    let mut all = Print::new();
    // A link that is looked at stands for itself.
    let walk = walkdir::WalkDir::new(root).follow_root_links(false).into_iter();
    for entry in walk.filter_entry(|e| !skip(e.path())).flatten() {
        let meta = entry.path().symlink_metadata().expect("it is there");
        let mut hash = DefaultHasher::new();
        if meta.is_file() {
            std::fs::read(entry.path()).expect("read").hash(&mut hash);
        } else if meta.is_symlink() {
            std::fs::read_link(entry.path()).expect("read").hash(&mut hash);
        }
        let length = if meta.is_dir() { 0 } else { meta.len() };
        let facts = (meta.mode(), meta.uid(), length, (meta.mtime(), meta.mtime_nsec()), hash.finish());
        let below = entry.path().strip_prefix(root).expect("below").to_path_buf();
        all.insert(below, facts);
    }
    all
}

/// Without the times of folders: taking something out of one changes it.
fn without_folder_times(mut print: Print) -> Print {
    for facts in print.values_mut().filter(|f| f.0 & 0o170_000 == 0o040_000) {
        facts.3 = (0, 0);
    }
    print
}

/// Where an item is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it was, as it was.
    There,
    /// In a trash, as it was, with its record.
    Trashed(PathBuf),
    /// What a delete left of it, with the number of entries.
    Rest(PathBuf, usize),
    /// Nowhere.
    Gone,
}

struct Item {
    path: PathBuf,
    ino: u64,
    print: Print,
}

/// Things that are going to be removed, and everything around them.
pub struct Scene {
    root: PathBuf,
    items: Vec<Item>,
    sentinel: Print,
    outside: Print,
    used: Option<u64>,
    /// Bytes a file system may take for itself, for a journal or a tree.
    pub slack: u64,
}

/// The folder that nothing may ever touch.
pub fn plant_sentinel(root: &Path) -> PathBuf {
    let sentinel = root.join("sentinel");
    std::fs::create_dir_all(sentinel.join("inner/deep")).expect("made");
    std::fs::write(sentinel.join("precious"), b"precious").expect("written");
    std::fs::write(sentinel.join("inner/deep/run.log"), b"epoch 1").expect("written");
    std::fs::hard_link(sentinel.join("precious"), sentinel.join("inner/hard")).expect("linked");
    std::os::unix::fs::symlink("precious", sentinel.join("link")).expect("linked");
    sentinel
}

impl Scene {
    /// Remembers everything below `root`, where `items` are going to be removed. Plant a sentinel first.
    pub fn new(root: &Path, items: &[&Path]) -> Self {
        let items: Vec<Item> = items
            .iter()
            .map(|path| Item {
                path: path.to_path_buf(),
                ino: path.symlink_metadata().expect("it is there").ino(),
                print: print(path, &|_| false),
            })
            .collect();
        let mut scene = Self {
            root: root.to_path_buf(),
            items,
            sentinel: Print::new(),
            outside: Print::new(),
            used: None,
            slack: 0,
        };
        assert!(root.join("sentinel").exists(), "plant a sentinel first");
        scene.sentinel = print(&root.join("sentinel"), &|_| false);
        scene.outside = scene.look_outside();
        scene.used = scene.used_now();
        scene
    }

    /// The same things below another root: in a copy of the disk. What is there is compared with what was here.
    #[must_use]
    pub fn moved_to(&self, root: &Path) -> Self {
        let below = |p: &Path| root.join(p.strip_prefix(&self.root).expect("below"));
        let items =
            self.items.iter().map(|i| Item { path: below(&i.path), ino: i.ino, print: i.print.clone() });
        Self {
            root: root.to_path_buf(),
            items: items.collect(),
            sentinel: self.sentinel.clone(),
            outside: self.outside.clone(),
            used: None,
            slack: 0,
        }
    }

    /// What is neither an item, nor a trash, nor what a delete left, nor mldu's own.
    fn look_outside(&self) -> Print {
        let skip = |path: &Path| {
            let name = path.file_name().unwrap_or_default().as_bytes();
            self.items.iter().any(|i| i.path == path)
                || name.starts_with(b".Trash")
                || name.starts_with(PREFIX.as_bytes())
                || path.ends_with(".local")
        };
        without_folder_times(print(&self.root, &skip))
    }

    /// Bytes in use, where nobody else writes.
    fn used_now(&self) -> Option<u64> {
        let own = mounts::read().iter().any(|m| m.path == self.root);
        let _ = beneath::sync(&self.root);
        own.then(|| mounts::space(&self.root).expect("asked").used())
    }

    /// The trashes there are below the root.
    pub fn trashes(&self) -> Vec<PathBuf> {
        let walk = walkdir::WalkDir::new(&self.root).into_iter();
        let found = walk.flatten().filter(|e| {
            let shared = e.path().parent().is_some_and(|p| p.ends_with(".Trash"));
            let name = e.file_name().as_bytes();
            (shared || name.starts_with(b".Trash") || name == b"Trash") && e.path().join("info").is_dir()
        });
        found.map(walkdir::DirEntry::into_path).collect()
    }

    /// The paths in the records of a trash, each with its name.
    fn records(root: &Path) -> Vec<(PathBuf, PathBuf)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(root.join("info")).expect("read").flatten() {
            let content = std::fs::read(entry.path()).expect("read");
            let line = content.split(|b| *b == b'\n').find_map(|l| l.strip_prefix(b"Path="));
            let path = decode(line.unwrap_or_else(|| panic!("an empty record: {}", entry.path().display())));
            let top = if root.file_name().is_some_and(|n| n.as_bytes().starts_with(b".Trash-")) {
                root.parent()
            } else {
                root.parent().and_then(Path::parent)
            };
            let path = if path.is_absolute() { path } else { top.expect("a top").join(path) };
            let name = entry.file_name();
            let name = name.as_bytes().strip_suffix(b".trashinfo").expect("a record");
            found.push((path, PathBuf::from(OsStr::from_bytes(name))));
        }
        found
    }

    /// I1: where each item is, which is one place; as it was, or a part of what it was where it is being deleted.
    /// I3 along with it, but for records whose thing was not moved yet, of which the number is returned.
    pub fn places(&self) -> (Vec<Place>, usize) {
        let mut trashed: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        let mut lone = 0;
        for root in self.trashes() {
            let records = Self::records(&root);
            for (original, name) in &records {
                let file = root.join("files").join(name);
                if file.symlink_metadata().is_ok() {
                    trashed.entry(original.clone()).or_default().push(file);
                } else {
                    lone += 1;
                }
            }
            let files = std::fs::read_dir(root.join("files")).expect("read").flatten();
            for file in files.map(|e| PathBuf::from(e.file_name())) {
                let being_deleted = file.as_os_str().as_bytes().starts_with(PREFIX.as_bytes());
                assert!(
                    being_deleted || records.iter().any(|(_, name)| *name == file),
                    "no record of {}",
                    file.display()
                );
            }
        }
        let rests = self.rests();
        let places = self.items.iter().map(|item| {
            let mut places = Vec::new();
            if item.path.symlink_metadata().is_ok_and(|m| m.ino() == item.ino) {
                let now = print(&item.path, &|_| false);
                if now == item.print {
                    places.push(Place::There);
                } else {
                    places.push(Place::Rest(item.path.clone(), part_of(item, now)));
                }
            }
            for file in trashed.get(&item.path).into_iter().flatten() {
                assert_eq!(print(file, &|_| false), item.print, "{} changed on the way", item.path.display());
                places.push(Place::Trashed(file.clone()));
            }
            for (rest, _) in rests.iter().filter(|(_, ino)| *ino == item.ino) {
                places.push(Place::Rest(rest.clone(), part_of(item, print(rest, &|_| false))));
            }
            assert!(places.len() < 2, "{} is at several places: {places:?}", item.path.display());
            places.pop().unwrap_or(Place::Gone)
        });
        (places.collect(), lone)
    }

    /// What deletes left, with inode numbers.
    fn rests(&self) -> Vec<(PathBuf, u64)> {
        let walk = walkdir::WalkDir::new(&self.root).into_iter().flatten();
        let rests = walk.filter(|e| e.file_name().as_bytes().starts_with(PREFIX.as_bytes()));
        rests.map(|e| (e.path().to_path_buf(), e.path().symlink_metadata().expect("there").ino())).collect()
    }

    /// I2: nothing outside changed.
    pub fn outside_is_as_it_was(&self) {
        assert_eq!(print(&self.root.join("sentinel"), &|_| false), self.sentinel, "the sentinel changed");
        same(&self.look_outside(), &self.outside);
    }

    /// I6: the disk is not fuller than before.
    pub fn no_fuller(&self, records: u64) {
        if let (Some(before), Some(now)) = (self.used, self.used_now()) {
            let allowed = before + records * BLOCK + self.slack;
            assert!(now <= allowed, "the disk is fuller: {before} bytes before, {now} now");
        }
    }

    /// All of it, after a run.
    pub fn check(&self, report: &Report) {
        let (places, lone) = self.places();
        assert_eq!(lone, 0, "a record without its thing");
        for (item, place) in self.items.iter().zip(&places) {
            let step = report.steps.iter().find(|s| s.path == item.path);
            let Some(step) = step else {
                assert_eq!(*place, Place::There, "{} was not planned", item.path.display());
                continue;
            };
            match (&step.outcome, place) {
                (Outcome::Trashed { root, name }, Place::Trashed(file)) => {
                    assert_eq!(*file, root.join("files").join(name));
                }
                (Outcome::Deleted { files }, Place::Gone) => {
                    assert_eq!(*files, item.print.len() as u64, "entries of {}", item.path.display());
                }
                (Outcome::Kept(_) | Outcome::PutBack(_) | Outcome::NotReached, Place::There) => {}
                (Outcome::Partly { files, left, rest, .. }, Place::Rest(at, entries)) => {
                    assert_eq!((rest, *files), (at, (item.print.len() - entries) as u64));
                    assert!(*left <= *entries as u64, "{left} of {entries} stayed");
                }
                (outcome, place) => panic!("{}: told {outcome:?}, and it is {place:?}", item.path.display()),
            }
        }
        assert_eq!(self.rests().len(), Self::told_rests(report), "what a delete left is told");
        self.outside_is_as_it_was();
        self.no_fuller(self.items.len() as u64 + 8);
    }

    /// How many rests a report tells of that have a name of mldu's.
    fn told_rests(report: &Report) -> usize {
        let named =
            |rest: &Path| rest.file_name().is_some_and(|n| n.as_bytes().starts_with(PREFIX.as_bytes()));
        report
            .steps
            .iter()
            .filter(|s| matches!(&s.outcome, Outcome::Partly { rest, .. } if named(rest)))
            .count()
    }

    /// Everything is where it was, and the trashes are empty.
    pub fn is_as_before(&self) {
        let (places, lone) = self.places();
        assert!(places.iter().all(|p| *p == Place::There), "{places:?}");
        assert_eq!(lone, 0, "a record without its thing");
        for root in self.trashes() {
            assert_eq!(std::fs::read_dir(root.join("files")).expect("read").count(), 0);
        }
        self.outside_is_as_it_was();
    }
}

/// Says what differs, not all there is.
fn same(now: &Print, before: &Print) {
    let differs: Vec<_> =
        before.iter().filter(|(path, facts)| now.get(*path) != Some(facts)).take(5).collect();
    assert!(differs.is_empty(), "changed or gone: {differs:?}");
    let more: Vec<_> = now.keys().filter(|path| !before.contains_key(*path)).take(5).collect();
    assert!(more.is_empty(), "came into being: {more:?}");
}

/// How many entries are left of an item; each of them is as it was.
fn part_of(item: &Item, now: Print) -> usize {
    let whole = without_folder_times(item.print.clone());
    let now = without_folder_times(now);
    for (path, facts) in &now {
        assert_eq!(whole.get(path), Some(facts), "{} in {}", path.display(), item.path.display());
    }
    now.len()
}

fn decode(text: &[u8]) -> PathBuf {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((b, tail)) = rest.split_first() {
        rest = tail;
        if *b == b'%' {
            let hex = std::str::from_utf8(&tail[..2]).expect("two digits");
            out.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
            rest = &tail[2..];
        } else {
            out.push(*b);
        }
    }
    PathBuf::from(OsStr::from_bytes(&out))
}
