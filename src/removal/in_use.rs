//! Which processes use what: descriptors, mappings, working folders, executables, environments, kernels. Looked up fresh
//! before anything goes.
//!
//! What was not seen is not proved: processes of other users can be closed to this one, and those on another machine
//! or outside a container are not there at all.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::inventory::Holder;
use crate::sys::proc;
use crate::sys::user::Names;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct InUse {
    /// Paths and who uses them, sorted by path.
    pub seen: Vec<(PathBuf, Holder)>,
    /// Processes that could not be looked into.
    pub closed: usize,
}

impl InUse {
    /// Looks at all processes for anything at or below these folders, which are sorted and none inside another.
    pub fn look(roots: &[PathBuf], names: &Names) -> Self {
        let look = proc::look(roots);
        let kernels: FxHashMap<u32, String> = look.kernels.into_iter().collect();
        let mut who: FxHashMap<u32, (String, String)> = FxHashMap::default();
        let mut seen: Vec<(PathBuf, Holder)> = look
            .used
            .into_iter()
            .map(|used| {
                let (command, user) = who
                    .entry(used.pid)
                    .or_insert_with(|| {
                        let owner = proc::owner(used.pid).map_or_else(|| "?".into(), |uid| names.get(uid));
                        let command = proc::command(used.pid);
                        let command = match kernels.get(&used.pid) {
                            Some(kernel) => format!("{command} ({kernel})"),
                            None => command,
                        };
                        (command, owner)
                    })
                    .clone();
                (used.path, Holder { pid: used.pid, command, user, how: used.how.words() })
            })
            .collect();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        Self { seen, closed: look.closed }
    }

    /// Who uses something at or below this path.
    pub fn users_of<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a (PathBuf, Holder)> {
        let at = self.seen.partition_point(|(p, _)| p.as_path() < path);
        self.seen[at..].iter().take_while(move |(p, _)| p.starts_with(path))
    }

    /// A sentence on who uses it.
    pub fn reason(&self, path: &Path) -> Option<String> {
        // A process uses most things in several ways and places; it is told once.
        let mut told: FxHashSet<u32> = FxHashSet::default();
        let holders = self.users_of(path).map(|(_, h)| h).filter(|h| told.insert(h.pid));
        let mut words = Holder::together(holders).into_iter();
        let first = words.next()?;
        Some(match words.count() {
            0 => first,
            n => format!("{first}, and {}", crate::text::counted(n as u64, "other", "others")),
        })
    }
}

/// A look is this long good.
const FRESH: Duration = Duration::from_secs(2);

/// What was looked at a moment ago, or is looked at again.
pub struct Fresh<T>(Option<(Instant, T)>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Fresh<T> {
    /// The last look if it is no older than two seconds, else another one. It is as old as its beginning: what it saw
    /// first may have changed when it ends.
    pub fn get(&mut self, look: impl FnOnce() -> T) -> &T {
        let last = self.0.take().filter(|(when, _)| when.elapsed() <= FRESH);
        &self.0.insert(last.unwrap_or_else(|| (Instant::now(), look()))).1
    }
}

/// Looks again and again at the same paths, as often as it must be: what is acted on was looked at a moment ago.
pub struct Guard {
    paths: Vec<PathBuf>,
    names: Names,
    last: Fresh<InUse>,
}

impl Guard {
    /// Watches over paths, none of which lies in another.
    pub fn over(mut paths: Vec<PathBuf>, names: Names) -> Self {
        paths.sort();
        paths.dedup();
        Self { paths, names, last: Fresh::default() }
    }

    /// Who uses a path, by a look that is no older than two seconds.
    pub fn reason(&mut self, path: &Path) -> Option<String> {
        let (paths, names) = (&self.paths, &self.names);
        self.last.get(|| InUse::look(paths, names)).reason(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { pid, command: "python".into(), user: "ana".into(), how: "open" }
    }

    fn seen(paths: &[&str]) -> InUse {
        let mut seen: Vec<(PathBuf, Holder)> =
            paths.iter().enumerate().map(|(i, p)| (PathBuf::from(p), holder(i as u32))).collect();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        InUse { seen, closed: 0 }
    }

    #[test]
    fn what_lies_below_is_found_and_what_begins_alike_is_not() {
        let in_use = seen(&["/m/a-b/x", "/m/a/c", "/m/ab", "/z"]);
        let pids = |p: &str| in_use.users_of(Path::new(p)).map(|u| u.1.pid).collect::<Vec<_>>();
        assert_eq!(pids("/m/a"), [1]);
        assert_eq!(pids("/m/ab"), [2]);
        assert_eq!(pids("/m/b"), [0; 0]);
        assert_eq!(in_use.reason(Path::new("/z")).as_deref(), Some("open by python 3 (ana)"));
        assert_eq!(in_use.reason(Path::new("/m")).as_deref(), Some("open by python ×3 (ana)"));
    }

    #[test]
    fn a_process_is_told_once_and_other_programs_as_a_number() {
        let mut in_use = seen(&["/m/1", "/m/2", "/m/3", "/m/4"]);
        in_use.seen[1].1.pid = 0;
        in_use.seen[2].1.command = "tee".into();
        in_use.seen[3].1.user = "bo".into();
        let reason = in_use.reason(Path::new("/m"));
        assert_eq!(reason.as_deref(), Some("open by python 0 (ana), and 2 others"));
    }
}
