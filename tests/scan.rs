//! The walk against `du` and against its own portable twin, on real files.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::model::tree::DirState;
use mldu::removal::draft::Draft;
use mldu::scan::{Backend, Exclude, Session, Settings};
use proptest::prelude::*;

const BACKENDS: [Backend; 2] = [Backend::Native, Backend::Portable];

fn scan(root: &Path, backend: Backend) -> Inventory {
    let mut settings = Settings::new(Arc::new(Env::fixed("/nowhere")), 1_800_000_000);
    settings.roots = vec![root.to_path_buf()];
    settings.backend = backend;
    Session::new(settings).expect("threads").run()
}

/// What GNU du says of every directory: (bytes on disk, apparent bytes).
fn du(root: &Path, apparent: bool) -> std::collections::BTreeMap<PathBuf, u64> {
    // Each directory by itself, as du counts a linked inode once in a run only.
    let mut sizes = std::collections::BTreeMap::new();
    for dir in walkdir::WalkDir::new(root).into_iter().flatten().filter(|e| e.file_type().is_dir()) {
        let out = std::process::Command::new("du")
            .args(if apparent { &["-s", "-B1", "--apparent-size"][..] } else { &["-s", "-B1"][..] })
            .arg(dir.path())
            .output()
            .expect("du runs");
        let text = String::from_utf8_lossy(&out.stdout);
        let bytes = text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("du prints a number");
        sizes.insert(dir.path().to_path_buf(), bytes);
    }
    sizes
}

fn same_as_du(root: &Path, inventory: &Inventory) {
    for apparent in [false, true] {
        for (path, bytes) in du(root, apparent) {
            let node =
                inventory.tree.find(&path).unwrap_or_else(|| panic!("{} was not scanned", path.display()));
            let total = inventory.tree.total(node.dir);
            let ours = if apparent { total.apparent } else { total.on_disk };
            assert_eq!(ours, bytes, "{} apparent={apparent}", path.display());
        }
    }
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
    prop_oneof![
        "[a-z]{1,8}".prop_map(String::into_bytes),
        prop::collection::vec(1u8..=255, 1..40)
            .prop_filter("a name", |n| !n.contains(&b'/') && n != b"." && n != b".."),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any tree of files, sparse files, hard and symbolic links and odd names: both back ends say what du says,
    /// of every directory.
    #[test]
    fn every_directory_is_what_du_says(
        dirs in prop::collection::vec(name(), 1..6),
        things in prop::collection::vec((any::<prop::sample::Index>(), name(), thing()), 0..40),
    ) {
        let tmp = tempfile::tempdir().unwrap();
        let root = tmp.path().canonicalize().unwrap();
        let mut made = vec![root.clone()];
        for (i, d) in dirs.iter().enumerate() {
            let dir = made[i / 2].join(std::ffi::OsStr::from_bytes(d));
            if std::fs::create_dir(&dir).is_ok() {
                made.push(dir);
            } else {
                made.push(root.clone());
            }
        }
        let mut files: Vec<PathBuf> = vec![];
        for (at, name, thing) in things {
            let path = made[at.index(made.len())].join(std::ffi::OsStr::from_bytes(&name));
            if path.symlink_metadata().is_ok() {
                continue;
            }
            match thing {
                Thing::File(n) => std::fs::write(&path, vec![7; usize::from(n)]).unwrap(),
                Thing::Sparse(n) => std::fs::File::create(&path).unwrap().set_len(u64::from(n)).unwrap(),
                Thing::Hard(i) if !files.is_empty() => std::fs::hard_link(&files[i % files.len()], &path).unwrap(),
                Thing::Soft(n) => symlink("x".repeat(usize::from(n) + 1), &path).unwrap(),
                Thing::Fifo | Thing::Hard(_) => {
                    std::process::Command::new("mkfifo").arg("--").arg(&path).status().unwrap();
                }
            }
            if path.symlink_metadata().is_ok_and(|m| m.is_file()) {
                files.push(path);
            }
        }
        let a = scan(&root, Backend::Native);
        let b = scan(&root, Backend::Portable);
        same_as_du(&root, &a);
        same_as_du(&root, &b);
        prop_assert_eq!(a.total(), b.total());
        prop_assert_eq!(a.problems.count, 0);
    }
}

#[test]
fn an_unreadable_folder_is_a_problem_and_the_rest_is_read() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    std::fs::create_dir_all(root.join("closed/inner")).expect("made");
    std::fs::write(root.join("open"), vec![1; 9000]).expect("written");
    std::fs::set_permissions(root.join("closed"), std::fs::Permissions::from_mode(0o000)).expect("closed");
    let reads_everything = std::fs::read_dir(root.join("closed")).is_ok();
    for backend in BACKENDS {
        let inventory = scan(&root, backend);
        if reads_everything {
            println!("skipped: this user reads every folder (root); the non-root part is in tests/users.rs");
        } else {
            assert_eq!(inventory.problems.count, 1, "{backend:?}");
            assert_eq!(inventory.problems.kept[0].path, root.join("closed"));
            same_as_du(&root, &inventory);
        }
    }
    std::fs::set_permissions(root.join("closed"), std::fs::Permissions::from_mode(0o700)).expect("opened");
}

