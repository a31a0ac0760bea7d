//! What llama.cpp downloads by address, and what it downloaded before it took to the Hub cache: files in one folder,
//! with what the server said of each beside it.
//!
//! Layout: llama.cpp, `common/download.cpp` and `common/hf-cache.cpp` as of 2026, `common/arg.cpp` of 2025
//! (`<file>.json` with the address; since then `<file>.etag`), `common/common.cpp` (`fs_get_cache_directory`).
//! Downloads go to `<file>.downloadInProgress`. With `LLAMA_CACHE` the Hub cache is there, too: then that is its name.

use std::collections::BTreeMap;

use super::{About, Family, File, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct LlamaCpp;

static ABOUT: About = About {
    id: "llama-cpp",
    name: "llama.cpp",
    items: "a model",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Ext("gguf.etag"), Marker::Ext("gguf.downloadInProgress")],
    hint: "`llama-server -hf` or `--model-url` downloads it again",
    source: "llama.cpp, common/download.cpp, common/hf-cache.cpp, common/common.cpp fs_get_cache_directory",
    ..About::DEFAULT
};

/// What lies beside a file: what the server said of it, in two forms.
const BESIDE: [&str; 2] = [".etag", ".json"];

/// What models end in.
const GGUF: &str = ".gguf";

/// A file on its way.
const PARTIAL: &str = ".downloadInProgress";

impl Family for LlamaCpp {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named = Place::var(env, "LLAMA_CACHE", "cache");
        // People point it at the folder in which they keep models anyway.
        let own = |p: &Place| {
            !env.exists(&p.path) || env.list(&p.path).iter().any(|n| n.to_str().is_some_and(is_its_own))
        };
        let mut places: Vec<Place> = named.into_iter().filter(own).collect();
        places.extend(env.homes().map(|h| Place::new(env.cache_of(h).join("llama.cpp"), "cache")));
        places
    }

    /// A model may be fetched into any folder: only one that holds nothing else is a cache.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let ours = |name: &str| name.ends_with(GGUF) || is_its_own(name);
        let all = folder.folders.is_empty()
            && folder.files.iter().all(|f| std::str::from_utf8(f).is_ok_and(ours))
            && folder.any_file(is_its_own);
        (folder.within.is_none() && all).then_some("cache")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let files = store.root().files();
        let by_name: BTreeMap<&str, &File<'_>> = files.iter().map(|f| (f.name(), f)).collect();
        let mut models: BTreeMap<&str, Vec<&File<'_>>> = BTreeMap::new();
        for file in files.iter().filter(|f| f.name().ends_with(GGUF)) {
            models.entry(whole_name(file.name()).0).or_default().push(file);
        }
        for (name, parts) in &models {
            found.items.push(model(store, &by_name, name, parts));
        }
        for file in files.iter().filter(|f| f.is_regular()) {
            if let Some(of) = file.name().strip_suffix(PARTIAL) {
                found.items.push(partial(store, &by_name, file, of));
            } else if let Some(of) = beside(file.name())
                && !by_name.contains_key(of)
                && !by_name.contains_key(format!("{of}{PARTIAL}").as_str())
                && !store.is_live(file)
            {
                let item = NewItem::new("marker", file.shown(), Verdict::Safe).body(file.node);
                found.items.push(item.note("tells of a file that is not there").leftover());
            }
        }
        found
    }
}

/// Whether only llama.cpp gives such a name.
fn is_its_own(name: &str) -> bool {
    name.strip_suffix(PARTIAL).is_some() || beside(name).is_some()
}

/// The file of which this tells.
fn beside(name: &str) -> Option<&str> {
    BESIDE.iter().find_map(|end| name.strip_suffix(end)).filter(|of| of.ends_with(GGUF))
}

/// `model` and 3 out of `model-00001-of-00003.gguf`; a model in one piece has 1.
fn whole_name(name: &str) -> (&str, usize) {
    let stem = name.strip_suffix(GGUF).unwrap_or(name);
    let split = stem.rsplit_once("-of-").and_then(|(head, of)| {
        let (model, at) = head.rsplit_once('-')?;
        let number = |s: &str| s.len() == 5 && s.bytes().all(|b| b.is_ascii_digit());
        (number(at) && number(of)).then(|| Some((model, of.parse().ok()?))).flatten()
    });
    split.unwrap_or((stem, 1))
}

