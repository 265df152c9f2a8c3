//! What can be typed by and about jobs: commands and scripts of someone else.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};
use settings::period::Period;
use syncmgr::outcome::Outcome;

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  instep run nightly -- rsync -a --info=progress2 ~/ nas:backup/
  instep run -q nightly -- restic backup --json /home     only speaks when it failed: for cron

The exit code is that of the command (128 + n when signal n ended it). Ctrl-C ends the command with
all that it started. What rsync, rclone, restic, borg, unison and git tell, and NN% of all others,
becomes progress and results; `instep results last --log` shows what was written.";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  instep report start nightly
  instep report progress nightly 40 copying photos
  instep report event nightly --level error \"cannot read /home/x\"
  instep report end nightly $?

The answer is `continue`, `cancel` or `pause`. Without a daemon the reports are kept, with their
times, until the job ends or the next command looks.";

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to call the job; the same name is the same item
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Without a good run for so long it is overdue: 90s, 15m, 2h, 1d. Kept until it is said anew
    #[arg(long, value_name = "TIME")]
    pub(crate) overdue: Option<Period>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What to call this run, where several of one job go on at a time [default: $INSTEP_RUN]
    #[arg(long, value_name = "RUN", global = true)]
    pub(crate) rid: Option<String>,
    #[command(subcommand)]
    pub(crate) command: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// The job has begun
    Start {
        /// The job; the same name is the same item
        #[arg(value_name = "JOB")]
        item: String,
        /// Without a good run for so long it is overdue: 90s, 15m, 2h, 1d. Kept until it is said anew
        #[arg(long, value_name = "TIME")]
        overdue: Option<Period>,
    },
    /// How far it is
    Progress {
        /// The job
        #[arg(value_name = "JOB")]
        item: String,
        /// Per cent, or done and all as in `3/20`
        #[arg(value_name = "PERCENT|N/M", value_parser = parse_bar)]
        bar: (u64, u64),
        /// What it is at
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Something worth a line of the results
    Event {
        /// The job
        #[arg(value_name = "JOB")]
        item: String,
        /// How serious it is; only errors are counted
        #[arg(long, value_name = "LEVEL", default_value = "information")]
        level: LevelArg,
        /// What happened
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
    },
    /// It has ended
    End {
        /// The job
        #[arg(value_name = "JOB")]
        item: String,
        /// How: an exit code (`$?`), or `done`, `failed`, `gaps`, `canceled`, `waiting` [default: done]
        #[arg(value_name = "CODE|OUTCOME", value_parser = parse_outcome)]
        how: Option<Outcome>,
        /// Why
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
}

impl ReportCommand {
    /// The job it is about.
    pub(crate) fn item(&self) -> &str {
        match self {
            Self::Start { item, .. }
            | Self::Progress { item, .. }
            | Self::Event { item, .. }
            | Self::End { item, .. } => item,
        }
    }
}

/// The level of a reported event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Information,
    Warning,
    Error,
}

impl LevelArg {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

fn parse_bar(text: &str) -> Result<(u64, u64), String> {
    let wrong = || "how far it is, is a percentage (`42` or `42%`) or done and all (`3/20`)".to_owned();
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    match text.split_once('/') {
        Some((step, max)) => Ok((number(step)?, number(max)?)),
        None => {
            let percent = number(text.strip_suffix('%').unwrap_or(text))?;
            if percent > 100 { Err(wrong()) } else { Ok((percent, 100)) }
        }
    }
}

fn parse_outcome(text: &str) -> Result<Outcome, String> {
    if let Ok(code) = text.parse::<i32>() {
        return Ok(match code {
            0 => Outcome::Done,
            // A shell's words for Ctrl-C and a termination.
            130 | 143 => Outcome::Canceled,
            _ => Outcome::Failed,
        });
    }
    let known = [Outcome::Done, Outcome::Failed, Outcome::Gaps, Outcome::Canceled, Outcome::Waiting];
    known.into_iter().find(|outcome| outcome.word() == text).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|outcome| outcome.word()).collect();
        format!("an end is an exit code or one of {}", words.join(", "))
    })
}
