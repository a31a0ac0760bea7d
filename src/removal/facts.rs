//! A fresh look at what is about to go: who it is now, whether its trash can take it, whether it must stay. The look
//! is done here; what follows from it is the plan's business.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::draft::{Draft, Target};
use super::in_use::InUse;
use super::ledger;
use super::protect::DenyList;
use super::survey::Survey;
use super::trash::{self, Root};
use crate::env::Env;
use crate::model::inventory::Inventory;
use crate::model::mount::Mount;
use crate::model::node::{Kind, NodeId};
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
    /// Which processes use what.
    pub in_use: InUse,
    /// The mounts, with what is left on them now.
    pub mounts: Vec<Mount>,
    /// Whether nothing may be removed at all.
    pub read_only: bool,
}

/// Everything a look needs, as values: it can run in another thread.
#[derive(Debug, Clone)]
pub struct Question {
    targets: Vec<Target>,
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
        let mut looks = FxHashMap::default();
        for target in &self.targets {
            looks.insert(target.node, look(env, target, &deny, &table, &held));
        }
        // Looked at anew, as far as the kernel knows them; a mount made up for a picture stays as it is.
        let now = |m: Mount| table.iter().find(|t| t.id == m.id && t.path == m.path).map_or(m, mounts::look);
        let mounts = self.mounts.into_iter().map(now).collect();
        Facts { looks, in_use: self.in_use, mounts, read_only: self.read_only }
    }
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

fn look(env: &Env, target: &Target, deny: &DenyList, table: &[MountInfo], locks: &Locks) -> Look {
    let identity = who(&target.path)
        .and_then(|identity| match deny.refuses(&target.path, &identity) {
            Some(reason) => Err(format!("protected: {reason}")),
            None => Ok(identity),
        })
        .and_then(|identity| match locks.on(identity.dev, identity.ino) {
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

/// Who something is; nothing holds the root of everything, so it cannot be looked at that way.
fn who(path: &std::path::Path) -> Result<Identity, String> {
    if path.parent().is_none() {
        return Err("protected: everything lies in it".into());
    }
    let found = beneath::open_parent(path).and_then(|(parent, name)| beneath::look(&parent, name));
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
