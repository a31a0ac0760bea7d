//! `ClearML`'s cache: files fetched from its server, and in `offline/` tasks that were never sent to one.
//!
//! Layout: clearml 2.1.12, `config/__init__.py` (`get_cache_dir`, `get_offline_dir`), `storage/cache.py`
//! (`storage_manager/<context>/`), `task.py` (the zip beside an offline task). `~/clearml.conf` holds the keys and
//! lies elsewhere.

use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct ClearMl;

static ABOUT: About = About {
    id: "clearml",
    name: "ClearML",
    items: "a task, or a downloaded file",
    category: Category::Trackers,
    verdict: Verdict::ReDownload,
    hint: "files are fetched again from the server; `Task.import_offline_session` sends an offline task to it",
    source: "clearml 2.1.12, config/__init__.py get_cache_dir, get_offline_dir; storage/cache.py; task.py",
    ..About::DEFAULT
};

impl Family for ClearMl {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named =
            ["CLEARML_CACHE_DIR", "TRAINS_CACHE_DIR"].into_iter().find_map(|v| Place::var(env, v, "cache"));
        let mut places: Vec<Place> = named.into_iter().collect();
        for home in env.homes() {
            let file = home.join("clearml.conf");
            if let Some(dir) = env.read_small(&file).and_then(|conf| base_dir(&conf)) {
                let dir =
                    dir.strip_prefix("~/").map_or_else(|| env.expand(dir.as_ref()), |below| home.join(below));
                // The configuration that comes with it names the default, too.
                places.push(Place::new(dir, "cache"));
            }
            places.push(Place::new(home.join(".clearml/cache"), "cache"));
        }
        places.push(Place::new(env.temp().join("clearml_cache"), "cache"));
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let mut items: Vec<NewItem> = Vec::new();
        if let Some(offline) = root.folder("offline") {
            items.extend(tasks(&offline));
        }
        for context in root.folder("storage_manager").map(|f| f.folders()).unwrap_or_default() {
            let item = NewItem::new("files", context.shown(), Verdict::ReDownload).body(context.node());
            items.push(if store.is_live_below(&context) {
                NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
            } else {
                item.note("copies of files of the server, named by the hash of their address")
            });
        }
        Found { items, ..Found::default() }
    }
}

/// Tasks that were made offline: `<id>/`, and `<id>.zip` once they ended.
fn tasks(offline: &Folder<'_>) -> Vec<NewItem> {
    let why = "made offline, and nothing says that it was sent to a server: it may be the only copy";
    let folders = offline.folders().into_iter().map(|f| (f.shown(), f.node()));
    let zips = offline
        .files()
        .into_iter()
        .filter(|f| f.name().strip_suffix(".zip").is_some())
        .map(|f| (f.shown(), f.node));
    let task = |(name, node)| NewItem::new("offline task", name, Verdict::Protected).body(node).note(why);
    folders.chain(zips).map(task).collect()
}

/// The value of `default_base_dir` in a `clearml.conf`.
fn base_dir(conf: &[u8]) -> Option<String> {
    let conf = String::from_utf8_lossy(conf);
    let line =
        conf.lines().map(str::trim).find(|l| l.trim_start_matches('"').starts_with("default_base_dir"))?;
    let (_, value) = line.split_once([':', '='])?;
    let value = value.trim().trim_matches(|c| c == '"' || c == '\'' || c == ',');
    (!value.is_empty()).then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn offline_tasks_are_never_offered() {
        let f = Fixture::new();
        f.file(
            "clearml.conf",
            "sdk {\n  storage {\n    cache {\n      default_base_dir: \"~/big/clearml\"\n    }\n  }\n}\n",
        );
        f.kib("big/clearml/storage_manager/global/0a0b.model.pt", 16);
        f.kib("big/clearml/storage_manager/datasets/.lock.0a0b.clearml", 4);
        f.kib("big/clearml/offline/offline-0a0b/task.json", 4);
        f.kib("big/clearml/offline/offline-0c0d.zip", 4);
        f.kib("big/clearml/unknown/x", 4);
        f.kib("tmp/clearml_cache/storage_manager/global/0c.bin", 4);
        f.age_all("");
        f.age("big/clearml/storage_manager/datasets", 60);
        assert_eq!(
            f.outline(),
            "trackers: clearml cache ~/big/clearml\n\
             \x20 offline task \"offline-0a0b\" [protected] 8 8 {made offline, and nothing says that it was sent to a server: it may be the only copy}\n\
             \x20 offline task \"offline-0c0d.zip\" [protected] 4 4 {made offline, and nothing says that it was sent to a server: it may be the only copy}\n\
             \x20 files \"datasets\" [in-use] 8 8 {written less than ten minutes ago, or open}\n\
             \x20 files \"global\" [re-download] 20 20 {copies of files of the server, named by the hash of their address}\n\
             \x20 other \"other files\" [look-first] 20 8\n\
             trackers: clearml cache ~/tmp/clearml_cache\n\
             \x20 files \"global\" [re-download] 8 8 {copies of files of the server, named by the hash of their address}\n"
        );
    }
}
