//! Deleted files that processes hold, as a group on the screen: keys in, screens out. No terminal, no disk.

mod common;

use common::hands::{PLAIN, answer, press, screen};
use common::{NOW, app};
use insta::assert_snapshot;
use mldu::app::event::{Effect, Event};
use mldu::app::{App, Mode};
use mldu::model::category::Category;
use mldu::model::held_open::{HeldFile, HeldOpen, Process};
use mldu::model::rows::RowKey;
use mldu::model::sight::{Hidden, Sight};
use mldu::removal::facts::{Facts, Question};
use mldu::removal::in_use::InUse;
use mldu::report::{Tell, json, table};
use mldu::text::Units;
use mldu::ui::Theme;

fn file(path: &str, ino: u64, mib: u64, fd: Option<u32>) -> HeldFile {
    HeldFile {
        path: path.into(),
        id: (1, ino),
        bytes: fd.map(|_| mib << 20),
        size: mib << 20,
        mtime: NOW - 7200,
        fd,
        mount: "/".into(),
    }
}

fn process(pid: u32, command: &str, line: &str, files: Vec<HeldFile>) -> Process {
    let (command, line, user) = (command.into(), line.into(), "ana".into());
    Process { pids: vec![pid], command, line, user, kernel: None, since: Some(NOW - 3 * 86_400), files }
}

/// What three programs hold: a kernel its data, two workers the same log, an old server a library.
fn held() -> HeldOpen {
    let mut kernel = process(
        4121,
        "python",
        "/opt/conda/envs/train/bin/python -m ipykernel_launcher -f /run/kernel-0a.json",
        vec![
            file("/home/ana/work/features.npy", 11, 8000, Some(47)),
            file("/home/ana/work/evil\u{1b}[2J\nname", 12, 400, Some(48)),
        ],
    );
    kernel.kernel = Some("kernel of train.ipynb".into());
    let log = || vec![file("/home/ana/runs/llm/train.log", 13, 300, Some(3))];
    let each = vec![
        kernel,
        process(612, "python", "python train.py", log()),
        process(611, "python", "python train.py", log()),
        process(90, "tensorboard", "tensorboard --logdir runs", vec![file("/opt/lib.so", 14, 5, None)]),
    ];
    HeldOpen::new(each, Sight { closed: 12, hidden: Some(Hidden::Outside) })
}

fn with_held() -> App {
    let mut app = app();
    let effect = app.update(Event::InUse(InUse { seen: Vec::new(), closed: 12 }));
    assert!(matches!(effect, Some(Effect::LookHeld(mounts)) if mounts == app.inventory.mounts));
    let effect = app.update(Event::Held(Box::new(held())));
    assert!(matches!(effect, Some(Effect::FindInterrupted(_))), "{effect:?}");
    app
}

fn go(app: &mut App, name: &str) {
    let names: Vec<String> = app.browse.rows.iter().map(|r| app.inventory.row_name(r.key)).collect();
    let at = names.iter().position(|n| n.contains(name)).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    app.browse.go(at);
}

/// The group open, and its first process.
fn opened() -> App {
    let mut app = with_held();
    go(&mut app, "Deleted but still open");
    press(&mut app, "<right>");
    go(&mut app, "train.ipynb");
    press(&mut app, "<right>");
    app
}

#[test]
fn they_are_a_group_of_their_own_with_processes_and_their_files() {
    let mut app = opened();
    assert_snapshot!("group", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("group_small", screen(&mut app, 60, 16, PLAIN));
    let ascii = screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii() && ascii.contains("python x2 (ana)"), "{ascii}");
    assert!(screen(&mut app, 140, 24, PLAIN).contains("evil\\e[2J\\nname"));
    // The same as before to everything that adds up what was scanned.
    let plain = common::app();
    assert_eq!(app.inventory.total(), plain.inventory.total());
    assert_eq!(app.status.can_go, plain.status.can_go);
    assert_eq!(app.inventory.shared_between_groups(), plain.inventory.shared_between_groups());
}

#[test]
fn nothing_of_it_can_be_marked_and_it_says_whom_to_end() {
    let mut app = opened();
    for (row, said) in [
        ("Deleted but", "these files are deleted already; open it with → for the processes to end"),
        ("train.ipynb", "restart or end the kernel of train.ipynb: python 4121 (ana)"),
        ("features.npy", "restart or end the kernel of train.ipynb: python 4121 (ana)"),
        ("python ×2", "end or restart python ×2 (ana); then the bytes come back"),
    ] {
        go(&mut app, row);
        assert!(press(&mut app, " ").is_none());
        assert_eq!(app.status.message.as_deref(), Some(said));
        assert!(app.marks.is_empty(), "{row}");
    }
    // Nor by what is around it.
    press(&mut app, "d");
    assert!(matches!(app.mode, Mode::Browse));
}

