//! The house rules a compiler does not know: who may import whom, one door to each outside crate, and that nothing
//! but removal removes.

use std::path::{Path, PathBuf};

/// Who may know whom, besides itself. Imports go down only.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("model", &["text"]),
    ("sys", &["model", "text"]),
    ("env", &["sys", "text"]),
    ("families", &["env", "model", "text"]),
    ("scan", &["env", "families", "model", "sys", "text"]),
    ("removal", &["env", "model", "sys", "text"]),
    ("report", &["model", "removal", "text"]),
    ("diagnose", &["env", "model", "removal", "report", "sys", "text"]),
    ("app", &["diagnose", "model", "removal", "report", "text"]),
    ("ui", &["app", "diagnose", "model", "removal", "report", "text"]),
    ("cli", &["model", "text"]),
    ("settings", &["cli", "env", "model", "scan", "text", "ui"]),
    ("demo", &["env", "model", "removal", "sys", "text"]),
    (
        "commands",
        &[
            "cli", "diagnose", "env", "families", "model", "removal", "report", "scan", "settings", "sys",
            "text",
        ],
    ),
    (
        "tui",
        &["app", "commands", "diagnose", "env", "model", "removal", "scan", "settings", "sys", "text", "ui"],
    ),
];

/// One outside crate, one door.
const DOORS: &[(&str, &[&str])] = &[
    ("ratatui", &["ui", "tui"]),
    ("crossterm", &["app/keymap.rs", "tui"]),
    ("rayon", &["scan"]),
    ("walkdir", &["sys/portable.rs"]),
    ("humansize", &["text.rs"]),
    ("directories", &["env.rs"]),
    ("rustix", &["sys"]),
    ("fiemap", &["sys/extents.rs"]),
    ("signal_hook", &["sys"]),
    ("clap", &["cli", "lib.rs"]),
    ("parse_size", &["text/amount.rs"]),
    ("yaml_serde", &["families/conda"]),
    ("toml", &["families/configuration.rs", "families/declared"]),
    ("serde_json", &["families", "report", "commands", "removal/recipe", "removal/journal", "removal/saved"]),
    ("base64", &["removal/saved"]),
    ("sha2", &["removal/saved", "sys/machine.rs"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walkdir::WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| {
            let text = std::fs::read_to_string(e.path()).expect("a source file");
            (e.path().strip_prefix(&root).expect("below src").to_path_buf(), text)
        })
        .collect()
}

/// The part of a file that is not tests.
fn shipped<'a>(path: &Path, text: &'a str) -> &'a str {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    if name == "tests.rs" || name == "testing.rs" {
        return "";
    }
    text.split("\n#[cfg(test)]").next().unwrap_or(text)
}

fn layer(path: &Path) -> String {
    let first = path.components().next().expect("a path").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, l)| (i + 1, l));
    lines.filter(|(_, l)| !l.trim_start().starts_with("//"))
}

#[test]
fn imports_go_down_only() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let from = layer(&path);
        if from == "lib" || from == "main" {
            continue;
        }
        let allowed = MAY_KNOW.iter().find(|(name, _)| *name == from);
        let Some((_, allowed)) = allowed else {
            breaches.push(format!("{} is in no layer", path.display()));
            continue;
        };
        for (n, line) in code(shipped(&path, &text)) {
            for (at, _) in line.match_indices("crate::") {
                let to: String =
                    line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !to.is_empty() && to != from && !allowed.contains(&to.as_str()) {
                    breaches.push(format!("{}:{n}: {from} may not know {to}", path.display()));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn each_outside_crate_has_one_door() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        for (n, line) in code(shipped(&path, &text)) {
            for (name, doors) in DOORS {
                let used = line.contains(&format!("{name}::")) && !line.contains(&format!("crate::{name}::"));
                let shown = path.to_string_lossy();
                if used && !doors.iter().any(|d| shown.starts_with(d)) {
                    breaches.push(format!("{shown}:{n}: {name} belongs behind {doors:?}"));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn nothing_but_removal_removes_or_renames() {
    let words = [
        "remove_file",
        "remove_dir",
        "fs::rename",
        "unlinkat",
        "renameat",
        "beneath::unlink",
        "beneath::rmdir",
        "beneath::rename",
        "trash::delete",
        "Command::new",
    ];
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let from = layer(&path);
        for (n, line) in code(shipped(&path, &text)) {
            let used = words.iter().find(|w| line.contains(**w));
            if let Some(word) = used.filter(|_| from != "removal" && from != "sys") {
                breaches.push(format!("{}:{n}: {word}", path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn pure_layers_do_no_io() {
    let words = [
        "std::fs",
        "std::env",
        "std::process",
        "std::net",
        "File::open",
        "File::create",
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "thread::",
        "println!",
        "eprintln!",
    ];
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let pure = ["model", "app", "ui", "text", "report", "cli"].contains(&layer(&path).as_str());
        let families = layer(&path) == "families";
        for (n, line) in code(shipped(&path, &text)) {
            let used = words.iter().find(|w| line.contains(**w));
            if let Some(word) = used.filter(|_| pure || families) {
                breaches.push(format!("{}:{n}: {word}", path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn systems_are_told_apart_in_sys_alone_and_nothing_else_is_unsafe() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        for (n, line) in code(shipped(&path, &text)) {
            let system =
                line.contains("cfg(unix)") || line.contains("cfg(windows)") || line.contains("target_os");
            if (system || line.contains("unsafe ")) && layer(&path) != "sys" {
                breaches.push(format!("{}:{n}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_is_one_idea() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//!") {
            breaches.push(format!("{} does not open with //!", path.display()));
        }
        let lines = shipped(&path, &text).lines().count();
        if lines > 400 {
            breaches.push(format!("{} has {lines} lines: two ideas in one file?", path.display()));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn only_one_terminal_library_is_built_in() {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"))
        .expect("a lock file");
    for name in ["crossterm", "rustix", "ratatui"] {
        let copies = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(copies, 1, "{name} is there {copies} times");
    }
}
