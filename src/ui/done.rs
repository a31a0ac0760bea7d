//! What became of a plan: every outcome, what was estimated, what the disk really got back.

use super::paint::{Canvas, Span};
use crate::app::App;
use crate::removal::execute::{Outcome, Report, StepReport};
use crate::removal::measure::Measured;
use crate::removal::plan::Plan;
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
        say(measured(app, m), true);
        if !m.why.is_empty() {
            let what = if m.is_in_doubt() { "possible" } else { "promised" };
            say(format!("Less than {what}: {}.", m.why.join("; ")), false);
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
        say(
            match &list.files {
                Ok((files, found)) => {
                    let paths: Vec<String> =
                        files.iter().map(|f| text::short_path(f, &app.context.home)).collect();
                    format!("{}: {} written down in {}", list.name, found.counted(), paths.join(" and "))
                }
                Err(why) => format!("{}: its list could not be written: {why}", list.name),
            },
            false,
        );
    }
    if let Some(why) = &report.unlogged {
        say(format!("The log could not be written: {}.", text::plain(why)), true);
    }
    say(String::new(), false);
    for step in &report.steps {
        let line = plan.lines.get(step.line).map(|l| l.name.clone()).unwrap_or_default();
        say(format!("{}  {}", outcome(step), describe(app, step, &line)), false);
    }
    for r in &plan.refused {
        say(format!("left out  {}: {}", r.name, r.reason), false);
    }
    lines
}

/// What was said before, and what the disk says now.
fn measured(app: &App, m: &Measured) -> String {
    let size = |n| text::size(n, app.context.units);
    let mount = text::path(&m.mount);
    let said = match m.maybe {
        0 => format!("estimated {}", size(m.estimated)),
        more => format!("estimated {} to {}", size(m.estimated), size(m.estimated.saturating_add(more))),
    };
    match m.came_back() {
        Some(n) if n >= 0 => format!(
            "{mount}: {said}, measured {} back; {} free now",
            size(n as u64),
            size(m.after.unwrap_or(0))
        ),
        Some(n) => format!(
            "{mount}: {said}, but {} less is free now: something else is writing",
            size(n.unsigned_abs())
        ),
        None => format!("{mount}: {said}; the file system did not say what is free in time"),
    }
}

fn describe(app: &App, step: &StepReport, line: &str) -> String {
    let path = text::short_path(&step.path, &app.context.home);
    let name = if path.ends_with(line) { path } else { format!("{line}  {path}") };
    match &step.outcome {
        Outcome::Trashed { .. } | Outcome::Deleted { .. } => name,
        Outcome::Partly { files, left, first, rest } => {
            format!("{name}: {files} removed, {left} left ({first}); the rest is in {}", text::path(rest))
        }
        Outcome::Kept(why) | Outcome::PutBack(why) => format!("{name}: {why}"),
        Outcome::NotReached => format!("{name}: stopped before it came to this"),
    }
}

fn outcome(step: &StepReport) -> &'static str {
    match step.outcome {
        Outcome::Trashed { .. } => "trashed ",
        Outcome::Deleted { .. } => "deleted ",
        Outcome::Partly { .. } => "PARTLY  ",
        Outcome::Kept(_) => "KEPT    ",
        Outcome::PutBack(_) => "PUT BACK",
        Outcome::NotReached => "NOT DONE",
    }
}
