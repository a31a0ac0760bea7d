//! The command line: what it prints, and how it ends.

use assert_cmd::Command;
use mldu::demo::Demo;
use predicates::prelude::*;
use serde_json::Value;

fn mldu(home: &std::path::Path) -> Command {
    let mut command = Command::cargo_bin("mldu").expect("it is built");
    command.env_clear().env("HOME", home).env("TMPDIR", home.join("tmp")).env("LANG", "C.UTF-8");
    // The trashes of this machine are no test's business.
    command.env("MLDU_ONLY_BELOW", home);
    command
}

struct World {
    home: std::path::PathBuf,
    _demo: Demo,
    _tmp: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let demo = Demo::make(tmp.path(), jiff::Timestamp::now().as_second()).expect("a box");
        Self { home: demo.env().home().to_path_buf(), _demo: demo, _tmp: tmp }
    }

    fn json(&self) -> Value {
        let out = mldu(&self.home).args(["report", "--json"]).arg(&self.home).assert().success();
        serde_json::from_slice(&out.get_output().stdout).expect("JSON")
    }
}

#[test]
fn the_report_is_a_table() {
    let world = World::new();
    mldu(&world.home)
        .arg("report")
        .arg(&world.home)
        .assert()
        .code(0)
        .stdout(predicate::str::contains("Can go now").and(predicate::str::contains("~/miniconda3/pkgs")))
        .stderr("");
    // Without a terminal, mldu alone prints the same.
    mldu(&world.home).arg(&world.home).assert().code(0).stdout(predicate::str::contains("Conda tarballs"));
}

fn keys(v: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = v.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_json_has_its_shape_and_adds_up() {
    let world = World::new();
    let v = world.json();
    assert_eq!(keys(&v), ["categories", "held_open", "mounts", "problems", "scan", "schema", "version"]);
    assert_eq!(keys(&v["held_open"]), ["bytes", "closed", "files", "hidden", "processes"]);
    assert_eq!(v["schema"], 1);
    for key in [
        "roots",
        "entries",
        "directories",
        "bytes",
        "apparent_bytes",
        "shared_between_groups",
        "not_counted",
        "seconds",
        "problems",
    ] {
        assert!(!v["scan"][key].is_null(), "{key}");
    }
    assert_eq!(
        keys(&v["mounts"][0]),
        ["bytes_available", "bytes_total", "fstype", "inodes_available", "inodes_total", "path"]
    );
    let number = |v: &Value| v.as_u64().unwrap_or_else(|| panic!("{v} is no number"));
    let mut all = 0;
    for category in v["categories"].as_array().expect("groups") {
        assert_eq!(keys(category), ["bytes", "files", "frees", "id", "label", "stores"]);
        all += number(&category["bytes"]);
        for store in category["stores"].as_array().expect("stores") {
            assert_eq!(keys(store), ["bytes", "family", "files", "items", "owner", "owner_uid", "path"]);
            for item in store["items"].as_array().expect("items") {
                check(item);
            }
        }
    }
    assert_eq!(all - number(&v["scan"]["shared_between_groups"]), number(&v["scan"]["bytes"]));
    let du = std::process::Command::new("du").args(["-s", "-B1"]).arg(&world.home).output().expect("du runs");
    let du: u64 = String::from_utf8_lossy(&du.stdout)
        .split_whitespace()
        .next()
        .unwrap_or("")
        .parse()
        .expect("a number");
    assert_eq!(number(&v["scan"]["bytes"]), du);
}

fn check(item: &Value) {
    let verdicts = ["safe", "re-download", "rebuild", "look-first", "in-use", "protected"];
    for key in ["id", "kind", "name", "path"] {
        assert!(item[key].is_string(), "{key}: {item}");
    }
    for key in ["bytes", "apparent_bytes", "frees", "frees_apparent", "files"] {
        assert!(item[key].is_u64(), "{key}: {item}");
    }
    for key in ["version", "origin", "newest", "owner", "barred"] {
        assert!(item[key].is_string() || item[key].is_null(), "{key}: {item}");
    }
    assert!(verdicts.contains(&item["verdict"].as_str().expect("a verdict")));
    for child in item["items"].as_array().expect("children") {
        check(child);
    }
}

#[test]
fn reports_by_user_and_of_leftovers_fit_a_terminal() {
    let world = World::new();
    for (args, wanted) in
        [(&["--by", "user"][..], "USER, GROUP, PLACE"), (&["--leftovers"], "come back if all")]
    {
        let out = mldu(&world.home).arg("report").args(args).arg(&world.home).assert().success();
        let text = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
        assert!(text.contains(wanted), "{text}");
        let table = text.split("\n\n").nth(1).expect("a table");
        assert!(args.len() == 1 || table.lines().all(|l| l.chars().count() <= 80), "{table}");
    }
    let json = |args: &[&str]| -> Value {
        let out = mldu(&world.home).args(["report", "--json"]).args(args).arg(&world.home).assert().success();
        serde_json::from_slice(&out.get_output().stdout).expect("JSON")
    };
    let users = json(&["--by", "user"]);
    assert_eq!(users["users"][0]["bytes"], users["scan"]["bytes"]);
    assert_eq!(keys(&users["users"][0]), ["apparent_bytes", "bytes", "files", "groups", "name", "uid"]);
    let left = json(&["--leftovers"]);
    assert!(left["leftovers"]["items"].as_u64().is_some_and(|n| n > 3), "{left}");
    mldu(&world.home).args(["report", "--by", "user", "--leftovers"]).assert().code(2);
}

#[test]
fn names_that_are_not_text_carry_their_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let odd = world.home.join(".cache/whisper").join(std::ffi::OsStr::from_bytes(b"m\xff.pt"));
    std::fs::write(odd, b"x").expect("written");
    let v = world.json();
    let text = v.to_string();
    let item = v["categories"]
        .as_array()
        .expect("groups")
        .iter()
        .flat_map(|c| c["stores"].as_array().expect("stores"))
        .filter(|s| s["family"] == "whisper")
        .flat_map(|s| s["items"].as_array().expect("items"))
        .find(|i| !i["path_b64"].is_null())
        .unwrap_or_else(|| panic!("{text}"));
    assert_eq!(item["name"], "m\\xff.pt");
    assert!(item["path_b64"].as_str().expect("text").ends_with("L23/LnB0"), "{item}");
}

