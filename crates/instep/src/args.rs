//! What can be typed: commands, options, their help, and which of them contradict each other.
//!
//! The help of all commands together is a reviewed file, `tests/help.txt`.

mod conflicts;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use folders::pair::MaxDelete;
use folders::words::max_delete;
use reconcile::{Mode, OnConflict};
use settings::period::Period;
use syncmgr::outcome::Outcome;

pub(crate) use conflicts::{Conflicts, KeepArg, Resolve, Which};

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

const SYNC_EXAMPLES: &str = "\
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

const PREVIEW_EXAMPLES: &str = "\
Examples:
  instep preview photos                      what `instep sync photos` would do
  instep preview ~/Photos /media/nas/Photos  before the pair is ever synchronized
  instep preview photos --json               one action a line, for programs";

const ADD_EXAMPLES: &str = "\
Examples:
  instep add ~/Photos /media/nas/Photos
  instep add Photos ~/Photos /media/nas/Photos --exclude '*.tmp' --label-b NAS
  instep add Backup ~/Documents /mnt/backup/Documents --mode copy

Nothing is synchronized yet: `instep preview` shows what would happen, `instep sync` does it.
The settings are one file that you may edit by hand; `instep list -v` says where it is.";

const WATCH_EXAMPLES: &str = "\
Examples:
  instep watch photos                        runs once, then whenever something changes
  instep watch ~/Photos /media/nas/Photos    two folders; the pair is remembered as an item
  instep watch --all --json                  everything, for a program that listens

Ctrl-C ends it; the exit code is that of the items as they stand then:
  0 in sync   1 gaps   3 failed   4 safety stop   5 open conflicts   6 a run was cut short   7 waiting";

const HANDLER_EXAMPLES: &str = "\
Examples:
  instep handler list
  instep handler test ./my-handler           every rule of the contract, and whether it holds
  instep handler test --item diary notes     a handler of the settings, with one of its items
  instep handler disable notes

`test` exits 0 when no rule is broken, 1 when one is, 3 when the handler cannot be talked with.";

const RUN_EXAMPLES: &str = "\
Examples:
  instep run nightly -- rsync -a --info=progress2 ~/ nas:backup/
  instep run -q nightly -- restic backup --json /home     only speaks when it failed: for cron

The exit code is that of the command (128 + n when signal n ended it). Ctrl-C ends the command with
all that it started. What rsync, rclone, restic, borg, unison and git tell, and NN% of all others,
becomes progress and results; `instep results last --log` shows what was written.";

const REPORT_EXAMPLES: &str = "\
Examples:
  instep report start nightly
  instep report progress nightly 40 copying photos
  instep report event nightly --level error \"cannot read /home/x\"
  instep report end nightly $?

The answer is `continue`, `cancel` or `pause`. Without a daemon the reports are kept, with their
times, until the job ends or the next command looks.";

const RESULTS_EXAMPLES: &str = "\
Examples:
  instep results                             the newest runs of all items
  instep results photos                      those of one item
  instep results last                        all that the newest run reported";

const STOP_EXAMPLES: &str = "\
Examples:
  instep stop photos                         whoever synchronizes it: the daemon, a timer, another terminal
  instep stop --all

What is under way is brought to a safe end first; both sides stay consistent. What waits for its turn is forgotten.

Exit codes:
  0 nothing of it runs any more   7 asked, and still at it (`instep status` shows more)";

const SERVE_EXAMPLES: &str = "\
Examples:
  instep serve                               in the foreground, until Ctrl-C
  instep serve --log-format json             for a log collector
  INSTEP_LOG=debug instep serve              says more

The other commands find it by themselves and let it do the work. It reads the settings again when they
change, or on SIGHUP. SIGTERM or Ctrl-C asks what runs to stop, and waits for it; a second one leaves at once.";

const DOCTOR_EXAMPLES: &str = "\
Looks at the settings, the store, the folders, the daemon, the machine and the tools. It repairs nothing:
it says what to do.

Exit codes:
  0 all is well, or only notes   1 warnings   3 something does not work";

const SERVICE_EXAMPLES: &str = "\
Examples:
  instep service install --now               your own service: runs while you are logged in
  loginctl enable-linger                     and from now on also when you are not
  sudo instep service install --system       the system's, with its home in /var/lib/instep";

const SECRET_EXAMPLES: &str = "\
Examples:
  instep secret set ops                      asks for it
  pass show ops | instep secret set ops
  token = \"secret:ops\"                     in the settings

It goes to the keyring of the desktop, or else to an encrypted file beside the state.";

const UNDO_EXAMPLES: &str = "\
Examples:
  instep undo 42
  instep undo last                           again: undoes the undoing

