//! Which families a name makes worth asking. Asked for every name of a scan, so most names are turned away by their
//! first letter and their length.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Marker, all};

/// Families, as bits.
pub type Hints = u128;

/// Words and the families they hint at.
struct Words {
    hints: FxHashMap<&'static [u8], Hints>,
    /// By first byte: which lengths there are; the last bit stands for all from 63 on.
    lengths: [u64; 256],
}

impl Default for Words {
    fn default() -> Self {
        Self { hints: FxHashMap::default(), lengths: [0; 256] }
    }
}

impl Words {
    fn add(&mut self, word: &'static str, hints: Hints) {
        let word = word.as_bytes();
        *self.hints.entry(word).or_default() |= hints;
        if let Some(first) = word.first() {
            self.lengths[usize::from(*first)] |= 1 << word.len().min(63);
        }
    }

    fn get(&self, word: &[u8]) -> Option<Hints> {
        let lengths = self.lengths[usize::from(*word.first()?)];
        if lengths & (1 << word.len().min(63)) == 0 {
            return None;
        }
        self.hints.get(word).copied()
    }
}

#[derive(Default)]
struct Markers {
    name: Words,
    ext: Words,
    /// Endings of two parts, asked for only where the last part is one of theirs.
    ext2: Words,
    stem: Words,
    digits: Hints,
}

static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let mut m = Markers::default();
    for (i, family) in all().iter().enumerate() {
        let bit = 1 << i;
        for marker in family.about().markers {
            match marker {
                Marker::Name(key) => m.name.add(key, bit),
                Marker::Ext(key) => match key.split_once('.') {
                    Some((_, last)) => {
                        m.ext.add(last, 0);
                        m.ext2.add(key, bit);
                    }
                    None => m.ext.add(key, bit),
                },
                Marker::Stem(key) => m.stem.add(key, bit),
                Marker::Digits => m.digits |= bit,
            }
        }
    }
    m
});

/// The families a name hints at.
pub fn hints(name: &[u8]) -> Hints {
    let m = &*MARKERS;
    let mut bits = m.name.get(name).unwrap_or(0);
    if let Some(dot) = name.iter().rposition(|b| *b == b'.')
        && let Some(of_ext) = m.ext.get(&name[dot + 1..])
    {
        let before = name[..dot].iter().rposition(|b| *b == b'.').map_or(0, |at| at + 1);
        bits |= of_ext | m.ext2.get(&name[before..]).unwrap_or(0);
    }
    match name.first() {
        Some(b'0'..=b'9') if name.iter().all(u8::is_ascii_digit) => bits |= m.digits,
        Some(b) if m.stem.lengths[usize::from(*b)] != 0 => {
            let letters = name.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            if letters < name.len() {
                bits |= m.stem.get(&name[..letters]).unwrap_or(0);
            }
        }
        _ => {}
    }
    bits
}
