//! The packages of an environment: one `conda-meta/NAME-VERSION-BUILD.json` each.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::families::conda::Origin;
use crate::families::{Folder, Range, StoreView};
use crate::text;

/// A record names every file of its package: those of the largest packages take some MiB.
const RECORD: usize = 32 << 20;

/// So many names are said; of the others only their number.
const NAMES: usize = 3;

/// Files of packages by path below the prefix, with the number of the record. An environment has as many paths as files,
/// so only their hashes are kept: that a file of nobody has one of them, does not happen.
#[derive(Debug, Default)]
pub struct Owned(FxHashMap<u64, u32>);

/// The path of a folder, hashed; each file in it is then asked for by its name alone.
#[derive(Debug, Clone)]
pub struct Within(DefaultHasher);

impl Within {
    /// A folder by its path below the prefix.
    pub fn new(folder: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        if !folder.is_empty() {
            hasher.write(folder);
            hasher.write(b"/");
        }
        Self(hasher)
    }

    fn key(&self, name: &[u8]) -> u64 {
        let mut hasher = self.0.clone();
        hasher.write(name);
        hasher.finish()
    }
}

impl Owned {
    /// Notes whose a file is.
    pub fn insert(&mut self, path: &[u8], number: u32) {
        self.0.insert(key(path), number);
    }

    /// Whose a file in a folder is.
    pub fn get(&self, folder: &Within, name: &[u8]) -> Option<u32> {
        self.0.get(&folder.key(name)).copied()
    }

    /// Whether a file is somebody's.
    pub fn contains(&self, path: &[u8]) -> bool {
        self.0.contains_key(&key(path))
    }
}

fn key(path: &[u8]) -> u64 {
    Within::new(b"").key(path)
}

/// A package of an environment.
#[derive(Debug, Default)]
pub struct Record {
    /// Its name, safe to show.
    pub name: String,
    /// Its version, safe to show.
    pub version: Option<String>,
    /// Whether everybody gets it from the web again.
    pub from_web: bool,
    /// Where it was linked from.
    pub sources: Vec<PathBuf>,
    /// Whether conda says that it made symbolic links, or does not say.
    pub soft: bool,
}

/// All packages of an environment.
#[derive(Debug, Default)]
pub struct Records {
    /// In the order of their names.
    pub all: Vec<Record>,
}

/// What is read of a record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Raw<'a> {
    name: String,
    version: Option<String>,
    url: Option<String>,
    channel: Option<serde_json::Value>,
    extracted_package_dir: Option<String>,
    link: Option<Link>,
    #[serde(borrow)]
    files: Vec<Text<'a>>,
}

/// Text that stays where it was read, unless something in it is escaped.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    source: Option<String>,
    r#type: Option<u8>,
}

/// conda, `models/enums.py`, `LinkType`.
const SOFT_LINK: u8 = 2;

impl Records {
    /// Reads them, and says whose each file is. A broken one counts as a package from nowhere.
    pub fn read(store: &StoreView<'_>, meta: &Folder<'_>) -> (Self, Owned) {
        let mut all = Vec::new();
        let mut owned = Owned::default();
        for file in meta.files() {
            let Some(stem) = file.name().strip_suffix(".json").filter(|s| !s.is_empty()) else { continue };
            let nameless = || Record { name: text::plain(stem), ..Record::default() };
            if file.size > RECORD as u64 {
                store.problem(file.node, "read", "too large for a record of a package");
                all.push(nameless());
                continue;
            }
            let Some(bytes) = store.read(file.node, Range::Head, RECORD) else {
                all.push(nameless());
                continue;
            };
            match serde_json::from_slice::<Raw<'_>>(&bytes) {
                Ok(raw) => {
                    for file in &raw.files {
                        owned.insert(file.0.as_bytes(), all.len() as u32);
                    }
                    all.push(Record::from(raw));
                }
                Err(error) => {
                    store.problem(file.node, "understand", error);
                    all.push(nameless());
                }
            }
        }
        (Self { all }, owned)
    }

    /// The version of Python, if it has one.
    pub fn python(&self) -> Option<String> {
        self.all.iter().find(|r| r.name == "python").and_then(|r| r.version.clone())
    }

    /// Which packages cannot be had from the web again, in words.
    pub fn not_from_the_web(&self) -> Option<String> {
        let names: Vec<&str> = self.all.iter().filter(|r| !r.from_web).map(|r| r.name.as_str()).collect();
        some_of(&names).map(|names| format!("not from a public web channel: {names}"))
    }
}

impl From<Raw<'_>> for Record {
    fn from(raw: Raw<'_>) -> Self {
        let local = raw.channel.as_ref().and_then(|c| c.as_str()) == Some("local");
        let origin = Origin::of(raw.url.as_deref().unwrap_or_default());
        let link = raw.link.unwrap_or_default();
        let sources = [link.source, raw.extracted_package_dir];
        let mut sources: Vec<PathBuf> =
            sources.into_iter().flatten().map(PathBuf::from).filter(|p| p.is_absolute()).collect();
        sources.dedup();
        Self {
            name: text::plain(&raw.name),
            version: raw.version.map(|v| text::plain(&v)),
            from_web: matches!(origin, Origin::Web(_)) && !local,
            soft: link.r#type == Some(SOFT_LINK),
            sources,
        }
    }
}

/// Some names and how many more, if there are any.
pub fn some_of(names: &[&str]) -> Option<String> {
    let shown = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        n if n > NAMES => Some(format!("{shown} and {} more", text::full_count((n - NAMES) as u64))),
        _ => Some(shown),
    }
}
