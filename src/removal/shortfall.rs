//! Why the disk got back less than the plan promised: what can be seen of it, and what cannot be told apart.

use std::path::Path;

use super::back::Doubt;
use super::deletion::PREFIX;
use super::execute::Report;
use super::measure::Measured;
use super::plan::Plan;
use crate::sys::proc::{self, held};
use crate::sys::user::Names;
use crate::text::{self, Units};

/// Explains each mount that got back less than nine tenths of what was promised, or called possible.
pub fn explain(report: &mut Report, plan: &Plan, names: &Names) {
    for m in report.measured.iter_mut().filter(|m| m.is_in_doubt()) {
        m.why = doubts(plan.doubt);
    }
    if !report.measured.iter().any(Measured::is_short) {
        return;
    }
    let undone = report.failed().count();
    // What mldu deletes is renamed first, so what is open of it still has that name.
    let open = held::holders(was_deleted_by_us);
    let open: Vec<String> = open
        .into_iter()
        .map(|pid| {
            let user = proc::owner(pid).map_or_else(|| "?".into(), |uid| names.get(uid));
            format!("{} {pid} ({user})", proc::command(pid))
        })
        .collect();
    let closed = plan.closed_processes;
    for m in report.measured.iter_mut().filter(|m| m.is_short()) {
        m.why = reasons(m, undone, &open, closed);
    }
}

fn was_deleted_by_us(path: &Path) -> bool {
    path.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

/// Why what was only possible may not have come.
fn doubts(doubt: Doubt) -> Vec<String> {
    let all = [
        (doubt.shared, "a snapshot or a copy has what was shared"),
        (doubt.packed, "what was compressed took less than its size"),
        (doubt.unknown, "of some the file system did not say whose it is"),
    ];
    all.into_iter().filter(|(n, _)| *n > 0).map(|(_, why)| why.to_string()).collect()
}

/// What is known comes before what is possible.
fn reasons(m: &Measured, undone: usize, open: &[String], closed: usize) -> Vec<String> {
    let mut why = Vec::new();
    if undone > 0 {
        why.push(format!("{} not done", text::counted(undone as u64, "step was", "steps were")));
    }
    match open {
        [] => {}
        [one] => why.push(format!("{one} still has some of it open: it comes back when that ends")),
        [one, rest @ ..] => why.push(format!(
            "{one} and {} still have some of it open: it comes back when they end",
            text::counted(rest.len() as u64, "other", "others")
        )),
    }
    if closed > 0 {
        let n = text::counted(closed as u64, "process", "processes");
        why.push(format!("{n} of other users could not be looked into and may have some of it open"));
    }
    if m.came_back().is_some_and(|n| n < 0) {
        let less = text::size(m.came_back().unwrap_or(0).unsigned_abs(), Units::Binary);
        why.push(format!("something else wrote meanwhile: {less} less is free than before"));
    } else {
        why.push("something else may have written meanwhile, or a snapshot was made".into());
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(estimated: u64, before: u64, after: u64) -> Measured {
        let after = Some(after);
        Measured {
            mount: "/".into(),
            estimated,
            maybe: 0,
            before,
            free: before,
            kept: 0,
            after,
            percent: 1,
            why: Vec::new(),
        }
    }

    #[test]
    fn nine_tenths_are_enough() {
        assert!(!measured(1000, 0, 900).is_short() && measured(1000, 0, 899).is_short());
        assert!(!measured(0, 5, 4).is_short(), "nothing was promised");
        assert!(!Measured { after: None, ..measured(1000, 0, 0) }.is_short(), "nobody said");
        let maybe = Measured { maybe: 1000, ..measured(1000, 0, 1000) };
        assert!(maybe.is_in_doubt() && !maybe.is_short());
        assert!(!Measured { after: Some(1800), ..maybe.clone() }.is_in_doubt());
        assert!(!Measured { after: Some(0), ..maybe }.is_in_doubt(), "short comes first");
        let why = doubts(Doubt { shared: 1, packed: 0, unknown: 2 });
        assert!(why.len() == 2 && why[0].contains("snapshot"), "{why:?}");
    }

    #[test]
    fn what_is_seen_comes_first_and_what_could_not_be_seen_is_said() {
        let open = ["python 7 (ana)".to_string(), "cat 8 (bob)".to_string()];
        let why = reasons(&measured(1000, 0, 10), 1, &open, 3);
        assert_eq!(why[0], "1 step was not done");
        assert!(why[1].starts_with("python 7 (ana) and 1 other still have some of it open"), "{}", why[1]);
        assert!(why[2].starts_with("3 processes of other users could not be looked into"), "{}", why[2]);
        assert_eq!(why.len(), 4);
        let why = reasons(&measured(1000, 10, 0), 0, &[], 0);
        assert_eq!(why, ["something else wrote meanwhile: 10 B less is free than before"]);
    }

    #[test]
    fn our_own_leftovers_are_known_by_their_name() {
        assert!(was_deleted_by_us(Path::new("/d/.mldu-deleting-00ff/sub/f")));
        assert!(was_deleted_by_us(Path::new("/d/.mldu-deleting-00ff")));
        assert!(!was_deleted_by_us(Path::new("/d/mldu-deleting/x")));
    }
}
