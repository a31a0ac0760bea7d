//! What can be typed on the command line. It parses and does nothing else.

mod clean;
mod free;
mod plan;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::model::category::Category;
use crate::text::amount::size;

pub use clean::{CleanArgs, CondaArgs, SelectArgs};
pub use free::FreeArgs;
pub use plan::{ApplyArgs, PlanArgs, WayArgs};

/// See what fills the disk of a machine-learning box, and let go of it without regret.
#[derive(Debug, Parser)]
#[command(
    name = "mldu",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 done, 1 error, 2 usage, 3 limit crossed, 4 partly done, 101 bug, 130 interrupted.\n\
                  Without a terminal, mldu prints the report."
)]
pub struct Cli {
    /// What to do; without it, the interface opens.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// How to show it.
    #[command(flatten)]
    pub show: ShowArgs,
    /// Make a believable box in a temporary folder, work on that, and remove it on leaving
    #[arg(long, conflicts_with = "import")]
    pub demo: bool,
    /// With --demo: show a full disk of a machine called gpu07, as in the README's picture
    #[arg(long, hide = true, requires = "demo")]
    pub picture: bool,
    /// Scan without the interface and write what was found to FILE, in ncdu's JSON; - is standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Refuse everything that removes
    #[arg(short = 'r', long, env = "MLDU_READ_ONLY", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0, default_missing_value = "true", global = true)]
    pub read_only: bool,
}

/// What is scanned.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// Folders to scan; without any: all known caches, your home, and the rest of their file systems
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Show what was exported by mldu -o, ncdu -o or gdu -o, in place of this machine; - is standard input
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with = "paths")]
    pub import: Option<PathBuf>,
    /// Stay on the file systems of the given folders
    #[arg(short = 'x', long)]
    pub one_file_system: bool,
    /// Leave out what matches: a name, the end of a path, or a whole path; `/` at the end for folders only
    #[arg(short = 'e', long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Leave out what matches one of the patterns in a file, one a line
    #[arg(short = 'X', long, value_name = "FILE")]
    pub exclude_from: Vec<PathBuf>,
    /// Threads that read the disk
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Read through the portable back end
    #[arg(long, hide = true)]
    pub portable: bool,
    /// The time to show ages by
    #[arg(long, hide = true, value_name = "RFC 3339")]
    pub now: Option<String>,
}

/// How things are shown.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// When to use color
    #[arg(long, value_enum, env = "MLDU_COLOR", default_value = "auto", global = true)]
    pub color: ColorWhen,
    /// Draw with ASCII characters only
    #[arg(long, env = "MLDU_ASCII", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0, default_missing_value = "true", global = true)]
    pub ascii: bool,
    /// Sizes in powers of 1000
    #[arg(long, global = true)]
    pub si: bool,
}

/// When color is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that has it, unless `NO_COLOR` is set.
    Auto,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

/// What can be done without the interface.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what was found
    Report(ReportArgs),
    /// What mldu knows: every family of caches, where it is here, and how to get it back
    Families(FamiliesArgs),
    /// Why it cannot be saved: what is full, and what to do; ends with 3 if saving is blocked
    Why(WhyArgs),
    /// Where caches can be moved: the variables, whether they are set, and the lines that set them
    Where(WhereArgs),
    /// Free so much, by the gentlest plan that does; asks first
    Free(FreeArgs),
    /// Remove what answers to some rules: what is safe, or what they say; tells it first
    Clean(CleanArgs),
    /// Say what would go, and write it to a file that `mldu apply` does later; nothing is removed
    Plan(PlanArgs),
    /// Do what a plan in a file says, after all of it was looked at anew; what changed is left out
    Apply(ApplyArgs),
    /// Bring back what mldu trashed: the last run, or what is named
    Undo(UndoArgs),
    /// What was done: when, what, and what became of it
    Log(LogArgs),
    /// What a killed run left half done: tell it, finish it, or undo it
    Interrupted(InterruptedArgs),
    /// What lies in the trash
    Trash {
        /// What to do with it.
        #[command(subcommand)]
        command: TrashCommand,
    },
}

