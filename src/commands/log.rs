//! `mldu log`: what was done, when, and what became of it.

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{Exit, complain, print};
use crate::env::Env;
use crate::removal::interrupted;
use crate::removal::journal::{self, Event, Line};
use crate::text::{self, Units};

/// So wide the table is at most.
const WIDTH: usize = 80;

/// Which lines are told.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only this run.
    pub run: Option<String>,
    /// Only since then: `7d`, `12h`, `2026-11-20`.
    pub since: Option<String>,
    /// Only so many of the last.
    pub last: Option<usize>,
    /// As JSON.
    pub json: bool,
}

/// Runs it.
pub fn run(env: &Env, units: Units, now: i64, wanted: &Wanted) -> Exit {
    let since = match wanted.since.as_deref().map(|text| since(text, now)) {
        Some(Err(why)) => {
            let _ = complain(&why);
            return Exit::Usage;
        }
        Some(Ok(since)) => since,
        None => i64::MIN,
    };
    let mut lines = journal::read(env);
    lines.retain(|l| wanted.run.as_ref().is_none_or(|r| l.run.starts_with(r.as_str())));
    lines.retain(|l| l.seconds().is_some_and(|at| at >= since));
    if wanted.json {
        let skip = lines.len().saturating_sub(wanted.last.unwrap_or(usize::MAX));
        return print(&format!("{}\n", serde_json::json!({"schema": 1, "log": lines[skip..]})));
    }
    let open = interrupted::open_runs(&lines);
    let mut rows: Vec<String> = lines.iter().filter_map(|l| row(l, units)).collect();
    let skip = rows.len().saturating_sub(wanted.last.unwrap_or(usize::MAX));
    rows.drain(..skip);
    for (run, what) in open {
        rows.push(format!("run {} {what}\n", text::plain(&run)));
    }
    if rows.is_empty() {
        return print("nothing was done yet, as far as the log knows\n");
    }
    print(&rows.concat())
}

/// A moment as far back as a text says, in seconds since 1970.
fn since(text: &str, now: i64) -> Result<i64, String> {
    let wrong = || format!("--since {}: 30m, 12h, 7d, 4w, or a day as 2026-11-20", text::plain(text));
    if let Some(at) = text.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)
        && let Ok(n) = text[..at].parse::<i64>()
    {
        let unit = match &text[at..] {
            "s" => Some(1),
            "m" => Some(60),
            "h" => Some(3600),
            "d" => Some(86_400),
            "w" => Some(7 * 86_400),
            _ => None,
        };
        if let Some(seconds) = unit.and_then(|unit: i64| n.checked_mul(unit)) {
            return Ok(now.saturating_sub(seconds));
        }
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let begins: Result<Zoned, _> = day.to_zoned(TimeZone::system());
    begins.map(|z| z.timestamp().as_second()).map_err(|_| wrong())
}

/// A line of the table: of a thing, or of the end of a run.
fn row(line: &Line, units: Units) -> Option<String> {
    let when = line.at.parse::<Timestamp>().ok()?.to_zoned(TimeZone::system());
    let when = when.strftime("%Y-%m-%d %H:%M").to_string();
    let size = |n: u64| text::size(n, units);
    match line.event {
        Event::Done => {
            let outcome = line.outcome.map_or("", journal::Became::word);
            let bytes = line.bytes.map(size).unwrap_or_default();
            let path = line.path().map(|p| text::path(&p)).unwrap_or_default();
            let head = format!("{when}  {:<6}  {bytes:>10}  {outcome:<9}  ", line.what.word());
            let room = WIDTH - text::width(&head);
            let mut row = format!("{head}{}\n", text::cut_middle(&path, room));
            if let Some(why) = &line.reason {
                for part in text::wrap(&text::plain(why), WIDTH - 4) {
                    row.push_str(&format!("    {part}\n"));
                }
            }
            Some(row)
        }
        Event::End => {
            let run = text::plain(&line.run);
            let how = match (&line.reason, line.stopped) {
                (Some(why), _) => text::plain(why),
                (None, Some(true)) => "stopped".into(),
                _ => "over".into(),
            };
            let mut row = format!("{when}  run {run}, {}: {how}\n", line.what.word());
            for m in line.measured.iter().filter(|m| m.estimated > 0) {
                let measured = match m.measured {
                    Some(n) if n >= 0 => size(n.unsigned_abs()),
                    Some(n) => format!("-{}", size(n.unsigned_abs())),
                    None => "not known in time".into(),
                };
                let text = format!(
                    "{}: estimated {}, measured {measured}",
                    text::plain(&m.mount),
                    size(m.estimated)
                );
                for part in text::wrap(&text, WIDTH - 4) {
                    row.push_str(&format!("    {part}\n"));
                }
            }
            Some(row)
        }
        Event::Begin | Event::Step => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::removal::journal::{Back, Became, What};
    use std::path::Path;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now = 1_795_230_720;
        for (text, seconds) in
            [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(since(text, now), Ok(now - seconds), "{text}");
        }
        let day = since("2026-11-20", now).expect("a day");
        assert!((now - day - 86_400).abs() <= 2 * 86_400);
        for text in ["", "7", "d", "7y", "-7d", "soon", "99999999999999999999d"] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn rows_fit_eighty_columns_and_hold_no_control_characters() {
        let path = format!("/data/{}/evil\u{1b}[2J\nname", "long".repeat(40));
        let why = "it grew by 3 KiB \u{202e} and ".repeat(9);
        let line = Line {
            bytes: Some(1 << 40),
            ..Line::now("0a0b", Event::Done, What::Delete)
                .about(Path::new(&path))
                .became(Became::Unreached, Some(&why))
        };
        let measured = vec![Back { mount: "/data".into(), estimated: 1 << 30, measured: Some(-4096) }];
        let end = Line { measured, ..Line::now("0a0b", Event::End, What::Delete) };
        for line in [line, end] {
            let row = row(&line, Units::Binary).expect("a row");
            for part in row.lines() {
                assert!(text::width(part) <= WIDTH, "{part}");
                assert!(part.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{part}");
            }
        }
    }
}
