//! What is worth knowing beside the five checks: bytes that are in no folder, bytes in a trash, notebooks that were cut
//! off. Pure.

use super::facts::{Facts, Foreign};
use super::verdict::{Finding, Level};
use crate::model::held_open::Process;
use crate::model::mount::{Mount, Pressure};
use crate::text::{self, Units};

/// Less than this of a mount is not worth a line: what a notebook takes, or a hundredth of a small mount.
fn worth(mount: &Mount) -> u64 {
    mount.space.map_or(u64::MAX, |s| s.total / 100).min(1 << 20)
}

/// So many processes are named.
const NAMED: usize = 3;

/// All of it. What stands behind a line break is a command, to be pasted as it is.
pub(super) fn of(facts: &Facts, units: Units) -> Vec<Finding> {
    // What can still be lost comes first.
    let mut all = torn(facts);
    all.extend(facts.mounts().into_iter().filter_map(|m| held_open(facts, m, units)));
    all.extend(trash(facts, units));
    all
}

/// What comes back at once without anything being removed: a sentence for each, with a space before it.
pub(super) fn at_once(facts: &Facts, mount: &Mount, units: Units) -> String {
    let mut out = String::new();
    let by_process =
        facts.held.holders_on(&mount.path).into_iter().map(|(p, _)| (facts.held.frees_on(p, &mount.path), p));
    if let Some((bytes, process)) = by_process.max_by_key(|(bytes, p)| (*bytes, std::cmp::Reverse(p.pid())))
        && bytes >= worth(mount)
    {
        out.push_str(&format!(" {} come back as soon as {} ends.", text::size(bytes, units), process.who()));
    }
    if let Some(lying) = facts.trash.iter().find(|l| l.mount == mount.path && l.bytes >= worth(mount)) {
        out.push_str(&format!(" {} come back by `mldu trash empty`.", text::size(lying.bytes, units)));
    }
    out
}

/// `python 4121 (ana), kernel of train.ipynb`.
fn named(process: &Process) -> String {
    let kernel = process.kernel.as_ref().map(|kernel| format!(", {kernel}")).unwrap_or_default();
    process.who() + &kernel
}

fn note(check: &'static str, sentence: String) -> Finding {
    Finding { level: Level::Note, word: "note", check, sentence }
}

/// Deleted files that fill a mount until a process ends. Whoever looks for what fills a full disk is told as well that
/// it is not this, or that nobody can know.
fn held_open(facts: &Facts, mount: &Mount, units: Units) -> Option<Finding> {
    let held = &facts.held;
    let (bytes, untold, at) = (held.on(&mount.path), held.untold_on(&mount.path), text::path(&mount.path));
    let is_full = matches!(mount.pressure(), Pressure::Bytes | Pressure::Inodes);
    let unseen = held.sight.words();
    let size = |n| text::size(n, units);
    if bytes < worth(mount) && (untold == 0 || !is_full) {
        let only = match bytes {
            0 => format!("no process was seen to hold a deleted file on {at}"),
            _ => format!("deleted files that processes hold take only {} on {at}", size(bytes)),
        };
        return is_full.then(|| match unseen {
            Some(unseen) => note("held open", format!("{only}; {unseen}")),
            None => Finding { level: Level::Ok, word: "ok", check: "held open", sentence: only },
        });
    }
    let holders = held.holders_on(&mount.path);
    let told = match &holders[..] {
        [(one, _)] => named(one),
        all => {
            let each = |(p, n): &(&Process, u64)| format!("{}: {}", named(p), size(*n));
            let more = all.len().saturating_sub(NAMED) as u64;
            let more = (more > 0).then(|| text::counted(more, "other", "others"));
            all.iter().take(NAMED).map(each).chain(more).collect::<Vec<_>>().join("; ")
        }
    };
    let what = match (bytes, untold) {
        (0, n) => text::counted(n as u64, "deleted file of unknown size", "deleted files of unknown size"),
        (_, 0) => format!("{} of deleted files", size(bytes)),
        (_, n) => format!("{} of deleted files, and {n} of unknown size,", size(bytes)),
    };
    let end = if holders.len() == 1 { "that ends or restarts" } else { "these end or restart" };
    let unseen = unseen.map(|words| format!("; {words}")).unwrap_or_default();
    let sentence = format!("{what} still fill {at} until {end}: {told}{unseen}");
    Some(note("held open", sentence))
}

