//! Environments as conda, mamba, pixi and pip leave them, on real files.

use std::path::Path;

use super::{CondaEnv, is_shared};
use crate::env::Env;
use crate::families::testing::Fixture;
use crate::families::{Family, Listing};

const WEB: &str = "https://conda.anaconda.org/conda-forge/linux-64";
const OLD: i64 = 30 * 86_400;

/// A package in an environment, with its files.
struct Package<'a> {
    name: &'a str,
    url: &'a str,
    link: &'a str,
    files: &'a [&'a str],
}

const ZLIB: Package<'static> = Package {
    name: "zlib",
    url: "web",
    link: r#"{"source":"/c/pkgs/zlib-1.0-0","type":1}"#,
    files: &["lib/libz.so"],
};

/// An environment of packages, changed long ago. A package `from "web"` has the usual address.
fn environment(f: &Fixture, at: &str, packages: &[Package<'_>]) {
    f.file(&format!("{at}/conda-meta/history"), "==> now <==\n# cmd: conda create\n");
    for p in packages {
        let Package { name, link, files, .. } = p;
        let url = if p.url == "web" { format!("{WEB}/{name}-1.0-0.conda") } else { p.url.to_string() };
        let record = format!(
            r#"{{"name":"{name}","version":"1.0","build":"0","url":"{url}","channel":"c","link":{link},"files":{files:?},"paths_data":{{"paths":[]}}}}"#
        );
        f.file(&format!("{at}/conda-meta/{name}-1.0-0.json"), record);
        for file in *files {
            if f.path(&format!("{at}/{file}")).symlink_metadata().is_err() {
                f.kib(&format!("{at}/{file}"), 4);
            }
        }
    }
    f.age(&format!("{at}/conda-meta"), OLD);
}

fn outline(f: &Fixture) -> Vec<String> {
    f.outline().lines().map(str::to_string).collect()
}

/// What is said of the only environment.
fn only(f: &Fixture) -> String {
    let lines = outline(f);
    let mut found = lines.into_iter().filter(|l| l.starts_with("  environment "));
    let line = found.next().expect("an environment");
    assert_eq!(found.next(), None);
    line.trim_start().to_string()
}

#[test]
fn an_environment_of_the_web_can_be_made_again_and_others_need_a_look() {
    let f = Fixture::new();
    environment(
        &f,
        "opt/conda/envs/good",
        &[ZLIB, Package { name: "python", files: &["bin/python3.11"], ..ZLIB }],
    );
    for (name, url) in [
        ("file", "file:///srv/c/mine-1.0-0.conda"),
        ("token", "https://h/t/<TOKEN>/c/mine-1.0-0.conda"),
        ("unknown", "<unknown>"),
        ("local", "http://localhost:80/mine-1.0-0.conda"),
    ] {
        environment(
            &f,
            &format!("opt/conda/envs/{name}"),
            &[ZLIB, Package { name: "mine", url, files: &[], ..ZLIB }],
        );
    }
    let many = ["a", "b", "c", "d", "e"].map(|name| Package { name, url: "", files: &[], ..ZLIB });
    environment(&f, "work/here", &many);
    f.kib("opt/conda/envs/not/conda-meta/zlib-1.0-0.json", 4);
    f.kib("opt/conda/envs/not/bin/x", 4);
    assert_eq!(
        outline(&f),
        [
            "environments: conda-env prefix ~/opt/conda/envs/file",
            "  environment \"file\" [look-first] 28 28 {2 packages; not from a public web channel: mine}",
            "environments: conda-env prefix ~/opt/conda/envs/good",
            "  environment \"good\" 1.0 [rebuild] 36 36 {2 packages}",
            "environments: conda-env prefix ~/opt/conda/envs/local",
            "  environment \"local\" [look-first] 28 28 {2 packages; not from a public web channel: mine}",
            "environments: conda-env prefix ~/opt/conda/envs/not",
            "  other \"other files\" [look-first] 20 16",
            "environments: conda-env prefix ~/opt/conda/envs/token",
            "  environment \"token\" [look-first] 28 28 {2 packages; not from a public web channel: mine}",
            "environments: conda-env prefix ~/opt/conda/envs/unknown",
            "  environment \"unknown\" [look-first] 28 28 {2 packages; not from a public web channel: mine}",
            "environments: conda-env prefix ~/work/here",
            "  environment \"~/work/here\" [look-first] 32 32 {5 packages; not from a public web channel: a, b, c and 2 more}"
        ]
    );
}

#[test]
fn base_active_frozen_and_fresh_ones_are_kept() {
    let mut f = Fixture::new();
    environment(&f, "miniconda3", &[ZLIB]);
    f.kib("miniconda3/condabin/conda", 4);
    f.file("miniconda3/pkgs/urls.txt", "");
    f.kib("miniconda3/pkgs/cache/497deca9.json", 8);
    f.kib("miniconda3/notes/mine.txt", 2000);
    for name in ["active", "frozen", "fresh", "old"] {
        environment(&f, &format!("miniconda3/envs/{name}"), &[ZLIB]);
    }
    f.file("miniconda3/envs/frozen/conda-meta/frozen", "{}");
    f.age("miniconda3/envs/frozen/conda-meta", OLD);
    f.age("miniconda3/envs/fresh/conda-meta/history", 60);
    // conda installed into an environment does not make it the base; old versions linked it there.
    f.kib("miniconda3/envs/old/bin/conda", 4);
    environment(&f, "mm", &[]);
    environment(&f, "exe", &[]);
    f.folder("fast");
    f.link("miniconda3", "m3");
    let active = f.path("m3/envs/active");
    f.env = f
        .env
        .clone()
        .with_var("CONDA_PREFIX", active)
        .with_var("CONDA_EXE", f.path("exe/bin/conda"))
        .with_var("MAMBA_ROOT_PREFIX", f.path("mm"));
    assert_eq!(
        outline(&f),
        [
            "conda-tarballs: conda pkgs ~/miniconda3/pkgs",
            "  index \"497deca9\" [safe] 8 8 {nothing says of which channel}",
            "  settings \"urls.txt\" [protected] 0 0 {the list of origins; conda ignores the cache without it}",
            "environments: conda-env prefix ~/exe",
            "  environment \"base\" [protected] 12 12 {0 packages; conda itself lives here}",
            "environments: conda-env prefix ~/miniconda3",
            "  environment \"base\" [protected] 2040 2040 {1 package; conda itself lives here; 2 files (2.0 MiB) belong to no package, most in notes}",
            "environments: conda-env prefix ~/miniconda3/envs/active",
            "  environment \"active\" [protected] 24 24 {1 package; active in this shell}",
            "environments: conda-env prefix ~/miniconda3/envs/fresh",
            "  environment \"fresh\" [in-use] 24 24 {1 package; changed less than ten minutes ago}",
            "environments: conda-env prefix ~/miniconda3/envs/frozen",
            "  environment \"frozen\" [protected] 28 28 {1 package; frozen: conda refuses to change it, too}",
            "environments: conda-env prefix ~/miniconda3/envs/old",
            "  environment \"old\" [rebuild] 32 32 {1 package; 1 file (4.0 KiB) belongs to no package, most in bin}",
            "environments: conda-env prefix ~/mm",
            "  environment \"base\" [protected] 12 12 {0 packages; conda itself lives here}"
        ]
    );
}

#[test]
fn a_prefix_that_holds_more_than_conda_is_kept() {
    let env = Env::fixed("/home/ann").with_home("/data/home/bo");
    for path in ["/", "/usr/local", "/usr", "/home", "/home/ann", "/data", "/data/home/bo"] {
        assert!(is_shared(Path::new(path), &env), "{path}");
    }
    for path in ["/opt/conda", "/home/ann/miniconda3", "/data/envs", "/usr/local/conda"] {
        assert!(!is_shared(Path::new(path), &env), "{path}");
    }
    let f = Fixture::new();
    environment(&f, ".", &[]);
    f.kib("bin/tool", 4);
    assert!(
        only(&f).contains("[protected] 20 20 {0 packages; more than conda lives in this folder"),
        "{}",
        only(&f)
    );
}

#[test]
fn what_pip_installed_is_counted_and_local_trees_need_a_look() {
    let site = "envs/e/lib/python3.11/site-packages";
    let f = Fixture::new();
    let files = [
        "lib/python3.11/site-packages/numpy-1.0.dist-info/RECORD",
        "lib/python3.11/site-packages/six-1.0.egg-info/PKG-INFO",
    ];
    environment(&f, "envs/e", &[Package { name: "numpy", files: &files, ..ZLIB }]);
    f.file(
        &format!("{site}/numpy-1.0.dist-info/direct_url.json"),
        r#"{"url":"file:///build/numpy","dir_info":{}}"#,
    );
    f.file(&format!("{site}/web-2.0.dist-info/METADATA"), "Name: web\n");
    f.file(
        &format!("{site}/web-2.0.dist-info/RECORD"),
        "web/__init__.py,sha256=x,1\n\"web/a,b.py\",,\n../../../bin/web,,\n/etc/passwd,,\n../../../../out,,\n,,\n",
    );
    f.kib(&format!("{site}/web/__init__.py"), 4);
    f.kib(&format!("{site}/web/a,b.py"), 4);
    f.kib(&format!("{site}/web/__pycache__/x.cpython-311.pyc"), 4);
    f.kib("envs/e/bin/web", 4);
    f.file(&format!("{site}/repo-1.0.dist-info/RECORD"), "");
    f.file(
        &format!("{site}/repo-1.0.dist-info/direct_url.json"),
        r#"{"url":"https://git.example/r","vcs_info":{"vcs":"git"}}"#,
    );
    f.file(&format!("{site}/old-1.0.egg-info/installed-files.txt"), "");
    assert_eq!(
        only(&f),
        "environment \"e\" [rebuild] 100 100 {1 package, 3 from pip; 1 file (4.0 KiB) belongs to no package, most in lib/python3.11}"
    );

    for (name, content) in [
        (
            "edit-1.0.dist-info/direct_url.json",
            r#"{"url":"file:///home/ann/edit","dir_info":{"editable":true}}"#,
        ),
        ("wheel-1.0.dist-info/direct_url.json", r#"{"url":"file:///home/ann/w.whl","archive_info":{}}"#),
        ("torn-1.0.dist-info/direct_url.json", r#"{"url":"#),
        ("dev.egg-link", "/home/ann/dev\n."),
        ("setup-1.0-py3.11.egg-info/PKG-INFO", "Name: setup\n"),
        ("egg-1.0-py3.11.egg/EGG-INFO/PKG-INFO", "Name: egg\n"),
    ] {
        f.file(&format!("{site}/{name}"), content);
        if name.contains("dist-info") {
            f.file(&format!("{site}/{}/METADATA", name.split('/').next().expect("a folder")), "");
        }
    }
    assert_eq!(
        only(&f),
        "environment \"e\" [look-first] 148 148 {1 package, 9 from pip; pip installed from folders or files here: edit, egg, setup and 3 more; 2 files (8.0 KiB) belong to no package, most in lib/python3.11}"
    );
}

#[test]
fn settings_and_files_of_no_package_are_said() {
    let f = Fixture::new();
    environment(&f, "envs/e", &[ZLIB]);
    f.file("envs/e/conda-meta/state", r#"{"env_vars": {}}"#);
    f.file("envs/e/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    f.age("envs/e/conda-meta", OLD);
    assert_eq!(only(&f), "environment \"e\" [rebuild] 32 32 {1 package}");
    f.kib("envs/e/etc/note", 4);
    assert_eq!(
        only(&f),
        "environment \"e\" [rebuild] 40 40 {1 package; 1 file (4.0 KiB) belongs to no package, most in etc}"
    );
    f.kib("envs/e/share/weights/big.bin", 2048);
    f.file("envs/e/conda-meta/pinned", "numpy ==1\n");
    f.age("envs/e/conda-meta", OLD);
    assert_eq!(
        only(&f),
        "environment \"e\" [look-first] 2100 2100 {1 package; keeps pinned versions that someone set; 2 files (2.0 MiB) belong to no package, most in share/weights}"
    );
    f.file("envs/e/conda-meta/state", r#"{"env_vars": {"API_KEY": "s3cret"}}"#);
    assert_eq!(
        only(&f),
        "environment \"e\" [look-first] 2100 2100 {1 package; keeps variables and pinned versions that someone set; 2 files (2.0 MiB) belong to no package, most in share/weights}"
    );
    f.file("envs/e/conda-meta/state", "torn");
    assert!(only(&f).contains("keeps variables and pinned versions that someone set"));
}

#[test]
fn what_an_interrupted_install_set_aside_is_a_leftover_and_a_copy_of_an_editor_is_not() {
    let f = Fixture::new();
    environment(&f, "envs/e", &[ZLIB, Package { name: "tool", files: &["bin/tool", "src/main"], ..ZLIB }]);
    for name in ["bin/tool.c~", "lib/libz.so.c~", "lib/old/_gone.cpython-311.so.c~", "bin/tool.trash"] {
        f.kib(&format!("envs/e/{name}"), 4);
    }
    f.kib("envs/e/conda-meta/zlib-0.9-0.json.c~", 4);
    for name in ["share/parser.c~", "share/notes.trash", "lib/notes.c~"] {
        f.kib(&format!("envs/e/{name}"), 4);
    }
    f.age_all("envs/e");
    let lines = outline(&f);
    let aside = lines.iter().find(|l| l.contains("temporary file")).expect("found");
    assert_eq!(
        aside,
        "    !temporary file \"what was set aside\" [safe] 20 20 {set aside by an install or a removal that was interrupted}"
    );
    assert!(lines.iter().any(|l| l.contains("3 files (12.0 KiB) belong to no package")), "{lines:?}");
    // While a folder changes, somebody may be at it: old files are renamed there.
    f.age("envs/e/lib", 3600);
    let lines = outline(&f);
    assert!(lines.iter().any(|l| l.contains("what was set aside") && l.contains("16 16")), "{lines:?}");
}

#[test]
fn trash_of_conda_is_a_leftover_inside() {
    let f = Fixture::new();
    environment(&f, "miniconda3", &[ZLIB]);
    f.kib("miniconda3/bin/conda", 4);
    f.kib("miniconda3/lib/x.so.conda_trash", 8);
    f.kib("miniconda3/lib/y.so.mamba_trash", 8);
    f.kib("miniconda3/lib/z.so.conda_trash", 8);
    f.age("miniconda3/lib/z.so.conda_trash", 60);
    assert_eq!(
        outline(&f),
        [
            "environments: conda-env prefix ~/miniconda3",
            "  environment \"base\" [protected] 56 56 {1 package; conda itself lives here; 1 file (4.0 KiB) belongs to no package, most in bin}",
            "    !trash \"what could not be deleted\" [safe] 16 16 {conda or mamba renamed it because it was in use; both may forget it}"
        ]
    );
}

/// A package cache with one package, extracted long ago.
fn extracted(f: &Fixture, pkgs: &str, name: &str) {
    let at = format!("{pkgs}/{name}-1.0-0");
    f.file(&format!("{pkgs}/urls.txt"), "");
    f.kib(&format!("{at}/lib/lib{name}.so"), 8);
    f.kib(&format!("{at}/lib/python/{name}.py"), 4);
    f.file(
        &format!("{at}/info/repodata_record.json"),
        format!(r#"{{"name":"{name}","version":"1.0","build":"0","url":"{WEB}/{name}-1.0-0.conda"}}"#),
    );
    for folder in ["/info", ""] {
        f.age(&format!("{at}{folder}"), OLD);
    }
}

#[test]
fn packages_that_are_linked_into_are_found_whatever_the_record_says() {
    let f = Fixture::new();
    let (home, pkgs) = (f.home(), "data/conda/pkgs");
    let home = home.to_str().expect("text");
    for name in ["recorded", "mamba", "alias", "noarch", "relative", "unowned", "unused", "inner"] {
        extracted(&f, pkgs, name);
    }
    f.link("data/conda", "conda");
    let source = |name: &str, root: &str, kind: u8| {
        format!(r#"{{"source":"{home}/{root}/pkgs/{name}-1.0-0","type":{kind}}}"#)
    };
    let soft = source("recorded", "data/conda", 2);
    let mamba = source("mamba", "data/conda", 1);
    let alias = source("alias", "conda", 1);
    let noarch = source("noarch", "data/conda", 3);
    let e = "data/conda/envs/e";
    f.link(&format!("{home}/{pkgs}/mamba-1.0-0/lib/libmamba.so"), &format!("{e}/lib/libmamba.so"));
    f.link("/usr/lib/own.so", &format!("{e}/lib/a-link-of-its-own.so"));
    f.link(&format!("{home}/conda/pkgs/alias-1.0-0/lib/libalias.so"), &format!("{e}/lib/libalias.so"));
    f.link(
        &format!("{home}/{pkgs}/noarch-1.0-0/lib/python/noarch.py"),
        &format!("{e}/lib/python3.11/noarch.py"),
    );
    f.link("../../../pkgs/relative-1.0-0/lib/librelative.so", &format!("{e}/lib/librelative.so"));
    f.link(&format!("{home}/{pkgs}/unowned-1.0-0/lib/libunowned.so"), &format!("{e}/lib/libunowned.so"));
    f.link("libz.so", &format!("{e}/lib/libinner.so"));
    f.link(&format!("{home}/conda/envs/e/lib/libz.so"), &format!("{e}/lib/libself.so"));
    f.link("/no/such/\\u{1}", &format!("{e}/lib/dangling.so"));
    environment(
        &f,
        e,
        &[
            ZLIB,
            Package { name: "recorded", link: &soft, files: &[], ..ZLIB },
            Package {
                name: "mamba",
                link: &mamba,
                files: &["lib/a-link-of-its-own.so", "lib/libmamba.so"],
                ..ZLIB
            },
            Package { name: "alias", link: &alias, files: &["lib/libalias.so"], ..ZLIB },
            Package { name: "noarch", link: &noarch, files: &["lib/python3.11/noarch.py"], ..ZLIB },
            Package { name: "relative", link: "{}", files: &["lib/librelative.so"], ..ZLIB },
            Package { name: "inner", link: "null", files: &["lib/libinner.so"], ..ZLIB },
        ],
    );
    let kept: Vec<String> = outline(&f).into_iter().filter(|l| l.contains("package \"")).collect();
    assert_eq!(
        kept,
        [
            "  package \"alias 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"inner 1.0 0\" 1.0 [safe] 32 32",
            "  package \"mamba 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"noarch 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"recorded 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"relative 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"unowned 1.0 0\" 1.0 [protected] 32 32 {environment e links into it and would break}",
            "  package \"unused 1.0 0\" 1.0 [safe] 32 32"
        ]
    );
    assert!(only(&f).contains("[rebuild]"), "{}", only(&f));
}

#[test]
fn the_base_environment_may_link_into_its_own_cache() {
    let f = Fixture::new();
    extracted(&f, "miniconda3/pkgs", "x");
    let target = f.path("miniconda3/pkgs/x-1.0-0/lib/libx.so");
    f.link(target.to_str().expect("text"), "miniconda3/lib/libx.so");
    f.kib("miniconda3/bin/conda", 4);
    environment(&f, "miniconda3", &[Package { name: "x", files: &["lib/libx.so"], ..ZLIB }]);
    assert!(
        outline(&f).contains(
            &"  package \"x 1.0 0\" 1.0 [protected] 32 32 {environment base links into it and would break}"
                .to_string()
        )
    );
}

#[test]
fn what_pixi_made_is_named_by_its_project() {
    let mut f = Fixture::new();
    f.env = f.env.clone().with_var("PIXI_HOME", f.path("tools"));
    let manifest = |f: &Fixture, project: &str, name: &str| {
        let path = f.path(&format!("{project}/pixi.toml"));
        format!(r#"{{"manifest_path":{path:?},"environment_name":"{name}","pixi_version":"0.77.0"}}"#)
    };
    for (at, project, name) in [
        ("work/vision/.pixi/envs/default", "work/vision", "default"),
        ("work/vision/.pixi/envs/cuda", "work/vision", "cuda"),
        (".cache/rattler/cache/envs/gone-0123/envs/default", "work/gone", "default"),
        (".pixi/envs/ruff", "", ""),
        ("tools/envs/jq", "", ""),
        ("work/vision/.pixi/envs/plain", "", ""),
        ("work/odd/.pixi/envs/odd", "", "odd"),
    ] {
        environment(&f, at, &[ZLIB]);
        if !project.is_empty() {
            f.file(&format!("{at}/conda-meta/pixi"), manifest(&f, project, name));
        } else if !name.is_empty() {
            f.file(&format!("{at}/conda-meta/pixi"), r#"{"manifest_path":"../x","environment_name":7}"#);
        }
        f.age(&format!("{at}/conda-meta"), OLD);
    }
    f.file("work/vision/pixi.lock", "version: 6\n");
    let found: Vec<String> = outline(&f).into_iter().filter(|l| l.contains("environment \"")).collect();
    assert_eq!(
        found,
        [
            "  !environment \"gone\" [look-first] 28 28 {1 package; pixi made it, but its project is gone}",
            "  environment \"ruff\" [look-first] 24 24 {1 package; programs that someone installed with `pixi global`}",
            "  environment \"jq\" [look-first] 24 24 {1 package; programs that someone installed with `pixi global`}",
            "  environment \"odd:odd\" [look-first] 28 28 {1 package; pixi made it, but does not say for which project}",
            "  environment \"vision:cuda\" [rebuild] 28 28 {1 package}",
            "  environment \"vision\" [rebuild] 28 28 {1 package}",
            "  environment \"vision:plain\" [rebuild] 24 24 {1 package}"
        ]
    );
}

#[test]
fn broken_and_hostile_records_cost_only_themselves() {
    let f = Fixture::new();
    environment(&f, "envs/e", &[ZLIB]);
    for (name, content) in [
        ("torn-1.0-0.json", "{\"name\": \"torn\"".to_string()),
        ("types-1.0-0.json", r#"{"name":7,"files":{}}"#.into()),
        ("deep-1.0-0.json", "[".repeat(100_000)),
        (
            "esc-1.0-0.json",
            format!(
                r#"{{"name":"e\u001b[2J","url":"{WEB}/e","files":["../../../etc/passwd","/etc","","."],"link":{{"type":2,"source":"../.."}},"extracted_package_dir":"/"}}"#
            ),
        ),
        (".json", "{".into()),
        ("notes.txt", "x".into()),
    ] {
        f.file(&format!("envs/e/conda-meta/{name}"), content);
    }
    let big = std::fs::File::create(f.path("envs/e/conda-meta/big-1.0-0.json")).expect("a file");
    big.set_len(40 << 20).expect("a length");
    f.age("envs/e/conda-meta", OLD);
    assert_eq!(
        outline(&f),
        [
            "environments: conda-env prefix ~/envs/e",
            "  environment \"e\" [look-first] 144 144 {6 packages; not from a public web channel: big-1.0-0, deep-1.0-0, torn-1.0-0 and 1 more}",
            "problem: read ~/envs/e/conda-meta/big-1.0-0.json: too large for a record of a package",
            "problem: understand ~/envs/e/conda-meta/deep-1.0-0.json: invalid type: sequence, expected a string at line 1 column 1",
            "problem: understand ~/envs/e/conda-meta/torn-1.0-0.json: EOF while parsing an object at line 1 column 15",
            "problem: understand ~/envs/e/conda-meta/types-1.0-0.json: invalid type: integer `7`, expected a string at line 1 column 9"
        ]
    );
}

#[test]
fn places_are_what_conda_knows() {
    let env = Env::fixed("/h")
        .with_var("CONDA_PREFIX", "/data/e")
        .with_file("/data/e/conda-meta/history", "")
        .with_file("/opt/conda", "")
        .with_file("/opt/conda/conda-meta/history", "")
        .with_file("/h/.conda/environments.txt", "/data/listed\n/data/gone\n")
        .with_file("/data/listed/conda-meta/history", "");
    let places: Vec<String> = CondaEnv.places(&env).iter().map(|p| p.path.display().to_string()).collect();
    assert_eq!(places, ["/data/e", "/opt/conda", "/data/listed"]);
}

#[test]
fn an_environment_is_known_by_its_shape() {
    let claimed = |folders: &[&str]| {
        let folders: Vec<&[u8]> = folders.iter().map(|n| n.as_bytes()).collect();
        CondaEnv.claims(&Listing::of(b"x", &folders, &[])).is_some()
    };
    assert!(claimed(&["bin", "conda-meta", "lib"]) && claimed(&["conda-meta"]));
    assert!(!claimed(&["bin", "lib"]) && !claimed(&["conda-meta", "src", "tests"]));
}
