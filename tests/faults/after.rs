//! What has to be true after every run, whatever went wrong in it: the invariants of the fault matrix.
//!
//! I1 each part is at exactly one place, as it was; I2 nothing else changed; I3 nothing lies about, but for a record
//! without its thing where it could not be removed; I4 what was told is true; I6 no bytes were taken. (I5 is the
//! terminal's.)

use std::path::{Path, PathBuf};

use mldu::removal::{ledger, restore};

use crate::scene::{Act, Part, Scene, Snapshot, snapshot};
use crate::strace::{Traced, mldu};

/// How it ended.
pub struct Ended {
    /// Whether everything that was to be done is done.
    pub all_done: bool,
    /// Where everything is, in words.
    pub state: String,
}

/// Where a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Original,
    Trashed(PathBuf),
    /// Between the two phases of a deletion: what is left of it.
    Aside(PathBuf),
    Gone,
}

/// Looks at everything, and fails if something is not as it must be.
pub fn check(scene: &Scene, traced: &Traced) -> Ended {
    let was_killed = traced.report.is_none();
    let context = || format!("{:?} with {:?}: {:?}", scene.act, traced.fault, traced.report);
    let trashed = ledger::read(&[scene.trash()]);
    let mut asides = asides(scene);
    let places: Vec<Place> = scene.parts.iter().map(|p| place(p, &trashed, &mut asides, &context)).collect();
    assert!(asides.is_empty(), "I1: {asides:?} is nothing that was to go; {}", context());
    let lone = strays(scene, traced, &trashed, &places, &context);
    let allowed = scene.blocks + 4096 * (scene.parts.len() as u64 + 5);
    assert!(scene.taken() <= allowed, "I6: {} of {allowed} bytes; {}", scene.taken(), context());
    let is_lasting = traced.fault.as_ref().is_some_and(|f| format!("{f:?}").contains('+'));
    bystanders(scene, &places, was_killed || is_lasting, &context);
    let unread = traced.report.as_ref().is_some_and(|r| r.number("problems") > 0);
    for (part, place) in scene.parts.iter().zip(&places) {
        if let Some(report) = &traced.report {
            is_true(scene, part, place, report.step(&part.path), unread, &context);
        }
        let is_allowed = match scene.act {
            Act::Trash | Act::Undo => matches!(place, Place::Original | Place::Trashed(_)),
            Act::Delete | Act::DeleteLarge => !matches!(place, Place::Trashed(_)),
            Act::Empty | Act::EmptyLarge => *place != Place::Original,
        };
        assert!(is_allowed, "I1: {} is {place:?}; {}", part.name, context());
        let with_it = scene.parts.iter().zip(&places).filter(|(other, _)| other.item == part.item);
        let is_whole = |p: &Place| *p == Place::Original;
        let is_one = with_it.into_iter().all(|(_, other)| is_whole(other) == is_whole(place));
        let is_reversible = matches!(scene.act, Act::Trash | Act::Undo);
        let may_split = was_killed || is_lasting || unread || !is_reversible;
        assert!(is_one || may_split, "an item went in part: {places:?}; {}", context());
    }
    if let Some(report) = traced.report.as_ref().filter(|_| scene.act == Act::Trash) {
        let there = trashed.iter().filter(|t| t.is_ours()).filter_map(|t| t.ours.as_ref());
        assert_eq!(report.number("trashed"), there.map(|o| o.bytes).sum::<u64>(), "I4: {}", context());
    }
    let aim = |p: &Place| match scene.act {
        Act::Trash => matches!(p, Place::Trashed(_)),
        Act::Undo => *p == Place::Original,
        _ => *p == Place::Gone,
    };
    let words = scene.parts.iter().zip(&places).map(|(part, place)| {
        let word = match place {
            Place::Original => "original",
            Place::Trashed(_) => "trashed",
            Place::Aside(_) => "aside",
            Place::Gone => "gone",
        };
        format!("{} {word}", part.name)
    });
    let words: Vec<String> = words.chain((lone > 0).then(|| format!("{lone} lone"))).collect();
    Ended { all_done: places.iter().all(aim), state: words.join(", ") }
}

