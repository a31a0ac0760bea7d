//! Caches as conda and mamba leave them, on real files.

use super::Conda;
use crate::env::Env;
use crate::families::testing::Fixture;
use crate::families::{Family, Listing};

const WEB: &str = "https://conda.anaconda.org/conda-forge/linux-64";
const OLD: i64 = 30 * 86_400;

/// An extracted package whose record says `said`, extracted long ago.
fn package(f: &Fixture, pkgs: &str, stem: &str, said: &str) {
    let at = format!("{pkgs}/{stem}");
    f.kib(&format!("{at}/lib/lib.so"), 40);
    f.file(&format!("{at}/info/index.json"), "{}");
    f.file(&format!("{at}/info/repodata_record.json"), said);
    for folder in ["/lib", "/info", ""] {
        f.age(&format!("{at}{folder}"), OLD);
    }
}

fn record(name: &str, version: &str, build: &str, url: &str) -> String {
    format!(r#"{{"name":"{name}","version":"{version}","build":"{build}","url":"{url}","channel":"c"}}"#)
}

fn outline(f: &Fixture) -> Vec<String> {
    f.outline().lines().map(str::to_string).collect()
}

#[test]
fn archives_are_safe_if_the_web_has_them_and_packages_wait_for_the_environments() {
    let f = Fixture::new();
    let p = "opt/conda/pkgs";
    f.file(
        &format!("{p}/urls.txt"),
        format!(
            "file:///build/numpy-1.26.0-py311_0.conda\n{WEB}/numpy-1.26.0-py311_0.conda\n\
             {WEB}/zlib-1.3-h1.tar.bz2#0123abcd\n\
             https://corp.example/t/s3cr-et/main/linux-64/tool-2.0-0.conda\n\
             file:///srv/chan/mine-0.1-py_0.tar.bz2\n"
        ),
    );
    f.kib(&format!("{p}/numpy-1.26.0-py311_0.conda"), 16);
    package(
        &f,
        p,
        "numpy-1.26.0-py311_0",
        &record("numpy", "1.26.0", "py311_0", &format!("{WEB}/numpy-1.26.0-py311_0.conda")),
    );
    f.kib(&format!("{p}/zlib-1.3-h1.tar.bz2"), 8);
    f.kib(&format!("{p}/tool-2.0-0.conda"), 8);
    f.kib(&format!("{p}/mine-0.1-py_0.tar.bz2"), 8);
    f.kib(&format!("{p}/lost-1.0-0.tar.bz2"), 8);
    f.kib(&format!("{p}/holiday.tar.bz2"), 8);
    package(
        &f,
        p,
        "tool-2.0-0",
        &record("tool", "2.0", "0", "https://me:pw@corp.example/main/tool-2.0-0.conda"),
    );
    package(&f, p, "mine-0.1-py_0", &record("mine", "0.1", "py_0", "file:///srv/chan/mine-0.1-py_0.tar.bz2"));
    package(&f, p, "odd-1-0", &record("odd", "1", "0", "<unknown>"));
    package(
        &f,
        p,
        "bld-1-0",
        r#"{"name":"bld","version":"1","build":"0","url":"https://x.example/bld","channel":"local"}"#,
    );
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda pkgs ~/opt/conda/pkgs",
            "  tarball \"lost 1.0 0\" 1.0 [look-first] 8 8 {nothing says where it is from}",
            "  !tarball \"mine 0.1 py_0\" 0.1 [look-first] 8 8 {from no web address, so this may be the only copy}",
            "  !tarball \"numpy 1.26.0 py311_0\" 1.26.0 [safe] 16 16",
            "  !tarball \"tool 2.0 0\" 2.0 [re-download] 8 8 {from a private channel: to fetch it again takes a login}",
            "  tarball \"zlib 1.3 h1\" 1.3 [safe] 8 8",
            "  settings \"urls.txt\" [protected] 4 4 {the list of origins; conda ignores the cache without it}",
            "  other \"other files\" [look-first] 12 8",
            "packages: conda pkgs ~/opt/conda/pkgs",
            "  package \"bld 1 0\" 1 [look-first] 60 60 {from no web address, so this may be the only copy}",
            "  package \"mine 0.1 py_0\" 0.1 [look-first] 60 60 {from no web address, so this may be the only copy}",
            "  package \"numpy 1.26.0 py311_0\" 1.26.0 [safe] 60 60",
            "  package \"odd 1 0\" 1 [look-first] 60 60 {nothing says where it is from}",
            "  package \"tool 2.0 0\" 2.0 [re-download] 60 60 {from a private channel: to fetch it again takes a login}"
        ]
    );
}

