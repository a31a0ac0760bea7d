//! The trash view, as keys in and screens out. No terminal, no disk.

mod common;

use std::path::PathBuf;

use common::hands::{PLAIN, press, screen};
use common::{NOW, app};
use insta::assert_snapshot;
use mldu::app::event::{Effect, Event};
use mldu::app::files::View;
use mldu::app::{App, Mode};
use mldu::model::node::Kind;
use mldu::removal::ledger::{Ours, Trashed};
use mldu::removal::restore::{Allow, Offer, Restored};
use mldu::sys::beneath::Identity;
use mldu::ui::Theme;

const HOME: &str = "/home/ana/.local/share/Trash";

fn identity(ino: u64) -> Identity {
    Identity {
        mount: 1,
        dev: 1,
        ino,
        kind: Kind::File,
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        nlink: 1,
        size: 1,
        blocks: 8,
        mtime: (0, 0),
        ctime: (0, 0),
        btime: None,
        is_mount: false,
    }
}

/// Something in a trash, so many seconds ago; by mldu in a run, as a part of an item, with so many MiB.
fn thing(root: &str, name: &str, original: &str, ago: i64, ours: Option<(&str, &str, u64)>) -> Trashed {
    let date = ["2026-11-21T03:02:00", "2026-11-18T03:12:00", "2099-01-01T00:00:00"];
    let date = date[usize::from(ago > 3600) + 2 * usize::from(ago < 0)];
    Trashed {
        root: root.into(),
        name: name.into(),
        original: original.into(),
        date: date.into(),
        when: Some(NOW - ago),
        ours: ours.map(|(run, item, mib)| Ours {
            run: run.into(),
            item: item.into(),
            id: "7:-".into(),
            bytes: mib << 20,
            parent: None,
            part: Some((1, 1)),
        }),
        identity: Some(identity(7)),
    }
}

fn trashed() -> Vec<Trashed> {
    let module = Some(("3f2a91bc", "tfhub/5a6b", 0));
    let mut gone =
        thing(HOME, "gone.2222333344445555", "/home/ana/runs/old", 259_200, Some(("11aa22bb", "r", 9)));
    gone.identity = None;
    let mut orphan = thing("/data/.Trash-1000", "lost.0123456789abcdef", "", 0, None);
    (orphan.date, orphan.when) = (String::new(), None);
    vec![
        gone,
        thing(
            HOME,
            "ckpt.aaaabbbbccccdddd",
            "/home/ana/runs/llm/step-500",
            259_200,
            Some(("11aa22bb", "c", 12_000)),
        ),
        thing(
            HOME,
            "m.0a1b2c3d4e5f6071",
            "/home/ana/.cache/tfhub/5a6b",
            600,
            Some(("3f2a91bc", "tfhub/5a6b", 480)),
        ),
        thing(HOME, "d.1a1b2c3d4e5f6071", "/home/ana/.cache/tfhub/5a6b.descriptor.txt", 600, module),
        thing(
            HOME,
            "v.2a1b2c3d4e5f6071",
            "/home/ana/.keras/models/vgg16.h5",
            600,
            Some(("3f2a91bc", "k", 528)),
        ),
        thing(HOME, "evil", "/home/ana/evil\u{1b}[2J\nname", -5, None),
        thing("/data/.Trash-1000", "nb", "/data/work/Untitled.ipynb", 86_400 * 40, None),
        orphan,
    ]
}

/// The box of ana, with the trash view on the screen.
fn bin() -> App {
    let mut app = app();
    let effect = press(&mut app, "4");
    assert!(matches!(effect, Some(Effect::ReadTrash)), "{effect:?}");
    let effect = app.update(Event::Trash(trashed()));
    let Some(Effect::Weigh(files)) = effect else { panic!("{effect:?}") };
    assert_eq!(files.len(), 3, "what mldu put there says itself what it takes: {files:?}");
    let weights = [("evil", Some(3 << 20)), ("nb", Some(72 << 10)), ("lost.0123456789abcdef", None)];
    let of = |name: &str| files.iter().find(|f| f.ends_with(name)).cloned().expect(name);
    let _ = app.update(Event::Weighed(weights.map(|(name, bytes)| (of(name), bytes)).to_vec()));
    app
}

/// Opens every row from the top.
fn open_all(app: &mut App) {
    for at in 0.. {
        if at >= app.browse.bin.rows.len() {
            break;
        }
        app.browse.bin.go(at, &app.status.trash);
        if app.browse.bin.row().is_some_and(|r| r.opens && !r.open) {
            press(app, "<right>");
        }
    }
    press(app, "g");
}

