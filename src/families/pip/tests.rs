//! Caches as pip 23.2 and 26.3 leave them, on real files.

use super::Pip;
use crate::env::Env;
use crate::families::Family;
use crate::families::testing::Fixture;

const PIP: &str = ".cache/pip";

/// A hash of an address, and where an answer to it lies.
fn at(cache: &str, n: u8) -> String {
    let hash = format!("{n:02x}").repeat(28);
    let folders: Vec<String> = hash.chars().take(5).map(String::from).collect();
    format!("{PIP}/{cache}/{}/{hash}", folders.join("/"))
}

fn headers(kind: &str, project: Option<(&str, &str)>) -> Vec<u8> {
    let mut out = b"cc=4,\x82\xa8response\x86\xa4body\xc4\x00\xa7headers\x89".to_vec();
    let mut pair = |name: &str, value: &str| {
        for text in [name, value] {
            out.extend([0xd9, text.len() as u8]);
            out.extend(text.as_bytes());
        }
    };
    pair("Content-Type", kind);
    if let Some((project, version)) = project {
        pair("X-PyPI-File-Project", project);
        pair("x-pypi-file-version", version);
    }
    out
}

/// A wheel of so many KiB with its table of contents at the end.
fn wheel(name: &str, kib: usize) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(kib * 1024, 0);
    bytes.extend(format!("PK\x01\x02\0\0{name}.dist-info/RECORDPK\x05\x06").as_bytes());
    bytes
}

fn pair(f: &Fixture, n: u8, headers: &[u8], body: &[u8]) {
    f.file(&at("http-v2", n), headers);
    f.file(&format!("{}.body", at("http-v2", n)), body);
}

fn outline(f: &Fixture) -> Vec<String> {
    f.outline().lines().map(str::to_string).collect()
}

#[test]
fn answers_are_named_and_grouped_by_project() {
    let f = Fixture::new();
    let octets = "application/octet-stream";
    pair(&f, 1, &headers(octets, Some(("torch", "2.3.0"))), &wheel("torch-2.3.0", 64));
    pair(&f, 2, &headers(octets, Some(("torch", "2.2.0"))), &wheel("torch-2.2.0", 32));
    pair(&f, 3, &headers(octets, None), &wheel("idna-3.20", 16));
    pair(&f, 4, &headers("text/html", None), b"<html>");
    pair(&f, 5, &headers("application/vnd.pypi.simple.v1+json", None), b"{}");
    pair(&f, 6, &headers(octets, None), b"Metadata-Version: 2.1\n");
    pair(&f, 7, &headers(octets, None), b"\x1f\x8b\x08\0\0\0\0\0\x02\xff");
    f.kib(&at("http-v2", 8), 4);
    f.kib(&format!("{}.body", at("http-v2", 9)), 4);
    f.kib(&format!("{}abcd1234.tmp", at("http-v2", 10)), 4);
    f.kib(&format!("{}zzzz1234.tmp", at("http-v2", 11)), 4);
    f.age(&format!("{}zzzz1234.tmp", at("http-v2", 11)), 60);
    f.file(&format!("{PIP}/http-v2/notes.txt"), "mine");
    f.file(&format!("{PIP}/selfcheck/0a1b"), "{}");
    f.age(&format!("{PIP}/selfcheck"), 30 * 86_400);
    assert_eq!(
        outline(&f),
        [
            "package-caches: pip cache ~/.cache/pip",
            "  download \"idna\" 3.20 [re-download] 40 40",
            "  download \"torch\" [re-download] 144 144 {2 versions}",
            "    download \"torch\" 2.3.0 [re-download] 88 88",
            "    download \"torch\" 2.2.0 [re-download] 56 56",
            "  index \"index pages and metadata\" [safe] 72 72",
            "  downloads \"downloads without a name\" [re-download] 24 24 {archives of sources, and answers that do not say what they are}",
            "  !partial \"08080808\" [safe] 4 4 {a download that was interrupted; pip fetches it anew}",
            "  !partial \"09090909\" [safe] 4 4 {a download that was interrupted; pip fetches it anew}",
            "  !partial \"0a0a0a0a\" [safe] 4 4 {a download that was interrupted; pip fetches it anew}",
            "  partial \"0b0b0b0b\" [in-use] 4 4 {written less than ten minutes ago, or open}",
            "  index \"when pip looked for a newer pip\" [safe] 8 8",
            "  other \"other files\" [look-first] 80 4"
        ]
    );
}

