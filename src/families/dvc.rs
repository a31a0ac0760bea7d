//! DVC: the cache of a repository, caches shared by several, and the index for the whole machine.
//!
//! Layout: dvc 3.67 `cachemgr.py`, `dirs.py`; dvc-data 3.18 `hashfile/db/local.py`; dvc-objects `fs/utils.py`. Objects
//! are named by their hashes: `files/md5/<2>/<30>` since version 3, `<2>/<30>` before. They may be the only copy of
//! data that was never pushed, and a workspace may consist of links to them; only `dvc gc` knows which are needed.

mod setup;

use super::names::is_hex;
use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem, Use};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Dvc;

static ABOUT: About = About {
    id: "dvc",
    name: "DVC",
    items: "a cache of versions, or what an interrupted run left",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".dvc"), Marker::Name("md5")],
    hint: "`dvc fetch` brings back what was pushed; `dvc gc -w` removes what the workspace does not need",
    source: "dvc 3.67, cachemgr.py, dirs.py; dvc-data 3.18, hashfile/db/local.py",
    ..About::DEFAULT
};

impl Family for Dvc {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "DVC_SITE_CACHE_DIR", "index").into_iter().collect();
        for (file, cache) in setup::shared(env) {
            let by = || text::path(&file);
            places.extend(cache.path(&file).map(|dir| Place::named(dir, "cache", by())));
        }
        places.push(Place::new("/var/tmp/dvc", "index"));
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.is_among_peoples() {
            return None;
        }
        if folder.name() == ".dvc" {
            let more = ["cache", "tmp"].into_iter().any(|name| folder.has_folder(name));
            return (folder.has_file("config") && more).then_some("repository");
        }
        // Of a cache or a remote elsewhere, this folder has nothing but hashes in it.
        let hashes = || {
            let names = folder.names_in("md5");
            !names.is_empty() && names.iter().all(|n| is_hex(n, 2))
        };
        (folder.name() == "files" && folder.has_folder("md5") && hashes()).then_some("objects")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let mut found = Found::default();
        match store.role() {
            "index" => found.items.extend(index(store)),
            "repository" => repository(store, &mut found),
            "objects" => found.items.extend(kept(store, root.folder("md5").as_ref(), false)),
            _ => cache(store, &root, false, &mut found),
        }
        found
    }
}

fn repository(store: &StoreView<'_>, found: &mut Found) {
    let root = store.root();
    let file = store.path().join("config");
    let mut setup = setup::Cache::default();
    for name in ["config.local", "config"] {
        if let Some(file) = root.file(name).filter(File::is_regular) {
            let read = store.read(file.node, Range::Head, 64 << 10).unwrap_or_default();
            setup = setup.or(setup::Cache::parse(&read));
            let item = NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node);
            found.items.push(item.note("the repository's configuration; it may hold passwords of remotes"));
        }
    }
    let own = setup.path(&file);
    for (_, shared) in setup::shared(store.env()) {
        setup = setup.or(shared);
    }
    if let Some(inside) = root.folder("cache") {
        cache(store, &inside, setup.links(), found);
    }
    if let Some(elsewhere) = own.filter(|_| setup.links()) {
        let user = format!(
            "the DVC workspace {}",
            text::short_path(store.path().parent().unwrap_or(store.path()), store.env().home())
        );
        found.uses.push(Use { user, path: elsewhere.join("files/md5") });
    }
    if let Some(queue) = root.folder_at("tmp/exps").filter(|f| !f.is_empty()) {
        let item = NewItem::new("experiments", "queued and temporary experiments", Verdict::LookFirst);
        found.items.push(item.body(queue.node()).note("`dvc queue status` says what is in it"));
    }
}