fn go(app: &mut App, text: &str) {
    press(app, "g");
    for _ in 0..app.browse.bin.rows.len() {
        let shown = screen(app, 140, 40, PLAIN);
        if shown.lines().any(|l| l.starts_with('>') && l.contains(text)) {
            return;
        }
        press(app, "j");
    }
    panic!("no row {text}: {}", screen(app, 140, 40, PLAIN));
}

fn files(effect: Option<Effect>) -> (Vec<PathBuf>, Allow) {
    match effect {
        Some(Effect::Bring { files, allow }) => (files, allow),
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_come_first_and_what_others_put_there_by_folder() {
    let mut app = bin();
    assert_snapshot!("closed", screen(&mut app, 80, 24, PLAIN));
    open_all(&mut app);
    assert_snapshot!("top", screen(&mut app, 80, 24, PLAIN));
    go(&mut app, "step-500");
    press(&mut app, " ");
    assert_snapshot!("small", screen(&mut app, 60, 16, PLAIN));
    go(&mut app, "Untitled");
    press(&mut app, " ");
    assert_snapshot!("large", screen(&mut app, 140, 40, PLAIN));
    let ascii = screen(&mut app, 80, 24, Theme { ascii: true, ..PLAIN });
    assert!(ascii.is_ascii(), "{ascii}");
    for (w, h) in [(1, 1), (59, 16), (60, 16), (79, 20), (300, 100)] {
        screen(&mut app, w, h, PLAIN);
    }
}

#[test]
fn what_is_marked_comes_back_or_else_the_row() {
    let mut app = bin();
    let (found, allow) = files(press(&mut app, "u"));
    assert_eq!((found.len(), allow), (3, Allow::default()), "the run under the cursor");
    open_all(&mut app);
    go(&mut app, "vgg16");
    assert_eq!(files(press(&mut app, "u")).0, [PathBuf::from(HOME).join("files/v.2a1b2c3d4e5f6071")]);
    go(&mut app, "step-500");
    press(&mut app, " ");
    go(&mut app, "vgg16");
    assert_eq!(files(press(&mut app, "u")).0, [PathBuf::from(HOME).join("files/ckpt.aaaabbbbccccdddd")]);
    press(&mut app, "U");
    go(&mut app, "other programs: /data");
    assert!(press(&mut app, "u").is_none(), "a folder of others does not come back by where the cursor is");
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("mark it with Space")));
    go(&mut app, "lost");
    assert!(press(&mut app, "u").is_none());
    assert_eq!(app.status.message.as_deref(), Some("nothing says where that was"));
}

#[test]
fn e_empties_what_is_marked_and_says_what_others_put_there() {
    let mut app = bin();
    press(&mut app, "E");
    let Mode::ConfirmEmpty { empty, .. } = &app.mode else { panic!("{:?}", app.mode) };
    assert_eq!((empty.things().len(), empty.foreign()), (4, 0), "without marks: what mldu put there");
    press(&mut app, "<esc>");
    open_all(&mut app);
    go(&mut app, "vgg16");
    press(&mut app, " ");
    go(&mut app, "other programs: /data");
    press(&mut app, " ");
    assert_eq!(app.browse.bin.marked(), 2, "what has no record is marked by itself alone");
    go(&mut app, "lost");
    press(&mut app, " E");
    assert_snapshot!("confirm", screen(&mut app, 80, 24, PLAIN));
    assert!(press(&mut app, "delete<enter>").is_none());
    press(&mut app, "E");
    let effect = press(&mut app, "empty<enter>");
    let Some(Effect::Empty(empty)) = effect else { panic!("{effect:?}") };
    assert_eq!((empty.things().len(), empty.foreign(), empty.unknown()), (3, 2, 1));
    assert_eq!(empty.bytes(), (528 << 20) + (72 << 10));
}

