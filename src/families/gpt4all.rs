//! Models of `GPT4All`: of its Python package, and of the desktop program, which keeps chats and collections of
//! documents in the same folder.
//!
//! Layout: gpt4all 2.8.2, `gpt4all.py` (`retrieve_model`, `download_model`: `<file>.part`); gpt4all-chat,
//! `modellist.cpp` (`incompleteDownloadPath`: `incomplete-<file>`).

use super::{About, Family, File, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Gpt4All;

static ABOUT: About = About {
    id: "gpt4all",
    name: "GPT4All",
    items: "a model",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    hint: "GPT4All(name) or the program's list of models downloads it again",
    source: "gpt4all 2.8.2, gpt4all.py; gpt4all-chat, modellist.cpp",
    ..About::DEFAULT
};

impl Family for Gpt4All {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let both = |home| {
            [
                // The package asks no variable.
                Place::new(std::path::Path::join(home, ".cache/gpt4all"), "python"),
                Place::new(env.data_of(home).join("nomic.ai/GPT4All"), "desktop"),
            ]
        };
        env.homes().flat_map(both).collect()
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let files = store.root().files();
        Found { items: files.iter().filter_map(|f| item(store, f)).collect(), ..Found::default() }
    }
}

fn is_model(name: &str) -> bool {
    [".gguf", ".bin"].iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

fn item(store: &StoreView<'_>, file: &File<'_>) -> Option<NewItem> {
    let name = file.name();
    let partial = name.strip_suffix(".part").or_else(|| name.strip_prefix("incomplete-"));
    if let Some(of) = partial.filter(|of| is_model(of) && file.is_regular()) {
        let item = NewItem::new("partial", text::plain(of), Verdict::Safe).body(file.node);
        return Some(if store.is_live(file) {
            NewItem { verdict: Verdict::InUse, ..item.note("being written") }
        } else {
            item.leftover().note("the next download could go on from it")
        });
    }
    if !is_model(name) {
        return None;
    }
    let item = NewItem::new("model", file.shown(), Verdict::ReDownload).body(file.node);
    Some(if store.is_live(file) {
        NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") }
    } else if name.strip_suffix(".gguf").is_none() || !file.is_regular() || file.nlink > 1 {
        NewItem { verdict: Verdict::LookFirst, ..item.note("put here by hand, or of a version long ago") }
    } else if store.role() == "desktop" {
        let item = item.note("the program downloads models to here, and people put their own here");
        NewItem { verdict: Verdict::LookFirst, ..item }
    } else {
        item
    })
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn models_partials_and_what_people_keep_beside_them() {
        let f = Fixture::new();
        let (python, desktop) = (".cache/gpt4all", ".local/share/nomic.ai/GPT4All");
        f.kib(&format!("{python}/orca-mini-3b.Q4_0.gguf"), 16);
        f.kib(&format!("{python}/nous.gguf.part"), 8);
        f.kib(&format!("{python}/old.bin"), 4);
        f.link("/data/mine.gguf", &format!("{python}/linked.gguf"));
        f.kib(&format!("{python}/.gguf"), 4);
        f.kib(&format!("{desktop}/mine.gguf"), 8);
        f.kib(&format!("{desktop}/incomplete-llama.gguf"), 8);
        f.age(&format!("{desktop}/incomplete-llama.gguf"), 5);
        f.kib(&format!("{desktop}/gpt4all-1.chat"), 4);
        f.kib(&format!("{desktop}/localdocs_v3.db"), 4);
        assert_eq!(
            f.outline(),
            "hub: gpt4all python ~/.cache/gpt4all\n\
             \x20 model \"linked.gguf\" [in-use] 0 0 {written a moment ago or open}\n\
             \x20 !partial \"nous.gguf\" [safe] 8 8 {the next download could go on from it}\n\
             \x20 model \"old.bin\" [look-first] 4 4 {put here by hand, or of a version long ago}\n\
             \x20 model \"orca-mini-3b.Q4_0.gguf\" [re-download] 16 16\n\
             \x20 other \"other files\" [look-first] 8 4\n\
             hub: gpt4all desktop ~/.local/share/nomic.ai/GPT4All\n\
             \x20 partial \"llama.gguf\" [in-use] 8 8 {being written}\n\
             \x20 model \"mine.gguf\" [look-first] 8 8 {the program downloads models to here, and people put their own here}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }
}
