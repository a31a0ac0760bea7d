//! Where the memory of a scan is: what the tree is made of, byte for byte, and what the system counts for the process.
//!
//! `cargo bench --bench memory -- TREE`. TREE is taken as the home. Nothing here fails for being large.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use mldu::env::Env;
use mldu::model::links::LinkedInode;
use mldu::model::packed;
use mldu::model::tree::{Dir, Tree};
use mldu::scan::{Session, Settings};

fn main() {
    // Cargo adds an option of its own.
    let tree = std::env::args().skip(1).find(|a| a != "--bench").map_or_else(|| ".".into(), PathBuf::from);
    let tree = tree.canonicalize().expect("a folder");
    mldu::sys::memory::keep_little();
    let mut settings = Settings::new(Arc::new(Env::fixed(&tree)), 1_795_000_000);
    settings.roots = vec![tree];
    let inventory = Session::new(settings).expect("threads").run();
    let system = system();
    let entries = inventory.progress.entries;
    let tell = |what: &str, bytes: usize| {
        println!("{what:<44}{bytes:>12}{:>8.2}", bytes as f64 / entries as f64);
    };
    println!("{entries} entries{:>42}{:>8}", "bytes", "each");
    let parts = Parts::of(&inventory.tree);
    tell("names of files, as the disk has them", parts.names);
    tell("  kept of them, heads' pieces included", parts.own);
    tell("heads without those pieces", parts.heads);
    tell("lengths, kinds, sizes, times of files", parts.numbers);
    tell("blocks of folders, those alike once", parts.blocks);
    tell("table of folders", parts.folders * size_of::<Dir>());
    tell("table of linked inodes", inventory.tree.links().len() * size_of::<LinkedInode>());
    for (what, kib) in system {
        tell(&format!("the system: {what}"), kib * 1024);
    }
}

/// What the blocks of a tree are made of.
#[derive(Default)]
struct Parts {
    folders: usize,
    blocks: usize,
    heads: usize,
    names: usize,
    own: usize,
    numbers: usize,
}

impl Parts {
    fn of(tree: &Tree) -> Self {
        let mut parts = Self::default();
        let mut seen = HashSet::new();
        for (id, _) in tree.all() {
            parts.folders += 1;
            let Some(block) = tree.block(id).filter(|b| seen.insert(b.as_ptr())) else { continue };
            let (mut names, mut pieces, mut first) = (0, 0, None);
            let mut shared = 0;
            for named in packed::names(block) {
                first = first.or(Some(named.at as usize));
                names += named.name.len();
                pieces += named.name.len() - named.name.shared_len();
                shared = shared.max(named.name.shared_len());
            }
            let records = first.unwrap_or(block.len());
            parts.blocks += block.len();
            parts.heads += records - shared;
            parts.names += names;
            parts.own += pieces + shared;
            parts.numbers += block.len() - records - pieces;
        }
        parts
    }
}

/// What the system counts, in KiB: the most there was, and what there is now.
fn system() -> Vec<(String, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter_map(|line| {
        let (what, kib) = line.split_once(':')?;
        let kib = kib.trim().strip_suffix(" kB")?.parse().ok()?;
        ["VmHWM", "RssAnon", "RssFile"].contains(&what).then(|| (what.to_string(), kib))
    });
    lines.collect()
}
