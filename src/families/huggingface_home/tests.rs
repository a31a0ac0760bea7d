//! What lies beside the Hub cache.

use super::*;
use crate::families::testing::Fixture;

const HOME: &str = ".cache/huggingface";

#[test]
fn tokens_and_settings_are_protected_and_caches_are_told_apart() {
    let f = Fixture::new();
    f.file(&format!("{HOME}/token"), "hf_secret");
    f.file(&format!("{HOME}/stored_tokens"), "[main]\nhf_token = hf_secret");
    f.file(&format!("{HOME}/accelerate/default_config.yaml"), "distributed_type: NO");
    f.file(&format!("{HOME}/sandbox/pools/ctx/pool.json"), "{}");
    f.file(&format!("{HOME}/.check_for_update_done"), "");
    f.kib(&format!("{HOME}/modules/transformers_modules/acme/tiny/abc/modeling.py"), 4);
    f.file(&format!("{HOME}/modules/__init__.py"), "");
    f.kib(&format!("{HOME}/modules/my_own/code.py"), 4);
    f.kib(&format!("{HOME}/assets/gradio/x/y/file"), 8);
    f.kib(&format!("{HOME}/evaluate/downloads/abc"), 4);
    f.kib(&format!("{HOME}/metrics/accuracy/default/default_experiment-1-0.arrow"), 4);
    f.age(&format!("{HOME}/metrics/accuracy/default/default_experiment-1-0.arrow"), 5);
    f.kib(&format!("{HOME}/mine/file"), 4);
    let hub = format!("{HOME}/hub/models--acme--tiny");
    f.kib(&format!("{hub}/blobs/{}", "a".repeat(64)), 4);
    let outline = f.outline();
    let (_, home) = outline.split_once("hub: huggingface-home home ~/.cache/huggingface\n").expect("a home");
    let home = home.split("hub: huggingface hub").next().expect("it ends");
    assert_eq!(
        home,
        "\x20 secret \"access token\" [protected] 4 4\n\
         \x20 secret \"access tokens\" [protected] 4 4\n\
         \x20 settings \"accelerate settings\" [protected] 8 8 {written by accelerate config}\n\
         \x20 secret \"sandbox hosts\" [protected] 16 16 {addresses and keys of running sandboxes}\n\
         \x20 assets \"assets of gradio\" [rebuild] 20 20 {what a library made or fetched for itself}\n\
         \x20 metrics \"evaluate\" [re-download] 12 12 {code of metrics, and what they were last given}\n\
         \x20 metrics \"metrics\" [in-use] 16 16 {code of metrics, and what they were last given; written a moment ago}\n\
         \x20 modules \"transformers_modules\" [rebuild] 20 20 {copies of code that models bring; changes made here by hand are lost}\n\
         \x20 other \"other files\" [look-first] 28 16\n"
    );
    // The Hub cache inside is a store of its own, and no secret is read.
    assert!(outline.contains("hub: huggingface hub ~/.cache/huggingface/hub\n"), "{outline}");
    assert!(!outline.contains("hf_secret"), "{outline}");
}

