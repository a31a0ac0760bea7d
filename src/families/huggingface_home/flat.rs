//! The flat cache of `transformers` up to 4.21: `<sha256 of the address>.<sha256 of the etag>[.h5]` with
//! `<same>.json`, which says from where, and `<same>.lock`. Nothing reads it since 4.22 (`utils/hub.py`).

use std::collections::BTreeMap;

use crate::env::Env;
use crate::families::names::is_hex;
use crate::families::{File, Folder, Place, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The longest record that is read.
const CAP: usize = 64 << 10;

/// What lies beside a file: its record and its lock.
const BESIDE: [&str; 2] = ["json", "lock"];

/// Files by name.
type Files<'a> = BTreeMap<&'a str, File<'a>>;

/// Where such a cache may lie: named by a variable, or, before 4.0, beside torch's.
pub fn places(env: &Env) -> Vec<Place> {
    let named = ["TRANSFORMERS_CACHE", "PYTORCH_TRANSFORMERS_CACHE", "PYTORCH_PRETRAINED_BERT_CACHE"];
    let named = named.iter().filter_map(|name| Place::var(env, name, "transformers"));
    let is_flat =
        |p: &Place| env.list(&p.path).iter().any(|n| n.to_str().is_some_and(|n| record_of(n).is_some()));
    let mut places: Vec<Place> = named.filter(is_flat).collect();
    let torch =
        env.folder("TORCH_HOME").into_iter().chain(env.homes().map(|h| env.cache_of(h).join("torch")));
    places.extend(torch.map(|t| Place::new(t.join("transformers"), "transformers")));
    places
}

/// Whether a name is that of a downloaded file.
fn is_data(name: &str) -> bool {
    let name = name.strip_suffix(".h5").unwrap_or(name);
    name.split_once('.').is_some_and(|(url, etag)| is_hex(url, 64) && is_hex(etag, 64))
}

/// The name of the file that this is the record of.
fn record_of(name: &str) -> Option<&str> {
    name.strip_suffix(".json").filter(|data| is_data(data))
}

/// Finds the models of a flat cache: the files of one repository are one item.
pub fn flat(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Found) {
    let files: Files<'_> =
        folder.files().into_iter().filter(|f| f.kind == Kind::File).map(|f| (f.name(), f)).collect();
    let mut models: BTreeMap<Option<String>, Vec<&File<'_>>> = BTreeMap::new();
    let mut item =
        NewItem::new("temp", "records and locks without a file", Verdict::Safe).key("flat").leftover();
    for (name, file) in &files {
        let (data, end) = name.rsplit_once('.').unwrap_or(("", ""));
        if is_data(name) {
            let said = files.get(format!("{name}.json").as_str()).and_then(|r| store.json(r.node, CAP));
            let id = said.as_ref().and_then(|v| v["url"].as_str()).and_then(repository);
            models.entry(id).or_default().push(file);
        } else if is_data(data) && BESIDE.contains(&end) && !files.contains_key(data) && !store.is_live(file)
        {
            item = item.body(file.node);
        }
    }
    found.items.extend(models.into_iter().map(|(id, data)| model(store, &files, id, &data)));
    if !item.parts.is_empty() {
        found.items.push(item);
    }
}

fn model(store: &StoreView<'_>, files: &Files<'_>, id: Option<String>, data: &[&File<'_>]) -> NewItem {
    let name = id.clone().unwrap_or_else(|| "files of unknown origin".into());
    let mut item =
        NewItem::new("model", name.clone(), Verdict::ReDownload).key(format!("flat/{name}")).leftover();
    for file in data {
        item = item.body(file.node);
    }
    for file in data {
        let beside = BESIDE.iter().filter_map(|end| files.get(format!("{}.{end}", file.name()).as_str()));
        for file in beside {
            item = item.pointer(file.node);
        }
    }
    match id {
        Some(id) if !id.contains("://") => item.origin = Some(format!("https://huggingface.co/{id}")),
        Some(url) => item.origin = Some(url),
        None => {}
    }
    if data.iter().any(|f| store.is_live(f)) {
        item.verdict = Verdict::InUse;
        item.leftover = false;
        return item.note("written a moment ago or open");
    }
    item.note("in the form of transformers before 4.22, which no later version reads")
}

/// `org/name` out of `https://huggingface.co/org/name/resolve/main/config.json`; the address of anything else.
fn repository(url: &str) -> Option<String> {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let (_, path) = bare.split_once("://")?.1.split_once('/')?;
    let hub = bare.starts_with("https://huggingface.co/").then(|| path.split_once("/resolve/")).flatten();
    Some(hub.map_or_else(|| text::plain(&text::redact_url(bare)), |(id, _)| text::plain(id)))
}
