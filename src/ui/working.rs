//! A removal while it runs.

use super::paint::Canvas;
use crate::app::App;
use crate::removal::execute::Progress;
use crate::removal::plan::Plan;
use crate::text;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, progress: &Progress, stopping: bool, plan: Option<&Plan>) {
    let title = match plan {
        Some(plan) if plan.is_final() => "REMOVING",
        Some(_) => "MOVING TO THE TRASH",
        None => "EMPTYING THE TRASH",
    };
    titled(canvas, app, progress, stopping, title);
}

/// Draws it under this title.
pub fn titled(canvas: &mut Canvas<'_>, app: &App, progress: &Progress, stopping: bool, title: &str) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    canvas.text(1, 0, title, theme.strong());
    canvas.rule(1);
    let share = if progress.of_files > 0 {
        progress.files as f64 / progress.of_files as f64
    } else {
        progress.steps as f64 / progress.of.max(1) as f64
    };
    let cells = canvas.width().saturating_sub(12).clamp(10, 60);
    canvas.text(2, 3, &theme.bar(share, cells, true), theme.good());
    canvas.right(2 + cells + 6, 3, &format!("{:.0}%", share.min(1.0) * 100.0), theme.strong());
    let steps = format!(
        "{} of {} done",
        text::full_count(progress.steps as u64),
        text::full_count(progress.of as u64)
    );
    let files = if progress.files > 0 {
        format!(", {}", text::counted(progress.files, "file", "files"))
    } else {
        String::new()
    };
    canvas.text(2, 5, &format!("{steps}{files}"), theme.plain());
    let path = text::short_path(&progress.path, &app.context.home);
    let width = canvas.width() - 4;
    canvas.text(2, 6, &text::cut_middle(&path, width), theme.dim());
    canvas.rule(last - 1);
    if stopping {
        canvas.text(1, last, "Stopping after the current entry …", theme.strong());
    } else {
        canvas.keys(last, &[("Esc", "stop after the current entry")], &[]);
    }
}
