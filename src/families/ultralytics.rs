//! Ultralytics' YOLO: weights where its settings say, and the settings themselves, which hold keys.
//!
//! Layout: ultralytics 8.4.190, `utils/__init__.py` (`get_user_config_dir`, `SettingsManager`: `weights_dir` in
//! `settings.json`, the folder `weights` of the checkout or of where it was started first), `utils/downloads.py`
//! (`GITHUB_ASSETS_NAMES`: what it can fetch again; `.<name>.<32 hex>.part`: a download). Weights are also put into
//! whatever folder a program is started in; there they are nobody's store. Runs are with the checkpoints.

use super::names::is_hex;
use super::{About, Family, File, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Ultralytics;

static ABOUT: About = About {
    id: "ultralytics",
    name: "Ultralytics YOLO",
    items: "a file of weights, or what it keeps beside its settings",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    hint: "YOLO(name) downloads weights of a published name again",
    source: "ultralytics 8.4.190, utils/__init__.py get_user_config_dir, SettingsManager; utils/downloads.py",
    ..About::DEFAULT
};

/// The folder's own name below a configuration folder.
const FOLDER: &str = "Ultralytics";

impl Family for Ultralytics {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut settings = Vec::new();
        if let Some(root) = env.folder("YOLO_CONFIG_DIR") {
            settings.push(root.join(FOLDER));
        }
        settings.extend(env.homes().map(|home| env.config_of(home).join(FOLDER)));
        let mut places = Vec::new();
        for folder in settings {
            let weights = env.read_small(&folder.join("settings.json")).and_then(|json| weights_dir(&json));
            // The folder is made when something is downloaded, and what is not absolute is another one every time.
            let weights = weights.map(std::path::PathBuf::from).filter(|w| w.is_absolute() && env.exists(w));
            places.extend(weights.map(|path| Place::new(path, "weights")));
            places.push(Place::new(folder, "settings"));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let items = if store.role() == "weights" { weights(store, &root) } else { settings(store, &root) };
        Found { items, ..Found::default() }
    }
}

fn weights_dir(json: &[u8]) -> Option<String> {
    let settings: serde_json::Value = serde_json::from_slice(json).ok()?;
    settings.get("weights_dir")?.as_str().filter(|path| !path.is_empty()).map(str::to_string)
}

fn weights(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let files = root.files().into_iter().filter(File::is_regular);
    files.filter_map(|file| weight(store, &file)).collect()
}

fn weight(store: &StoreView<'_>, file: &File<'_>) -> Option<NewItem> {
    let name = file.name();
    if is_part(name) {
        let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node).leftover();
        return Some(if store.is_live(file) {
            NewItem { verdict: Verdict::InUse, ..item }.note("being downloaded")
        } else {
            item.note("never resumed: the download begins anew")
        });
    }
    let ends = [".pt", ".onnx", ".ts"];
    ends.iter().any(|end| name.ends_with(end)).then(|| {
        let item = NewItem::new("weights", file.shown(), Verdict::ReDownload).body(file.node);
        if store.is_fresh(file.mtime) {
            NewItem { verdict: Verdict::InUse, ..item }.note("written less than ten minutes ago")
        } else if is_published(name) {
            item
        } else {
            NewItem { verdict: Verdict::LookFirst, ..item }
                .note("not one of the names it can download: it may be your own")
        }
    })
}

/// `.yolo11n.pt.<32 hex>.part`
fn is_part(name: &str) -> bool {
    let id =
        name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part")).and_then(|r| r.rsplit_once('.'));
    id.is_some_and(|(_, id)| is_hex(id, 32))
}

