//! The files view, as keys in and effects and screens out. No terminal, no disk.

mod common;

use common::hands::{PLAIN, answer, press, refresh, screen};
use common::{NOW, app};
use insta::assert_snapshot;
use mldu::app::event::{Effect, Event};
use mldu::app::files::View;
use mldu::app::{App, Mode};
use mldu::model::inventory::{Holder, ScanEvent};
use mldu::model::links::{DevId, LinkedInode};
use mldu::model::node::{DirId, Kind, NodeId};
use mldu::model::packed::{BlockWriter, FileFacts};
use mldu::model::problem::Problem;
use mldu::model::rows::RowKey;
use mldu::model::tree::{DirState, ListedDir};
use mldu::removal::draft::Draft;
use mldu::removal::in_use::InUse;
use mldu::text;
use mldu::ui::Theme;

fn node(app: &App, path: &str) -> NodeId {
    app.inventory.tree.find(path.as_ref()).expect(path)
}

/// The entries of the open folder, in order.
fn names(app: &App) -> Vec<String> {
    let tree = &app.inventory.tree;
    app.browse.files.folder.nodes.iter().map(|n| text::display(&tree.name(*n).bytes())).collect()
}

fn under_cursor(app: &App) -> String {
    app.browse.files.node().map(|n| text::display(&app.inventory.tree.name(n).bytes())).unwrap_or_default()
}

fn go(app: &mut App, name: &str) {
    let at = names(app).iter().position(|n| n == name).unwrap_or_else(|| panic!("no {name}"));
    press(app, "g");
    press(app, &"j".repeat(at));
    assert_eq!(under_cursor(app), name);
}

/// Goes into one folder after the other.
fn enter(app: &mut App, path: &str) {
    for name in path.split('/') {
        go(app, name);
        press(app, "<enter>");
    }
}

/// The files that would go, by path.
fn targets(app: &App) -> Vec<String> {
    let draft = Draft::new(&app.inventory, &app.marks);
    let mut paths: Vec<String> = draft.targets().map(|t| t.path.display().to_string()).collect();
    paths.sort();
    paths
}

fn files() -> App {
    let mut app = app();
    press(&mut app, "<tab>");
    app
}

/// Adds a folder to the tree, as the scan reports it.
fn add_dir(
    app: &mut App,
    path: &str,
    state: DirState,
    fill: impl FnOnce(&mut BlockWriter, &FileFacts),
) -> DirId {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let parent = if parent.is_empty() { "/" } else { parent };
    let parent = node(app, parent).dir;
    let id = DirId(app.inventory.tree.bound());
    let facts =
        FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: (NOW - 86_400 * 9) as u32, uid: 1000 };
    let mut writer = BlockWriter::default();
    fill(&mut writer, &facts);
    let dir = ListedDir {
        id,
        parent: Some(parent),
        dev: DevId(u16::from(state == DirState::Skipped)),
        ino: 7000 + u64::from(id.0),
        uid: 1000,
        mtime: facts.mtime,
        state,
        block: writer.finish(name.as_bytes(), &facts),
        kept: Vec::new(),
    };
    let _ = app.update(Event::Scan(ScanEvent::Dirs(vec![dir])));
    id
}

#[test]
fn folders_are_shown_largest_first_with_what_they_are() {
    let mut app = files();
    assert_snapshot!("top", screen(&mut app, 80, 24, PLAIN));
    enter(&mut app, "home/ana");
    assert_snapshot!("home", screen(&mut app, 80, 24, PLAIN));
    enter(&mut app, ".cache/huggingface/hub/models--acme--llm/blobs");
    assert_snapshot!("blobs", screen(&mut app, 80, 24, PLAIN));
}

#[test]
fn it_fits_small_and_large_screens_and_ascii() {
    let mut app = files();
    enter(&mut app, "home/ana");
    press(&mut app, " ");
    assert_snapshot!("small", screen(&mut app, 60, 16, PLAIN));
    assert_snapshot!("large", screen(&mut app, 140, 30, PLAIN));
    let ascii = screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii(), "{ascii}");
    assert_snapshot!("ascii", ascii);
    for keys in ["t", "m", "n", "c", "a", "/x", "<esc>"] {
        press(&mut app, keys);
        for (w, h) in [(60, 16), (79, 20), (80, 24), (99, 24), (100, 24), (300, 100), (10, 3)] {
            screen(&mut app, w, h, PLAIN);
        }
    }
    press(&mut app, "t");
    press(&mut app, "t");
    assert_snapshot!("small_recent", screen(&mut app, 60, 16, PLAIN));
}

