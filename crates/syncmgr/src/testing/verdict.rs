//! What a handler came to under test: its calls, the results, and the rules it broke.

use std::fmt;
use std::time::Duration;

use crate::error::{HandlerError, Refusal};
use crate::event::{Event, NewEvent};
use crate::ids::{ItemId, RunId};
use crate::outcome::{Counts, Outcome, Phase};
use crate::session::{EndReason, Ended, ItemEnd};
use crate::status::{CancelRequest, ProgressStatus};
use crate::text;

/// One call of the handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The session it was made on.
    pub run: RunId,
    /// When.
    pub at: i64,
    /// Which call.
    pub what: What,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
}

impl Call {
    /// Whether it is a progress report of this item with this status.
    pub fn is_progress(&self, of: &ItemId, with: ProgressStatus) -> bool {
        matches!(&self.what, What::Progress { item, status, .. } if item == of && *status == with)
    }
}

/// The methods of the contract with their arguments, and what they were told about cancelling.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the arguments of the methods of SyncCallback")]
pub enum What {
    /// `create_session`.
    CreateSession(Vec<ItemId>),
    /// `report_progress`.
    Progress {
        item: ItemId,
        text: Option<String>,
        status: ProgressStatus,
        step: u64,
        max: u64,
        told: CancelRequest,
    },
    /// `set_handler_progress_text`.
    HandlerText { text: String, told: CancelRequest },
    /// `report_event`.
    Event(NewEvent),
    /// `can_continue`.
    CanContinue { item: Option<ItemId>, go_on: bool },
    /// `query_for_additional_items`.
    Query,
    /// `add_item_to_session`.
    AddItem(ItemId),
    /// `add_request_to_session`.
    AddRequest,
    /// `propose_item`.
    Propose(ItemId),
    /// `commit_item`.
    Commit(ItemId),
    /// `report_manual_sync`.
    ManualSync,
    /// `report_phase`.
    Phase { item: ItemId, phase: Phase, told: CancelRequest },
    /// `report_outcome`.
    Outcome { item: ItemId, outcome: Outcome, counts: Counts },
    /// `extend_lease`.
    ExtendLease(Duration),
    /// `end`.
    End,
}

/// A rule that the handler broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule's number, `R1` to `R18`.
    pub rule: &'static str,
    /// What happened.
    pub text: String,
}

impl Violation {
    pub(super) fn new(rule: &'static str, text: impl Into<String>) -> Self {
        Self { rule, text: text.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.text)
    }
}

/// What everything came to.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The sessions in the order of their ends.
    pub runs: Vec<Ended>,
    /// The events: the handler's, and those that the rules imply.
    pub events: Vec<Event>,
    /// Every call.
    pub calls: Vec<Call>,
    /// What `synchronize` failed with.
    pub failures: Vec<HandlerError>,
    /// Items that were proposed and committed.
    pub adopted: Vec<ItemId>,
    /// The rules that the handler broke.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// The end of an item in the last session that had it.
    pub fn item(&self, id: &ItemId) -> Option<&ItemEnd> {
        self.runs.iter().rev().find_map(|run| run.items.iter().find(|item| item.item == *id))
    }

    /// Whether this rule was broken.
    pub fn broke(&self, rule: &str) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }

    /// Passes on a verdict of a handler that broke no rule.
    ///
    /// # Panics
    /// When it broke one; the message names them all.
    #[track_caller]
    pub fn assert_clean(&self) -> &Self {
        let list: String = self.violations.iter().map(|violation| format!("\n  {violation}")).collect();
        assert!(list.is_empty(), "the handler broke the rules:{list}");
        self
    }
}

/// The rules that show in the calls and their refusals, and in how the runs ended.
pub(super) fn judge(calls: &[Call], runs: &[Ended]) -> Vec<Violation> {
    let mut found: Vec<Violation> = calls.iter().flat_map(judge_call).collect();
    found.extend(judge_stops(calls));
    for run in runs {
        found.extend(judge_end(run));
    }
    found
}

fn judge_call(call: &Call) -> Vec<Violation> {
    let mut found = Vec::new();
    let long = |what: &str, text: &str, max: usize| {
        (text::units(text) > max)
            .then(|| Violation::new("R5", format!("{what} has more than {max} UTF-16 units and was cut")))
    };
    match &call.what {
        What::Progress { text: Some(text), .. } | What::HandlerText { text, .. } => {
            found.extend(long("a progress text", text, text::MAX_PROGRESS_TEXT));
        }
        What::Event(event) => found.extend(long("the name of an event", &event.name, text::MAX_NAME)),
        _ => {}
    }
    let Some(refusal) = &call.refusal else { return found };
    let rule = match (refusal, &call.what) {
        (Refusal::Ended, _) => "R12",
        (Refusal::AccessDenied(_), What::CreateSession(_)) => "R15",
        (Refusal::AccessDenied(_), _) => "R1",
        (_, What::Propose(_) | What::Commit(_)) => "R8",
        (_, What::AddItem(_) | What::AddRequest) => "R9",
        (_, What::Event(event)) if event.name.trim().is_empty() || event.description.trim().is_empty() => {
            "R16"
        }
        _ => "R10",
    };
    found.push(Violation::new(rule, format!("{:?} was refused: {refusal}", call.what)));
    found
}

/// A handler that was told to stop everything must not take more work on (R4).
fn judge_stops(calls: &[Call]) -> Vec<Violation> {
    let mut told: Vec<RunId> = Vec::new();
    let mut found = Vec::new();
    for call in calls {
        match &call.what {
            What::Progress { told: CancelRequest::All, .. }
            | What::HandlerText { told: CancelRequest::All, .. }
            | What::Phase { told: CancelRequest::All, .. }
            | What::CanContinue { item: None, go_on: false } => told.push(call.run),
            What::AddItem(_) | What::AddRequest | What::Propose(_) if told.contains(&call.run) => {
                found.push(Violation::new(
                    "R4",
                    format!("{:?} after the handler was told to stop everything", call.what),
                ));
            }
            _ => {}
        }
    }
    found
}

fn judge_end(run: &Ended) -> Vec<Violation> {
    let mut found = Vec::new();
    if run.reason == EndReason::LeaseExpired {
        found.push(Violation::new("R12", "the session was silent for longer than its lease"));
    }
    for item in run.items.iter().filter(|item| !item.completed) {
        let id = &item.item;
        if !item.reported {
            found.push(Violation::new("R2", format!("nothing was reported for item '{id}'")));
        } else if item.canceled {
            found.push(Violation::new(
                "R3",
                format!("item '{id}' was asked to stop, and that was not acknowledged with 'canceled'"),
            ));
        } else if item.status != ProgressStatus::Disconnected {
            found.push(Violation::new("R12", format!("item '{id}' has no final status")));
        }
    }
    for id in &run.dropped {
        found.push(Violation::new("R8", format!("item '{id}' was proposed and never committed")));
    }
    found
}
