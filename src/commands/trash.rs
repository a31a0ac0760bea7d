//! `mldu trash list` and `mldu trash empty`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::{Exit, Said, partly, print};
use crate::cli::{EmptyArgs, ListArgs};
use crate::env::Env;
use crate::removal::choose::{self, Unclear};
use crate::removal::empty::Empty;
use crate::removal::journal;
use crate::removal::ledger::{self, Trashed};
use crate::removal::weigh::weigh;
use crate::report::json::PathField;
use crate::sys::user::Names;
use crate::sys::{mounts, tty};
use crate::text::{self, Units};

/// Lists what lies in the trashes.
pub fn list(env: &Env, units: Units, args: &ListArgs) -> Exit {
    listed(env, units, args).say()
}

/// What lies in the trashes.
pub fn listed(env: &Env, units: Units, args: &ListArgs) -> Said {
    let shelf = Shelf::read(env);
    // What could not be read may hold more.
    let told = |out: String| Said::done(if shelf.is_whole { Exit::Done } else { Exit::Partly }, out);
    let now = jiff::Timestamp::now().as_second();
    let all: Vec<&Trashed> = shelf
        .all
        .iter()
        .filter(|t| if args.ours { is_known_ours(t) } else { !args.foreign || !is_known_ours(t) })
        .collect();
    let sizes = sizes(&all);
    if args.json {
        let rows: Vec<Value> = all.iter().map(|t| row(t, &sizes, now)).collect();
        let absent: Vec<Value> = shelf.absent.iter().map(|r| json!(PathField::new(r))).collect();
        return told(format!("{}\n", json!({"schema": 1, "trashed": rows, "absent": absent})));
    }
    let mut out = String::new();
    if all.is_empty() {
        out.push_str(if args.ours || args.foreign {
            "nothing of that is in the trash\n"
        } else if shelf.is_whole {
            "the trash is empty\n"
        } else {
            "nothing else is in the trash\n"
        });
    } else {
        out.push_str(&format!(
            "{:<19}  {:<8}  {:<8}  {:>10}  WHERE IT WAS\n",
            "TRASHED", "RUN", "ID", "SIZE"
        ));
    }
    for t in &all {
        let ours = t.ours.as_ref().filter(|_| is_known_ours(t));
        let run = ours.map_or_else(|| "-".into(), |o| text::plain(&o.run));
        let id = ours.and_then(|_| t.id()).unwrap_or("-");
        let size = known(t, &sizes).map_or_else(|| "?".into(), |n| text::size(n, units));
        let date = match text::plain(&t.date).as_str() {
            "" => "-".to_string(),
            date => text::cut_end(date, 19),
        };
        out.push_str(&format!("{date:<19}  {run:<8}  {id:<8}  {size:>10}  {}\n", words(t)));
    }
    out.extend(shelf.absent.iter().map(|root| absence(root)));
    told(out)
}

/// What lies in the trashes that are there, and which are not.
struct Shelf {
    all: Vec<Trashed>,
    absent: Vec<PathBuf>,
    /// Whether all of it could be read; what could not was told.
    is_whole: bool,
}

impl Shelf {
    fn read(env: &Env) -> Self {
        let (mut all, unread) = ledger::everywhere(env);
        unread.iter().for_each(super::warn);
        all.extend(ledger::orphans(&ledger::roots(env, &mounts::read())));
        Self { all, absent: ledger::absent(env), is_whole: unread.is_empty() }
    }
}

/// Whether mldu put it there; of what is gone, whether its record says so.
fn is_known_ours(t: &Trashed) -> bool {
    t.is_ours() || (t.ours.is_some() && t.identity.is_none())
}

/// Where it was, and what is odd about it.
fn words(t: &Trashed) -> String {
    if t.is_rest() {
        return format!("{}  (the rest of an emptying that was interrupted)", text::path(&t.file()));
    }
    if t.is_orphan() {
        return format!("{}  (nothing says where it was)", text::path(&t.file()));
    }
    let gone = if t.identity.is_none() { "  (emptied elsewhere: only its record is left)" } else { "" };
    format!("{}{gone}", text::path(&t.original))
}

/// Sizes of what mldu did not put there, measured, as far as that is done in time.
fn sizes(all: &[&Trashed]) -> FxHashMap<PathBuf, u64> {
    let foreign = all.iter().filter(|t| !t.is_ours() && t.identity.is_some());
    let files: Vec<PathBuf> = foreign.map(|t| t.file()).collect();
    weigh(&files).into_iter().filter_map(|(file, size)| Some((file, size?))).collect()
}

