//! Caches as uv 0.13 leaves them, on real files.

use super::Uv;
use crate::env::Env;
use crate::families::Family;
use crate::families::testing::Fixture;

const OLD: i64 = 30 * 86_400;
const UV: &str = ".cache/uv";

/// What uv writes about an answer: the archive's name, and somewhere in it the address.
fn answer(id: &str, wheel: &str) -> Vec<u8> {
    let url = format!("https://files.pythonhosted.org/packages/b7/{wheel}");
    [b"\x95\xb0", id.as_bytes(), b"\x91\x81\xa6Sha256\0\0", url.as_bytes(), b"\0\0\0"].concat()
}

/// An unpacked wheel.
fn archive(f: &Fixture, id: &str, name: &str) {
    let at = format!("{UV}/archive-v0/{id}");
    f.kib(&format!("{at}/{name}/x.py"), 8);
    f.file(&format!("{at}/{name}-1.0.dist-info/METADATA"), "");
    for below in ["", &format!("/{name}"), &format!("/{name}-1.0.dist-info")] {
        f.age(&format!("{at}{below}"), OLD);
    }
}

/// A wheel of an index, with what is about it.
fn wheel(f: &Fixture, bucket: &str, name: &str, id: &str) {
    let at = format!("{UV}/{bucket}/pypi/{name}/1.0-py3-none-any");
    f.old_link(&format!("../../../archive-v0/{id}"), &at);
    f.file(&format!("{at}.http"), answer(id, &format!("{name}-1.0-py3-none-any.whl")));
    f.file(&format!("{at}.msgpack"), "x");
    f.file(&format!("{at}.lock"), "");
}

fn outline(f: &Fixture) -> Vec<String> {
    f.outline().lines().map(str::to_string).collect()
}

