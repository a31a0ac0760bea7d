//! Weights & Biases: run folders, the cache of artifacts, files waiting to be uploaded, and what was downloaded.
//!
//! Layout: wandb 0.31, `sdk/wandb_settings.py` (`wandb_dir`, `sync_dir`), `cli/clean.py` (`_select_runs_to_clean`),
//! `sdk/artifacts/{artifact_file_cache,staging}.py`, `env.py`. A run that was made offline and has no
//! `*.wandb.synced` beside its log is on no server: it is never offered. What wandb's own cleaner takes for uploaded
//! may not be, if the run crashed.

mod record;

use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Wandb;

static ABOUT: About = About {
    id: "wandb",
    name: "Weights & Biases",
    items: "a run, an artifact, or a cache of them",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[
        Marker::Name("wandb"),
        Marker::Name(".wandb"),
        Marker::Name("latest-run"),
        Marker::Name("debug-internal.log"),
        Marker::Stem("offline"),
    ],
    hint: "artifacts are downloaded again when asked for; a run that was uploaded can be looked at on its server",
    source: "wandb 0.31, cli/clean.py _select_runs_to_clean, sdk/artifacts/artifact_file_cache.py, env.py",
    ..About::DEFAULT
};

impl Family for Wandb {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(dir) = env.folder("WANDB_DIR") {
            let hidden = dir.join(".wandb");
            let runs = if env.exists(&hidden) { hidden } else { dir.join("wandb") };
            // Nothing may have run yet, so only a missing folder itself is worth a word.
            places.push(if env.exists(&dir) {
                Place::new(runs, "runs")
            } else {
                Place::named(runs, "runs", "$WANDB_DIR")
            });
        }
        places.extend(Place::var(env, "WANDB_CACHE_DIR", "cache"));
        places.extend(Place::var(env, "WANDB_DATA_DIR", "data"));
        places.extend(Place::var(env, "WANDB_ARTIFACT_DIR", "downloads"));
        for home in env.homes() {
            places.push(Place::new(env.cache_of(home).join("wandb"), "cache"));
            places.push(Place::new(env.data_of(home).join("wandb"), "data"));
        }
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let named = ["wandb", ".wandb"].contains(&folder.name());
        let runs = named && folder.is_among_peoples() && folder.any_folder(|f| Named::parse(f).is_some());
        runs.then_some("runs")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let items = match store.role() {
            "cache" => cache(store),
            "data" => staged(store),
            "downloads" => downloads(store),
            _ => runs(store),
        };
        Found { items, ..Found::default() }
    }
}

/// What the name of a run's folder says: `offline-run-20261121_195813-8lr3valp`.
struct Named<'a> {
    offline: bool,
    date: &'a str,
    time: &'a str,
    id: &'a str,
}

impl<'a> Named<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let online = name.strip_prefix("offline-");
        let rest = online.unwrap_or(name).strip_prefix("run-")?;
        let (stamp, id) = rest.split_once('-')?;
        let (date, time) = stamp.split_once('_')?;
        let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        let fits = digits(date, 8) && digits(time, 6) && !id.is_empty();
        fits.then_some(Self { offline: online.is_some(), date, time, id })
    }

    fn began(&self) -> String {
        let (d, t) = (self.date, self.time);
        format!("{}-{}-{} {}:{}", &d[..4], &d[4..6], &d[6..], &t[..2], &t[2..4])
    }
}

fn runs(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let folders = root.folders();
    let mut items: Vec<(&str, NewItem)> =
        folders.iter().filter_map(|f| Some((f.name(), run(store, f, &Named::parse(f.name())?)))).collect();
    let mut others = Vec::new();
    for file in root.files() {
        if file.bytes == b"settings" {
            let item = NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node);
            others.push(item.note("entity, project and mode of this folder's runs"));
            continue;
        }
        let link =
            ["latest-run", "debug.log", "debug-internal.log"].contains(&file.name()) && !file.is_regular();
        let Some(target) = link.then(|| store.read_link(file.node)).flatten() else { continue };
        let steps: Vec<&[u8]> = target.split(|b| *b == b'/').collect();
        match items.iter_mut().find(|(name, _)| steps.contains(&name.as_bytes())) {
            Some((_, item)) => *item = item.clone().pointer(file.node),
            None if store.is_live(&file) => {}
            None => {
                let item = NewItem::new("link", file.shown(), Verdict::Safe).body(file.node).leftover();
                others.push(item.note("the run it points to is gone"));
            }
        }
    }
    items.into_iter().map(|(_, item)| item).chain(others).collect()
}

