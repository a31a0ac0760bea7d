//! Ray's sessions: logs, sockets, spilled objects and packed working folders of each cluster that ran here.
//!
//! Layout: ray 2.60, `_private/node.py` (`session_<date>_<pid>`, `session_latest`), `_common/utils.py`
//! (`get_default_ray_temp_dir`). A session that ended is read by no program again; its `artifacts/` may hold what a trial
//! wrote and nobody took out.

use super::names::is_number;
use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Ray;

static ABOUT: About = About {
    id: "ray",
    name: "Ray sessions",
    items: "a session of a cluster",
    category: Category::Temporary,
    verdict: Verdict::Safe,
    markers: &[Marker::Name("session_latest")],
    hint: "nothing reads a session again once its cluster ended; its logs are gone with it",
    source: "ray 2.60, _private/node.py, _common/utils.py get_default_ray_temp_dir",
    ..About::DEFAULT
};

/// A session that was not touched for this many seconds is over, or asleep.
const QUIET: i64 = 86_400;

impl Family for Ray {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named = env.folder("RAY_TMPDIR").map(|dir| Place::new(dir.join("ray"), "sessions"));
        named.into_iter().chain([Place::new(env.temp().join("ray"), "sessions")]).collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let linked = folder.has_file("session_latest") && folder.any_folder(|f| pid(f).is_some());
        (linked && folder.is_among_peoples()).then_some("sessions")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let latest = root.file("session_latest").filter(|f| !f.is_regular());
        let target = latest.and_then(|f| store.read_link(f.node)).unwrap_or_default();
        let target = target.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let mut items = Vec::new();
        for folder in root.folders() {
            let Some(pid) = pid(folder.name()) else { continue };
            let is_latest = folder.bytes() == target;
            let mut item = session(store, &folder, pid, is_latest);
            if let Some(link) = latest.filter(|_| is_latest) {
                item = item.pointer(link.node);
            }
            items.push(item);
        }
        Found { items, ..Found::default() }
    }
}

/// The process that began the session of this folder: `session_2026-10-20_11-12-13_123456_4711`.
fn pid(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("session_")?;
    let (date, pid) = rest.rsplit_once('_')?;
    (is_number(pid) && date.starts_with(|c: char| c.is_ascii_digit())).then_some(pid)
}

fn session(store: &StoreView<'_>, folder: &Folder<'_>, pid: &str, latest: bool) -> NewItem {
    let began = folder.name()["session_".len()..].splitn(3, '_').take(2).collect::<Vec<_>>().join(" ");
    let mut item = NewItem::new("session", crate::text::plain(&began), Verdict::Safe).body(folder.node());
    item = item.note(format!("begun by process {pid}"));
    if store.is_live_below(folder) || store.env().exists(&std::path::Path::new("/proc").join(pid)) {
        item.verdict = Verdict::InUse;
        return item.note("written less than ten minutes ago, or a process has it open or bears that number");
    }
    if folder.folder("artifacts").is_some_and(|f| f.walk().iter().any(|f| !f.files().is_empty())) {
        item.verdict = Verdict::LookFirst;
        return item.note("`artifacts` holds what trials wrote and nobody may have taken out");
    }
    if store.now() - i64::from(folder.touched()) < QUIET {
        item.verdict = Verdict::LookFirst;
        return item.note("touched within a day");
    }
    if latest {
        item.verdict = Verdict::LookFirst;
        return item.note("the latest: its logs say how it ended");
    }
    item.leftover().note("it ended; its logs and spilled objects are read by nothing")
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn sessions_that_ended_are_safe_unless_they_hold_artifacts() {
        let mut f = Fixture::new();
        let at = |day: u8, pid: u32| format!("tmp/ray/session_2026-10-{day}_11-12-13_123456_{pid}");
        f.kib(&format!("{}/ray_spilled_objects/0a0b", at(10, 100)), 64);
        f.kib(&format!("{}/artifacts/2026/trial/model.pt", at(11, 200)), 16);
        f.folder(&format!("{}/artifacts", at(12, 300)));
        f.kib(&format!("{}/logs/raylet.out", at(12, 300)), 4);
        f.kib(&format!("{}/logs/raylet.out", at(13, 400)), 4);
        f.kib(&format!("{}/logs/raylet.out", at(14, 500)), 4);
        f.kib(&format!("{}/logs/raylet.out", at(15, 600)), 4);
        f.old_link(&format!("/elsewhere/{}", at(12, 300)), "tmp/ray/session_latest");
        f.kib("tmp/ray/session_mine/x", 4);
        f.age_all("");
        f.age(&format!("{}/logs/raylet.out", at(13, 400)), 3600);
        f.age(&format!("{}/logs/raylet.out", at(14, 500)), 60);
        f.env = f.env.clone().with_file("/proc/600", "");
        assert_eq!(
            f.outline(),
            "temporary: ray sessions ~/tmp/ray\n\
             \x20 !session \"2026-10-10 11-12-13\" [safe] 72 72 {begun by process 100; it ended; its logs and spilled objects are read by nothing}\n\
             \x20 session \"2026-10-11 11-12-13\" [look-first] 32 32 {begun by process 200; `artifacts` holds what trials wrote and nobody may have taken out}\n\
             \x20 session \"2026-10-12 11-12-13\" [look-first] 16 16 {begun by process 300; the latest: its logs say how it ended}\n\
             \x20 session \"2026-10-13 11-12-13\" [look-first] 12 12 {begun by process 400; touched within a day}\n\
             \x20 session \"2026-10-14 11-12-13\" [in-use] 12 12 {begun by process 500; written less than ten minutes ago, or a process has it open or bears that number}\n\
             \x20 session \"2026-10-15 11-12-13\" [in-use] 12 12 {begun by process 600; written less than ten minutes ago, or a process has it open or bears that number}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn sessions_elsewhere_are_known_by_the_link_to_the_latest() {
        let f = Fixture::new();
        f.kib("scratch/r/session_2026-10-10_11-12-13_123456_100/logs/x", 4);
        f.old_link("session_2026-10-10_11-12-13_123456_100", "scratch/r/session_latest");
        f.kib("other/session_latest", 4);
        f.age_all("");
        assert_eq!(
            f.outline(),
            "temporary: ray sessions ~/scratch/r\n\
             \x20 session \"2026-10-10 11-12-13\" [look-first] 12 12 {begun by process 100; the latest: its logs say how it ended}\n"
        );
    }
}