What was changed since by hand is left as it is and reported. What comes back is the newest word on its
side: the next sync brings it to the other one.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  instep verify photos                       compares kinds, sizes and times
  instep verify photos --checksum            reads and compares every byte

Exit codes:
  0 the same   1 different, or not all could be read";

const SCHEDULE_EXAMPLES: &str = "\
Examples:
  instep schedule                            what runs by itself, and when next
  instep schedule photos --cron '30 2 * * *' --overdue 2d
  instep schedule photos --every 6h --on change,wake
  instep schedule backup --after photos --window 22:00-06:00 --needs mount:/media/usb
  instep schedule photos --every none        takes one part out; --off takes out all of it

What is not given stays as it is. The settings say it all, and more: docs/schedules.md.";

const PAUSE_EXAMPLES: &str = "\
Examples:
  instep pause photos --for 2h
  instep pause --all --until 18:00
  instep resume --all";

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
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Let systemd run the daemon
    #[command(after_help = SERVICE_EXAMPLES)]
    Service(Service),
    /// Keep a secret that the settings name by `secret:NAME`
    #[command(after_help = SECRET_EXAMPLES)]
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

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    pub(crate) command: ServiceCommand,
    /// The system's service manager rather than yours; for root
    #[arg(long, global = true)]
    pub(crate) system: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Write the unit file; --now starts it, too
    Install {
        /// Start it now, and with every login (or start of the system)
        #[arg(long)]
        now: bool,
    },
    /// Stop it and take the unit file away
    Uninstall,
    /// How it stands
    Status,
}

#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) command: SecretCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep one; its value is read from the standard input
    Set {
        /// As the settings name it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// The names of those that are kept, never their values
    List,
    /// Forget one
    Remove {
        /// As the settings name it
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What belongs to a job: it goes on whatever is wrong with us.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Run a command, and keep on record how it went; its output and exit code are passed on
    #[command(after_help = RUN_EXAMPLES, override_usage = "instep run [OPTIONS] <NAME> -- <COMMAND>...")]
    Run(Run),
    /// Tell of a job from inside a script; never fails it, and answers with one word
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Report),
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
            Self::Start { item }
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

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to call the job; the same name is the same item
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
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
    #[command(after_help = SYNC_EXAMPLES)]
    Sync(Sync),
    /// Show what a run would do, and touch nothing
    #[command(after_help = PREVIEW_EXAMPLES)]
    Preview(Preview),
    /// Synchronize now, and again whenever something changes, until Ctrl-C
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(Watch),
    /// Set a pair of folders up as an item
    #[command(after_help = ADD_EXAMPLES, override_usage = "instep add [OPTIONS] [NAME] <A> <B>")]
    Add(Add),
    /// Forget an item; its files, and the trash on both sides, stay
    Remove(Remove),
    /// List the items
    List(List),
    /// Say how every item stands: one truthful line each
    Status(Status),
    /// Show the runs, or what happened in one of them
    #[command(after_help = RESULTS_EXAMPLES)]
    Results(Results),
    /// List the open conflicts, or show what their versions changed
    #[command(after_help = conflicts::CONFLICTS_EXAMPLES)]
    Conflicts(Conflicts),
    /// Settle conflicts: by a choice, by a rule, by a merge, or asked one after another
    #[command(after_help = conflicts::RESOLVE_EXAMPLES)]
    Resolve(Box<Resolve>),
    /// Take a run back: what it deleted or overwrote returns, what it created goes
    #[command(after_help = UNDO_EXAMPLES)]
    Undo(Undo),
    /// Check that both sides hold the same, and change nothing
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Let items be synchronized again
    Enable(Switch),
    /// Leave items out until they are enabled again
    Disable(Switch),
    /// Show or set when items run by themselves
    #[command(after_help = SCHEDULE_EXAMPLES)]
    Schedule(Schedule),
    /// Let nothing begin by itself for a while; what a person starts is started
    #[command(after_help = PAUSE_EXAMPLES)]
    Pause(Pause),
    /// End a pause
    Resume(Resume),
    /// Stop what runs, whoever runs it
    #[command(after_help = STOP_EXAMPLES)]
    Stop(Stop),
    /// Run the daemon: schedules, the API, and one place that knows what runs
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Serve),
    /// Handlers: what there is, switching them on and off, and testing one that you write
    #[command(after_help = HANDLER_EXAMPLES)]
    Handler(Handler),
    /// Print the completions of a shell
    #[command(
        after_help = "Example:\n  instep completions bash > ~/.local/share/bash-completion/completions/instep"
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

