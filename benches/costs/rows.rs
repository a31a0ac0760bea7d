//! The rows of an open folder, and a frame with them. The rows cost what is open; a frame is to cost what is on the
//! screen, so ten times the files may not cost ten times the frame.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use mldu::model::rows;
use mldu::ui::{self, Theme, theme::Colors};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::folder;

/// Files in the open folder, at scale 1 and 10.
const FILES: [u64; 2] = [10_000, 100_000];

/// The terminal.
const SIZE: (u16, u16) = (120, 40);

/// Measures both.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rows");
    for files in FILES {
        let inventory = folder::inventory(files);
        let lens = folder::lens();
        assert!(rows::rows(&inventory, &lens).len() as u64 > files, "the folder is open");
        group.throughput(Throughput::Elements(files));
        group.bench_function(BenchmarkId::new("open folder", format!("{files} files")), |b| {
            b.iter(|| rows::rows(black_box(&inventory), &lens));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("frame");
    for files in FILES {
        let mut app = folder::app(files, ui::list_height(SIZE.1));
        for (place, at) in [("top", 0), ("bottom", files as usize)] {
            app.browse.go(at);
            let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a terminal");
            let theme = Theme { colors: Colors::None, ascii: false };
            let about = format!("{}x{}, cursor at the {place} of {files} rows", SIZE.0, SIZE.1);
            group.bench_function(BenchmarkId::new("draw", about), |b| {
                b.iter(|| terminal.draw(|frame| ui::render(frame, &app, theme)).map(|_| ()).expect("drawn"));
            });
        }
    }
    group.finish();
}
