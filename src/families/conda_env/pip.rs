//! What pip installed into an environment: what lies in `site-packages` and no package of conda owns
//! (conda, `plugins/prefix_data_loaders/pypi`; the text of `INSTALLER` is no test).

use serde_json::Value;

use super::records::{Owned, some_of};
use crate::families::{File, Folder, Range, StoreView};
use crate::text;

/// A `RECORD` names every file of a package.
const RECORD: usize = 8 << 20;
/// A `direct_url.json` is some lines.
const DIRECT: usize = 64 << 10;

/// The number that owned files of pip have; those of conda have the number of their record.
pub const BY_PIP: u32 = u32::MAX;

/// What pip installed.
#[derive(Debug, Default)]
pub struct Pip {
    /// How many packages.
    pub count: u64,
    /// Those that came from this machine, safe to show.
    local: Vec<String>,
}

impl Pip {
    /// Looks for them, and enters their files into `owned`.
    pub fn read(store: &StoreView<'_>, owned: &mut Owned) -> Self {
        let mut pip = Self::default();
        let Some(lib) = store.root().folder("lib") else { return pip };
        for python in lib.folders().into_iter().filter(|f| f.name().starts_with("python")) {
            let Some(site) = python.folder("site-packages") else { continue };
            let base = format!("lib/{}/site-packages", python.name());
            for folder in site.folders() {
                pip.folder(store, &base, &folder, owned);
            }
            for file in site.files() {
                pip.file(&base, &file, owned);
            }
        }
        pip
    }

    fn add(&mut self, name: &str, is_local: bool) {
        self.count += 1;
        if is_local {
            self.local.push(text::plain(name));
        }
    }

    fn folder(&mut self, store: &StoreView<'_>, base: &str, folder: &Folder<'_>, owned: &mut Owned) {
        let Some((stem, kind)) = folder.name().rsplit_once('.') else { return };
        let name = stem.split('-').next().unwrap_or(stem);
        let at = format!("{base}/{}", folder.name());
        let is_condas = |files: &[&str]| files.iter().any(|f| owned.contains(format!("{at}/{f}").as_bytes()));
        match kind {
            "dist-info" if !is_condas(&["RECORD", "METADATA", "INSTALLER"]) => {
                if !folder.has_file("RECORD") && !folder.has_file("METADATA") {
                    return;
                }
                self.add(name, folder.file("direct_url.json").is_some_and(|f| is_local(store, &f)));
                if let Some(record) = folder.file("RECORD") {
                    own(store, base, &record, owned);
                }
                // The record of a record has no line of its own in some versions.
                folder.files().iter().for_each(|f| owned.insert(&path_of(&at, f), BY_PIP));
            }
            // pip up to 23 left the list of files here; without one, somebody ran setup.py.
            "egg-info" if !is_condas(&["PKG-INFO"]) => {
                self.add(name, !folder.has_file("installed-files.txt"));
                folder.files().iter().for_each(|f| owned.insert(&path_of(&at, f), BY_PIP));
            }
            "egg" if !is_condas(&["EGG-INFO/PKG-INFO"]) => self.add(name, true),
            _ => {}
        }
    }

    fn file(&mut self, base: &str, file: &File<'_>, owned: &mut Owned) {
        let Some((stem, kind)) = file.name().rsplit_once('.') else { return };
        let path = path_of(base, file);
        let known = owned.contains(&path);
        if matches!(kind, "egg-link" | "egg-info") && !known {
            self.add(stem.split('-').next().unwrap_or(stem), true);
            owned.insert(&path, BY_PIP);
        }
    }

    /// Which packages came from this machine, in words.
    pub fn not_from_the_web(&self) -> Option<String> {
        let names: Vec<&str> = self.local.iter().map(String::as_str).collect();
        some_of(&names).map(|names| format!("pip installed from folders or files here: {names}"))
    }
}

fn path_of(folder: &str, file: &File<'_>) -> Box<[u8]> {
    [folder.as_bytes(), b"/", file.bytes].concat().into()
}

/// Whether a package came from a folder or a file of this machine, editable or not (PEP 610). What cannot be read may
/// have.
fn is_local(store: &StoreView<'_>, file: &File<'_>) -> bool {
    let Some(said) = store.json(file.node, DIRECT) else { return true };
    let url = said.get("url").and_then(Value::as_str).unwrap_or_default();
    said.get("dir_info").is_some() || url.is_empty() || url.contains("file://")
}

/// Enters the files of a `RECORD`: lines of path, hash and size, the path relative to `site-packages`.
fn own(store: &StoreView<'_>, base: &str, record: &File<'_>, owned: &mut Owned) {
    let Some(bytes) = store.read(record.node, Range::Head, RECORD) else { return };
    for line in bytes.split(|b| *b == b'\n') {
        let path = match line.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|b| *b == b'"').next(),
            None => line.split(|b| *b == b',').next(),
        };
        let path = path.unwrap_or_default();
        if !path.is_empty()
            && !path.starts_with(b"/")
            && let Some(path) = normal(base, path)
        {
            owned.insert(&path, BY_PIP);
        }
    }
}

/// A path below `base` with its `..` taken out; none if it leads out of the prefix.
fn normal(base: &str, path: &[u8]) -> Option<Box<[u8]>> {
    let mut parts: Vec<&[u8]> = base.as_bytes().split(|b| *b == b'/').collect();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join(&b'/').into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_record_are_brought_below_the_prefix() {
        let at = |path: &str| normal("lib/python3.11/site-packages", path.as_bytes());
        assert_eq!(at("x/__init__.py").as_deref(), Some(&b"lib/python3.11/site-packages/x/__init__.py"[..]));
        assert_eq!(at("../../../bin/x").as_deref(), Some(&b"bin/x"[..]));
        assert_eq!(at("../../../../etc/passwd"), None);
    }
}
