//! What was asked for, put together: defaults, then the environment, then the command line.

use std::sync::Arc;

use crate::cli::{ColorWhen, ScanArgs, ShowArgs};
use crate::env::Env;
use crate::scan::{self, Backend, Exclude};
use crate::text::{self, Units};
use crate::ui::theme::Colors;

/// All settings of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What to scan, and how.
    pub scan: scan::Settings,
    /// Units of sizes.
    pub units: Units,
    /// Colors to draw with.
    pub colors: Colors,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// The time, seconds since 1970.
    pub now: i64,
    /// The time, if it stands still: for pictures and tests.
    pub fixed_now: Option<i64>,
    /// Whether the terminal can only print, one line after the other.
    pub dumb: bool,
    /// Whether nothing may be removed.
    pub read_only: bool,
}

impl Settings {
    /// Puts them together.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence.
    pub fn new(env: &Arc<Env>, scan: &ScanArgs, show: &ShowArgs, read_only: bool) -> Result<Self, String> {
        let fixed_now = match &scan.now {
            Some(text) => {
                Some(text.parse::<jiff::Timestamp>().map_err(|e| format!("--now: {e}"))?.as_second())
            }
            None => None,
        };
        let now = fixed_now.unwrap_or_else(|| jiff::Timestamp::now().as_second());
        let mut settings = scan::Settings::new(Arc::clone(env), now);
        settings.roots.clone_from(&scan.paths);
        settings.one_fs = scan.one_file_system;
        settings.exclude = Arc::new(exclude(scan)?);
        settings.threads = scan.threads.map_or(0, usize::from);
        settings.backend = if scan.portable { Backend::Portable } else { Backend::Native };
        Ok(Self {
            scan: settings,
            units: if show.si { Units::Decimal } else { Units::Binary },
            colors: colors(env, show.color),
            ascii: show.ascii || !has_utf8(env),
            now,
            fixed_now,
            dumb: matches!(env.text("TERM"), None | Some("dumb")),
            read_only,
        })
    }
}

/// What is to be left out, from the command line and from files.
fn exclude(scan: &ScanArgs) -> Result<Exclude, String> {
    let mut patterns = scan.exclude.clone();
    for file in &scan.exclude_from {
        let text = std::fs::read_to_string(file)
            .map_err(|e| format!("--exclude-from {}: {}", text::path(file), text::plain(&e.to_string())))?;
        patterns.extend(Exclude::lines(&text).map(str::to_string));
    }
    Exclude::new(patterns.iter().map(String::as_str))
}

/// Colors by the flag, then by the variables people agreed on.
fn colors(env: &Env, when: ColorWhen) -> Colors {
    let term = env.text("TERM").unwrap_or("");
    let depth = match env.text("COLORTERM") {
        Some("truecolor" | "24bit") => Colors::True,
        _ if term.contains("256color") => Colors::Indexed,
        _ => Colors::Sixteen,
    };
    let forced = ["CLICOLOR_FORCE", "FORCE_COLOR"].iter().any(|v| env.text(v).is_some_and(|v| v != "0"));
    match when {
        ColorWhen::Never => Colors::None,
        ColorWhen::Auto if !forced && (env.var("NO_COLOR").is_some() || term == "dumb") => Colors::None,
        ColorWhen::Always | ColorWhen::Auto => depth,
    }
}

/// Whether the locale writes UTF-8; the Linux console has too few characters even so.
fn has_utf8(env: &Env) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|v| env.text(v)).unwrap_or("");
    let locale = locale.to_ascii_lowercase();
    (locale.contains("utf-8") || locale.contains("utf8")) && env.text("TERM") != Some("linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        vars.iter().fold(Env::fixed("/h"), |e, (k, v)| e.with_var(k, *v))
    }

    #[test]
    fn color_follows_flag_then_variables() {
        let xterm = ("TERM", "xterm-256color");
        for (vars, when, colors_wanted) in [
            (vec![xterm], ColorWhen::Auto, Colors::Indexed),
            (vec![xterm, ("COLORTERM", "truecolor")], ColorWhen::Auto, Colors::True),
            (vec![xterm, ("NO_COLOR", "1")], ColorWhen::Auto, Colors::None),
            (vec![xterm, ("NO_COLOR", "")], ColorWhen::Auto, Colors::Indexed),
            (vec![xterm, ("NO_COLOR", "1"), ("FORCE_COLOR", "1")], ColorWhen::Auto, Colors::Indexed),
            (vec![xterm, ("NO_COLOR", "1")], ColorWhen::Always, Colors::Indexed),
            (vec![xterm, ("FORCE_COLOR", "1")], ColorWhen::Never, Colors::None),
            (vec![("TERM", "dumb")], ColorWhen::Auto, Colors::None),
            (vec![("TERM", "screen")], ColorWhen::Auto, Colors::Sixteen),
        ] {
            assert_eq!(colors(&env(&vars), when), colors_wanted, "{vars:?} {when:?}");
        }
    }

    #[test]
    fn without_a_utf8_locale_it_draws_in_ascii() {
        assert!(has_utf8(&env(&[("LANG", "en_US.UTF-8")])));
        assert!(has_utf8(&env(&[("LC_ALL", "C.utf8"), ("LANG", "C")])));
        assert!(!has_utf8(&env(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")])));
        assert!(!has_utf8(&env(&[])));
        assert!(!has_utf8(&env(&[("LANG", "C.UTF-8"), ("TERM", "linux")])));
    }
}
