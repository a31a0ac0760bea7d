//! Bytes, numbers and times become text here and nowhere else: for the screen, the tables and the errors alike.
//! It must never let a control, bidi or invisible character through, and it knows no terminal and no color.

pub mod amount;
mod redact;
mod shell;

pub use redact::redact;
pub use shell::{shell, shell_in_ascii};

use humansize::{BINARY, DECIMAL, FormatSizeOptions, format_size};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How sizes are written: binary units (`GiB`, the default) or decimal ones (`GB`, `--si`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Units {
    /// 1 GiB = 1024³ bytes.
    #[default]
    Binary,
    /// 1 GB = 1000³ bytes.
    Decimal,
}

/// A byte string made safe to show. Two different byte strings never give the same text.
///
/// Invalid UTF-8 becomes `\xNN`; control, bidirectional, invisible, private and variation characters become
/// `\n`, `\t`, `\e` or `\u{…}`; a backslash is doubled; a space at either end is shown as `\u{20}`.
pub fn display(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut marks = 2_u8; // a text must not begin with a combining mark
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            marks = push_escaped(&mut out, c, marks);
        }
        for b in chunk.invalid() {
            out.push_str(&format!("\\x{b:02x}"));
            marks = 2;
        }
    }
    show_outer_spaces(out)
}

/// The name behind bytes read from a directory.
pub fn os_str(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// [`display`] for a path.
pub fn path(path: &std::path::Path) -> String {
    display(path.as_os_str().as_encoded_bytes())
}

/// [`display`] for text that came from a file or another program.
pub fn plain(text: &str) -> String {
    display(text.as_bytes())
}

/// `path`, with the person's home folder written as `~`.
pub fn short_path(path: &std::path::Path, home: &std::path::Path) -> String {
    match path.strip_prefix(home) {
        Ok(rest) if home.as_os_str().len() > 1 => {
            if rest.as_os_str().is_empty() {
                "~".into()
            } else {
                format!("~/{}", self::path(rest))
            }
        }
        _ => self::path(path),
    }
}

/// Appends `c`, escaped where it must be; `marks` counts the zero-width characters since the last visible one.
fn push_escaped(out: &mut String, c: char, marks: u8) -> u8 {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{1b}' => out.push_str("\\e"),
        _ if c.is_control() || is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        _ if c.width() == Some(0) => {
            if marks >= 2 {
                out.push_str(&format!("\\u{{{:x}}}", c as u32));
                return marks;
            }
            out.push(c);
            return marks + 1;
        }
        _ => {
            out.push(c);
            return 0;
        }
    }
    2
}

/// Characters that change or hide what the eye sees: format, bidi, zero-width, tags, variation, private use.
/// Ranges after Unicode 16, general categories Cf, Co, Zl, Zp and the default-ignorable ones.
fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2 | 0x115F..=0x1160
        | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800
        | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD
        | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x0010_FFFF)
        || (c.is_whitespace() && c != ' ')
}

fn show_outer_spaces(mut text: String) -> String {
    if text.ends_with(' ') {
        text.pop();
        text.push_str("\\u{20}");
    }
    if text.starts_with(' ') {
        text.replace_range(..1, "\\u{20}");
    }
    text
}

/// `text` with everything outside ASCII escaped, for terminals without UTF-8. Our own signs have ASCII twins.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push('~'),
            '·' => out.push('-'),
            '→' => out.push_str("->"),
            '≥' => out.push_str(">="),
            '×' => out.push('x'),
            'α' => out.push('a'),
            _ if c.is_ascii() => out.push(c),
            _ => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
    }
    out
}

/// Columns `text` takes on the terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `max` columns: what does not fit is cut out of the middle, so head and tail stay.
pub fn cut_middle(text: &str, max: usize) -> String {
    if text.width() <= max {
        return text.to_string();
    }
    if max <= 1 {
        return "…".repeat(max);
    }
    let tail_columns = (max - 1) / 2;
    let head_columns = max - 1 - tail_columns;
    let head = take_columns(text.graphemes(true), head_columns);
    let tail: Vec<&str> = take_columns(text.graphemes(true).rev(), tail_columns).into_iter().rev().collect();
    format!("{}…{}", head.concat(), tail.concat())
}

