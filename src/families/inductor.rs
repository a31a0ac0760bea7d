//! What `torch.compile` keeps: generated code, and what was compiled from it, one folder a user among the temporary
//! files.
//!
//! Layout: pytorch, `torch/_inductor/runtime/cache_dir_utils.py` (`cache_dir`, `default_cache_dir`): the name of the
//! user stands in the name of the folder, so every user of a machine has one. A program that runs may have libraries in it
//! mapped, which is seen as use.

use super::{About, Family, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Inductor;

static ABOUT: About = About {
    id: "torch-inductor",
    name: "torch.compile",
    items: "all of a user's compiled graphs and kernels",
    category: Category::CompileCaches,
    verdict: Verdict::Rebuild,
    hint: "torch.compile compiles again on first use",
    source: "pytorch, torch/_inductor/runtime/cache_dir_utils.py cache_dir",
    together: true,
    ..About::DEFAULT
};

const FOLDER: &str = "torchinductor_";

impl Family for Inductor {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> =
            Place::var(env, "TORCHINDUCTOR_CACHE_DIR", "cache").into_iter().collect();
        let temp = env.temp();
        let named = env.list_some(&temp, |name| name.as_encoded_bytes().starts_with(FOLDER.as_bytes()));
        places.extend(named.iter().map(|name| Place::new(temp.join(name), "cache")));
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let mut item = NewItem::new("compile cache", ABOUT.name, Verdict::Rebuild).key("all");
        for file in root.files().iter().filter(|f| f.is_regular()) {
            item = item.body(file.node);
        }
        for folder in root.folders() {
            item = item.body(folder.node());
        }
        let mut found = Found::default();
        if store.is_fresh(root.newest()) {
            item.verdict = Verdict::InUse;
            item = item.note("written less than ten minutes ago");
        }
        if !item.parts.is_empty() {
            found.items.push(item);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn every_users_cache_is_found_and_what_is_being_compiled_is_in_use() {
        let f = Fixture::new();
        f.kib("tmp/torchinductor_ana/fxgraph/ab/key/x", 4);
        f.kib("tmp/torchinductor_bo/xy/kernel.so", 4);
        f.age("tmp/torchinductor_bo/xy/kernel.so", 60);
        f.folder("tmp/torchinductor_empty");
        assert_eq!(
            f.outline(),
            "compile-caches: torch-inductor cache ~/tmp/torchinductor_ana\n\
             \x20 compile cache \"torch.compile\" [rebuild] 16 16\n\
             compile-caches: torch-inductor cache ~/tmp/torchinductor_bo\n\
             \x20 compile cache \"torch.compile\" [in-use] 8 8 {written less than ten minutes ago}\n\
             compile-caches: torch-inductor cache ~/tmp/torchinductor_empty\n"
        );
    }

    #[test]
    fn a_variable_names_it() {
        let mut f = Fixture::new();
        f.kib("data/inductor/triton/0/K/k.cubin", 4);
        f.env = f.env.clone().with_var("TORCHINDUCTOR_CACHE_DIR", f.path("data/inductor"));
        assert!(f.outline().starts_with("compile-caches: torch-inductor cache ~/data/inductor\n"));
    }
}
