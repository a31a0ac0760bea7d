//! The lie of the land before anything is read: which mounts answer, where known places are, what 100 % is.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::borders::Borders;
use super::exclude::Exclude;
use super::roots::{Itinerary, may_be_a_place};
use crate::env::Env;
use crate::families::{Claim, Families};
use crate::model::mount::Mount;
use crate::model::people::People;
use crate::model::problem::Problem;
use crate::sys;
use crate::sys::mounts::MountInfo;

/// Where not to go, with mounts that may hang asked in threads of their own.
pub fn borders(asked: &[PathBuf], table: &[MountInfo]) -> (Borders, Vec<Problem>) {
    let roots: Vec<PathBuf> = if asked.is_empty() { vec!["/".into()] } else { asked.to_vec() };
    let waiting: Vec<(&Path, std::sync::mpsc::Receiver<()>)> = table
        .iter()
        .filter(|m| m.is_remote() && !m.is_kernel())
        .map(|m| (m.path.as_path(), ask(&m.path)))
        .collect();
    let deadline = Instant::now() + sys::mounts::PATIENCE;
    let answered: Vec<&Path> = waiting
        .into_iter()
        .filter(|(_, rx)| rx.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok())
        .map(|(path, _)| path)
        .collect();
    Borders::find(table, &roots, |path| answered.contains(&path))
}

/// The folders that are stores by where they are.
pub fn places(families: &Families, env: &Env, borders: &Borders) -> Vec<(PathBuf, Claim)> {
    families
        .places(env)
        .into_iter()
        .filter(|k| env.sees(&k.place.path) && !borders.is_dead(&k.place.path))
        .filter_map(|k| Some((k.place.path.canonicalize().ok()?, k.claim)))
        .filter(|(path, _)| may_be_a_place(env, path))
        .collect()
}

/// The mounts that hold what is read: those with the roots first, then those the walk goes into from there.
pub fn mounts_of(trip: &Itinerary, table: &[MountInfo], borders: &Borders, exclude: &Exclude) -> Vec<Mount> {
    let mut found: Vec<&MountInfo> = Vec::new();
    for root in trip.phases.iter().flat_map(|p| &p.roots) {
        let holding = sys::mounts::holding(table, root);
        found.extend(holding.filter(|m| !found.iter().any(|f| f.id == m.id)));
    }
    let crossed: Vec<&PathBuf> = trip.phases.iter().filter(|p| !p.one_fs).flat_map(|p| &p.roots).collect();
    for mount in table {
        // A folder of a file system that is there already has no room of its own; a file that is mounted has none either.
        let is_new = !found.iter().any(|f| f.dev == mount.dev);
        if is_new
            && crossed.iter().any(|root| mount.path.starts_with(root))
            && !borders.passes(mount)
            && !exclude.covers(&mount.path)
            && sys::mounts::holding(table, &mount.path).is_some_and(|m| m.id == mount.id)
            && mount.path.is_dir()
        {
            found.push(mount);
        }
    }
    found.into_iter().map(sys::mounts::look).collect()
}

/// Inodes in use on what is read whole: 100 %.
pub fn expected(mounts: &[Mount], trip: &Itinerary) -> Option<u64> {
    let whole = trip.phases.last()?.roots.iter();
    whole
        .map(|root| {
            let mount = mounts.iter().find(|m| m.path == *root)?;
            let space = mount.space?;
            Some(space.inodes?.saturating_sub(space.inodes_available?))
        })
        .sum()
}

/// Asks a file system for a sign of life.
fn ask(path: &Path) -> std::sync::mpsc::Receiver<()> {
    let (tx, rx) = std::sync::mpsc::sync_channel(1);
    let path = path.to_path_buf();
    let _ = std::thread::Builder::new().name("may-hang".into()).spawn(move || {
        if sys::mounts::space(&path).is_ok() && path.symlink_metadata().is_ok() {
            let _ = tx.send(());
        }
    });
    rx
}

/// Who is who in this world. Root who was called by `sudo` looks for somebody, whose things are not others'.
pub fn people(env: &Env) -> People {
    let caller = env.text("SUDO_UID").filter(|_| env.uid() == 0).and_then(|uid| uid.parse().ok());
    let mut names = std::collections::BTreeMap::new();
    for account in env.accounts() {
        names.entry(account.uid).or_insert_with(|| account.name.clone());
    }
    People { me: Some(env.uid()), caller, names }
}

/// Who a folder is, by device and inode.
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().ok().map(|m| (m.dev(), m.ino()))
}

/// The stores by who their folders are.
pub fn identities(places: &[(PathBuf, Claim)]) -> FxHashMap<(u64, u64), Claim> {
    let mut found = FxHashMap::default();
    for (path, claim) in places {
        if let Some(identity) = identity(path) {
            found.entry(identity).or_insert(*claim);
        }
    }
    found
}

/// The claim of a family's store.
pub fn claim_of(families: &Families, family: &str, role: &'static str) -> Option<Claim> {
    Some(Claim { family: families.find(family)?, role })
}
