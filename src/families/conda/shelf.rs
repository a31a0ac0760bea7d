//! A package cache: archives, extracted packages, and what lies around them. mamba since 2.6 sorts them into folders
//! named after the address (`https/conda.anaconda.org/conda-forge/linux-64/…`), beside the flat ones of conda.

use rustc_hash::{FxHashMap, FxHashSet};

use super::origin::{Origin, Urls};
use super::{index, leftovers, package};
use crate::families::names::field;
use crate::families::{File, Folder, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::{Kind, NodeId};
use crate::model::verdict::Verdict;
use crate::text;

/// A record of a package is some KiB; those of mamba repeat the index.
const RECORD: usize = 1 << 20;

/// Folders of mamba's layout are so deep at most: scheme, host, a channel of some parts, platform.
const DEPTH: usize = 12;

/// The items of a cache.
pub fn items(store: &StoreView<'_>) -> Found {
    let root = store.root();
    let urls = Urls::read(store, &root);
    let mut all = Sorted::default();
    all.sort(store, &Shelf { folder: root, urls: None, all: &urls, web: None, depth: 0 });
    let mut items = all.items;
    items.extend(leftovers::group(all.leftovers));
    if !all.lists.is_empty() {
        let mut list = NewItem::new("settings", "urls.txt", Verdict::Protected).key("urls");
        for node in all.lists {
            list = list.body(node);
        }
        items.push(list.note("the list of origins; conda ignores the cache without it"));
    }
    Found { items, ..Found::default() }
}

/// A folder that holds packages.
struct Shelf<'a, 'u> {
    folder: Folder<'a>,
    /// Its own list of addresses, if it is not the top.
    urls: Option<Urls>,
    /// The list of the whole cache.
    all: &'u Urls,
    /// The address its path stands for.
    web: Option<String>,
    depth: usize,
}

impl Shelf<'_, '_> {
    /// Where an archive is from, by the lists or by where it lies.
    fn origin(&self, file: &str) -> Origin {
        let listed = self.urls.as_ref().and_then(|urls| urls.of(file));
        let by_path = || self.web.as_ref().map(|web| Origin::of(&format!("{web}/{file}")));
        if let Some(url) = listed {
            return Origin::of(url);
        }
        by_path().or_else(|| self.all.of(file).map(Origin::of)).unwrap_or(Origin::Unknown)
    }

    /// Where a package is from by the lists, whichever archive it came in.
    fn origin_of_stem(&self, stem: &str) -> Origin {
        let known = [".conda", ".tar.bz2"].map(|ending| self.origin(&format!("{stem}{ending}")));
        known.into_iter().find(|o| *o != Origin::Unknown).unwrap_or(Origin::Unknown)
    }

    /// The address a folder below stands for.
    fn web_below(&self, name: &str) -> Option<String> {
        match &self.web {
            Some(web) => Some(format!("{web}/{name}")),
            None if self.depth == 0 && matches!(name, "http" | "https") => Some(format!("{name}:/")),
            None => None,
        }
    }
}

#[derive(Default)]
struct Sorted {
    items: Vec<NewItem>,
    leftovers: Vec<NewItem>,
    lists: Vec<NodeId>,
}

impl Sorted {
    fn sort(&mut self, store: &StoreView<'_>, here: &Shelf<'_, '_>) {
        // A link is nobody's download; it stays with the other files.
        let files: Vec<File<'_>> = here.folder.files().into_iter().filter(|f| f.kind == Kind::File).collect();
        let archives: FxHashSet<&str> =
            files.iter().filter_map(|f| package::archive_stem(f.name())).collect();
        let mut extracted: FxHashMap<&str, Origin> = FxHashMap::default();
        for folder in here.folder.folders() {
            let name = folder.name();
            if here.depth == 0 && self.furniture(store, &folder) {
                continue;
            }
            if let Some(item) = leftovers::of_folder(store, &folder) {
                self.leftovers.push(item);
            } else if let Some((item, origin)) = extraction(store, here, &folder) {
                extracted.insert(name, origin);
                self.items.push(item);
            } else if package::split(name).is_some() {
                self.leftovers.extend(torn(store, here, &folder, archives.contains(name)));
            } else if here.depth < DEPTH {
                let urls = Some(Urls::read(store, &folder));
                let (all, web, depth) = (here.all, here.web_below(name), here.depth + 1);
                self.sort(store, &Shelf { folder, urls, all, web, depth });
            }
        }
        for file in files {
            if matches!(file.name(), "urls.txt" | "urls") {
                self.lists.push(file.node);
            } else if let Some(stem) = package::archive_stem(file.name()) {
                self.items.push(archive(store, here, &file, stem, extracted.get(stem)));
            } else {
                self.leftovers.extend(leftovers::of_file(store, &here.folder, &file));
            }
        }
    }

    /// What lies at the top of a cache beside the packages.
    fn furniture(&mut self, store: &StoreView<'_>, folder: &Folder<'_>) -> bool {
        match folder.name() {
            "cache" => {
                let (items, left) = index::items(store, folder);
                self.items.extend(items);
                self.leftovers.extend(left);
            }
            ".trash" => {
                let trash = NewItem::new("trash", folder.shown(), Verdict::Safe);
                let trash = trash.note("could not be deleted when it was replaced");
                self.leftovers.push(leftovers::stale(store, folder, trash));
            }
            ".logs" => {
                let logs = NewItem::new("logs", "solver logs", Verdict::Safe);
                self.items.push(index::whole(store, folder, logs));
            }
            _ => return false,
        }
        true
    }
}

/// An archive that was downloaded.
fn archive(
    store: &StoreView<'_>,
    shelf: &Shelf<'_, '_>,
    file: &File<'_>,
    stem: &str,
    extracted: Option<&Origin>,
) -> NewItem {
    let mut item = NewItem::new("tarball", file.shown(), Verdict::LookFirst).body(file.node);
    if let Some(package) = package::split(stem) {
        item.name = package.shown();
        item.version = Some(text::plain(package.version));
    }
    let origin = match (shelf.origin(file.name()), extracted) {
        (Origin::Unknown, Some(known)) => known.clone(),
        (listed, _) => listed,
    };
    item = origin.judge(item);
    item.leftover = extracted.is_some();
    if store.is_live(file) { leftovers::in_use(item) } else { item }
}

/// An extracted package, and where it is from. Environments may link into it.
fn extraction(
    store: &StoreView<'_>,
    shelf: &Shelf<'_, '_>,
    folder: &Folder<'_>,
) -> Option<(NewItem, Origin)> {
    let info = folder.folder("info")?;
    let record = info.file("repodata_record.json");
    let described = record.or_else(|| info.file("index.json"))?;
    let said = store.json(described.node, RECORD).unwrap_or_default();
    let by_name = package::split(folder.name());
    let name = field(&said, "name").or_else(|| by_name.map(|p| text::plain(p.name)));
    let version = field(&said, "version").or_else(|| by_name.map(|p| text::plain(p.version)));
    let build = field(&said, "build").or_else(|| by_name.map(|p| text::plain(p.build)));
    let shown = match (&name, &version, &build) {
        (Some(name), Some(version), Some(build)) => format!("{name} {version} {build}"),
        (Some(name), ..) => name.clone(),
        _ => folder.shown(),
    };
    let text_of = |key: &str| said.get(key).and_then(|v| v.as_str());
    let mut origin = match text_of("url") {
        Some(url) => Origin::of(url),
        None => shelf.origin_of_stem(folder.name()),
    };
    if text_of("channel") == Some("local") {
        // What conda-build made; an address would be that of a channel that is only here.
        origin = Origin::Elsewhere(origin.shown().unwrap_or_else(|| "local".into()));
    }
    let mut item =
        NewItem::new("package", shown, Verdict::LookFirst).category(Category::Packages).body(folder.node());
    item.version = version;
    item.waits = true;
    item = origin.judge(item);
    // What is inside is as old as the package was built; the folder is as old as its extraction.
    let written = folder.mtime().max(info.mtime()).max(record.map_or(0, |r| r.mtime));
    if store.is_fresh(written) {
        item = leftovers::in_use(item);
    }
    Some((item, origin))
}

/// An extraction that stopped half-way: it has no description, and conda extracts anew. It counts as one only where an
/// archive or an address says that a package of this name was here.
fn torn(
    store: &StoreView<'_>,
    shelf: &Shelf<'_, '_>,
    folder: &Folder<'_>,
    has_archive: bool,
) -> Option<NewItem> {
    // What cannot be seen is not missing.
    let hidden = folder.has_folder("info") && folder.folder("info").is_none_or(|info| !info.is_listed());
    if hidden || !folder.is_listed() {
        return None;
    }
    let origin = shelf.origin_of_stem(folder.name());
    if !has_archive && origin == Origin::Unknown {
        return None;
    }
    let name = package::split(folder.name())?.shown();
    let item = NewItem::new("extraction", name, Verdict::Safe).note("an unfinished extraction");
    let item = leftovers::stale(store, folder, item);
    if item.verdict == Verdict::Safe && origin.verdict() == Verdict::LookFirst {
        return Some(origin.judge(item));
    }
    Some(item)
}
