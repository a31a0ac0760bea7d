//! `MLflow`'s file store: `<experiment>/<run>/` with `meta.yaml`, metrics, parameters, tags and artifacts; and the
//! database that newer releases keep the records in, with the artifacts beside it in `mlruns/`.
//!
//! Layout: mlflow 3.17, `store/tracking/file_store.py`, `tracking/_tracking_service/utils.py`. What was deleted in
//! `MLflow` stays on the disk until `mlflow gc`: experiments in `.trash/`, runs where they were.

use super::names::{flat_yaml, is_hex, is_number};
use super::{About, Family, Folder, Listing, Marker, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Mlflow;

static ABOUT: About = About {
    id: "mlflow",
    name: "MLflow",
    items: "a run, a logged model, or what was deleted",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name("mlruns"), Marker::Name("mlflow.db"), Marker::Name(".trash")],
    hint: "only running again brings a run back; `mlflow gc` removes what was deleted in MLflow",
    source: "mlflow 3.17, store/tracking/file_store.py, tracking/_tracking_service/utils.py",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

/// A `meta.yaml` is a few hundred bytes.
const META: usize = 16 << 10;

impl Family for Mlflow {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.is_among_peoples() || folder.is_a_top() {
            return None;
        }
        if folder.name() == "mlruns" || folder.has_folder(".trash") {
            let numbered =
                folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok()).filter(|f| is_number(f));
            let recorded = |names: &[String]| names.iter().any(|n| n == "meta.yaml");
            let artifacts =
                |names: &[String]| folder.name() == "mlruns" && names.iter().any(|n| is_hex(n, 32));
            // An experiment tells as much as all of them.
            let mut looked = numbered.take(3).map(|f| folder.names_in(f));
            if looked.any(|names| recorded(&names) || artifacts(&names)) {
                return Some("runs");
            }
        }
        folder.has_file("mlflow.db").then_some("database")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let items = if store.role() == "runs" { experiments(store) } else { database(store) };
        Found { items, ..Found::default() }
    }
}

fn experiments(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let mut items = Vec::new();
    for experiment in root.folders().iter().filter(|f| is_number(f.name())) {
        let name = Meta::read(store, experiment).and_then(|m| m.text("name"));
        let name = name.unwrap_or_else(|| experiment.shown());
        for folder in experiment.folders() {
            if is_hex(folder.name(), 32) {
                items.push(run(store, &folder, &name));
            } else if folder.bytes() == b"models" {
                items.extend(folder.folders().iter().map(|m| model(store, m, &name)));
            }
        }
    }
    for folder in root.folder(".trash").map(|f| f.folders()).unwrap_or_default() {
        let meta = Meta::read(store, &folder);
        let name = meta.and_then(|m| m.text("name")).unwrap_or_else(|| folder.shown());
        let item =
            NewItem::new("deleted experiment", name, Verdict::LookFirst).body(folder.node()).leftover();
        let item = item.note("deleted in MLflow, and can be restored there until `mlflow gc`");
        items.push(if store.is_live_below(&folder) { in_use(item) } else { item });
    }
    items
}

fn run(store: &StoreView<'_>, folder: &Folder<'_>, experiment: &str) -> NewItem {
    let meta = Meta::read(store, folder);
    let named = meta.as_ref().and_then(|m| m.text("run_name"));
    let name = named.unwrap_or_else(|| folder.name()[..8].to_string());
    let mut item = NewItem::new("run", name, Verdict::LookFirst).body(folder.node());
    item.origin = Some(format!("experiment {experiment}"));
    let Some(meta) = meta else {
        let item = item.note("artifacts alone: their run is recorded in a database, or nowhere");
        return if store.is_live_below(folder) { in_use(item) } else { item };
    };
    if meta.text("lifecycle_stage").as_deref() == Some("deleted") {
        item = item.note("deleted in MLflow, and can be restored there until `mlflow gc`").leftover();
    }
    match meta.text("status").as_deref() {
        Some("1" | "2") => item = item.note("never finished, as far as MLflow knows"),
        Some("4") => item = item.note("failed"),
        Some("5") => item = item.note("killed"),
        _ => {}
    }
    if store.is_live_below(folder) { in_use(item) } else { item }
}

