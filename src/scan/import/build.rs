//! Puts folders together from the pieces of an export, and sends them on as a walk would: parents first, each with
//! its files in one block. Held are the folders on the way down, and of the others what recognition needs: their
//! blocks are those of the tree, not copies.

use std::path::PathBuf;
use std::time::Instant;

use crossbeam_channel::Sender;
use rustc_hash::{FxHashMap, FxHashSet};

use super::document::{Entry, Excluded};
use super::meaning::{facts, kind, skeleton};
use crate::families::{self, Hints};
use crate::model::inventory::{Progress, ScanEvent};
use crate::model::links::{DevId, LinkTable, LinkedInode};
use crate::model::node::{DirId, Kind};
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::problem::Problem;
use crate::model::tree::{DirState, ListedDir};
use crate::text;

/// Folders are passed on in batches of at most this many, or after [`super::PATIENCE`].
const BATCH: usize = 256;

/// More folders, or more bytes of one folder's files, than the tree has numbers for.
const MOST: u32 = 1 << 30;

/// A path with more folders than this is named by its first one alone.
const NAMED: usize = 2048;

/// The pass of the only reading there is.
const PASS: u8 = 1;

/// Names that a home has and hardly anything else.
const HOMELY: &[&[u8]] =
    &[b".bash_history", b".bashrc", b".cache", b".config", b".local", b".profile", b".ssh", b".zshrc"];

/// What was found, for recognition.
pub struct Found {
    /// All folders, by number: parents before what lies in them.
    pub dirs: Vec<ListedDir>,
    /// The families whose names were seen in a folder.
    pub hints: FxHashMap<DirId, Hints>,
    /// Folders that look like somebody's home.
    pub homely: FxHashSet<DirId>,
    /// The folder that was exported.
    pub root: DirId,
}

/// A folder on the way down.
struct Frame {
    id: DirId,
    name: Box<[u8]>,
    dev: u64,
    dev_id: DevId,
    ino: u64,
    facts: FileFacts,
    state: DirState,
    writer: BlockWriter,
    /// At most so many bytes the files take.
    bytes: u64,
    hints: Hints,
    homely: bool,
    /// Whether the tree has its number already.
    announced: bool,
    /// What lies in it, if it could not be read whole: that is not forgotten when it is sent.
    kept: Vec<DirId>,
    /// gdu: its sizes are those of everything in it.
    summed: Option<u64>,
}

/// Puts folders together.
pub struct Builder<'a> {
    links: &'a LinkTable,
    sink: &'a Sender<ScanEvent>,
    gdu: bool,
    way: Vec<Frame>,
    found: Found,
    batch: Vec<ListedDir>,
    sent: Instant,
    devices: FxHashMap<u64, DevId>,
    counted: Progress,
}

impl<'a> Builder<'a> {
    /// Nothing yet. `gdu`: the export is one of gdu, which writes the first name of an inode like any other file, and
    /// only the further ones as hard links.
    pub fn new(links: &'a LinkTable, sink: &'a Sender<ScanEvent>, gdu: bool) -> Self {
        let found = Found {
            dirs: Vec::new(),
            hints: FxHashMap::default(),
            homely: FxHashSet::default(),
            root: DirId(0),
        };
        Self {
            links,
            sink,
            gdu,
            way: Vec::new(),
            found,
            batch: Vec::new(),
            sent: Instant::now(),
            devices: FxHashMap::default(),
            counted: Progress::default(),
        }
    }

    /// What was counted so far.
    pub fn counted(&self) -> Progress {
        self.counted
    }

    /// A folder begins.
    pub fn open(&mut self, entry: &Entry) -> Result<(), String> {
        let mut name = &entry.name[..];
        if self.way.is_empty() {
            name = self.above(name)?;
        } else {
            self.meet(name);
            self.announce();
        }
        let id = self.number()?;
        if self.way.is_empty() {
            self.found.root = id;
        }
        let state = match entry {
            Entry { excluded: Some(why), .. } => why.state(),
            Entry { unread: true, .. } => DirState::Unread,
            Entry { read_error: true, .. } => DirState::Failed,
            _ => DirState::Listed,
        };
        let mut facts = facts(entry, Kind::Dir);
        if state.is_left_out() || state == DirState::Unread {
            facts = FileFacts { size: 0, blocks: 0, ..facts };
        } else {
            self.counted.entries += 1;
            self.counted.directories += 1;
        }
        let above = self.way.last().map(|f| (f.dev, f.dev_id));
        let (dev, dev_id) = match (entry.dev, above) {
            (None, Some(above)) => above,
            (dev, _) => (dev.unwrap_or(0), self.device(dev.unwrap_or(0))?),
        };
        self.way.push(Frame {
            id,
            name: name.into(),
            dev,
            dev_id,
            ino: entry.ino,
            facts,
            state,
            writer: BlockWriter::default(),
            bytes: 0,
            hints: families::hints(name),
            homely: false,
            announced: false,
            kept: Vec::new(),
            summed: entry.items,
        });
        if state == DirState::Failed {
            self.unreadable(None);
        }
        Ok(())
    }

