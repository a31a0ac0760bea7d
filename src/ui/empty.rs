//! Emptying the trash: exactly what mldu put there, listed before it goes for good.

use super::paint::Canvas;
use crate::app::App;
use crate::removal::empty::Empty;
use crate::text;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, empty: &Empty, word: &str, scroll: usize) {
    let theme = canvas.theme;
    let last = canvas.height() - 1;
    let size = |n| text::size(n, app.context.units);
    let things = text::counted(empty.things().len() as u64, "thing", "things");
    canvas.text(1, 0, &format!("EMPTY  {things} mldu trashed, {}", size(empty.bytes())), theme.strong());
    canvas.rule(1);
    let room = usize::from(last.saturating_sub(5));
    let scroll = scroll.min(empty.things().len().saturating_sub(room));
    let width = canvas.width();
    for (y, thing) in empty.things().iter().skip(scroll).take(room).enumerate() {
        let y = 2 + y as u16;
        canvas.right(12, y, &thing.ours.as_ref().map(|o| size(o.bytes)).unwrap_or_default(), theme.plain());
        let date = text::plain(&thing.date).replace('T', " ");
        canvas.text(14, y, &date, theme.dim());
        let path = text::short_path(&thing.original, &app.context.home);
        canvas.text(35, y, &text::cut_middle(&path, width.saturating_sub(36)), theme.plain());
    }
    canvas.text(1, last - 3, "What other programs trashed stays.", theme.dim());
    canvas.rule(last - 2);
    let x = canvas.text(
        1,
        last - 1,
        "All of this will be gone for good. Type  empty  and Enter: ",
        theme.alarm(),
    );
    let x = canvas.text(x, last - 1, &text::plain(word), theme.strong());
    canvas.text(x, last - 1, " ", theme.cursor());
    canvas.keys(last, &[("Enter", "go on, if the word is there"), ("↑↓", "scroll")], &[("Esc", "back")]);
}
