//! The only place where a key is named. Dispatch, footer, help and README's table all come from [`BINDINGS`].

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;

/// A key, as far as mldu tells keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Tab.
    Tab,
    /// F1.
    F1,
}

/// The key of a terminal event; releases and keys mldu does not know are none.
pub fn key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match event.code {
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Tab => Key::Tab,
        KeyCode::F(1) => Key::F1,
        _ => return None,
    })
}

/// Where a binding stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Moving about.
    Move,
    /// Seeing more, or in another order.
    Look,
    /// Choosing and removing.
    Act,
    /// The program itself.
    Program,
}

impl Section {
    /// All sections, in the order of the help.
    pub const ALL: [Self; 4] = [Self::Move, Self::Look, Self::Act, Self::Program];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Look => "Look",
            Self::Act => "Act",
            Self::Program => "mldu",
        }
    }
}

/// What a key does in the main view.
#[derive(Debug)]
pub struct Binding {
    /// What it means.
    pub action: Action,
    /// The keys, the first is the one that is named.
    pub keys: &'static [Key],
    /// How they are written.
    pub shown: &'static str,
    /// One word, for the footer; empty if it never stands there.
    pub short: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
    /// Where it stands in the help.
    pub section: Section,
}

const fn bind(
    action: Action,
    keys: &'static [Key],
    shown: &'static str,
    short: &'static str,
    help: &'static str,
    section: Section,
) -> Binding {
    Binding { action, keys, shown, short, help, section }
}

