//! Caches as `datasets` of today and of earlier days, and people, leave them.

use super::*;
use crate::families::testing::Fixture;

const AT: &str = "ds";

fn info(builder: &str) -> String {
    format!(r#"{{"builder_name": "{builder}", "dataset_name": "x", "config_name": "default"}}"#)
}

/// Prepared data of so many KiB, with the locks the library leaves.
fn prepared(f: &Fixture, below: &str, builder: &str, kib: usize) {
    f.file(&format!("{AT}/{below}/dataset_info.json"), info(builder));
    f.kib(&format!("{AT}/{below}/x-train.arrow"), kib);
    f.file(&format!("{AT}/{below}_builder.lock"), "");
    f.file(&format!("{AT}/{below}.incomplete_info.lock"), "");
    f.file(&format!("{AT}/_home_cache_{}.lock", below.replace('/', "_")), "");
}

/// A home with an empty cache.
fn fixture() -> Fixture {
    let mut f = Fixture::new();
    f.env = f.env.clone().with_var("HF_DATASETS_CACHE", f.folder(AT));
    f
}

fn outline(f: &Fixture) -> String {
    let all = f.outline();
    let (store, items) = all.split_once('\n').expect("a store");
    assert_eq!(store, "datasets: hf-datasets datasets ~/ds");
    items.to_string()
}

#[test]
fn prepared_data_says_where_it_is_from() {
    let f = fixture();
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    prepared(&f, &format!("acme___corpus/en/0.0.0/{one}"), "parquet", 8);
    prepared(&f, &format!("acme___corpus/de/0.0.0/{one}"), "parquet", 8);
    prepared(&f, &format!("acme___corpus/de/0.0.0/{two}"), "parquet", 16);
    f.age(&format!("{AT}/acme___corpus/de/0.0.0/{two}/dataset_info.json"), 86_400);
    prepared(&f, "csv/default-abc/0.0.0/deadbeef00", "csv", 4);
    prepared(&f, "generator/default-1/0.0.0", "generator", 4);
    prepared(&f, "glue/mrpc/1.0.0/dacbe3125aa3", "glue", 4);
    prepared(&f, "mine/default/0.0.0/fd1666f88f9e26fe", "json", 4);
    prepared(&f, "squad/plain_text/1.0.0/d6ec3ceb99ca", "parquet", 4);
    f.file(
        &format!("{AT}/squad/plain_text/1.0.0/d6ec3ceb99ca/dataset_info.json"),
        r#"{"builder_name": "parquet", "download_checksums": {"hf://datasets/squad@1/a.parquet": {"num_bytes": NaN}}}"#,
    );
    assert_eq!(
        outline(&f),
        "\x20 !dataset \"acme/corpus · de\" 0.0.0 11111111 [rebuild] 16 16 {prepared anew since then, from a later commit}\n\
         \x20 dataset \"acme/corpus · de\" 0.0.0 22222222 [rebuild] 24 24\n\
         \x20 dataset \"acme/corpus · en\" 0.0.0 11111111 [rebuild] 24 24\n\
         \x20 dataset \"csv · default-abc\" 0.0.0 deadbeef [rebuild] 24 24 {made of local files, and made again only while those exist}\n\
         \x20 dataset \"generator · default-1\" 0.0.0 [look-first] 20 20 {made by a program of somebody's, and only that can make it again}\n\
         \x20 dataset \"glue · mrpc\" 1.0.0 dacbe312 [rebuild] 24 24 {if it was made of local files, it is made again only while those exist}\n\
         \x20 dataset \"mine · default\" 0.0.0 fd1666f8 [rebuild] 24 24 {if it was made of local files, it is made again only while those exist}\n\
         \x20 dataset \"squad · plain_text\" 1.0.0 d6ec3ceb [rebuild] 24 24\n\
         \x20 locks \"lock files\" [safe] 0 0 {empty, and the library never removes them}\n"
    );
    let inventory = f.scan();
    let corpus = inventory.items().find(|i| i.name == "acme/corpus · en").expect("an item");
    assert_eq!(corpus.origin.as_deref(), Some("https://huggingface.co/datasets/acme/corpus"));
    assert_eq!(*corpus.key, format!("hf-datasets:acme___corpus/en/0.0.0/{one}"));
}

#[test]
fn results_of_map_are_apart_from_the_data() {
    let f = fixture();
    let at = "acme___c/default/0.0.0/abc";
    prepared(&f, at, "parquet", 8);
    f.kib(&format!("{AT}/{at}/cache-0123456789abcdef.arrow"), 16);
    f.kib(&format!("{AT}/{at}/cache-0123456789abcdef_00000_of_00002.arrow"), 16);
    f.kib(&format!("{AT}/{at}/cache-fresh.arrow"), 32);
    f.age(&format!("{AT}/{at}/cache-fresh.arrow"), 5);
    f.kib(&format!("{AT}/{at}/tmpab12_cd3"), 64);
    f.kib(&format!("{AT}/{at}/tmplive0000"), 4);
    f.age(&format!("{AT}/{at}/tmplive0000"), 5);
    assert_eq!(
        outline(&f),
        "\x20 dataset \"acme/c · default\" 0.0.0 abc [rebuild] 160 160\n\
         \x20   map cache \"2 results of map and filter\" [rebuild] 32 32 {computed again when needed}\n\
         \x20   map cache \"1 result of map or filter\" [in-use] 32 32 {written a moment ago or open}\n\
         \x20   !temp \"tmpab12_cd3\" [safe] 64 64 {left by a map that was stopped}\n\
         \x20   temp \"tmplive0000\" [in-use] 4 4 {being written}\n\
         \x20 locks \"lock files\" [safe] 0 0 {empty, and the library never removes them}\n"
    );
}

#[test]
fn a_download_beside_a_lock_that_is_held_is_in_use() {
    let f = fixture();
    let name = "d".repeat(64);
    f.kib(&format!("{AT}/downloads/{name}.incomplete"), 16);
    f.file(&format!("{AT}/downloads/{name}.lock"), "");
    assert!(outline(&f).contains("[safe] 16"), "{}", outline(&f));
    let lock = std::fs::File::open(f.path(&format!("{AT}/downloads/{name}.lock"))).expect("open");
    lock.lock().expect("locked");
    assert!(outline(&f).contains("[in-use] 16"), "{}", outline(&f));
}

#[test]
fn what_is_unfinished_or_written_now_is_told_apart() {
    let f = fixture();
    let stale = "a___b/default/0.0.0/abc.incomplete";
    f.kib(&format!("{AT}/{stale}/b-train-00000-00000-of-NNNNN.arrow"), 8);
    f.age(&format!("{AT}/{stale}"), 86_400);
    f.kib(&format!("{AT}/c___d/default/0.0.0/abc.incomplete/d-train.arrow"), 8);
    f.age(&format!("{AT}/c___d/default/0.0.0/abc.incomplete/d-train.arrow"), 5);
    prepared(&f, "e___f/default/0.0.0/abc", "parquet", 8);
    f.age(&format!("{AT}/e___f/default/0.0.0/abc/x-train.arrow"), 5);
    f.kib(&format!("{AT}/g___h/default/0.0.0/abc/h-train.arrow"), 8);
    assert_eq!(
        outline(&f),
        "\x20 !partial \"unfinished a/b · default\" 0.0.0 abc [safe] 24 24 {the library begins anew}\n\
         \x20 partial \"unfinished c/d · default\" 0.0.0 abc [in-use] 24 24 {being prepared}\n\
         \x20 dataset \"e/f · default\" 0.0.0 abc [in-use] 28 28 {written a moment ago}\n\
         \x20 !dataset \"g/h · default\" 0.0.0 abc [look-first] 24 24 {no dataset_info.json, so the library does not use it}\n\
         \x20 locks \"lock files\" [safe] 0 0 {empty, and the library never removes them}\n"
    );
}

#[test]
fn only_a_folder_of_one_thing_goes_whole() {
    let f = fixture();
    prepared(&f, "a___b/x/0.0.0/abc", "parquet", 4);
    f.file(&format!("{AT}/a___b/x/notes.txt"), "mine");
    prepared(&f, "c___d/x/0.0.0/abc", "parquet", 4);
    let inventory = f.scan();
    let part = |name: &str| {
        let item = inventory.items().find(|i| i.name == name).expect(name);
        crate::text::short_path(&inventory.tree.path(item.parts[0].node), &f.path(AT))
    };
    assert_eq!(part("a/b · x"), "~/a___b/x/0.0.0");
    assert_eq!(part("c/d · x"), "~/c___d");
    let rest = inventory.items().find(|i| i.is_rest).expect("a rest");
    assert_eq!(rest.parts.len(), 1);
}

#[test]
fn downloads_are_named_by_their_records() {
    let f = fixture();
    let name = |c: char| c.to_string().repeat(64);
    let down = |name: &str| format!("{AT}/downloads/{name}");
    let odd = format!("{}.{}.py", name('e'), name('0'));
    f.kib(&down(&name('a')), 8);
    f.file(
        &down(&format!("{}.json", name('a'))),
        r#"{"url": "https://me:secret@data.example/sets/train.csv?token=hush#x", "etag": null}"#,
    );
    f.file(&down(&format!("{}.lock", name('a'))), "");
    f.kib(&down(&name('b')), 4);
    f.file(&down(&format!("{}.json", name('c'))), "{}");
    f.kib(&down(&format!("{}.incomplete", name('d'))), 16);
    f.kib(&down(&odd), 4);
    f.file(&down(&format!("{odd}.json")), "[broken");
    f.kib(&down(&name('f')), 4);
    f.age(&down(&name('f')), 5);
    f.kib(&down(&format!("{}.incomplete", name('9'))), 4);
    f.age(&down(&format!("{}.incomplete", name('9'))), 5);
    f.kib(&down("mine.csv"), 4);
    f.kib(&down(&format!("extracted/{}/inner/file", name('a'))), 32);
    f.age(&down(&format!("extracted/{}", name('a'))), 86_400);
    f.kib(&down(&format!("extracted/{}", name('b'))), 4);
    f.kib(&down(&format!("extracted/{}", name('c'))), 4);
    f.age(&down(&format!("extracted/{}", name('c'))), 5);
    f.file(&down(&format!("extracted/{}.lock", name('a'))), "");
    assert_eq!(
        outline(&f),
        format!(
            "\x20 partial \"unfinished download 99999999\" [in-use] 4 4 {{being written}}\n\
             \x20 download \"train.csv\" [re-download] 12 12\n\
             \x20 !download \"bbbbbbbb\" [re-download] 4 4 {{no record says where it is from}}\n\
             \x20 !record \"cccccccc…\" [safe] 4 4 {{of a download that is not there}}\n\
             \x20 !partial \"unfinished download dddddddd\" [safe] 16 16 {{never resumed by the library}}\n\
             \x20 !download \"eeeeeeee\" [re-download] 8 8 {{no record says where it is from}}\n\
             \x20 download \"ffffffff\" [in-use] 4 4 {{no record says where it is from; written a moment ago}}\n\
             \x20 extracted \"unpacked aaaaaaaa\" [rebuild] 40 40 {{unpacked again while its archive exists}}\n\
             \x20 extracted \"unpacked bbbbbbbb\" [rebuild] 4 4 {{unpacked again while its archive exists}}\n\
             \x20 extracted \"unpacked cccccccc\" [in-use] 4 4 {{written a moment ago}}\n\
             \x20 locks \"lock files\" [safe] 0 0 {{empty, and the library never removes them}}\n\
             \x20 other \"other files\" [look-first] 16 4\n\
             problem: understand ~/{AT}/downloads/{odd}.json: expected value at line 1 column 2\n"
        )
    );
    let inventory = f.scan();
    let csv = inventory.items().find(|i| i.name == "train.csv").expect("a download");
    assert_eq!(csv.origin.as_deref(), Some("https://***@data.example/sets/train.csv"));
}

#[test]
fn what_people_saved_is_looked_at_first() {
    let f = fixture();
    f.kib(&format!("{AT}/my-set/data-00000-of-00001.arrow"), 4);
    f.file(&format!("{AT}/my-set/state.json"), "{}");
    f.file(&format!("{AT}/my-set/dataset_info.json"), "{}");
    f.file(&format!("{AT}/my-dict/dataset_dict.json"), "{}");
    f.kib(&format!("{AT}/my-dict/train/data-00000-of-00001.arrow"), 4);
    f.kib(&format!("{AT}/notes/a/b/c/d/e/deep.txt"), 4);
    f.kib(&format!("{AT}/loose.arrow"), 4);
    assert_eq!(
        outline(&f),
        "\x20 saved \"my-dict\" [look-first] 16 16 {saved by save_to_disk, so somebody wanted to keep it}\n\
         \x20 saved \"my-set\" [look-first] 16 16 {saved by save_to_disk, so somebody wanted to keep it}\n\
         \x20 other \"other files\" [look-first] 36 32\n"
    );
}

#[test]
fn hostile_names_and_content_harm_nobody() {
    let f = fixture();
    let at = format!("{AT}/evil___\u{202e}x/de\nfault/0.0.0/abc");
    f.file(&format!("{at}/dataset_info.json"), "[".repeat(100_000));
    f.file(
        &format!("{AT}/___/x/0.0.0/abc/dataset_info.json"),
        r#"{"builder_name": 7, "download_checksums": []}"#,
    );
    f.link("/etc", &format!("{AT}/b___c"));
    f.link("/etc/passwd", &format!("{AT}/d___e/x/0.0.0/abc/dataset_info.json"));
    let outline = outline(&f);
    assert!(outline.contains("dataset \"evil/\\u{202e}x · de\\nfault\" 0.0.0 abc [rebuild]"), "{outline}");
    assert!(outline.contains("dataset \"___ · x\" 0.0.0 abc [rebuild]"), "{outline}");
    assert!(!outline.contains('\u{202e}'), "{outline}");
    assert_eq!(outline.matches("problem: ").count(), 2, "{outline}");
}

#[test]
fn results_of_a_process_without_a_cache_lie_in_the_temporary_folder() {
    let f = Fixture::new();
    f.kib("tmp/hf_datasets-ended/cache-abc.arrow", 8);
    f.age("tmp/hf_datasets-ended", 86_400);
    f.kib("tmp/hf_datasets-runs/cache-abc.arrow", 8);
    f.age("tmp/hf_datasets-runs/cache-abc.arrow", 5);
    f.kib("tmp/hf_datasets-odd/notes.txt", 8);
    assert_eq!(
        f.outline(),
        "datasets: hf-datasets scratch ~/tmp/hf_datasets-ended\n\
         \x20 !temp \"results of a program that ended\" [safe] 8 8\n\
         datasets: hf-datasets scratch ~/tmp/hf_datasets-odd\n\
         \x20 other \"other files\" [look-first] 12 8\n\
         datasets: hf-datasets scratch ~/tmp/hf_datasets-runs\n\
         \x20 temp \"results of a program that runs\" [in-use] 8 8\n"
    );
}

#[test]
fn a_cache_is_known_by_the_names_of_its_locks() {
    let f = Fixture::new();
    f.kib("data/mycache/acme___c/default/0.0.0/abc/c-train.arrow", 4);
    f.file("data/mycache/_home_data_mycache_acme___c_default_0.0.0_abc.lock", "");
    // A cache that was copied here, a project, and a lock of something else.
    f.kib("data/copied/acme___c/default/0.0.0/abc/c-train.arrow", 4);
    f.file("data/copied/_home_data_mycache_acme___c_default_0.0.0_abc.lock", "");
    f.file("code/Cargo.lock", "");
    f.kib("code/src/main.rs", 4);
    f.file("other/_x_src_.lock", "");
    f.kib("other/src/x", 4);
    let outline = f.outline();
    let stores: Vec<&str> = outline.lines().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(stores, ["datasets: hf-datasets datasets ~/data/mycache"]);
}

#[test]
fn places_follow_the_environment() {
    let f = Fixture::new();
    let home = f.home();
    let places = |env: &Env| -> Vec<String> {
        let short = |p: &Place| crate::text::short_path(&p.path, &home);
        HfDatasets
            .places(env)
            .iter()
            .map(|p| format!("{} {}{}", p.role, short(p), if p.named_by.is_some() { "!" } else { "" }))
            .collect()
    };
    assert_eq!(places(&f.env), ["datasets ~/.cache/huggingface/datasets"]);
    let env = f
        .env
        .clone()
        .with_var("HF_DATASETS_CACHE", "/d")
        .with_var("HF_HOME", "/h")
        .with_var("HF_DATASETS_DOWNLOADED_DATASETS_PATH", "/raw")
        .with_var("HF_DATASETS_EXTRACTED_DATASETS_PATH", "/x")
        .with_home("/home/bob");
    assert_eq!(
        places(&env),
        [
            "datasets /d!",
            "datasets /h/datasets",
            "datasets ~/.cache/huggingface/datasets",
            "datasets /home/bob/.cache/huggingface/datasets",
            "downloads /raw!",
            "extracted /x!",
        ]
    );
}
