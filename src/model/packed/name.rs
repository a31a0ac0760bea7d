//! A file's name as its block keeps it. What many names of a folder begin or end with lies in the block's head once.

use std::borrow::Cow;

use super::{put, raw, take};

/// A name in up to three pieces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Name<'a> {
    begin: &'a [u8],
    own: &'a [u8],
    end: &'a [u8],
}

impl<'a> Name<'a> {
    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.begin.len() + self.own.len() + self.end.len()
    }

    /// Bytes of it that lie in the head of its block.
    pub fn shared_len(&self) -> usize {
        self.begin.len() + self.end.len()
    }

    /// Whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name, if it lies in one piece.
    pub fn whole(&self) -> Option<&'a [u8]> {
        (self.begin.is_empty() && self.end.is_empty()).then_some(self.own)
    }

    /// The name; put together only if it has to be.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        self.whole().map_or_else(|| [self.begin, self.own, self.end].concat().into(), Cow::Borrowed)
    }

    /// The name; put together in memory that is there, if it has to be.
    pub fn bytes_in<'b>(&self, room: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if let Some(whole) = self.whole() {
            return whole;
        }
        room.clear();
        self.put(room);
        room
    }

    /// Adds its bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        for piece in [self.begin, self.own, self.end] {
            out.extend_from_slice(piece);
        }
    }

    /// Its bytes, one by one.
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.begin.iter().chain(self.own).chain(self.end).copied()
    }
}

impl<'a> From<&'a [u8]> for Name<'a> {
    fn from(own: &'a [u8]) -> Self {
        Self { own, ..Self::default() }
    }
}

impl PartialEq<[u8]> for Name<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        let inner = other.strip_prefix(self.begin).and_then(|o| o.strip_suffix(self.end));
        inner == Some(self.own)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Name<'_> {}

/// Set in a record whose name begins with what the block's head says.
pub(super) const BEGINS: u8 = 32;
/// Set in a record whose name ends with what the block's head says.
pub(super) const ENDS: u8 = 64;

/// What many names of one block begin and end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shared<'a> {
    begin: &'a [u8],
    end: &'a [u8],
}

/// Longer pieces are shared up to here: two lengths fit into two bytes.
const LONGEST: usize = 127;

/// So many names are looked at.
const GLANCE: usize = 64;

impl<'a> Shared<'a> {
    /// What is worth being kept once of the names of these records, which are whole. One of them begins at `sample`.
    ///
    /// What lies around that one speaks for all: a glance must do, as each directory of a scan is asked.
    pub fn of(records: &'a [u8], sample: usize) -> Self {
        let glance = || raw(records, sample).chain(raw(&records[..sample], 0)).take(GLANCE);
        let Some(first) = glance().next().filter(|_| sample > 0) else { return Self::default() };
        let sample = first.name;
        let sample = &sample[..sample.len().min(LONGEST)];
        let (mut begins, mut ends) = ([0_u32; LONGEST + 1], [0_u32; LONGEST + 1]);
        for record in glance() {
            begins[begin_alike(sample, record.name)] += 1;
            ends[end_alike(sample, record.name)] += 1;
        }
        let begin = worth(&begins, sample.len());
        // What both would take of the sample is the beginning's.
        let end = worth(&ends, sample.len() - begin);
        Self { begin: &sample[..begin], end: &sample[sample.len() - end..] }
    }

    /// Whether names share nothing.
    pub fn is_empty(self) -> bool {
        self.begin.is_empty() && self.end.is_empty()
    }

    /// What a name has of it as flags, and what is left of the name.
    pub fn split(self, name: &[u8]) -> (u8, &[u8]) {
        let (mut flags, mut own) = (0, name);
        if !self.begin.is_empty()
            && let Some(rest) = own.strip_prefix(self.begin)
        {
            (flags, own) = (BEGINS, rest);
        }
        if !self.end.is_empty()
            && let Some(rest) = own.strip_suffix(self.end)
        {
            (flags, own) = (flags | ENDS, rest);
        }
        (flags, own)
    }

    /// The name of a record with these flags.
    pub fn name(self, flags: u8, own: &'a [u8]) -> Name<'a> {
        let begin = if flags & BEGINS == 0 { &[] } else { self.begin };
        let end = if flags & ENDS == 0 { &[] } else { self.end };
        Name { begin, own, end }
    }

    /// Writes it into a head: one byte if there is nothing.
    pub fn put(self, out: &mut Vec<u8>) {
        put(out, (self.begin.len() << 7 | self.end.len()) as u64);
        out.extend_from_slice(self.begin);
        out.extend_from_slice(self.end);
    }

    /// Reads it from a head.
    pub fn take(rest: &mut &'a [u8]) -> Self {
        let lengths = take(rest) as usize;
        let (begin, tail) = rest.split_at(lengths >> 7);
        let (end, tail) = tail.split_at(lengths & LONGEST);
        *rest = tail;
        Self { begin, end }
    }
}

/// How many bytes two names begin with alike, eight at a time.
fn begin_alike(a: &[u8], b: &[u8]) -> usize {
    let (a, b) = (&a[..a.len().min(b.len())], &b[..a.len().min(b.len())]);
    let ((eights, rest), (others, other)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (at, (x, y)) in eights.iter().zip(others).enumerate() {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return at * 8 + differ.trailing_zeros() as usize / 8;
        }
    }
    eights.len() * 8 + rest.iter().zip(other).take_while(|(x, y)| x == y).count()
}

/// How many bytes two names end with alike, eight at a time.
fn end_alike(a: &[u8], b: &[u8]) -> usize {
    let least = a.len().min(b.len());
    let (a, b) = (&a[a.len() - least..], &b[b.len() - least..]);
    let ((rest, eights), (other, others)) = (a.as_rchunks::<8>(), b.as_rchunks::<8>());
    for (at, (x, y)) in eights.iter().zip(others).rev().enumerate() {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return at * 8 + differ.leading_zeros() as usize / 8;
        }
    }
    eights.len() * 8 + rest.iter().rev().zip(other.iter().rev()).take_while(|(x, y)| x == y).count()
}