/// Every key of the main view.
pub static BINDINGS: &[Binding] = &[
    bind(Action::Up, &[Key::Up, Key::Char('k')], "↑ k", "", "up", Section::Move),
    bind(Action::Down, &[Key::Down, Key::Char('j')], "↓ j", "", "down", Section::Move),
    bind(
        Action::Open,
        &[Key::Right, Key::Enter, Key::Char('l')],
        "→ Enter l",
        "open",
        "open; on what has nothing inside: details",
        Section::Move,
    ),
    bind(
        Action::Close,
        &[Key::Left, Key::Char('h'), Key::Backspace],
        "← h",
        "",
        "close, or go to the row above; in files: to the folder above",
        Section::Move,
    ),
    bind(Action::Top, &[Key::Char('g'), Key::Home], "g Home", "", "first row", Section::Move),
    bind(Action::Bottom, &[Key::Char('G'), Key::End], "G End", "", "last row", Section::Move),
    bind(Action::PageUp, &[Key::PageUp, Key::Ctrl('u')], "PgUp ^U", "", "a screen up", Section::Move),
    bind(Action::PageDown, &[Key::PageDown, Key::Ctrl('d')], "PgDn ^D", "", "a screen down", Section::Move),
    bind(
        Action::NextView,
        &[Key::Tab],
        "Tab",
        "view",
        "the next view: groups, files, users, trash",
        Section::Look,
    ),
    bind(
        Action::ViewGroups,
        &[Key::Char('1')],
        "1",
        "groups",
        "groups: models, data, checkpoints …",
        Section::Look,
    ),
    bind(
        Action::ViewFiles,
        &[Key::Char('2')],
        "2",
        "files",
        "files: plain folders, largest first",
        Section::Look,
    ),
    bind(
        Action::ViewUsers,
        &[Key::Char('3')],
        "3",
        "users",
        "users: who holds how much of which group",
        Section::Look,
    ),
    bind(
        Action::ViewTrash,
        &[Key::Char('4')],
        "4",
        "trash",
        "trash: what lies in it, by run, and what others put there",
        Section::Look,
    ),
    bind(
        Action::Place,
        &[Key::Char('p')],
        "p",
        "place",
        "from a row to its place in the files, and back",
        Section::Look,
    ),
    bind(
        Action::Filter,
        &[Key::Char('/')],
        "/",
        "filter",
        "show only what contains some text; Esc clears",
        Section::Look,
    ),
    bind(
        Action::Leftovers,
        &[Key::Char('o')],
        "o",
        "",
        "leftovers only: partial, orphaned, detached",
        Section::Look,
    ),
    bind(
        Action::SortSize,
        &[Key::Char('s')],
        "s",
        "sort",
        "sort by size; again: the other way round",
        Section::Look,
    ),
    bind(Action::SortName, &[Key::Char('n')], "n", "", "sort by name", Section::Look),
    bind(Action::SortFiles, &[Key::Char('c')], "c", "", "sort by number of files", Section::Look),
    bind(Action::SortAge, &[Key::Char('m')], "m", "", "sort by age", Section::Look),
    bind(
        Action::SortRecent,
        &[Key::Char('t')],
        "t",
        "recent",
        "files, sorted by what was written within a day",
        Section::Look,
    ),
    bind(Action::SizeKind, &[Key::Char('a')], "a", "", "blocks on disk, or lengths of files", Section::Look),
    bind(Action::Details, &[Key::Char('i')], "i", "", "everything known of the row", Section::Look),
    bind(Action::Rescan, &[Key::Char('r')], "r", "", "read the row again", Section::Look),
    bind(Action::RescanAll, &[Key::Char('R')], "R", "", "read everything again", Section::Look),
    bind(
        Action::Why,
        &[Key::Char('!')],
        "!",
        "why",
        "why it cannot be saved: what is full, and what to do",
        Section::Look,
    ),
    bind(Action::Mark, &[Key::Char(' ')], "Space", "mark", "mark or unmark, and move on", Section::Act),
    bind(Action::UnmarkAll, &[Key::Char('U')], "U", "", "unmark everything", Section::Act),
    bind(
        Action::MarkSafe,
        &[Key::Char('S')],
        "S",
        "safe",
        "mark all that is safe; again: unmark that",
        Section::Act,
    ),
    bind(
        Action::Free,
        &[Key::Char('f')],
        "f",
        "free",
        "free so much: marks the gentlest that does, shows the plan",
        Section::Act,
    ),
    bind(
        Action::Plan,
        &[Key::Char('d')],
        "d",
        "plan",
        "the plan: what the marked gives back; asks first",
        Section::Act,
    ),
    bind(
        Action::Undo,
        &[Key::Char('u')],
        "u",
        "undo",
        "bring the last run back; in the trash: what is marked there",
        Section::Act,
    ),
    bind(
        Action::EmptyTrash,
        &[Key::Char('E')],
        "E",
        "empty",
        "empty what mldu trashed, or what is marked there; asks first",
        Section::Act,
    ),
    bind(
        Action::Interrupted,
        &[Key::Char('I')],
        "I",
        "",
        "what was interrupted: finish it, or undo it",
        Section::Act,
    ),
    bind(Action::CopyPath, &[Key::Char('y')], "y", "", "copy the path (OSC 52)", Section::Act),
    bind(Action::Help, &[Key::Char('?'), Key::F1], "?", "help", "this help", Section::Program),
    bind(Action::Back, &[Key::Esc], "Esc", "", "clear the filter, close what is open", Section::Program),
    bind(
        Action::Interrupt,
        &[Key::Ctrl('c')],
        "^C",
        "",
        "stop the scan and keep what is known; then quit",
        Section::Program,
    ),
    bind(Action::Suspend, &[Key::Ctrl('z')], "^Z", "", "to the shell; fg comes back", Section::Program),
    bind(Action::Redraw, &[Key::Ctrl('l')], "^L", "", "draw everything anew", Section::Program),
    bind(Action::Quit, &[Key::Char('q')], "q", "quit", "quit; asks only with marks", Section::Program),
];

/// What a key means in the main view.
pub fn action(key: Key) -> Option<Action> {
    BINDINGS.iter().find(|b| b.keys.contains(&key)).map(|b| b.action)
}

/// The binding of an action.
pub fn binding(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|b| b.action == action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_means_one_thing_and_every_action_has_a_key() {
        let mut keys = HashSet::new();
        let mut actions = HashSet::new();
        for b in BINDINGS {
            assert!(!b.keys.is_empty() && !b.help.is_empty() && !b.shown.is_empty());
            assert!(actions.insert(b.action), "{:?} is bound twice", b.action);
            for key in b.keys {
                assert!(keys.insert(*key), "{key:?} means two things");
            }
        }
    }

    #[test]
    fn keys_that_destroy_elsewhere_do_nothing_here() {
        // D deletes in yazi and trashes in gdu, x trashes in dua.
        assert_eq!(action(Key::Char('D')), None);
        assert_eq!(action(Key::Char('x')), None);
        assert_eq!(action(Key::Delete), None);
    }

    #[test]
    fn no_needed_key_is_taken_by_a_browser() {
        let needed = [Action::Mark, Action::Plan, Action::Open, Action::Quit, Action::Undo, Action::Filter];
        for action in needed {
            let b = binding(action).expect("bound");
            assert!(!matches!(b.keys[0], Key::Ctrl(_) | Key::F1), "{action:?}");
        }
    }
}
