//! torch.hub's folder: weights in `checkpoints/`, repositories of code beside it.
//!
//! Layout: `torch/hub.py` (`get_dir`, `_get_cache_or_reload`, `_check_repo_is_trusted`, `download_url_to_file`,
//! `load_state_dict_from_url`), as of 2025. No URL is written down; a name that ends in the beginning of the file's
//! sha256 is one torch.hub knows how to fetch and check. People put weights of their own here, too.

use super::names::{is_hex, zip_first};
use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct TorchHub;

static ABOUT: About = About {
    id: "torch-hub",
    name: "torch.hub",
    items: "a file of weights, or a repository of code",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Name("trusted_list")],
    hint: "torch.hub downloads it again the next time the code asks for it",
    source: "pytorch, torch/hub.py get_dir, download_url_to_file, _check_repo_is_trusted",
    ..About::DEFAULT
};

/// Endings of weights, the longer first.
const ENDS: [&str; 7] = [".pth.tar", ".pth", ".pt", ".bin", ".th", ".pkl", ".safetensors"];

impl Family for TorchHub {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(home) = env.folder("TORCH_HOME") {
            // torch has other things there, so only a missing TORCH_HOME itself is worth a word.
            places.push(if env.exists(&home) {
                Place::new(home.join("hub"), "hub")
            } else {
                Place::named(home.join("hub"), "hub", "$TORCH_HOME")
            });
        }
        places.extend(env.homes().map(|home| Place::new(env.cache_of(home).join("torch/hub"), "hub")));
        places
    }

    /// `hub.set_dir` allows any folder; only torch.hub writes a `trusted_list`.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let shaped = folder.name == b"hub" || folder.has_folder("checkpoints");
        (folder.has_file("trusted_list") && shaped).then_some("hub")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        for folder in root.folders() {
            if folder.bytes() == b"checkpoints" {
                found.items.extend(regular(&folder).iter().map(|f| weights(store, f)));
                // Programs keep folders of their own here; of those, only what torch.hub fetched is known.
                for below in folder.walk().iter().skip(1) {
                    let known = |f: &File<'_>| is_partial(f.name()) || hashed(f.name()).is_some();
                    found.items.extend(regular(below).iter().filter(|f| known(f)).map(|f| weights(store, f)));
                }
            } else if folder.has_file("hubconf.py") {
                found.items.extend(repo(store, &folder));
            }
        }
        for file in regular(&root) {
            if file.bytes == b"trusted_list" {
                let item = NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node);
                found.items.push(item.note("the repositories you said you trust"));
            } else if is_partial(file.name()) {
                found.items.push(partial(store, &file));
            } else if let Some(reference) = file.name().strip_suffix(".zip") {
                found.items.push(archive(store, &file, reference));
            }
        }
        found
    }
}

fn regular<'a>(folder: &Folder<'a>) -> Vec<File<'a>> {
    folder.files().into_iter().filter(File::is_regular).collect()
}

fn weights(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    if is_partial(file.name()) {
        return partial(store, file);
    }
    let Some((name, hash)) = hashed(file.name()) else {
        let item = NewItem::new("weights", file.shown(), Verdict::LookFirst).body(file.node);
        return item.note("no url is recorded and its name has no hash: it may be your own");
    };
    let item = NewItem::new("weights", text::plain(name), Verdict::ReDownload).body(file.node).version(hash);
    if store.is_live(file) { in_use(item) } else { item }
}

/// Name and hash of `resnet18-f37072fd.pth`. A date or a step number is no hash, so a hash has a letter and a digit.
fn hashed(file: &str) -> Option<(&str, &str)> {
    let stem = ENDS.iter().find_map(|end| file.strip_suffix(end))?;
    let (name, hash) = stem.rsplit_once('-')?;
    let mixed = hash.bytes().any(|b| b.is_ascii_digit()) && hash.bytes().any(|b| b.is_ascii_alphabetic());
    let hex = (8..=64).contains(&hash.len()) && is_hex(hash, hash.len());
    (hex && mixed && !name.is_empty()).then_some((name, hash))
}

