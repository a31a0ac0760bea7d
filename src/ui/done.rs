//! What became of a plan: every outcome, what was estimated, what the disk really got back.

use super::paint::{Canvas, Span};
use crate::app::App;
use crate::removal::execute::Report;
use crate::removal::plan::Plan;
use crate::removal::words;
use crate::text;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, report: &Report, plan: &Plan, scroll: usize) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let failed = report.failed().count();
    let title = match (report.stopped, failed) {
        (true, _) => "STOPPED",
        (_, 0) => "DONE",
        _ => "PARTLY DONE",
    };
    canvas.text(1, 0, title, theme.strong());
    let things = text::counted((report.steps.len() - failed) as u64, "step", "steps");
    canvas.right(canvas.width() - 1, 0, &format!("{things} done, {failed} not"), theme.plain());
    canvas.rule(1);
    let lines = lines(canvas, app, report, plan);
    let room = usize::from(last.saturating_sub(3));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    for (y, line) in lines.iter().skip(scroll).take(room).enumerate() {
        canvas.spans(1, 2 + y as u16, line);
    }
    canvas.rule(last - 1);
    let mut keys = vec![("↑↓", "scroll")];
    if report.trashed > 0 {
        keys.extend([("u", "undo"), ("E", "empty")]);
    }
    canvas.keys(last, &keys, &[("Esc", "back")]);
}

fn lines(canvas: &Canvas<'_>, app: &App, report: &Report, plan: &Plan) -> Vec<Vec<Span>> {
    let theme = canvas.theme;
    let width = canvas.width() - 2;
    let size = |n| text::size(n, app.context.units);
    let mut lines: Vec<Vec<Span>> = Vec::new();
    let mut say = |text: String, strong: bool| {
        let style = if strong { theme.strong() } else { theme.plain() };
        lines.extend(text::wrap(&text, width).into_iter().map(|l| vec![(l, style)]));
    };
    // A plan that only moves things to the trash gives nothing back, and says nothing about it.
    for m in report.measured.iter().filter(|m| m.was_to_change()) {
        say(words::measured(m, app.context.units), true);
        if let Some(why) = words::shortfall(m) {
            say(why, false);
        }
    }
    if report.trashed > 0 {
        say(
            format!(
                "{} in mldu's trash: that frees nothing until it is emptied. E empties it, u brings it back.",
                size(report.trashed)
            ),
            true,
        );
        say(format!("Outside: mldu undo {}, mldu trash empty {}", report.run, report.run), false);
    }
    for list in &report.lists {
        say(words::list(list, &app.context.home), false);
    }
    if let Some(why) = &report.unlogged {
        say(format!("The log could not be written: {}.", text::plain(why)), true);
    }
    say(String::new(), false);
    for step in &report.steps {
        let line = plan.lines.get(step.line).map(|l| l.name.clone()).unwrap_or_default();
        let (word, what) = words::step(step, &line, &app.context.home);
        say(format!("{word:<8}  {what}"), false);
    }
    for r in &plan.refused {
        say(format!("left out  {}: {}", r.name, r.reason), false);
    }
    lines
}