/// A cache with the marks of one.
fn cache(f: &Fixture) {
    f.file(&format!("{UV}/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55");
    f.file(&format!("{UV}/.gitignore"), "*");
    f.file(&format!("{UV}/.lock"), "");
}

#[test]
fn a_cache_is_packages_what_was_built_and_what_nobody_names() {
    let f = Fixture::new();
    cache(&f);
    archive(&f, "cqKuKdJVywR2s9wp", "six");
    wheel(&f, "wheels-v8", "six", "cqKuKdJVywR2s9wp");
    wheel(&f, "wheels-v7", "six", "cqKuKdJVywR2s9wp");
    archive(&f, "5-5J3eWf5OGpFcwy", "only_old");
    wheel(&f, "wheels-v7", "only-old", "5-5J3eWf5OGpFcwy");
    archive(&f, "4t4HzEVYJFjkxJIg", "docopt");
    let built = format!("{UV}/sdists-v11/pypi/docopt/1.0");
    f.old_link(
        "../../../../../archive-v0/4t4HzEVYJFjkxJIg",
        &format!("{built}/ri80iLTpq3fL_nQO/docopt-1.0-py3-none-any"),
    );
    f.kib(&format!("{built}/ri80iLTpq3fL_nQO/docopt-1.0-py3-none-any.whl"), 8);
    f.kib(&format!("{built}/ri80iLTpq3fL_nQO/src/docopt.py"), 16);
    f.file(&format!("{built}/ri80iLTpq3fL_nQO/metadata.msgpack"), "x");
    f.file(&format!("{built}/revision.http"), "x");
    archive(&f, "pTB5oYU3iXCUJ1HT", "local");
    let local = format!("{UV}/wheels-v8/url/232dca5899ecda23/local/1.0-py3-none-any");
    f.old_link("../../../../archive-v0/pTB5oYU3iXCUJ1HT", &local);
    f.file(&format!("{local}.rev"), "x");
    // A file with the archive's name in it does as well as a link.
    archive(&f, "ag4GG2QfNrBLJFWV", "pointed");
    f.file(
        &format!("{UV}/wheels-v8/pypi/pointed/1.0-py3-none-any.http"),
        answer("ag4GG2QfNrBLJFWV", "pointed-1.0-py3-none-any.whl"),
    );
    f.file(&format!("{UV}/wheels-v8/pypi/looked-at/2.0-py3-none-any.msgpack"), "x");
    wheel(&f, "wheels-v8", "lost", "0000000000000000");
    let own = format!("{UV}/sdists-v11/path/d1820d1ab9d7fefe");
    f.kib(&format!("{own}/K1hv2wEGX0NxF6Ll/locpkg-1.0-py3-none-any.whl"), 8);
    f.file(&format!("{own}/K1hv2wEGX0NxF6Ll/metadata.msgpack"), "x");
    f.kib(&format!("{UV}/simple-v28/pypi/six.rkyv"), 4);
    f.kib(&format!("{UV}/interpreter-v5/1697c3caa117b6e6/3ea8.msgpack"), 4);
    f.kib(&format!("{UV}/git-v2/db/33529cb72cd08fad/.git/objects/x"), 4);
    f.file(
        &format!("{UV}/git-v2/db/33529cb72cd08fad/.git/FETCH_HEAD"),
        "a6b8d3eb\t\tbranch 'main' of https://me:s3cret@github.com/o/repo\n",
    );
    f.kib(&format!("{UV}/git-v2/checkouts/33529cb72cd08fad/a6b8d3e/x.py"), 4);
    f.kib(&format!("{UV}/git-v2/db/0000000000000000/HEAD"), 4);
    f.kib(&format!("{UV}/.tmpAbC123/part"), 4);
    f.kib(&format!("{UV}/something/else"), 4);
    f.age_all(UV);
    assert_eq!(
        outline(&f),
        [
            "package-caches: uv cache ~/.cache/uv",
            "  !partial \".tmpAbC123\" [safe] 8 8 {a download or a build that was interrupted}",
            "  repository \"0000000000000000\" [look-first] 8 8 {nothing says that its origin can be had again}",
            "  repository \"repo\" [re-download] 20 20",
            "  checkout \"33529cb72cd08fad\" [safe] 12 12 {checked out again from the repository beside it}",
            "  index \"interpreter cache\" [safe] 12 12",
            "  index \"simple cache\" [safe] 12 12",
            "  !outdated bucket \"wheels-v7\" [safe] 32 32 {a newer uv uses a newer one; `uv cache prune` removes it too}",
            "  !package \"only-old\" 1.0 [safe] 20 20 {nothing in the cache names it any more; `uv cache prune` removes it too}",
            "  built package \"docopt\" 1.0 [rebuild] 64 64 {built from source; to build it again may take compilers and time}",
            "  built package \"locpkg\" 1.0 [look-first] 20 20 {built from a folder or file here; to build it again may take compilers and time}",
            "  !package \"lost\" 1.0 [safe] 8 8 {what it names is not there any more}",
            "  package \"six\" 1.0 [re-download] 28 28",
            "  package \"local\" 1.0 [look-first] 24 24 {from a file of this machine, which may be gone}",
            "  package \"pointed\" 1.0 [re-download] 24 24",
            "  index \"metadata of packages\" [safe] 4 4",
            "  other \"other files\" [look-first] 88 16"
        ]
    );
}

#[test]
fn packages_that_an_environment_is_linked_into_are_kept_and_shared_ones_held() {
    let f = Fixture::new();
    cache(&f);
    for (id, name) in
        [("GPbB2klke0UnUdw7", "idna"), ("cqKuKdJVywR2s9wp", "six"), ("uJx0bzulJ3btDHHP", "both")]
    {
        archive(&f, id, name);
        wheel(&f, "wheels-v8", name, id);
    }
    let other = format!("{UV}/wheels-v8/index/0a1b2c3d4e5f6071/both/1.0-py3-none-any");
    f.old_link("../../../../archive-v0/uJx0bzulJ3btDHHP", &other);
    f.file("work/a/pyproject.toml", "");
    let site = "work/a/.venv/lib/python3.11/site-packages";
    f.file("work/a/.venv/pyvenv.cfg", "home = /usr/bin\nuv = 0.13.9\nversion_info = 3.11.7\n");
    f.folder("work/a/.venv/bin");
    let target = f.path(&format!("{UV}/archive-v0/GPbB2klke0UnUdw7/idna/x.py"));
    f.link(target.to_str().expect("text"), &format!("{site}/idna/x.py"));
    f.hard_link(&format!("{UV}/archive-v0/cqKuKdJVywR2s9wp/six/x.py"), &format!("{site}/six/x.py"));
    f.age_all(UV);
    f.age_all("work");
    assert_eq!(
        outline(&f),
        [
            "environments: venv env ~/work/a/.venv",
            "  environment \"a\" 3.11.7 [rebuild] 44 36 {0 packages, made by uv 0.13.9; linked into ~/.cache/uv and needs it; 1 package is linked by nothing but it: 64.0 KiB come back if they go together; 8.0 KiB in 1 file stay: other names hold them}",
            "package-caches: uv cache ~/.cache/uv",
            "  package \"both\" 1.0 [re-download] 20 0",
            "  package \"both\" 1.0 [re-download] 28 8",
            "  package \"idna\" 1.0 [protected] 28 28 {environment a links into it and would break}",
            "  package \"six\" 1.0 [re-download] 28 20 {8.0 KiB in 1 file stay: other names hold them}",
            "  other \"other files\" [look-first] 48 8"
        ]
    );
}

#[test]
fn environments_in_the_cache_are_made_again() {
    let f = Fixture::new();
    cache(&f);
    let script = format!("{UV}/environments-v2/s-e24afa1106967ce9");
    f.file(&format!("{script}/pyvenv.cfg"), "home = /usr/bin\nuv = 0.13.9\n");
    f.kib(&format!("{script}/bin/activate"), 4);
    let tool = format!("{UV}/archive-v0/ZjHRD14Hr-_tXxhZ");
    f.file(&format!("{tool}/pyvenv.cfg"), "home = /usr/bin\nuv = 0.13.9\n");
    f.kib(&format!("{tool}/bin/activate"), 4);
    let entry = format!("{UV}/environments-v2/8b0cbae4892decd7/29975663e32211f5");
    f.old_link("../../archive-v0/ZjHRD14Hr-_tXxhZ", &entry);
    f.file(&format!("{entry}.lock"), "");
    archive(&f, "GPbB2klke0UnUdw7", "idna");
    wheel(&f, "wheels-v8", "idna", "GPbB2klke0UnUdw7");
    let target = f.path(&format!("{UV}/archive-v0/GPbB2klke0UnUdw7/idna/x.py"));
    f.link(target.to_str().expect("text"), &format!("{tool}/lib/python3.11/site-packages/idna/x.py"));
    f.age_all(UV);
    assert_eq!(
        outline(&f),
        [
            "package-caches: uv cache ~/.cache/uv",
            "  environment \"of a program run once\" [rebuild] 36 36 {uv makes it again at the next `uvx` or `uv run --with`}",
            "  environment \"s\" [rebuild] 16 16 {uv makes it again at the next run of its script or project}",
            "  package \"idna\" 1.0 [protected] 28 28 {an environment of a program run once links into it and would break}",
            "  other \"other files\" [look-first] 36 8"
        ]
    );
}

#[test]
fn what_is_being_written_is_in_use_and_nonsense_is_no_danger() {
    let f = Fixture::new();
    cache(&f);
    archive(&f, "cqKuKdJVywR2s9wp", "six");
    f.age(&format!("{UV}/archive-v0/cqKuKdJVywR2s9wp"), 60);
    f.kib(&format!("{UV}/builds-v0/.tmpZZ9zz9/x"), 4);
    f.age(&format!("{UV}/builds-v0/.tmpZZ9zz9/x"), 60);
    f.link("../../../../etc", &format!("{UV}/wheels-v8/pypi/out/1.0-py3-none-any"));
    f.link("\u{1b}[2J", &format!("{UV}/wheels-v8/pypi/esc/\u{1b}[2J"));
    f.file(&format!("{UV}/wheels-v8/pypi/torn/1.0-py3-none-any.http"), b"\xff\x95\xb0");
    f.file(&format!("{UV}/wheels-v99999999999999999999999/x"), "");
    f.file(&format!("{UV}/git-v2/db/x/FETCH_HEAD"), b"\n\xff\xfe\n");
    f.file(&format!("{UV}/sdists-v11/pypi/odd"), "");
    assert_eq!(
        outline(&f),
        [
            "package-caches: uv cache ~/.cache/uv",
            "  partial \".tmpZZ9zz9\" [in-use] 8 8 {written less than ten minutes ago, or open}",
            "  repository \"x\" [in-use] 8 8 {nothing says that its origin can be had again; written less than ten minutes ago, or open}",
            "  package \"six\" 1.0 [in-use] 20 20 {written less than ten minutes ago, or open}",
            "  index \"metadata of packages\" [safe] 4 4",
            "  other \"other files\" [look-first] 60 28"
        ]
    );
}

#[test]
fn places_are_what_variables_and_files_name_and_shape_tells_the_rest() {
    let env = Env::fixed("/h")
        .with_var("UV_CACHE_DIR", "/fast/uv")
        .with_var("UV_PYTHON_INSTALL_DIR", "/fast/py")
        .with_file("/h/.config/uv/uv.toml", "cache-dir = \"/data/uv\"\n")
        .with_file("/etc/uv/uv.toml", "cache-dir = [broken");
    let places: Vec<String> = Uv.places(&env).iter().map(|p| p.path.display().to_string()).collect();
    assert_eq!(places, ["/fast/uv", "/fast/py", "/data/uv", "/h/.cache/uv", "/h/.local/share/uv/python"]);
    let f = Fixture::new();
    f.kib("data/u/archive-v0/x/y", 4);
    f.kib("data/u/simple-v28/y", 4);
    f.file("data/u/CACHEDIR.TAG", "");
    f.kib("data/no/archive-v0/x/y", 4);
    let outline = f.outline();
    assert!(outline.contains("uv cache ~/data/u\n") && !outline.contains("data/no"), "{outline}");
}
