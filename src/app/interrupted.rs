//! What a killed run left half done, on the screen: which keys finish it or put it back, and what came of that.

use tui_input::Input;

use super::App;
use super::dialogs::edit;
use super::event::Effect;
use super::keymap::Key;
use super::mode::{AskedHalf, DELETE, Mode};
use crate::removal::execute::Progress;
use crate::removal::interrupted::{Interrupted, Kind, Resumed, mark_rest, seen};
use crate::text;

impl App {
    /// Shows what is half done.
    pub(super) fn begin_interrupted(&mut self) {
        if self.status.interrupted.is_empty() {
            self.status.say("nothing that mldu knows of was interrupted");
        } else {
            self.mode = Mode::Interrupted { cursor: 0, asked: AskedHalf::Nothing };
        }
    }

    /// Asks for what is half done, now that everything was read.
    pub(super) fn find_interrupted(&self) -> Option<Effect> {
        self.inventory.imported.is_none().then(|| Effect::FindInterrupted(seen(&self.inventory)))
    }

    /// What is half done, as it is now.
    pub(super) fn interrupted(&mut self, all: Vec<Interrupted>) {
        self.status.interrupted = all;
        let count = self.status.interrupted.len();
        if let Mode::Interrupted { cursor, asked } = &mut self.mode {
            // The question was about something else, perhaps.
            *asked = AskedHalf::Nothing;
            *cursor = (*cursor).min(count.saturating_sub(1));
            if count == 0 {
                self.mode = Mode::Browse;
            }
        }
    }

    pub(super) fn interrupted_key(&mut self, key: Key, burst: bool) -> Option<Effect> {
        let refusal = self.refusal();
        let Mode::Interrupted { cursor, asked } = &mut self.mode else { return None };
        let all = &self.status.interrupted;
        let Some(it) = all.get(*cursor) else {
            self.mode = Mode::Browse;
            return None;
        };
        match (asked, key) {
            (AskedHalf::Nothing, Key::Esc | Key::Left | Key::Char('q' | 'h') | Key::Ctrl('c')) => {
                self.mode = Mode::Browse;
            }
            (asked, Key::Esc | Key::Ctrl('c')) => *asked = AskedHalf::Nothing,
            (AskedHalf::Nothing, Key::Up | Key::Char('k')) => *cursor = cursor.saturating_sub(1),
            (AskedHalf::Nothing, Key::Down | Key::Char('j')) => *cursor = (*cursor + 1).min(all.len() - 1),
            (asked @ AskedHalf::Nothing, Key::Char(c @ ('f' | 'u'))) => {
                let may = if c == 'f' { &it.finish } else { &it.undo };
                match (refusal, may) {
                    (Some(why), _) => self.status.say(why),
                    (None, Err(why)) => self.status.say(why.clone()),
                    (None, Ok(())) if c == 'u' => *asked = AskedHalf::Undo,
                    (None, Ok(())) if it.kind == Kind::Parts => {
                        let it = it.clone();
                        return self.plan_rest(&it);
                    }
                    (None, Ok(())) => *asked = AskedHalf::Finish(Input::default()),
                }
            }
            (AskedHalf::Nothing, _) => {}
            (AskedHalf::Undo, Key::Char('y' | 'Y')) if !burst => {
                let it = Box::new(it.clone());
                self.resume();
                return Some(Effect::PutBack(it));
            }
            (asked @ AskedHalf::Undo, _) => *asked = AskedHalf::Nothing,
            (AskedHalf::Finish(word), Key::Enter) if word.value() == DELETE => {
                let it = Box::new(it.clone());
                self.resume();
                return Some(Effect::Finish(it));
            }
            (asked @ AskedHalf::Finish(_), Key::Enter) => {
                *asked = AskedHalf::Nothing;
                self.status.say("nothing was removed: the word was not typed");
            }
            (AskedHalf::Finish(word), key) => edit(word, key),
        }
        None
    }

    fn resume(&mut self) {
        self.mode = Mode::Resuming { progress: Progress { of: 1, ..Progress::default() }, stopping: false };
    }

    /// The rest of an item goes by a plan like everything else: what is still at its place is marked, and nothing else.
    fn plan_rest(&mut self, it: &Interrupted) -> Option<Effect> {
        match mark_rest(&self.inventory, it) {
            Ok(marks) => self.marks = marks,
            Err(why) => {
                self.status.say(why);
                return None;
            }
        }
        self.status.count_marked(&self.inventory, &self.marks);
        self.mode = Mode::Browse;
        self.begin_plan()
    }

    /// What came of finishing or putting back.
    pub(super) fn resumed(&mut self, done: Vec<Resumed>) -> Option<Effect> {
        self.mode = Mode::Browse;
        let gone = done.iter().filter(|d| d.deleting && d.failed.is_none());
        let tally = &mut self.status.tally;
        tally.finished += gone.map(|d| d.bytes).sum::<u64>();
        tally.acted |= done.iter().any(|d| d.deleting);
        let last = done.last()?;
        self.status.say(match &last.failed {
            None => format!("{}: no longer half done", text::path(&last.path)),
            Some(why) => format!("{} stays half done: {why}", text::path(&last.path)),
        });
        self.status.tally.failed += done.iter().filter(|d| d.failed.is_some()).count();
        let gone: Vec<_> = done.iter().filter(|d| d.failed.is_none()).map(|d| d.from.clone()).collect();
        self.status.interrupted.retain(|i| !gone.contains(&i.at));
        let paths: Vec<_> = done.into_iter().flat_map(|d| [d.path, d.from]).collect();
        self.reread(&paths)
    }
}