/// `<file>.<32 hex>.partial`, and in earlier releases `tmp` with eight random characters. One that might be a word
/// a person chose (`tmp_weights`) is left alone.
fn is_partial(name: &str) -> bool {
    let new = name.strip_suffix(".partial").and_then(|rest| rest.rsplit_once('.'));
    let old = name.strip_prefix("tmp").filter(|rest| rest.len() == 8 && !rest.starts_with('_'));
    let random = |rest: &str| {
        rest.bytes().any(|b| b.is_ascii_digit())
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    new.is_some_and(|(_, id)| is_hex(id, 32)) || old.is_some_and(random)
}

fn partial(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node).leftover();
    if store.is_live(file) { in_use(item) } else { item.note("never resumed: torch.hub begins anew") }
}

/// `<owner>_<repository>_<ref>/`. GitHub owners have no `_` in their names, but the other two may.
fn repo(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let (owner, rest) = folder.name().split_once('_')?;
    let (repository, reference) = rest.split_once('_')?;
    if owner.is_empty() || repository.is_empty() || reference.is_empty() {
        return None;
    }
    let mut item = NewItem::new("repo", folder.shown(), Verdict::ReDownload).body(folder.node());
    if !reference.contains('_') {
        item.name = text::plain(&format!("{owner}/{repository}"));
        item = item
            .version(text::plain(reference))
            .origin(text::plain(&format!("https://github.com/{owner}/{repository}")));
    }
    if store.is_fresh(folder.touched()) {
        return Some(in_use(item));
    }
    let worked_in = [".git", "runs"].into_iter().find(|name| folder.has_folder(name));
    if let Some(name) = worked_in.or_else(|| folder.has_file(".git").then_some(".git")) {
        let item = item.note(format!("holds `{name}`, which torch.hub does not fetch: someone worked in it"));
        return Some(NewItem { verdict: Verdict::LookFirst, ..item });
    }
    Some(item.note("its being here counts as your trust in its code; without it torch.hub may ask again"))
}