/// A cache's folder, with objects of version 3 in `files/`, earlier ones beside it.
fn cache(store: &StoreView<'_>, folder: &Folder<'_>, linked: bool, found: &mut Found) {
    found.items.extend(kept(store, folder.folder_at("files/md5").as_ref(), linked));
    let old: Vec<Folder<'_>> = folder.folders().into_iter().filter(|f| is_hex(f.name(), 2)).collect();
    if !old.is_empty() {
        found.items.extend(objects(store, "objects of DVC 2", &old, linked).map(|i| i.key("objects 2")));
        found.items.extend(old.iter().flat_map(|f| leftovers(store, f)));
    }
    if let Some(runs) = folder.folder("runs").filter(|f| !f.is_empty()) {
        let item = NewItem::new("run cache", "stages already run", Verdict::LookFirst).body(runs.node());
        found.items.push(item.note("without it `dvc repro` runs stages again"));
    }
}

/// The objects of version 3.
fn kept(store: &StoreView<'_>, md5: Option<&Folder<'_>>, linked: bool) -> Vec<NewItem> {
    let Some(md5) = md5 else { return Vec::new() };
    let hashes: Vec<Folder<'_>> = md5.folders().into_iter().filter(|f| is_hex(f.name(), 2)).collect();
    let Some(mut item) = objects(store, "objects", &hashes, linked) else { return Vec::new() };
    // The folder as a whole, so that whoever links into it is found to need it.
    item.parts.clear();
    let mut items = vec![item.body(md5.node())];
    items.extend(hashes.iter().flat_map(|f| leftovers(store, f)));
    items
}

fn objects(store: &StoreView<'_>, name: &str, folders: &[Folder<'_>], linked: bool) -> Option<NewItem> {
    let (mut count, mut lists, mut several, mut live) = (0_u64, 0_u64, false, false);
    let mut item = NewItem::new("objects", name, Verdict::LookFirst);
    for folder in folders {
        item = item.body(folder.node());
        live |= store.is_live_below(folder);
        for file in folder.files() {
            let hash = file.name();
            if is_hex(hash, 30) {
                count += 1;
                several |= file.nlink > 1;
            } else if hash.strip_suffix(".dir").is_some_and(|h| is_hex(h, 30)) {
                lists += 1;
            } else if is_temporary(hash) {
                item = item.without(file.node);
            }
        }
    }
    if count + lists == 0 {
        return None;
    }
    item = item.note(text::counted(count, "file", "files"));
    if lists > 0 {
        item = item.note(text::counted(lists, "list of a folder's files", "lists of folders' files"));
    }
    if several {
        item = item.note("workspaces hold some of them by hard links: those give nothing back");
    }
    if live {
        item.verdict = Verdict::InUse;
        return Some(item.note("written less than ten minutes ago, or open"));
    }
    if linked {
        item.verdict = Verdict::Protected;
        return Some(item.note("`cache.type` is symlink: the workspace's files are links to these"));
    }
    Some(item.note("what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows"))
}

/// `.<22 characters>.tmp`
fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix('.').and_then(|n| n.strip_suffix(".tmp"));
    let safe = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    random.is_some_and(|r| r.len() == 22 && r.bytes().all(safe))
}

fn leftovers(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let files = folder.files().into_iter().filter(|f| f.is_regular() && is_temporary(f.name()));
    let item = |file: File<'_>| {
        let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node).leftover();
        if store.is_live(&file) {
            return NewItem {
                verdict: Verdict::InUse,
                ..item.note("written less than ten minutes ago, or open")
            };
        }
        item.note("left over from an interrupted copy: DVC begins anew")
    };
    files.map(item).collect()
}

/// Hashes and links DVC remembers for each repository of the machine.
fn index(store: &StoreView<'_>) -> Vec<NewItem> {
    let folders = store.root().folder("repo").map(|f| f.folders()).unwrap_or_default();
    let item = |folder: &Folder<'_>| {
        let item = NewItem::new("index", folder.shown(), Verdict::Safe).body(folder.node());
        if store.is_live_below(folder) {
            return NewItem {
                verdict: Verdict::InUse,
                ..item.note("written less than ten minutes ago, or open")
            };
        }
        item.note("what DVC remembers of a repository's files; it hashes them again")
    };
    folders.iter().filter(|f| is_hex(f.name(), 32)).map(item).collect()
}

#[cfg(test)]
mod tests;
