//! The rows. Only those on the screen are looked up and drawn.

use super::paint::Canvas;
use crate::app::App;
use crate::model::category::Category;
use crate::model::inventory::ScanState;
use crate::model::marks::Marked;
use crate::model::measure::Owners;
use crate::model::rows::{Held, Row, RowKey};
use crate::model::verdict::Verdict;
use crate::text;

/// Where the columns of a row end or begin.
struct Columns {
    bar: usize,
    files: Option<usize>,
    age: Option<usize>,
    name: usize,
    end: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let wide = width >= 80;
        Self {
            bar: 14,
            files: wide.then_some(29),
            age: wide.then_some(34),
            name: if wide { 36 } else { 24 },
            end: width - 1,
        }
    }
}

/// Cells of a row's bar.
const BAR: usize = 8;

/// Draws the column names and as many rows as fit.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, top: u16, height: usize) {
    let columns = Columns::of(canvas.width());
    let theme = canvas.theme;
    canvas.right(13, top, if app.browse.apparent { "LENGTH" } else { "SIZE" }, theme.dim());
    for (at, name) in [(columns.files, "FILES"), (columns.age, "AGE")] {
        if let Some(at) = at {
            canvas.right(at, top, name, theme.dim());
        }
    }
    canvas.text(columns.name + 2, top, "NAME", theme.dim());
    canvas.right(columns.end, top, "IF DELETED", theme.dim());
    let unknown = !app.browse.lens.by_user
        && app.inventory.state != ScanState::Running
        && app.inventory.categories().is_empty();
    if app.browse.rows.is_empty() || unknown {
        // Below the one row of everything else, if that is not open.
        let below = app.browse.rows.len() as u16;
        if below < 2 {
            nothing(canvas, app, top + 1 + 2 * below);
        }
    }
    let largest = largest(app);
    let rows = app.browse.rows.iter().enumerate().skip(app.browse.top).take(height);
    let at = app.browse.at();
    for (y, (i, row)) in rows.enumerate() {
        draw_row(canvas, app, &columns, *row, top + 1 + y as u16, largest, i == at);
    }
}

/// The bar of a row is its share of the largest group, so that bars are no stubs.
fn largest(app: &App) -> u64 {
    app.browse.outer.iter().map(|key| bytes(app, *key)).max().unwrap_or(0)
}

fn bytes(app: &App, key: RowKey) -> u64 {
    let usage = app.inventory.row_measure(key).usage;
    if app.browse.apparent { usage.apparent } else { usage.on_disk }
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    app: &App,
    columns: &Columns,
    row: Row,
    y: u16,
    largest: u64,
    under_cursor: bool,
) {
    let theme = canvas.theme;
    let inventory = &app.inventory;
    let measure = inventory.row_measure(row.key);
    let size = bytes(app, row.key);
    let group = group_of(app, row.key);
    let weight = if row.depth == 0 { theme.strong() } else { theme.plain() };
    let mark = match app.marks.state(inventory, row.key) {
        Marked::Yes => "*",
        Marked::Partly => "-",
        Marked::No => " ",
    };
    canvas.text(1, y, mark, theme.strong());
    // Of what is only mapped, the size may not be told.
    let told = size > 0 || !row.key.is_held_open();
    let shown = if told { text::size(size, app.context.units) } else { "?".into() };
    canvas.right(13, y, &shown, weight);
    let share = if largest == 0 { 0.0 } else { size as f64 / largest as f64 };
    canvas.text(columns.bar, y, &theme.bar(share, BAR, false), theme.group(group));
    if let Some(at) = columns.files {
        canvas.right(at, y, &text::count(measure.usage.files), theme.dim());
    }
    if let Some(at) = columns.age
        && measure.newest > 0
    {
        canvas.right(at, y, &text::age(i64::from(measure.newest), app.status.now), theme.dim());
    }
    let (word, style) = verdict(app, row.key, theme);
    let word_width = text::width(&word);
    let indent = columns.name + usize::from(row.depth) * 2;
    canvas.text(indent, y, theme.fold(row.opens, row.open), theme.plain());
    let room = columns.end.saturating_sub(word_width + 2).saturating_sub(indent + 2);
    let held = holder(app, row.key).map_or_else(String::new, |h| format!("  ({h})"));
    let room = room.saturating_sub(text::width(&held));
    let x = canvas.text(indent + 2, y, &text::cut_middle(&name(app, row.key), room), weight);
    canvas.text(x, y, &held, theme.dim());
    canvas.right(columns.end, y, &word, style);
    if under_cursor {
        canvas.restyle(y, theme.cursor());
        canvas.text(0, y, ">", theme.cursor());
    }
}

