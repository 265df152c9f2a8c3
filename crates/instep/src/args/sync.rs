//! What can be typed about runs of items: what they are about, how they compare and decide, and taking them back.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use folders::pair::MaxDelete;
use folders::words::max_delete;
use reconcile::{Keep, Mode, OnConflict, RelPath};

use super::complete;

pub(super) const SYNC_EXAMPLES: &str = "\
Examples:
  instep sync ~/Photos /media/nas/Photos     two folders; the pair is remembered as an item
  instep sync photos music                   items that were added
  instep sync --all --quiet                  everything, for a timer
  instep sync photos --mode mirror --yes     make B equal to A, this time
  instep sync --plan 7f3a9c                  exactly what `instep preview` showed

What a run deletes or overwrites goes to the trash of that side, and `instep undo` brings it back.

Exit codes:
  0 done   1 done with gaps   2 wrong usage   3 failed   4 safety stop
  5 open conflicts   6 canceled   7 waiting (drive, network, another run of the pair)";

pub(super) const PREVIEW_EXAMPLES: &str = "\
Examples:
  instep preview photos                      what `instep sync photos` would do
  instep preview ~/Photos /media/nas/Photos  before the pair is ever synchronized
  instep preview photos --json               one action a line, for programs";

pub(super) const WATCH_EXAMPLES: &str = "\
Examples:
  instep watch photos                        runs once, then whenever something changes
  instep watch ~/Photos /media/nas/Photos    two folders; the pair is remembered as an item
  instep watch --all --json                  everything, for a program that listens

Ctrl-C ends it; the exit code is that of the items as they stand then:
  0 in sync   1 gaps   3 failed   4 safety stop   5 open conflicts   6 a run was cut short   7 waiting";

pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  instep verify photos                       compares kinds, sizes and times
  instep verify photos --checksum            reads and compares every byte

Exit codes:
  0 the same   1 different, or not all could be read";

pub(super) const UNDO_EXAMPLES: &str = "\
Examples:
  instep undo 42
  instep undo last                           again: undoes the undoing

What was changed since by hand is left as it is and reported. What comes back is the newest word on its
side: the next sync brings it to the other one.";

/// Which items, or which two folders.
#[derive(Debug, Clone, Args)]
pub(crate) struct Targets {
    /// Items, or two folders A and B (write `./name` for a folder that is called like an item)
    #[arg(value_name = "ITEM|FOLDER", add = ArgValueCompleter::new(complete::targets))]
    pub(crate) targets: Vec<OsString>,
    /// All items
    #[arg(long, conflicts_with = "targets")]
    pub(crate) all: bool,
}

/// How to compare and decide; for this run only, unless given to `add`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Rules {
    /// The direction: both ways, B becomes equal to A, or B gets A's additions and edits and loses nothing
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<ModeArg>,
    /// What happens when both sides changed the same thing differently: `ask` leaves both as they are and records it
    #[arg(long, value_name = "POLICY")]
    pub(crate) on_conflict: Option<OnConflictArg>,
    /// Leave out what matches (gitignore syntax; may be given again). `.instepignore` files work too
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Take in what matches although it is excluded (gitignore syntax; may be given again)
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Stop before deleting more than this many entries, or this share of a side; 0 allows none [default: 50%]
    #[arg(long, value_name = "N|N%", value_parser = max_delete, allow_hyphen_values = true)]
    pub(crate) max_delete: Option<MaxDelete>,
    /// Keep more in sync than content, permissions and times: whose everything is (by number), extended attributes
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) keep: Vec<KeepArg>,
}

impl Rules {
    /// What is to be kept; none if nothing is said.
    pub(crate) fn keep(&self) -> Option<Keep> {
        let keep = Keep {
            owners: self.keep.contains(&KeepArg::Owners),
            attributes: self.keep.contains(&KeepArg::Attributes),
        };
        (!self.keep.is_empty()).then_some(keep)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// Run although a guard stopped it (see what it would do first: `instep preview`)
    #[arg(long)]
    pub(crate) approve: bool,
    /// Do not ask. Without a terminal, a first run that would delete or overwrite anything needs this
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Compare content, not only size and time
    #[arg(long)]
    pub(crate) checksum: bool,
    /// Run exactly this plan; what has changed since it was shown is left out and reported
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["all", "mode", "on_conflict", "exclude", "include", "max_delete", "keep", "checksum"]
    )]
    pub(crate) plan: Option<String>,
    /// Leave this path as it is on both sides, with all that is beneath it (beneath the sides; may be given again)
    #[arg(long, value_name = "PATH", value_parser = OsStringValueParser::new().try_map(beneath_sides), conflicts_with = "plan")]
    pub(crate) skip: Vec<RelPath>,
    /// Delete and overwrite for good: no trash, no undo
    #[arg(long)]
    pub(crate) no_trash: bool,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// Compare content, not only size and time
    #[arg(long)]
    pub(crate) checksum: bool,
    /// Leave this path as it is on both sides, with all that is beneath it (beneath the sides; may be given again)
    #[arg(long, value_name = "PATH", value_parser = OsStringValueParser::new().try_map(beneath_sides))]
    pub(crate) skip: Vec<RelPath>,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) targets: Targets,
    /// Agree to a first run that deletes or overwrites something
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The run, as `instep results` numbers it, or `last`
    pub(crate) run: String,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Only these items
    #[arg(value_name = "ITEM", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    /// Read and compare all content
    #[arg(long)]
    pub(crate) checksum: bool,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// The direction, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    TwoWay,
    Mirror,
    Copy,
}

impl From<ModeArg> for Mode {
    fn from(arg: ModeArg) -> Self {
        match arg {
            ModeArg::TwoWay => Self::TwoWay,
            ModeArg::Mirror => Self::Mirror,
            ModeArg::Copy => Self::Copy,
        }
    }
}

/// What is kept on request, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeepArg {
    Owners,
    Attributes,
}

/// What happens to conflicts, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflictArg {
    Ask,
    Newest,
    Largest,
    A,
    B,
    KeepBoth,
}

impl From<OnConflictArg> for OnConflict {
    fn from(arg: OnConflictArg) -> Self {
        match arg {
            OnConflictArg::Ask => Self::Ask,
            OnConflictArg::Newest => Self::Newest,
            OnConflictArg::Largest => Self::Largest,
            OnConflictArg::A => Self::A,
            OnConflictArg::B => Self::B,
            OnConflictArg::KeepBoth => Self::KeepBoth,
        }
    }
}

/// A path as it is beneath both sides; the sides themselves are no single change.
fn beneath_sides(path: OsString) -> Result<RelPath, String> {
    let bytes = path.as_bytes();
    match RelPath::from_bytes(bytes.strip_suffix(b"/").unwrap_or(bytes)) {
        Some(path) if !path.is_root() => Ok(path),
        _ => Err("this is the path beneath the sides: it has no `/` in front and no `..` in it".to_owned()),
    }
}
