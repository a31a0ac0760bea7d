//! What things in a trash take whose record does not say it: those of other programs. Within bounds; what would take
//! longer is not known, and not guessed.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::directory_sizes;
use crate::model::node::Kind;
use crate::model::usage::BLOCK;
use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Gather, Trail, descend};

/// So many entries are looked at, and so long, for all that is asked at once.
const ENTRIES: u64 = 500_000;
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of blocks of each of these files and folders, every inode once; none where that could not be found out in time,
/// or where something in it cannot be looked at. A folder too large to look into may be told by its trash.
pub fn weigh(files: &[PathBuf]) -> Vec<(PathBuf, Option<u64>)> {
    weigh_within(files, PATIENCE)
}

/// The same within another time.
pub fn weigh_within(files: &[PathBuf], patience: Duration) -> Vec<(PathBuf, Option<u64>)> {
    let until = Instant::now() + patience;
    let mut left = ENTRIES;
    let mut told: FxHashMap<PathBuf, FxHashMap<std::ffi::OsString, u64>> = FxHashMap::default();
    let mut each = |file: &PathBuf| {
        one(file, &mut left, until).or_else(|| {
            let root = file.parent()?.parent()?;
            let sizes = told.entry(root.to_path_buf()).or_insert_with(|| directory_sizes::read(root));
            sizes.get(file.file_name()?).copied()
        })
    };
    files.iter().map(|file| (file.clone(), each(file))).collect()
}

fn one(file: &Path, left: &mut u64, until: Instant) -> Option<u64> {
    let (parent, name) = beneath::open_parent(file).ok()?;
    let it = beneath::look(&parent, name).ok()?;
    let mut scale = Scale { bytes: 0, links: HashSet::new(), left, until, unknown: false };
    scale.add(&it);
    let scale = Mutex::new(scale);
    if it.kind == Kind::Dir {
        let inside = beneath::open_inside(&parent, name).ok()?;
        if descend(inside, &scale, &mut || ()).ok()?.is_break() {
            return None;
        }
    }
    let scale = scale.into_inner().unwrap_or_else(PoisonError::into_inner);
    (!scale.unknown).then_some(scale.bytes)
}

struct Scale<'a> {
    bytes: u64,
    links: HashSet<(u64, u64)>,
    left: &'a mut u64,
    until: Instant,
    unknown: bool,
}

impl Scale<'_> {
    fn add(&mut self, it: &Identity) {
        if it.kind == Kind::Dir || it.nlink < 2 || self.links.insert((it.dev, it.ino)) {
            self.bytes += it.blocks * BLOCK;
        }
    }
}

impl Gather for Scale<'_> {
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
        match beneath::look(folder, name) {
            Ok(it) => self.add(&it),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => self.unknown = true,
        }
        if *self.left == 0 || Instant::now() > self.until {
            return ControlFlow::Break(());
        }
        *self.left -= 1;
        ControlFlow::Continue(())
    }

    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.file(parent, name, at)
    }

    fn failed(&mut self, _: &OsStr, _: &Trail, _: io::Error) -> ControlFlow<()> {
        self.unknown = true;
        ControlFlow::Break(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weighed_is_what_du_says_and_what_is_too_much_is_not_known() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("files/d/e")).expect("made");
        std::fs::write(root.join("files/d/e/a"), vec![1; 50_000]).expect("written");
        std::fs::hard_link(root.join("files/d/e/a"), root.join("files/d/b")).expect("linked");
        let asked = [root.join("files/d"), root.join("files/none")];
        let du = std::process::Command::new("du").args(["-s", "-B1"]).arg(&asked[0]).output().expect("du");
        let du = String::from_utf8(du.stdout).expect("text");
        let du: u64 = du.split('\t').next().and_then(|n| n.parse().ok()).expect("a number");
        assert_eq!(weigh(&asked), [(asked[0].clone(), Some(du)), (asked[1].clone(), None)]);
        let soon = Instant::now() + PATIENCE;
        assert_eq!(one(&asked[0], &mut 2, soon), None, "two entries are not all of it");
        assert_eq!(one(&asked[0], &mut 100, soon), Some(du));
        assert_eq!(weigh_within(&asked[..1], Duration::ZERO)[0].1, None, "there was no time");
    }
}
