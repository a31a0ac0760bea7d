//! Steps as folders `checkpoint-<step>`: the Hugging Face Trainer and what is built on it, also with `DeepSpeed`
//! inside, and training scripts that borrow the name (diffusers).
//!
//! Layout: transformers 4.57.1 and 5.23.0, `trainer.py::_save_checkpoint` (weights, optimizer, random state, and
//! last of all `trainer_state.json`), `trainer_utils.py::get_last_checkpoint` (the highest number is the latest);
//! 4.36 and 4.37 write to `tmp-checkpoint-<step>` and rename it.

use super::Kind;
use super::run::{Run, State, Step, number_after};
use super::whole::torn;
use crate::families::names::tolerant_json;
use crate::families::{File, Folder, Listing, Marker, Range, StoreView};
use crate::text;

pub static KIND: Kind = Kind { role: "trainer", markers: &[Marker::Stem("checkpoint")], claims, steps };

const STATE: &str = "trainer_state.json";

/// What one step alone must hold to be recognized: its name alone may be anybody's.
const PROOFS: &[&str] = &[STATE, "optimizer.pt", "optimizer.bin", "rng_state.pth", "random_states_0.pkl"];

fn step_of(name: &str) -> Option<u64> {
    number_after(name, "checkpoint-")
}

fn claims(folder: &Listing<'_>) -> bool {
    let names = folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok());
    let steps: Vec<&str> = names.filter(|n| step_of(n).is_some()).collect();
    match &steps[..] {
        [] => false,
        [one] => folder.names_in(one).iter().any(|n| PROOFS.contains(&n.as_str())),
        _ => true,
    }
}

fn steps(run: &mut Run<'_>) {
    let folders = run.folders();
    let with_state = |f: &&Folder<'_>| f.has_file(STATE) && step_of(f.name()).is_some();
    let newest = folders.iter().filter(with_state).max_by_key(|f| step_of(f.name()));
    let told = newest.and_then(|f| f.file(STATE)).map(|f| Told::read(run.store, &f)).unwrap_or_default();
    let mut steps = Vec::new();
    for folder in &folders {
        if let Some(n) = step_of(folder.name()) {
            let mut step = Step::folder(folder, Some(vec![n]), format!("step {n}")).short(n.to_string());
            if told.is_best(folder.name(), n) {
                step.note(told.best_note());
                step.careful = true;
            }
            judge(run.store, folder, newest.is_some(), &mut step);
            steps.push(step);
        } else if let Some(n) = number_after(folder.name(), "tmp-checkpoint-") {
            let mut step = Step::folder(folder, Some(vec![n]), format!("step {n}"));
            step.careful = folder.has_file(STATE);
            step.state = State::Unfinished(if step.careful {
                "all of it was written, but never given its final name".into()
            } else {
                "never finished: the trainer renames it when all of it is written".into()
            });
            steps.push(step);
        } else if ["checkpoint-best", "checkpoint-last", "checkpoint-final"].contains(&folder.name()) {
            steps.push(Step::folder(folder, None, &folder.name()["checkpoint-".len()..]));
        }
    }
    run.add(steps);
}

/// Says whether a step is complete, and what of it is needed only to go on with the training.
fn judge(store: &StoreView<'_>, folder: &Folder<'_>, others_have_state: bool, step: &mut Step<'_>) {
    if folder.is_empty() {
        step.state = State::Torn("it is empty".into());
    } else if others_have_state && !folder.has_file(STATE) {
        step.state = State::Torn(format!("no {STATE}, which is written last"));
        if optimizer(folder) == 0 && weights_are_whole(store, folder) {
            step.careful = true;
            step.note("its weights are there: somebody may have kept them alone");
        } else if !only_of_trainer(folder) {
            step.careful = true;
            step.note("it holds files that the trainer did not write");
        }
    } else {
        step.notes.extend(resume_note(folder));
    }
}

/// How much of a step is needed only to go on with the training, if there is something else in it.
pub fn resume_note(folder: &Folder<'_>) -> Option<String> {
    let optimizer = optimizer(folder);
    let others = folder.has_folder("pytorch_model_fsdp_0") || !weights(folder).is_empty();
    (optimizer > 0 && others).then(|| {
        let size = text::size(optimizer, text::Units::Binary);
        format!("{size} of it is optimizer state, needed only to resume")
    })
}