fn group_of(app: &App, key: RowKey) -> Category {
    match key.plain() {
        RowKey::Category(c) | RowKey::Store(c, _) => c,
        RowKey::Item(id) => app.inventory.item(id).map_or(Category::Other, |i| i.category),
        RowKey::Rest | RowKey::Node(_) | RowKey::Of(..) => Category::Other,
        RowKey::Process(_) | RowKey::HeldFile(..) => Category::HeldOpen,
    }
}

/// What a row is called, with its version, and a word on what it is left over from.
fn name(app: &App, key: RowKey) -> String {
    match key.plain() {
        RowKey::Store(_, id) => app.inventory.store(id).map_or_else(String::new, |s| {
            let path = text::short_path(&app.inventory.tree.path(s.root.into()), &app.context.home);
            s.title.as_ref().map_or(path.clone(), |t| format!("{path}  {t}"))
        }),
        RowKey::Item(id) => app.inventory.item(id).map_or_else(String::new, |i| {
            let version = i.version.as_ref().filter(|v| !i.name.contains(v.as_str()));
            let version = version.map(|v| format!("  {v}")).unwrap_or_default();
            let left = if i.leftover { "  (leftover)" } else { "" };
            format!("{}{version}{left}", i.name)
        }),
        RowKey::HeldFile(..) => app
            .inventory
            .held_file_of(key)
            .map_or_else(String::new, |f| text::short_path(&f.path, &app.context.home)),
        RowKey::Node(node) if key != RowKey::Node(node) => {
            text::short_path(&app.inventory.tree.path(node), &app.context.home)
        }
        _ => app.inventory.row_name(key),
    }
}

/// Who holds a store or an item, where that is not the one who looks. In the users view it stands above.
fn holder(app: &App, key: RowKey) -> Option<String> {
    let people = &app.inventory.people;
    let owners = match key {
        RowKey::Store(..) | RowKey::Item(_) => app.inventory.row_measure(key).owners,
        RowKey::Of(_, Held::Item(id)) => {
            let owners = app.inventory.row_measure(RowKey::Item(id)).owners;
            if matches!(owners, Owners::Several(_)) { owners } else { Owners::Nobody }
        }
        _ => Owners::Nobody,
    };
    people.are_others(owners).then(|| people.owner(owners)).flatten()
}

fn verdict(app: &App, key: RowKey, theme: super::Theme) -> (String, ratatui::style::Style) {
    if key.is_held_open() {
        return (app.inventory.row_word(key).into(), theme.alarm());
    }
    let verdict = app.inventory.row_verdict(key);
    if verdict.removable() && app.inventory.is_barred(key) {
        return ("not yours".into(), theme.dim());
    }
    if verdict != Verdict::InUse && app.inventory.row_in_use(key) {
        return ("part in use".into(), theme.alarm());
    }
    (verdict.label().into(), theme.verdict(verdict))
}

/// What is said when there is no row, or none of a known cache.
fn nothing(canvas: &mut Canvas<'_>, app: &App, top: u16) {
    let theme = canvas.theme;
    let lines: Vec<String> = if !app.browse.lens.filter.is_empty() || app.browse.lens.leftovers {
        vec!["Nothing matches. Esc shows everything again.".into()]
    } else if app.inventory.state == ScanState::Running {
        let what = if app.inventory.imported.is_some() {
            "Reading …"
        } else {
            "Looking at known places first …"
        };
        vec![what.into()]
    } else if app.inventory.imported.is_some() {
        vec!["No cache that mldu knows was found in this export.".into()]
    } else {
        let whole = app.inventory.whole;
        let what = match (app.browse.rows.is_empty(), whole) {
            (true, _) => "Nothing was found.",
            (false, true) => "No cache that mldu knows was found.",
            (false, false) => "No cache that mldu knows was found in this folder.",
        };
        let way_on = if whole {
            "Try  mldu /some/folder , or run mldu as the user whose files they are."
        } else {
            "Try  mldu  without a folder: it looks at all known places of this machine."
        };
        let mut lines = vec![what.to_string(), way_on.to_string(), String::new()];
        lines.push("Looked for everywhere: checkpoints, logs, environments, package caches.".into());
        if !app.context.looked_for.is_empty() {
            lines.push(format!("Looked for, and not there: {}", app.context.looked_for.join(", ")));
        }
        lines
    };
    let room = usize::from(canvas.height().saturating_sub(top + 4));
    let width = canvas.width().saturating_sub(4);
    for (y, line) in lines.iter().flat_map(|l| text::wrap(l, width)).take(room).enumerate() {
        canvas.text(2, top + y as u16, &line, theme.plain());
    }
}
