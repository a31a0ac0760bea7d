//! What every family promises, whatever lies on the disk: held over the whole registry, on a whole box, and on that
//! box broken in every way we could think of.

mod boxes;

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mldu::demo::{Demo, Maker};
use mldu::env::Env;
use mldu::families::{self, Families};
use mldu::model::category::Category;
use mldu::model::inventory::{Group, Inventory, ScanEvent};
use mldu::model::item::StoreId;
use mldu::model::marks::{Mark, Marks};
use mldu::model::measure::{Measure, Selection, measure};
use mldu::model::node::NodeId;
use mldu::model::rows::RowKey;
use mldu::model::verdict::Verdict;
use mldu::removal::draft::Draft;
use mldu::scan::{Session, Settings};

const NOW: i64 = 1_795_230_720;

fn scan(env: Arc<Env>) -> Inventory {
    Session::new(Settings::new(env, NOW)).expect("threads").run()
}

/// A whole box in a temporary folder. Its sizes are small: only what is in it matters here.
struct World {
    demo: Demo,
    _tmp: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let demo = Demo::make(tmp.path(), NOW).expect("a box");
        boxes::fill(&mut Maker::new(demo.env().home(), NOW, 1.0)).expect("what the demo does not show");
        Self { demo, _tmp: tmp }
    }

    fn home(&self) -> PathBuf {
        self.demo.env().home().to_path_buf()
    }
}

#[test]
fn every_family_says_what_it_is() {
    let mut ids = BTreeSet::new();
    for family in families::all() {
        let about = family.about();
        assert!(ids.insert(about.id), "{} is there twice", about.id);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(!about.id.is_empty() && about.id.chars().all(plain), "{}", about.id);
        let texts =
            [("name", about.name), ("items", about.items), ("hint", about.hint), ("source", about.source)];
        for (what, text) in texts {
            assert!(!text.is_empty(), "{} has no {what}", about.id);
            assert!(text.chars().all(|c| !c.is_control()), "{}: {what}", about.id);
        }
        for text in [about.hint, about.items] {
            assert!(!text.ends_with('.'), "{}: `{text}` is no sentence of its own", about.id);
        }
        // Somebody has to ask it, by where it is or by a name.
        let placed = !family.places(&everything()).is_empty();
        assert!(placed || !about.markers.is_empty(), "{} is never asked", about.id);
    }
}

/// A world in which every family with places has one: what it looks for among the temporary files is there.
fn everything() -> Env {
    Env::fixed("/h")
        .with_file("/h/tmp/torchinductor_ana", "")
        .with_file("/h/tmp/__autograph_generated_filea1b2c3d4.py", "")
}

#[test]
fn places_follow_the_world_they_are_asked_in() {
    for family in families::all() {
        let in_home = |home: &str| -> Vec<String> {
            let places = family.places(&Env::fixed(home));
            places.iter().map(|p| p.path.display().to_string().replace(home, "HOME")).collect()
        };
        assert_eq!(in_home("/one/home"), in_home("/another"), "{}", family.about().id);
        let other = family.places(&Env::fixed("/h").with_home("/other"));
        let default = family.places(&Env::fixed("/h"));
        assert!(
            default.iter().all(|p| other.contains(p)),
            "{}: homes of others take one's own away",
            family.about().id
        );
        for place in &default {
            assert!(place.path.is_absolute(), "{}: {}", family.about().id, place.path.display());
            assert_eq!(place.named_by, None, "{}: nothing names a place here", family.about().id);
        }
    }
}

#[test]
fn variables_that_are_set_to_nothing_name_no_place() {
    let names = [
        "KERAS_HOME",
        "TFDS_DATA_DIR",
        "TFHUB_CACHE_DIR",
        "HF_HOME",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_DATASETS_CACHE",
        "TORCH_HOME",
        "KAGGLEHUB_CACHE",
        "CONDA_PKGS_DIRS",
        "CONDA_PREFIX",
        "XDG_CACHE_HOME",
        "TRITON_CACHE_DIR",
        "MAMBA_ROOT_PREFIX",
        "TORCH_EXTENSIONS_DIR",
        "TORCHINDUCTOR_CACHE_DIR",
        "JAX_COMPILATION_CACHE_DIR",
        "XLA_FLAGS",
        "YOLO_CONFIG_DIR",
        "NLTK_DATA",
        "TRITON_HOME",
        "FLASHINFER_WORKSPACE_BASE",
        "FVCORE_CACHE",
    ];
    let empty = names.iter().fold(Env::fixed("/h"), |env, name| env.with_var(name, ""));
    let known = Families::built_in();
    let unset = known.places(&Env::fixed("/h"));
    let places = known.places(&empty);
    assert_eq!(places.len(), unset.len());
    for (a, b) in places.iter().zip(&unset) {
        assert_eq!(a.place, b.place);
    }
}

