//! What can be typed about items as such: setting them up, and asking how they stand.

use std::ffi::OsString;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::complete;
use super::sync::Rules;

pub(super) const ADD_EXAMPLES: &str = "\
Examples:
  instep add ~/Photos /media/nas/Photos
  instep add Photos ~/Photos /media/nas/Photos --exclude '*.tmp' --label-b NAS
  instep add Backup ~/Documents /mnt/backup/Documents --mode copy
  instep add --found drive --set source=/home/me/Documents
  instep add nightly --handler rsync --set source=/home/me/ --set target=nas:me/ --set delete=true

Nothing is synchronized yet: `instep preview` shows what would happen, `instep sync` does it.
The settings are one file that you may edit by hand; `instep list -v` says where it is.";

pub(super) const RESULTS_EXAMPLES: &str = "\
Examples:
  instep results                             the newest runs of all items
  instep results photos                      those of one item
  instep results last                        all that the newest run reported";

pub(super) const STOP_EXAMPLES: &str = "\
Examples:
  instep stop photos                         whoever synchronizes it: the daemon, a timer, another terminal
  instep stop --all

What is under way is brought to a safe end first; both sides stay consistent. What waits for its turn is forgotten.

Exit codes:
  0 nothing of it runs any more   7 asked, and still at it (`instep status` shows more)";

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The two folders, and before them a name if you like (else it is named after them)
    #[arg(value_name = "FOLDER", num_args = 1..=3, required_unless_present = "found", value_hint = clap::ValueHint::DirPath)]
    pub(crate) what: Vec<OsString>,
    /// Take over what another tool is set up for, as `instep handler list --found` calls it; only a name may be given
    #[arg(long, value_name = "ITEM", conflicts_with = "handler")]
    pub(crate) found: Option<String>,
    /// Make an item of this handler (rsync, rclone, restic, borg, unison, git, syncthing or a program's); only a name is given
    #[arg(long, value_name = "HANDLER")]
    pub(crate) handler: Option<String>,
    /// With --found or --handler: a key of the item as in the settings, like mode=copy or paths='["/home", "/etc"]'
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// What to call side A (its folder's name if not given)
    #[arg(long, value_name = "LABEL")]
    pub(crate) label_a: Option<String>,
    /// What to call side B
    #[arg(long, value_name = "LABEL")]
    pub(crate) label_b: Option<String>,
    /// How long the trash is kept
    #[arg(long, value_name = "DAYS")]
    pub(crate) trash_days: Option<u32>,
    /// How much the trash of each side may hold, like 10GiB (no limit if not given)
    #[arg(long, value_name = "SIZE", value_parser = crate::setup::bytes)]
    pub(crate) trash_size: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The item to forget
    #[arg(add = ArgValueCandidates::new(complete::items))]
    pub(crate) item: String,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only these items
    #[arg(value_name = "ITEM", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Results {
    /// One run with all it reported (`last` for the newest), or the runs of one item
    #[arg(value_name = "RUN|ITEM", add = ArgValueCandidates::new(complete::items))]
    pub(crate) of: Option<String>,
    /// At most this many runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
    /// Open what a link of that run leads to: the number before it. A command is shown first, and started only if you agree
    #[arg(long, value_name = "LINK", conflicts_with_all = ["json", "log"], requires = "of")]
    pub(crate) open: Option<usize>,
    /// With --open: agree to the command that is shown
    #[arg(long, requires = "open")]
    pub(crate) yes: bool,
    /// What the command of that run wrote, as it was kept: its beginning and its end
    #[arg(long, conflicts_with = "json", requires = "of")]
    pub(crate) log: bool,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// The items
    #[arg(value_name = "ITEM", required = true, add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
}

/// What is to be stopped.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// These items
    #[arg(value_name = "ITEM", required_unless_present = "all", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    /// All that runs
    #[arg(long, conflicts_with = "items")]
    pub(crate) all: bool,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}
