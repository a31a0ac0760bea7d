//! pip's cache, and pipenv's, which is one of pip's with more in it.
//!
//! Layout: pip 26.3, `_internal/network/cache.py`, `_internal/cache.py`, `_internal/self_outdated_check.py`; real caches of
//! pip 23.2 and 26.3; pipenv 2026.10, `environments.py`, `utils/pip.py`. Answers of servers lie below five folders of one
//! letter each, under a hash of the address; the address itself is nowhere.

mod answers;
mod built;

use std::path::{Path, PathBuf};

use super::wheels::{in_use, whole};
use super::{About, Family, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Pip;

static ABOUT: About = About {
    id: "pip",
    name: "pip",
    items: "what was downloaded of a project, a built wheel",
    category: Category::PackageCaches,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Name("http-v2")],
    hint: "pip downloads and builds again what it needs; environments hold copies",
    source: "pip 26.3, _internal/network/cache.py, _internal/cache.py; pipenv 2026.10, environments.py",
    ..About::DEFAULT
};

/// pip's own.
const CACHE: &str = "cache";
/// pipenv's.
const PIPENV: &str = "pipenv cache";

/// What pip calls the folders in its cache.
const FOLDERS: [&str; 4] = ["http-v2", "http", "wheels", "selfcheck"];

impl Family for Pip {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "PIP_CACHE_DIR", CACHE).into_iter().collect();
        places.extend(Place::var(env, "PIPENV_CACHE_DIR", PIPENV));
        for file in configurations(env) {
            let by = text::short_path(&file, env.home());
            places.extend(cache_dir(env, &file).map(|path| Place::named(path, CACHE, by)));
        }
        for home in env.homes() {
            places.push(Place::new(env.cache_of(home).join("pip"), CACHE));
            places.push(Place::new(env.cache_of(home).join("pipenv"), PIPENV));
        }
        places
    }

    /// The folder of answers, with nothing beside it that is not pip's, and folders of one letter in it.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let known = |name: &&[u8]| FOLDERS.iter().any(|f| f.as_bytes() == *name);
        let only = folder.folders.iter().all(known) && folder.has_folder("http-v2");
        if !only || folder.is_a_top() {
            return None;
        }
        let letters = folder.names_in("http-v2");
        (!letters.is_empty() && letters.iter().all(|l| super::names::is_hex(l, 1))).then_some(CACHE)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let newer = root.has_folder("http-v2");
        for folder in root.folders() {
            match folder.name() {
                "http-v2" => found.items.extend(answers::pairs(store, &folder)),
                "http" => found.items.extend(answers::old(store, &folder, newer)),
                "wheels" => found.items.extend(built::items(store, &folder)),
                "selfcheck" if !folder.is_empty() => {
                    let item = NewItem::new("index", "when pip looked for a newer pip", Verdict::Safe);
                    found.items.push(whole(store, &folder, item));
                }
                "hash-cache" | "pipenv-manifests" if store.role() == PIPENV && !folder.is_empty() => {
                    let item = NewItem::new("index", folder.shown(), Verdict::Safe);
                    found.items.push(whole(store, &folder, item));
                }
                _ => {}
            }
        }
        for file in root.files().iter().filter(|f| f.is_regular()) {
            let is_index = file.name() == "selfcheck.json"
                || (store.role() == PIPENV && file.name().starts_with("depcache"));
            if is_index {
                let item = NewItem::new("index", file.shown(), Verdict::Safe).body(file.node);
                found.items.push(if store.is_live(file) { in_use(item) } else { item });
            }
        }
        found
    }
}

/// pip's configuration files (pip, `_internal/configuration.py`, `get_configuration_files`).
fn configurations(env: &Env) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = env.folder("PIP_CONFIG_FILE").into_iter().collect();
    files.extend(env.folder("VIRTUAL_ENV").map(|p| p.join("pip.conf")));
    for home in env.homes() {
        files.push(env.config_of(home).join("pip/pip.conf"));
        files.push(home.join(".pip/pip.conf"));
    }
    files.extend(["/etc/xdg/pip/pip.conf", "/etc/pip.conf"].map(PathBuf::from));
    files
}

/// The cache that a configuration file names.
fn cache_dir(env: &Env, file: &Path) -> Option<PathBuf> {
    let bytes = env.read_small(file)?;
    let lines = String::from_utf8_lossy(&bytes);
    let mut pairs = lines.lines().filter_map(|line| line.split_once(['=', ':']));
    let is_it = |key: &str| matches!(key.trim(), "cache-dir" | "cache_dir");
    let value = pairs.find(|(key, _)| is_it(key)).map(|(_, value)| value.trim())?;
    (!value.is_empty()).then(|| env.expand(Path::new(value)))
}

#[cfg(test)]
mod tests;
