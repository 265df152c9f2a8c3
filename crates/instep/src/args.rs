//! What can be typed: commands, options, their help, and which of them contradict each other.
//!
//! The help of all commands together is a reviewed file, `tests/help.txt`.

mod complete;
mod conflicts;
#[cfg(test)]
mod documents;
mod handler;
mod items;
mod jobs;
mod schedule;
mod serve;
mod sync;
mod upkeep;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use conflicts::{Conflicts, KeepArg, Resolve, Which};
pub(crate) use handler::{Handler, HandlerCommand, HandlerList, HandlerName, HandlerTest};
pub(crate) use items::{Add, List, Remove, Results, Status, Stop, Switch};
pub(crate) use jobs::{Report, ReportCommand, Run};
pub(crate) use schedule::{Alerts, AlertsCommand, Pause, Resume, Schedule, ScheduleKeys};
pub(crate) use serve::{Door, LogFormat, RoleWord, Serve, TokenCommand};
pub(crate) use sync::{Preview, Rules, Sync, Targets, Undo, Verify, Watch};
pub(crate) use upkeep::{Completions, Doctor, Secret, SecretCommand, Service, ServiceCommand};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const TOP_EXAMPLES: &str = "\
Examples:
  instep sync ~/Photos /media/nas/Photos     make both folders equal, and remember the pair
  instep preview photos-photos               what the next run would do; touches nothing
  instep status                              how every pair stands
  instep undo last                           take the last run back

Exit codes:
  0 done   1 done with gaps   2 wrong usage   3 failed   4 safety stop
  5 open conflicts   6 canceled   7 waiting (drive, network, another run of the pair)";

/// Keeps folders in sync, and says truthfully how that went.
#[derive(Debug, Parser)]
#[command(name = "instep", version, styles = STYLES, max_term_width = 100, after_help = TOP_EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Typed,
}

/// What was typed.
#[derive(Debug, Subcommand)]
pub(crate) enum Typed {
    #[command(flatten)]
    Center(Command),
    #[command(flatten)]
    Job(JobCommand),
    #[command(flatten)]
    Upkeep(UpkeepCommand),
}

/// What looks after the installation: it works whatever the settings say.
#[derive(Debug, Subcommand)]
pub(crate) enum UpkeepCommand {
    /// Find out what is wrong with this installation, and how to mend it; changes nothing
    #[command(after_help = upkeep::DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Let systemd run the daemon
    #[command(after_help = upkeep::SERVICE_EXAMPLES)]
    Service(Service),
    /// Keep a secret that the settings name by `secret:NAME`
    #[command(after_help = upkeep::SECRET_EXAMPLES)]
    Secret(Secret),
}

impl UpkeepCommand {
    /// Whether JSON is wanted.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Doctor(args) => args.json,
            Self::Service(_) | Self::Secret(_) => false,
        }
    }
}

/// What belongs to a job: it goes on whatever is wrong with us.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Run a command, and keep on record how it went; its output and exit code are passed on
    #[command(after_help = jobs::RUN_EXAMPLES, override_usage = "instep run [OPTIONS] <NAME> -- <COMMAND>...")]
    Run(Run),
    /// Tell of a job from inside a script; never fails it, and answers with one word
    #[command(after_help = jobs::REPORT_EXAMPLES)]
    Report(Report),
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Say nothing but what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 100)]
    pub(crate) quiet: bool,
    /// Say all of what is otherwise cut short
    #[arg(short, long, global = true, display_order = 100)]
    pub(crate) verbose: bool,
    /// Use colours; `auto` asks the terminal and NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 100)]
    pub(crate) color: ColorChoice,
}

