//! Keras' own folder: weights in `models/`, data sets in `datasets/`, settings in `keras.json`.
//!
//! Layout: keras 3.15.1 and 2.15.0 `utils/{file_utils,data_utils}.py` (`get_file`), keras 3.15.1 `backend/config.py`.
//! There is no record of what came from where: names are all there is to go by. Keras downloads straight to the
//! final name, so a file that is being written looks like a finished one.

mod datasets;
mod models;

use std::path::Path;

use super::names::{hdf5_end, zip_is_whole};
use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Keras;

static ABOUT: About = About {
    id: "keras",
    name: "Keras",
    items: "a file of weights, or a data set with its archive",
    category: Category::KerasModels,
    verdict: Verdict::ReDownload,
    // `models` and `datasets` are common, but only a folder called `.keras` is looked at any further.
    markers: &[Marker::Name("keras.json"), Marker::Name("models"), Marker::Name("datasets")],
    hint: "Keras downloads it again the next time it is asked for",
    source: "keras 3.15.1 utils/file_utils.py get_file; keras 2.15.0 utils/data_utils.py get_file",
    ..About::DEFAULT
};

const UNRECORDED: &str = "no origin is recorded: only the code that fetched it can fetch it again";
const TORN: &str = "truncated: shorter than it says; delete it so that it is fetched again";
const TORN_UNKNOWN: &str = "truncated: shorter than it says";
const LIVE: &str = "may still be downloading: Keras writes straight to the final name";

impl Family for Keras {
    fn about(&self) -> &About {
        &ABOUT
    }

    /// Keras 2 knows no `KERAS_HOME`, and each falls back to a temporary folder where it may not write: all of them
    /// can hold something.
    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "KERAS_HOME", "root").into_iter().collect();
        places.extend(env.homes().map(|home| Place::new(home.join(".keras"), "root")));
        places.push(Place::new(env.temp().join(".keras"), "root"));
        // Keras 2 has this one written out.
        places.push(Place::new(Path::new("/tmp/.keras"), "root"));
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let filled =
            folder.has_file("keras.json") || folder.has_folder("models") || folder.has_folder("datasets");
        (folder.name == b".keras" && filled).then_some("root")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for folder in store.root().folders() {
            match folder.bytes() {
                b"models" => models::items(store, &folder, &mut found.items),
                b"datasets" => datasets::items(store, &folder, &mut found.items),
                _ => found.items.push(unknown_folder(store, &folder)),
            }
        }
        if let Some(settings) = store.root().file("keras.json") {
            found
                .items
                .push(NewItem::new("settings", settings.shown(), Verdict::Protected).body(settings.node));
        }
        found
    }
}

/// A folder nobody knows: the `cache_subdir` of some `get_file`, or a person's own.
fn unknown_folder(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("folder", folder.shown(), Verdict::LookFirst).body(folder.node());
    if store.is_fresh(folder.touched()) { in_use(item) } else { item.note(UNRECORDED) }
}

/// A file nobody knows.
fn unknown_file(store: &StoreView<'_>, file: &File<'_>, kind: &'static str, note: &str) -> NewItem {
    let item = NewItem::new(kind, file.shown(), Verdict::LookFirst).body(file.node);
    if store.is_live(file) {
        return in_use(item);
    }
    let item = item.note(note);
    if is_torn(store, file) { item.note(TORN_UNKNOWN) } else { item }
}

/// A file Keras fetches by itself when it is missing.
fn known_file(store: &StoreView<'_>, file: &File<'_>, item: NewItem) -> NewItem {
    if store.is_live(file) {
        in_use(item)
    } else if file.size == 0 || is_torn(store, file) {
        NewItem { verdict: Verdict::Safe, ..item.note(TORN).leftover() }
    } else {
        item
    }
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note(LIVE) }
}

/// Whether a file certainly ends too early. Most kinds of files cannot tell.
fn is_torn(store: &StoreView<'_>, file: &File<'_>) -> bool {
    let head = store.read(file.node, Range::Head, 48).unwrap_or_default();
    if let Some(end) = hdf5_end(&head) {
        return end > file.size;
    }
    head.starts_with(b"PK\x03\x04")
        && store.read(file.node, Range::Tail, ZIP_TAIL).is_some_and(|tail| !zip_is_whole(&tail))
}

/// The record at the end of a zip file, with the longest comment it may have.
const ZIP_TAIL: usize = 22 + (1 << 16);

#[cfg(test)]
mod tests;
