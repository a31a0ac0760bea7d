//! The log: what was done, line by line, in a file that only grows (`actions.jsonl` in the state folder).
//!
//! What is about to happen to a thing is written before it happens, what became of it right after: so whoever reads it
//! after a crash knows what was in hand. It never makes an action fail, and it is never a reason to act: what it says
//! is held against the disk first.

pub mod files;
pub mod line;
pub mod run;

use std::time::Duration;

use crate::env::Env;
use crate::sys::alive::Process;
use crate::sys::mounts;
use files::{Store, Wrote};
pub use line::{Back, Became, Event, Line, What};

/// So long the folder of the log has to answer. After that the run goes on without it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lines of one run, as they are written.
#[derive(Debug)]
pub struct Log {
    /// None if nothing is written.
    store: Option<Store>,
    begun: Line,
    why: Option<String>,
}

impl Log {
    /// A log that writes nothing.
    pub fn off() -> Self {
        Self { store: None, begun: Line::default(), why: None }
    }

    /// Begins a run: how many things it is about, and how many bytes it is to give back.
    pub fn begin(env: &Env, run: &str, what: What, things: usize, bytes: u64) -> Self {
        let begun = Line {
            bytes: Some(bytes),
            files: Some(things as u64),
            uid: Some(env.uid()),
            by: Some(Process::own().into()),
            ..Line::now(run, Event::Begin, what)
        };
        let text = begun.text();
        let mut store = Store::of(env);
        // A home on a server that does not answer must not hold up what was asked for.
        let store = mounts::within(PATIENCE, move || {
            store.settle();
            store.write(&text, false);
            store
        });
        let why = store.is_none().then(|| "its folder does not answer".to_string());
        Self { store, begun, why }
    }

    /// A line of this run.
    pub fn line(&self, event: Event) -> Line {
        Line { uid: self.begun.uid, ..Line::now(&self.begun.run, event, self.begun.what) }
    }

    /// Writes what is about to happen, and waits until it is on the disk.
    pub fn ahead(&mut self, lines: &[Line]) {
        let text: Vec<u8> = lines.iter().flat_map(Line::text).collect();
        self.write(&text, true);
    }

    /// Writes what became of something.
    pub fn done(&mut self, line: &Line) {
        self.write(&line.text(), false);
    }

    fn write(&mut self, text: &[u8], durable: bool) {
        if let Some(store) = &mut self.store
            && store.write(text, durable) == Wrote::Anew
        {
            // Who does this must be known from what is left of the log, too.
            store.write(&self.begun.text(), false);
        }
    }

    /// Ends the run. Says why the log could not be written, if so.
    pub fn end(mut self, stopped: bool, measured: Vec<Back>) -> Option<String> {
        let end = Line { stopped: Some(stopped), measured, ..self.line(Event::End) };
        self.write(&end.text(), false);
        let store = self.store.as_mut();
        store.and_then(Store::settle).or(self.why)
    }
}

/// Everything the log says, the oldest first.
pub fn read(env: &Env) -> Vec<Line> {
    let mut lines: Vec<Line> = Store::of(env).read().iter().filter_map(|l| Line::read(l)).collect();
    lines.sort_by(|a, b| a.at.cmp(&b.at));
    lines
}

/// What it says of the begins and ends of runs alone, which is little of it.
pub fn read_runs(env: &Env) -> Vec<Line> {
    let is_of_run = |l: &[u8]| {
        let head = &l[..l.len().min(160)];
        [&b"\"event\":\"begin\""[..], b"\"event\":\"end\""]
            .iter()
            .any(|w| head.windows(w.len()).any(|h| h == *w))
    };
    let all = Store::of(env).read();
    all.iter().filter(|l| is_of_run(l)).filter_map(|l| Line::read(l)).collect()
}

/// Notes that a run is over that could not say so itself.
pub fn close(env: &Env, runs: &[(String, What)]) {
    let mut store = Store::of(env);
    for (run, what) in runs {
        let reason = Some("it was interrupted".to_string());
        store.write(&Line { reason, ..Line::now(run, Event::End, *what) }.text(), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn a_run_is_written_as_it_goes_and_read_back() {
        let tmp = tempfile::tempdir().expect("a folder");
        let env = Env::fixed(tmp.path().join("home"));
        assert!(read(&env).is_empty() && !env.state().exists(), "reading writes nothing");
        let mut log = Log::begin(&env, "0a0b0c0d", What::Delete, 1, 4096);
        log.ahead(&[log.line(Event::Step).about(Path::new("/x/y"))]);
        assert_eq!(read(&env).len(), 2);
        log.done(&log.line(Event::Done).about(Path::new("/x/y")).became(Became::Deleted, None));
        let back = Back { mount: "/".into(), estimated: 4096, measured: Some(4096) };
        assert_eq!(log.end(false, vec![back.clone()]), None);
        let lines = read(&env);
        let events: Vec<Event> = lines.iter().map(|l| l.event).collect();
        assert_eq!(events, [Event::Begin, Event::Step, Event::Done, Event::End]);
        assert_eq!(lines[2].path().as_deref(), Some(Path::new("/x/y")));
        assert_eq!((lines[3].measured.as_slice(), lines[3].stopped), (&[back][..], Some(false)));
        assert!(lines.windows(2).all(|w| w[0].at <= w[1].at));
        let mode = |p: &Path| p.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(env.state()), mode(&env.state().join(files::NAME))), (0o700, 0o600));
    }

    #[test]
    fn a_log_that_cannot_be_written_says_so_and_nothing_fails() {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().join("home");
        std::fs::create_dir_all(home.join(".local")).expect("made");
        std::fs::write(home.join(".local/state"), b"no folder").expect("written");
        let env = Env::fixed(&home);
        let mut log = Log::begin(&env, "0a0b0c0d", What::Delete, 1, 4096);
        log.ahead(&[log.line(Event::Step)]);
        log.done(&log.line(Event::Done));
        assert!(log.end(false, Vec::new()).is_some());
        assert!(read(&env).is_empty());
        // While it runs the place may come back: then nothing is lost.
        let mut log = Log::begin(&env, "0a0b0c0e", What::Delete, 1, 4096);
        log.done(&log.line(Event::Done));
        std::fs::remove_file(home.join(".local/state")).expect("removed");
        assert_eq!(log.end(false, Vec::new()), None);
        assert_eq!(read(&env).len(), 3);
    }
}