fn model(store: &StoreView<'_>, folder: &Folder<'_>, experiment: &str) -> NewItem {
    let name = Meta::read(store, folder).and_then(|m| m.text("name")).unwrap_or_else(|| folder.shown());
    let mut item = NewItem::new("logged model", name, Verdict::LookFirst).body(folder.node());
    item.origin = Some(format!("experiment {experiment}"));
    if store.is_live_below(folder) { in_use(item) } else { item }
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

/// What a `meta.yaml` says.
struct Meta(String);

impl Meta {
    fn read(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<Self> {
        let file = folder.file("meta.yaml").filter(super::File::is_regular)?;
        let bytes = store.read(file.node, Range::Head, META)?;
        Some(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn text(&self, key: &str) -> Option<String> {
        flat_yaml(&self.0, key).map(text::plain)
    }
}

fn database(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let Some(file) = root.file("mlflow.db") else { return Vec::new() };
    let mut item = NewItem::new("database", "mlflow.db", Verdict::LookFirst).body(file.node);
    item = item.note("the record of experiments and runs; without it the artifacts in `mlruns` mean nothing");
    for more in ["mlflow.db-wal", "mlflow.db-shm", "mlflow.db-journal"] {
        if let Some(more) = root.file(more) {
            item = item.body(more.node);
        }
    }
    vec![if store.is_live(&file) { in_use(item) } else { item }]
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn runs_are_named_by_their_records_and_deleted_ones_are_leftovers() {
        let f = Fixture::new();
        let run =
            |n: u8| format!("work/mlruns/192000950322098636/{}", char::from(b'a' + n).to_string().repeat(32));
        f.file("work/mlruns/0/meta.yaml", "experiment_id: '0'\nname: Default\n");
        f.file("work/mlruns/192000950322098636/meta.yaml", "name: 'vit: sweep'\nlifecycle_stage: active\n");
        f.file(&format!("{}/meta.yaml", run(0)), "lifecycle_stage: active\nrun_name: bold-cat\nstatus: 3\n");
        f.kib(&format!("{}/artifacts/model.pt", run(0)), 16);
        f.file(
            &format!("{}/meta.yaml", run(1)),
            "lifecycle_stage: deleted\nrun_name: trusting-horse\nstatus: 4\n",
        );
        f.file(&format!("{}/meta.yaml", run(2)), [0xff, 0xfe, b'\n']);
        f.kib(&format!("{}/artifacts/model.pt", run(3)), 16);
        f.file("work/mlruns/192000950322098636/models/m-1/meta.yaml", "name: \"net\u{1b}[2J\"\n");
        f.file("work/mlruns/.trash/549298924796958024/meta.yaml", "name: gone\n");
        f.file("work/mlruns/mine/notes.txt", "");
        f.age_all("");
        f.age(&format!("{}/meta.yaml", run(2)), 60);
        assert_eq!(
            f.outline(),
            "trackers: mlflow runs ~/work/mlruns\n\
             \x20 run \"bold-cat\" [look-first] 28 28\n\
             \x20 !run \"trusting-horse\" [look-first] 8 8 {deleted in MLflow, and can be restored there until `mlflow gc`; failed}\n\
             \x20 run \"cccccccc\" [in-use] 8 8 {written less than ten minutes ago, or open}\n\
             \x20 run \"dddddddd\" [look-first] 24 24 {artifacts alone: their run is recorded in a database, or nowhere}\n\
             \x20 logged model \"net\\e[2J\" [look-first] 8 8\n\
             \x20 !deleted experiment \"gone\" [look-first] 8 8 {deleted in MLflow, and can be restored there until `mlflow gc`}\n\
             \x20 other \"other files\" [look-first] 32 16\n"
        );
    }

    #[test]
    fn a_database_and_the_artifacts_beside_it() {
        let f = Fixture::new();
        f.kib("work/mlflow.db", 8);
        f.kib("work/mlflow.db-wal", 4);
        f.kib("work/train.py", 4);
        f.kib(&format!("work/mlruns/1/{}/artifacts/model.pt", "a".repeat(32)), 16);
        f.age_all("");
        assert_eq!(
            f.outline(),
            "trackers: mlflow database ~/work\n\
             \x20 database \"mlflow.db\" [look-first] 12 12 {the record of experiments and runs; without it the artifacts in `mlruns` mean nothing}\n\
             \x20 other \"other files\" [look-first] 8 4\n\
             trackers: mlflow runs ~/work/mlruns\n\
             \x20 run \"aaaaaaaa\" [look-first] 24 24 {artifacts alone: their run is recorded in a database, or nowhere}\n"
        );
    }

    #[test]
    fn a_trash_or_a_name_alone_is_nothing() {
        let f = Fixture::new();
        f.kib("a/.trash/1/x", 4);
        f.kib("a/7/x", 4);
        f.kib("b/mlruns/notes.txt", 4);
        f.kib("mlflow.db", 4);
        f.folder(".ssh");
        assert_eq!(f.outline(), "");
    }
}
