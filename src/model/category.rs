//! The groups on the screen. A closed list: every item is in exactly one of them.

/// A group of items, as a person thinks of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Steps and states of training runs.
    Checkpoints,
    /// Models and modules fetched from hubs (Hugging Face, TF-Hub, torch hub, Kaggle).
    Hub,
    /// Data sets, prepared or downloaded.
    Datasets,
    /// Downloaded conda archives, index caches and their leftovers.
    CondaTarballs,
    /// Weights fetched by Keras Applications and `get_file`.
    KerasModels,
    /// Conda and Python environments.
    Environments,
    /// Extracted packages that environments link from.
    Packages,
    /// Caches of package installers (pip, uv, poetry …).
    PackageCaches,
    /// Kernels and graphs compiled once and kept.
    CompileCaches,
    /// Event files and profiles.
    Logs,
    /// Runs and artifacts of experiment trackers.
    Trackers,
    /// Leftovers in temporary folders.
    Temporary,
    /// What already lies in a trash.
    Trash,
    /// Deleted files that a process still holds open.
    HeldOpen,
    /// Everything that was scanned and is none of the above.
    Other,
}

/// One line of the table below.
struct Row(Category, &'static str, &'static str, &'static str);

/// Every category in the order of the screen when sizes are equal: id (JSON, `--category`), label, tag.
const TABLE: [Row; 15] = [
    Row(Category::Checkpoints, "checkpoints", "Checkpoints", "ckp"),
    Row(Category::Hub, "hub", "Hub modules and models", "hub"),
    Row(Category::Datasets, "datasets", "Datasets", "dat"),
    Row(Category::CondaTarballs, "conda-tarballs", "Conda tarballs", "cnd"),
    Row(Category::KerasModels, "keras-models", "Keras models", "krs"),
    Row(Category::Environments, "environments", "Environments", "env"),
    Row(Category::Packages, "packages", "Packages", "pkg"),
    Row(Category::PackageCaches, "package-caches", "Package caches", "pip"),
    Row(Category::CompileCaches, "compile-caches", "Compile caches", "jit"),
    Row(Category::Logs, "logs", "Logs", "log"),
    Row(Category::Trackers, "trackers", "Experiment trackers", "trk"),
    Row(Category::Temporary, "temporary", "Temporary files", "tmp"),
    Row(Category::Trash, "trash", "Trash", "tra"),
    Row(Category::HeldOpen, "held-open", "Deleted but still open", "opn"),
    Row(Category::Other, "other", "Everything else", "oth"),
];

impl Category {
    /// All categories, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|r| r.0)
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|r| r.0 == self).unwrap_or(&TABLE[TABLE.len() - 1])
    }

    /// The stable id used in JSON and on the command line.
    pub fn id(self) -> &'static str {
        self.row().1
    }

    /// The words on the screen.
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// Three letters, for where there is no color.
    pub fn tag(self) -> &'static str {
        self.row().3
    }

    /// The category with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        TABLE.iter().find(|r| r.1 == id).map(|r| r.0)
    }
}

impl<'de> serde::Deserialize<'de> for Category {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let id = String::deserialize(d)?;
        Self::from_id(&id).ok_or_else(|| {
            let known: Vec<&str> = TABLE.iter().map(|r| r.1).collect();
            serde::de::Error::custom(format!("unknown category `{id}`, expected one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_its_own_row() {
        let ids: std::collections::BTreeSet<&str> = TABLE.iter().map(|r| r.1).collect();
        assert_eq!(ids.len(), TABLE.len());
        for c in Category::all() {
            assert_eq!(Category::from_id(c.id()), Some(c));
            assert_eq!(c.tag().len(), 3);
        }
    }
}
