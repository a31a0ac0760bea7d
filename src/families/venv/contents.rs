//! What lies in an environment: its packages, those that came from this machine, and links that lead out of it.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::some_of;
use crate::families::names::leads_to;
use crate::families::wheels::of_info;
use crate::families::{File, Folder, StoreView};
use crate::model::node::Kind;
use crate::text;

/// A `direct_url.json` is some lines.
const DIRECT: usize = 64 << 10;

/// So many links are read; an environment linked from a cache has one for each file.
const LINKS: usize = 200_000;

/// What lies in an environment.
#[derive(Debug, Default)]
pub struct Contents {
    /// How many packages.
    pub packages: u64,
    /// The newest change of a folder of packages.
    pub changed: u32,
    /// Whether some of it could not be read.
    pub hidden: bool,
    /// Folders outside of it that it links into.
    pub links: Vec<PathBuf>,
    /// Packages that came from this machine: name, folder or file, and whether it is worked on there.
    pub local: Vec<Local>,
}

/// A package from this machine.
#[derive(Debug)]
pub struct Local {
    name: String,
    /// Where from.
    pub path: PathBuf,
    /// Whether its sources are used where they are.
    pub editable: bool,
}

impl Contents {
    /// Looks at all of it.
    pub fn read(store: &StoreView<'_>, root: &Folder<'_>) -> Self {
        let mut contents = Self { links: links(store, root), ..Self::default() };
        for folder in root.walk() {
            contents.hidden |= !folder.is_listed();
            if matches!(folder.name(), "site-packages" | "dist-packages") {
                contents.site(store, &folder);
            }
        }
        contents
    }

    fn site(&mut self, store: &StoreView<'_>, site: &Folder<'_>) {
        self.changed = self.changed.max(site.mtime());
        for folder in site.folders() {
            let Some((stem, ending)) = folder.name().rsplit_once('.') else { continue };
            let is_one = match ending {
                "dist-info" => folder.has_file("METADATA") || folder.has_file("RECORD"),
                "egg-info" => folder.has_file("PKG-INFO"),
                _ => false,
            };
            if !is_one {
                continue;
            }
            self.packages += 1;
            let name = of_info(folder.name()).map_or_else(|| text::plain(stem), |d| d.name);
            if let Some(direct) = folder.file("direct_url.json") {
                self.local.extend(local(store, name, &direct));
            }
        }
    }

    /// Which packages came from this machine and from outside of the project, in words.
    pub fn not_from_the_web(&self, project: Option<&Path>) -> Option<String> {
        let theirs = |local: &&Local| project.is_none_or(|folder| !local.path.starts_with(folder));
        let names: Vec<String> = self.local.iter().filter(theirs).map(|l| l.name.clone()).collect();
        some_of(&names).map(|names| format!("installed from folders or files here: {names}"))
    }

    /// Which caches it needs, in words.
    pub fn needs(&self, store: &StoreView<'_>) -> Option<String> {
        let mut caches: Vec<String> = self
            .links
            .iter()
            .filter_map(|link| cache_of(link))
            .map(|cache| text::short_path(&cache, store.env().home()))
            .collect();
        caches.sort();
        caches.dedup();
        some_of(&caches).map(|caches| format!("linked into {caches} and needs it"))
    }
}

/// The cache a link leads into, by the names of what lies in caches of uv, pdm and virtualenv.
fn cache_of(link: &Path) -> Option<PathBuf> {
    let is_cache = |folder: &&Path| {
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with("archive-v") || name.ends_with(".whl.cache") || name == "SymlinkPipInstall"
    };
    let mark = link.ancestors().find(is_cache)?;
    // `archive-v0/ID`, `packages/X.whl.cache`, `wheel/3.11/image/1/SymlinkPipInstall`.
    let name = mark.file_name()?.to_str()?;
    let above = match name {
        "SymlinkPipInstall" => 5,
        _ if name.starts_with("archive-v") => 1,
        _ => 2,
    };
    mark.ancestors().nth(above).map(Path::to_path_buf)
}

/// A package that came from a folder or a file of this machine (PEP 610). What cannot be read may have.
fn local(store: &StoreView<'_>, name: String, file: &File<'_>) -> Option<Local> {
    let Some(said) = store.json(file.node, DIRECT) else {
        return Some(Local { name, path: PathBuf::new(), editable: false });
    };
    if said.get("vcs_info").is_some() {
        return None;
    }
    let url = said.get("url").and_then(Value::as_str).unwrap_or_default();
    let path = url.strip_prefix("file://").map(|path| PathBuf::from(without_escapes(path)));
    if path.is_none() && said.get("dir_info").is_none() && !url.is_empty() {
        return None;
    }
    let editable = said.get("dir_info").and_then(|d| d.get("editable")) == Some(&Value::Bool(true));
    Some(Local { name, path: path.unwrap_or_default(), editable })
}

/// The path in an address: `%20` is a space.
fn without_escapes(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let hex = escaped.and_then(|two| std::str::from_utf8(two).ok());
        if let Some(byte) = hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The folders outside of a folder of the store that links in it lead into, as they are written and as they are without
/// links on the way.
pub fn links(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<PathBuf> {
    let mut found: FxHashSet<PathBuf> = FxHashSet::default();
    let own = store.path_of(root.node());
    let mut read = 0;
    for folder in root.walk() {
        let mut below = None;
        for file in folder.records().filter(|f| f.kind == Kind::Link) {
            read += 1;
            if read == LINKS {
                let why = "too many links; what the others lead to is not known";
                store.problem(root.node(), "read link", why);
            }
            if read >= LINKS {
                break;
            }
            let Some(target) = store.read_link(file.node) else { continue };
            let base = below.get_or_insert_with(|| store.path_of(folder.node()));
            let target = leads_to(base, Path::new(text::os_str(&target)));
            // Thousands of links into one folder are one thing to need.
            let into = target.parent().unwrap_or(&target);
            if !target.starts_with(&own) && !found.contains(into) {
                found.insert(into.to_path_buf());
            }
        }
    }
    let mut all: FxHashSet<PathBuf> = found.iter().map(|p| store.env().real_path(p)).collect();
    all.extend(found);
    let mut all: Vec<PathBuf> = all.into_iter().collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_caches_are_read() {
        assert_eq!(without_escapes("/a%20b/%zz%4"), "/a b/%zz%4");
        for (link, cache) in [
            ("/c/uv/archive-v0/x1/idna", Some("/c/uv")),
            ("/c/pdm/packages/six-1.0-py3-none-any.whl.cache", Some("/c/pdm")),
            (
                "/c/virtualenv/wheel/3.11/image/1/SymlinkPipInstall/pip-26.3-py3-none-any",
                Some("/c/virtualenv"),
            ),
            ("/usr/bin", None),
        ] {
            assert_eq!(cache_of(Path::new(link)).as_deref(), cache.map(Path::new), "{link}");
        }
    }
}
