//! What the keys of the main view do.

use tui_input::Input;

use super::App;
use super::action::Action;
use super::event::Effect;
use super::files::View;
use super::mode::Mode;
use crate::model::category::Category;
use crate::model::folder::By;
use crate::model::inventory::ScanState;
use crate::model::rows::{Held, RowKey, SortBy};
use crate::removal::draft::Draft;
use crate::removal::facts::watched;
use crate::removal::restore;

impl App {
    /// Does what a key of the main view means.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        let marks = matches!(action, Action::Mark | Action::MarkSafe | Action::Free);
        if marks && self.status.again && self.browse.view != View::Trash {
            // Marks are found again by their paths when it is over; one that came meanwhile would not be.
            self.status.say("something is being read again; marks can be set when that is done");
            return None;
        }
        let action = match self.browse.view {
            View::Groups | View::Users => action,
            View::Files => match self.act_in_files(action) {
                Ok(effect) => return effect,
                Err(action) => action,
            },
            View::Trash => match self.act_in_bin(action) {
                Ok(effect) => return effect,
                Err(action) => action,
            },
        };
        let page = self.browse.height.max(2) as isize - 1;
        match action {
            Action::Up => self.browse.step(-1),
            Action::Down => self.browse.step(1),
            Action::PageUp => self.browse.step(-page),
            Action::PageDown => self.browse.step(page),
            Action::Top => self.browse.go(0),
            Action::Bottom => self.browse.go(self.browse.rows.len().saturating_sub(1)),
            Action::Open => {
                if !self.browse.open(&self.inventory) {
                    return self.act(Action::Details);
                }
            }
            Action::Close => self.browse.close(&self.inventory),
            Action::Mark => self.mark(),
            Action::UnmarkAll => {
                self.marks.clear();
                self.status.count_marked(&self.inventory, &self.marks);
            }
            Action::MarkSafe => self.mark_safe(),
            Action::Free => self.begin_free(),
            Action::Plan => return self.begin_plan(),
            Action::Filter => self.mode = Mode::Filter(Input::new(self.browse.filter().to_string())),
            Action::Leftovers => {
                self.browse.lens.leftovers = !self.browse.lens.leftovers;
                self.browse.rebuild(&self.inventory);
            }
            Action::SortSize => self.browse.sort(SortBy::Size, &self.inventory),
            Action::SortName => self.browse.sort(SortBy::Name, &self.inventory),
            Action::SortFiles => self.browse.sort(SortBy::Files, &self.inventory),
            Action::SortAge => self.browse.sort(SortBy::Age, &self.inventory),
            Action::SortRecent => self.sort_files(By::Recent),
            Action::NextView if self.browse.view.next() == View::Trash => return self.act(Action::ViewTrash),
            Action::NextView => self.view(self.browse.view.next()),
            Action::ViewGroups => self.view(View::Groups),
            Action::ViewFiles => self.view(View::Files),
            Action::ViewUsers => self.view(View::Users),
            Action::ViewTrash => {
                self.view(View::Trash);
                return self.read_trash();
            }
            Action::Place => self.go_to_place(),
            Action::SizeKind => self.browse.apparent = !self.browse.apparent,
            Action::Details => {
                if let Some(row) = self.browse.row() {
                    self.details(row.key);
                }
            }
            Action::Rescan => return self.rescan_row(),
            Action::RescanAll => return self.rescan_all(),
            Action::CopyPath => return self.copy(),
            Action::Undo => return self.undo(),
            Action::EmptyTrash => self.begin_empty(),
            Action::Interrupted => self.begin_interrupted(),
            Action::Why => return self.ask_why(),
            Action::Help => self.mode = Mode::Help(0),
            Action::Back => {
                if !self.browse.filter().is_empty() || self.browse.lens.leftovers {
                    self.show_all();
                }
            }
            Action::Quit | Action::Interrupt => return self.leave(action == Action::Interrupt),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
        }
        None
    }

    fn leave(&mut self, interrupt: bool) -> Option<Effect> {
        if interrupt && self.inventory.state == ScanState::Running {
            let what = if self.inventory.imported.is_some() { "import" } else { "scan" };
            self.status.say(format!("the {what} is stopped; what is known stays"));
            return Some(Effect::StopScan);
        }
        if self.marks.is_empty() {
            return Some(Effect::Quit);
        }
        self.mode = Mode::ConfirmQuit;
        None
    }

    fn mark(&mut self) {
        let Some(row) = self.browse.row() else { return };
        if self.marks.toggle(&self.inventory, row.key) == 0 {
            self.status.say(self.why_not(row.key));
            return;
        }
        self.status.count_marked(&self.inventory, &self.marks);
        self.browse.step(1);
    }

    /// Why a row cannot be marked.
    fn why_not(&self, key: RowKey) -> String {
        match key {
            RowKey::Item(id) | RowKey::Of(_, Held::Item(id)) => self.inventory.why_item_kept(id),
            RowKey::Category(Category::HeldOpen) | RowKey::Process(_) | RowKey::HeldFile(..) => {
                self.inventory.way_out(key)
            }
            RowKey::Rest => "everything else is never marked as a whole; open it with →".into(),
            RowKey::Node(node) => self.inventory.why_kept(node).unwrap_or_default(),
            RowKey::Of(uid, Held::Folder(dir)) => {
                let why = self.inventory.why_kept(dir.into());
                let name = self.inventory.people.name(uid);
                why.unwrap_or_else(|| format!("only some files in it are {name}'s; p shows them"))
            }
            RowKey::Of(_, Held::Group(Category::Other)) => {
                "everything else is never marked as a whole; open it with →".into()
            }
            RowKey::Of(..) => "nothing in it is theirs alone and may be removed; open it with →".into(),
            _ => "nothing in it may be removed; open it with → to see why".into(),
        }
    }

    /// Looks at what is marked, for a plan.
    pub(super) fn begin_plan(&mut self) -> Option<Effect> {
        self.status.wanted = None;
        if self.marks.is_empty() {
            self.status.say("nothing is marked: Space marks the row under the cursor");
            return None;
        }
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return None;
        }
        self.mode = Mode::Looking;
        let draft = Draft::new(&self.inventory, &self.marks);
        Some(Effect::LookInUse(watched(&self.inventory, &draft)))
    }

    fn undo(&mut self) -> Option<Effect> {
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return None;
        }
        let run = restore::last_run(&self.status.trash);
        if run.is_none() {
            self.status.say("nothing that mldu trashed is left to bring back");
        }
        run.map(Effect::Undo)
    }

    fn copy(&mut self) -> Option<Effect> {
        let Some(node) = self.inventory.place_of(self.browse.row()?.key) else {
            self.status.say("a group has no path");
            return None;
        };
        Some(self.copy_path(node))
    }
}