    /// A file of the innermost folder.
    pub fn file(&mut self, entry: &Entry) -> Result<(), String> {
        self.meet(&entry.name);
        if let Some(why) = entry.excluded {
            return self.left_out(entry, why);
        }
        if entry.read_error {
            self.unreadable(Some(&entry.name));
        }
        self.counted.entries += 1;
        let names = entry.nlink.unwrap_or(if entry.hlnkc { u64::from(u32::MAX) } else { 1 });
        let mut facts = facts(entry, kind(entry));
        let inode = if (entry.hlnkc || names > 1) && entry.ino != 0 {
            if self.gdu && entry.hlnkc && entry.nlink.is_none() {
                facts = FileFacts { size: 0, blocks: 0, ..facts };
            }
            let dev = match (entry.dev, self.way.last()) {
                (Some(dev), _) => self.device(dev)?,
                (None, frame) => frame.map_or(DevId(0), |f| f.dev_id),
            };
            Some(LinkedInode {
                ino: entry.ino,
                size: facts.size,
                blocks: facts.blocks,
                nlink: u32::try_from(names).unwrap_or(u32::MAX).max(1),
                uid: facts.uid,
                mtime: facts.mtime,
                dev,
                kind: facts.kind,
                pass: PASS,
            })
        } else {
            None
        };
        let Some(frame) = self.way.last_mut() else { return Ok(()) };
        frame.bytes += entry.name.len() as u64 + 64;
        if frame.bytes > u64::from(MOST) * 2 {
            return Err("more files in one folder than mldu can hold".into());
        }
        match inode {
            Some(inode) => {
                frame.writer.linked(&entry.name, facts.kind, self.links.enter(inode), facts.mtime);
            }
            None => frame.writer.file(&entry.name, facts, &frame.facts),
        }
        Ok(())
    }

    /// The innermost folder is over.
    pub fn close(&mut self) {
        let Some(mut frame) = self.way.pop() else { return };
        // gdu sums up. What a folder takes itself it never says, unless nothing of what is in it was written.
        let truncated = frame.summed.is_some_and(|n| n > 1) && frame.bytes == 0 && !frame.announced;
        if frame.summed.is_some() && !truncated {
            frame.facts.size = 0;
            frame.facts.blocks = 0;
        }
        if frame.hints != 0 {
            self.found.hints.insert(frame.id, frame.hints);
        }
        if frame.homely {
            self.found.homely.insert(frame.id);
        }
        let parent = self.found.dirs[frame.id.0 as usize].parent;
        let listed = ListedDir {
            id: frame.id,
            parent,
            dev: frame.dev_id,
            ino: frame.ino,
            uid: frame.facts.uid,
            mtime: frame.facts.mtime,
            state: frame.state,
            block: frame.writer.finish(&frame.name, &frame.facts),
            kept: frame.kept,
        };
        let known = ListedDir { kept: Vec::new(), ..listed.clone() };
        self.found.dirs[frame.id.0 as usize] = known;
        if frame.state != DirState::Unread || !frame.announced {
            self.send(listed);
        }
    }

    /// The end, or as far as it came: everything is sent.
    pub fn finish(mut self) -> Found {
        while !self.way.is_empty() {
            self.close();
        }
        self.flush();
        self.found
    }

