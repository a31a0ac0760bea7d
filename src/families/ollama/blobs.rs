//! The blobs: contents by hash, unfinished ones, and those that no manifest names.

use std::collections::BTreeMap;

use crate::families::names::is_hex;
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{BlobRef, Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The server spares what was written within this many seconds (`layerPruneGracePeriod`): the manifest comes last.
const GRACE: i64 = 3600;

/// What a manifest begins with that is a blob itself.
const MANIFEST: &[u8] = b"{\"schemaVersion\"";

/// Manifests are no larger; models are.
const SMALL: u64 = 4 << 20;

/// What a name among the blobs means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Content with this hash.
    Content(String),
    /// A download of it, or what says how far one of its parts is.
    Partial(String),
    /// What is being put together and has no hash yet.
    Temp,
}

impl Named {
    /// Reads a name: `sha256-<64 hex>[-partial[-N]]`; once it was `sha256:<64 hex>`.
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("sha256-").or_else(|| name.strip_prefix("sha256:"))?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let (hash, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        let hash = hash.to_ascii_lowercase();
        if !is_hex(&hash, 64) {
            return digits(rest).then_some(Self::Temp);
        }
        match tail.strip_prefix("-partial") {
            Some("") => Some(Self::Partial(hash)),
            Some(part) => part.strip_prefix('-').is_some_and(digits).then_some(Self::Partial(hash)),
            None => tail.is_empty().then_some(Self::Content(hash)),
        }
    }

    /// The hash that a manifest, or a link to one, names.
    pub fn digest(name: &str) -> Option<String> {
        match Self::parse(name) {
            Some(Self::Content(hash)) => Some(hash),
            _ => None,
        }
    }
}

/// All blobs of a store.
pub struct Blobs<'a> {
    content: BTreeMap<String, File<'a>>,
    partial: BTreeMap<String, Vec<File<'a>>>,
    temp: Vec<File<'a>>,
    /// Which of them are named, in the order in which they were first.
    held: Vec<String>,
    /// Whether all of the folder was read: only then is what is not seen not there.
    pub known: bool,
    /// Whether every manifest was understood: only then is what none names named by none.
    pub whole: bool,
}

impl<'a> Blobs<'a> {
    /// Reads the folder `blobs` of a folder of models.
    pub fn read(store: &StoreView<'_>, models: &Folder<'a>) -> Self {
        let folder = models.folder("blobs");
        let mut blobs = Self {
            content: BTreeMap::new(),
            partial: BTreeMap::new(),
            temp: Vec::new(),
            held: Vec::new(),
            known: folder.is_some_and(|f| f.is_whole()),
            whole: true,
        };
        for file in folder.iter().flat_map(Folder::files) {
            match Named::parse(file.name()) {
                Some(Named::Content(hash)) => drop(blobs.content.insert(hash, file)),
                Some(Named::Partial(hash)) => blobs.partial.entry(hash).or_default().push(file),
                Some(Named::Temp) if file.is_regular() => blobs.temp.push(file),
                _ => {}
            }
        }
        blobs.temp.sort_by_key(|f| !store.is_live(f));
        blobs
    }

