//! A box made of values, for tests of everything that reads an inventory: no disk, the same everywhere.

pub mod hands;

use std::sync::Arc;

use mldu::app::{App, Context};
use mldu::model::category::Category;
use mldu::model::inventory::{Inventory, Progress, ScanEvent};
use mldu::model::item::{Found, NewItem, NewStore};
use mldu::model::links::{DevId, LinkTable, LinkedInode};
use mldu::model::mount::{Mount, Space};
use mldu::model::node::{DirId, Kind, NodeId};
use mldu::model::packed::{BlockWriter, FileFacts};
use mldu::model::tree::{DirState, ListedDir, Tree};
use mldu::model::verdict::Verdict;
use mldu::text::Units;

/// 2026-11-21 03:12 UTC.
pub const NOW: i64 = 1_795_230_720;

const GIB: u64 = 1 << 30;

/// A file of the box: path, MiB, days old, inode of a linked file (0 for none), its links.
type Row = (&'static str, u64, i64, u64, u32);

const FILES: &[Row] = &[
    ("home/ana/runs/llm/checkpoint-500/model.safetensors", 12_000, 3, 0, 0),
    ("home/ana/runs/llm/checkpoint-1000/model.safetensors", 12_000, 1, 0, 0),
    ("home/ana/runs/llm/train.log", 3, 0, 0, 0),
    ("home/ana/.cache/huggingface/hub/models--acme--llm/blobs/shared", 2_000, 40, 0, 0),
    ("home/ana/.cache/huggingface/hub/models--acme--llm/blobs/old", 14_000, 200, 0, 0),
    ("home/ana/.cache/huggingface/hub/models--acme--llm/blobs/new", 15_000, 5, 0, 0),
    ("home/ana/.cache/huggingface/token", 0, 40, 0, 0),
    ("home/ana/.keras/models/vgg16.h5", 528, 90, 0, 0),
    ("opt/conda/pkgs/pytorch-2.4.1-py311.conda", 1_400, 60, 0, 0),
    ("opt/conda/pkgs/cuda-12.4-h1.conda", 2_900, 60, 0, 0),
    ("opt/conda/pkgs/urls.txt", 0, 60, 0, 0),
    ("opt/conda/pkgs/pytorch-2.4.1-py311/lib/libtorch.so", 3_200, 60, 7, 2),
    ("opt/conda/envs/train/lib/libtorch.so", 3_200, 60, 7, 2),
    ("opt/conda/envs/train/conda-meta/history", 0, 60, 0, 0),
    ("home/ana/work/data.bin", 800, 20, 0, 0),
    ("home/ana/work/evil\u{1b}[2J\nname", 1, 20, 0, 0),
];

/// The box, scanned and recognized.
pub fn inventory() -> Inventory {
    let links = Arc::new(LinkTable::default());
    let mut inventory = Inventory::new(Tree::new(Arc::clone(&links)));
    let space = Space {
        total: 457 * GIB,
        available: 0,
        free: 23 * GIB,
        inodes: Some(30_500_000),
        inodes_available: Some(26_800_000),
    };
    inventory.apply(ScanEvent::Started {
        roots: vec!["/".into()],
        mounts: vec![Mount {
            path: "/".into(),
            fstype: "ext4".into(),
            source: "/dev/nvme0n1p2".into(),
            id: 1,
            dev: 1,
            read_only: false,
            space: Some(space),
        }],
        whole: true,
    });
    inventory.apply(ScanEvent::Dirs(dirs(&links)));
    inventory.apply(ScanEvent::Progress(Progress {
        entries: 41_204,
        directories: 900,
        seconds: 0.4,
        expected: None,
        phase: "",
    }));
    for store in stores(&inventory) {
        inventory.apply(ScanEvent::Store(Box::new(store)));
    }
    inventory.apply(ScanEvent::Finished { stopped: false });
    inventory.refresh();
    inventory
}

fn dirs(links: &LinkTable) -> Vec<ListedDir> {
    let mut paths: Vec<String> = vec![String::new()];
    for (path, ..) in FILES {
        for (i, _) in path.match_indices('/') {
            if !paths.iter().any(|p| p == &path[..i]) {
                paths.push(path[..i].to_string());
            }
        }
    }
    let listed = |(i, dir): (usize, &String)| {
        let facts =
            FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: (NOW - 86_400) as u32, uid: 1000 };
        let mut writer = BlockWriter::default();
        for (path, mib, days, ino, nlink) in FILES {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            if parent != dir {
                continue;
            }
            let mtime = (NOW - days * 86_400) as u32;
            let file = FileFacts { kind: Kind::File, size: mib << 20, blocks: mib << 11, mtime, uid: 1000 };
            if *ino == 0 {
                writer.file(name.as_bytes(), file, &facts);
            } else {
                let slot = links.enter(LinkedInode {
                    ino: *ino,
                    size: file.size,
                    blocks: file.blocks,
                    nlink: *nlink,
                    uid: 1000,
                    mtime,
                    dev: DevId(0),
                    kind: Kind::File,
                    pass: 0,
                });
                writer.linked(name.as_bytes(), Kind::File, slot, mtime);
            }
        }
        let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
        ListedDir {
            id: DirId(i as u32),
            parent: (i > 0)
                .then(|| DirId(paths.iter().position(|p| p == parent).expect("parents first") as u32)),
            dev: DevId(0),
            ino: 100 + i as u64,
            uid: 1000,
            mtime: facts.mtime,
            state: DirState::Listed,
            block: writer.finish(name.as_bytes(), &facts),
            kept: Vec::new(),
        }
    };
    paths.iter().enumerate().map(listed).collect()
}