/// A group measured in one go, whatever its stores share.
fn as_one_set(inventory: &Inventory, group: &Group) -> Measure {
    let (mut nodes, mut holes) = (Vec::new(), Vec::new());
    for store in group.stores.iter().filter_map(|(id, _)| inventory.store(*id)) {
        let mine = inventory.items_in(store, group.category);
        holes.extend(&store.inner);
        if mine.iter().any(|i| inventory.item(*i).is_some_and(|i| i.is_rest)) {
            nodes.push(NodeId::dir(store.root));
            let others = store.items.iter().filter(|i| !mine.contains(i));
            holes.extend(others.flat_map(|i| inventory.nodes_of(*i)));
        } else {
            nodes.extend(mine.iter().flat_map(|i| inventory.nodes_of(*i)));
        }
    }
    measure(&inventory.tree, &Selection::new(&inventory.tree, nodes, holes))
}

/// Everything that must hold of any inventory.
fn holds(inventory: &Inventory, what: &str) {
    let tree = &inventory.tree;
    for problem in &inventory.problems.kept {
        assert!(!problem.error.contains("a bug in mldu"), "{what}: {problem:?}");
    }
    let mut all: u64 = inventory.rest().usage.on_disk;
    for group in inventory.groups() {
        all += group.measure.usage.on_disk;
        assert!(group.measure.frees <= group.measure.usage.on_disk, "{what}: {}", group.category.id());
        assert_eq!(group.measure, as_one_set(inventory, group), "{what}: {}", group.category.id());
    }
    assert_eq!(
        all - inventory.shared_between_groups(),
        inventory.total().on_disk,
        "{what}: the groups add up"
    );
    for store in inventory.stores() {
        let path = tree.path(store.root.into());
        let parts: u64 =
            Category::all().map(|c| inventory.row_measure(RowKey::Store(c, store.id)).usage.on_disk).sum();
        assert_eq!(parts, store.measure.usage.on_disk, "{what}: {} adds up", path.display());
    }
    for item in inventory.items() {
        let store = inventory.store(item.store).expect("its store");
        let m = &item.measure;
        assert!(m.frees <= m.usage.on_disk, "{what}: {} gives back more than it takes", item.name);
        for text in [Some(&item.name), item.version.as_ref(), item.origin.as_ref()].into_iter().flatten() {
            assert!(text.chars().all(|c| !c.is_control()), "{what}: {text:?}");
        }
        let blobs = item.holds.iter().flat_map(|b| inventory.blob_nodes(*b).iter().copied());
        for node in item.parts.iter().map(|p| p.node).chain(blobs) {
            assert!(tree.is_within(node.dir, store.root), "{what}: {} reaches out of its store", item.name);
            let of = inventory.store_of(node.dir).map(|s| s.id);
            assert_eq!(of, Some(store.id), "{what}: {} reaches into another store", item.name);
        }
    }
}