/// What lies in trashes on the mounts of the places.
fn trash(facts: &Facts, units: Units) -> Vec<Finding> {
    let here = facts.mounts();
    let on = |path: &std::path::Path| here.iter().any(|m| m.path == path);
    let size = |n| text::size(n, units);
    let ours = facts.trash.iter().filter(|l| on(&l.mount)).map(|lying| {
        let (size, mount) = (size(lying.bytes), text::path(&lying.mount));
        let empty = "`mldu trash empty` gives it back";
        note("trash", format!("{size} that mldu put into the trash still fill {mount}: {empty}"))
    });
    let counts = |f: &&Foreign| {
        let mount = here.iter().find(|m| m.path == f.mount);
        mount.is_some_and(|m| f.bytes >= worth(m) || f.unknown > 0)
    };
    let foreign = facts.foreign.iter().filter(counts).map(|f| {
        let what = match (f.bytes, f.unknown) {
            (0, n) => text::counted(n, "thing of unknown size", "things of unknown size"),
            (bytes, 0) => size(bytes),
            (bytes, n) => format!("{} and {}", size(bytes), text::counted(n, "thing of unknown size", "things of unknown size")),
        };
        let mount = text::path(&f.mount);
        note(
            "trash",
            format!(
                "{what} that other programs put into your trash still fill {mount}: look at it first (`mldu trash list \
                 --foreign`); `mldu trash empty --foreign` gives it back"
            ),
        )
    });
    ours.chain(foreign).collect()
}

