//! What can be typed about the daemon.

use clap::{Args, Subcommand, ValueEnum};

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  instep serve                               in the foreground, until Ctrl-C
  instep serve --log-format json             for a log collector
  INSTEP_LOG=debug instep serve              says more

The other commands find it by themselves and let it do the work. It reads the settings again when they
change, or on SIGHUP. SIGTERM or Ctrl-C asks what runs to stop, and waits for it; a second one leaves at once.";

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
