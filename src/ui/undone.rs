//! What came back from the trash and what did not, with what would bring it back after all.

use super::paint::{Canvas, Span};
use crate::app::App;
use crate::removal::restore::{Offer, Restored};
use crate::text;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, done: &[Restored], scroll: usize) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let failed = done.iter().filter(|d| d.failed.is_some()).count();
    canvas.text(1, 0, "NOT ALL CAME BACK", theme.strong());
    let counts = format!("{} back in place, {failed} not", done.len() - failed);
    canvas.right(canvas.width() - 1, 0, &counts, theme.plain());
    canvas.rule(1);
    let offers = |offer| done.iter().any(|d| d.offer == Some(offer));
    let (beside, rest) = (offers(Offer::Beside), offers(Offer::Rest));
    let width = canvas.width() - 2;
    let mut lines: Vec<Vec<Span>> = Vec::new();
    // What did not come back is what matters.
    for d in done.iter().filter(|d| d.failed.is_some()).chain(done.iter().filter(|d| d.failed.is_none())) {
        let path = text::short_path(&d.path, &app.context.home);
        let line = match &d.failed {
            Some(why) => format!("STAYS  {path}: {why}"),
            None => format!("back   {path}"),
        };
        lines.extend(text::wrap(&line, width).into_iter().map(|l| vec![(l, theme.plain())]));
    }
    let room = usize::from(last.saturating_sub(5));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    for (y, line) in lines.iter().skip(scroll).take(room).enumerate() {
        canvas.spans(1, 2 + y as u16, line);
    }
    canvas.rule(last - 3);
    if beside {
        canvas.text(
            1,
            last - 2,
            "b  brings it back beside what lies there, as  NAME (restored)",
            theme.plain(),
        );
    }
    if rest {
        canvas.text(1, last - 1, "p  brings back the parts that are still there", theme.plain());
    }
    let mut keys = vec![("↑↓", "scroll")];
    keys.extend(beside.then_some(("b", "beside")));
    keys.extend(rest.then_some(("p", "partly")));
    canvas.keys(last, &keys, &[("Esc", "back")]);
}
