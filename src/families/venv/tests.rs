//! Environments as venv, virtualenv, uv, pipenv, poetry and pipx leave them, on real files.

use super::Venv;
use crate::env::Env;
use crate::families::testing::Fixture;
use crate::families::{Family, Listing};

const OLD: i64 = 30 * 86_400;
const CFG: &str = "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n";
const SITE: &str = "lib/python3.11/site-packages";

/// An environment with one package, made long ago.
fn environment(f: &Fixture, at: &str, cfg: &str) {
    f.file(&format!("{at}/pyvenv.cfg"), cfg);
    f.kib(&format!("{at}/bin/activate"), 4);
    f.link("/usr/bin/python3", &format!("{at}/bin/python"));
    f.file(&format!("{at}/{SITE}/six-1.17.0.dist-info/METADATA"), "Name: six\n");
    f.kib(&format!("{at}/{SITE}/six.py"), 8);
    f.age(&format!("{at}/{SITE}"), OLD);
}

/// What is said of the environments, by place.
fn said(f: &Fixture) -> Vec<String> {
    let outline = f.outline();
    let lines = outline.lines().filter(|l| l.starts_with("  ") || l.contains("problem"));
    lines.map(|l| l.trim_start().to_string()).collect()
}

#[test]
fn an_environment_can_be_made_again_while_its_project_says_what_was_in_it() {
    let f = Fixture::new();
    f.file("work/a/pyproject.toml", "");
    environment(&f, "work/a/.venv", CFG);
    f.file("work/b/notes.txt", "");
    environment(&f, "work/b/venv", &CFG.replace("version = ", "uv = 0.13.9\nversion_info = "));
    f.file("work/c/requirements.txt", "six\n");
    environment(
        &f,
        "work/c/.venv-gpu",
        "home = /usr/bin\nversion_info = 3.12.1.final.0\nvirtualenv = 21.15.8\n",
    );
    f.file("work/d/tox.ini", "");
    environment(&f, "work/d/.tox/py311", CFG);
    environment(&f, "old/thing", CFG);
    assert_eq!(
        said(&f),
        [
            "environment \"thing\" 3.11.7 [look-first] 44 44 {1 package, made by venv; no project beside it says what was in it}",
            "environment \"a\" 3.11.7 [rebuild] 44 44 {1 package, made by venv}",
            "environment \"b\" 3.11.7 [look-first] 44 44 {1 package, made by uv 0.13.9; nothing in ~/work/b says what was in it}",
            "environment \"c:.venv-gpu\" 3.12.1 [rebuild] 44 44 {1 package, made by virtualenv 21.15.8}",
            "environment \"d:py311\" 3.11.7 [rebuild] 44 44 {1 package, made by venv}"
        ]
    );
}

