//! What a killed run left half done: each with what it was, what is left, and what can be done about it.

use super::paint::Canvas;
use crate::app::App;
use crate::app::mode::AskedHalf;
use crate::removal::interrupted::{Interrupted, Kind};
use crate::text;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, cursor: usize, asked: &AskedHalf) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let all = &app.status.interrupted;
    let bytes: u64 = all.iter().map(|i| i.bytes).sum();
    let things = text::counted(all.len() as u64, "thing", "things");
    let size = |n| text::size(n, app.context.units);
    canvas.text(1, 0, &format!("INTERRUPTED  {things} half done, {}", size(bytes)), theme.strong());
    canvas.rule(1);
    // A rule, six lines on the one under the cursor, a rule, the question, the keys.
    let room = usize::from(last.saturating_sub(12)).max(1);
    let scroll = cursor.saturating_sub(room - 1);
    let width = canvas.width();
    for (at, it) in all.iter().enumerate().skip(scroll).take(room) {
        let y = 2 + (at - scroll) as u16;
        canvas.text(1, y, if at == cursor { ">" } else { " " }, theme.strong());
        canvas.right(13, y, &size(it.bytes), theme.plain());
        let path = text::short_path(it.path(), &app.context.home);
        canvas.text(15, y, &text::cut_middle(&path, width.saturating_sub(16)), theme.plain());
        if at == cursor {
            canvas.restyle(y, theme.cursor());
        }
    }
    if let Some(it) = all.get(cursor) {
        let top = last - 9;
        canvas.rule(top);
        for (i, line) in about(app, it, width - 2).into_iter().take(6).enumerate() {
            canvas.text(1, top + 1 + i as u16, &line, theme.plain());
        }
        canvas.rule(last - 2);
        question(canvas, app, it, asked, last - 1);
    }
    let keys: &[(&str, &str)] = match asked {
        AskedHalf::Nothing => &[("f", "finish"), ("u", "undo"), ("↑↓", "move")],
        AskedHalf::Undo => &[("y", "put it back"), ("N", "no")],
        AskedHalf::Finish(_) => &[("Enter", "go on, if the word is there")],
    };
    canvas.keys(last, keys, &[("Esc", "back")]);
}

/// What it is, and what can be done.
fn about(app: &App, it: &Interrupted, width: usize) -> Vec<String> {
    let when = it.began.and_then(text::rfc3339).map(|t| t.replace('T', " ")).unwrap_or_default();
    let when = when.get(..16).map(|t| format!(", {t} UTC")).unwrap_or_default();
    let run = it.run.as_ref().map(|r| format!(", run {}", text::plain(r))).unwrap_or_default();
    let what = match it.kind {
        Kind::Parts => format!(
            "{}: {} in the trash, {} where it was{when}{run}",
            it.kind.words(),
            text::counted(it.files, "part", "parts"),
            text::counted(it.in_place.len() as u64, "part", "parts"),
        ),
        _ => format!("{}: {} left{when}{run}", it.kind.words(), text::counted(it.files, "file", "files")),
    };
    let place = match it.kind {
        Kind::Parts => it.in_place.first().map(|p| format!("still there: {}", text::path(p))),
        _ => Some(format!("lies at {}", text::short_path(&it.at, &app.context.home))),
    };
    let can = |what: &str, may: &Result<(), String>, does: &str| match may {
        Ok(()) => format!("{what}: {does}"),
        Err(why) => format!("{what}: no, {why}"),
    };
    let (finish, undo) = does(it);
    let mut lines = text::wrap(&what, width);
    lines.extend(place.map(|p| text::cut_middle(&p, width)));
    lines.extend(text::wrap(&can("finish", &it.finish, finish), width));
    lines.extend(text::wrap(&can("undo", &it.undo, undo), width));
    lines
}

/// What finishing and undoing do.
fn does(it: &Interrupted) -> (&'static str, &'static str) {
    match it.kind {
        Kind::Parts => ("a plan for the parts that are still there", "its parts come back from the trash"),
        Kind::Emptying => ("what is left is deleted for good", "it is whole: it lies in the trash again"),
        Kind::Deletion | Kind::InPlace => {
            ("what is left is deleted for good", "it is whole: it gets its name back")
        }
    }
}

fn question(canvas: &mut Canvas<'_>, app: &App, it: &Interrupted, asked: &AskedHalf, y: u16) {
    let theme = canvas.theme;
    match asked {
        AskedHalf::Nothing => {
            let said = app.status.message.clone().unwrap_or_default();
            canvas.text(1, y, &text::cut_end(&said, canvas.width() - 2), theme.strong());
        }
        AskedHalf::Undo => {
            canvas.text(1, y, &format!("Undo: {}.  y/N", does(it).1), theme.strong());
        }
        AskedHalf::Finish(word) => {
            let x = canvas.text(1, y, "This will be gone for good. Type  delete  and Enter: ", theme.alarm());
            let x = canvas.text(x, y, &text::plain(word.value()), theme.strong());
            canvas.text(x, y, " ", theme.cursor());
        }
    }
}