#[test]
fn what_interrupted_installs_left_is_safe_once_it_is_old() {
    let f = Fixture::new();
    let p = "data/pkgs";
    f.file(&format!("{p}/urls.txt"), format!("{WEB}/half-1.0-0.conda\nfile:///c/own-1.0-0.conda\n"));
    f.file(&format!("{p}/urls"), "");
    f.kib(&format!("{p}/new-1.0-0.conda.partial"), 8);
    f.age(&format!("{p}/new-1.0-0.conda.partial"), 20);
    f.kib(&format!("{p}/half-1.0-0/lib/x"), 8);
    f.age(&format!("{p}/half-1.0-0"), OLD);
    f.kib(&format!("{p}/now-1.0-0/lib/x"), 8);
    f.kib(&format!("{p}/now-1.0-0.tar.bz2"), 8);
    f.age(&format!("{p}/now-1.0-0.tar.bz2"), 20);
    f.kib(&format!("{p}/own-1.0-0/lib/x"), 8);
    f.age(&format!("{p}/own-1.0-0"), OLD);
    f.kib(&format!("{p}/my-notes-2024-a/letter"), 8);
    f.age(&format!("{p}/my-notes-2024-a"), OLD);
    let first = [
        "conda-tarballs: conda pkgs ~/data/pkgs",
        "  tarball \"now 1.0 0\" 1.0 [in-use] 8 8 {nothing says where it is from; written less than ten minutes ago, or open}",
        "  extraction \"now 1.0 0\" [in-use] 16 16 {written less than ten minutes ago, or open}",
        "  !extraction \"own 1.0 0\" [look-first] 16 16 {an unfinished extraction; from no web address, so this may be the only copy}",
        "  partial \"new 1.0 0\" [in-use] 8 8 {written less than ten minutes ago, or open}",
        "  !extraction \"half 1.0 0\" [safe] 16 16 {an unfinished extraction}",
        "  settings \"urls.txt\" [protected] 4 4 {the list of origins; conda ignores the cache without it}",
        "  other \"other files\" [look-first] 16 12",
    ];
    assert_eq!(outline(&f), first);

    f.kib(&format!("{p}/a-1.0-0.conda.partial"), 8);
    f.kib(&format!("{p}/b-1.0-0.tar.bz2.part"), 8);
    f.kib(&format!("{p}/b-1.0-0.tar.bz2.c~"), 8);
    f.kib(&format!("{p}/b-1.0-0.c~/lib/x"), 8);
    f.age(&format!("{p}/b-1.0-0.c~"), OLD);
    f.kib(&format!("{p}/.trash/lib.so"), 8);
    f.age(&format!("{p}/.trash"), OLD);
    f.kib(&format!("{p}/x.so.conda_trash_1"), 4);
    f.kib(&format!("{p}/x.so.mamba_trash"), 4);
    f.file(&format!("{p}/pkgs.lock"), "");
    f.kib(&format!("{p}/editor.txt.c~"), 4);
    f.kib(&format!("{p}/story.partial"), 4);
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda pkgs ~/data/pkgs",
            "  tarball \"now 1.0 0\" 1.0 [in-use] 8 8 {nothing says where it is from; written less than ten minutes ago, or open}",
            "  extraction \"now 1.0 0\" [in-use] 16 16 {written less than ten minutes ago, or open}",
            "  !extraction \"own 1.0 0\" [look-first] 16 16 {an unfinished extraction; from no web address, so this may be the only copy}",
            "  partial \"new 1.0 0\" [in-use] 8 8 {written less than ten minutes ago, or open}",
            "  !leftovers \"leftovers of interrupted installs\" [safe] 76 76 {unfinished downloads, extractions, temporary files and old locks}",
            "    !trash \".trash\" [safe] 12 12 {could not be deleted when it was replaced}",
            "    !temporary folder \"b-1.0-0.c~\" [safe] 16 16 {set aside by an install that was interrupted}",
            "    !extraction \"half 1.0 0\" [safe] 16 16 {an unfinished extraction}",
            "    !partial \"a 1.0 0\" [safe] 8 8 {an unfinished download}",
            "    !temporary file \"b-1.0-0.tar.bz2.c~\" [safe] 8 8 {set aside by an install that was interrupted}",
            "    !partial \"b 1.0 0\" [safe] 8 8 {an unfinished download}",
            "    !lock \"pkgs.lock\" [safe] 0 0 {nobody seems to hold this lock; a new one is made when needed}",
            "    !trash \"x.so.conda_trash_1\" [safe] 4 4 {could not be deleted when it was replaced}",
            "    !trash \"x.so.mamba_trash\" [safe] 4 4 {could not be deleted when it was replaced}",
            "  settings \"urls.txt\" [protected] 4 4 {the list of origins; conda ignores the cache without it}",
            "  other \"other files\" [look-first] 24 20"
        ]
    );
}

