//! `instep run NAME -- COMMAND...`: a command of someone else, seen, stopped and explained. Whatever is wrong with us, the
//! command runs.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::Command;
use std::time::Duration;

use adapters::parse::Stream;
use adapters::process::{self, Exit, Follower, Input, Stopping, Wish as What};
use adapters::telling::{Hearer, Nobody, Teller};
use adapters::verdict::{Tool, Verdict};
use settings::period::Period;
use store::{LogWriter, Logs};
use syncmgr::event::Level;
use syncmgr::{CancelRequest, ItemId, Outcome, Problem, ProblemClass, RunId};

use crate::args::Run;
use crate::exit::{self, Failure};
use crate::job::{Beginning, Job};
use crate::out::{Out, Volume};
use crate::render::text::Safe;
use crate::signals::{Signalled, Watched, Wish};

/// How long a command has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// What shells say of a command that cannot be started.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// Runs the command; the answer is the exit code.
pub(crate) fn run(out: &Out, args: &Run) -> u8 {
    let item = match ItemId::new(&args.name) {
        Ok(item) => item,
        Err(refusal) => {
            let why = format!("\"{}\" cannot be the name of a job: {refusal}", args.name);
            out.failure(&Failure::usage(why));
            return exit::Exit::Usage.code();
        }
    };
    let beginning = Beginning {
        item: item.clone(),
        by_hand: io::stdin().is_terminal(),
        overdue: args.overdue.map(Period::millis),
    };
    let job = Job::begin(beginning)
        .inspect_err(|failure| out.warn(format_args!("this run will be on no record: {failure}")))
        .ok();
    let code = supervise(out, args, &item, job.as_ref());
    if let Some(job) = job {
        job.end(out);
    }
    code
}

fn supervise(out: &Out, args: &Run, item: &ItemId, job: Option<&Job>) -> u8 {
    let words: Vec<_> = args.command.iter().map(|word| word.to_string_lossy()).collect();
    let tool = Tool::of_command(words.iter().map(AsRef::as_ref));
    let hearer: Box<dyn Hearer + '_> = match job {
        Some(job) => Box::new(job.hearer()),
        None => Box::new(Nobody),
    };
    let signalled = Signalled::listen().inspect_err(|failure| out.warn(failure)).ok();
    let log = job.and_then(|job| {
        let begun = job.logs().begin(job.run());
        begun.inspect_err(|error| out.warn(format_args!("no log is kept: {}", syncmgr::reason(error)))).ok()
    });
    let mut supervisor = Supervisor {
        out,
        teller: Teller::new(hearer, item.clone(), tool),
        kept: Kept { log, logs: job.map(|job| (job.logs(), job.run())) },
        signals: signalled.as_ref().map(Signalled::watch),
        quiet: out.volume() == Volume::Quiet && job.is_some(),
        open: [true; 2],
    };
    let (program, arguments) =
        args.command.split_first().unwrap_or_else(|| unreachable!("clap wants a command"));
    let mut command = Command::new(program);
    command.args(arguments);
    let (verdict, code) = match process::run(command, Input::Ours, GRACE, &mut supervisor) {
        Ok(ended) => (supervisor.end(ended.exit, ended.stopped.is_some()), ended.exit.code()),
        Err(error) => supervisor.could_not_start(program, &error),
    };
    told(out, item, &verdict, job.map(Job::run));
    code
}

/// What a person must know of a run that did not go well. Of one that did, its own output is all there is to say.
fn told(out: &Out, item: &ItemId, verdict: &Verdict, run: Option<RunId>) {
    let Some(problem) = verdict.problem.as_ref().filter(|_| verdict.outcome != Outcome::Done) else { return };
    let fix = problem.fix.as_ref().map(|fix| format!("\n  next: {}", Safe(fix))).unwrap_or_default();
    let log = run.map(|run| format!("\n  all of it: instep results {run} --log")).unwrap_or_default();
    out.note(format_args!("instep: {item}: {}{fix}{log}", Safe(&problem.text)));
}

/// The log, as far as it can be kept.
struct Kept {
    log: Option<LogWriter>,
    logs: Option<(Logs, RunId)>,
}

struct Supervisor<'a> {
    out: &'a Out,
    teller: Teller<Box<dyn Hearer + 'a>>,
    kept: Kept,
    signals: Option<Watched<'a>>,
    /// The output is shown only when the command fails.
    quiet: bool,
    /// Whether anybody still reads our outputs.
    open: [bool; 2],
}

impl Follower for Supervisor<'_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        self.keep(bytes);
        if !self.quiet {
            self.pass(from, bytes);
        }
        self.teller.output(from, bytes);
    }

    fn look(&mut self) -> What {
        let asked = self.teller.look();
        match self.signals.as_ref().map_or(Wish::GoOn, Watched::wish) {
            Wish::Leave => What::Kill,
            Wish::Stop => What::Stop,
            Wish::GoOn if asked != CancelRequest::None => What::Stop,
            Wish::GoOn => What::GoOn,
        }
    }

    fn stopping(&mut self, how: Stopping) {
        let (name, text) = how.told();
        self.teller.event(Level::Information, name, text);
        self.out.note(format_args!("instep: {text}"));
    }
}

impl Supervisor<'_> {
    fn keep(&mut self, bytes: &[u8]) {
        let Some(log) = &mut self.kept.log else { return };
        if let Err(error) = log.write(bytes) {
            self.out.warn(format_args!("the log ends here: {}", syncmgr::reason(&error)));
            self.show();
            self.kept.log = None;
        }
    }

    /// Passes output on as it is. That nobody reads it any more is no reason to end the command.
    fn pass(&mut self, from: Stream, bytes: &[u8]) {
        if !self.open[from as usize] {
            return;
        }
        let written = match from {
            Stream::Out => write(io::stdout().lock(), bytes),
            Stream::Err => write(io::stderr().lock(), bytes),
        };
        self.open[from as usize] = written.is_ok();
    }

    /// Shows what was held back.
    fn show(&mut self) {
        if !std::mem::take(&mut self.quiet) {
            return;
        }
        let log = self.kept.logs.as_ref().and_then(|(logs, run)| logs.read(*run).ok().flatten());
        let Some(log) = log else { return };
        self.pass(Stream::Out, &log.head);
        if log.left_out > 0 {
            self.pass(Stream::Out, format!("\n[{} bytes left out]\n", log.left_out).as_bytes());
        }
        self.pass(Stream::Out, &log.tail);
    }

    fn end(mut self, exit: Exit, stopped: bool) -> Verdict {
        if exit != Exit::Code(0) {
            self.show();
        }
        self.teller.end(exit, stopped)
    }

    fn could_not_start(self, program: &OsString, error: &io::Error) -> (Verdict, u8) {
        let program = Safe(program.to_string_lossy());
        let (code, class, text) = match error.kind() {
            io::ErrorKind::NotFound => {
                (NOT_FOUND, ProblemClass::Config, format!("there is no command {program}"))
            }
            _ => (
                NOT_EXECUTABLE,
                ProblemClass::Permission,
                format!("{program} cannot be run: {}", syncmgr::reason(error)),
            ),
        };
        let verdict = Verdict { outcome: Outcome::Failed, problem: Some(Problem::new(class, text)) };
        (self.teller.end_with(|_| verdict), code)
    }
}

fn write(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