/// Whether a model can be loaded from the weights in a step.
pub fn weights_are_whole(store: &StoreView<'_>, folder: &Folder<'_>) -> bool {
    let weights = weights(folder);
    !weights.is_empty() && !parts_miss(&weights) && weights.iter().all(|w| torn(store, w).is_none())
}

/// Whether all that lies in a step is what trainers write there.
fn only_of_trainer(folder: &Folder<'_>) -> bool {
    const STEMS: &[&str] = &[
        "model",
        "pytorch_model",
        "adapter_",
        "optimizer",
        "scheduler",
        "scaler",
        "rng_state",
        "random_states",
        "trainer_state",
        "training_args",
        "config.json",
        "generation_config",
        "tokenizer",
        "special_tokens_map",
        "added_tokens",
        "vocab",
        "merges",
        "spiece",
        "sentencepiece",
        "chat_template",
        "preprocessor_config",
        "processor_config",
        "global_step",
        "latest",
        "zero_to_fp32",
        "README.md",
    ];
    let names = folder
        .files()
        .iter()
        .map(File::name)
        .chain(folder.folders().iter().map(Folder::name))
        .collect::<Vec<_>>();
    names.iter().all(|name| STEMS.iter().any(|s| name.starts_with(s)))
}

/// Files of weights that a model can be loaded from.
fn weights<'a>(folder: &Folder<'a>) -> Vec<File<'a>> {
    let is = |name: &str| {
        let stem = [
            "model",
            "pytorch_model",
            "adapter_model",
            "tf_model",
            "diffusion_pytorch_model",
            "pytorch_lora_weights",
        ];
        let ext = [".safetensors", ".bin", ".h5"];
        stem.iter().any(|s| name.starts_with(s)) && ext.iter().any(|e| name.ends_with(e))
    };
    folder.files().into_iter().filter(|f| is(f.name())).collect()
}

/// Whether a part of weights in parts (`model-00001-of-00004.safetensors`) is missing.
fn parts_miss(weights: &[File<'_>]) -> bool {
    let of = weights.iter().filter_map(|f| {
        let (_, rest) = f.name().split_once("-of-")?;
        rest.split('.').next()?.parse::<usize>().ok()
    });
    of.max().is_some_and(|n| weights.iter().filter(|f| f.name().contains("-of-")).count() < n)
}

/// Bytes of optimizer state on disk.
pub fn optimizer(folder: &Folder<'_>) -> u64 {
    let is_file = |name: &str| {
        name == "optimizer.pt"
            || (name.strip_suffix(".bin").is_some_and(|stem| stem.starts_with("optimizer")))
            || name.ends_with("optim_states.pt")
    };
    let sum = |folder: &Folder<'_>, is: &dyn Fn(&str) -> bool| -> u64 {
        folder.files().iter().filter(|f| is(f.name())).map(|f| f.on_disk).sum()
    };
    let inner = folder.folders().into_iter().map(|f| {
        if number_after(f.name(), "optimizer_").is_some() {
            f.walk().iter().map(|f| sum(f, &|_| true)).sum()
        } else if number_after(f.name(), "global_step").is_some() {
            sum(&f, &is_file)
        } else {
            0
        }
    });
    sum(folder, &is_file) + inner.sum::<u64>()
}

/// What `trainer_state.json` tells.
#[derive(Debug, Default)]
struct Told {
    best: Option<String>,
    best_step: Option<u64>,
    metric: Option<f64>,
}

impl Told {
    /// Reads the beginning and, if need be, the end: the history between them may be huge. Keys are sorted, so
    /// those of the best step come first.
    fn read(store: &StoreView<'_>, file: &File<'_>) -> Self {
        let Some(head) = store.read(file.node, Range::Head, 64 << 10) else { return Self::default() };
        if head.first() != Some(&b'{') {
            store.problem(file.node, "understand", "it is no JSON object");
            return Self::default();
        }
        let head = String::from_utf8_lossy(&head);
        let head = head.split("\"log_history\"").next().unwrap_or("");
        let told = Self::from_text(head);
        if told.best.is_some() || told.best_step.is_some() || file.size <= 64 << 10 {
            return told;
        }
        let tail = store.read(file.node, Range::Tail, 8 << 10).unwrap_or_default();
        let tail = String::from_utf8_lossy(&tail);
        Self::from_text(tail.rsplit(']').next().unwrap_or(""))
    }

