//! What no folder shows, in JSON: deleted files that processes hold open, what was not counted, and who uses what.

use serde::Serialize;

use super::{PathField, PathText};
use crate::model::held_open::{HeldOpen, Process};
use crate::model::inventory::{Holder, NotCounted};
use crate::text;

/// Deleted files that processes hold open.
#[derive(Debug, Serialize)]
pub(super) struct HeldRow {
    bytes: u64,
    files: u64,
    /// Processes that could not be looked into.
    closed: usize,
    /// Which are not even counted.
    hidden: Option<&'static str>,
    processes: Vec<ProcessRow>,
}

#[derive(Debug, Serialize)]
struct ProcessRow {
    pids: Vec<u32>,
    command: String,
    kernel: Option<String>,
    user: String,
    since: Option<String>,
    bytes: u64,
    frees: u64,
    files: Vec<FileRow>,
}

#[derive(Debug, Serialize)]
struct FileRow {
    #[serde(flatten)]
    path: PathField,
    mount: String,
    bytes: Option<u64>,
    fd: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct NotCountedRow {
    mount: PathText,
    bytes: u64,
    held_open: u64,
    why: &'static str,
}

/// A process that uses an item.
#[derive(Debug, Serialize)]
pub(super) struct UserRow {
    pid: u32,
    command: String,
    user: String,
    how: &'static str,
}

pub(super) fn held(held: &HeldOpen) -> HeldRow {
    let all = held.usage();
    HeldRow {
        bytes: all.on_disk,
        files: all.files,
        closed: held.sight.closed,
        hidden: held.sight.hidden.map(crate::model::sight::Hidden::id),
        processes: held.processes().iter().map(|p| process(held, p)).collect(),
    }
}

fn process(held: &HeldOpen, p: &Process) -> ProcessRow {
    ProcessRow {
        pids: p.pids.clone(),
        command: p.command.clone(),
        kernel: p.kernel.clone(),
        user: p.user.clone(),
        since: p.since.and_then(text::rfc3339),
        bytes: p.usage().on_disk,
        frees: held.frees(p),
        files: p
            .files
            .iter()
            .map(|f| FileRow {
                path: PathField::new(&f.path),
                mount: f.mount.to_string_lossy().into_owned(),
                bytes: f.bytes,
                fd: f.fd,
            })
            .collect(),
    }
}

pub(super) fn not_counted(n: &NotCounted) -> NotCountedRow {
    NotCountedRow { mount: PathText::new(&n.mount), bytes: n.bytes, held_open: n.held_open, why: n.why }
}

pub(super) fn users(holders: &[Holder]) -> Vec<UserRow> {
    let row =
        |h: &Holder| UserRow { pid: h.pid, command: h.command.clone(), user: h.user.clone(), how: h.how };
    holders.iter().map(row).collect()
}
