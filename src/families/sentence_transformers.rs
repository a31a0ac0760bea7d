//! The folder of `sentence-transformers` before 2.3: one folder a model, with `_` for the slash of its name. Later
//! versions keep models in the Hub cache, and read nothing here.
//!
//! Layout: sentence-transformers 2.2.2, `SentenceTransformer.py` (`__init__`), `util.py` (`snapshot_download`, which
//! fetches `modules.json` last); before 2.0, `sbert.net_models_<name>` and `…_part` while it was unpacked.

use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct SentenceTransformers;

static ABOUT: About = About {
    id: "sentence-transformers",
    name: "Sentence Transformers",
    items: "a model",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    hint: "SentenceTransformer(name) downloads it again; since 2.3 into the Hub cache",
    source: "sentence-transformers 2.2.2, SentenceTransformer.py, util.py snapshot_download",
    ..About::DEFAULT
};

/// What versions before 2.0 put before a name.
const SBERT: &str = "sbert.net_models_";

impl Family for SentenceTransformers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(place) = Place::var(env, "SENTENCE_TRANSFORMERS_HOME", "models") {
            // Later versions keep a Hub cache there.
            let flat = |name: &std::ffi::OsString| env.exists(&place.path.join(name).join("modules.json"));
            if !env.exists(&place.path) || env.list(&place.path).iter().any(flat) {
                places.push(place);
            }
        }
        let torch = env.folder("TORCH_HOME").into_iter();
        let torch = torch.chain(env.homes().map(|h| env.cache_of(h).join("torch")));
        places.extend(torch.map(|t| Place::new(t.join("sentence_transformers"), "models")));
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let folders = store.root().folders();
        Found { items: folders.iter().filter_map(|f| model(store, f)).collect(), ..Found::default() }
    }
}

fn model(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let (name, origin) = name_of(&folder.shown());
    // Every repository has it, and nothing that was saved here does.
    let fetched = folder.has_file(".gitattributes") || folder.name().starts_with(SBERT);
    let whole = folder.has_file("modules.json");
    if !fetched && !whole && !folder.has_file("config.json") {
        return None;
    }
    let mut item = NewItem::new("model", name, Verdict::ReDownload).body(folder.node());
    if store.is_live_below(folder) {
        item.verdict = Verdict::InUse;
        return Some(item.note("written a moment ago or open"));
    }
    if !fetched {
        item.verdict = Verdict::LookFirst;
        return Some(item.note("nothing says it was downloaded: it may have been saved here"));
    }
    item.origin = origin;
    let note = if whole {
        "in the form of versions before 2.3, which no later version reads"
    } else {
        "unfinished: modules.json comes last, and is not there"
    };
    Some(item.leftover().note(note))
}

/// The name of a model and its address, where the name of its folder tells them: `_` may have been one.
fn name_of(folder: &str) -> (String, Option<String>) {
    if let Some(name) = folder.strip_prefix(SBERT) {
        return (name.strip_suffix("_part").unwrap_or(name).to_string(), None);
    }
    let own = folder.strip_prefix("sentence-transformers_").map(|n| ("sentence-transformers", n));
    match own.or_else(|| folder.split_once('_').filter(|(_, n)| !n.contains('_'))) {
        Some((org, name)) => {
            let id = format!("{org}/{name}");
            (id.clone(), Some(format!("https://huggingface.co/{id}")))
        }
        None => (folder.to_string(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn models_that_were_fetched_are_told_from_those_saved_here() {
        let f = Fixture::new();
        let at = ".cache/torch/sentence_transformers";
        for (model, file) in [
            ("sentence-transformers_all-MiniLM-L6-v2", ".gitattributes"),
            ("sentence-transformers_all-MiniLM-L6-v2", "modules.json"),
            ("acme_tiny_model_v2", ".gitattributes"),
            ("acme_tiny", ".gitattributes"),
            ("acme_tiny", "modules.json"),
            ("sbert.net_models_stsb-roberta", "modules.json"),
            ("my-own", "modules.json"),
            ("busy_one", ".gitattributes"),
        ] {
            f.kib(&format!("{at}/{model}/{file}"), 4);
            f.age(&format!("{at}/{model}"), 86_400);
        }
        f.age(&format!("{at}/busy_one/.gitattributes"), 5);
        f.kib(&format!("{at}/papers/a.pdf"), 4);
        f.file(&format!("{at}/\u{1b}[2J/config.json"), "");
        let old = "in the form of versions before 2.3, which no later version reads";
        let outline = f.outline();
        assert_eq!(
            outline,
            format!(
                "hub: sentence-transformers models ~/{at}\n\
                 \x20 model \"\\e[2J\" [in-use] 4 4 {{written a moment ago or open}}\n\
                 \x20 !model \"acme/tiny\" [re-download] 12 12 {{{old}}}\n\
                 \x20 !model \"acme_tiny_model_v2\" [re-download] 8 8 {{unfinished: modules.json comes last, and is not there}}\n\
                 \x20 model \"busy/one\" [in-use] 8 8 {{written a moment ago or open}}\n\
                 \x20 model \"my-own\" [look-first] 8 8 {{nothing says it was downloaded: it may have been saved here}}\n\
                 \x20 !model \"stsb-roberta\" [re-download] 8 8 {{{old}}}\n\
                 \x20 !model \"sentence-transformers/all-MiniLM-L6-v2\" [re-download] 12 12 {{{old}}}\n\
                 \x20 other \"other files\" [look-first] 12 8\n"
            )
        );
    }

    #[test]
    fn the_variable_counts_where_a_folder_of_the_old_form_is() {
        let mut f = Fixture::new();
        f.env =
            f.env.clone().with_var("SENTENCE_TRANSFORMERS_HOME", f.path("st")).with_var("TORCH_HOME", "/t");
        f.folder("st/models--acme--tiny/blobs");
        let places = |f: &Fixture| SentenceTransformers.places(&f.env).len();
        assert_eq!(places(&f), 2);
        f.file("st/acme_tiny/modules.json", "[]");
        assert_eq!(places(&f), 3);
        assert_eq!(SentenceTransformers.places(&f.env)[0].path, f.path("st"));
    }
}
