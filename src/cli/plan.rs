//! Arguments of what makes a plan and of what carries one out.

use std::path::PathBuf;

use clap::Args;

use super::{ScanArgs, SelectArgs};

/// Arguments of `mldu plan`.
#[derive(Debug, Args)]
// What is another machine's cannot go here; it is refused with that reason.
#[command(mut_arg("import", |a| a.hide(true)))]
pub struct PlanArgs {
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// The way it is to go.
    #[command(flatten)]
    pub way: WayArgs,
    /// Write it to FILE for `mldu apply`; - is standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// What is chosen. It stands last: its headings would hold for what follows.
    #[command(flatten)]
    pub select: SelectArgs,
}

/// The way things go.
#[derive(Debug, Clone, Copy, Args)]
pub struct WayArgs {
    /// To the trash: it can be brought back, and frees nothing until that is emptied
    #[arg(long, conflicts_with = "delete")]
    pub trash: bool,
    /// For good
    #[arg(long)]
    pub delete: bool,
}

/// Arguments of `mldu apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The plan, as `mldu plan -o FILE` or `w` in the plan's screen wrote it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Another way than the plan says.
    #[command(flatten)]
    pub way: WayArgs,
    /// Do it without asking
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Say what would go, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
