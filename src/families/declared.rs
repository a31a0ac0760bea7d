//! Families without code: every `[[cache]]` of `assets/catalog.toml`, and of the person's own tables. A cache whose
//! layout needs no reading of files is one table there.

pub mod own;
mod pattern;
mod sort;
mod table;
#[cfg(test)]
mod tests;
pub mod variables;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::{About, Family, Place, StoreView};
use crate::env::Env;
use crate::model::item::Found;
use pattern::Pattern;
use table::{Except, Items, Spot, Table, Variable};

/// The tables that come with the program.
pub static CATALOG: &str = include_str!("../../assets/catalog.toml");

/// A family made of a table. Its texts live as long as the program.
#[derive(Debug)]
pub struct Declared {
    about: About,
    table: Table,
    kind: &'static str,
    /// What the exceptions of the table are called.
    kinds: Vec<&'static str>,
}

/// The families of the built-in catalog.
pub fn built_in() -> &'static [Declared] {
    static BUILT_IN: LazyLock<Vec<Declared>> = LazyLock::new(|| {
        let (tables, _) = table::parse(CATALOG);
        tables.into_iter().map(|table| Declared::new(table, "")).collect()
    });
    &BUILT_IN
}

impl Declared {
    fn new(table: Table, source: &str) -> Self {
        let kind: &'static str = table.kind.as_ref().map_or("entry", |k| k.0.clone().leak());
        let items = match &table.items {
            Items::Whole => format!("all of it, as one {kind}"),
            Items::Files => format!("each file in it: {kind}"),
            Items::Folders => format!("each folder in it: {kind}"),
            Items::Entries | Items::Like(_) => format!("each {kind}"),
        };
        let about = About {
            id: table.id.as_ref().0.clone().leak(),
            name: table.name.0.clone().leak(),
            items: items.leak(),
            category: table.category.0,
            verdict: table.verdict.0,
            hint: table.hint.0.clone().leak(),
            source: table.source.as_ref().map_or_else(|| source.to_string(), |s| s.0.clone()).leak(),
            ..About::DEFAULT
        };
        let leak = |e: &Except| -> &'static str { e.kind.as_ref().map_or(kind, |k| k.0.clone().leak()) };
        Self { kinds: table.except.iter().map(leak).collect(), about, kind, table }
    }

    /// The exceptions and what they are called.
    fn excepted(&self) -> impl Iterator<Item = (&Except, &'static str)> {
        self.table.except.iter().zip(self.kinds.iter().copied())
    }

    /// Whether something deeper than this can be meant; within an item, exceptions only.
    fn reaches(&self, depth: usize, inside: bool) -> bool {
        let table = &self.table;
        let within =
            table.protect.iter().chain(&table.partial).chain(table.except.iter().map(|e| &e.r#match));
        let items: &[Pattern] = if let Items::Like(patterns) = &table.items { patterns } else { &[] };
        let others = table.archives.iter().chain(items).filter(|_| !inside);
        within.chain(others).any(|p| p.reaches(depth))
    }
}

impl Variable {
    /// What it is set to: one folder, or each of a list.
    fn values(&self, env: &Env) -> Vec<String> {
        let Some(value) = env.text(&self.name) else { return Vec::new() };
        let is_list = self.is_list && !value.contains("://");
        let values = if is_list { value.split(':').collect() } else { vec![value] };
        values.into_iter().filter(|v| !v.is_empty()).map(str::to_string).collect()
    }

    /// The folders it names. What is not absolute means another folder to every program.
    fn places(&self, env: &Env, role: &'static str) -> Vec<Place> {
        let by = format!("${}", self.name);
        let values = self.values(env).into_iter().filter(|v| is_absolute(v));
        let place = |value: String| {
            let root = env.expand(Path::new(&value));
            match &self.below {
                None => Place::named(root, role, &*by),
                // Others use the folder, too, so only a missing one is worth a word.
                Some(below) if env.exists(&root) => Place::new(root.join(below), role),
                Some(below) => Place::named(root.join(below), role, &*by),
            }
        };
        values.map(place).collect()
    }
}

/// Whether the value of a variable is a whole path here: no address of a bucket, and not below whatever folder a
/// program is started in.
fn is_absolute(value: &str) -> bool {
    value.starts_with('/') || value == "~" || value.starts_with("~/") || value.starts_with('$')
}

impl Spot {
    /// The folders that are meant.
    fn paths(&self, env: &Env) -> Vec<PathBuf> {
        let homes = |of: &dyn Fn(&Path) -> PathBuf, below: &Path| -> Vec<PathBuf> {
            env.homes().map(|home| of(home).join(below)).collect()
        };
        match self {
            Self::Home(below) => homes(&Path::to_path_buf, below),
            Self::Cache(below) => homes(&|home| env.cache_of(home), below),
            Self::Data(below) => homes(&|home| env.data_of(home), below),
            Self::Config(below) => homes(&|home| env.config_of(home), below),
            Self::Temp(below) => vec![env.temp().join(below)],
            Self::Root(path) => vec![path.clone()],
        }
    }
}

impl Family for Declared {
    fn about(&self) -> &About {
        &self.about
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let set = self.table.env.iter().find(|v| env.var(&v.name).is_some());
        let mut places = set.map(|v| v.places(env, self.kind)).unwrap_or_default();
        for path in self.table.path.iter().flat_map(|spot| spot.paths(env)) {
            places.push(Place::new(path, self.kind));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        sort::Sort::run(self, store)
    }
}