    /// The file with this content, if it is there.
    pub fn find(&self, hash: &str) -> Option<File<'a>> {
        self.content.get(hash).copied()
    }

    /// What an item holds that needs this content. The blobs themselves are entered last, in this order.
    pub fn hold(&mut self, hash: &str) -> Option<BlobRef> {
        self.content.get(hash)?;
        let at = self.held.iter().position(|h| h == hash).unwrap_or_else(|| {
            self.held.push(hash.to_string());
            self.held.len() - 1
        });
        Some(BlobRef(at))
    }

    /// Enters what is held, and finds what is not.
    pub fn enter(&self, store: &StoreView<'_>, found: &mut Found) {
        for hash in &self.held {
            found.blob(self.content.get(hash).map(|f| f.node).into_iter().collect());
        }
        let partial = self.partial.iter().map(|(hash, files)| unfinished(store, hash, files));
        let temp = self.temp.iter().map(|file| {
            let item = NewItem::new("temp", file.shown(), Verdict::Safe).body(file.node);
            stale(store, item, &[*file], "left by a program that was stopped")
        });
        let left: Vec<NewItem> = partial.chain(temp).collect();
        let pulling = left.iter().any(|item| item.verdict == Verdict::InUse);
        found.items.extend(self.unnamed(store, pulling));
        found.items.extend(left);
    }

    /// Contents that no manifest names.
    fn unnamed(&self, store: &StoreView<'_>, pulling: bool) -> Vec<NewItem> {
        let mut groups: [(&str, Verdict, &str, Vec<&File<'_>>); 4] = [
            (
                "unreferenced",
                Verdict::Safe,
                "no model is made of them; the server removes such when it starts",
                Vec::new(),
            ),
            (
                "unclear",
                Verdict::LookFirst,
                "not every manifest could be read, so a model may need them",
                Vec::new(),
            ),
            ("new", Verdict::InUse, "a model may be on its way: its manifest is written last", Vec::new()),
            (
                "manifest",
                Verdict::LookFirst,
                "manifests by their content; a model may have a copy of them",
                Vec::new(),
            ),
        ];
        let named: rustc_hash::FxHashSet<&str> = self.held.iter().map(String::as_str).collect();
        for (hash, file) in &self.content {
            if named.contains(hash.as_str()) {
                continue;
            }
            let group = if pulling || store.now() - i64::from(file.mtime) < GRACE || store.is_live(file) {
                2
            } else if !self.whole {
                1
            } else if is_manifest(store, file) {
                3
            } else {
                0
            };
            groups[group].3.push(file);
        }
        let full = groups.into_iter().filter(|g| !g.3.is_empty());
        full.map(|(what, verdict, note, files)| {
            let name = format!("{what} {}", text::counted(files.len() as u64, "blob", "blobs"));
            let mut item = NewItem::new("blobs", name, verdict).key(what).note(note);
            item.leftover = verdict == Verdict::Safe;
            files.iter().fold(item, |item, file| item.body(file.node))
        })
        .collect()
    }
}

fn is_manifest(store: &StoreView<'_>, file: &File<'_>) -> bool {
    file.is_regular()
        && file.size <= SMALL
        && store.read(file.node, Range::Head, MANIFEST.len()).is_some_and(|head| head == MANIFEST)
}

/// A download: its data, and for each part of it how far that is.
fn unfinished(store: &StoreView<'_>, hash: &str, files: &[File<'_>]) -> NewItem {
    let item = NewItem::new("partial", format!("unfinished download {}", &hash[..8]), Verdict::Safe);
    let item = files.iter().fold(item, |item, file| item.body(file.node));
    stale(store, item, files, "the next pull would go on with it; the server removes it when it starts")
}

fn stale(store: &StoreView<'_>, item: NewItem, files: &[File<'_>], note: &str) -> NewItem {
    if files.iter().any(|f| store.is_live(f)) {
        return NewItem { verdict: Verdict::InUse, ..item.note("being written") };
    }
    item.leftover().note(note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_among_the_blobs_are_told_apart() {
        let hash = "ab".repeat(32);
        let content = Some(Named::Content(hash.clone()));
        let partial = Some(Named::Partial(hash.clone()));
        for (name, meant) in [
            (format!("sha256-{hash}"), content.clone()),
            (format!("sha256:{hash}"), content.clone()),
            (format!("sha256-{}", hash.to_uppercase()), content),
            (format!("sha256-{hash}-partial"), partial.clone()),
            (format!("sha256-{hash}-partial-12"), partial),
            ("sha256-1234567890".into(), Some(Named::Temp)),
            (format!("sha256-{hash}-partial-"), None),
            (format!("sha256-{hash}0"), None),
            (format!("sha256-{hash}.bak"), None),
            ("sha256-".into(), None),
            (hash, None),
            ("sha256-é234567890123456789012345678901234567890123456789012345678901234567".into(), None),
        ] {
            assert_eq!(Named::parse(&name), meant, "{name}");
        }
    }
}