/// `text` in at most `max` columns: what does not fit is cut off at the end.
pub fn cut_end(text: &str, max: usize) -> String {
    if text.width() <= max {
        return text.to_string();
    }
    if max <= 1 {
        return "…".repeat(max);
    }
    format!("{}…", take_columns(text.graphemes(true), max - 1).concat())
}

fn take_columns<'a>(graphemes: impl Iterator<Item = &'a str>, columns: usize) -> Vec<&'a str> {
    let mut used = 0;
    graphemes
        .take_while(|g| {
            used += g.width();
            used <= columns
        })
        .collect()
}

/// `text` broken into lines of at most `columns`, at spaces where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_string();
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() <= columns {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if line.is_empty() {
                let head = take_columns(word.graphemes(true), columns).concat();
                if head.is_empty() {
                    break; // a glyph wider than the line itself
                }
                word = word[head.len()..].to_string();
                *line = head;
                if word.is_empty() {
                    break;
                }
            }
            lines.push(String::new());
        }
    }
    lines
}

/// A size in bytes with one decimal: `38.9 GiB`, `0 B`.
pub fn size(bytes: u64, units: Units) -> String {
    let base: FormatSizeOptions = if units == Units::Binary { BINARY } else { DECIMAL };
    let small = if units == Units::Binary { 1024 } else { 1000 };
    let places = usize::from(bytes >= small);
    format_size(bytes, base.decimal_places(places).decimal_zeroes(places))
}

/// A number of files in at most five columns: `1 204`, `412k`, `3.3M`.
pub fn count(n: u64) -> String {
    match n {
        0..=999 => n.to_string(),
        1_000..=9_999 => format!("{} {:03}", n / 1000, n % 1000),
        10_000..=999_999 => format!("{}k", n / 1000),
        1_000_000..=99_999_999 => format!("{}.{}M", n / 1_000_000, n / 100_000 % 10),
        100_000_000..=999_999_999 => format!("{}M", n / 1_000_000),
        _ => format!("{}.{}G", n / 1_000_000_000, n / 100_000_000 % 10),
    }
}

/// A number in full, in groups of three: `1 204 877`.
pub fn full_count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A thing and how many: `1 file`, `3 files`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", full_count(n), if n == 1 { one } else { many })
}

/// The age of something changed at `then`, both in seconds since 1970: `now`, `12m`, `2h`, `34d`, `3y`.
/// A time in the future is shown as `now`.
pub fn age(then: i64, now: i64) -> String {
    let s = now.saturating_sub(then).max(0);
    match s {
        0..60 => "now".into(),
        60..3600 => format!("{}m", s / 60),
        3600..172_800 => format!("{}h", s / 3600),
        172_800..63_072_000 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

/// A time in seconds since 1970 as RFC 3339 in UTC, or `None` outside the years that can be written.
pub fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|t| t.to_string())
}

