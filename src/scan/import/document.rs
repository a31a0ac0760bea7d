//! The shape of an export: a head, then folders in folders. Read piece by piece; the way down is a number, so a tree
//! may be as deep as it likes.
//!
//! Format: <https://dev.yorhel.nl/ncdu/jsonfmt>, major version 1. What is not known is passed over, as ncdu does.

use std::io::Read;

use super::lexer::{Broken, Lexer};
use crate::model::tree::DirState;
use crate::text;

/// What the head says.
#[derive(Debug, Default)]
pub struct Head {
    /// The program that wrote it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When, seconds since 1970.
    pub timestamp: Option<i64>,
    /// The machine it was written on, if it says so; mldu does.
    pub host: String,
}

impl Head {
    /// The program and its version, safe to show.
    pub fn program(&self) -> String {
        let name = if self.name.is_empty() { "an unknown program" } else { &self.name };
        format!("{name} {}", self.version).trim_end().to_string()
    }

    /// Whether gdu wrote it, which does not name all hard links.
    pub fn is_gdu(&self) -> bool {
        self.name == "gdu"
    }
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excluded {
    /// It lies on another file system, or on one of the kernel's.
    Elsewhere,
    /// Somebody did not want it.
    Unwanted,
}

impl Excluded {
    /// What that makes of a folder.
    pub fn state(self) -> DirState {
        match self {
            Self::Elsewhere => DirState::Skipped,
            Self::Unwanted => DirState::Excluded,
        }
    }
}

/// What is said of a file or folder.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the format's own fields")]
pub struct Entry {
    /// Its name; of the first folder the whole path.
    pub name: Vec<u8>,
    /// Length in bytes.
    pub asize: u64,
    /// Bytes on disk.
    pub dsize: u64,
    /// Device, where it is not that of the folder around it.
    pub dev: Option<u64>,
    /// Inode number, or 0.
    pub ino: u64,
    /// Names of the inode.
    pub nlink: Option<u64>,
    /// Whether the inode has several names.
    pub hlnkc: bool,
    /// Owner.
    pub uid: Option<u64>,
    /// Last change, seconds since 1970.
    pub mtime: u64,
    /// `st_mode`.
    pub mode: Option<u64>,
    /// No regular file, no folder.
    pub notreg: bool,
    /// It could not be read.
    pub read_error: bool,
    /// Left out, and why.
    pub excluded: Option<Excluded>,
    /// A folder above what was scanned (mldu).
    pub unread: bool,
    /// How many things are in the folder (gdu): its sizes are those of all of them together.
    pub items: Option<u64>,
}

impl Entry {
    fn clear(&mut self) {
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        *self = Self { name, ..Self::default() };
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A folder begins: see [`Document::entry`].
    Open,
    /// A file: see [`Document::entry`].
    File,
    /// The innermost folder is over.
    Close,
}

/// An export that is being read.
pub struct Document<R> {
    lexer: Lexer<R>,
    /// What was said of the last file or folder that began.
    pub entry: Entry,
    key: Vec<u8>,
    depth: u64,
    begun: bool,
}

impl<R: Read> Document<R> {
    /// Reads the head.
    pub fn open(input: R) -> Result<(Self, Head), Broken> {
        let mut document = Self {
            lexer: Lexer::new(input),
            entry: Entry::default(),
            key: Vec::new(),
            depth: 0,
            begun: false,
        };
        let head = document.head()?;
        Ok((document, head))
    }

    /// Something is wrong at this place.
    pub fn broken(&self, what: impl Into<String>) -> Broken {
        self.lexer.broken(what)
    }

    fn head(&mut self) -> Result<Head, Broken> {
        match self.lexer.ahead()? {
            None => return Err(self.broken("there is nothing in it")),
            Some(b'[') => self.lexer.expect(b'[')?,
            Some(0xbf) => return Err(self.broken("ncdu's binary format (-O) cannot be read; export with -o")),
            Some(_) => return Err(self.broken("no export: it does not begin with `[`")),
        }
        if self.lexer.number()? != 1 {
            return Err(self.broken("an export of a version that is not known"));
        }
        self.lexer.expect(b',')?;
        self.lexer.number()?;
        self.lexer.expect(b',')?;
        let mut head = Head::default();
        if self.lexer.ahead()? == Some(b'{') {
            self.each_field(|document, key| document.head_field(key, &mut head))?;
        } else {
            self.lexer.skip(&mut self.key)?;
        }
        self.lexer.expect(b',')?;
        Ok(head)
    }

