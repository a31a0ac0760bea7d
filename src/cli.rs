//! What can be typed on the command line. It parses and does nothing else.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

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
    /// Bring back what mldu trashed: the last run, or the one named
    Undo(UndoArgs),
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
            Self::Report(_) | Self::Families(_) | Self::Trash { command: TrashCommand::List { .. } } => false,
            Self::Trash { command: TrashCommand::Empty { dry_run, .. } } => !dry_run,
            Self::Undo(_) => true,
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

/// Arguments of `mldu undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The run, as printed when it ended; see `mldu trash list`
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be done with the trash.
#[derive(Debug, Subcommand)]
pub enum TrashCommand {
    /// List what lies in it; things mldu put there are marked with their run
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete for good what mldu put there; what others trashed stays
    Empty {
        /// Only this run
        #[arg(value_name = "RUN")]
        run: Option<String>,
        /// Do it without asking
        #[arg(short = 'y', long)]
        yes: bool,
        /// Say what would go, and do nothing
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