#[test]
fn old_answers_are_a_leftover_beside_new_ones() {
    let f = Fixture::new();
    let octets = headers("application/octet-stream", None);
    f.file(
        &at("http", 1),
        [b"cc=4,\x82\xa4body\xc6\0\0\0\0".to_vec(), wheel("idna-3.20", 16), octets].concat(),
    );
    f.file(&at("http", 2), [b"cc=4,<html>".to_vec(), headers("text/html", None)].concat());
    f.file(&at("http", 3), headers("application/octet-stream", Some(("six", "1.17.0"))));
    let alone = outline(&f);
    pair(&f, 1, &headers("text/html", None), b"<html>");
    let beside = outline(&f);
    assert_eq!(
        alone,
        [
            "package-caches: pip cache ~/.cache/pip",
            "  download \"idna\" 3.20 [re-download] 36 36",
            "  download \"six\" 1.17.0 [re-download] 20 20",
            "  index \"index pages and metadata\" [safe] 20 20"
        ]
    );
    assert_eq!(
        beside,
        [
            "package-caches: pip cache ~/.cache/pip",
            "  !download \"idna\" 3.20 [re-download] 36 36 {only pip up to 23.2 reads it; a newer one uses this cache too}",
            "  !download \"six\" 1.17.0 [re-download] 20 20 {only pip up to 23.2 reads it; a newer one uses this cache too}",
            "  !index \"index pages and metadata\" [safe] 20 20 {only pip up to 23.2 reads it; a newer one uses this cache too}",
            "  index \"index pages and metadata\" [safe] 28 28"
        ]
    );
}

#[test]
fn built_wheels_say_from_what() {
    let f = Fixture::new();
    for (n, name, origin) in [
        (
            1,
            "docopt-0.6.2-py2.py3-none-any",
            Some(r#"{"archive_info":{},"url":"https://u:pw@files.example/docopt-0.6.2.tar.gz"}"#),
        ),
        (2, "flash_attn-2.5-cp311-cp311-linux_x86_64", Some(r#"{"url":"file:///home/ann/flash-attn"}"#)),
        (3, "old-1.0-py3-none-any", None),
        (4, "torn-1.0-py3-none-any", Some(r#"{"url":"#)),
    ] {
        let leaf = format!("{PIP}/wheels/0{n}/b0/8c/4b75");
        f.kib(&format!("{leaf}/{name}.whl"), 8);
        if let Some(origin) = origin {
            f.file(&format!("{leaf}/origin.json"), origin);
        }
    }
    assert_eq!(
        outline(&f),
        [
            "package-caches: pip cache ~/.cache/pip",
            "  built wheel \"docopt\" 0.6.2 [rebuild] 28 28 {built on this machine; to build it again may take compilers and time}",
            "  built wheel \"flash-attn\" 2.5 [look-first] 28 28 {built from sources on this machine, which may be gone}",
            "  built wheel \"old\" 1.0 [look-first] 24 24 {built on this machine; nothing says from what}",
            "  built wheel \"torn\" 1.0 [look-first] 28 28 {built on this machine; nothing says from what}",
            "problem: understand ~/.cache/pip/wheels/04/b0/8c/4b75/origin.json: EOF while parsing a value at line 1 column 7"
        ]
    );
}

#[test]
fn pipenv_keeps_more_in_its_own() {
    let f = Fixture::new();
    f.file(".cache/pipenv/depcache3.11.json", "{}");
    f.file(".cache/pipenv/hash-cache/x", "{}");
    f.file(".cache/pipenv/other/x", "{}");
    f.age(".cache/pipenv/hash-cache", 30 * 86_400);
    assert_eq!(
        outline(&f),
        [
            "package-caches: pip pipenv cache ~/.cache/pipenv",
            "  index \"hash-cache\" [safe] 8 8",
            "  index \"depcache3.11.json\" [safe] 4 4",
            "  other \"other files\" [look-first] 12 8"
        ]
    );
}

#[test]
fn places_are_what_variables_and_files_name_and_shape_tells_the_rest() {
    let env = Env::fixed("/h")
        .with_var("PIP_CACHE_DIR", "/fast/pip")
        .with_var("PIP_CONFIG_FILE", "/h/my.conf")
        .with_file("/h/my.conf", "[global]\nindex-url = x\ncache-dir = ~/c1\n")
        .with_file("/h/.pip/pip.conf", "[install]\ncache_dir: /c2\n")
        .with_file("/etc/pip.conf", "[global]\ncache-dir =\n");
    let places: Vec<String> = Pip.places(&env).iter().map(|p| p.path.display().to_string()).collect();
    assert_eq!(places, ["/fast/pip", "/h/c1", "/c2", "/h/.cache/pip", "/h/.cache/pipenv"]);
    let f = Fixture::new();
    f.file("data/c/http-v2/0/1/2/x", "");
    f.file("data/src/http-v2/client.py", "");
    f.file("data/more/http-v2/0/1/x", "");
    f.folder("data/more/mine");
    let outline = f.outline();
    assert!(outline.contains("pip cache ~/data/c\n"), "{outline}");
    assert!(!outline.contains("data/src") && !outline.contains("data/more"), "{outline}");
}
