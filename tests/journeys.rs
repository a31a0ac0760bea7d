//! What a person does, as keys in and effects and screens out. No terminal, no disk.

mod common;

use common::app;
use common::hands::{PLAIN, answer, answer_with, press, refresh, screen};
use insta::assert_snapshot;
use mldu::app::event::{Effect, Event};
use mldu::app::keymap::Key;
use mldu::app::{App, Mode};
use mldu::model::inventory::{Holder, Inventory, ScanEvent};
use mldu::model::node::NodeId;
use mldu::model::rows::RowKey;
use mldu::removal::blocks::{Blocks, OfTarget, Piece, Split};
use mldu::removal::draft::Draft;
use mldu::removal::execute::{Outcome, Report, StepReport};
use mldu::removal::in_use::InUse;
use mldu::removal::measure::Measured;
use mldu::ui::theme::Colors;
use mldu::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

/// Marks the row with this name.
fn mark(app: &mut App, name: &str) {
    go(app, name);
    press(app, " ");
}

fn go(app: &mut App, name: &str) {
    let names: Vec<String> = app.browse.rows.iter().map(|r| app.inventory.row_name(r.key)).collect();
    let at = names.iter().position(|n| n == name).or_else(|| names.iter().position(|n| n.contains(name)));
    app.browse.go(at.unwrap_or_else(|| panic!("no row {name}")));
}

/// Opens the row with this name, unless it is open.
fn open(app: &mut App, name: &str) {
    go(app, name);
    if app.browse.row().is_some_and(|r| !r.open) {
        press(app, "<right>");
    }
}

#[test]
fn the_first_screen_says_what_is_full_and_what_can_go() {
    let mut app = app();
    assert_snapshot!(screen(&mut app, 80, 24, PLAIN));
}

#[test]
fn what_is_wrong_with_an_own_table_is_said_on_the_screen() {
    use mldu::model::problem::Problem;
    let mut app = app();
    let path = "/home/ana/.config/mldu/caches.d/lab.toml";
    let wrong = Problem::new(path, Problem::LOAD, "line 4, column 12: unknown category `nope`");
    app.update(Event::Scan(ScanEvent::Problem(wrong)));
    for width in [60, 80] {
        let text = screen(&mut app, width, 24, PLAIN);
        assert!(text.contains("lab.toml: line 4, column 12: unknown"), "{text}");
    }
}

#[test]
fn it_fits_small_and_large_screens_and_ascii() {
    let mut app = app();
    open(&mut app, "Checkpoints");
    mark(&mut app, "step 500");
    assert_snapshot!("small", screen(&mut app, 60, 16, PLAIN));
    assert_snapshot!("large", screen(&mut app, 140, 40, PLAIN));
    assert_snapshot!("ascii", screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN }));
    assert_snapshot!("tiny", screen(&mut app, 40, 6, PLAIN));
    for (w, h) in [(1, 1), (3, 1), (20, 5), (59, 16), (60, 15), (300, 3), (200, 200)] {
        screen(&mut app, w, h, PLAIN);
    }
}

#[test]
fn ascii_screens_hold_ascii_only() {
    let mut app = app();
    let theme = Theme { ascii: true, ..PLAIN };
    open(&mut app, "Everything else");
    for keys in ["", "?", "<esc>i", "<esc>/a"] {
        press(&mut app, keys);
        let text = screen(&mut app, 80, 24, theme);
        assert!(text.is_ascii(), "{keys}: {text}");
    }
}

