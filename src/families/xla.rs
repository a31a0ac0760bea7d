//! What XLA leaves on a disk: JAX's compilation cache, the one of TensorFlow, and dumps of what was compiled.
//!
//! Layout: jax 0.10.2, `_src/lru_cache.py` and `_src/cache_key.py` (`<jit name>-<64 hex>-cache`, beside it `-atime` and
//! `.lockfile` where a limit is set; 0.4.20: no ending), `_src/compiler.py` (XLA's own caches in the same folder);
//! tensorflow 2.21, `device_executable_persistor.h` (`xla_compile_cache__….pb`); dumps: XLA, `--xla_dump_to`
//! (`module_<4 digits>.<name>.<pass>.txt`). All three are put wherever a person says, so they are known by their names,
//! and whatever else lies in that folder is none of theirs.

use super::names::is_hex;
use super::{About, Family, File, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Xla;

static ABOUT: About = About {
    id: "xla",
    name: "XLA and JAX",
    items: "a compilation cache, or a dump of what was compiled",
    category: Category::CompileCaches,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Stem("jit"), Marker::Stem("pmap"), Marker::Stem("module"), Marker::Stem("xla")],
    hint: "programs are compiled again on first use; dumps are written again by a run with the same flags",
    source: "jax 0.10.2, _src/lru_cache.py, _src/cache_key.py; tensorflow 2.21, device_executable_persistor.h",
    together: true,
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

/// How names begin that tell a folder of theirs.
const BEGINNINGS: [&str; 4] = ["jit_", "pmap_", "xla_compile_cache__", "module_"];

/// What JAX lets XLA keep in its folder.
const OF_XLA: [&str; 2] = ["xla_gpu_per_fusion_autotune_cache_dir", "xla_gpu_kernel_cache_file"];

impl Family for Xla {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        // JAX also takes the address of a bucket.
        let is_folder = |text: &&str| !text.contains("://");
        let jax = env.text("JAX_COMPILATION_CACHE_DIR").filter(is_folder);
        let jax = jax.and_then(|_| Place::var(env, "JAX_COMPILATION_CACHE_DIR", "jax cache"));
        let flag = |var: &str, flag: &str, role: &'static str| {
            let value = env.text(var)?.split_whitespace().find_map(|f| f.strip_prefix(flag))?;
            let path = env.expand(value.as_ref());
            // Nothing makes the folder before something is compiled.
            (!value.contains("://") && env.exists(&path)).then(|| Place::new(path, role))
        };
        let dump = flag("XLA_FLAGS", "--xla_dump_to=", "dump");
        let tf = flag("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=", "tensorflow cache");
        jax.into_iter().chain(dump).chain(tf).collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if folder.is_a_top() {
            return None;
        }
        // Folders of sources have a `module.py`, too, and most of them thousands of other files.
        let may_be = |name: &&[u8]| BEGINNINGS.iter().any(|begin| name.starts_with(begin.as_bytes()));
        let names = folder.files.iter().copied().filter(may_be);
        let names: Vec<&str> = names.filter_map(|name| std::str::from_utf8(name).ok()).collect();
        if names.iter().any(|name| of_jax(name) == Some(Piece::Program)) {
            return Some("jax cache");
        }
        if names.iter().any(|name| of_tensorflow(name)) {
            return Some("tensorflow cache");
        }
        names.iter().any(|name| begins_dump(name)).then_some("dump")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let files: Vec<File<'_>> = root.files().into_iter().filter(File::is_regular).collect();
        let mut found = Found::default();
        let jax: Vec<File<'_>> = files.iter().filter(|f| of_jax(f.name()).is_some()).copied().collect();
        let programs = jax.iter().filter(|f| of_jax(f.name()) == Some(Piece::Program)).count();
        if programs > 0 {
            let beside = files.iter().filter(|f| f.name() == ".lockfile" || OF_XLA.contains(&f.name()));
            let all: Vec<File<'_>> = jax.iter().chain(beside).copied().collect();
            let mut item = item("JAX compilation cache", store, &all);
            for folder in root.folders().iter().filter(|f| OF_XLA.contains(&f.name())) {
                item = with_folder(item, store, folder);
            }
            found.items.push(item.note(text::counted(programs as u64, "program", "programs")).key("jax"));
        }
        let tensorflow: Vec<File<'_>> = files.iter().filter(|f| of_tensorflow(f.name())).copied().collect();
        if !tensorflow.is_empty() {
            found.items.push(item("TensorFlow's XLA cache", store, &tensorflow).key("tensorflow"));
        }
        if files.iter().any(|f| begins_dump(f.name())) {
            let dump: Vec<File<'_>> = files.iter().filter(|f| of_dump(f.name())).copied().collect();
            let modules = dump.iter().filter(|f| begins_dump(f.name())).count();
            let item = item("XLA dump", store, &dump).key("dump");
            found.items.push(item.note(text::counted(modules as u64, "compiled module", "compiled modules")));
        }
        found
    }
}

