//! A fresh look at what is about to go: who it is now, whether its trash can take it, whether it must stay. The look
//! is done here; what follows from it is the plan's business.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::blocks::Blocks;
use super::draft::{Draft, Environment, Target};
use super::in_use::InUse;
use super::index::Index;
use super::ledger;
use super::locked;
use super::protect::DenyList;
use super::recipe::{self, Ready};
use super::survey::Survey;
use super::trash::{self, Root};
use crate::env::Env;
use crate::model::inventory::Inventory;
use crate::model::mount::Mount;
use crate::model::node::{Kind, NodeId};
use crate::model::sight::Hidden;
use crate::sys::beneath::{self, Identity};
use crate::sys::locks::{Lock, Locks};
use crate::sys::mounts::{self, MountInfo};
use crate::sys::proc;
use crate::sys::user::Names;

/// What a look at one target gave.
#[derive(Debug, Clone)]
pub struct Look {
    /// Who it is, or why it may not go.
    pub identity: Result<Identity, String>,
    /// The trash that would take it, or why none does.
    pub trash: Result<Root, String>,
}

/// What a look at all of them gave.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// By target.
    pub looks: FxHashMap<NodeId, Look>,
    /// Where their bytes lie.
    pub blocks: Blocks,
    /// Which processes use what.
    pub in_use: InUse,
    /// Processes that are not even counted.
    pub hidden: Option<Hidden>,
    /// The mounts, with what is left on them now.
    pub mounts: Vec<Mount>,
    /// What can be written down of the environments, by their folders.
    pub recipes: FxHashMap<PathBuf, Ready>,
    /// Where an index changed, by the folder it is of.
    pub outdated: FxHashMap<PathBuf, PathBuf>,
    /// Whether nothing may be removed at all.
    pub read_only: bool,
}

/// Everything a look needs, as values: it can run in another thread.
#[derive(Debug, Clone)]
pub struct Question {
    targets: Vec<Target>,
    environments: Vec<Environment>,
    indexes: Vec<Index>,
    in_use: InUse,
    scanned: Vec<PathBuf>,
    mounts: Vec<Mount>,
    read_only: bool,
}

impl Question {
    /// What has to be looked at for a draft.
    pub fn new(draft: &Draft, inventory: &Inventory, in_use: InUse, read_only: bool) -> Self {
        Self {
            targets: draft.targets().cloned().collect(),
            environments: draft.environments().cloned().collect(),
            indexes: draft.indexes(inventory),
            in_use,
            scanned: inventory.roots.clone(),
            mounts: inventory.mounts.clone(),
            read_only,
        }
    }

    /// Looks.
    pub fn answer(self, env: &Env) -> Facts {
        let table = mounts::read();
        let trashes = ledger::roots(env, &table);
        let deny = DenyList::collect(env, &self.scanned, &trashes, &table);
        let held = Locks::read();
        let closed = held.clone().of_strangers();
        let mut looks = FxHashMap::default();
        for target in &self.targets {
            looks.insert(target.node, look(env, target, &deny, &table, (&held, &closed)));
        }
        let there = self.targets.iter().filter_map(|t| {
            let look: &Look = looks.get(&t.node)?;
            Some((t.node, t.path.as_path(), look.identity.as_ref().ok()?))
        });
        let blocks = if self.read_only { Blocks::default() } else { Blocks::look(there, &table) };
        // Looked at anew, as far as the kernel knows them; a mount made up for a picture stays as it is.
        let now = |m: Mount| table.iter().find(|t| t.id == m.id && t.path == m.path).map_or(m, mounts::look);
        let mut mounts: Vec<Mount> = self.mounts.into_iter().map(now).collect();
        // A scan may go from one file system into another: what goes is measured where it lies.
        for target in &self.targets {
            let Some(Ok(identity)) = looks.get(&target.node).map(|l| &l.identity) else { continue };
            let Some(real) = table.iter().find(|m| m.id == identity.mount) else { continue };
            let known = holding(&mounts, &target.path);
            if target.path.starts_with(&real.path)
                && known.is_none_or(|k| real.path.starts_with(&k.path) && real.path != k.path)
            {
                mounts.push(mounts::look(real));
            }
        }
        let looked_at = self.environments.iter().filter(|_| !self.read_only);
        let recipes = looked_at.map(|e| (e.path.clone(), recipe::look(env, e))).collect();
        let changed = |i: &Index| Some((i.root.clone(), i.changed()?.to_path_buf()));
        let outdated = self.indexes.iter().filter_map(changed).collect();
        Facts {
            looks,
            blocks,
            in_use: self.in_use,
            hidden: proc::hidden(),
            mounts,
            recipes,
            outdated,
            read_only: self.read_only,
        }
    }
}

/// The mount that holds a path: of those at or above it the deepest.
pub fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts.iter().filter(|m| path.starts_with(&m.path)).max_by_key(|m| m.path.as_os_str().len())
}

