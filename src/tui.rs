//! The loop that owns the outside world: terminal, threads, disk. It feeds events to the [`App`] and carries out the
//! effects that come back.

mod input;
pub mod terminal;
mod workers;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};

use crate::app::event::{Effect, Event};
use crate::app::mode::Asked;
use crate::app::status::Status;
use crate::app::{App, Context, Mode};
use crate::commands::{Exit, complain, plan, why};
use crate::model::inventory::{Inventory, ScanEvent, ScanState};
use crate::removal::saved::Saved;
use crate::scan::{Scanner, Session, import};
use crate::settings::Settings;
use crate::sys;
use crate::text::{self, Units};
use crate::ui::{self, Theme};
use input::Typed;
use terminal::Terminal;
use workers::Workers;

/// So often the screen is drawn at most, when nobody types.
const FRAME: Duration = Duration::from_millis(100);

/// So long one turn of the loop may take scan results in before it looks at keys again.
const TURN: Duration = Duration::from_millis(8);

/// After a hang-up or TERM the current entry is finished, but not longer than this.
const LAST_BREATH: Duration = Duration::from_millis(800);

/// Runs the interface until the person leaves.
pub fn run(settings: &Settings, context: Context) -> Exit {
    let session = match Session::new(settings.scan.clone()) {
        Ok(session) => session,
        Err(e) => return complain(&format!("no thread could be started: {e}")),
    };
    let stop = sys::signals::asked_to_stop();
    let terminal = match Terminal::enter() {
        Ok(terminal) => terminal,
        Err(e) => return complain(&format!("the terminal cannot be used: {e}")),
    };
    let (exit, status, broken) = Loop::new(settings, context, session, terminal).run(&stop);
    if let Some(why) = broken {
        return complain(&why);
    }
    let line = farewell(&status, settings.units);
    let _ = writeln!(std::io::stdout(), "{}", if settings.ascii { text::ascii(&line) } else { line });
    exit
}

struct Loop<'a> {
    app: App,
    settings: &'a Settings,
    theme: Theme,
    session: Session,
    terminal: Terminal,
    scan: (Sender<ScanEvent>, Receiver<ScanEvent>),
    events: (Sender<Event>, Receiver<Event>),
    typed: Receiver<Typed>,
    workers: Workers,
    scanner: Option<Scanner>,
    /// Keys from before this moment were typed before the dialog was on the screen.
    deaf_until: Instant,
    drawn: Instant,
    dirty: bool,
    urgent: bool,
    /// Whether drawing is to fail, to see that the terminal is given back (`MLDU_PANIC=draw`).
    breaks: bool,
    /// When sums were made last, and what that cost.
    refreshed: (Instant, Duration),
    /// The same for the sums of groups alone.
    grouped: (Instant, Duration),
    /// What the sums that are being made cost so far.
    spent: Duration,
    /// The end of the scan, until all is summed that came before it.
    end: Option<ScanEvent>,
    /// Why the import came to nothing.
    broken: Option<String>,
}

impl<'a> Loop<'a> {
    fn new(settings: &'a Settings, context: Context, session: Session, terminal: Terminal) -> Self {
        let scan = bounded(256);
        let events = unbounded();
        let app = App::new(Inventory::new(session.tree()), context);
        let env = Arc::clone(&settings.scan.env);
        let notebooks = why::folder(&env, &settings.scan.roots);
        let workers = Workers::new(env, events.0.clone(), settings.read_only, notebooks);
        let now = Instant::now();
        Self {
            app,
            settings,
            theme: Theme { colors: settings.colors, ascii: settings.ascii },
            session,
            terminal,
            scan,
            events,
            typed: input::start(),
            workers,
            scanner: None,
            deaf_until: now,
            drawn: now.checked_sub(FRAME).unwrap_or(now),
            dirty: true,
            urgent: true,
            breaks: settings.scan.env.text("MLDU_PANIC") == Some("draw"),
            refreshed: (now, Duration::ZERO),
            grouped: (now, Duration::ZERO),
            spent: Duration::ZERO,
            end: None,
            broken: None,
        }
    }

