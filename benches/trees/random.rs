//! Numbers and names that look like chance and are the same for the same seed on every machine (`SplitMix64`).

/// Where the numbers come from.
pub struct Random(u64);

const WORDS: &[&str] = &[
    "attention",
    "backend",
    "cache",
    "data",
    "encoder",
    "fields",
    "graph",
    "hooks",
    "image",
    "joint",
    "kernels",
    "layers",
    "metrics",
    "norm",
    "optim",
    "parse",
    "query",
    "random",
    "sparse",
    "tensor",
    "utils",
    "vision",
    "weights",
    "xla",
];

impl Random {
    /// The beginning of a row of numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number from 0 up to, not including, `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Yes in so many of a hundred cases.
    pub fn percent(&mut self, yes: u64) -> bool {
        self.below(100) < yes
    }

    /// So many hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut out = String::new();
        while out.len() < digits {
            out.push_str(&format!("{:016x}", self.next()));
        }
        out.truncate(digits);
        out
    }

    /// A word.
    pub fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len() as u64) as usize]
    }
}
