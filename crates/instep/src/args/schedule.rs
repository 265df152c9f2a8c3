//! What can be typed about what happens by itself: schedules, pauses, alerts.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use settings::period::Period;

use super::complete;

pub(super) const SCHEDULE_EXAMPLES: &str = "\
Examples:
  instep schedule                            what runs by itself, and when next
  instep schedule photos --cron '30 2 * * *' --overdue 2d
  instep schedule photos --every 6h --on change,wake
  instep schedule backup --after photos --window 22:00-06:00 --needs mount:/media/usb
  instep schedule photos --every none        takes one part out; --off takes out all of it

What is not given stays as it is. The settings say it all, and more: docs/schedules.md.";

pub(super) const PAUSE_EXAMPLES: &str = "\
Examples:
  instep pause photos --for 2h
  instep pause --all --until 18:00
  instep resume --all";

/// When items run by themselves.
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// The item; all that have a schedule if not given
    #[arg(add = ArgValueCandidates::new(complete::items))]
    pub(crate) item: Option<String>,
    #[command(flatten)]
    pub(crate) keys: ScheduleKeys,
    /// Never run it by itself any more
    #[arg(long, requires = "item", conflicts_with = "ScheduleKeys")]
    pub(crate) off: bool,
    /// How many of the next times to show
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5)]
    pub(crate) next: usize,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a schedule says; what is not given stays as it is, and `none` takes it out.
#[derive(Debug, Args)]
#[group(id = "ScheduleKeys", multiple = true, requires = "item")]
pub(crate) struct ScheduleKeys {
    /// At times of the calendar: minute, hour, day, month, weekday (may be given again)
    #[arg(long, value_name = "LINE")]
    pub(crate) cron: Vec<String>,
    /// The time zone of --cron and --window, as Europe/Berlin [default: the machine's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// That long after the last good run: 90s, 15m, 2h, 1d
    #[arg(long, value_name = "TIME")]
    pub(crate) every: Option<String>,
    /// Count --every from midnight, and not from the last good run
    #[arg(long)]
    pub(crate) by_clock: bool,
    /// When something happens: change, mount, mount:PATH, network, network:NAME, wake, start
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) on: Vec<String>,
    /// After each good run of another item
    #[arg(long, value_name = "ITEM", value_delimiter = ',', add = ArgValueCandidates::new(complete::items))]
    pub(crate) after: Vec<String>,
    /// Begin only then: 22:00-06:00, or "sat,sun 08:00-12:00" (may be given again)
    #[arg(long, value_name = "TIMES")]
    pub(crate) window: Vec<String>,
    /// Begin only with that: mount:PATH, network, network:NAME
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) needs: Vec<String>,
    /// Overdue after so long without a good run, or `never` [default: when two times have come]
    #[arg(long, value_name = "TIME")]
    pub(crate) overdue: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// The items
    #[arg(value_name = "ITEM", required_unless_present = "all", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    /// Everything
    #[arg(long, conflicts_with = "items")]
    pub(crate) all: bool,
    /// For so long: 90s, 15m, 2h, 1d
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
    pub(crate) length: Option<Period>,
    /// Until then: 18:00, 2026-12-24, 2026-12-24T18:00
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The items
    #[arg(value_name = "ITEM", required_unless_present = "all", add = ArgValueCandidates::new(complete::items))]
    pub(crate) items: Vec<String>,
    /// Everything, and each item
    #[arg(long, conflicts_with = "items")]
    pub(crate) all: bool,
}

pub(super) const ALERTS_EXAMPLES: &str = "\
Examples:
  instep alerts                              what needs somebody, and was told
  instep alerts test phone                   tells something by that channel, now

Channels and rules are in the settings: docs/alerts.md.";

/// What was told, and by what.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    pub(crate) command: Option<AlertsCommand>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done with channels.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Tell something by a channel, to see whether it arrives
    Test {
        /// The channel, as the settings name it
        #[arg(value_name = "CHANNEL", add = ArgValueCandidates::new(complete::channels))]
        channel: String,
    },
}
