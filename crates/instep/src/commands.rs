//! One module per command.

mod add;
mod completions;
mod list;
mod remove;

use crate::app::App;
use crate::args::Command;
use crate::exit::{Exit, Failure};

/// Carries a command out.
pub(crate) fn run(app: &mut App<'_>, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::run(app, args),
        Command::Remove(args) => remove::run(app, args),
        Command::List(args) => list::run(app, args),
        Command::Completions(args) => Ok(completions::run(app.out, args)),
        _ => Err(Failure::failed("the engine is not wired in yet")),
    }
}