fn model(
    store: &StoreView<'_>,
    by_name: &BTreeMap<&str, &File<'_>>,
    name: &str,
    parts: &[&File<'_>],
) -> NewItem {
    let mut item = NewItem::new("model", text::plain(name), Verdict::ReDownload);
    item = parts.iter().fold(item, |item, file| item.body(file.node));
    let mut told = 0;
    for file in parts {
        let sides: Vec<_> =
            BESIDE.iter().filter_map(|e| by_name.get(format!("{}{e}", file.name()).as_str())).collect();
        told += usize::from(!sides.is_empty());
        for side in sides.into_iter().filter(|s| s.is_regular()) {
            item = item.pointer(side.node);
            if item.origin.is_none() && side.name().ends_with(BESIDE[1]) {
                item.origin = address(store, side);
            }
        }
    }
    if let Some((repository, file)) = item.origin.as_deref().and_then(repository) {
        item.name = repository;
        item.version = Some(file);
    }
    let (_, all) = whole_name(parts.first().map_or("", |f| f.name()));
    if parts.len() < all {
        item = item.note(format!("{} of {all} parts are here", parts.len()));
    }
    if parts.iter().any(|f| store.is_live(f)) {
        return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
    }
    if told < parts.len() {
        item.verdict = Verdict::LookFirst;
        item = item.note("nothing beside it says that llama.cpp fetched it");
    }
    item
}

fn partial(store: &StoreView<'_>, by_name: &BTreeMap<&str, &File<'_>>, file: &File<'_>, of: &str) -> NewItem {
    let mut item = NewItem::new("partial", text::plain(of), Verdict::Safe).body(file.node);
    if !by_name.contains_key(of) {
        let sides = BESIDE.iter().filter_map(|e| by_name.get(format!("{of}{e}").as_str()));
        for side in sides.filter(|s| s.is_regular()) {
            item = item.pointer(side.node);
        }
    }
    if store.is_live(file) {
        return NewItem { verdict: Verdict::InUse, ..item.note("being written") };
    }
    item.leftover().note("the next download of this file could go on from it")
}

fn address(store: &StoreView<'_>, file: &File<'_>) -> Option<String> {
    let said = store.json(file.node, 64 << 10)?;
    let url = said["url"].as_str().filter(|u| u.contains("://"))?;
    Some(text::plain(&text::redact_url(url)))
}

/// `org/name` and the file out of `https://huggingface.co/org/name/resolve/main/file.gguf`.
fn repository(url: &str) -> Option<(String, String)> {
    let (id, rest) = url.strip_prefix("https://huggingface.co/")?.split_once("/resolve/")?;
    let (_, file) = rest.split_once('/')?;
    let file = file.split('?').next().unwrap_or(file);
    Some((id.to_string(), whole_name(file).0.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn models_are_put_together_and_partials_told_apart() {
        let f = Fixture::new();
        let at = ".cache/llama.cpp";
        f.kib(&format!("{at}/acme_tiny_tiny-q4.gguf"), 16);
        f.file(
            &format!("{at}/acme_tiny_tiny-q4.gguf.json"),
            r#"{"url": "https://huggingface.co/acme/tiny/resolve/main/tiny-q4.gguf", "etag": "x"}"#,
        );
        for i in 1..=2 {
            f.kib(&format!("{at}/big-0000{i}-of-00003.gguf"), 8);
            f.file(&format!("{at}/big-0000{i}-of-00003.gguf.etag"), "x");
        }
        f.kib(&format!("{at}/mine.gguf"), 4);
        f.kib(&format!("{at}/broken.gguf"), 4);
        f.file(&format!("{at}/broken.gguf.json"), "{");
        f.kib(&format!("{at}/half.gguf{PARTIAL}"), 8);
        f.file(&format!("{at}/half.gguf.json"), "{}");
        f.kib(&format!("{at}/live.gguf{PARTIAL}"), 8);
        f.age(&format!("{at}/live.gguf{PARTIAL}"), 3);
        f.file(&format!("{at}/gone.gguf.etag"), "x");
        f.kib(&format!("{at}/notes.json"), 4);
        f.link("/etc/passwd", &format!("{at}/out.gguf.etag"));
        let outline = f.outline();
        let (list, problem) = outline.split_once("problem").expect("the broken one");
        assert_eq!(
            list,
            "hub: llama-cpp cache ~/.cache/llama.cpp\n\
             \x20 model \"acme/tiny\" tiny-q4 [re-download] 20 20\n\
             \x20 model \"big\" [re-download] 24 24 {2 of 3 parts are here}\n\
             \x20 model \"broken\" [re-download] 8 8\n\
             \x20 model \"mine\" [look-first] 4 4 {nothing beside it says that llama.cpp fetched it}\n\
             \x20 !marker \"gone.gguf.etag\" [safe] 4 4 {tells of a file that is not there}\n\
             \x20 !partial \"half.gguf\" [safe] 12 12 {the next download of this file could go on from it}\n\
             \x20 partial \"live.gguf\" [in-use] 8 8 {being written}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
        assert!(problem.contains("broken.gguf.json"), "{problem}");
    }

    #[test]
    fn a_cache_elsewhere_is_known_and_folders_of_models_are_not() {
        let mut f = Fixture::new();
        f.kib("fast/tiny.gguf", 4);
        f.file("fast/tiny.gguf.etag", "x");
        f.kib("models/own.gguf", 4);
        f.kib("work/tiny.gguf", 4);
        f.file("work/tiny.gguf.etag", "x");
        f.file("work/train.py", "");
        f.env = f.env.clone().with_var("LLAMA_CACHE", f.path("models"));
        assert_eq!(
            f.outline(),
            "hub: llama-cpp cache ~/fast\n\
             \x20 model \"tiny\" [re-download] 8 8\n"
        );
        f.file("models/other.gguf.etag", "x");
        assert!(f.outline().contains("hub: llama-cpp cache ~/models\n"), "{}", f.outline());
    }
}
