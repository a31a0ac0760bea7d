//! What a family sees when it is asked whether a folder is its own: names, nothing more.

/// The names in one folder.
#[derive(Debug)]
pub struct Listing<'a> {
    /// The folder's own name.
    pub name: &'a [u8],
    /// The folders in it.
    pub folders: &'a [&'a [u8]],
    /// Its files.
    pub files: &'a [&'a [u8]],
}

impl Listing<'_> {
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

    /// The folder's own name, if it is text.
    pub fn name(&self) -> &str {
        std::str::from_utf8(self.name).unwrap_or("")
    }
}
