//! `instep report start|progress|event|end`: a script tells of itself, a line at a time. It never harms the script: what
//! nobody hears now is kept and heard later.

use center::{Clock, SystemClock};
use store::Store;
use syncmgr::ItemId;
use syncmgr::outcome::Outcome;

use crate::args::{Report, ReportCommand};
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::places::Places;
use crate::replay;
use crate::spool::{self, Said, Spool};

/// The environment variable that names a run for all reports of a script.
const RUN: &str = "INSTEP_RUN";

/// Reports; the answer is the exit code.
pub(crate) fn run(out: &Out, args: &Report) -> u8 {
    let rid = args.rid.clone().or_else(|| std::env::var(RUN).ok()).unwrap_or_default();
    let item = args.command.item();
    if let Err(refusal) = ItemId::new(item) {
        out.failure(&Failure::usage(format!("\"{item}\" cannot be the name of a job: {refusal}")));
        return Exit::Usage.code();
    }
    let said = match &args.command {
        ReportCommand::Start { .. } => Some(Said::Start { process: leader() }),
        // Nobody hears it, and nobody needs to know afterwards.
        ReportCommand::Progress { .. } => None,
        ReportCommand::Event { level, text, .. } => {
            Some(Said::Event { level: level.word().into(), text: text.join(" ") })
        }
        ReportCommand::End { how, text, .. } => Some(Said::End {
            outcome: how.unwrap_or(Outcome::Done).word().into(),
            text: (!text.is_empty()).then(|| text.join(" ")),
        }),
    };
    if let Some(said) = said
        && let Err(failure) =
            keep(out, spool::Report { at: SystemClock::default().wall(), item: item.into(), rid, said })
    {
        out.warn(format_args!("this report is lost: {failure}"));
    }
    out.line("continue");
    out.flush();
    Exit::Done.code()
}

/// Keeps a report until it is taken in; with a run's last report, that is now if it can be.
fn keep(out: &Out, report: spool::Report) -> Result<(), Failure> {
    let places = Places::from_env()?;
    places.make_state()?;
    let spool = Spool::beneath(&places.state);
    let kept = spool.add(&report).map_err(|error| Failure::failed(syncmgr::reason(&error)))?;
    if !kept {
        return Err(
            Failure::failed("too many reports wait to be taken in").tip("`instep status` takes them in")
        );
    }
    if matches!(report.said, Said::End { .. }) {
        let taken_in = Store::open(&places.store())
            .map_err(Failure::from)
            .and_then(|store| replay::into_store(&spool, &std::sync::Arc::new(store)));
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