    fn from_text(text: &str) -> Self {
        Self {
            best: value(text, "best_model_checkpoint").and_then(|v| Some(base_name(v.as_str()?).to_string())),
            best_step: value(text, "best_global_step").and_then(|v| v.as_u64()),
            metric: value(text, "best_metric").and_then(|v| v.as_f64()),
        }
    }

    /// The path was true when the run was trained, where it was trained: its last part is what counts.
    fn is_best(&self, name: &str, step: u64) -> bool {
        self.best.as_ref().map_or(self.best_step == Some(step), |best| best == name)
    }

    fn best_note(&self) -> String {
        match self.metric {
            Some(metric) => format!("best (metric {metric})"),
            None => "best".into(),
        }
    }
}

fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The simple value of a key in a piece of JSON.
fn value(text: &str, key: &str) -> Option<serde_json::Value> {
    let (_, after) = text.split_once(&format!("\"{key}\""))?;
    let after = after.trim_start().strip_prefix(':')?.trim_start();
    let end = match after.strip_prefix('"') {
        // A string without escapes, or one that is not understood.
        Some(string) => string.find('"')? + 2,
        None => after.find([',', '}', '\n']).unwrap_or(after.len()),
    };
    tolerant_json(after[..end].trim().as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use crate::families::checkpoints::tests::torn_zip;
    use crate::families::testing::Fixture;

    const STATE: &str = r#"{
  "best_global_step": 500,
  "best_metric": 0.4123,
  "best_model_checkpoint": "/home/somebody/else/out/checkpoint-500",
  "epoch": 2.0,
  "global_step": 1500,
  "log_history": [{"best_metric": 9, "grad_norm": NaN}]
}"#;

    fn safetensors(kib: usize) -> Vec<u8> {
        let header = format!("{{\"w\":{{\"data_offsets\":[0,{}]}}}}", kib * 1024 - 64);
        let mut bytes = 56_u64.to_le_bytes().to_vec();
        bytes.extend(format!("{header:<56}").bytes());
        bytes.resize(kib * 1024, 0);
        bytes
    }

    fn step(f: &Fixture, run: &str, n: u32) {
        f.file(&format!("{run}/checkpoint-{n}/model.safetensors"), safetensors(8));
        f.kib(&format!("{run}/checkpoint-{n}/optimizer.pt"), 16);
        f.kib(&format!("{run}/checkpoint-{n}/rng_state.pth"), 4);
        f.file(&format!("{run}/checkpoint-{n}/trainer_state.json"), STATE);
    }

    #[test]
    fn steps_are_ordered_by_number_and_the_newest_state_names_the_best() {
        let f = Fixture::new();
        for n in [1000, 500, 1500] {
            step(&f, "out", n);
        }
        f.file(
            "out/checkpoint-500/trainer_state.json",
            r#"{"best_model_checkpoint": "./out/checkpoint-1000"}"#,
        );
        // DeepSpeed: its files of optimizer states count, its model states do not.
        f.kib("out/checkpoint-1500/global_step1500/mp_rank_00_model_states.pt", 32);
        f.kib("out/checkpoint-1500/global_step1500/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", 64);
        f.file("out/checkpoint-1500/latest", "global_step1500");
        f.kib("out/model.safetensors", 8);
        f.link("checkpoint-1000/", "out/checkpoint-last");
        f.link("../elsewhere/checkpoint-500", "out/checkpoint-best");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints trainer ~/out (3 steps, latest 1000, written just now)\n\
             \x20 step \"step 500\" [look-first] 36 36 {best (metric 0.4123); 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"step 1000\" [look-first] 36 36 {latest; 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"step 1500\" [look-first] 140 140 {last complete; 80.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn what_was_interrupted_is_told_from_what_somebody_kept() {
        let f = Fixture::new();
        for n in [100, 200, 300, 400, 500, 600, 700] {
            step(&f, "out", n);
        }
        let remove = |n: u32, name: &str| {
            std::fs::remove_file(f.path(&format!("out/checkpoint-{n}/{name}"))).expect(name);
        };
        // Interrupted before the end, and while weights were written.
        remove(100, "trainer_state.json");
        remove(100, "rng_state.pth");
        for name in ["trainer_state.json", "rng_state.pth", "optimizer.pt"] {
            remove(200, name);
        }
        f.file("out/checkpoint-200/model.safetensors", &safetensors(8)[..4096]);
        // Weights kept alone; a person's file; the best step.
        for name in ["trainer_state.json", "rng_state.pth", "optimizer.pt"] {
            remove(300, name);
        }
        remove(400, "trainer_state.json");
        f.file("out/checkpoint-400/notes.txt", "mine");
        remove(500, "trainer_state.json");
        // Newer than the newest complete one.
        remove(700, "trainer_state.json");
        // Being written.
        f.folder("out/checkpoint-50");
        f.kib("out/checkpoint-50/optimizer.pt", 4);
        f.age("out/checkpoint-50/optimizer.pt", 30);
        f.kib("out/tmp-checkpoint-800/optimizer.pt", 4);
        f.kib("out/tmp-checkpoint-900/trainer_state.json", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints trainer ~/out (8 steps, latest 600, written just now)\n\
             \x20 !step \"step 50\" [in-use] 8 8 {incomplete: no trainer_state.json, which is written last; written less than 10 minutes ago, or open}\n\
             \x20 !step \"step 100\" [safe] 28 28 {incomplete: no trainer_state.json, which is written last}\n\
             \x20 !step \"step 200\" [safe] 8 8 {incomplete: no trainer_state.json, which is written last}\n\
             \x20 step \"step 300\" [look-first] 12 12 {incomplete: no trainer_state.json, which is written last; its weights are there: somebody may have kept them alone}\n\
             \x20 step \"step 400\" [look-first] 36 36 {incomplete: no trainer_state.json, which is written last; it holds files that the trainer did not write}\n\
             \x20 step \"step 500\" [look-first] 32 32 {incomplete: no trainer_state.json, which is written last; best (metric 0.4123)}\n\
             \x20 step \"step 600\" [look-first] 36 36 {last complete; 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 !step \"step 700\" [look-first] 32 32 {incomplete: no trainer_state.json, which is written last}\n\
             \x20 !unfinished step \"step 800\" [safe] 8 8 {never finished: the trainer renames it when all of it is written}\n\
             \x20 unfinished step \"step 900\" [look-first] 8 8 {all of it was written, but never given its final name}\n"
        );
    }

    #[test]
    fn scripts_that_borrow_the_name_write_no_state_and_are_complete() {
        let f = Fixture::new();
        for n in [500, 1000] {
            f.kib(&format!("lora/checkpoint-{n}/pytorch_lora_weights.safetensors"), 4);
            f.kib(&format!("lora/checkpoint-{n}/optimizer.bin"), 8);
        }
        f.folder("lora/checkpoint-200");
        f.age("lora/checkpoint-200", 86_400);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints trainer ~/lora (3 steps, latest 1000)\n\
             \x20 !step \"step 200\" [safe] 4 4 {incomplete: it is empty}\n\
             \x20 step \"step 500\" [look-first] 16 16 {8.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"step 1000\" [look-first] 16 16 {latest; 8.0 KiB of it is optimizer state, needed only to resume}\n"
        );
    }

    #[test]
    fn one_step_is_a_run_if_it_is_the_trainers() {
        let f = Fixture::new();
        f.file("a/checkpoint-7/trainer_state.json", "{}");
        f.file("b/checkpoint-7/notes.txt", "");
        let outline = f.outline();
        assert!(outline.contains("~/a (1 step, latest 7)") && !outline.contains("~/b"), "{outline}");
    }

    #[test]
    fn a_huge_or_broken_state_is_no_obstacle() {
        let f = Fixture::new();
        step(&f, "big", 500);
        step(&f, "big", 1500);
        let history = format!("\"x\": 1, {}", " ".repeat(200 << 10));
        f.file("big/checkpoint-1500/trainer_state.json", STATE.replace("\"best_metric\": 9", &history));
        step(&f, "broken", 1);
        f.file("broken/checkpoint-1/trainer_state.json", torn_zip(1));
        let outline = f.outline();
        assert!(outline.contains("step \"step 500\" [look-first] 36 36 {best (metric 0.4123);"), "{outline}");
        assert!(
            outline.contains(
                "problem: understand ~/broken/checkpoint-1/trainer_state.json: it is no JSON object"
            ),
            "{outline}"
        );
        // A best metric that is NaN, and a best step by number alone.
        f.file(
            "big/checkpoint-1500/trainer_state.json",
            r#"{"best_global_step": 500, "best_metric": NaN, "best_model_checkpoint": null}"#,
        );
        assert!(f.outline().contains("step \"step 500\" [look-first] 36 36 {best; 16"), "{}", f.outline());
    }
}
