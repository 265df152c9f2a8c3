//! What can be typed about conflicts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use settings::period::Period;
use syncmgr::conflict::{Choice, ConflictKind};

use super::complete;

pub(super) const CONFLICTS_EXAMPLES: &str = "\
Examples:
  instep conflicts                              all that need a decision
  instep conflicts photos --under trip --type edit-edit
  instep conflicts notes --diff                 what both sides changed, as a merge would put it together
  instep conflicts photos --find-copies         conflict copies that other programs have left";

pub(super) const RESOLVE_EXAMPLES: &str = "\
Examples:
  instep resolve photos                         asks about one after another
  instep resolve photos trip/plan.txt --keep a
  instep resolve notes todo.md --keep both --name-b todo-nas.md
  instep resolve notes --all --keep merge       what can be merged cleanly; the rest stays open
  instep resolve notes todo.md --tool 'meld $LOCAL $BASE $REMOTE -o $MERGED'
  instep resolve --all --keep newest --under trip --older-than 2d --dry-run
  instep resolve photos tmp/cache.db --leave-out

The version that loses goes to the trash. All of it is one run, undone like any other: `instep undo last`.
A version that has changed since it was shown is left alone, and shown again.";

/// Which conflicts are meant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Which {
    /// Only at this path or in this folder, beneath the sides
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) under: Option<OsString>,
    /// Only of this type (may be given again)
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kinds: Vec<KindArg>,
    /// Only those that were found longer ago than this: `2d`, `12h`
    #[arg(long, value_name = "TIME")]
    pub(crate) older_than: Option<Period>,
}

impl Which {
    /// Whether only some are meant.
    pub(crate) fn is_some(&self) -> bool {
        self.under.is_some() || !self.kinds.is_empty() || self.older_than.is_some()
    }

    /// The kinds of the contract.
    pub(crate) fn kinds(&self) -> Vec<ConflictKind> {
        self.kinds.iter().map(|kind| (*kind).into()).collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Conflicts {
    /// Only those of these items
    #[arg(value_name = "ITEM", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Show the text of both versions, put together as a merge would
    #[arg(long)]
    pub(crate) diff: bool,
    /// Look for conflict copies that other programs have left in the sides: Syncthing, Dropbox, Nextcloud, bisync, Unison
    #[arg(long, conflicts_with_all = ["older_than", "kinds"])]
    pub(crate) find_copies: bool,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("said").args(["paths", "all", "under", "kinds", "older_than", "copies"]).multiple(true))]
pub(crate) struct Resolve {
    /// The item; with --all none means all items
    #[arg(required_unless_present = "all", add = ArgValueCandidates::new(complete::items))]
    pub(crate) item: Option<String>,
    /// The contested paths, as `instep conflicts` shows them; a folder stands for all in it
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) paths: Vec<OsString>,
    /// All open conflicts
    #[arg(long, conflicts_with = "paths")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Which version stays; without it you are asked about one after another
    // One choice for everything is made on purpose, never by leaving something out.
    #[arg(long, value_name = "WHICH", requires = "said")]
    pub(crate) keep: Option<KeepArg>,
    /// With `--keep both`, or one side: the name that A's version gets
    #[arg(long, value_name = "NAME", requires = "keep")]
    pub(crate) name_a: Option<String>,
    /// With `--keep both`, or one side: the name that B's version gets
    #[arg(long, value_name = "NAME", requires = "keep")]
    pub(crate) name_b: Option<String>,
    /// Put this file in the place of both versions
    #[arg(long, value_name = "FILE", conflicts_with_all = ["keep", "all"], value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Merge each in a tool: the one in the settings, or this line for the shell
    #[arg(
        long, value_name = "COMMAND", num_args = 0..=1, default_missing_value = "",
        conflicts_with_all = ["keep", "file"]
    )]
    pub(crate) tool: Option<String>,
    /// Leave both versions as they are, and synchronize them no more
    #[arg(long, requires = "said", conflicts_with_all = ["keep", "file", "tool"])]
    pub(crate) leave_out: bool,
    /// Settle the conflict copies that other programs have left, and no other conflicts
    #[arg(long, conflicts_with_all = ["leave_out", "name_a", "name_b", "older_than", "kinds"])]
    pub(crate) copies: bool,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask whether to settle many at once
    #[arg(long)]
    pub(crate) yes: bool,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// The version that stays, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeepArg {
    /// A's version
    A,
    /// B's version
    B,
    /// Both, B's under another name
    Both,
    /// The newer one
    Newest,
    /// The larger one
    Largest,
    /// Both merged, where they changed different places of a text
    Merge,
}

impl From<KeepArg> for Choice {
    fn from(arg: KeepArg) -> Self {
        match arg {
            KeepArg::A => Self::KeepOne(0),
            KeepArg::B => Self::KeepOne(1),
            KeepArg::Both => Self::KeepAll,
            KeepArg::Newest => Self::KeepRecent,
            KeepArg::Largest => Self::KeepLargest,
            KeepArg::Merge => Self::KeepMerged,
        }
    }
}

/// A type of conflict, as it is typed and shown in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// Changed on both sides
    EditEdit,
    /// New on both sides
    CreateCreate,
    /// Of another kind on each side
    Kind,
    /// Changed on one side, deleted on the other
    EditDelete,
    /// Two names that one side takes for the same
    NameClash,
    /// Permissions changed differently
    Metadata,
}

impl From<KindArg> for ConflictKind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::EditEdit => Self::EditEdit,
            KindArg::CreateCreate => Self::CreateCreate,
            KindArg::Kind => Self::KindMismatch,
            KindArg::EditDelete => Self::EditDelete,
            KindArg::NameClash => Self::NameClash,
            KindArg::Metadata => Self::Metadata,
        }
    }
}
