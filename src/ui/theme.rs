//! Colors and signs. The only place that knows what a group, a verdict or a state looks like; each is also a word.

use ratatui::style::{Color, Modifier, Style};

use crate::model::category::Category;
use crate::model::mount::Pressure;
use crate::model::verdict::Verdict;

/// How many colors there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// None: weight and words only.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// xterm's 256.
    Indexed,
    /// All of them.
    True,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Which colors there are.
    pub colors: Colors,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
}

/// A hue in each depth: true color, xterm-256, the terminal's own sixteen. After Okabe and Ito, which the color-blind
/// can tell apart.
struct Hue((u8, u8, u8), u8, Color);

const ORANGE: Hue = Hue((0xE6, 0x9F, 0x00), 208, Color::Yellow);
const SKY: Hue = Hue((0x56, 0xB4, 0xE9), 74, Color::Cyan);
const GREEN: Hue = Hue((0x00, 0x9E, 0x73), 36, Color::Green);
const YELLOW: Hue = Hue((0xF0, 0xE4, 0x42), 221, Color::LightYellow);
const PURPLE: Hue = Hue((0xCC, 0x79, 0xA7), 175, Color::Magenta);
const BLUE: Hue = Hue((0x00, 0x72, 0xB2), 67, Color::Blue);
const RED: Hue = Hue((0xD5, 0x5E, 0x00), 167, Color::Red);
const GRAY: Hue = Hue((0x8A, 0x8A, 0x8A), 245, Color::Reset);

impl Theme {
    fn color(self, hue: &Hue) -> Color {
        match self.colors {
            Colors::None => Color::Reset,
            Colors::Sixteen => hue.2,
            Colors::Indexed => Color::Indexed(hue.1),
            Colors::True => Color::Rgb(hue.0.0, hue.0.1, hue.0.2),
        }
    }

    fn hue(self, hue: &Hue) -> Style {
        Style::new().fg(self.color(hue))
    }

    /// Text in the terminal's own color.
    pub fn plain(self) -> Style {
        Style::new()
    }

    /// What decides.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is there if one looks for it.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The row under the cursor.
    pub fn cursor(self) -> Style {
        Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED).remove_modifier(Modifier::DIM)
    }

    /// Full, in use, failed.
    pub fn alarm(self) -> Style {
        self.hue(&RED).add_modifier(Modifier::BOLD)
    }

    /// Safe.
    pub fn good(self) -> Style {
        self.hue(&GREEN)
    }

    /// The bar of a group.
    pub fn group(self, category: Category) -> Style {
        self.hue(match category {
            Category::Checkpoints => &ORANGE,
            Category::Hub => &SKY,
            Category::Datasets => &GREEN,
            Category::CondaTarballs => &YELLOW,
            Category::KerasModels => &PURPLE,
            Category::Environments | Category::Packages => &BLUE,
            _ => &GRAY,
        })
    }

    /// The word of a verdict.
    pub fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Safe => self.good(),
            Verdict::InUse => self.alarm(),
            _ => self.dim(),
        }
    }

    /// The gauge of a mount.
    pub fn gauge(self, pressure: Pressure, percent: u64) -> Style {
        match pressure {
            Pressure::Bytes | Pressure::Inodes if percent >= 95 => self.hue(&RED),
            _ if percent >= 95 => self.hue(&ORANGE),
            _ => self.good(),
        }
    }

    /// The word of the headline.
    pub fn pressure(self, pressure: Pressure) -> Style {
        match pressure {
            Pressure::Fine => self.good(),
            _ => self.alarm(),
        }
    }

    /// The sign of an open row, a closed one, one with nothing inside.
    pub fn fold(self, opens: bool, open: bool) -> &'static str {
        match (opens, open, self.ascii) {
            (false, ..) => " ",
            (_, true, false) => "▾",
            (_, false, false) => "▸",
            (_, true, true) => "-",
            (_, false, true) => "+",
        }
    }

    /// A line across the screen.
    pub fn rule(self) -> &'static str {
        if self.ascii { "-" } else { "─" }
    }

    /// A bar of `cells` cells, filled so far: eighths of a cell, or `#` and `.`.
    pub fn bar(self, share: f64, cells: usize, track: bool) -> String {
        let share = share.clamp(0.0, 1.0);
        if self.ascii {
            let full = ((share * cells as f64).round() as usize).max(usize::from(share > 0.0 && cells > 0));
            let empty = if track { "." } else { " " };
            return format!("{}{}", "#".repeat(full), empty.repeat(cells - full.min(cells)));
        }
        let eighths =
            ((share * cells as f64 * 8.0).round() as usize).max(usize::from(share > 0.0 && cells > 0));
        let full = (eighths / 8).min(cells);
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][if full == cells { 0 } else { eighths % 8 }];
        let used = full + usize::from(!part.is_empty());
        format!("{}{part}{}", "█".repeat(full), " ".repeat(cells - used))
    }

    /// A sign that turns while something happens.
    pub fn spinner(self, tick: usize) -> &'static str {
        let signs = if self.ascii { ["|", "/", "-", "\\"] } else { ["⠋", "⠹", "⠼", "⠏"] };
        signs[tick % 4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn bars_are_as_wide_as_asked_and_never_empty_for_something() {
        for ascii in [false, true] {
            let theme = Theme { colors: Colors::None, ascii };
            for cells in [1, 8, 40] {
                for share in [0.0, 0.0001, 0.1, 0.5, 0.99, 1.0, 7.0] {
                    let bar = theme.bar(share, cells, false);
                    assert_eq!(width(&bar), cells, "{share} {cells} {ascii}");
                    assert_eq!(bar.trim().is_empty(), share == 0.0);
                }
            }
        }
    }
}