    fn head_field(&mut self, key: &[u8], head: &mut Head) -> Result<(), Broken> {
        let mut value = Vec::new();
        let field = match key {
            b"progname" => &mut head.name,
            b"progver" => &mut head.version,
            b"host" => &mut head.host,
            b"timestamp" => {
                head.timestamp = i64::try_from(self.lexer.number()?).ok();
                return Ok(());
            }
            _ => return self.lexer.skip(&mut value),
        };
        self.lexer.string(&mut value)?;
        // Nothing that is shown in one line is longer than this.
        value.truncate(64);
        *field = text::display(&value);
        Ok(())
    }

    /// Reads an object, and hands the key of each field to `field`, which reads the value.
    fn each_field(
        &mut self,
        mut field: impl FnMut(&mut Self, &[u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.lexer.expect(b'{')?;
        if self.lexer.take(b'}')? {
            return Ok(());
        }
        let mut key = std::mem::take(&mut self.key);
        loop {
            self.lexer.string(&mut key)?;
            self.lexer.expect(b':')?;
            field(self, &key)?;
            if !self.lexer.take(b',')? {
                break;
            }
        }
        self.key = key;
        self.lexer.expect(b'}')
    }

    /// The next piece; none when all was read and nothing is behind it.
    pub fn next(&mut self) -> Result<Option<Piece>, Broken> {
        if !self.begun {
            self.begun = true;
            self.lexer.expect(b'[')?;
            return self.folder();
        }
        if self.depth == 0 {
            self.lexer.expect(b']')?;
            return match self.lexer.ahead()? {
                None => Ok(None),
                Some(_) => Err(self.broken("something follows where it should be over")),
            };
        }
        if self.lexer.take(b']')? {
            self.depth -= 1;
            return Ok(Some(Piece::Close));
        }
        self.lexer.expect(b',')?;
        if self.lexer.take(b'[')? {
            return self.folder();
        }
        self.info()?;
        Ok(Some(Piece::File))
    }

    fn folder(&mut self) -> Result<Option<Piece>, Broken> {
        self.info()?;
        self.depth += 1;
        Ok(Some(Piece::Open))
    }

    fn info(&mut self) -> Result<(), Broken> {
        self.entry.clear();
        self.each_field(Self::entry_field)?;
        let name = &self.entry.name;
        if name.is_empty() {
            return Err(self.broken("something without a name"));
        }
        let is_root = self.depth == 0;
        if name.contains(&0) || (!is_root && (name.contains(&b'/') || name == b"." || name == b"..")) {
            let shown = text::cut_end(&text::display(name), 60);
            return Err(self.broken(format!("{shown} is no name of a file or folder")));
        }
        Ok(())
    }

    fn entry_field(&mut self, key: &[u8]) -> Result<(), Broken> {
        let (lexer, entry) = (&mut self.lexer, &mut self.entry);
        match key {
            b"name" => lexer.string(&mut entry.name)?,
            b"asize" => entry.asize = size(lexer)?,
            b"dsize" => entry.dsize = size(lexer)?,
            b"dev" => entry.dev = Some(lexer.number()?),
            b"ino" => entry.ino = lexer.number()?,
            b"nlink" => entry.nlink = Some(lexer.number()?),
            b"hlnkc" => entry.hlnkc = lexer.boolean()?,
            b"uid" => entry.uid = Some(lexer.number()?),
            b"mtime" => entry.mtime = lexer.number()?,
            b"mode" => entry.mode = Some(lexer.number()?),
            b"notreg" => entry.notreg = lexer.boolean()?,
            b"read_error" => entry.read_error = lexer.boolean()?,
            b"unread" => entry.unread = lexer.boolean()?,
            b"items" => entry.items = Some(lexer.number()?),
            b"excluded" => {
                let mut why = Vec::new();
                lexer.string(&mut why)?;
                // ncdu 1 writes `othfs` and reads `otherfs`.
                entry.excluded = Some(match &why[..] {
                    b"othfs" | b"otherfs" | b"kernfs" => Excluded::Elsewhere,
                    _ => Excluded::Unwanted,
                });
            }
            _ => lexer.skip(&mut Vec::new())?,
        }
        Ok(())
    }
}

/// A size; ncdu reads none larger than this either.
fn size<R: Read>(lexer: &mut Lexer<R>) -> Result<u64, Broken> {
    let n = lexer.number()?;
    if i64::try_from(n).is_err() {
        return Err(lexer.broken("a size too large to be true"));
    }
    Ok(n)
}
