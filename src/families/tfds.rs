//! TensorFlow Datasets: prepared data sets, what was downloaded for them, and what was left unfinished.
//!
//! Layout: `tensorflow_datasets` 4.9.10 and 4.9.3, `core/{constants,dataset_builder,dataset_info}.py`,
//! `core/utils/{file_utils,py_utils}.py`, `core/download/*.py`, `core/community/cache.py`.
//!
//! A folder is known by where it is alone. A prepared version has a shape of its own, but it goes as a whole or not at
//! all (the library takes an empty folder for a prepared data set), so it cannot be a store.

mod downloads;
mod unfinished;

use serde_json::Value;

use super::names::{field, is_version};
use super::{About, Family, File, Folder, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;
use unfinished::is_unfinished;

/// The family.
pub struct Tfds;

static ABOUT: About = About {
    id: "tfds",
    name: "TensorFlow Datasets",
    items: "a version of a data set, or a download",
    category: Category::Datasets,
    verdict: Verdict::ReDownload,
    markers: &[] as &[Marker],
    hint: "tfds.load downloads and prepares it again; a prepared data set needs nothing in downloads",
    source: "tensorflow_datasets 4.9.10, core/constants.py, core/dataset_builder.py, core/download/resource.py",
    ..About::DEFAULT
};

/// Data sets with thousands of shards list them all.
const INFO: usize = 4 << 20;

/// So many folders may lie between the data folder and a version: the data set, and the parts of a configuration.
const DEPTH: usize = 4;

impl Family for Tfds {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "TFDS_DATA_DIR", "data").into_iter().collect();
        places.extend(env.homes().map(|home| Place::new(home.join("tensorflow_datasets"), "data")));
        places.extend(Place::var(env, "TFDS_CACHE_DIR", "community"));
        places.extend(
            env.homes().map(|home| Place::new(env.cache_of(home).join("tensorflow_datasets"), "community")),
        );
        places
    }

    /// Somebody may have pointed `TFDS_DATA_DIR` to the community folder, so both are looked for in both.
    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for folder in store.root().folders() {
            match folder.bytes() {
                b"downloads" => downloads::items(store, &folder, &mut found.items),
                b"modules" if folder.has_folder("tfds_community") => {
                    found.items.extend(folder.folder("tfds_community").map(|f| packages(store, &f)));
                }
                _ => versions(store, &folder, &folder.shown(), DEPTH, &mut found.items),
            }
        }
        if let Some(index) = store.root().file("community-datasets-list.jsonl").filter(File::is_regular) {
            let item = NewItem::new("index", "community data sets", Verdict::ReDownload).body(index.node);
            found.items.push(item.origin("gs://tfds-data/community-datasets-list.jsonl"));
        }
        found
    }
}

fn packages(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("packages", "community data set code", Verdict::ReDownload).body(folder.node());
    if store.is_fresh(folder.touched()) { in_use(item) } else { item.note("fetched from GitHub again") }
}

/// Prepared and unfinished versions at `<data set>[/<configuration>]/<version>`.
fn versions(store: &StoreView<'_>, folder: &Folder<'_>, name: &str, depth: usize, found: &mut Vec<NewItem>) {
    for entry in folder.folders() {
        let below = entry.name();
        if is_version(below) {
            found.extend(version(store, &entry, name));
        } else if let Some(of) = is_unfinished(below) {
            found.push(unfinished::folder(store, &entry, format!("{name} {}", text::plain(of))));
        } else if depth > 1 && !below.starts_with('.') {
            versions(store, &entry, &format!("{name}/{}", entry.shown()), depth - 1, found);
        }
    }
}

fn version(store: &StoreView<'_>, folder: &Folder<'_>, name: &str) -> Option<NewItem> {
    let item = NewItem::new("dataset", name, Verdict::LookFirst).body(folder.node()).version(folder.name());
    let info = folder.file("dataset_info.json").filter(File::is_regular);
    let Some(info) = info else {
        return broken(store, folder, item);
    };
    if store.is_fresh(folder.touched()) {
        return Some(in_use(item));
    }
    let mut item = match store.json(info.node, INFO) {
        Some(info) => judged(item, &info, folder.has_file("features.json")),
        None => item.note("its dataset_info.json cannot be understood"),
    };
    for file in folder.files().iter().filter(|f| f.is_regular()) {
        if let Some(of) = is_unfinished(file.name()) {
            item.children.push(unfinished::file(store, file, text::plain(of)));
        }
    }
    Some(item)
}

/// A version without its description. One that looks like nothing of TFDS is left alone.
fn broken(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> Option<NewItem> {
    let data =
        |name: &str| name == "features.json" || name.contains(".tfrecord") || name.contains(".array_record");
    if store.is_fresh(folder.touched()) || !folder.is_listed() {
        return None;
    }
    if folder.is_empty() {
        let item = item.note("empty, but tfds takes it for a prepared data set; delete it to repair");
        return Some(NewItem { verdict: Verdict::Safe, ..item.leftover() });
    }
    let note = "no dataset_info.json, but tfds takes it for a prepared data set and does not repair it";
    folder.files().iter().any(|f| data(f.name())).then(|| item.note(note).leftover())
}

/// What the library wrote down says who can make it again.
fn judged(mut item: NewItem, info: &Value, features: bool) -> NewItem {
    let urls = info.get("location").and_then(|l| l.get("urls"));
    item.origin =
        urls.and_then(|u| u.get(0)).and_then(Value::as_str).map(|u| text::plain(&text::redact_url(u)));
    if !features {
        return item.note("no features.json: made by tfds before 4.0, or by another program");
    }
    let Some(module) = field(info, "moduleName") else {
        return item.note("nothing says which code made it");
    };
    if !is_catalog(&module) {
        return item.note(format!("made by the code in {module}: only that can make it again"));
    }
    let downloaded = info.get("downloadSize").is_some_and(|size| match size {
        Value::String(size) => size.parse::<u64>().is_ok_and(|n| n > 0),
        size => size.as_u64().is_some_and(|n| n > 0),
    });
    if !downloaded {
        return item
            .note("no download is recorded: it was made from files placed by hand, or from other data");
    }
    item.verdict = Verdict::ReDownload;
    item
}

/// Whether the code comes with the library and downloads what it needs. What lies in `core` and `folder_dataset`
/// reads a person's own files.
fn is_catalog(module: &str) -> bool {
    let parts: Vec<&str> = module.split('.').collect();
    parts.len() > 2
        && parts[0] == "tensorflow_datasets"
        && !["core", "folder_dataset", "testing", "scripts"].contains(&parts[1])
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

#[cfg(test)]
mod tests;
