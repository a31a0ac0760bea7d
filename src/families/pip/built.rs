//! Wheels that pip built from sources: `aa/bb/cc/REST/*.whl`, since pip 22.2 beside `origin.json`.

use serde_json::Value;

use crate::families::wheels::{by_project, in_use, leaves, of_wheel};
use crate::families::{Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// An `origin.json` is some lines.
const ORIGIN: usize = 64 << 10;

/// The wheels that were built.
pub fn items(store: &StoreView<'_>, wheels: &Folder<'_>) -> Vec<NewItem> {
    let all = leaves(wheels).iter().filter_map(|(top, folder)| built(store, top, folder)).collect();
    by_project("built wheel", all)
}

fn built(store: &StoreView<'_>, top: &Folder<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let files = folder.files();
    let dist = files.iter().filter(|f| f.is_regular()).find_map(|f| of_wheel(f.name()))?;
    let mut item =
        NewItem::new("built wheel", dist.name, Verdict::Rebuild).version(dist.version).body(top.node());
    let said = folder.file("origin.json").and_then(|f| store.json(f.node, ORIGIN));
    let url = said.as_ref().and_then(|s| s.get("url")).and_then(Value::as_str);
    let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    item.origin = url.map(|u| text::plain(&text::redact_url(u)));
    item = match url {
        Some(url) if is_web(url) => {
            item.note("built on this machine; to build it again may take compilers and time")
        }
        Some(_) => {
            item.verdict = Verdict::LookFirst;
            item.note("built from sources on this machine, which may be gone")
        }
        None => {
            item.verdict = Verdict::LookFirst;
            item.note("built on this machine; nothing says from what")
        }
    };
    Some(if files.iter().any(|f| store.is_live(f)) { in_use(item) } else { item })
}