/// Makes a chain of folders deeper than `PATH_MAX` by descending.
fn deep(root: &Path, levels: usize) {
    let script = format!(
        "import os\nos.chdir({:?})\nfor i in range({levels}):\n  open('f','w').write('x'*100)\n  os.mkdir('{}')\n  os.chdir('{}')\n",
        root.display().to_string(),
        "d".repeat(50),
        "d".repeat(50)
    );
    let done = std::process::Command::new("python3").arg("-c").arg(script).status().expect("python3 runs");
    assert!(done.success());
}

#[test]
fn a_tree_deeper_than_path_max_is_read_whole_or_said_not_to_be() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    deep(&root, 300);
    let out = std::process::Command::new("du").args(["-s", "-B1"]).arg(&root).output().expect("du runs");
    let du: u64 = String::from_utf8_lossy(&out.stdout)
        .split_whitespace()
        .next()
        .unwrap_or("0")
        .parse()
        .expect("a number");
    let native = scan(&root, Backend::Native);
    assert_eq!(native.tree.total(native.scanned[0]).on_disk, du);
    assert_eq!(native.problems.count, 0);
    let portable = scan(&root, Backend::Portable);
    assert!(portable.total().on_disk < du);
    assert!(portable.problems.count > 0, "what is not read must be a problem");
    // tempdir cannot remove it by path either
    std::process::Command::new("rm").arg("-rf").arg(&root).status().expect("rm runs");
}

#[test]
fn very_deep_and_very_wide_trees_cost_no_stack() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    let script = format!(
        "import os\nos.chdir({:?})\nos.mkdir('wide')\nfor i in range(30000): open('wide/file_with_a_name_%08d'%i,'w')\nfor i in range(12000):\n  os.mkdir('d'); os.mkdir('e')\n  os.chdir('d')\n",
        root.display().to_string()
    );
    assert!(
        std::process::Command::new("python3").arg("-c").arg(script).status().expect("python3 runs").success()
    );
    let inventory = scan(&root, Backend::Native);
    assert_eq!(inventory.total().files, 1 + 1 + 30_000 + 24_000);
    assert_eq!(inventory.problems.count, 0);
    drop(inventory);
    std::process::Command::new("rm").arg("-rf").arg(&root).status().expect("rm runs");
}

