//! Makes a tree to measure on: `cargo run --release --example make_tree -- box DIR`. What there is, and what for, is
//! in `benches/README.md`.

#[path = "../benches/trees/mod.rs"]
mod trees;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use trees::{SHAPES, Shape};

fn main() -> ExitCode {
    match Request::read(std::env::args().skip(1)).and_then(|request| request.make()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

struct Request {
    shape: Shape,
    root: PathBuf,
    scale: f64,
    seed: u64,
}

impl Request {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut plain, mut scale, mut seed) = (Vec::new(), 1.0, 1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a number"));
            let bad = |e: &dyn std::fmt::Display| format!("{arg}: {e}");
            match arg.as_str() {
                "--scale" => scale = value()?.parse().map_err(|e| bad(&e))?,
                "--seed" => seed = value()?.parse().map_err(|e| bad(&e))?,
                _ if arg.starts_with('-') => return Err(usage()),
                _ => plain.push(arg),
            }
        }
        let [shape, root] = &plain[..] else { return Err(usage()) };
        let shape = SHAPES.iter().find(|(name, ..)| name == shape).ok_or_else(usage)?.1;
        if !(scale > 0.0 && scale <= 1000.0) {
            return Err("the scale is a number above 0, at most 1000".into());
        }
        Ok(Self { shape, root: PathBuf::from(root), scale, seed })
    }

    fn make(&self) -> Result<String, String> {
        let root = Path::new(&self.root);
        let failed = |e: std::io::Error| format!("{}: {e}", root.display());
        std::fs::create_dir(root).map_err(failed)?;
        let began = Instant::now();
        let entries = trees::make(self.shape, root, self.scale, self.seed).map_err(failed)?;
        Ok(format!("{entries} entries in {:.1} s", began.elapsed().as_secs_f64()))
    }
}

fn usage() -> String {
    let mut out =
        String::from("usage: make_tree SHAPE DIR [--scale N] [--seed N]\n\nDIR must not be there yet.\n\n");
    for (name, _, what) in SHAPES {
        out.push_str(&format!("  {name:<6} {what}\n"));
    }
    out
}
