//! What can be typed about handlers.

use clap::{Args, Subcommand};
use settings::period::Period;

pub(super) const HANDLER_EXAMPLES: &str = "\
Examples:
  instep handler list
  instep handler test ./my-handler           every rule of the contract, and whether it holds
  instep handler test --item diary notes     a handler of the settings, with one of its items
  instep handler disable notes

`test` exits 0 when no rule is broken, 1 when one is, 3 when the handler cannot be talked with.";

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
    /// List what other tools synchronize on this machine already, and how to have it seen here; nothing is changed
    #[arg(long)]
    pub(crate) found: bool,
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
    /// Settle its open conflicts too, in every way that it offers: versions are lost by that
    #[arg(long)]
    pub(crate) settle: bool,
    /// How long one synchronization may take
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) patience: Period,
    /// The whole report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
