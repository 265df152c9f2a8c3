//! From what a command says to what the sync center hears: progress, events, counts, and the last word.

use std::time::{Duration, Instant};

use syncmgr::event::NewEvent;
use syncmgr::outcome::SideCounts;
use syncmgr::plan::Verb;
use syncmgr::{CancelRequest, Counts, ItemId, Level, Outcome, ProgressStatus, Refusal, SyncCallback, text};

use crate::parse::{Disagreement, Fact, Reader, Stream, Tally};
use crate::process::Exit;
use crate::verdict::{Tool, Verdict};

/// How often progress is told at most, and at least: each answer may be a request to stop.
const TOLD_EVERY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));
/// How many events a run may have before the rest is only counted; all of it is in the log.
const EVENTS: u32 = 1000;

/// Whoever hears of a command: a session in this process, or one at the other end of a socket.
pub trait Hearer {
    /// How far it is. The answer may ask to stop.
    fn progress(&mut self, text: &str, step: u64, max: u64) -> CancelRequest;
    /// A line of the results.
    fn event(&mut self, event: NewEvent);
    /// The last word.
    fn end(&mut self, verdict: &Verdict, counts: Counts);
}

impl<H: Hearer + ?Sized> Hearer for Box<H> {
    fn progress(&mut self, text: &str, step: u64, max: u64) -> CancelRequest {
        (**self).progress(text, step, max)
    }

    fn event(&mut self, event: NewEvent) {
        (**self).event(event);
    }

    fn end(&mut self, verdict: &Verdict, counts: Counts) {
        (**self).end(verdict, counts);
    }
}

/// Nobody hears: the command runs all the same.
pub struct Nobody;

impl Hearer for Nobody {
    fn progress(&mut self, _text: &str, _step: u64, _max: u64) -> CancelRequest {
        CancelRequest::None
    }

    fn event(&mut self, _event: NewEvent) {}

    fn end(&mut self, _verdict: &Verdict, _counts: Counts) {}
}

/// A session of the contract, for one of its items. That a session has ended is the only refusal there can be: it is a
/// stop of everything.
pub struct InSession<'c> {
    /// The session.
    pub callback: &'c dyn SyncCallback,
    /// The item.
    pub item: &'c ItemId,
}

impl Hearer for InSession<'_> {
    fn progress(&mut self, text: &str, step: u64, max: u64) -> CancelRequest {
        let status = if max == 0 { ProgressStatus::UpdatingIndeterminate } else { ProgressStatus::Updating };
        match self.callback.report_progress(self.item, Some(text::progress(text)), status, step, max) {
            Ok(asked) => asked,
            Err(Refusal::Ended) => CancelRequest::All,
            Err(_) => CancelRequest::None,
        }
    }

    fn event(&mut self, event: NewEvent) {
        let _ = self.callback.report_event(event);
    }

    fn end(&mut self, verdict: &Verdict, counts: Counts) {
        let status = status_of(verdict.outcome);
        let text = verdict.problem.as_ref().map(|problem| problem.text.clone()).unwrap_or_default();
        let _ = self.callback.report_outcome(self.item, verdict.outcome, counts, verdict.problem.clone());
        let _ = self.callback.report_progress(self.item, Some(text::progress(&text)), status, 1, 1);
    }
}

/// The final status that goes with an outcome.
pub fn status_of(outcome: Outcome) -> ProgressStatus {
    match outcome {
        Outcome::Done | Outcome::Pending | Outcome::NeedsDecision => ProgressStatus::Succeeded,
        Outcome::Canceled => ProgressStatus::Canceled,
        Outcome::Waiting | Outcome::Disconnected => ProgressStatus::Disconnected,
        _ => ProgressStatus::Failed,
    }
}

/// Tells one who hears what one command says.
pub struct Teller<H> {
    hearer: H,
    item: ItemId,
    tool: Tool,
    reader: Reader,
    facts: Vec<Fact>,
    tally: Tally,
    text: String,
    bar: (u64, u64),
    events: u32,
    changed: bool,
    told: Option<Instant>,
    asked: CancelRequest,
    conflicts: Vec<Disagreement>,
}

impl<H: Hearer> Teller<H> {
    /// Tells what this tool says about this item.
    pub fn new(hearer: H, item: ItemId, tool: Tool) -> Self {
        Self {
            hearer,
            item,
            tool,
            reader: Reader::new(tool.parser()),
            facts: Vec::new(),
            tally: Tally::default(),
            text: String::new(),
            bar: (0, 0),
            events: 0,
            changed: true,
            told: None,
            asked: CancelRequest::None,
            conflicts: Vec::new(),
        }
    }

