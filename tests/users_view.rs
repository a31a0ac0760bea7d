//! The users view, as keys in and screens out. No terminal, no disk.

mod common;

use std::collections::BTreeMap;

use common::hands::{PLAIN, press, refresh, screen};
use common::{NOW, app};
use insta::assert_snapshot;
use mldu::app::App;
use mldu::app::event::Event;
use mldu::app::files::View;
use mldu::model::category::Category;
use mldu::model::inventory::ScanEvent;
use mldu::model::item::{Found, NewItem, NewStore};
use mldu::model::links::DevId;
use mldu::model::measure::Owners;
use mldu::model::node::{DirId, Kind, NodeId};
use mldu::model::packed::{Access, BlockWriter, FileFacts};
use mldu::model::people::People;
use mldu::model::rows::{Held, RowKey};
use mldu::model::tree::{DirState, ListedDir};
use mldu::model::usage::Usage;
use mldu::model::verdict::Verdict;
use mldu::removal::draft::Draft;
use mldu::report::json;
use mldu::ui::Theme;

const ROOT: u32 = 0;
const ANA: u32 = 1000;
const BO: u32 = 1001;

fn node(app: &App, path: &str) -> NodeId {
    app.inventory.tree.find(path.as_ref()).expect(path)
}

/// Adds a folder, as the scan of ana's process reports it; files by name, MiB and owner.
fn add(app: &mut App, path: &str, uid: u32, access: Access, files: &[(&str, u64, u32)]) {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let parent = node(app, if parent.is_empty() { "/" } else { parent }).dir;
    let id = DirId(app.inventory.tree.bound());
    let facts = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: (NOW - 86_400) as u32, uid };
    let mut writer = BlockWriter::default();
    writer.set_access(access);
    for (name, mib, uid) in files {
        let file = FileFacts { kind: Kind::File, size: mib << 20, blocks: mib << 11, uid: *uid, ..facts };
        writer.file(name.as_bytes(), file, &facts);
    }
    let _ = app.update(Event::Scan(ScanEvent::Dirs(vec![ListedDir {
        id,
        parent: Some(parent),
        dev: DevId(0),
        ino: 9000 + u64::from(id.0),
        uid,
        mtime: facts.mtime,
        state: DirState::Listed,
        block: writer.finish(name.as_bytes(), &facts),
        kept: Vec::new(),
    }])));
}

/// The box of ana, with a disk she shares with bo: a hub in which everybody may remove only their own.
fn shared() -> App {
    let mut app = app();
    let names = [(ROOT, "root"), (ANA, "ana"), (BO, "bo")].map(|(uid, name)| (uid, name.to_string()));
    let people = People { me: Some(ANA), caller: None, names: BTreeMap::from(names) };
    let _ = app.update(Event::Scan(ScanEvent::People(people)));
    add(&mut app, "/data", ROOT, Access::Closed, &[]);
    add(&mut app, "/data/hub", BO, Access::Sticky, &[]);
    let hub = "/data/hub/models--";
    add(&mut app, &format!("{hub}bo--vit"), BO, Access::Closed, &[("w", 4000, BO)]);
    add(&mut app, &format!("{hub}ana--own"), ANA, Access::Open, &[("w", 200, ANA)]);
    add(&mut app, &format!("{hub}both"), ANA, Access::Open, &[("w", 3000, ANA), ("x", 100, BO)]);
    add(&mut app, "/data/bo", BO, Access::Closed, &[("dump.bin", 9000, BO)]);
    add(&mut app, "/data/tmp", ROOT, Access::Sticky, &[("a.bin", 50, ANA), ("b.bin", 70, BO)]);
    let mut found = Found::default();
    for name in ["bo--vit", "ana--own", "both"] {
        let at = node(&app, &format!("{hub}{name}"));
        let mut item = NewItem::new("model", name.replace("--", "/"), Verdict::ReDownload).body(at);
        item.leftover = name == "ana--own";
        found.items.push(item);
    }
    let store = NewStore {
        root: node(&app, "/data/hub").dir,
        family: "huggingface",
        role: "hub",
        category: Category::Hub,
        unclaimed: Category::Hub,
        hint: "it is downloaded again when it is needed",
        together: false,
        ordered: false,
        found,
    };
    let _ = app.update(Event::Scan(ScanEvent::Store(Box::new(store))));
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    app
}

fn names(app: &App) -> Vec<String> {
    app.browse.rows.iter().map(|r| app.inventory.row_name(r.key)).collect()
}

fn go(app: &mut App, name: &str) {
    let names = names(app);
    let at = names.iter().position(|n| n == name).or_else(|| names.iter().position(|n| n.contains(name)));
    app.browse.go(at.unwrap_or_else(|| panic!("no row {name} in {names:?}")));
}

fn open(app: &mut App, name: &str) {
    go(app, name);
    if app.browse.row().is_some_and(|r| !r.open) {
        press(app, "<right>");
    }
}