#[test]
fn an_index_is_one_item_a_channel() {
    let f = Fixture::new();
    let c = "opt/conda/pkgs/cache";
    f.file("opt/conda/pkgs/urls.txt", "");
    f.kib(&format!("{c}/497deca9.json"), 40);
    f.file(
        &format!("{c}/497deca9.info.json"),
        format!(r#"{{"etag":"x","url":"{WEB}/repodata.json.zst","size":1}}"#),
    );
    f.kib(&format!("{c}/497deca9.q"), 8);
    f.kib(&format!("{c}/497deca9.solv"), 8);
    f.kib(&format!("{c}/497deca9.0a1b.tmp"), 8);
    f.file(
        &format!("{c}/09cdf8bf1.json"),
        r#"{"_etag": "e", "_url": "https://corp.example/t/s3cret/main/noarch", "info": {}}"#,
    );
    f.kib(&format!("{c}/0123abcd.msgpack.zst"), 8);
    f.file(&format!("{c}/0123abcd.state.json"), "{broken");
    f.kib(&format!("{c}/deadbeef.json"), 8);
    f.file(
        &format!("{c}/deadbeef.state.json"),
        r#"{"url":"https://repo.anaconda.com/pkgs/main/linux-64/repodata.json"}"#,
    );
    f.age(&format!("{c}/deadbeef.json"), 60);
    f.kib(&format!("{c}/repodata_shards.db"), 12);
    f.kib(&format!("{c}/repodata_shards.db-wal"), 4);
    f.kib(&format!("{c}/mambafAb3dEf7hIj"), 4);
    f.kib(&format!("{c}/notes.json"), 4);
    f.kib("opt/conda/pkgs/.logs/solver.json", 8);
    f.kib(".cache/conda/notices/notices.cache", 4);
    f.kib(".cache/conda/pkgs/cache/shards/00ff.msgpack.zst", 16);
    f.kib(".cache/conda/own/file", 4);
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda cache ~/.cache/conda",
            "  notices \"notices of channels\" [safe] 8 8",
            "  index \"shards of all channels\" [safe] 20 20",
            "  other \"other files\" [look-first] 20 8",
            "conda-tarballs: conda pkgs ~/opt/conda/pkgs",
            "  logs \"solver logs\" [safe] 12 12",
            "  index \"0123abcd\" [safe] 12 12 {nothing says of which channel}",
            "  index \"corp.example/t/***/main/noarch\" [safe] 4 4",
            "  index \"conda-forge/linux-64\" [safe] 68 68",
            "  index \"repo.anaconda.com/pkgs/main/linux-64\" [in-use] 12 12 {written less than ten minutes ago, or open}",
            "  index \"shards of all channels\" [safe] 16 16",
            "  !temporary file \"mambafAb3dEf7hIj\" [safe] 4 4 {an unfinished download}",
            "  settings \"urls.txt\" [protected] 0 0 {the list of origins; conda ignores the cache without it}",
            "  other \"other files\" [look-first] 12 4",
            "problem: understand ~/opt/conda/pkgs/cache/0123abcd.state.json: key must be a string at line 1 column 2"
        ]
    );
}

