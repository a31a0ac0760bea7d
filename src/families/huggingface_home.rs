//! The folder of all Hugging Face libraries, `$HF_HOME`: tokens and settings, and the caches that have no family of
//! their own. The Hub cache and the datasets cache inside are stores by themselves.
//!
//! Layout: `huggingface_hub` 2.4.0, `constants.py`, `_sandbox_cache.py`, `utils/_cache_assets.py`; hf-xet by its
//! source (xet-core, `configurations.rs`); `transformers` 5.23.0, `dynamic_module_utils.py`; `evaluate` 0.4,
//! `config.py`; `accelerate` 1.15.0, `commands/config/config_args.py`.

mod flat;
mod xet;

use std::path::Path;

use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct HuggingFaceHome;

static ABOUT: About = About {
    id: "huggingface-home",
    name: "Hugging Face",
    items: "one of the caches beside the hub: xet, modules, assets",
    category: Category::Hub,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Name("stored_tokens"), Marker::Name("token"), Marker::Name("xet")],
    hint: "the libraries make their caches again; a token is made at huggingface.co/settings/tokens",
    source: "huggingface_hub 2.4.0, constants.py; xet-core, configurations.rs; transformers, dynamic_module_utils.py",
    ..About::DEFAULT
};

/// What libraries put into the folder.
const KNOWN: [&str; 13] = [
    "token",
    "stored_tokens",
    "hub",
    "datasets",
    "assets",
    "xet",
    "modules",
    "evaluate",
    "metrics",
    "accelerate",
    "sandbox",
    "transformers",
    "diffusers",
];

/// What the names of repositories in a Hub cache begin with.
const HUB: [&str; 3] = ["models--", "datasets--", "spaces--"];

/// Where modules of code lie: of models, pipelines, datasets and metrics that bring their own.
const MODULES: [&str; 4] =
    ["transformers_modules", "diffusers_modules", "datasets_modules", "evaluate_modules"];

impl Family for HuggingFaceHome {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(home) = env.folder("HF_HOME") {
            if is_own(env, &home) {
                places.push(Place::named(&home, "home", "$HF_HOME"));
            } else {
                // Somebody keeps other things there too: only what is surely the libraries' is theirs.
                places
                    .extend(["xet", "modules", "transformers"].map(|role| Place::new(home.join(role), role)));
            }
        }
        places.extend(env.homes().map(|h| Place::new(env.cache_of(h).join("huggingface"), "home")));
        let assets =
            if env.var("HF_ASSETS_CACHE").is_some() { "HF_ASSETS_CACHE" } else { "HUGGINGFACE_ASSETS_CACHE" };
        for (name, role) in [
            ("HF_XET_CACHE", "xet"),
            ("HF_MODULES_CACHE", "modules"),
            (assets, "assets"),
            ("HF_EVALUATE_CACHE", "evaluate"),
            ("HF_METRICS_CACHE", "metrics"),
        ] {
            places.extend(Place::var(env, name, role));
        }
        places.extend(flat::places(env));
        places
    }

    /// Somebody else's `$HF_HOME`: nothing but what libraries put there, a Hub cache in it, and a token or what only
    /// the library makes.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let sure = folder.has_file("stored_tokens") || folder.has_file("token") || folder.has_folder("xet");
        let names = folder.folders.iter().chain(folder.files);
        let own = names.into_iter().all(|n| std::str::from_utf8(n).is_ok_and(is_known));
        if !sure || !own || folder.within.is_some() || folder.is_a_top() || !folder.has_folder("hub") {
            return None;
        }
        let hub = |name: &String| name == "CACHEDIR.TAG" || HUB.iter().any(|prefix| name.starts_with(prefix));
        folder.names_in("hub").iter().any(hub).then_some("home")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        if store.role() == "home" {
            found.items.extend(kept(&root));
            for folder in root.folders() {
                let Some(role) = KNOWN.iter().find(|k| **k == folder.name()) else { continue };
                look(store, &folder, role, false, &mut found);
            }
        } else {
            look(store, &root, store.role(), true, &mut found);
        }
        found
    }
}

/// Whether a folder that `$HF_HOME` names is there for the libraries alone. Some boxes name all of `/workspace`.
fn is_own(env: &Env, home: &Path) -> bool {
    let name = home.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let known = |n: &std::ffi::OsString| n.to_str().is_some_and(is_known);
    name.contains("huggingface") || (home != env.home() && env.list(home).iter().all(known))
}

/// Whether libraries put something of this name into the folder.
fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with('.') || name.starts_with("models--")
}

/// Finds what lies in one of the folders, be it inside the home or, by a variable, elsewhere.
fn look(store: &StoreView<'_>, folder: &Folder<'_>, role: &str, is_root: bool, found: &mut Found) {
    match role {
        "xet" => xet::xet(store, folder, found),
        "modules" => found.items.extend(modules(store, folder)),
        "transformers" => flat::flat(store, folder, found),
        "assets" => found.items.extend(folder.folders().iter().map(|library| {
            let item = NewItem::new("assets", format!("assets of {}", library.shown()), Verdict::Rebuild);
            live(store, library, item.body(library.node()).note("what a library made or fetched for itself"))
        })),
        "evaluate" => found.items.extend(whole(store, folder, "evaluate", is_root)),
        "metrics" => found.items.extend(whole(store, folder, "metrics", is_root)),
        _ => {}
    }
}

/// Tokens, and settings people made.
fn kept(root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    for (name, what) in [("token", "access token"), ("stored_tokens", "access tokens")] {
        items.extend(root.file(name).map(|f| NewItem::new("secret", what, Verdict::Protected).body(f.node)));
    }
    if let Some(folder) = root.folder("accelerate") {
        let item = NewItem::new("settings", "accelerate settings", Verdict::Protected).body(folder.node());
        items.push(item.note("written by accelerate config"));
    }
    if let Some(folder) = root.folder("sandbox") {
        let item = NewItem::new("secret", "sandbox hosts", Verdict::Protected).body(folder.node());
        items.push(item.note("addresses and keys of running sandboxes"));
    }
    items
}

fn modules(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let known = folder.folders().into_iter().filter(|f| MODULES.contains(&f.name()));
    known
        .map(|f| {
            let item = NewItem::new("modules", f.shown(), Verdict::Rebuild).body(f.node());
            live(store, &f, item.note("copies of code that models bring; changes made here by hand are lost"))
        })
        .collect()
}

/// All of a folder: code of metrics that was downloaded, and what they were last given.
fn whole(store: &StoreView<'_>, folder: &Folder<'_>, name: &'static str, is_root: bool) -> Option<NewItem> {
    let mut item = NewItem::new("metrics", name, Verdict::ReDownload).key(name);
    if is_root {
        for file in folder.files() {
            item = item.body(file.node);
        }
        for inner in folder.folders() {
            item = item.body(inner.node());
        }
    } else if !folder.is_empty() {
        item = item.body(folder.node());
    }
    (!item.parts.is_empty())
        .then(|| live(store, folder, item.note("code of metrics, and what they were last given")))
}

/// An item is in use if something in its folder was written a moment ago.
fn live(store: &StoreView<'_>, folder: &Folder<'_>, mut item: NewItem) -> NewItem {
    if store.is_fresh(folder.newest()) {
        item.verdict = Verdict::InUse;
        item.leftover = false;
        return item.note("written a moment ago");
    }
    item
}

#[cfg(test)]
mod tests;
