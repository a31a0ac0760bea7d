//! mldu against the libraries themselves: caches they really made, names and sizes, and that each of them still works
//! after mldu removed what it calls safe, and fetches again what mldu says it fetches again.
//!
//! Each test runs a maker (`tests/interop/*.py`), which needs no network: what it downloads comes from this machine.
//! `python3 -m venv V && V/bin/pip install -r tests/interop/requirements.txt`, then
//! `MLDU_PYTHON=$PWD/V/bin/python cargo test --test interop -- --ignored`

#[path = "interop/client.rs"]
mod client;
#[path = "interop/data.rs"]
mod data;
#[path = "interop/environments.rs"]
mod environments;
#[path = "interop/libraries.rs"]
mod libraries;
#[path = "interop/lists.rs"]
mod lists;
#[path = "interop/packages.rs"]
mod packages;
#[path = "interop/trackers.rs"]
mod trackers;
#[path = "interop/training.rs"]
mod training;
#[path = "interop/while_in_trash.rs"]
mod while_in_trash;
#[path = "common/world.rs"]
mod world;
