//! What the facts mean: the answer in one sentence, each check by itself, and what to do. Pure.

use std::path::PathBuf;

use super::facts::{Cause, Facts, Place, Written};
use super::{memory, notes, words};
use crate::model::mount::{Mount, Pressure};
use crate::text::{self, Units};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All is well.
    Ok,
    /// Worth knowing.
    Note,
    /// It will be bad soon, or is for some.
    Low,
    /// It keeps something from being written.
    Blocked,
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// One word: `FULL`, `QUOTA`, `ok` …
    pub word: &'static str,
    /// What was checked.
    pub check: &'static str,
    /// What was found.
    pub sentence: String,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether saving is blocked.
    pub blocked: bool,
    /// The word it begins with.
    pub word: &'static str,
    /// The mount it is about, if something is wrong with one.
    pub mount: Option<PathBuf>,
    /// The answer in a sentence or two.
    pub sentence: String,
    /// What to do.
    pub way_on: String,
    /// Every check.
    pub findings: Vec<Finding>,
}

/// So many notebooks are named.
const NAMED: usize = 3;

/// Works out what the facts mean.
pub fn of(facts: &Facts, units: Units) -> Verdict {
    let bad: Vec<(&Place, &Cause)> = facts
        .places
        .iter()
        .filter_map(|p| if let Written::Failed(cause) = &p.written { Some((p, cause)) } else { None })
        .collect();
    let worst = bad.iter().min_by_key(|(p, _)| (!p.purpose.blocks(), p.purpose));
    let mut findings = vec![space(facts, units), inodes(facts), quota(facts), read_only(facts), owner(facts)];
    findings.extend(memory::finding(facts, units));
    findings.extend(notes::of(facts, units));
    if let Some((place, cause)) = worst {
        let (word, what) = words::said(place, cause, facts, units);
        let also = also(&bad, place, cause, facts, units);
        return Verdict {
            blocked: bad.iter().any(|(p, _)| p.purpose.blocks()),
            word,
            mount: place.mount.as_ref().map(|m| m.path.clone()),
            sentence: format!("{what}: {}.{}{also}", place.purpose.loss(), words::elsewhere(facts, place)),
            way_on: words::way_on(place, cause, facts, units),
            findings,
        };
    }
    // Nothing could be tried, or all was written: what is left decides.
    let tight = facts.places.iter().find_map(|p| p.mount.as_ref().filter(|m| m.pressure() != Pressure::Fine));
    let skipped = facts.places.iter().any(|p| p.written == Written::Skipped);
    let shared = facts.shared.as_ref().filter(|s| memory::is_full(s));
    let on = |mount: &Mount| text::path(&mount.path);
    let (word, blocked, sentence, way_on) = match (tight, shared) {
        (Some(mount), _) if skipped && mount.pressure() == Pressure::ReadOnly => (
            mount.word(),
            true,
            format!("{} is mounted read-only; nothing was written to try it.", on(mount)),
            words::open(mount, facts),
        ),
        (Some(mount), _) if skipped && mount.pressure() != Pressure::Low => (
            mount.word(),
            true,
            format!("{} has {}; nothing was written to try it.", on(mount), words::left(mount, facts, units)),
            words::free_some(mount, facts, units),
        ),
        (Some(mount), _) => (
            "LOW",
            false,
            format!("saving works, but {} has only {}.", on(mount), words::left(mount, facts, units)),
            words::free_some(mount, facts, units),
        ),
        (None, Some(shared)) => {
            ("FULL", false, memory::sentence(shared, facts, units, skipped), memory::way_on(shared))
        }
        (None, None) if skipped => (
            "OK",
            false,
            "there is room in all five places; nothing was written to try it.".into(),
            String::new(),
        ),
        (None, None) => ("OK", false, "saving works: all five places can be written.".into(), String::new()),
    };
    let way_on = if way_on.is_empty() && !blocked {
        "If a notebook is not saved all the same, its server may run as another user, in a container, or elsewhere: \
         run `mldu why FOLDER` there."
            .to_string()
    } else {
        way_on
    };
    let mount = tight.or(shared.map(|s| &s.mount)).map(|m| m.path.clone());
    Verdict { blocked, word, mount, sentence, way_on, findings }
}

/// What else is wrong, for another reason or elsewhere: whoever mends the first would meet it next.
fn also(bad: &[(&Place, &Cause)], worst: &Place, cause: &Cause, facts: &Facts, units: Units) -> String {
    let mut told = vec![words::said(worst, cause, facts, units).1];
    let mut out = String::new();
    for (place, cause) in bad {
        let what = words::said(place, cause, facts, units).1;
        if !told.contains(&what) {
            out.push_str(&format!(" Besides, {what}: {}.", place.purpose.loss()));
            told.push(what);
        }
    }
    out
}

