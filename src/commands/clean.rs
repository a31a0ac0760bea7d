//! `mldu clean`: what answers to some rules goes, after it was told.

use super::carry::{self, Carry};
use super::select::{notes, selector};
use super::{Exit, complain, print};
use crate::cli::CleanArgs;
use crate::model::inventory::Inventory;
use crate::model::marks::Marks;
use crate::model::select::select;
use crate::removal::plan::{How, Line};
use crate::settings::Settings;
use crate::text;

/// Why nothing can be cleaned that way at all, if so.
pub fn refused(args: &CleanArgs) -> Option<&'static str> {
    args.scan.import.as_ref().map(|_| {
        "-f reads what was exported elsewhere, and nothing of that is removed here; the -f of conda clean has no equal \
         (mldu clean --force-pkgs-dirs says why)"
    })
}

/// Leaves out what lies in the image of a container: deleting it would only note there that it is gone. Says so.
fn without_image(settings: &Settings, inventory: &Inventory, marks: &mut Marks) -> Option<String> {
    if !inventory.mounts.iter().any(|m| m.fstype.contains("overlay")) {
        return None;
    }
    // Nothing is done by looking.
    let looking = Settings { read_only: false, ..settings.clone() };
    let plan = carry::planned(&looking, inventory, marks, How::ForGood);
    let in_image = |l: &&Line| l.image > 0 && l.frees == 0 && l.doubt.all() == 0;
    let lines: Vec<&Line> = plan.lines.iter().filter(in_image).collect();
    lines.iter().for_each(|line| marks.remove(line.mark));
    let bytes = text::size(lines.iter().map(|l| l.image).sum(), settings.units);
    let things = text::counted(lines.len() as u64, "thing", "things");
    let way = "clean in the RUN that makes them, or leave them out of it";
    (!lines.is_empty()).then(|| {
        format!("Left out: {things} ({bytes}) in the container's image: nothing would come back; {way}")
    })
}

/// Runs it.
pub fn run(settings: &Settings, args: &CleanArgs) -> Exit {
    let selector = match selector(&args.select, &settings.scan.families) {
        Ok(selector) => selector,
        Err(why) => {
            let _ = complain(&why);
            return Exit::Usage;
        }
    };
    let how = match (args.trash, args.delete) {
        (true, _) => Some(How::Trash),
        (_, true) => Some(How::ForGood),
        _ => None,
    };
    let carry = Carry { how, dry_run: args.dry_run, yes: args.yes, json: args.json };
    if carry.yes && how.is_none() && !carry.dry_run {
        let _ = complain("--yes needs --trash or --delete: nobody is asked which");
        return Exit::Usage;
    }
    let inventory = match carry::scanned(settings) {
        Ok(inventory) => inventory,
        Err(exit) => return exit,
    };
    let mut selected = select(&inventory, &selector, settings.now);
    let mut notes = notes(&inventory, &selector, &selected, settings.units);
    notes.extend(without_image(settings, &inventory, &mut selected.marks));
    if selected.marks.is_empty() && !carry.json {
        return print(&format!(
            "Nothing to clean.\n{}",
            notes.iter().map(|n| format!("{n}\n")).collect::<String>()
        ));
    }
    carry::carry(settings, &inventory, &selected.marks, carry, &notes)
}
