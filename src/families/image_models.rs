//! Folders of models for making images: of `ComfyUI`, and of AUTOMATIC1111's web UI and Forge. People fill them by hand,
//! so all of it is theirs; what this can tell is what belongs together.
//!
//! Layout: `ComfyUI`, `folder_paths.py` (names of folders, endings of models); stable-diffusion-webui,
//! `modules/paths_internal.py` and the folders below `models/` that its repository has. `<name>.civitai.info`, which
//! helpers write beside a model, is what civitai.com's interface answers about it.

use std::collections::BTreeMap;

use super::{About, Family, File, Folder, Listing, Marker, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct ImageModels;

static ABOUT: About = About {
    id: "image-models",
    name: "ComfyUI, AUTOMATIC1111, Forge",
    items: "a model with its preview and notes",
    category: Category::Hub,
    verdict: Verdict::LookFirst,
    markers: &[
        Marker::Name("upscale_models"),
        Marker::Name("style_models"),
        Marker::Name("vae_approx"),
        Marker::Name("clip_vision"),
        Marker::Name("gligen"),
        Marker::Name("Stable-diffusion"),
        Marker::Name("VAE-approx"),
    ],
    hint: "from where you got it: these programs download hardly anything themselves",
    source: "ComfyUI, folder_paths.py; stable-diffusion-webui, modules/paths_internal.py",
    ..About::DEFAULT
};

/// Names that nothing else has.
const RARE: [&str; 7] = [
    "upscale_models",
    "style_models",
    "vae_approx",
    "clip_vision",
    "gligen",
    "Stable-diffusion",
    "VAE-approx",
];

/// Further names; four of all of them make a folder of models.
const KNOWN: [&str; 22] = [
    "checkpoints",
    "loras",
    "vae",
    "clip",
    "unet",
    "diffusion_models",
    "text_encoders",
    "controlnet",
    "embeddings",
    "hypernetworks",
    "photomaker",
    "diffusers",
    "Lora",
    "VAE",
    "ESRGAN",
    "GFPGAN",
    "Codeformer",
    "ControlNet",
    "LyCORIS",
    "text_encoder",
    "karlo",
    "deepbooru",
];

/// Endings of models.
const ENDS: [&str; 9] = ["safetensors", "ckpt", "pt", "pth", "bin", "pkl", "sft", "gguf", "onnx"];

impl Family for ImageModels {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let rare = RARE.iter().filter(|n| folder.has_folder(n)).count();
        let known = KNOWN.iter().filter(|n| folder.has_folder(n)).count();
        let shaped = rare > 0 && rare + known >= 4;
        (shaped && folder.within.is_none() && !folder.is_a_top()).then_some("models")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for shelf in store.root().folders() {
            let kind = kind_of(shelf.name());
            let mut todo = vec![shelf];
            while let Some(folder) = todo.pop() {
                if folder.has_file("model_index.json") {
                    found.items.push(pipeline(store, &folder));
                    continue;
                }
                found.items.extend(models(store, &folder, kind));
                todo.extend(folder.folders().into_iter().rev());
            }
        }
        found
    }
}

fn kind_of(shelf: &str) -> &'static str {
    match shelf {
        "checkpoints" | "Stable-diffusion" | "diffusion_models" | "unet" => "checkpoint",
        "loras" | "Lora" | "LyCORIS" => "lora",
        "controlnet" | "ControlNet" => "controlnet",
        _ => "model",
    }
}

/// A model of the diffusers library: a folder.
fn pipeline(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("pipeline", below(store, folder), Verdict::LookFirst).body(folder.node());
    if store.is_live_below(folder) {
        return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
    }
    item
}

fn below(store: &StoreView<'_>, folder: &Folder<'_>) -> String {
    text::path(&store.below(folder.node()))
}

/// The name of a model without its ending.
fn stem(name: &str) -> Option<&str> {
    let (stem, end) = name.rsplit_once('.')?;
    (!stem.is_empty() && ENDS.contains(&end.to_ascii_lowercase().as_str())).then_some(stem)
}

/// The models of one folder, each with what lies beside it under its name: previews, notes, settings.
fn models(store: &StoreView<'_>, folder: &Folder<'_>, kind: &'static str) -> Vec<NewItem> {
    let files = folder.files();
    let mut beside: BTreeMap<&str, Vec<&File<'_>>> =
        files.iter().filter_map(|f| Some((stem(f.name())?, Vec::new()))).collect();
    for file in files.iter().filter(|f| stem(f.name()).is_none() && f.is_regular()) {
        let dots = file.name().rmatch_indices('.').map(|(at, _)| &file.name()[..at]);
        if let Some(of) = dots.into_iter().find(|name| beside.contains_key(name)) {
            beside.entry(of).or_default().push(file);
        }
    }
    let shelf = below(store, folder);
    let mut items = Vec::new();
    for file in &files {
        let Some(stem) = stem(file.name()) else { continue };
        let name = format!("{shelf}/{}", file.shown());
        let mut item = NewItem::new(kind, name, Verdict::LookFirst).body(file.node);
        // Of two with one name and different endings, the first has what lies beside them.
        for side in beside.remove(stem).into_iter().flatten() {
            item = item.body(side.node);
            if side.name().ends_with(".civitai.info") {
                item.origin = civitai(store, side);
            }
        }
        if store.is_live(file) {
            item.verdict = Verdict::InUse;
            item = item.note("written a moment ago or open");
        } else if file.kind == Kind::Link {
            item = item.note("a link: what it leads to stays");
        }
        items.push(item);
    }
    items
}

