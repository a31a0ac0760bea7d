//! Manifests: which blobs a model is made of, and whether it came from a registry or was made here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::MANIFESTS;
use super::blobs::{Blobs, Named};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::NewItem;
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The longest manifest that is read: one of a model in single tensors has thousands of layers.
const CAP: usize = 4 << 20;

/// Whoever wrote a manifest after this moment, 2025-01-01, ended one made here with a line break, as `json.Encoder`
/// does. Those that were pulled have none. Versions before the middle of 2024 did not.
const TOLD_APART: u32 = 1_735_689_600;

/// A manifest, or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    config: Option<Layer>,
    layers: Option<Vec<Layer>>,
    /// In a list: what it lists.
    manifests: Option<Vec<Manifest>>,
    /// In a list: the blob that this one is.
    digest: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: Option<String>,
    digest: Option<String>,
    /// The model on this disk from which it was taken by `ollama create`.
    from: Option<String>,
}

/// What the manifests of one model say.
#[derive(Default)]
struct Model<'a> {
    pointers: Vec<File<'a>>,
    digests: BTreeSet<String>,
    /// The short form by which `ollama list` shows it.
    id: Option<String>,
    made_here: Option<&'static str>,
    unclear: bool,
    broken: bool,
}

/// Finds the models below a folder, and says of the blobs who holds them.
pub fn models(store: &StoreView<'_>, models: &Folder<'_>, blobs: &mut Blobs<'_>) -> Vec<NewItem> {
    let mut by_name: BTreeMap<Vec<String>, Model<'_>> = BTreeMap::new();
    for root in MANIFESTS {
        blobs.whole &= models.has_folder(root) == models.folder(root).is_some();
        let Some(root) = models.folder(root) else { continue };
        blobs.whole &= root.is_whole();
        for host in root.folders() {
            for space in host.folders() {
                for name in space.folders() {
                    for file in name.files() {
                        let full = [&host, &space, &name].map(Folder::shown).into_iter();
                        let full = full.chain([file.shown()]).collect();
                        by_name.entry(full).or_default().add(store, file, blobs);
                    }
                }
            }
        }
    }
    blobs.whole &= by_name.values().all(|m| !m.broken);
    let mut same: BTreeMap<&BTreeSet<String>, Vec<&[String]>> = BTreeMap::new();
    for (name, model) in &by_name {
        same.entry(&model.digests).or_default().push(name);
    }
    let item = |(name, model): (&Vec<String>, &Model<'_>)| {
        let mut item = model.item(store, name, blobs);
        let twin = same.get(&model.digests).into_iter().flatten().find(|other| **other != name.as_slice());
        if let Some(twin) = twin.filter(|_| !model.digests.is_empty()) {
            item = item.note(format!("the same content as {}", shown(twin)));
        }
        item
    };
    by_name.iter().map(item).collect()
}

impl<'a> Model<'a> {
    fn add(&mut self, store: &StoreView<'_>, file: File<'a>, blobs: &Blobs<'_>) {
        let newer = !self.pointers.is_empty();
        self.pointers.push(file);
        let mut at = Some(file);
        if file.kind == Kind::Link {
            // The name of the blob is all that counts: what Ollama would not follow elsewhere is not followed here.
            let target = store.read_link(file.node).unwrap_or_default();
            let last = target.rsplit(|b| *b == b'/').next().unwrap_or_default();
            let digest = std::str::from_utf8(last).ok().and_then(Named::digest);
            at = digest.as_ref().and_then(|d| blobs.find(d));
            self.broken |= at.is_none();
            if let Some(digest) = digest {
                self.id.get_or_insert_with(|| digest[..12].to_string());
                self.digests.insert(digest);
            }
        }
        let read = at.and_then(|at| self.read(store, &at, blobs, 0));
        self.broken |= read.is_none();
        if let (Some(end), false) = (read, newer) {
            self.unclear = file.mtime < TOLD_APART && !end.licensed;
            if end.line_break {
                self.made_here = Some("made here by `ollama create`");
            } else if end.taken {
                self.made_here = Some("made by `ollama create`: here, or by those it was pulled from");
            }
        }
    }

