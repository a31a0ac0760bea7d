//! Putting text into cells: nothing is drawn outside the screen, nothing wraps by itself, nothing raw gets through.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Theme;
use crate::text;

/// Where things are drawn.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    /// How things look.
    pub theme: Theme,
}

/// Text in one style.
pub type Span = (String, Style);

impl<'a> Canvas<'a> {
    /// A canvas on a buffer.
    pub fn new(buffer: &'a mut Buffer, area: Rect, theme: Theme) -> Self {
        Self { buffer, area, theme }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    /// Rows.
    pub fn height(&self) -> u16 {
        self.area.height
    }

    /// Draws text at a column of a row, cut off at the edge. Returns the column behind it.
    pub fn text(&mut self, x: usize, y: u16, text: &str, style: Style) -> usize {
        let shown = if self.theme.ascii { text::ascii(text) } else { text.to_string() };
        let room = self.width().saturating_sub(x);
        if y >= self.area.height || room == 0 {
            return x;
        }
        let shown = text::cut_end(&shown, room);
        let shown = if self.theme.ascii { text::ascii(&shown) } else { shown };
        let at = (self.area.x + x as u16, self.area.y + y);
        self.buffer.set_stringn(at.0, at.1, &shown, room, style);
        x + text::width(&shown)
    }

    /// Draws spans one after the other. Returns the column behind them.
    pub fn spans(&mut self, x: usize, y: u16, spans: &[Span]) -> usize {
        spans.iter().fold(x, |x, (text, style)| self.text(x, y, text, *style))
    }

    /// Draws text so that it ends before this column.
    pub fn right(&mut self, end: usize, y: u16, text: &str, style: Style) {
        let width = text::width(&if self.theme.ascii { text::ascii(text) } else { text.to_string() });
        self.text(end.saturating_sub(width), y, text, style);
    }

    /// A line across the screen.
    pub fn rule(&mut self, y: u16) {
        let line = self.theme.rule().repeat(self.width());
        self.text(0, y, &line, self.theme.dim());
    }

    /// Gives a whole row a style.
    pub fn restyle(&mut self, y: u16, style: Style) {
        if y < self.area.height {
            self.buffer.set_style(Rect { y: self.area.y + y, height: 1, ..self.area }, style);
        }
    }

    /// Keys and what they do, at the right edge.
    pub fn keys_right(&mut self, y: u16, keys: &[(&str, &str)]) {
        self.keys(y, &[], keys);
    }

    /// Keys and what they do, as many as fit, in the order of their worth.
    pub fn keys(&mut self, y: u16, left: &[(&str, &str)], right: &[(&str, &str)]) {
        let spans = |keys: &[(&str, &str)], theme: Theme| -> Vec<Span> {
            let each = keys.iter().flat_map(|(key, what)| {
                [(format!(" {key}"), theme.strong()), (format!(" {what} "), theme.plain())]
            });
            each.collect()
        };
        let width = |spans: &[Span]| spans.iter().map(|(t, _)| text::width(t)).sum::<usize>();
        let end = spans(right, self.theme);
        let room = self.width().saturating_sub(width(&end));
        let mut shown = Vec::new();
        for key in left {
            let next = spans(&[*key], self.theme);
            if width(&shown) + width(&next) > room {
                break;
            }
            shown.extend(next);
        }
        self.spans(0, y, &shown);
        self.spans(room, y, &end);
    }
}
