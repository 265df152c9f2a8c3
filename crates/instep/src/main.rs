//! `instep`: the sync center's command line. It works without a daemon: it opens the store and runs the center in its
//! own process. `instep serve` is the daemon.

mod app;
mod args;
mod client;
mod collections;
mod commands;
mod detecting;
mod doctor;
mod engine;
mod exit;
mod guests;
mod handlers;
mod job;
mod keeper;
mod ledger;
mod looking;
mod out;
mod outlook;
mod places;
mod programs;
mod render;
mod replay;
mod report;
mod run;
mod schedules;
mod serve;
mod setup;
mod signals;
mod spool;
mod targets;
mod telling;
mod tools;
mod unit;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use app::App;
use args::{Cli, ColorChoice, Global, Typed};
use exit::{Exit, Failure};
use out::Out;
use places::Places;

fn main() -> ExitCode {
    commands::completions::answer();
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(error) = adapters::process::become_command(&words) {
        let out = Out::new(&Global { quiet: false, verbose: false, color: ColorChoice::Auto }, false);
        out.failure(&Failure::failed(syncmgr::reason(&error)));
        return ExitCode::from(if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 });
    }
    let exit = match Cli::try_parse_from(&words) {
        Ok(Cli { global, command: Typed::Center(command) }) => {
            let out = Out::new(&global, command.json());
            let result = App::new(&out, command.name()).and_then(|mut app| commands::run(&mut app, &command));
            finish(&out, command.has_summary(), result)
        }
        Ok(Cli { global, command: Typed::Job(command) }) => {
            return ExitCode::from(commands::job(&Out::new(&global, false), &command));
        }
        Ok(Cli { global, command: Typed::Upkeep(command) }) => {
            let out = Out::new(&global, command.json());
            let result = Places::from_env().and_then(|places| commands::upkeep(&out, &places, &command));
            finish(&out, false, result)
        }
        Err(error) => refuse(&words, &error),
    };
    ExitCode::from(exit.code())
}

/// Says why a command failed, if it did.
fn finish(out: &Out, has_summary: bool, result: Result<Exit, Failure>) -> Exit {
    let exit = result.unwrap_or_else(|failure| {
        out.failure(&failure);
        if has_summary {
            out.json(&render::json::failed_summary(failure.exit, Some(&failure)));
        }
        failure.exit
    });
    out.flush();
    exit
}

/// A command line that could not be read, or one that asks for help or the version.
fn refuse(words: &[OsString], error: &clap::Error) -> Exit {
    // Nobody is left to be told when even this cannot be written.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    let global = Global { quiet: false, verbose: false, color: ColorChoice::Auto };
    let out = Out::new(&global, args::wants_json(words));
    out.json(&render::json::failed_summary(Exit::Usage, None));
    out.flush();
    Exit::Usage
}
