//! What became of a plan: every outcome, what was estimated, what the disk really got back.

use super::paint::{Canvas, Span};
use crate::app::App;
use crate::removal::execute::{Outcome, Report, StepReport};
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
    for m in report.measured.iter().filter(|m| m.estimated > 0) {
        let mount = text::path(&m.mount);
        match m.came_back() {
            Some(n) if n >= 0 => say(
                format!(
                    "{mount}: estimated {}, measured {} back; {} free now",
                    size(m.estimated),
                    size(n as u64),
                    size(m.after.unwrap_or(0))
                ),
                true,
            ),
            Some(n) => say(
                format!(
                    "{mount}: estimated {}, but {} less is free now: something else is writing",
                    size(m.estimated),
                    size(n.unsigned_abs())
                ),
                true,
            ),
            None => say(
                format!(
                    "{mount}: estimated {}; the file system did not say what is free in time",
                    size(m.estimated)
                ),
                true,
            ),
        }
        let back = m.came_back().unwrap_or(0).max(0) as u64;
        if m.estimated > 0 && back < m.estimated / 10 * 9 {
            say("Less than estimated: a process still holds some of it open, a snapshot or copy shares it, or something wrote meanwhile.".into(), false);
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
