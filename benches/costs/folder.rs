//! One folder with many files in it, made of values: no disk.

use std::sync::Arc;

use mldu::app::{App, Context, Event};
use mldu::model::inventory::{Inventory, ScanEvent};
use mldu::model::links::{DevId, LinkTable};
use mldu::model::node::{DirId, Kind, NodeId};
use mldu::model::packed::{BlockWriter, FileFacts};
use mldu::model::rows::{Lens, RowKey};
use mldu::model::tree::{DirState, ListedDir, Tree};
use mldu::text::Units;

use crate::trees::NOW;

/// The folder's number.
pub const AT: DirId = DirId(1);

/// `/data` with so many files, each of another size.
pub fn inventory(files: u64) -> Inventory {
    let links = Arc::new(LinkTable::default());
    let mut inventory = Inventory::new(Tree::new(links));
    inventory.apply(ScanEvent::Started { roots: vec!["/data".into()], mounts: Vec::new(), whole: false });
    inventory.apply(ScanEvent::Dirs(vec![listed(0, None, "", 0), listed(1, Some(DirId(0)), "data", files)]));
    inventory.apply(ScanEvent::Finished { stopped: false });
    inventory.refresh();
    inventory
}

fn listed(id: u32, parent: Option<DirId>, name: &str, files: u64) -> ListedDir {
    let mtime = NOW as u32;
    let own = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime, uid: 1000 };
    let mut writer = BlockWriter::default();
    for i in 0..files {
        let size = (i * 7_919 % 1_000_003) << 10;
        let facts = FileFacts { kind: Kind::File, size, blocks: size >> 9, mtime, uid: 1000 };
        writer.file(format!("sample_{i:08}.jpg").as_bytes(), facts, &own);
    }
    ListedDir {
        id: DirId(id),
        parent,
        dev: DevId(0),
        ino: 100 + u64::from(id),
        uid: 1000,
        mtime,
        state: if parent.is_some() { DirState::Listed } else { DirState::Unread },
        block: writer.finish(name.as_bytes(), &own),
        kept: Vec::new(),
    }
}

/// Everything else and the folder in it, both open.
pub fn lens() -> Lens {
    let mut lens = Lens::default();
    lens.open.extend([RowKey::Rest, RowKey::Node(NodeId::dir(AT))]);
    lens
}

/// The interface, with the folder open and so many rows on the screen.
pub fn app(files: u64, height: usize) -> App {
    let context = Context {
        home: "/home/ana".into(),
        host: "gpu07".into(),
        is_root: false,
        units: Units::Binary,
        read_only: false,
        demo: false,
        looked_for: Vec::new(),
    };
    let mut app = App::new(inventory(files), context);
    app.browse.height = height;
    app.browse.lens = lens();
    let _ = app.update(Event::Tick(NOW));
    let _ = app.update(Event::Scan(ScanEvent::Finished { stopped: false }));
    app
}
