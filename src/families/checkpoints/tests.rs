//! What all kinds of runs have in common, and what is no run at all.

use crate::families::testing::Fixture;
use crate::model::category::Category;
use crate::model::rows::RowKey;

/// A zip file as `torch.save` and Keras write it, as far as its two ends go.
pub fn zip(kib: usize) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(kib * 1024 - 22, 0);
    bytes.extend(b"PK\x05\x06");
    bytes.resize(kib * 1024, 0);
    bytes
}

/// The same without its end.
pub fn torn_zip(kib: usize) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(kib * 1024, 0);
    bytes
}

/// Scans, and finds no run.
fn no_run(f: &Fixture) {
    let outline = f.outline();
    assert!(!outline.contains("checkpoints:"), "{outline}");
}

#[test]
fn loose_weights_and_models_of_different_names_are_no_run() {
    let f = Fixture::new();
    for name in [
        // a torch hub folder, with two hashes of digits alone
        "hub/resnet18-f37072fd.pth",
        "hub/resnet50-0676ba61.pth",
        "hub/vgg13-19584684.pth",
        "hub/vgg16-39792304.pth",
        "hub/dcgan-1-4.pth",
        // sizes, versions, parts
        "zoo/resnet-18.pth",
        "zoo/resnet-34.pth",
        "zoo/resnet-50.pth",
        "zoo/yolov5s.pt",
        "zoo/yolov8s.pt",
        "sd/sd-v1-4.ckpt",
        "sd/sd-v1-5.ckpt",
        "llama/consolidated.00.pth",
        "llama/consolidated.01.pth",
        "snap/model-00001-of-00002.safetensors",
        "snap/model-00002-of-00002.safetensors",
        "snap/pytorch_model-00001-of-00002.bin",
        "snap/pytorch_model-00002-of-00002.bin",
        "two/model_1.pt",
        "two/model_2.pt",
        // data
        "pyg/data_0.pt",
        "pyg/data_1.pt",
        "pyg/data_2.pt",
        "h5/100.h5",
        "h5/200.h5",
        "h5/300.h5",
        // one of a kind
        "one/epoch_3.pth",
        "best/best.keras",
        "bins/a.bin",
        "bins/b.bin",
        "down/epoch=3-step=100.ckpt",
        // ranks of one step
        "ranks/rng_state_0.pth",
        "ranks/rng_state_1.pth",
        "ds/mp_rank_00_model_states.pt",
        "ds/mp_rank_01_model_states.pt",
        "ds/layer_01-model_00-model_states.pt",
        "ds/layer_02-model_00-model_states.pt",
        // Keras weights in shards
        "shards/model.weights.json",
        "shards/model_00000.weights.h5",
        "shards/model_00001.weights.h5",
        "shards/model_00002.weights.h5",
        // a SavedModel
        "saved/saved_model.pb",
        "saved/variables/variables.index",
        "saved/variables/variables.data-00000-of-00001",
    ] {
        f.kib(name, 1);
    }
    no_run(&f);
}

#[test]
fn a_collection_in_which_some_are_numbered_is_no_run() {
    let f = Fixture::new();
    f.kib("loras/mine-000001.safetensors", 1);
    f.kib("loras/mine-000002.safetensors", 1);
    f.kib("loras/mine.safetensors", 1);
    for other in ["anime", "detail", "film", "ink"] {
        f.kib(&format!("loras/{other}.safetensors"), 1);
    }
    no_run(&f);
}

#[test]
fn a_cache_and_an_environment_keep_what_lies_in_them() {
    let mut f = Fixture::new();
    let hub = f.folder("hub");
    f.env = f.env.clone().with_var("TFHUB_CACHE_DIR", hub);
    f.kib("hub/aaaa/checkpoint-10/trainer_state.json", 1);
    f.kib("hub/aaaa/checkpoint-20/trainer_state.json", 1);
    f.kib("hub/aaaa/events.out.tfevents.1795000000.vm", 1);
    let outline = f.outline();
    assert!(!outline.contains("checkpoints") && !outline.contains("tensorboard"), "{outline}");
}

