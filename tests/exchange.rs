//! Export and import: what comes back is what was scanned, and what is broken is said to be.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mldu::demo::Demo;
use mldu::env::Env;
use mldu::model::inventory::{Inventory, ScanState};
use mldu::model::node::Kind;
use mldu::model::tree::{DirState, Tree};
use mldu::report::ncdu;
use mldu::scan::{Import, Session, Settings};
use mldu::sys::input::Input;
use proptest::prelude::*;

const NOW: i64 = 1_900_000_000;

fn scan(root: &Path, env: Env) -> Inventory {
    let mut settings = Settings::new(Arc::new(env), NOW);
    settings.roots = vec![root.to_path_buf()];
    Session::new(settings).expect("threads").run()
}

fn export(inventory: &Inventory) -> Vec<u8> {
    let mut out = Vec::new();
    ncdu::write(inventory, ncdu::Author { now: NOW, host: "box" }, &mut out).expect("written");
    out
}

fn import(json: &[u8]) -> Inventory {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(json).expect("written");
    import_file(file.path())
}

fn import_file(path: &Path) -> Inventory {
    let mut settings = Settings::new(Arc::new(Env::elsewhere()), NOW);
    settings.import = Some(Arc::new(Import::new("x", false, Input::open(path).expect("open"))));
    Session::new(settings).expect("threads").run()
}

/// What is wrong with an export.
fn trouble(json: &[u8]) -> String {
    let inventory = import(json);
    assert_eq!(inventory.state, ScanState::Stopped);
    inventory.problems.kept.iter().find(|p| p.operation == "import").expect("a problem").error.clone()
}

/// Everything the tree says of everything: path, kind, size, blocks, time, owner, names, state; and of folders the sums.
fn everything(tree: &Tree) -> Vec<String> {
    let mut all = Vec::new();
    for (id, dir) in tree.all() {
        let path = tree.path(id.into()).into_os_string();
        let path = path.as_bytes().escape_ascii();
        if dir.state == DirState::Unread {
            continue;
        }
        let facts = dir.facts();
        let (total, newest) = (tree.total(id), tree.newest(id));
        all.push(format!("{path} {:?} {facts:?} {total:?} {newest}", dir.state));
        for file in tree.files(id) {
            let link = file.link.map(|slot| tree.links().get(slot)).map(|i| (i.ino, i.nlink));
            all.push(format!("{path} {:?} {:?} {link:?}", file.name, file.facts));
        }
    }
    all.sort();
    all
}

fn same(scanned: &Inventory, imported: &Inventory) {
    assert_eq!(imported.state, ScanState::Complete, "{:?}", imported.problems.kept);
    assert_eq!(everything(&scanned.tree), everything(&imported.tree));
    assert_eq!(scanned.total(), imported.total());
    assert_eq!(scanned.progress.entries, imported.progress.entries);
    assert_eq!(scanned.progress.directories, imported.progress.directories);
    assert_eq!(scanned.roots, imported.roots);
}

#[derive(Debug, Clone)]
enum Thing {
    File(u16),
    Sparse(u32),
    Hard(usize),
    Soft(u8),
    Fifo,
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        any::<u16>().prop_map(Thing::File),
        any::<u32>().prop_map(Thing::Sparse),
        any::<usize>().prop_map(Thing::Hard),
        any::<u8>().prop_map(Thing::Soft),
        Just(Thing::Fifo),
    ]
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("no name has these", |b| *b != 0 && *b != b'/');
    prop::collection::vec(byte, 1..12).prop_filter("not these", |n| n != b"." && n != b"..")
}

/// The folders it lies in, its name, and what it is.
type Placed = (Vec<Vec<u8>>, Vec<u8>, Thing);

