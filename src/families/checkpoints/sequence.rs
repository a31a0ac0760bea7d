//! Which files of a folder are one sequence, by their names alone.
//!
//! Weak words need more proof than strong ones, and a folder that is mostly about other files of the same kind is a
//! collection, in which some happen to be numbered.

use std::collections::BTreeMap;

use super::template::{Strength, Template};

/// An ending of files of weights.
pub struct Ext {
    name: &'static str,
    /// Whether only weights have it: then `12.keras` says enough.
    only_weights: bool,
    /// Whether it is so seldom data that a number after any text may count.
    seldom_data: bool,
}

const fn ext(name: &'static str, only_weights: bool, seldom_data: bool) -> Ext {
    Ext { name, only_weights, seldom_data }
}

/// Longer ones first.
static EXTS: [Ext; 9] = [
    ext(".weights.h5", true, true),
    ext(".pth.tar", false, true),
    ext(".keras", true, true),
    ext(".ckpt", true, true),
    ext(".safetensors", false, true),
    ext(".pth", false, true),
    ext(".pt", false, true),
    ext(".hdf5", false, false),
    ext(".h5", false, false),
];

/// The text file in which mmengine and fvcore name the latest step.
pub const POINTER: &str = "last_checkpoint";

/// A name without its ending.
pub fn split(name: &str) -> Option<(&str, &'static Ext)> {
    EXTS.iter().find_map(|e| Some((name.strip_suffix(e.name).filter(|s| !s.is_empty())?, e)))
}

/// A name without the number of the process that wrote it: `checkpoint5-rank-0-shard3` is a piece of `checkpoint5`
/// (fairseq), `ep1-ba200-rank0` one of `ep1-ba200` (composer). The rank in other names may be that of an adapter.
pub fn whole(stem: &str) -> &str {
    let mut stem = stem;
    for piece in ["-shard", "-rank-", "-rank", "-model_part-"] {
        if let Some((head, number)) = stem.rsplit_once(piece)
            && (piece != "-rank" || head.contains("-ba"))
            && !head.is_empty()
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            stem = head;
        }
    }
    stem
}

/// What a word in a name without a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Best,
    Last,
    Final,
}

/// The first such word of a name.
pub fn named(stem: &str) -> Option<Named> {
    stem.split(['-', '_', '.', ' ', '=']).find_map(|word| match word.to_ascii_lowercase().as_str() {
        "best" => Some(Named::Best),
        "last" | "latest" => Some(Named::Last),
        "final" => Some(Named::Final),
        _ => None,
    })
}

/// Files of one template.
pub struct Group<'n> {
    ext: &'static Ext,
    /// Their names.
    pub members: Vec<(&'n str, Template)>,
}

/// The files of a folder that belong to its sequences.
#[derive(Default)]
pub struct Sorted<'n> {
    /// Those with numbers.
    pub groups: Vec<Group<'n>>,
    /// Those with words instead, and those with neither that are called like a sequence.
    pub named: Vec<(&'n str, Option<Named>)>,
}

/// A file that is in no sequence so far.
struct Single<'n> {
    name: &'n str,
    stem: &'n str,
    ext: &'static Ext,
}

