//! Which processes hold deleted files that still fill the scanned disks, with their names.

use crate::env::Env;
use crate::model::held_open::{HeldFile, HeldOpen, Process};
use crate::model::mount::Mount;
use crate::model::sight::Sight;
use crate::sys::proc::{self, held};
use crate::sys::user::Names;

/// Looks at all processes. In a world of its own only what was in it counts.
pub fn look(mounts: &[Mount], env: &Env) -> HeldOpen {
    let names = Names::of(env.accounts());
    let look = held::look(mounts);
    let mut processes: Vec<Process> = Vec::new();
    for holder in look.holders {
        let files = holder.files.into_iter().filter(|f| env.sees(&f.path)).map(file);
        let files: Vec<HeldFile> = files.collect();
        if files.is_empty() {
            continue;
        }
        processes.push(Process {
            pids: vec![holder.pid],
            command: proc::command(holder.pid),
            line: holder.line,
            user: proc::owner(holder.pid).map_or_else(|| "?".into(), |uid| names.get(uid)),
            kernel: holder.kernel,
            since: holder.since,
            files,
        });
    }
    HeldOpen::new(processes, Sight { closed: look.closed, hidden: proc::hidden() })
}

fn file(f: held::File) -> HeldFile {
    HeldFile {
        path: f.path,
        id: f.id,
        bytes: f.bytes,
        size: f.size,
        mtime: f.mtime,
        fd: f.fd,
        mount: f.mount,
    }
}