#[test]
fn environments_apart_from_their_projects_name_them() {
    let f = Fixture::new();
    let home = f.home();
    let home = home.to_str().expect("text");
    f.file("work/pe/Pipfile", "");
    for (name, project) in [("pe-Dl8laK73", "work/pe"), ("gone-0a1b2c3d", "work/gone")] {
        let at = format!(".local/share/virtualenvs/{name}");
        environment(&f, &at, CFG);
        f.file(&format!("{at}/.project"), format!("{home}/{project}"));
        f.folder(&format!("{at}/src"));
    }
    let po = ".cache/pypoetry/virtualenvs/po-DloK0xit-py3.11";
    environment(&f, po, CFG);
    f.file("work/p o/pyproject.toml", "");
    f.file(&format!("{po}/{SITE}/po-0.1.dist-info/RECORD"), "");
    f.file(
        &format!("{po}/{SITE}/po-0.1.dist-info/direct_url.json"),
        format!(r#"{{"dir_info":{{"editable":true}},"url":"file://{home}/work/p%20o"}}"#),
    );
    f.age(&format!("{po}/{SITE}"), OLD);
    environment(&f, ".local/share/uv/tools/ruff", CFG);
    f.file(".local/share/uv/tools/ruff/uv-receipt.toml", "[tool]\n");
    environment(&f, ".local/share/pipx/venvs/black", CFG);
    f.file(".local/share/pipx/venvs/black/pipx_metadata.json", "{}");
    assert_eq!(
        said(&f),
        [
            "environment \"po\" 3.11.7 [rebuild] 52 52 {2 packages, made by venv}",
            "environment \"black\" 3.11.7 [look-first] 48 48 {1 package, made by venv; a program that someone installed with `pipx`}",
            "environment \"ruff\" 3.11.7 [look-first] 48 48 {1 package, made by venv; a program that someone installed with `uv tool`}",
            "!environment \"gone\" 3.11.7 [look-first] 52 52 {1 package, made by venv; its project ~/work/gone is gone}",
            "environment \"pe\" 3.11.7 [rebuild] 52 52 {1 package, made by venv}"
        ]
    );
}

#[test]
fn what_came_from_here_and_what_lies_beside_makes_a_person_look() {
    let f = Fixture::new();
    f.file("work/a/pyproject.toml", "");
    let at = "work/a/.venv";
    environment(&f, at, CFG);
    for (name, content) in [
        ("own-1.0", r#"{"dir_info":{"editable":true},"url":"file:///h/none"}"#.to_string()),
        (
            "near-1.0",
            format!(r#"{{"dir_info":{{}},"url":"file://{}/work/a/libs/near"}}"#, f.home().display()),
        ),
        ("wheel-1.0", r#"{"archive_info":{},"url":"https://example.org/wheel.whl"}"#.into()),
        ("git-1.0", r#"{"vcs_info":{"vcs":"git"},"url":"https://example.org/g"}"#.into()),
        ("torn-1.0", r#"{"url":"#.into()),
    ] {
        f.file(&format!("{at}/{SITE}/{name}.dist-info/METADATA"), "");
        f.file(&format!("{at}/{SITE}/{name}.dist-info/direct_url.json"), content);
    }
    f.age(&format!("{at}/{SITE}"), OLD);
    // Somebody made the environment where the project is.
    environment(&f, "code", CFG);
    f.file("code/train.py", "");
    f.kib("code/data/x.bin", 64);
    f.file("code/a/b", "");
    f.file("code/e\u{1b}[2J", "");
    f.file("code/requirements.txt", "");
    assert_eq!(
        said(&f),
        [
            "environment \"code\" 3.11.7 [look-first] 40 40 {1 package, made by venv; other things lie in its folder: a, data, e\\e[2J and 2 more}",
            "other \"other files\" [look-first] 76 72",
            "environment \"a\" 3.11.7 [look-first] 84 84 {6 packages, made by venv; installed from folders or files here: own, torn}",
            "problem: understand ~/work/a/.venv/lib/python3.11/site-packages/torn-1.0.dist-info/direct_url.json: EOF while parsing a value at line 1 column 7"
        ]
    );
}

#[test]
fn the_active_the_new_and_the_dead() {
    let mut f = Fixture::new();
    for name in ["active", "new", "dead"] {
        f.file(&format!("work/{name}/setup.py"), "");
        environment(&f, &format!("work/{name}/.venv"), CFG);
    }
    let gone = format!("home = {}/gone/bin\nversion = 3.9\n", f.home().display());
    f.file("work/dead/.venv/pyvenv.cfg", gone);
    f.age("work/new/.venv/pyvenv.cfg", 60);
    f.env = f.env.clone().with_var("VIRTUAL_ENV", f.path("work/active/.venv"));
    assert_eq!(
        said(&f),
        [
            "environment \"active\" 3.11.7 [protected] 44 44 {1 package, made by venv; active in this shell}",
            "!environment \"dead\" 3.9 [rebuild] 44 44 {1 package, made by venv; does not run any more: its Python in ~/gone/bin is gone}",
            "environment \"new\" 3.11.7 [in-use] 44 44 {1 package, made by venv; changed less than ten minutes ago}"
        ]
    );
}

#[test]
fn an_interpreter_that_environments_are_made_of_is_kept() {
    let f = Fixture::new();
    let pythons = ".local/share/uv/python";
    for name in ["cpython-3.12.1-linux-x86_64-gnu", "cpython-3.9.1-linux-x86_64-gnu"] {
        f.kib(&format!("{pythons}/{name}/bin/python3"), 16);
        for below in ["", "/bin"] {
            f.age(&format!("{pythons}/{name}{below}"), OLD);
        }
    }
    f.link("cpython-3.12.1-linux-x86_64-gnu", &format!("{pythons}/cpython-3.12-linux-x86_64-gnu"));
    f.file("work/a/uv.lock", "");
    let home = f.path(&format!("{pythons}/cpython-3.12-linux-x86_64-gnu/bin"));
    environment(
        &f,
        "work/a/.venv",
        &format!("home = {}\nuv = 0.13.9\nversion_info = 3.12.1\n", home.display()),
    );
    let outline = f.outline();
    let kept: Vec<&str> = outline.lines().filter(|l| l.contains("interpreter")).collect();
    assert_eq!(
        kept,
        [
            "  interpreter \"cpython 3.12.1\" 3.12.1 [protected] 24 24 {`uv python install` fetches it again, but environments made of it break until then; environment a links into it and would break}",
            "  interpreter \"cpython 3.9.1\" 3.9.1 [look-first] 24 24 {`uv python install` fetches it again, but environments made of it break until then}"
        ]
    );
}

#[test]
fn broken_and_hostile_environments_cost_only_themselves() {
    let f = Fixture::new();
    environment(&f, "a", "");
    environment(&f, "b", "home = ../../..\nversion = \u{1b}[2J3\nuv = \u{202e}1\n= x\n====\n");
    f.file("b/.project", "relative/path");
    environment(&f, "c", CFG);
    f.file("c/.project", vec![b'/'; 100_000]);
    f.link("/etc", &format!("c/{SITE}/out"));
    f.link("\u{1b}", &format!("c/{SITE}/x.py"));
    f.age(&format!("c/{SITE}"), OLD);
    // No environments: nothing runs there.
    f.file("d/pyvenv.cfg", CFG);
    f.file("e/pyvenv.cfg", CFG);
    f.folder("e/lib");
    assert_eq!(
        said(&f),
        [
            "environment \"a\" [look-first] 40 40 {1 package, made by venv; no project beside it says what was in it}",
            "environment \"b\" \\e[2J3 [look-first] 48 48 {1 package, made by uv \\u{202e}1; no project beside it says what was in it}",
            "environment \"c\" 3.11.7 [look-first] 144 144 {1 package, made by venv; no project beside it says what was in it}"
        ]
    );
}

#[test]
fn places_are_where_tools_keep_environments() {
    let env = Env::fixed("/h")
        .with_var("WORKON_HOME", "/envs")
        .with_var("VIRTUAL_ENV", "/active")
        .with_file("/active/pyvenv.cfg", "")
        .with_file("/envs/a", "")
        .with_file("/envs/a/pyvenv.cfg", "")
        .with_file("/envs/no", "");
    let places: Vec<String> = Venv.places(&env).iter().map(|p| p.path.display().to_string()).collect();
    assert_eq!(places, ["/active", "/envs/a"]);
    let claimed = |files: &[&str], folders: &[&str], within| {
        let files: Vec<&[u8]> = files.iter().map(|n| n.as_bytes()).collect();
        let folders: Vec<&[u8]> = folders.iter().map(|n| n.as_bytes()).collect();
        let listing = Listing { within, ..Listing::of(b"x", &folders, &files) };
        Venv.claims(&listing).is_some()
    };
    assert!(claimed(&["pyvenv.cfg"], &["bin"], Some("poetry")));
    assert!(!claimed(&["pyvenv.cfg"], &["bin"], Some("uv")));
    assert!(!claimed(&["pyvenv.cfg"], &["lib"], None) && !claimed(&["pyvenv.cfg"], &["bin", ".ssh"], None));
}
