//! TensorBoard logs: a store is a folder that directly holds event files, or the profiles of a run without any.
//!
//! What lies in such a folder and how it is told is in [`super::events`]; a folder that also holds checkpoints
//! belongs to those, which then show the logs as well.

use super::{About, Family, Listing, Marker, StoreView, events};
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;

/// The family.
pub struct TensorBoard;

static ABOUT: About = About {
    id: events::FAMILY,
    name: "TensorBoard",
    items: "the event files of a run, or a profile",
    category: Category::Logs,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Stem("events"), Marker::Name("plugins")],
    hint: "only running again brings the curves back",
    source: "tensorboard 2.21, backend/event_processing/io_wrapper.py:53, summary/writer/event_file_writer.py:76",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

impl Family for TensorBoard {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        // Logs inside a cache or an environment are that one's own.
        (folder.is_among_peoples() && !folder.is_a_top() && events::has_events(folder)).then_some("logs")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        Found { items: events::items(store, &store.root()), ..Found::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::families::events::tests::record;
    use crate::families::testing::Fixture;

    const VERSION: &[u8] = b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2";

    #[test]
    fn a_run_its_profiles_and_its_empty_files() {
        let f = Fixture::new();
        let scalar = record(b"\x09\0\0\0\0\0\0\0\0\x2a\x03abc");
        let run = "runs/Nov18_gpu07";
        // A tiny file with one result in it is no empty one.
        f.file(
            &format!("{run}/events.out.tfevents.1795000000.gpu07.lab.88.0"),
            [record(VERSION), scalar].concat(),
        );
        f.kib(&format!("{run}/events.out.tfevents.1795003600.gpu07.lab.99.0.v2"), 8);
        f.file(&format!("{run}/events.out.tfevents.1795007200.gpu07.lab.99.1.v2"), record(VERSION));
        f.file(&format!("{run}/events.out.tfevents.1795007300.gpu07.profile-empty"), record(VERSION));
        f.file(&format!("{run}/events.out.tfevents.1795007400.gpu07.lab.99.3"), "");
        f.kib(&format!("{run}/plugins/profile/2026_11_18_11_07_05/gpu07.xplane.pb"), 64);
        f.kib(&format!("{run}/plugins/profile/notes/mine.txt"), 4);
        f.kib(&format!("{run}/hparams.yaml"), 4);
        assert_eq!(
            f.outline(),
            "logs: tensorboard logs ~/runs/Nov18_gpu07\n\
             \x20 run \"runs/Nov18_gpu07\" [look-first] 12 12 {began 2026-11-18 11:06 UTC on gpu07.lab; last written 2026-10-22 03:12 UTC; 2 event files}\n\
             \x20 profile \"2026-11-18 11:07:05\" [rebuild] 68 68 {recorded by the profiler, no result of the training; often most of a log folder}\n\
             \x20 !event file \"events.out.tfevents.1795007200.gpu07.lab.99.1.v2\" [safe] 4 4 {no results in it: its writer was opened and closed}\n\
             \x20 !event file \"events.out.tfevents.1795007300.gpu07.profile-empty\" [safe] 4 4 {a dummy of the old profiler}\n\
             \x20 !event file \"events.out.tfevents.1795007400.gpu07.lab.99.3\" [safe] 0 0 {no results in it: its writer was opened and closed}\n\
             \x20 other \"other files\" [look-first] 24 12\n"
        );
    }

    #[test]
    fn a_run_that_is_written_to_is_in_use_and_nothing_of_it_is_empty() {
        let f = Fixture::new();
        f.file("logs/train/events.out.tfevents.1795230000.vm.1.0.v2", record(VERSION));
        f.age("logs/train/events.out.tfevents.1795230000.vm.1.0.v2", 30);
        f.kib("logs/plugins/profile/2026_11_18_11_07_05/vm.xplane.pb", 4);
        f.age("logs/plugins/profile/2026_11_18_11_07_05/vm.xplane.pb", 30);
        assert_eq!(
            f.outline(),
            "logs: tensorboard logs ~/logs\n\
             \x20 profile \"2026-11-18 11:07:05\" [in-use] 8 8 {written less than ten minutes ago, or open}\n\
             logs: tensorboard logs ~/logs/train\n\
             \x20 run \"logs/train\" [in-use] 4 4 {began 2026-11-21 03:00 UTC on vm; last written 2026-11-21 03:11 UTC; being written: what comes after would be lost with it}\n"
        );
    }

    #[test]
    fn folders_of_plugins_and_calendars_are_no_logs() {
        let f = Fixture::new();
        f.kib("app/plugins/profile/theme.css", 4);
        f.kib("cal/events.json", 4);
        f.kib("cal/events.out", 4);
        assert_eq!(f.outline(), "");
    }
}