#[test]
fn mamba_sorts_packages_into_folders_and_they_stay_one_store() {
    let f = Fixture::new();
    let p = "data/cache";
    let nested = format!("{p}/https/conda.anaconda.org/conda-forge/linux-64");
    f.file(&format!("{p}/urls.txt"), "");
    f.kib(&format!("{p}/cache/cache.lock"), 0);
    f.file(&format!("{nested}/urls.txt"), format!("{WEB}/numpy-2.0-0.conda\n"));
    f.kib(&format!("{nested}/numpy-2.0-0.conda"), 8);
    package(&f, &nested, "numpy-2.0-0", &record("numpy", "2.0", "0", &format!("{WEB}/numpy-2.0-0.conda")));
    f.kib(&format!("{nested}/scipy-2.0-0.conda"), 8);
    f.kib(&format!("{p}/http/localhost_8000/c/noarch/near-1.0-0.conda"), 8);
    f.kib(&format!("{p}/file/srv/c/noarch/own-1.0-0.tar.bz2"), 8);
    package(&f, &format!("{p}/no_channel/noarch"), "x-1.0-0", "{}");
    f.kib(&format!("{p}/conda-forge/noarch/y-1.0-0.conda.partial"), 8);
    f.kib(&format!("{p}/pictures/summer.tar.bz2"), 8);
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda pkgs ~/data/cache",
            "  tarball \"own 1.0 0\" 1.0 [look-first] 8 8 {nothing says where it is from}",
            "  tarball \"near 1.0 0\" 1.0 [look-first] 8 8 {from no web address, so this may be the only copy}",
            "  !tarball \"numpy 2.0 0\" 2.0 [safe] 8 8",
            "  tarball \"scipy 2.0 0\" 2.0 [safe] 8 8",
            "  !lock \"cache.lock\" [safe] 0 0 {nobody seems to hold this lock; a new one is made when needed}",
            "  !partial \"y 1.0 0\" [safe] 8 8 {an unfinished download}",
            "  settings \"urls.txt\" [protected] 4 4 {the list of origins; conda ignores the cache without it}",
            "  other \"other files\" [look-first] 84 12",
            "packages: conda pkgs ~/data/cache",
            "  package \"numpy 2.0 0\" 2.0 [safe] 60 60",
            "  package \"x 1.0 0\" 1.0 [look-first] 60 60 {nothing says where it is from}"
        ]
    );
}

#[test]
fn what_conda_build_made_is_ones_own() {
    let f = Fixture::new();
    f.kib("conda-bld/linux-64/tool-1.0-0.conda", 8);
    f.kib("conda-bld/linux-64/repodata.json", 4);
    f.kib("conda-bld/noarch/lib-1.0-py_0.tar.bz2", 8);
    f.kib("conda-bld/broken/old-1.0-0.conda", 8);
    f.kib("conda-bld/src_cache/tool.tar.gz", 8);
    f.kib("conda-bld/tool_1700000000000/work/main.c", 8);
    f.kib("conda-bld/notes_17/a", 4);
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda bld ~/conda-bld",
            "  other \"other files\" [look-first] 28 12",
            "packages: conda bld ~/conda-bld",
            "  built package \"old 1.0 0\" 1.0 [look-first] 8 8 {built on this machine}",
            "  built package \"tool 1.0 0\" 1.0 [look-first] 8 8 {built on this machine}",
            "  built package \"lib 1.0 py_0\" 1.0 [look-first] 8 8 {built on this machine}",
            "  sources \"src_cache\" [look-first] 12 12 {sources that recipes downloaded}",
            "  build folder \"tool_1700000000000\" [look-first] 16 16 {a work folder that conda-build kept}"
        ]
    );
}

