//! What events make of the state. Each mode has its own keys; everything else is told to whoever it concerns.

use super::App;
use super::event::{Effect, Event};
use super::files::View;
use super::mode::{Confirm, Mode};
use crate::model::inventory::ScanEvent;
use crate::model::mount::Pressure;
use crate::model::node::{DirId, NodeId};
use crate::model::rows::RowKey;
use crate::removal::draft::Draft;
use crate::removal::execute::{Outcome, Report};
use crate::removal::facts::{Facts, Question, watched};
use crate::removal::in_use::InUse;
use crate::removal::plan::{How, Plan};
use crate::text;

impl App {
    /// Takes an event; says what is to be done outside.
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        let changes_no_mark = matches!(&event, Event::Tick(_) | Event::Progress(_) | Event::Scan(_));
        let effect = self.take(event);
        if self.browse.view == View::Files && !changes_no_mark {
            self.browse.files.follow(&self.inventory, &self.marks);
        }
        effect
    }

    fn take(&mut self, event: Event) -> Option<Effect> {
        match event {
            Event::Key { key, burst } => {
                self.status.message = None;
                self.key(key, burst)
            }
            Event::Paste => {
                self.status.say("pasted text is never acted on");
                None
            }
            Event::Scan(event) => self.scan(event),
            Event::InUse(seen) => self.in_use(seen),
            Event::Held(held) => {
                self.inventory.held_open = *held;
                self.show_rows();
                self.find_interrupted()
            }
            Event::Facts(facts) => self.facts(&facts),
            Event::Progress(so_far) => {
                if let Mode::Removing { progress, .. } | Mode::Resuming { progress, .. } = &mut self.mode {
                    *progress = so_far;
                }
                None
            }
            Event::Removed(report) => self.removed(report),
            Event::Trash(trash) => {
                self.status.trash = trash;
                if self.browse.view == View::Trash { self.show_bin() } else { None }
            }
            Event::Absent(roots) => {
                self.browse.bin.absent = roots;
                None
            }
            Event::Weighed(weights) => {
                self.browse.bin.weigh(weights);
                self.browse.bin.fill(&self.status.trash);
                None
            }
            Event::Restored(done) => self.restored(done),
            Event::Emptied(done) => {
                let failed: Vec<_> = done.iter().filter(|d| d.failed.is_some()).collect();
                let gone: u64 = done.iter().filter(|d| d.failed.is_none()).filter_map(|d| d.bytes).sum();
                self.status.tally.acted = true;
                let gone = text::size(gone, self.context.units);
                self.status.say(match failed.first() {
                    None => format!("{gone} of the trash emptied"),
                    Some(f) => format!("{gone} emptied; {}", f.failed.as_deref().unwrap_or_default()),
                });
                self.mode = Mode::Browse;
                let paths: Vec<_> = done.iter().map(|d| d.thing.root.join("files")).collect();
                self.reread(&paths)
            }
            Event::Interrupted(all) => {
                self.interrupted(all);
                None
            }
            Event::Resumed(done) => self.resumed(done),
            Event::Diagnosed(facts) => {
                self.diagnosed(*facts);
                None
            }
            Event::Unlogged(why) => {
                self.status.tally.unlogged = Some(why);
                None
            }
            Event::Saved(saved) => {
                self.saved(saved);
                None
            }
            Event::Failed(why) => {
                self.mode = Mode::Browse;
                self.status.say(why);
                None
            }
            Event::Tick(now) => {
                self.status.now = now;
                None
            }
        }
    }

    fn scan(&mut self, event: ScanEvent) -> Option<Effect> {
        let finished = matches!(event, ScanEvent::Finished { .. });
        if let ScanEvent::Again(_) = &event {
            self.status.again = true;
        }
        let replaced: Vec<DirId> = match &event {
            ScanEvent::Dirs(dirs) if self.status.again => dirs.iter().map(|d| d.id).collect(),
            _ => Vec::new(),
        };
        self.inventory.apply(event);
        self.drop_stale(&replaced);
        if !finished {
            return None;
        }
        self.status.again = false;
        self.inventory.refresh();
        let lost = self.status.reattach(&self.inventory, &mut self.marks);
        if lost > 0 {
            self.status
                .say(format!("{} gone from the disk", text::counted(lost as u64, "mark is", "marks are")));
        }
        self.show_sums();
        if self.inventory.imported.is_some() {
            // The processes of this machine use nothing of another one.
            return None;
        }
        // Who uses what is shown beside the rows; before anything goes it is looked up again.
        Some(Effect::LookInUse(watched(&self.inventory, &Draft::default())))
    }

    /// Where files lay in a folder says nothing once it was read again, so nothing on the screen may go by it.
    fn drop_stale(&mut self, replaced: &[DirId]) {
        let stale = |n: NodeId| !n.is_dir() && replaced.contains(&n.dir);
        if let Mode::Details { key, names, .. } = &self.mode
            && (matches!(key, RowKey::Node(n) if stale(*n)) || names.iter().any(|n| stale(*n)))
        {
            self.mode = Mode::Browse;
        }
        if self.browse.rows.iter().any(|r| matches!(r.key, RowKey::Node(n) if stale(n))) {
            self.browse.rebuild(&self.inventory);
        }
    }

    fn in_use(&mut self, seen: InUse) -> Option<Effect> {
        self.inventory.set_in_use(&seen.seen);
        self.status.closed_processes = Some(seen.closed);
        self.status.can_go = self.inventory.can_go(None);
        self.show_rows();
        if !matches!(self.mode, Mode::Looking) {
            // They look at the same processes: one after the other, each when the scan or a removal is over.
            return match self.inventory.imported {
                Some(_) => None,
                None => Some(Effect::LookHeld(self.inventory.mounts.clone())),
            };
        }
        // What a plan says of a folder is what its removal is held to.
        if self.inventory.is_stale() && !self.status.again {
            self.inventory.refresh();
            self.show_sums();
        }
        let draft = Draft::new(&self.inventory, &self.marks);
        Some(Effect::Look(Box::new(Question::new(&draft, &self.inventory, seen, self.context.read_only))))
    }

    fn facts(&mut self, facts: &Facts) -> Option<Effect> {
        if !matches!(self.mode, Mode::Looking) {
            return None;
        }
        let plans = How::ALL.map(|how| Plan::new(&self.inventory, &self.marks, how, facts));
        let full = self
            .status
            .headline
            .as_ref()
            .is_some_and(|h| matches!(h.pressure, Pressure::Bytes | Pressure::Inodes));
        let mut confirm = Confirm::new(plans, full);
        if let Some(wanted) = self.status.wanted.take() {
            confirm.choose_for(wanted);
        }
        self.mode = Mode::Confirm(Box::new(confirm));
        None
    }

    fn removed(&mut self, report: Box<Report>) -> Option<Effect> {
        let tally = &mut self.status.tally;
        tally.acted = true;
        tally.failed += report.failed().count();
        tally.unlogged.clone_from(&report.unlogged);
        if report.trashed > 0 {
            tally.runs.push(report.run.clone());
        }
        // What only goes to the trash gives nothing back; what changes meanwhile is the doing of others.
        for m in report.measured.iter().filter(|m| m.was_to_change()) {
            tally.freed += m.came_back().unwrap_or(0);
            let before = tally.mount.as_ref().filter(|t| t.0 == m.mount).map_or(m.before, |t| t.1);
            tally.mount = Some((m.mount.clone(), before, m.after.unwrap_or(m.before), m.percent));
        }
        // What went is no longer marked; what stayed is.
        let paths: Vec<_> = report
            .steps
            .iter()
            .filter(|s| !matches!(s.outcome, Outcome::Kept(_) | Outcome::NotReached | Outcome::PutBack(_)))
            .map(|s| s.path.clone())
            .collect();
        if let Mode::Removing { plan, .. } = &mut self.mode
            && let Some(plan) = plan.take()
        {
            for (line, l) in plan.lines.iter().enumerate() {
                if report.steps.iter().filter(|s| s.line == line).all(|s| s.outcome.is_done()) {
                    self.marks.remove(l.mark);
                }
            }
            self.mode = Mode::Done { report, plan, scroll: 0 };
        }
        let mut reread = paths;
        reread.extend(self.status.trash.iter().map(|t| t.root.join("files")));
        self.reread(&reread)
    }
}