fn run(store: &StoreView<'_>, folder: &Folder<'_>, named: &Named<'_>) -> NewItem {
    let files = folder.files();
    let log = files.iter().find(|f| f.name().strip_suffix(".wandb").is_some() && f.is_regular());
    let said = log.and_then(|f| store.read(f.node, Range::Head, record::HEAD));
    let said = said.and_then(|head| record::run(&head)).unwrap_or_default();
    let kind = if named.offline { "offline run" } else { "run" };
    let name = said.name.as_deref().map_or_else(|| text::plain(named.id), text::plain);
    let mut item = NewItem::new(kind, name, Verdict::LookFirst).body(folder.node()).version(named.began());
    if let Some(project) = &said.project {
        let entity = said.entity.as_ref().map(|e| format!("{e}/")).unwrap_or_default();
        item = item.origin(text::plain(&format!("project {entity}{project}")));
    }
    if store.is_live_below(folder) {
        item.verdict = Verdict::InUse;
        return item.note("written less than ten minutes ago, or open");
    }
    let Some(log) = log else {
        return item.note("holds no log that could be uploaded");
    };
    if is_uploaded(&files, log) {
        item.verdict = Verdict::ReDownload;
        return item.note("uploaded by `wandb sync`: its server has it");
    }
    if named.offline {
        item.verdict = Verdict::Protected;
        return item.note("not uploaded: this is the only copy; `wandb sync` uploads it");
    }
    item.note("wandb takes it for uploaded; what a crashed run did not send, `wandb sync` still can")
}

/// Whether one marker says so, and nothing was written after it: a run can be resumed.
fn is_uploaded(files: &[File<'_>], log: &File<'_>) -> bool {
    let markers: Vec<&File<'_>> = files.iter().filter(|f| f.name().ends_with(".wandb.synced")).collect();
    matches!(markers[..], [marker] if marker.mtime >= log.mtime)
}

fn cache(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let mut items = Vec::new();
    if let Some(objects) = root.folder_at("artifacts/obj") {
        let count: usize = objects.walk().iter().map(|f| f.files().len()).sum();
        let item =
            NewItem::new("artifact cache", "files of artifacts", Verdict::ReDownload).body(objects.node());
        let item = item.note(text::counted(count as u64, "file", "files"));
        let item = item.note("`wandb artifact cache cleanup 10GB` keeps what was used last");
        items.push(if store.is_live_below(&objects) { in_use(item) } else { item });
    }
    for file in root.folder_at("artifacts/tmp").map(|f| f.files()).unwrap_or_default() {
        let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node).leftover();
        let left = "left over from an interrupted download: wandb begins anew";
        items.push(if store.is_live(&file) { in_use(item) } else { item.note(left) });
    }
    if let Some(logs) = root.folder("logs") {
        let item = NewItem::new("logs", "logs of wandb's own service", Verdict::Safe).body(logs.node());
        items.push(if store.is_live_below(&logs) { in_use(item) } else { item });
    }
    items
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

/// Copies of what was logged, until they are uploaded. Those of offline runs wait here for `wandb sync`.
fn staged(store: &StoreView<'_>) -> Vec<NewItem> {
    let Some(staging) = store.root().folder_at("artifacts/staging").filter(|f| !f.is_empty()) else {
        return Vec::new();
    };
    let count = staging.walk().iter().map(|f| f.files().len()).sum::<usize>();
    let item =
        NewItem::new("staged files", "artifacts not uploaded yet", Verdict::LookFirst).body(staging.node());
    let item = item.note(text::counted(count as u64, "file", "files"));
    if store.is_live_below(&staging) {
        return vec![in_use(item)];
    }
    vec![item.note("offline runs that were not uploaded need them; those of crashed runs stay for ever")]
}

/// `<name>:v<N>/`
fn downloads(store: &StoreView<'_>) -> Vec<NewItem> {
    let artifact = |folder: &Folder<'_>| {
        let (name, version) = folder.name().rsplit_once(':')?;
        let number = version.strip_prefix('v')?;
        let fits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let item = NewItem::new("artifact", text::plain(name), Verdict::LookFirst).body(folder.node());
        let item =
            item.version(version).note("a copy, which may have been edited; wandb can download it again");
        fits.then_some(if store.is_live_below(folder) { in_use(item) } else { item })
    };
    store.root().folders().iter().filter_map(artifact).collect()
}

#[cfg(test)]
mod tests {
    use super::record::tests::log;
    use crate::families::testing::Fixture;

