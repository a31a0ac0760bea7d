//! What a family makes of a finished store: the reading of small parts of its files is most of it.

use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use mldu::families::subtree::SubTree;
use mldu::families::{Families, Range, Reader, StoreView};
use mldu::sys::read::{self, open_folder, open_folder_beneath, read_beneath, read_link_in};

use crate::input::Input;
use crate::trees::NOW;

/// Measures it.
pub fn bench(criterion: &mut Criterion, hub: &Input, conda: &Input) {
    store(criterion, hub, "huggingface", ".cache/huggingface/hub");
    store(criterion, conda, "conda-env", "miniforge3/envs/torch");
    store(criterion, conda, "conda", "miniforge3/pkgs");
}

fn store(criterion: &mut Criterion, tree: &Input, family: &str, below: &str) {
    let env = tree.env();
    let path = tree.home.join(below);
    let (folders, links) = tree.folders_below(below);
    let root = folders.first().expect("a folder").id;
    let mut finished = SubTree::default();
    for folder in &folders {
        finished.insert(folder);
    }
    let names: usize = folders.iter().map(|f| f.block.len()).sum();
    let known = Families::built_in().places(&env);
    let mut of_family = known.iter().filter(|k| k.claim.about().id == family && k.place.path == path);
    let claim = of_family.next().expect("a known place").claim;
    let hands = Hands { folder: open_folder(&path).expect("a folder"), calls: Cell::default() };
    let items = || {
        let view = StoreView::new(&finished, links.clone(), root, &path, claim.role, &hands, &env, NOW);
        claim.family.items(&view)
    };
    let found = items();
    assert!(!found.items.is_empty() && found.problems.is_empty(), "{:?}", found.problems);
    let about = format!(
        "{} folders, {names} bytes of names and facts, {} items, {} reads",
        folders.len(),
        found.items.len(),
        hands.calls.take()
    );
    let mut group = criterion.benchmark_group("family");
    group.sample_size(20).throughput(Throughput::Elements(folders.len() as u64));
    group.bench_function(BenchmarkId::new(family, about), |b| b.iter(items));
    group.finish();
}

/// Reads in the store, as the scan does, and counts how often.
struct Hands {
    folder: OwnedFd,
    calls: Cell<u64>,
}

impl Reader for Hands {
    fn read(&self, path: &Path, range: Range, cap: usize) -> io::Result<Vec<u8>> {
        self.calls.set(self.calls.get() + 1);
        let range = match range {
            Range::Head => read::Range::Head,
            Range::Tail => read::Range::Tail,
            Range::At(offset) => read::Range::At(offset),
        };
        read_beneath(&self.folder, path, range, cap)
    }

    fn read_link(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.calls.set(self.calls.get() + 1);
        let parent = path.parent().unwrap_or(Path::new(""));
        read_link_in(open_folder_beneath(&self.folder, parent)?, path.file_name().unwrap_or_default())
    }

    fn may_be_used(&self) -> bool {
        false
    }

    fn is_open(&self, _: &Path) -> bool {
        false
    }
}
