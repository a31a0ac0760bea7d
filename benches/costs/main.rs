//! What the parts of mldu cost, each for itself: `cargo bench --bench costs`. Every name says what goes in, and how
//! much of it. Nothing here fails for being slow; `benches/README.md` says what to make of the numbers.

mod families;
mod folder;
mod input;
mod merge;
mod plan;
mod rows;
mod walk;

#[path = "../trees/mod.rs"]
mod trees;

use criterion::Criterion;
use input::Input;
use trees::Shape;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // A few parts of a second each; nothing is left of them at the end.
    let small = Input::make(Shape::Small, 1.0);
    let hub = Input::make(Shape::Hub, 1.0);
    let conda = Input::make(Shape::Conda, 0.5);
    walk::bench(&mut criterion, &small);
    merge::bench(&mut criterion, &conda);
    rows::bench(&mut criterion);
    plan::bench(&mut criterion, &hub);
    families::bench(&mut criterion, &hub, &conda);
    criterion.final_summary();
}
