//! `ModelScope`'s cache, in all the forms that lie side by side: since 1.38 `models/<owner>--<name>/snapshots/<revision>/`;
//! before, `[hub/]models/<owner>/<name>/` and `[hub/]<owner>/<name>/`, with an index `.msc` in each, and dots in names
//! as `___`, beside which a link has the name with dots. And the folder of the login.
//!
//! Layout: modelscope 1.40.2, `hub/utils/{utils,caching}.py`, `hub/cache_manager.py`, `hub/__init__.py`;
//! modelscope-hub 0.5.1, `_download.py`, `_resilient_download.py`, `_cache_manager.py`, `config.py`.

mod repo;
#[cfg(test)]
mod tests;

use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::families::names::is_hex;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct ModelScope;

static ABOUT: About = About {
    id: "modelscope",
    name: "ModelScope",
    items: "a repository, or a version of one",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Name(".msc"), Marker::Name(".download_state"), Marker::Name(".lock")],
    hint: "snapshot_download or `modelscope download` fetches it again; a private one needs your login",
    source: "modelscope 1.40.2, hub/utils/utils.py, hub/utils/caching.py; modelscope-hub 0.5.1, _download.py, config.py",
    ..About::DEFAULT
};

/// Folders by what is in them, and what that is called.
const SHELVES: [(&str, &str); 4] =
    [("models", "model"), ("datasets", "dataset"), ("studios", "studio"), ("mcps", "mcp server")];

/// Downloads that older versions have not finished.
const TEMP: &str = "._____temp";

impl Family for ModelScope {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "MODELSCOPE_CACHE", "cache")
            .or_else(|| Place::var(env, "MS_CACHE_HOME", "cache"))
            .into_iter()
            .collect();
        places.extend(Place::var(env, "MODELSCOPE_CREDENTIALS_PATH", "credentials"));
        places.extend(Place::var(env, "MODELSCOPE_HOME", "login"));
        for home in env.homes() {
            // It asks no variable of the desktop.
            places.push(Place::new(home.join(".cache/modelscope"), "cache"));
            places.push(Place::new(home.join(".modelscope"), "login"));
        }
        places
    }

    /// A whole cache by its locks or by what it notes of downloads; one model by the index in it.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if folder.within.is_some() || folder.is_a_top() {
            return None;
        }
        let shelved = SHELVES.iter().any(|(name, _)| folder.has_folder(name));
        let noted = |at: &str, test: fn(&str) -> bool| {
            folder.has_folder(at) && folder.names_in(at).iter().any(|n| test(n))
        };
        if shelved && (noted(".lock", is_lock) || noted(".download_state", is_state)) {
            return Some("cache");
        }
        (folder.has_file(".msc") && (folder.has_file(".mdl") || folder.has_file(".mv"))).then_some("copy")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        match store.role() {
            "credentials" => found.items.extend(secrets(&root)),
            "login" => {
                let folder = root.folder("credentials");
                found.items.extend(
                    folder.map(|f| NewItem::new("secret", "login", Verdict::Protected).body(f.node())),
                );
            }
            "copy" => found.items.extend(repo::copy(store, &root)),
            _ => cache(store, &root, &mut found),
        }
        found
    }
}

/// Everything in the folder of the login.
fn secrets(root: &Folder<'_>) -> Option<NewItem> {
    let item = NewItem::new("secret", "login", Verdict::Protected).key("login");
    let item = root.files().iter().fold(item, |item, file| item.body(file.node));
    let item = root.folders().iter().fold(item, |item, folder| item.body(folder.node()));
    (!item.parts.is_empty()).then_some(item)
}

fn cache(store: &StoreView<'_>, root: &Folder<'_>, found: &mut Found) {
    let bases = [Some(*root), root.folder("hub")];
    for base in bases.iter().flatten() {
        for (name, kind) in SHELVES {
            if let Some(shelf) = base.folder(name) {
                repo::shelf(store, &shelf, kind, found);
            }
        }
        repo::owners(store, base, "model", false, found);
        found.items.extend(base.folder(TEMP).map(|f| unfinished(store, &f)));
        if let Some(file) = base.file("ast_indexer") {
            let item =
                NewItem::new("index", "index of the library's own code", Verdict::Rebuild).body(file.node);
            found.items.push(item.note("made again when the library is imported"));
        }
    }
    let states = root
        .folder(".download_state")
        .map(|f| notes(store, &f, "notes of downloads", |n| is_state(n.strip_suffix(".lock").unwrap_or(n))));
    let locks = root.folder(".lock").map(|f| notes(store, &f, "lock files", is_lock));
    found.items.extend(states.flatten());
    found.items.extend(locks.flatten());
}

/// `repo_<64 hex>.lock` or `file_<64 hex>.lock`
fn is_lock(name: &str) -> bool {
    let rest = name.strip_suffix(".lock").and_then(|n| n.strip_prefix("repo_").or(n.strip_prefix("file_")));
    rest.is_some_and(|hash| is_hex(hash, 64))
}

/// `.ms_download_<64 hex>.json`
fn is_state(name: &str) -> bool {
    let rest = name.strip_prefix(".ms_download_").and_then(|n| n.strip_suffix(".json"));
    rest.is_some_and(|hash| is_hex(hash, 64))
}

/// Small files about downloads, as one item.
fn notes(store: &StoreView<'_>, folder: &Folder<'_>, name: &str, own: fn(&str) -> bool) -> Option<NewItem> {
    let files = folder.files();
    let own: Vec<_> = files.iter().filter(|f| f.is_regular() && own(f.name())).collect();
    let item = NewItem::new("notes", name, Verdict::Safe).key(name);
    let item = own.iter().fold(item, |item, file| item.body(file.node));
    if item.parts.is_empty() {
        return None;
    }
    if own.iter().any(|f| store.is_live(f)) {
        return Some(NewItem { verdict: Verdict::InUse, ..item.note("a download is going on") });
    }
    Some(item.note("never removed by the library; a download that was stopped begins anew without them"))
}

/// A folder of unfinished downloads.
fn unfinished(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("partial", "unfinished downloads", Verdict::Safe).body(folder.node());
    if store.is_live_below(folder) {
        return NewItem { verdict: Verdict::InUse, ..item.note("being written") };
    }
    item.leftover().note("left by downloads that were stopped")
}