    /// Some output.
    pub fn output(&mut self, from: Stream, bytes: &[u8]) {
        self.reader.read(from, bytes, &mut self.facts);
        self.tell_facts();
    }

    /// Called often: tells how far it is, if it is time to; the answer is what was asked so far.
    pub fn look(&mut self) -> CancelRequest {
        let (most, least) = TOLD_EVERY;
        let due = self.told.is_none_or(|told| told.elapsed() >= if self.changed { most } else { least });
        if due {
            (self.changed, self.told) = (false, Some(Instant::now()));
            let asked = self.hearer.progress(&self.text, self.bar.0, self.bar.1);
            if asked != CancelRequest::None {
                self.asked = asked;
            }
        }
        self.asked
    }

    /// An event of our own.
    pub fn event(&mut self, level: Level, name: &str, text: impl Into<String>) {
        self.hearer.event(NewEvent::new(Some(&self.item), level, name, text));
    }

    /// The command has ended. Tells the last word, which is also the answer.
    pub fn end(self, exit: Exit, stopped: bool) -> Verdict {
        let tool = self.tool;
        self.end_with(|tally| tool.verdict(exit, tally, stopped))
    }

    /// The same, with what needs a decision as the command told of it.
    pub fn end_and_conflicts(mut self, exit: Exit, stopped: bool) -> (Verdict, Vec<Disagreement>) {
        self.read_rest();
        let conflicts = std::mem::take(&mut self.conflicts);
        (self.end(exit, stopped), conflicts)
    }

    /// The same with another way to judge.
    pub fn end_with(mut self, judge: impl FnOnce(&Tally) -> Verdict) -> Verdict {
        self.read_rest();
        if self.events > EVENTS {
            let more = self.events - EVENTS;
            self.event(Level::Information, "And more", format!("{more} further lines are in the log alone"));
        }
        let verdict = judge(&self.tally);
        let mut counts = self.tally.counts();
        if self.tool.makes_all_or_nothing()
            && matches!(verdict.outcome, Outcome::Canceled | Outcome::Failed | Outcome::Interrupted)
        {
            counts.b = SideCounts::default();
        }
        self.hearer.end(&verdict, counts);
        verdict
    }

    fn read_rest(&mut self) {
        self.reader.end(&mut self.facts);
        self.tell_facts();
    }

    fn tell_facts(&mut self) {
        let mut facts = std::mem::take(&mut self.facts);
        for fact in facts.drain(..) {
            self.tally.add(&fact);
            self.tell(fact);
        }
        self.facts = facts;
    }

    fn tell(&mut self, fact: Fact) {
        match fact {
            Fact::Bar { step, max } => {
                self.changed |= self.bar != (step, max);
                self.bar = (step, max);
            }
            Fact::Text(text) => {
                self.changed |= self.text != text;
                self.text = text;
            }
            Fact::Told { level, about, text } => {
                let name = match (level, about) {
                    (Level::Error, Some(about)) => format!("Failed: {about}"),
                    (Level::Error, None) => "Error".to_owned(),
                    (_, Some(about)) => format!("Note: {about}"),
                    (_, None) => "Note".to_owned(),
                };
                self.line(level, name, text);
            }
            Fact::Conflict(found) => {
                let path = &found.path;
                let both = match self.tool {
                    Tool::Rclone => "rclone keeps both, each under a name of its own, on both sides",
                    _ => "both versions stay as they are",
                };
                let text = format!("{path} was changed on both sides; {both}");
                self.line(Level::Warning, format!("Conflict: {path}"), text);
                if self.conflicts.len() < EVENTS as usize {
                    self.conflicts.push(found);
                }
            }
            Fact::Did { verb: Verb::Delete, path } | Fact::Placed { verb: Verb::Delete, path, .. } => {
                self.line(Level::Information, format!("Deleted: {path}"), format!("{path} was deleted"));
            }
            Fact::Missing(path) => {
                let text = format!("{path} is not there, and was left out");
                self.line(Level::Error, format!("Failed: {path}"), text);
            }
            Fact::Skipped(path) => {
                let text = format!("{path} is of a kind that {} leaves out", self.tool.name());
                self.line(Level::Information, format!("Left out: {path}"), text);
            }
            Fact::Did { .. } | Fact::Placed { .. } | Fact::Total(..) | Fact::Failure(_) | Fact::Nothing => {}
        }
    }

    /// Errors are told as long as there is room; beyond, they are counted and in the log.
    fn line(&mut self, level: Level, name: String, text: String) {
        self.events += 1;
        if self.events <= EVENTS {
            self.hearer.event(NewEvent::new(Some(&self.item), level, name, text));
        }
    }
}
