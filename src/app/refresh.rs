//! Brings what is on the screen up to date with what was read, a piece at a time.

use super::App;
use super::files::View;
use crate::model::inventory::refresh::What;

impl App {
    /// Goes on with bringing sums and rows up to date until it is enough; says whether nothing is left to do. At the end
    /// of reading, groups of folders that were read again are summed, too.
    pub fn refresh_some(&mut self, at_the_end: bool, enough: &mut dyn FnMut() -> bool) -> bool {
        if !self.inventory.is_stale() {
            return true;
        }
        if !self.status.again || at_the_end {
            let done = self.inventory.refresh_some(What::All, enough);
            if done {
                self.show_sums();
            }
            return done;
        }
        // Folders are shown while they are read again; groups wait until they are whole. What was begun is ended, whatever is
        // looked at by then.
        let shows_folders = self.browse.view == View::Files;
        if !shows_folders && !self.inventory.is_refreshing() {
            return true;
        }
        let done = self.inventory.refresh_some(What::Folders, enough);
        if done && shows_folders {
            self.show_rows();
        }
        done
    }

    /// Whether there are stores that no group shows yet. Those of folders that are read again wait until that is over.
    pub fn has_new_stores(&self) -> bool {
        self.inventory.has_new_stores() && !self.status.again
    }

    /// Shows groups as they are now; totals of folders follow.
    pub fn refresh_groups(&mut self) {
        self.inventory.refresh_groups();
        if self.browse.view == View::Groups {
            self.show_rows();
        }
    }

    /// Shows the sums as they are now.
    pub(super) fn show_sums(&mut self) {
        self.status.count(&self.inventory, &self.marks, &self.context);
        self.count_safe();
        self.show_rows();
    }

    /// Finds the rows of the view on the screen anew; the other one follows when it is shown.
    pub(super) fn show_rows(&mut self) {
        match self.browse.view {
            View::Groups => self.browse.rebuild(&self.inventory),
            View::Users => {
                self.inventory.share_out();
                self.browse.rebuild(&self.inventory);
            }
            View::Files => {
                self.open_folder();
                self.browse.files.follow(&self.inventory, &self.marks);
            }
            View::Trash => {
                // What has no size yet is weighed when the trash is read anew; here nothing is asked of the disk.
                let _ = self.show_bin();
            }
        }
    }
}
