//! The terminal: taken once, given back in every case.

use std::io::{self, IsTerminal, Stdout, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

use crate::sys;

/// Whether the terminal is ours now. Giving it back twice would draw over somebody else's screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether there is a person at a terminal at all. If an import comes through standard input, keys do not.
pub fn is_there(piped: bool) -> bool {
    if !piped && !io::stdin().is_terminal() {
        return false;
    }
    sys::tty::has_keys() && io::stdout().is_terminal()
}

/// The terminal while it is ours.
pub struct Terminal {
    screen: ratatui::Terminal<CrosstermBackend<Stdout>>,
    lost: Arc<AtomicBool>,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// What the system says; then the terminal is as it was.
    pub fn enter() -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        // Colors are ours to decide: crossterm would turn each into a full reset under NO_COLOR.
        crossterm::style::force_color_output(true);
        let screen = ratatui::Terminal::new(CrosstermBackend::new(stdout())).inspect_err(|_| give_back())?;
        let lost = Arc::new(AtomicBool::new(false));
        watch(&lost);
        Ok(Self { screen, lost })
    }

    /// Draws a frame. A terminal that takes nothing any more is lost.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) {
        if self.is_lost() {
            return;
        }
        let drawn = execute!(stdout(), BeginSynchronizedUpdate)
            .and_then(|()| self.screen.draw(render).map(|_| ()))
            .and_then(|()| execute!(stdout(), EndSynchronizedUpdate));
        if drawn.is_err() {
            self.lose();
        }
    }

    /// Draws everything anew with the next frame. The library's own way would first ask the terminal where its
    /// cursor is, and wait for an answer that the thread reading keys takes.
    pub fn clear(&mut self) {
        match ratatui::Terminal::new(CrosstermBackend::new(stdout())) {
            Ok(screen) => self.screen = screen,
            Err(_) => self.lose(),
        }
        if execute!(stdout(), Clear(ClearType::All)).is_err() {
            self.lose();
        }
    }

    /// Whether nobody is there any more.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Notes that nobody is there any more.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// Throws away what was typed and not read yet.
    pub fn forget_typed(&self) {
        sys::tty::forget_typed();
    }

    /// Puts text on the clipboard of the terminal, if it allows that.
    pub fn copy(&self, text: &str) {
        let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(text));
    }

    /// Gives the terminal back, stops as Ctrl-Z would, and takes it again when continued.
    pub fn suspend(&mut self) {
        give_back();
        sys::signals::suspend();
        if take().is_err() {
            self.lose();
            return;
        }
        self.clear();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide).inspect_err(|_| give_back())
}

/// Gives the terminal back, once.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }
}

/// A panic of the thread that draws gives the terminal back before it is told. One of a worker is caught there and
/// becomes a message; printing it now would tear the screen.
fn give_back_on_panic() {
    let owner = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == owner {
            give_back();
            before(info);
        } else if !TAKEN.load(Ordering::SeqCst) {
            before(info);
        }
    }));
}

/// Looks once a second whether the terminal hung up: the library that reads keys would not notice.
fn watch(lost: &Arc<AtomicBool>) {
    let lost = Arc::clone(lost);
    let _ = std::thread::Builder::new().name("hang-up".into()).spawn(move || {
        while !lost.load(Ordering::Relaxed) {
            if sys::tty::hung_up(Duration::from_secs(1)) {
                lost.store(true, Ordering::Relaxed);
            }
        }
    });
}
