//! Which families a name makes worth asking. Asked for every name of a scan, so most names are turned away by their
//! first letter and their length.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Family, Marker, all};

/// Families, as bits. Only those with markers have one; should there ever be more of them than bits, some share one,
/// and are asked together.
pub type Hints = u128;

/// The families with markers, as they are asked.
static HINTED: LazyLock<Vec<&'static dyn Family>> =
    LazyLock::new(|| all().iter().copied().filter(|f| !f.about().markers.is_empty()).collect());

fn bit(at: usize) -> Hints {
    1 << (at % Hints::BITS as usize)
}

/// The families that are meant by these hints, in the order of the registry.
pub fn hinted_at(hints: Hints) -> impl Iterator<Item = &'static dyn Family> {
    HINTED.iter().enumerate().filter(move |(i, _)| hints & bit(*i) != 0).map(|(_, family)| *family)
}

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
    for (i, family) in HINTED.iter().enumerate() {
        let bit = bit(i);
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
            // A dot in front is part of the run: it hides the file.
            let dot = usize::from(*b == b'.');
            let letters = dot + name[dot..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
            if letters < name.len() {
                bits |= m.stem.get(&name[..letters]).unwrap_or(0);
            }
        }
        _ => {}
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hints_at_its_family_and_a_common_one_at_none() {
        let ids =
            |name: &str| -> Vec<&str> { hinted_at(hints(name.as_bytes())).map(|f| f.about().id).collect() };
        assert_eq!(ids("trusted_list"), ["torch-hub"]);
        assert!(ids("main.rs").is_empty() && ids("").is_empty());
    }

    #[test]
    fn more_families_than_bits_share_them() {
        assert_eq!(bit(0), bit(128));
        assert_eq!(bit(129).count_ones(), 1);
    }
}
