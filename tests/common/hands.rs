//! Hands and eyes for tests of the interface: keys typed, the screen as text, a disk that answers.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use mldu::app::App;
use mldu::app::event::{Effect, Event};
use mldu::app::keymap::Key;
use mldu::removal::draft::Draft;
use mldu::removal::facts::{Facts, Look};
use mldu::removal::in_use::InUse;
use mldu::removal::recipe::{Found, Ready};
use mldu::sys::beneath::Identity;
use mldu::ui::theme::Colors;
use mldu::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Words and weight only.
pub const PLAIN: Theme = Theme { colors: Colors::None, ascii: false };

/// Types keys: characters as they are, `<esc>` and the like by name. Returns the last effect.
pub fn press(app: &mut App, keys: &str) -> Option<Effect> {
    let mut effect = None;
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = [
            ("<enter>", Key::Enter),
            ("<esc>", Key::Esc),
            ("<up>", Key::Up),
            ("<down>", Key::Down),
            ("<right>", Key::Right),
            ("<left>", Key::Left),
            ("<tab>", Key::Tab),
            ("<c-c>", Key::Ctrl('c')),
            ("<c-u>", Key::Ctrl('u')),
        ];
        let found = named.iter().find(|(name, _)| rest.starts_with(name));
        let (key, len) = found.map_or((Key::Char(c), c.len_utf8()), |(name, key)| (*key, name.len()));
        rest = &rest[len..];
        effect = app.update(Event::Key { key, burst: false });
    }
    effect
}

pub fn screen(app: &mut App, width: u16, height: u16, theme: Theme) -> String {
    app.browse.height = ui::list_height(height);
    app.browse.scroll();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| ui::render(frame, app, theme)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..height {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Answers what a plan asks for as if nothing had changed on the disk.
pub fn answer(app: &mut App, in_use: InUse, trash: Result<(), &str>) {
    answer_with(app, in_use, trash, |_, _| {});
}

/// The same, with something else that was found of the targets.
pub fn answer_with(
    app: &mut App,
    in_use: InUse,
    trash: Result<(), &str>,
    found: impl FnOnce(&Draft, &mut Facts),
) {
    let effect = app.update(Event::InUse(in_use.clone()));
    assert!(matches!(effect, Some(Effect::Look(_))), "{effect:?}");
    let draft = Draft::new(&app.inventory, &app.marks);
    let mut facts = Facts { in_use, mounts: app.inventory.mounts.clone(), ..Facts::default() };
    for target in draft.targets() {
        let identity = Identity {
            mount: 1,
            dev: 1,
            ino: target.seen.ino,
            kind: target.seen.kind,
            mode: 0o644,
            uid: 1000,
            gid: 1000,
            nlink: 1,
            size: target.seen.size,
            blocks: target.seen.on_disk / 512,
            mtime: (i64::from(target.seen.newest), 0),
            ctime: (0, 0),
            btime: None,
            is_mount: false,
        };
        let root = mldu::removal::trash::Root::at("/home/ana/.local/share/Trash");
        let trash = trash.map(|()| root).map_err(str::to_string);
        facts.looks.insert(target.node, Look { identity: Ok(identity), trash });
    }
    for environment in draft.environments() {
        let found = Found { conda: 3, pip: 1, lost: Vec::new() };
        let folder = "/home/ana/.local/state/mldu/environments".into();
        facts.recipes.insert(environment.path.clone(), Ready { found: Ok(found), folder: Ok(folder) });
    }
    found(&draft, &mut facts);
    let _ = app.update(Event::Facts(Box::new(facts)));
}

/// Brings sums and rows up to date, as the loop does between keys.
pub fn refresh(app: &mut App) {
    while !app.refresh_some(false, &mut || true) {}
}