/// Notebooks of which only the copy is whole. The next save would write the torn one over it (`jupyter_server` 2,
/// `fileio.py`, `atomic_writing`).
fn torn(facts: &Facts) -> Vec<Finding> {
    let each = facts.torn.iter().map(|torn| {
        let (notebook, copy) = (text::path(&torn.notebook), text::path(&torn.copy));
        let word = |path: &std::path::Path| text::shell(path.as_os_str().as_encoded_bytes());
        let sentence = format!(
            "{notebook} was cut off while it was saved; what it was before is in {copy}. Do not save it again, that would \
             overwrite the copy: free some space, then\ncp -p {} {}",
            word(&torn.copy),
            word(&torn.notebook)
        );
        Finding { level: Level::Note, word: "CUT OFF", check: "notebook", sentence }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::facts::{Lying, Place, Torn, Written};
    use crate::diagnose::places::Purpose;
    use crate::model::held_open::{HeldFile, HeldOpen};
    use crate::model::mount::Space;
    use crate::model::sight::{Hidden, Sight};

    const GIB: u64 = 1 << 30;

    fn facts(available: u64) -> Facts {
        let space = Space { total: 100 * GIB, available, free: available, ..Space::default() };
        let mount = Mount {
            path: "/".into(),
            fstype: "ext4".into(),
            source: "/dev/sda1".into(),
            id: 1,
            dev: 1,
            read_only: false,
            space: Some(space),
        };
        let (purpose, written) = (Purpose::Notebooks, Written::Done);
        let place =
            Place { purpose, path: "/w".into(), at: "/w".into(), owner: None, mount: Some(mount), written };
        Facts { places: vec![place], ..Facts::default() }
    }

    fn process(pid: u32, files: &[(u64, Option<u64>)]) -> Process {
        let file = |(ino, mib): &(u64, Option<u64>)| HeldFile {
            path: "/old".into(),
            id: (1, *ino),
            bytes: mib.map(|m| m << 20),
            size: 1,
            mtime: 0,
            fd: None,
            mount: "/".into(),
        };
        Process {
            pids: vec![pid],
            command: "python".into(),
            line: String::new(),
            user: "ana".into(),
            kernel: (pid == 1).then(|| "kernel of a.ipynb".into()),
            since: None,
            files: files.iter().map(file).collect(),
        }
    }

    fn told(facts: &Facts) -> Vec<String> {
        of(facts, Units::Binary)
            .into_iter()
            .map(|f| format!("{} {}: {}", f.word, f.check, f.sentence))
            .collect()
    }

    fn with(available: u64, each: Vec<Process>, sight: Sight) -> Facts {
        Facts { held: HeldOpen::new(each, sight), ..facts(available) }
    }

    #[test]
    fn what_is_in_no_folder_is_told_with_who_holds_it() {
        let one = vec![process(1, &[(1, Some(2048)), (2, Some(10))])];
        let mut f = with(50 * GIB, one.clone(), Sight::default());
        assert_eq!(
            told(&f),
            [
                "note held open: 2.0 GiB of deleted files still fill / until that ends or restarts: python 1 (ana), \
              kernel of a.ipynb"
            ]
        );
        let mount = f.places[0].mount.clone().expect("a mount");
        assert_eq!(at_once(&f, &mount, Units::Binary), " 2.0 GiB come back as soon as python 1 (ana) ends.");
        f.trash = vec![Lying { mount: "/".into(), bytes: GIB, things: 1 }];
        assert!(
            at_once(&f, &mount, Units::Binary).ends_with(" ends. 1.0 GiB come back by `mldu trash empty`.")
        );
        // What another one holds too does not come back with the first.
        let shared = [
            one,
            (2..6)
                .map(|pid| process(pid, &[(1, Some(2048)), (u64::from(pid) + 9, Some(u64::from(pid)))]))
                .collect(),
        ];
        let f = with(50 * GIB, shared.concat(), Sight { closed: 3, hidden: None });
        let [line] = &told(&f)[..] else { panic!("one line") };
        assert_eq!(
            line,
            "note held open: 2.0 GiB of deleted files still fill / until these end or restart: python 1 (ana), kernel \
             of a.ipynb: 2.0 GiB; python 5 (ana): 2.0 GiB; python 4 (ana): 2.0 GiB; 2 others; 3 processes of others \
             cannot be looked into"
        );
        assert_eq!(at_once(&f, &mount, Units::Binary), " 10.0 MiB come back as soon as python 1 (ana) ends.");
    }

    #[test]
    fn a_full_disk_is_told_when_it_is_not_that_and_when_nobody_knows() {
        let little = vec![process(2, &[(1, Some(0))])];
        assert_eq!(told(&with(50 * GIB, little, Sight::default())), Vec::<String>::new());
        let full = |each, sight| told(&with(0, each, sight)).remove(0);
        assert_eq!(
            full(vec![], Sight::default()),
            "ok held open: no process was seen to hold a deleted file on /"
        );
        assert_eq!(
            full(vec![], Sight { closed: 0, hidden: Some(Hidden::Outside) }),
            "note held open: no process was seen to hold a deleted file on /; only processes of this container are seen"
        );
        assert_eq!(
            full(vec![process(2, &[(1, None)])], Sight::default()),
            "note held open: 1 deleted file of unknown size still fill / until that ends or restarts: python 2 (ana)"
        );
    }

    #[test]
    fn a_trash_is_told_by_whose_it_is() {
        let mut f = facts(0);
        f.trash = vec![
            Lying { mount: "/".into(), bytes: 3 * GIB, things: 2 },
            Lying { mount: "/other".into(), bytes: GIB, things: 1 },
        ];
        let foreign =
            |mount: &str, bytes, unknown| Foreign { mount: mount.into(), bytes, things: 5, unknown };
        f.foreign = vec![foreign("/", 5 * GIB, 2), foreign("/other", GIB, 0), foreign("/", 4096, 0)];
        assert_eq!(
            told(&f)[1..],
            [
                "note trash: 3.0 GiB that mldu put into the trash still fill /: `mldu trash empty` gives it back",
                "note trash: 5.0 GiB and 2 things of unknown size that other programs put into your trash still fill /: \
                 look at it first (`mldu trash list --foreign`); `mldu trash empty --foreign` gives it back"
            ]
        );
    }

    #[test]
    fn a_notebook_that_was_cut_off_comes_back_by_a_command() {
        let tmp = tempfile::tempdir().expect("a folder");
        let folder = tmp.path().join("it's größer");
        std::fs::create_dir(&folder).expect("made");
        let (notebook, copy) = (folder.join("a b.ipynb"), folder.join(".~a b.ipynb"));
        std::fs::write(&notebook, "{").expect("written");
        std::fs::write(&copy, "{}").expect("written");
        let f = Facts { torn: vec![Torn { notebook: notebook.clone(), copy }], ..facts(50 * GIB) };
        let [line] = &told(&f)[..] else { panic!("one line") };
        let (sentence, command) = line.split_once('\n').expect("a command");
        assert!(
            sentence.starts_with("CUT OFF notebook: ") && sentence.contains("Do not save it again"),
            "{sentence}"
        );
        let run = std::process::Command::new("sh").args(["-c", command]).status();
        assert!(run.expect("there is a shell").success(), "{command}");
        assert_eq!(std::fs::read_to_string(notebook).expect("read"), "{}");
    }
}