fn targets(app: &App) -> Vec<String> {
    let draft = Draft::new(&app.inventory, &app.marks);
    let mut paths: Vec<String> = draft.targets().map(|t| t.path.display().to_string()).collect();
    paths.sort();
    paths
}

#[test]
fn users_come_largest_first_with_what_they_hold_of_each_group() {
    let mut app = shared();
    press(&mut app, "3");
    assert_eq!(names(&app), ["ana", "bo", "root"]);
    open(&mut app, "bo");
    open(&mut app, "Hub");
    open(&mut app, "/data/hub");
    open(&mut app, "Everything else");
    assert_snapshot!("top", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, " ");
    assert_snapshot!("small", screen(&mut app, 60, 16, PLAIN));
    go(&mut app, "bo/vit");
    assert_snapshot!("large", screen(&mut app, 140, 40, PLAIN));
    let ascii = screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii(), "{ascii}");
    for (w, h) in [(1, 1), (59, 16), (60, 16), (79, 20), (300, 100)] {
        screen(&mut app, w, h, PLAIN);
    }
}

#[test]
fn an_inode_is_its_owners_and_counts_once() {
    let mut app = shared();
    press(&mut app, "3");
    let shares = app.inventory.shares();
    assert_eq!(shares.iter().map(|s| s.usage).sum::<Usage>(), app.inventory.total());
    // What has names in two groups counts in each of them, and once for its owner.
    let ana = shares.iter().find(|s| s.uid == ANA).expect("ana");
    let groups: u64 = ana.groups.iter().map(|g| g.usage.on_disk).sum();
    assert_eq!(groups - ana.usage.on_disk, 3_200 << 20);
    let bo = shares.iter().find(|s| s.uid == BO).expect("bo");
    assert_eq!(bo.usage.on_disk, ((4000 + 100 + 9000 + 70) << 20) + 3 * 4096);
    for share in shares {
        for group in &share.groups {
            let mut parts: Vec<u64> = group.stores.iter().map(|s| s.usage.on_disk).collect();
            parts.extend(group.folders.iter().map(|(_, u)| u.on_disk));
            assert_eq!(parts.iter().sum::<u64>(), group.usage.on_disk, "{} {:?}", share.uid, group.category);
        }
    }
}

#[test]
fn marks_are_the_same_in_all_views_and_take_what_is_theirs_alone() {
    let mut app = shared();
    press(&mut app, "3");
    go(&mut app, "bo");
    press(&mut app, " ");
    assert!(app.marks.is_empty());
    let why = app.status.message.clone().expect("a reason");
    assert!(why.starts_with("nothing in it is theirs alone and may be removed"), "{why}");
    open(&mut app, "ana");
    open(&mut app, "Hub");
    open(&mut app, "/data/hub");
    go(&mut app, "/data/hub");
    press(&mut app, " ");
    assert_eq!(targets(&app), ["/data/hub/models--ana--own"], "not what others have a part in");
    press(&mut app, "1");
    open(&mut app, "Hub");
    open(&mut app, "/data/hub");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("*  200.0 MiB"));
    press(&mut app, "3");
    go(&mut app, "/data/hub");
    press(&mut app, " ");
    assert!(app.marks.is_empty(), "the same key unmarks it");
    // One thing of several owners is marked by itself; it is look first.
    go(&mut app, "both");
    press(&mut app, " ");
    assert_eq!(targets(&app), ["/data/hub/models--both"]);
    press(&mut app, "U");
    go(&mut app, "ana");
    press(&mut app, " ");
    let all = app.marks.len();
    assert!(all > 5);
    go(&mut app, "ana");
    press(&mut app, " ");
    assert!(app.marks.is_empty());
}

#[test]
fn folders_of_a_user_go_as_folders_and_those_of_others_do_not() {
    let mut app = shared();
    press(&mut app, "3");
    open(&mut app, "ana");
    open(&mut app, "Everything else");
    go(&mut app, "/data/tmp");
    press(&mut app, " ");
    assert!(app.marks.is_empty());
    let why = app.status.message.clone().expect("a reason");
    assert!(why.contains("you may not write in /data"), "{why}");
    press(&mut app, "p");
    assert_eq!(app.browse.view, View::Files);
    press(&mut app, "p");
    assert_eq!(app.browse.view, View::Users);
    assert!(matches!(app.browse.cursor, Some(RowKey::Of(ANA, Held::Folder(_)))));
}

#[test]
fn what_may_not_be_removed_says_so_before_any_plan() {
    let mut app = shared();
    open(&mut app, "Hub");
    open(&mut app, "/data/hub");
    let text = screen(&mut app, 100, 30, PLAIN);
    let line =
        |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(line("bo/vit").contains("(bo)") && line("bo/vit").contains("not yours"), "{text}");
    assert!(line("both").contains("(2 owners)") && line("both").contains("look first"), "{text}");
    assert!(line("/data/hub").contains("(2 owners)"), "{text}");
    assert!(line("ana/own").contains("re-download") && !line("ana/own").contains("(ana)"), "{text}");
    go(&mut app, "bo/vit");
    press(&mut app, " ");
    assert!(app.marks.is_empty());
    let why = app.status.message.clone().expect("a reason");
    assert_eq!(why, "/data/hub/models--bo--vit is bo's, and lies where everybody may remove only their own");
    press(&mut app, "i");
    assert_snapshot!("details", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>");
    go(&mut app, "both");
    press(&mut app, "i");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("ana (2.9 GiB), bo (100.0 MiB)"));
    // The group goes without it, and so does a folder.
    press(&mut app, "<esc>");
    go(&mut app, "/data/hub");
    press(&mut app, " ");
    assert_eq!(targets(&app), ["/data/hub/models--ana--own", "/data/hub/models--both"]);
    press(&mut app, "U2");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("data/"), "{text}");
}

