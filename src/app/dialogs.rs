//! The keys of everything that is not the main view: the filter line, the plan, emptying, pages of text.

use tui_input::{Input, InputRequest};

use super::App;
use super::action::Action;
use super::event::Effect;
use super::keymap::{self, Key};
use super::mode::{Asked, Confirm, DELETE, EMPTY, Mode};
use crate::model::marks::Mark;
use crate::removal::empty::Empty;
use crate::removal::execute::Progress;
use crate::removal::restore::Offer;

impl App {
    /// Gives a key to whatever is on the screen.
    pub(super) fn key(&mut self, key: Key, burst: bool) -> Option<Effect> {
        match (&mut self.mode, key) {
            (_, Key::Ctrl('z')) => Some(Effect::Suspend),
            (_, Key::Ctrl('l')) => Some(Effect::Redraw),
            (Mode::Browse, _) => keymap::action(key).and_then(|a| self.act(a)),
            (Mode::Filter(_), _) => self.filter_key(key),
            (Mode::Free { .. }, _) => self.free_key(key),
            (
                Mode::Details { scroll, .. }
                | Mode::Trashed { scroll, .. }
                | Mode::Undone { scroll, .. }
                | Mode::Help(scroll)
                | Mode::Done { scroll, .. },
                _,
            ) => {
                if scrolled(scroll, key) {
                    return None;
                }
                match key {
                    Key::Char('u') if matches!(self.mode, Mode::Done { .. }) => {
                        self.mode = Mode::Browse;
                        self.act(Action::Undo)
                    }
                    Key::Char('E') if matches!(self.mode, Mode::Done { .. }) => {
                        self.mode = Mode::Browse;
                        self.act(Action::EmptyTrash)
                    }
                    Key::Char('b') if !burst && matches!(self.mode, Mode::Undone { .. }) => {
                        self.bring_after_all(Offer::Beside)
                    }
                    Key::Char('p') if !burst && matches!(self.mode, Mode::Undone { .. }) => {
                        self.bring_after_all(Offer::Rest)
                    }
                    Key::Esc | Key::Enter | Key::Left | Key::Char('q' | 'h' | 'i' | '?') | Key::Ctrl('c') => {
                        self.mode = Mode::Browse;
                        None
                    }
                    _ => None,
                }
            }
            (Mode::Looking, Key::Esc | Key::Ctrl('c') | Key::Char('q')) => {
                self.mode = Mode::Browse;
                None
            }
            (Mode::Confirm(_), _) => self.confirm_key(key, burst),
            (
                Mode::Removing { stopping, .. } | Mode::Resuming { stopping, .. },
                Key::Esc | Key::Ctrl('c'),
            ) => {
                *stopping = true;
                Some(Effect::StopRemoval)
            }
            (Mode::Looking | Mode::Removing { .. } | Mode::Resuming { .. }, _) => None,
            (Mode::Interrupted { .. }, _) => self.interrupted_key(key, burst),
            (Mode::Why(_), _) => self.why_key(key),
            (Mode::ConfirmEmpty { .. }, _) => self.empty_key(key),
            (Mode::ConfirmQuit, Key::Char('y' | 'q') | Key::Ctrl('c')) if !burst => Some(Effect::Quit),
            (Mode::ConfirmQuit, _) => {
                self.mode = Mode::Browse;
                None
            }
        }
    }

    fn filter_key(&mut self, key: Key) -> Option<Effect> {
        let Mode::Filter(input) = &mut self.mode else { return None };
        match key {
            Key::Esc => {
                self.mode = Mode::Browse;
                self.show_all();
            }
            Key::Enter => self.mode = Mode::Browse,
            Key::Ctrl('c') => {
                self.mode = Mode::Browse;
                return None;
            }
            Key::Up => return self.act(Action::Up),
            Key::Down => return self.act(Action::Down),
            _ => {
                edit(input, key);
                let text = input.value().to_lowercase();
                self.search(text);
            }
        }
        None
    }

