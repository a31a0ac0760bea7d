//! What a key can mean in the main view.

/// Something the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// Open the row, or look at it.
    Open,
    /// Close the row, or go to the one above it.
    Close,
    /// Mark or unmark the row.
    Mark,
    /// Unmark everything.
    UnmarkAll,
    /// Mark everything safe, or unmark that.
    MarkSafe,
    /// Free so many bytes.
    Free,
    /// Show what would be done with the marked.
    Plan,
    /// Search.
    Filter,
    /// Show leftovers only.
    Leftovers,
    /// Sort by size.
    SortSize,
    /// Sort by name.
    SortName,
    /// Sort by number of files.
    SortFiles,
    /// Sort by age.
    SortAge,
    /// Sort files by what was written lately.
    SortRecent,
    /// The next view.
    NextView,
    /// The groups.
    ViewGroups,
    /// The folders.
    ViewFiles,
    /// Who holds what.
    ViewUsers,
    /// What lies in the trashes.
    ViewTrash,
    /// The same thing in the other view.
    Place,
    /// Blocks on disk or lengths of files.
    SizeKind,
    /// All about the row.
    Details,
    /// Read what the row stands for again.
    Rescan,
    /// Read everything again.
    RescanAll,
    /// Copy the path.
    CopyPath,
    /// Bring the last run back.
    Undo,
    /// Empty what mldu trashed.
    EmptyTrash,
    /// Say why it cannot be saved.
    Why,
    /// Show what a killed run left half done.
    Interrupted,
    /// Help.
    Help,
    /// Back, or nothing.
    Back,
    /// Leave.
    Quit,
    /// Stop the scan, or leave.
    Interrupt,
    /// Go to the background.
    Suspend,
    /// Draw everything anew.
    Redraw,
}
