//! What can be typed behind `mldu clean`, and the rules by which things are chosen.

use clap::Args;

use super::{ScanArgs, age, category};
use crate::model::category::Category;
use crate::text::amount::{Amount, size};

/// Arguments of `mldu clean`.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
// What is another machine's cannot go here; it is refused with that reason.
#[command(mut_arg("import", |a| a.hide(true)))]
pub struct CleanArgs {
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// Only until so much is free where things lie: the safest first, then what is longest unchanged
    #[arg(long, value_name = "SIZE|N%", value_parser = Amount::parse)]
    pub min_free: Option<Amount>,
    /// To the trash: it can come back, and frees nothing until that is emptied
    #[arg(long, conflicts_with = "delete")]
    pub trash: bool,
    /// For good
    #[arg(long)]
    pub delete: bool,
    /// Say what would go, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do it without asking; needs --trash or --delete
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// As JSON (README, "JSON")
    #[arg(long)]
    pub json: bool,
    /// What is chosen. It stands last: its headings would hold for what follows.
    #[command(flatten)]
    pub select: SelectArgs,
}

/// The rules by which things are chosen. All that are given must hold; without one that says what, all that is safe.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What goes")]
pub struct SelectArgs {
    /// Things of these groups, by their ids (README, "Groups")
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = category)]
    pub category: Vec<Category>,
    /// Things of these families, by their ids (`mldu families`)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub family: Vec<String>,
    /// Things with such a name, or that lie at such a path; as for --exclude
    #[arg(long, value_name = "GLOB")]
    pub name: Vec<String>,
    /// Only what nothing in was changed for so long: 30d, 12h, 8w
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<i64>,
    /// Only what takes so much: 500M, 20G
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub min_size: Option<u64>,
    /// Only what is left over: partial, orphaned, detached, superseded
    #[arg(long)]
    pub leftovers: bool,
    /// Also what a person may have made, or nobody knows; only with a rule that says what
    #[arg(long)]
    pub look_first: bool,
    /// What `conda clean` is asked for with the same letters.
    #[command(flatten)]
    pub conda: CondaArgs,
}

/// The flags of `conda clean` (`families::conda::flags`).
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What goes, as conda clean says it")]
pub struct CondaArgs {
    /// Archives that conda and mamba downloaded
    #[arg(short = 't', long)]
    pub tarballs: bool,
    /// Extracted packages that no environment links
    #[arg(short = 'p', long)]
    pub packages: bool,
    /// What the channels offer, as it was downloaded
    #[arg(short = 'i', long)]
    pub index_cache: bool,
    /// What interrupted installs left
    #[arg(short = 'c', long)]
    pub tempfiles: bool,
    /// Logs of the solver
    #[arg(short = 'l', long)]
    pub logfiles: bool,
    /// All five of these
    #[arg(short = 'a', long)]
    pub all: bool,
    /// Has no equal
    #[arg(long, hide = true)]
    pub force_pkgs_dirs: bool,
}

impl CondaArgs {
    /// Whether the flag with this long name was given.
    pub fn asks_for(&self, long: &str) -> bool {
        match long {
            "tarballs" => self.tarballs,
            "packages" => self.packages,
            "index-cache" => self.index_cache,
            "tempfiles" => self.tempfiles,
            "logfiles" => self.logfiles,
            "all" => self.all,
            _ => false,
        }
    }
}
