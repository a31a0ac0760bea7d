//! What the keys of the trash view do, where that differs from the groups.

use tui_input::Input;

use super::App;
use super::action::Action;
use super::bin::{By, Group, is_known_ours};
use super::event::Effect;
use super::files::View;
use super::mode::Mode;
use crate::removal::empty::Empty;
use crate::removal::ledger::Trashed;
use crate::removal::restore::{Allow, Offer, Restored};
use crate::text;

/// Of so many things the details tell all.
const TOLD: usize = 50;

impl App {
    /// Does what a key means in the trash view, or gives it back if it means the same in all views.
    pub(super) fn act_in_bin(&mut self, action: Action) -> Result<Option<Effect>, Action> {
        let page = self.browse.height.max(2) - 1;
        let at = self.browse.bin.at;
        let (bin, trash) = (&mut self.browse.bin, &self.status.trash);
        match action {
            Action::Up => bin.go(at.saturating_sub(1), trash),
            Action::Down => bin.go(at + 1, trash),
            Action::PageUp => bin.go(at.saturating_sub(page), trash),
            Action::PageDown => bin.go(at + page, trash),
            Action::Top => bin.go(0, trash),
            Action::Bottom => bin.go(usize::MAX, trash),
            Action::Open => {
                if !bin.enter(trash) {
                    return self.act_in_bin(Action::Details);
                }
            }
            Action::Close => bin.leave(trash),
            Action::Mark => {
                bin.toggle(trash);
                bin.go(at + 1, trash);
            }
            Action::UnmarkAll => bin.unmark(trash),
            Action::SortSize => bin.sort(By::Size, trash),
            Action::SortName => bin.sort(By::Name, trash),
            Action::SortAge => bin.sort(By::Age, trash),
            Action::SortFiles | Action::SizeKind | Action::Leftovers => {
                self.status.say(
                    "what lies in a trash has a size, an age and a place it was in; s, m and n sort by them",
                );
            }
            Action::MarkSafe => {
                self.status.say("what lies in a trash is never called safe: it may be your only copy");
            }
            Action::Plan => {
                self.status
                    .say("what lies in a trash is there already: u brings it back, E empties what is marked");
            }
            Action::Details => self.about_trashed(),
            Action::Place => self.go_to_trashed(),
            Action::Rescan => return Ok(self.read_trash()),
            Action::CopyPath => return Ok(self.copy_trashed()),
            Action::Undo => return Ok(self.bring_back()),
            Action::EmptyTrash if self.browse.bin.marked() > 0 => self.empty_marked(),
            other => return Err(other),
        }
        self.browse.bin.scroll(self.browse.height);
        Ok(None)
    }

    /// What lies in the trashes of this machine is looked at anew; an import has none.
    pub(super) fn read_trash(&mut self) -> Option<Effect> {
        if self.inventory.imported.is_some() {
            self.status.say("this is an import: the trash of this machine has nothing to do with it");
            return None;
        }
        Some(Effect::ReadTrash)
    }

    /// Shows what lies there now. What takes nobody knows how much is to be weighed, unless the scan knows it.
    pub(super) fn show_bin(&mut self) -> Option<Effect> {
        let (bin, trash, tree) = (&mut self.browse.bin, &self.status.trash, &self.inventory.tree);
        let mut unknown = bin.unweighed(trash);
        if self.inventory.state != crate::model::inventory::ScanState::Running {
            let scanned = |file: &std::path::PathBuf| {
                let node = tree.find(file)?;
                let bytes = if node.is_dir() {
                    Some(tree.total(node.dir).on_disk)
                } else {
                    tree.facts(node).map(|f| f.blocks * crate::model::usage::BLOCK)
                };
                Some((file.clone(), Some(bytes?)))
            };
            let known = unknown.iter().filter_map(scanned).collect::<Vec<_>>();
            bin.weigh(known);
            unknown = bin.unweighed(trash);
        }
        bin.fill(trash);
        bin.scroll(self.browse.height);
        (!unknown.is_empty()).then_some(Effect::Weigh(unknown))
    }

    /// The things that are meant: those marked, or those of the row under the cursor.
    fn meant(&self) -> Vec<&Trashed> {
        let (bin, trash) = (&self.browse.bin, &self.status.trash);
        if bin.marked() > 0 {
            return trash.iter().filter(|t| bin.is_marked(t)).collect();
        }
        bin.row().map(|row| bin.things(row)).unwrap_or_default().iter().map(|i| &trash[*i]).collect()
    }

