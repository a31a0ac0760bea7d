//! The plan: the list is the point, so it has the whole screen.

use super::paint::Canvas;
use crate::app::App;
use crate::app::mode::{Asked, Confirm};
use crate::model::mount::{Pressure, Space};
use crate::removal::plan::{Action, Change, How, Line, Plan};
use crate::removal::words::{self, at_least, numbers};
use crate::text;

/// So many lists of environments are told at once.
const LISTS: usize = 2;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, confirm: &Confirm) {
    let theme = canvas.theme;
    let width = canvas.width();
    let last = canvas.height() - 1;
    let plan = confirm.plan();
    let size = |n| text::size(n, app.context.units);
    let things = text::counted(plan.lines.len() as u64, "item", "items");
    let x = canvas.text(1, 0, &format!("PLAN  {things}, {}", size(plan.size.on_disk)), theme.strong());
    let shown = confirm.plans.iter().find_map(main_change);
    if let Some(Change { mount, .. }) = main_change(plan).or(shown) {
        let others = match plan.changes.len().saturating_sub(1) {
            0 => String::new(),
            n => format!("  and {}", text::counted(n as u64, "more mount", "more mounts")),
        };
        let rest = format!("  {}  {}{others}", mount.fstype, mount.word());
        let room = width.saturating_sub(x + 3 + text::width(&rest));
        let place = text::cut_middle(&text::path(&mount.path), room) + &rest;
        canvas.right(width - 1, 0, &place, theme.plain());
    }
    canvas.rule(1);
    canvas.right(13, 2, "SIZE", theme.dim());
    canvas.right(24, 2, "FREES NOW", theme.dim());
    if !is_narrow(canvas) {
        canvas.right(31, 2, "FILES", theme.dim());
    }
    canvas.text(what_at(canvas), 2, "WHAT", theme.dim());
    let notes = notes(app, confirm, width - 5);
    // What must be seen stays on the screen: the ways, before and after, the question. The list scrolls.
    let ways_at = last - if is_low(canvas) { 7 } else { 10 };
    let (gap, most) = if is_low(canvas) { (0, 2) } else { (2, 5) };
    let below = u16::try_from(notes.len().min(most)).unwrap_or(5);
    let room = usize::from(ways_at.saturating_sub(3 + gap + 1 + below)).max(2);
    let top = confirm.cursor.saturating_sub(room.saturating_sub(1));
    let mut y = 3;
    for (i, line) in plan.lines.iter().enumerate().skip(top).take(room) {
        draw_line(canvas, app, plan, line, y, i == confirm.cursor);
        y += 1;
    }
    if plan.lines.is_empty() {
        canvas.text(3, y, "Nothing of what is marked can go this way.", theme.strong());
        y += 1;
    } else if plan.lines.len() > room {
        let more = plan.lines.len().saturating_sub(top + room);
        canvas.text(3, y, &format!("{more} more below; ↑↓ scrolls"), theme.dim());
        y += 1;
    }
    y += gap.min(1);
    for note in notes.iter().take(usize::from(ways_at.saturating_sub(y + gap.min(1)))) {
        canvas.text(2, y, note, theme.plain());
        y += 1;
    }
    ways(canvas, app, confirm, ways_at);
    before_and_after(canvas, app, plan, last - if is_low(canvas) { 3 } else { 5 });
    canvas.rule(last - 2);
    question(canvas, app, confirm, last);
}

/// Whether there is no room for everything beside each other.
fn is_narrow(canvas: &Canvas<'_>) -> bool {
    canvas.width() < 70
}

/// Whether there is no room for everything above each other.
fn is_low(canvas: &Canvas<'_>) -> bool {
    canvas.height() < 20
}

/// Where names begin.
fn what_at(canvas: &Canvas<'_>) -> usize {
    if is_narrow(canvas) { 26 } else { 33 }
}

