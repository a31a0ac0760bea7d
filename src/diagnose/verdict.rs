//! What the facts mean: the answer in one sentence, each check by itself, and what to do. Pure.

use super::facts::{Cause, Facts, Place, Written};
use super::notes;
use super::places::Purpose;
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
    /// The answer in a sentence or two.
    pub sentence: String,
    /// What to do.
    pub way_on: String,
    /// Every check.
    pub findings: Vec<Finding>,
}

/// Layers of a container: what came with its image gives nothing back.
const LAYERED: &[&str] = &["overlay", "aufs", "fuse.fuse-overlayfs"];

/// File systems in memory.
const IN_MEMORY: &[&str] = &["tmpfs", "ramfs"];

/// So much has to be free before a notebook is saved without worry.
const ROOM: u64 = 1 << 30;

/// Works out what the facts mean.
pub fn of(facts: &Facts, units: Units) -> Verdict {
    let bad: Vec<(&Place, &Cause)> = facts
        .places
        .iter()
        .filter_map(|p| if let Written::Failed(cause) = &p.written { Some((p, cause)) } else { None })
        .collect();
    let worst = bad.iter().min_by_key(|(p, _)| (!p.purpose.blocks(), p.purpose));
    let mut findings = vec![space(facts, units), inodes(facts), quota(facts), read_only(facts), owner(facts)];
    findings.extend(notes::of(facts, units));
    if let Some((place, cause)) = worst {
        let (word, what) = said(place, cause, units);
        return Verdict {
            blocked: bad.iter().any(|(p, _)| p.purpose.blocks()),
            word,
            sentence: format!("{what}: {}.{}", place.purpose.loss(), elsewhere(facts, place)),
            way_on: way_on(place, cause, facts, units),
            findings,
        };
    }
    // Nothing could be tried, or all was written: what is left decides.
    let tight = facts.places.iter().find_map(|p| p.mount.as_ref().filter(|m| m.pressure() != Pressure::Fine));
    let skipped = facts.places.iter().any(|p| p.written == Written::Skipped);
    let (word, blocked, sentence, way_on) = match tight {
        Some(mount) if skipped && mount.pressure() != Pressure::Low => (
            mount.word(),
            true,
            format!("{} has {}; nothing was written to try it.", text::path(&mount.path), left(mount, units)),
            free_some(mount, units),
        ),
        Some(mount) => (
            "LOW",
            false,
            format!("saving works, but {} has only {}.", text::path(&mount.path), left(mount, units)),
            free_some(mount, units),
        ),
        None if skipped => (
            "OK",
            false,
            "there is room in all five places; nothing was written to try it.".into(),
            String::new(),
        ),
        None => ("OK", false, "saving works: all five places can be written.".into(), String::new()),
    };
    let way_on = if way_on.is_empty() && !blocked {
        "If a notebook is not saved all the same, its server may run as another user, in a container, or elsewhere: \
         run `mldu why FOLDER` there."
            .to_string()
    } else {
        way_on
    };
    Verdict { blocked, word, sentence, way_on, findings }
}

/// What is the matter with a place.
fn said(place: &Place, cause: &Cause, units: Units) -> (&'static str, String) {
    let at = place.mount.as_ref().map_or_else(|| text::path(&place.at), |m| text::path(&m.path));
    match cause {
        Cause::Full => {
            let Some(mount) = &place.mount else { return ("FULL", format!("{at} is full")) };
            let space = mount.space.unwrap_or_default();
            if space.inodes_available == Some(0) && mount.pressure() != Pressure::Bytes {
                let free = text::size(space.available, units);
                return (
                    "FULL",
                    format!("{at} has no inode left, though {free} are free; no new file can be made"),
                );
            }
            let kept = space.free.saturating_sub(space.available);
            let reserve = if kept > 0 {
                format!(" ({} is kept for root)", text::size(kept, units))
            } else {
                String::new()
            };
            let memory =
                if IN_MEMORY.contains(&mount.fstype.as_str()) { ", which is in memory," } else { "" };
            ("FULL", format!("{at}{memory} has {} left for you{reserve}", text::size(space.available, units)))
        }
        Cause::Quota => {
            let room = place.mount.as_ref().and_then(|m| m.space).map_or(0, |s| s.available);
            (
                "QUOTA",
                format!(
                    "your quota on {at} is used up; the disk itself has {} free",
                    text::size(room, units)
                ),
            )
        }
        Cause::ReadOnly => ("READ-ONLY", format!("{at} is mounted read-only")),
        Cause::NotAllowed => ("NOT YOURS", format!("you may not write in {}", text::path(&place.at))),
        Cause::Broken(error) => ("BROKEN", format!("the disk under {at} fails ({})", text::plain(error))),
        Cause::NoAnswer => ("NO ANSWER", format!("{at} does not answer")),
        Cause::Other(error) => ("FAILED", format!("{}: {}", text::path(&place.at), text::plain(error))),
    }
}

