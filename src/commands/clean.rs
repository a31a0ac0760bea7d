//! `mldu clean`: what answers to some rules goes, after it was told.

use super::carry::{self, Carry};
use super::select::{notes, selector};
use super::{Exit, complain, print};
use crate::cli::CleanArgs;
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::marks::{Mark, Marks};
use crate::model::propose::propose;
use crate::model::select::select;
use crate::removal::plan::{How, Line};
use crate::settings::Settings;
use crate::text;
use crate::text::amount::Amount;

/// Why nothing can be cleaned that way at all, if so.
pub fn refused(args: &CleanArgs) -> Option<&'static str> {
    args.scan.import.as_ref().map(|_| {
        "-f reads what was exported elsewhere, and nothing of that is removed here; the -f of conda clean has no equal \
         (mldu clean --force-pkgs-dirs says why)"
    })
}

/// Leaves out what lies in the image of a container: deleting it would only note there that it is gone. Says so.
pub(super) fn without_image(settings: &Settings, inventory: &Inventory, marks: &mut Marks) -> Option<String> {
    if !inventory.mounts.iter().any(|m| m.fstype.contains("overlay")) {
        return None;
    }
    // Nothing is done by looking.
    let looking = Settings { read_only: false, ..settings.clone() };
    let plan = carry::planned(&looking, inventory, marks, How::ForGood);
    let in_image = |l: &&Line| l.image > 0 && l.frees == 0 && l.doubt.all() == 0;
    let lines: Vec<&Line> = plan.lines.iter().filter(in_image).collect();
    for line in &lines {
        marks.remove(line.mark);
    }
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
    let mut notes = notes(settings, &inventory, &selector, &selected);
    notes.extend(without_image(settings, &inventory, &mut selected.marks));
    let mut short = false;
    if let Some(amount) = args.min_free {
        let enough = only_until(settings, &inventory, &selected.marks, amount);
        selected.marks = enough.marks;
        notes.splice(0..0, enough.notes);
        short = enough.short && !args.dry_run;
    }
    if selected.marks.is_empty() && !carry.json {
        notes.insert(0, "Nothing to clean.".into());
        let said = print(&(notes.join("\n") + "\n"));
        return if said == Exit::Done && short { Exit::Partly } else { said };
    }
    match carry::carry(settings, &inventory, &selected.marks, carry, &notes) {
        Exit::Done if short => Exit::Partly,
        exit => exit,
    }
}

/// Of what is chosen on each mount, only as much as it takes until so much is free there, the gentlest first. Says where
/// that is not enough.
fn only_until(settings: &Settings, inventory: &Inventory, chosen: &Marks, amount: Amount) -> Enough {
    let mut enough = Enough { marks: Marks::default(), notes: Vec::new(), short: false };
    let size = |bytes| text::size(bytes, settings.units);
    let is_chosen = |id: ItemId| inventory.line(id).any(|above| chosen.contains(Mark::Item(above)));
    let items =
        || chosen.sorted().into_iter().filter_map(|m| if let Mark::Item(id) = m { Some(id) } else { None });
    for mount in &inventory.mounts {
        if !items().any(|id| inventory.lies_on(id, Some(&mount.path))) {
            continue;
        }
        let shown = text::path(&mount.path);
        let Some(space) = mount.space else {
            enough.notes.push(format!("{shown} does not say how much is free: nothing of it is cleaned"));
            enough.short = true;
            continue;
        };
        let asked = amount.of(space.total);
        let wanted = asked.saturating_sub(space.available);
        if wanted == 0 {
            enough.notes.push(format!("{shown} has {} free, which is enough", size(space.available)));
            continue;
        }
        // What may be looked at first was asked for when it was chosen.
        let proposal = propose(inventory, &is_chosen, Some(mount), wanted, true);
        enough.marks.add(inventory, &proposal.items());
        if !proposal.enough {
            let (free, asked) = (size(space.available.saturating_add(proposal.frees)), size(asked));
            let words = format!("{shown}: no more than {free} can be free this way, {asked} were asked for");
            enough.notes.push(words);
            enough.short = true;
        }
    }
    enough
}

/// How much of what was chosen it takes.
struct Enough {
    marks: Marks,
    notes: Vec<String>,
    /// Whether somewhere all of it does not do.
    short: bool,
}
