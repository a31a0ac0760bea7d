//! The cache of the Hugging Face Hub: one folder a repository, `models--org--name/{blobs,snapshots,refs}`, in which
//! snapshots are links into the blobs; and blobs that all repositories share.
//!
//! Layout: `huggingface_hub` 2.4.0, `file_download.py`, `_tree_cache.py`, `utils/_cache_manager.py` and
//! `utils/_shared_blobs.py`. What a revision frees is what `hf cache rm` says; what a repository frees is what comes
//! back in truth, with the partial downloads and unreferenced blobs that `hf` does not count. Where `hf` follows a
//! link out of a repository and deletes what it finds, this does not.

mod blobs;
mod contents;
mod link;
mod partial;
mod repo;
mod shared;
mod snapshot;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashSet;

use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use repo::{Repo, RepoName};
use shared::Shared;

/// The family.
pub struct HuggingFace;

static ABOUT: About = About {
    id: "huggingface",
    name: "Hugging Face Hub",
    items: "a repository, and in it its revisions",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[
        Marker::Stem("models"),
        Marker::Stem("datasets"),
        Marker::Stem("spaces"),
        Marker::Stem("kernels"),
    ],
    hint: "from_pretrained or `hf download` fetches it again; a gated or private repository needs your token, \
           and one that was deleted from the Hub is gone",
    source: "huggingface_hub 2.4.0, file_download.py, _tree_cache.py, utils/_cache_manager.py, utils/_shared_blobs.py",
    sealed: true,
    ..About::DEFAULT
};

/// What the layout itself leaves at the top: programs know the folder by it.
const MARKS: [&str; 3] = ["CACHEDIR.TAG", "version.txt", "version_diffusers_cache.txt"];

/// Files that desktops leave anywhere; the library ignores them too.
fn is_noise(name: &[u8]) -> bool {
    [&b".DS_Store"[..], b"Thumbs.db", b"desktop.ini"].contains(&name)
}

impl Family for HuggingFace {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for name in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"] {
            // Only the first that is set is used; the other may hold what an earlier version left.
            match env.folder(name) {
                Some(path) if places.is_empty() => places.push(Place::named(path, "hub", format!("${name}"))),
                Some(path) => places.push(Place::new(path, "hub")),
                None => {}
            }
        }
        places.extend(env.folder("HF_HOME").map(|home| Place::new(home.join("hub"), "hub")));
        places.extend(env.homes().map(|h| Place::new(env.cache_of(h).join("huggingface/hub"), "hub")));
        places.extend(Place::var(env, "KERNELS_CACHE", "hub"));
        // These name caches of this shape or of another, as old as they are.
        let others = [
            "LLAMA_CACHE",
            "TRANSFORMERS_CACHE",
            "PYTORCH_TRANSFORMERS_CACHE",
            "PYTORCH_PRETRAINED_BERT_CACHE",
            "SENTENCE_TRANSFORMERS_HOME",
        ];
        let shaped = others.iter().filter_map(|name| Place::var(env, name, "hub"));
        places.extend(shaped.filter(|p| {
            env.list(&p.path).iter().any(|n| n.to_str().is_some_and(|n| RepoName::parse(n).is_some()))
        }));
        places
    }

    /// A folder of repositories. A name without an organization (`models--gpt2`) is too plain to tell alone.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let marked = folder.has_folder(".locks") || MARKS.iter().any(|m| folder.has_file(m));
        let repo = |name: &str| RepoName::parse(name).is_some_and(|r| marked || r.id.contains('/'));
        folder.any_folder(repo).then_some("hub")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let mut shared = Shared::read(store, &root);
        let mut repos: Vec<Repo<'_>> =
            root.folders().into_iter().filter_map(|f| Repo::read(store, f, &mut shared)).collect();
        shared.close(store, &root, &repos);
        let elsewhere: FxHashSet<_> = repos.iter().flat_map(|r| r.elsewhere.iter().cloned()).collect();
        for repo in &mut repos {
            let item = repo.item(store, &mut shared, &elsewhere, &mut found);
            found.items.push(item);
        }
        shared.items(store, &mut found);
        let downloading = repos.iter().any(Repo::is_live);
        found.items.extend(root.folder(".locks").and_then(|f| locks(store, &f, downloading)));
        found.items.extend(root.folders().iter().filter_map(|f| probe(store, f)));
        found.items.extend(marks(&root));
        found
    }
}

/// `.locks/<repository>/<etag>.lock`: never removed by the library, and no proof that anybody holds them.
fn locks(store: &StoreView<'_>, folder: &Folder<'_>, downloading: bool) -> Option<NewItem> {
    let folders = folder.walk();
    let files: Vec<_> = folders.iter().flat_map(Folder::files).collect();
    if !files.iter().all(|f| f.bytes.ends_with(b".lock") && f.size == 0) {
        return None;
    }
    let live = downloading || files.iter().any(|f| store.is_live(f));
    let verdict = if live { Verdict::InUse } else { Verdict::Safe };
    let item = NewItem::new("locks", "lock files", verdict).body(folder.node());
    Some(item.note(if live { "a download is going on" } else { "empty, and the library never removes them" }))
}

/// `tmpXXXXXXXX/dummy_file_{src,dst}`: what a killed test for symbolic links leaves.
fn probe(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let files = folder.files();
    let probing = folder.name().len() == 11
        && folder.name().starts_with("tmp")
        && !files.is_empty()
        && files.iter().all(|f| f.name().starts_with("dummy_file_"))
        && folder.folders().is_empty();
    let fresh = store.is_fresh(folder.mtime()) || files.iter().any(|f| store.is_live(f));
    (probing && !fresh && folder.is_whole()).then(|| {
        let item = NewItem::new("temp", folder.shown(), Verdict::Safe).body(folder.node());
        item.note("left by a test for symbolic links").leftover()
    })
}

fn marks(root: &Folder<'_>) -> Option<NewItem> {
    let mut item = NewItem::new("marker", "cache markers", Verdict::Protected).key("markers");
    for file in MARKS.iter().filter_map(|name| root.file(name)) {
        item = item.body(file.node);
    }
    item = item.note("programs know the folder by them");
    (!item.parts.is_empty()).then_some(item)
}