fn draw_line(canvas: &mut Canvas<'_>, app: &App, plan: &Plan, line: &Line, y: u16, under_cursor: bool) {
    let theme = canvas.theme;
    let size = |n| text::size(n, app.context.units);
    canvas.right(13, y, &size(line.size.on_disk), theme.plain());
    canvas.right(24, y, &at_least(size(line.frees), frees_more(line)), theme.strong());
    if !is_narrow(canvas) {
        canvas.right(31, y, &text::count(line.size.files), theme.dim());
    }
    let word = line.verdict.label();
    let what = match line.action {
        Action::Trash if is_narrow(canvas) => word.to_string(),
        Action::Trash => format!("{}, {word}", line.kind),
        Action::Delete if is_narrow(canvas) => format!("for good, {word}"),
        Action::Delete => format!("{}, for good, {word}", line.kind),
    };
    let end = canvas.width() - 1;
    canvas.right(end, y, &what, theme.verdict(line.verdict));
    let path = text::short_path(&line.path, &app.context.home);
    let mut name = if path.ends_with(&line.name) { path } else { format!("{}  {path}", line.name) };
    let x = canvas.text(what_at(canvas), y, &numbers(plan, line), theme.plain());
    let room = end.saturating_sub(x + text::width(&what) + 2);
    if text::width(&name) > room {
        name.clone_from(&line.name);
    }
    canvas.text(x, y, &text::cut_middle(&name, room), theme.plain());
    if under_cursor {
        canvas.restyle(y, theme.cursor());
        canvas.text(0, y, ">", theme.cursor());
    }
}

/// Whether more may come back of a line at once than is promised.
fn frees_more(line: &Line) -> bool {
    line.action == Action::Delete && line.doubt.all() > 0
}

/// What the numbers alone do not say.
fn notes(app: &App, confirm: &Confirm, width: usize) -> Vec<String> {
    let plan = confirm.plan();
    let size = |n| text::size(n, app.context.units);
    let mut notes = words::notes(plan, app.context.units);
    notes.extend(lists(plan, confirm.cursor));
    if plan.held > 0 {
        notes.push(format!("{} stay: names outside this plan hold them", size(plan.held)));
    }
    if plan.later > 0 {
        notes.push(format!(
            "Trash is on the same disk: {} come back only when it is emptied (E); u undoes that",
            size(plan.later)
        ));
    }
    if let Some(unseen) = plan.sight().words() {
        notes.push(format!("In use: nothing that goes was seen to be; {unseen}"));
    }
    if let Some(line) = plan.lines.iter().find(|l| !l.notes.is_empty()) {
        notes.push(format!("{}: {}", line.name, line.notes.join("; ")));
    }
    notes.iter().flat_map(|n| text::wrap(n, width)).collect()
}

/// What is written down of environments before they go: of the one under the cursor first.
fn lists(plan: &Plan, cursor: usize) -> Vec<String> {
    let under = plan.lines.get(cursor).into_iter();
    let others = plan.lines.iter().enumerate().filter(|(at, _)| *at != cursor).map(|(_, line)| line);
    let all: Vec<&String> = under.chain(others).flat_map(|l| &l.lists).collect();
    let mut said: Vec<String> = all.iter().take(LISTS).map(|list| (*list).clone()).collect();
    if all.len() > LISTS {
        let more = (all.len() - LISTS) as u64;
        said.push(format!("{}: ↑↓ shows each", text::counted(more, "more list", "more lists")));
    }
    said
}

fn ways(canvas: &mut Canvas<'_>, app: &App, confirm: &Confirm, y: u16) {
    let theme = canvas.theme;
    let size = |n| text::size(n, app.context.units);
    let narrow = is_narrow(canvas);
    let (frees, undo) = if narrow { (47, 59) } else { (52, 66) };
    canvas.text(3, y, "HOW", theme.dim());
    canvas.right(frees, y, "FREES NOW", theme.dim());
    canvas.right(undo, y, "UNDO", theme.dim());
    for (i, plan) in confirm.plans.iter().enumerate() {
        let y = y + 1 + i as u16;
        let words = match plan.how {
            How::SafeForGood if narrow => "delete safe, trash the rest",
            how => words::how(how),
        };
        let style = if i == confirm.chosen { theme.strong() } else { theme.plain() };
        if i == confirm.chosen {
            canvas.text(1, y, ">", theme.strong());
        }
        canvas.text(3, y, &format!("{}  {words}", i + 1), style);
        if plan.is_empty() {
            let why = plan.trash_refused.as_deref().unwrap_or("nothing can go this way");
            canvas.text(8 + text::width(words), y, &format!("no: {why}"), theme.plain());
            continue;
        }
        canvas.right(frees, y, &at_least(size(plan.frees), plan.doubt.all() > 0), style);
        let back = if plan.undoable == 0 { "nothing".to_string() } else { size(plan.undoable) };
        canvas.right(undo, y, &back, style);
    }
}

