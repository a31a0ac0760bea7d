//! `mldu report`: scan, recognize, print.

use std::sync::Arc;

use super::{Exit, complain, lost, print, warn};
use crate::env::Env;
use crate::model::inventory::{Inventory, ScanState};
use crate::removal::{facts, interrupted};
use crate::report::{Tell, json, table};
use crate::scan::{Session, import};
use crate::settings::Settings;
use crate::sys;

/// Runs it.
pub fn run(settings: &Settings, as_json: bool, tell: Tell) -> Exit {
    for problem in settings.scan.families.problems() {
        warn(problem);
    }
    let session = match Session::new(settings.scan.clone()) {
        Ok(session) => session,
        Err(e) => return complain(&format!("no thread could be started: {e}")),
    };
    let mut inventory = session.run_until(sys::signals::asked_to_stop());
    if inventory.imported.is_none() {
        look_in_use(&mut inventory, &settings.scan.env);
    }
    let broken = inventory.problems.kept.iter().any(|p| p.operation == import::OPERATION);
    if let Some(why) = lost(&inventory, settings).filter(|_| broken) {
        return complain(&why);
    }
    if tell == Tell::Users {
        inventory.share_out();
    }
    let text = if as_json {
        match serde_json::to_string(&json::report_of(&inventory, tell)) {
            Ok(text) => text + "\n",
            Err(e) => return complain(&format!("the report could not be written: {e}")),
        }
    } else {
        table::table(
            &inventory,
            table::Style {
                units: settings.units,
                home: settings.scan.env.home(),
                now: settings.now,
                is_root: settings.scan.env.uid() == 0,
                ascii: settings.ascii,
                tell,
            },
        )
    };
    if inventory.imported.is_none() {
        tell_interrupted(&inventory, &settings.scan.env);
    }
    let printed = print(&text);
    if printed != Exit::Done {
        return printed;
    }
    if inventory.state == ScanState::Stopped {
        return Exit::Signal(sys::signals::last().unwrap_or(2));
    }
    match lost(&inventory, settings) {
        Some(why) => complain(&why),
        None => Exit::Done,
    }
}

/// What a killed run left half done is told beside the report, not in it.
fn tell_interrupted(inventory: &Inventory, env: &Arc<Env>) {
    let all = interrupted::find(env, &interrupted::seen(inventory));
    if let Some(what) = interrupted::summary(&all) {
        let _ = complain(&format!("{what}; `mldu interrupted` shows them"));
    }
}

fn look_in_use(inventory: &mut Inventory, env: &Arc<Env>) {
    let roots = facts::watched(inventory, &crate::removal::draft::Draft::default());
    let seen = facts::look_in_use(&roots, env);
    inventory.set_in_use(&seen.seen);
}
