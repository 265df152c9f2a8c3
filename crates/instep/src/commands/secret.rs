//! `instep secret set|list|remove`: what the settings name by `secret:NAME`. Values go in; none ever comes out.

use std::io::{self, BufRead, IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrets::{Secrets, Value};
use settings::words::SecretName;
use zeroize::Zeroizing;

use crate::args::{Secret, SecretCommand};
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::places::Places;
use crate::setup::Setup;

/// No secret is longer.
const LONGEST: u64 = 64 * 1024;

pub(crate) fn run(out: &Out, places: &Places, args: &Secret) -> Result<Exit, Failure> {
    let secrets = Secrets::new(&Setup::load(places)?.said.secrets, &places.state);
    let failed = |error: secrets::Error| Failure::failed(error.to_string());
    match &args.command {
        SecretCommand::Set { name } => {
            let name = named(name)?;
            let kept = secrets.set(&name, &read(out)?).map_err(failed)?;
            out.say(format_args!(
                "Kept \"{name}\" ({}). The settings name it \"secret:{name}\".",
                kept.label()
            ));
        }
        SecretCommand::List => {
            for (name, kept) in secrets.names().map_err(failed)? {
                out.line(format_args!("{name}  {}", kept.label()));
            }
        }
        SecretCommand::Remove { name } => {
            let name = named(name)?;
            if !secrets.delete(&name).map_err(failed)? {
                return Err(Failure::usage(format!("there is no secret \"{name}\"")));
            }
            out.say(format_args!("Forgot \"{name}\"."));
        }
    }
    Ok(Exit::Done)
}

fn named(name: &str) -> Result<SecretName, Failure> {
    SecretName::new(name).map_err(Failure::usage)
}

/// One line of the standard input: never an argument, which everybody on the machine could see.
fn read(out: &Out) -> Result<Value, Failure> {
    let input = io::stdin();
    let hidden = if input.is_terminal() {
        out.say("Type or paste it, then press Enter (it is not shown):");
        Hidden::begin()
    } else {
        None
    };
    let mut line = Zeroizing::new(String::new());
    let read = input.lock().take(LONGEST).read_line(&mut line);
    drop(hidden);
    read.map_err(|error| Failure::failed(format!("cannot read it: {}", syncmgr::reason(&error))))?;
    Ok(Value::from(line.trim_end_matches(['\n', '\r'])))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    /// None where the terminal cannot; then it shows.
    fn begin() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing is left to be done about a terminal that is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