#[test]
fn going_in_and_out_comes_back_to_the_folder_left() {
    let mut app = files();
    enter(&mut app, "home/ana/.keras");
    assert_eq!(names(&app), ["models"]);
    press(&mut app, "<left>");
    assert_eq!(under_cursor(&app), ".keras");
    press(&mut app, "h");
    assert_eq!(under_cursor(&app), "ana");
    press(&mut app, "<left><left>");
    assert_eq!(app.browse.files.path.to_str(), Some("/"));
    assert_eq!(app.status.message.as_deref(), Some("this is the top of what was scanned"));
    // The other view and back: all is as it was.
    press(&mut app, "<right>");
    let was = screen(&mut app, 80, 24, PLAIN);
    press(&mut app, "<tab><tab><tab>");
    assert_eq!(app.browse.view, View::Groups);
    press(&mut app, "2");
    assert_eq!(screen(&mut app, 80, 24, PLAIN), was);
    press(&mut app, "1");
    assert_eq!(app.browse.view, View::Groups);
}

#[test]
fn entries_are_sorted_and_turned_and_the_cursor_stays() {
    let mut app = files();
    enter(&mut app, "home/ana");
    go(&mut app, "work");
    assert_eq!(names(&app), [".cache", "runs", "work", ".keras"]);
    press(&mut app, "s");
    assert_eq!(names(&app), [".keras", "work", "runs", ".cache"]);
    press(&mut app, "n");
    assert_eq!(names(&app), [".cache", ".keras", "runs", "work"]);
    press(&mut app, "m");
    assert_eq!(names(&app), ["runs", ".cache", "work", ".keras"]);
    press(&mut app, "c");
    assert_eq!(names(&app), [".cache", "runs", ".keras", "work"]);
    assert_eq!(under_cursor(&app), "work");
    press(&mut app, "/RUN<enter>");
    assert_eq!(names(&app), ["runs"]);
    assert_snapshot!("filtered", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>");
    assert_eq!(names(&app).len(), 4);
    assert_eq!(under_cursor(&app), "runs");
    press(&mut app, "/nothing");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("Nothing matches"));
}

#[test]
fn one_key_says_what_was_written_today() {
    let mut app = app();
    press(&mut app, "t");
    assert_eq!(app.browse.view, View::Files);
    assert_eq!(names(&app)[0], "home");
    assert!(!app.browse.files.look.flipped);
    enter(&mut app, "home/ana/runs/llm");
    assert_eq!(names(&app), ["checkpoint-1000", "train.log", "checkpoint-500"]);
    assert_snapshot!("recent", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "t");
    assert_eq!(names(&app)[2], "checkpoint-1000");
}

#[test]
fn marks_are_one_set_in_both_views() {
    let mut app = app();
    let at = app.browse.rows.iter().position(|r| app.inventory.row_name(r.key) == "Keras models");
    app.browse.go(at.expect("a group"));
    press(&mut app, " 2");
    enter(&mut app, "home/ana");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.lines().any(|l| l.starts_with(" -") && l.contains(".keras/")), "{text}");
    enter(&mut app, ".keras/models");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.lines().any(|l| l.starts_with(">*") && l.contains("vgg16.h5")), "{text}");
    press(&mut app, "<left><left><left>");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.lines().any(|l| l.starts_with(">-") && l.contains("ana/")), "{text}");
    // And the other way: a folder that is a thing is marked as that thing.
    press(&mut app, "U<enter>");
    enter(&mut app, ".cache/huggingface/hub");
    press(&mut app, " 1");
    let marked = app.marks.sorted();
    assert!(matches!(marked[..], [mldu::model::marks::Mark::Item(_)]), "{marked:?}");
    assert!(screen(&mut app, 80, 24, PLAIN).lines().any(|l| l.contains('*') && l.contains("Hub")));
}

