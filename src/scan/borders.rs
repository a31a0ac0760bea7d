//! Where the walk must not go: kernel file systems, network file systems that do not answer, second views of a
//! place that is read anyway. Decided from the table of mounts before the walk begins, so that nothing dead is
//! ever touched.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::model::problem::Problem;
use crate::sys::mounts::{self, MountInfo};

/// Folders that are passed over.
#[derive(Debug, Default, Clone)]
pub struct Borders {
    /// By device and inode of the folder that holds them, so that they are told without being touched.
    skip: FxHashMap<(u64, u64), Vec<Vec<u8>>>,
    dead: Vec<PathBuf>,
    /// Mounts that are passed over, by their numbers in the table.
    passed: Vec<u64>,
}

impl Borders {
    /// Finds the borders below `roots` in a table of mounts. `answers` says whether a mount that may hang does not.
    pub fn find(
        all: &[MountInfo],
        roots: &[PathBuf],
        answers: impl Fn(&Path) -> bool,
    ) -> (Self, Vec<Problem>) {
        let mut borders = Self::default();
        let mut problems = Vec::new();
        for mount in all {
            if mount.is_remote() && !mount.is_kernel() && !answers(&mount.path) {
                problems.push(Problem::new(
                    &mount.path,
                    "open",
                    format!("the {} file system {} does not answer; passed over", mount.fstype, mount.source),
                ));
                borders.dead.push(mount.path.clone());
            }
        }
        for (i, mount) in all.iter().enumerate() {
            let passed_over =
                mount.is_kernel() || borders.dead.contains(&mount.path) || is_second_view(all, i, roots);
            // A root that was asked for by name is read even so.
            if passed_over && (borders.dead.contains(&mount.path) || !roots.contains(&mount.path)) {
                borders.add(&mount.path);
                borders.passed.push(mount.id);
            }
        }
        (borders, problems)
    }

    fn add(&mut self, path: &Path) {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        if self.is_dead(parent) {
            return;
        }
        if let Ok(meta) = parent.symlink_metadata() {
            use std::os::unix::fs::MetadataExt;
            let names = self.skip.entry((meta.dev(), meta.ino())).or_default();
            names.push(name.as_encoded_bytes().to_vec());
        }
    }

    /// Whether a path lies on a file system that does not answer.
    pub fn is_dead(&self, path: &Path) -> bool {
        self.dead.iter().any(|d| path.starts_with(d))
    }

    /// Whether a mount is passed over.
    pub fn passes(&self, mount: &MountInfo) -> bool {
        self.passed.contains(&mount.id)
    }

    /// The names that are passed over in the folder with this identity.
    pub fn inside(&self, dev: u64, ino: u64) -> &[Vec<u8>] {
        self.skip.get(&(dev, ino)).map_or(&[], Vec::as_slice)
    }
}

/// Whether the mount shows a folder that another mount shows too, inside what is read.
fn is_second_view(all: &[MountInfo], at: usize, roots: &[PathBuf]) -> bool {
    let mount = &all[at];
    all.iter().enumerate().any(|(i, other)| {
        if i == at || other.dev != mount.dev || other.path == mount.path {
            return false;
        }
        let Ok(below) = mount.root.strip_prefix(&other.root) else { return false };
        let seen_at = other.path.join(below);
        let same = below.as_os_str().is_empty();
        // Of two views of the same folder, the one mounted first is the one that counts.
        (!same || i < at)
            && !seen_at.starts_with(&mount.path)
            && roots.iter().any(|r| seen_at.starts_with(r))
            && mounts::holding(all, &seen_at).is_some_and(|m| m.id == other.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
        2 1 0:3 / /proc rw - proc proc rw\n\
        3 1 8:1 /data /srv/data rw - ext4 /dev/sda1 rw\n\
        4 1 8:2 / /home rw - ext4 /dev/sdb1 rw\n\
        5 1 8:2 / /mnt/home rw - ext4 /dev/sdb1 rw\n\
        6 1 0:9 / /net rw - nfs4 srv:/x rw\n";

    #[test]
    fn a_bind_mount_is_a_second_view_and_its_source_is_not() {
        let all = mounts::parse(TABLE);
        let roots = [PathBuf::from("/")];
        let second: Vec<bool> = (0..all.len()).map(|i| is_second_view(&all, i, &roots)).collect();
        assert_eq!(second, [false, false, true, false, true, false]);
        // What is not read elsewhere is no second view.
        assert!(!is_second_view(&all, 2, &[PathBuf::from("/srv")]));
        assert!(!is_second_view(&all, 4, &[PathBuf::from("/mnt")]));
    }

    #[test]
    fn a_mount_that_does_not_answer_is_a_problem_and_is_not_touched() {
        let all = mounts::parse(TABLE);
        let (borders, problems) = Borders::find(&all, &[PathBuf::from("/")], |_| false);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].error.contains("does not answer"));
        assert!(borders.is_dead(Path::new("/net/x")) && !borders.is_dead(Path::new("/home")));
        let (_, problems) = Borders::find(&all, &[PathBuf::from("/")], |_| true);
        assert!(problems.is_empty());
    }
}