    #[test]
    fn an_offline_run_goes_only_after_it_was_uploaded() {
        let f = Fixture::new();
        let run = |name: &str| format!("work/wandb/{name}");
        let offline = run("offline-run-20261001_101500-aaaa1111");
        f.file(&format!("{offline}/run-aaaa1111.wandb"), log("vit", "first-try"));
        f.kib(&format!("{offline}/files/media/x.png"), 8);
        let synced = run("offline-run-20261002_101500-bbbb2222");
        f.file(&format!("{synced}/run-bbbb2222.wandb"), log("vit", ""));
        f.file(&format!("{synced}/run-bbbb2222.wandb.synced"), "");
        let resumed = run("offline-run-20261003_101500-cccc3333");
        f.file(&format!("{resumed}/run-cccc3333.wandb"), "torn");
        f.file(&format!("{resumed}/run-cccc3333.wandb.synced"), "");
        f.age(&format!("{resumed}/run-cccc3333.wandb"), 86_400);
        f.file(&format!("{}/logs/debug.log", run("offline-run-20261004_101500-dddd4444")), "");
        f.file(
            &format!("{}/run-eeee5555.wandb", run("run-20261005_101500-eeee5555")),
            log("vit", "on\u{1b}line"),
        );
        f.file(&format!("{}/run-ffff6666.wandb", run("run-20261121_030000-ffff6666")), "");
        f.old_link("run-20261005_101500-eeee5555", &run("latest-run"));
        f.old_link("run-20260101_101500-gone/logs/debug.log", &run("debug.log"));
        f.file(&run("settings"), "[default]\nmode = offline\n");
        f.file(&run("sweep-x1/config-1.yaml"), "a: 1\n");
        f.age_all("");
        f.age(&format!("{}/run-ffff6666.wandb", run("run-20261121_030000-ffff6666")), 60);
        assert_eq!(
            f.outline(),
            "trackers: wandb runs ~/work/wandb\n\
             \x20 offline run \"first-try\" 2026-10-01 10:15 [protected] 24 24 {not uploaded: this is the only copy; `wandb sync` uploads it}\n\
             \x20 offline run \"bbbb2222\" 2026-10-02 10:15 [re-download] 8 8 {uploaded by `wandb sync`: its server has it}\n\
             \x20 offline run \"cccc3333\" 2026-10-03 10:15 [protected] 8 8 {not uploaded: this is the only copy; `wandb sync` uploads it}\n\
             \x20 offline run \"dddd4444\" 2026-10-04 10:15 [look-first] 8 8 {holds no log that could be uploaded}\n\
             \x20 run \"on\\eline\" 2026-10-05 10:15 [look-first] 8 8 {wandb takes it for uploaded; what a crashed run did not send, `wandb sync` still can}\n\
             \x20 run \"ffff6666\" 2026-11-21 03:00 [in-use] 4 4 {written less than ten minutes ago, or open}\n\
             \x20 !link \"debug.log\" [safe] 0 0 {the run it points to is gone}\n\
             \x20 settings \"settings\" [protected] 4 4 {entity, project and mode of this folder's runs}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn caches_lie_where_the_variables_say() {
        let mut f = Fixture::new();
        f.env = f
            .env
            .clone()
            .with_var("WANDB_CACHE_DIR", f.path("fast"))
            .with_var("WANDB_ARTIFACT_DIR", f.path("art"));
        f.kib("fast/artifacts/obj/md5/ab/cdef", 8);
        f.kib("fast/artifacts/obj/etag/12/3456", 8);
        f.kib("fast/artifacts/tmp/tmpx1", 4);
        f.kib("fast/artifacts/tmp/tmpx2", 4);
        f.kib("fast/logs/core-debug-20261121_195813.log", 4);
        f.kib("art/model:v3/w.bin", 4);
        f.kib("art/mine/w.bin", 4);
        f.kib(".local/share/wandb/artifacts/staging/tmp2jrqpqi7", 4);
        f.age_all("");
        f.age("fast/artifacts/tmp/tmpx2", 60);
        assert_eq!(
            f.outline(),
            "trackers: wandb data ~/.local/share/wandb\n\
             \x20 staged files \"artifacts not uploaded yet\" [look-first] 8 8 {1 file; offline runs that were not uploaded need them; those of crashed runs stay for ever}\n\
             trackers: wandb downloads ~/art\n\
             \x20 artifact \"model\" v3 [look-first] 8 8 {a copy, which may have been edited; wandb can download it again}\n\
             \x20 other \"other files\" [look-first] 12 8\n\
             trackers: wandb cache ~/fast\n\
             \x20 artifact cache \"files of artifacts\" [re-download] 36 36 {2 files; `wandb artifact cache cleanup 10GB` keeps what was used last}\n\
             \x20 !partial \"tmpx1\" [safe] 4 4 {left over from an interrupted download: wandb begins anew}\n\
             \x20 !partial \"tmpx2\" [in-use] 4 4 {written less than ten minutes ago, or open}\n\
             \x20 logs \"logs of wandb's own service\" [safe] 8 8\n"
        );
    }

    #[test]
    fn the_package_of_that_name_is_no_store() {
        let f = Fixture::new();
        f.kib("lib/wandb/__init__.py", 4);
        f.kib("lib/wandb/sdk/run-1.py", 4);
        f.folder("lib/wandb/run-tests");
        assert_eq!(f.outline(), "");
    }
}
