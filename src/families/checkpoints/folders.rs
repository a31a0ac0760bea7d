//! Steps that are folders told by what lies in them: what `DeepSpeed`, Megatron, Accelerate and torch's distributed
//! checkpoints have in common.
//!
//! While a disk is walked only the lowest and the highest numbered folder are looked into. What lacks what is
//! written last is incomplete; it may go only if nothing but its writer's own files lies in it.

use std::collections::BTreeMap;

use super::run::{Run, State, Step};
use super::template::{Strength, Template, Unit};
use crate::families::{File, Folder, Listing};

/// How a writer lays out a step.
pub struct Layout {
    /// Who writes it.
    pub writer: &'static str,
    /// Whether a folder of this name may be a step.
    pub named: fn(&str) -> bool,
    /// Whether an entry of this name proves that the folder it lies in is a step.
    pub proof: fn(&str) -> bool,
    /// Whether a folder with no proof in it, called like one with, is a step that was interrupted.
    pub interrupted: bool,
    /// What is missing in a step.
    pub missing: fn(&Folder<'_>) -> Option<String>,
    /// Whether its writer gives this name to something in a step.
    pub writes: fn(&str) -> bool,
}

/// The template of a folder's name, where a word says that it counts. mmengine gives folders the names of files.
pub fn template(name: &str) -> Option<Template> {
    let stem = name.strip_suffix(".pth").unwrap_or(name);
    Template::of(stem).filter(|t| t.strength == Strength::Word)
}

/// Whether the lowest or the highest numbered folder proves to be a step.
pub fn proved(folder: &Listing<'_>, layout: &Layout) -> bool {
    let names = folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok());
    let of_steps = names.filter(|n| (layout.named)(n));
    let mut steps: Vec<(Vec<u64>, &str)> = of_steps.filter_map(|n| Some((template(n)?.order(), n))).collect();
    steps.sort_unstable();
    let ends = steps.last().into_iter().chain(steps.first().filter(|_| steps.len() > 1));
    ends.into_iter().any(|(_, name)| proves(folder, name, layout))
}

/// Whether something in the folder of this name proves that it is a step.
pub fn proves(folder: &Listing<'_>, name: &str, layout: &Layout) -> bool {
    folder.names_in(name).iter().any(|n| (layout.proof)(n))
}

/// A folder that may be a step.
struct Member<'a> {
    folder: Folder<'a>,
    template: Option<Template>,
    proved: bool,
}

/// The steps among the folders that no kind took yet, a series for each kind of name. `sure`: something beside them
/// says that folders so named are steps.
pub fn series<'a>(run: &Run<'a>, layout: &Layout, sure: bool) -> Vec<Vec<Step<'a>>> {
    let mut all: BTreeMap<Option<String>, Vec<Member<'a>>> = BTreeMap::new();
    for folder in run.folders().into_iter().filter(|f| (layout.named)(f.name())) {
        let proved = entries(&folder).any(layout.proof);
        let template = template(folder.name());
        let may_be = template.is_some() && (sure || layout.interrupted || folder.is_empty());
        if proved || may_be {
            let shape = template.as_ref().map(|t| t.shape.clone());
            all.entry(shape).or_default().push(Member { folder, template, proved });
        }
    }
    all.retain(|_, members| sure || members.iter().any(|m| m.proved));
    let only_one = all.keys().flatten().count() == 1;
    let steps = |members: Vec<Member<'a>>| members.iter().map(|m| step(m, layout, only_one)).collect();
    all.into_values().map(steps).collect()
}

/// Judges a folder. Of several series, the words of the names would be the same.
fn step<'a>(member: &Member<'a>, layout: &Layout, only_one: bool) -> Step<'a> {
    let Member { folder, template, .. } = member;
    let words = template.as_ref().filter(|_| only_one).and_then(Template::words);
    let order = template.as_ref().map(Template::order);
    let mut step = Step::folder(folder, order, words.unwrap_or_else(|| folder.shown()));
    if let Some([(Unit::Step, n)]) = template.as_ref().map(|t| &t.counts[..])
        && only_one
    {
        step.short = n.to_string();
    }
    if !folder.is_whole() {
        step.careful = true;
        step.note("not all of it could be read");
    } else if folder.is_empty() {
        step.state = State::Torn("it is empty".into());
    } else if let Some(why) = (layout.missing)(folder) {
        step.state = State::Torn(why);
        if !entries(folder).all(layout.writes) {
            step.careful = true;
            step.note(format!("it holds files that {} did not write", layout.writer));
        }
    }
    step
}

/// The names of all that lies in a folder.
pub fn entries<'a>(folder: &Folder<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let files = folder.files();
    let files: Vec<&str> = files.iter().map(File::name).collect();
    let folders = folder.folders();
    let folders: Vec<&str> = folders.iter().map(Folder::name).collect();
    files.into_iter().chain(folders)
}

/// Whether pieces numbered by one or two ranks, each from 0 on, have a hole. Only one between others counts: a
/// step that was written again by fewer processes has pieces of both, and what never was there is no hole.
pub fn have_hole(ranks: &[Vec<u64>]) -> bool {
    let mut rows: BTreeMap<&[u64], Vec<u64>> = BTreeMap::new();
    for rank in ranks {
        let Some((last, row)) = rank.split_last() else { continue };
        rows.entry(row).or_default().push(*last);
    }
    let gap = |numbers: &mut Vec<u64>| {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.last().is_some_and(|max| *max >= numbers.len() as u64)
    };
    let mut firsts: Vec<u64> = rows.keys().filter_map(|row| row.first().copied()).collect();
    gap(&mut firsts) || rows.values_mut().any(gap)
}
