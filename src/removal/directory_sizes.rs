//! The `directorysizes` file of a trash: what the folders in it take, so that desktops need not walk through them.
//! Version 1.0 of the Trash specification asks for it: a line for each folder, `size mtime name`, where `mtime` is that
//! of the folder's record in seconds, and the name is percent-encoded; written aside and renamed into place.
//!
//! It is a courtesy: no action fails for it, and on a disk with little room it is not written.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::execute::{Outcome, Report};
use super::plan::Plan;
use super::trash::{decode, encode, ours};
use crate::model::node::Kind;
use crate::sys::read::{self, Range};
use crate::sys::{beneath, mounts, replace};

/// The file.
const NAME: &str = "directorysizes";

/// With less room than this it is not written.
const ROOM: u64 = 1 << 20;

/// A line of 4 KiB for each of so many folders: more is no cache any more.
const LARGEST: usize = 64 << 20;

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    size: u64,
    mtime: i64,
    name: OsString,
}

fn parse(content: &[u8]) -> Vec<Entry> {
    let line = |line: &[u8]| {
        let mut words = line.splitn(3, |b| *b == b' ');
        let mut number = || std::str::from_utf8(words.next()?).ok();
        let (size, mtime) = (number()?.parse().ok()?, number()?.parse().ok()?);
        let name = OsString::from_vec(decode(words.next().filter(|n| !n.is_empty())?));
        Some(Entry { size, mtime, name })
    };
    content.split(|b| *b == b'\n').filter_map(line).collect()
}

fn content(entries: &[Entry]) -> String {
    let mut out = String::new();
    for e in entries {
        out.push_str(&format!("{} {} {}\n", e.size, e.mtime, encode(e.name.as_bytes())));
    }
    out
}

fn record_of(name: &OsStr) -> OsString {
    let mut record = name.to_os_string();
    record.push(".trashinfo");
    record
}

/// What it says of the folders of a trash, as far as that can still be true: a record that was written anew describes
/// another folder.
pub fn read(root: &Path) -> FxHashMap<OsString, u64> {
    let sizes = || {
        let trash = ours(root).ok()?;
        let info = beneath::open_folder(&root.join("info")).ok()?;
        let text = read::read_beneath(trash, Path::new(NAME), Range::Head, LARGEST).ok()?;
        let fits = |e: &Entry| {
            beneath::look(&info, &record_of(&e.name)).is_ok_and(|record| record.mtime.0 == e.mtime)
        };
        Some(parse(&text).into_iter().filter(fits).map(|e| (e.name, e.size)).collect())
    };
    sizes().unwrap_or_default()
}

/// Tells what the folders take that a run moved to trashes.
pub fn note(plan: &Plan, report: &Report) {
    let mut came: FxHashMap<&Path, Vec<(OsString, u64)>> = FxHashMap::default();
    for (step, done) in plan.steps().iter().zip(&report.steps) {
        if let (Kind::Dir, Outcome::Trashed { root, name }) = (step.target().seen.kind, &done.outcome) {
            came.entry(root).or_default().push((name.clone(), step.target().seen.on_disk));
        }
    }
    for (root, came) in came {
        update(root, &came);
    }
}

/// Brings it up to date: these folders came to lie there, and what does not lie there any more is dropped. It is not
/// there for a trash in which there is no folder.
pub fn update(root: &Path, came: &[(OsString, u64)]) {
    // What goes wrong here costs a desktop a walk, and nobody anything else.
    let _ = try_update(root, came);
}