/// Where the notebooks are, if that is not what is wrong.
fn elsewhere(facts: &Facts, worst: &Place) -> String {
    let notebooks = facts.places.iter().find(|p| p.purpose == Purpose::Notebooks);
    match notebooks.filter(|n| worst.purpose != Purpose::Notebooks && n.written == Written::Done) {
        Some(n) => {
            let on = n.mount.as_ref().map_or_else(|| text::path(&n.at), |m| text::path(&m.path));
            format!(" Your notebooks are on {on} and that is fine, but Jupyter writes here too.")
        }
        None => String::new(),
    }
}

fn way_on(place: &Place, cause: &Cause, facts: &Facts, units: Units) -> String {
    let mount = place.mount.as_ref();
    match cause {
        Cause::Full => {
            mount.map(|m| free_some(m, units) + &notes::at_once(facts, m, units)).unwrap_or_default()
        }
        Cause::Quota => {
            let trash = "what goes to the trash counts against the quota until that is emptied";
            format!("Delete something of your own there, or ask for more; {trash}.")
        }
        Cause::ReadOnly => {
            let broken = mount.is_some_and(|m| facts.errors.iter().any(|(path, _)| *path == m.path));
            let why = if broken {
                " The kernel has counted errors on it and may have done that to save the data."
            } else {
                ""
            };
            format!("Save elsewhere, and ask whoever runs this machine to look at it (`dmesg`).{why}")
        }
        Cause::NotAllowed => {
            let at = text::path(&place.at);
            match place.owner.filter(|o| *o != facts.uid) {
                Some(0) => format!(
                    "It belongs to root, perhaps since something ran with sudo once: `sudo chown -R {} {at}`.",
                    facts.uid
                ),
                Some(uid) => {
                    format!("It belongs to user {uid}; save to a folder of your own, or ask its owner.")
                }
                None => format!("Its permissions forbid it: `chmod u+rwx {at}`."),
            }
        }
        Cause::Broken(_) => {
            "Copy what matters to another disk first; then have this one checked (`dmesg`).".into()
        }
        Cause::NoAnswer => {
            "The server or the process behind it is away; save elsewhere until it is back.".into()
        }
        Cause::Other(_) => String::new(),
    }
}

/// What to free on a mount, and how.
fn free_some(mount: &Mount, units: Units) -> String {
    let at = text::path(&mount.path);
    let how = if IN_MEMORY.contains(&mount.fstype.as_str()) {
        format!("Remove something from {at}: it is in memory, and fresh after a restart")
    } else {
        format!("Free {} on {at} and it works again: `mldu` shows what can go", text::size(ROOM, units))
    };
    let image = if LAYERED.contains(&mount.fstype.as_str()) {
        "; what came with the container's image gives nothing back, so look at what was written since, or mount a volume"
    } else {
        ""
    };
    format!("{how}{image}.")
}

fn left(mount: &Mount, units: Units) -> String {
    let space = mount.space.unwrap_or_default();
    match mount.pressure() {
        Pressure::Inodes => "no inode left".into(),
        Pressure::Low if space.percent() < 95 => {
            format!("{} inodes left", text::count(space.inodes_available.unwrap_or(0)))
        }
        _ => format!("{} left for you", text::size(space.available, units)),
    }
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
        let kept = s.free.saturating_sub(s.available);
        let kept =
            if kept > 0 { format!(", {} is kept for root", text::size(kept, units)) } else { String::new() };
        format!("{} for you on {}{kept}", text::size(s.available, units), text::path(&m.path))
    };
    let (level, word) = match (full.is_empty(), low) {
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
    let tried = facts.places.iter().any(|p| p.written == Written::Done);
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
    let closed: Vec<&Place> =
        facts.places.iter().filter(|p| p.written == Written::Failed(Cause::NotAllowed)).collect();
    if closed.is_empty() {
        let tried = facts.places.iter().all(|p| p.written == Written::Done);
        let sentence = if tried { "you may write in all five places" } else { "no place was closed to you" };
        return Finding { level: Level::Ok, word: "ok", check: "owner", sentence: sentence.into() };
    }
    let told: Vec<String> = closed.iter().map(|p| text::path(&p.at)).collect();
    let sentence = format!("you may not write in {}", told.join(", "));
    Finding { level: Level::Blocked, word: "NOT YOURS", check: "owner", sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::facts::Lying;
    use crate::model::mount::Space;
    use std::path::PathBuf;

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
        Facts { user: "ana".into(), uid: 1007, places: places.into(), ..Facts::default() }
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
            "/ has 0 B left for you (5.0 GiB is kept for root): no kernel can be started. Your notebooks are on /data and \
             that is fine, but Jupyter writes here too."
        );
        assert_eq!(v.way_on, "Free 1.0 GiB on / and it works again: `mldu` shows what can go.");
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
        assert!(v.word == "READ-ONLY" && v.way_on.contains("dmesg"), "{v:?}");
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
    fn only_history_and_trust_are_lost_without_blocking() {
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
        assert!(v.way_on.ends_with("what can go. 3.0 GiB come back by `mldu trash empty`."), "{}", v.way_on);
        assert_eq!(facts.to_free().map(|m| m.path.clone()), Some("/".into()));
        facts.places.iter_mut().for_each(|p| p.written = Written::Done);
        assert_eq!(facts.to_free().map(|m| m.path.clone()), Some("/".into()), "it is full all the same");
    }
}
