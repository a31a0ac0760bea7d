//! A plan without the interface: told, asked about, carried out, told again. Whatever removes by command goes this way.

use super::trash::{asked, can_ask};
use super::{Exit, complain, look_in_use, lost, print, tell_unlogged, warn};
use crate::model::inventory::{Inventory, ScanState};
use crate::model::marks::Marks;
use crate::model::mount::Pressure;
use crate::removal::draft::Draft;
use crate::removal::execute;
use crate::removal::facts::{self, Facts, Question};
use crate::removal::plan::{self, How, Plan};
use crate::report::plan as report;
use crate::scan::Session;
use crate::settings::Settings;
use crate::sys;
use crate::text;

/// The word that deletes for good, as in the interface.
pub const DELETE: &str = "delete";

/// How a plan is carried out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carry {
    /// Which way; the one the interface would suggest if it is not said.
    pub how: Option<How>,
    /// Only tell it.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// As JSON.
    pub json: bool,
}

/// Scans all that the settings say, to the end, and looks who uses what.
///
/// # Errors
/// How it ended if it came to nothing; why was said.
pub fn scanned(settings: &Settings) -> Result<Inventory, Exit> {
    if settings.scan.import.is_some() {
        return Err(complain("an export is of another machine: nothing of it is removed here"));
    }
    for problem in settings.scan.families.problems() {
        warn(problem);
    }
    let session = Session::new(settings.scan.clone())
        .map_err(|e| complain(&format!("no thread could be started: {e}")))?;
    let mut inventory = session.run_until(sys::signals::asked_to_stop());
    if inventory.state == ScanState::Stopped {
        let _ = complain("stopped while scanning; nothing was removed");
        return Err(Exit::Signal(sys::signals::last().unwrap_or(2)));
    }
    if let Some(why) = lost(&inventory, settings) {
        return Err(complain(&why));
    }
    look_in_use(&mut inventory, &settings.scan.env);
    Ok(inventory)
}

/// What is marked, looked at afresh and planned. If nothing will be done, it is planned although mldu is read-only.
pub fn planned(settings: &Settings, inventory: &Inventory, marks: &Marks, how: How) -> Plan {
    Plan::new(inventory, marks, how, &look(settings, inventory, marks, settings.read_only))
}

/// A fresh look at what is marked.
fn look(settings: &Settings, inventory: &Inventory, marks: &Marks, read_only: bool) -> Facts {
    let draft = Draft::new(inventory, marks);
    let env = &settings.scan.env;
    let in_use = facts::look_in_use(&facts::watched(inventory, &draft), env);
    Question::new(&draft, inventory, in_use, read_only).answer(env)
}

/// The plan that is asked for, or the one the interface would suggest.
fn chosen(settings: &Settings, inventory: &Inventory, marks: &Marks, carry: Carry) -> Plan {
    let facts = look(settings, inventory, marks, settings.read_only && !carry.dry_run);
    if let Some(how) = carry.how {
        return Plan::new(inventory, marks, how, &facts);
    }
    let mut plans = How::ALL.map(|how| Plan::new(inventory, marks, how, &facts));
    let full = |p: &Plan| {
        let pressed = |m: Pressure| matches!(m, Pressure::Bytes | Pressure::Inodes);
        p.changes.iter().any(|c| pressed(c.mount.pressure()))
    };
    let at = plan::suggested(&plans, plans.iter().any(full));
    plans.swap(0, at);
    let [plan, ..] = plans;
    plan
}

/// Tells the plan, asks, does it, tells what became of it. `notes` are said with the plan.
pub fn carry(
    settings: &Settings,
    inventory: &Inventory,
    marks: &Marks,
    carry: Carry,
    notes: &[String],
) -> Exit {
    if carry.yes && carry.how.is_none() && !carry.dry_run {
        let _ = complain("--yes needs --trash or --delete: nobody is asked which");
        return Exit::Usage;
    }
    if settings.read_only && !carry.dry_run {
        return complain("mldu was started read-only: nothing is removed");
    }
    carry_out(settings, &chosen(settings, inventory, marks, carry), carry, notes)
}

/// The same with a plan that was made a moment ago.
pub fn carry_out(settings: &Settings, plan: &Plan, carry: Carry, notes: &[String]) -> Exit {
    let style =
        report::Style { units: settings.units, home: settings.scan.env.home(), ascii: settings.ascii };
    if !carry.json {
        let told = print(&report::plan(plan, notes, style));
        // What cannot say what would go removes nothing.
        if told != Exit::Done {
            return told;
        }
    }
    if carry.dry_run || plan.is_empty() {
        let said = if carry.json { print_json(&report::json(plan, notes, None)) } else { Exit::Done };
        return if said == Exit::Done { without_a_step(plan, carry) } else { said };
    }
    if !carry.yes && (carry.json || !can_ask()) {
        if carry.json {
            let _ = print_json(&report::json(plan, notes, None));
        }
        let _ = complain(match carry.how {
            Some(_) => "nothing was removed; --yes does it without asking",
            None => "nothing was removed; --yes with --trash or --delete does it without asking",
        });
        return Exit::Usage;
    }
    if !carry.yes && !agreed(plan, settings) {
        return complain("nothing was removed");
    }
    let stop = sys::signals::asked_to_stop();
    let done = execute::run(plan, &settings.scan.env, &stop, &mut |_| {});
    let said = if carry.json {
        print_json(&report::json(plan, notes, Some(&done)))
    } else {
        print(&report::done(&done, plan, style))
    };
    if carry.json {
        tell_unlogged(done.unlogged.clone());
    }
    let failed = done.failed().count();
    match said {
        Exit::Done if done.stopped => Exit::Signal(sys::signals::last().unwrap_or(2)),
        Exit::Done if failed == 0 => Exit::Done,
        Exit::Done if failed < done.steps.len() => Exit::Partly,
        Exit::Done => Exit::Error,
        other => other,
    }
}

/// How it ends if nothing is done: well if there was nothing to do, or that was all that was asked for.
fn without_a_step(plan: &Plan, carry: Carry) -> Exit {
    if carry.dry_run || (plan.refused.is_empty() && plan.trash_refused.is_none()) {
        return Exit::Done;
    }
    complain("nothing of it could be removed; the reasons are above")
}

/// Asks as the interface does: for a word if something is gone for good.
fn agreed(plan: &Plan, settings: &Settings) -> bool {
    if plan.is_final() {
        let gone = text::size(plan.gone, settings.units);
        return asked(&format!("{gone} will be gone for good. Type  {DELETE}  to go on: "), DELETE);
    }
    let size = text::size(plan.undoable, settings.units);
    asked(&format!("Move {size} to the trash? Nothing is freed by that. Type  y  to go on: "), "y")
}

fn print_json(value: &report::Json<'_>) -> Exit {
    match serde_json::to_string(value) {
        Ok(text) => print(&(text + "\n")),
        Err(e) => complain(&format!("the plan could not be written: {e}")),
    }
}
