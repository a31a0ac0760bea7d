//! Why it cannot be saved, on the screen: keys in, screens out. No terminal, no disk.

mod common;

use common::app;
use common::hands::{PLAIN, press, screen};
use insta::assert_snapshot;
use mldu::app::event::{Effect, Event};
use mldu::app::files::View;
use mldu::app::{App, Mode};
use mldu::diagnose::facts::{Cause, Facts, Foreign, Lying, Place, Torn, Written};
use mldu::diagnose::places::Purpose;
use mldu::diagnose::{answer, verdict};
use mldu::model::held_open::{HeldFile, HeldOpen, Process};
use mldu::model::mount::{Mount, Space};
use mldu::model::sight::Sight;
use mldu::report::why::{Style, text};
use mldu::text::Units;
use mldu::ui::Theme;
use mldu::ui::theme::Colors;

const GIB: u64 = 1 << 30;

fn mount(path: &str, total: u64, available: u64, root: u64) -> Mount {
    let inodes = (Some(30_500_000), Some(26_800_000));
    Mount {
        path: path.into(),
        fstype: "ext4".into(),
        source: "/dev/nvme0n1p2".into(),
        id: 1,
        dev: 1,
        read_only: false,
        space: Some(Space {
            total,
            available,
            free: available + root,
            inodes: inodes.0,
            inodes_available: inodes.1,
        }),
    }
}

fn place(purpose: Purpose, path: &str, mount: &Mount, written: Written) -> Place {
    Place {
        purpose,
        path: path.into(),
        at: path.into(),
        owner: Some(1007),
        mount: Some(mount.clone()),
        written,
    }
}

/// `/` is full, the notebooks are on `/data`.
fn full() -> Facts {
    let root = mount("/", 457 * GIB, 0, 22 * GIB);
    let data = mount("/data", 3 << 40, 1 << 40, 0);
    let tmp = mount("/tmp", 32 * GIB, 31 * GIB, 0);
    let no = || Written::Failed(Cause::Full);
    let held = HeldFile {
        path: "/home/ana/features.npy".into(),
        id: (1, 7),
        bytes: Some(8 * GIB),
        size: 8 * GIB,
        mtime: 0,
        fd: Some(3),
        mount: "/".into(),
    };
    let process = Process {
        pids: vec![4121],
        command: "python".into(),
        line: "python".into(),
        user: "ana".into(),
        kernel: Some("kernel of train.ipynb".into()),
        since: None,
        files: vec![held],
    };
    Facts {
        user: "ana".into(),
        uid: 1007,
        places: vec![
            place(Purpose::Notebooks, "/data/ana/work", &data, Written::Done),
            place(Purpose::Signatures, "/home/ana/.local/share/jupyter", &root, no()),
            place(Purpose::Kernels, "/home/ana/.local/share/jupyter/runtime", &root, no()),
            place(Purpose::History, "/home/ana/.ipython/profile_default", &root, no()),
            place(Purpose::Temp, "/tmp", &tmp, Written::Done),
        ],
        held: HeldOpen::new(vec![process], Sight { closed: 12, hidden: None }),
        ..Facts::default()
    }
}

/// The screen with something seen on it.
fn asked(facts: Facts) -> App {
    let mut app = app();
    assert!(matches!(press(&mut app, "!"), Some(Effect::Diagnose)));
    assert!(app.update(Event::Diagnosed(Box::new(facts))).is_none());
    app
}

#[test]
fn the_full_mount_has_the_key_beside_its_sentence() {
    let mut app = app();
    for width in [60, 80, 140] {
        let text = screen(&mut app, width, 24, PLAIN);
        let line = text.lines().nth(3).expect("the headline");
        assert!(line.starts_with(" FULL  0 B left for you") && line.ends_with("  ! why"), "{line}");
    }
    app.inventory.mounts.iter_mut().for_each(|m| m.space.iter_mut().for_each(|s| s.available = s.total / 2));
    let _ = app.update(Event::Scan(mldu::model::inventory::ScanEvent::Finished { stopped: false }));
    assert!(!screen(&mut app, 80, 24, PLAIN).contains("! why"), "there is room: nobody needs to be told");
}

#[test]
fn it_says_what_is_full_what_to_do_and_with_which_key() {
    let mut app = app();
    press(&mut app, "!");
    assert_snapshot!("looking", screen(&mut app, 80, 24, PLAIN));
    let mut app = asked(full());
    assert_snapshot!("full", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("full_small", screen(&mut app, 60, 16, PLAIN));
    press(&mut app, "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj");
    assert_snapshot!("full_small_below", screen(&mut app, 60, 16, PLAIN));
    let ascii = screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii(), "{ascii}");
    for (w, h) in [(1, 1), (60, 16), (61, 17), (200, 200)] {
        screen(&mut app, w, h, PLAIN);
    }
    let mono = screen(&mut app, 80, 24, PLAIN);
    assert_eq!(screen(&mut app, 80, 24, Theme { colors: Colors::True, ascii: false }), mono);
}

