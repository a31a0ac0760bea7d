//! What is known of deleted files that a process holds, and how their bytes come back.

use crate::app::App;
use crate::model::held_open::{HeldFile, Process};
use crate::model::rows::RowKey;
use crate::text;

/// So many files and numbers of processes are told.
const TOLD: usize = 20;

/// What is known of a row.
pub fn facts(app: &App, key: RowKey) -> Vec<(&'static str, String)> {
    let inventory = &app.inventory;
    let size = |n| text::size(n, app.context.units);
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    match (inventory.held_file_of(key), inventory.holder_of(key)) {
        (Some(f), Some(p)) => {
            facts.push(("what", "deleted file that a process still has open".into()));
            facts.extend(file(app, f, p));
        }
        (None, Some(p)) => {
            facts.push(("what", "process that holds deleted files".into()));
            facts.extend(process(app, p));
        }
        (_, None) => {
            if matches!(key, RowKey::Process(_) | RowKey::HeldFile(..)) {
                return vec![("what", "it is not there any more".into())];
            }
            let m = inventory.row_measure(key);
            let files = text::counted(m.usage.files, "deleted file", "deleted files");
            facts.push(("what", format!("{files} that processes still have open, and that fill the disk")));
            facts.push(("on disk", format!("{}, each counted once", size(m.usage.on_disk))));
            facts
                .push(("where", "in no folder, so in no other group: a part of what was not counted".into()));
            facts.extend(inventory.held_open.sight.words().map(|w| ("not seen", w)));
            facts.push(("way out", inventory.way_out(key)));
        }
    }
    facts
}

fn process(app: &App, p: &Process) -> Vec<(&'static str, String)> {
    let inventory = &app.inventory;
    let size = |n| text::size(n, app.context.units);
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let pids: Vec<String> = p.pids.iter().take(TOLD).map(u32::to_string).collect();
    let more = p.pids.len().saturating_sub(TOLD);
    let more =
        if more > 0 { format!(" and {}", text::counted(more as u64, "more", "more")) } else { String::new() };
    facts.push(("process", format!("{}{more}", pids.join(", "))));
    facts.push(("command", p.line.clone()));
    facts.extend(p.kernel.clone().map(|k| ("Jupyter", k)));
    facts.push(("owner", p.user.clone()));
    facts.extend(since(app, p));
    let files = text::counted(p.files.len() as u64, "file", "files");
    facts.push(("holds", format!("{} in {files}", size(p.usage().on_disk))));
    let frees = inventory.held_open.frees(p);
    let others = if frees < p.usage().on_disk { "; others hold the rest too" } else { "" };
    let ends = if p.pids.len() > 1 { "they end" } else { "it ends" };
    facts.push(("comes back", format!("{} when {ends}{others}", size(frees))));
    for f in p.files.iter().take(TOLD) {
        let bytes = f.bytes.map_or_else(|| "size not told".to_string(), size);
        facts.push(("file", format!("{bytes}  {}", text::path(&f.path))));
    }
    if p.files.len() > TOLD {
        let more = text::counted((p.files.len() - TOLD) as u64, "more", "more");
        facts.push(("", format!("and {more}; → shows them")));
    }
    facts.push(("way out", inventory.way_out(RowKey::Process(p.pid()))));
    facts
}

fn file(app: &App, f: &HeldFile, p: &Process) -> Vec<(&'static str, String)> {
    let inventory = &app.inventory;
    let size = |n| text::size(n, app.context.units);
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    facts.push(("was", text::path(&f.path)));
    facts.push(("fills", text::path(&f.mount)));
    facts.push(match f.bytes {
        Some(n) => ("on disk", format!("{}  ({} bytes)", size(n), text::full_count(n))),
        None => ("on disk", format!("not told to you; {} of it are mapped", size(f.size))),
    });
    if f.bytes.is_some() {
        facts.push(("length", format!("{}  ({} bytes)", size(f.size), text::full_count(f.size))));
    }
    if f.mtime > 0 {
        facts.push(("changed", when(app, f.mtime)));
    }
    let all: Vec<&Process> = inventory.held_open.holders(f.id).collect();
    facts.extend(all.iter().take(TOLD).map(|p| ("held by", p.name())));
    facts.push(match f.fd {
        Some(fd) => ("as", format!("descriptor {fd} of {}", p.pid())),
        None => ("as", format!("mapped by {}, with no descriptor", p.pid())),
    });
    facts.push(("command", p.line.clone()));
    facts.extend(since(app, p));
    let several = all.len() > 1 || p.pids.len() > 1;
    let all_of = if several { "all that hold it must end: " } else { "" };
    facts.push(("way out", format!("{all_of}{}", inventory.way_out(RowKey::Process(p.pid())))));
    if let Some(fd) = f.fd {
        facts.push(("or", "if it is a log of yours that nobody reads again, empty it in the shell:".into()));
        facts.push(("", format!("truncate -s 0 /proc/{}/fd/{fd}", p.pid())));
    }
    facts
}

fn since(app: &App, p: &Process) -> Option<(&'static str, String)> {
    p.since.map(|since| ("runs since", when(app, since)))
}

fn when(app: &App, then: i64) -> String {
    let age = match text::age(then, app.status.now).as_str() {
        "now" => "just now".to_string(),
        age => format!("{age} ago"),
    };
    format!("{}  ({age})", text::rfc3339(then).unwrap_or_default())
}