fn item(name: &str, store: &StoreView<'_>, files: &[File<'_>]) -> NewItem {
    let kind = if name == "XLA dump" { "dump" } else { "compile cache" };
    let mut item = NewItem::new(kind, name, Verdict::Rebuild);
    for file in files {
        item = item.body(file.node);
    }
    if files.iter().any(|f| store.is_fresh(f.mtime)) {
        item.verdict = Verdict::InUse;
        item = item.note("written less than ten minutes ago");
    }
    item
}

fn with_folder(item: NewItem, store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let mut item = item.body(folder.node());
    if store.is_fresh(folder.newest()) {
        item.verdict = Verdict::InUse;
    }
    item
}

/// What a file is to JAX's cache.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Program,
    /// When it was used last. It goes with its program alone: JAX reads it for every program there is.
    Used,
}

/// `jit_step-<64 hex>-cache`; older releases wrote no ending.
fn of_jax(name: &str) -> Option<Piece> {
    let (name, piece) = match name.strip_suffix("-atime") {
        Some(name) => (name, Piece::Used),
        None => (name.strip_suffix("-cache").unwrap_or(name), Piece::Program),
    };
    let (function, key) = name.rsplit_once('-')?;
    let named = function.starts_with("jit_") || function.starts_with("pmap_");
    (named && is_hex(key, 64)).then_some(piece)
}

/// `xla_compile_cache__<fingerprint>__<fingerprint>__<device>.pb`
fn of_tensorflow(name: &str) -> bool {
    let key = name.strip_prefix("xla_compile_cache__").and_then(|rest| rest.strip_suffix(".pb"));
    key.is_some_and(|key| key.split("__").count() >= 3)
}

/// `module_0001.jit_step.before_optimizations.txt`: what every module begins with.
fn begins_dump(name: &str) -> bool {
    of_dump(name) && name.ends_with(".before_optimizations.txt")
}

/// `module_0001.…`: the number has four digits or more.
fn of_dump(name: &str) -> bool {
    let number = name.strip_prefix("module_").and_then(|rest| rest.split_once('.'));
    number.is_some_and(|(n, rest)| n.len() >= 4 && n.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn a_jax_cache_is_known_by_its_names_and_what_lies_beside_is_not_of_it() {
        let f = Fixture::new();
        let key = "0a".repeat(32);
        f.kib(&format!("tmp/jax/jit_step-{key}-cache"), 8);
        f.kib(&format!("tmp/jax/jit_step-{key}-atime"), 1);
        f.kib(&format!("tmp/jax/jit__psum-{}", "1b".repeat(32)), 4);
        f.kib("tmp/jax/xla_gpu_per_fusion_autotune_cache_dir/x.textproto", 1);
        f.kib("tmp/jax/mine.txt", 4);
        assert_eq!(
            f.outline(),
            "compile-caches: xla jax cache ~/tmp/jax\n\
             \x20 compile cache \"JAX compilation cache\" [rebuild] 24 24 {2 programs}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn dumps_and_tensorflows_cache_are_known_too() {
        let mut f = Fixture::new();
        f.kib("work/dump/module_0001.jit_f.before_optimizations.txt", 4);
        f.kib("work/dump/module_0001.jit_f.cpu_after_optimizations.txt", 4);
        f.kib("tmp/tfxla/xla_compile_cache__12__34__CPU:0.pb", 4);
        let outline = f.outline();
        assert!(outline.contains("  dump \"XLA dump\" [rebuild] 8 8 {1 compiled module}"), "{outline}");
        assert!(outline.contains("xla tensorflow cache ~/tmp/tfxla"), "{outline}");
        f.env =
            f.env.clone().with_var("XLA_FLAGS", format!("--a --xla_dump_to={}", f.path("none").display()));
        assert!(!f.outline().contains("problem"));
    }

    #[test]
    fn names_that_only_look_like_it_are_none() {
        let key = "0a".repeat(32);
        assert_eq!(of_jax(&format!("jit_f-{key}-cache")), Some(Piece::Program));
        for name in
            ["jit_f-0a0a-cache", "jit.txt", "jit_f", &format!("model-{key}-cache"), &format!("{key}-cache")]
        {
            assert_eq!(of_jax(name), None, "{name}");
        }
        for name in [
            "module_1.before_optimizations.txt",
            "module_0001",
            "module_0001.",
            "module_x.before_optimizations.txt",
        ] {
            assert!(!begins_dump(name), "{name}");
        }
        assert!(!of_tensorflow("xla_compile_cache__.pb") && !of_tensorflow("xla.pb"));
        let f = Fixture::new();
        f.kib("work/src/module_0001.py", 1);
        f.kib("work/src/jit_step.py", 1);
        assert_eq!(f.outline(), "");
    }

    #[test]
    fn a_bucket_is_no_folder() {
        let f = Fixture::new();
        let env = f.env.clone().with_var("JAX_COMPILATION_CACHE_DIR", "gs://bucket/jax");
        assert!(Xla.places(&env).is_empty());
    }
}
