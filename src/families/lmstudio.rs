//! LM Studio: `models/<publisher>/<model>/` as on the Hugging Face Hub, amid settings, chats and the program's parts.
//!
//! Layout: lmstudio.ai/docs/basics/import-model; lms, `src/subcommands/importCmd` (links, hard links, and
//! `imported-models/uncategorized`); `~/.lmstudio-home-pointer` names the folder. Unfinished files are
//! `downloading_<file>.part` or `<file>.part` (lmstudio-bug-tracker #1477, #2291).

use std::path::PathBuf;

use super::{About, Family, File, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct LmStudio;

static ABOUT: About = About {
    id: "lm-studio",
    name: "LM Studio",
    items: "a model",
    category: Category::Hub,
    verdict: Verdict::LookFirst,
    hint: "`lms get` or the program downloads a model again; what was imported comes back from where it was",
    source: "lmstudio.ai/docs/basics/import-model; lms, importCmd",
    ..About::DEFAULT
};

/// What a file on its way ends in.
const PART: &str = ".part";

/// Publishers who do nothing but convert the models of others: what is under their name was downloaded.
const PUBLISHERS: [&str; 8] = [
    "lmstudio-community",
    "mlx-community",
    "ggml-org",
    "bartowski",
    "unsloth",
    "TheBloke",
    "QuantFactory",
    "MaziyarPanahi",
];

impl Family for LmStudio {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places = Vec::new();
        for home in env.homes() {
            let pointer = env.read_small(&home.join(".lmstudio-home-pointer")).unwrap_or_default();
            let named = String::from_utf8_lossy(&pointer).lines().next().map(|l| PathBuf::from(l.trim()));
            let own = |p: &PathBuf| p.is_absolute() && env.exists(&p.join(".internal"));
            let default = [home.join(".lmstudio"), home.join(".cache/lm-studio")];
            places.extend(named.filter(own).into_iter().chain(default).map(|p| Place::new(p, "home")));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        for file in root.files().iter().filter(|f| ["mcp.json", "settings.json"].contains(&f.name())) {
            found.items.push(NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node));
        }
        if let Some(folder) = root.folder(".internal") {
            let item = NewItem::new("settings", "what the program notes for itself", Verdict::Protected);
            found.items.push(item.body(folder.node()));
        }
        for publisher in root.folder("models").map(|m| m.folders()).unwrap_or_default() {
            for folder in publisher.folders() {
                model(store, &publisher, &folder, &mut found);
            }
        }
        found
    }
}

fn model(store: &StoreView<'_>, publisher: &Folder<'_>, folder: &Folder<'_>, found: &mut Found) {
    let (of, name) = (publisher.shown(), folder.shown());
    let files: Vec<File<'_>> = folder.walk().iter().flat_map(Folder::files).collect();
    let (partial, whole): (Vec<File<'_>>, Vec<File<'_>>) =
        files.into_iter().partition(|f| f.is_regular() && f.name().ends_with(PART));
    for file in &partial {
        let stem = file.name().trim_end_matches(PART);
        let stem = stem.strip_prefix("downloading_").unwrap_or(stem);
        let item = NewItem::new("partial", format!("{of}/{name} {}", text::plain(stem)), Verdict::Safe);
        let item = item.body(file.node);
        found.items.push(if store.is_live(file) {
            NewItem { verdict: Verdict::InUse, ..item.note("being written") }
        } else {
            item.leftover().note("left by a download that was stopped")
        });
    }
    if whole.is_empty() {
        return;
    }
    let mut item = NewItem::new("model", format!("{of}/{name}"), Verdict::ReDownload).body(folder.node());
    item.without.extend(partial.iter().map(|f| f.node));
    if publisher.name() != "imported-models" {
        item.origin = Some(format!("https://huggingface.co/{of}/{name}"));
    }
    found.items.push(judge(store, item, publisher, &whole, !partial.is_empty()));
}

