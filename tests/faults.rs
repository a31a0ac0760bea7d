//! Every system call of a removal fails once, and is the last one once: errors and SIGKILL put into the real code by
//! `strace -e inject=`, and what has to be true afterwards (rows 16, 18 and 32 of the fault matrix).
//!
//! Each test starts itself again in a process namespace of its own, so that what is seen in `/proc` is the same in every
//! run. There, for each system call by name, the first, second, third … one is hit until a run ends unharmed. What is
//! under test is this program once more (`inner_action`): it waits until strace is attached and removes something then,
//! so the calls that are counted are those of the removal and no others.
//!
//! Needs root (namespaces, mounts) and strace, and is run by `.ci/run`.

#[path = "faults/after.rs"]
mod after;
#[path = "faults/inner.rs"]
mod inner;
#[path = "faults/scene.rs"]
mod scene;
#[path = "faults/strace.rs"]
mod strace;
#[path = "common/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use after::Ended;
use scene::{Act, Scene};
use strace::{Fault, Traced};

/// What can go wrong with calls that only look.
const LOOKING: &[&str] = &["EIO", "EACCES", "ESTALE"];

/// What can go wrong with calls that change something.
const CHANGING: &[&str] = &["EIO", "ENOSPC", "EACCES", "EDQUOT", "ESTALE"];

/// The calls of a removal that have to do with files, and what can go wrong with each. `openat` looks, and it makes
/// records.
const CALLS: &[(&str, &[&str])] = &[
    ("faccessat", LOOKING),
    ("faccessat2", LOOKING),
    ("access", LOOKING),
    ("fallocate", CHANGING),
    ("fchmod", CHANGING),
    ("fchmodat", CHANGING),
    ("fchown", CHANGING),
    ("flock", LOOKING),
    ("fstat", LOOKING),
    ("fstatfs", LOOKING),
    ("fdatasync", CHANGING),
    ("fsync", CHANGING),
    ("getcwd", LOOKING),
    ("getdents64", LOOKING),
    ("mkdir", CHANGING),
    ("mkdirat", CHANGING),
    ("openat", CHANGING),
    ("openat2", LOOKING),
    ("pread64", LOOKING),
    ("read", LOOKING),
    ("readlink", LOOKING),
    ("readlinkat", LOOKING),
    ("ftruncate", CHANGING),
    ("rename", CHANGING),
    ("renameat", CHANGING),
    ("renameat2", CHANGING),
    ("newfstatat", LOOKING),
    ("statfs", LOOKING),
    ("statx", LOOKING),
    ("syncfs", LOOKING),
    ("unlink", CHANGING),
    ("unlinkat", CHANGING),
    ("write", CHANGING),
];

/// Calls that have nothing to do with files: memory, threads, clocks, descriptors.
const OTHERS: &[&str] = &[
    "brk",
    "clock_gettime",
    "clone",
    "clone3",
    "close",
    "exit",
    "exit_group",
    "fcntl",
    "futex",
    "getpid",
    "getrandom",
    "geteuid",
    "getuid",
    "gettid",
    "lseek",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "poll",
    "ppoll",
    "prctl",
    "prlimit64",
    "pwrite64",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
    "uname",
];

/// No removal makes more calls of one name than this.
const MANY: usize = 5000;

/// Starts a test of this file again where it sees nothing of this machine's processes, and on a file system in memory:
/// it waits for the disk hundreds of times. Says whether this is that run already.
fn alone(name: &str) -> bool {
    if std::env::var_os("MLDU_FAULTS_ALONE").is_some() {
        return true;
    }
    if let Err(why) = strace::works() {
        println!("SKIPPED {name}: {why}");
        return false;
    }
    let memory = Path::new("/dev/shm");
    let tmp = tempfile::tempdir_in(if memory.is_dir() { memory } else { Path::new("/tmp") });
    let tmp = tmp.expect("a folder");
    let out = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env("MLDU_FAULTS_ALONE", "1")
        .env("TMPDIR", tmp.path())
        .output()
        .expect("unshare runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if said.starts_with("unshare: ") {
        println!("SKIPPED {name}: {said}");
        return false;
    }
    said.lines().filter(|l| l.starts_with("  ")).for_each(|l| println!("{name}: {}", l.trim()));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
    false
}