impl Cli {
    /// A command that was taken for a folder to scan, because an option stands before it: `mldu -r undo`.
    pub fn misplaced_command(&self) -> Option<String> {
        let name = self.scan.paths.first().filter(|_| self.command.is_none())?.to_str()?;
        Self::command().find_subcommand(name).map(|c| c.get_name().to_string())
    }
}

impl Command {
    /// Whether it removes, moves or makes something. A new one says so here before it can be run read-only.
    pub fn changes_something(&self) -> bool {
        match self {
            Self::Report(_)
            | Self::Families(_)
            // It writes nothing to try it then.
            | Self::Why(_)
            | Self::Where(_)
            // It writes only the file that is asked for.
            | Self::Plan(_)
            | Self::Log(_)
            | Self::Trash { command: TrashCommand::List { .. } } => false,
            Self::Trash { command: TrashCommand::Empty(args) } => !args.dry_run,
            Self::Free(args) => !args.dry_run,
            Self::Clean(args) => !args.dry_run,
            Self::Undo(args) => !args.dry_run,
            Self::Apply(args) => !args.dry_run,
            Self::Interrupted(args) => args.finish || args.undo,
        }
    }
}

/// Arguments of `mldu report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
    /// By what it is told
    #[arg(long, value_enum, default_value = "category", value_name = "WHAT")]
    pub by: By,
    /// Only what is left over: partial, orphaned, detached, superseded
    #[arg(long, conflicts_with = "by")]
    pub leftovers: bool,
    /// As Prometheus' text format, for the node exporter's textfile collector or a Pushgateway
    #[arg(long, conflicts_with_all = ["json", "by", "leftovers"])]
    pub prom: bool,
    /// Write it to FILE in place of standard output; the old FILE stays until the new one is whole
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// End with 3 if a mount is fuller than N%, or if more than SIZE lies in the groups of --category, or in all
    #[arg(long, value_name = "N%|SIZE", value_parser = limit)]
    pub fail_above: Option<Limit>,
    /// The groups that --fail-above SIZE is about, by their ids
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = category, requires = "fail_above")]
    pub category: Vec<Category>,
}

/// What must not be crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// So many percent of a mount, as `df` counts.
    Percent(f64),
    /// So many bytes.
    Bytes(u64),
}

/// `90%`, `5G`, `1.5 TiB`. Letters stand for powers of 1024, as in mldu's own sizes.
fn limit(text: &str) -> Result<Limit, String> {
    if let Some(percent) = text.trim().strip_suffix('%') {
        let percent = percent.trim().parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p));
        return percent.map(Limit::Percent).ok_or_else(|| "a percentage is from 0% to 100%".to_string());
    }
    size(text).map(Limit::Bytes)
}

fn category(text: &str) -> Result<Category, String> {
    Category::from_id(text).ok_or_else(|| {
        let all: Vec<&str> = Category::all().map(Category::id).collect();
        format!("the groups are {}", all.join(", "))
    })
}

/// By what a report is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Groups, with their stores and items.
    Category,
    /// Who holds how much of which group.
    User,
}

