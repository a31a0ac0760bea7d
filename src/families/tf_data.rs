//! What `tf.data` keeps of a pipeline: `Dataset.cache(file)` and `Dataset.snapshot(folder)`.
//!
//! Layout, seen in folders that tensorflow 2.21 wrote: a cache that is finished is `P.index` and
//! `P.data-00000-of-00001`, as a checkpoint is, but the first key of its index is an item's number padded with spaces;
//! while it is written it is `P_<n>.lockfile` and `P_<n>.data-….tempstate<number>`. A lockfile names no process, and one
//! that was left behind stops every later run. A snapshot is `<hash of the pipeline>/snapshot.metadata` with
//! `<run>/<8 digits>.shard/` beside it; a change of the pipeline begins another, and nobody removes the old. What
//! `Dataset.save` wrote looks the same but for `dataset_spec.pb`: that is somebody's data.

use std::collections::BTreeMap;

use super::{About, Family, File, Folder, Listing, Marker, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct TfData;

static ABOUT: About = About {
    id: "tf-data",
    name: "tf.data caches",
    items: "a cached data set, a snapshot of a pipeline, or what a killed run left of one",
    category: Category::Datasets,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Ext("lockfile"), Marker::Name("snapshot.metadata")],
    hint: "the pipeline computes it again in its next run",
    source: "tensorflow 2.21, core/kernels/data/cache_dataset_ops.cc, core/data/snapshot_utils.cc",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

const METADATA: &str = "snapshot.metadata";

impl Family for TfData {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if folder.is_a_top() {
            return None;
        }
        if folder.has_file(METADATA) && folder.any_folder(is_number) {
            return Some(if folder.has_file("dataset_spec.pb") { "saved data set" } else { "snapshot" });
        }
        // Others have lockfiles, too: only beside what is being written under the same name is it one of these.
        let begun = |prefix: &str| folder.any_file(|f| temp_of(f) == Some(prefix));
        folder.any_file(|f| lock_of(f).is_some_and(begun)).then_some("cache")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        match store.role() {
            "cache" => found.items = caches(store),
            role => found.items.push(snapshot(store, role)),
        }
        found
    }
}

fn is_number(name: &str) -> bool {
    name.len() >= 5 && name.bytes().all(|b| b.is_ascii_digit())
}

/// `f_0` of `f_0.lockfile`
fn lock_of(name: &str) -> Option<&str> {
    let prefix = name.strip_suffix(".lockfile")?;
    let (_, n) = prefix.rsplit_once('_')?;
    (!n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())).then_some(prefix)
}

/// `f_0` of `f_0.data-00000-of-00001.tempstate123`
fn temp_of(name: &str) -> Option<&str> {
    let (rest, n) = name.rsplit_once(".tempstate")?;
    let (prefix, shard) = rest.rsplit_once(".data-")?;
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (digits(n) && shard.split("-of-").all(digits)).then_some(prefix)
}

/// `f` of `f.index` and `f.data-00000-of-00001`
fn done_of(name: &str) -> Option<&str> {
    name.strip_suffix(".index").or_else(|| name.strip_suffix(".data-00000-of-00001"))
}

/// One run that writes or was killed, and one finished cache, by their names.
fn caches(store: &StoreView<'_>) -> Vec<NewItem> {
    let files: Vec<File<'_>> = store.root().files().into_iter().filter(File::is_regular).collect();
    let mut begun: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    let mut done: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    let locks: Vec<&str> = files.iter().filter_map(|f| lock_of(f.name())).collect();
    for file in &files {
        let name = file.name();
        // All that begins with the name of a lock is of its run, the parts that are finished too.
        let run = locks.iter().find(|p| name.strip_prefix(**p).is_some_and(|rest| rest.starts_with('.')));
        if let Some(run) = run {
            begun.entry(run).or_default().push(*file);
        } else if let Some(prefix) = done_of(name) {
            done.entry(prefix).or_default().push(*file);
        }
    }
    let mut items: Vec<NewItem> = begun.iter().map(|(name, files)| killed(store, name, files)).collect();
    items.extend(done.iter().filter_map(|(name, files)| finished(store, name, files)));
    items
}

fn of(kind: &'static str, name: &str, verdict: Verdict, files: &[File<'_>]) -> NewItem {
    files.iter().fold(NewItem::new(kind, text::plain(name), verdict), |item, file| item.body(file.node))
}