fn judge(
    store: &StoreView<'_>,
    mut item: NewItem,
    publisher: &Folder<'_>,
    files: &[File<'_>],
    unfinished: bool,
) -> NewItem {
    if files.iter().any(|f| store.is_live(f)) {
        item.verdict = Verdict::InUse;
        return item.note("written a moment ago or open");
    }
    if unfinished {
        item = item.note("not all of it was downloaded");
    }
    if files.iter().any(|f| f.kind == Kind::Link || f.nlink > 1) {
        item.verdict = Verdict::LookFirst;
        return item.note("imported as a link: the file itself is elsewhere, too");
    }
    if !PUBLISHERS.contains(&publisher.name()) {
        item.verdict = Verdict::LookFirst;
        return item.note("downloaded, or put here by hand: nothing tells");
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn models_imports_partials_and_what_is_the_programs_own() {
        let f = Fixture::new();
        let m = |name: &str| format!(".lmstudio/models/{name}");
        f.kib(&m("lmstudio-community/tiny-GGUF/tiny-Q4.gguf"), 16);
        f.kib(&m("ann/own/own.gguf"), 8);
        f.kib("models/kept.gguf", 8);
        f.hard_link("models/kept.gguf", &m("bartowski/kept/kept.gguf"));
        f.old_link("/data/x.gguf", &m("imported-models/uncategorized/x.gguf"));
        f.kib(&m("lmstudio-community/big/big-1.safetensors"), 8);
        f.kib(&m("lmstudio-community/big/downloading_big-2.safetensors.part"), 4);
        f.kib(&m("lmstudio-community/new/a.gguf.part"), 4);
        f.age(&m("lmstudio-community/new/a.gguf.part"), 4);
        f.kib(&m("loose.gguf"), 4);
        f.file(".lmstudio/mcp.json", "{\"key\": \"s3cret\"}");
        f.file(".lmstudio/.internal/lms-key", "s3cret");
        f.kib(".lmstudio/conversations/1.json", 4);
        let outline = f.outline();
        assert_eq!(
            outline,
            "hub: lm-studio home ~/.lmstudio\n\
             \x20 settings \"mcp.json\" [protected] 4 4\n\
             \x20 settings \"what the program notes for itself\" [protected] 8 8\n\
             \x20 model \"ann/own\" [look-first] 12 12 {downloaded, or put here by hand: nothing tells}\n\
             \x20 model \"bartowski/kept\" [look-first] 12 4 {imported as a link: the file itself is elsewhere, too; 8.0 KiB in 1 file stay: other names hold them}\n\
             \x20 model \"imported-models/uncategorized\" [look-first] 4 4 {imported as a link: the file itself is elsewhere, too}\n\
             \x20 !partial \"lmstudio-community/big big-2.safetensors\" [safe] 4 4 {left by a download that was stopped}\n\
             \x20 model \"lmstudio-community/big\" [re-download] 12 12 {not all of it was downloaded}\n\
             \x20 partial \"lmstudio-community/new a.gguf\" [in-use] 4 4 {being written}\n\
             \x20 model \"lmstudio-community/tiny-GGUF\" [re-download] 20 20\n\
             \x20 other \"other files\" [look-first] 40 12\n"
        );
    }

    #[test]
    fn a_pointer_in_the_home_names_the_folder() {
        let env = Env::fixed("/h")
            .with_file("/h/.lmstudio-home-pointer", "/big/lm\n")
            .with_file("/big/lm/.internal", "")
            .with_file("/other/.lmstudio-home-pointer", "/nothing/there")
            .with_home("/other");
        let places = LmStudio.places(&env);
        let paths: Vec<String> = places.iter().map(|p| p.path.display().to_string()).collect();
        assert_eq!(
            paths,
            ["/big/lm", "/h/.lmstudio", "/h/.cache/lm-studio", "/other/.lmstudio", "/other/.cache/lm-studio"]
        );
    }
}
