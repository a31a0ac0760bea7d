//! The cache of the `datasets` library: data prepared as Arrow files, results of `map`, and raw downloads.
//!
//! Layout: `datasets` 5.2.0, `config.py`, `builder.py` (`_relative_data_dir`, `download_and_prepare`),
//! `arrow_dataset.py` (`_get_cache_file_path`), `utils/file_utils.py` (`get_from_cache`), `utils/extract.py`.
//! Files of a Hub dataset are downloaded into the Hub cache, so a prepared one is there a second time.

mod downloads;
mod prepared;

use super::{About, Family, File, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct HfDatasets;

static ABOUT: About = About {
    id: "hf-datasets",
    name: "Hugging Face datasets",
    items: "a prepared data set, what was mapped from it, a download",
    category: Category::Datasets,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Ext("lock")],
    hint: "load_dataset prepares it again, from the Hub or from the files it was made of",
    source: "datasets 5.2.0, config.py, builder.py, arrow_dataset.py, utils/file_utils.py, utils/extract.py",
    ..About::DEFAULT
};

impl Family for HfDatasets {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "HF_DATASETS_CACHE", "datasets").into_iter().collect();
        places.extend(env.folder("HF_HOME").map(|h| Place::new(h.join("datasets"), "datasets")));
        places.extend(
            env.homes().map(|h| Place::new(env.cache_of(h).join("huggingface/datasets"), "datasets")),
        );
        places.extend(Place::var(env, "HF_DATASETS_DOWNLOADED_DATASETS_PATH", "downloads"));
        places.extend(Place::var(env, "HF_DATASETS_EXTRACTED_DATASETS_PATH", "extracted"));
        // Without a cache, results go to a folder of the process.
        let temp = env.temp();
        let scratch =
            env.list(&temp).into_iter().filter(|n| n.as_encoded_bytes().starts_with(b"hf_datasets-"));
        places.extend(scratch.map(|name| Place::new(temp.join(name), "scratch")));
        places
    }

    /// A lock at the top has the whole path of what it locks in its name, with `_` for `/`:
    /// `_data_cache_acme___corpus_default_0.0.0_….lock` in `/data/cache`.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let locks = folder.files.iter().filter_map(|f| std::str::from_utf8(f).ok());
        let locks: Vec<&str> = locks.filter(|f| f.starts_with('_') && is_lock(f)).collect();
        if locks.is_empty() || folder.name().is_empty() {
            return None;
        }
        let locked =
            |dataset: &str| locks.iter().any(|l| l.contains(&format!("_{}_{dataset}_", folder.name())));
        folder.any_folder(locked).then_some("datasets")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let mut locks = Vec::new();
        let root = store.root();
        match store.role() {
            "downloads" => downloads::downloads(store, &root, &mut locks, &mut found),
            "extracted" => downloads::extracted(store, &root, &mut locks, &mut found),
            "scratch" => found.items.extend(scratch(store, &root)),
            _ => {
                locks.extend(root.files().into_iter().filter(|f| f.name().starts_with('_')));
                for folder in root.folders() {
                    if folder.name() == "downloads" {
                        downloads::downloads(store, &folder, &mut locks, &mut found);
                    } else {
                        prepared::dataset(store, &folder, &mut locks, &mut found);
                    }
                }
            }
        }
        found.items.extend(idle(store, &locks));
        found
    }
}

/// Locks that nobody holds: the library never removes them, and an empty file is no proof of a download.
fn idle(store: &StoreView<'_>, locks: &[File<'_>]) -> Option<NewItem> {
    let mut item = NewItem::new("locks", "lock files", Verdict::Safe).key("locks");
    for lock in locks.iter().filter(|l| is_lock(l.name()) && l.size == 0 && !store.is_live(l)) {
        item = item.body(lock.node);
    }
    (!item.parts.is_empty()).then(|| item.note("empty, and the library never removes them"))
}

/// Whether a name is that of a lock file.
fn is_lock(name: &str) -> bool {
    name.strip_suffix(".lock").is_some_and(|stem| !stem.is_empty())
}

/// `/tmp/hf_datasets-…`: results of a process that has no cache for them. It removes them when it ends in peace.
fn scratch(store: &StoreView<'_>, root: &Folder<'_>) -> Option<NewItem> {
    let files = root.files();
    let mut item =
        NewItem::new("temp", "results of a program that ended", Verdict::Safe).key("scratch").leftover();
    for file in files.iter().filter(|f| is_map_result(f.name()) || is_temp(f.name())) {
        item = item.body(file.node);
    }
    if files.iter().any(|f| store.is_live(f)) || store.is_fresh(root.mtime()) {
        item.verdict = Verdict::InUse;
        item.leftover = false;
        item.name = "results of a program that runs".into();
    }
    (!item.parts.is_empty()).then_some(item)
}

/// What `map`, `filter`, `sort` … leave beside the data they were applied to: `cache-<fingerprint>.arrow`. The
/// library's own `cleanup_cache_files` goes by this name.
fn is_map_result(name: &str) -> bool {
    name.starts_with("cache-") && name.strip_suffix(".arrow").is_some()
}

/// What a killed `map` leaves: a file by `tempfile`, `tmp` and eight letters, digits or underscores.
fn is_temp(name: &str) -> bool {
    let tail = name.strip_prefix("tmp").unwrap_or("");
    tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests;