#[test]
fn details_tell_the_process_the_file_and_the_way_out() {
    let mut app = opened();
    press(&mut app, "i");
    assert_snapshot!("process", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>");
    go(&mut app, "features.npy");
    press(&mut app, "i");
    assert_snapshot!("file", screen(&mut app, 80, 24, PLAIN));
    assert_snapshot!("file_small", screen(&mut app, 60, 16, PLAIN));
    press(&mut app, "<esc>");
    go(&mut app, "Deleted but");
    press(&mut app, "i");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(
        text.contains("looked into; only processes\n                of this container are seen"),
        "{text}"
    );
    press(&mut app, "<esc>");
    // A process that ended meanwhile is no row, and its details say so.
    go(&mut app, "train.ipynb");
    press(&mut app, "i");
    let _ = app.update(Event::Held(Box::default()));
    assert!(screen(&mut app, 80, 24, PLAIN).contains("it is not there any more"));
    press(&mut app, "<esc>");
    assert!(!screen(&mut app, 80, 24, PLAIN).contains("Deleted but still open"));
}

#[test]
fn rows_are_found_sorted_and_looked_at_again() {
    let mut app = opened();
    assert!(matches!(press(&mut app, "r"), Some(Effect::LookHeld(_))));
    let order = |app: &App| -> Vec<String> {
        let held = app.browse.rows.iter().filter(|r| matches!(r.key, RowKey::Process(_)));
        held.map(|r| app.inventory.row_name(r.key)).collect()
    };
    let by_size = ["python 4121 (ana)  kernel of train.ipynb", "python ×2 (ana)", "tensorboard 90 (ana)"];
    assert_eq!(order(&app), by_size);
    press(&mut app, "n");
    assert_eq!(order(&app), [by_size[0], by_size[1], by_size[2]]);
    press(&mut app, "n");
    assert_eq!(order(&app), [by_size[2], by_size[1], by_size[0]]);
    press(&mut app, "/train.log<enter>");
    assert_eq!(order(&app), ["python ×2 (ana)"]);
    // There is nothing of it in the files, and a group has no path.
    press(&mut app, "p");
    press(&mut app, "y");
    assert!(app.status.message.is_some());
}

#[test]
fn the_reports_tell_them_beside_what_was_scanned() {
    let app = with_held();
    let value = serde_json::to_value(json::report(&app.inventory)).expect("written");
    let row = &value["held_open"];
    assert_eq!(row["bytes"], 8700_u64 << 20);
    assert_eq!(
        (&row["files"], &row["closed"], &row["hidden"]),
        (&4.into(), &12.into(), &"outside-container".into())
    );
    assert_eq!(row["processes"][0]["kernel"], "kernel of train.ipynb");
    assert_eq!(row["processes"][1]["pids"], serde_json::json!([611, 612]));
    assert_eq!(row["processes"][2]["files"][0]["bytes"], serde_json::Value::Null);
    assert_eq!(value["scan"]["bytes"], app.inventory.total().on_disk);
    let categories = value["categories"].as_array().expect("groups");
    assert!(categories.iter().all(|c| c["id"] != Category::HeldOpen.id()), "they are no part of the sums");
    let not_counted = &value["scan"]["not_counted"][0];
    assert_eq!(not_counted["held_open"], 8700_u64 << 20);
    assert!(not_counted["bytes"].as_u64() > not_counted["held_open"].as_u64());
    let style = table::Style {
        units: Units::Binary,
        home: "/home/ana".as_ref(),
        now: NOW,
        is_root: false,
        ascii: false,
        tell: Tell::Groups,
    };
    let text = table::table(&app.inventory, style);
    assert!(text.contains("Deleted but still open") && text.contains("end process"), "{text}");
    assert!(text.contains("8.5 GiB of it are the deleted files above"), "{text}");
}

#[test]
fn a_plan_says_what_could_not_be_seen_and_never_that_nothing_is_used() {
    let mut app = with_held();
    go(&mut app, "Keras models");
    press(&mut app, " d");
    let in_use = InUse { seen: Vec::new(), closed: 12 };
    answer(&mut app, in_use.clone(), Ok(()));
    let said = "In use: nothing that goes was seen to be; 12 processes of others cannot be";
    assert!(screen(&mut app, 80, 24, PLAIN).contains(said));
    // A container does not even know how many there are.
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    assert_eq!(confirm.plan().hidden_processes, None);
    let facts = Facts { in_use, hidden: Some(Hidden::Outside), ..Facts::default() };
    let plan =
        mldu::removal::plan::Plan::new(&app.inventory, &app.marks, mldu::removal::plan::How::Trash, &facts);
    assert_eq!(
        plan.sight().words().as_deref(),
        Some("12 processes of others cannot be looked into; only processes of this container are seen")
    );
    // The question itself asks how far one sees.
    let draft = mldu::removal::draft::Draft::default();
    let env = mldu::env::Env::fixed("/nowhere");
    let answer = Question::new(&draft, &app.inventory, InUse::default(), false).answer(&env);
    assert_eq!(answer.hidden, mldu::sys::proc::hidden());
}
