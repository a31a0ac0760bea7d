//! Secrets in free text. What is written to a file of ours passes here first: a note or a reason may quote a URL, and
//! URLs carry tokens. Better a word too much is hidden than one too little.

use super::redact_url;

/// What stands in for a secret.
const HIDDEN: &str = "***";

/// The end of a name whose value is a secret, in small letters.
const SECRET: &[&str] = &[
    "token",
    "sig",
    "signature",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "credential",
    "credentials",
    "accesskey",
    "access_key",
    "accesskeyid",
    "authorization",
    "auth",
    "sas",
    "jwt",
];

/// How well-known tokens begin; they are secrets wherever they stand.
const KNOWN: &[&str] =
    &["hf_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "pypi-", "sk-", "xoxb-", "AKIA"];

/// Text without the secrets in its URLs: `user:password@`, `/t/<token>/`, every query, values of names like `token=`,
/// what follows `Bearer`, and tokens that are known by how they begin. What holds none of them comes back unchanged.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_bearer = false;
    for piece in text.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        if after_bearer && !word.is_empty() {
            out.push_str(HIDDEN);
        } else {
            out.push_str(&redact_word(word));
        }
        if !word.is_empty() {
            after_bearer = ["bearer", "basic"].contains(&word.to_ascii_lowercase().as_str());
        }
        out.push_str(&piece[word.len()..]);
    }
    out
}

/// What ends a word: URLs hold none of these.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '(' | ')' | '{' | '}' | '|' | '\\' | '^')
}

fn redact_word(word: &str) -> String {
    let word = match word.find("://") {
        Some(at) => {
            let scheme = word[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
            let begin = scheme.map_or(0, |i| i + word[i..].chars().next().map_or(1, char::len_utf8));
            format!("{}{}", &word[..begin], redact_address(&word[begin..]))
        }
        None => without_scheme(word),
    };
    known(&pairs(&word))
}

/// A URL. A password may hold a slash although it should not, so a name before the last `@` of the whole address goes.
fn redact_address(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let path = rest.find(['?', '#']).map_or(rest, |i| &rest[..i]);
    let host = rest.find('/').map_or(rest, |i| &rest[..i]);
    if !host.contains('@')
        && let Some(at) = path.rfind('@').filter(|at| rest[..*at].contains(':'))
    {
        return redact_url(&format!("{scheme}://{HIDDEN}@{}", &rest[at + 1..]));
    }
    redact_url(url)
}

/// What looks like an address without saying its scheme: `me:word@host/x`, `conda.anaconda.org/t/ab-123/x`.
fn without_scheme(word: &str) -> String {
    if word.starts_with(['/', '~', '.']) {
        return word.to_string();
    }
    let word = match word.rfind('@').filter(|at| word[..*at].contains(':')) {
        Some(at) => format!("{HIDDEN}{}", &word[at..]),
        None => word.to_string(),
    };
    match word.split_once("/t/") {
        Some((host, rest)) if host.contains('.') && !host.contains('/') && !rest.is_empty() => {
            format!("{host}/t/{HIDDEN}{}", rest.find('/').map_or("", |i| &rest[i..]))
        }
        _ => word,
    }
}

/// Hides the values of names that say they are secret: `token=…`, `X-Amz-Signature=…`, `api_key:…`.
fn pairs(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for pair in word.split_inclusive(['&', ';', ',', '?', '#']) {
        let body = pair.trim_end_matches(['&', ';', ',', '?', '#']);
        let named = body.find(['=', ':']).filter(|at| {
            let name = body[..*at].to_ascii_lowercase();
            SECRET.iter().any(|s| name.ends_with(s))
        });
        match named {
            Some(at) if at + 1 < body.len() && !body[at..].starts_with("://") => {
                out.push_str(&body[..=at]);
                out.push_str(HIDDEN);
            }
            _ => out.push_str(body),
        }
        out.push_str(&pair[body.len()..]);
    }
    out
}

/// Hides tokens known by how they begin, up to what no token holds.
fn known(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    'next: while let Some(c) = rest.chars().next() {
        let begins = out.chars().last().is_none_or(|b| !b.is_ascii_alphanumeric());
        for prefix in KNOWN.iter().filter(|_| begins) {
            let Some(tail) = rest.strip_prefix(prefix) else { continue };
            let end =
                tail.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).unwrap_or(tail.len());
            if end >= 16 {
                out.push_str(prefix);
                out.push_str(HIDDEN);
                rest = &tail[end..];
                continue 'next;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_as_it_was() {
        for (text, safe) in [
            ("from https://me:word@host/x today", "from https://***@host/x today"),
            ("https://conda.example/t/ab-123/main/x.conda", "https://conda.example/t/***/main/x.conda"),
            ("(https://host/x?token=abc&v=1)", "(https://host/x?***)"),
            ("https://host?token=abc", "https://host?***"),
            ("https://me:w/ord@host/x", "https://***@host/x"),
            ("https://host/x#access_token=abc", "https://host/x#access_token=***"),
            ("conda.example.org/t/ab-123/main", "conda.example.org/t/***/main"),
            ("sig=abc, se=2026", "sig=***, se=2026"),
            ("HF_TOKEN=abc", "HF_TOKEN=***"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("me:word@host/x", "***@host/x"),
            ("used hf_abcdefghijklmnopqrst here", "used hf_*** here"),
            (
                "/home/ana/t/model/x: you may not (permission denied)",
                "/home/ana/t/model/x: you may not (permission denied)",
            ),
            ("changed since the scan: 1 new file in it", "changed since the scan: 1 new file in it"),
            ("git@github.com:acme/llm", "git@github.com:acme/llm"),
            ("hf_hub and sk-learn are names", "hf_hub and sk-learn are names"),
            ("https://host/a", "https://host/a"),
            ("", ""),
        ] {
            assert_eq!(redact(text), safe);
        }
    }

    proptest! {
        #[test]
        fn no_token_gets_through(
            secret in "S[a-zA-Z0-9]{10,40}T",
            form in 0_usize..10,
            before in "[a-z ,:(\"]{0,12}",
            after in "[a-z ,)\"]{0,12}",
        ) {
            let url = match form {
                0 => format!("https://me:{secret}@host/x"),
                1 => format!("https://{secret}@host/x"),
                2 => format!("https://host/t/{secret}/main/x.conda"),
                3 => format!("s3+https://host/x?X-Amz-Signature={secret}&v=1"),
                4 => format!("https://host/x?v=1&access_token={secret}"),
                5 => format!("https://host/x?token={secret}#top"),
                6 => format!("https://host?sig={secret}"),
                7 => format!("api_key={secret}"),
                8 => format!("hf_{secret}abcdef"),
                _ => format!("https://a/b, https://u:{secret}@host"),
            };
            let safe = redact(&format!("{before} {url} {after}"));
            prop_assert!(!safe.contains(&secret), "{safe}");
        }

        #[test]
        fn it_is_done_once(text: String) {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once);
        }

        #[test]
        fn plain_words_stay(text in "[a-zA-Z0-9 ./_-]{0,60}") {
            prop_assume!(!KNOWN.iter().any(|k| text.contains(k)) && !text.contains("/t/"));
            prop_assume!(!text.to_ascii_lowercase().contains("bearer") && !text.to_ascii_lowercase().contains("basic"));
            prop_assert_eq!(redact(&text), text);
        }
    }
}
