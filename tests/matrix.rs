//! The fault matrix: everything that can be wrong with a disk, a name, a right or a moment, and what removal does then.
//! `tests/README.md` has the table. After each of them the same things must hold: `common/invariants.rs`.
//!
//! What needs root is run by `.ci/run` in a mount namespace; by hand:
//! `unshare -m --propagation private cargo test --test matrix -- --ignored`

#[path = "common/apart.rs"]
mod apart;
#[path = "matrix/borders.rs"]
mod borders;
#[path = "matrix/deep.rs"]
mod deep;
#[path = "matrix/endings.rs"]
mod endings;
#[path = "matrix/full_disks.rs"]
mod full_disks;
#[path = "common/ground.rs"]
mod ground;
#[path = "common/hands.rs"]
mod hands;
#[path = "common/invariants.rs"]
mod invariants;
#[path = "matrix/names.rs"]
mod names;
#[path = "matrix/power.rs"]
mod power;
#[path = "common/pty.rs"]
mod pty;
#[path = "matrix/races.rs"]
mod races;
#[path = "matrix/rights.rs"]
mod rights;
#[path = "matrix/strangers.rs"]
mod strangers;
#[path = "matrix/terminal.rs"]
mod terminal;
#[path = "common/world.rs"]
mod world;