#[test]
fn a_marked_folder_goes_as_one_unless_something_in_it_must_stay() {
    let mut app = files();
    enter(&mut app, "home/ana");
    go(&mut app, "runs");
    press(&mut app, " ");
    assert_eq!(targets(&app), ["/home/ana/runs"], "with the run in it");
    press(&mut app, "U");
    go(&mut app, ".cache");
    press(&mut app, " ");
    assert_eq!(
        targets(&app),
        ["/home/ana/.cache/huggingface/hub/models--acme--llm"],
        "the token stays, and so do the folders above it"
    );
    press(&mut app, "d");
    answer(&mut app, InUse::default(), Ok(()));
    assert_snapshot!("plan", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>U");
    go(&mut app, "runs");
    press(&mut app, " d");
    answer(&mut app, InUse::default(), Ok(()));
    let Mode::Confirm(confirm) = &app.mode else { panic!("a plan") };
    assert_eq!(confirm.plan().lines.len(), 1);
    // Dropped from the plan, a folder takes the marks on what lies in it along.
    press(&mut app, " ");
    assert!(app.marks.is_empty());
}

#[test]
fn what_is_protected_in_use_or_shared_cannot_be_marked_and_says_why() {
    let mut app = files();
    enter(&mut app, "opt/conda/pkgs");
    go(&mut app, "urls.txt");
    press(&mut app, " ");
    assert!(app.marks.is_empty());
    assert_eq!(app.status.message.as_deref(), Some("protected: the list of origins"));
    press(&mut app, "<left><left><left>");
    enter(&mut app, "home/ana/.cache/huggingface/hub/models--acme--llm/blobs");
    for (blob, holder) in
        [("shared", "acme/llm main"), ("new", "acme/llm main"), ("old", "acme/llm detached")]
    {
        go(&mut app, blob);
        press(&mut app, " ");
        let said = app.status.message.clone().unwrap_or_default();
        assert!(said.starts_with(&format!("{holder} holds it")), "{said}");
    }
    assert!(app.marks.is_empty());
    let holder = Holder { pid: 4121, command: "python".into(), user: "ana".into(), how: "open" };
    let seen = vec![("/home/ana/runs/llm/train.log".into(), holder)];
    let _ = app.update(Event::InUse(InUse { seen, closed: 0 }));
    press(&mut app, "<left><left><left><left><left>");
    enter(&mut app, "runs/llm/checkpoint-500");
    press(&mut app, " ");
    assert_eq!(app.status.message.as_deref(), Some("IN USE: open by python 4121 (ana)"));
    assert_snapshot!("in_use", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<left><left><left>");
    go(&mut app, "runs");
    press(&mut app, " ");
    assert_eq!(targets(&app), [] as [&str; 0], "a run in use stays whole");
}

#[test]
fn a_blob_never_goes_with_a_folder_while_something_else_holds_it() {
    let mut app = files();
    enter(&mut app, "home/ana/.cache/huggingface/hub/models--acme--llm");
    go(&mut app, "blobs");
    press(&mut app, " ");
    // All revisions lie in it, so all of them are marked; one taken back keeps its blobs.
    assert_eq!(targets(&app).len(), 1);
    press(&mut app, "<enter>");
    press(&mut app, "1");
    let detached = app.inventory.items().find(|i| i.name == "detached").map(|i| i.id).expect("an item");
    app.browse.reveal(&app.inventory, RowKey::Item(detached));
    press(&mut app, " ");
    assert_eq!(
        targets(&app),
        ["/home/ana/.cache/huggingface/hub/models--acme--llm/blobs/new"],
        "what the other revision holds stays"
    );
}

#[test]
fn from_a_row_to_its_place_and_back() {
    let mut app = app();
    let at = app.browse.rows.iter().position(|r| app.inventory.row_name(r.key) == "Keras models");
    app.browse.go(at.expect("a group"));
    press(&mut app, "p");
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("many places")));
    press(&mut app, "<right><right><right>");
    let row = app.browse.cursor;
    assert!(matches!(row, Some(RowKey::Item(_))), "{row:?}");
    press(&mut app, "p");
    assert_eq!(app.browse.view, View::Files);
    assert_eq!(app.browse.files.path.to_str(), Some("/home/ana/.keras/models"));
    assert_eq!(under_cursor(&app), "vgg16.h5");
    press(&mut app, "p");
    assert_eq!((app.browse.view, app.browse.cursor), (View::Groups, row));
    // From any place to the row that stands for it.
    press(&mut app, "2");
    press(&mut app, "<left><left>");
    go(&mut app, "work");
    press(&mut app, "<enter>p");
    assert!(matches!(app.browse.cursor, Some(RowKey::Node(_))), "{:?}", app.browse.cursor);
    for path in
        ["/home/ana/.cache/huggingface/hub/models--acme--llm/blobs/old", "/opt/conda/pkgs", "/home/ana"]
    {
        let place = node(&app, path);
        app.browse.files.show(&app.inventory, place, RowKey::Rest);
        press(&mut app, "2p");
        let row = app.browse.row().map(|r| app.inventory.row_name(r.key)).unwrap_or_default();
        let wanted = [("old", "detached"), ("pkgs", "/opt/conda/pkgs"), ("ana", "ana")];
        let name = path.rsplit('/').next().expect("a name");
        assert!(wanted.contains(&(name, row.as_str())), "{path}: {row}");
    }
}