const OWN: &str = "[[cache]]\nid = \"foolib\"\nname = \"foolib\"\ncategory = \"hub\"\nverdict = \"re-download\"\n\
                   path = [\"cache:foolib\"]\nitems = \"files\"\nhint = \"foolib.load fetches it again\"\n";

#[test]
fn it_lists_what_it_knows() {
    let world = World::new();
    let out = mldu(&world.home).arg("families").assert().code(0).stderr("");
    let text = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    assert!(text.contains("\nCompile caches\n") && text.contains("~/.keras"), "{text}");
    for family in mldu::families::all() {
        assert!(text.contains(family.about().id), "{}", family.about().id);
    }
    mldu(&world.home).args(["families", "keras", "nltk"]).assert().code(0).stdout(
        predicate::str::contains("~/.keras/models")
            .or(predicate::str::contains("~/.keras"))
            .and(predicate::str::contains("/usr/share/nltk_data"))
            .and(predicate::str::contains("nltk.download fetches it again")),
    );
    mldu(&world.home)
        .args(["families", "keras", "no-such"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("no family `no-such`"));
}

#[test]
fn its_json_says_the_same() {
    let world = World::new();
    let out = mldu(&world.home).args(["families", "--json"]).assert().code(0);
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    assert_eq!(keys(&v), ["families", "schema", "version"]);
    assert_eq!(v["schema"], 1);
    let all = v["families"].as_array().expect("families");
    assert_eq!(all.len(), mldu::families::all().len());
    for family in all {
        assert_eq!(
            keys(family),
            ["by_shape", "category", "hint", "id", "items", "name", "own", "places", "source", "verdict"]
        );
    }
    let keras = all.iter().find(|f| f["id"] == "keras").expect("keras");
    let place = &keras["places"][0];
    assert_eq!(keys(place), ["exists", "named_by", "path", "role"]);
    assert_eq!(place["exists"], true);
    let one = mldu(&world.home).args(["families", "--json", "whisper"]).assert().code(0);
    let v: Value = serde_json::from_slice(&one.get_output().stdout).expect("JSON");
    assert_eq!(v["families"][0]["id"], "whisper");
}

#[test]
fn own_tables_work_and_broken_ones_are_named() {
    let world = World::new();
    let folder = world.home.join(".config/mldu/caches.d");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::create_dir_all(world.home.join(".cache/foolib")).expect("made");
    std::fs::write(world.home.join(".cache/foolib/net.bin"), b"x").expect("written");
    std::fs::write(folder.join("good.toml"), OWN).expect("written");
    std::fs::write(folder.join("bad.toml"), OWN.replace("hub", "nope").replace("foolib", "bar"))
        .expect("written");
    let said = predicate::str::contains("bad.toml: line 4, column 12: unknown category `nope`");
    mldu(&world.home)
        .args(["families"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("foolib").and(predicate::str::contains("1 of them your own")))
        .stderr(said.clone());
    let out =
        mldu(&world.home).args(["report", "--json"]).arg(&world.home).assert().code(0).stderr(said.clone());
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    let problem = &v["problems"][0];
    assert!(problem["error"].as_str().expect("text").starts_with("line 4, column 12: "), "{problem}");
    let stores = v["categories"].as_array().expect("groups").iter();
    let mut stores = stores.flat_map(|c| c["stores"].as_array().expect("stores"));
    assert!(stores.any(|s| s["family"] == "foolib" && s["items"][0]["name"] == "net.bin"));
    mldu(&world.home)
        .arg("report")
        .arg(&world.home)
        .assert()
        .code(0)
        .stdout(predicate::str::contains("bad.toml: line 4"))
        .stderr(said);
    mldu(&world.home).args(["trash", "list"]).assert().code(0).stderr("");
}

#[test]
fn it_ends_with_the_right_code() {
    let world = World::new();
    mldu(&world.home)
        .args(["report", "/no/such/folder"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("/no/such/folder: No such file or directory"));
    mldu(&world.home).args(["report", "--nonsense"]).assert().code(2);
    mldu(&world.home).args(["-j", "0"]).assert().code(2);
    mldu(&world.home).args(["--now", "yesterday"]).assert().code(2);
    mldu(&world.home).args(["-e", "[a"]).assert().code(2).stderr(predicate::str::contains("--exclude [a: "));
    mldu(&world.home)
        .args(["-X", "/no/such"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("/no/such: "));
    mldu(&world.home).arg("--version").assert().code(0).stdout(predicate::str::starts_with("mldu 0."));
    mldu(&world.home)
        .args(["undo"])
        .assert()
        .code(0)
        .stdout("nothing that mldu trashed is left in the trash\n");
    mldu(&world.home).args(["undo", "nope"]).assert().code(1).stderr(predicate::str::contains("trash list"));
    mldu(&world.home)
        .args(["trash", "list"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("/home/ana/work/old-experiments"));
    mldu(&world.home)
        .args(["trash", "empty"])
        .assert()
        .code(0)
        .stdout("nothing that mldu trashed is in the trash\n");
}

#[test]
fn a_reader_that_leaves_is_fine_and_a_full_disk_is_not() {
    let world = World::new();
    let bin = assert_cmd::cargo::cargo_bin("mldu");
    let home = world.home.display();
    let run = |script: String| {
        std::process::Command::new("bash")
            .args(["-c", &script])
            .env("HOME", &world.home)
            .output()
            .expect("bash runs")
    };
    let piped =
        run(format!("set -o pipefail; {} report --json {home} | head -c 10 >/dev/null", bin.display()));
    assert_eq!(piped.status.code(), Some(0), "{}", String::from_utf8_lossy(&piped.stderr));
    let full = run(format!("{} report {home} >/dev/full", bin.display()));
    assert_eq!(full.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&full.stderr).contains("could not be written"));
}

#[test]
fn without_a_home_or_variables_it_still_reports() {
    let world = World::new();
    let mut command = Command::cargo_bin("mldu").expect("it is built");
    command.env_clear().arg("report").arg(&world.home).assert().code(0);
}

#[test]
fn the_demo_prints_its_report_without_a_terminal_and_leaves_nothing() {
    let tmp = tempfile::tempdir().expect("a folder");
    let mut command = Command::cargo_bin("mldu").expect("it is built");
    command
        .env("TMPDIR", tmp.path())
        .arg("--demo")
        .assert()
        .code(0)
        .stdout(predicate::str::contains("Keras models").and(predicate::str::contains("Conda tarballs")));
    assert_eq!(std::fs::read_dir(tmp.path()).expect("read").count(), 0);
}

#[test]
fn where_says_what_moves_and_writes_lines_that_work() {
    let world = World::new();
    let home = &world.home;
    let list = mldu(home).env("HF_HUB_CACHE", "/big/hub").arg("where").assert().code(0);
    list.stdout(
        predicate::str::contains("HF_HOME  (not set)")
            .and(predicate::str::contains("HF_HUB_CACHE  = /big/hub"))
            .and(predicate::str::contains("Keras 3 alone"))
            .and(predicate::str::contains("NUMBA_CACHE_DIR").not()),
    );
    let lines = mldu(home).args(["where", "/big disk"]).assert().code(0);
    let lines = String::from_utf8_lossy(&lines.get_output().stdout).into_owned();
    // What a shell makes of the lines is what mldu looks at then.
    let script = format!("{lines}exec env");
    let env =
        std::process::Command::new("sh").arg("-c").arg(script).env_clear().output().expect("a shell").stdout;
    let env = String::from_utf8_lossy(&env);
    let value = env.lines().find_map(|l| l.strip_prefix("KERAS_HOME=")).expect("it is set");
    assert_eq!(value, "/big disk/keras");
    let out = mldu(home).env("KERAS_HOME", value).args(["where", "--json"]).assert().code(0);
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    let keras = v["variables"].as_array().expect("a list").iter().find(|v| v["name"] == "KERAS_HOME");
    assert_eq!(keras.expect("listed")["set"]["path"], "/big disk/keras");
    // A Dockerfile and a compose file get theirs, a listing takes no form.
    mldu(home)
        .args(["where", "/d", "--for", "dockerfile"])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("\nENV HF_HOME=/d/huggingface\n"));
    mldu(home)
        .args(["where", "/d", "--for", "compose"])
        .assert()
        .code(0)
        .stdout(predicate::str::starts_with("environment:\n"));
    mldu(home).args(["where", "--for", "compose"]).assert().code(2);
    mldu(home).args(["where", "/d\n/e"]).assert().code(1).stderr(predicate::str::contains("choose another"));
    let empty = tempfile::tempdir().expect("a folder");
    mldu(empty.path()).env("TMPDIR", empty.path()).arg("where").assert().code(0);
}

/// Every line of the text format: comments before their metric, one block a metric, no series twice.
fn series(text: &str) -> std::collections::BTreeMap<String, f64> {
    let mut series = std::collections::BTreeMap::new();
    let (mut current, mut seen) = (String::new(), std::collections::BTreeSet::new());
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            current = rest.split_once(' ').expect("a text").0.to_string();
            assert!(seen.insert(current.clone()), "{current} comes in two blocks");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{current} gauge"));
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            assert_eq!(name.split('{').next(), Some(current.as_str()), "{line}");
            let value = value.parse::<f64>().expect("a number");
            assert!(series.insert(name.to_string(), value).is_none(), "{name} comes twice");
        }
    }
    series
}

#[test]
fn monitoring_gets_the_numbers_of_the_report() {
    let world = World::new();
    let file = world.home.join("mldu.prom");
    let report = || {
        let mut command = mldu(&world.home);
        command.args(["report", "--prom"]).arg(&world.home);
        command
    };
    let out = report().assert().code(0);
    let numbers = series(&String::from_utf8_lossy(&out.get_output().stdout));
    let v = world.json();
    for category in v["categories"].as_array().expect("a list") {
        let id = category["id"].as_str().expect("an id");
        let of = |metric: &str| -> f64 {
            let front = format!("{metric}{{category=\"{id}\",");
            numbers.iter().filter(|(k, _)| k.starts_with(&front)).map(|(_, v)| v).sum()
        };
        assert_eq!(Some(of("mldu_category_bytes")), category["bytes"].as_f64(), "{id}");
        assert_eq!(Some(of("mldu_category_files")), category["files"].as_f64(), "{id}");
    }
    assert!(
        numbers.keys().any(|k| k.starts_with("mldu_reclaimable_bytes{") && k.contains("safety=\"safe\""))
    );
    assert!(numbers["mldu_last_success_timestamp_seconds"] > 1.7e9 && numbers["mldu_scan_errors"] == 0.0);
    assert!(!String::from_utf8_lossy(&out.get_output().stdout).contains("miniconda3"), "no path of a person");
    // Into a file: whole, and beside nothing else.
    report().arg("-o").arg(&file).assert().code(0).stdout("");
    assert_eq!(series(&std::fs::read_to_string(&file).expect("written")).len(), numbers.len());
    let left = std::fs::read_dir(&world.home).expect("read").flatten();
    assert_eq!(left.filter(|e| e.file_name().to_string_lossy().starts_with(".mldu-")).count(), 0);
    report()
        .args(["-o", "/nowhere/x.prom"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("/nowhere/x.prom"));
    report().args(["-o", "-"]).assert().code(0).stdout(predicate::str::starts_with("# HELP mldu_"));
    report().arg("--json").assert().code(2);
}

#[test]
fn a_limit_that_is_crossed_ends_with_3() {
    let world = World::new();
    let report = |args: &[&str]| {
        let mut command = mldu(&world.home);
        command.arg("report").arg(&world.home).args(args);
        command.assert()
    };
    report(&["--fail-above", "0%"]).code(3).stderr(predicate::str::contains("% full, more than 0%"));
    report(&["--fail-above", "100%"]).code(0).stderr("");
    report(&["--fail-above", "1k", "--category", "conda-tarballs"]).code(3).stderr(
        predicate::str::starts_with("mldu: Conda tarballs: ")
            .and(predicate::str::contains("more than 1.0 KiB")),
    );
    report(&["--fail-above", "900T", "--category", "conda-tarballs,hub"]).code(0);
    report(&["--fail-above", "1k"]).code(3).stderr(predicate::str::contains("what was scanned"));
    report(&["--fail-above", "900T", "--prom"]).code(0);
    report(&["--fail-above", "90%", "--category", "hub"]).code(2);
    report(&["--fail-above", "many"]).code(2).stderr(predicate::str::contains("a size is like"));
    report(&["--category", "hub"]).code(2);
    report(&["--fail-above", "1k", "--category", "nothing"])
        .code(2)
        .stderr(predicate::str::contains("conda-tarballs"));
}

#[test]
fn why_answers_and_ends_with_3_when_nothing_can_be_saved() {
    let tmp = tempfile::tempdir().expect("a folder");
    let home = tmp.path().join("home");
    std::fs::create_dir_all(home.join("work")).expect("made");
    std::fs::create_dir(home.join("tmp")).expect("made");
    let why = |args: &[&str]| {
        let mut command = mldu(&home);
        command.arg("why").args(args).current_dir(home.join("work"));
        command.assert()
    };
    let out = why(&[]).code(0).stderr("");
    let text = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    assert!(text.starts_with("CAN JUPYTER SAVE?") && text.contains("notebooks  ~/work"), "{text}");
    assert_eq!(std::fs::read_dir(home.join("work")).expect("read").count(), 0, "nothing is left");
    let out = why(&["--json"]).code(0);
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    assert_eq!((&v["blocked"], &v["places"][0]["test"]), (&Value::Bool(false), &Value::from("ok")));
    assert_eq!(v["places"].as_array().map(Vec::len), Some(5));
    // The kernel's own folder can be written by nobody.
    let out = why(&["/proc/self", "--json"]).code(3);
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    assert_eq!(v["blocked"], Value::Bool(true), "{v}");
    why(&["no-such-folder"]).code(1).stderr(predicate::str::contains("no such folder"));
    let out = mldu(&home).args(["why", "--json"]).env("MLDU_READ_ONLY", "1").assert().code(0);
    let v: Value = serde_json::from_slice(&out.get_output().stdout).expect("JSON");
    assert_eq!(v["places"][0]["test"], "-");
}
