//! Gathering the facts: a look at each place, and a real write of 4 KiB that leaves nothing.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::facts::{Cause, Facts, Lying, Place, Shared, Torn, Written};
use super::{notebooks, place, places};
use crate::env::Env;
use crate::removal::ledger;
use crate::sys::mounts::{self, MountInfo};
use crate::sys::user::Names;

/// The files that processes share as memory.
const SHARED: &str = "/dev/shm";

/// Looks at everything. `notebooks` is the folder in which somebody wants to save.
pub fn look(env: &Env, notebooks: &Path, read_only: bool) -> Facts {
    let table = mounts::read();
    let mut places: Vec<Place> = Vec::new();
    // Who did not answer once is not waited for again.
    let mut dead: Vec<PathBuf> = Vec::new();
    for (purpose, path) in places::all(env, notebooks) {
        let place = place::look(env, &table, purpose, path, read_only, &dead);
        if place.written == Written::Failed(Cause::NoAnswer) {
            dead.extend(place.mount.as_ref().map(|m| m.path.clone()));
        }
        places.push(place);
    }
    let mut errors: Vec<(PathBuf, u64)> = Vec::new();
    for mount in places.iter().filter_map(|p| p.mount.as_ref()) {
        let counted = mounts::counted_errors(mount.dev).filter(|n| *n > 0);
        errors.extend(counted.map(|n| (mount.path.clone(), n)));
    }
    errors.sort();
    errors.dedup();
    // A folder that does not answer is not asked again.
    let hangs = |p: &Place| matches!(p.written, Written::Failed(Cause::NoAnswer | Cause::Gone(_)));
    let folder = places.first().filter(|p| !hangs(p)).map(|p| p.at.clone());
    let folder =
        folder.map(|at| if at.is_dir() { at } else { at.parent().map(Path::to_path_buf).unwrap_or(at) });
    Facts {
        user: Names::of(env.accounts()).get(env.uid()),
        uid: env.uid(),
        home: env.home().to_path_buf(),
        trash: trash(env, &table),
        torn: folder.as_deref().map(torn).unwrap_or_default(),
        closed: folder.as_deref().map(notebooks::closed).unwrap_or_default(),
        shared: shared(env, &table, read_only),
        places,
        errors,
    }
}

/// Whether nothing is at a path; what does not answer may be there.
pub fn is_missing(env: &Env, path: &Path) -> bool {
    place::is_missing(env, &mounts::read(), path)
}

/// Shared memory, if it is a mount of its own.
fn shared(env: &Env, table: &[MountInfo], read_only: bool) -> Option<Shared> {
    let path = Path::new(SHARED);
    let info = mounts::holding(table, path).filter(|m| m.path == path && env.sees(path))?;
    let mount = mounts::look(info);
    let written = if read_only { Written::Skipped } else { place::write(path, Some(info), Some(&mount)) };
    Some(Shared { mount, written })
}

/// What mldu itself put into trashes, by mount: its records say how much.
fn trash(env: &Env, table: &[MountInfo]) -> Vec<Lying> {
    let mut all: Vec<Lying> = Vec::new();
    for thing in ledger::read(&ledger::roots(env, table)).iter().filter(|t| t.is_ours()) {
        let Some(mount) = mounts::holding(table, &thing.root) else { continue };
        let bytes = thing.ours.as_ref().map_or(0, |o| o.bytes);
        match all.iter_mut().find(|l| l.mount == mount.path) {
            Some(lying) => (lying.bytes, lying.things) = (lying.bytes + bytes, lying.things + 1),
            None => all.push(Lying { mount: mount.path.clone(), bytes, things: 1 }),
        }
    }
    all
}

/// Notebooks that were cut off: `jupyter_server` copies the old one to `.~NAME`, empties it and writes it anew, and takes
/// the copy away when that worked.
fn torn(folder: &Path) -> Vec<Torn> {
    let mut torn: Vec<Torn> = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(of) = name.as_bytes().strip_prefix(b".~").filter(|n| n.ends_with(b".ipynb")) else {
            continue;
        };
        let notebook = folder.join(crate::text::os_str(of));
        if is_whole(&entry.path()) && !is_whole(&notebook) {
            torn.push(Torn { notebook, copy: entry.path() });
        }
    }
    torn.sort_by(|a, b| a.notebook.cmp(&b.notebook));
    torn
}

/// Whether a notebook ends as it should. Jupyter writes one JSON object, so its last sign is a brace.
fn is_whole(notebook: &Path) -> bool {
    let Ok(folder) = crate::sys::read::open_folder(notebook.parent().unwrap_or(notebook)) else {
        return false;
    };
    let Some(name) = notebook.file_name() else { return false };
    let tail = crate::sys::read::read_beneath(&folder, Path::new(name), crate::sys::read::Range::Tail, 64);
    tail.is_ok_and(|tail| notebooks::ends(&tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::places::Purpose;

    #[test]
    fn each_place_is_looked_at_and_nothing_is_left() {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(home.join("work")).expect("made");
        let env = Env::fixed(&home);
        let facts = look(&env, &home.join("work"), false);
        assert_eq!(facts.places.len(), 5);
        assert!(facts.places.iter().all(|p| p.written == Written::Done && p.mount.is_some()), "{facts:?}");
        assert_eq!(facts.places[0].at, home.join("work"));
        // What is not there yet would be made in the home.
        assert_eq!((facts.places[1].purpose, &facts.places[1].at), (Purpose::Signatures, &home));
        assert_eq!(std::fs::read_dir(&home).expect("read").count(), 1);
        let facts = look(&env, &home.join("work"), true);
        assert!(facts.places.iter().all(|p| p.written == Written::Skipped));
    }

    #[test]
    fn a_notebook_that_was_cut_off_has_its_copy_beside_it() {
        let tmp = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| std::fs::write(tmp.path().join(name), text).expect("written");
        put("cut.ipynb", "{\"cells\": [");
        put(".~cut.ipynb", "{\"cells\": []}\n");
        put("empty.ipynb", "");
        put(".~empty.ipynb", "{}");
        put("whole.ipynb", "{}\n");
        put(".~whole.ipynb", "{}");
        // Cut off behind a brace of what is in it.
        put("inner.ipynb", "{\n \"cells\": [\n  {\n   \"metadata\": {}\n  }");
        put(".~inner.ipynb", "{\n \"cells\": []\n}\n");
        put("lost.ipynb", "");
        put(".~lost.ipynb", "");
        let names: Vec<String> = torn(tmp.path())
            .iter()
            .map(|t| t.notebook.file_name().expect("a name").display().to_string())
            .collect();
        assert_eq!(names, ["cut.ipynb", "empty.ipynb", "inner.ipynb"]);
    }
}
