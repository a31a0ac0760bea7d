//! Everything known of one row.

mod held;
mod place;

use super::paint::Canvas;
use crate::app::App;
use crate::app::files::View;
use crate::model::item::ItemId;
use crate::model::measure::Owners;
use crate::model::node::NodeId;
use crate::model::rows::{Held, RowKey};
use crate::model::sight::Sight;
use crate::model::usage::Usage;
use crate::text;

/// The row, the names of its inode, and what each of its owners has of it.
pub type About<'a> = (RowKey, &'a [NodeId], &'a [(u32, Usage)]);

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, (key, names, owners): About<'_>, scroll: usize) {
    page(canvas, &app.inventory.row_name(key), &facts(app, (key, names, owners)), scroll);
}

/// Draws a page of facts.
pub fn page(canvas: &mut Canvas<'_>, title: &str, facts: &[(&'static str, String)], scroll: usize) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    canvas.text(1, 0, title, theme.strong());
    canvas.rule(1);
    let width = canvas.width() - 18;
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (label, value) in facts {
        for (i, line) in text::wrap(value, width).into_iter().enumerate() {
            lines.push((if i == 0 { label } else { "" }, line));
        }
    }
    let room = usize::from(last.saturating_sub(3));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    for (y, (label, value)) in lines.iter().skip(scroll).take(room).enumerate() {
        let y = 2 + y as u16;
        canvas.text(1, y, label, theme.dim());
        canvas.text(16, y, value, theme.plain());
    }
    canvas.rule(last - 1);
    canvas.keys(last, &[("↑↓", "scroll")], &[("Esc", "back")]);
}

/// Who holds something, each with what it is if they are several.
fn owner(app: &App, key: RowKey, each: &[(u32, Usage)]) -> Option<String> {
    let people = &app.inventory.people;
    match (key, app.inventory.row_measure(key).owners) {
        (RowKey::Node(node), _) => app.inventory.tree.facts(node).map(|f| people.name(f.uid)),
        (RowKey::Item(_), Owners::Several(_)) => {
            let told = each.iter().take(8).map(|(uid, u)| {
                format!("{} ({})", people.name(*uid), text::size(u.on_disk, app.context.units))
            });
            Some(told.collect::<Vec<_>>().join(", "))
        }
        (RowKey::Of(..), _) => None,
        (_, owners) => people.owner(owners),
    }
}

/// What could not be seen of who uses an item.
fn unseen(app: &App, id: ItemId) -> Option<String> {
    let hidden = app.inventory.held_open.sight.hidden;
    let words = Sight { closed: app.status.closed_processes?, hidden }.words()?;
    let seen = app.inventory.row_in_use(RowKey::Item(id));
    Some(if seen { words } else { format!("none seen; {words}") })
}

/// What a user holds of something.
fn held_by(app: &App, uid: u32, held: Held) -> Vec<(&'static str, String)> {
    let of = match held {
        Held::All => "everything".to_string(),
        _ => app.inventory.row_name(RowKey::Of(uid, held)),
    };
    vec![("user", format!("{}  ({uid})", app.inventory.people.name(uid))), ("holds", format!("of {of}"))]
}

fn facts(app: &App, (key, names, owners): About<'_>) -> Vec<(&'static str, String)> {
    if key.is_held_open() {
        return held::facts(app, key);
    }
    let inventory = &app.inventory;
    let m = match key {
        RowKey::Node(node) if app.browse.view == View::Files => place::measure(app, node),
        _ => inventory.row_measure(key),
    };
    let size = |n| text::size(n, app.context.units);
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    if let RowKey::Of(uid, held) = key {
        facts.extend(held_by(app, uid, held));
    }
    let share = matches!(key, RowKey::Of(..));
    if let RowKey::Item(id) = key
        && let Some(item) = inventory.item(id)
    {
        facts.push(("what", item.kind.into()));
        facts.extend(item.version.clone().map(|v| ("version", v)));
        facts.extend(item.origin.clone().map(|o| ("from", o)));
        let paths = item.parts.iter().take(20).map(|p| text::path(&inventory.tree.path(p.node)));
        facts.extend(paths.map(|p| ("path", p)));
        if item.parts.len() > 20 {
            facts.push(("", format!("and {} more", item.parts.len() - 20)));
        }
        if !item.holds.is_empty() {
            facts.push((
                "shares",
                text::counted(item.holds.len() as u64, "blob with others", "blobs, some with others"),
            ));
        }
    }
    let store = match key {
        RowKey::Store(_, id) => inventory.store(id),
        RowKey::Item(id) => inventory.item(id).and_then(|i| inventory.store(i.store)),
        _ => None,
    };
    if let Some(store) = store {
        facts.push(("cache", format!("{} ({})", store.family, store.role)));
        if matches!(key, RowKey::Store(..)) {
            facts.push(("path", text::path(&inventory.tree.path(store.root.into()))));
        }
    }
    if let RowKey::Node(node) = key {
        facts.extend(place::facts(app, node, names));
    }
    facts.extend(owner(app, key, owners).into_iter().map(|o| ("owner", o)));
    facts.push((
        "on disk",
        format!("{}  ({} bytes)", size(m.usage.on_disk), text::full_count(m.usage.on_disk)),
    ));
    facts.push((
        "length",
        format!("{}  ({} bytes)", size(m.usage.apparent), text::full_count(m.usage.apparent)),
    ));
    if !share && !matches!(key, RowKey::Node(_) | RowKey::Rest) {
        facts.push(("frees", format!("{} if only this goes", size(m.frees))));
    }
    facts.push(("files", text::full_count(m.usage.files)));
    if m.newest > 0 {
        let then = i64::from(m.newest);
        let age = match text::age(then, app.status.now).as_str() {
            "now" => "just now".to_string(),
            age => format!("{age} ago"),
        };
        facts.push(("changed", format!("{}  ({age})", text::rfc3339(then).unwrap_or_default())));
    }
    let verdict = match key {
        RowKey::Node(node) => inventory.place_verdict(node),
        _ => inventory.row_verdict(key),
    };
    facts.push(("if deleted", verdict.label().to_string()));
    if let RowKey::Node(node) = key {
        facts.extend(inventory.why_kept(node).map(|why| ("stays", why)));
    }
    if let Some(store) = store {
        facts.push(("to get it back", store.hint.to_string()));
    }
    if let RowKey::Item(id) = key {
        facts.extend(inventory.notes(id).into_iter().map(|n| ("note", n)));
        facts.extend(unseen(app, id).map(|words| ("in use", words)));
    }
    facts
}
