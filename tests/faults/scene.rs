//! A home with things that are to go, and everything that has to be known of it before.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mldu::env::Env;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::plan::{How, Plan};

use crate::world::World;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Trash,
    Delete,
    Undo,
    Empty,
    DeleteLarge,
    EmptyLarge,
}

impl Act {
    pub const ALL: [Self; 4] = [Self::Trash, Self::Delete, Self::Undo, Self::Empty];

    const NAMES: [(Self, &str); 6] = [
        (Self::Trash, "trash"),
        (Self::Delete, "delete"),
        (Self::Undo, "undo"),
        (Self::Empty, "empty"),
        (Self::DeleteLarge, "delete-large"),
        (Self::EmptyLarge, "empty-large"),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|n| n.0 == self).expect("listed").1
    }

    pub fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|n| n.1 == name).expect("an act").0
    }

    fn is_large(self) -> bool {
        matches!(self, Self::DeleteLarge | Self::EmptyLarge)
    }

    /// Whether it begins with what lies in the trash already.
    pub fn begins_in_trash(self) -> bool {
        matches!(self, Self::Undo | Self::Empty | Self::EmptyLarge)
    }

    pub fn how(self) -> How {
        if matches!(self, Self::Delete | Self::DeleteLarge) { How::ForGood } else { How::Trash }
    }
}

/// What a file or folder is: path below its top, and what is compared of it.
pub type Snapshot = BTreeMap<PathBuf, Entry>;

/// Kind, permissions, content, time of the last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: char,
    pub mode: u32,
    pub content: Vec<u8>,
    pub mtime: (i64, i64),
}

/// Everything at and below a path; nothing if nothing is there. Of folders the time counts only if `with_times`: it
/// changes when something goes from them.
pub fn snapshot(top: &Path, with_times: bool) -> Snapshot {
    let mut all = Snapshot::new();
    for e in walkdir::WalkDir::new(top).into_iter().flatten() {
        let meta = e.path().symlink_metadata().expect("there");
        let (kind, content) = if meta.is_dir() {
            ('d', Vec::new())
        } else if meta.is_symlink() {
            ('l', std::fs::read_link(e.path()).expect("a link").into_os_string().into_encoded_bytes())
        } else {
            ('f', std::fs::read(e.path()).expect("read"))
        };
        let timed = with_times || kind != 'd';
        let mtime = if timed { (meta.mtime(), meta.mtime_nsec()) } else { (0, 0) };
        let below = e.path().strip_prefix(top).expect("below").to_path_buf();
        all.insert(below, Entry { kind, mode: meta.permissions().mode(), content, mtime });
    }
    all
}

/// A file or folder that is to go, or to come back.
pub struct Part {
    pub name: &'static str,
    /// Where it was first.
    pub path: PathBuf,
    /// What it was then.
    pub before: Snapshot,
    /// The item it is a part of.
    pub item: usize,
}

/// The home before anything is done.
pub struct Scene {
    _tmp: Option<tempfile::TempDir>,
    pub act: Act,
    pub root: PathBuf,
    pub parts: Vec<Part>,
    /// Everything that is none of anybody's business.
    pub bystanders: Snapshot,
    /// Bytes of blocks it takes.
    pub blocks: u64,
    /// The run that trashed, if something begins in the trash.
    pub run: Option<String>,
}

const PAIR: &str = "home/.keras/datasets/cifar-10-batches-py-target";

const PARTS: &[(&str, &str, usize)] = &[
    ("big", "home/models/big", 0),
    ("single", "home/lone/deep/single.bin", 1),
    ("archive", "home/.keras/datasets/cifar-10-batches-py-target_archive", 2),
    ("unpacked", PAIR, 2),
];

