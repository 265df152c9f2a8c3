//! Where a run is told: with the daemon, here, or for a moment nowhere, when the daemon has just gone.

use std::time::{Duration, Instant};

use adapters::telling::{Hearer, InSession, status_of};
use adapters::verdict::Verdict;
use syncmgr::event::NewEvent;
use syncmgr::{CancelRequest, Counts, ItemId, ProgressStatus, RunId};
use wire::{Call, NamedItem, OpenSession};

use super::Beginning;
use super::desk::{self, Desk, LEASE};
use super::mailbox::{Mail, Mailbox, Progress};
use crate::client::{Daemon, Trouble};
use crate::exit::Failure;
use crate::places::Places;
use crate::spool::{Report, Said, Spool};

/// How often it is tried to tell what could not be told.
const AGAIN: Duration = Duration::from_millis(500);
/// How often a run that is told here looks for a daemon.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long the last word is tried to be told, before it is kept for later.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who hears of the run just now.
enum Place {
    There(Daemon),
    Here(Desk),
    /// Its daemon is gone, or hangs.
    Nowhere,
    /// It came to an end that somebody else knows of.
    Over,
}

/// Nobody heard it.
struct Lost;

/// The way of one run.
pub(super) struct Route {
    places: Places,
    item: ItemId,
    run: RunId,
    place: Place,
    looked: Instant,
}

impl Route {
    /// Begins the run, with the daemon if one answers.
    pub(super) fn begin(places: Places, beginning: Beginning) -> Result<Self, Failure> {
        let order = OpenSession {
            manual: beginning.by_hand,
            overdue: beginning.overdue.and_then(|millis| u64::try_from(millis).ok()),
            ..order(&beginning.item)
        };
        let there = Daemon::find(&places).map(|daemon| (daemon.open_session(&order), daemon));
        let (run, place) = match there {
            Some((Ok(run), daemon)) => (run, Place::There(daemon)),
            Some((Err(Trouble::Refused(fault)), _)) if fault.code == "access_denied" => {
                return Err(Trouble::Refused(fault).into());
            }
            Some((Err(_), _)) | None => {
                let desk = Desk::begin(&places, &beginning)?;
                (desk.run(), Place::Here(desk))
            }
        };
        Ok(Self { places, item: beginning.item, run, place, looked: Instant::now() })
    }

    /// Its number.
    pub(super) fn run(&self) -> RunId {
        self.run
    }