#[test]
fn no_color_and_every_depth_show_the_same_words() {
    let mut app = app();
    mark(&mut app, "Conda tarballs");
    let mono = screen(&mut app, 80, 24, PLAIN);
    for colors in [Colors::Sixteen, Colors::Indexed, Colors::True] {
        assert_eq!(screen(&mut app, 80, 24, Theme { colors, ascii: false }), mono);
    }
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    terminal.draw(|f| ui::render(f, &app, PLAIN)).expect("drawn");
    let buffer = terminal.backend().buffer();
    assert!(buffer.content().iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
    assert!(buffer.content().iter().any(|c| c.modifier.contains(Modifier::REVERSED)), "the cursor is seen");
}

#[test]
fn hostile_names_never_reach_the_screen_raw() {
    let mut app = app();
    open(&mut app, "Everything else");
    open(&mut app, "/");
    open(&mut app, "home");
    open(&mut app, "ana");
    open(&mut app, "work");
    let text = screen(&mut app, 140, 40, PLAIN);
    assert!(text.contains("evil\\e[2J\\nname"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn rows_open_close_sort_and_filter_while_marks_stay() {
    let mut app = app();
    open(&mut app, "Hub");
    open(&mut app, "huggingface/hub");
    mark(&mut app, "acme/llm");
    let marked = app.marks.clone();
    for keys in ["s", "s", "n", "c", "m", "/keras<enter>", "<esc>", "g", "G", "<left>", "a", "o", "o"] {
        press(&mut app, keys);
        assert_eq!(app.marks, marked, "{keys}");
    }
    press(&mut app, "/detached");
    assert_snapshot!("filtered", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>o");
    assert_snapshot!("leftovers", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "U");
    assert!(app.marks.is_empty());
}

#[test]
fn the_cursor_stays_on_its_row_when_rows_move() {
    let mut app = app();
    go(&mut app, "Keras models");
    let key = app.browse.cursor;
    press(&mut app, "n");
    assert_eq!(app.browse.cursor, key);
    press(&mut app, "s");
    assert_eq!(app.browse.cursor, key);
    refresh(&mut app);
    assert_eq!(app.browse.cursor, key);
    // What was found by searching stays found when everything is shown again.
    for keys in ["/detached<enter>", "/detached"] {
        press(&mut app, keys);
        go(&mut app, "detached");
        let found = app.browse.cursor;
        press(&mut app, "<esc>");
        assert!(app.browse.lens.filter.is_empty());
        assert_eq!(app.browse.cursor, found, "{keys}");
    }
}

#[test]
fn a_part_can_be_unmarked_out_of_a_marked_whole() {
    let mut app = app();
    mark(&mut app, "Hub");
    open(&mut app, "Hub");
    open(&mut app, "huggingface/hub");
    open(&mut app, "acme/llm");
    go(&mut app, "detached");
    press(&mut app, " ");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert_snapshot!("partly", text);
    // A blob both revisions hold comes back only with the second.
    assert_eq!(app.status.marked.frees, 15_000 << 20);
    go(&mut app, "detached");
    press(&mut app, " ");
    assert_eq!(app.status.marked.frees, 31_000 << 20);
}

#[test]
fn what_is_protected_or_in_use_cannot_be_marked_and_says_why() {
    let mut app = app();
    open(&mut app, "Conda tarballs");
    mark(&mut app, "urls.txt");
    assert!(app.marks.is_empty());
    assert_eq!(app.status.message.as_deref(), Some("protected: the list of origins"));
    let holder = Holder { pid: 4121, command: "python".into(), user: "ana".into(), how: "open" };
    let seen = vec![("/home/ana/runs/llm/train.log".into(), holder)];
    let _ = app.update(Event::InUse(InUse { seen, closed: 3 }));
    open(&mut app, "Checkpoints");
    mark(&mut app, "step 500");
    assert!(app.marks.is_empty(), "a run is used as a whole");
    assert_eq!(app.status.message.as_deref(), Some("IN USE: open by python 4121 (ana)"));
    assert_snapshot!("in_use", screen(&mut app, 80, 24, PLAIN));
}

#[test]
fn the_plan_shows_what_comes_back_and_asks_before_the_trash() {
    let mut app = app();
    mark(&mut app, "Conda tarballs");
    mark(&mut app, "Keras models");
    assert!(matches!(press(&mut app, "d"), Some(Effect::LookInUse(_))));
    answer(&mut app, InUse { seen: vec![], closed: 12 }, Ok(()));
    assert_snapshot!("plan_full_disk", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "2");
    assert_snapshot!("plan_trash", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<enter>");
    assert_snapshot!("plan_trash_asked", screen(&mut app, 80, 24, PLAIN));
    assert!(press(&mut app, "<enter>").is_none(), "Enter is No");
    assert!(matches!(app.mode, Mode::Confirm(_)));
    press(&mut app, "<enter>");
    assert!(matches!(press(&mut app, "y"), Some(Effect::Remove(plan)) if !plan.is_final()));
}

/// What was found of a target: shared with a copy, compressed, in the image, or not known; the rest is its own.
fn found(blocks: &mut Blocks, node: NodeId, [shared, packed, image, unknown]: [u64; 4], all: u64) {
    let own = all - shared - packed - image - unknown;
    let from = u64::from(node.dir.0) << 50 | u64::from(node.at) << 40;
    let pieces = vec![
        Piece { from, to: from + shared, shared: true },
        Piece { from: from + shared, to: from + shared + packed, shared: false },
    ];
    let plain = Split { own, image, shared, packed, unknown, pieces };
    blocks.targets.insert(node, OfTarget { pool: 1, plain, names: vec![] });
}

#[test]
fn what_may_not_come_back_is_numbered_and_only_the_rest_is_promised() {
    const MIB: u64 = 1 << 20;
    let mut app = app();
    mark(&mut app, "Conda tarballs");
    mark(&mut app, "Keras models");
    press(&mut app, "d");
    answer_with(&mut app, InUse::default(), Ok(()), |draft, facts| {
        for target in draft.targets() {
            let all = target.seen.on_disk;
            let kind = match target.path.file_name().and_then(|n| n.to_str()) {
                Some("vgg16.h5") => [0, 0, all, 0],
                Some("cuda-12.4-h1.conda") => [1000 * MIB, 0, 0, 100 * MIB],
                _ => [0, 1000 * MIB, 0, 0],
            };
            found(&mut facts.blocks, target.node, kind, all);
        }
    });
    press(&mut app, "3");
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    let plan = confirm.plan();
    let doubt = plan.doubt;
    assert_eq!((doubt.shared, doubt.packed, doubt.unknown), (1000 * MIB, 1000 * MIB, 100 * MIB));
    assert_eq!(plan.image, 528 * MIB);
    assert_eq!(plan.frees + doubt.all() + plan.image, plan.size.on_disk);
    assert_eq!(plan.changes[0].after().map(|s| s.available), Some(plan.frees), "what is certain");
    assert_snapshot!("plan_doubt", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("plan_doubt_small", screen(&mut app, 60, 16, PLAIN));
    press(&mut app, "<enter>");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("4.7 GiB will be gone for good"), "not what comes back");
    press(&mut app, "delete");
    let Some(Effect::Remove(plan)) = press(&mut app, "<enter>") else { panic!("it goes") };
    let steps = plan.steps().iter().map(|s| StepReport {
        path: s.path().to_path_buf(),
        line: s.line(),
        action: s.action(),
        outcome: Outcome::Deleted { files: 1 },
    });
    let measured = Measured {
        mount: "/".into(),
        estimated: plan.changes[0].frees,
        maybe: plan.changes[0].maybe,
        before: 0,
        free: 0,
        kept: 0,
        after: Some(plan.changes[0].frees + 10 * MIB),
        percent: 99,
        why: vec!["a snapshot or a copy has what was shared".into()],
    };
    let report = Report { steps: steps.collect(), measured: vec![measured.clone()], ..Report::default() };
    let _ = app.update(Event::Removed(Box::new(report.clone())));
    assert_snapshot!("done_doubt", screen(&mut app, 80, 24, PLAIN));
    if let Mode::Done { report, .. } = &mut app.mode {
        let why = vec!["python 4121 (ana) still has some of it open: it comes back when that ends".into()];
        report.measured = vec![Measured { after: Some(10 * MIB), why, ..measured }];
    }
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("Less than promised: python 4121 (ana) still has some of it open"), "{text}");
}

#[test]
fn a_plan_is_saved_under_a_name_that_is_asked_for() {
    use mldu::app::event::Saved;
    use mldu::removal::saved::{Made, Saved as Written, Scan};
    let mut app = app();
    mark(&mut app, "Conda tarballs");
    mark(&mut app, "Keras models");
    press(&mut app, "d");
    answer(&mut app, InUse::default(), Ok(()));
    assert!(press(&mut app, "2w").is_none());
    assert_snapshot!("plan_save", screen(&mut app, 80, 24, PLAIN));
    let small = screen(&mut app, 60, 16, PLAIN);
    assert!(small.contains("Save as: mldu-plan-20") && small.contains("Enter save"), "{small}");
    // Keys of the plan are letters here.
    press(&mut app, "<esc>w");
    for _ in 0..40 {
        app.update(Event::Key { key: Key::Backspace, burst: false });
    }
    let Some(Effect::SavePlan { contents, file }) = press(&mut app, "q1w y/p.json<enter>") else {
        panic!("it is saved")
    };
    assert_eq!(file, std::path::Path::new("q1w y/p.json"));
    let saved = Written::new(*contents, Made::default(), Scan::default());
    assert_eq!((saved.how.as_str(), saved.entries.len()), ("trash", 3));
    assert!(saved.entries.iter().all(|e| e.action == "trash" && e.targets.len() == 1));
    let no = Saved::No { why: "no space left there".into(), instead: Some("/dev/shm/p.json".into()) };
    app.update(Event::Saved(no));
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("not saved: no space left there; Enter tries it in memory"), "{text}");
    assert!(text.contains("Save as: /dev/shm/p.json"), "{text}");
    assert!(
        matches!(press(&mut app, "<enter>"), Some(Effect::SavePlan { file, .. }) if file.starts_with("/dev/shm"))
    );
    app.update(Event::Saved(Saved::Yes("/home/ana/p.json".into())));
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("saved; to do it later: mldu apply ~/p.json"), "{text}");
    assert!(matches!(app.mode, Mode::Confirm(_)), "the plan stays");
    press(&mut app, "w");
    for _ in 0..40 {
        app.update(Event::Key { key: Key::Backspace, burst: false });
    }
    assert!(press(&mut app, "<enter>").is_none());
    assert!(screen(&mut app, 80, 24, PLAIN).contains("the file has no name"));
    app.context.demo = true;
    assert!(press(&mut app, "w").is_none());
    assert!(screen(&mut app, 80, 24, PLAIN).contains("the demo is gone when you leave it"));
}

#[test]
fn deleting_for_good_needs_the_word() {
    let mut app = app();
    mark(&mut app, "Conda tarballs");
    press(&mut app, "d");
    answer(&mut app, InUse::default(), Ok(()));
    for attempt in ["<enter>", "y<enter>", "delet<enter>", "DELETE<enter>", "deletee<enter>"] {
        press(&mut app, "3<enter>");
        assert!(press(&mut app, attempt).is_none(), "{attempt}");
        assert!(matches!(app.mode, Mode::Confirm(_)), "{attempt}");
    }
    press(&mut app, "3<enter>");
    press(&mut app, "delete");
    assert_snapshot!("plan_word", screen(&mut app, 80, 24, PLAIN));
    assert!(matches!(press(&mut app, "<enter>"), Some(Effect::Remove(plan)) if plan.is_final()));
    assert!(matches!(app.mode, Mode::Removing { .. }));
}

#[test]
fn a_burst_of_keys_answers_no_question() {
    let mut app = app();
    mark(&mut app, "Keras models");
    press(&mut app, "d");
    answer(&mut app, InUse::default(), Ok(()));
    press(&mut app, "2<enter>");
    for key in [Key::Char('y'), Key::Enter, Key::Char('y')] {
        assert!(app.update(Event::Key { key, burst: true }).is_none());
    }
    assert!(!matches!(app.mode, Mode::Removing { .. }));
    let _ = app.update(Event::Paste);
    assert_eq!(app.status.message.as_deref(), Some("pasted text is never acted on"));
}

#[test]
fn a_trash_that_cannot_be_used_says_why_and_the_way_on() {
    let mut app = app();
    mark(&mut app, "Keras models");
    press(&mut app, "d");
    answer(
        &mut app,
        InUse::default(),
        Err("/data is another file system than your home, and not writable by you"),
    );
    press(&mut app, "2");
    assert_snapshot!("plan_no_trash", screen(&mut app, 80, 24, PLAIN));
    assert!(press(&mut app, "<enter>y").is_none(), "nothing can go this way");
}

#[test]
fn what_came_into_use_is_left_out_by_name() {
    let mut app = app();
    open(&mut app, "Hub");
    open(&mut app, "huggingface/hub");
    mark(&mut app, "acme/llm");
    press(&mut app, "d");
    let holder = Holder { pid: 77, command: "python".into(), user: "bo".into(), how: "mapped" };
    let blob = "/home/ana/.cache/huggingface/hub/models--acme--llm/blobs/new";
    answer(&mut app, InUse { seen: vec![(blob.into(), holder)], closed: 0 }, Ok(()));
    assert_snapshot!("plan_left_out", screen(&mut app, 80, 24, PLAIN));
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    let paths: Vec<_> = confirm.plans[2].steps().iter().map(|s| s.path().display().to_string()).collect();
    // The other revision goes with its own blob; what both hold stays.
    assert_eq!(paths, ["/home/ana/.cache/huggingface/hub/models--acme--llm/blobs/old"]);
}

#[test]
fn a_package_and_its_environment_give_back_more_together() {
    let mut app = app();
    mark(&mut app, "Packages");
    let alone = app.status.marked.frees;
    mark(&mut app, "Environments");
    assert!(alone < 1 << 20, "the environment holds its files: {alone}");
    assert!(app.status.marked.frees > 3_200 << 20);
}

#[test]
fn everything_else_is_marked_file_by_file_never_as_a_whole() {
    let mut app = app();
    mark(&mut app, "Everything else");
    assert!(app.marks.is_empty());
    open(&mut app, "Everything else");
    open(&mut app, "/");
    open(&mut app, "home");
    open(&mut app, "ana");
    mark(&mut app, "work");
    assert_eq!(app.status.marked.frees >> 20, 801);
    // A folder around recognized stores is planned without them.
    mark(&mut app, ".cache");
    let draft = Draft::new(&app.inventory, &app.marks);
    let paths: Vec<_> = draft.targets().map(|t| t.path.display().to_string()).collect();
    assert_eq!(paths, ["/home/ana/work"]);
}

#[test]
fn everything_safe_is_marked_with_one_key_and_it_is_what_the_header_says() {
    let mut app = app();
    go(&mut app, "Keras models");
    let cursor = app.browse.cursor;
    press(&mut app, "S");
    assert_eq!(app.status.can_go.0, app.status.marked.frees);
    // Two archives, and the package of which the environment holds all but the folders.
    assert_eq!((app.status.marked.count, app.status.marked.frees), (3, (4_300 << 20) + 8192));
    assert_eq!(app.browse.cursor, cursor, "the cursor stays");
    assert_snapshot!("safe", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("safe_small", screen(&mut app, 60, 16, PLAIN));
    press(&mut app, "S");
    assert!(app.marks.is_empty(), "again unmarks it");
    // What was marked before stays, and what is missing is added.
    mark(&mut app, "Keras models");
    open(&mut app, "Conda tarballs");
    open(&mut app, "/opt/conda/pkgs");
    mark(&mut app, "cuda-12.4-h1");
    press(&mut app, "S");
    assert_eq!(app.marks.len(), 4);
    press(&mut app, "S");
    assert_eq!(app.marks.len(), 1, "the model is not safe");
    // It is the same in the other views; what lies in a trash is never safe.
    for view in ["2", "3"] {
        press(&mut app, "U");
        press(&mut app, view);
        press(&mut app, "S");
        assert_eq!(app.status.can_go.0, app.status.marked.frees, "view {view}");
    }
    press(&mut app, "4S");
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("your only copy")));
}

#[test]
fn what_is_safe_so_far_is_marked_while_it_is_read_and_that_is_said() {
    let mut app = app();
    app.inventory.state = mldu::model::inventory::ScanState::Running;
    press(&mut app, "S");
    let said = app.status.message.clone().unwrap_or_default();
    assert!(said.contains("2 marked: 4.2 GiB freed if deleted; still reading"), "{said}");
}

#[test]
fn so_much_is_asked_for_and_the_gentlest_plan_comes() {
    let mut app = app();
    press(&mut app, "f");
    assert_snapshot!("free", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("free_small", screen(&mut app, 60, 16, PLAIN));
    press(&mut app, "<c-u>");
    for wrong in ["much", "0", "120%"] {
        press(&mut app, wrong);
        assert!(press(&mut app, "<enter>").is_none(), "{wrong}");
        assert!(app.status.message.is_some(), "{wrong}");
        press(&mut app, "<c-u>");
    }
    press(&mut app, "<esc>");
    assert!(matches!(app.mode, Mode::Browse) && app.marks.is_empty());
    // Less than one archive: the one that is older, or else the larger, and nothing else.
    press(&mut app, "f<c-u>2G");
    assert!(matches!(press(&mut app, "<enter>"), Some(Effect::LookInUse(_))));
    answer(&mut app, InUse::default(), Ok(()));
    assert_snapshot!("free_plan", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("free_plan_small", screen(&mut app, 60, 16, PLAIN));
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    assert!(confirm.plan().frees >= 2 << 30 && confirm.plan().lines.len() == 1);
    // What is marked is counted in, and what can be fetched again makes up for the rest: the oldest of it.
    press(&mut app, "<esc>2f<c-u>5G<enter>");
    answer(&mut app, InUse::default(), Ok(()));
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    assert!(confirm.plan().frees >= 5 << 30, "the way that gives it back is chosen");
    let names: Vec<&str> = confirm.plan().lines.iter().map(|l| l.name.as_str()).collect();
    assert!(names.contains(&"cuda-12.4-h1") && !names.contains(&"train"), "{names:?}");
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("marked before")));
}

#[test]
fn what_is_not_enough_says_what_would_be_next() {
    let mut app = app();
    press(&mut app, "f<c-u>400G<enter>");
    answer(&mut app, InUse::default(), Ok(()));
    assert_snapshot!("free_short", screen(&mut app, 80, 24, PLAIN));
    let said = app.status.message.clone().unwrap_or_default();
    assert!(said.contains("of 400.0 GiB can go on /; look first: "), "{said}");
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    assert!(confirm.plan().lines.iter().all(|l| l.verdict < mldu::model::verdict::Verdict::LookFirst));
    // Where nothing may go at all, nothing is asked.
    for (refused, why) in [(true, "read-only"), (false, "import")] {
        let mut app = common::app();
        app.context.read_only = refused;
        app.inventory.imported = (!refused).then(|| mldu::model::inventory::Imported {
            from: "box.json".into(),
            by: "mldu".into(),
            at: None,
            host: String::new(),
        });
        press(&mut app, "f");
        assert!(matches!(app.mode, Mode::Browse), "{why}");
        assert!(app.status.message.as_deref().is_some_and(|m| m.contains(why)), "{:?}", app.status.message);
    }
}

#[test]
fn leaving_asks_only_with_marks() {
    let mut app = app();
    assert!(matches!(press(&mut app, "q"), Some(Effect::Quit)));
    mark(&mut app, "Keras models");
    assert!(press(&mut app, "q").is_none());
    assert!(press(&mut app, "n").is_none());
    assert!(press(&mut app, "q").is_none());
    assert!(matches!(press(&mut app, "y"), Some(Effect::Quit)));
}

#[test]
fn details_and_help_tell_all() {
    let mut app = app();
    open(&mut app, "Hub");
    open(&mut app, "huggingface/hub");
    go(&mut app, "acme/llm");
    press(&mut app, "i");
    assert_snapshot!("details", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>?");
    let mut help = screen(&mut app, 80, 60, PLAIN);
    for binding in mldu::app::keymap::BINDINGS {
        assert!(help.contains(binding.help), "{} is not in the help", binding.help);
    }
    help = screen(&mut app, 80, 24, PLAIN);
    assert_snapshot!("help", help);
}

#[test]
fn nothing_found_is_an_honest_screen() {
    let mut app = app();
    app.inventory = Inventory::new(mldu::model::tree::Tree::new(std::sync::Arc::default()));
    let started = |whole| ScanEvent::Started { roots: Vec::new(), mounts: Vec::new(), whole };
    let _ = app.update(Event::Scan(started(false)));
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    assert!(screen(&mut app, 80, 24, PLAIN).contains("without a folder"));
    let _ = app.update(Event::Scan(started(true)));
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    assert_snapshot!(screen(&mut app, 80, 24, PLAIN));
}

#[test]
fn a_stopped_scan_makes_packages_look_first() {
    let mut app = app();
    let verdict =
        |app: &App| app.inventory.row_verdict(RowKey::Category(mldu::model::category::Category::Packages));
    assert_eq!(verdict(&app).id(), "safe");
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: true }));
    assert_eq!(verdict(&app).id(), "look-first");
}