#[test]
fn trash_and_cut_off_notebooks_come_with_their_way_out() {
    let mut facts = full();
    facts.trash = vec![Lying { mount: "/".into(), bytes: 3 * GIB, things: 2 }];
    facts.foreign = vec![Foreign { mount: "/".into(), bytes: 12 * GIB, things: 31, unknown: 0 }];
    let work = std::path::Path::new("/data/ana/it's my work");
    facts.torn = vec![Torn { notebook: work.join("train.ipynb"), copy: work.join(".~train.ipynb") }];
    let mut app = asked(facts);
    let text = screen(&mut app, 80, 40, PLAIN);
    assert!(text.contains("\n   cp -p '/data/ana/it'\\''s my work/.~train.ipynb' "), "{text}");
    assert!(text.contains("E empty trash"), "{text}");
    press(&mut app, " ");
    assert_snapshot!("trash_and_torn", screen(&mut app, 80, 24, PLAIN));
    // Nothing mldu trashed is known to the interface yet: it says so and stays.
    press(&mut app, "E");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("mldu has nothing in the trash"));
    assert!(matches!(app.mode, Mode::Why(_)));
}

#[test]
fn what_is_copied_is_what_the_command_prints() {
    let mut app = asked(full());
    let Some(Effect::Copy(copied)) = press(&mut app, "y") else { panic!("copied") };
    let facts = full();
    let verdict = verdict::of(&facts, Units::Binary);
    let style = Style::printed("/home/ana".as_ref(), Units::Binary, false);
    assert_eq!(copied, text(&answer::of("gpu07", &facts, &verdict), style));
    assert!(screen(&mut app, 80, 24, PLAIN).contains("copied as text"));
    // Every word of it is on the screen, too.
    let shown = screen(&mut app, 140, 60, PLAIN);
    let missing: Vec<&str> = copied.split_whitespace().filter(|w| !shown.contains(w)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "{shown}");
}

#[test]
fn the_keys_look_again_plan_and_go_back() {
    let mut app = asked(full());
    assert!(matches!(press(&mut app, "t"), Some(Effect::Diagnose)));
    assert!(screen(&mut app, 80, 24, PLAIN).contains("looking where"), "and the old answer stays meanwhile");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("ENOSPC"));
    assert!(press(&mut app, "t").is_none(), "one look at a time");
    let mut fine = full();
    for place in &mut fine.places {
        place.written = Written::Done;
        place.mount = Some(mount("/data", 3 << 40, 1 << 40, 0));
    }
    fine.held = HeldOpen::default();
    let _ = app.update(Event::Diagnosed(Box::new(fine)));
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.starts_with(" CAN JUPYTER SAVE?") && text.contains("saving works"), "{text}");
    press(&mut app, "<esc>");
    assert!(matches!(app.mode, Mode::Browse));
    // An answer that comes too late opens nothing.
    let _ = app.update(Event::Diagnosed(Box::new(full())));
    assert!(matches!(app.mode, Mode::Browse));

    let mut app = asked(full());
    press(&mut app, "<esc>22!");
    let _ = app.update(Event::Diagnosed(Box::new(full())));
    assert!(press(&mut app, "d").is_none());
    assert!(matches!((&app.mode, app.browse.view), (Mode::Browse, View::Groups)), "there it can be marked");
    assert!(app.status.message.as_deref().is_some_and(|m| m.starts_with("nothing is marked")));
    press(&mut app, " !");
    let _ = app.update(Event::Diagnosed(Box::new(full())));
    let marked = app.marks.clone();
    assert!(!marked.is_empty() && screen(&mut app, 80, 24, PLAIN).contains("marked: "));
    assert!(matches!(press(&mut app, "d"), Some(Effect::LookInUse(_))));
    assert!(matches!(app.mode, Mode::Looking) && app.marks == marked);
}

#[test]
fn an_import_and_a_read_only_run_say_what_they_cannot_do() {
    let mut app = app();
    app.context.read_only = true;
    press(&mut app, "!");
    let mut facts = full();
    facts.places.iter_mut().for_each(|p| p.written = Written::Skipped);
    let _ = app.update(Event::Diagnosed(Box::new(facts)));
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("nothing was written to try it") && text.contains("started read-only"), "{text}");
    assert!(press(&mut app, "d").is_none() && matches!(app.mode, Mode::Why(_)));

    let mut app = common::app();
    app.inventory.imported = Some(mldu::model::inventory::Imported {
        host: "far".into(),
        from: "x.json".into(),
        by: "mldu".into(),
        at: None,
    });
    assert!(press(&mut app, "!").is_none());
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("another machine")));
    assert!(matches!(app.mode, Mode::Browse));
}

#[test]
fn a_mount_that_was_not_scanned_is_said_to_be_none() {
    let mut facts = full();
    facts.places.iter_mut().for_each(|p| p.mount = Some(mount("/mnt/a b", GIB, 0, 0)));
    let mut app = asked(facts);
    assert!(
        screen(&mut app, 80, 24, PLAIN)
            .contains("nothing on /mnt/a b was scanned: `mldu '/mnt/a b'` does that")
    );
}

#[test]
fn what_is_safe_can_be_marked_from_here() {
    let mut app = asked(full());
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("4.2 GiB safe on /: S marks it, then d"), "{text}");
    press(&mut app, "S");
    assert!(!app.marks.is_empty() && matches!(app.mode, Mode::Why(_)));
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("marked: 4.2 GiB freed if deleted; d shows"), "{text}");
    assert!(matches!(press(&mut app, "d"), Some(Effect::LookInUse(_))));
    // From the trash, too, in which nothing is safe.
    let mut app = common::app();
    press(&mut app, "4!");
    let _ = app.update(Event::Diagnosed(Box::new(full())));
    press(&mut app, "S");
    assert!(!app.marks.is_empty(), "{:?}", app.status.message);
}
