//! Why it cannot be saved: what was seen where Jupyter writes, what that means, and the keys that help from there.

use std::path::PathBuf;

use super::App;
use super::action::Action;
use super::dialogs::scrolled;
use super::event::Effect;
use super::files::View;
use super::keymap::Key;
use super::mode::Mode;
use crate::diagnose::answer;
use crate::diagnose::facts::Facts;
use crate::diagnose::verdict::{self, Verdict};
use crate::report::why::{self, Answer, Style};

/// The screen.
#[derive(Debug, Default)]
pub struct Why {
    /// What was seen; none before the first look is over.
    pub seen: Option<Seen>,
    /// Whether somebody looks just now.
    pub looking: bool,
    /// Scrolled so far.
    pub scroll: usize,
}

/// What was seen, and what it means.
#[derive(Debug)]
pub struct Seen {
    facts: Facts,
    verdict: Verdict,
    /// What can go where something has to go.
    pub can_go: Option<CanGo>,
}

/// What can go on the mount that is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanGo {
    /// The mount.
    pub mount: PathBuf,
    /// Bytes that are safe, and those to be downloaded again; none if nothing of it was scanned.
    pub bytes: Option<(u64, u64)>,
}

impl Seen {
    /// All of it, as it is shown, printed and copied.
    pub fn answer<'a>(&'a self, host: &'a str) -> Answer<'a> {
        answer::of(host, &self.facts, &self.verdict)
    }

    /// Whether something mldu trashed lies on one of the mounts.
    pub fn has_trash(&self) -> bool {
        self.facts.mounts().iter().any(|m| self.facts.trash.iter().any(|l| l.mount == m.path))
    }
}

impl App {
    /// Opens the screen and has somebody look.
    pub(super) fn ask_why(&mut self) -> Option<Effect> {
        if self.inventory.imported.is_some() {
            self.status.say("this is an import of another machine: run `mldu why` there");
            return None;
        }
        self.mode = Mode::Why(Box::new(Why { looking: true, ..Why::default() }));
        Some(Effect::Diagnose)
    }

    /// Takes in what was seen, if anybody still wants to know.
    pub(super) fn diagnosed(&mut self, facts: Facts) {
        let Mode::Why(why) = &mut self.mode else { return };
        let verdict = verdict::of(&facts, self.context.units);
        why.looking = false;
        why.seen = Some(Seen { facts, verdict, can_go: None });
        self.count_safe();
    }

    /// Counts anew what can go where something has to go, while that is on the screen.
    pub(super) fn count_safe(&mut self) {
        let Mode::Why(why) = &mut self.mode else { return };
        let Some(seen) = &mut why.seen else { return };
        seen.can_go = seen.facts.to_free().map(|full| {
            let mount = full.path.clone();
            let scanned = self.inventory.mounts.iter().any(|m| m.path == mount);
            CanGo { bytes: scanned.then(|| self.inventory.can_go(Some(&mount))), mount }
        });
    }

    pub(super) fn why_key(&mut self, key: Key) -> Option<Effect> {
        let Mode::Why(why) = &mut self.mode else { return None };
        if scrolled(&mut why.scroll, key) {
            return None;
        }
        match key {
            Key::Char('t') if !why.looking => {
                why.looking = true;
                return Some(Effect::Diagnose);
            }
            Key::Char('y') => return self.copy_why(),
            Key::Char('d') => return self.plan_from_why(),
            Key::Char('E') => self.begin_empty(),
            Key::Char('S') => {
                if self.browse.view == View::Trash {
                    // Nothing that lies there is ever safe.
                    self.view(View::Groups);
                }
                return self.act(Action::MarkSafe);
            }
            Key::Char('?') | Key::F1 => self.mode = Mode::Help(0),
            Key::Esc | Key::Enter | Key::Left | Key::Char('q' | 'h' | '!') | Key::Ctrl('c') => {
                self.mode = Mode::Browse;
            }
            _ => {}
        }
        None
    }

    /// The very text that `mldu why` prints.
    fn copy_why(&mut self) -> Option<Effect> {
        let Mode::Why(why) = &self.mode else { return None };
        let seen = why.seen.as_ref()?;
        let style = Style::printed(&self.context.home, self.context.units, false);
        let text = why::text(&seen.answer(&self.context.host), style);
        self.status.say("copied as text, if your terminal allows it");
        Some(Effect::Copy(text))
    }

    /// The plan of what is marked; with nothing marked, to the groups, where that is done.
    fn plan_from_why(&mut self) -> Option<Effect> {
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return None;
        }
        if self.marks.is_empty() {
            self.mode = Mode::Browse;
            self.view(View::Groups);
        }
        self.begin_plan()
    }
}