    /// Takes in one manifest and those it lists.
    fn read(&mut self, store: &StoreView<'_>, file: &File<'_>, blobs: &Blobs<'_>, depth: u8) -> Option<Said> {
        if !file.is_regular() || file.size > CAP as u64 {
            store.problem(file.node, "understand", "no manifest");
            return None;
        }
        let bytes = store.read(file.node, Range::Head, CAP)?;
        let manifest: Manifest = match serde_json::from_slice(&bytes) {
            Ok(manifest) => manifest,
            Err(e) => {
                store.problem(file.node, "understand", e);
                return None;
            }
        };
        let mut said = Said { line_break: bytes.ends_with(b"\n"), ..Said::default() };
        self.take(store, &manifest, blobs, depth, &mut said)?;
        Some(said)
    }

    fn take(
        &mut self,
        store: &StoreView<'_>,
        manifest: &Manifest,
        blobs: &Blobs<'_>,
        depth: u8,
        said: &mut Said,
    ) -> Option<()> {
        let layers = manifest.layers.as_deref().unwrap_or_default();
        for layer in layers.iter().chain(&manifest.config) {
            let kind = layer.media_type.as_deref().unwrap_or("");
            said.licensed |= kind.ends_with(".license");
            said.taken |= layer.from.as_deref().is_some_and(|f| !f.is_empty()) || kind.ends_with(".adapter");
            match layer.digest.as_deref() {
                None | Some("") => {}
                Some(digest) => {
                    self.digests.insert(Named::digest(digest)?);
                }
            }
        }
        for listed in manifest.manifests.as_deref().unwrap_or_default() {
            if depth > 0 {
                return None;
            }
            let blob = match listed.digest.as_deref().filter(|d| !d.is_empty()) {
                Some(digest) => {
                    let digest = Named::digest(digest)?;
                    let blob = blobs.find(&digest);
                    if blob.is_some() {
                        self.digests.insert(digest);
                    }
                    blob
                }
                None => None,
            };
            if listed.config.is_some() || listed.layers.is_some() {
                self.take(store, listed, blobs, depth + 1, said)?;
            } else if let Some(blob) = blob {
                let inner = self.read(store, &blob, blobs, depth + 1)?;
                said.licensed |= inner.licensed;
                said.taken |= inner.taken;
            } else if !blobs.known {
                return None;
            }
            // Else it is the model for another kind of machine, which was not pulled.
        }
        let says_something = manifest.config.is_some() || !layers.is_empty() || manifest.manifests.is_some();
        says_something.then_some(())
    }

    fn item(&self, store: &StoreView<'_>, name: &[String], blobs: &mut Blobs<'_>) -> NewItem {
        let mut item = NewItem::new("model", shown(name), Verdict::ReDownload);
        item.version.clone_from(&self.id);
        item.origin = origin(name);
        for file in &self.pointers {
            item = item.pointer(file.node);
        }
        let mut missing = 0;
        for digest in &self.digests {
            match blobs.hold(digest) {
                Some(blob) => item.holds.push(blob),
                None => missing += 1,
            }
        }
        if missing > 0 && blobs.known {
            let of = text::full_count(self.digests.len() as u64);
            item = item.leftover().note(format!("{missing} of {of} blobs missing: it does not run"));
        }
        if self.broken {
            item.verdict = Verdict::LookFirst;
            item = item.note("its manifest could not be understood");
        } else if let Some(why) = self.made_here {
            item.verdict = Verdict::LookFirst;
            item = item.note(why);
        } else if self.unclear {
            item.verdict = Verdict::LookFirst;
            item = item.note("nothing tells whether it was pulled or made here");
        }
        if self.pointers.iter().any(|f| store.is_live(f)) {
            item.verdict = Verdict::InUse;
            item = item.note("written a moment ago or open");
        }
        item
    }
}

/// What a manifest says besides its blobs.
#[derive(Debug, Default)]
struct Said {
    line_break: bool,
    licensed: bool,
    taken: bool,
}

/// `llama3:8b`, `someone/model:tag`, `hf.co/org/model:Q4_K_M`: as a person types it.
fn shown(name: &[String]) -> String {
    let [host, space, model, tag] = name else { return name.join("/") };
    match (host.as_str(), space.as_str()) {
        ("registry.ollama.ai", "library") => format!("{model}:{tag}"),
        ("registry.ollama.ai", _) => format!("{space}/{model}:{tag}"),
        _ => format!("{host}/{space}/{model}:{tag}"),
    }
}

fn origin(name: &[String]) -> Option<String> {
    let [host, space, model, tag] = name else { return None };
    Some(match host.as_str() {
        "registry.ollama.ai" => format!("https://ollama.com/{space}/{model}:{tag}"),
        "hf.co" | "huggingface.co" => format!("https://huggingface.co/{space}/{model}"),
        host => format!("https://{host}/{space}/{model}:{tag}"),
    })
}
