//! From marks to a plan, with all facts at hand: thousands of files of one folder, and every revision of a cache.

use criterion::{BenchmarkId, Criterion, Throughput};
use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::model::node::NodeId;
use mldu::removal::draft::{Draft, Target};
use mldu::removal::facts::{Facts, Look};
use mldu::removal::plan::{How, Plan};
use mldu::removal::trash::Root;
use mldu::sys::beneath::Identity;

use crate::folder;
use crate::input::Input;

/// Measures it.
pub fn bench(criterion: &mut Criterion, hub: &Input) {
    let inventory = folder::inventory(20_000);
    for many in [2_000, 8_000] {
        let files = inventory.tree.files(folder::AT).take(many);
        let marks = files.map(|f| Mark::Node(NodeId { dir: folder::AT, at: f.at }));
        measure(criterion, &inventory, &marks_of(marks), "files of a folder of 20000");
    }
    let inventory = hub.scan();
    let items: Vec<_> = inventory.items().filter(|i| i.kind == "revision").collect();
    let revisions = items.iter().map(|i| Mark::Item(i.id));
    measure(criterion, &inventory, &marks_of(revisions), "revisions, all of a cache");
}

fn marks_of(all: impl Iterator<Item = Mark>) -> Marks {
    let mut marks = Marks::default();
    all.for_each(|mark| marks.insert(mark));
    marks
}

fn measure(criterion: &mut Criterion, inventory: &Inventory, marks: &Marks, what: &str) {
    let about = format!("{} {what}", marks.len());
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(20).throughput(Throughput::Elements(marks.len() as u64));
    group.bench_function(BenchmarkId::new("draft", &about), |b| b.iter(|| Draft::new(inventory, marks)));
    let draft = Draft::new(inventory, marks);
    assert!(draft.targets().count() >= marks.len(), "all marked things go");
    let looks = draft.targets().map(|target| (target.node, look(target))).collect();
    let facts = Facts { looks, ..Facts::default() };
    let plan = || Plan::new(inventory, marks, How::Trash, &facts);
    assert!(plan().steps().len() >= marks.len(), "nothing is refused");
    group.bench_function(BenchmarkId::new("plan", &about), |b| b.iter(plan));
    group.finish();
}

/// What a look at a target gives if nothing has changed.
fn look(target: &Target) -> Look {
    let identity = Identity {
        mount: 1,
        dev: 1,
        ino: target.seen.ino,
        kind: target.seen.kind,
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        nlink: 1,
        size: target.seen.size,
        blocks: target.seen.on_disk / 512,
        mtime: (i64::from(target.seen.newest), 0),
        ctime: (0, 0),
        btime: None,
        is_mount: false,
    };
    Look { identity: Ok(identity), trash: Ok(Root::at("/home/ana/.local/share/Trash")) }
}