/// Replaces `user:password@` and `/t/<token>/` in a URL: tokens are never shown, written or exported.
/// (conda keeps both in clear text in `pkgs/urls.txt`: `conda/gateways/anaconda_client.py`, 26.7.)
pub fn redact_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let rest = match url.split_once("://") {
        Some((scheme, rest)) => {
            out.push_str(scheme);
            out.push_str("://");
            rest
        }
        None => url,
    };
    let (authority, tail) = rest.find('/').map_or((rest, ""), |i| rest.split_at(i));
    match authority.rsplit_once('@') {
        Some((_, host)) if url.contains("://") => {
            out.push_str("***@");
            out.push_str(host);
        }
        _ => out.push_str(authority),
    }
    let mut parts = tail.split('/').peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        if !first {
            out.push('/');
        }
        first = false;
        out.push_str(part);
        if part == "t" && parts.peek().is_some_and(|p| !p.is_empty()) {
            parts.next();
            out.push_str("/***");
        }
    }
    match out.split_once('?') {
        Some((head, _)) => format!("{head}?***"),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_escaped() {
        for (bytes, shown) in [
            (&b"model.safetensors"[..], "model.safetensors"),
            (b"a\x1b[2Jb", "a\\e[2Jb"),
            (b"\xff\xfe", "\\xff\\xfe"),
            (b"a\nb\tc", "a\\nb\\tc"),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),
            ("a\u{200b}".as_bytes(), "a\\u{200b}"),
            (b" x ", "\\u{20}x\\u{20}"),
            (b" ", "\\u{20}"),
            (b"a\\b", "a\\\\b"),
            ("é漢".as_bytes(), "é漢"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
        ] {
            assert_eq!(display(bytes), shown);
        }
    }

    #[test]
    fn sizes_have_one_decimal_and_the_right_unit() {
        assert_eq!(size(0, Units::Binary), "0 B");
        assert_eq!(size(512, Units::Binary), "512 B");
        assert_eq!(size(1024, Units::Binary), "1.0 KiB");
        assert_eq!(size(41_768_556_953, Units::Binary), "38.9 GiB");
        assert_eq!(size(38_900_000_000, Units::Decimal), "38.9 GB");
    }

    #[test]
    fn counts_fit_five_columns() {
        for (n, shown) in
            [(0, "0"), (999, "999"), (1204, "1 204"), (412_345, "412k"), (3_340_000, "3.3M"), (10_000, "10k")]
        {
            assert_eq!(count(n), shown);
            assert!(width(&count(n)) <= 5);
        }
        assert_eq!(full_count(1_204_877), "1 204 877");
    }

    #[test]
    fn ages_do_not_underflow() {
        assert_eq!(age(1000, 0), "now");
        assert_eq!(age(i64::MIN, i64::MAX), age(0, i64::MAX));
        assert_eq!(age(0, 7200), "2h");
        assert_eq!(age(0, 34 * 86_400), "34d");
    }

    #[test]
    fn tokens_never_show() {
        assert_eq!(
            redact_url("https://conda.example/t/ab-123/main/linux-64/x.conda"),
            "https://conda.example/t/***/main/linux-64/x.conda"
        );
        assert_eq!(redact_url("https://me:secret@host/x?sig=abc"), "https://***@host/x?***");
        assert_eq!(redact_url("https://host/a"), "https://host/a");
    }

    #[test]
    fn cutting_keeps_both_ends() {
        assert_eq!(cut_middle("checkpoint-00001-final.safetensors", 15), "checkpo…tensors");
        assert_eq!(cut_middle("short", 10), "short");
        assert_eq!(cut_end("abcdef", 4), "abc…");
        assert_eq!(wrap("a bb ccc dddd", 5), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    }

    proptest! {
        #[test]
        fn shown_text_has_no_control_byte(bytes: Vec<u8>) {
            let shown = display(&bytes);
            prop_assert!(shown.chars().all(|c| !c.is_control() && !is_hidden(c)));
            prop_assert!(ascii(&shown).bytes().all(|b| (0x20..0x7f).contains(&b)));
        }

        #[test]
        fn display_is_injective(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(display(&a) == display(&b), a == b);
        }

        #[test]
        fn similar_names_stay_apart(a in "[ \\\\xu{}a2\u{200b}\u{301}]{0,6}", b in "[ \\\\xu{}a2\u{200b}\u{301}]{0,6}") {
            prop_assert_eq!(display(a.as_bytes()) == display(b.as_bytes()), a == b);
        }

        #[test]
        fn cut_never_exceeds(text in "\\PC{0,40}", max in 0usize..30) {
            prop_assert!(width(&cut_middle(&text, max)) <= max);
            prop_assert!(width(&cut_end(&text, max)) <= max);
        }
    }
}
