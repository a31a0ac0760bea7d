//! What processes use, with real processes: it stays, whoever asks for it and however it is used, and who uses it is
//! said. And deleted files that processes hold: they are found, with whom to end.
//!
//! What needs root, mounts or strace is run by `.ci/run` in a mount namespace; the `inner_…` tests are started by the
//! others, in a copy of this program.

#[path = "common/world.rs"]
mod world;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use mldu::env::Env;
use mldu::model::held_open::{HeldOpen, Process};
use mldu::model::inventory::Inventory;
use mldu::model::sight::Hidden;
use mldu::model::verdict::Verdict;
use mldu::removal::draft::Draft;
use mldu::removal::empty::Empty;
use mldu::removal::execute::{self, Outcome};
use mldu::removal::facts;
use mldu::removal::held_open;
use mldu::removal::in_use::InUse;
use mldu::removal::plan::{How, Plan};
use mldu::report::json;
use mldu::sys::proc;
use mldu::sys::user::Names;
use world::World;

const UID: &str = "2000";

/// Without anything of the test open.
fn silent(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// A process that runs until the test is over.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}")))
    }

    /// `sleep`, which does nothing by itself.
    fn sleep(with: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("sleep");
        silent(command.arg("600"));
        with(&mut command);
        Self::start(&mut command)
    }

    /// One that has a file open.
    fn opens(path: &Path) -> Self {
        let file = std::fs::File::open(path).expect("open");
        Self::sleep(|c| {
            c.stdin(file);
        })
    }

    /// One that has a library mapped and not open: as loaders of models do it.
    fn maps(library: &Path) -> Self {
        let p = Self::sleep(|c| {
            c.env("LD_PRELOAD", library);
        });
        let shown = library.display().to_string();
        until("it is mapped", || {
            let maps = std::fs::read_to_string(format!("/proc/{}/maps", p.pid())).ok()?;
            maps.contains(&shown).then_some(())
        });
        p
    }

    /// A shell script that ends in a program which stays.
    fn sh(script: &str, args: &[&Path]) -> Self {
        Self::start(silent(Command::new("sh").args(["-c", script, "sh"]).args(args)))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks until it is so: a child is another program only after exec. The deadline guards against hangs.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Why a folder stays, as the plan says it.
fn kept(w: &World, folder: &Path) -> String {
    until(&format!("a reason to keep {}", folder.display()), || {
        let inventory = w.scan();
        let marks = World::marks(&inventory, &[folder]);
        let plan = w.plan(&inventory, &marks, How::ForGood);
        let refused = plan.refused.first()?;
        assert!(plan.is_empty(), "nothing else goes");
        assert!(refused.way_on.starts_with("end what uses it"), "{refused:?}");
        Some(refused.reason.clone())
    })
}

fn library() -> PathBuf {
    let text = std::fs::read_to_string("/proc/self/maps").expect("mapped");
    let path = text.lines().find_map(|l| Some(&l[l.find('/')?..]).filter(|p| p.contains("/libc.so")));
    PathBuf::from(path.expect("the tests are linked dynamically"))
}

#[test]
fn whatever_a_process_uses_in_a_folder_keeps_it_there() {
    let w = World::new();
    let at = |name: &str| w.root.join("home").join(name);
    let open = w.file("open/deep/log", 4);
    w.file("cwd/x", 4);
    w.file("exe/x", 4);
    w.file("map/x", 4);
    let exe = at("exe/program");
    run("cp", &["/bin/sleep", &exe.display().to_string()]);
    let lib = at("map/weights.so");
    std::fs::copy(library(), &lib).expect("copied");

    let p = Running::opens(&open);
    assert!(kept(&w, &at("open")).starts_with(&format!("in use: open by sleep {} (", p.pid())));
    drop(p);
    let p = Running::sleep(|c| {
        c.current_dir(at("cwd"));
    });
    assert!(kept(&w, &at("cwd")).starts_with(&format!("in use: worked in by sleep {} (", p.pid())));
    drop(p);
    let p = Running::start(silent(Command::new(&exe).arg("600")));
    assert!(kept(&w, &at("exe")).contains(&format!("by program {} (", p.pid())));
    drop(p);
    let p = Running::maps(&lib);
    assert!(kept(&w, &at("map")).starts_with(&format!("in use: mapped by sleep {} (", p.pid())));
    let fds = std::fs::read_dir(format!("/proc/{}/fd", p.pid())).expect("looked into").flatten();
    assert!(fds.filter_map(|e| std::fs::read_link(e.path()).ok()).all(|p| p != lib), "it is only mapped");
    drop(p);
    // When nobody uses them any more, all of them go.
    let report = w.remove(&[&at("open"), &at("cwd"), &at("exe"), &at("map")], How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
}

/// An environment as `python -m venv` makes it: its Python is a link to the one of the system.
fn venv(w: &World) -> PathBuf {
    w.file("work/.venv/lib/python3.11/site-packages/pip/__init__.py", 8);
    let env = w.root.join("home/work/.venv");
    std::fs::write(env.join("pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.9\n").expect("written");
    std::fs::create_dir(env.join("bin")).expect("made");
    symlink("/bin/sleep", env.join("bin/python")).expect("linked");
    let old = std::time::SystemTime::now() - Duration::from_hours(24);
    for entry in walkdir::WalkDir::new(&env).contents_first(true).into_iter().flatten() {
        if !entry.file_type().is_symlink() {
            std::fs::File::open(entry.path()).expect("open").set_modified(old).expect("set");
        }
    }
    env
}

/// The inventory with who uses what, and what is said of the environment in it.
fn environment(w: &World) -> (Inventory, Verdict, Vec<String>) {
    let mut inventory = w.scan();
    let roots = facts::watched(&inventory, &Draft::default());
    inventory.set_in_use(&facts::look_in_use(&roots, &w.env).seen);
    let id = inventory.items().find(|i| i.kind == "environment").expect("recognized").id;
    let (verdict, notes) = (inventory.verdict(id), inventory.notes(id));
    (inventory, verdict, notes)
}

#[test]
fn an_environment_that_runs_is_in_use_though_its_python_is_another_ones() {
    let w = World::new();
    let env = venv(&w);
    assert_eq!(environment(&w).1, Verdict::LookFirst, "{:?}", environment(&w).2);
    let called = |p: &Running| format!("run by python {} (", p.pid());
    let said = |start: &str| {
        until(start, || environment(&w).2.into_iter().find(|n| n.starts_with(start)));
        assert_eq!(environment(&w).1, Verdict::InUse);
    };
    let p = Running::start(silent(Command::new(env.join("bin/python")).arg("600")));
    said(&called(&p));
    // The JSON names the process.
    let text = serde_json::to_string(&json::report(&environment(&w).0)).expect("written");
    let pid = format!("\"in_use\":[{{\"pid\":{},\"command\":\"python\",", p.pid());
    assert!(text.contains(&pid), "{text}");
    drop(p);
    // Called from where one stands.
    let mut command = Command::new("sh");
    command.args(["-c", "exec .venv/bin/python 600"]).current_dir(w.root.join("home/work"));
    let p = Running::start(silent(&mut command));
    said(&called(&p));
    drop(p);
    // In the environment of a shell that activated it, even by another name of its folder.
    symlink(w.root.join("home/work"), w.root.join("home/project")).expect("linked");
    let p = Running::sleep(|c| {
        c.env("VIRTUAL_ENV", w.root.join("home/project/.venv"));
    });
    said(&format!("activated by sleep {} (", p.pid()));
    drop(p);
    assert_eq!(environment(&w).1, Verdict::LookFirst);
}

#[test]
fn a_kernel_names_its_notebook_and_keeps_it() {
    let w = World::new();
    w.file("work/train.ipynb", 4);
    let connection = w.root.join("home/run/kernel-0a0b0c0d.json");
    let mut command = Command::new("sh");
    silent(command.args(["-c", "read line; :", "sh", "-f"]).arg(&connection)).stdin(Stdio::piped());
    command.env("JPY_SESSION_NAME", w.root.join("home/work/train.ipynb"));
    let p = Running::start(&mut command);
    let reason = kept(&w, &w.root.join("home/work"));
    assert!(
        reason.starts_with(&format!("in use: used by sh (kernel of train.ipynb) {} (", p.pid())),
        "{reason}"
    );
}

#[test]
fn many_workers_are_told_as_one() {
    let w = World::new();
    let shared = w.file("model/weights", 4);
    let workers: Vec<Running> = (0..12).map(|_| Running::opens(&shared)).collect();
    let reason = until("twelve of them", || {
        let look = InUse::look(&[w.root.join("home/model")], &Names::default());
        let reason = look.reason(&shared)?;
        // Until exec they are called as this program.
        look.seen
            .iter()
            .all(|(_, h)| h.command == "sleep")
            .then_some(reason)
            .filter(|_| look.seen.len() == 12)
    });
    assert!(reason.starts_with("open by sleep ×12 ("), "{reason}");
    assert!(kept(&w, &w.root.join("home/model")).starts_with("in use: open by sleep ×12 ("));
    drop(workers);
}

#[test]
fn each_step_looks_again() {
    let w = World::new();
    let paths = ["1", "2", "3"].map(|name| w.file(&format!("{name}/x"), 4));
    let folders = ["1", "2", "3"].map(|name| w.root.join("home").join(name));
    let inventory = w.scan();
    let marks = World::marks(&inventory, &folders.each_ref().map(PathBuf::as_path));
    let plan = w.plan(&inventory, &marks, How::ForGood);
    let last = plan.steps()[2].path().join("x");
    let mut process = None;
    let report = execute::run(&plan, &w.env, &AtomicBool::new(false), &mut |so_far| {
        if so_far.steps == 2 && process.is_none() {
            let p = Running::opens(&last);
            let comm = format!("/proc/{}/comm", p.pid());
            until("it runs", || std::fs::read(&comm).ok().filter(|c| c == b"sleep\n"));
            // So long a look is good: only then must it be another one.
            std::thread::sleep(Duration::from_millis(2100));
            process = Some(p);
        }
    });
    let outcome = &report.steps[2].outcome;
    assert!(
        matches!(outcome, Outcome::Kept(why) if why.starts_with("in use: open by sleep ")),
        "{outcome:?}"
    );
    assert_eq!(paths.iter().filter(|p| p.exists()).collect::<Vec<_>>(), [&last]);
}

#[test]
fn what_is_used_in_a_trash_is_not_emptied() {
    let w = World::new();
    let file = w.file("a/model", 64);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let trashed = w.trashed();
    let p = Running::opens(&trashed[0].file());
    let all = Empty::plan(&trashed, |_| true);
    let failed = until("it is used", || {
        let look = InUse::look(&[trashed[0].file()], &Names::default());
        look.reason(&trashed[0].file())?;
        all.run(&AtomicBool::new(false), &mut |_| {})[0].failed.clone()
    });
    assert!(failed.starts_with(&format!("in use: open by sleep {} (", p.pid())), "{failed}");
    assert!(trashed[0].file().exists() && trashed[0].info().exists());
    drop(p);
    assert_eq!(all.run(&AtomicBool::new(false), &mut |_| {})[0].failed, None);
    assert!(!trashed[0].file().exists());
}

/// The row of a process among those that hold deleted files.
fn holder(held: &HeldOpen, pid: u32) -> Option<Process> {
    held.processes().iter().find(|p| p.pids.contains(&pid)).cloned()
}

#[test]
fn a_deleted_file_is_found_with_who_holds_it_and_gone_when_that_ends() {
    let w = World::new();
    let log = w.file("run/train.log", 5000);
    let named = w.file("run/odd (deleted)", 40);
    let lib = w.root.join("home/run/lib.so");
    std::fs::copy(library(), &lib).expect("copied");
    let size = lib.metadata().expect("stat").len();
    let p = Running::sleep(|c| {
        c.stdin(std::fs::File::open(&log).expect("open"));
        c.stdout(std::fs::File::open(&named).expect("open"));
        c.env("LD_PRELOAD", &lib);
    });
    until("it is mapped", || {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", p.pid())).ok()?;
        maps.contains("lib.so").then_some(())
    });
    let mut inventory = w.scan();
    let look = || held_open::look(&w.scan().mounts, &w.env);
    assert!(holder(&look(), p.pid()).is_none(), "nothing is deleted yet");
    std::fs::remove_file(&log).expect("removed");
    std::fs::remove_file(&lib).expect("removed");
    let held = look();
    let process = holder(&held, p.pid()).expect("found");
    assert_eq!((process.command.as_str(), process.pids.as_slice()), ("sleep", &[p.pid()][..]));
    assert_eq!(process.files.len(), 2, "{process:?}");
    let file = process.files.iter().find(|f| f.path == log).expect("the log");
    assert_eq!((file.bytes, file.size, file.fd), (Some(5000 << 10), 5000 << 10, Some(0)));
    assert!(w.root.starts_with(&file.mount));
    let mapped = process.files.iter().find(|f| f.path == lib).expect("the library");
    assert_eq!(mapped.fd, None);
    // The size of what is only mapped is told to root alone; to others what is mapped of it.
    match mapped.bytes {
        Some(bytes) => assert!(bytes >= size / 2 && mapped.size == size, "{mapped:?}"),
        None => assert!(mapped.size > 0),
    }
    assert_eq!(held.frees(&process), process.usage().on_disk);
    let total = inventory.total();
    inventory.held_open = held;
    inventory.refresh();
    assert_eq!(inventory.total(), total, "no sum of the scan knows of it");
    let text = serde_json::to_value(json::report(&inventory)).expect("written");
    let rows = text["held_open"]["processes"].as_array().expect("rows").clone();
    let row = rows.iter().find(|r| r["pids"] == serde_json::json!([p.pid()])).expect("its row");
    assert_eq!(row["files"][0]["path"], serde_json::json!(log));
    drop(p);
    assert!(look().processes().iter().all(|p| p.files.iter().all(|f| f.path != log)));
}

#[test]
fn files_in_memory_and_on_other_mounts_fill_no_scanned_disk() {
    let w = World::new();
    let log = w.file("run/log", 400);
    let p = Running::opens(&log);
    std::fs::remove_file(&log).expect("removed");
    let mut mounts = w.scan().mounts;
    assert!(until("held", || holder(&held_open::look(&mounts, &w.env), p.pid())).usage().on_disk > 0);
    for mount in &mut mounts {
        mount.dev += 1;
        mount.id += 1_000_000;
    }
    assert!(holder(&held_open::look(&mounts, &w.env), p.pid()).is_none());
    // Of a world of its own only what was in it counts.
    let elsewhere = Env::fixed(w.root.join("home/other"));
    assert!(holder(&held_open::look(&w.scan().mounts, &elsewhere), p.pid()).is_none());
}

fn run(program: &str, args: &[&str]) {
    let out = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn new(at: &Path, args: &[&str]) -> Self {
        std::fs::create_dir_all(at).expect("made");
        let shown = at.display().to_string();
        run("mount", &[args, &[shown.as_str()]].concat());
        Self(at.to_path_buf())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs root: bind mounts, another mount namespace"]
fn what_is_used_by_another_name_of_its_folder_is_used() {
    let w = World::new();
    let file = w.file("data/models/weights", 4);
    let data = w.root.join("home/data");
    let bind = Mounted::new(&w.root.join("bind"), &["--bind", &data.display().to_string()]);
    let p = Running::opens(&bind.0.join("models/weights"));
    let reason = kept(&w, &data.join("models"));
    assert!(reason.starts_with(&format!("in use: open by sleep {} (", p.pid())), "{reason}");
    drop((p, bind));

    // As in a container: its mounts are not ours, nor its paths.
    let inside = w.root.join("inside");
    std::fs::create_dir(&inside).expect("made");
    let script = "mount --bind \"$1\" \"$2\" && exec sleep 600 < \"$2/models/weights\"";
    let p = Running::start(
        Command::new("unshare")
            .args(["-m", "--propagation", "private", "sh", "-c", script, "sh"])
            .arg(&data)
            .arg(&inside)
            .stdin(Stdio::null()),
    );
    let reason = kept(&w, &data.join("models"));
    assert!(reason.starts_with(&format!("in use: open by sleep {} (", p.pid())), "{reason}");
    let link = std::fs::read_link(format!("/proc/{}/fd/0", p.pid())).expect("looked into");
    assert_eq!(link, inside.join("models/weights"), "it is told by another name");
    // And what it holds when that is deleted, is told by ours.
    std::fs::remove_file(&file).expect("removed");
    let held = held_open::look(&w.scan().mounts, &Env::fixed(w.root.join("home")).with_disk("/"));
    let process = holder(&held, p.pid()).expect("found");
    assert_eq!(process.files[0].path, file);
}

#[test]
#[ignore = "needs root: mounts btrfs from a file"]
fn on_btrfs_too() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    let image = root.join("image");
    std::fs::File::create(&image).expect("made").set_len(128 << 20).expect("sized");
    let image = image.display().to_string();
    run("mkfs.btrfs", &["-q", &image]);
    let mounted = Mounted::new(&root.join("mnt"), &["-o", "loop", &image]);
    let at = mounted.0.join("sub");
    run("btrfs", &["-q", "subvolume", "create", &at.display().to_string()]);
    std::fs::create_dir(root.join("home")).expect("made");
    let w = World::on(&mounted.0, Env::fixed(root.join("home")).with_disk("/"));
    for name in ["open", "map", "lock", "gone"] {
        std::fs::create_dir(at.join(name)).expect("made");
        std::fs::copy(library(), at.join(name).join("x.so")).expect("copied");
    }
    run("sync", &["-f", &at.display().to_string()]);
    let fd = Running::opens(&at.join("open/x.so"));
    assert!(kept(&w, &at.join("open")).starts_with(&format!("in use: open by sleep {} (", fd.pid())));
    let map = Running::maps(&at.join("map/x.so"));
    assert!(kept(&w, &at.join("map")).starts_with(&format!("in use: mapped by sleep {} (", map.pid())));
    let lock = Running::sh("exec flock -F \"$1\" sleep 600", &[&at.join("lock/x.so")]);
    until("the lock", || {
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        locks.contains(&format!(" {} ", lock.pid())).then_some(())
    });
    assert!(kept(&w, &at.join("lock")).contains(&format!(" by sleep {} (", lock.pid())));
    let gone = Running::maps(&at.join("gone/x.so"));
    let size = at.join("gone/x.so").metadata().expect("stat").len();
    std::fs::remove_file(at.join("gone/x.so")).expect("removed");
    let held = held_open::look(&w.scan().mounts, &w.env);
    let process = holder(&held, gone.pid()).expect("found");
    assert_eq!((process.files[0].path.clone(), process.files[0].size), (at.join("gone/x.so"), size));
    assert_eq!(process.files[0].mount, mounted.0);
    drop((fd, map, lock, gone));
}

/// Runs a test of this file in a copy of this program, by way of other programs.
fn inner(name: &str, root: &Path, way: &[&str]) -> String {
    let copy = root.join("tests");
    // By another program: what is open to write here is so in the children of other tests too, and cannot be run.
    let this = std::env::current_exe().expect("this program").display().to_string();
    run("cp", &[&this, &copy.display().to_string()]);
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).expect("set");
    let out = Command::new(way[0])
        .args(&way[1..])
        .arg(&copy)
        .args(["--include-ignored", "--exact", name, "--nocapture"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("MLDU_TEST_ROOT", root)
        .output()
        .expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
    said
}

/// A folder in which another user has a home.
fn for_a_user() -> (tempfile::TempDir, PathBuf) {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("set");
    std::fs::create_dir(root.join("home")).expect("made");
    (tmp, root)
}

const AS_USER: [&str; 6] = ["setpriv", "--reuid", UID, "--regid", UID, "--clear-groups"];

/// The world that was prepared, in a test that was started by another.
fn prepared() -> (PathBuf, World) {
    let root = PathBuf::from(std::env::var_os("MLDU_TEST_ROOT").expect("started by another test"));
    let env = Env::fixed(root.join("home")).with_disk(&root);
    (root.clone(), World::on(&root, env))
}

#[test]
#[ignore = "needs root: becomes another user"]
fn without_root_locks_and_programs_of_others_are_seen_and_the_rest_is_said_to_be_unknown() {
    let (_tmp, root) = for_a_user();
    let w = World::on(&root, Env::fixed(root.join("home")));
    for name in ["locked/deep/run.lock", "quiet/x", "open/x"] {
        w.file(name, 4);
    }
    venv(&w);
    run("chown", &["-R", &format!("{UID}:{UID}"), &root.join("home").display().to_string()]);
    let home = root.join("home");
    // All of these are root's, so the user may look into none of them.
    let lock = Running::sh("exec flock -F \"$1\" sleep 600", &[&home.join("locked/deep/run.lock")]);
    let open = Running::opens(&home.join("open/x"));
    let python =
        Running::start(Command::new(home.join("work/.venv/bin/python")).arg("600").stdin(Stdio::null()));
    until("the lock", || {
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        locks.contains(&format!(" {} ", lock.pid())).then_some(())
    });
    inner("inner_as_user", &root, &AS_USER);
    drop((lock, open, python));
}

#[test]
#[ignore = "run by without_root_locks_and_programs_of_others_are_seen_and_the_rest_is_said_to_be_unknown"]
fn inner_as_user() {
    let (root, w) = prepared();
    let home = root.join("home");
    let plan = |name: &str| -> Plan {
        let inventory = w.scan();
        w.plan(&inventory, &World::marks(&inventory, &[&home.join(name)]), How::Trash)
    };
    let locked = plan("locked");
    assert!(locked.is_empty(), "told in the plan, not only at the step");
    assert!(locked.refused[0].reason.starts_with("in use: locked by sleep "), "{:?}", locked.refused);
    assert!(locked.refused[0].way_on.starts_with("end what uses it"));
    let (_, verdict, notes) = environment(&w);
    assert_eq!(verdict, Verdict::InUse);
    assert!(notes.iter().any(|n| n.starts_with("run by python ")), "{notes:?}");
    // What others have open is not seen: then it is not called unused.
    let open = plan("open");
    assert!(!open.is_empty() && open.closed_processes > 2);
    let words = open.sight().words().expect("something was not seen");
    assert!(words.contains("of others cannot be looked into"), "{words}");
    assert_eq!(open.hidden_processes, proc::hidden());
    let held = held_open::look(&w.scan().mounts, &w.env);
    // Others come and go meanwhile.
    assert!(held.sight.closed > 2);
}

#[test]
#[ignore = "needs root: hides processes"]
fn hidden_processes_are_said_to_be_hidden() {
    let (_tmp, root) = for_a_user();
    let script = "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 2000 --regid 2000 --clear-groups \"$@\"";
    inner("inner_of_others", &root, &["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"]);
    inner("inner_outside", &root, &["unshare", "-p", "-f", "--mount-proc"]);
    inner(
        "inner_none",
        &root,
        &[
            "unshare",
            "-m",
            "--propagation",
            "private",
            "sh",
            "-c",
            "mount -t tmpfs none /proc && exec \"$@\"",
            "sh",
        ],
    );
}

#[test]
#[ignore = "run by hidden_processes_are_said_to_be_hidden"]
fn inner_of_others() {
    assert_eq!(proc::hidden(), Some(Hidden::Others));
}

#[test]
#[ignore = "run by hidden_processes_are_said_to_be_hidden"]
fn inner_outside() {
    assert_eq!(proc::hidden(), Some(Hidden::Outside));
}

#[test]
#[ignore = "run by hidden_processes_are_said_to_be_hidden"]
fn inner_none() {
    assert_eq!(proc::hidden(), Some(Hidden::All));
    assert!(InUse::look(&["/tmp".into()], &Names::default()).seen.is_empty());
}

#[test]
#[ignore = "needs strace"]
fn a_thousand_processes_are_looked_at_without_asking_their_file_systems() {
    let (_tmp, root) = for_a_user();
    for folder in ["watched", "elsewhere/deep"] {
        std::fs::create_dir_all(root.join(folder)).expect("made");
        std::fs::write(root.join(folder).join("x"), "x").expect("written");
    }
    std::fs::write(root.join("elsewhere/gone"), vec![1; 9000]).expect("written");
    // Each has a file open in the one folder and stands in the other, where the last one holds a deleted file.
    let (watched, elsewhere) = (root.join("watched"), root.join("elsewhere"));
    let start = || {
        Running::sleep(|c| {
            c.stdin(std::fs::File::open(watched.join("x")).expect("open"));
            c.current_dir(elsewhere.join("deep"));
        })
    };
    let processes: Vec<Running> = (0..1000).map(|_| start()).collect();
    let gone = Running::sh("exec sleep 600 3< \"$1\"", &[&elsewhere.join("gone")]);
    until("it is open", || std::fs::read_link(format!("/proc/{}/fd/3", gone.pid())).ok());
    std::fs::remove_file(elsewhere.join("gone")).expect("removed");
    let trace = root.join("trace");
    let trace_shown = trace.display().to_string();
    let way = ["strace", "-f", "-s", "4096", "-e", "trace=file", "-o", &trace_shown];
    let said = inner("inner_look", &root, &way);
    assert!(said.contains("seen by 1000"), "{said}");
    let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("read")).into_owned();
    let between = text.split("/mldu-begins").nth(1).and_then(|t| t.split("/mldu-ends").next());
    let mut asked = 0;
    for line in between.expect("both marks").lines().skip(1) {
        // The first text of a call is the path it asks for; what it answers comes behind.
        let Some(path) = line.split('"').nth(1).filter(|p| !p.is_empty()) else { continue };
        asked += 1;
        let fine = path.starts_with("/proc/")
            || path == "/proc"
            || Path::new(path).starts_with(&watched)
            || line.contains("readlink(\"") && !Path::new(path).starts_with(&elsewhere);
        assert!(fine || path == "/mldu-ends", "{line}");
    }
    assert!(asked > 4000, "{asked} calls were seen");
    drop((processes, gone));
}

#[test]
#[ignore = "run by a_thousand_processes_are_looked_at_without_asking_their_file_systems"]
fn inner_look() {
    let root = PathBuf::from(std::env::var_os("MLDU_TEST_ROOT").expect("started by another test"));
    let _ = std::fs::symlink_metadata("/mldu-begins");
    let look = InUse::look(&[root.join("watched")], &Names::default());
    let paths = proc::open_paths();
    let _ = std::fs::symlink_metadata("/mldu-ends");
    let sleeping = look.seen.iter().filter(|(_, h)| h.command == "sleep").count();
    println!("seen by {sleeping}, {} paths", paths.len());
}