/// The names of the calls one unharmed run makes, and that it ends as it should.
fn calls(act: Act) -> Vec<(&'static str, &'static [&'static str])> {
    let scene = Scene::new(act);
    let traced = strace::run(&scene, None);
    let ended = after::check(&scene, &traced);
    assert!(ended.all_done, "{act:?} without any fault: {traced:?}");
    let made: BTreeSet<String> = traced.calls();
    for name in &made {
        let is_known = OTHERS.contains(&name.as_str()) || CALLS.iter().any(|c| c.0 == name);
        assert!(
            is_known,
            "{name}: say in CALLS what can go wrong with it, or in OTHERS that it is no matter"
        );
    }
    CALLS.iter().filter(|(name, _)| made.contains(*name)).copied().collect()
}

/// Hits each call of one name, one run each, until a run ends unharmed.
fn each(act: Act, name: &str, fault: impl Fn(usize) -> Fault, mut then: impl FnMut(&Scene, &Traced, Ended)) {
    for k in 1..=MANY {
        let scene = Scene::new(act);
        let traced = strace::run(&scene, Some(&fault(k)));
        let ended = after::check(&scene, &traced);
        then(&scene, &traced, ended);
        if !traced.was_hit {
            return;
        }
    }
    panic!("{act:?}: {name} does not end");
}

fn errors(act: Act, test: &str) {
    if !alone(test) {
        return;
    }
    let (mut runs, mut done) = (0, 0);
    for (name, errors) in calls(act) {
        // A removal changes little, and looks a lot: there two errors at each call, in turn, are enough.
        let looks = errors.len() == LOOKING.len() || name == "openat";
        for turn in 0..if looks { 2 } else { errors.len() } {
            each(
                act,
                name,
                |k| Fault::error(name, errors[(k + turn) % errors.len()], k),
                |_, _, ended| {
                    runs += 1;
                    done += usize::from(ended.all_done);
                },
            );
        }
    }
    println!("\n  {runs} runs with an error, of which {done} did all the same");
    assert!(runs > 100 && done < runs);
}

fn kills(act: Act, test: &str) {
    if !alone(test) {
        return;
    }
    let (mut runs, mut seen) = (0, BTreeSet::new());
    for (name, _) in calls(act) {
        each(
            act,
            name,
            |k| Fault::kill(name, k),
            |scene, traced, ended| {
                runs += 1;
                let is_new = traced.was_hit && seen.insert(ended.state.clone());
                after::next_start(scene, is_new);
            },
        );
    }
    println!(
        "\n  {runs} kills, {} different states: {}",
        seen.len(),
        seen.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
    );
    assert!(runs > 50 && seen.len() > 1);
}

macro_rules! acts {
    ($($errors:ident, $kills:ident, $act:expr;)*) => {$(
        #[test]
        #[ignore = "needs root and strace: injects errors into system calls"]
        fn $errors() {
            errors($act, stringify!($errors));
        }

        #[test]
        #[ignore = "needs root and strace: kills itself at every system call"]
        fn $kills() {
            kills($act, stringify!($kills));
        }
    )*};
}

acts! {
    trashing_with_an_error_at_every_call, trashing_killed_at_every_call, Act::Trash;
    deleting_with_an_error_at_every_call, deleting_killed_at_every_call, Act::Delete;
    undoing_with_an_error_at_every_call, undoing_killed_at_every_call, Act::Undo;
    emptying_with_an_error_at_every_call, emptying_killed_at_every_call, Act::Empty;
}

/// A disk that goes bad and stays so: from the k-th call of a name on, none of them works any more.
#[test]
#[ignore = "needs root and strace: injects errors into system calls"]
fn from_some_call_on_nothing_works_any_more() {
    if !alone("from_some_call_on_nothing_works_any_more") {
        return;
    }
    let mut runs = 0;
    for act in Act::ALL {
        for (name, errors) in calls(act).into_iter().filter(|(_, errors)| errors.len() == CHANGING.len()) {
            // What is looked up in /proc by `openat` is the same for each of them.
            let errors = if name == "openat" { &errors[..1] } else { errors };
            for error in errors {
                each(act, name, |k| Fault::error(name, error, k).lasting(), |_, _, _| runs += 1);
            }
        }
    }
    println!("\n  {runs} runs");
}

/// Many folders, with as many threads as mldu takes by itself: a sample, the same in every run.
#[test]
#[ignore = "needs root and strace: injects errors into system calls"]
fn a_sample_of_faults_in_a_large_folder() {
    if !alone("a_sample_of_faults_in_a_large_folder") {
        return;
    }
    let mut seed = 0x5eed_u64;
    let mut random = |below: u64| {
        // xorshift64: the same numbers everywhere.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut hit = 0;
    for _ in 0..60 {
        let act = [Act::DeleteLarge, Act::EmptyLarge][random(2) as usize];
        let (name, errors) =
            [("unlinkat", CHANGING), ("openat2", LOOKING), ("getdents64", LOOKING), ("statx", LOOKING)]
                [random(4) as usize];
        let k = 1 + random(400) as usize;
        let fault = match random(3) {
            0 => Fault::kill(name, k),
            1 => Fault::error(name, errors[random(errors.len() as u64) as usize], k).lasting(),
            _ => Fault::error(name, errors[random(errors.len() as u64) as usize], k),
        };
        let scene = Scene::new(act);
        let traced = strace::run(&scene, Some(&fault));
        after::check(&scene, &traced);
        hit += usize::from(traced.was_hit);
    }
    println!("\n  {hit} of 60 runs were hit");
    assert!(hit > 20);
}

/// Kernels before 5.6 have no `openat2`, and old sandboxes forbid it: everything works as with it.
#[test]
#[ignore = "needs root and strace: injects errors into system calls"]
fn without_openat2_everything_is_as_with_it() {
    if !alone("without_openat2_everything_is_as_with_it") {
        return;
    }
    for act in Act::ALL {
        for error in ["ENOSYS", "EPERM"] {
            let scene = Scene::new(act);
            let traced = strace::run(&scene, Some(&Fault::error("openat2", error, 1).lasting()));
            assert!(traced.was_hit, "{act:?}");
            assert!(after::check(&scene, &traced).all_done, "{act:?} {error}: {traced:?}");
        }
    }
}

/// Something is mounted inside an item after the plan was made: no route goes into it.
#[test]
#[ignore = "needs root and strace: mounts, and injects errors into system calls"]
fn what_is_mounted_at_the_last_moment_is_never_gone_into() {
    if !alone("what_is_mounted_at_the_last_moment_is_never_gone_into") {
        return;
    }
    for act in [Act::Trash, Act::Delete] {
        for fault in [None, Some("ENOSYS"), Some("EPERM")] {
            let scene = Scene::new(act);
            let inner = scene.root.join("home/models/big/inner");
            let bind = || {
                let keep = scene.root.join("home/keep");
                strace::done(Command::new("mount").arg("--bind").args([&keep, &inner]));
            };
            let fault = fault.map(|error| Fault::error("openat2", error, 1).lasting());
            let traced = strace::run_after(&scene, fault.as_ref(), bind);
            strace::done(Command::new("umount").arg(&inner));
            let ended = after::check(&scene, &traced);
            let kept = traced.report.as_ref().and_then(|r| r.step(&scene.root.join("home/models/big")));
            let (outcome, why) = kept.expect("the step is told");
            assert!(
                outcome == "kept" && why.contains("on another mount"),
                "{act:?} {fault:?}: {outcome} {why}"
            );
            assert!(!ended.all_done);
        }
    }
}

/// In a chroot without `/proc` nothing is known of mounts and processes: nothing is gone into that is mounted, all else
/// works as with it.
#[test]
#[ignore = "needs root: mounts over /proc"]
fn without_proc_nothing_is_less_safe() {
    if !alone("without_proc_nothing_is_less_safe") {
        return;
    }
    for act in Act::ALL {
        let scene = Scene::new(act);
        let traced = strace::run_without_proc(&scene);
        assert!(after::check(&scene, &traced).all_done, "{act:?}: {traced:?}");
    }
    for act in [Act::Trash, Act::Delete] {
        let scene = Scene::new(act);
        let inner = scene.root.join("home/models/big/inner");
        strace::done(Command::new("mount").arg("--bind").args([&scene.root.join("home/keep"), &inner]));
        let traced = strace::run_without_proc(&scene);
        strace::done(Command::new("umount").arg(&inner));
        let ended = after::check(&scene, &traced);
        assert!(!ended.all_done && ended.state.contains("big original"), "{act:?}: {}", ended.state);
    }
    // The program says what it does not know.
    let scene = Scene::new(Act::Undo);
    let out = strace::mldu_without_proc(&scene, &["trash", "list"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(4), "{said}");
    assert!(said.contains("mountinfo: the mounts cannot be read"), "{said}");
    assert!(String::from_utf8_lossy(&out.stdout).contains("models/big"));
}

#[test]
#[ignore = "run by the others, under strace"]
fn inner_action() {
    inner::run();
}
