//! C++ and CUDA extensions that PyTorch compiled when they were first imported, each in a folder of its own.
//!
//! Layout: pytorch, `torch/utils/cpp_extension.py` (`get_default_build_root`, `_get_build_directory`, `_jit_compile`):
//! `py<version>_<cu version or cpu>/<name>/`, without the first of these below `TORCH_EXTENSIONS_DIR`. A build holds the file
//! `lock` (`FileBaton`); one that was killed leaves it, and every later build waits for it for ever.

use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct TorchExtensions;

static ABOUT: About = About {
    id: "torch-extensions",
    name: "PyTorch extensions",
    items: "an extension, built for one Python and CUDA",
    category: Category::CompileCaches,
    verdict: Verdict::Rebuild,
    hint: "PyTorch builds it again when it is imported; that needs its sources, a compiler, and minutes",
    source: "pytorch, torch/utils/cpp_extension.py get_default_build_root, _get_build_directory, _jit_compile",
    ..About::DEFAULT
};

impl Family for TorchExtensions {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "TORCH_EXTENSIONS_DIR", "builds").into_iter().collect();
        places.extend(
            env.homes().map(|home| Place::new(env.cache_of(home).join("torch_extensions"), "builds")),
        );
        // Where very old releases built.
        places.push(Place::new(env.temp().join("torch_extensions"), "builds"));
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for folder in store.root().folders() {
            if is_build(&folder) {
                build(store, &folder, None, &mut found);
            } else {
                for below in folder.folders().iter().filter(|f| is_build(f)) {
                    build(store, below, Some(&folder), &mut found);
                }
            }
        }
        found
    }
}

/// What ninja was told, what was compiled, or the lock of a build that did not get that far.
fn is_build(folder: &Folder<'_>) -> bool {
    let compiled = |name: &str| [".so", ".o"].iter().any(|end| name.ends_with(end));
    folder.has_file("build.ninja")
        || folder.has_file("lock")
        || folder.files().iter().any(|f| compiled(f.name()))
}

fn build(store: &StoreView<'_>, folder: &Folder<'_>, tag: Option<&Folder<'_>>, found: &mut Found) {
    let mut item = NewItem::new("extension", folder.shown(), Verdict::Rebuild).body(folder.node());
    item.version = tag.map(Folder::shown);
    let lock = folder.file("lock").filter(super::File::is_regular);
    if store.is_fresh(folder.touched()) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        found.items.push(item.note("written less than ten minutes ago"));
        return;
    }
    if let Some(lock) = &lock {
        // A build may take longer than anything in its folder changes: who has a file open there still builds.
        if store.is_live_below(folder) {
            let item = NewItem { verdict: Verdict::InUse, ..item };
            found.items.push(item.note("being built"));
            return;
        }
        let note = "left by a build that was killed: every later build of this waits for it, for ever";
        let left = NewItem::new("lock", format!("lock of {}", folder.shown()), Verdict::Safe);
        found.items.push(left.body(lock.node).note(note).leftover());
        item = item.without(lock.node).note("its build was killed; without its lock it is built again");
    }
    if !folder.files().iter().any(|f| f.bytes.ends_with(b".so")) {
        item = item.note("never finished: no library in it").leftover();
    }
    found.items.push(item);
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn a_lock_of_a_killed_build_can_go_by_itself() {
        let f = Fixture::new();
        for name in ["fused_adam/build.ninja", "fused_adam/fused_adam.so", "dead/build.ninja", "dead/lock"] {
            f.kib(&format!(".cache/torch_extensions/py311_cu121/{name}"), 4);
        }
        f.kib(".cache/torch_extensions/py311_cu121/busy/lock", 4);
        f.age(".cache/torch_extensions/py311_cu121/busy/lock", 5);
        f.kib(".cache/torch_extensions/py311_cu121/notes/readme.txt", 4);
        for name in ["fused_adam", "dead"] {
            f.age(&format!(".cache/torch_extensions/py311_cu121/{name}"), 86_400);
        }
        assert_eq!(
            f.outline(),
            "compile-caches: torch-extensions builds ~/.cache/torch_extensions\n\
             \x20 extension \"busy\" py311_cu121 [in-use] 8 8 {written less than ten minutes ago}\n\
             \x20 !lock \"lock of dead\" [safe] 4 4 {left by a build that was killed: every later build of this waits for it, for ever}\n\
             \x20 !extension \"dead\" py311_cu121 [rebuild] 8 8 {its build was killed; without its lock it is built again; never finished: no library in it}\n\
             \x20 extension \"fused_adam\" py311_cu121 [rebuild] 12 12\n\
             \x20 other \"other files\" [look-first] 16 8\n"
        );
    }

    #[test]
    fn below_the_variable_there_is_no_folder_for_the_version() {
        let mut f = Fixture::new();
        f.kib("ext/fused/build.ninja", 4);
        f.kib("ext/fused/fused.so", 4);
        f.age("ext/fused", 86_400);
        f.env = f.env.clone().with_var("TORCH_EXTENSIONS_DIR", f.path("ext"));
        assert_eq!(
            f.outline(),
            "compile-caches: torch-extensions builds ~/ext\n\x20 extension \"fused\" [rebuild] 12 12\n"
        );
    }
}
