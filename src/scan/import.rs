//! A tree that was written by `mldu -o`, `ncdu -o` or `gdu -o`, in place of a walk: the same events, so that the rest
//! of the program does not know the difference.
//!
//! Nothing of this machine's disk is looked at: stores are recognized by names and places in the tree alone, and what
//! a family would read is not there.

mod build;
mod document;
mod lexer;
mod meaning;
mod places;
mod recognized;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::model::inventory::{Imported, Progress, ScanEvent};
use crate::model::links::LinkTable;
use crate::model::problem::Problem;
use crate::sys::input::Input;
use crate::text;
use build::Builder;
use document::{Document, Piece};
use lexer::Broken;

/// The operation of the problem that says why an import came to nothing.
pub const OPERATION: &str = "import";

/// How long a read waits before it looks whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(100);

/// An opened export.
#[derive(Debug)]
pub struct Import {
    /// What it is called.
    pub name: PathBuf,
    /// Whether it comes through standard input, so that keys cannot.
    pub piped: bool,
    input: Mutex<Option<Input>>,
}

impl Import {
    /// An export to read, once.
    pub fn new(name: impl Into<PathBuf>, piped: bool, input: Input) -> Self {
        Self { name: name.into(), piped, input: Mutex::new(Some(input)) }
    }
}

/// Reads from an input that may have nothing to say for long, for as long as it is wanted.
struct Patient<'a> {
    input: Input,
    cancel: &'a AtomicBool,
}

impl io::Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(io::Error::other("stopped"));
            }
            if self.input.wait(PATIENCE) {
                match self.input.read(buffer) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    other => return other,
                }
            }
        }
    }
}

/// Reads an export to its end and sends what is in it. A broken one is a problem with the operation [`OPERATION`].
pub fn run(import: &Import, links: &Arc<LinkTable>, now: i64, sink: &Sender<ScanEvent>, cancel: &AtomicBool) {
    let began = Instant::now();
    let input = import.input.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut stopped = true;
    if let Some(input) = input {
        let read = read(import, Patient { input, cancel }, links, now, began, sink, cancel);
        stopped = read.is_err() || cancel.load(Ordering::Relaxed);
        if let Err(broken) = read
            && !cancel.load(Ordering::Relaxed)
        {
            let _ = sink.send(ScanEvent::Problem(Problem::new(&import.name, OPERATION, broken)));
        }
    }
    let _ = sink.send(ScanEvent::Finished { stopped });
}

fn read(
    import: &Import,
    input: Patient<'_>,
    links: &Arc<LinkTable>,
    now: i64,
    began: Instant,
    sink: &Sender<ScanEvent>,
    cancel: &AtomicBool,
) -> Result<(), Broken> {
    let (mut document, head) = Document::open(input)?;
    let by = head.program();
    let at = head.timestamp;
    let _ = sink.send(ScanEvent::Imported(Imported {
        from: text::path(&import.name),
        by,
        at,
        host: head.host.clone(),
    }));
    let mut builder = Builder::new(links, sink, head.is_gdu());
    let mut told = began;
    loop {
        let piece = match document.next() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            // What came until it was stopped is kept.
            Err(_) if cancel.load(Ordering::Relaxed) => break,
            Err(broken) => return Err(broken),
        };
        let taken = match piece {
            Piece::Open => builder.open(&document.entry),
            Piece::File => builder.file(&document.entry),
            Piece::Close => {
                builder.close();
                Ok(())
            }
        };
        taken.map_err(|what| document.broken(what))?;
        if told.elapsed() >= PATIENCE {
            told = Instant::now();
            if cancel.load(Ordering::Relaxed) {
                break;
            }
            let seconds = began.elapsed().as_secs_f64();
            let _ =
                sink.send(ScanEvent::Progress(Progress { seconds, phase: "import", ..builder.counted() }));
        }
    }
    let counted = builder.counted();
    let found = builder.finish();
    if !cancel.load(Ordering::Relaxed) {
        // Whether something was being written is to be told by the time of the export.
        recognized::send(found, links, at.unwrap_or(now), sink, cancel);
    }
    let seconds = began.elapsed().as_secs_f64();
    let _ = sink.send(ScanEvent::Progress(Progress { seconds, ..counted }));
    Ok(())
}
