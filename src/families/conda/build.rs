//! conda-build's folder (`conda-bld`): packages built here, their sources and kept work folders. All of it is a
//! person's own work; `conda clean` does not touch it either.

use super::package;
use crate::families::names::first_number;
use crate::families::{Folder, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;

/// Its items.
pub fn items(store: &StoreView<'_>) -> Found {
    let mut found = Found::default();
    for folder in store.root().folders() {
        let name = folder.name();
        if package::is_platform(name) || name == "broken" {
            found.items.extend(built(&folder));
        } else if matches!(name, "src_cache" | "git_cache" | "hg_cache" | "svn_cache") {
            found.items.push(own("sources", &folder, "sources that recipes downloaded"));
        } else if is_work(name) {
            found.items.push(own("build folder", &folder, "a work folder that conda-build kept"));
        }
    }
    found
}

fn own(kind: &'static str, folder: &Folder<'_>, note: &'static str) -> NewItem {
    NewItem::new(kind, folder.shown(), Verdict::LookFirst)
        .category(Category::Packages)
        .body(folder.node())
        .note(note)
}

fn built(folder: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    for file in folder.files().into_iter().filter(|f| f.kind == Kind::File) {
        let Some(package) = package::archive_stem(file.name()).and_then(package::split) else { continue };
        let item = NewItem::new("built package", package.shown(), Verdict::LookFirst)
            .version(package.version)
            .category(Category::Packages)
            .body(file.node);
        items.push(item.note("built on this machine"));
    }
    items
}

/// `NAME_<milliseconds since 1970>` (conda-build, `config.py`, `_get_build_id`).
fn is_work(name: &str) -> bool {
    name.rsplit_once('_').is_some_and(|(stem, time)| {
        !stem.is_empty() && time.len() == 13 && first_number(time).is_some_and(|n| n.to_string() == time)
    })
}