/// Where a part is. It must be at one place, and whole, but for a deletion that began.
fn place(
    part: &Part,
    trashed: &[ledger::Trashed],
    asides: &mut Vec<PathBuf>,
    context: &dyn Fn() -> String,
) -> Place {
    let mut found = Vec::new();
    if part.path.symlink_metadata().is_ok() {
        assert_eq!(snapshot(&part.path, false), part.before, "I1: {} is changed; {}", part.name, context());
        found.push(Place::Original);
    }
    for t in trashed.iter().filter(|t| t.original == part.path && t.identity.is_some()) {
        assert!(t.is_ours(), "I3: its record does not fit it; {}", context());
        assert_eq!(snapshot(&t.file(), false), part.before, "I1: {} is changed; {}", part.name, context());
        found.push(Place::Trashed(t.file()));
    }
    if found.is_empty() {
        let rest = asides.iter().position(|a| {
            let is_near = a.parent() == part.path.parent() || a.to_string_lossy().contains("/Trash/files/");
            is_near && is_rest_of(&snapshot(a, false), &part.before)
        });
        found.extend(rest.map(|at| Place::Aside(asides.remove(at))));
    }
    assert!(found.len() < 2, "I1: {} is at {found:?}; {}", part.name, context());
    found.pop().unwrap_or(Place::Gone)
}

/// Whether everything in it was in the other.
fn is_rest_of(rest: &Snapshot, before: &Snapshot) -> bool {
    rest.iter().all(|(path, entry)| before.get(path) == Some(entry))
}

/// What deletions left between their phases.
fn asides(scene: &Scene) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(&scene.root).into_iter().flatten();
    let is_aside = |name: &str| name.starts_with(mldu::removal::deletion::PREFIX);
    all.filter(|e| is_aside(&e.file_name().to_string_lossy())).map(walkdir::DirEntry::into_path).collect()
}

/// What lies about in the trash. Returns how many records have no thing.
fn strays(
    scene: &Scene,
    traced: &Traced,
    trashed: &[ledger::Trashed],
    places: &[Place],
    context: &dyn Fn() -> String,
) -> usize {
    let list = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(scene.trash().join(folder)).into_iter().flatten().flatten();
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    };
    let records = list("info");
    for name in list("files").iter().filter(|n| !n.starts_with(mldu::removal::deletion::PREFIX)) {
        assert!(records.contains(&format!("{name}.trashinfo")), "I3: {name} has no record; {}", context());
    }
    let was_killed = traced.report.is_none();
    for name in &records {
        let is_read =
            trashed.iter().any(|t| t.info().file_name().is_some_and(|n| n.to_string_lossy() == **name));
        let bytes = std::fs::read(scene.trash().join("info").join(name)).expect("a record");
        // Made and not written yet when the end came.
        assert!(is_read || (was_killed && bytes.is_empty()), "I3: {name} cannot be read; {}", context());
    }
    let files = walkdir::WalkDir::new(scene.root.join("home/.local")).into_iter().flatten();
    for e in files.filter(|e| !e.file_type().is_dir()) {
        let is_trash =
            ["files", "info", "directorysizes"].iter().any(|f| e.path().starts_with(scene.trash().join(f)));
        let is_log = e.path().starts_with(scene.root.join("home/.local/state/mldu"));
        // What tells desktops the sizes of trashed folders is written anew, and put in the place of the old one.
        let is_half = e.path().parent() == Some(&scene.trash())
            && e.file_name().to_string_lossy().starts_with(".mldu-export-");
        let is_ours = is_trash || is_log || (was_killed && is_half);
        assert!(is_ours, "I3: {} lies about; {}", e.path().display(), context());
    }
    let whole = trashed.iter().filter(|t| t.identity.is_some()).count();
    let lone = records.len() - whole;
    let is_cut_short = places.iter().any(|p| matches!(p, Place::Aside(_)));
    let may = was_killed || is_cut_short || traced.fault.as_ref().is_some_and(|f| f.is_at("unlinkat"));
    assert!(lone == 0 || may, "I3: {lone} records without a thing; {}", context());
    lone
}

