//! What the papers show does what they say: every `mldu …` line in them is one the program takes, and the examples in
//! `assets/examples` work with the programs they are for.

#[path = "examples/machines.rs"]
mod machines;
#[path = "examples/programs.rs"]
mod programs;
#[path = "examples/shown.rs"]
mod shown;