/// What is to be stopped.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// These items
    #[arg(value_name = "ITEM", required_unless_present = "all")]
    pub(crate) items: Vec<String>,
    /// All that runs
    #[arg(long, conflicts_with = "items")]
    pub(crate) all: bool,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with handlers.
#[derive(Debug, Args)]
pub(crate) struct Handler {
    #[command(subcommand)]
    pub(crate) command: HandlerCommand,
}

/// What can be done with handlers.
#[derive(Debug, Subcommand)]
pub(crate) enum HandlerCommand {
    /// List the handlers with their items
    List(HandlerList),
    /// Let a handler's items be synchronized again
    Enable(HandlerName),
    /// Keep all items of a handler from being synchronized
    Disable(HandlerName),
    /// Drive a handler through the contract, and say of each rule whether it holds
    Test(HandlerTest),
}

/// How handlers are listed.
#[derive(Debug, Args)]
pub(crate) struct HandlerList {
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// One handler.
#[derive(Debug, Args)]
pub(crate) struct HandlerName {
    /// The handler
    #[arg(value_name = "HANDLER")]
    pub(crate) handler: String,
}

/// What is tested, and how.
#[derive(Debug, Args)]
pub(crate) struct HandlerTest {
    /// A handler of the settings, or a program with its arguments; its items are really synchronized
    #[arg(
        value_name = "HANDLER|COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) command: Vec<String>,
    /// Synchronize these items only
    #[arg(long = "item", value_name = "ITEM")]
    pub(crate) items: Vec<String>,
    /// How long one synchronization may take
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) patience: Period,
    /// The whole report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the daemon runs.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Serve {
    #[command(subcommand)]
    pub(crate) door: Option<Door>,
    /// How the log is written: for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) log_format: LogFormat,
}

/// Who is let in: pages and programs on the network.
#[derive(Debug, Subcommand)]
pub(crate) enum Door {
    /// Print a link that opens the daemon's page; it works once
    Link,
    /// Tokens of programs that ask from the network
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
}

/// What is done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it this once
    Add {
        /// What it is called in the list
        name: String,
        /// What its bearer may do
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        role: RoleWord,
    },
    /// Show the tokens, without their secrets
    List,
    /// Take a token back
    Revoke {
        /// The token, as listed
        id: String,
    },
}

/// What the bearer of a token may do: look; start, stop and settle; change settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    Viewer,
    Operator,
    Admin,
}

/// How the daemon's log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Human,
    Json,
}

/// Which items, or which two folders.
#[derive(Debug, Clone, Args)]
pub(crate) struct Targets {
    /// Items, or two folders A and B (write `./name` for a folder that is called like an item)
    #[arg(value_name = "ITEM|FOLDER", value_hint = clap::ValueHint::AnyPath)]
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
        conflicts_with_all = ["all", "mode", "on_conflict", "exclude", "include", "max_delete", "checksum"]
    )]
    pub(crate) plan: Option<String>,
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
pub(crate) struct Add {
    /// The two folders, and before them a name if you like (else it is named after them)
    #[arg(value_name = "FOLDER", num_args = 2..=3, required = true, value_hint = clap::ValueHint::DirPath)]
    pub(crate) what: Vec<OsString>,
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
    #[arg(value_name = "ITEM")]
    pub(crate) items: Vec<String>,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Results {
    /// One run with all it reported (`last` for the newest), or the runs of one item
    #[arg(value_name = "RUN|ITEM")]
    pub(crate) of: Option<String>,
    /// At most this many runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
    /// What the command of that run wrote, as it was kept: its beginning and its end
    #[arg(long, conflicts_with = "json", requires = "of")]
    pub(crate) log: bool,
    /// One JSON object per line on stdout
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
    #[arg(value_name = "ITEM")]
    pub(crate) items: Vec<String>,
    /// Read and compare all content
    #[arg(long)]
    pub(crate) checksum: bool,
    /// One JSON object per line on stdout; the last one is the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// The items
    #[arg(value_name = "ITEM", required = true)]
    pub(crate) items: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
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
        assert!(refused("instep add ./a"));
        assert!(!refused("instep sync photos --plan x --yes --approve --json -v"));
    }
}

/// When items run by themselves.
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// The item; all that have a schedule if not given
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
    #[arg(long, value_name = "ITEM", value_delimiter = ',')]
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
    #[arg(value_name = "ITEM", required_unless_present = "all")]
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
    #[arg(value_name = "ITEM", required_unless_present = "all")]
    pub(crate) items: Vec<String>,
    /// Everything, and each item
    #[arg(long, conflicts_with = "items")]
    pub(crate) all: bool,
}
