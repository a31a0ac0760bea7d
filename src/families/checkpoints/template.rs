//! File names as templates: the numbers in a name that count something, its metrics, and the text around them.
//!
//! `weights.07-4.4216` is step 7 of the template `weights.#-%`. Numbers that belong to a name (`resnet-50`,
//! `v1-5`, a hash) count nothing, and those that tell apart pieces of one thing (`rank_0`, `shard-1`) even less.

/// What a number counts, as far as the word before it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Epoch,
    Step,
    Other,
}

/// How sure it is that the number counts training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// A word says so: `epoch_3`, `ckpt-4`.
    Word,
    /// It is followed by a metric: `01-5.49`.
    Metric,
    /// A word that may also name different models: `model_3`.
    Weak,
    /// The whole name is the number: `12.keras`.
    Alone,
    /// It stands at the end of a name: `G_1000`.
    Bare,
}

/// A name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name with `#` for what counts and `%` for metrics.
    pub shape: String,
    /// What counts, in the order of the name.
    pub counts: Vec<(Unit, u64)>,
    /// Digits of the last number that counts, with zeros in front.
    pub digits: usize,
    /// Metrics: their name, which may be empty, and their value as written.
    pub metrics: Vec<(String, String)>,
    /// How sure it is.
    pub strength: Strength,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Text(&'a str),
    Int(&'a str),
    Decimal(&'a str),
}

const SEPARATORS: &[char] = &['-', '_', '.', ' ', '=', ':', '@', '+', '~'];

impl Template {
    /// Takes a name without its extension apart. Nothing if no number in it can count steps.
    pub fn of(stem: &str) -> Option<Self> {
        // Shards of one model: `model-00001-of-00004`.
        if stem.contains("-of-") || stem.contains("_of_") {
            return None;
        }
        let tokens = tokens(stem);
        let (mut counting, strength) = worded(&tokens).or_else(|| bare(&tokens))?;
        // `checkpoint_1_5000`: what follows a counted number directly counts too.
        for i in 1..tokens.len().saturating_sub(1) {
            let joined = matches!(tokens[i], Token::Text(t) if t.chars().all(|c| SEPARATORS.contains(&c)));
            if joined && counting.contains(&(i - 1)) && matches!(tokens[i + 1], Token::Int(_)) {
                counting.push(i + 1);
            }
        }
        counting.sort_unstable();
        counting.dedup();
        Self::put_together(&tokens, &counting, strength)
    }

    fn put_together(tokens: &[Token<'_>], counting: &[usize], strength: Strength) -> Option<Self> {
        let mut made =
            Self { shape: String::new(), counts: Vec::new(), digits: 0, metrics: Vec::new(), strength };
        let first = *counting.first()?;
        for (i, token) in tokens.iter().enumerate() {
            let before = i.checked_sub(1).map_or("", |at| text(&tokens[at]));
            match token {
                Token::Int(digits) if counting.contains(&i) => {
                    let unit =
                        unit(&word_before(before)).or_else(|| unit_after(tokens, i)).unwrap_or(Unit::Other);
                    made.counts.push((unit, digits.parse().ok()?));
                    made.digits = digits.len();
                    made.shape.push('#');
                }
                Token::Decimal(value) if i > first => {
                    let sign = if before.ends_with("=-") { "-" } else { "" };
                    made.metrics.push((metric_name(before), format!("{sign}{value}")));
                    if before.ends_with("=-") {
                        made.shape.pop();
                    }
                    made.shape.push('%');
                }
                // `acc=1` beside `acc=0.98`
                Token::Int(value) if i > first && before.ends_with('=') => {
                    made.metrics.push((metric_name(before), (*value).to_string()));
                    made.shape.push('%');
                }
                other => made.shape.push_str(text(other)),
            }
        }
        Some(made)
    }

    /// The numbers that count, for putting steps in order: within one shape they mean the same.
    pub fn order(&self) -> Vec<u64> {
        self.counts.iter().map(|(_, n)| *n).collect()
    }

    /// What stands before the first number, without separators.
    pub fn prefix(&self) -> &str {
        self.shape.split('#').next().unwrap_or("").trim_end_matches(SEPARATORS)
    }

    /// Whether its words only say what is counted: `step-500`, `epoch_3`, `ep1-ba200`.
    pub fn only_counts(&self) -> bool {
        let words = self.shape.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        let counts = |word: &str| WORDS.contains(&word) || unit(word).is_some();
        self.strength == Strength::Word && words.map(str::to_ascii_lowercase).all(|w| counts(&w))
    }

    /// `epoch 3 · step 1200`, if words say what is counted.
    pub fn words(&self) -> Option<String> {
        let said = |(unit, n): &(Unit, u64)| match unit {
            Unit::Epoch => Some(format!("epoch {n}")),
            Unit::Step => Some(format!("step {n}")),
            Unit::Other => None,
        };
        let all: Option<Vec<String>> = self.counts.iter().map(said).collect();
        all.map(|words| words.join(" · "))
    }
}

fn text<'a>(token: &Token<'a>) -> &'a str {
    match token {
        Token::Text(t) | Token::Int(t) | Token::Decimal(t) => t,
    }
}

/// Cuts a name into text and numbers. Digits glued to letters on their right are text, as in a hash; so are digits
/// with letters on their left that are no word for steps, as in `resnet50`.
fn tokens(stem: &str) -> Vec<Token<'_>> {
    let bytes = stem.as_bytes();
    let digits_from = |at: usize| bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut out = Vec::new();
    let (mut text_start, mut at) = (0, 0);
    while at < bytes.len() {
        let len = digits_from(at);
        if len == 0 {
            at += 1;
            continue;
        }
        let (mut end, mut dots) = (at + len, 0);
        while bytes.get(end) == Some(&b'.') && digits_from(end + 1) > 0 {
            end += 1 + digits_from(end + 1);
            dots += 1;
        }
        let exponent = exponent(&bytes[end..]);
        end += exponent;
        let (decimal, version) = (dots == 1 || exponent > 0, dots > 1);
        let right = bytes.get(end).is_some_and(u8::is_ascii_alphabetic) && plural(&stem[end..]).is_none();
        let before = &stem[text_start..at];
        let glued = before.ends_with(|c: char| c.is_ascii_alphabetic());
        let left = glued && !decimal && !GLUED.contains(&word_before(before).as_str());
        if version || right || left {
            // All of this word is text.
            at = end + bytes[end..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            continue;
        }
        if at > text_start {
            out.push(Token::Text(before));
        }
        let number = &stem[at..end];
        out.push(if decimal { Token::Decimal(number) } else { Token::Int(number) });
        (at, text_start) = (end, end);
    }
    if text_start < bytes.len() {
        out.push(Token::Text(&stem[text_start..]));
    }
    out
}

/// The length of `e-05` at the beginning.
fn exponent(bytes: &[u8]) -> usize {
    let signed = matches!(bytes, [b'e' | b'E', b'-' | b'+', ..]);
    let digits = bytes.iter().skip(2).take_while(|b| b.is_ascii_digit()).count();
    if signed && digits > 0 { 2 + digits } else { 0 }
}

/// Words that may be glued to their number.
const GLUED: &[&str] = &["epoch", "ep", "ba", "step", "iter", "iteration", "ckpt", "checkpoint"];

/// What Composer calls a batch, which is a step.
const BATCH: &str = "ba";

/// Words that count, and those that name models as often as they count.
const WORDS: &[&str] =
    &["ckpt", "chkpt", "checkpoint", "checkpoints", "cp", "snapshot", "milestone", "recovery"];
const WEAK: &[&str] = &["model", "models", "weights", "weight", "net", "network"];

/// Words before numbers that tell apart the pieces of one thing, or things of one kind.
const PIECES: &[&str] = &[
    "of",
    "part",
    "shard",
    "rank",
    "fold",
    "data",
    "batch",
    "sample",
    "chunk",
    "split",
    "layer",
    "block",
    "expert",
    "state",
    "states",
    "worker",
    "gpu",
    "seed",
    "consolidated",
    "v",
    "version",
    "stage",
    "tp",
    "pp",
    "process",
    "group",
    "graph",
    "image",
    "img",
    "frame",
    "file",
    "train",
    "test",
    "val",
    "valid",
    "embedding",
    "embeddings",
    "feature",
    "features",
    "class",
    "level",
    "size",
    "dim",
    "head",
    "heads",
    "node",
    "host",
    "fsdp",
];

fn unit(word: &str) -> Option<Unit> {
    match word {
        "epoch" | "epochs" | "ep" => Some(Unit::Epoch),
        BATCH | "step" | "steps" | "iter" | "iters" | "iteration" | "iterations" => Some(Unit::Step),
        _ => None,
    }
}

/// `500_steps`: a word for many after the number.
fn plural(after: &str) -> Option<Unit> {
    let after = after.trim_start_matches(SEPARATORS).to_ascii_lowercase();
    let word: String = after.chars().take_while(char::is_ascii_alphabetic).collect();
    if word.ends_with('s') { unit(&word) } else { None }
}

fn unit_after(tokens: &[Token<'_>], at: usize) -> Option<Unit> {
    tokens.get(at + 1).and_then(|t| plural(text(t)))
}

/// The last word of a text, in small letters.
fn word_before(text: &str) -> String {
    let text = text.trim_end_matches(SEPARATORS);
    let letters = text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    text[text.len() - letters..].to_ascii_lowercase()
}

/// `-val_loss=` is the metric `val_loss`.
fn metric_name(before: &str) -> String {
    let name = before.trim_end_matches('-').trim_matches(SEPARATORS);
    name.rsplit('-').next().unwrap_or(name).trim_matches(SEPARATORS).to_string()
}

/// The numbers that follow a word for steps.
fn worded(tokens: &[Token<'_>]) -> Option<(Vec<usize>, Strength)> {
    let mut strong = Vec::new();
    let mut weak = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let Token::Int(_) = token else { continue };
        let word = i.checked_sub(1).map_or(String::new(), |at| word_before(text(&tokens[at])));
        // Composer's batches, only after its epochs: `ep1-ba200`.
        if word == BATCH && strong.is_empty() {
            continue;
        }
        if WORDS.contains(&word.as_str()) || unit(&word).is_some() || unit_after(tokens, i).is_some() {
            strong.push(i);
        } else if WEAK.contains(&word.as_str()) {
            weak.push(i);
        }
    }
    if strong.is_empty() {
        let last = weak.pop()?;
        let metric = tokens[last..].iter().any(|t| matches!(t, Token::Decimal(_)));
        let strength = if metric { Strength::Metric } else { Strength::Weak };
        return (metric || !is_date_or_hash(&tokens[last])).then(|| (vec![last], strength));
    }
    Some((strong, Strength::Word))
}

/// The last number, if no word speaks against it.
fn bare(tokens: &[Token<'_>]) -> Option<(Vec<usize>, Strength)> {
    let last = tokens.iter().rposition(|t| matches!(t, Token::Int(_)))?;
    let before = last.checked_sub(1).map_or("", |at| text(&tokens[at]));
    if PIECES.contains(&word_before(before).as_str()) || is_date_or_hash(&tokens[last]) {
        return None;
    }
    let metric = matches!(tokens.get(last + 1), Some(Token::Text(t)) if t.starts_with(SEPARATORS))
        && matches!(tokens.get(last + 2), Some(Token::Decimal(_)));
    let strength = match tokens {
        _ if metric => Strength::Metric,
        [_] => Strength::Alone,
        _ if last + 1 == tokens.len() => Strength::Bare,
        _ => return None,
    };
    Some((vec![last], strength))
}

/// `20260101`, `1795273684`, and eight decimal digits of a hash.
fn is_date_or_hash(token: &Token<'_>) -> bool {
    let digits = text(token);
    digits.len() >= 8 && !digits.starts_with("00")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(stem: &str) -> Option<(String, Vec<u64>, Strength)> {
        Template::of(stem).map(|t| (t.shape.clone(), t.order(), t.strength))
    }

    #[test]
    fn numbers_that_count_are_found() {
        let is = |stem: &str, shape: &str, counts: &[u64], strength| {
            assert_eq!(parts(stem), Some((shape.into(), counts.into(), strength)), "{stem}");
        };
        is("epoch_12", "epoch_#", &[12], Strength::Word);
        is("epoch12", "epoch#", &[12], Strength::Word);
        is("unet-epoch=03-step=1200", "unet-epoch=#-step=#", &[3, 1200], Strength::Word);
        is("ckpt-4", "ckpt-#", &[4], Strength::Word);
        is("model.ckpt-1000", "model.ckpt-#", &[1000], Strength::Word);
        is("cp-0001", "cp-#", &[1], Strength::Word);
        is("checkpoint_1_5000", "checkpoint_#_#", &[1, 5000], Strength::Word);
        is("bert-base-12-step_500", "bert-base-12-step_#", &[500], Strength::Word);
        is("ppo_500_steps", "ppo_#_steps", &[500], Strength::Word);
        is("ep1-ba200", "ep#-ba#", &[1, 200], Strength::Word);
        is("model_0001999", "model_#", &[1999], Strength::Weak);
        is("01-5.49", "#-%", &[1], Strength::Metric);
        is("weights-improvement-01-0.98", "weights-improvement-#-%", &[1], Strength::Metric);
        is("weights.07-4.4216", "weights.#-%", &[7], Strength::Metric);
        is("12", "#", &[12], Strength::Alone);
        is("G_1000", "G_#", &[1000], Strength::Bare);
        is("模型_epoch_3", "模型_epoch_#", &[3], Strength::Word);
        is("my-lora-000002", "my-lora-#", &[2], Strength::Bare);
    }

    #[test]
    fn numbers_that_count_nothing_are_left() {
        for stem in [
            "resnet50",
            "resnet18-f37072fd",
            "ba_12_x",
            "vgg13-19584684",
            "sam_vit_h_4b8939",
            "efficientnet_b0_rwightman-7f5810bc",
            "model-00001-of-00004",
            "rng_state_0",
            "mp_rank_00_model_states",
            "consolidated.00",
            "data_17",
            "model_v2",
            "model-1.5.2",
            "best",
            "epoch",
            "7e-1x",
            "epoch_99999999999999999999999",
            "model_20260101",
        ] {
            assert_eq!(parts(stem), None, "{stem}");
        }
    }

    #[test]
    fn metrics_are_read_as_written() {
        let metrics = |stem: &str| Template::of(stem).map(|t| t.metrics).unwrap_or_default();
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(
            metrics("ep001-loss5.926-val_loss5.495"),
            [pair("loss", "5.926"), pair("val_loss", "5.495")]
        );
        assert_eq!(metrics("epoch=3-step=10-val_loss=0.12"), [pair("val_loss", "0.12")]);
        assert_eq!(metrics("epoch=3-elbo=-3.5"), [pair("elbo", "-3.5")]);
        assert_eq!(metrics("epoch=3-acc=1"), [pair("acc", "1")]);
        assert_eq!(metrics("epoch=3-lr=1e-05"), [pair("lr", "1e-05")]);
        assert_eq!(metrics("01-0.45"), [pair("", "0.45")]);
        let shape = |stem: &str| Template::of(stem).map(|t| t.shape);
        assert_eq!(shape("epoch=3-elbo=-3.5"), shape("epoch=4-elbo=3.5"));
        assert_eq!(shape("epoch=3-acc=1"), shape("epoch=4-acc=0.98"));
    }
}