#[test]
fn hf_xet_keeps_chunks_indexes_uploads_and_logs() {
    let f = Fixture::new();
    let at = format!("{HOME}/xet/https___cas_serv-tGqkUaZf_CUyJc9B");
    f.kib(&format!("{at}/chunk-cache/ab/key/item"), 64);
    f.kib(&format!("{at}/shard-cache/{}.mdb", "a".repeat(64)), 8);
    f.kib(&format!("{at}/staging/shard-session/x.mdb"), 16);
    let other = format!("{HOME}/xet/http___127_0_0_1-I3gxQGHqlfbd_nll");
    f.folder(&format!("{other}/staging"));
    f.kib(&format!("{other}/chunk-cache/x"), 4);
    f.age(&format!("{other}/chunk-cache/x"), 5);
    let third = format!("{HOME}/xet/https___hf_examp-0123456789abcdef");
    f.kib(&format!("{third}/staging/shard-session/x.mdb"), 4);
    f.age(&format!("{third}/staging/shard-session/x.mdb"), 3600);
    f.kib(&format!("{HOME}/xet/logs/xet_20261121T154220782+0000_4947.log"), 4);
    f.kib(&format!("{HOME}/xet/logs/xet_now.log"), 4);
    f.age(&format!("{HOME}/xet/logs/xet_now.log"), 5);
    f.kib(&format!("{HOME}/xet/my-folder/chunk-cache/x"), 4);
    assert_eq!(
        f.outline(),
        "hub: huggingface-home home ~/.cache/huggingface\n\
         \x20 chunk cache \"chunks of http___127_0_0_1-I3gxQGHqlfbd_nll\" [in-use] 8 8 {parts of files that were downloaded; newer versions keep none; written a moment ago}\n\
         \x20 !chunk cache \"chunks of https___cas_serv-tGqkUaZf_CUyJc9B\" [safe] 76 76 {parts of files that were downloaded; newer versions keep none}\n\
         \x20 shard cache \"shards of https___cas_serv-tGqkUaZf_CUyJc9B\" [safe] 12 12 {an index that spares uploads; made again by itself}\n\
         \x20 !staging \"upload to https___cas_serv-tGqkUaZf_CUyJc9B\" [safe] 24 24 {left by an upload that was stopped}\n\
         \x20 staging \"upload to https___hf_examp-0123456789abcdef\" [in-use] 12 12 {an upload may still be going on}\n\
         \x20 logs \"logs of hf-xet\" [safe] 4 4\n\
         \x20 other \"other files\" [look-first] 44 20\n"
    );
}