/// Puts things in folders below `root`; names that are taken are left out.
fn make(root: &Path, things: &[Placed]) {
    let mut files: Vec<PathBuf> = Vec::new();
    for (folders, name, thing) in things {
        let mut at = root.to_path_buf();
        at.extend(folders.iter().map(|f| std::ffi::OsStr::from_bytes(f)));
        if std::fs::create_dir_all(&at).is_err() {
            continue;
        }
        let path = at.join(std::ffi::OsStr::from_bytes(name));
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match thing {
            Thing::File(n) => std::fs::write(&path, vec![1; usize::from(*n)]).expect("written"),
            Thing::Sparse(n) => {
                std::fs::File::create(&path).and_then(|f| f.set_len(u64::from(*n))).expect("made");
            }
            Thing::Hard(i) => {
                let Some(other) = (!files.is_empty()).then(|| &files[i % files.len()]) else { continue };
                std::fs::hard_link(other, &path).expect("linked");
            }
            Thing::Soft(n) => symlink("x".repeat(usize::from(*n) + 1), &path).expect("linked"),
            Thing::Fifo => {
                let made = std::process::Command::new("mkfifo").arg("--").arg(&path).status();
                assert!(made.expect("mkfifo").success());
            }
        }
        files.push(path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_was_exported_comes_back(
        things in prop::collection::vec((prop::collection::vec(name(), 0..4), name(), thing()), 0..40),
    ) {
        let tmp = tempfile::tempdir().expect("a folder");
        make(tmp.path(), &things);
        let scanned = scan(tmp.path(), Env::fixed("/nowhere"));
        let json = export(&scanned);
        let imported = import(&json);
        same(&scanned, &imported);
        // And again: what was imported is exported as it came.
        let again = export(&imported);
        prop_assert_eq!(String::from_utf8_lossy(&json), String::from_utf8_lossy(&again));
    }

    #[test]
    fn whatever_is_read_nothing_breaks(cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut json = export(&import(SAMPLE));
        let at = at.index(json.len());
        json[at] = byte;
        json.truncate(cut.index(json.len()) + 1);
        let _ = import(&json);
    }
}

/// A bit of everything, as ncdu 1.18 writes it.
const SAMPLE: &[u8] = br#"[1,2,{"progname":"ncdu","progver":"1.18","timestamp":1795281476},
[{"name":"/srv/data","asize":4096,"dsize":4096,"dev":65024,"uid":7,"gid":7,"mode":16877,"mtime":1795281476},
{"name":"one","asize":5,"dsize":4096,"ino":100,"hlnkc":true,"nlink":2},
{"name":"lost","read_error":true},
{"name":"cut","dev":0,"excluded":"pattern"},
[{"name":"proc","dev":21,"excluded":"othfs"}],
{"name":"mnt","dev":22,"excluded":"kernfs"},
[{"name":"closed","asize":4096,"dsize":4096,"read_error":true},
[{"name":"below"}]],
[{"name":"sub"},
{"name":"two","asize":5,"dsize":4096,"ino":100,"hlnkc":true,"nlink":2},
{"name":"link","asize":9,"notreg":true},
{"name":"pipe","notreg":true},
{"name":"later","asize":1,"dsize":512,"new":{"a":[1,null,"x"]},"mtime":12.5}]]]"#;

#[test]
fn the_marks_of_ncdu_are_understood_and_kept() {
    let inventory = import(SAMPLE);
    let again = import(&export(&inventory));
    for inventory in [inventory, again] {
        assert_eq!(inventory.state, ScanState::Complete, "{:?}", inventory.problems.kept);
        assert_eq!(inventory.roots, [PathBuf::from("/srv/data")]);
        let tree = &inventory.tree;
        let at = |path: &str| tree.find(Path::new(path)).unwrap_or_else(|| panic!("{path}"));
        let state = |path: &str| tree.get(at(path).dir).expect(path).state;
        assert_eq!(state("/"), DirState::Unread);
        assert_eq!(state("/srv/data"), DirState::Listed);
        assert_eq!(state("/srv/data/closed"), DirState::Failed);
        assert_eq!(state("/srv/data/closed/below"), DirState::Listed);
        for skipped in ["proc", "mnt"] {
            assert_eq!(state(&format!("/srv/data/{skipped}")), DirState::Skipped, "{skipped}");
        }
        assert_eq!(state("/srv/data/cut"), DirState::Excluded);
        let kind = |path: &str| tree.facts(at(path)).expect(path).kind;
        assert_eq!(kind("/srv/data/sub/link"), Kind::Link);
        assert_eq!(kind("/srv/data/sub/pipe"), Kind::Special);
        assert_eq!(tree.facts(at("/srv/data/sub/later")).expect("it").mtime, 12);
        // Two folders of 4 KiB, one inode of 4 KiB with two names, and 512 bytes.
        assert_eq!(inventory.total().on_disk, 3 * 4096 + 512);
        let unread: Vec<_> = inventory.problems.kept.iter().map(|p| p.path.display().to_string()).collect();
        assert!(unread.contains(&"/srv/data/closed".to_string()), "{unread:?}");
    }
}

#[test]
fn one_name_of_an_inode_in_gdus_export_counts() {
    let inventory = import(
        br#"[1,2,{"progname":"gdu","progver":"5.22.0","timestamp":1795281476},
[{"name":"/t","mtime":1795281476},
{"name":"a","asize":5,"dsize":4096,"mtime":1795281476},
[{"name":"sub","asize":8192,"dsize":8192,"items":3,"mtime":1795281476},
{"name":"b","asize":5,"dsize":4096,"mtime":1795281476,"ino":7,"hlnkc":true},
{"name":"c\u003c","asize":5,"dsize":4096}]]]"#,
    );
    assert_eq!(inventory.total().on_disk, 8192);
    assert!(inventory.tree.find(Path::new("/t/sub/c<")).is_some());
}

