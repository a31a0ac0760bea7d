//! The files view: the path of the open folder, and its entries. Only those on the screen are looked up and drawn.

use ratatui::style::Style;

use super::paint::Canvas;
use crate::app::App;
use crate::model::category::Category;
use crate::model::folder::By;
use crate::model::inventory::ScanState;
use crate::model::inventory::places::Badge;
use crate::model::marks::Marked;
use crate::model::node::NodeId;
use crate::model::tree::DirState;
use crate::model::usage::Usage;
use crate::model::verdict::Verdict;
use crate::text;

/// Cells of a row's bar.
const BAR: usize = 8;

/// Where the columns of a row end or begin. Where there is no room for both times, the one it is sorted by is shown.
struct Columns {
    bar: usize,
    files: Option<usize>,
    recent: Option<usize>,
    age: Option<usize>,
    name: usize,
    end: usize,
}

impl Columns {
    fn of(width: usize, by: By) -> Self {
        let aged = by == By::Newest;
        let (files, recent, age, name) = match width {
            0..80 if by == By::Recent => (None, Some(34), None, 36),
            0..80 => (None, None, aged.then_some(28), if aged { 30 } else { 24 }),
            80..100 => (Some(29), (!aged).then_some(40), aged.then_some(34), if aged { 36 } else { 42 }),
            _ => (Some(29), Some(40), Some(45), 47),
        };
        Self { bar: 14, files, recent, age, name, end: width - 1 }
    }
}

/// Draws the path of the open folder, the column names and as many rows as fit.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, top: u16, height: usize) {
    let files = &app.browse.files;
    let theme = canvas.theme;
    let columns = Columns::of(canvas.width(), files.look.by);
    title(canvas, app, top);
    let y = top + 1;
    canvas.right(13, y, if app.browse.apparent { "LENGTH" } else { "SIZE" }, theme.dim());
    for (at, name) in [(columns.files, "FILES"), (columns.recent, "LAST 24 H"), (columns.age, "AGE")] {
        if let Some(at) = at {
            canvas.right(at, y, name, theme.dim());
        }
    }
    canvas.text(columns.name, y, "NAME", theme.dim());
    canvas.right(columns.end, y, "IF DELETED", theme.dim());
    if files.folder.nodes.is_empty() {
        let words = match app.inventory.state {
            _ if !files.look.filter.is_empty() || files.leftovers => {
                "Nothing matches. Esc shows everything again."
            }
            ScanState::Running => "Nothing was read here yet …",
            _ => "Nothing is in this folder.",
        };
        canvas.text(2, y + 2, words, theme.plain());
    }
    // Where files lay in a folder says nothing once it was read again; until it is opened anew they are not drawn.
    let current = files.is_current(&app.inventory.tree);
    let rows = files.folder.nodes.iter().enumerate().skip(files.top).take(height);
    for (line, (i, node)) in rows.enumerate() {
        let y = y + 1 + line as u16;
        if current || node.is_dir() {
            draw_row(canvas, app, &columns, *node, y);
        }
        if i == files.at {
            canvas.restyle(y, theme.cursor());
            canvas.text(0, y, ">", theme.cursor());
        }
    }
}

/// The path, and what lies in it.
fn title(canvas: &mut Canvas<'_>, app: &App, y: u16) {
    let files = &app.browse.files;
    let theme = canvas.theme;
    let Some(dir) = files.dir.filter(|d| app.inventory.tree.get(*d).is_some()) else { return };
    let size = |u: Usage| text::size(files.look.bytes(u), app.context.units);
    let mut shown = text::counted(files.folder.all as u64, "entry", "entries");
    if !files.look.filter.is_empty() || files.leftovers {
        shown.insert_str(0, &format!("{} of ", text::full_count(files.folder.nodes.len() as u64)));
    }
    let mut right = format!("{shown}, {}", size(app.inventory.tree.total(dir)));
    if files.look.bytes(files.folder.recent) > 0 {
        right.push_str(&format!(", {} in 24 h", size(files.folder.recent)));
    }
    let end = canvas.width() - 1;
    let room = end.saturating_sub(text::width(&right) + 3);
    let path = text::short_path(&files.path, &app.context.home);
    canvas.text(1, y, &text::cut_middle(&path, room), theme.strong());
    canvas.right(end, y, &right, theme.plain());
}

