//! `instep report start|progress|event|end`: a script tells of itself, a line at a time. It never harms the script: what
//! nobody hears now is kept and heard later.

mod there;

use center::{Clock, SystemClock};
use settings::period::Period;
use store::Store;
use syncmgr::outcome::Outcome;
use syncmgr::{ItemId, Level};

use crate::args::{Report, ReportCommand};
use crate::client::Daemon;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::places::Places;
use crate::replay;
use crate::spool::{self, Said, Spool};
use there::{There, Told, Word};

/// The environment variable that names a run for all reports of a script.
const RUN: &str = "INSTEP_RUN";

/// Reports; the answer is the exit code.
pub(crate) fn run(out: &Out, args: &Report) -> u8 {
    let rid = args.rid.clone().or_else(|| std::env::var(RUN).ok()).unwrap_or_default();
    let typed = args.command.item();
    let item = match ItemId::new(typed) {
        Ok(item) => item,
        Err(refusal) => {
            out.failure(&Failure::usage(format!("\"{typed}\" cannot be the name of a job: {refusal}")));
            return Exit::Usage.code();
        }
    };
    let word = tell(out, &args.command, &item, &rid).unwrap_or_else(|failure| {
        out.warn(format_args!("this report is lost: {failure}"));
        Word::Continue
    });
    out.line(word.as_str());
    out.flush();
    Exit::Done.code()
}

/// Tells the daemon, or whoever comes later.
fn tell(out: &Out, command: &ReportCommand, item: &ItemId, rid: &str) -> Result<Word, Failure> {
    let places = Places::from_env()?;
    places.make_state()?;
    let spool = Spool::beneath(&places.state);
    let now = SystemClock::default().wall();
    let process = leader();
    let overdue = match command {
        ReportCommand::Start { overdue, .. } => overdue.map(Period::millis),
        _ => None,
    };
    if let Some(daemon) = Daemon::find(&places) {
        let there = There { daemon: &daemon, spool: &spool, item, rid, process, overdue, now };
        if let Ok(word) = there.tell(&told(command, &text(command))) {
            return Ok(word);
        }
    }
    let said = match command {
        ReportCommand::Start { .. } => Said::Start { process, overdue },
        // Nobody hears it, and nobody needs to know afterwards.
        ReportCommand::Progress { .. } => return Ok(Word::Continue),
        ReportCommand::Event { level, .. } => Said::Event { level: level.word().into(), text: text(command) },
        ReportCommand::End { how, .. } => Said::End {
            outcome: how.unwrap_or(Outcome::Done).word().into(),
            text: Some(text(command)).filter(|text| !text.is_empty()),
        },
    };
    let report = spool::Report { at: now, item: item.to_string(), rid: rid.to_owned(), run: None, said };
    keep(out, &places, &spool, &report).map(|()| Word::Continue)
}

/// What a script said in words.
fn text(command: &ReportCommand) -> String {
    match command {
        ReportCommand::Start { .. } => String::new(),
        ReportCommand::Progress { text, .. }
        | ReportCommand::Event { text, .. }
        | ReportCommand::End { text, .. } => text.join(" "),
    }
}

fn told<'t>(command: &ReportCommand, text: &'t str) -> Told<'t> {
    match command {
        ReportCommand::Start { .. } => Told::Start,
        ReportCommand::Progress { bar, .. } => Told::Progress { bar: *bar, text },
        ReportCommand::Event { level, .. } => {
            Told::Event { level: Level::from_word(level.word()).unwrap_or(Level::Information), text }
        }
        ReportCommand::End { how, .. } => Told::End {
            outcome: how.unwrap_or(Outcome::Done),
            text: Some(text).filter(|text| !text.is_empty()),
        },
    }
}

/// Keeps a report until it is taken in; with a run's last report, that is now if it can be.
fn keep(out: &Out, places: &Places, spool: &Spool, report: &spool::Report) -> Result<(), Failure> {
    let kept = spool.add(report).map_err(|error| Failure::failed(syncmgr::reason(&error)))?;
    if !kept {
        return Err(
            Failure::failed("too many reports wait to be taken in").tip("`instep status` takes them in")
        );
    }
    if matches!(report.said, Said::End { .. }) {
        let taken_in = Store::open(&places.store())
            .map_err(Failure::from)
            .and_then(|store| replay::into_store(spool, &std::sync::Arc::new(store)));
        if let Err(failure) = taken_in {
            out.warn(format_args!("this report is kept for later: {failure}"));
        }
    }
    Ok(())
}

/// The process that leads our group: that of the script, wherever in it we are called. None when we lead ourselves,
/// which is how a person at a terminal types it.
fn leader() -> Option<u32> {
    let group = rustix::process::getpgrp();
    (group != rustix::process::getpid()).then(|| group.as_raw_nonzero().get().unsigned_abs())
}
