//! What can be typed after `mldu free`.

use std::path::PathBuf;

use clap::Args;

use super::ScanArgs;
use crate::text::amount::Amount;

/// Arguments of `mldu free`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
// What is another machine's cannot go here; it is refused with that reason.
#[command(mut_arg("import", |a| a.hide(true)))]
pub struct FreeArgs {
    /// How much is to come back: 20G, 500M, or 15% of the file system
    #[arg(value_name = "AMOUNT", value_parser = Amount::parse)]
    pub amount: Amount,
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// Where: a file system by any folder on it; the fullest of those scanned unless named
    #[arg(long, value_name = "MOUNT")]
    pub on: Option<PathBuf>,
    /// Where the rest is not enough, take what should be looked at first, too
    #[arg(long)]
    pub look_first: bool,
    /// Move it to the trash; nothing comes back before that is emptied
    #[arg(long, conflicts_with = "delete")]
    pub trash: bool,
    /// Delete it for good; so it is without --trash, but --yes needs it said
    #[arg(long)]
    pub delete: bool,
    /// Say what would go, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do it without asking
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
}