/// Arguments of `mldu families`.
#[derive(Debug, Args)]
pub struct FamiliesArgs {
    /// All that is known of these; without any, a line for each
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mldu why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The folder of the notebooks; the current one unless named
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mldu where`.
#[derive(Debug, Args)]
pub struct WhereArgs {
    /// Print the lines that move the caches of this machine below FOLDER
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// What the lines are for
    #[arg(long = "for", value_enum, default_value = "profile", value_name = "FILE", requires = "folder")]
    pub form: FormArg,
    /// Every variable there is, not only those of caches that are here
    #[arg(long)]
    pub all: bool,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
}

/// What the lines of `mldu where` are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormArg {
    /// The profile of a shell.
    Profile,
    /// A Dockerfile.
    Dockerfile,
    /// The environment of a service in a compose file.
    Compose,
}

/// Arguments of `mldu undo`.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// What comes back: a run or a thing by its number in `mldu trash list`, or by the place it was in
    #[arg(value_name = "RUN|ID|PATH")]
    pub what: Vec<PathBuf>,
    /// The last run; so it is without any other word
    #[arg(long, conflicts_with_all = ["what", "all"])]
    pub last: bool,
    /// Everything mldu trashed that is still there
    #[arg(long, conflicts_with = "what")]
    pub all: bool,
    /// Where something else lies now, bring it back beside that, as "NAME (restored)"
    #[arg(long)]
    pub beside: bool,
    /// Bring back what is left of an item of which a part was emptied elsewhere
    #[arg(long)]
    pub partly: bool,
    /// Say what would come back, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mldu log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Only this run
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Only since then: 30m, 12h, 7d, 4w, or a day as 2026-11-20
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only so many of the last lines
    #[arg(short = 'n', value_name = "N")]
    pub last: Option<usize>,
    /// As JSON (README, "The log")
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mldu interrupted`.
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
#[derive(Debug, Args)]
pub struct InterruptedArgs {
    /// Folders to read for what was interrupted and is not in the log; without any, the log and the trashes are asked
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Delete for good what is left of what was being deleted; put in the trash what is left of an item that was
    #[arg(long, conflicts_with = "undo")]
    pub finish: bool,
    /// Put back what is still whole; bring back from the trash what is there of an item
    #[arg(long)]
    pub undo: bool,
    /// Only what this run left
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Do it without asking
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be done with the trash.
#[derive(Debug, Subcommand)]
pub enum TrashCommand {
    /// List what lies in it; things mldu put there have a run and a number
    List(ListArgs),
    /// Delete for good what mldu put there; what others put there only with --foreign
    Empty(EmptyArgs),
}

/// Arguments of `mldu trash list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what mldu put there
    #[arg(long, conflicts_with = "foreign")]
    pub ours: bool,
    /// Only what other programs put there
    #[arg(long)]
    pub foreign: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mldu trash empty`.
#[derive(Debug, Args)]
pub struct EmptyArgs {
    /// Only these: a run or a thing by its number in `mldu trash list`, or by the place it was in
    #[arg(value_name = "RUN|ID|PATH")]
    pub what: Vec<PathBuf>,
    /// Only what was trashed longer ago than this: 12h, 7d, 2w
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<i64>,
    /// What other programs put there, in place of what mldu did
    #[arg(long)]
    pub foreign: bool,
    /// Do it without asking
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Say what would go, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// A time in seconds, from `90m`, `7d` or `1w 2d`.
fn age(text: &str) -> Result<i64, String> {
    let odd = || "say it in weeks, days, hours or minutes: 2w, 7d, 12h, 90m".to_string();
    let span: jiff::Span = text.parse().map_err(|_| odd())?;
    // Months and years are not always as long.
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours()));
    seconds.ok().filter(|s| *s >= 0.0).map(|s| s.ceil() as i64).ok_or_else(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn limits_are_percentages_or_sizes() {
        assert_eq!(limit("90%"), Ok(Limit::Percent(90.0)));
        assert_eq!(limit(" 99.5 %"), Ok(Limit::Percent(99.5)));
        assert_eq!(limit("5G"), Ok(Limit::Bytes(5 << 30)));
        assert_eq!(limit("1.5 TiB"), Ok(Limit::Bytes(3 << 39)));
        assert_eq!(limit("300"), Ok(Limit::Bytes(300)));
        for bad in ["101%", "-1%", "many", "%", "5X", ""] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ages_are_told_as_people_tell_them() {
        for (text, seconds) in
            [("7d", 604_800), ("12h", 43_200), ("1w 2d", 777_600), ("90m", 5_400), ("0s", 0)]
        {
            assert_eq!(age(text), Ok(seconds), "{text}");
        }
        for odd in ["", "7", "d", "-7d", "7d ago", "3mo", "1y", "soon"] {
            assert!(age(odd).is_err(), "{odd}");
        }
    }
}
