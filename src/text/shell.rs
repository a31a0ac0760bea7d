//! Names as words of a shell: a command that is shown can be pasted, and shows nothing raw.

/// A word of a shell: as it is if it is plain, in single quotes if all of it can be shown, else with what cannot as
/// octal in `$'…'` (POSIX 2024; bash, zsh, ksh and busybox have long known it).
pub fn shell(word: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-+".contains(b);
    if let Ok(text) = std::str::from_utf8(word)
        && can_be_shown(text)
    {
        let is_plain = !word.is_empty() && word.iter().all(plain);
        return if is_plain { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) };
    }
    let mut out = String::from("$'");
    for b in word {
        match b {
            b'\'' | b'\\' => out.push_str(&format!("\\{}", char::from(*b))),
            b' '..=b'~' => out.push(char::from(*b)),
            _ => out.push_str(&format!("\\{b:03o}")),
        }
    }
    out + "'"
}

/// Whether a terminal shows a text as it is. [`super::display`] doubles a backslash and marks spaces at the ends, which
/// quotes take care of here.
fn can_be_shown(text: &str) -> bool {
    super::plain(text).replace(r"\\", r"\").replace(r"\u{20}", " ") == text
}

/// A command of such words for a terminal that shows ASCII only. Whatever else is in it is in single quotes.
pub fn shell_in_ascii(command: &str) -> String {
    let mut out = String::new();
    for c in command.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str("'$'");
            for b in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("\\{b:03o}"));
            }
            out.push_str("''");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn what_is_shown_is_plain_to_read() {
        assert_eq!(shell(b"/home/ana/a-1.ipynb"), "/home/ana/a-1.ipynb");
        assert_eq!(shell(b"/w/.~a.ipynb"), "'/w/.~a.ipynb'");
        assert_eq!(shell("it's größer".as_bytes()), r"'it'\''s größer'");
        assert_eq!(shell(b"a\\b"), r"'a\b'");
        assert_eq!(shell(b"evil\x1b[2J\nname"), r"$'evil\033[2J\012name'");
        assert_eq!(shell(b""), "''");
    }

    #[test]
    fn a_shell_reads_what_was_meant() {
        let bash = |word: &str| {
            let run = std::process::Command::new("bash").args(["-c", &format!("printf %s {word}")]).output();
            run.expect("there is bash").stdout
        };
        let mut words: Vec<Vec<u8>> = vec![
            b"plain".to_vec(),
            b" a  b ".to_vec(),
            b"~/x $HOME `id` $(id) ! \"q\" 'q' \\ \\n *;&|<>#".to_vec(),
            "größer 模型".into(),
            "bidi \u{202e}gpj".into(),
        ];
        words.push((1..=255).collect());
        for word in words {
            let quoted = shell(&word);
            assert!(!quoted.chars().any(char::is_control), "{quoted}");
            assert_eq!(bash(&quoted), word, "{quoted}");
            let ascii = shell_in_ascii(&quoted);
            assert!(ascii.is_ascii());
            assert_eq!(bash(&ascii), word, "{ascii}");
            let shown = std::ffi::OsStr::from_bytes(&word);
            assert_eq!(quoted.contains("$'"), shown.to_str().is_none_or(|t| t.contains('\u{202e}')));
        }
    }
}
