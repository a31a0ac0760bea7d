//! Rows 6, 8, 10 and 13: other file systems, subvolumes, layers, mounts inside a thing, and what is never removed.

use std::path::{Path, PathBuf};

use mldu::env::Env;
use mldu::removal::execute::Outcome;
use mldu::removal::facts::{self, Question};
use mldu::removal::in_use::InUse;
use mldu::removal::plan::{How, Plan};
use mldu::scan::{Session, Settings};
use mldu::sys::mounts;

use crate::apart;
use crate::ground::{Mounted, put, run, world_on};
use crate::invariants::{Scene, plant_sentinel, print};
use crate::world::World;

#[test]
#[ignore = "needs root: becomes another user, mounts tmpfs"]
fn row_06_where_no_trash_can_be_made_nothing_is_copied() {
    let mounted = Mounted::tmpfs("size=32m,mode=0755");
    apart::as_user_in(&mounted.path, "borders::apart_nowhere_for_a_trash", |root| {
        // One's own thing, in a folder everybody may write that belongs to somebody else.
        let shared = root.join("shared");
        put(&shared.join("mine/weights"), 2048);
        apart::own(&shared.join("mine"));
        apart::open(&shared, 0o777);
        plant_sentinel(root);
        let elsewhere = root.join("home");
        run("mount", &["-t", "tmpfs", "-o", "size=8m", "tmpfs", &elsewhere.display().to_string()]);
    });
}

#[test]
#[ignore = "run by row_06"]
fn apart_nowhere_for_a_trash() {
    let Some((root, w)) = apart::told() else { return };
    let item = root.join("shared/mine");
    let scene = Scene::new(&root, &[&item]);
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&item]);
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.contains("another file system than your home"), "{:?}", plan.refused);
    scene.check(&w.run(&plan));
    let report = w.run(&w.plan(&inventory, &marks, How::ForGood));
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    apart::finished();
}

/// Subvolumes are other file systems to a rename, though nothing is mounted there.
#[test]
#[ignore = "needs root and btrfs-progs: mounts Btrfs from a file"]
fn row_08_subvolumes_are_trashed_within_themselves_or_not_at_all() {
    let mounted = Mounted::btrfs();
    let (_home, w) = world_on(&mounted);
    let root = mounted.path.clone();
    plant_sentinel(&root);
    let subvolume = |path: &Path| {
        run("btrfs", &["subvolume", "create", &path.display().to_string()]);
        path.to_path_buf()
    };
    let within = put(&subvolume(&root.join("data")).join("model/weights"), 1024).with_file_name("");
    let holds = root.join("holds");
    put(&holds.join("own"), 4);
    put(&subvolume(&holds.join("nested")).join("weights"), 1024);
    let itself = subvolume(&root.join("itself"));
    put(&itself.join("weights"), 1024);
    let cases = [("within one", root.join("data/model")), ("holds one", holds), ("is one", itself)];
    assert_eq!(within, root.join("data/model/"));
    for (what, item) in cases {
        let mut scene = Scene::new(&root, &[&item]);
        scene.slack = 512 << 10;
        let inventory = w.scan();
        let marks = World::marks(&inventory, &[&item]);
        let plan = w.plan(&inventory, &marks, How::Trash);
        let report = w.run(&plan);
        scene.check(&report);
        println!("{what}: {:?} {:?}", plan.refused, report.steps);
        if what == "is one" {
            assert!(plan.is_empty() && plan.refused[0].reason.contains("subvolume"), "{:?}", plan.refused);
        } else {
            assert!(report.is_clean(), "{what}: {:?}", report.steps);
            for item in mldu::removal::restore::plan(&mldu::removal::ledger::read(&scene.trashes()), |_| true)
            {
                assert!(item.run().iter().all(|r| r.failed.is_none()), "{what}");
            }
            scene.is_as_before();
        }
        let report = w.remove(&[&item], How::ForGood);
        scene.check(&report);
        assert!(report.is_clean(), "{what}: {:?}", report.steps);
    }
}

#[test]
#[ignore = "needs root and btrfs-progs: mounts Btrfs from a file"]
fn row_08_a_snapshot_that_is_read_only_stays_with_its_reason() {
    let mounted = Mounted::btrfs();
    let (_home, w) = world_on(&mounted);
    let at = mounted.path.display().to_string();
    run("btrfs", &["subvolume", "create", &format!("{at}/data")]);
    put(&mounted.path.join("data/weights"), 256);
    plant_sentinel(&mounted.path);
    let item = mounted.path.join("item");
    put(&item.join("own"), 4);
    run("btrfs", &["subvolume", "snapshot", "-r", &format!("{at}/data"), &format!("{at}/item/snapshot")]);
    let mut scene = Scene::new(&mounted.path, &[&item]);
    scene.slack = 512 << 10;
    let report = w.remove(&[&item], How::ForGood);
    let Outcome::Partly { files, left, first, .. } = &report.steps[0].outcome else {
        panic!("{:?}", report.steps)
    };
    assert_eq!((*files, first.contains("read-only")), (1, true), "{first}");
    assert!(*left >= 1);
    scene.check(&report);
}