fn dump(inventory: &Inventory) -> String {
    let row = |s: &&mldu::model::item::Store| {
        format!("{} {}", s.family, inventory.tree.path(s.root.into()).display())
    };
    inventory.stores().iter().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_whole_box_is_recognized_and_adds_up_to_du() {
    let world = World::new();
    let inventory = scan(world.demo.env());
    holds(&inventory, "a whole box");
    assert_eq!(inventory.problems.count, 0, "{:?}", inventory.problems.kept);
    for category in [
        "keras-models",
        "datasets",
        "hub",
        "conda-tarballs",
        "checkpoints",
        "packages",
        "environments",
        "logs",
        "trash",
    ] {
        let found = inventory.groups().iter().any(|g| g.category.id() == category);
        assert!(found, "{category} is missing:\n{}", dump(&inventory));
    }
    let seen: BTreeSet<&str> = inventory.stores().iter().map(|s| s.family).collect();
    // The person's own tables are held to the contract as all others are.
    let all = Families::of(&world.demo.env());
    assert!(all.is_own("foolib"));
    let unseen: Vec<&str> = all.iter().map(|f| f.about().id).filter(|id| !seen.contains(id)).collect();
    assert!(unseen.is_empty(), "no box holds anything of {unseen:?}; add it below tests/boxes");
    // Stores with nothing of others inside are what du says of their folder.
    for store in inventory.stores().iter().filter(|s| s.inner.is_empty()) {
        let path = inventory.tree.path(store.root.into());
        let out = std::process::Command::new("du").args(["-s", "-B1"]).arg(&path).output().expect("du runs");
        let du: u64 = String::from_utf8_lossy(&out.stdout)
            .split_whitespace()
            .next()
            .unwrap_or("0")
            .parse()
            .expect("a number");
        assert_eq!(store.measure.usage.on_disk, du, "{}", path.display());
    }
}

#[test]
fn a_folder_above_stores_holds_what_the_stores_do_not() {
    let world = World::new();
    // A name of a package's inode outside of all stores: counted there too, and once.
    let inode = world.home().join("miniconda3/pkgs");
    let mut linked = walkdir::WalkDir::new(inode).into_iter().flatten().filter(|e| e.file_type().is_file());
    let file = linked.find(|e| e.metadata().is_ok_and(|m| m.len() > 100_000)).expect("a large file");
    for name in ["work/one", "work/two"] {
        let path = world.home().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::hard_link(file.path(), path).expect("linked");
    }
    let inventory = scan(world.demo.env());
    let stores: Vec<_> = inventory.stores();
    let roots: Vec<NodeId> = stores.iter().map(|s| s.root.into()).collect();
    let mut compared = 0;
    for store in &stores {
        for dir in inventory.tree.ancestors(store.root).skip(1).filter(|d| inventory.store_of(*d).is_none()) {
            let alone = Selection::new(&inventory.tree, [dir.into()], roots.iter().copied());
            let wanted = measure(&inventory.tree, &alone);
            let got = inventory.row_measure(RowKey::Node(dir.into()));
            assert_eq!(
                (got.usage, got.newest),
                (wanted.usage, wanted.newest),
                "{}",
                inventory.tree.path(dir.into()).display()
            );
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn secrets_are_never_part_of_a_plan() {
    let world = World::new();
    let inventory = scan(world.demo.env());
    let mut marks = Marks::default();
    for category in Category::all() {
        marks.toggle(&inventory, RowKey::Category(category));
    }
    let draft = Draft::new(&inventory, &marks);
    assert!(draft.entries.len() > 20);
    for secret in
        [".cache/huggingface/token", ".keras/keras.json", "miniconda3/pkgs/urls.txt", "miniconda3/bin/conda"]
    {
        let path = world.home().join(secret);
        assert!(path.exists(), "{secret}");
        let taken = draft.targets().find(|t| path.starts_with(&t.path));
        assert!(taken.is_none(), "{secret} would go with {taken:?}");
    }
    for item in inventory.items().filter(|i| inventory.verdict(i.id) == Verdict::Protected) {
        let mut one = Marks::default();
        one.insert(Mark::Item(item.id));
        let draft = Draft::new(&inventory, &one);
        assert!(draft.entries.is_empty(), "{} is protected", item.name);
        assert_eq!(draft.refused.len(), 1);
    }
}

#[test]
fn a_second_scan_gives_everything_the_same_name_and_number() {
    let world = World::new();
    let session = Session::new(Settings::new(world.demo.env(), NOW)).expect("threads");
    let inventory = session.run();
    let keys = |i: &Inventory| -> BTreeSet<(u32, String)> {
        i.items().map(|x| (x.id.0, x.key.to_string())).collect()
    };
    let before = keys(&inventory);
    let mut again = inventory;
    let folders = again
        .scanned
        .iter()
        .map(|dir| mldu::model::again::Again {
            path: again.tree.path((*dir).into()),
            id: *dir,
            role: None,
            keep: vec![],
        })
        .collect();
    let (tx, rx) = crossbeam_channel::unbounded();
    session.again(folders, tx).join();
    for event in rx {
        again.apply(event);
    }
    again.refresh();
    assert_eq!(keys(&again), before);
    holds(&again, "scanned again");
    let another: BTreeSet<String> = scan(world.demo.env()).items().map(|i| i.key.to_string()).collect();
    assert_eq!(another, before.into_iter().map(|(_, k)| k).collect());
}

/// A small generator: the same numbers every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Breaks about a third of everything: content cut off or nonsense, files that became folders or links that lead
/// out, entries gone, odd names beside them.
fn break_things(home: &Path, outside: &Path, dice: &mut Dice) {
    let entries: Vec<PathBuf> = walkdir::WalkDir::new(home)
        .min_depth(1)
        .contents_first(true)
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .collect();
    for path in entries {
        if dice.roll(3) != 0 {
            continue;
        }
        let is_dir = path.is_dir() && !path.is_symlink();
        let gone = |p: &Path| {
            let _ = if is_dir { std::fs::remove_dir_all(p) } else { std::fs::remove_file(p) };
        };
        // A box has links to what every machine has, like its Python. Writing to one would write there.
        let write = |content: &[u8]| {
            if path.is_symlink() {
                gone(&path);
            }
            let _ = std::fs::write(&path, content);
        };
        match dice.roll(9) {
            0 => gone(&path),
            1 if !is_dir => {
                write(b"");
            }
            2 if !is_dir => {
                let nonsense: [&[u8]; 6] = [
                    b"{\"a\":",
                    b"\xff\xfe\x00\x01",
                    b"[[[[[[[[",
                    b"null",
                    b"{\"name\": 7, \"version\": [], \"files\": \"x\"}",
                    b"../../../../etc/passwd",
                ];
                write(nonsense[dice.roll(6) as usize]);
            }
            3 if !is_dir => {
                gone(&path);
                let _ = std::fs::create_dir(&path);
            }
            4 => {
                gone(&path);
                let _ = std::os::unix::fs::symlink(outside, &path);
            }
            5 => {
                gone(&path);
                let _ = std::os::unix::fs::symlink("../../../../../../../../../../../../../", &path);
            }
            6 => {
                let mut name = path.file_name().map(|n| n.as_bytes().to_vec()).unwrap_or_default();
                name.extend_from_slice(b"\x1b[2J\xff\n\xe2\x80\xae");
                let _ = std::fs::rename(&path, path.with_file_name(std::ffi::OsStr::from_bytes(&name)));
            }
            7 if is_dir => {
                gone(&path);
                let _ = std::fs::write(&path, b"a file now");
            }
            8 => {
                let _ = std::fs::hard_link(&path, outside.join(format!("link{}", dice.roll(1 << 30))));
            }
            _ => {}
        }
    }
}

#[test]
fn a_broken_box_is_a_box_with_problems_and_nothing_worse() {
    for seed in 0..24 {
        let world = World::new();
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("precious"), b"precious").expect("written");
        for i in 0..8 {
            let link = world.home().join(format!("link{i}"));
            std::os::unix::fs::symlink(outside.path().join("precious"), link).expect("a link");
        }
        break_things(&world.home(), outside.path(), &mut Dice(seed));
        let inventory = scan(world.demo.env());
        holds(&inventory, &format!("seed {seed}"));
        // Whatever is safe or fetched again lies in the box, and all of it can be planned.
        let mut marks = Marks::default();
        for item in inventory.items().filter(|i| inventory.verdict(i.id).removable() && i.parent.is_none()) {
            marks.insert(Mark::Item(item.id));
        }
        for target in Draft::new(&inventory, &marks).targets() {
            assert!(target.path.starts_with(world.home()), "seed {seed}: {}", target.path.display());
        }
        assert_eq!(std::fs::read(outside.path().join("precious")).expect("read"), b"precious");
    }
}

#[test]
fn empty_and_missing_places_are_no_problem() {
    let tmp = tempfile::tempdir().expect("a folder");
    let home = tmp.path().canonicalize().expect("a path").join("home");
    std::fs::create_dir(&home).expect("made");
    let env = Env::fixed(&home);
    let nothing = scan(Arc::new(env.clone()));
    assert_eq!(nothing.problems.count, 0);
    assert!(nothing.groups().is_empty());
    for known in Families::built_in().places(&env).iter().filter(|k| k.place.path.starts_with(&home)) {
        std::fs::create_dir_all(&known.place.path).expect("made");
    }
    let empty = scan(Arc::new(env));
    assert_eq!(empty.problems.count, 0, "{:?}", empty.problems.kept);
    holds(&empty, "empty places");
    for item in empty.items() {
        assert!(item.is_rest || item.measure.usage.files <= 1, "{} in an empty place", item.name);
    }
}

#[test]
fn a_folder_that_a_variable_names_and_that_is_missing_is_a_problem() {
    let tmp = tempfile::tempdir().expect("a folder");
    let home = tmp.path().canonicalize().expect("a path");
    let env = Env::fixed(&home).with_var("KERAS_HOME", home.join("no/such"));
    let inventory = scan(Arc::new(env));
    assert_eq!(inventory.problems.count, 1, "{:?}", inventory.problems.kept);
    assert!(inventory.problems.kept[0].error.contains("$KERAS_HOME names this folder"));
}

#[test]
fn a_family_that_panics_costs_only_its_own_store() {
    // No family does; the guard is what is tested: an empty store takes the place of what could not be read.
    let world = World::new();
    let mut inventory = scan(world.demo.env());
    let before = inventory.stores().len();
    let root = inventory.stores()[0].root;
    inventory.apply(ScanEvent::Store(Box::new(mldu::model::item::NewStore {
        root,
        family: "keras",
        role: "root",
        category: Category::KerasModels,
        unclaimed: Category::KerasModels,
        hint: "",
        together: false,
        ordered: false,
        found: mldu::model::item::Found::default(),
    })));
    inventory.refresh();
    assert_eq!(inventory.stores().len(), before);
    holds(&inventory, "a store that could not be read");
    assert!(inventory.store(StoreId(u32::MAX)).is_none());
}