#[test]
fn the_top_of_a_home_is_no_run() {
    let f = Fixture::new();
    f.folder(".config");
    f.kib("epoch_1.pth", 1);
    f.kib("epoch_2.pth", 1);
    f.kib("events.out.tfevents.1795000000.vm", 1);
    assert_eq!(f.outline(), "");
}

#[test]
fn a_step_is_no_run_of_its_own_but_another_run_inside_is() {
    let f = Fixture::new();
    for step in [500, 1000] {
        f.file(&format!("out/checkpoint-{step}/trainer_state.json"), "{}");
        // DeepSpeed's own sequence inside the step
        f.kib(&format!("out/checkpoint-{step}/epoch_1.pt"), 1);
        f.kib(&format!("out/checkpoint-{step}/epoch_2.pt"), 1);
    }
    f.kib("out/phase2/epoch_1.pt", 1);
    f.kib("out/phase2/epoch_2.pt", 1);
    let outline = f.outline();
    assert_eq!(outline.matches("checkpoints: ").count(), 2, "{outline}");
    assert!(outline.contains("checkpoints: checkpoints series ~/out/phase2 "), "{outline}");
}

#[test]
fn a_run_that_is_being_trained_says_so_and_keeps_its_verdicts() {
    let f = Fixture::new();
    f.file("run/epoch_1.pth", zip(8));
    f.file("run/epoch_2.pth", zip(8));
    f.age("run/epoch_2.pth", 5 * 60);
    assert_eq!(
        f.outline(),
        "checkpoints: checkpoints series ~/run (2 steps, latest epoch 2, written 5 min ago)\n\
         \x20 step \"epoch 1\" [look-first] 8 8\n\
         \x20 step \"epoch 2\" [look-first] 8 8 {latest}\n"
    );
    f.age("run/epoch_2.pth", 2 * 3600);
    assert!(f.outline().contains("(2 steps, latest epoch 2)"), "{}", f.outline());
}

#[test]
fn who_works_in_a_run_uses_all_of_it() {
    use crate::model::inventory::Holder;
    use crate::model::verdict::Verdict;
    let f = Fixture::new();
    f.file("run/epoch_1.pth", zip(8));
    f.file("run/epoch_2.pth", zip(8));
    let mut inventory = f.scan();
    let holder = Holder { pid: 7, command: "python".into(), user: "me".into(), how: "open" };
    inventory.set_in_use(&[(f.path("run/epoch_2.pth"), holder)]);
    let verdicts: Vec<Verdict> = inventory.items().map(|i| inventory.verdict(i.id)).collect();
    assert!(verdicts.len() >= 2 && verdicts.iter().all(|v| *v == Verdict::InUse), "{verdicts:?}");
}

#[test]
fn incomplete_steps_are_safe_only_below_a_complete_one() {
    let f = Fixture::new();
    f.file("run/ckpt-1.pt", torn_zip(8));
    f.file("run/ckpt-2.pt", zip(8));
    f.file("run/ckpt-10.pt", "");
    // Nothing is complete here, so nothing is safe.
    f.file("bad/ckpt-1.pt", torn_zip(8));
    f.file("bad/ckpt-2.pt", torn_zip(8));
    // What is being written is in use.
    f.file("live/ckpt-1.pt", torn_zip(8));
    f.file("live/ckpt-2.pt", zip(8));
    f.age("live/ckpt-1.pt", 60);
    assert_eq!(
        f.outline(),
        "checkpoints: checkpoints series ~/bad (2 steps)\n\
         \x20 !step \"ckpt-1\" [look-first] 8 8 {incomplete: its end is missing}\n\
         \x20 !step \"ckpt-2\" [look-first] 8 8 {incomplete: its end is missing}\n\
         checkpoints: checkpoints series ~/live (2 steps, latest ckpt-2, written 1 min ago)\n\
         \x20 !step \"ckpt-1\" [in-use] 8 8 {incomplete: its end is missing; written less than 10 minutes ago, or open}\n\
         \x20 step \"ckpt-2\" [look-first] 8 8 {latest}\n\
         checkpoints: checkpoints series ~/run (3 steps, latest ckpt-2)\n\
         \x20 !step \"ckpt-1\" [safe] 8 8 {incomplete: its end is missing}\n\
         \x20 step \"ckpt-2\" [look-first] 8 8 {last complete}\n\
         \x20 !step \"ckpt-10\" [look-first] 0 0 {incomplete: it is empty}\n"
    );
}

