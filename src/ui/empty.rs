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
    let foreign = empty.foreign();
    let ours = empty.things().len() - foreign;
    let counted = |n: usize| text::counted(n as u64, "thing", "things");
    let mut what: Vec<String> = Vec::new();
    what.extend((ours > 0).then(|| format!("{} mldu trashed", counted(ours))));
    what.extend((foreign > 0).then(|| format!("{} that other programs put there", counted(foreign))));
    let unknown = match empty.unknown() {
        0 => String::new(),
        n => format!(" and {n} of unknown size"),
    };
    let title = format!("EMPTY  {}, {}{unknown}", what.join(" and "), size(empty.bytes()));
    canvas.text(1, 0, &title, theme.strong());
    canvas.rule(1);
    let room = usize::from(last.saturating_sub(5));
    let scroll = scroll.min(empty.things().len().saturating_sub(room));
    let width = canvas.width();
    for (y, (thing, bytes)) in empty.sized().skip(scroll).take(room).enumerate() {
        let y = 2 + y as u16;
        canvas.right(12, y, &bytes.map_or_else(|| "?".into(), size), theme.plain());
        let date = text::plain(&thing.date).replace('T', " ");
        canvas.text(14, y, &date, theme.dim());
        let place = if thing.is_orphan() { &thing.file() } else { &thing.original };
        let mut path = text::short_path(place, &app.context.home);
        if thing.identity.is_some() && !thing.is_ours() {
            path.push_str("  (not mldu's)");
        }
        canvas.text(35, y, &text::cut_middle(&path, width.saturating_sub(36)), theme.plain());
    }
    let others = match foreign {
        0 => "What other programs trashed stays.".to_string(),
        n => {
            format!("{} that other programs put there: nothing tells mldu what they are.", counted(n))
        }
    };
    canvas.text(1, last - 3, &others, if foreign > 0 { theme.alarm() } else { theme.dim() });
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
