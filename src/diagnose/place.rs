//! A look at one of the places: where it really is, what would be written into, and a real write. A server that does not
//! answer is waited for a moment and no longer.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::facts::{Cause, Place, Written};
use super::places::Purpose;
use crate::env::Env;
use crate::model::mount::{Mount, Pressure};
use crate::sys::mounts::{self, MountInfo, PATIENCE};
use crate::sys::probe;

/// Links that are followed at most, as by the kernel.
const LINKS: usize = 40;

/// Looks at a place, and writes there unless mldu was started read-only. `dead` are mounts that did not answer.
pub(super) fn look(
    env: &Env,
    table: &[MountInfo],
    purpose: Purpose,
    path: PathBuf,
    read_only: bool,
    dead: &[PathBuf],
) -> Place {
    let way = Way::to(env, table, &path);
    let info = mounts::holding(table, &way.end);
    let mut place = Place {
        purpose,
        path,
        at: way.end.clone(),
        owner: None,
        mount: info.map(mounts::unasked),
        written: Written::Failed(Cause::NoAnswer),
    };
    if info.is_some_and(|m| dead.contains(&m.path)) {
        return place;
    }
    let wanted = way.end.clone();
    let links = way.links;
    let is_file_fine = purpose == Purpose::Notebooks;
    let found = ask(info, move || {
        let wanted = if wanted.is_absolute() { wanted.canonicalize().unwrap_or(wanted) } else { wanted };
        nearest(&wanted, &links, is_file_fine)
    });
    let found = match found {
        None => return place,
        Some(Err((at, cause))) => {
            (place.at, place.written) = (at, Written::Failed(cause));
            return place;
        }
        Some(Ok(found)) => found,
    };
    (place.at, place.owner) = (found.folder, Some(found.owner));
    let info = mounts::holding(table, &place.at);
    place.mount = info.map(mounts::look);
    place.written = if read_only { Written::Skipped } else { write(&place.at, info, place.mount.as_ref()) };
    // What is there already and cannot be written is as bad as a folder that cannot.
    let file = found.file.or_else(|| purpose.file().map(|name| place.at.join(name)));
    if let Some(file) = file.filter(|_| matches!(place.written, Written::Done | Written::Skipped)) {
        let asked = file.clone();
        let owner = ask(info, move || asked.metadata().ok().filter(|_| !probe::may_write(&asked)));
        if let Some(meta) = owner.flatten() {
            (place.at, place.owner) = (file, Some(meta.uid()));
            place.written = Written::Failed(Cause::NotAllowed);
        }
    }
    place
}

/// Whether nothing is at a path. What does not answer may be there.
pub(super) fn is_missing(env: &Env, table: &[MountInfo], path: &Path) -> bool {
    let end = Way::to(env, table, path).end;
    let (asked, itself) = (end.clone(), path.to_path_buf());
    let is_gone = |p: &Path| p.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    ask(mounts::holding(table, &end), move || is_gone(&asked) && is_gone(&itself)).unwrap_or(false)
}

/// Calls what may hang if its mount may.
pub(super) fn ask<T: Send + 'static>(
    info: Option<&MountInfo>,
    call: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if info.is_some_and(MountInfo::is_remote) { mounts::within(PATIENCE, call) } else { Some(call()) }
}

/// Writes for real into a folder.
pub(super) fn write(at: &Path, info: Option<&MountInfo>, mount: Option<&Mount>) -> Written {
    // There a file without a name can be made when one with a name cannot, and programs need names.
    let with_name = mount.is_some_and(|m| m.fstype == "btrfs" || m.pressure() == Pressure::Bytes);
    let owned = at.to_path_buf();
    let result = ask(info, move || {
        probe::write(&owned)?;
        if with_name { probe::name(&owned) } else { Ok(()) }
    });
    match result {
        Some(Ok(())) => Written::Done,
        Some(Err(error)) => Written::Failed(cause(&error)),
        None => Written::Failed(Cause::NoAnswer),
    }
}

/// A path without the links on it, as far as that can be told without asking what may hang.
struct Way {
    end: PathBuf,
    /// The links that were followed.
    links: Vec<PathBuf>,
}

impl Way {
    fn to(env: &Env, table: &[MountInfo], path: &Path) -> Self {
        let mut way = Self { end: PathBuf::new(), links: Vec::new() };
        if !path.is_absolute() || !env.sees(path) {
            way.end = path.to_path_buf();
            return way;
        }
        let backwards = |path: &Path| -> Vec<std::ffi::OsString> {
            path.components().rev().map(|c| c.as_os_str().to_os_string()).collect()
        };
        let mut todo = backwards(path);
        while let Some(part) = todo.pop() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) => _ = way.end.pop(),
                Some(Component::CurDir) | None => {}
                Some(_) => way.end.push(&part),
            }
            if mounts::holding(table, &way.end).is_some_and(MountInfo::is_remote) {
                way.end.extend(todo.drain(..).rev());
            } else if way.links.len() < LINKS
                && let Ok(target) = way.end.read_link()
            {
                way.links.push(way.end.clone());
                way.end.pop();
                todo.extend(backwards(&target));
            }
        }
        way
    }
}