#[test]
fn a_cache_may_be_broken_or_hostile() {
    let f = Fixture::new();
    let p = "x/pkgs";
    f.file(
        &format!("{p}/urls.txt"),
        b"\xff\xfe\n\n/\nhttps://h/a-1.0-0.conda/\n../../etc/passwd\nhttps://h/c/\xff-1.0-0.conda\n",
    );
    f.kib(&format!("{p}/a-1.0-0.conda"), 4);
    package(&f, p, "bad-1.0-0", "{\"name\": [1,");
    package(&f, p, "types-1.0-0", r#"{"name":7,"version":{},"build":null,"url":["https://x"],"channel":5}"#);
    package(
        &f,
        p,
        "esc-1.0-0",
        "{\"name\":\"a\\u001b[2J\",\"version\":\"\\u202e1\",\"build\":\"0\",\"url\":\"https://h/t/tok/\\u001b/x\"}",
    );
    package(&f, p, "huge-1.0-0", &format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20)));
    f.link("/etc", &format!("{p}/link-1.0-0"));
    f.link("/etc/passwd", &format!("{p}/passwd-1.0-0.conda"));
    f.link("bad-1.0-0", &format!("{p}/more-1.0-0"));
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda pkgs ~/x/pkgs",
            "  tarball \"a 1.0 0\" 1.0 [look-first] 4 4 {nothing says where it is from}",
            "  settings \"urls.txt\" [protected] 4 4 {the list of origins; conda ignores the cache without it}",
            "  other \"other files\" [look-first] 4 0",
            "packages: conda pkgs ~/x/pkgs",
            "  package \"bad 1.0 0\" 1.0 [look-first] 60 60 {nothing says where it is from}",
            "  package \"a\\e[2J \\u{202e}1 0\" \\u{202e}1 [re-download] 60 60 {from a private channel: to fetch it again takes a login}",
            "  package \"huge 1.0 0\" 1.0 [look-first] 2108 2108 {nothing says where it is from}",
            "  package \"types 1.0 0\" 1.0 [look-first] 60 60 {nothing says where it is from}",
            "problem: understand ~/x/pkgs/bad-1.0-0/info/repodata_record.json: EOF while parsing a value at line 1 column 12",
            "problem: understand ~/x/pkgs/huge-1.0-0/info/repodata_record.json: EOF while parsing a string at line 1 column 1048576"
        ]
    );
}

#[test]
fn hard_linked_packages_free_nothing_and_linked_ones_stay() {
    let f = Fixture::new();
    let p = "opt/conda/pkgs";
    f.file(&format!("{p}/urls.txt"), "");
    for name in ["hard", "soft"] {
        package(
            &f,
            p,
            &format!("{name}-1.0-0"),
            &record(name, "1.0", "0", &format!("{WEB}/{name}-1.0-0.conda")),
        );
    }
    f.hard_link(&format!("{p}/hard-1.0-0/lib/lib.so"), "opt/conda/envs/e/lib/hard.so");
    let target = f.path(&format!("{p}/soft-1.0-0/lib/lib.so"));
    f.link(target.to_str().expect("text"), "opt/conda/envs/e/lib/soft.so");
    f.file("opt/conda/envs/e/conda-meta/history", "");
    for folder in ["lib", "conda-meta"] {
        f.age(&format!("opt/conda/envs/e/{folder}"), OLD);
    }
    let found = outline(&f);
    assert_eq!(
        found,
        [
            "conda-tarballs: conda pkgs ~/opt/conda/pkgs",
            "  settings \"urls.txt\" [protected] 0 0 {the list of origins; conda ignores the cache without it}",
            "environments: conda-env prefix ~/opt/conda/envs/e",
            "  environment \"e\" [rebuild] 52 12 {0 packages; 2 files (40.0 KiB) belong to no package, most in lib; 1 package is linked by nothing but it: 72.0 KiB come back if they go together; 40.0 KiB in 1 file stay: other names hold them}",
            "packages: conda pkgs ~/opt/conda/pkgs",
            "  package \"hard 1.0 0\" 1.0 [safe] 60 20 {40.0 KiB in 1 file stay: other names hold them}",
            "  package \"soft 1.0 0\" 1.0 [protected] 60 60 {environment e links into it and would break}"
        ]
    );
}

#[test]
fn places_follow_variables_files_and_installs() {
    let env = Env::fixed("/h")
        .with_home("/home/bo")
        .with_var("CONDA_PKGS_DIRS", "/fast/pkgs")
        .with_var("CONDA_BLD_PATH", "/fast/bld")
        .with_file("/h/.condarc", "pkgs_dirs: [~/rc-pkgs]\nconda-build: {root-dir: ~/bld}\n")
        .with_file("/opt/mambaforge", "")
        .with_file("/opt/mambaforge/conda-meta/history", "");
    let places: Vec<String> = Conda
        .places(&env)
        .iter()
        .map(|p| {
            let by = p.named_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{} {}{by}", p.role, p.path.display())
        })
        .collect();
    assert_eq!(
        places,
        [
            "pkgs /fast/pkgs by $CONDA_PKGS_DIRS",
            "pkgs /h/rc-pkgs by ~/.condarc",
            "bld /fast/bld by $CONDA_BLD_PATH",
            "bld /h/bld by ~/.condarc",
            "pkgs /opt/mambaforge/pkgs",
            "bld /opt/mambaforge/conda-bld",
            "pkgs /h/.conda/pkgs",
            "pkgs /h/.mamba/pkgs",
            "bld /h/conda-bld",
            "cache /h/.cache/conda",
            "pkgs /home/bo/.conda/pkgs",
            "pkgs /home/bo/.mamba/pkgs",
            "bld /home/bo/conda-bld",
            "cache /home/bo/.cache/conda"
        ]
    );
}

