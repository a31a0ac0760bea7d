//! What a family sees when it is asked whether a folder is its own: names, nothing more.

use crate::model::category::Category;

/// The names in one folder, and on request those in the folders below.
pub struct Listing<'a> {
    /// The folder's own name.
    pub name: &'a [u8],
    /// The folders in it.
    pub folders: &'a [&'a [u8]],
    /// Its files.
    pub files: &'a [&'a [u8]],
    /// The family of the innermost store it lies in, if it lies in one.
    pub within: Option<&'static str>,
    /// Lists a folder below, by its path: see [`Listing::names_in`].
    pub look: &'a dyn Fn(&str) -> Vec<Box<[u8]>>,
}

impl<'a> Listing<'a> {
    /// A folder outside of all stores that can be looked no further into.
    pub fn of(name: &'a [u8], folders: &'a [&'a [u8]], files: &'a [&'a [u8]]) -> Self {
        Self { name, folders, files, within: None, look: &|_| Vec::new() }
    }

    /// Whether it holds a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.files.contains(&name.as_bytes())
    }

    /// Whether it holds a folder of this name.
    pub fn has_folder(&self, name: &str) -> bool {
        self.folders.contains(&name.as_bytes())
    }

    /// Whether a file name passes.
    pub fn any_file(&self, test: impl Fn(&str) -> bool) -> bool {
        self.files.iter().filter_map(|f| std::str::from_utf8(f).ok()).any(test)
    }

    /// Whether a folder name passes.
    pub fn any_folder(&self, test: impl Fn(&str) -> bool) -> bool {
        self.folders.iter().filter_map(|f| std::str::from_utf8(f).ok()).any(test)
    }

    /// The names in the folder at a path below. It costs a system call or four, so ask only about a folder
    /// whose own name says that it may be worth it, and never about many.
    pub fn names_in(&self, below: &str) -> Vec<String> {
        (self.look)(below).into_iter().filter_map(|name| String::from_utf8(name.into()).ok()).collect()
    }

    /// Whether it is the top of a home, a mount or a whole system by what lies in it: nothing that somebody
    /// dropped there makes all of it a store.
    pub fn is_a_top(&self) -> bool {
        let tops = [".ssh", ".cache", ".config", ".local", "Downloads", ".X11-unix", "lost+found"];
        tops.iter().any(|top| self.has_folder(top))
    }

    /// Whether it lies among the things of people: in no store, or in one that is a folder in which people keep other
    /// things too. What lies in a cache or an environment is that one's own.
    pub fn is_among_peoples(&self) -> bool {
        let keeps_others = |id: &str| {
            let family = super::all().iter().find(|f| f.about().id == id);
            family.is_some_and(|f| f.about().unclaimed == Some(Category::Other))
        };
        self.within.is_none_or(keeps_others)
    }

    /// The folder's own name, if it is text.
    pub fn name(&self) -> &str {
        std::str::from_utf8(self.name).unwrap_or("")
    }
}