#[test]
fn what_is_no_export_is_said_to_be_none_and_where() {
    for (json, why) in [
        (&b""[..], "line 1, byte 1: there is nothing in it"),
        (b"{}", "line 1, byte 1: no export: it does not begin with `[`"),
        (b"[2,0,{},[{\"name\":\"/\"}]]", "an export of a version that is not known"),
        (b"[1,0,{},{\"name\":\"/\"}]", "here should be `[`"),
        (b"[1,0,{},\n[{\"name\":\"/\"}", "line 2, byte 14: it ends here, cut off"),
        (b"[1,0,{},\n[{\"name\":\"/\"}]] x", "something follows where it should be over"),
        (b"[1,0,{},[{\"asize\":1}]]", "something without a name"),
        (b"[1,0,{},[{\"name\":\"/\"},{\"name\":\"a/b\"}]]", "a/b is no name of a file or folder"),
        (b"[1,0,{},[{\"name\":\"/\"},{\"name\":\"..\"}]]", ".. is no name of a file or folder"),
        (b"[1,0,{},[{\"name\":\"/a/../b\"}]]", "the first folder has no whole path"),
        (b"[1,0,{},[{\"name\":\"/\",\"asize\":9223372036854775808}]]", "a size too large to be true"),
        (b"[1,0,{},[{\"name\":\"/\"} {\"name\":\"a\"}]]", "here should be `,`"),
        (b"\xbfncduEX1", "binary format"),
    ] {
        let told = trouble(json);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_tree_deeper_than_any_path_goes_out_and_in() {
    let depth = 100_000;
    let mut json = b"[1,2,{},".to_vec();
    for _ in 0..depth {
        json.extend_from_slice(b"[{\"name\":\"ddddddd\",\"asize\":1,\"dsize\":512},");
    }
    json.extend_from_slice(b"{\"name\":\"f\",\"dsize\":512}");
    json.extend(vec![b']'; depth + 1]);
    let inventory = import(&json);
    assert_eq!(inventory.state, ScanState::Complete, "{:?}", inventory.problems.kept);
    assert_eq!(inventory.total().on_disk, (depth as u64 + 1) * 512);
    let again = import(&export(&inventory));
    assert_eq!(again.total(), inventory.total());
}

#[test]
fn huge_sizes_and_false_links_add_up_to_something() {
    let mut json = b"[1,2,{},[{\"name\":\"/\"}".to_vec();
    for i in 0..200 {
        write!(json, ",{{\"name\":\"f{i}\",\"asize\":9223372036854775807,\"dsize\":9223372036854775807}}")
            .expect("written");
        write!(
            json,
            ",{{\"name\":\"l{i}\",\"dsize\":9223372036854775807,\"ino\":5,\"nlink\":{i},\"hlnkc\":true}}"
        )
        .expect("written");
        write!(json, ",{{\"name\":\"d{i}\",\"dev\":{i},\"ino\":{i},\"nlink\":9,\"mtime\":{}}}", u64::MAX)
            .expect("written");
    }
    json.extend_from_slice(b"]]");
    let inventory = import(&json);
    assert_eq!(inventory.state, ScanState::Complete);
    assert!(inventory.total().on_disk > u64::MAX / 4);
    let _ = mldu::report::json::report(&inventory);
    let _ = export(&inventory);
}

#[test]
fn folders_above_several_roots_come_back_unread() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    for name in ["a/x", "b/y", "c/z"] {
        std::fs::create_dir_all(root.join(name)).expect("made");
        std::fs::write(root.join(name).join("f"), b"content").expect("written");
    }
    let mut settings = Settings::new(Arc::new(Env::fixed("/nowhere")), NOW);
    settings.roots = vec![root.join("a"), root.join("b/y")];
    let scanned = Session::new(settings).expect("threads").run();
    let imported = import(&export(&scanned));
    assert_eq!(everything(&scanned.tree), everything(&imported.tree));
    assert_eq!(scanned.total(), imported.total());
    assert_eq!(scanned.progress.entries, imported.progress.entries);
    let unread = imported.tree.find(&root.join("b")).expect("it");
    assert_eq!(imported.tree.get(unread.dir).expect("it").state, DirState::Unread);
    assert!(imported.tree.find(&root.join("c")).is_none());
}

#[test]
fn families_know_their_stores_by_name_and_promise_nothing() {
    let tmp = tempfile::tempdir().expect("a folder");
    let demo = Demo::make(tmp.path(), NOW).expect("made");
    let home = demo.env().home().to_path_buf();
    let scanned = scan(&home, Env::fixed(&home));
    let json = export(&scanned);
    // With the box gone nothing of it can be read.
    drop(demo);
    let imported = import(&json);
    same(&scanned, &imported);
    let stores = |inventory: &Inventory| {
        let name = |s: &mldu::model::item::Store| (s.family, inventory.tree.path(s.root.into()));
        inventory.stores().into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(stores(&scanned), stores(&imported));
    assert!(scanned.items().any(|i| scanned.verdict(i.id) == mldu::model::verdict::Verdict::Safe));
    let safe: Vec<_> =
        imported.items().filter(|i| imported.verdict(i.id) == mldu::model::verdict::Verdict::Safe).collect();
    assert!(safe.is_empty(), "{safe:?}");
    for item in imported.items() {
        let path = imported.tree.path(imported.store(item.store).expect("its store").root.into());
        let before = scanned.items().find(|i| {
            i.key == item.key
                && scanned.tree.path(scanned.store(i.store).expect("its store").root.into()) == path
        });
        if let Some(before) = before {
            assert!(
                imported.verdict(item.id) >= scanned.verdict(before.id),
                "{}: {:?}",
                item.key,
                item.notes
            );
            assert!(before.leftover || !item.leftover, "{}: {:?}", item.key, item.notes);
        }
    }
    assert_eq!(imported.problems.count, scanned.problems.count, "{:?}", imported.problems.kept);
    assert!(imported.mounts.is_empty() && !imported.whole);
}

#[test]
fn nothing_of_this_machine_is_looked_at() {
    // A tree that names folders of this machine, and a file in one of them that would be read.
    let tmp = tempfile::tempdir().expect("a folder");
    let home = tmp.path().canonicalize().expect("a path");
    let demo = Demo::make(&home, NOW).expect("made");
    let json = export(&scan(demo.env().home(), (*demo.env()).clone()));
    let with = import(&json);
    drop(demo);
    let without = import(&json);
    let told = |inventory: &Inventory| {
        serde_json::to_value(mldu::report::json::report(inventory)).expect("JSON")["categories"].to_string()
    };
    assert_eq!(told(&with), told(&without));
}

mod program {
    //! The same with the real program.

    use super::*;
    use assert_cmd::Command;
    use predicates::prelude::*;

    fn mldu() -> Command {
        let mut command = Command::cargo_bin("mldu").expect("it is built");
        command.env_clear().env("HOME", "/nowhere").env("LANG", "C.UTF-8");
        command
    }

    fn tree() -> tempfile::TempDir {
        let tmp = tempfile::tempdir().expect("a folder");
        let name = std::ffi::OsStr::from_bytes(b"d/a\xff\n\"b");
        std::fs::create_dir(tmp.path().join("d")).expect("made");
        std::fs::write(tmp.path().join(name), b"content").expect("written");
        tmp
    }

    #[test]
    fn a_pipe_carries_a_tree() {
        let tmp = tree();
        let out = mldu().args(["-o", "-"]).arg(tmp.path()).assert().success().stderr("");
        let json = out.get_output().stdout.clone();
        mldu()
            .args(["report", "-f", "-"])
            .write_stdin(json.clone())
            .assert()
            .success()
            .stdout(predicate::str::contains("Import:").and(predicate::str::contains("written by mldu")));
        let report =
            mldu().args(["report", "--json", "-f", "-"]).write_stdin(json.clone()).assert().success();
        let report: serde_json::Value = serde_json::from_slice(&report.get_output().stdout).expect("JSON");
        assert_eq!(report["scan"]["imported"]["from"], "standard input");
        assert_eq!(report["mounts"].as_array().map(Vec::len), Some(0));
        // Without a terminal, mldu alone prints the report; and what was imported can be exported again.
        mldu()
            .args(["-f", "-"])
            .write_stdin(json.clone())
            .assert()
            .success()
            .stdout(predicate::str::contains("Import:"));
        let again = mldu().args(["-f", "-", "-o", "-"]).write_stdin(json.clone()).assert().success();
        let body = |json: &[u8]| json.iter().position(|b| *b == b'\n').map(|at| json[at..].to_vec());
        assert_eq!(body(&again.get_output().stdout), body(&json));
    }

    #[test]
    fn a_broken_export_ends_with_1_and_nothing_on_the_screen() {
        let tmp = tempfile::tempdir().expect("a folder");
        let file = tmp.path().join("x.json");
        std::fs::write(&file, b"[1,2,{},\n[{\"name\":\"/\"},").expect("written");
        for args in [&["report", "-f"][..], &["report", "--json", "-f"], &["-f"], &["-o", "-", "-f"]] {
            mldu()
                .args(args)
                .arg(&file)
                .assert()
                .code(1)
                .stdout("")
                .stderr(predicate::str::contains("x.json: line 2, byte 15: it ends here, cut off"));
        }
        mldu()
            .args(["-f", "/no/such/file"])
            .assert()
            .code(1)
            .stderr(predicate::str::contains("/no/such/file"));
        mldu().args(["-f", "/tmp"]).assert().code(1).stderr(predicate::str::contains("directory"));
        mldu().args(["-f", "x", "/tmp"]).assert().code(2);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_half() {
        let tmp = tree();
        let out = tempfile::tempdir().expect("a folder");
        let file = out.path().join("x.json");
        std::fs::write(&file, b"old").expect("written");
        mldu().arg("-o").arg(&file).arg(tmp.path().join("no")).assert().code(1);
        assert_eq!(std::fs::read(&file).expect("read"), b"old");
        mldu().arg("-o").arg(out.path().join("no/x")).arg(tmp.path()).assert().code(1);
        mldu()
            .args(["-o", "/dev/full"])
            .arg(tmp.path())
            .assert()
            .code(1)
            .stderr(predicate::str::contains("No space"));
        mldu().arg("-o").arg(&file).arg(tmp.path()).assert().success().stdout("").stderr("");
        assert!(std::fs::read(&file).expect("read").starts_with(b"[1,2,{\"progname\":\"mldu\""));
        assert_eq!(std::fs::read_dir(out.path()).expect("read").count(), 1);
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o111, 0);
    }

    #[test]
    fn a_pipe_that_stalls_can_be_stopped_and_what_came_is_kept() {
        let tmp = tree();
        let out = mldu().args(["-o", "-"]).arg(tmp.path()).assert().success();
        let json = out.get_output().stdout.clone();
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mldu"))
            .args(["report", "-f", "-"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(&json[..json.len() - 4]).expect("written");
        // It has to have begun before a signal finds it willing.
        std::thread::sleep(std::time::Duration::from_millis(500));
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
        let out = child.wait_with_output().expect("it ends");
        drop(pipe);
        assert_eq!(out.status.code(), Some(130));
        assert!(String::from_utf8_lossy(&out.stdout).contains("stopped before the end"), "{out:?}");
    }

    #[test]
    fn a_reader_that_goes_away_is_told() {
        let tmp = tempfile::tempdir().expect("a folder");
        for i in 0..20_000 {
            std::fs::File::create(tmp.path().join(format!("a-rather-long-name-{i:06}"))).expect("made");
        }
        let script = format!(
            "{} -o - {} | head -c 100 >/dev/null; echo ${{PIPESTATUS[0]}}",
            env!("CARGO_BIN_EXE_mldu"),
            tmp.path().display()
        );
        let out = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash");
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "1");
        assert!(String::from_utf8_lossy(&out.stderr).contains("went away"), "{out:?}");
    }
}
