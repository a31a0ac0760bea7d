//! Exports between mldu and the programs whose format it is: ncdu and gdu, the real ones.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

/// What a program says, which must end well.
fn run(command: &mut Command) -> Vec<u8> {
    let out = command.env("LC_ALL", "C.UTF-8").output().expect("it runs");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn mldu() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mldu"))
}

/// A folder with what is hard: hard links, holes, names that are no text, what is no file, an empty folder.
fn tree() -> tempfile::TempDir {
    let tmp = tempfile::tempdir().expect("a folder");
    let at = |name: &[u8]| tmp.path().join(std::ffi::OsStr::from_bytes(name));
    for dir in [&b"one"[..], b"two/deep", b"empty", b"odd \xff\n\\\"\x7f"] {
        std::fs::create_dir_all(at(dir)).expect("made");
    }
    std::fs::write(at(b"one/a"), vec![1; 10_000]).expect("written");
    std::fs::hard_link(at(b"one/a"), at(b"two/a again")).expect("linked");
    std::fs::hard_link(at(b"one/a"), at(b"two/deep/a third")).expect("linked");
    std::fs::write(at(b"odd \xff\n\\\"\x7f/\xc3\x28\x01"), vec![1; 5000]).expect("written");
    std::fs::write(at("two/é".as_bytes()), vec![1; 70_000]).expect("written");
    std::os::unix::fs::symlink("nowhere", at(b"two/link")).expect("linked");
    std::fs::File::create(at(b"two/sparse")).and_then(|f| f.set_len(1 << 30)).expect("made");
    run(Command::new("mkfifo").arg(at(b"two/pipe")));
    tmp
}

/// Blocks in bytes, lengths, and entries.
fn sums(report: &[u8]) -> (u64, u64, u64) {
    let report: serde_json::Value = serde_json::from_slice(report).expect("JSON");
    let number = |key: &str| report["scan"][key].as_u64().expect("a number");
    (number("bytes"), number("apparent_bytes"), number("entries"))
}

fn scanned(tree: &Path) -> (u64, u64, u64) {
    sums(&run(mldu().args(["report", "--json"]).arg(tree)))
}

fn imported(json: &Path) -> (u64, u64, u64) {
    sums(&run(mldu().args(["report", "--json", "-f"]).arg(json)))
}

/// The names in an export, each as its bytes between the quotes.
fn names(json: &[u8]) -> Vec<Vec<u8>> {
    let key = b"\"name\":\"";
    let mut all: Vec<Vec<u8>> = json
        .windows(key.len())
        .enumerate()
        .filter(|(_, w)| w == key)
        .map(|(at, _)| {
            let rest = &json[at + key.len()..];
            let end =
                (0..rest.len()).find(|i| rest[*i..].starts_with(b"\",\"") || rest[*i..].starts_with(b"\"}"));
            rest[..end.expect("an end")].to_vec()
        })
        .collect();
    all.sort();
    all
}

#[test]
#[ignore = "needs ncdu"]
fn what_ncdu_exports_has_the_sums_of_a_scan() {
    let tree = tree();
    let json = tree.path().with_extension("ncdu.json");
    for extended in [&[][..], &["-e"]] {
        run(Command::new("ncdu").args(["-0", "-o"]).arg(&json).args(extended).arg(tree.path()));
        assert_eq!(imported(&json), scanned(tree.path()));
    }
    std::fs::remove_file(json).expect("gone");
}

#[test]
#[ignore = "needs ncdu"]
fn ncdu_reads_what_is_exported_and_keeps_every_byte_of_it() {
    let tree = tree();
    let ours = tree.path().with_extension("ours.json");
    let theirs = tree.path().with_extension("theirs.json");
    run(mldu().arg("-o").arg(&ours).arg(tree.path()));
    run(Command::new("ncdu").args(["-0", "-e", "-f"]).arg(&ours).arg("-o").arg(&theirs));
    assert_eq!(imported(&theirs), scanned(tree.path()));
    let (a, b) = (std::fs::read(&ours).expect("read"), std::fs::read(&theirs).expect("read"));
    assert_eq!(names(&a), names(&b));
    for field in [&b"\"hlnkc\":true"[..], b"\"nlink\":3", b"\"notreg\":true", b"\"mtime\":", b"\"uid\":"] {
        let count = |json: &[u8]| json.windows(field.len()).filter(|w| w == &field).count();
        assert_eq!(count(&a), count(&b), "{}", String::from_utf8_lossy(field));
    }
    for file in [ours, theirs] {
        std::fs::remove_file(file).expect("gone");
    }
}

#[test]
#[ignore = "needs gdu"]
fn what_gdu_exports_is_read_and_counts_each_inode_once() {
    let tree = tree();
    let json = tree.path().with_extension("gdu.json");
    run(Command::new("gdu").args(["-n", "-o"]).arg(&json).arg(tree.path()));
    // gdu does not say what folders take themselves: 4 KiB each here, or what the file system says.
    let folders: Vec<_> =
        walkdir::WalkDir::new(tree.path()).into_iter().flatten().filter(|e| e.file_type().is_dir()).collect();
    let (mut blocks, mut length) = (0, 0);
    for folder in &folders {
        use std::os::unix::fs::MetadataExt;
        let meta = folder.metadata().expect("it is there");
        blocks += meta.blocks() * 512;
        length += meta.len();
    }
    let (all_blocks, all_length, entries) = scanned(tree.path());
    assert_eq!(imported(&json), (all_blocks - blocks, all_length - length, entries));
    std::fs::remove_file(json).expect("gone");
}

#[test]
#[ignore = "needs gdu"]
fn gdu_reads_what_is_exported() {
    let tree = tree();
    let json = tree.path().with_extension("ours.json");
    run(mldu().arg("-o").arg(&json).arg(tree.path()));
    let shown = run(Command::new("gdu").args(["-n", "-f"]).arg(&json));
    let shown = String::from_utf8_lossy(&shown);
    for name in ["/one", "/two", "/empty", "/odd"] {
        assert!(shown.contains(name), "{shown}");
    }
    std::fs::remove_file(json).expect("gone");
}
