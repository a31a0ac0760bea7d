//! The first five lines: which machine and mount, how full it is, for whom, and what can go now.

use super::paint::Canvas;
use crate::app::App;
use crate::app::action::Action;
use crate::app::keymap::binding;
use crate::model::inventory::{Imported, ScanState};
use crate::model::mount::{Pressure, Space};
use crate::text;

/// Draws them.
pub fn draw(canvas: &mut Canvas<'_>, app: &App) {
    let theme = canvas.theme;
    let width = canvas.width();
    let mut x = canvas.text(0, 0, "mldu", theme.strong());
    x = canvas.text(x + 2, 0, &app.context.host, theme.plain());
    let scanning = scan_line(canvas, app);
    let end = width.saturating_sub(text::width(&scanning) + 1);
    if let Some(h) = &app.status.headline {
        let m = &h.mount;
        let device = m.source.rsplit('/').next().unwrap_or(&m.source);
        let place = format!("{}  {} {device}", text::path(&m.path), m.fstype);
        canvas.text(x + 2, 0, &text::cut_end(&place, end.saturating_sub(x + 3)), theme.plain());
    }
    canvas.right(width.saturating_sub(1), 0, &scanning, theme.dim());
    if let Some(h) = &app.status.headline {
        gauges(canvas, app, h.mount.space.unwrap_or_default(), h.pressure);
        let x = canvas.text(1, 3, h.word, theme.pressure(h.pressure));
        let end = why(canvas, h.pressure);
        canvas.text(x + 2, 3, &text::cut_end(&h.sentence, end.saturating_sub(x + 2)), theme.plain());
    }
    if let Some(import) = &app.inventory.imported {
        imported(canvas, import);
    }
    can_go(canvas, app);
}

/// The key that says why, where something keeps people from saving. Returns how far other words may go.
fn why(canvas: &mut Canvas<'_>, pressure: Pressure) -> usize {
    let full = matches!(pressure, Pressure::ReadOnly | Pressure::Bytes | Pressure::Inodes);
    let Some(b) = binding(Action::Why).filter(|_| full) else { return canvas.width() };
    let at = canvas.width() - 1 - text::width(b.shown) - 1 - text::width(b.short);
    let x = canvas.text(at, 3, b.shown, canvas.theme.strong());
    canvas.text(x + 1, 3, b.short, canvas.theme.plain());
    at - 2
}

/// Where a tree comes from that is not this machine's: in place of the mount it lies on.
fn imported(canvas: &mut Canvas<'_>, import: &Imported) {
    let theme = canvas.theme;
    let machine = if import.host.is_empty() { "another machine" } else { &import.host };
    let x = canvas.text(1, 1, "IMPORT", theme.strong());
    let width = canvas.width();
    let cut = |text: &str, x: usize| text::cut_end(text, width.saturating_sub(x + 1));
    canvas.text(x + 2, 1, &cut(&format!("{machine}, from {}", import.from), x + 2), theme.plain());
    let when = import.at.and_then(text::rfc3339).map(|at| format!(" on {at}")).unwrap_or_default();
    canvas.text(1, 2, &cut(&format!("written by {}{when}", import.by), 1), theme.plain());
    let limits = "names, sizes and times only: nothing here can be removed, opened or read again";
    canvas.text(1, 3, &cut(limits, 1), theme.dim());
}

fn gauges(canvas: &mut Canvas<'_>, app: &App, space: Space, pressure: Pressure) {
    let size = |n| text::size(n, app.context.units);
    let mut rows = vec![("bytes", space.percent(), space.share(), size(space.available), size(space.total))];
    if let (Some(percent), Some(all), Some(left)) =
        (space.inode_percent(), space.inodes, space.inodes_available)
    {
        let used = if all == 0 { 0.0 } else { all.saturating_sub(left) as f64 / all as f64 };
        rows.push(("inodes", percent, used, text::count(left), text::count(all)));
        if pressure == Pressure::Inodes {
            rows.reverse();
        }
    }
    let theme = canvas.theme;
    // The bar takes what the words leave: label, percent, two numbers.
    let cells = canvas.width().saturating_sub(9 + 5 + 1 + 27 + 1).clamp(10, 60);
    for (i, (label, percent, share, left, all)) in rows.into_iter().enumerate() {
        let y = 1 + i as u16;
        canvas.text(1, y, label, theme.plain());
        canvas.text(9, y, &theme.bar(share, cells, true), theme.gauge(pressure, percent));
        canvas.right(9 + cells + 5, y, &format!("{percent}%"), theme.strong());
        let words = format!("{left:>9} free of {all:>9}");
        canvas.right(canvas.width() - 1, y, &words, theme.plain());
    }
}

fn can_go(canvas: &mut Canvas<'_>, app: &App) {
    let theme = canvas.theme;
    let (safe, fetched) = app.status.can_go;
    let size = |n| text::size(n, app.context.units);
    if app.inventory.state == ScanState::Running && safe + fetched == 0 {
        canvas.text(1, 4, "Can go now: still looking", theme.plain());
        return;
    }
    let mut spans = vec![
        ("Can go now: ".to_string(), theme.plain()),
        (format!("{} safe", size(safe)), theme.strong()),
        (format!(" + {} you can download again", size(fetched)), theme.plain()),
    ];
    let (trashed, _) = app.status.in_trash();
    if trashed > 0 {
        spans.push((format!("   in trash: {}", size(trashed)), theme.plain()));
    }
    canvas.spans(1, 4, &spans);
}

/// What the scan does, or did.
fn scan_line(canvas: &Canvas<'_>, app: &App) -> String {
    let p = &app.inventory.progress;
    let entries = text::count(p.entries);
    if app.inventory.state != ScanState::Running {
        let how = if app.inventory.state == ScanState::Stopped { ", stopped" } else { "" };
        let files = if p.entries == 1 { "file" } else { "files" };
        return format!("{entries} {files} in {:.1} s{how}", p.seconds);
    }
    let spinner = canvas.theme.spinner((p.seconds * 4.0) as usize);
    let rate = if p.seconds > 0.2 {
        text::count((p.entries as f64 / p.seconds) as u64) + "/s"
    } else {
        String::new()
    };
    match p.expected.filter(|e| *e > 0) {
        Some(expected) => {
            let percent = (p.entries * 100 / expected).min(99);
            format!("scanning {spinner} {percent}%  {entries} of {}  {rate}", text::count(expected))
        }
        None => format!("scanning {spinner} {entries}  {rate}"),
    }
}