fn draw_row(canvas: &mut Canvas<'_>, app: &App, columns: &Columns, node: NodeId, y: u16) {
    let theme = canvas.theme;
    let (tree, files) = (&app.inventory.tree, &app.browse.files);
    let (usage, newest) = if node.is_dir() {
        (tree.total(node.dir), tree.newest(node.dir))
    } else {
        let Some(file) = tree.file(node) else { return };
        (Usage { on_disk: file.on_disk(), apparent: file.facts.size, files: 1 }, file.facts.mtime)
    };
    let recent = files.folder.recent_of(tree, node, files.look.since);
    let mark = match files.places.state(&app.inventory, node) {
        Marked::Yes => "*",
        Marked::Partly => "-",
        Marked::No => " ",
    };
    canvas.text(1, y, mark, theme.strong());
    let size = |u: Usage| text::size(files.look.bytes(u), app.context.units);
    canvas.right(13, y, &size(usage), theme.plain());
    let (part, whole) = match files.look.by {
        By::Recent => (recent, files.folder.freshest),
        _ => (usage, files.folder.largest),
    };
    let share = if whole == 0 { 0.0 } else { files.look.bytes(part) as f64 / whole as f64 };
    canvas.text(columns.bar, y, &theme.bar(share, BAR, false), theme.group(Category::Other));
    if let Some(at) = columns.files {
        canvas.right(at, y, &text::count(usage.files), theme.dim());
    }
    if let Some(at) = columns.recent.filter(|_| files.look.bytes(recent) > 0) {
        canvas.right(at, y, &size(recent), theme.plain());
    }
    if let Some(at) = columns.age.filter(|_| newest > 0) {
        canvas.right(at, y, &text::age(i64::from(newest), app.status.now), theme.dim());
    }
    let (word, style) = word(app, node, theme);
    let mut name = text::display(&tree.name(node).bytes());
    if node.is_dir() {
        name.push('/');
    }
    let room = columns.end.saturating_sub(text::width(&word) + 2).saturating_sub(columns.name);
    let shown = text::cut_middle(&name, room);
    canvas.text(columns.name, y, &shown, theme.plain());
    canvas.right(columns.end, y, &word, style);
    let said =
        files.badges.get(&node).map(|b| b.name.as_str()).filter(|n| !n.is_empty() && !name.starts_with(n));
    let left = room.saturating_sub(text::width(&shown) + 2);
    if let Some(said) = said.filter(|_| left >= 6) {
        let end = columns.end - text::width(&word) - 2;
        canvas.right(end, y, &text::cut_end(said, left), theme.dim());
    }
}

/// What happens if it goes; of a folder that was not read, that.
fn word(app: &App, node: NodeId, theme: super::Theme) -> (String, Style) {
    let (inventory, files) = (&app.inventory, &app.browse.files);
    if node.is_dir() {
        let parent = inventory.tree.parent(node.dir).and_then(|p| inventory.tree.get(p)).map(|d| d.dev);
        match inventory.tree.get(node.dir).map(|d| (d.state, d.dev)) {
            Some((DirState::Failed, _)) => return ("NOT READ".into(), theme.alarm()),
            Some((DirState::Skipped, dev)) if Some(dev) != parent => {
                return ("other mount".into(), theme.dim());
            }
            Some((DirState::Skipped, _)) => return ("not entered".into(), theme.dim()),
            Some((DirState::Excluded, _)) => return ("left out".into(), theme.dim()),
            Some((DirState::Unread | DirState::Partial, _)) => return ("read in part".into(), theme.dim()),
            _ => {}
        }
    }
    let verdict = match files.badges.get(&node) {
        Some(Badge { part_in_use: true, verdict, .. }) if *verdict != Verdict::InUse => {
            return ("part in use".into(), theme.alarm());
        }
        Some(badge) => badge.verdict,
        // A piece of something is no better known than any other file, unless it may not go at all.
        None => files
            .inside
            .map(|id| inventory.verdict(id))
            .filter(|v| !v.removable())
            .unwrap_or(Verdict::LookFirst),
    };
    if verdict.removable() && inventory.bar(node).is_some() {
        return ("not yours".into(), theme.dim());
    }
    (verdict.label().into(), theme.verdict(verdict))
}

/// One line on the entry under the cursor.
pub fn about(app: &App) -> String {
    let (inventory, files) = (&app.inventory, &app.browse.files);
    let Some(node) = files.node().filter(|n| n.is_dir() || files.is_current(&inventory.tree)) else {
        return String::new();
    };
    let path = inventory.tree.path(node);
    if node.is_dir() {
        match inventory.tree.get(node.dir).map(|d| d.state) {
            Some(DirState::Failed) => {
                let why = inventory.problems.kept.iter().find(|p| p.path == path);
                return why
                    .map_or("it could not be read".into(), |p| format!("{}: {}", p.operation, p.error));
            }
            Some(DirState::Skipped) => return not_entered().into(),
            _ => {}
        }
    }
    let store = node.is_dir().then(|| inventory.store_at(node.dir)).flatten();
    let item = if store.is_some() { None } else { inventory.item_at(node).and_then(|id| inventory.item(id)) };
    match (store, item) {
        (Some(store), _) => format!("{} ({}): {}", store.family, store.role, store.hint),
        (_, Some(item)) => {
            let of = item.parent.and_then(|p| inventory.item(p)).map(|p| format!("{} ", p.name));
            let hint = inventory.store(item.store).map(|s| s.hint).unwrap_or_default();
            let told = inventory.notes(item.id).join("; ");
            let more = if told.is_empty() { hint.to_string() } else { told };
            let kind =
                if item.name.starts_with(item.kind) { String::new() } else { format!("{} ", item.kind) };
            format!("{kind}{}{}: {more}", of.unwrap_or_default(), item.name)
        }
        _ => text::path(&path),
    }
}

/// Why a folder was not entered.
pub fn not_entered() -> &'static str {
    "not entered: another file system, the kernel's own, or a second view of what is counted elsewhere"
}
