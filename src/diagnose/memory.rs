//! Shared memory: no place of Jupyter's, but where the workers of a data loader die without saying why. Pure.

use super::facts::{Cause, Facts, Shared, Written};
use super::verdict::{Finding, Level};
use super::words;
use crate::model::mount::Pressure;
use crate::text::{self, Units};

/// What Docker and Kubernetes give a container that does not ask for more.
const CONTAINER: u64 = 64 << 20;

/// What dies of it.
const WORKERS: &str =
    "workers of a torch DataLoader die of that (\"Bus error\", \"No space left on device\")";

/// Whether nothing can be put there any more.
pub(super) fn is_full(shared: &Shared) -> bool {
    shared.written == Written::Failed(Cause::Full)
        || matches!(shared.mount.pressure(), Pressure::Bytes | Pressure::Inodes)
}

/// The check.
pub(super) fn finding(facts: &Facts, units: Units) -> Option<Finding> {
    let shared = facts.shared.as_ref()?;
    let (at, space) = (text::path(&shared.mount.path), shared.mount.space.unwrap_or_default());
    let check = "memory";
    if is_full(shared) {
        let left = words::left(&shared.mount, facts, units);
        let way = way_on(shared);
        return Some(Finding {
            level: Level::Low,
            word: "FULL",
            check,
            sentence: format!("{at} has {left}: {WORKERS}. {way}"),
        });
    }
    (space.total > 0 && space.total <= CONTAINER).then(|| Finding {
        level: Level::Note,
        word: "note",
        check,
        sentence: format!(
            "{at} has {} in all, as containers have unless they ask for more (`--shm-size`, `shm_size:`): {WORKERS}",
            text::size(space.total, units)
        ),
    })
}

/// The answer, if that is all that is wrong.
pub(super) fn sentence(shared: &Shared, facts: &Facts, units: Units, skipped: bool) -> String {
    let at = text::path(&shared.mount.path);
    let works = if skipped { "there is room to save" } else { "saving works" };
    format!(
        "{works}, but {at}, which is memory that processes share, has {}: {WORKERS}.",
        words::left(&shared.mount, facts, units)
    )
}

/// What to do.
pub(super) fn way_on(shared: &Shared) -> String {
    let at = words::word(&shared.mount.path);
    format!(
        "`mldu {at}` shows what lies there: what ended programs left can go. A container gets more by `--shm-size`, a machine \
         by `sudo mount -o remount,size=SIZE {at}`."
    )
}