fn list(mounts: &[&Mount], tell: impl Fn(&Mount) -> String) -> String {
    mounts.iter().map(|m| tell(m)).collect::<Vec<_>>().join(", ")
}

fn space(facts: &Facts, units: Units) -> Finding {
    let all = facts.mounts();
    let full: Vec<&Mount> = all.iter().copied().filter(|m| m.pressure() == Pressure::Bytes).collect();
    let low = all.iter().any(|m| m.space.is_some_and(|s| s.percent() >= 95));
    let tell = |m: &Mount| {
        let s = m.space.unwrap_or_default();
        let kept = match words::kept(m) {
            0 => String::new(),
            kept => format!(", {} is kept for root", text::size(kept, units)),
        };
        let whom = if facts.uid == 0 && !kept.is_empty() { "users" } else { "you" };
        format!("{} for {whom} on {}{kept}", text::size(s.available, units), text::path(&m.path))
    };
    // Where it could be written all the same, by root or in the last blocks, nothing is blocked yet.
    let is_written = |m: &Mount| {
        let mut here = facts.places.iter().filter(|p| p.mount.as_ref().is_some_and(|pm| pm.path == m.path));
        here.all(|p| p.written == Written::Done)
    };
    let (level, word) = match (full.is_empty(), low) {
        (false, _) if full.iter().all(|m| is_written(m)) => (Level::Low, "LOW"),
        (false, _) => (Level::Blocked, "FULL"),
        (true, true) => (Level::Low, "LOW"),
        (true, false) => (Level::Ok, "ok"),
    };
    let told = if full.is_empty() { all } else { full };
    Finding { level, word, check: "space", sentence: list(&told, tell) }
}

fn inodes(facts: &Facts) -> Finding {
    let all: Vec<&Mount> =
        facts.mounts().into_iter().filter(|m| m.space.is_some_and(|s| s.inode_percent().is_some())).collect();
    let percent = |m: &Mount| m.space.and_then(|s| s.inode_percent()).unwrap_or(0);
    let none = all.iter().any(|m| m.space.is_some_and(|s| s.inodes_available == Some(0)));
    let (level, word) = match all.iter().map(|m| percent(m)).max() {
        _ if none => (Level::Blocked, "FULL"),
        Some(95..) => (Level::Low, "LOW"),
        _ => (Level::Ok, "ok"),
    };
    let sentence = if all.is_empty() {
        "these file systems have no fixed number of inodes".into()
    } else {
        list(&all, |m| format!("{}% used on {}", percent(m), text::path(&m.path)))
    };
    Finding { level, word, check: "inodes", sentence }
}

fn quota(facts: &Facts) -> Finding {
    let over: Vec<&Mount> = facts
        .places
        .iter()
        .filter(|p| p.written == Written::Failed(Cause::Quota))
        .filter_map(|p| p.mount.as_ref())
        .collect();
    let tried = facts.places.iter().any(|p| p.written != Written::Skipped);
    let (level, word, sentence) = match (over.first(), tried) {
        (Some(m), _) => (Level::Blocked, "QUOTA", format!("used up on {}", text::path(&m.path))),
        (None, true) => (Level::Ok, "ok", "no write was refused for a quota".into()),
        (None, false) => (Level::Note, "note", "unknown: nothing was written to try it".into()),
    };
    Finding { level, word, check: "quota", sentence }
}

fn read_only(facts: &Facts) -> Finding {
    let all = facts.mounts();
    let refused = |m: &Mount| {
        m.read_only
            || facts.places.iter().any(|p| {
                p.written == Written::Failed(Cause::ReadOnly)
                    && p.mount.as_ref().is_some_and(|pm| pm.path == m.path)
            })
    };
    let closed: Vec<&Mount> = all.iter().copied().filter(|m| refused(m)).collect();
    if !closed.is_empty() {
        let sentence = list(&closed, |m| format!("{} is mounted read-only", text::path(&m.path)));
        return Finding { level: Level::Blocked, word: "READ-ONLY", check: "read-only", sentence };
    }
    if let Some((path, n)) = facts.errors.first() {
        let errors = text::counted(*n, "error", "errors");
        let sentence = format!("the kernel counts {errors} on {}: have it checked", text::path(path));
        return Finding { level: Level::Note, word: "note", check: "read-only", sentence };
    }
    let sentence = "all are mounted for writing, and no error is counted on them".into();
    Finding { level: Level::Ok, word: "ok", check: "read-only", sentence }
}