fn try_update(root: &Path, came: &[(OsString, u64)]) -> std::io::Result<()> {
    let trash = ours(root)?;
    let files = beneath::open_folder(&root.join("files"))?;
    let info = beneath::open_folder(&root.join("info"))?;
    let old = match read::read_beneath(&trash, Path::new(NAME), Range::Head, LARGEST) {
        Ok(text) => parse(&text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && came.is_empty() => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        // Something else lies there, a link perhaps: that is not ours to replace.
        Err(e) => return Err(e),
    };
    let is_folder = |name: &OsStr| beneath::look(&files, name).is_ok_and(|it| it.kind == Kind::Dir);
    let newer: FxHashSet<&OsStr> = came.iter().map(|(name, _)| name.as_os_str()).collect();
    let mut new: Vec<Entry> =
        old.iter().filter(|e| !newer.contains(e.name.as_os_str()) && is_folder(&e.name)).cloned().collect();
    for (name, size) in came.iter().filter(|(name, _)| is_folder(name)) {
        let mtime = beneath::look(&info, &record_of(name))?.mtime.0;
        new.push(Entry { size: *size, mtime, name: name.clone() });
    }
    if new.is_empty() && !old.is_empty() {
        return beneath::unlink(&trash, OsStr::new(NAME));
    }
    if new == old || mounts::space(root)?.available < ROOM {
        return Ok(());
    }
    replace::write(&root.join(NAME), |out| out.write_all(content(&new).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_specification() {
        // The example of the specification, 1.0, "Directory size cache".
        let entries = parse(b"16384 15803468 Documents\n8192 15803582 Another_Folder\n");
        assert_eq!(entries[0], Entry { size: 16384, mtime: 15_803_468, name: "Documents".into() });
        assert_eq!(content(&entries), "16384 15803468 Documents\n8192 15803582 Another_Folder\n");
        let odd = Entry { size: 1, mtime: 2, name: OsString::from_vec(b"a b\n\xff%".to_vec()) };
        assert_eq!(content(std::slice::from_ref(&odd)), "1 2 a%20b%0A%FF%25\n");
        assert_eq!(parse(content(std::slice::from_ref(&odd)).as_bytes()), [odd]);
        assert!(parse(b"x 1 a\n1 x a\n1 2\n1 2 \n\n-1 2 a\n").is_empty());
    }

    #[test]
    fn it_follows_what_comes_and_goes_and_replaces_nothing_odd() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        for made in ["info", "files", "files/d.1", "files/e.2"] {
            std::fs::create_dir(root.join(made)).expect("made");
        }
        std::fs::write(root.join("files/f.3"), "x").expect("written");
        for record in ["d.1", "e.2", "f.3"] {
            std::fs::write(root.join(format!("info/{record}.trashinfo")), "x").expect("written");
        }
        update(&root, &[]);
        assert!(!root.join(NAME).exists(), "there is nothing to say");
        update(&root, &[("d.1".into(), 8192), ("f.3".into(), 4096)]);
        let mtime =
            beneath::look(beneath::open_folder(&root.join("info")).expect("open"), "d.1.trashinfo".as_ref());
        let mtime = mtime.expect("there").mtime.0;
        let text = std::fs::read_to_string(root.join(NAME)).expect("read");
        assert_eq!(text, format!("8192 {mtime} d.1\n"), "a file needs no line");
        update(&root, &[("e.2".into(), 5)]);
        assert_eq!(read(&root).get(OsStr::new("e.2")), Some(&5));
        std::fs::remove_dir(root.join("files/d.1")).expect("removed");
        update(&root, &[]);
        assert_eq!(std::fs::read_to_string(root.join(NAME)).expect("read").lines().count(), 1);
        // A record of another time describes another folder.
        let record =
            std::fs::File::options().write(true).open(root.join("info/e.2.trashinfo")).expect("open");
        record.set_modified(std::time::UNIX_EPOCH).expect("set");
        assert!(read(&root).is_empty());
        std::fs::remove_file(root.join(NAME)).expect("removed");
        std::fs::write(root.join("precious"), "p").expect("written");
        std::os::unix::fs::symlink("precious", root.join(NAME)).expect("linked");
        update(&root, &[("e.2".into(), 5)]);
        assert_eq!(std::fs::read_to_string(root.join("precious")).expect("read"), "p");
    }
}
