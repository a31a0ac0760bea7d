//! From what was typed to rules, and from what answers to them to sentences on what stays.

use std::path::Path;

use crate::cli::SelectArgs;
use crate::families::Families;
use crate::families::conda::flags;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::rows::RowKey;
use crate::model::select::{Named, Selected, Selector, Stays};
use crate::model::verdict::Verdict;
use crate::scan::Exclude;
use crate::settings::Settings;
use crate::text;

/// So many things are told by name; of the others only their number.
const NAMED: usize = 10;

/// Which reasons are meant.
type Reason = fn(Stays) -> bool;

/// The rules that were asked for.
///
/// # Errors
/// What is wrong with them, as a sentence.
pub fn selector(args: &SelectArgs, families: &Families) -> Result<Selector, String> {
    if args.conda.force_pkgs_dirs {
        let flag = flags::FLAGS.iter().find(|f| f.long == "force-pkgs-dirs");
        return Err(format!("--force-pkgs-dirs: {}", flag.map_or("", |f| f.here).replace('`', "")));
    }
    if let Some(odd) = args.family.iter().find(|id| families.find(id).is_none()) {
        return Err(format!("there is no family `{}`; `mldu families` lists them all", text::plain(odd)));
    }
    for category in &args.category {
        match category {
            Category::HeldOpen => {
                return Err("what is deleted but still open comes back when its processes end".into());
            }
            Category::Other => {
                return Err("nobody knows what everything else is: mark it in the interface".into());
            }
            _ => {}
        }
    }
    let mut selector = Selector {
        categories: args.category.clone(),
        families: args.family.clone(),
        names: named(&args.name)?,
        older_than: args.older_than,
        min_size: args.min_size.unwrap_or(0),
        leftovers: args.leftovers,
        kinds: flags::kinds(|flag| args.conda.asks_for(flag.long)),
        ..Selector::default()
    };
    if args.look_first && !selector.is_narrow() {
        return Err(
            "--look-first takes what a person may have made: say of what, with --category, --family, --name \
                    or --leftovers"
                .into(),
        );
    }
    selector.worst = match (args.look_first, selector.is_narrow()) {
        (true, _) => Verdict::LookFirst,
        (false, true) => Verdict::Rebuild,
        (false, false) => Verdict::Safe,
    };
    // Who names a thing means it; who asks for what is unused does not mean what environments link.
    selector.spare_linked =
        selector.categories.is_empty() && selector.families.is_empty() && selector.names.is_none();
    Ok(selector)
}

fn named(globs: &[String]) -> Result<Option<Named>, String> {
    if globs.is_empty() {
        return Ok(None);
    }
    let globs = Exclude::of("--name", globs.iter().map(String::as_str))?;
    let means = move |path: &Path, is_folder: bool| {
        path.file_name().is_some_and(|n| globs.leaves_out(path.parent(), n.as_encoded_bytes(), is_folder))
    };
    Ok(Some(Box::new(means)))
}

/// Sentences on what answers to the rules but stays: by name what a process uses or something needs, the rest by
/// number.
pub fn notes(
    settings: &Settings,
    inventory: &Inventory,
    selector: &Selector,
    selected: &Selected,
) -> Vec<String> {
    let (units, home) = (settings.units, settings.scan.env.home());
    let of = |which: Reason| -> Vec<ItemId> {
        selected.stays.iter().filter(|(_, why)| which(*why)).map(|(id, _)| *id).collect()
    };
    let mut notes = Vec::new();
    let reasons: [(Reason, &str); 3] = [
        (|s| s == Stays::InUse, "in use"),
        (|s| s == Stays::Needed, "needed"),
        (|s| s == Stays::Barred, "not yours"),
    ];
    for (which, word) in reasons {
        let all = of(which);
        for id in all.iter().take(NAMED) {
            notes.push(format!(
                "Left out: {}, {word}: {}",
                called(inventory, *id, home),
                why(inventory, *id)
            ));
        }
        if all.len() > NAMED {
            let more = (all.len() - NAMED) as u64;
            notes.push(format!("Left out: {} more that are {word}", text::full_count(more)));
        }
    }
    let counted = |all: &[ItemId]| {
        let bytes = text::size(inventory.measure_set(all).usage.on_disk, units);
        format!("{} ({bytes})", text::counted(all.len() as u64, "thing", "things"))
    };
    let waits = of(|s| s == Stays::Waits);
    if !waits.is_empty() {
        notes.push(format!(
            "Left out: {} that an environment elsewhere may need; without a folder mldu reads them all",
            counted(&waits)
        ));
    }
    let linked = of(|s| matches!(s, Stays::Linked(_)));
    if !linked.is_empty() {
        let back = text::size(inventory.measure_set(&linked).frees, units);
        notes.push(format!(
            "Left out: {} that environments hard-link: no more than {back} would come back",
            counted(&linked)
        ));
    }
    let others = of(|s| s == Stays::Others);
    if !others.is_empty() {
        let way = if selector.is_narrow() { "--look-first takes it" } else { LOOK };
        notes.push(format!("Left out: {} of other people; {way}", counted(&others)));
    }
    let again = of(|s| matches!(s, Stays::Verdict(Verdict::ReDownload | Verdict::Rebuild)));
    if !again.is_empty() {
        let way = "--category, --family or --name takes it";
        notes.push(format!("Left out: {} to be fetched or made again; {way}", counted(&again)));
    }
    let look = of(|s| s == Stays::Verdict(Verdict::LookFirst));
    if !look.is_empty() && selector.is_narrow() {
        notes.push(format!(
            "Left out: {} that a person may have made, or nobody knows; --look-first takes it",
            counted(&look)
        ));
    }
    notes
}

const LOOK: &str = "--look-first with --category, --family or --name takes it";

/// What a thing is called, what of, and where it lies.
fn called(inventory: &Inventory, id: ItemId, home: &Path) -> String {
    let names: Vec<&str> =
        inventory.line(id).filter_map(|i| inventory.item(i)).map(|i| i.name.as_str()).collect();
    let name = names.into_iter().rev().collect::<Vec<_>>().join(" ");
    let place = inventory.place_of(RowKey::Item(id)).map(|node| inventory.tree.path(node));
    match place.map(|path| text::short_path(&path, home)) {
        Some(path) if !path.ends_with(&name) => format!("{name}  {path}"),
        Some(path) => path,
        None => name,
    }
}

/// Why it may not go: the last that is noted of it, or of the part of it that may not.
fn why(inventory: &Inventory, id: ItemId) -> String {
    let barred = |i: &ItemId| inventory.item(*i).is_some_and(|i| i.bar.is_some());
    let kept = |i: &ItemId| !inventory.verdict(*i).removable() || barred(i);
    let of = inventory.descendants(id).find(kept).unwrap_or(id);
    if let [user, ..] = inventory.needed_by(of) {
        return format!("{user} links into it and would break");
    }
    let words = inventory.why_item_kept(of);
    words.split_once(": ").map_or(words.clone(), |(_, why)| why.to_string())
}
