//! Developers' commands: `cargo xtask test`, `check`, `tidy`, `properties`, `simulate`, `bench`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod api;
mod bench;
mod check;
mod demo;
mod page;
mod properties;
mod shell;
mod simulate;
mod test;
mod tidy;
mod walk;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test              run every test; installs the test runner if it is missing
  check             formatting, lints, documents, the house's rules, dependencies
  tidy              the house's rules alone: which crate may name what
  build             the web page, then the program with the page in it
  page              types, lints and unit tests of the web page
  browser [TEST..]  every screen and action of the web page in a real browser; installs one if it is missing
  figures           what the web page costs in a browser: first paint, scrolling through ten thousand items
  pictures          draw the pictures of the documents anew
  walk              a walk through the service with real programs: rsync from cron, an alert by webhook, a killed daemon
  api [OPTION...]   ask the running daemon whatever the API's document allows, with each role; installs Schemathesis
  demo              tell the README's story with the real program; draws docs/demo.svg
  properties [--cases N] [--seed S]
                    the planner's properties over N random histories each, other ones than every test run has
  simulate [--seeds N] [--from N] [--script FILE] [--keep-going]
                    synchronize simulated folders through random histories of people, refusals, kills and power
                    failures; a history that breaks a rule is shortened and shown (--script: tell one again)
  bench [--quick] [--only WORD] [--dir DIR]
                    measure ours beside the peers; writes bench/RESULTS.md
                    (--quick: small workloads, printed only)
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["check"] => check::run(),
        ["tidy"] => tidy::run(),
        ["build"] => page::build(),
        ["page"] => page::check(),
        ["browser", rest @ ..] => page::browser(rest),
        ["figures"] => page::figures(),
        ["pictures"] => page::pictures(),
        ["api", rest @ ..] => api::run(rest),
        ["demo"] => demo::run(),
        ["properties", rest @ ..] => properties::run(rest),
        ["walk"] => walk::run(),
        ["simulate", rest @ ..] => simulate::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        // Not for people: one measured run in a process of its own, so that its peak memory is its own.
        ["measure", log, command, rest @ ..] => bench::measure::child(log, command, rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