/// Where something would be made.
struct Nearest {
    folder: PathBuf,
    owner: u32,
    /// The file that was named in its place.
    file: Option<PathBuf>,
}

/// The folder at or above a path that is there; or what is in the way, and why.
fn nearest(path: &Path, links: &[PathBuf], is_file_fine: bool) -> Result<Nearest, (PathBuf, Cause)> {
    use io::ErrorKind as K;
    let is_gone = |p: &Path| p.metadata().is_err_and(|e| e.kind() == K::NotFound);
    // Nothing can be made through a link to nothing.
    if let Some(link) = links.iter().find(|l| is_gone(l)) {
        let target = link.read_link().unwrap_or_default();
        return Err((link.clone(), Cause::Astray(link.parent().unwrap_or(link).join(target))));
    }
    let mut file = None;
    for p in path.ancestors() {
        match p.metadata() {
            Ok(meta) if meta.is_dir() => return Ok(Nearest { folder: p.into(), owner: meta.uid(), file }),
            Ok(_) if is_file_fine && p == path => file = Some(p.to_path_buf()),
            Ok(_) => return Err((p.into(), Cause::Other("it is a file where a folder is needed".into()))),
            Err(e) if matches!(e.kind(), K::NotFound | K::NotADirectory | K::PermissionDenied) => {}
            Err(e) => return Err((p.into(), cause(&e))),
        }
    }
    Err((path.into(), Cause::Other("there is no such folder".into())))
}

fn cause(error: &io::Error) -> Cause {
    use io::ErrorKind as K;
    // These have no kinds of their own.
    const EPERM: i32 = 1;
    const EIO: i32 = 5;
    const ESHUTDOWN: i32 = 108;
    match error.kind() {
        K::StorageFull => Cause::Full,
        K::QuotaExceeded => Cause::Quota,
        K::ReadOnlyFilesystem => Cause::ReadOnly,
        K::PermissionDenied if error.raw_os_error() == Some(EPERM) => Cause::Locked,
        K::PermissionDenied => Cause::NotAllowed,
        K::NotConnected | K::StaleNetworkFileHandle | K::HostUnreachable | K::TimedOut => {
            Cause::Gone(error.to_string())
        }
        _ if error.raw_os_error() == Some(ESHUTDOWN) => Cause::Gone(error.to_string()),
        _ if error.raw_os_error() == Some(EIO) => Cause::Broken(error.to_string()),
        _ => Cause::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, PathBuf) {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().canonicalize().expect("a path");
        (tmp, home)
    }

    fn at(home: &Path, purpose: Purpose, path: &Path) -> Place {
        look(&Env::fixed(home), &mounts::read(), purpose, path.to_path_buf(), false, &[])
    }

    #[test]
    fn links_are_followed_and_one_to_nothing_is_in_the_way() {
        let (_tmp, home) = home();
        std::fs::create_dir_all(home.join("disk/a")).expect("made");
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, home.join(name)).expect("linked");
        };
        link("disk/../disk/a", "way");
        link("disk/gone", "astray");
        link("round", "round");
        let place = at(&home, Purpose::Signatures, &home.join("way/not/yet"));
        assert_eq!((place.at, place.written), (home.join("disk/a"), Written::Done));
        let place = at(&home, Purpose::Signatures, &home.join("astray/jupyter"));
        let target = home.join("disk/gone");
        assert_eq!((place.at, place.written), (home.join("astray"), Written::Failed(Cause::Astray(target))));
        let place = at(&home, Purpose::Signatures, &home.join("round/jupyter"));
        assert!(matches!(place.written, Written::Failed(_)), "{place:?}");
        assert_eq!(std::fs::read_dir(home.join("disk/a")).expect("read").count(), 0);
    }

    #[test]
    fn a_file_is_fine_where_a_notebook_is_named_and_in_the_way_elsewhere() {
        let (_tmp, home) = home();
        let file = home.join("a.ipynb");
        std::fs::write(&file, b"{}").expect("written");
        let place = at(&home, Purpose::Notebooks, &file);
        assert_eq!((&place.at, place.written), (&home, Written::Done));
        let place = at(&home, Purpose::Temp, &file.join("tmp"));
        assert!(matches!(&place.written, Written::Failed(Cause::Other(why)) if why.contains("a file where")));
        assert_eq!(place.at, file);
    }

    #[test]
    fn only_what_is_not_there_is_missing() {
        let (_tmp, home) = home();
        std::os::unix::fs::symlink("gone", home.join("link")).expect("linked");
        let is_missing = |name: &str| is_missing(&Env::fixed(&home), &mounts::read(), &home.join(name));
        assert!(is_missing("no") && is_missing("no/such") && !is_missing("link") && !is_missing(""));
    }

    #[test]
    fn errors_of_servers_are_told_from_those_of_disks() {
        let of = |number: i32| cause(&io::Error::from_raw_os_error(number));
        assert!(matches!(of(107), Cause::Gone(_)) && matches!(of(116), Cause::Gone(_)));
        assert!(matches!(of(5), Cause::Broken(_)) && of(1) == Cause::Locked && of(13) == Cause::NotAllowed);
        assert!(of(28) == Cause::Full && of(122) == Cause::Quota && of(30) == Cause::ReadOnly);
    }
}
