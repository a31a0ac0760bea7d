//! uv's cache, and the interpreters it installed.
//!
//! Layout: uv 0.13, `crates/uv-cache/src/{lib,wheel,archive}.rs`; a real cache of 0.13.9. A bucket is `NAME-vNUMBER`; a new
//! version of uv leaves the old ones lying. What wheels hold lies in `archive-v0/ID`, and links in the other buckets say
//! which package that is. `uv cache prune` removes what no link leads to, and every name it does not know.

mod archives;
mod pythons;
mod sources;

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::configuration;
use super::wheels::{in_use, whole};
use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;
use archives::Archives;

/// The family.
pub struct Uv;

static ABOUT: About = About {
    id: "uv",
    name: "uv",
    items: "a version of a package, an interpreter, a clone",
    category: Category::PackageCaches,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Name("archive-v0"), Marker::Name("archive-v1")],
    hint: "uv downloads and builds again what it needs; environments keep what was hard-linked or copied into them",
    source: "uv 0.13, crates/uv-cache/src/lib.rs, wheel.rs; crates/uv-python/src/managed.rs",
    ..About::DEFAULT
};

/// The cache.
const CACHE: &str = "cache";
/// Interpreters it installed.
const PYTHONS: &str = "pythons";
/// Archives of interpreters.
const DOWNLOADS: &str = "python downloads";

/// What buckets are called before their number.
const BUCKETS: [&str; 14] = [
    "wheels",
    "built-wheels",
    "sdists",
    "archive",
    "simple",
    "flat-index",
    "git",
    "interpreter",
    "builds",
    "environments",
    "python",
    "binaries",
    "osv",
    "resolver",
];

impl Family for Uv {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "UV_CACHE_DIR", CACHE).into_iter().collect();
        places.extend(Place::var(env, "UV_PYTHON_INSTALL_DIR", PYTHONS));
        places.extend(Place::var(env, "UV_PYTHON_CACHE_DIR", DOWNLOADS));
        let own = env.homes().map(|home| env.config_of(home).join("uv/uv.toml"));
        for file in own.chain([PathBuf::from("/etc/uv/uv.toml")]) {
            let by = text::short_path(&file, env.home());
            places.extend(
                configuration::folder(env, &file, &["cache-dir"]).map(|path| Place::named(path, CACHE, by)),
            );
        }
        for home in env.homes() {
            places.push(Place::new(env.cache_of(home).join("uv"), CACHE));
            places.push(Place::new(env.data_of(home).join("uv/python"), PYTHONS));
        }
        places
    }

    /// Two buckets and uv's own marks. pixi keeps such a cache inside its own.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let buckets = folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok());
        let buckets = buckets.filter(|f| bucket(f).is_some()).count();
        let marked = folder.has_file("CACHEDIR.TAG") || folder.has_file(".gitignore");
        (buckets >= 2 && marked && !folder.is_a_top()).then_some(CACHE)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        match store.role() {
            PYTHONS => pythons::installed(store),
            DOWNLOADS => pythons::downloads(store),
            _ => cache(store),
        }
    }
}

/// A bucket's name and number.
fn bucket(name: &str) -> Option<(&str, u64)> {
    let (kind, number) = name.rsplit_once("-v")?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (is_number && BUCKETS.contains(&kind)).then_some(())?;
    Some((kind, number.parse().ok()?))
}

fn cache(store: &StoreView<'_>) -> Found {
    let mut found = Found::default();
    let root = store.root();
    let folders = root.folders();
    let mut newest: FxHashMap<&str, u64> = FxHashMap::default();
    for (kind, number) in folders.iter().filter_map(|f| bucket(f.name())) {
        let known = newest.entry(kind).or_default();
        *known = number.max(*known);
    }
    let mut archives = Archives::default();
    for folder in &folders {
        let Some((kind, number)) = bucket(folder.name()) else {
            found.items.extend(temporary(store, folder));
            // A bucket of a time to come may name archives, too.
            archives.unsure |= folder.name().rsplit_once("-v").is_some_and(|(_, n)| n.parse::<u64>().is_ok());
            continue;
        };
        let renamed = kind == "built-wheels" && newest.contains_key("sdists");
        if number < newest[kind] || renamed {
            found.items.push(outdated(store, folder));
            continue;
        }
        match kind {
            "archive" => archives.add(folder),
            "wheels" => archives.wheels(store, folder),
            "sdists" | "built-wheels" => sources::built(store, folder, &mut archives),
            "environments" => archives.environments(store, folder),
            "git" => sources::git(store, folder, &mut found),
            "builds" => found.items.extend(folder.folders().iter().map(|f| build(store, f))),
            "python" | "binaries" => {
                let item = NewItem::new("downloads", "programs and interpreters", Verdict::ReDownload);
                found.items.extend(filled(store, folder, item));
            }
            _ => {
                let item = NewItem::new("index", format!("{kind} cache"), Verdict::Safe);
                found.items.extend(filled(store, folder, item));
            }
        }
    }
    archives.finish(store, &mut found);
    found
}

/// A bucket as one item, unless there is nothing in it.
fn filled(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> Option<NewItem> {
    (!folder.is_empty()).then(|| whole(store, folder, item))
}

/// A bucket that this version of uv does not read any more. An environment may be linked into one.
fn outdated(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("outdated bucket", folder.shown(), Verdict::Safe);
    let item = item.note("a newer uv uses a newer one; `uv cache prune` removes it too").leftover();
    NewItem { waits: true, ..whole(store, folder, item) }
}

/// `.tmpXXXXXX`: what is being downloaded or unpacked, or was when uv was stopped.
fn temporary(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let rest = folder.name().strip_prefix(".tmp")?;
    let is_one = rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    is_one.then(|| build(store, folder))
}

fn build(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("partial", folder.shown(), Verdict::Safe).body(folder.node());
    if store.is_live_below(folder) {
        return in_use(item);
    }
    item.note("a download or a build that was interrupted").leftover()
}

#[cfg(test)]
mod tests;