fn owner(facts: &Facts) -> Finding {
    let is_closed = |p: &&Place| matches!(p.written, Written::Failed(Cause::NotAllowed | Cause::Locked));
    let closed: Vec<&Place> = facts.places.iter().filter(is_closed).collect();
    if closed.is_empty() && !facts.closed.is_empty() {
        let told: Vec<String> = facts.closed.iter().take(NAMED).map(|p| text::path(p)).collect();
        let more = facts.closed.len().saturating_sub(NAMED) as u64;
        let more =
            if more > 0 { format!(" and {}", text::counted(more, "other", "others")) } else { String::new() };
        let sentence = format!("you may not write {}{more}: save under another name", told.join(", "));
        return Finding { level: Level::Note, word: "NOT YOURS", check: "owner", sentence };
    }
    if closed.is_empty() {
        let tried = facts.places.iter().all(|p| p.written == Written::Done);
        let sentence = if tried { "you may write in all five places" } else { "no place was closed to you" };
        return Finding { level: Level::Ok, word: "ok", check: "owner", sentence: sentence.into() };
    }
    let told: Vec<String> = closed.iter().map(|p| text::path(&p.at)).collect();
    let sentence = format!("you may not write to {}", told.join(", "));
    Finding { level: Level::Blocked, word: "NOT YOURS", check: "owner", sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::facts::Lying;
    use crate::diagnose::places::Purpose;
    use crate::model::mount::Space;
    use std::path::Path;

    const GIB: u64 = 1 << 30;

    fn mount(path: &str, fstype: &str, available: u64, inodes: u64) -> Mount {
        let space = Space {
            total: 100 * GIB,
            available,
            free: available + 5 * GIB,
            inodes: Some(1000),
            inodes_available: Some(inodes),
        };
        let path = PathBuf::from(path);
        Mount {
            path,
            fstype: fstype.into(),
            source: "/dev/sda1".into(),
            id: 1,
            dev: 1,
            read_only: false,
            space: Some(space),
        }
    }

    /// All places on `/`, but notebooks on `/data`.
    fn facts(root: &Mount, written: &Written) -> Facts {
        let places = Purpose::ALL.map(|purpose| {
            let is_data = purpose == Purpose::Notebooks;
            let on = if is_data { mount("/data", "ext4", 50 * GIB, 900) } else { root.clone() };
            Place {
                purpose,
                path: PathBuf::from("/x").join(purpose.word()),
                at: on.path.join("x"),
                owner: Some(0),
                mount: Some(on),
                written: if is_data { Written::Done } else { written.clone() },
            }
        });
        Facts { user: "ana".into(), uid: 1007, home: "/x".into(), places: places.into(), ..Facts::default() }
    }

    fn told(root: &Mount, cause: Cause) -> Verdict {
        of(&facts(root, &Written::Failed(cause)), Units::Binary)
    }

    #[test]
    fn each_cause_is_told_with_what_it_means_and_what_to_do() {
        let full = mount("/", "ext4", 0, 500);
        let v = told(&full, Cause::Full);
        assert!(v.blocked && v.word == "FULL", "{v:?}");
        assert_eq!(
            v.sentence,
            "/ has 0 B left for you (5.0 GiB is kept for root): notebooks cannot be saved, because Jupyter signs them there. \
             Your notebooks are on /data and that is fine, but Jupyter writes here too."
        );
        assert_eq!(v.mount.as_deref(), Some(Path::new("/")));
        assert_eq!(
            v.way_on,
            "Free 1.0 GiB on / and it works again: `mldu` shows what can go. Root can give a part of what is kept for it \
             to all: `sudo tune2fs -m 1 /dev/sda1`. Or set JUPYTER_DATA_DIR to a folder that can be written, and start \
             Jupyter again."
        );
        let v = told(&mount("/", "ext4", 9 * GIB, 0), Cause::Full);
        assert!(
            v.sentence.starts_with("/ has no inode left, though 9.0 GiB are free; no new file"),
            "{}",
            v.sentence
        );
        let v = told(&mount("/", "ext4", 60 * GIB, 500), Cause::Quota);
        assert!(v.word == "QUOTA" && v.sentence.contains("the disk itself has 60.0 GiB free"), "{v:?}");
        assert!(v.way_on.contains("counts against the quota"));
        let v = told(&mount("/", "ext4", GIB, 500), Cause::ReadOnly);
        assert!(v.word == "READ-ONLY" && v.way_on.contains("mount -o remount,rw /`"), "{v:?}");
        let v = told(&mount("/", "ext4", GIB, 500), Cause::NotAllowed);
        assert!(v.word == "NOT YOURS" && v.way_on.contains("sudo chown -R 1007 /x"), "{v:?}");
        let v = told(&mount("/run", "tmpfs", 0, 500), Cause::Full);
        assert!(v.sentence.contains("which is in memory") && v.way_on.contains("restart"), "{v:?}");
        let v = told(&mount("/", "overlay", 0, 500), Cause::Full);
        assert!(v.way_on.contains("container's image gives nothing back"), "{v:?}");
        let v = told(&mount("/home", "nfs4", GIB, 500), Cause::NoAnswer);
        assert!(v.word == "NO ANSWER" && v.blocked, "{v:?}");
        let v = told(&mount("/", "ext4", GIB, 500), Cause::Broken("Input/output error (os error 5)".into()));
        assert!(v.word == "BROKEN" && v.way_on.starts_with("Copy what matters"), "{v:?}");
    }

    /// A command that gives a folder to somebody takes it from others: never for what is not in the own home.
    #[test]
    fn nobody_is_told_to_take_what_others_need() {
        let mut facts = facts(&mount("/", "ext4", GIB, 500), &Written::Failed(Cause::NotAllowed));
        for (at, owner, wanted) in [
            (
                "/x/.local",
                0,
                "It belongs to root, perhaps since something ran with sudo once: `sudo chown -R 1007 /x/.local`.",
            ),
            ("/x/a b", 5, "It belongs to user 5: `sudo chown -R 1007 '/x/a b'`."),
            ("/x/nbsignatures.db", 0, "with sudo once: `sudo chown 1007 /x/nbsignatures.db`."),
            ("/x/mine", 1007, "Its permissions forbid it: `chmod u+rwx /x/mine`."),
            ("/", 0, "It belongs to root: work in a folder of your own, or ask its owner."),
            ("/home", 0, "It belongs to root: work in a folder of your own, or ask its owner."),
            ("/data/bob", 5, "It belongs to user 5: work in a folder of your own, or ask its owner."),
        ] {
            (facts.places[1].at, facts.places[1].owner) = (at.into(), Some(owner));
            let v = of(&facts, Units::Binary);
            assert!(v.way_on.contains(wanted), "{}", v.way_on);
            assert_eq!(v.way_on.contains("chown"), at.starts_with("/x/") && owner != 1007, "{}", v.way_on);
        }
    }

    #[test]
    fn a_second_cause_elsewhere_is_told_too() {
        let mut facts = facts(&mount("/", "ext4", 50 * GIB, 500), &Written::Done);
        facts.places[0].written = Written::Failed(Cause::NotAllowed);
        for i in [3, 4] {
            facts.places[i].mount = Some(mount("/tmp", "tmpfs", 0, 500));
            facts.places[i].written = Written::Failed(Cause::Full);
        }
        let v = of(&facts, Units::Binary);
        assert_eq!((v.word, v.mount.as_deref()), ("NOT YOURS", Some(Path::new("/data"))));
        let (_, besides) = v.sentence.split_once(" Besides, ").expect("both are told");
        assert!(besides.starts_with("/tmp, which is in memory, has 0 B left for you"), "{besides}");
        assert!(!besides.contains("Besides"), "each once: {besides}");
    }

    #[test]
    fn root_is_told_that_others_cannot_write() {
        let mut facts = facts(&mount("/", "ext4", 0, 500), &Written::Done);
        facts.uid = 0;
        let v = of(&facts, Units::Binary);
        assert!(!v.blocked && v.word == "LOW", "{v:?}");
        assert_eq!(
            v.sentence,
            "saving works, but / has only 0 B left for users; you are root, and 5.0 GiB is kept for you."
        );
        assert_eq!((v.findings[0].level, v.findings[0].word), (Level::Low, "LOW"));
    }

    #[test]
    fn btrfs_without_room_for_its_records_is_told_from_a_reserve() {
        let mut full = mount("/", "btrfs", 0, 500);
        let v = told(&full, Cause::Full);
        assert!(
            v.sentence.starts_with("/ has no room left for its own records (Btrfs metadata), though 5.0 GiB")
        );
        assert!(
            v.way_on.contains("for good") && v.way_on.contains("`sudo btrfs balance start -dusage=50 /`")
        );
        assert!(v.findings[0].sentence.ends_with("0 B for you on /"), "{:?}", v.findings[0]);
        if let Some(space) = &mut full.space {
            space.free = 0;
        }
        let v = told(&full, Cause::Full);
        assert!(v.sentence.starts_with("/ has 0 B left for you: "), "{v:?}");
        assert!(v.way_on.contains("What snapshots hold comes back only when they go too."), "{v:?}");
        // Nothing that is seen is used up.
        let v = told(&mount("/", "xfs", 60 * GIB, 500), Cause::Full);
        assert!(v.sentence.starts_with("/ takes nothing more, though 60.0 GiB are said"), "{v:?}");
        assert!(v.way_on.starts_with("A limit that cannot be seen"), "{v:?}");
    }

    #[test]
    fn shared_memory_is_told_and_blocks_nothing() {
        let mut facts = facts(&mount("/", "ext4", 50 * GIB, 500), &Written::Done);
        let shared = |available| crate::diagnose::facts::Shared {
            mount: mount("/dev/shm", "tmpfs", available, 500),
            written: Written::Done,
        };
        facts.shared = Some(shared(50 * GIB));
        assert_eq!(of(&facts, Units::Binary).findings.len(), 5, "large and empty");
        facts.shared = Some(shared(0));
        let v = of(&facts, Units::Binary);
        assert!(!v.blocked && v.word == "FULL" && v.mount == Some("/dev/shm".into()), "{v:?}");
        assert!(v.sentence.contains("DataLoader") && v.way_on.starts_with("`mldu /dev/shm` shows"), "{v:?}");
        let mut small = shared(60 << 20);
        if let Some(space) = &mut small.mount.space {
            (space.total, space.free) = (64 << 20, 60 << 20);
        }
        facts.shared = Some(small);
        let v = of(&facts, Units::Binary);
        assert_eq!((v.word, v.findings[5].level), ("OK", Level::Note));
        assert!(v.findings[5].sentence.starts_with("/dev/shm has 64.0 MiB in all, as containers"), "{v:?}");
    }

    #[test]
    fn what_works_is_said_to_work_and_what_is_low_is_low() {
        let v = of(&facts(&mount("/", "ext4", 50 * GIB, 500), &Written::Done), Units::Binary);
        assert!(!v.blocked && v.word == "OK", "{v:?}");
        assert!(v.findings.iter().all(|f| f.level == Level::Ok), "{v:?}");
        let v = of(&facts(&mount("/", "ext4", GIB, 500), &Written::Done), Units::Binary);
        assert!(!v.blocked && v.word == "LOW" && v.sentence.contains("1.0 GiB left for you"), "{v:?}");
        // Nothing was tried: what is left decides, and is said not to have been tried.
        let v = of(&facts(&mount("/", "ext4", 0, 500), &Written::Skipped), Units::Binary);
        assert!(v.blocked && v.sentence.ends_with("nothing was written to try it."), "{v:?}");
    }

    #[test]
    fn only_history_is_lost_without_blocking() {
        let mut facts = facts(&mount("/", "ext4", 50 * GIB, 500), &Written::Done);
        facts.places[3].written = Written::Failed(Cause::NotAllowed);
        let v = of(&facts, Units::Binary);
        assert!(!v.blocked && v.sentence.contains("what is typed is not remembered"), "{v:?}");
    }

    #[test]
    fn errors_the_kernel_counted_are_told_and_so_is_what_comes_back_by_itself() {
        let mut facts = facts(&mount("/", "ext4", 0, 500), &Written::Failed(Cause::Full));
        facts.errors = vec![("/".into(), 4)];
        facts.trash = vec![Lying { mount: "/".into(), bytes: 3 * GIB, things: 2 }];
        let v = of(&facts, Units::Binary);
        let told = |check| v.findings.iter().find(|f| f.check == check).map(|f| f.sentence.clone());
        assert_eq!(told("read-only").as_deref(), Some("the kernel counts 4 errors on /: have it checked"));
        assert!(told("trash").is_some_and(|t| t.starts_with("3.0 GiB that mldu put")), "{v:?}");
        assert!(v.way_on.contains(" 3.0 GiB come back by `mldu trash empty`."), "{}", v.way_on);
        assert_eq!(facts.to_free().map(|m| m.path.clone()), Some("/".into()));
        facts.places.iter_mut().for_each(|p| p.written = Written::Done);
        assert_eq!(facts.to_free().map(|m| m.path.clone()), Some("/".into()), "it is full all the same");
    }
}