#[test]
fn what_cannot_come_back_says_why_and_what_would_bring_it_back() {
    let mut app = bin();
    let at = |name: &str| PathBuf::from(HOME).join("files").join(name);
    let taken = Restored {
        path: "/home/ana/.keras/models/vgg16.h5".into(),
        from: at("v.2a1b2c3d4e5f6071"),
        failed: Some("something else lies there now".into()),
        offer: Some(Offer::Beside),
    };
    let torn = Restored {
        path: "/home/ana/.cache/tfhub/5a6b".into(),
        from: at("m.0a1b2c3d4e5f6071"),
        failed: Some("1 of its 2 parts was emptied elsewhere".into()),
        offer: Some(Offer::Rest),
    };
    let back = Restored { path: "/home/ana/x".into(), from: at("x"), failed: None, offer: None };
    let _ = app.update(Event::Restored(vec![back.clone(), taken.clone(), torn]));
    assert_snapshot!("undone", screen(&mut app, 80, 24, PLAIN));
    assert_eq!(files(press(&mut app, "p")).1, Allow { rest: true, beside: false });
    assert!(matches!(app.mode, Mode::Browse));
    let _ = app.update(Event::Restored(vec![taken]));
    assert!(press(&mut app, "p").is_none(), "nothing is offered by that");
    let (found, allow) = files(press(&mut app, "b"));
    assert_eq!((found, allow), (vec![at("v.2a1b2c3d4e5f6071")], Allow { beside: true, rest: false }));
    let _ = app.update(Event::Restored(vec![back]));
    assert!(matches!(app.mode, Mode::Browse));
    assert_eq!(app.status.message.as_deref(), Some("1 thing is back in place"));
}

#[test]
fn it_is_searched_sorted_and_told_like_the_other_views() {
    let mut app = bin();
    press(&mut app, "/vgg<enter>");
    let shown = screen(&mut app, 80, 24, PLAIN);
    assert!(
        shown.contains("vgg16") && !shown.contains("step-500") && !shown.contains("other programs"),
        "{shown}"
    );
    press(&mut app, "<esc>");
    assert!(screen(&mut app, 80, 24, PLAIN).contains("other programs"));
    open_all(&mut app);
    let order = |app: &mut App| {
        let shown = screen(app, 140, 40, PLAIN);
        (shown.find("vgg16").expect("shown"), shown.find("tfhub/5a6b  (2").expect("shown"))
    };
    let (model, module) = order(&mut app);
    assert!(model < module, "largest first");
    press(&mut app, "n");
    let (model, module) = order(&mut app);
    assert!(module < model, "by name");
    go(&mut app, "vgg16");
    press(&mut app, "i");
    assert_snapshot!("details", screen(&mut app, 80, 24, PLAIN));
    press(&mut app, "<esc>d");
    assert!(app.status.message.as_deref().is_some_and(|m| m.contains("u brings it back")));
    let effect = press(&mut app, "y");
    assert!(matches!(&effect, Some(Effect::Copy(path)) if path.ends_with("vgg16.h5")), "{effect:?}");
    press(&mut app, "<left>");
    assert_eq!(app.browse.bin.row().and_then(|r| r.item), None);
    press(&mut app, "<tab>");
    assert_eq!(app.browse.view, View::Groups);
}

#[test]
fn marks_and_the_cursor_are_things_and_survive_what_comes_and_goes() {
    let mut app = bin();
    open_all(&mut app);
    go(&mut app, "vgg16");
    press(&mut app, " ");
    go(&mut app, "step-500");
    let mut all = trashed();
    all.insert(0, thing(HOME, "n.9999888877776666", "/home/ana/new", 5, Some(("ffff0000", "n", 1))));
    let _ = app.update(Event::Trash(all));
    let shown = screen(&mut app, 140, 40, PLAIN);
    assert!(shown.lines().any(|l| l.starts_with('>') && l.contains("step-500")), "{shown}");
    assert_eq!(app.browse.bin.marked(), 1);
    let left = trashed().into_iter().filter(|t| !t.original.ends_with("vgg16.h5"));
    let _ = app.update(Event::Trash(left.collect()));
    assert_eq!(app.browse.bin.marked(), 0, "what is gone is not marked");
    let _ = app.update(Event::Trash(Vec::new()));
    assert!(screen(&mut app, 80, 24, PLAIN).contains("Nothing lies in any trash."));
    press(&mut app, " uiyp<right><left>E");
    let _ = app.update(Event::Absent(vec!["/mnt/usb/.Trash-1000".into()]));
    press(&mut app, "<esc>");
    assert!(
        screen(&mut app, 80, 24, PLAIN)
            .contains("a trash is not there now, not mounted perhaps: mldu trash list names it")
    );
}

#[test]
fn read_only_nothing_comes_back_and_nothing_goes() {
    let mut app = bin();
    app.context.read_only = true;
    for key in ["u", " u", "E"] {
        assert!(press(&mut app, key).is_none());
        assert!(matches!(app.mode, Mode::Browse), "{:?}", app.mode);
        assert!(app.status.message.as_deref().is_some_and(|m| m.contains("read-only")));
    }
}
