//! The help: every key, from the table that dispatches them.

use super::paint::Canvas;
use crate::app::keymap::{BINDINGS, Section};
use crate::model::verdict::Verdict;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, scroll: usize) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    canvas.text(1, 0, "HELP", theme.strong());
    canvas.rule(1);
    let mut lines: Vec<(String, String, bool)> = Vec::new();
    for section in Section::ALL {
        lines.push((section.title().into(), String::new(), true));
        for b in BINDINGS.iter().filter(|b| b.section == section) {
            lines.push((b.shown.into(), b.help.into(), false));
        }
        lines.push((String::new(), String::new(), false));
    }
    lines.push(("If deleted".into(), String::new(), true));
    for verdict in Verdict::ALL {
        lines.push((verdict.label().into(), meaning(verdict).into(), false));
    }
    let room = usize::from(last.saturating_sub(3));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    for (y, (key, what, title)) in lines.iter().skip(scroll).take(room).enumerate() {
        let y = 2 + y as u16;
        if *title {
            canvas.text(1, y, key, theme.strong());
        } else {
            canvas.text(3, y, key, theme.strong());
            canvas.text(17, y, what, theme.plain());
        }
    }
    canvas.rule(last - 1);
    let more = if scroll + room < lines.len() { "↓ more" } else { "" };
    canvas.keys(last, &[("↑↓", "scroll")], &[(more, ""), ("Esc", "back")]);
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Safe => "no program and no person misses it",
        Verdict::ReDownload => "a library fetches it again when needed",
        Verdict::Rebuild => "can be computed again, at the price of time",
        Verdict::LookFirst => "you may have made it: look before it goes",
        Verdict::InUse => "a process uses it: never removed",
        Verdict::Protected => "a secret, a setting, or needed by others: never removed",
    }
}
