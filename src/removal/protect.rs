//! What is never removed, whatever is marked: told by identity, not by name, so that no link, bind mount or spelling
//! gets around it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::env::Env;
use crate::sys::beneath::Identity;
use crate::sys::mounts::{MountInfo, PATIENCE};

/// Folders a system or a person cannot do without.
const SYSTEM: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/tmp",
    "/Applications",
    "/Library",
    "/System",
    "/Users",
];

/// Storage of container engines: pulled apart from outside it is broken for all containers (decision 9).
const ENGINES: &[&str] =
    &["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet"];

/// Everything that is never removed.
#[derive(Debug, Clone, Default)]
pub struct DenyList {
    known: FxHashMap<(u64, u64), String>,
    /// Where nobody answers who it is: then the path must do.
    silent: Vec<(PathBuf, &'static str)>,
    mounts: Vec<PathBuf>,
    engines: Vec<PathBuf>,
}

impl DenyList {
    /// Collects what must stay: system folders, mount points, homes, where we work and run, what was asked to be
    /// scanned, the trashes; and every folder above any of these.
    pub fn collect(env: &Env, scanned: &[PathBuf], trashes: &[PathBuf], table: &[MountInfo]) -> Self {
        let mut list = Self {
            mounts: table.iter().map(|m| m.path.clone()).collect(),
            engines: ENGINES.iter().map(PathBuf::from).collect(),
            ..Self::default()
        };
        let mut far: Vec<(PathBuf, &'static str)> = Vec::new();
        far.extend(SYSTEM.iter().map(|path| (PathBuf::from(path), "a folder of the system")));
        far.extend(env.homes().map(|home| (home.to_path_buf(), "a home folder")));
        far.extend(env.accounts().iter().map(|account| (account.home.clone(), "a home folder")));
        far.push((env.current(), "the folder mldu was started in"));
        far.extend(std::env::current_exe().ok().map(|exe| (exe, "mldu itself")));
        far.push((env.state().to_path_buf(), "the records of mldu"));
        far.extend(scanned.iter().map(|path| (path.clone(), "what was asked to be scanned")));
        far.extend(trashes.iter().map(|path| (path.clone(), "a trash")));
        let mut seen = FxHashSet::default();
        far.retain(|(path, _)| seen.insert(path.clone()));
        let may_hang = |m: &MountInfo| m.is_remote() && !m.is_kernel();
        let near = table.iter().filter(|m| {
            let below_one = |path: &Path| table.iter().any(|r| may_hang(r) && path.starts_with(&r.path));
            !m.is_remote() && !m.is_kernel() && !below_one(&m.path)
        });
        for mount in near {
            list.know(identities(&mount.path, "a mounted file system"));
        }
        if table.iter().any(may_hang) {
            list.ask(far);
        } else {
            for (path, what) in far {
                list.know(identities(&path, what));
            }
        }
        list
    }

    fn know(&mut self, found: Vec<((u64, u64), String)>) {
        for (id, reason) in found {
            self.known.entry(id).or_insert(reason);
        }
    }

    /// Asks for all of them at once, where some may be on a server that does not answer, or lead there by a link.
    fn ask(&mut self, far: Vec<(PathBuf, &'static str)>) {
        let (tx, answers) = std::sync::mpsc::channel();
        for (i, (path, what)) in far.iter().enumerate() {
            let (tx, path, what) = (tx.clone(), path.clone(), *what);
            let _ = std::thread::Builder::new().name("may-hang".into()).spawn(move || {
                let _ = tx.send((i, identities(&path, what)));
            });
        }
        drop(tx);
        let deadline = Instant::now() + PATIENCE;
        let mut found: Vec<Option<Vec<_>>> = far.iter().map(|_| None).collect();
        while let Ok((i, ids)) = answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            found[i] = Some(ids);
        }
        for (ids, silent) in found.into_iter().zip(far) {
            match ids {
                Some(ids) => self.know(ids),
                None => self.silent.push(silent),
            }
        }
    }

    /// Why this must stay, if it must.
    pub fn refuses(&self, path: &Path, identity: &Identity) -> Option<String> {
        if let Some(reason) = self.known.get(&(identity.dev, identity.ino)) {
            return Some(reason.clone());
        }
        if let Some((silent, what)) = self.silent.iter().find(|(silent, _)| silent.starts_with(path)) {
            return Some(if silent == path { (*what).to_string() } else { format!("{what} lies in it") });
        }
        if identity.is_mount || self.mounts.iter().any(|m| m == path) {
            return Some("something is mounted here".into());
        }
        if let Some(inside) = self.mounts.iter().find(|m| m.starts_with(path)) {
            return Some(format!("something is mounted inside it, at {}", crate::text::path(inside)));
        }
        if self.engines.iter().any(|e| path.starts_with(e)) {
            return Some(
                "storage of a container engine; `docker system df` shows it, `docker system prune` frees it"
                    .into(),
            );
        }
        None
    }

    /// Whether this identity is on the list.
    pub fn knows(&self, dev: u64, ino: u64) -> bool {
        self.known.contains_key(&(dev, ino))
    }
}

/// Who a path is, and every folder above it, with what that means. Through links, since the thing itself counts, and by
/// each spelling of the folders above it.
fn identities(path: &Path, what: &str) -> Vec<((u64, u64), String)> {
    let mut found = Vec::new();
    for spelling in [Some(path.to_path_buf()), path.canonicalize().ok()].into_iter().flatten() {
        for (i, above) in spelling.ancestors().enumerate() {
            let Some(id) = identity_of(above) else { continue };
            found.push((id, if i == 0 { what.to_string() } else { format!("{what} lies in it") }));
        }
    }
    found
}

/// Who a path is. Links in the folders above are followed: this list is about things, not about spellings.
fn identity_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().ok().filter(|m| !m.is_symlink()).map(|m| (m.dev(), m.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{beneath, mounts};

    fn refused(list: &DenyList, path: &Path) -> Option<String> {
        let (parent, name) = beneath::open_parent(path).expect("there");
        list.refuses(path, &beneath::look(&parent, name).expect("there"))
    }

    #[test]
    fn homes_and_what_lies_above_them_stay_by_whatever_name() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("real/home/work")).expect("made");
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).expect("linked");
        let env = Env::fixed(root.join("link/home"));
        let list = DenyList::collect(&env, &[], &[], &[]);
        assert_eq!(refused(&list, &root.join("real/home")).as_deref(), Some("a home folder"));
        assert_eq!(refused(&list, &root.join("real")).as_deref(), Some("a home folder lies in it"));
        assert_eq!(refused(&list, &root.join("real/home/work")), None);
        // the link itself is only a link
        assert_eq!(refused(&list, &root.join("link")), None);
    }

    #[test]
    fn system_folders_mounts_and_engines_stay() {
        let table = mounts::parse(b"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /data/disk rw - ext4 b rw\n");
        let list = DenyList::collect(&Env::fixed("/nowhere"), &[], &[], &table);
        assert!(refused(&list, Path::new("/usr")).is_some());
        assert!(refused(&list, Path::new("/etc")).is_some());
        let any =
            beneath::look_at(beneath::open_folder(Path::new("/usr/share")).expect("open")).expect("looked");
        let strange = Identity { dev: 0, ino: 0, is_mount: false, ..any };
        assert!(list.refuses(Path::new("/data"), &strange).is_some_and(|r| r.contains("mounted inside it")));
        assert!(
            list.refuses(Path::new("/var/lib/docker/overlay2/x"), &strange)
                .is_some_and(|r| r.contains("docker system"))
        );
        assert_eq!(list.refuses(Path::new("/data2"), &strange), None);
    }
}