    /// Tells what comes until the mailbox is closed.
    pub(super) fn follow(mut self, mailbox: &Mailbox) -> Result<(), String> {
        let mut closed = None;
        loop {
            let mut mail = mailbox.take(AGAIN);
            let told = self.tell(&mut mail);
            match told {
                Ok(_) if mail.closed => return Ok(()),
                Ok(asked) => mailbox.ask(asked),
                Err(Lost) => {
                    if mail.closed && closed.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                        return self.keep(&mail);
                    }
                    mailbox.put_back(mail);
                    std::thread::sleep(AGAIN);
                }
            }
        }
    }

    /// Tells all of it; what could not be told stays in it.
    fn tell(&mut self, mail: &mut Mail) -> Result<CancelRequest, Lost> {
        self.find_place();
        let told = self.tell_here(mail);
        if told.is_err() {
            self.place = Place::Nowhere;
        }
        told
    }

    fn tell_here(&mut self, mail: &mut Mail) -> Result<CancelRequest, Lost> {
        while let Some((event, time)) = mail.events.front() {
            self.event(event, *time)?;
            mail.events.pop_front();
        }
        let mut asked = CancelRequest::None;
        if let Some(progress) = &mail.progress {
            asked = self.progress(progress)?;
            mail.progress = None;
        }
        if let Some((verdict, counts)) = &mail.last {
            self.end(verdict, *counts)?;
            mail.last = None;
        }
        Ok(asked)
    }

    /// Looks for somebody to tell: the daemon before anybody else.
    fn find_place(&mut self) {
        match &self.place {
            Place::There(_) | Place::Over => return,
            Place::Here(_) if self.looked.elapsed() < LOOK_EVERY => return,
            Place::Here(_) | Place::Nowhere => self.looked = Instant::now(),
        }
        let daemon = Daemon::find(&self.places);
        if let Some(daemon) = daemon {
            if let Place::Here(desk) = std::mem::replace(&mut self.place, Place::Nowhere) {
                // One that could not be let go of is found to be ours again below.
                let _ = desk.release();
            }
            let order = OpenSession { resumes: Some(self.run.0), ..order(&self.item) };
            if daemon.open_session(&order).is_ok() {
                self.place = Place::There(daemon);
                return;
            }
        }
        if matches!(self.place, Place::Nowhere) {
            self.place = match Desk::resume(&self.places, &self.item, self.run) {
                Ok(desk) => Place::Here(desk),
                Err(_) if desk::is_over(&self.places, self.run) => Place::Over,
                Err(_) => Place::Nowhere,
            };
        }
    }

    fn event(&self, event: &NewEvent, time: i64) -> Result<(), Lost> {
        match &self.place {
            Place::There(daemon) => heard(daemon.call(self.run, &call_of(event, time))).map(drop),
            Place::Here(desk) => {
                // More lines than a run may have are in its log.
                let _ = desk.session().report_event_at(event.clone(), time);
                Ok(())
            }
            Place::Nowhere => Err(Lost),
            Place::Over => Ok(()),
        }
    }

    fn progress(&self, progress: &Progress) -> Result<CancelRequest, Lost> {
        let Progress { text, step, max } = progress;
        match &self.place {
            Place::There(daemon) => {
                let status =
                    if *max == 0 { ProgressStatus::UpdatingIndeterminate } else { ProgressStatus::Updating };
                heard(daemon.call(self.run, &self.state(text.clone(), status, *step, *max)))
            }
            Place::Here(desk) => {
                let mut hearer = InSession { callback: desk.callback(), item: &self.item };
                Ok(hearer.progress(text, *step, *max))
            }
            Place::Nowhere => Err(Lost),
            Place::Over => Ok(CancelRequest::None),
        }
    }

    fn end(&self, verdict: &Verdict, counts: Counts) -> Result<(), Lost> {
        match &self.place {
            Place::There(daemon) => {
                let item = self.item.to_string();
                let problem = verdict.problem.clone().map(Into::into);
                let text = verdict.problem.as_ref().map(|problem| problem.text.clone()).unwrap_or_default();
                let outcome =
                    Call::Outcome { item, outcome: verdict.outcome.into(), counts: counts.into(), problem };
                let last = self.state(text, status_of(verdict.outcome), 1, 1);
                for call in [outcome, last, Call::End { ended: None }] {
                    heard(daemon.call(self.run, &call))?;
                }
                Ok(())
            }
            Place::Here(desk) => {
                InSession { callback: desk.callback(), item: &self.item }.end(verdict, counts);
                desk.end().map_err(|_| Lost)
            }
            Place::Nowhere => Err(Lost),
            Place::Over => Ok(()),
        }
    }

    fn state(&self, text: String, status: ProgressStatus, step: u64, max: u64) -> Call {
        Call::Progress {
            item: self.item.to_string(),
            text: Some(text),
            status: Some(status.into()),
            step,
            max,
        }
    }

    /// Keeps what nobody heard until somebody does.
    fn keep(&self, mail: &Mail) -> Result<(), String> {
        let spool = Spool::beneath(&self.places.state);
        let report = |at, said| Report {
            at,
            item: self.item.to_string(),
            rid: self.run.to_string(),
            run: Some(self.run.0),
            said,
        };
        let now = center::Clock::wall(&center::SystemClock::default());
        let events = mail.events.iter().map(|(event, time)| {
            let text = if event.description.is_empty() { &event.name } else { &event.description };
            report(*time, Said::Event { level: event.level.word().into(), text: text.clone() })
        });
        let last = mail.last.iter().map(|(verdict, _)| {
            let text = verdict.problem.as_ref().map(|problem| problem.text.clone());
            report(now, Said::End { outcome: verdict.outcome.word().into(), text })
        });
        for report in events.chain(last) {
            match spool.add(&report) {
                Ok(true) => {}
                Ok(false) => return Err("too many reports wait to be taken in".into()),
                Err(error) => return Err(syncmgr::reason(&error)),
            }
        }
        Ok(())
    }
}

/// What every session of a command has.
fn order(item: &ItemId) -> OpenSession {
    OpenSession {
        handler: None,
        items: vec![NamedItem { item: item.to_string(), name: None }],
        reference: None,
        pid: Some(std::process::id()),
        started: None,
        manual: false,
        lease: u64::try_from(LEASE.as_millis()).ok(),
        resumes: None,
        overdue: None,
    }
}

/// What came of a word. One that was refused is no reason to say it again.
fn heard(answer: Result<wire::Answer, Trouble>) -> Result<CancelRequest, Lost> {
    match answer {
        Ok(answer) => Ok(answer.cancel.into()),
        Err(trouble) if trouble.is_lost() => Err(Lost),
        Err(_) => Ok(CancelRequest::None),
    }
}

fn call_of(event: &NewEvent, time: i64) -> Call {
    Call::Event {
        item: event.item.as_ref().map(ToString::to_string),
        level: event.level.into(),
        name: event.name.clone(),
        description: event.description.clone(),
        fix: None,
        link_text: event.link_text.clone(),
        link: event.link_reference.clone(),
        time: Some(time.into()),
    }
}