    fn run(mut self, stop: &std::sync::atomic::AtomicBool) -> (Exit, Status, Option<String>) {
        self.tick();
        self.draw();
        self.scanner = Some(self.session.start(self.scan.0.clone()));
        if self.settings.scan.import.is_none() {
            self.perform(Effect::ReadTrash);
            self.perform(Effect::FindInterrupted(Vec::new()));
        }
        let exit = loop {
            if stop.load(Ordering::Relaxed) {
                break Exit::Signal(sys::signals::last().unwrap_or(1));
            }
            if self.terminal.is_lost() {
                break Exit::Signal(1);
            }
            if sys::signals::asked_to_suspend() {
                self.suspend();
            }
            match self.turn() {
                Some(exit) => break exit,
                None => self.tick(),
            }
            if let Some(exit) = self.refresh() {
                break exit;
            }
            self.draw();
        };
        self.workers.stop(if exit == Exit::Done { None } else { Some(LAST_BREATH) });
        if let Some(scanner) = self.scanner.take() {
            scanner.stop();
        }
        if self.terminal.is_lost() {
            // Nobody is there any more: giving the terminal back would wait for the thread that blocks on it.
            std::mem::forget(self.terminal);
        } else {
            drop(self.terminal);
        }
        (exit, self.app.status, self.broken)
    }

    /// Waits for something to happen and takes it in.
    fn turn(&mut self) -> Option<Exit> {
        let wait = if self.urgent || self.end.is_some() || self.app.inventory.is_refreshing() {
            Duration::ZERO
        } else if self.dirty {
            FRAME.saturating_sub(self.drawn.elapsed())
        } else {
            FRAME
        };
        // A key waits for nothing that can wait.
        if let Ok(typed) = self.typed.try_recv() {
            return self.typed(&typed);
        }
        let (events, typed) = (self.events.1.clone(), self.typed.clone());
        let scan = if self.end.is_some() { never() } else { self.scan.1.clone() };
        select! {
            recv(typed) -> typed => return typed.ok().and_then(|t| self.typed(&t)),
            recv(events) -> event => {
                self.urgent = true;
                return event.ok().and_then(|e| self.update(e));
            }
            recv(scan) -> event => {
                let began = Instant::now();
                let mut next = event.ok();
                while let Some(event) = next {
                    self.broken = broken_import(&event);
                    if self.broken.is_some() {
                        return Some(Exit::Error);
                    }
                    if matches!(event, ScanEvent::Finished { .. }) {
                        self.end = Some(event);
                        break;
                    }
                    // It is measured as a whole, while nobody's key is taken in.
                    let room = matches!(event, ScanEvent::Store(_)).then(|| self.session.make_room());
                    if let Some(exit) = self.update(Event::Scan(event)) {
                        return Some(exit);
                    }
                    drop(room);
                    next = if began.elapsed() < TURN { scan.try_recv().ok() } else { None };
                }
                self.dirty = true;
            }
            default(wait) => self.dirty |= self.app.inventory.state == ScanState::Running,
        }
        None
    }

    fn typed(&mut self, typed: &Typed) -> Option<Exit> {
        self.urgent = true;
        match typed {
            Typed::Key { at, .. } if *at < self.deaf_until => None,
            Typed::Key { key, burst, .. } => self.update(Event::Key { key: *key, burst: *burst }),
            Typed::Paste => self.update(Event::Paste),
            // Even if the size is the same again: in between, the terminal may have cut off what was on it.
            Typed::Resize => self.perform(Effect::Redraw),
            Typed::Lost => {
                self.terminal.lose();
                None
            }
        }
    }

    fn update(&mut self, event: Event) -> Option<Exit> {
        let before = question(&self.app.mode);
        let effect = self.app.update(event);
        if is_dialog(&self.app.mode) && question(&self.app.mode) != before {
            // What was typed before the question is on the screen was not meant for it.
            self.drawn = Instant::now().checked_sub(FRAME).unwrap_or(self.drawn);
            self.urgent = true;
            self.draw();
            self.terminal.forget_typed();
            self.deaf_until = Instant::now();
        }
        input::arm(is_dialog(&self.app.mode));
        effect.and_then(|e| self.perform(e))
    }

    /// Carries an effect out; says so if it is the end.
    fn perform(&mut self, effect: Effect) -> Option<Exit> {
        match effect {
            Effect::Quit => return Some(Exit::Done),
            Effect::Suspend => self.suspend(),
            Effect::Redraw => self.terminal.clear(),
            Effect::StopScan => {
                if let Some(scanner) = &self.scanner {
                    scanner.stop();
                }
            }
            Effect::Rescan(folders) => {
                self.scanner = Some(self.session.again(folders, self.scan.0.clone()));
            }
            Effect::Copy(text) => self.terminal.copy(&text),
            Effect::SavePlan { contents, file } => {
                let (made, scan) = (plan::made(self.settings), plan::scan(self.settings));
                self.workers.save(Saved::new(*contents, made, scan), file);
            }
            other => self.workers.perform(other),
        }
        None
    }

    fn suspend(&mut self) {
        self.terminal.suspend();
        self.urgent = true;
    }

