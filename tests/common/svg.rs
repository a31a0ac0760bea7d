//! A terminal screen as an SVG picture, cell by cell: no outside font, no script.

use std::fmt::Write as _;

const CELL: (f64, f64) = (8.43, 16.5);
const FONT: f64 = 14.0;
const BACKGROUND: &str = "#1b1e28";
const TEXT: &str = "#d0d4de";
const DIM: &str = "#8b90a0";

/// One cell.
struct Cell {
    text: String,
    color: String,
    bold: bool,
    inverse: bool,
}

/// Draws a screen.
pub fn draw(screen: &vt100::Screen, title: &str) -> String {
    let (rows, cols) = screen.size();
    let (rows, cols) = (rows.get(), cols.get());
    let (width, height) = (f64::from(cols) * CELL.0 + 24.0, f64::from(rows) * CELL.1 + 24.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">\n"
    );
    for row in 0..rows {
        let cells: Vec<Cell> = (0..cols).map(|col| cell(screen, row, col)).collect();
        line(&mut out, row, &cells);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn cell(screen: &vt100::Screen, row: u16, col: u16) -> Cell {
    let Some(cell) = screen.cell(row, col) else {
        return Cell { text: " ".into(), color: TEXT.into(), bold: false, inverse: false };
    };
    let text = if cell.contents().is_empty() { " ".to_string() } else { cell.contents().to_string() };
    let color = match cell.fgcolor() {
        vt100::Color::Default if cell.dim() => DIM.to_string(),
        vt100::Color::Default => TEXT.to_string(),
        vt100::Color::Idx(i) => indexed(i),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    };
    Cell { text, color, bold: cell.bold(), inverse: cell.inverse() }
}

/// Words are placed one by one, so that another font cannot shift what stands behind them.
fn line(out: &mut String, row: u16, cells: &[Cell]) {
    let y = 12.0 + f64::from(row) * CELL.1;
    let x = |col: usize| 12.0 + col as f64 * CELL.0;
    let mut col = 0;
    while col < cells.len() {
        let c = &cells[col];
        let alike = |o: &Cell| o.color == c.color && o.bold == c.bold && o.inverse == c.inverse;
        let end = cells[col..].iter().position(|o| !alike(o)).map_or(cells.len(), |n| col + n);
        if c.inverse {
            let width = (end - col) as f64 * CELL.0;
            let _ = writeln!(
                out,
                "<rect x=\"{:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{}\" fill=\"{}\"/>",
                x(col),
                CELL.1,
                c.color
            );
        }
        let fill = if c.inverse { BACKGROUND } else { &c.color };
        let weight = if c.bold { " font-weight=\"bold\"" } else { "" };
        let mut at = col;
        while at < end {
            let text = cells[at].text.as_str();
            if let Some(share) = eighths(text) {
                // Bars are drawn, not written: fonts leave seams between them.
                let _ = writeln!(
                    out,
                    "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{fill}\" shape-rendering=\"crispEdges\"/>",
                    x(at),
                    y + 1.0,
                    CELL.0 * share + 0.1,
                    CELL.1 - 2.0
                );
                at += 1;
                continue;
            }
            if text == " " {
                at += 1;
                continue;
            }
            let stop = (at..end)
                .find(|i| cells[*i].text == " " || eighths(&cells[*i].text).is_some())
                .unwrap_or(end);
            let word: String = cells[at..stop].iter().map(|c| c.text.as_str()).collect();
            let _ = writeln!(
                out,
                "<text x=\"{:.2}\" y=\"{:.2}\" fill=\"{fill}\"{weight}>{}</text>",
                x(at),
                y + 12.5,
                escape(&word)
            );
            at = stop;
        }
        col = end;
    }
}

/// How much of a cell a bar sign fills.
fn eighths(text: &str) -> Option<f64> {
    let signs = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
    signs.iter().position(|s| *s == text).map(|i| (i + 1) as f64 / 8.0)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// xterm's palette.
fn indexed(i: u8) -> String {
    let basic = [
        "#1b1e28", "#d05050", "#50a060", "#c0a040", "#5080d0", "#b060b0", "#40a0b0", "#c0c4ce", "#707480",
        "#f07070", "#70c080", "#e0c060", "#70a0f0", "#d080d0", "#60c0d0", "#f0f4fe",
    ];
    match i {
        0..=15 => basic[usize::from(i)].to_string(),
        16..=231 => {
            let step = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
            let n = i - 16;
            format!("#{:02x}{:02x}{:02x}", step(n / 36), step(n / 6 % 6), step(n % 6))
        }
        _ => {
            let gray = 8 + (i - 232) * 10;
            format!("#{gray:02x}{gray:02x}{gray:02x}")
        }
    }
}