fn known(t: &Trashed, sizes: &FxHashMap<PathBuf, u64>) -> Option<u64> {
    match &t.ours {
        Some(ours) if t.is_ours() => Some(ours.bytes),
        _ => sizes.get(&t.file()).copied(),
    }
}

fn row(t: &Trashed, sizes: &FxHashMap<PathBuf, u64>, now: i64) -> Value {
    let ours = t.ours.as_ref().filter(|_| is_known_ours(t));
    let mut row = json!(PathField::new(&t.original));
    let file = json!(PathField::new(&t.file()));
    row["file"] = file["path"].clone();
    row["file_b64"] = file["path_b64"].clone();
    row["trash"] = json!(t.root.to_string_lossy());
    row["date"] = json!(t.date);
    row["age_seconds"] = json!(t.age(now));
    row["run"] = json!(ours.map(|o| &o.run));
    row["id"] = json!(ours.and_then(|_| t.id()));
    row["item"] = json!(ours.map(|o| &o.item));
    row["bytes"] = json!(known(t, sizes));
    row["present"] = json!(t.identity.is_some());
    row["orphan"] = json!(t.is_orphan());
    row
}

/// A trash that is not there.
pub(super) fn absence(root: &Path) -> String {
    format!("{} is not there now: its file system is not mounted, or it was removed\n", text::path(root))
}

/// That a word names nothing.
pub(super) fn nothing(word: &Path, absent: &[PathBuf]) -> String {
    let word = text::path(word);
    let mut out = format!("nothing in the trash is called {word}; `mldu trash list` shows what is there");
    for root in absent {
        out.push_str(&format!("\nmldu: {}", absence(root).trim_end()));
    }
    out
}

/// That a word names more than one thing.
pub(super) fn several(word: &Path, found: &[&Trashed]) -> String {
    let mut out = format!("{} may be one of these; say which by its ID:", text::path(word));
    for t in found {
        let id = t.id().map_or_else(|| text::path(&t.file()), str::to_string);
        let date = text::plain(&t.date);
        out.push_str(&format!("\n  {id}  trashed {date}  {}", text::path(&t.original)));
    }
    out
}

/// Deletes for good what mldu trashed, or what others did.
pub fn empty(env: &Env, units: Units, args: &EmptyArgs, read_only: bool) -> Exit {
    // What cannot say what would go removes nothing.
    let ask = |list: &str| {
        let told = print(list) == Exit::Done;
        told && (args.yes || asked("This cannot be undone. Type  empty  to go on: ", "empty"))
    };
    emptied(env, units, args, read_only, ask).say()
}

/// Does it, if the person agrees to the list of what goes, and says what became of it.
pub fn emptied(
    env: &Env,
    units: Units,
    args: &EmptyArgs,
    read_only: bool,
    ask: impl FnOnce(&str) -> bool,
) -> Said {
    if read_only && !args.dry_run {
        return Said::read_only();
    }
    let shelf = Shelf::read(env);
    let chosen = match chosen(env, &shelf, args) {
        Ok(chosen) => chosen,
        Err(why) => return Said::wrong(why),
    };
    let now = jiff::Timestamp::now().as_second();
    let (chosen, undated) = older(chosen, args.older_than, now);
    let sizes = sizes(&chosen);
    let things = chosen.iter().map(|t| ((*t).clone(), known(t, &sizes)));
    let plan = Empty::chosen(things).with_names(Names::of(env.accounts()));
    let mut out = String::new();
    for t in &undated {
        let date = text::plain(&t.date);
        let date = if date.is_empty() { "no date".to_string() } else { format!("the date {date}") };
        out.push_str(&format!(
            "{}: left out, its record has {date}: of unknown age\n",
            text::path(&t.original)
        ));
    }
    if plan.things().is_empty() && !shelf.is_whole {
        return Said::wrong("nothing of that was found in what could be read of the trash");
    }
    if plan.things().is_empty() {
        out.push_str(match (args.foreign, args.older_than) {
            (_, Some(_)) => "nothing is that old\n",
            (true, _) => "nothing that other programs trashed is in the trash\n",
            (false, _) => "nothing that mldu trashed is in the trash\n",
        });
        return Said::done(Exit::Done, out);
    }
    out.push_str(&listing(&plan, units, args.foreign));
    if args.dry_run {
        return Said::done(Exit::Done, out);
    }
    if !ask(&out) {
        if args.yes {
            return Said::wrong("nothing was removed, for what would go could not be told");
        }
        let why = "nothing was removed; --yes does it without asking";
        return Said { exit: Exit::Usage, ..Said::wrong(why) };
    }
    let (exit, done) = carry_out(env, &plan, units);
    Said::done(if exit == Exit::Done && !shelf.is_whole { Exit::Partly } else { exit }, done)
}

