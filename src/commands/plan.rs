//! `mldu plan`: what would go, told, and written to a file for later. Nothing is removed.

use std::path::{Path, PathBuf};

use super::carry::{Carry, carry_out, planned, scanned};
use super::clean::without_image;
use super::select::{notes, selector};
use super::{Exit, complain, print};
use crate::cli::{PlanArgs, WayArgs};
use crate::model::select::select;
use crate::removal::plan::How;
use crate::removal::saved::{Contents, Made, PathField, Saved, Scan, file};
use crate::scan;
use crate::settings::Settings;
use crate::sys::user::Names;
use crate::sys::{self, machine};
use crate::text;

/// Runs it.
pub fn run(settings: &Settings, args: &PlanArgs) -> Exit {
    let selector = match selector(&args.select, &settings.scan.families) {
        Ok(selector) => selector,
        Err(why) => {
            let _ = complain(&why);
            return Exit::Usage;
        }
    };
    let inventory = match scanned(settings) {
        Ok(inventory) => inventory,
        Err(exit) => return exit,
    };
    let mut selected = select(&inventory, &selector, settings.now);
    let mut notes = notes(settings, &inventory, &selector, &selected);
    notes.extend(without_image(settings, &inventory, &mut selected.marks));
    let (marks, how) = (&selected.marks, way(args.way));
    // Nothing is removed by it, so it is made although mldu was started read-only.
    let settings = &Settings { read_only: false, ..settings.clone() };
    let plan = planned(settings, &inventory, marks, how.unwrap_or(How::Trash));
    let saved = || Saved::new(Contents::of(&plan, &inventory, marks), made(settings), scan(settings));
    match args.output.as_deref() {
        Some(out) if out == Path::new("-") => {
            return match file::json(&saved()) {
                Ok(text) => print(&text),
                Err(why) => complain(&why),
            };
        }
        Some(out) => match file::write(out, &saved()) {
            Ok(()) => notes.push(told(out)),
            Err(unsaved) => {
                let instead = unsaved.instead(out).map(|to| format!("; {} is in memory", text::path(&to)));
                let why = unsaved.why + &instead.unwrap_or_default();
                return complain(&format!("{}: {why}", text::path(out)));
            }
        },
        None => {}
    }
    carry_out(settings, &plan, Carry { how, dry_run: true, json: args.json, ..Carry::default() }, &notes)
}

/// The way that was asked for, if one was.
pub fn way(args: WayArgs) -> Option<How> {
    match (args.trash, args.delete) {
        (true, _) => Some(How::Trash),
        (false, true) => Some(How::ForGood),
        (false, false) => None,
    }
}

/// What is said of a plan that was written.
fn told(file: &Path) -> String {
    let path = text::path(file);
    format!("The plan is in {path}; nothing was removed. Look through it, then: mldu apply {path}")
}

/// By whom, when and where a plan is made.
pub fn made(settings: &Settings) -> Made {
    let env = &settings.scan.env;
    Made {
        at: text::rfc3339(settings.now).unwrap_or_default(),
        by: Names::of(env.accounts()).get(env.uid()),
        uid: env.uid(),
        host: sys::user::host(),
        machine: machine::id(),
        boot: machine::boot(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// What is scanned, so that it can be scanned again from any folder.
pub fn scan(settings: &Settings) -> Scan {
    let scan::Settings { env, roots, one_fs, exclude, .. } = &settings.scan;
    let real = |root: &PathBuf| PathField::new(&root.canonicalize().unwrap_or_else(|_| env.expand(root)));
    Scan {
        roots: roots.iter().map(real).collect(),
        one_file_system: *one_fs,
        exclude: exclude.given().to_vec(),
    }
}