    fn confirm_key(&mut self, key: Key, burst: bool) -> Option<Effect> {
        let Mode::Confirm(confirm) = &mut self.mode else { return None };
        let nothing_to_do = confirm.plan().is_empty();
        match (&mut confirm.asked, key) {
            (Asked::Nothing, Key::Esc | Key::Char('q') | Key::Ctrl('c')) => {
                self.mode = Mode::Browse;
                None
            }
            (_, Key::Esc | Key::Ctrl('c')) => {
                confirm.asked = Asked::Nothing;
                None
            }
            (Asked::Nothing, Key::Char(c @ '1'..='3')) => {
                confirm.chosen = c as usize - '1' as usize;
                confirm.cursor = confirm.cursor.min(confirm.plan().lines.len().saturating_sub(1));
                None
            }
            (Asked::Nothing, Key::Up | Key::Char('k')) => {
                confirm.cursor = confirm.cursor.saturating_sub(1);
                None
            }
            (Asked::Nothing, Key::Down | Key::Char('j')) => {
                confirm.cursor = (confirm.cursor + 1).min(confirm.plan().lines.len().saturating_sub(1));
                None
            }
            (Asked::Nothing, Key::Char(' ')) => {
                // What is dropped changes what everything else gives back: look and plan anew.
                let (plan, line) = (confirm.plan(), confirm.cursor);
                let mark = plan.lines.get(line).map(|l| l.mark)?;
                let whole = |n| plan.steps().iter().any(|s| s.line() == line && s.target().node == n);
                match mark {
                    // A folder that goes as one takes the items in it along, so they are dropped with it.
                    Mark::Node(node) if whole(node) => self.marks.unmark_place(&self.inventory, node),
                    mark => self.marks.remove(mark),
                }
                self.status.count_marked(&self.inventory, &self.marks);
                self.mode = Mode::Browse;
                if self.marks.is_empty() { None } else { self.begin_plan() }
            }
            (Asked::Nothing, Key::Char('w')) => {
                self.begin_save();
                None
            }
            (Asked::File(_), _) => self.save_key(key),
            (Asked::Nothing, Key::Enter) if !nothing_to_do => {
                confirm.asked =
                    if confirm.plan().is_final() { Asked::Word(Input::default()) } else { Asked::YesNo };
                None
            }
            (Asked::Nothing, _) => None,
            (Asked::YesNo, Key::Char('y' | 'Y')) if !burst => self.go(),
            (Asked::YesNo, _) => {
                confirm.asked = Asked::Nothing;
                None
            }
            (Asked::Word(word), Key::Enter) => {
                if word.value() == DELETE {
                    return self.go();
                }
                confirm.asked = Asked::Nothing;
                self.status.say("nothing was removed: the word was not typed");
                None
            }
            (Asked::Word(word), key) => {
                edit(word, key);
                None
            }
        }
    }

    /// The plan on the screen is carried out.
    fn go(&mut self) -> Option<Effect> {
        let Mode::Confirm(confirm) = std::mem::replace(&mut self.mode, Mode::Browse) else { return None };
        let Confirm { plans, chosen, .. } = *confirm;
        let plan = plans.into_iter().nth(chosen)?;
        let progress = Progress { of: plan.steps().len(), ..Progress::default() };
        self.mode = Mode::Removing { plan: Some(Box::new(plan.clone())), progress, stopping: false };
        Some(Effect::Remove(Box::new(plan)))
    }

    /// Asks before the trash is emptied.
    pub(super) fn begin_empty(&mut self) {
        let empty = Empty::plan(&self.status.trash, |_| true);
        if let Some(why) = self.refusal() {
            self.status.say(why);
        } else if empty.things().is_empty() {
            self.status.say("mldu has nothing in the trash");
        } else {
            self.mode = Mode::ConfirmEmpty { empty: Box::new(empty), word: Input::default(), scroll: 0 };
        }
    }

    fn empty_key(&mut self, key: Key) -> Option<Effect> {
        let Mode::ConfirmEmpty { empty, word, scroll } = &mut self.mode else { return None };
        match key {
            Key::Esc | Key::Ctrl('c') => self.mode = Mode::Browse,
            Key::Up => *scroll = scroll.saturating_sub(1),
            Key::Down => *scroll += 1,
            Key::Enter if word.value() == EMPTY => {
                let empty = empty.clone();
                let progress = Progress { of: empty.things().len(), ..Progress::default() };
                self.mode = Mode::Removing { plan: None, progress, stopping: false };
                return Some(Effect::Empty(empty));
            }
            Key::Enter => {
                self.mode = Mode::Browse;
                self.status.say("nothing was removed: the word was not typed");
            }
            _ => edit(word, key),
        }
        None
    }
}

/// Scrolls a page of text; says whether the key was for that.
pub(super) fn scrolled(scroll: &mut usize, key: Key) -> bool {
    match key {
        Key::Down | Key::Char('j') => *scroll += 1,
        Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
        Key::PageDown | Key::Char(' ') | Key::Ctrl('d') => *scroll += 10,
        Key::PageUp | Key::Ctrl('u') => *scroll = scroll.saturating_sub(10),
        Key::Home | Key::Char('g') => *scroll = 0,
        _ => return false,
    }
    true
}

/// Edits a line of text.
pub(super) fn edit(input: &mut Input, key: Key) {
    let request = match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('u') => InputRequest::DeleteLine,
        _ => return,
    };
    input.handle(request);
}
