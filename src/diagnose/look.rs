//! Gathering the facts: a look at each place, and a real write of 4 KiB that leaves nothing.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::facts::{Cause, Facts, Foreign, Lying, Place, Shared, Torn, Written};
use super::{notebooks, place, places};
use crate::env::Env;
use crate::model::mount::Mount;
use crate::removal::ledger::{self, Trashed};
use crate::removal::{held_open, weigh};
use crate::sys::mounts::{self, MountInfo};
use crate::sys::user::Names;

/// So long what other programs trashed is weighed.
const A_MOMENT: Duration = Duration::from_secs(1);

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
    let trashed = trashed(env, &table);
    let mut facts = Facts {
        user: Names::of(env.accounts()).get(env.uid()),
        uid: env.uid(),
        home: env.home().to_path_buf(),
        trash: trash(&trashed, &table),
        torn: folder.as_deref().map(torn).unwrap_or_default(),
        closed: folder.as_deref().map(notebooks::closed).unwrap_or_default(),
        shared: shared(env, &table, read_only),
        places,
        errors,
        ..Facts::default()
    };
    facts.foreign = foreign(&trashed, &table, &facts);
    let mounts: Vec<Mount> = facts.mounts().into_iter().cloned().collect();
    facts.held = held_open::look(&mounts, env);
    facts
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

/// What lies in the trashes, with a record and without.
fn trashed(env: &Env, table: &[MountInfo]) -> Vec<Trashed> {
    let roots = ledger::roots(env, table);
    let mut all = ledger::read(&roots);
    all.extend(ledger::orphans(&roots));
    // Of what was emptied elsewhere nothing is left but the record.
    all.retain(|t| t.identity.is_some());
    all
}

/// What mldu itself put into trashes, by mount: its records say how much.
fn trash(trashed: &[Trashed], table: &[MountInfo]) -> Vec<Lying> {
    let mut all: Vec<Lying> = Vec::new();
    for thing in trashed.iter().filter(|t| t.is_ours()) {
        let Some(mount) = mounts::holding(table, &thing.root) else { continue };
        let bytes = thing.ours.as_ref().map_or(0, |o| o.bytes);
        match all.iter_mut().find(|l| l.mount == mount.path) {
            Some(lying) => (lying.bytes, lying.things) = (lying.bytes + bytes, lying.things + 1),
            None => all.push(Lying { mount: mount.path.clone(), bytes, things: 1 }),
        }
    }
    all
}

/// What other programs put there, on the mounts of the places. It is weighed, but nobody waits long for that, nor asks
/// a server for it.
fn foreign(trashed: &[Trashed], table: &[MountInfo], facts: &Facts) -> Vec<Foreign> {
    let here = facts.mounts();
    let mount_of = |t: &Trashed| {
        let mount = mounts::holding(table, &t.root).filter(|m| !m.is_remote())?;
        here.iter().find(|m| m.path == mount.path).map(|m| m.path.clone())
    };
    let theirs = trashed.iter().filter(|t| !t.is_ours());
    let (mounts, files): (Vec<PathBuf>, Vec<PathBuf>) =
        theirs.filter_map(|t| Some((mount_of(t)?, t.file()))).unzip();
    let mut all: Vec<Foreign> = Vec::new();
    for (mount, (_, weight)) in mounts.into_iter().zip(weigh::weigh_within(&files, A_MOMENT)) {
        let at = all.iter().position(|f| f.mount == mount).unwrap_or_else(|| {
            all.push(Foreign { mount, bytes: 0, things: 0, unknown: 0 });
            all.len() - 1
        });
        let sum = &mut all[at];
        sum.things += 1;
        sum.bytes += weight.unwrap_or(0);
        sum.unknown += u64::from(weight.is_none());
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
        if is_whole(&entry.path()) == Some(true) && is_whole(&notebook) == Some(false) {
            torn.push(Torn { notebook, copy: entry.path() });
        }
    }
    torn.sort_by(|a, b| a.notebook.cmp(&b.notebook));
    torn
}

/// Whether a notebook ends as it should. None if that cannot be seen.
fn is_whole(notebook: &Path) -> Option<bool> {
    let folder = crate::sys::read::open_folder(notebook.parent()?).ok()?;
    let name = Path::new(notebook.file_name()?);
    let tail = crate::sys::read::read_beneath(&folder, name, crate::sys::read::Range::Tail, 64).ok()?;
    Some(notebooks::ends(&tail))
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
        // It was removed; whoever did that wanted it so.
        put(".~removed.ipynb", "{}");
        let names: Vec<String> = torn(tmp.path())
            .iter()
            .map(|t| t.notebook.file_name().expect("a name").display().to_string())
            .collect();
        assert_eq!(names, ["cut.ipynb", "empty.ipynb", "inner.ipynb"]);
    }
}