/// The address of a model, out of what is written beside it.
fn civitai(store: &StoreView<'_>, file: &File<'_>) -> Option<String> {
    let said = store.json(file.node, 1 << 20)?;
    let (model, version) = (said["modelId"].as_u64()?, said["id"].as_u64()?);
    Some(format!("https://civitai.com/models/{model}?modelVersionId={version}"))
}

#[cfg(test)]
mod tests {
    use crate::families::testing::{Fixture, outline};

    #[test]
    fn models_have_what_lies_beside_them_and_all_is_looked_at_first() {
        let f = Fixture::new();
        let m = |name: &str| format!("ComfyUI/models/{name}");
        for empty in ["clip_vision", "upscale_models", "vae"] {
            f.file(&m(&format!("{empty}/put_models_here")), "");
        }
        f.kib(&m("checkpoints/sdxl/base_1.0.safetensors"), 64);
        f.kib(&m("loras/style.v2.safetensors"), 8);
        f.kib(&m("loras/style.v2.preview.png"), 4);
        f.file(&m("loras/style.v2.civitai.info"), r#"{"id": 7, "modelId": 42}"#);
        f.kib(&m("loras/style.png"), 4);
        f.kib(&m("loras/.safetensors"), 4);
        f.old_link("/data/x.ckpt", &m("checkpoints/x.ckpt"));
        f.kib(&m("diffusers/tiny/unet/model.bin"), 8);
        f.file(&m("diffusers/tiny/model_index.json"), "{}");
        for folder in ["diffusers/tiny", "diffusers/tiny/unet"] {
            f.age(&m(folder), 86_400);
        }
        f.kib(&m("vae/new.pt"), 4);
        f.age(&m("vae/new.pt"), 5);
        let inventory = f.scan();
        assert_eq!(
            outline(&inventory, &f.home()),
            "hub: image-models models ~/ComfyUI/models\n\
             \x20 checkpoint \"checkpoints/x.ckpt\" [look-first] 0 0 {a link: what it leads to stays}\n\
             \x20 checkpoint \"checkpoints/sdxl/base_1.0.safetensors\" [look-first] 64 64\n\
             \x20 pipeline \"diffusers/tiny\" [look-first] 20 20\n\
             \x20 lora \"loras/style.v2.safetensors\" [look-first] 16 16\n\
             \x20 model \"vae/new.pt\" [in-use] 4 4 {written a moment ago or open}\n\
             \x20 other \"other files\" [look-first] 40 16\n"
        );
        let lora = inventory.items().find(|i| i.kind == "lora").expect("a lora");
        assert_eq!(lora.origin.as_deref(), Some("https://civitai.com/models/42?modelVersionId=7"));
    }

    #[test]
    fn the_web_ui_is_known_too_and_code_with_such_names_is_not() {
        let f = Fixture::new();
        let m = |name: &str| format!("webui/models/{name}");
        f.kib(&m("Stable-diffusion/v1-5.ckpt"), 8);
        f.kib(&m("Lora/a.safetensors"), 4);
        f.kib(&m("VAE-approx/model.pt"), 4);
        f.kib(&m("karlo/ViT.th"), 4);
        f.kib("src/pipelines/controlnet/x.py", 4);
        f.kib("src/pipelines/unet/x.py", 4);
        f.kib("src/pipelines/vae/x.py", 4);
        f.kib("src/pipelines/clip/x.py", 4);
        f.kib("few/upscale_models/x.pth", 4);
        f.kib("few/vae/x.pth", 4);
        let outline = f.outline();
        assert!(outline.starts_with("hub: image-models models ~/webui/models\n"), "{outline}");
        assert_eq!(outline.matches("image-models").count(), 1, "{outline}");
        assert!(!outline.contains("re-download") && !outline.contains("[safe]"), "{outline}");
    }

    #[test]
    fn broken_notes_and_names_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        let f = Fixture::new();
        for folder in ["gligen", "loras", "vae", "clip"] {
            f.folder(&format!("m/{folder}"));
        }
        let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J.safetensors");
        std::fs::write(f.path("m/loras").join(odd), "x").expect("a file");
        f.kib("m/loras/a.ckpt", 4);
        f.file("m/loras/a.civitai.info", "{\"id\": ");
        f.kib("m/loras/b.ckpt", 4);
        f.file("m/loras/b.civitai.info", "{\"id\": \"x\", \"modelId\": -1}");
        f.folder("m/loras/c.ckpt");
        let outline = f.outline();
        assert!(!outline.contains('\u{1b}'), "{outline}");
        assert_eq!(outline.matches("lora \"").count(), 2, "{outline}");
        assert_eq!(outline.matches("problem").count(), 1, "{outline}");
    }
}
