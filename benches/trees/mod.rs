//! Trees to measure on: what lies on a machine-learning box, made of a seed, with files that are what their names
//! say wherever mldu looks into them. `examples/make_tree.rs` makes them from the shell.
//!
//! The files themselves are made by the demo's own [`Maker`], and a box begins with all that the demo shows; what is
//! here adds the mass. Large files have a length and no blocks.
#![allow(dead_code, reason = "each program uses its own part of it")]

mod conda;
mod deep;
mod hub;
mod random;
mod runs;
mod sources;

use std::io;
use std::path::Path;

use mldu::demo::{self, Maker};
use random::Random;

/// When all trees are made, seconds since 1970: long ago, so that nothing in them looks as if it were in use.
pub const NOW: i64 = 1_735_689_600;

/// What there is to make, with what `--help` says of it.
pub const SHAPES: &[(&str, Shape, &str)] = &[
    ("box", Shape::Box, "all that a machine-learning box holds, about a million entries at scale 1"),
    ("small", Shape::Small, "the same, a fiftieth of it"),
    ("wide", Shape::Wide, "a million files in one folder"),
    ("deep", Shape::Deep, "folders in folders, far beyond the longest path the system takes"),
    ("hub", Shape::Hub, "a Hugging Face cache alone"),
    ("conda", Shape::Conda, "conda's packages and environments alone"),
];

/// What a tree looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All there is.
    Box,
    /// The same, a fiftieth of it.
    Small,
    /// Many files in one folder.
    Wide,
    /// Folders in folders.
    Deep,
    /// A Hugging Face cache.
    Hub,
    /// Conda's packages and environments.
    Conda,
}

/// Makes a tree in a folder that is there and empty, and says how many entries it has. Shape, scale and seed alone
/// decide about names, sizes and links.
///
/// # Errors
/// What the system says.
pub fn make(shape: Shape, root: &Path, scale: f64, seed: u64) -> io::Result<u64> {
    let mut forge = Forge {
        maker: Maker::new(root, NOW, 1.0).hollow(),
        random: Random::new(seed),
        scale: if shape == Shape::Small { scale * 0.02 } else { scale },
    };
    match shape {
        Shape::Box | Shape::Small => whole(&mut forge)?,
        Shape::Wide => wide(&mut forge)?,
        Shape::Deep => return deep::fill(root, &mut forge),
        Shape::Hub => hub::fill(&mut forge)?,
        Shape::Conda => conda::fill(&mut forge)?,
    }
    forge.maker.days(20).age_folders()?;
    Ok(forge.maker.made())
}

fn whole(forge: &mut Forge) -> io::Result<()> {
    demo::fill(&mut forge.maker)?;
    conda::fill(forge)?;
    hub::fill(forge)?;
    sources::fill(forge)?;
    runs::fill(forge)
}

fn wide(forge: &mut Forge) -> io::Result<()> {
    for i in 0..forge.count(1_000_000) {
        forge.maker.text(&format!("sample_{i:08}.jpg"), b"")?;
    }
    Ok(())
}

/// What makes a tree.
struct Forge {
    maker: Maker,
    random: Random,
    scale: f64,
}

impl Forge {
    /// So many at scale 1, and at least one.
    fn count(&self, at_full_scale: u64) -> u64 {
        ((at_full_scale as f64 * self.scale) as u64).max(1)
    }

    /// A small file with some text in it.
    fn some_text(&mut self, path: &str) -> io::Result<()> {
        let length = self.random.below(TEXT.len() as u64) as usize;
        self.maker.text(path, &TEXT[..length])
    }

    /// A file of weights with a header that says where they end.
    fn weights(&mut self, path: &str, mib: u64) -> io::Result<()> {
        let length = self.maker.length(mib * 1024);
        let header = |bytes: u64| {
            format!(r#"{{"weight":{{"dtype":"U8","shape":[{bytes}],"data_offsets":[0,{bytes}]}}}}"#)
        };
        // The header is padded, so that its own length does not depend on the number in it.
        let header = format!("{:<120}", header(length - 128));
        let head = [&120_u64.to_le_bytes()[..], header.as_bytes()].concat();
        self.maker.file(path, mib * 1024, &head, b"").map(|_| ())
    }
}

const LINE: &[u8] = b"import os\n\n\ndef f(x):\n    return x\n\n";

/// What small files are cut from.
static TEXT: [u8; 4096] = {
    let mut text = [0; 4096];
    let mut i = 0;
    while i < text.len() {
        text[i] = LINE[i % LINE.len()];
        i += 1;
    }
    text
};
