//! Rows of deleted files that processes hold: told as a group, but nothing of a mark or a plan.

use super::Inventory;
use crate::model::category::Category;
use crate::model::held_open::{HeldFile, Process};
use crate::model::measure::Measure;
use crate::model::rows::RowKey;
use crate::text;

impl RowKey {
    /// Whether a row stands for deleted files that processes hold.
    pub fn is_held_open(self) -> bool {
        matches!(self, Self::Category(Category::HeldOpen) | Self::Process(_) | Self::HeldFile(..))
    }
}

impl Inventory {
    /// What happens if what a row stands for is deleted, in a word.
    pub fn row_word(&self, key: RowKey) -> &'static str {
        if key.is_held_open() { "end process" } else { self.row_verdict(key).label() }
    }

    /// The process of a row.
    pub fn holder_of(&self, key: RowKey) -> Option<&Process> {
        match key {
            RowKey::Process(pid) | RowKey::HeldFile(pid, _) => self.held_open.process(pid),
            _ => None,
        }
    }

    /// The file of a row.
    pub fn held_file_of(&self, key: RowKey) -> Option<&HeldFile> {
        match key {
            RowKey::HeldFile(pid, id) => self.held_open.file(pid, id),
            _ => None,
        }
    }

    /// What a person can do about a row of such files.
    pub fn way_out(&self, key: RowKey) -> String {
        match self.holder_of(key) {
            Some(p) => match &p.kernel {
                Some(kernel) => format!("restart or end the {kernel}: {}", p.who()),
                None => format!("end or restart {}; then the bytes come back", p.who()),
            },
            None => "these files are deleted already; open it with → for the processes to end".into(),
        }
    }

    pub(super) fn open_below(&self, key: RowKey) -> Vec<RowKey> {
        match key {
            RowKey::Process(pid) => self
                .held_open
                .process(pid)
                .map(|p| p.files.iter().map(|f| RowKey::HeldFile(pid, f.id)).collect())
                .unwrap_or_default(),
            RowKey::HeldFile(..) => Vec::new(),
            _ => self.held_open.processes().iter().map(|p| RowKey::Process(p.pid())).collect(),
        }
    }

    pub(super) fn open_measure(&self, key: RowKey) -> Measure {
        match key {
            RowKey::Process(pid) => {
                self.held_open.process(pid).map(|p| self.held_open.measure_of(p)).unwrap_or_default()
            }
            RowKey::HeldFile(..) => self
                .held_file_of(key)
                .map(|f| Measure { usage: f.usage(), newest: f.newest(), ..Measure::default() })
                .unwrap_or_default(),
            _ => self.held_open.measure(),
        }
    }

    pub(super) fn open_name(&self, key: RowKey) -> String {
        if let Some(file) = self.held_file_of(key) {
            let size = if file.bytes.is_some() { "" } else { "  (size not told)" };
            return format!("{}{size}", text::path(&file.path));
        }
        self.holder_of(key).map(Process::name).unwrap_or_default()
    }
}