/// When to write colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Synchronize: two folders, or items that were added
    #[command(after_help = sync::SYNC_EXAMPLES)]
    Sync(Sync),
    /// Show what a run would do, and touch nothing
    #[command(after_help = sync::PREVIEW_EXAMPLES)]
    Preview(Preview),
    /// Synchronize now, and again whenever something changes, until Ctrl-C
    #[command(after_help = sync::WATCH_EXAMPLES)]
    Watch(Watch),
    /// Set a pair of folders up as an item
    #[command(after_help = items::ADD_EXAMPLES, override_usage = "instep add [OPTIONS] [NAME] <A> <B>")]
    Add(Add),
    /// Forget an item; its files, and the trash on both sides, stay
    Remove(Remove),
    /// List the items
    List(List),
    /// Say how every item stands: one truthful line each
    Status(Status),
    /// Show the runs, or what happened in one of them
    #[command(after_help = items::RESULTS_EXAMPLES)]
    Results(Results),
    /// List the open conflicts, or show what their versions changed
    #[command(after_help = conflicts::CONFLICTS_EXAMPLES)]
    Conflicts(Conflicts),
    /// Settle conflicts: by a choice, by a rule, by a merge, or asked one after another
    #[command(after_help = conflicts::RESOLVE_EXAMPLES)]
    Resolve(Box<Resolve>),
    /// Take a run back: what it deleted or overwrote returns, what it created goes
    #[command(after_help = sync::UNDO_EXAMPLES)]
    Undo(Undo),
    /// Check that both sides hold the same, and change nothing
    #[command(after_help = sync::VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Let items be synchronized again
    Enable(Switch),
    /// Leave items out until they are enabled again
    Disable(Switch),
    /// Show or set when items run by themselves
    #[command(after_help = schedule::SCHEDULE_EXAMPLES)]
    Schedule(Schedule),
    /// Let nothing begin by itself for a while; what a person starts is started
    #[command(after_help = schedule::PAUSE_EXAMPLES)]
    Pause(Pause),
    /// End a pause
    Resume(Resume),
    /// Stop what runs, whoever runs it
    #[command(after_help = items::STOP_EXAMPLES)]
    Stop(Stop),
    /// Run the daemon: schedules, the API, and one place that knows what runs
    #[command(after_help = serve::SERVE_EXAMPLES)]
    Serve(Serve),
    /// The alerts that are open, and trying a channel
    #[command(after_help = schedule::ALERTS_EXAMPLES)]
    Alerts(Alerts),
    /// Handlers: what there is, switching them on and off, and testing one that you write
    #[command(after_help = handler::HANDLER_EXAMPLES)]
    Handler(Handler),
    /// Print the completions of a shell
    #[command(
        after_help = upkeep::COMPLETIONS_EXAMPLES
    )]
    Completions(Completions),
}

impl Command {
    /// The word it is typed as.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sync(_) => "sync",
            Self::Preview(_) => "preview",
            Self::Watch(_) => "watch",
            Self::Add(_) => "add",
            Self::Remove(_) => "remove",
            Self::List(_) => "list",
            Self::Status(_) => "status",
            Self::Results(_) => "results",
            Self::Conflicts(_) => "conflicts",
            Self::Resolve(_) => "resolve",
            Self::Undo(_) => "undo",
            Self::Verify(_) => "verify",
            Self::Enable(_) => "enable",
            Self::Disable(_) => "disable",
            Self::Completions(_) => "completions",
            Self::Schedule(_) => "schedule",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Serve(_) => "serve",
            Self::Stop(_) => "stop",
            Self::Handler(_) => "handler",
            Self::Alerts(_) => "alerts",
        }
    }

    /// Whether JSON is wanted.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Sync(args) => args.json,
            Self::Preview(args) => args.json,
            Self::Watch(args) => args.json,
            Self::List(args) => args.json,
            Self::Status(args) => args.json,
            Self::Stop(args) => args.json,
            Self::Results(args) => args.json,
            Self::Conflicts(args) => args.json,
            Self::Resolve(args) => args.json,
            Self::Undo(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Schedule(args) => args.json,
            Self::Alerts(args) => args.json,
            Self::Handler(args) => match &args.command {
                HandlerCommand::List(args) => args.json,
                HandlerCommand::Test(args) => args.json,
                HandlerCommand::Enable(_) | HandlerCommand::Disable(_) => false,
            },
            Self::Add(_)
            | Self::Remove(_)
            | Self::Enable(_)
            | Self::Disable(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Completions(_)
            | Self::Serve(_) => false,
        }
    }

    /// Whether its JSON ends with a summary: it does something, and does not only list.
    pub(crate) fn has_summary(&self) -> bool {
        matches!(
            self,
            Self::Sync(_)
                | Self::Preview(_)
                | Self::Watch(_)
                | Self::Resolve(_)
                | Self::Undo(_)
                | Self::Verify(_)
        )
    }
}

/// Whether the words of a command line that could not be parsed ask for JSON.
pub(crate) fn wants_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

/// Where a folder was typed rather than an item's name: it has a slash, or is `.` or `..`.
pub(crate) fn is_path(word: &OsStr) -> bool {
    let path = Path::new(word);
    word == "." || word == ".." || word == "~" || path.components().count() > 1 || path.is_absolute()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |line: &str| Cli::try_parse_from(line.split(' ')).is_err();
        assert!(refused("instep sync photos --plan x --mode mirror"));
        assert!(refused("instep sync photos --plan x --exclude y"));
        assert!(refused("instep sync --all photos"));
        assert!(refused("instep sync --all --plan x"));
        assert!(refused("instep preview photos --approve"));
        assert!(refused("instep sync photos -q -v"));
        assert!(refused("instep sync photos --max-delete -1"));
        assert!(refused("instep resolve photos --keep a"));
        assert!(refused("instep resolve photos x --all --keep a"));
        assert!(refused("instep resolve photos --leave-out"));
        assert!(!refused("instep resolve photos x"));
        assert!(!refused("instep resolve photos --under trips --keep newest"));
        assert!(refused("instep add"));
        assert!(!refused("instep sync photos --plan x --yes --approve --json -v"));
    }
}
