//! `instep completions SHELL`.

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::exit::Exit;
use crate::out::Out;

pub(crate) fn run(out: &Out, args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "instep", &mut script);
    out.raw(&String::from_utf8_lossy(&script));
    Exit::Done
}
