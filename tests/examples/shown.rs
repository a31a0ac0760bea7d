//! Every command line that is shown anywhere (the papers, the examples, the help, what the program itself says) is
//! parsed by the program's own definition of its command line.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use mldu::cli::Cli;

/// What stands for something else in a usage line, and one thing it may stand for.
const PLACEHOLDERS: &[(&str, &str)] =
    &[("SIZE", "20G"), ("AGE", "7d"), ("WHEN", "7d"), ("N", "3"), ("N%", "90%"), ("GLOB", "*.bin")];

/// What may stand before a command.
const BEFORE: &[&str] = &["sudo", "exec", "time", "do", "then", "env", "-i", "RUN", "!"];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

pub fn example(name: &str) -> String {
    let path = root().join("assets/examples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The lines of code of a paper: fenced ones of a shell, and what stands between backticks.
fn of_markdown(text: &str) -> Vec<String> {
    let (mut lines, mut prose, mut fence) = (Vec::new(), String::new(), None);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(matches!(language.trim(), "" | "sh" | "dockerfile")),
            (Some(_), Some(_)) => fence = None,
            (None, Some(true)) => lines.push(line.trim().to_string()),
            (None, Some(false)) => {}
            (None, None) => {
                prose.push_str(line);
                prose.push('\n');
            }
        }
    }
    for paragraph in prose.split("\n\n") {
        let spans = paragraph.split('`').skip(1).step_by(2);
        lines.extend(spans.map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    lines
}

/// What the program itself tells people to type. The comments that become help are looked at as help.
fn of_source(text: &str) -> Vec<String> {
    let said = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    let spans = said.flat_map(|l| l.split("`mldu ").skip(1).filter_map(|s| s.split_once('`')));
    spans.filter(|(s, _)| !s.contains('{')).map(|(s, _)| format!("mldu {s}")).collect()
}

fn helps(command: &clap::Command, all: &mut Vec<String>) {
    // As wide as it takes: a line that is broken is no line to parse.
    let mut wide = command.clone().term_width(10_000).max_term_width(10_000);
    all.extend(of_markdown(&wide.render_long_help().to_string()));
    for sub in command.get_subcommands() {
        helps(sub, all);
    }
}

/// `[A|B]` is nothing, or A, or B.
fn without_brackets(line: &str) -> Vec<String> {
    let Some((before, rest)) = line.split_once('[') else { return vec![line.to_string()] };
    let (inside, after) = rest.split_once(']').unwrap_or_else(|| panic!("a bracket stays open: {line}"));
    let one_of = std::iter::once("").chain(inside.split('|'));
    one_of.flat_map(|one| without_brackets(&format!("{before}{one}{after}"))).collect()
}

/// `A|B` is A or B.
fn without_choices(words: &[String]) -> Vec<Vec<String>> {
    let Some(at) = words.iter().position(|w| w.len() > 1 && w.contains('|')) else {
        return vec![words.to_vec()];
    };
    let with = |one: &str| {
        let mut words = words.to_vec();
        words[at] = one.to_string();
        without_choices(&words)
    };
    words[at].split('|').flat_map(with).collect()
}

/// The words of each call of mldu in a line of a shell, its own name first.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let line = line.split(" #").next().unwrap_or_default();
    if !line.split_whitespace().any(|w| w.rsplit('/').next() == Some("mldu")) {
        return all;
    }
    for line in without_brackets(line) {
        let Ok(words) = shell_words::split(&line) else { continue };
        for words in without_choices(&words) {
            let ends = |w: &String| matches!(w.as_str(), "|" | "&&" | "||" | ";") || w.ends_with(';');
            for part in words.split_inclusive(ends) {
                all.extend(call(part));
            }
        }
    }
    all
}

fn call(part: &[String]) -> Option<Vec<String>> {
    let mut words = part.iter().map(String::as_str).peekable();
    if words.next_if_eq(&"ssh").is_some() {
        words.next();
    }
    let before = |w: &&str| BEFORE.contains(w) || w.starts_with("--mount=") || is_variable(w) || is_time(w);
    while words.next_if(before).is_some() {}
    if words.peek()?.rsplit('/').next() != Some("mldu") {
        return None;
    }
    let operators = ["|", "&&", "||", ";"];
    let words = words.filter(|w| !operators.contains(w)).map(|w| w.trim_end_matches(';'));
    let words = words.take_while(|w| !w.trim_start_matches(['1', '2', '&']).starts_with(['>', '<']));
    Some(words.map(str::to_string).collect())
}

/// A field of a crontab.
fn is_time(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '*') && !word.contains(char::is_alphabetic)
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// What is wrong with a call.
fn wrong(call: &[String]) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for word in call {
        let word = word.trim_end_matches('…').trim_end_matches(',');
        let of_category = words.last().is_some_and(|w| w == "--category");
        let meant = match PLACEHOLDERS.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => value,
            None if of_category && word == "ID" => "hub",
            None => word,
        };
        words.extend((!meant.is_empty()).then(|| meant.to_string()));
    }
    match Cli::try_parse_from(&words) {
        Ok(cli) => {
            let odd = |p: &&PathBuf| {
                let text = p.to_string_lossy();
                !text.contains(['/', '~', '.', '$']) && !matches!(&*text, "PATH" | "FOLDER")
            };
            let first = cli.scan.paths.iter().find(odd).filter(|_| cli.command.is_none());
            first.map(|p| format!("{} is taken for a folder", p.display()))
        }
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => None,
        // `mldu trash …`: which of its commands is left open.
        Err(e) if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => None,
        // `mldu free`: the command is spoken of, not called.
        Err(e) if e.kind() == ErrorKind::MissingRequiredArgument && words.len() == 2 => None,
        Err(e) => Some(e.to_string()),
    }
}

