//! Prepared data: `<namespace___name>/<config>/<version>/<hash>/` with `dataset_info.json` and Arrow files. The hash
//! is the commit of a Hub dataset, or that of the code and the local files it was made of; a generator has none.

use serde_json::Value;

use super::{is_lock, is_map_result, is_temp};
use crate::families::names::is_version;
use crate::families::{File, Folder, StoreView};
use crate::model::item::{Found, NewItem, Part, Role};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The longest description of a dataset that is read.
const CAP: usize = 4 << 20;

/// Config, version and hash lie below the folder of a dataset.
const DEPTH: usize = 3;

/// Builders that come with the library and read the person's own files (`packaged_modules/__init__.py`).
const BUILDERS: [&str; 28] = [
    "arrow",
    "audiofolder",
    "conll",
    "csv",
    "eval",
    "fasta",
    "fastq",
    "genbank",
    "harbor",
    "hdf5",
    "iceberg",
    "imagefolder",
    "json",
    "lance",
    "meshfolder",
    "mmcif",
    "niftifolder",
    "pandas",
    "parquet",
    "pdb",
    "pdffolder",
    "sql",
    "text",
    "tsfile",
    "videofolder",
    "vortex",
    "webdataset",
    "xml",
];

/// Builders whose data only a program of the person can make again.
const PROGRAMS: [&str; 2] = ["generator", "spark"];

/// A dataset: the folder at the top of the cache.
struct Dataset<'a, 'b> {
    store: &'a StoreView<'b>,
    folder: Folder<'a>,
    /// `org/name`, or a name alone.
    name: String,
    from_hub: bool,
}

/// What lies in a folder of a dataset.
#[derive(Default)]
struct Inside<'a> {
    items: Vec<NewItem>,
    locks: Vec<File<'a>>,
    /// Whether there is something that has no place here.
    strange: bool,
}

/// Finds what was prepared of a dataset.
pub fn dataset<'a>(
    store: &'a StoreView<'_>,
    folder: &Folder<'a>,
    locks: &mut Vec<File<'a>>,
    found: &mut Found,
) {
    let (name, from_hub) = match folder.name().split_once("___") {
        Some((org, name)) if !org.is_empty() && !name.is_empty() => {
            (text::plain(&format!("{org}/{name}")), true)
        }
        _ => (folder.shown(), false),
    };
    let dataset = Dataset { store, folder: *folder, name, from_hub };
    let inside = dataset.look(&[*folder]);
    found.items.extend(inside.items);
    locks.extend(inside.locks);
}

