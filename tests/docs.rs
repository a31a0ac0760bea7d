//! What the README lists comes from the tables in the code, and what it shows from the files in `assets/examples`.
//! `MLDU_DOCS=write cargo test --test docs` brings it up to date.

use std::path::Path;

use mldu::app::keymap::{BINDINGS, Section};
use mldu::families::conda::flags;
use mldu::families::{self, declared::variables};
use mldu::model::category::Category;

fn table(header: &str, rows: impl Iterator<Item = String>) -> String {
    let columns = header.matches('|').count() - 1;
    let mut out = format!("{header}\n|{}\n", "---|".repeat(columns));
    for row in rows {
        out.push_str(&row);
        out.push('\n');
    }
    out
}

/// The examples the README shows, and their languages.
const EXAMPLES: &[(&str, &str)] = &[
    ("crontab", "sh"),
    ("mldu-clean@.service", "ini"),
    ("mldu-clean@.timer", "ini"),
    ("Dockerfile", "dockerfile"),
    ("compose.yaml", "yaml"),
];

/// An example as the README shows it: what stands above the line in it that begins with `# ---`.
fn shown(name: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/examples").join(name);
    let text = std::fs::read_to_string(&path).expect("the example");
    let above = text.split("\n# ---").next().unwrap_or_default();
    format!("```{language}\n{}\n```\n", above.trim_end())
}

fn check(section: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README");
    let begin = format!("<!-- {section}: written by tests/docs.rs -->\n");
    let end = format!("<!-- /{section} -->");
    let from = text.find(&begin).expect("the section begins") + begin.len();
    let to = from + text[from..].find(&end).expect("the section ends");
    if std::env::var_os("MLDU_DOCS").is_some_and(|v| v == "write") {
        std::fs::write(&path, format!("{}{wanted}{}", &text[..from], &text[to..])).expect("written");
        return;
    }
    assert!(text[from..to] == *wanted, "README.md, {section}: it should say\n{wanted}");
}

/// One test, since all sections are in one file.
#[test]
fn the_readme_lists_what_the_code_has() {
    let groups = Category::all().map(|c| format!("| `{}` | {} |", c.id(), c.label()));
    check("groups", &table("| id | group |", groups));
    let about = families::all().iter().map(|f| f.about());
    let rows = about.map(|a| {
        format!("| `{}` | {} | {} | {} | {} |", a.id, a.name, a.category.label(), a.verdict.label(), a.hint)
    });
    check("families", &table("| family | software | group | mostly | to get it back |", rows));
    let rows = variables::all().iter().map(|v| format!("| `{}` | {} | {} |", v.name, v.moves, v.partly));
    check("variables", &table("| variable | moves | but |", rows));
    let rows = flags::FLAGS.iter().map(|f| {
        let here = if f.kinds.is_empty() { "none".into() } else { format!("`-{} --{}`", f.short, f.long) };
        format!("| `-{} --{}` | {} | {here} | {} |", f.short, f.long, f.conda, f.here)
    });
    check("conda-clean", &table("| conda | takes | mldu | what is different |", rows));
    let keys = Section::ALL.into_iter().flat_map(|s| BINDINGS.iter().filter(move |b| b.section == s));
    let rows = keys.map(|b| format!("| `{}` | {} |", b.shown, b.help));
    check("keys", &table("| key | does |", rows));
    for (name, language) in EXAMPLES {
        check(name, &shown(name, language));
    }
}
