//! `mldu -o FILE`: scan, and write the tree for `mldu -f`, ncdu or gdu. And opening what `-f` names.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use super::{Exit, complain, lost, warn};
use crate::model::inventory::ScanState;
use crate::report::ncdu;
use crate::scan::{Import, Session};
use crate::settings::Settings;
use crate::sys::input::Input;
use crate::sys::{self, replace};
use crate::text;

/// The name of standard input and output.
const PIPE: &str = "-";

/// Scans and writes.
pub fn run(settings: &Settings, file: &Path) -> Exit {
    for problem in settings.scan.families.problems() {
        warn(problem);
    }
    let session = match Session::new(settings.scan.clone()) {
        Ok(session) => session,
        Err(e) => return complain(&format!("no thread could be started: {e}")),
    };
    let inventory = session.run_until(sys::signals::asked_to_stop());
    if let Some(why) = lost(&inventory, settings) {
        return complain(&format!("{why}; nothing was exported"));
    }
    if inventory.state == ScanState::Stopped {
        let _ = complain("stopped; nothing was exported");
        return Exit::Signal(sys::signals::last().unwrap_or(2));
    }
    let host = match &inventory.imported {
        Some(import) => import.host.clone(),
        None => sys::user::host(),
    };
    let author = ncdu::Author { now: settings.now, host: &host };
    let written = if file == Path::new(PIPE) {
        let mut out = io::BufWriter::with_capacity(256 * 1024, io::stdout().lock());
        ncdu::write(&inventory, author, &mut out).and_then(|()| out.flush())
    } else {
        replace::write(file, |mut out| ncdu::write(&inventory, author, &mut out))
    };
    match written {
        Ok(()) => Exit::Done,
        Err(e) => complain(&format!("{}: {}", name(file, "standard output"), ncdu::trouble(&e))),
    }
}

/// Opens an export. From a pipe it waits for the first byte: until then the terminal belongs to whoever writes into
/// it, who may have to ask for a password.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn open(file: &Path) -> Result<Import, String> {
    let piped = file == Path::new(PIPE);
    let input = if piped {
        if io::stdin().is_terminal() {
            return Err(
                "-f - reads an export from a pipe, and there is none: ssh box mldu -o - | mldu -f -".into()
            );
        }
        Input::stdin()
    } else {
        Input::open(file)
    };
    let input = input.map_err(|e| format!("{}: {e}", name(file, "standard input")))?;
    while !input.wait(Duration::from_mins(1)) {}
    Ok(Import::new(if piped { Path::new("standard input") } else { file }, piped, input))
}

fn name(file: &Path, pipe: &str) -> String {
    if file == Path::new(PIPE) { pipe.into() } else { text::path(file) }
}
