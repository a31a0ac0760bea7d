//! Why can it not be saved? [`look`] gathers facts where Jupyter writes, [`verdict`] says what they mean. Facts in,
//! verdicts out: the second is pure, and the screen and the command line show the same [`answer`].

pub mod answer;
pub mod facts;
pub mod look;
mod memory;
mod notebooks;
mod notes;
mod place;
pub mod places;
pub mod verdict;
mod words;
