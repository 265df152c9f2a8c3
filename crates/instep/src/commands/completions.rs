//! `instep completions SHELL`, and what the shell then asks with each TAB.

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::args::{Cli, Completions};
use crate::exit::{Exit, Failure};
use crate::out::Out;

/// By this variable a shell says that it asks for completions.
const ASKED: &str = "INSTEP_COMPLETE";
const NAME: &str = "instep";

pub(crate) fn run(out: &Out, args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells
        .completer(&name)
        .ok_or_else(|| Failure::usage(format!("nothing is known of the shell {name}")))?;
    shell
        .write_registration(ASKED, NAME, NAME, NAME, &mut script)
        .map_err(|error| Failure::failed(syncmgr::reason(&error)))?;
    out.raw(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

/// Answers a shell that asks for completions, and ends then.
pub(crate) fn answer() {
    CompleteEnv::with_factory(Cli::command).var(ASKED).complete();
}