#[test]
#[ignore = "needs root: mounts an overlay"]
fn row_08_in_a_container_layer_nothing_is_copied_up_by_deleting() {
    let base = Mounted::tmpfs("size=32m");
    for dir in ["lower/image", "upper", "work", "merged"] {
        std::fs::create_dir_all(base.path.join(dir)).expect("made");
    }
    put(&base.path.join("lower/image/model"), 4096);
    let lower = base.path.join("lower");
    plant_sentinel(&lower);
    let p = base.path.display();
    let options = format!("lowerdir={p}/lower,upperdir={p}/upper,workdir={p}/work");
    run("mount", &["-t", "overlay", "-o", &options, "overlay", &format!("{p}/merged")]);
    let merged = base.path.join("merged");
    let home = tempfile::tempdir().expect("a folder");
    let w = World::on(&merged, Env::fixed(home.path().canonicalize().expect("a path")).with_disk("/"));
    let item = merged.join("image");
    let (image, used) = (print(&lower, &|_| false), mounts::space(&base.path).expect("asked").used());
    for how in [How::Trash, How::ForGood] {
        let report = w.remove(&[&item], how);
        assert_eq!(item.exists(), how == How::Trash, "{:?}", report.steps);
        assert_eq!(print(&lower, &|_| false), image, "the image is as it was");
        let now = mounts::space(&base.path).expect("asked").used();
        assert!(now <= used + 64 * 1024, "nothing was copied up: {used} bytes before, {now} now");
    }
}

/// A victim, an item, and something mounted at or in the item; before the plan, and between the plan and the act.
fn mounted_inside() {
    type Mount = fn(&Path, &Path);
    let bind: Mount = |victim, at| run("mount", &["--bind", &show(victim), &show(at)]);
    let tmpfs: Mount = |_, at| {
        run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", &show(at)]);
        put(&at.join("other"), 4);
    };
    let file: Mount = |victim, at| {
        run("mount", &["--bind", &show(&victim.join("precious")), &show(&at.with_file_name("x"))]);
    };
    for (what, mount, at) in [
        ("a bind of a victim inside", bind, "item/bound"),
        ("a bind of the same file system at it", bind, "item"),
        ("a tmpfs inside", tmpfs, "item/bound"),
        ("a bind of a file inside", file, "item/bound"),
    ] {
        for late in [false, true] {
            let w = World::new();
            let victim = plant_sentinel(&w.root);
            let item = w.root.join("home/item");
            put(&item.join("x"), 4);
            put(&item.join("inner/y"), 4);
            std::fs::create_dir(item.join("bound")).expect("made");
            let at = w.root.join("home").join(at);
            for how in [How::Trash, How::ForGood] {
                let mut inventory = w.scan();
                let mut plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), how);
                assert!(!plan.is_empty());
                mount(&victim, &at);
                if !late {
                    inventory = w.scan();
                    // A second view of what is read elsewhere is not even shown.
                    let marks: &[&Path] = if inventory.tree.find(&item).is_some() { &[&item] } else { &[] };
                    plan = w.plan(&inventory, &World::marks(&inventory, marks), how);
                    let seen = !marks.is_empty();
                    assert!(plan.is_empty(), "{what}");
                    let said = plan.refused.iter().any(|r| r.reason.contains("mounted"));
                    assert_eq!(said, seen, "{what}: {:?}", plan.refused);
                }
                let before = print(&victim, &|_| false);
                let report = w.run(&plan);
                assert!(report.steps.iter().all(|s| !s.outcome.is_done()), "{what}: {:?}", report.steps);
                assert_eq!(print(&victim, &|_| false), before, "{what}");
                assert!(item.exists(), "{what}: {:?}", report.steps);
                let target = if what.contains("of a file") { at.with_file_name("x") } else { at.clone() };
                run("umount", &[&show(&target)]);
                assert!(item.join("inner/y").exists() && item.join("x").exists(), "{what}");
            }
        }
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

#[test]
#[ignore = "needs root: bind mounts"]
fn row_10_what_is_mounted_at_or_in_a_thing_is_safe_also_when_it_came_after_the_plan() {
    mounted_inside();
}

#[test]
#[ignore = "needs root and strace: bind mounts, without openat2"]
fn row_10_the_same_on_a_kernel_without_openat2() {
    let tmp = tempfile::tempdir().expect("a folder");
    let log = tmp.path().join("log").display().to_string();
    let inject = "inject=openat2:error=ENOSYS";
    let strace = ["strace", "-f", "-qq", "-o", &log, "-e", "trace=openat2", "-e", inject];
    apart::run("borders::apart_mounted_inside_without_openat2", &strace, tmp.path());
    let refused = std::fs::read_to_string(&log).expect("a log").matches("ENOSYS").count();
    assert!(refused >= 1, "openat2 was not there");
}