#[test]
fn files_that_vanish_meanwhile_are_no_problem() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    for d in 0..50 {
        std::fs::create_dir(root.join(format!("d{d}"))).expect("made");
        for f in 0..50 {
            std::fs::write(root.join(format!("d{d}/f{f}")), b"x").expect("written");
        }
    }
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (flag, at) = (Arc::clone(&stop), root.clone());
    let busy = std::thread::spawn(move || {
        let mut d = 0;
        while !flag.load(std::sync::atomic::Ordering::Relaxed) {
            let dir = at.join(format!("d{}", d % 50));
            let _ = std::fs::remove_dir_all(&dir);
            let _ = std::fs::create_dir(&dir);
            for f in 0..50 {
                let _ = std::fs::write(dir.join(format!("f{f}")), b"x");
            }
            d += 1;
        }
    });
    for _ in 0..20 {
        for backend in BACKENDS {
            let inventory = scan(&root, backend);
            let other: Vec<_> =
                inventory.problems.kept.iter().filter(|p| !p.error.contains("No such file")).collect();
            assert!(other.is_empty(), "{other:?}");
            let total = inventory.total();
            assert!(total.files <= 51 + 2500 + 1);
        }
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    busy.join().expect("the busy thread ends");
}

#[test]
fn a_missing_root_is_a_problem() {
    let inventory = scan(Path::new("/no/such/folder"), Backend::Native);
    assert_eq!(inventory.problems.count, 1);
    assert_eq!(inventory.problems.kept[0].operation, "scan");
}

#[test]
fn roots_inside_others_are_counted_once() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    std::fs::create_dir_all(root.join("a/b")).expect("made");
    std::fs::write(root.join("a/b/f"), vec![1; 5000]).expect("written");
    symlink(root.join("a"), root.join("link")).expect("linked");
    let mut settings = Settings::new(Arc::new(Env::fixed("/nowhere")), 0);
    settings.roots = vec![root.join("a/b"), root.clone(), root.join("link"), root.join("a")];
    let inventory = Session::new(settings).expect("threads").run();
    assert_eq!(inventory.roots, vec![root.clone()]);
    same_as_du(&root, &inventory);
}

#[test]
fn what_is_excluded_is_not_read_and_does_not_go() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    for (path, kib) in [
        ("a/keep", 8),
        ("a/x.tmp", 40),
        ("a/b/raw/f", 80),
        ("raw/f", 16),
        ("b/raw/g", 32),
        ("node_modules/m", 64),
        ("c/node_modules", 4),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, vec![7; kib * 1024]).expect("written");
    }
    // du knows names and ends of paths; folders only are ours, so that pattern is left out of what du is told.
    let patterns = ["*.tmp", "b/raw", "node_modules/"];
    for backend in BACKENDS {
        let mut settings = Settings::new(Arc::new(Env::fixed("/nowhere")), 1_800_000_000);
        settings.roots = vec![root.clone()];
        settings.backend = backend;
        settings.exclude = Arc::new(Exclude::new(patterns).expect("patterns"));
        let found = Session::new(settings).expect("threads").run();
        let out = std::process::Command::new("du")
            .args(["-s", "-B1", "--exclude=*.tmp", "--exclude=b/raw"])
            .arg(format!("--exclude={}", root.join("node_modules").display()))
            .arg(&root)
            .output()
            .expect("du runs");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let du: u64 = text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number");
        assert_eq!(found.total().on_disk, du, "{backend:?}");
        let state = |path: &str| {
            let node = found.tree.find(&root.join(path)).filter(|n| n.is_dir())?;
            found.tree.get(node.dir).map(|d| d.state)
        };
        assert_eq!(state("a"), Some(DirState::Partial));
        assert_eq!(state("a/b/raw"), Some(DirState::Excluded));
        assert_eq!(state("node_modules"), Some(DirState::Excluded));
        assert_eq!(state("raw"), Some(DirState::Listed));
        assert!(found.tree.find(&root.join("c/node_modules")).is_some());
        // A folder with something in it that was not seen stays; one beside it may go.
        let mut marks = Marks::default();
        for path in ["a", "b", "node_modules", "raw"] {
            marks.insert(Mark::Node(found.tree.find(&root.join(path)).expect(path)));
        }
        let draft = Draft::new(&found, &marks);
        let going: Vec<_> = draft.entries.iter().map(|e| e.path.clone()).collect();
        assert_eq!(going, [root.join("raw")]);
        assert_eq!(draft.refused.len(), 3);
        assert!(draft.refused.iter().all(|r| r.reason.contains("--exclude") && !r.way_on.is_empty()));
    }
}
