//! Which processes use what: descriptors, mappings, working folders, executables. Looked up fresh before anything goes.
//!
//! What was not seen is not proved: processes of other users can be closed to this one, and those on another machine
//! or outside a container are not there at all.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

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
        let look = proc::look(|path| {
            let before = roots.partition_point(|r| r.as_path() <= path);
            before > 0 && path.starts_with(&roots[before - 1])
        });
        let mut who: FxHashMap<u32, (String, String)> = FxHashMap::default();
        let mut seen: Vec<(PathBuf, Holder)> = look
            .used
            .into_iter()
            .map(|used| {
                let (command, user) = who
                    .entry(used.pid)
                    .or_insert_with(|| {
                        let owner = proc::owner(used.pid).map_or_else(|| "?".into(), |uid| names.get(uid));
                        (proc::command(used.pid), owner)
                    })
                    .clone();
                (used.path, Holder { pid: used.pid, command, user, how: used.how.words() })
            })
            .collect();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        Self { seen, closed: look.closed }
    }

    /// Who uses something at or below this path.
    pub fn user_of(&self, path: &Path) -> Option<&(PathBuf, Holder)> {
        let at = self.seen.partition_point(|(p, _)| p.as_path() < path);
        // Below a path, others sort in between (`a`, `a-b`, `a/c`), so the search goes on while they share its text.
        let prefix = path.as_os_str().as_encoded_bytes();
        self.seen[at..]
            .iter()
            .take_while(|(p, _)| p.as_os_str().as_encoded_bytes().starts_with(prefix))
            .find(|(p, _)| p.starts_with(path))
            .or_else(|| self.seen.iter().find(|(p, _)| p.starts_with(path)))
    }

    /// A sentence on who uses it.
    pub fn reason(&self, path: &Path) -> Option<String> {
        let (_, h) = self.user_of(path)?;
        Some(format!("{} by {} {} ({})", h.how, h.command, h.pid, h.user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { pid, command: "python".into(), user: "ana".into(), how: "open" }
    }

    #[test]
    fn what_lies_below_is_found_and_what_begins_alike_is_not() {
        let mut seen: Vec<(PathBuf, Holder)> = ["/m/a-b/x", "/m/a/c", "/m/ab", "/z"]
            .iter()
            .enumerate()
            .map(|(i, p)| (PathBuf::from(p), holder(i as u32)))
            .collect();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        let in_use = InUse { seen, closed: 0 };
        assert_eq!(in_use.user_of(Path::new("/m/a")).map(|u| u.1.pid), Some(1));
        assert_eq!(in_use.user_of(Path::new("/m/ab")).map(|u| u.1.pid), Some(2));
        assert_eq!(in_use.user_of(Path::new("/m/b")), None);
        assert_eq!(in_use.reason(Path::new("/z")).as_deref(), Some("open by python 3 (ana)"));
    }
}