/// `<ref>.zip`, which torch.hub removes as soon as it is unpacked. GitHub calls the folder in it
/// `<repository>-<ref>`, without the `v` of a tag.
fn archive(store: &StoreView<'_>, file: &File<'_>, reference: &str) -> NewItem {
    let item = NewItem::new("archive", file.shown(), Verdict::Safe).body(file.node).leftover();
    if store.is_live(file) {
        return in_use(item);
    }
    let head = store.read(file.node, Range::Head, 512).unwrap_or_default();
    let first = String::from_utf8_lossy(zip_first(&head).unwrap_or_default()).replace('_', "-");
    let reference = reference.replace('_', "-");
    let fits = |reference: &str| {
        let folder = first.strip_suffix('/').and_then(|f| f.strip_suffix(reference));
        folder.is_some_and(|f| f.len() > 1 && f.ends_with('-'))
    };
    if !reference.is_empty() && (fits(&reference) || fits(reference.trim_start_matches('v'))) {
        return item.note("left over from an interrupted download: torch.hub begins anew");
    }
    NewItem {
        verdict: Verdict::LookFirst,
        leftover: false,
        ..item.note("no repository that torch.hub fetched")
    }
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    const OLD: i64 = 30 * 86_400;

    fn zip(first: &str) -> Vec<u8> {
        let mut content = vec![0; 30];
        content[..4].copy_from_slice(b"PK\x03\x04");
        content[26] = first.len() as u8;
        content.extend_from_slice(first.as_bytes());
        content
    }

    #[test]
    fn the_environment_comes_first() {
        let env = Env::fixed("/h")
            .with_var("TORCH_HOME", "/data/torch")
            .with_var("XDG_CACHE_HOME", "/fast")
            .with_home("/other");
        let places = |env: &Env| -> Vec<(String, bool)> {
            let all = TorchHub.places(env);
            all.iter().map(|p| (p.path.display().to_string(), p.named_by.is_some())).collect()
        };
        let shown = |named| {
            vec![
                ("/data/torch/hub".to_string(), named),
                ("/fast/torch/hub".to_string(), false),
                ("/other/.cache/torch/hub".to_string(), false),
            ]
        };
        assert_eq!(places(&env), shown(true), "the folder the variable names is not there");
        assert_eq!(places(&env.with_file("/data/torch", "")), shown(false));
        assert_eq!(places(&Env::fixed("/h")), [("/h/.cache/torch/hub".to_string(), false)]);
    }

    #[test]
    fn only_a_hash_makes_a_download() {
        for (file, meant) in [
            ("resnet18-f37072fd.pth", Some(("resnet18", "f37072fd"))),
            ("shufflenetv2_x1-5666bf0f80.pth", Some(("shufflenetv2_x1", "5666bf0f80"))),
            ("deit-tiny-a1131bcf.pth.tar", Some(("deit-tiny", "a1131bcf"))),
            ("955717e8-8726e21a.th", Some(("955717e8", "8726e21a"))),
            ("model-20251121.pth", None),
            ("step-00010000.pt", None),
            ("model-deadbeef.pth", None),
            ("model-F37072FD.pth", None),
            ("model-f37072f.pth", None),
            ("-f37072fd.pth", None),
            ("resnet18-f37072fd.onnx", None),
            ("yolov5s.pt", None),
            ("", None),
        ] {
            assert_eq!(hashed(file), meant, "{file}");
        }
    }

    #[test]
    fn only_a_random_name_is_a_partial() {
        assert!(is_partial("tmpab_c12de") && is_partial(&format!("a.pth.{}.partial", "0a".repeat(16))));
        for own in
            ["tmp_weights", "tmp_model_2", "tmpabcdefgh", "tmpab_c12d", "a.pth.partial", "notes.txt.partial"]
        {
            assert!(!is_partial(own), "{own}");
        }
    }

    #[test]
    fn weights_repositories_and_leftovers() {
        let f = Fixture::new();
        let h = |name: &str| format!(".cache/torch/hub/{name}");
        f.kib(&h("checkpoints/resnet18-f37072fd.pth"), 8);
        f.kib(&h("checkpoints/timm/vit-80ecf9dd.pth"), 8);
        f.kib(&h("checkpoints/alexnet-owt-7be5be79.pth"), 4);
        f.age(&h("checkpoints/alexnet-owt-7be5be79.pth"), 5);
        f.kib(&h("checkpoints/mine.pth"), 4);
        f.kib(&h("checkpoints/timm/readme.md"), 4);
        f.kib(&h(&format!("checkpoints/vgg16-397923af.pth.{}.partial", "0a".repeat(16))), 4);
        f.kib(&h("checkpoints/tmpab_c12de"), 4);
        f.kib(&h(&format!("checkpoints/x-397923af.pth.{}.partial", "0b".repeat(16))), 4);
        f.age(&h(&format!("checkpoints/x-397923af.pth.{}.partial", "0b".repeat(16))), 60);
        for (repo, extra) in [
            ("pytorch_vision_v0.10.0", "a.py"),
            ("nv_deep_learning_main", "a.py"),
            ("ultralytics_yolov5_master", "runs/exp/best.pt"),
            ("me_mine_main", ".git/HEAD"),
            ("not-a-repo", "a.py"),
        ] {
            f.file(&h(&format!("{repo}/hubconf.py")), "");
            f.file(&h(&format!("{repo}/{extra}")), "");
        }
        for folder in [
            "pytorch_vision_v0.10.0",
            "nv_deep_learning_main",
            "ultralytics_yolov5_master",
            "ultralytics_yolov5_master/runs",
            "ultralytics_yolov5_master/runs/exp",
            "me_mine_main",
            "me_mine_main/.git",
        ] {
            f.age(&h(folder), OLD);
        }
        f.file(&h("fresh_repo_main/hubconf.py"), "");
        f.kib(&h("my_notes_here/readme.txt"), 4);
        f.file(&h("v0.10.0.zip"), zip("vision-0.10.0/"));
        f.file(&h("feature_x.zip"), zip("vision-feature-x/"));
        f.file(&h("data.zip"), zip("data/"));
        f.file(&h("main.zip"), zip("vision-main/"));
        f.age(&h("main.zip"), 1);
        f.file(&h("trusted_list"), "pytorch_vision\n");
        f.link("/elsewhere", &h("checkpoints/linked-f37072fd.pth"));
        let live = "{written less than ten minutes ago, or open}";
        let trust = "{its being here counts as your trust in its code; without it torch.hub may ask again}";
        let anew = "{never resumed: torch.hub begins anew}";
        let left = "{left over from an interrupted download: torch.hub begins anew}";
        assert_eq!(
            f.outline(),
            format!(
                "hub: torch-hub hub ~/.cache/torch/hub\n\
                 \x20 weights \"alexnet-owt\" 7be5be79 [in-use] 4 4 {live}\n\
                 \x20 weights \"mine.pth\" [look-first] 4 4 {{no url is recorded and its name has no hash: it may be your own}}\n\
                 \x20 weights \"resnet18\" f37072fd [re-download] 8 8\n\
                 \x20 !partial \"tmpab_c12de\" [safe] 4 4 {anew}\n\
                 \x20 !partial \"vgg16-397923af.pth.{}.partial\" [safe] 4 4 {anew}\n\
                 \x20 !partial \"x-397923af.pth.{}.partial\" [in-use] 4 4 {live}\n\
                 \x20 weights \"vit\" 80ecf9dd [re-download] 8 8\n\
                 \x20 repo \"fresh/repo\" main [in-use] 4 4 {live}\n\
                 \x20 repo \"me/mine\" main [look-first] 8 8 {{holds `.git`, which torch.hub does not fetch: someone worked in it}}\n\
                 \x20 repo \"nv_deep_learning_main\" [re-download] 4 4 {trust}\n\
                 \x20 repo \"pytorch/vision\" v0.10.0 [re-download] 4 4 {trust}\n\
                 \x20 repo \"ultralytics/yolov5\" master [look-first] 12 12 {{holds `runs`, which torch.hub does not fetch: someone worked in it}}\n\
                 \x20 archive \"data.zip\" [look-first] 4 4 {{no repository that torch.hub fetched}}\n\
                 \x20 !archive \"feature_x.zip\" [safe] 4 4 {left}\n\
                 \x20 !archive \"main.zip\" [in-use] 4 4 {live}\n\
                 \x20 settings \"trusted_list\" [protected] 4 4 {{the repositories you said you trust}}\n\
                 \x20 !archive \"v0.10.0.zip\" [safe] 4 4 {left}\n\
                 \x20 other \"other files\" [look-first] 28 16\n",
                "0a".repeat(16),
                "0b".repeat(16)
            )
        );
    }

    #[test]
    fn a_hub_is_known_by_its_shape_and_others_are_not() {
        let f = Fixture::new();
        f.file("set/here/trusted_list", "");
        f.kib("set/here/checkpoints/resnet18-f37072fd.pth", 4);
        f.file("old/torch/hub/trusted_list", "");
        // Runs keep checkpoints, too, and `hub` is a common name.
        f.kib("run/checkpoints/resnet18-f37072fd.pth", 4);
        f.kib("hub/checkpoints/resnet18-f37072fd.pth", 4);
        f.file("lists/trusted_list", "");
        assert_eq!(
            f.outline(),
            "hub: torch-hub hub ~/old/torch/hub\n\
             \x20 settings \"trusted_list\" [protected] 0 0 {the repositories you said you trust}\n\
             hub: torch-hub hub ~/set/here\n\
             \x20 weights \"resnet18\" f37072fd [re-download] 4 4\n\
             \x20 settings \"trusted_list\" [protected] 0 0 {the repositories you said you trust}\n"
        );
    }

    #[test]
    fn hostile_names_and_content_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        let f = Fixture::new();
        let h = |name: &str| format!(".cache/torch/hub/{name}");
        f.folder(&h("checkpoints"));
        let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J-f37072fd.pth");
        std::fs::write(f.path(&h("checkpoints")).join(odd), "x").expect("a file");
        f.file(&h("__/hubconf.py"), "");
        f.file(&h("a__b/hubconf.py"), "");
        f.folder(&h("a_b_c/hubconf.py"));
        f.file(&h(".zip"), zip("-/"));
        f.file(&h("up.zip"), zip("../../up/"));
        f.file(&h("cut.zip"), "PK\x03\x04");
        f.folder(&h("trusted_list"));
        let outline = f.outline();
        assert!(!outline.contains('\u{1b}') && !outline.contains("problem"), "{outline}");
        assert!(!outline.contains("[safe]") && !outline.contains("re-download"), "{outline}");
    }
}