    /// The folders above the first one; returns its own name.
    fn above<'n>(&mut self, path: &'n [u8]) -> Result<&'n [u8], String> {
        let mut names: Vec<&[u8]> =
            path.split(|b| *b == b'/').filter(|n| !n.is_empty() && *n != b".").collect();
        if names.contains(&&b".."[..]) {
            return Err("the first folder has no whole path".into());
        }
        let roots: PathBuf =
            std::iter::once(&b"/"[..]).chain(names.iter().copied()).map(text::os_str).collect();
        let _ = self.sink.send(ScanEvent::Started { roots: vec![roots], mounts: Vec::new(), whole: false });
        let own = names.pop();
        if own.is_some() {
            for name in std::iter::once(&b""[..]).chain(names) {
                let parent = self.found.dirs.last().map(|d| d.id);
                let id = self.number()?;
                let dir = skeleton(id, parent, name);
                self.found.dirs[id.0 as usize] = dir.clone();
                self.send(dir);
            }
        }
        Ok(own.unwrap_or_default())
    }

    /// Gives the folder in the innermost one a number, and a place in the table.
    fn number(&mut self) -> Result<DirId, String> {
        let id = DirId(self.found.dirs.len() as u32);
        if id.0 >= MOST {
            return Err("more folders than mldu can hold".into());
        }
        let above = self.found.dirs.last().map(|d| d.id);
        let parent = self.way.last_mut().map(|frame| {
            if frame.state != DirState::Listed {
                frame.kept.push(id);
            }
            frame.id
        });
        self.found.dirs.push(skeleton(id, parent.or(above), b""));
        Ok(id)
    }

    /// Sends the numbers of the folders on the way down, before those of what lies in them.
    fn announce(&mut self) {
        let Some(frame) = self.way.last_mut().filter(|f| !f.announced) else { return };
        frame.announced = true;
        let parent = self.found.dirs[frame.id.0 as usize].parent;
        let dir = skeleton(frame.id, parent, &frame.name);
        self.send(dir);
    }

    /// Something that was left out when the export was made. Whether it is a folder is not always said.
    fn left_out(&mut self, entry: &Entry, why: Excluded) -> Result<(), String> {
        self.announce();
        let id = self.number()?;
        let parent = self.way.last().map(|f| f.id);
        let mut dir = ListedDir { state: why.state(), ..skeleton(id, parent, &entry.name) };
        dir.dev = match (why, entry.dev, self.way.last()) {
            (Excluded::Elsewhere, Some(dev), _) => self.device(dev)?,
            (_, _, frame) => frame.map_or(DevId(0), |f| f.dev_id),
        };
        self.found.dirs[id.0 as usize] = dir.clone();
        self.send(dir);
        Ok(())
    }

    /// Learns from a name in the innermost folder whose that may be.
    fn meet(&mut self, name: &[u8]) {
        let Some(frame) = self.way.last_mut() else { return };
        frame.hints |= families::hints(name);
        frame.homely |= name.first() == Some(&b'.') && HOMELY.contains(&name);
    }

    fn device(&mut self, dev: u64) -> Result<DevId, String> {
        if let Some(id) = self.devices.get(&dev) {
            return Ok(*id);
        }
        if self.devices.len() >= usize::from(u16::MAX) {
            return Err("more file systems than mldu can hold".into());
        }
        let id = self.links.device(dev);
        self.devices.insert(dev, id);
        Ok(id)
    }

    /// A problem of the export's own machine.
    fn unreadable(&self, name: Option<&[u8]>) {
        let path = self.path(name);
        let error = "it could not be read when the export was made";
        let _ = self.sink.send(ScanEvent::Problem(Problem::new(path, "open", error)));
    }

    /// The path of the innermost folder, or of something in it.
    fn path(&self, name: Option<&[u8]>) -> PathBuf {
        let first = self.found.dirs.iter().take(self.found.root.0 as usize);
        let above = first.map(|d| crate::model::packed::dir_name(&d.block));
        let deep = self.way.len() > NAMED;
        let way = self.way.iter().map(|f| &f.name[..]).take(if deep { 1 } else { NAMED });
        let names = above.chain(way).chain(name.filter(|_| !deep)).filter(|n| !n.is_empty());
        std::iter::once(&b"/"[..]).chain(names).map(text::os_str).collect()
    }

    fn send(&mut self, dir: ListedDir) {
        self.batch.push(dir);
        if self.batch.len() >= BATCH || self.sent.elapsed() >= super::PATIENCE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.sent = Instant::now();
        if !self.batch.is_empty() {
            let _ = self.sink.send(ScanEvent::Dirs(std::mem::take(&mut self.batch)));
        }
    }
}