/// What would go.
fn listing(plan: &Empty, units: Units, foreign: bool) -> String {
    let mut out = String::new();
    for (t, size) in plan.sized() {
        let size = size.map_or_else(|| "?".into(), |n| text::size(n, units));
        out.push_str(&format!("{size:>10}  {}\n", words(t)));
    }
    let things = text::counted(plan.things().len() as u64, "thing", "things");
    let unknown = match plan.unknown() {
        0 => String::new(),
        n => format!(", and {n} of unknown size"),
    };
    let whose = if foreign { " that other programs put there" } else { "" };
    out + &format!("{things}{whose}, {}{unknown}\n", text::size(plan.bytes(), units))
}

/// What the words name, or all of it.
fn chosen<'a>(env: &Env, shelf: &'a Shelf, args: &EmptyArgs) -> Result<Vec<&'a Trashed>, String> {
    let (ours, others): (Vec<&Trashed>, Vec<&Trashed>) = shelf.all.iter().partition(|t| is_known_ours(t));
    let (meant, rest) = if args.foreign { (others, ours) } else { (ours, others) };
    if args.what.is_empty() {
        // What has no record, or nothing but a record, goes only by name.
        return Ok(meant.into_iter().filter(|t| t.identity.is_some() && !t.is_orphan()).collect());
    }
    let mut chosen: Vec<&Trashed> = Vec::new();
    for word in &args.what {
        match choose::named(&meant, word, &env.current()) {
            Ok(found) => chosen.extend(found),
            Err(Unclear::Several(twins)) => return Err(several(word, &twins)),
            Err(Unclear::Nothing) if choose::named(&rest, word, &env.current()).is_ok() => {
                let word = text::path(word);
                return Err(if args.foreign {
                    format!("{word} was put there by mldu: say it without --foreign")
                } else {
                    format!("{word} was put there by another program: --foreign empties it")
                });
            }
            Err(Unclear::Nothing) => return Err(nothing(word, &shelf.absent)),
        }
    }
    chosen.sort_by_key(|t| t.file());
    chosen.dedup_by_key(|t| t.file());
    Ok(chosen)
}

/// What is older than a limit, and what has no age by which that could be told.
fn older(chosen: Vec<&Trashed>, limit: Option<i64>, now: i64) -> (Vec<&Trashed>, Vec<&Trashed>) {
    let Some(limit) = limit else { return (chosen, Vec::new()) };
    let (dated, undated): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|t| t.age(now).is_some());
    (dated.into_iter().filter(|t| t.age(now).is_some_and(|age| age > limit)).collect(), undated)
}

fn carry_out(env: &Env, plan: &Empty, units: Units) -> (Exit, String) {
    let (done, lost) = journal::run::empty(env, plan, &AtomicBool::new(false), &mut |_| {});
    super::tell_unlogged(lost);
    let failed: Vec<_> = done.iter().filter(|d| d.failed.is_some()).collect();
    let gone: u64 = done.iter().filter(|d| d.failed.is_none()).filter_map(|d| d.bytes).sum();
    let mut out = format!("{} emptied\n", text::size(gone, units));
    for f in &failed {
        let why = f.failed.as_deref().unwrap_or_default();
        out.push_str(&format!("  {} stays: {why}\n", words(&f.thing)));
    }
    (partly(failed.len(), done.len()), out)
}

/// Whether somebody can be asked: there is a terminal at both ends.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Asks a person for a word. Without a terminal nobody can be asked.
pub(super) fn asked(question: &str, word: &str) -> bool {
    if !can_ask() {
        return false;
    }
    // What was typed before the question is there was not meant for it.
    tty::forget_typed();
    let _ = write!(std::io::stdout(), "{question}");
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == word
}