/// Sorts names out; nothing is left if they prove no sequence.
pub fn sort_out<'n>(names: &[&'n str]) -> Sorted<'n> {
    let mut candidates: BTreeMap<(&str, String), Group<'n>> = BTreeMap::new();
    let mut singles: Vec<Single<'n>> = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let Some((stem, ext)) = split(name) else { continue };
        let stem = whole(stem);
        *count.entry(ext.name).or_default() += 1;
        match Template::of(stem).filter(|_| !is_shard(stem, ext, names)) {
            Some(t) => {
                let group = candidates.entry((ext.name, t.shape.clone()));
                group.or_insert_with(|| Group { ext, members: Vec::new() }).members.push((name, t));
            }
            None => singles.push(Single { name, stem, ext }),
        }
    }
    let listed = names.contains(&POINTER);
    let pointed = |g: &Group<'_>| {
        listed || singles.iter().any(|s| (g.has_ext(s.ext) && named(s.stem).is_some()) || g.is_called(s))
    };
    let (groups, others): (Vec<Group<'n>>, Vec<Group<'n>>) =
        candidates.into_values().partition(|g| !g.is_one_named() && g.is_enough(pointed(g)));
    for (name, _) in others.iter().filter(|g| g.is_one_named()).flat_map(|g| &g.members) {
        singles.extend(split(name).map(|(stem, ext)| Single { name, stem: whole(stem), ext }));
    }
    let pairs: Vec<&str> = if groups.is_empty() { paired(&singles) } else { Vec::new() };
    let ours = |s: &Single<'_>| {
        groups.iter().any(|g| (g.has_ext(s.ext) && named(s.stem).is_some()) || g.is_called(s))
            || (pairs.contains(&s.ext.name) && named(s.stem).is_some())
    };
    let with_words: Vec<(&str, Option<Named>)> =
        singles.iter().filter(|s| ours(s)).map(|s| (s.name, named(s.stem))).collect();
    let in_groups: usize = groups.iter().map(|g| g.members.len()).sum();
    let of_kind = |ext: &str| pairs.contains(&ext) || groups.iter().any(|g| g.ext.name == ext);
    let all: usize = count.iter().filter(|(ext, _)| of_kind(ext)).map(|(_, n)| n).sum();
    if (in_groups + with_words.len()) * 2 > all {
        Sorted { groups, named: with_words }
    } else {
        Sorted::default()
    }
}

/// The endings for which there is a `best` beside a `last`: a run that keeps no others.
fn paired(singles: &[Single<'_>]) -> Vec<&'static str> {
    let has =
        |ext: &Ext, stems: &[&str]| singles.iter().any(|s| s.ext.name == ext.name && stems.contains(&s.stem));
    EXTS.iter().filter(|e| has(e, &["best"]) && has(e, &["last", "latest"])).map(|e| e.name).collect()
}

/// `model_00001.weights.h5` beside `model.weights.json` is a piece of one model (Keras, sharded weights).
fn is_shard(stem: &str, ext: &Ext, names: &[&str]) -> bool {
    ext.name == ".weights.h5"
        && stem.rsplit_once('_').is_some_and(|(model, number)| {
            number.len() == 5 && names.contains(&format!("{model}.weights.json").as_str())
        })
}

impl Group<'_> {
    fn has_ext(&self, ext: &Ext) -> bool {
        self.ext.name == ext.name
    }

    /// `best_mAP_epoch_12`: numbered, but one of its kind, and named.
    fn is_one_named(&self) -> bool {
        matches!(&self.members[..], [(name, _)] if split(name).is_some_and(|(stem, _)| named(stem).is_some()))
    }

    /// Whether a file has its name without the number: `lora.safetensors` beside `lora-000002.safetensors`.
    fn is_called(&self, single: &Single<'_>) -> bool {
        self.has_ext(single.ext) && self.members.first().is_some_and(|(_, t)| t.prefix() == single.stem)
    }

    /// Whether the names prove that the numbers count training. `pointed`: something beside them names one of them.
    fn is_enough(&self, pointed: bool) -> bool {
        let Some((_, first)) = self.members.first() else { return false };
        let mut orders: Vec<Vec<u64>> = self.members.iter().map(|(_, t)| t.order()).collect();
        orders.sort_unstable();
        orders.dedup();
        let n = orders.len();
        let digits = first.digits;
        let padded = self.members.iter().all(|(_, t)| t.digits == digits)
            && orders.iter().filter_map(|o| o.last()).any(|n| n.to_string().len() < digits);
        match first.strength {
            Strength::Word => n >= 2 || pointed,
            Strength::Metric => n >= 2,
            Strength::Weak => {
                n >= 3
                    || (n == 2 && (pointed || (padded && digits >= 3)))
                    || (pointed && padded && digits >= 4)
            }
            Strength::Alone => n >= 2 && self.ext.only_weights,
            Strength::Bare => {
                let round = orders.iter().flatten().all(|n| n % 100 == 0);
                self.ext.seldom_data
                    && ((n >= 2 && pointed) || (n >= 3 && round) || (pointed && padded && digits >= 6))
            }
        }
    }
}