#[test]
fn hostile_names_and_contents_cost_nothing_else() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    f.file("run/epoch_1.pth", zip(8));
    f.file("run/epoch_2.pth", zip(8));
    f.file("run/epoch_99999999999999999999999999.pth", zip(8));
    f.file("run/epoch_3\u{202e}.safetensors", [0xff; 64]);
    f.file("run/a_epoch_1.safetensors", [&[0xff; 8][..], b"{"].concat());
    f.file("run/a_epoch_2.safetensors", b"\x02\0\0\0\0\0\0\0{}".repeat(4));
    f.file(
        "run/a_epoch_3.safetensors",
        b"\x40\0\0\0\0\0\0\0{\"a\":{\"data_offsets\":[0,18446744073709551615]}}",
    );
    f.file("run/last_checkpoint", [0xff, 0xfe, b'/', b'.', b'.']);
    f.link("../../../../etc/passwd", "run/last.pth");
    f.link("last_link.pth", "run/last_link.pth");
    std::fs::write(f.path("run").join(std::ffi::OsStr::from_bytes(b"epoch_\xff_7.pth")), b"x")
        .expect("written");
    let inventory = f.scan();
    let run = inventory.tree.find(&f.path("run")).expect("scanned");
    for item in inventory.items() {
        assert!(item.parts.iter().all(|p| inventory.tree.is_within(p.node.dir, run.dir)), "{}", item.name);
        assert!(!item.name.contains('\u{202e}'));
    }
    let outline = f.outline();
    assert!(outline.contains("step \"epoch_2\" [look-first] 8 8"), "{outline}");
}

#[test]
fn the_store_adds_up_and_the_rest_is_shown() {
    let f = Fixture::new();
    f.file("run/epoch_1.pth", zip(8));
    f.file("run/epoch_2.pth", zip(8));
    f.kib("run/config.yaml", 4);
    f.kib("run/code/train.py", 4);
    f.kib("run/events.out.tfevents.1795000000.gpu07.88.0", 4);
    let inventory = f.scan();
    let store = inventory.stores()[0];
    let of = |c| inventory.row_measure(RowKey::Store(c, store.id)).usage.on_disk;
    let all = of(Category::Checkpoints) + of(Category::Logs) + of(Category::Other);
    assert_eq!(all, store.measure.usage.on_disk);
    assert_eq!(
        f.outline(),
        "checkpoints: checkpoints series ~/run (2 steps, latest epoch 2)\n\
         \x20 step \"epoch 1\" [look-first] 8 8\n\
         \x20 step \"epoch 2\" [look-first] 8 8 {latest}\n\
         \x20 other \"other files\" [look-first] 16 12\n\
         logs: checkpoints series ~/run (2 steps, latest epoch 2)\n\
         \x20 run \"home/run\" [look-first] 4 4 {began 2026-11-18 11:06 UTC on gpu07; last written 2026-10-22 03:12 UTC}\n"
    );
}

#[test]
fn both_ways_of_reading_a_disk_find_the_same_runs() {
    use crate::families::testing::outline;
    use crate::scan::{Backend, Session, Settings};
    let f = Fixture::new();
    f.file("hf/checkpoint-7/trainer_state.json", "{}");
    f.kib("orbax/3/default/manifest.ocdbt", 4);
    f.kib("logs/plugins/profile/2026_11_18_11_07_05/vm.xplane.pb", 4);
    // What only looks like a folder proves nothing.
    f.folder("elsewhere");
    f.kib("elsewhere/trainer_state.json", 1);
    f.link("../elsewhere", "linked/checkpoint-7");
    let mut settings = Settings::new(std::sync::Arc::new(f.env.clone()), crate::families::testing::NOW);
    settings.roots = vec![f.home()];
    settings.backend = Backend::Portable;
    let portable = outline(&Session::new(settings).expect("threads").run(), &f.home());
    assert_eq!(f.outline(), portable);
    assert_eq!(portable.lines().filter(|l| !l.starts_with(' ')).count(), 3, "{portable}");
}