/// Nothing else changed.
fn bystanders(scene: &Scene, places: &[Place], may_leave_folder: bool, context: &dyn Fn() -> String) {
    let mut now = scene.others();
    if scene.act == Act::Undo {
        // The folder that undo makes again: with what belongs in it, and as it was.
        let single = scene.parts.iter().position(|p| p.name == "single").expect("a part");
        let made = now.remove(Path::new("home/lone/deep"));
        match places[single] {
            Place::Original => assert_eq!(made.map(|m| m.mode & 0o7777), Some(0o751), "I2: {}", context()),
            _ => assert!(made.is_none() || may_leave_folder, "I2: an empty folder was left; {}", context()),
        }
    }
    let differ = |a: &Snapshot, b: &Snapshot| -> Vec<PathBuf> {
        a.iter().filter(|(p, e)| b.get(*p) != Some(e)).map(|(p, _)| p.clone()).collect()
    };
    let (gone, new) = (differ(&scene.bystanders, &now), differ(&now, &scene.bystanders));
    assert!(gone.is_empty() && new.is_empty(), "I2: before {gone:?}, now {new:?}; {}", context());
}

/// What was told of a part is where it is.
fn is_true(
    scene: &Scene,
    part: &Part,
    place: &Place,
    told: Option<(String, String)>,
    unread: bool,
    context: &dyn Fn() -> String,
) {
    let Some((outcome, what)) = told else {
        assert!(unread && matches!(place, Place::Trashed(_)), "I4: {} is not told; {}", part.name, context());
        return;
    };
    let is_true = match (outcome.as_str(), place) {
        ("trashed", Place::Trashed(file)) => *file == Path::new(&what),
        ("deleted", Place::Gone) | ("back", Place::Original) => true,
        ("partly", Place::Aside(rest)) => *rest == Path::new(&what),
        ("kept" | "put back" | "not reached", place) => {
            let is_in_trash = matches!(place, Place::Trashed(_));
            let is_where_it_was =
                if scene.act.begins_in_trash() { is_in_trash } else { *place == Place::Original };
            let is_told = matches!(place, Place::Aside(rest) if what.contains(&rest.display().to_string()));
            !what.is_empty() && (is_where_it_was || is_told) || outcome == "not reached"
        }
        _ => false,
    };
    assert!(is_true, "I4: {} is {place:?}, but told as {outcome}: {what}; {}", part.name, context());
}

/// What a fresh start makes of it: everything in the trash comes back, by the program itself if this was not seen yet.
pub fn next_start(scene: &Scene, by_program: bool) {
    let trashed = ledger::read(&[scene.trash()]);
    let ours: Vec<_> = trashed.iter().filter(|t| t.is_ours()).cloned().collect();
    if by_program {
        let out = mldu(scene, &["trash", "list", "--json"]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        let rows: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let listed = rows["trashed"].as_array().expect("rows").iter().filter(|row| {
            let path = Path::new(row["path"].as_str().unwrap_or_default());
            !row["run"].is_null() && row["present"] == true && path.starts_with(&scene.root)
        });
        assert_eq!(listed.count(), ours.len(), "{rows}");
        if let Some(run) = ours.first().and_then(|t| t.ours.as_ref()).map(|o| &o.run) {
            // Of an item of which a part went for good, or never came, the rest comes back when that is said.
            let out = mldu(scene, &["undo", "--partly", run]);
            let said = String::from_utf8_lossy(&out.stdout);
            // Of what went for good its record may be left: that it cannot come back is true.
            let is_told = out.status.code() == Some(4) && said.contains("only its record is left");
            assert!(out.status.code() == Some(0) || is_told, "{:?} {said}", out.status);
        }
    } else {
        let allow = restore::Allow { rest: true, beside: false };
        let failed = restore::bring_all(&restore::plan(&trashed, |_| true), allow);
        assert!(failed.iter().all(|r| r.failed.is_none()), "{failed:?}");
    }
    for part in scene.parts.iter().filter(|p| ours.iter().any(|t| t.original == p.path)) {
        assert_eq!(snapshot(&part.path, false), part.before, "{} did not come back", part.name);
    }
    assert!(!ledger::read(&[scene.trash()]).iter().any(ledger::Trashed::is_ours));
}
