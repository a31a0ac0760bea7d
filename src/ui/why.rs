//! Why it cannot be saved: the answer, the places where Jupyter writes, every check, and what can be done from here.

use super::paint::{Canvas, Span};
use super::theme::Theme;
use crate::app::App;
use crate::app::action::Action;
use crate::app::keymap::binding;
use crate::app::why::{CanGo, Why};
use crate::model::inventory::ScanState;
use crate::report::why::{self, QUESTION, Style, Tone};
use crate::text;

/// Lines longer than this are no pleasure to read.
const WIDEST: usize = 100;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, why: &Why) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let columns = (canvas.width() - 2).min(WIDEST);
    let style = Style { home: &app.context.home, units: app.context.units, ascii: theme.ascii, columns };
    let answer = why.seen.as_ref().map(|seen| seen.answer(&app.context.host));
    let (title, who) = answer.as_ref().map_or_else(|| (QUESTION, app.context.host.clone()), why::title);
    canvas.text(1, 0, title, theme.strong());
    canvas.right(canvas.width() - 1, 0, &who, theme.plain());
    canvas.rule(1);
    let lines: Vec<Vec<Span>> = match &answer {
        Some(answer) => {
            why::lines(answer, style).into_iter().flat_map(|l| fitted(l, columns, theme)).collect()
        }
        None => Vec::new(),
    };
    let room = usize::from(last.saturating_sub(4));
    let scroll = why.scroll.min(lines.len().saturating_sub(room));
    for (y, line) in lines.iter().skip(scroll).take(room).enumerate() {
        canvas.spans(1, 2 + y as u16, line);
    }
    canvas.rule(last - 2);
    let line = text::cut_end(&status(app, why), canvas.width() - 2);
    canvas.text(1, last - 1, &line, theme.strong());
    let mut keys = vec![("d", "plan"), ("t", "test again"), ("y", "copy as text")];
    if why.seen.as_ref().is_some_and(crate::app::why::Seen::has_trash) {
        keys.insert(1, ("E", "empty trash"));
    }
    let more = if scroll + room < lines.len() { "↓ more" } else { "" };
    canvas.keys(last, &keys, &[(more, ""), ("Esc", "back")]);
}

/// A line in its style. What is copied as it is may be longer than the screen.
fn fitted(line: why::Line, columns: usize, theme: Theme) -> Vec<Vec<Span>> {
    let styled = |tone| match tone {
        Tone::Plain => theme.plain(),
        Tone::Strong => theme.strong(),
        Tone::Dim => theme.dim(),
        Tone::Good => theme.good(),
        Tone::Alarm => theme.alarm(),
    };
    if let [(only, tone)] = &line[..]
        && text::width(only) > columns
    {
        let rows = text::wrap(only.trim_start(), columns - 2);
        return rows.into_iter().map(|row| vec![(format!("  {row}"), styled(*tone))]).collect();
    }
    vec![line.into_iter().map(|(text, tone)| (text, styled(tone))).collect()]
}

/// What is going on, or what can be done.
fn status(app: &App, why: &Why) -> String {
    if why.looking {
        return "looking where Jupyter writes, and whether that can be written …".into();
    }
    if let Some(message) = &app.status.message {
        return message.clone();
    }
    let size = |n| text::size(n, app.context.units);
    if let Some(refused) = app.refusal() {
        return refused.into();
    }
    let marked = app.status.marked;
    if marked.count > 0 {
        return format!("{} marked: {} freed if deleted; d shows the plan", marked.count, size(marked.frees));
    }
    let Some(CanGo { mount, bytes }) = why.seen.as_ref().and_then(|seen| seen.can_go.as_ref()) else {
        return String::new();
    };
    let (mount, named) = (text::path(mount), text::shell(mount.as_os_str().as_encoded_bytes()));
    let so_far = if app.inventory.state == ScanState::Running { " so far" } else { "" };
    match bytes {
        None => format!("nothing on {mount} was scanned: `mldu {named}` does that"),
        Some((0, 0)) => format!("nothing on {mount} is known to go without a look{so_far}: see the groups"),
        Some((0, fetched)) => {
            format!("{} on {mount}{so_far} can be downloaded again: mark it in the groups", size(*fetched))
        }
        Some((safe, _)) => {
            let key = binding(Action::MarkSafe).map_or("", |b| b.shown);
            format!("{} safe on {mount}{so_far}: {key} marks it, then d", size(*safe))
        }
    }
}
