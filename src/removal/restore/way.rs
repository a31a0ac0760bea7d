//! The way of one thing from the trash to its place: the folders above it are made again where they are missing, and
//! whatever was done can be taken back until it is settled.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use crate::removal::ledger::Trashed;
use crate::removal::trash;
use crate::sys::beneath::{self, Identity};
use crate::sys::user;

/// The longest name a file can have.
const LONGEST: usize = 255;

/// So many names are tried beside what lies in the place.
const TRIED: usize = 100;

/// A thing that is in its place again. Its record is still in the trash.
pub(super) struct Back<'a> {
    thing: &'a Trashed,
    path: PathBuf,
    made: Vec<PathBuf>,
    records: OwnedFd,
}

/// Moves a thing back to where it was, if it is still who it was. Its record stays.
pub(super) fn bring_back(thing: &Trashed, beside: bool) -> io::Result<Back<'_>> {
    let file = thing.file();
    // Into a trash that others can write to, something else may have been put at any moment.
    let from = trash::ours(file.parent().unwrap_or(&thing.root))?;
    let name = thing.name.as_os_str();
    let now = beneath::look(&from, name)?;
    if !thing.identity.as_ref().is_some_and(|then| now.same_thing(then)) {
        return Err(io::Error::other("it changed while it lay in the trash"));
    }
    if thing.original.components().any(|c| c == Component::ParentDir) {
        return Err(io::Error::other("its record names a place with `..`, which is not to be trusted"));
    }
    // Opened before anything moves: what is back is not to be left with a record.
    let records = beneath::open_folder(&thing.root.join("info"))?;
    let made = make_folders(thing, &now)?;
    let moved = (|| {
        let (to, new) = beneath::open_parent(&thing.original)?;
        match beneath::rename(&from, name, &to, new) {
            Err(e) if beside && e.kind() == io::ErrorKind::AlreadyExists => {
                for n in 1..=TRIED {
                    let other = other_name(new, n);
                    match beneath::rename(&from, name, &to, &other) {
                        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                        done => return done.map(|()| thing.original.with_file_name(other)),
                    }
                }
                Err(e)
            }
            done => done.map(|()| thing.original.clone()),
        }
    })();
    match moved {
        Ok(path) => Ok(Back { thing, path, made, records }),
        Err(e) => {
            unmake(&made);
            Err(e)
        }
    }
}

impl Back<'_> {
    /// It stays: its record is not needed any more. One that cannot be removed is left alone, and shown as such. Says
    /// where the thing is.
    pub(super) fn settle(self) -> PathBuf {
        if let Some(name) = self.thing.info().file_name() {
            let _ = beneath::unlink(&self.records, name);
        }
        self.path
    }

    /// It goes back to the trash. If it cannot it stays: then this says where it was in the trash, and where it is.
    pub(super) fn revoke(self) -> Option<(PathBuf, PathBuf)> {
        let back = || {
            let file = self.thing.file();
            let (to, name) = beneath::open_parent(&file)?;
            let (from, old) = beneath::open_parent(&self.path)?;
            beneath::rename(&from, old, &to, name)
        };
        if back().is_ok() {
            unmake(&self.made);
            return None;
        }
        let from = self.thing.file();
        Some((from, self.settle()))
    }
}

/// `name (restored)`, then `name (restored 2)`; cut where that would be too long.
fn other_name(name: &OsStr, n: usize) -> OsString {
    let behind = if n == 1 { " (restored)".to_string() } else { format!(" (restored {n})") };
    let mut room = (LONGEST - behind.len()).min(name.len());
    // A character is not cut in two.
    while room < name.len() && room > 0 && name.as_bytes()[room] & 0b1100_0000 == 0b1000_0000 {
        room -= 1;
    }
    let mut bytes = name.as_bytes()[..room].to_vec();
    bytes.extend_from_slice(behind.as_bytes());
    OsString::from_vec(bytes)
}

/// Makes the folders that were above it again, outermost first: the last one with the permissions it had, the others,
/// of which nothing is known, closed to all but its owner. Only on the file system the thing lies on: where that is not
/// mounted in its place any more, nothing is made on another one.
fn make_folders(thing: &Trashed, now: &Identity) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    let Some(parent) = thing.original.parent() else { return Ok(made) };
    let is_missing = |p: &&Path| p.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    let missing: Vec<&Path> = parent.ancestors().take_while(is_missing).collect();
    let Some(above) = missing.last().and_then(|outermost| outermost.parent()) else { return Ok(made) };
    let there = beneath::look_at(beneath::open_folder(above)?)?;
    if (there.mount, there.dev) != (now.mount, now.dev) {
        return Err(io::Error::other(format!(
            "the folders it was in are gone, and {} is another file system now",
            crate::text::path(above)
        )));
    }
    let recorded = thing.ours.as_ref().and_then(|o| o.parent);
    for (i, folder) in missing.iter().enumerate().rev() {
        let permissions = recorded.filter(|_| i == 0).map_or(0o700, |p| p.0);
        let result = (|| {
            let (above, name) = beneath::open_parent(folder)?;
            beneath::mkdir(&above, name, permissions)?;
            made.push(folder.to_path_buf());
            match recorded {
                Some((_, uid, gid)) if user::effective() == 0 => {
                    user::give(&above, name, uid, gid, permissions)
                }
                _ => Ok(()),
            }
        })();
        if let Err(e) = result {
            unmake(&made);
            return Err(e);
        }
    }
    Ok(made)
}

/// Removes folders that were made a moment ago, if nothing came to lie in them.
fn unmake(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        if let Ok((above, name)) = beneath::open_parent(folder) {
            let _ = beneath::rmdir(above, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_says_what_it_is_and_fits() {
        assert_eq!(other_name(OsStr::new("a.bin"), 1), "a.bin (restored)");
        assert_eq!(other_name(OsStr::new("a.bin"), 12), "a.bin (restored 12)");
        let odd = other_name(OsStr::from_bytes(b"\xff\n"), 1);
        assert_eq!(odd.as_bytes(), b"\xff\n (restored)");
        let long = other_name(OsStr::new(&"漢".repeat(85)), 1);
        assert!(long.len() <= LONGEST && long.len() > LONGEST - 3);
        assert!(long.to_str().is_some_and(|t| t.ends_with("漢 (restored)")));
    }
}