/// The folders in which it matters who has what open: all stores, and what is marked.
pub fn watched(inventory: &Inventory, draft: &Draft) -> Vec<PathBuf> {
    let stores = inventory.stores().into_iter().map(|s| inventory.tree.path(s.root.into()));
    let mut roots: Vec<PathBuf> = stores.chain(draft.targets().map(|t| t.path.clone())).collect();
    roots.sort();
    roots.dedup();
    let mut outer: Vec<PathBuf> = Vec::new();
    for root in roots {
        if !outer.last().is_some_and(|o| root.starts_with(o)) {
            outer.push(root);
        }
    }
    outer
}

/// Looks up which processes use what in these folders.
pub fn look_in_use(roots: &[PathBuf], env: &Env) -> InUse {
    InUse::look(roots, &Names::of(env.accounts()))
}

/// Looks at a target. Of the locks, the second are those of processes that cannot be looked into.
fn look(
    env: &Env,
    target: &Target,
    deny: &DenyList,
    table: &[MountInfo],
    (locks, closed): (&Locks, &Locks),
) -> Look {
    let identity = who(&target.path)
        .and_then(|(identity, parent)| match deny.refuses(&target.path, &identity) {
            Some(reason) => Err(format!("protected: {reason}")),
            None => Ok((identity, parent)),
        })
        .and_then(|(identity, parent)| match locks.on(identity.dev, identity.ino) {
            Some(lock) => Err(locked_by(env, lock)),
            None => Ok((identity, parent)),
        })
        .and_then(|(identity, parent)| match lock_inside(target, &identity, &parent, closed) {
            Some(lock) => Err(locked_by(env, lock)),
            None => Ok(identity),
        })
        .and_then(|identity| match changed(target, &identity) {
            Some(reason) => Err(reason),
            None => Ok(identity),
        });
    let trash = match &identity {
        Ok(identity) => trash::root_for(env, &target.path, identity, table),
        Err(reason) => Err(reason.clone()),
    };
    Look { identity, trash }
}

/// A lock on something in a folder. What processes that can be looked into hold, they have open; that is seen there.
fn lock_inside(target: &Target, it: &Identity, parent: &OwnedFd, closed: &Locks) -> Option<Lock> {
    let name = target.path.file_name().filter(|_| it.kind == Kind::Dir)?;
    locked::inside(parent, name, it, closed).ok().flatten()
}

/// Who something is, with the folder it is in; nothing holds the root of everything, so it cannot be looked at that way.
fn who(path: &Path) -> Result<(Identity, OwnedFd), String> {
    if path.parent().is_none() {
        return Err("protected: everything lies in it".into());
    }
    let found =
        beneath::open_parent(path).and_then(|(parent, name)| Ok((beneath::look(&parent, name)?, parent)));
    found.map_err(|e| sentence(&e))
}

/// Who holds a lock, as a reason.
fn locked_by(env: &Env, lock: Lock) -> String {
    let Some(pid) = lock.pid else { return "in use: a process holds a lock on it".into() };
    let user = proc::owner(pid).map_or_else(|| "?".into(), |uid| Names::of(env.accounts()).get(uid));
    format!("in use: locked by {} {pid} ({user})", proc::command(pid))
}

/// What tells at a glance that this is not what was scanned. Folders are looked into when they go.
fn changed(target: &Target, now: &Identity) -> Option<String> {
    let seen = &target.seen;
    let other = now.kind != seen.kind
        || (seen.ino != 0 && now.ino != seen.ino)
        || (now.kind != Kind::Dir
            && (now.size != seen.size
                || now.mtime.0.clamp(0, i64::from(u32::MAX)) != i64::from(seen.newest)));
    other.then(|| "changed since the scan; r reads it again".to_string())
}

/// Whether there is more in a target than was shown.
///
/// # Errors
/// What the system says.
pub fn grown(target: &Target, uid: u32) -> std::io::Result<Option<String>> {
    let (parent, name) = beneath::open_parent(&target.path)?;
    Ok(Survey::of(&parent, name, uid)?.more_than(&target.seen))
}

/// What the system says, as a reason a person understands.
pub fn sentence(error: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    if beneath::is_link_in_the_way(error) {
        return "a symbolic link is in its path now; r reads it again".into();
    }
    if let Some(ours) = error.get_ref() {
        // It has words of its own.
        return ours.to_string();
    }
    match error.kind() {
        K::NotFound => "it is gone already".into(),
        K::PermissionDenied => "you may not (permission denied)".into(),
        K::StorageFull => "no space left, not even for the record".into(),
        K::QuotaExceeded => "your quota is used up, not the disk".into(),
        K::CrossesDevices => "it would have to be copied to another file system".into(),
        K::ReadOnlyFilesystem => "the file system is read-only".into(),
        K::ResourceBusy => "something is mounted on it, or the system keeps it".into(),
        _ => error.to_string(),
    }
}