/// How many bytes to share, up to `limit`, so that most is saved; given how many names have 0, 1, 2 … of the sample.
fn worth(names: &[u32; LONGEST + 1], limit: usize) -> usize {
    let (mut best, mut most) = (0, 1);
    let mut count: usize = names[limit + 1..].iter().map(|n| *n as usize).sum();
    for length in (1..=limit).rev() {
        count += names[length] as usize;
        // The head has it once, and may need a byte more for the length.
        let saves = (count * length).saturating_sub(length + 1);
        if saves > most {
            (best, most) = (length, saves);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::{BlockWriter, FileFacts, head, names};
    use super::*;
    use crate::model::node::Kind;
    use proptest::prelude::*;

    const DIR: FileFacts = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: 100, uid: 0 };

    fn block(names: &[&str]) -> Vec<u8> {
        let mut w = BlockWriter::default();
        for name in names {
            w.file(name.as_bytes(), FileFacts { kind: Kind::File, ..DIR }, &DIR);
        }
        w.finish(b"d", &DIR).to_vec()
    }

    fn shared(of: &[&str]) -> (String, String) {
        let block = block(of);
        let back: Vec<Vec<u8>> = names(&block).map(|n| n.name.bytes().into_owned()).collect();
        assert_eq!(back, of.iter().map(|n| n.as_bytes().to_vec()).collect::<Vec<_>>());
        let Shared { begin, end } = head(&block).shared;
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).expect("text");
        (text(begin), text(end))
    }

    #[test]
    fn what_most_names_share_is_kept_once() {
        let s = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(shared(&["n01_18.JPEG", "n01_7.JPEG", "n01_334.JPEG"]), s("n01_", ".JPEG"));
        // Others among them cost the rest nothing.
        assert_eq!(shared(&[".DS_Store", "n01_18.JPEG", "n01_7.JPEG", "README"]), s("n01_", ".JPEG"));
        assert_eq!(shared(&["py.typed", "__init__.py", "layers.py", "model.py"]), s("", ".py"));
        assert_eq!(shared(&["events.out.1", "events.out.2"]), s("events.out.", ""));
        // Nothing to gain.
        assert_eq!(shared(&["one"]), s("", ""));
        assert_eq!(shared(&["ab", "ac"]), s("", ""));
        assert_eq!(shared(&[]), s("", ""));
    }

    proptest! {
        #[test]
        fn what_is_alike_is_found_eight_at_a_time(same in "[ab]{0,30}", a in "[ab]{0,20}", b in "[ab]{0,20}") {
            let (a, b) = (a.into_bytes(), b.into_bytes());
            let same = same.as_bytes();
            let slowly = |x: &[u8], y: &[u8]| x.iter().zip(y).take_while(|(x, y)| x == y).count();
            let turned = |x: &[u8]| x.iter().rev().copied().collect::<Vec<u8>>();
            let (x, y) = ([same, &a].concat(), [same, &b].concat());
            prop_assert_eq!(begin_alike(&x, &y), slowly(&x, &y));
            let (x, y) = ([&a, same].concat(), [&b, same].concat());
            prop_assert_eq!(end_alike(&x, &y), slowly(&turned(&x), &turned(&y)));
        }
    }

    #[test]
    fn beginnings_and_ends_do_not_overlap() {
        for names in [&["aaaa", "aaaaaa", "aaaaa"][..], &["abab", "ab", "ababab"], &["xyx.x", "x.x", "xy.x"]]
        {
            shared(names);
        }
        let long = ["z".repeat(200), "z".repeat(201), "z".repeat(255), "z".repeat(126)];
        shared(&long.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn a_folder_of_pictures_costs_less_than_its_names() {
        let names: Vec<String> = (0..500).map(|i| format!("n09351845_{}.JPEG", i * 37)).collect();
        let of: Vec<&str> = names.iter().map(String::as_str).collect();
        let (cost, letters) = (block(&of).len(), names.iter().map(String::len).sum::<usize>());
        assert!(cost < letters * 11 / 16, "{cost} bytes, the names have {letters}");
    }

    #[test]
    fn a_name_in_pieces_is_as_good_as_a_whole_one() {
        let block = block(&["run-1.log", "run-22.log", "run-.log"]);
        let all: Vec<Name<'_>> = names(&block).map(|n| n.name).collect();
        let mut room = b"old".to_vec();
        assert!(all[1].whole().is_none());
        assert_eq!(all[1].bytes_in(&mut room), b"run-22.log");
        assert_eq!(all[1], Name::from(&b"run-22.log"[..]));
        assert_ne!(all[1], all[0]);
        assert!(all[2] == *b"run-.log".as_slice() && all[2] != *b"run-log".as_slice());
        assert_eq!((all[2].len(), all[2].iter().count()), (8, 8));
    }
}
