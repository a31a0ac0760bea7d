//! The trash view: runs and trash folders, what lies in them, where that was. Only rows on the screen are looked up.

use super::paint::Canvas;
use crate::app::App;
use crate::app::bin::{Group, Row, Sum, is_known_ours};
use crate::removal::age;
use crate::removal::ledger::Trashed;
use crate::text;

/// Where the place a thing was in begins.
const NAME: usize = 20;

/// Draws the column names and as many rows as fit.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, top: u16, height: usize) {
    let theme = canvas.theme;
    let end = canvas.width() - 1;
    canvas.right(13, top, "SIZE", theme.dim());
    canvas.right(18, top, "AGE", theme.dim());
    canvas.text(NAME + 2, top, "WHERE IT WAS", theme.dim());
    canvas.right(end, top, "RUN, ID", theme.dim());
    let bin = &app.browse.bin;
    if bin.rows.is_empty() {
        let words = if !bin.filter.is_empty() {
            "Nothing matches. Esc shows everything again."
        } else if app.inventory.imported.is_some() {
            "The trash of this machine has nothing to do with an import."
        } else {
            "Nothing lies in any trash."
        };
        canvas.text(2, top + 2, words, theme.plain());
    }
    for (line, (i, row)) in bin.rows.iter().enumerate().skip(bin.top).take(height).enumerate() {
        let y = top + 1 + line as u16;
        draw_row(canvas, app, *row, y);
        if i == bin.at {
            canvas.restyle(y, theme.cursor());
            canvas.text(0, y, ">", theme.cursor());
        }
    }
}

fn draw_row(canvas: &mut Canvas<'_>, app: &App, row: Row, y: u16) {
    let theme = canvas.theme;
    let (bin, trash) = (&app.browse.bin, &app.status.trash);
    let weight = if row.item.is_none() { theme.strong() } else { theme.plain() };
    let sum = bin.sum_of(row, trash);
    let mark = match sum.marked {
        0 => " ",
        n if n == sum.things => "*",
        _ => "-",
    };
    canvas.text(1, y, mark, theme.strong());
    canvas.right(13, y, &size(app, sum), weight);
    let age = age::age(sum.when, app.status.now).map_or_else(|| "?".into(), |age| text::age(0, age));
    canvas.right(18, y, &age, theme.dim());
    let (name, word) = words(app, row, sum);
    let depth = usize::from(row.item.is_some()) + usize::from(row.part.is_some());
    let indent = NAME + 2 * depth;
    canvas.text(indent, y, theme.fold(row.opens, row.open), theme.plain());
    let end = canvas.width() - 1;
    let room = end.saturating_sub(text::width(&word) + 2).saturating_sub(indent + 2);
    canvas.text(indent + 2, y, &text::cut_middle(&name, room), weight);
    canvas.right(end, y, &word, theme.dim());
}

/// Bytes, as a bound where some are not known.
fn size(app: &App, sum: Sum) -> String {
    let bytes = text::size(sum.bytes, app.context.units);
    match (sum.unknown, sum.bytes) {
        (0, _) => bytes,
        (_, 0) => "?".into(),
        _ => format!("≥{bytes}"),
    }
}

/// What a row is called, and the word at its end.
fn words(app: &App, row: Row, sum: Sum) -> (String, String) {
    let (bin, trash) = (&app.browse.bin, &app.status.trash);
    let shelf = &bin.shelves[row.shelf];
    let home = &app.context.home;
    let things = text::counted(sum.things as u64, "thing", "things");
    match (row.item, &shelf.group) {
        (None, Group::Run(run)) => {
            let date = sum.last.map(|i| text::plain(&trash[i].date).replace('T', " "));
            let date = date.filter(|d| !d.is_empty()).unwrap_or_else(|| "no date".into());
            (format!("{}, {things}", date.get(..16).unwrap_or(&date)), text::plain(run))
        }
        (None, Group::Folder(root)) => {
            (format!("other programs: {}, {things}", text::short_path(root, home)), String::new())
        }
        (Some(item), _) => {
            let item = &shelf.items[item];
            let Some(first) = row.part.or(item.parts.first().copied()).map(|i| &trash[i]) else {
                return (String::new(), String::new());
            };
            let parts = if row.part.is_none() && item.parts.len() > 1 {
                format!("  ({} parts)", item.parts.len())
            } else {
                String::new()
            };
            let name = if first.is_orphan() {
                text::display(first.name.as_encoded_bytes())
            } else {
                text::short_path(&first.original, home)
            };
            let word = if parts.is_empty() { word(first) } else { String::new() };
            (name + &parts, word)
        }
    }
}

/// What is odd about a thing, or its number.
fn word(t: &Trashed) -> String {
    if t.identity.is_none() {
        "gone".into()
    } else if t.is_rest() {
        "half emptied".into()
    } else if t.is_orphan() {
        "no record".into()
    } else if is_known_ours(t) {
        t.id().unwrap_or_default().into()
    } else {
        String::new()
    }
}

/// One line on the row under the cursor.
pub fn about(app: &App) -> String {
    let (bin, trash) = (&app.browse.bin, &app.status.trash);
    let Some(row) = bin.row() else { return String::new() };
    let shelf = &bin.shelves[row.shelf];
    let Some(item) = row.item else {
        return match &shelf.group {
            Group::Run(run) => {
                format!("What mldu trashed in run {}. It comes back with u.", text::plain(run))
            }
            Group::Folder(_) => "What other programs put there: it goes only if you mark it.".into(),
        };
    };
    let Some(t) = row.part.or(shelf.items[item].parts.first().copied()).map(|i| &trash[i]) else {
        return String::new();
    };
    if t.identity.is_none() {
        "It was emptied elsewhere: only its record is left.".into()
    } else if t.is_rest() {
        "The rest of something whose emptying was interrupted.".into()
    } else if t.is_orphan() {
        "It has no record: nothing says where it was, and it goes only if you mark it.".into()
    } else {
        text::path(&t.original)
    }
}

/// What is marked here, or what is not there.
pub fn status(app: &App) -> String {
    let bin = &app.browse.bin;
    if bin.marked() > 0 {
        let (sum, foreign) = bin.chosen;
        let others = if foreign > 0 { format!(", {foreign} of other programs") } else { String::new() };
        return format!("{} marked here: {}{others}", bin.marked(), size(app, sum));
    }
    match bin.absent.len() {
        0 => "nothing marked here".into(),
        1 => "a trash is not there now, not mounted perhaps: mldu trash list names it".into(),
        n => format!("{n} trashes are not there now, not mounted perhaps: mldu trash list names them"),
    }
}