impl Scene {
    /// Makes one.
    pub fn new(act: Act) -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        let put = |below: &str, content: Vec<u8>| {
            let path = root.join(below);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(&path, content).expect("written");
            std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("open")
                .set_modified(long_ago)
                .expect("set");
        };
        put("home/keep/precious", b"precious".repeat(700));
        put("home/keep/sub/b", b"b".to_vec());
        std::os::unix::fs::symlink("../models/big", root.join("home/keep/link")).expect("linked");
        put("home/models/near", b"near".to_vec());
        put("home/models/big/weights.bin", vec![b'w'; 9000]);
        put("home/models/big/inner/config.json", b"{}".to_vec());
        std::os::unix::fs::symlink("../../keep", root.join("home/models/big/link")).expect("linked");
        put("home/lone/deep/single.bin", vec![b's'; 5000]);
        put(".unrelated", b"x".to_vec());
        put("home/.keras/keras.json", b"{}\n".to_vec());
        put(&format!("{PAIR}_archive"), vec![b'a'; 5000]);
        put(&format!("{PAIR}/cifar-10-batches-py/data_batch_1"), vec![b'1'; 5000]);
        put(&format!("{PAIR}/cifar-10-batches-py/batches.meta"), b"meta".to_vec());
        if act.is_large() {
            // More than one thread takes by itself.
            for i in 0..60 {
                for j in 0..25 {
                    put(&format!("home/models/big/d{}/e{i}/f{j}", i % 3), vec![b'l'; 100 + i]);
                }
            }
        }
        for dir in ["home/keep", "home/keep/sub"] {
            std::fs::File::open(root.join(dir)).expect("open").set_modified(long_ago).expect("set");
        }
        // Not what a new folder gets: undo has to make it as it was. And told from others when there is nothing in it.
        for (dir, mode) in [("home/lone/deep", 0o751), (PAIR, 0o750)] {
            std::fs::set_permissions(root.join(dir), std::fs::Permissions::from_mode(mode)).expect("set");
        }
        let mut scene = Self {
            _tmp: Some(tmp),
            act,
            parts: PARTS
                .iter()
                .map(|(name, below, item)| {
                    let path = root.join(below);
                    Part { name, before: snapshot(&path, false), path, item: *item }
                })
                .collect(),
            root,
            bystanders: Snapshot::new(),
            blocks: 0,
            run: None,
        };
        if act.begins_in_trash() {
            let report = scene.world().run(&scene.plan());
            assert!(report.is_clean() && report.steps.len() == 4, "{:?}", report.steps);
            scene.run = Some(report.run);
            std::fs::remove_dir(scene.root.join("home/lone/deep")).expect("empty");
        }
        scene.bystanders = scene.others();
        scene.blocks = scene.taken();
        scene
    }

    /// The world of the home.
    pub fn world(&self) -> World {
        world_at(&self.root)
    }

    /// The plan for all parts.
    pub fn plan(&self) -> Plan {
        plan_at(&self.root, self.act)
    }

    pub fn trash(&self) -> PathBuf {
        self.root.join("home/.local/share/Trash")
    }

    /// Everything that is neither a part, nor in the trash, nor a rest of a part.
    pub fn others(&self) -> Snapshot {
        let local = Path::new("home/.local");
        // The folders parts lie in change when parts go.
        let above = |p: &Path| {
            self.parts.iter().any(|part| part.path.ancestors().skip(1).any(|a| a == self.root.join(p)))
        };
        let mut all = snapshot(&self.root, true);
        all.retain(|p, e| {
            if above(p) {
                e.mtime = (0, 0);
            }
            let is_rest =
                p.components().any(|c| c.as_os_str().to_string_lossy().starts_with(".mldu-deleting-"));
            !p.starts_with(local)
                && !is_rest
                && !self.parts.iter().any(|part| self.root.join(p).starts_with(&part.path))
        });
        all
    }

    /// Bytes of blocks everything takes.
    pub fn taken(&self) -> u64 {
        let all = walkdir::WalkDir::new(&self.root).into_iter().flatten();
        all.map(|e| e.path().symlink_metadata().expect("there").blocks() * 512).sum()
    }
}

/// The world of a home.
pub fn world_at(root: &Path) -> World {
    World::on(root, Env::fixed(root.join("home")))
}

/// The plan for all parts: as folder, as file, and as an item of two parts.
pub fn plan_at(root: &Path, act: Act) -> Plan {
    let world = world_at(root);
    let inventory = world.scan();
    let mut marks: Marks = World::marks(&inventory, &[&root.join(PARTS[0].1), &root.join(PARTS[1].1)]);
    let pair = inventory.items().find(|i| i.name.starts_with("CIFAR-10")).expect("recognized");
    marks.insert(Mark::Item(pair.id));
    world.plan(&inventory, &marks, act.how())
}
