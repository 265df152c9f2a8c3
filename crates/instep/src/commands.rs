//! One module per command.

mod add;
mod alerts;
mod beforehand;
pub(crate) mod completions;
mod conflicts;
mod doctor;
mod enable;
mod handler;
mod list;
mod others;
mod pause;
mod preview;
mod remove;
mod report;
mod resolve;
mod results;
mod run;
mod schedule;
mod secret;
pub(crate) mod service;
mod status;
mod stop;
mod sync;
mod undo;
mod verify;
mod watch;

use crate::app::App;
use crate::args::{Command, JobCommand, UpkeepCommand};
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::places::Places;
use crate::serve;

/// Carries a command out.
pub(crate) fn run(app: &mut App<'_>, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::run(app, args),
        Command::Remove(args) => remove::run(app, args),
        Command::List(args) => list::run(app, args),
        Command::Enable(args) => enable::run(app, args, true),
        Command::Disable(args) => enable::run(app, args, false),
        Command::Completions(args) => completions::run(app.out, args),
        Command::Results(args) => results::run(app, args),
        Command::Conflicts(args) => conflicts::run(app, args),
        Command::Sync(args) => sync::run(app, args),
        Command::Resolve(args) => resolve::run(app, args),
        Command::Undo(args) => undo::run(app, args),
        Command::Status(args) => status::run(app, args),
        Command::Preview(args) => preview::run(app, args),
        Command::Verify(args) => verify::run(app, args),
        Command::Watch(args) => watch::run(app, args),
        Command::Schedule(args) => schedule::run(app, args),
        Command::Pause(args) => pause::run(app, args),
        Command::Resume(args) => pause::resume(app, args),
        Command::Serve(args) => serve::run(app, args),
        Command::Stop(args) => stop::run(app, args),
        Command::Handler(args) => handler::run(app, args),
        Command::Alerts(args) => alerts::run(app, args),
    }
}

/// Carries out what belongs to a job; the answer is the exit code.
pub(crate) fn job(out: &Out, command: &JobCommand) -> u8 {
    match command {
        JobCommand::Run(args) => run::run(out, args),
        JobCommand::Report(args) => report::run(out, args),
    }
}

/// Carries out what looks after the installation.
pub(crate) fn upkeep(out: &Out, places: &Places, command: &UpkeepCommand) -> Result<Exit, Failure> {
    match command {
        UpkeepCommand::Doctor(args) => Ok(doctor::run(out, places, args)),
        UpkeepCommand::Service(args) => service::run(out, places, args),
        UpkeepCommand::Secret(args) => secret::run(out, places, args),
    }
}
