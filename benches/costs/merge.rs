//! Folders into a tree, and the sums of the tree: what one thread does for every folder all others found. Most names are
//! further names of an inode, which is what the sums cost most for.

use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use mldu::model::links::LinkTable;
use mldu::model::tree::{ListedDir, Tree};

use crate::input::Input;

/// Measures it.
pub fn bench(criterion: &mut Criterion, conda: &Input) {
    let (folders, links) = conda.folders();
    let about = format!("{} folders, {} entries, {} linked", folders.len(), conda.entries, links.len());
    let mut group = criterion.benchmark_group("merge");
    group.throughput(Throughput::Elements(conda.entries));
    group.bench_function(BenchmarkId::new("merge", &about), |b| {
        b.iter_batched(|| folders.clone(), |folders| merged(folders, &links), BatchSize::LargeInput);
    });
    let mut tree = merged(folders, &links);
    group.bench_function(BenchmarkId::new("roll_up", &about), |b| b.iter(|| tree.roll_up()));
    group.finish();
}

fn merged(folders: Vec<ListedDir>, links: &Arc<LinkTable>) -> Tree {
    let mut tree = Tree::new(Arc::clone(links));
    for folder in folders {
        tree.merge(folder);
    }
    tree
}
