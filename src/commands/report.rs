//! `mldu report`: scan, recognize, print.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, complain, look_in_use, lost, print, warn};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::inventory::{Inventory, ScanState};
use crate::model::mount::Mount;
use crate::model::rows::RowKey;
use crate::removal::interrupted;
use crate::report::{Tell, json, prometheus, table};
use crate::scan::{Session, import};
use crate::settings::Settings;
use crate::sys;
use crate::text::{self, Units};

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum As {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For monitoring.
    Prometheus,
}

/// What must not be crossed.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// So many percent of any mount, as `df` counts.
    Percent(f64),
    /// So many bytes in these groups together, or in all that was scanned if there are none.
    Bytes(u64, Vec<Category>),
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// What is told.
    pub tell: Tell,
    /// How it is written.
    pub form: As,
    /// Where to; standard output if it is nowhere.
    pub output: Option<PathBuf>,
    /// What ends it with [`Exit::Limit`].
    pub limit: Option<Limit>,
}

/// Runs it.
pub fn run(settings: &Settings, asked: &Asked) -> Exit {
    for problem in settings.scan.families.problems() {
        warn(problem);
    }
    let session = match Session::new(settings.scan.clone()) {
        Ok(session) => session,
        Err(e) => return complain(&format!("no thread could be started: {e}")),
    };
    // The program ends with it: to take millions of entries apart would only keep a person waiting.
    let mut inventory = ManuallyDrop::new(session.run_until(sys::signals::asked_to_stop()));
    if inventory.imported.is_none() {
        look_in_use(&mut inventory, &settings.scan.env);
    }
    let broken = inventory.problems.kept.iter().any(|p| p.operation == import::OPERATION);
    if let Some(why) = lost(&inventory, settings).filter(|_| broken) {
        return complain(&why);
    }
    let stopped = inventory.state == ScanState::Stopped;
    // Half of the numbers would look like all of them.
    if stopped && (asked.output.is_some() || asked.form == As::Prometheus) {
        let _ = complain("stopped; nothing was written");
        return Exit::Signal(sys::signals::last().unwrap_or(2));
    }
    if inventory.imported.is_none() && !stopped {
        tell_interrupted(&inventory, &settings.scan.env);
    }
    let written = match written(&mut inventory, settings, asked) {
        Ok(text) => put(&text, asked.output.as_deref()),
        Err(e) => complain(&format!("the report could not be written: {e}")),
    };
    if written != Exit::Done {
        return written;
    }
    if stopped {
        return Exit::Signal(sys::signals::last().unwrap_or(2));
    }
    if let Some(why) = lost(&inventory, settings) {
        return complain(&why);
    }
    let crossed = asked.limit.as_ref().map(|limit| crossed(&inventory, limit, settings.units));
    let crossed = crossed.unwrap_or_default();
    for line in &crossed {
        complain(line);
    }
    if crossed.is_empty() { Exit::Done } else { Exit::Limit }
}

fn written(
    inventory: &mut Inventory,
    settings: &Settings,
    asked: &Asked,
) -> Result<String, serde_json::Error> {
    if asked.tell == Tell::Users {
        inventory.share_out();
    }
    Ok(match asked.form {
        As::Json => serde_json::to_string(&json::report_of(inventory, asked.tell))? + "\n",
        As::Prometheus => prometheus::text(inventory, settings.now),
        As::Table => table::table(
            inventory,
            table::Style {
                units: settings.units,
                home: settings.scan.env.home(),
                now: settings.now,
                is_root: settings.scan.env.uid() == 0,
                ascii: settings.ascii,
                tell: asked.tell,
            },
        ),
    })
}

fn put(text: &str, output: Option<&Path>) -> Exit {
    let Some(file) = output.filter(|f| *f != Path::new("-")) else { return print(text) };
    match sys::replace::write(file, |out| out.write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(e) => complain(&format!("{}: {e}", text::path(file))),
    }
}

/// A sentence for everything that is above the limit.
fn crossed(inventory: &Inventory, limit: &Limit, units: Units) -> Vec<String> {
    match limit {
        Limit::Percent(limit) => {
            // An image that is mounted to be read (squashfs, a disc) is always full, and stays so.
            let above = |m: &&Mount| {
                m.space.is_some_and(|s| s.percent() as f64 > *limit && !(m.read_only && s.free == 0))
            };
            let mounts = inventory.mounts.iter().filter(above);
            let sentence = |m: &Mount| {
                let percent = m.space.map(|s| s.percent()).unwrap_or_default();
                format!("{} is {percent}% full, more than {limit}%", text::path(&m.path))
            };
            mounts.map(sentence).collect()
        }
        Limit::Bytes(limit, categories) => {
            let (bytes, what) = match &categories[..] {
                [] => (inventory.total().on_disk, "what was scanned".to_string()),
                some => {
                    let labels: Vec<&str> = some.iter().map(|c| c.label()).collect();
                    (some.iter().map(|c| bytes_of(inventory, *c)).sum(), labels.join(", "))
                }
            };
            let (size, most) = (text::size(bytes, units), text::size(*limit, units));
            if bytes > *limit { vec![format!("{what}: {size}, more than {most}")] } else { Vec::new() }
        }
    }
}

fn bytes_of(inventory: &Inventory, category: Category) -> u64 {
    match category {
        Category::Other => inventory.rest().usage.on_disk,
        _ => inventory.row_measure(RowKey::Category(category)).usage.on_disk,
    }
}

/// What a killed run left half done is told beside the report, not in it.
fn tell_interrupted(inventory: &Inventory, env: &Arc<Env>) {
    let all = interrupted::find(env, &interrupted::seen(inventory));
    if let Some(what) = interrupted::summary(&all) {
        let _ = complain(&format!("{what}; `mldu interrupted` shows them"));
    }
}