#[test]
fn the_flat_cache_of_old_versions_is_read_by_its_records() {
    let f = Fixture::new();
    let name = |c: char, end: &str| {
        format!("{HOME}/transformers/{}.{}{end}", c.to_string().repeat(64), "0".repeat(64))
    };
    let record =
        |c: char, url: &str| f.file(&name(c, ".json"), format!(r#"{{"url": "{url}", "etag": "x"}}"#));
    f.kib(&name('a', ""), 64);
    record('a', "https://huggingface.co/acme/tiny/resolve/main/pytorch_model.bin");
    f.file(&name('a', ".lock"), "");
    f.kib(&name('b', ".h5"), 16);
    f.file(&name('b', ".h5.json"), r#"{"url": "https://huggingface.co/acme/tiny/resolve/main/tf_model.h5"}"#);
    f.kib(&name('c', ""), 8);
    record('c', "https://s3.example/bert.tar.gz?sig=hush");
    f.kib(&name('d', ""), 4);
    record('e', "https://huggingface.co/gone/gone/resolve/main/x");
    f.kib(&name('f', ""), 4);
    record('f', "https://huggingface.co/gpt2/resolve/main/config.json");
    f.age(&name('f', ""), 5);
    f.kib(&format!("{HOME}/transformers/mine.bin"), 4);
    let old = "in the form of transformers before 4.22, which no later version reads";
    assert_eq!(
        f.outline(),
        format!(
            "hub: huggingface-home home ~/.cache/huggingface\n\
             \x20 !model \"files of unknown origin\" [re-download] 4 4 {{{old}}}\n\
             \x20 !model \"acme/tiny\" [re-download] 88 88 {{{old}}}\n\
             \x20 model \"gpt2\" [in-use] 8 8 {{written a moment ago or open}}\n\
             \x20 !model \"https://s3.example/bert.tar.gz\" [re-download] 12 12 {{{old}}}\n\
             \x20 !temp \"records and locks without a file\" [safe] 4 4\n\
             \x20 other \"other files\" [look-first] 12 4\n"
        )
    );
}

#[test]
fn a_home_that_is_shared_with_other_things_is_not_taken_whole() {
    let mut f = Fixture::new();
    f.env = f.env.clone().with_var("HF_HOME", f.path("workspace"));
    f.kib("workspace/metrics/results.csv", 4);
    f.kib("workspace/assets/photos/1.jpg", 4);
    f.kib("workspace/project/train.py", 4);
    f.kib("workspace/modules/transformers_modules/a/b.py", 4);
    f.kib("workspace/modules/mine/b.py", 4);
    assert_eq!(
        f.outline(),
        "hub: huggingface-home modules ~/workspace/modules\n\
         \x20 modules \"transformers_modules\" [rebuild] 12 12 {copies of code that models bring; changes made here by hand are lost}\n\
         \x20 other \"other files\" [look-first] 12 8\n"
    );
}

#[test]
fn places_follow_the_environment() {
    let f = Fixture::new();
    f.folder("hf/hub");
    f.file("flat/x/placeholder", "");
    let flat = format!("{}.{}", "a".repeat(64), "b".repeat(64));
    f.file(&format!("old/{flat}.json"), "{}");
    let home = f.home();
    let places = |env: &Env| -> Vec<String> {
        let short = |p: &Place| crate::text::short_path(&p.path, &home);
        let named = |p: &Place| if p.named_by.is_some() { "!" } else { "" };
        HuggingFaceHome.places(env).iter().map(|p| format!("{} {}{}", p.role, short(p), named(p))).collect()
    };
    assert_eq!(places(&f.env), ["home ~/.cache/huggingface", "transformers ~/.cache/torch/transformers"]);
    let env = f.env.clone().with_var("HF_HOME", "~/hf").with_home("/home/bob").with_var("TORCH_HOME", "/t");
    assert_eq!(
        places(&env),
        [
            "home ~/hf!",
            "home ~/.cache/huggingface",
            "home /home/bob/.cache/huggingface",
            "transformers /t/transformers",
            "transformers ~/.cache/torch/transformers",
            "transformers /home/bob/.cache/torch/transformers",
        ]
    );
    let env = f
        .env
        .clone()
        .with_var("HF_HOME", &home)
        .with_var("HF_XET_CACHE", "/x")
        .with_var("HF_MODULES_CACHE", "/m")
        .with_var("HUGGINGFACE_ASSETS_CACHE", "/a")
        .with_var("HF_EVALUATE_CACHE", "/e")
        .with_var("HF_METRICS_CACHE", "/q")
        .with_var("TRANSFORMERS_CACHE", "~/old")
        .with_var("PYTORCH_TRANSFORMERS_CACHE", "~/flat");
    assert_eq!(
        places(&env),
        [
            "xet ~/xet",
            "modules ~/modules",
            "transformers ~/transformers",
            "home ~/.cache/huggingface",
            "xet /x!",
            "modules /m!",
            "assets /a!",
            "evaluate /e!",
            "metrics /q!",
            "transformers ~/old!",
            "transformers ~/.cache/torch/transformers",
        ]
    );
}

#[test]
fn folders_that_variables_name_are_read_the_same_way() {
    let mut f = Fixture::new();
    let vars = [("HF_XET_CACHE", "x"), ("HF_EVALUATE_CACHE", "e"), ("HF_ASSETS_CACHE", "a")];
    for (name, at) in vars {
        f.env = f.env.clone().with_var(name, f.path(at));
    }
    f.kib("x/https___cas_serv-tGqkUaZf_CUyJc9B/shard-cache/s.mdb", 4);
    f.kib("e/downloads/code.py", 4);
    f.kib("a/lib/ns/sub/file", 4);
    assert_eq!(
        f.outline(),
        "hub: huggingface-home assets ~/a\n\
         \x20 assets \"assets of lib\" [rebuild] 16 16 {what a library made or fetched for itself}\n\
         hub: huggingface-home evaluate ~/e\n\
         \x20 metrics \"evaluate\" [re-download] 8 8 {code of metrics, and what they were last given}\n\
         hub: huggingface-home xet ~/x\n\
         \x20 shard cache \"shards of https___cas_serv-tGqkUaZf_CUyJc9B\" [safe] 8 8 {an index that spares uploads; made again by itself}\n"
    );
}

#[test]
fn the_home_of_somebody_else_is_known_by_its_shape_and_its_token_is_kept() {
    let f = Fixture::new();
    f.file("data/hf/token", "hf_secret");
    f.file("data/hf/.check_for_update_done", "");
    f.file("data/hf/hub/models--acme--tiny/refs/main", "a".repeat(40));
    f.kib("data/hf/modules/transformers_modules/a/b.py", 4);
    // A token beside other things, and a hub that is none.
    f.file("project/token", "mine");
    f.file("project/train.py", "");
    f.kib("project/hub/models--acme--tiny/blobs/x", 4);
    f.file("site/token", "mine");
    f.kib("site/hub/index.html", 4);
    let outline = f.outline();
    assert!(
        outline.contains(
            "hub: huggingface-home home ~/data/hf\n\
             \x20 secret \"access token\" [protected] 4 4\n"
        ),
        "{outline}"
    );
    assert_eq!(outline.matches("huggingface-home").count(), 1, "{outline}");
}