#[test]
#[ignore = "run by row_10"]
fn apart_mounted_inside_without_openat2() {
    if apart::told().is_some() {
        mounted_inside();
        apart::finished();
    }
}

/// A small system in a root of its own, so that even `/` can be asked for.
#[test]
#[ignore = "needs root: bind mounts and a root of its own"]
fn row_13_what_nobody_can_do_without_is_refused_by_who_it_is() {
    let mounted = Mounted::tmpfs("size=256m,mode=0755");
    let root = &mounted.path;
    for dir in ["usr", "lib", "lib64", "bin"] {
        let real = Path::new("/").join(dir);
        if let Ok(link) = std::fs::read_link(&real) {
            std::os::unix::fs::symlink(link, root.join(dir)).expect("linked");
        } else if real.is_dir() {
            std::fs::create_dir(root.join(dir)).expect("made");
            run("mount", &["--rbind", &show(&real), &show(&root.join(dir))]);
        }
    }
    for dir in
        ["proc", "tmp", "data/home/ana/work", "data/mnt/disk", "alias", "etc", "var/lib", "data/cwd/here"]
    {
        std::fs::create_dir_all(root.join(dir)).expect("made");
    }
    run("mount", &["-t", "proc", "proc", &show(&root.join("proc"))]);
    run("mount", &["-t", "tmpfs", "tmpfs", &show(&root.join("data/mnt/disk"))]);
    run("mount", &["--bind", &show(&root.join("data/home/ana")), &show(&root.join("alias"))]);
    std::os::unix::fs::symlink("/data/home", root.join("homes")).expect("linked");
    put(&root.join("data/home/ana/work/x"), 4);
    std::fs::copy(std::env::current_exe().expect("this program"), root.join("tests")).expect("copied");
    let said = apart::start(
        Path::new("/tests"),
        "borders::apart_in_a_root_of_its_own",
        &["chroot", &show(root), "env", "--chdir=/data/cwd/here", "HOME=/homes/ana"],
        root,
    );
    for path in ["/", "/homes/ana", "/alias", "/data/mnt/disk", "/data/cwd/here", "/etc"] {
        assert!(said.contains(&format!("{path} stays: ")), "{path}: {said}");
    }
}

#[test]
#[ignore = "run by row_13"]
fn apart_in_a_root_of_its_own() {
    if apart::told().is_none() {
        return;
    }
    let env = Env::real();
    let scan = |root: &str| {
        let mut settings = Settings::new(std::sync::Arc::new(env.clone()), 1_900_000_000);
        settings.roots = vec![PathBuf::from(root)];
        Session::new(settings).expect("threads").run()
    };
    for (asked, path) in [
        ("/", "/"),
        ("/", "/data/home/ana"),
        ("/", "/data/home"),
        ("/", "/data"),
        ("/", "/data/mnt/disk"),
        ("/", "/data/mnt"),
        ("/", "/data/cwd/here"),
        ("/", "/data/cwd"),
        ("/", "/etc"),
        ("/", "/var/lib"),
        ("/alias", "/alias"),
        ("/homes", "/data/home/ana"),
    ] {
        let inventory = scan(asked);
        let marks = World::marks(&inventory, &[Path::new(path)]);
        for how in How::ALL {
            let draft = mldu::removal::draft::Draft::new(&inventory, &marks);
            let in_use = facts::look_in_use(&facts::watched(&inventory, &draft), &env);
            let facts = Question::new(&draft, &inventory, in_use, false).answer(&env);
            let plan = Plan::new(&inventory, &marks, how, &facts);
            assert!(plan.is_empty(), "{path}: {:?}", plan.steps());
            let reason = &plan.refused[0].reason;
            println!("{path} stays: {reason}");
            if path == "/data/home/ana" && asked == "/homes" {
                println!("/homes/ana stays: {reason}");
            }
            // It says who it is; what is mounted, or held by a running test, would have been reason enough.
            assert!(reason.starts_with("protected: "), "{path}: {reason}");
        }
    }
    assert!(Path::new("/data/home/ana/work/x").exists());
    // And what is nobody's home goes as ever.
    let inventory = scan("/data");
    let marks = World::marks(&inventory, &[Path::new("/data/home/ana/work")]);
    let draft = mldu::removal::draft::Draft::new(&inventory, &marks);
    let facts = Question::new(&draft, &inventory, InUse::default(), false).answer(&env);
    assert!(!Plan::new(&inventory, &marks, How::ForGood, &facts).is_empty());
    apart::finished();
}