fn store(family: &'static str, category: Category, root: NodeId, found: Found) -> NewStore {
    NewStore {
        root: root.dir,
        family,
        role: "test",
        category,
        unclaimed: category,
        hint: "it is downloaded again when it is needed",
        together: false,
        ordered: false,
        found,
    }
}

fn stores(inventory: &Inventory) -> Vec<NewStore> {
    let at = |path: &str| inventory.tree.find(format!("/{path}").as_ref()).expect(path);
    let mut all = Vec::new();

    let hub = "home/ana/.cache/huggingface/hub";
    let blobs = format!("{hub}/models--acme--llm/blobs");
    let mut found = Found::default();
    let shared = found.blob(vec![at(&format!("{blobs}/shared"))]);
    let mut repo = NewItem::new("model", "acme/llm", Verdict::ReDownload)
        .body(at(&format!("{hub}/models--acme--llm")))
        .origin("https://huggingface.co/acme/llm");
    for (name, version, blob, left) in
        [("main", "5f3c1d2a", "new", false), ("detached", "07be99e1", "old", true)]
    {
        let mut revision = NewItem::new("revision", name, Verdict::ReDownload).version(version).key(version);
        revision.holds = vec![found.blob(vec![at(&format!("{blobs}/{blob}"))]), shared];
        revision.leftover = left;
        repo.children.push(revision);
    }
    found.items.push(repo);
    all.push(store("huggingface", Category::Hub, at(hub), found));

    let home = "home/ana/.cache/huggingface";
    let token = NewItem::new("secret", "token", Verdict::Protected).body(at(&format!("{home}/token")));
    let found = Found { items: vec![token], ..Found::default() };
    all.push(store("huggingface-home", Category::Hub, at(home), found));

    let pkgs = "opt/conda/pkgs";
    let mut found = Found::default();
    for name in ["pytorch-2.4.1-py311", "cuda-12.4-h1"] {
        let item = NewItem::new("tarball", name, Verdict::Safe).body(at(&format!("{pkgs}/{name}.conda")));
        found.items.push(item);
    }
    let kept = NewItem::new("settings", "urls.txt", Verdict::Protected).body(at(&format!("{pkgs}/urls.txt")));
    found.items.push(kept.note("the list of origins"));
    let mut package = NewItem::new("package", "pytorch 2.4.1", Verdict::Safe)
        .body(at(&format!("{pkgs}/pytorch-2.4.1-py311")))
        .category(Category::Packages);
    package.waits = true;
    found.items.push(package);
    all.push(store("conda", Category::CondaTarballs, at(pkgs), found));

    let env = "opt/conda/envs/train";
    let item = NewItem::new("environment", "train", Verdict::Rebuild).body(at(env)).version("3.11.9");
    all.push(store(
        "conda-env",
        Category::Environments,
        at(env),
        Found { items: vec![item], ..Found::default() },
    ));

    let keras = "home/ana/.keras";
    let item =
        NewItem::new("model", "VGG16", Verdict::ReDownload).body(at(&format!("{keras}/models/vgg16.h5")));
    all.push(store(
        "keras",
        Category::KerasModels,
        at(keras),
        Found { items: vec![item], ..Found::default() },
    ));

    let run = "home/ana/runs/llm";
    let mut found = Found { title: Some("2 steps, latest 1000".into()), ..Found::default() };
    for (step, note) in [(500, ""), (1000, "latest")] {
        let mut item = NewItem::new("step", format!("step {step}"), Verdict::LookFirst)
            .body(at(&format!("{run}/checkpoint-{step}")));
        item.notes.extend((!note.is_empty()).then(|| note.to_string()));
        found.items.push(item);
    }
    let mut run = store("checkpoints", Category::Checkpoints, at(run), found);
    run.unclaimed = Category::Other;
    run.ordered = true;
    run.together = true;
    all.push(run);
    all
}

/// The interface to the box, as it stands when the scan is over.
pub fn app() -> App {
    let mut app = App::new(
        inventory(),
        Context {
            home: "/home/ana".into(),
            host: "gpu07".into(),
            is_root: false,
            units: Units::Binary,
            read_only: false,
            demo: false,
            looked_for: vec!["Keras ~/.keras".into()],
        },
    );
    app.browse.height = 12;
    let _ = app.update(mldu::app::Event::Tick(NOW));
    let _ = app.update(mldu::app::Event::Scan(ScanEvent::Finished { stopped: false }));
    app
}
