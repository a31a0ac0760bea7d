//! The last lines: what the row under the cursor is about, what is marked, which keys work now.

use super::paint::Canvas;
use crate::app::action::Action;
use crate::app::files::View;
use crate::app::keymap::binding;
use crate::app::{App, Mode};
use crate::model::category::Category;
use crate::model::mount::Mount;
use crate::model::problem::Problem;
use crate::model::rows::RowKey;
use crate::removal::interrupted;
use crate::text;

/// Draws them.
pub fn draw(canvas: &mut Canvas<'_>, app: &App) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let about = about(app);
    let width = canvas.width() - 2;
    canvas.text(1, last - 3, &text::cut_end(&about, width), theme.dim());
    canvas.rule(last - 2);
    status(canvas, app, last - 1);
    match &app.mode {
        Mode::Filter(input) => {
            let x = canvas.text(1, last, "/", theme.strong());
            let x = canvas.text(x, last, &text::plain(input.value()), theme.plain());
            canvas.text(x, last, " ", theme.cursor());
            canvas.keys_right(last, &[("Enter", "keep"), ("Esc", "clear")]);
        }
        Mode::Free { mount, amount } => free(canvas, mount, amount.value(), last),
        Mode::Looking => {
            canvas.text(1, last, "Looking at what is marked, and who uses it …", theme.plain());
            canvas.keys_right(last, &[("Esc", "back")]);
        }
        Mode::ConfirmQuit => {
            canvas.text(
                1,
                last,
                "Quit? The marks are forgotten; nothing was removed by them.  y/N",
                theme.strong(),
            );
        }
        _ => keys(canvas, app, last),
    }
}

/// How much is to come back.
fn free(canvas: &mut Canvas<'_>, mount: &Mount, amount: &str, y: u16) {
    let theme = canvas.theme;
    let keys = [("Enter", "plan"), ("Esc", "back")];
    let room = canvas.width().saturating_sub("Free how much on ? ".len() + text::width(amount) + 28);
    let place = text::cut_middle(&text::path(&mount.path), room);
    let x = canvas.text(1, y, &format!("Free how much on {place}? "), theme.strong());
    let x = canvas.text(x, y, &text::plain(amount), theme.plain());
    canvas.text(x, y, " ", theme.cursor());
    canvas.keys_right(y, &keys);
}

/// The keys that matter now: at most seven.
fn keys(canvas: &mut Canvas<'_>, app: &App, y: u16) {
    if app.browse.view == View::Trash {
        let actions = [Action::Mark, Action::Undo, Action::EmptyTrash, Action::Open, Action::Filter];
        let actions = actions.into_iter().chain([Action::NextView, Action::SortSize]);
        return named(canvas, &actions.collect::<Vec<_>>(), y);
    }
    let mut actions = vec![Action::Mark, Action::Plan, Action::Open, Action::Filter, Action::SortSize];
    if app.status.in_trash().1 > 0 {
        actions.truncate(3);
        actions.extend([Action::Undo, Action::EmptyTrash]);
    }
    if app.marks.is_empty() && app.status.can_go.0 > 0 {
        actions.insert(1, Action::MarkSafe);
    }
    // As many as fit: beside the seven on a screen of 80, the way to the other view, and what is worth most there.
    actions.push(Action::NextView);
    if app.browse.view == View::Files {
        actions.push(Action::SortRecent);
    }
    actions.push(Action::Place);
    named(canvas, &actions, y);
}

/// These keys, and the two that always work.
fn named(canvas: &mut Canvas<'_>, actions: &[Action], y: u16) {
    let named = |a: &Action| binding(*a).map(|b| (b.shown.split(' ').next().unwrap_or(b.shown), b.short));
    let left: Vec<(&str, &str)> = actions.iter().filter_map(named).collect();
    let right: Vec<(&str, &str)> = [Action::Help, Action::Quit].iter().filter_map(named).collect();
    canvas.keys(y, &left, &right);
}

