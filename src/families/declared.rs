//! Families without code: every `[[cache]]` of `assets/catalog.toml`. A cache whose layout needs no reading of files
//! is one table there.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{About, Family, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The tables that come with the program.
pub static CATALOG: &str = include_str!("../../assets/catalog.toml");

/// A table as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Stable id.
    id: String,
    /// The software, as people call it.
    name: String,
    /// The group of its items.
    category: Category,
    /// What happens if they are deleted.
    verdict: Verdict,
    /// Variables that name the folder, first wins.
    #[serde(default)]
    env: Vec<String>,
    /// Default folders: `~/…`, or `cache:…` below the cache folder of each home.
    path: Vec<String>,
    /// What one item is.
    items: Items,
    /// Names that are never offered.
    #[serde(default)]
    protect: Vec<String>,
    /// What one item is called.
    #[serde(default = "default_kind")]
    kind: String,
    /// How to get it back.
    hint: String,
    /// Where the layout is written down.
    source: String,
}

fn default_kind() -> String {
    "entry".into()
}

/// What one item of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Items {
    /// All of it.
    Whole,
    /// Each file at the top.
    Files,
    /// Each folder at the top.
    Folders,
    /// Each of both.
    Entries,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalog {
    #[serde(default)]
    cache: Vec<Table>,
}

/// A family made of a table.
#[derive(Debug)]
pub struct Declared {
    about: About,
    table: Table,
    kind: &'static str,
}

/// The families of the built-in catalog.
pub fn built_in() -> &'static [Declared] {
    static BUILT_IN: LazyLock<Vec<Declared>> = LazyLock::new(|| parse(CATALOG).unwrap_or_default());
    &BUILT_IN
}

/// Reads a catalog. Its texts live as long as the program.
///
/// # Errors
/// What is wrong, with line and column.
pub fn parse(text: &str) -> Result<Vec<Declared>, toml::de::Error> {
    let catalog: Catalog = toml::from_str(text)?;
    Ok(catalog.cache.into_iter().map(Declared::new).collect())
}

impl Declared {
    fn new(table: Table) -> Self {
        let about = About {
            id: table.id.clone().leak(),
            name: table.name.clone().leak(),
            category: table.category,
            verdict: table.verdict,
            hint: table.hint.clone().leak(),
            source: table.source.clone().leak(),
            ..About::DEFAULT
        };
        Self { about, kind: table.kind.clone().leak(), table }
    }

    fn is_kept(&self, name: &[u8]) -> bool {
        self.table.protect.iter().any(|p| p.as_bytes() == name)
    }
}

impl Family for Declared {
    fn about(&self) -> &About {
        &self.about
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named = self.table.env.iter().find_map(|name| Place::var(env, name, self.kind));
        let mut places: Vec<Place> = named.into_iter().collect();
        for home in env.homes() {
            for path in &self.table.path {
                let path: PathBuf = match path.strip_prefix("cache:") {
                    Some(below) => env.cache_of(home).join(below),
                    None => match path.strip_prefix("~/") {
                        Some(below) => home.join(below),
                        None => PathBuf::from(path),
                    },
                };
                places.push(Place::new(path, self.kind));
            }
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let verdict = self.about.verdict;
        let mut kept = Vec::new();
        for file in root.files() {
            if self.is_kept(file.bytes) {
                kept.push(file.node);
                found.items.push(NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node));
            } else if matches!(self.table.items, Items::Files | Items::Entries) {
                found.items.push(NewItem::new(self.kind, file.shown(), verdict).body(file.node));
            }
        }
        for folder in root.folders() {
            if self.is_kept(folder.bytes()) {
                kept.push(folder.node());
                found
                    .items
                    .push(NewItem::new("settings", folder.shown(), Verdict::Protected).body(folder.node()));
            } else if matches!(self.table.items, Items::Folders | Items::Entries) {
                found.items.push(NewItem::new(self.kind, folder.shown(), verdict).body(folder.node()));
            }
        }
        if self.table.items == Items::Whole && !root.is_empty() {
            let mut item = NewItem::new(self.kind, self.about.name, verdict).key("all");
            for file in root.files().iter().filter(|f| !kept.contains(&f.node)) {
                item = item.body(file.node);
            }
            for folder in root.folders().iter().filter(|f| !kept.contains(&f.node())) {
                item = item.body(folder.node());
            }
            if !item.parts.is_empty() {
                item.name = text::plain(&item.name);
                found.items.push(item);
            }
        }
        found.problems = store.take_problems();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_readable() {
        let all = parse(CATALOG).expect("assets/catalog.toml");
        assert!(!all.is_empty());
    }

    #[test]
    fn a_broken_table_says_where() {
        let broken = "[[cache]]\nid = \"x\"\nname = \"X\"\ncategory = \"nope\"\n";
        let message = parse(broken).expect_err("unknown category").to_string();
        assert!(message.contains("line 4, column 12") && message.contains("checkpoints"), "{message}");
    }
}