/// Whether a file has a name under which weights are published: `yolo11n-seg.pt`. People call their own `best.pt`, or
/// put a word in front or behind.
fn is_published(name: &str) -> bool {
    let Some((stem, end)) = name.rsplit_once('.').filter(|(_, end)| matches!(*end, "pt" | "onnx" | "ts"))
    else {
        return false;
    };
    if end == "ts" {
        return matches!(stem, "mobileclip_blt" | "mobileclip2_b");
    }
    let (model, task) = stem.split_once('-').unwrap_or((stem, ""));
    let tasks = ["", "cls", "seg", "pose", "obb", "oiv7", "sem", "depth", "world", "worldv2"];
    let sized = |family: &str, sizes: &str| {
        let size = model.strip_prefix(family).filter(|s| s.len() == 1);
        size.is_some_and(|s| sizes.contains(s)) && tasks.contains(&task)
    };
    let families = [("yolov8", "nsmlx"), ("yolo11", "nsmlx"), ("yolo12", "nsmlx"), ("yolo26", "nsmlx")];
    let older = [("yolov9", "tsmce"), ("yolov10", "nsmblx"), ("yolo_nas_", "sml"), ("sam_", "bl")];
    let sam2 = [("sam2_", "blst"), ("sam2.1_", "blst")];
    let named = families.iter().chain(&older).chain(&sam2).any(|(family, sizes)| sized(family, sizes));
    let v5 = model.strip_prefix("yolov5").and_then(|rest| rest.strip_suffix('u')).unwrap_or("");
    let v5 = task.is_empty() && matches!(v5.strip_suffix('6').unwrap_or(v5), "n" | "s" | "m" | "l" | "x");
    let whole = ["FastSAM-s", "FastSAM-x", "rtdetr-l", "rtdetr-x", "mobile_sam", "yolov3u", "yolov3-sppu"];
    end == "pt" && (named || v5 || whole.contains(&stem))
}

/// Fonts are fetched again; the rest is the person's, or holds keys.
fn settings(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    for file in root.files() {
        let name = file.name();
        if name.starts_with("settings.") || name.starts_with("persistent_cache.") {
            let item = NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node);
            items.push(item.note("holds keys, and says where weights, data and runs are"));
        } else if [".ttf", ".otf"].iter().any(|end| name.ends_with(end)) && file.is_regular() {
            items.push(NewItem::new("font", file.shown(), Verdict::ReDownload).body(file.node));
        }
    }
    let compiled = root.folder("migraphx_cache").filter(|folder| !store.is_fresh(folder.newest()));
    if let Some(folder) = compiled {
        let item = NewItem::new("compile cache", folder.shown(), Verdict::Rebuild).body(folder.node());
        items.push(item.category(Category::CompileCaches));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn weights_lie_where_the_settings_say_and_the_settings_stay() {
        let f = Fixture::new();
        let weights = f.folder("work/weights");
        f.file(
            ".config/Ultralytics/settings.json",
            format!("{{\"weights_dir\": \"{}\", \"api_key\": \"secret\"}}", weights.display()),
        );
        f.kib(".config/Ultralytics/Arial.ttf", 8);
        f.kib("work/weights/yolo11n.pt", 8);
        f.kib("work/weights/best.pt", 8);
        f.kib(&format!("work/weights/.yolo11x.pt.{}.part", "0a".repeat(16)), 8);
        assert_eq!(
            f.outline(),
            "hub: ultralytics settings ~/.config/Ultralytics\n\
             \x20 font \"Arial.ttf\" [re-download] 8 8\n\
             \x20 settings \"settings.json\" [protected] 4 4 {holds keys, and says where weights, data and runs are}\n\
             hub: ultralytics weights ~/work/weights\n\
             \x20 !partial \".yolo11x.pt.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.part\" [safe] 8 8 {never resumed: the download begins anew}\n\
             \x20 weights \"best.pt\" [look-first] 8 8 {not one of the names it can download: it may be your own}\n\
             \x20 weights \"yolo11n.pt\" [re-download] 8 8\n"
        );
    }

    #[test]
    fn settings_that_make_no_sense_name_no_place() {
        let f = Fixture::new();
        for broken in
            ["{", "[]", "{\"weights_dir\": 7}", "{\"weights_dir\": \"\"}", "{\"weights_dir\": \"weights\"}"]
        {
            f.file(".config/Ultralytics/settings.json", broken);
            assert!(!f.outline().contains("weights ~"), "{broken}");
        }
    }

    #[test]
    fn only_published_names_are_downloaded_again() {
        let published =
            "yolov8n yolov8x-seg yolo11n-obb yolo26m-depth yolov5nu yolov5x6u yolov9c-seg sam2.1_b rtdetr-l";
        for name in published.split(' ') {
            assert!(is_published(&format!("{name}.pt")), "{name}");
        }
        for name in [
            "best.pt",
            "yolo11.pt",
            "yolo11nn.pt",
            "yolo11n-mine.pt",
            "my-yolo11n.pt",
            "yolov5u.pt",
            "yolo11n",
        ] {
            assert!(!is_published(name), "{name}");
        }
    }
}