impl<'a> Dataset<'a, '_> {
    /// Looks into the last of the folders on the way.
    fn look(&self, way: &[Folder<'a>]) -> Inside<'a> {
        let mut inside = Inside::default();
        let Some(folder) = way.last() else { return inside };
        let files = folder.files();
        let arrow = |f: &File<'_>| f.name().strip_suffix(".arrow").is_some();
        let item = if folder.has_file("dataset_dict.json") || folder.has_file("state.json") {
            let item = NewItem::new("saved", folder.shown(), Verdict::LookFirst).body(folder.node());
            Some(item.note("saved by save_to_disk, so somebody wanted to keep it"))
        } else if folder.name().strip_suffix(".incomplete").is_some() {
            Some(self.unfinished(way))
        } else if way.len() > 1 && (folder.has_file("dataset_info.json") || files.iter().any(arrow)) {
            Some(self.prepared(way))
        } else {
            None
        };
        if let Some(item) = item {
            inside.items.push(item);
            return inside;
        }
        if way.len() > DEPTH {
            inside.strange = true;
            return inside;
        }
        for child in folder.folders() {
            let mut below = self.look(&[way, &[child]].concat());
            inside.items.append(&mut below.items);
            inside.locks.append(&mut below.locks);
            inside.strange |= below.strange;
        }
        for file in files {
            if is_lock(file.name()) && file.size == 0 {
                inside.locks.push(file);
            } else {
                inside.strange = true;
            }
        }
        self.widen(folder, &mut inside);
        inside
    }

    /// If a folder holds one item and nothing else but locks, it goes as a whole.
    fn widen(&self, folder: &Folder<'a>, inside: &mut Inside<'a>) {
        let [item] = &mut inside.items[..] else { return };
        if inside.strange || !folder.is_whole() || inside.locks.iter().any(|l| self.store.is_live(l)) {
            return;
        }
        inside.locks.clear();
        item.parts = vec![Part { node: folder.node(), role: Role::Body }];
    }

    /// `org/name · config` out of the names on the way, and the version with the beginning of the hash.
    fn item(&self, way: &[Folder<'a>], kind: &'static str, what: &str) -> NewItem {
        let names: Vec<String> = way
            .iter()
            .skip(1)
            .map(|f| text::plain(f.name().strip_suffix(".incomplete").unwrap_or(f.name())))
            .collect();
        let (config, rest) = names.split_first().map_or(("", &[][..]), |(c, r)| (c.as_str(), r));
        let short = |n: &String| if is_version(n) { n.clone() } else { n.chars().take(8).collect() };
        let version: Vec<String> = rest.iter().map(short).collect();
        let folder = &way[way.len() - 1];
        let key = text::path(&self.store.below(folder.node()));
        let name = format!("{what}{} · {config}", self.name);
        let mut item = NewItem::new(kind, name, Verdict::Rebuild).body(folder.node()).key(key);
        item.version = (!version.is_empty()).then(|| version.join(" "));
        item.origin = self.from_hub.then(|| format!("https://huggingface.co/datasets/{}", self.name));
        item
    }

    fn prepared(&self, way: &[Folder<'a>]) -> NewItem {
        let store = self.store;
        let folder = &way[way.len() - 1];
        let mut item = self.item(way, "dataset", "");
        if let Some(info) = folder.file("dataset_info.json") {
            let said = (info.size <= CAP as u64).then(|| store.json(info.node, CAP)).flatten();
            item = self.source(item, said.as_ref());
        } else {
            item.verdict = Verdict::LookFirst;
            item = item.leftover().note("no dataset_info.json, so the library does not use it");
        }
        if self.is_superseded(way) {
            item = item.leftover().note("prepared anew since then, from a later commit");
        }
        item.children = children(store, folder);
        let data = |f: &File<'_>| !is_map_result(f.name()) && !is_temp(f.name());
        if folder.files().iter().any(|f| data(f) && store.is_fresh(f.mtime)) {
            item.verdict = Verdict::InUse;
            item = item.note("written a moment ago");
        }
        item
    }

    /// Says what it was made of, as far as that is known.
    fn source(&self, mut item: NewItem, info: Option<&Value>) -> NewItem {
        let top = self.folder.name();
        let builder = info.and_then(|i| i["builder_name"].as_str()).unwrap_or(top);
        if PROGRAMS.contains(&top) || PROGRAMS.contains(&builder) {
            item.verdict = Verdict::LookFirst;
            return item.note("made by a program of somebody's, and only that can make it again");
        }
        let urls = info.and_then(|i| i["download_checksums"].as_object());
        let on_net = |url: &str| ["hf://", "https://", "http://"].iter().any(|s| url.starts_with(s));
        let fetched = urls.is_some_and(|u| u.keys().any(|url| on_net(url)));
        if self.from_hub || fetched {
            return item;
        }
        if BUILDERS.contains(&top) {
            return item.note("made of local files, and made again only while those exist");
        }
        item.note("if it was made of local files, it is made again only while those exist")
    }

    /// Whether the data of a later commit lies beside this.
    fn is_superseded(&self, way: &[Folder<'a>]) -> bool {
        let [.., above, folder] = way else { return false };
        let time = |f: &Folder<'_>| f.file("dataset_info.json").map_or(0, |i| i.mtime);
        let own = time(folder);
        self.from_hub && above.folders().iter().any(|f| time(f) > own)
    }

    fn unfinished(&self, way: &[Folder<'a>]) -> NewItem {
        let folder = &way[way.len() - 1];
        let mut item = self.item(way, "partial", "unfinished ");
        let live = folder.walk().iter().flat_map(Folder::files).any(|f| self.store.is_live(&f));
        if live || self.store.is_fresh(folder.mtime()) {
            item.verdict = Verdict::InUse;
            return item.note("being prepared");
        }
        item.verdict = Verdict::Safe;
        item.leftover().note("the library begins anew")
    }
}

/// Results of `map` beside the data, and what a killed `map` left there.
fn children(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let key = text::path(&store.below(folder.node()));
    let files: Vec<File<'_>> = folder.files().into_iter().filter(|f| f.kind == Kind::File).collect();
    let mut items = Vec::new();
    for live in [false, true] {
        let is_live = |f: &&File<'_>| store.is_live(f) == live;
        let results: Vec<&File<'_>> =
            files.iter().filter(|f| is_map_result(f.name())).filter(is_live).collect();
        if results.is_empty() {
            continue;
        }
        let verdict = if live { Verdict::InUse } else { Verdict::Rebuild };
        let what = if live { "in use" } else { "idle" };
        let name =
            text::counted(results.len() as u64, "result of map or filter", "results of map and filter");
        let mut item = NewItem::new("map cache", name, verdict).key(format!("{key}/{what}"));
        for file in results {
            item = item.body(file.node);
        }
        items.push(item.note(if live {
            "written a moment ago or open"
        } else {
            "computed again when needed"
        }));
    }
    for file in files.iter().filter(|f| is_temp(f.name())) {
        let item = NewItem::new("temp", file.shown(), Verdict::Safe).body(file.node);
        items.push(if store.is_live(file) {
            let item = NewItem { verdict: Verdict::InUse, ..item };
            item.note("being written")
        } else {
            item.leftover().note("left by a map that was stopped")
        });
    }
    items
}
