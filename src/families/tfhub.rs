//! TF-Hub's module cache: `<sha1 of the handle>/` beside `<sha1>.descriptor.txt`.
//!
//! Layout: `tensorflow_hub` 0.16.1, `resolver.py` and `compressed_module_resolver.py`. A module directory that lost
//! its model is never repaired by the library, so such a one is worth removing whole.

use super::names::is_hex;
use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct TfHub;

static ABOUT: About = About {
    id: "tfhub",
    name: "TensorFlow Hub",
    items: "a module",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Ext("descriptor.txt")],
    hint: "hub.load downloads the module again; tfhub.dev now leads to Kaggle, where old modules may be gone",
    source: "tensorflow_hub 0.16.1, resolver.py:70-264, compressed_module_resolver.py:35",
    ..About::DEFAULT
};

impl Family for TfHub {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "TFHUB_CACHE_DIR", "modules").into_iter().collect();
        places.push(Place::new(env.temp().join("tfhub_modules"), "modules"));
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let module = |name: &str| name.strip_suffix(".descriptor.txt").is_some_and(|hash| is_hex(hash, 40));
        folder.any_file(module).then_some("modules")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let files = root.files();
        for folder in root.folders() {
            let name = folder.name();
            if is_hex(name, 40) {
                let descriptor = root.file(&format!("{name}.descriptor.txt"));
                found.items.push(module(store, &folder, descriptor.as_ref()));
            } else if let Some(item) = download(store, &folder) {
                found.items.push(item);
            }
        }
        // What describes or locks a module that is not there.
        for file in &files {
            let name = file.name();
            let hash = name.split('.').next().unwrap_or("");
            let orphan = is_hex(hash, 40) && !root.has_folder(hash);
            if orphan && name == format!("{hash}.descriptor.txt") {
                let item = NewItem::new("descriptor", file.shown(), Verdict::Safe).body(file.node);
                found.items.push(item.note("describes a module that is not there").leftover());
            } else if is_hex(hash, 40) && name == format!("{hash}.lock") && !store.is_live(file) {
                let item = NewItem::new("lock", file.shown(), Verdict::Safe).body(file.node);
                found.items.push(item.note("the library takes over locks older than ten minutes").leftover());
            }
        }
        found
    }
}

fn module(store: &StoreView<'_>, folder: &Folder<'_>, descriptor: Option<&File<'_>>) -> NewItem {
    let described = descriptor.and_then(|d| store.read(d.node, Range::Head, 4096)).unwrap_or_default();
    let described = String::from_utf8_lossy(&described);
    let line = |key: &str| described.lines().find_map(|l| l.strip_prefix(key)).map(str::trim);
    let handle = line("Module:").map(text::redact_url);
    let (name, version) = match &handle {
        Some(url) => name_of(url),
        None => (folder.shown(), None),
    };
    let mut item = NewItem::new("module", name, Verdict::ReDownload).body(folder.node());
    item.version = version;
    if let Some(descriptor) = descriptor {
        item = item.pointer(descriptor.node);
    }
    match &handle {
        Some(url) => item = item.origin(text::plain(url)),
        None => item = item.note("no descriptor says where it is from"),
    }
    let whole = ["saved_model.pb", "saved_model.pbtxt", "tfhub_module.pb"].iter().any(|f| folder.has_file(f));
    if !whole {
        item =
            item.note("broken: no saved_model.pb, and the library does not repair it; delete it to repair");
        item.leftover = true;
        item.verdict = Verdict::Safe;
    }
    if store.is_fresh(folder.newest()) {
        item.verdict = Verdict::InUse;
        item = item.note("written a moment ago");
    }
    item
}

/// `publisher/model` and the version out of `https://tfhub.dev/publisher/model/4`.
fn name_of(url: &str) -> (String, Option<String>) {
    let path =
        url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or(url, |(_, path)| path);
    let path = path.split('?').next().unwrap_or(path).trim_matches('/');
    match path.rsplit_once('/') {
        Some((name, version)) if version.bytes().all(|b| b.is_ascii_digit()) => {
            (text::plain(name), Some(text::plain(version)))
        }
        _ => (text::plain(path), None),
    }
}

/// `<sha1>.<32 hex>.tmp/`: a download that runs or was killed. The library leaves those of stolen locks for ever.
fn download(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let (hash, task) = folder.name().strip_suffix(".tmp")?.split_once('.')?;
    if !is_hex(hash, 40) || !is_hex(task, 32) {
        return None;
    }
    let newest = folder.newest().max(folder.mtime());
    let item = NewItem::new("download", format!("unfinished download {}", &hash[..8]), Verdict::Safe)
        .body(folder.node())
        .leftover();
    Some(if store.is_fresh(newest) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        item.note("written less than ten minutes ago")
    } else {
        item.note("never resumed by the library")
    })
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn modules_are_named_by_their_descriptor_and_broken_ones_are_flagged() {
        let (good, broken, lost) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let f = Fixture::new();
        f.kib(&format!("tmp/tfhub_modules/{good}/saved_model.pb"), 8);
        f.file(
            &format!("tmp/tfhub_modules/{good}.descriptor.txt"),
            "Module: https://tfhub.dev/google/universal-sentence-encoder/4\nDownload Time: 2026-01-01\n",
        );
        f.kib(&format!("tmp/tfhub_modules/{broken}/variables/variables.index"), 4);
        f.file(&format!("tmp/tfhub_modules/{lost}.descriptor.txt"), "Module: x\n");
        f.kib(&format!("tmp/tfhub_modules/{good}.{}.tmp/part", "0".repeat(32)), 16);
        f.file(&format!("tmp/tfhub_modules/{broken}.lock"), "host.1.x");
        assert_eq!(
            f.outline(),
            "hub: tfhub modules ~/tmp/tfhub_modules\n\
             \x20 module \"google/universal-sentence-encoder\" 4 [re-download] 16 16\n\
             \x20 !download \"unfinished download aaaaaaaa\" [in-use] 20 20 {written less than ten minutes ago}\n\
             \x20 !module \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\" [safe] 12 12 \
             {no descriptor says where it is from; broken: no saved_model.pb, and the library does not repair it; delete it to repair}\n\
             \x20 !lock \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.lock\" [safe] 4 4 {the library takes over locks older than ten minutes}\n\
             \x20 !descriptor \"cccccccccccccccccccccccccccccccccccccccc.descriptor.txt\" [safe] 4 4 {describes a module that is not there}\n"
        );
    }

    #[test]
    fn a_cache_is_known_by_its_shape_wherever_it_lies() {
        let f = Fixture::new();
        f.kib(&format!("data/mods/{}/saved_model.pb", "a".repeat(40)), 8);
        f.file(&format!("data/mods/{}.descriptor.txt", "a".repeat(40)), "Module: https://kaggle.com/m/x\n");
        assert!(f.outline().starts_with("hub: tfhub modules ~/data/mods\n"), "{}", f.outline());
    }
}