fn killed(store: &StoreView<'_>, name: &str, files: &[File<'_>]) -> NewItem {
    let item = of("unfinished cache", name, Verdict::Safe, files).leftover();
    if files.iter().any(|f| store.is_live(f)) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        return item.note("being written");
    }
    item.note("left by a killed run: its lockfile stops every later run, until this goes")
}

/// A finished one, if its index says that it is no checkpoint.
fn finished(store: &StoreView<'_>, name: &str, files: &[File<'_>]) -> Option<NewItem> {
    let index = files.iter().find(|f| f.bytes.ends_with(b".index"))?;
    let head = store.read(index.node, Range::Head, 64)?;
    let key = head.get(12..20)?;
    let (spaces, rest) = key.split_at(key.iter().position(|b| *b != b' ')?);
    let padded = !spaces.is_empty() && rest.iter().all(|b| b.is_ascii_digit() || *b == b'_');
    let item = of("cached data set", name, Verdict::Rebuild, files);
    padded.then(|| {
        if files.iter().any(|f| store.is_fresh(f.mtime)) {
            NewItem { verdict: Verdict::InUse, ..item }.note("written less than ten minutes ago")
        } else {
            item
        }
    })
}

fn snapshot(store: &StoreView<'_>, role: &str) -> NewItem {
    let root = store.root();
    let is_saved = role == "saved data set";
    let name = store.path().file_name().map(|n| text::display(n.as_encoded_bytes())).unwrap_or_default();
    let verdict = if is_saved { Verdict::LookFirst } else { Verdict::Rebuild };
    let mut item = NewItem::new(if is_saved { "data set" } else { "snapshot" }, name, verdict).key("all");
    for file in [METADATA, "dataset_spec.pb"].iter().filter_map(|name| root.file(name)) {
        item = item.pointer(file.node);
    }
    let runs: Vec<Folder<'_>> = root.folders().into_iter().filter(|f| is_number(f.name())).collect();
    for run in &runs {
        item = item.body(run.node());
    }
    if runs.iter().any(|r| store.is_fresh(r.newest())) {
        item.verdict = Verdict::InUse;
        item = item.note("written less than ten minutes ago");
    } else if is_saved {
        item = item.note("saved by your own code, and read by its name");
    } else {
        item = item.note("of one state of the pipeline: a change of it began another");
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn what_a_killed_run_left_can_go_and_a_finished_cache_is_no_checkpoint() {
        let f = Fixture::new();
        f.file("work/c/train_0.lockfile", "Created at: 1");
        f.kib("work/c/train_0.data-00000-of-00001.tempstate155528", 8);
        f.file(
            "work/c/val.index",
            b"\0\0\x06\x08\x01\x1a\x02\x08\x01\0\x09\x0b      0_0\x08\x09\x12\0\x28\x08",
        );
        f.kib("work/c/val.data-00000-of-00001", 8);
        f.kib("work/c/notes.txt", 4);
        assert_eq!(
            f.outline(),
            "datasets: tf-data cache ~/work/c\n\
             \x20 !unfinished cache \"train_0\" [safe] 12 12 {left by a killed run: its lockfile stops every later run, until this goes}\n\
             \x20 cached data set \"val\" [rebuild] 12 12\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
        f.age("work/c/train_0.data-00000-of-00001.tempstate155528", 30);
        assert!(f.outline().contains("!unfinished cache \"train_0\" [in-use] 12 12 {being written}"));
    }

    #[test]
    fn a_snapshot_is_computed_again_and_saved_data_is_not() {
        let f = Fixture::new();
        for folder in ["snap/12345678901234567890", "saved"] {
            f.file(&format!("work/{folder}/snapshot.metadata"), "x");
            f.kib(&format!("work/{folder}/9876543210/00000000.shard/00000000.snapshot"), 8);
        }
        f.file("work/saved/dataset_spec.pb", "x");
        let outline = f.outline();
        assert!(outline.contains("  snapshot \"12345678901234567890\" [rebuild] 20 20"), "{outline}");
        assert!(outline.contains("  data set \"saved\" [look-first] 24 24"), "{outline}");
    }

    #[test]
    fn a_lockfile_alone_is_nobodys() {
        let f = Fixture::new();
        f.file("work/db/table_1.lockfile", "");
        f.file("work/other/snapshot.metadata", "");
        assert_eq!(f.outline(), "");
        assert_eq!(lock_of("f.lockfile"), None);
        assert_eq!(temp_of("f_0.data-00000-of-00001.tempstate7"), Some("f_0"));
        assert_eq!(temp_of("f_0.data-x.tempstate7"), None);
    }
}