/// The commands of a crontab in `/etc/cron.d`, as cron hands them to the shell.
pub fn of_crontab(text: &str) -> Vec<String> {
    let jobs = text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@'));
    let command = |line: &str| {
        let mut rest = line;
        for _ in 0..6 {
            rest = rest.trim_start().split_once(char::is_whitespace).expect("five fields and a user").1;
        }
        let bare = rest.replace("\\%", "");
        assert!(!bare.contains('%'), "cron ends the line at a bare %: {line}");
        rest.trim().replace("\\%", "%")
    };
    jobs.map(command).collect()
}

/// What the units start.
pub fn of_unit(text: &str) -> Vec<String> {
    text.lines().filter_map(|l| l.strip_prefix("ExecStart=")).map(str::to_string).collect()
}

/// The shell lines and commands of an image.
pub fn of_dockerfile(text: &str) -> Vec<String> {
    let whole: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    let whole = whole.join("\n").replace("\\\n", " ");
    let list = |l: &str| {
        let words: Vec<String> = serde_json::from_str(l.trim()).expect("the exec form");
        shell_words::join(words)
    };
    let line = |l: &str| {
        let (what, rest) = l.split_once(' ')?;
        match what {
            "RUN" => Some(rest.split_whitespace().collect::<Vec<_>>().join(" ")),
            "CMD" | "ENTRYPOINT" => Some(list(rest)),
            _ => None,
        }
    };
    whole.lines().filter_map(line).collect()
}

/// What the services run.
pub fn of_compose(text: &str) -> Vec<String> {
    let file: serde_json::Value = yaml_serde::from_str(text).expect("YAML");
    let services = file["services"].as_object().expect("services");
    let run = |service: &serde_json::Value| {
        let words = service["command"].as_array()?.iter();
        let words: Vec<&str> = words.map(|w| w.as_str().expect("a word")).collect();
        Some(match words[..] {
            ["sh", "-c", line] => line.to_string(),
            _ => shell_words::join(words),
        })
    };
    services.values().filter_map(run).collect()
}

fn sources() -> Vec<(String, Vec<String>)> {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect(path);
    let papers = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "tests/README.md"];
    let mut all: Vec<(String, Vec<String>)> =
        papers.iter().map(|p| ((*p).to_string(), of_markdown(&read(p)))).collect();
    let mut help = Vec::new();
    helps(&Cli::command(), &mut help);
    all.push(("--help".into(), help));
    for entry in walkdir::WalkDir::new(root().join("src")).into_iter().flatten() {
        if entry.path().extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(entry.path()).expect("read");
            all.push((entry.path().display().to_string(), of_source(&text)));
        }
    }
    for entry in std::fs::read_dir(root().join("assets/examples")).expect("read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = example(&name);
        // What comments say is shown too.
        let mut lines: Vec<String> = text.lines().flat_map(of_markdown).collect();
        let kind = name.rsplit('.').next().unwrap_or_default();
        let told: Vec<String> = match kind {
            "crontab" => of_crontab(&text),
            "service" => of_unit(&text),
            "timer" => Vec::new(),
            "Dockerfile" => of_dockerfile(&text),
            "yaml" => of_compose(&text),
            "yml" => of_markdown(&text),
            _ => panic!("{name}: how is that read?"),
        };
        let ours = told.iter().filter(|l| !calls(l).is_empty()).count();
        assert!(ours > 0 || kind == "timer", "{name} does not call mldu");
        lines.extend(told);
        all.push((name, lines));
    }
    all
}

#[test]
fn every_command_that_is_shown_is_one() {
    let (mut seen, mut bad) = (std::collections::BTreeMap::new(), Vec::new());
    for (place, lines) in sources() {
        for call in lines.iter().flat_map(|l| calls(l)) {
            *seen.entry(place.clone()).or_insert(0) += 1;
            if let Some(why) = wrong(&call) {
                bad.push(format!("{place}: {}\n  {}", call.join(" "), why.trim().replace('\n', "\n  ")));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    assert!(seen["README.md"] > 50 && seen["--help"] > 0 && seen["CHANGELOG.md"] > 5, "{seen:?}");
}

#[test]
fn a_command_that_is_none_is_found() {
    let lines = of_markdown(
        "Say `mldu reprot --json`, `mldu report --jsn` or\n`mldu trash emtpy`.\n\n```sh\nls | mldu -f - --nothing  # x\n\
         sudo mldu undo [--all|--bseide]\nRUST_LOG=1 mldu report --by user|usre\n```\n```toml\nmldu = 1\n```\n",
    );
    let bad: Vec<String> =
        lines.iter().flat_map(|l| calls(l)).filter(|c| wrong(c).is_some()).map(|c| c.join(" ")).collect();
    assert_eq!(
        bad,
        [
            "mldu -f - --nothing",
            "mldu undo --bseide",
            "mldu report --by usre",
            "mldu reprot --json",
            "mldu report --jsn",
            "mldu trash emtpy"
        ]
    );
    // A usage line is all that it may mean.
    let all: Vec<String> =
        calls("mldu report [PATH…] [--json|--prom] | head").iter().map(|c| c.join(" ")).collect();
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all.contains(&"mldu report PATH… --prom".to_string()), "{all:?}");
    assert_eq!(calls("30 3 * * 1-5  mldu undo >/dev/null"), [["mldu", "undo"]]);
    assert!(calls("docker build -t mldu .").is_empty() && calls("install x /usr/local/bin/mldu").is_empty());
}
