//! What workers of dask, joblib and Spark put on the disk while they run, and leave there if they are killed.
//!
//! Layout: distributed 2026.8, `core.py`, `diskutils.py` (`dask-scratch-space/`, a folder and a `.dirlock` for each
//! worker); joblib 1.6, `_memmapping_reducer.py` (`joblib_memmapping_folder_<pid>_<id>_<id>`); Spark 3,
//! `util/Utils.scala` (`createDirectory`), `storage/DiskBlockManager.scala` (`spark-<uuid>`, `blockmgr-<uuid>`).

use super::names::{is_number, is_uuid};
use super::{About, Family, Folder, Listing, Marker, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Scratch;

static ABOUT: About = About {
    id: "worker-scratch",
    name: "dask, joblib and Spark scratch",
    items: "what one worker wrote for itself",
    category: Category::Temporary,
    verdict: Verdict::Safe,
    markers: &[Marker::Stem("dask"), Marker::Stem("joblib"), Marker::Stem("spark"), Marker::Stem("blockmgr")],
    hint: "workers write what they need anew; what a killed one left is read by nothing",
    source: "distributed 2026.8, diskutils.py; joblib 1.6, _memmapping_reducer.py; Spark 3, util/Utils.scala",
    ..About::DEFAULT
};

/// Folders of processes that cannot be asked for are left alone for this many seconds.
const QUIET: i64 = 86_400;

impl Family for Scratch {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.is_among_peoples() {
            return None;
        }
        let name = folder.name();
        let spark = ["spark-", "blockmgr-"].iter().any(|p| name.strip_prefix(p).is_some_and(is_uuid));
        let dask = ["dask-scratch-space", "dask-worker-space"].iter().any(|space| {
            let user = name.strip_prefix(space);
            user.is_some_and(|u| u.is_empty() || u.strip_prefix('-').is_some_and(is_number))
        });
        if dask {
            Some("dask")
        } else if joblib_pid(name).is_some() {
            Some("joblib")
        } else {
            spark.then_some("spark")
        }
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let items = match store.role() {
            "dask" => workers(store),
            "joblib" => vec![arrays(store)],
            _ => vec![spark(store)],
        };
        Found { items, ..Found::default() }
    }
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

fn is_quiet(store: &StoreView<'_>, folder: &Folder<'_>) -> bool {
    store.now() - i64::from(folder.touched()) > QUIET
}

/// A worker holds its lock open as long as it lives, and dask itself removes what nobody holds.
fn workers(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let mut items = Vec::new();
    for folder in root.folders() {
        let item = NewItem::new("worker", folder.shown(), Verdict::Safe).body(folder.node());
        let lock = root.file(&format!("{}.dirlock", folder.name()));
        let live = store.is_live_below(&folder) || lock.as_ref().is_some_and(|l| store.is_live(l));
        items.push(match lock {
            _ if live => in_use(item),
            Some(lock) if is_quiet(store, &folder) => {
                let item = item.body(lock.node).leftover();
                item.note("nobody holds its lock; dask would remove it when a worker starts here")
            }
            _ => {
                NewItem { verdict: Verdict::LookFirst, ..item.note("nothing proves that its worker is gone") }
            }
        });
    }
    items
}

/// The process whose arrays lie in a folder of this name.
fn joblib_pid(name: &str) -> Option<&str> {
    let (pid, _) = name.strip_prefix("joblib_memmapping_folder_")?.split_once('_')?;
    is_number(pid).then_some(pid)
}

fn arrays(store: &StoreView<'_>) -> NewItem {
    let root = store.root();
    let pid = joblib_pid(root.name()).unwrap_or_default();
    let name = format!("arrays of process {pid}");
    let item = NewItem::new("shared arrays", name, Verdict::Safe).body(root.node());
    if store.is_live_below(&root) {
        return in_use(item);
    }
    if store.env().exists(&std::path::Path::new("/proc").join(pid)) {
        return NewItem { verdict: Verdict::InUse, ..item.note("a process bears that number") };
    }
    if !is_quiet(store, &root) {
        return NewItem { verdict: Verdict::LookFirst, ..item.note("touched within a day") };
    }
    item.leftover().note("that process is gone, and nothing else reads them")
}

/// Nothing on the disk says which application a folder is of.
fn spark(store: &StoreView<'_>) -> NewItem {
    let root = store.root();
    let item = NewItem::new("application", root.shown(), Verdict::LookFirst).body(root.node());
    if store.is_live_below(&root) {
        return in_use(item);
    }
    item.note("blocks and files of a Spark application; worthless once that ended, which it does not say")
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn what_killed_workers_left_is_safe_and_what_may_live_is_not() {
        let mut f = Fixture::new();
        let dask = "tmp/dask-scratch-space-1000";
        f.kib(&format!("{dask}/worker-dead/storage/a"), 16);
        f.file(&format!("{dask}/worker-dead.dirlock"), "");
        f.kib(&format!("{dask}/worker-live/storage/a"), 16);
        f.file(&format!("{dask}/worker-live.dirlock"), "");
        f.kib(&format!("{dask}/worker-unlocked/a"), 4);
        f.file(&format!("{dask}/global.lock"), "");
        for pid in [100, 200, 300] {
            f.kib(&format!("tmp/joblib_memmapping_folder_{pid}_0a0b_0c0d/x.pkl"), 8);
        }
        f.kib("tmp/joblib_memmapping_folder_mine/x.pkl", 8);
        f.kib("tmp/spark-0a0b0c0d-0123-4567-89ab-0123456789ab/x", 8);
        f.kib("tmp/blockmgr-0a0b0c0d-0123-4567-89ab-0123456789ab/0c/x", 8);
        f.kib("tmp/spark-examples/x", 8);
        f.kib("tmp/dask-tutorial/x", 8);
        f.age_all("");
        f.age(&format!("{dask}/worker-live.dirlock"), 60);
        f.age("tmp/joblib_memmapping_folder_300_0a0b_0c0d/x.pkl", 3600);
        f.age("tmp/blockmgr-0a0b0c0d-0123-4567-89ab-0123456789ab/0c/x", 60);
        f.env = f.env.clone().with_file("/proc/200", "");
        assert_eq!(
            f.outline(),
            "temporary: worker-scratch spark ~/tmp/blockmgr-0a0b0c0d-0123-4567-89ab-0123456789ab\n\
             \x20 application \"blockmgr-0a0b0c0d-0123-4567-89ab-0123456789ab\" [in-use] 16 16 {written less than ten minutes ago, or open}\n\
             temporary: worker-scratch dask ~/tmp/dask-scratch-space-1000\n\
             \x20 !worker \"worker-dead\" [safe] 24 24 {nobody holds its lock; dask would remove it when a worker starts here}\n\
             \x20 worker \"worker-live\" [in-use] 24 24 {written less than ten minutes ago, or open}\n\
             \x20 worker \"worker-unlocked\" [look-first] 8 8 {nothing proves that its worker is gone}\n\
             \x20 other \"other files\" [look-first] 4 0\n\
             temporary: worker-scratch joblib ~/tmp/joblib_memmapping_folder_100_0a0b_0c0d\n\
             \x20 !shared arrays \"arrays of process 100\" [safe] 12 12 {that process is gone, and nothing else reads them}\n\
             temporary: worker-scratch joblib ~/tmp/joblib_memmapping_folder_200_0a0b_0c0d\n\
             \x20 shared arrays \"arrays of process 200\" [in-use] 12 12 {a process bears that number}\n\
             temporary: worker-scratch joblib ~/tmp/joblib_memmapping_folder_300_0a0b_0c0d\n\
             \x20 shared arrays \"arrays of process 300\" [look-first] 12 12 {touched within a day}\n\
             temporary: worker-scratch spark ~/tmp/spark-0a0b0c0d-0123-4567-89ab-0123456789ab\n\
             \x20 application \"spark-0a0b0c0d-0123-4567-89ab-0123456789ab\" [look-first] 12 12 {blocks and files of a Spark application; worthless once that ended, which it does not say}\n"
        );
    }
}