#[test]
fn to_root_nothing_is_barred_but_the_things_of_others_are_looked_at_first() {
    let mut app = shared();
    let people = People { me: Some(ROOT), caller: Some(ANA), ..app.inventory.people.clone() };
    let _ = app.update(Event::Scan(ScanEvent::People(people)));
    let item = |name: &str| app.inventory.items().find(|i| i.name == name).expect(name);
    assert_eq!(
        app.inventory.verdict(item("ana/own").id),
        Verdict::ReDownload,
        "who called for root is no other"
    );
    assert_eq!(app.inventory.verdict(item("bo/vit").id), Verdict::LookFirst);
    assert_eq!(item("both").measure.owners, Owners::Several(2));
}

#[test]
fn leftovers_are_found_in_every_view() {
    let mut app = shared();
    press(&mut app, "o");
    assert!(names(&app).contains(&"ana/own".to_string()) && !names(&app).contains(&"bo/vit".to_string()));
    press(&mut app, "2");
    let text = screen(&mut app, 80, 24, PLAIN);
    assert!(text.contains("leftovers only") && text.contains("data/") && !text.contains("opt/"), "{text}");
    press(&mut app, "3");
    assert!(names(&app).contains(&"ana/own".to_string()) && !names(&app).contains(&"bo/vit".to_string()));
    assert_eq!(names(&app)[0], "ana");
    press(&mut app, "<esc>");
    assert_eq!(names(&app).iter().filter(|n| ["ana", "bo", "root"].contains(&n.as_str())).count(), 3);
    press(&mut app, "2o");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("leftovers only"));
    press(&mut app, "<esc>");
    assert!(!screen(&mut app, 80, 24, PLAIN).contains("leftovers only"));
    let verdicts: Vec<Verdict> =
        app.inventory.leftover_items().iter().map(|id| app.inventory.verdict(*id)).collect();
    assert!(verdicts.iter().all(|v| *v == Verdict::ReDownload), "a leftover is no verdict: {verdicts:?}");
}

#[test]
fn each_view_keeps_its_place_and_the_scan_goes_on() {
    let mut app = shared();
    open(&mut app, "Hub");
    go(&mut app, "/data/hub");
    press(&mut app, "3");
    open(&mut app, "bo");
    let here = app.browse.cursor;
    press(&mut app, "1");
    assert!(matches!(app.browse.cursor, Some(RowKey::Store(Category::Hub, _))));
    press(&mut app, "<tab><tab>");
    assert_eq!((app.browse.view, app.browse.cursor), (View::Users, here));
    // A larger user comes in while it is looked at.
    add(&mut app, "/data/new", BO, Access::Closed, &[("more", 99_000, BO)]);
    refresh(&mut app);
    assert_eq!(names(&app)[0], "bo");
    assert_eq!(app.browse.cursor, here);
    press(&mut app, "/vit");
    assert!(names(&app).contains(&"bo/vit".to_string()) && !names(&app).contains(&"ana".to_string()));
    press(&mut app, "<esc>n");
    assert_eq!(names(&app)[0], "ana");
}

#[test]
fn the_report_tells_owners_users_and_leftovers() {
    let mut app = shared();
    app.inventory.share_out();
    let by = |tell| serde_json::to_value(json::report_of(&app.inventory, tell)).expect("JSON");
    let users = by(mldu::report::Tell::Users);
    assert!(users["categories"].is_null());
    let users = users["users"].as_array().expect("users");
    let sum: u64 = users.iter().map(|u| u["bytes"].as_u64().expect("bytes")).sum();
    assert_eq!(sum, app.inventory.total().on_disk);
    assert_eq!((&users[1]["name"], &users[1]["uid"]), (&"bo".into(), &BO.into()));
    let left = by(mldu::report::Tell::Leftovers);
    assert_eq!(left["leftovers"]["items"], 2);
    let text = left["categories"].to_string();
    assert!(text.contains("ana/own") && text.contains("detached") && !text.contains("bo/vit"), "{text}");
    let all = by(mldu::report::Tell::Groups);
    assert!(all["users"].is_null() && all["leftovers"].is_null());
    let text = all["categories"].to_string();
    assert!(
        text.contains(r#""owner":"bo","owner_uid":1001"#)
            && text.contains(r#""owner":"2 owners","owner_uid":null"#)
    );
    assert!(text.contains("may remove only their own"), "{text}");
}
