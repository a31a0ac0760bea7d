//! A scan from the first folder to the last sum, by descriptors and through walkdir. The disk's caches are warm.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use mldu::scan::{Backend, Session};

use crate::input::Input;

/// Measures it.
pub fn bench(criterion: &mut Criterion, tree: &Input) {
    let mut group = criterion.benchmark_group("walk");
    group.sample_size(20).throughput(Throughput::Elements(tree.entries));
    for (name, backend) in [("native", Backend::Native), ("portable", Backend::Portable)] {
        let mut settings = tree.settings();
        settings.backend = backend;
        let id = BenchmarkId::new(name, format!("{} entries", tree.entries));
        group.bench_function(id, |b| {
            let session = || Session::new(settings.clone()).expect("threads");
            b.iter_batched(session, |session| session.run(), BatchSize::PerIteration);
        });
    }
    group.finish();
}