/// The mount that changes most.
fn main_change(plan: &Plan) -> Option<&Change> {
    plan.changes.iter().max_by_key(|c| c.frees.saturating_add(c.maybe))
}

fn before_and_after(canvas: &mut Canvas<'_>, app: &App, plan: &Plan, y: u16) {
    let Some(change) = main_change(plan) else { return };
    let (Some(now), Some(after)) = (change.mount.space, change.after()) else { return };
    // How it is now stands in the first line too.
    let y = if is_low(canvas) {
        y
    } else {
        gauge(canvas, app, "now", &now, change.mount.pressure(), false, y);
        y + 1
    };
    gauge(canvas, app, "after", &after, Pressure::Fine, change.maybe > 0, y);
}

fn gauge(
    canvas: &mut Canvas<'_>,
    app: &App,
    label: &str,
    space: &Space,
    pressure: Pressure,
    more: bool,
    y: u16,
) {
    let theme = canvas.theme;
    let cells = canvas.width().saturating_sub(9 + 6 + 20).clamp(10, 60);
    canvas.text(1, y, label, theme.plain());
    canvas.text(8, y, &theme.bar(space.share(), cells, true), theme.gauge(pressure, space.percent()));
    canvas.right(8 + cells + 5, y, &format!("{}%", space.percent()), theme.strong());
    let left = format!("{} free", at_least(text::size(space.available, app.context.units), more));
    canvas.right(canvas.width() - 1, y, &left, theme.plain());
}

fn question(canvas: &mut Canvas<'_>, app: &App, confirm: &Confirm, last: u16) {
    let theme = canvas.theme;
    let plan = confirm.plan();
    let size = |n| text::size(n, app.context.units);
    match &confirm.asked {
        Asked::Nothing => {
            let line = if let Some(message) = &app.status.message {
                text::cut_middle(message, canvas.width() - 2)
            } else if plan.is_empty() {
                "Esc goes back; another way may work.".to_string()
            } else if plan.is_final() && is_narrow(canvas) {
                format!("Enter, then the word  delete : {} cannot be undone", size(plan.gone))
            } else if plan.is_final() {
                format!(
                    "Enter goes on; you then type the word  delete , as {} cannot be undone",
                    size(plan.gone)
                )
            } else {
                "Enter goes on; you are asked once more.".to_string()
            };
            canvas.text(1, last - 1, &line, theme.plain());
            canvas.keys(
                last,
                &[("1 2 3", "how"), ("↑↓", "item"), ("Space", "drop it"), ("w", "save plan")],
                &[("Esc", "back")],
            );
        }
        Asked::File(name) => {
            // What went wrong with the last name stands above this one.
            let message = app.status.message.as_ref().map(|m| text::cut_middle(m, canvas.width() - 2));
            let about = "Nothing is removed; `mldu apply` does it later, and looks anew.";
            canvas.text(1, last - 1, message.as_deref().unwrap_or(about), theme.plain());
            let x = canvas.text(1, last, "Save as: ", theme.strong());
            let room = canvas.width().saturating_sub(x + 24);
            let x = canvas.text(x, last, &text::cut_middle(&text::plain(name.value()), room), theme.plain());
            canvas.text(x, last, " ", theme.cursor());
            canvas.keys_right(last, &[("Enter", "save"), ("Esc", "back")]);
        }
        Asked::YesNo => {
            let line = format!("Move {} to the trash? Nothing is freed by that.  y/N", size(plan.undoable));
            canvas.text(1, last - 1, &line, theme.strong());
            canvas.keys(last, &[("y", "yes"), ("Enter", "no")], &[("Esc", "back")]);
        }
        Asked::Word(word) => {
            let ask = if is_narrow(canvas) {
                format!("{} will be gone for good. Type  delete : ", size(plan.gone))
            } else {
                format!("{} will be gone for good. Type  delete  and Enter: ", size(plan.gone))
            };
            let x = canvas.text(1, last - 1, &ask, theme.alarm());
            let x = canvas.text(x, last - 1, &text::plain(word.value()), theme.strong());
            canvas.text(x, last - 1, " ", theme.cursor());
            canvas.keys(last, &[("Enter", "go on, if the word is there")], &[("Esc", "back")]);
        }
    }
}
