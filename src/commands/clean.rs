//! `mldu clean`: what answers to some rules goes, after it was told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::carry::{self, Carry};
use super::select::{notes, selector};
use super::{Exit, complain, print};
use crate::cli::{CleanArgs, Limit};
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::marks::{Mark, Marks};
use crate::model::rows::RowKey;
use crate::model::select::{select, until_enough};
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
    let mut short = false;
    if let Some(limit) = args.min_free {
        let enough = only_until(settings, &inventory, &mut selected.marks, limit);
        notes.splice(0..0, enough.notes);
        short = enough.short && !args.dry_run;
    }
    if selected.marks.is_empty() && !carry.json {
        let notes: String = notes.iter().map(|n| format!("{n}\n")).collect();
        let said = print(&format!("Nothing to clean.\n{notes}"));
        return if said == Exit::Done && short { Exit::Partly } else { said };
    }
    match carry::carry(settings, &inventory, &selected.marks, carry, &notes) {
        Exit::Done if short => Exit::Partly,
        exit => exit,
    }
}

/// Of what is chosen on each mount, only as much as it takes until so much is free there. Says where that is not enough.
fn only_until(settings: &Settings, inventory: &Inventory, marks: &mut Marks, limit: Limit) -> Enough {
    let mut enough = Enough { notes: Vec::new(), short: false };
    let mut by_mount: BTreeMap<PathBuf, Vec<ItemId>> = BTreeMap::new();
    for mark in marks.sorted() {
        let Mark::Item(id) = mark else { continue };
        let Some(at) = inventory.place_of(RowKey::Item(id)) else { continue };
        let mount = inventory.mount_of(&inventory.tree.path(at)).map(|m| m.path.clone());
        by_mount.entry(mount.unwrap_or_default()).or_default().push(id);
    }
    for (path, things) in by_mount {
        let shown = text::path(&path);
        let space = inventory.mounts.iter().find(|m| m.path == path).and_then(|m| m.space);
        let Some(space) = space else {
            things.iter().for_each(|id| marks.remove(Mark::Item(*id)));
            enough.notes.push(format!("{shown} does not say how much is free: nothing of it is cleaned"));
            enough.short = true;
            continue;
        };
        let asked = match limit {
            Limit::Percent(percent) => (space.total as f64 * percent / 100.0).ceil() as u64,
            Limit::Bytes(bytes) => bytes,
        };
        let wanted = asked.saturating_sub(space.available);
        let (chosen, back) = until_enough(inventory, &things, wanted);
        let chosen: FxHashSet<ItemId> = chosen.into_iter().collect();
        things.iter().filter(|id| !chosen.contains(id)).for_each(|id| marks.remove(Mark::Item(*id)));
        let size = |bytes| text::size(bytes, settings.units);
        if wanted == 0 {
            enough.notes.push(format!("{shown} has {} free, which is enough", size(space.available)));
        } else if back < wanted {
            let (free, asked) = (size(space.available.saturating_add(back)), size(asked));
            enough
                .notes
                .push(format!("{shown}: no more than {free} can be free this way, {asked} were asked for"));
            enough.short = true;
        }
    }
    enough
}

/// Whether it will be enough.
struct Enough {
    notes: Vec<String>,
    /// Whether somewhere it will not.
    short: bool,
}
