//! The plan on the screen is written to a file, to be looked through and carried out later.

use std::path::{Path, PathBuf};

use tui_input::Input;

use super::App;
use super::dialogs::edit;
use super::event::{Effect, Saved};
use super::keymap::Key;
use super::mode::{Asked, Mode};
use crate::removal::saved::Contents;
use crate::text;

impl App {
    /// Asks for the name of the file.
    pub(super) fn begin_save(&mut self) {
        let name =
            text::rfc3339(self.status.now).and_then(|now| Some(format!("mldu-plan-{}.json", now.get(..10)?)));
        let is_demo = self.context.demo;
        let Mode::Confirm(confirm) = &mut self.mode else { return };
        if is_demo {
            self.status.say("the demo is gone when you leave it: there would be nothing to apply a plan to");
        } else if confirm.plan().is_empty() {
            self.status.say("nothing would go this way, so there is no plan to save");
        } else {
            confirm.asked = Asked::File(Input::new(name.unwrap_or_else(|| "mldu-plan.json".into())));
        }
    }

    /// A key while the name is typed.
    pub(super) fn save_key(&mut self, key: Key) -> Option<Effect> {
        let Mode::Confirm(confirm) = &mut self.mode else { return None };
        let Asked::File(name) = &mut confirm.asked else { return None };
        if key != Key::Enter {
            edit(name, key);
            return None;
        }
        let file = PathBuf::from(name.value().trim());
        confirm.asked = Asked::Nothing;
        if file.as_os_str().is_empty() {
            self.status.say("nothing was saved: the file has no name");
            return None;
        }
        let contents = Contents::of(confirm.plan(), &self.inventory, &self.marks);
        self.status.say("saving …");
        Some(Effect::SavePlan { contents: Box::new(contents), file })
    }

    /// What became of it.
    pub(super) fn saved(&mut self, saved: Saved) {
        match saved {
            Saved::Yes(file) => {
                let file = text::short_path(&file, &self.context.home);
                self.status.say(format!("saved; to do it later: mldu apply {file}"));
            }
            Saved::No { why, instead } => {
                let key = instead.as_ref().map_or("", |_| "; Enter tries it in memory");
                self.status.say(format!("not saved: {why}{key}"));
                let Mode::Confirm(confirm) = &mut self.mode else { return };
                if let (Asked::Nothing, Some(instead)) = (&confirm.asked, instead) {
                    confirm.asked = Asked::File(Input::new(shown(&instead)));
                }
            }
        }
    }
}

/// A path as it can be typed.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