    fn bring_back(&mut self) -> Option<Effect> {
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return None;
        }
        let bin = &self.browse.bin;
        let whole_folder = bin
            .row()
            .is_some_and(|r| r.item.is_none() && matches!(bin.shelves[r.shelf].group, Group::Folder(_)));
        if bin.marked() == 0 && whole_folder {
            self.status.say("other programs put that there: open it and choose one, or mark it with Space");
            return None;
        }
        let meant = self.meant();
        let files: Vec<_> = meant.iter().filter(|t| !t.is_orphan()).map(|t| t.file()).collect();
        if files.is_empty() {
            let why =
                if meant.is_empty() { "nothing lies in the trash" } else { "nothing says where that was" };
            self.status.say(why);
            return None;
        }
        Some(Effect::Bring { files, allow: Allow::default() })
    }

    /// Takes in what came back. What did not is told with its reason, and with what would bring it back.
    pub(super) fn restored(&mut self, done: Vec<Restored>) -> Option<Effect> {
        let failed = done.iter().filter(|d| d.failed.is_some()).count();
        let back = done.len() - failed;
        self.status.say(match failed {
            0 if done.is_empty() => "nothing of that lies in the trash any more".to_string(),
            0 => format!("{} back in place", text::counted(back as u64, "thing is", "things are")),
            _ => format!("{back} back in place, {failed} not"),
        });
        // Both ends changed: where it is, and the trash it came from.
        let moved = done.iter().filter(|d| d.failed.is_none());
        let paths: Vec<_> = moved.flat_map(|d| [d.path.clone(), d.from.clone()]).collect();
        if failed > 0 && matches!(self.mode, Mode::Browse) {
            self.mode = Mode::Undone { done, scroll: 0 };
        }
        self.reread(&paths)
    }

    /// Brings back what could not come back, in the way the person says.
    pub(super) fn bring_after_all(&mut self, offer: Offer) -> Option<Effect> {
        let Mode::Undone { done, .. } = &self.mode else { return None };
        let files: Vec<_> = done.iter().filter(|d| d.offer == Some(offer)).map(|d| d.from.clone()).collect();
        if files.is_empty() {
            return None;
        }
        self.mode = Mode::Browse;
        let allow = Allow { beside: offer == Offer::Beside, rest: offer == Offer::Rest };
        Some(Effect::Bring { files, allow })
    }

    /// Asks before what is marked goes for good.
    fn empty_marked(&mut self) {
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return;
        }
        let bin = &self.browse.bin;
        let things = self.meant().into_iter().map(|t| (t.clone(), bin.bytes(t)));
        let empty = Box::new(Empty::chosen(things));
        self.mode = Mode::ConfirmEmpty { empty, word: Input::default(), scroll: 0 };
    }

    fn go_to_trashed(&mut self) {
        let [thing] = self.under_cursor()[..] else {
            self.status.say("choose one thing; p shows where it lies in the trash");
            return;
        };
        let Some(node) = self.inventory.tree.find(&thing.file()) else {
            self.status.say(format!("{} was not scanned", text::path(&thing.file())));
            return;
        };
        let row = self.inventory.row_of(node);
        self.browse.files.show(&self.inventory, node, row);
        self.view(View::Files);
    }

    fn under_cursor(&self) -> Vec<&Trashed> {
        let bin = &self.browse.bin;
        bin.row()
            .map(|row| bin.things(row))
            .unwrap_or_default()
            .iter()
            .map(|i| &self.status.trash[*i])
            .collect()
    }

    fn copy_trashed(&mut self) -> Option<Effect> {
        let path = self.under_cursor().first().map(|t| text::path(&place(t)))?;
        self.status.say(format!("copied, if your terminal allows it: {path}"));
        Some(Effect::Copy(path))
    }

    /// All about the row under the cursor.
    fn about_trashed(&mut self) {
        let things = self.under_cursor();
        let Some(first) = things.first() else { return };
        let size = |n| text::size(n, self.context.units);
        let mut facts: Vec<(&'static str, String)> = Vec::new();
        if things.len() > 1 {
            let known = things.iter().filter_map(|t| self.browse.bin.bytes(t)).sum();
            facts.push(("things", text::full_count(things.len() as u64)));
            facts.push(("on disk", size(known)));
        }
        for t in things.iter().take(TOLD) {
            facts.push((
                "was",
                if t.is_orphan() { "nothing says where".into() } else { text::path(&t.original) },
            ));
            facts.push(("lies", text::path(&t.file())));
            let bytes = self.browse.bin.bytes(t).map_or_else(|| "not known".into(), size);
            facts.push((
                "on disk",
                if t.identity.is_some() { bytes } else { "gone: emptied elsewhere".into() },
            ));
            let age = t
                .age(self.status.now)
                .map_or_else(|| "of unknown age".into(), |age| format!("{} ago", text::age(0, age)));
            if !t.date.is_empty() {
                facts.push(("trashed", format!("{}  ({age})", text::plain(&t.date).replace('T', " "))));
            }
            match t.ours.as_ref().filter(|_| is_known_ours(t)) {
                Some(ours) => {
                    facts.push(("run", text::plain(&ours.run)));
                    facts.extend(t.id().map(|id| ("number", format!("{id}   mldu undo {id}"))));
                    facts.push(("item", text::plain(&ours.item)));
                }
                None => facts.push(("by", "another program: emptied only if it is marked".into())),
            }
        }
        if things.len() > TOLD {
            facts.push(("", format!("and {} more", text::full_count((things.len() - TOLD) as u64))));
        }
        let title = text::path(&place(first));
        self.mode = Mode::Trashed { title, facts, scroll: 0 };
    }
}

/// Where a thing was; where it lies, if nothing says that.
fn place(t: &Trashed) -> std::path::PathBuf {
    if t.is_orphan() { t.file() } else { t.original.clone() }
}