    fn tick(&mut self) {
        let now = match self.settings.fixed_now {
            Some(now) => now,
            None => jiff::Timestamp::now().as_second(),
        };
        let _ = self.app.update(Event::Tick(now));
    }

    /// Brings sums up to date, a piece at a time, so that keys are taken in between; but never spends more than an eighth
    /// of the time on all of them, and on those of groups a quarter. When reading is over, that is told after the sums.
    fn refresh(&mut self) -> Option<Exit> {
        let began = Instant::now();
        let inventory = &self.app.inventory;
        if self.app.has_new_stores() && is_due(self.grouped, 4, Duration::from_millis(50)) {
            let _room = self.session.make_room();
            self.app.refresh_groups();
            self.grouped = (Instant::now(), began.elapsed());
            self.dirty = true;
            return None;
        }
        let over = self.end.is_some() || inventory.state != ScanState::Running;
        let due = over || inventory.is_refreshing() || is_due(self.refreshed, 8, Duration::from_millis(150));
        if inventory.is_stale() && due {
            let _room = self.session.make_room();
            let done = self.app.refresh_some(self.end.is_some(), &mut || began.elapsed() >= TURN);
            self.spent += began.elapsed();
            if !done {
                return None;
            }
            self.refreshed = (Instant::now(), std::mem::take(&mut self.spent));
            self.dirty = true;
        }
        let end = self.end.take()?;
        self.dirty = true;
        self.update(Event::Scan(end))
    }

    fn draw(&mut self) {
        let due = self.dirty && self.drawn.elapsed() >= FRAME;
        if !(self.urgent || due) {
            return;
        }
        let (app, theme, breaks) = (&mut self.app, self.theme, self.breaks);
        self.terminal.draw(|frame| {
            assert!(!breaks, "asked to by MLDU_PANIC");
            let height = ui::list_height(frame.area().height);
            if app.browse.height != height {
                app.browse.height = height;
                app.browse.scroll();
            }
            ui::render(frame, app, theme);
        });
        self.drawn = Instant::now();
        self.dirty = false;
        self.urgent = false;
    }
}

/// Whether enough time has gone since something was done, so that it takes one part in so many at most.
fn is_due((done, cost): (Instant, Duration), parts: u32, least: Duration) -> bool {
    done.elapsed() >= (cost * parts).max(least)
}

/// What is wrong with the export that is read, if it cannot be.
fn broken_import(event: &ScanEvent) -> Option<String> {
    match event {
        ScanEvent::Problem(p) if p.operation == import::OPERATION => {
            Some(format!("{}: {}", text::path(&p.path), text::plain(&p.error)))
        }
        _ => None,
    }
}

/// Whether something is asked that removes.
fn is_dialog(mode: &Mode) -> bool {
    matches!(
        mode,
        Mode::Confirm(_)
            | Mode::ConfirmEmpty { .. }
            | Mode::ConfirmQuit
            | Mode::Interrupted { .. }
            | Mode::Undone { .. }
    )
}

/// Which question is on the screen: each of a plan's is one of its own.
fn question(mode: &Mode) -> (bool, u8) {
    let stage = match mode {
        Mode::Confirm(confirm) => match confirm.asked {
            Asked::Nothing => 0,
            Asked::YesNo => 1,
            Asked::Word(_) => 2,
            Asked::File(_) => 3,
        },
        _ => 0,
    };
    (is_dialog(mode), stage)
}

/// One line after the screen: what was done, and how to get it back.
fn farewell(status: &Status, units: Units) -> String {
    let tally = &status.tally;
    if !tally.acted {
        return "nothing removed".into();
    }
    let size = |n| text::size(n, units);
    let mut line = match &tally.mount {
        Some((path, before, now, used)) => {
            let freed = size(u64::try_from(tally.freed).unwrap_or(0));
            let (before, now) = (size(*before), size(*now));
            format!("freed {freed} on {} ({before} → {now} free, {used}% used)", text::path(path))
        }
        None if tally.finished > 0 => {
            format!("the rest of what was half deleted is gone: {}", size(tally.finished))
        }
        None => "freed 0 B".into(),
    };
    if let (bytes, Some(run)) = status.left_in_trash() {
        line.push_str(&format!("; {} in trash, undo: mldu undo {run}", size(bytes)));
    }
    if let Some(why) = &tally.unlogged {
        line.push_str(&format!("; the log could not be written: {}", text::plain(why)));
    }
    if tally.failed > 0 {
        line.push_str(&format!("; {} not done", text::counted(tally.failed as u64, "step", "steps")));
    }
    line
}
