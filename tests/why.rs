//! Why it cannot be saved: each cause made to happen on a real mount, told by the real program, and cured in the way it
//! names; then it says that all is well, and a real write shows it. `tests/README.md` has the table.
//!
//! What needs root is run by `.ci/run` in a mount namespace; by hand:
//! `unshare -m --propagation private cargo test --test why -- --ignored`. Those of Jupyter want `MLDU_PYTHON` as well, a
//! python with `tests/interop/requirements.txt`, or `--skip jupyter`.

#[path = "why/closed.rs"]
mod closed;
#[path = "why/containers.rs"]
mod containers;
#[path = "why/desk.rs"]
mod desk;
#[path = "why/full.rs"]
mod full;
#[path = "common/ground.rs"]
mod ground;
#[path = "why/hanging.rs"]
mod hanging;
#[path = "why/jupyter.rs"]
mod jupyter;
#[path = "common/pty.rs"]
mod pty;
#[path = "why/server.rs"]
mod server;
#[path = "common/world.rs"]
mod world;
