//! Drawing: a function of the state. It reads, it never changes anything, and it knows no terminal but the frame.

mod bin;
mod details;
mod done;
mod empty;
mod files;
mod footer;
mod header;
mod help;
mod interrupted;
mod list;
mod paint;
mod plan;
pub mod theme;
mod undone;
mod why;
mod working;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::files::View;
use crate::app::{App, Mode};
pub use theme::Theme;

use paint::Canvas;

/// Smaller than this nothing can be shown.
pub const SMALLEST: (u16, u16) = (60, 16);

/// Rows the main view needs besides its list: five of header, a gap, the column names; then a gap, a line on the
/// row, a rule, two of footer.
pub const AROUND_LIST: u16 = 12;

/// How many rows of the list fit on a screen of this height.
pub fn list_height(screen: u16) -> usize {
    usize::from(screen.saturating_sub(AROUND_LIST))
}

/// Draws the state.
pub fn render(frame: &mut Frame<'_>, app: &App, theme: Theme) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), area, theme);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "mldu needs {}x{} cells; this is {}x{}. q quits.",
            SMALLEST.0, SMALLEST.1, area.width, area.height
        );
        canvas.text(0, 0, &text, theme.plain());
        return;
    }
    match &app.mode {
        Mode::Browse | Mode::Filter(_) | Mode::Free { .. } | Mode::Looking | Mode::ConfirmQuit => {
            main_view(&mut canvas, app, area);
        }
        Mode::Details { key, names, owners, scroll } => {
            details::draw(&mut canvas, app, (*key, names, owners), *scroll);
        }
        Mode::Trashed { title, facts, scroll } => details::page(&mut canvas, title, facts, *scroll),
        Mode::Undone { done, scroll } => undone::draw(&mut canvas, app, done, *scroll),
        Mode::Help(scroll) => help::draw(&mut canvas, *scroll),
        Mode::Why(why) => why::draw(&mut canvas, app, why),
        Mode::Confirm(confirm) => plan::draw(&mut canvas, app, confirm),
        Mode::Removing { progress, stopping, plan } => {
            working::draw(&mut canvas, app, progress, *stopping, plan.as_deref());
        }
        Mode::Interrupted { cursor, asked } => interrupted::draw(&mut canvas, app, *cursor, asked),
        Mode::Resuming { progress, stopping } => {
            working::titled(&mut canvas, app, progress, *stopping, "FINISHING WHAT WAS INTERRUPTED");
        }
        Mode::Done { report, plan, scroll } => done::draw(&mut canvas, app, report, plan, *scroll),
        Mode::ConfirmEmpty { empty, word, scroll } => {
            empty::draw(&mut canvas, app, empty, word.value(), *scroll);
        }
    }
}

fn main_view(canvas: &mut Canvas<'_>, app: &App, area: Rect) {
    header::draw(canvas, app);
    match app.browse.view {
        View::Groups | View::Users => list::draw(canvas, app, 6, list_height(area.height)),
        View::Files => files::draw(canvas, app, 5, list_height(area.height)),
        View::Trash => bin::draw(canvas, app, 6, list_height(area.height)),
    }
    footer::draw(canvas, app);
}