#[test]
fn details_tell_links_and_holes() {
    let mut app = files();
    let links = std::sync::Arc::clone(app.inventory.tree.links());
    add_dir(&mut app, "/home/ana/odd", DirState::Listed, |w, dir| {
        let mtime = dir.mtime;
        let file = FileFacts { kind: Kind::File, size: 8 << 30, blocks: 8, mtime, uid: 1000 };
        w.file(b"holes.img", file, dir);
        let slot = links.enter(LinkedInode {
            ino: 99,
            size: 5 << 20,
            blocks: 5 << 11,
            nlink: 3,
            uid: 1000,
            mtime,
            dev: DevId(0),
            kind: Kind::File,
            pass: 0,
        });
        w.linked(b"one", Kind::File, slot, mtime);
        w.linked(b"two", Kind::File, slot, mtime);
    });
    refresh(&mut app);
    enter(&mut app, "home/ana/odd");
    go(&mut app, "holes.img");
    press(&mut app, "i");
    assert_snapshot!("sparse", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>");
    go(&mut app, "one");
    press(&mut app, "i");
    assert_snapshot!("links", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>");
    assert_eq!(app.browse.files.folder.all, 3);
    press(&mut app, "<left><left><left>");
    enter(&mut app, "opt/conda/envs/train/lib");
    // What has nothing inside is told about.
    press(&mut app, "<enter>");
    assert_snapshot!("links_to_a_package", screen(&mut app, 80, 24, PLAIN));
}

#[test]
fn folders_that_were_not_read_say_so() {
    let mut app = files();
    add_dir(&mut app, "/home/bo", DirState::Failed, |_, _| {});
    add_dir(&mut app, "/home/nfs", DirState::Skipped, |_, _| {});
    let _ =
        app.update(Event::Scan(ScanEvent::Problem(Problem::new("/home/bo", "open", "permission denied"))));
    refresh(&mut app);
    enter(&mut app, "home");
    go(&mut app, "bo");
    assert_snapshot!("not_read", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<enter>");
    assert!(matches!(app.mode, Mode::Details { .. }));
    press(&mut app, "<esc>");
    go(&mut app, "nfs");
    press(&mut app, " ");
    assert!(app.marks.is_empty(), "another mount is not marked");
}

#[test]
fn it_is_live_while_the_scan_runs() {
    let mut app = files();
    app.inventory.state = mldu::model::inventory::ScanState::Running;
    enter(&mut app, "home");
    assert_eq!(names(&app), ["ana"]);
    add_dir(&mut app, "/home/bo", DirState::Listed, |w, dir| {
        w.file(b"big", FileFacts { kind: Kind::File, size: 1 << 40, blocks: 1 << 31, ..*dir }, dir);
    });
    refresh(&mut app);
    assert_eq!(names(&app), ["bo", "ana"]);
    assert_eq!(under_cursor(&app), "bo", "nobody moved, so the cursor stays at the top");
}

/// The folder as it is read again, with other files in it.
fn read_again(app: &App, id: DirId, files: &[(&[u8], u64)]) -> ListedDir {
    let old = app.inventory.tree.get(id).expect("there").clone();
    let facts = old.facts();
    let mut writer = BlockWriter::default();
    for (name, mib) in files {
        let file = FileFacts { kind: Kind::File, size: mib << 20, blocks: mib << 11, ..facts };
        writer.file(name, file, &facts);
    }
    ListedDir {
        id,
        parent: app.inventory.tree.parent(id),
        dev: old.dev,
        ino: old.ino,
        uid: old.uid,
        mtime: old.mtime,
        state: DirState::Listed,
        block: writer.finish(old.head().name, &facts),
        kept: Vec::new(),
    }
}

#[test]
fn reading_again_keeps_place_cursor_and_marks() {
    let mut app = files();
    enter(&mut app, "home/ana/work");
    go(&mut app, "data.bin");
    press(&mut app, " k");
    let Some(Effect::Rescan(again)) = press(&mut app, "r") else { panic!("a rescan") };
    assert_eq!(again[0].path.to_str(), Some("/home/ana/work"));
    // A file before it in the folder makes every number another one.
    let dir = read_again(&app, again[0].id, &[(b"a new one", 1), (b"data.bin", 800)]);
    let _ = app.update(Event::Scan(ScanEvent::Again("/home/ana/work".into())));
    press(&mut app, "i");
    let _ = app.update(Event::Scan(ScanEvent::Dirs(vec![dir])));
    // Between the two nothing stale is drawn, and nothing is marked by a number of before.
    assert!(matches!(app.mode, Mode::Browse));
    screen(&mut app, 80, 24, PLAIN);
    press(&mut app, " ");
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    assert_eq!(names(&app), ["data.bin", "a new one"]);
    assert_eq!(under_cursor(&app), "data.bin");
    assert_eq!(targets(&app), ["/home/ana/work/data.bin"]);
}

#[test]
fn the_groups_show_no_file_by_a_place_of_before_either() {
    let mut app = app();
    let work = node(&app, "/home/ana/work");
    app.browse.reveal(&app.inventory, RowKey::Node(work));
    press(&mut app, "<right>");
    let Some(Effect::Rescan(again)) = press(&mut app, "r") else { panic!("a rescan") };
    let long = [b'x'; 255];
    for n in 1..40 {
        let files: Vec<(&[u8], u64)> = vec![(&long[..n * 6], 1), (b"data.bin", 800), (&long, 3)];
        let dir = read_again(&app, again[0].id, &files);
        let _ = app.update(Event::Scan(ScanEvent::Dirs(vec![dir])));
        screen(&mut app, 140, 40, PLAIN);
        press(&mut app, " ");
        assert!(app.marks.is_empty());
    }
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    assert!(screen(&mut app, 140, 40, PLAIN).contains("data.bin"));
}

#[test]
fn what_is_summed_while_folders_are_read_again_comes_to_an_end_in_any_view() {
    let mut app = files();
    let id = node(&app, "/home/ana/work").dir;
    let dir = read_again(&app, id, &[(b"a new one", 1)]);
    app.status.again = true;
    let _ = app.update(Event::Scan(ScanEvent::Again("/home/ana/work".into())));
    let _ = app.update(Event::Scan(ScanEvent::Dirs(vec![dir])));
    assert!(!app.refresh_some(false, &mut || true) && app.inventory.is_refreshing());
    press(&mut app, "1");
    refresh(&mut app);
    assert!(!app.inventory.is_refreshing() && app.inventory.is_stale(), "groups wait until it is over");
}

#[test]
fn the_length_of_files_can_be_shown() {
    let mut app = files();
    add_dir(&mut app, "/home/ana/odd", DirState::Listed, |w, dir| {
        let file = FileFacts { kind: Kind::File, size: 80 << 30, blocks: 8, ..*dir };
        w.file(b"holes.img", file, dir);
    });
    refresh(&mut app);
    enter(&mut app, "home/ana");
    assert_eq!(names(&app)[4], "odd");
    press(&mut app, "a");
    assert_eq!(names(&app)[0], "odd");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("LENGTH"));
}
