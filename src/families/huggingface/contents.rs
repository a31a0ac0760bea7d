//! What a revision should hold: the listing of its commit, and the indexes of weights that are cut into pieces.

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::families::{File, Range, StoreView};

/// Longer listings and indexes are not read: they cost more than they tell.
const CAP: usize = 16 << 20;

/// The listing of a commit, `trees/<commit>.json`: the length of each file.
#[derive(Debug, Default, Deserialize)]
pub struct Tree {
    format_version: u64,
    /// Its files by path.
    pub files: BTreeMap<String, TreeFile>,
}

/// A file of a listing.
#[derive(Debug, Deserialize)]
pub struct TreeFile {
    /// Its length in bytes.
    pub size: Option<u64>,
}

impl Tree {
    /// Reads a listing. One of a later format is left alone, as the library does.
    pub fn read(store: &StoreView<'_>, file: &File<'_>) -> Option<Self> {
        parse::<Self>(store, file).filter(|t| t.format_version == 1)
    }
}

/// The index of weights in pieces: which files must be there.
#[derive(Debug, Deserialize)]
pub struct Index {
    weight_map: Shards,
}

impl Index {
    /// Reads an index.
    pub fn read(store: &StoreView<'_>, file: &File<'_>) -> Option<Self> {
        parse(store, file)
    }

    /// The names of the pieces, beside the index.
    pub fn shards(&self) -> impl Iterator<Item = &str> {
        self.weight_map.0.iter().map(String::as_str)
    }
}

/// The file names of a weight map; the names of its tensors may be many thousands and are not kept.
#[derive(Debug)]
struct Shards(FxHashSet<String>);

impl<'de> Deserialize<'de> for Shards {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Shards;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of tensors to files")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shards, A::Error> {
                let mut names = FxHashSet::default();
                while let Some((_, file)) = map.next_entry::<IgnoredAny, String>()? {
                    names.insert(file);
                }
                Ok(Shards(names))
            }
        }
        d.deserialize_map(Names)
    }
}

fn parse<T: serde::de::DeserializeOwned>(store: &StoreView<'_>, file: &File<'_>) -> Option<T> {
    if file.size > CAP as u64 {
        return None;
    }
    let bytes = store.read(file.node, Range::Head, CAP)?;
    match serde_json::from_slice(&bytes) {
        Ok(value) => Some(value),
        Err(e) => {
            store.problem(file.node, "understand", e);
            None
        }
    }
}