fn status(canvas: &mut Canvas<'_>, app: &App, y: u16) {
    let theme = canvas.theme;
    if let Some(message) = &app.status.message {
        canvas.text(1, y, message, theme.strong());
        return;
    }
    let size = |n| text::size(n, app.context.units);
    let m = app.status.marked;
    let left = if app.browse.view == View::Trash {
        super::bin::status(app)
    } else if m.count > 0 {
        let frees = if m.frees == m.size {
            "all of it freed if deleted".to_string()
        } else {
            format!("{} freed if deleted", size(m.frees))
        };
        format!("{} marked: {}, {frees}", m.count, size(m.size))
    } else if let Some(p) = app.inventory.problems.kept.iter().find(|p| p.operation == Problem::LOAD) {
        let file = p.path.file_name().map(|n| text::display(n.as_encoded_bytes())).unwrap_or_default();
        let others = app.inventory.problems.count - 1;
        let more = if others > 0 { format!(" (and {others} more)") } else { String::new() };
        let room = canvas.width().saturating_sub(text::width(&more) + 2);
        text::cut_end(&format!("{file}: {}", text::plain(&p.error)), room) + &more
    } else if let Some(what) = interrupted::summary(&app.status.interrupted) {
        let key = binding(Action::Interrupted).map_or("", |b| b.shown);
        format!("{what}; {key} shows them")
    } else if app.inventory.problems.count > 0 {
        let n = app.inventory.problems.count;
        format!("{} not read", text::counted(n, "thing was", "things were"))
    } else if app.inventory.imported.is_some() {
        "imported: nothing can be removed".into()
    } else if app.context.read_only {
        "read-only: nothing can be removed".into()
    } else if app.context.demo {
        "demo: everything here is made up, in a folder of its own".into()
    } else {
        "nothing marked".into()
    };
    let filter = if app.browse.filter().is_empty() {
        String::new()
    } else {
        format!("filter: {}   ", text::plain(app.browse.filter()))
    };
    let leftovers = if app.browse.lens.leftovers { "leftovers only   " } else { "" };
    let order = match app.browse.view {
        View::Files => app.browse.files.sorted_by(),
        View::Trash => app.browse.bin.sorted_by(),
        View::Groups | View::Users => app.browse.sorted_by(),
    };
    let right = format!("{filter}{leftovers}sort: {order}");
    let style = if m.count > 0 { theme.strong() } else { theme.plain() };
    // What is marked matters more than the order, where there is no room for both.
    let end = canvas.text(1, y, &left, style);
    if end + 2 + text::width(&right) < canvas.width() {
        canvas.right(canvas.width() - 1, y, &right, theme.dim());
    }
}

/// One line on the row under the cursor.
fn about(app: &App) -> String {
    if app.browse.view == View::Files {
        return super::files::about(app);
    }
    if app.browse.view == View::Trash {
        return super::bin::about(app);
    }
    let Some(row) = app.browse.row() else { return String::new() };
    let inventory = &app.inventory;
    match row.key.plain() {
        RowKey::Of(uid, _) => {
            format!("User {uid}. Mark the row for all that is theirs alone in known caches.")
        }
        RowKey::Category(c) => format!("{}: {}", c.label(), on_group(c)),
        RowKey::Store(_, id) => inventory.store(id).map_or_else(String::new, |s| s.hint.to_string()),
        RowKey::Item(id) => {
            let notes = inventory.notes(id);
            let item = inventory.item(id);
            match (notes.is_empty(), item) {
                (false, _) => notes.join("; "),
                (true, Some(item)) => item
                    .origin
                    .clone()
                    .or_else(|| inventory.store(item.store).map(|s| s.hint.to_string()))
                    .unwrap_or_default(),
                _ => String::new(),
            }
        }
        RowKey::Process(_) | RowKey::HeldFile(..) => inventory.way_out(row.key),
        RowKey::Rest => "Everything else: what no known program keeps; open it to see the folders.".into(),
        RowKey::Node(node) => text::path(&inventory.tree.path(node)),
    }
}

fn on_group(category: Category) -> &'static str {
    match category {
        Category::Checkpoints => "steps of training runs; best and latest as the files say.",
        Category::Hub => "fetched again when needed; private ones need your login.",
        Category::Datasets => "prepared or downloaded; some can only be made again by your code.",
        Category::CondaTarballs => "installed packages stay; only their downloads go.",
        Category::KerasModels => "weights that Keras fetches again.",
        Category::Environments => "can be made again from their lists, at the price of time.",
        Category::Packages => "what environments are linked from; mostly shared with them.",
        Category::PackageCaches => "what pip, uv and the like keep; installed packages stay.",
        Category::CompileCaches => "compiled again on first use.",
        Category::Logs => "the record of your experiments.",
        Category::Trackers => "runs that may not be uploaded yet.",
        Category::Temporary => "leftovers in temporary folders.",
        Category::Trash => "frees nothing until it is emptied; it may hold your only copy.",
        Category::HeldOpen => "in no folder; it comes back when the process ends.",
        Category::Other => "what no known program keeps.",
    }
}