#[test]
fn a_missing_folder_that_is_configured_is_a_problem() {
    let mut f = Fixture::new();
    let path = f.path("none");
    f.env = f.env.clone().with_var("CONDA_PKGS_DIRS", path.to_str().expect("text"));
    f.folder("there");
    assert_eq!(
        outline(&f),
        ["problem: open ~/none: $CONDA_PKGS_DIRS names this folder, but it is not there"]
    );
}

fn claimed(name: &str, folders: &[&str], files: &[&str]) -> bool {
    let folders: Vec<&[u8]> = folders.iter().map(|n| n.as_bytes()).collect();
    let files: Vec<&[u8]> = files.iter().map(|n| n.as_bytes()).collect();
    Conda.claims(&Listing::of(name.as_bytes(), &folders, &files)).is_some()
}

#[test]
fn a_cache_is_known_by_its_shape_and_its_look_alikes_are_not() {
    for (name, folders, files) in [
        ("pkgs", &["cache"][..], &["urls.txt"][..]),
        ("pkgs", &["zlib-1.3-h1"], &["urls.txt", "urls"]),
        ("pkgs", &["zlib-1.3-h1"], &["zlib-1.3-h1.tar.bz2"]),
        ("odd", &[], &["urls.txt", "zlib-1.3-h1.conda"]),
        ("odd", &["zlib-1.3-h1"], &["urls.txt", "zlib-1.3-h1.tar.bz2"]),
        ("odd", &["https", "cache"], &["urls.txt"]),
    ] {
        assert!(claimed(name, folders, files), "{name} {folders:?} {files:?}");
    }
    for (name, folders, files) in [
        // somebody's downloads, a crawl, a folder of that name
        ("Downloads", &["holiday"][..], &["urls.txt", "gcc-arm-10.3-x86_64.tar.bz2", "holiday.tar.bz2"][..]),
        ("crawl", &["images", "cache"], &["urls.txt", "train.tar.bz2"]),
        ("pkgs", &["src", "mine"], &["notes.txt", "a.tar.bz2"]),
        ("pkgs", &["src"], &["urls.txt"]),
        // a channel, and a folder of mamba's nested layout
        ("linux-64", &[], &["urls.txt", "zlib-1.3-h1.conda", "repodata.json"]),
        ("noarch", &["zlib-1.3-h1"], &["urls.txt", "zlib-1.3-h1.conda"]),
        ("channel", &["noarch"], &["zlib-1.3-h1.conda"]),
        // rattler's cache of packages
        ("pkgs", &["zlib-1.3-h1"], &["zlib-1.3-h1.lock", ".cache.lock"]),
        // a home
        ("ann", &[".conda", "pkgs"], &["urls.txt"]),
    ] {
        assert!(!claimed(name, folders, files), "{name} {folders:?} {files:?}");
    }
}

#[test]
fn what_another_store_hides_is_not_taken_for_missing() {
    let f = Fixture::new();
    f.file("x/pkgs/urls.txt", format!("{WEB}/a-1.0-0.conda\n"));
    f.kib("x/pkgs/a-1.0-0.conda", 4);
    f.kib("x/pkgs/a-1.0-0/lib/x", 4);
    f.file("x/pkgs/a-1.0-0/info/index.json", "{}");
    f.file(&format!("x/pkgs/a-1.0-0/info/{}.descriptor.txt", "a".repeat(40)), "");
    f.age("x/pkgs/a-1.0-0", OLD);
    assert!(!outline(&f).iter().any(|l| l.contains("extraction")), "{:#?}", outline(&f));
}
