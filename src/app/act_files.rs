//! What the keys of the files view do, where that differs from the groups; and what goes from one view to the other.

use super::App;
use super::action::Action;
use super::event::Effect;
use super::files::View;
use super::mode::Mode;
use crate::model::folder::By;
use crate::model::inventory::ScanState;
use crate::model::measure::Owners;
use crate::model::node::{DirId, NodeId};
use crate::model::rows::{Held, RowKey};
use crate::text;

impl App {
    /// Does what a key means in the files view, or gives it back if it means the same in both views.
    pub(super) fn act_in_files(&mut self, action: Action) -> Result<Option<Effect>, Action> {
        let page = self.browse.height.max(2) - 1;
        let at = self.browse.files.at;
        match action {
            Action::Up => self.go_to_file(at.saturating_sub(1)),
            Action::Down => self.go_to_file(at + 1),
            Action::PageUp => self.go_to_file(at.saturating_sub(page)),
            Action::PageDown => self.go_to_file(at + page),
            Action::Top => self.go_to_file(0),
            Action::Bottom => self.go_to_file(usize::MAX),
            Action::Open => {
                if self.browse.files.enter(&self.inventory) {
                    self.open_folder();
                } else {
                    return self.act_in_files(Action::Details);
                }
            }
            Action::Close => {
                if self.browse.files.leave(&self.inventory) {
                    self.open_folder();
                } else {
                    self.status.say("this is the top of what was scanned");
                }
            }
            Action::Mark => self.mark_file(),
            Action::Leftovers => {
                self.browse.lens.leftovers = !self.browse.lens.leftovers;
                self.open_folder();
            }
            Action::SortSize => self.sort_files(By::Size),
            Action::SortName => self.sort_files(By::Name),
            Action::SortFiles => self.sort_files(By::Files),
            Action::SortAge => self.sort_files(By::Newest),
            Action::SortRecent => self.sort_files(By::Recent),
            Action::SizeKind => {
                self.browse.apparent = !self.browse.apparent;
                self.open_folder();
            }
            Action::Details => {
                if let Some(node) = self.browse.files.node() {
                    self.details(RowKey::Node(node));
                }
            }
            Action::Place => {
                if let Some(row) = self.browse.files.row_back(&self.inventory) {
                    let by_user = matches!(row, RowKey::Of(..));
                    self.view(if by_user { View::Users } else { View::Groups });
                    self.browse.reveal(&self.inventory, row);
                }
            }
            Action::Rescan => return Ok(self.rescan_file()),
            Action::CopyPath => {
                let files = &self.browse.files;
                let node = files.node().or_else(|| files.dir.map(NodeId::dir));
                return Ok(node.map(|n| self.copy_path(n)));
            }
            other => return Err(other),
        }
        Ok(None)
    }

    /// Shows the folder that is open now.
    pub(super) fn open_folder(&mut self) {
        let files = &mut self.browse.files;
        files.look.apparent = self.browse.apparent;
        files.leftovers = self.browse.lens.leftovers;
        files.rebuild(&self.inventory, &self.marks, self.status.now);
        files.scroll(self.browse.height);
    }

    /// Shows a view.
    pub(super) fn view(&mut self, view: View) {
        self.browse.view = view;
        if matches!(view, View::Groups | View::Users) {
            self.browse.look(view == View::Users);
        }
        self.show_rows();
    }

    /// From a row of the groups to its place in the files.
    pub(super) fn go_to_place(&mut self) {
        let Some(row) = self.browse.row() else { return };
        match self.inventory.place_of(row.key) {
            Some(node) => {
                self.browse.files.show(&self.inventory, node, row.key);
                self.view(View::Files);
            }
            None => self.status.say("a group lies in many places; open it with → and choose one"),
        }
    }

    /// Sorts files; from the groups it goes to the files.
    pub(super) fn sort_files(&mut self, by: By) {
        if self.browse.view != View::Files && self.browse.files.look.by == by {
            self.browse.files.look.flipped = true;
        }
        self.browse.files.sort(by);
        self.view(View::Files);
    }

    /// All about a row. The names of an inode, and who owns what, are looked up once, not in every frame.
    pub(super) fn details(&mut self, key: RowKey) {
        let key = match key {
            RowKey::Of(_, Held::Item(_) | Held::Folder(_)) => key.plain(),
            other => other,
        };
        let tree = &self.inventory.tree;
        let file = if let RowKey::Node(node) = key { tree.file(node) } else { None };
        let names = file.and_then(|f| f.link).map_or_else(Vec::new, |slot| self.inventory.names_of(slot));
        let owners = match (key, self.inventory.row_measure(key).owners) {
            (RowKey::Item(id), Owners::Several(_)) => self.inventory.owners_of(id),
            _ => Vec::new(),
        };
        self.mode = Mode::Details { key, names, owners, scroll: 0 };
    }

    /// Searches in the view on the screen.
    pub(super) fn search(&mut self, text: String) {
        if self.browse.view == View::Files {
            self.browse.files.look.filter = text;
            self.open_folder();
        } else if self.browse.view == View::Trash {
            self.browse.bin.filter = text;
            self.browse.bin.show(&self.status.trash);
            self.browse.bin.scroll(self.browse.height);
        } else {
            self.browse.lens.filter = text;
            self.browse.touched = true;
            self.browse.rebuild(&self.inventory);
        }
    }

    /// Ends a search in the view on the screen.
    pub(super) fn show_all(&mut self) {
        if self.browse.view == View::Files {
            // The cursor stays on what was found.
            self.browse.lens.leftovers = false;
            let (at, tree) = (self.browse.files.at, &self.inventory.tree);
            self.browse.files.go(tree, at);
            self.search(String::new());
        } else if self.browse.view == View::Trash {
            self.search(String::new());
        } else {
            self.browse.show_all(&self.inventory);
        }
    }

    fn go_to_file(&mut self, at: usize) {
        self.browse.files.go(&self.inventory.tree, at);
        self.browse.files.scroll(self.browse.height);
    }

    fn mark_file(&mut self) {
        let Some(node) = self.browse.files.node() else { return };
        if !self.browse.files.is_current(&self.inventory.tree) {
            self.status.say("this folder is being read again");
            return;
        }
        if self.marks.toggle_place(&self.inventory, node) == 0 {
            let why = self.inventory.why_kept(node);
            self.status.say(why.unwrap_or_else(|| "nothing in it may be removed".into()));
            return;
        }
        self.status.count_marked(&self.inventory, &self.marks);
        self.go_to_file(self.browse.files.at + 1);
    }

    /// Reads the folder under the cursor again, or the open one for a file. In a store all of that is read.
    fn rescan_file(&mut self) -> Option<Effect> {
        if self.inventory.state == ScanState::Running {
            self.status.say("still reading; what is open is up to date when it is done");
            return None;
        }
        let files = &self.browse.files;
        let dir: DirId = files.node().map(|n| n.dir).or(files.dir)?;
        let dir = self.inventory.store_of(dir).map_or(dir, |s| s.root);
        self.again_whole(&[dir])
    }

    /// Puts a path on the clipboard.
    pub(super) fn copy_path(&mut self, node: NodeId) -> Effect {
        let path = text::path(&self.inventory.tree.path(node));
        self.status.say(format!("copied, if your terminal allows it: {path}"));
        Effect::Copy(path)
    }
}
