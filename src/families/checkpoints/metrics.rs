//! Metrics that file names carry: `val_loss=0.12`. Names say what was measured, not which way is better; where the
//! word leaves no doubt, the lowest or highest of a run is said to be that, and no more.

use std::collections::BTreeMap;

use super::run::Step;
use super::template::Template;
use crate::text;

/// Notes the metrics in the names, and which is the lowest or highest where more or less is clearly better.
pub fn note_metrics(steps: &mut [Step<'_>], templates: &[Option<Template>]) {
    let values = |key: &str| -> Vec<f64> {
        let all = templates.iter().flatten().flat_map(|t| &t.metrics);
        all.filter(|(k, _)| k == key).filter_map(|(_, v)| v.parse().ok()).collect()
    };
    let mut extremes: BTreeMap<&str, Option<(f64, &str)>> = BTreeMap::new();
    for (step, template) in steps.iter_mut().zip(templates) {
        for (key, value) in template.iter().flat_map(|t| &t.metrics) {
            if key.is_empty() {
                if !step.name.contains(value.as_str()) {
                    step.note(format!("{value} in its name"));
                }
                continue;
            }
            let extreme = *extremes.entry(key).or_insert_with(|| extreme(key, &values(key)));
            let mut note = format!("{} {value}", text::plain(key));
            if let Some((best, word)) = extreme
                && value.parse() == Ok(best)
            {
                note.push_str(&format!(", the {word} here"));
            }
            step.note(note);
        }
    }
}

const LESS_IS_BETTER: &[&str] =
    &["loss", "err", "error", "perplexity", "ppl", "rmse", "mse", "mae", "wer", "cer", "fid"];
const MORE_IS_BETTER: &[&str] = &[
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "f1",
    "map",
    "bleu",
    "rouge",
    "dice",
    "iou",
    "miou",
    "precision",
    "recall",
    "psnr",
    "ssim",
];

fn extreme(key: &str, values: &[f64]) -> Option<(f64, &'static str)> {
    let words: Vec<String> = key.split(['_', '-', '/', '.']).map(str::to_ascii_lowercase).collect();
    let one_of = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    if values.len() < 2 || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    if one_of(LESS_IS_BETTER) {
        values.iter().copied().reduce(f64::min).map(|v| (v, "lowest"))
    } else if one_of(MORE_IS_BETTER) {
        values.iter().copied().reduce(f64::max).map(|v| (v, "highest"))
    } else {
        None
    }
}
