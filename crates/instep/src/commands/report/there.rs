//! Reports to a daemon that answers. Each is made by a process of its own: which run they belong to, the spool remembers,
//! so that they find it again also with the next daemon.

use std::time::Duration;

use syncmgr::{CancelRequest, Counts, ItemId, Level, Outcome, ProgressStatus, RunId};
use wire::{Call, NamedItem, OpenSession};

use crate::client::{Daemon, Trouble};
use crate::replay::{current, line, problem_of};
use crate::spool::{Report, Said, Spool};

/// How long a script may be silent: it says a line now and then, at best.
const LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a script is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Continue,
    Cancel,
    Pause,
}

impl Word {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
        }
    }
}

impl From<CancelRequest> for Word {
    fn from(asked: CancelRequest) -> Self {
        if asked == CancelRequest::None { Self::Continue } else { Self::Cancel }
    }
}

/// What is reported.
pub(super) enum Told<'a> {
    Start,
    Progress { bar: (u64, u64), text: &'a str },
    Event { level: Level, text: &'a str },
    End { outcome: Outcome, text: Option<&'a str> },
}

/// One run of a script's job.
pub(super) struct There<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) spool: &'a Spool,
    pub(super) item: &'a ItemId,
    /// What the script calls this run.
    pub(super) rid: &'a str,
    /// The process whose end is the end of the run, if it is known.
    pub(super) process: Option<u32>,
    /// Without a good run for so many milliseconds the job is overdue.
    pub(super) overdue: Option<i64>,
    pub(super) now: i64,
}

impl There<'_> {
    /// Tells the daemon, and gives its answer; fails when it did not hear.
    pub(super) fn tell(&self, told: &Told<'_>) -> Result<Word, Trouble> {
        match self.say(told) {
            // A person wants no runs of it for now.
            Err(Trouble::Refused(fault)) if fault.code == "access_denied" => Ok(Word::Pause),
            answer => answer.map(Word::from),
        }
    }

    fn say(&self, told: &Told<'_>) -> Result<CancelRequest, Trouble> {
        let run = match told {
            Told::Start => {
                let run = self.open(None, self.overdue)?;
                self.remember(run);
                run
            }
            Told::Progress { .. } | Told::Event { .. } | Told::End { .. } => self.run()?,
        };
        let item = self.item.to_string();
        let state = |text: Option<&str>, status: ProgressStatus, (step, max): (u64, u64)| Call::Progress {
            item: item.clone(),
            text: text.map(str::to_owned),
            status: Some(status.into()),
            step,
            max,
        };
        match told {
            Told::Start => self.call(run, &state(None, ProgressStatus::UpdatingIndeterminate, (0, 0))),
            Told::Progress { bar, text } => self.call(
                run,
                &state(Some(text).filter(|text| !text.is_empty()).copied(), ProgressStatus::Updating, *bar),
            ),
            Told::Event { level, text } => self.call(run, &event(self.item, *level, text, self.now)),
            Told::End { outcome, text } => {
                let problem = problem_of(*outcome, *text).map(Into::into);
                let counts = Counts::default().into();
                self.call(
                    run,
                    &Call::Outcome { item: item.clone(), outcome: (*outcome).into(), counts, problem },
                )?;
                self.call(run, &state(*text, adapters::telling::status_of(*outcome), (1, 1)))?;
                self.call(run, &Call::End { ended: None })?;
                self.forget(run);
                Ok(CancelRequest::None)
            }
        }
    }

    /// Says it in the session, which may have been begun with another daemon.
    fn call(&self, run: RunId, call: &Call) -> Result<CancelRequest, Trouble> {
        let answer = match self.daemon.call(run, call) {
            Err(trouble @ Trouble::Refused(_)) if trouble.is_lost() => {
                self.daemon.open_session(&OpenSession { resumes: Some(run.0), ..self.order() })?;
                self.daemon.call(run, call)
            }
            answer => answer,
        };
        Ok(answer?.cancel.into())
    }

    /// The run of this job that goes on; one that the daemon does not know yet is told to it, with what was reported of it
    /// so far.
    fn run(&self) -> Result<RunId, Trouble> {
        let unreadable = |error: std::io::Error| Trouble::Silent(syncmgr::reason(&error));
        let taken = self.spool.take().map_err(unreadable)?;
        let known = current(&taken.reports, self.item, self.rid);
        let on_record = known.iter().find_map(|report| report.run).map(RunId);
        let untold = known.iter().any(|report| !matches!(report.said, Said::Start { .. }));
        let (mut process, mut overdue) = (self.process, None);
        for report in &known {
            if let Said::Start { process: said, overdue: kept } = report.said {
                (process, overdue) = (said, kept);
            }
        }
        let run = match on_record {
            Some(run) if !untold => return Ok(run),
            Some(run) => run,
            None => self.open(known.first().map(|first| first.at), overdue)?,
        };
        for report in &known {
            if let Said::Event { level, text } = &report.said {
                let level = Level::from_word(level).unwrap_or(Level::Information);
                self.call(run, &event(self.item, level, text, report.at))?;
            }
        }
        let rest =
            taken.reports.iter().filter(|report| !known.iter().any(|known| std::ptr::eq(*known, *report)));
        let rest: Vec<Report> = rest.cloned().chain([self.start(run, process)]).collect();
        taken.keep(&rest).map_err(unreadable)?;
        Ok(run)
    }

    fn open(&self, started: Option<i64>, overdue: Option<i64>) -> Result<RunId, Trouble> {
        let overdue = overdue.and_then(|millis| u64::try_from(millis).ok());
        let order = OpenSession { started: started.map(Into::into), overdue, ..self.order() };
        match self.daemon.open_session(&order) {
            // The process is gone already, or of another machine's view.
            Err(Trouble::Refused(fault)) if fault.code == "invalid_argument" && order.pid.is_some() => {
                self.daemon.open_session(&OpenSession { pid: None, ..order })
            }
            opened => opened,
        }
    }

    fn order(&self) -> OpenSession {
        OpenSession {
            handler: None,
            items: vec![NamedItem { item: self.item.to_string(), name: None }],
            reference: None,
            pid: self.process,
            started: None,
            manual: false,
            lease: u64::try_from(LEASE.as_millis()).ok(),
            resumes: None,
            overdue: None,
        }
    }

    fn start(&self, run: RunId, process: Option<u32>) -> Report {
        Report {
            at: self.now,
            item: self.item.to_string(),
            rid: self.rid.to_owned(),
            run: Some(run.0),
            said: Said::Start { process, overdue: None },
        }
    }

    /// The next report finds the run by this. Where it cannot be written, it becomes a run of its own.
    fn remember(&self, run: RunId) {
        let _ = self.spool.add(&self.start(run, self.process));
    }

    /// The run is on record with its end: nothing of it has to be kept.
    fn forget(&self, run: RunId) {
        let Ok(taken) = self.spool.take() else { return };
        let rest: Vec<Report> =
            taken.reports.iter().filter(|report| report.run != Some(run.0)).cloned().collect();
        // A line that stays is found to be told already when it is taken in.
        let _ = taken.keep(&rest);
    }
}

fn event(item: &ItemId, level: Level, text: &str, time: i64) -> Call {
    let event = line(item, level, text);
    Call::Event {
        item: Some(item.to_string()),
        level: level.into(),
        name: event.name,
        description: event.description,
        fix: None,
        link_text: None,
        link: None,
        time: Some(time.into()),
    }
}
