//! How long a thing has been in a trash, by the date in its record. Another machine may have written that, with another
//! clock: what lies ahead or long before there were trashes says nothing, and nothing is older than that.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// 2001: three years before the first draft of the specification.
const FIRST: i64 = 978_307_200;

/// A date in local time (`YYYY-MM-DDThh:mm:ss`) in seconds since 1970. Of an hour that comes twice the later one is
/// meant, so that nothing is taken for older than it is.
pub fn seconds(date: &str) -> Option<i64> {
    let date: DateTime = date.trim().parse().ok()?;
    let when = TimeZone::system().to_ambiguous_zoned(date).later().ok()?;
    Some(when.timestamp().as_second())
}

/// How old that is, if it can be.
pub fn age(when: Option<i64>, now: i64) -> Option<i64> {
    when.filter(|w| (FIRST..=now).contains(w)).map(|w| now - w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_clock_can_have_meant_has_no_age() {
        let now = 1_795_230_720;
        assert_eq!(age(Some(now - 60), now), Some(60));
        assert_eq!(age(Some(now), now), Some(0));
        for absurd in [Some(now + 1), Some(0), Some(-5), Some(i64::MAX), Some(i64::MIN), None] {
            assert_eq!(age(absurd, now), None, "{absurd:?}");
        }
    }

    #[test]
    fn only_dates_are_dates() {
        let there = seconds("2026-11-21T03:12:00").expect("a date");
        assert_eq!(seconds(" 2026-11-21T03:12:05\r"), Some(there + 5));
        for none in ["", "yesterday", "2026-13-01T00:00:00", "2026-11-21T03:12:00 or so", "9999999"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
