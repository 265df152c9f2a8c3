//! The conformance kit: drives a handler through the contract, and says of each rule whether it holds and why not.
//!
//! The contract's rules are judged by [`syncmgr::testing`], the same double of a sync center that handlers in this
//! process are tested with; those of the protocol by a `probe` that says things no center would.

mod partners;
mod probe;
mod scenes;
mod settling;
mod stage;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use syncmgr::{Handler, ItemId};

use crate::host::{HandlerSpec, Limits, STOP};

/// How the handler is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The items that are synchronized; none: all that it has.
    pub items: Option<Vec<ItemId>>,
    /// How long a synchronization may take.
    pub patience: Duration,
    /// In which time a stop must be acknowledged.
    pub stop: Duration,
    /// How long an answer may take.
    pub answer: Duration,
    /// How long an exit may take.
    pub exit: Duration,
    /// Whether open conflicts are settled, in every way that the handler offers: versions are lost by that.
    pub settle: bool,
}

impl Default for Trial {
    fn default() -> Self {
        let Limits { answer, exit, .. } = Limits::default();
        Self { items: None, patience: Duration::from_secs(60), stop: STOP, answer, exit, settle: false }
    }
}

impl Trial {
    /// For a machine that may have much else to do: only what never comes is missed.
    pub fn unhurried() -> Self {
        let patience = Duration::from_secs(600);
        Self { patience, stop: patience, answer: patience, exit: patience, ..Self::default() }
    }
}

/// Whether a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "holds", rename_all = "snake_case")]
pub enum Held {
    /// It was tried, and held.
    Yes,
    /// It was broken.
    No {
        /// What the handler did.
        why: Vec<String>,
    },
    /// The handler gave no occasion to try it.
    NotTried {
        /// What it would have taken.
        why: String,
    },
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `R1` to `R18` of the contract, `C1` to `C5` of its conflicts, `P1` to `P11` of the protocol.
    pub rule: &'static str,
    /// The rule in a sentence.
    pub says: &'static str,
    /// Whether it holds.
    #[serde(flatten)]
    pub held: Held,
}

/// What the kit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The name that the handler gives itself.
    pub handler: String,
    /// The rules, in order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether no rule was broken.
    pub fn is_clean(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules that were broken.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding.held, Held::No { .. }))
    }
}

/// All rules that the kit knows, each in a sentence.
pub const RULES: &[(&str, &str)] = &[
    ("P1", "it answers the handshake"),
    ("P2", "it speaks a version that the center offered, and no other major version"),
    ("P3", "a method that it does not know is answered with the error -32601"),
    ("P4", "members that it does not know are passed over"),
    ("P5", "lines that are no messages, and answers to no question, do not end it"),
    ("P6", "nothing but messages is written to descriptor 4"),
    ("P7", "it exits when it is asked to"),
    ("P8", "it exits when descriptor 3 ends"),
    ("P9", "after a restart it has the same items"),
    ("P10", "ids come back as they were, and the longest identifiers are taken"),
    ("P11", "a collection lists each partner once, the same ones after a restart, and each is a handler"),
    ("R1", "after a final word about an item only 'failed' may follow"),
    ("R2", "every item of a session gets a word"),
    ("R3", "a stop is acknowledged with 'canceled', in time, and once for each item"),
    ("R4", "after a stop of everything no more work is taken on; a stop of one item stops no other"),
    ("R5", "identifiers, names and texts keep their limits"),
    ("R8", "what is proposed is new, and is committed"),
    ("R9", "only items and requests that wait are taken in, once"),
    ("R10", "only items of the session are reported on"),
    ("R12", "a session ends with a final word for each item, and is never silent beyond its lease"),
    ("R15", "no session is opened for what may not be synchronized"),
    ("R16", "an event has a name and a description"),
    (
        "R17",
        "what is asked for during a synchronization is synchronized too, also an item that is being synchronized",
    ),
    ("R18", "handler and items have identifiers and names"),
    ("C1", "a conflict has a name, an identity of its own, and the versions that disagree"),
    ("C2", "a choice that is offered is carried out, and the conflict does not come back"),
    ("C3", "a choice that is not offered is refused with a class, and the conflict stands"),
    ("C4", "only the versions that were shown are settled"),
    ("C5", "a conflict that is settled already is answered for as such"),
];

/// Collects what was found of each rule.
#[derive(Default)]
pub(crate) struct Findings(BTreeMap<&'static str, Held>);

impl Findings {
    pub(crate) fn held(&mut self, rule: &'static str) {
        let held = self.0.entry(rule).or_insert(Held::Yes);
        if matches!(held, Held::NotTried { .. }) {
            *held = Held::Yes;
        }
    }

    pub(crate) fn broken(&mut self, rule: &'static str, why: impl Into<String>) {
        let why = why.into();
        match self.0.entry(rule).or_insert(Held::Yes) {
            Held::No { why: known } if known.contains(&why) => {}
            Held::No { why: known } => known.push(why),
            other => *other = Held::No { why: vec![why] },
        }
    }

    pub(crate) fn not_tried(&mut self, rule: &'static str, why: impl Into<String>) {
        self.0.entry(rule).or_insert_with(|| Held::NotTried { why: why.into() });
    }

    fn is_broken(&self, rule: &str) -> bool {
        matches!(self.0.get(rule), Some(Held::No { .. }))
    }

    fn report(mut self, handler: String, otherwise: &str) -> Report {
        let findings = RULES.iter().map(|(rule, says)| {
            let not_tried = || Held::NotTried { why: otherwise.to_owned() };
            Finding { rule, says, held: self.0.remove(rule).unwrap_or_else(not_tried) }
        });
        Report { handler, findings: findings.collect() }
    }
}

/// Tries a handler. Its items are really synchronized, several times, and stopped in the middle; its conflicts are settled
/// if the trial says so.
///
/// A collection is tried with each of its partners, each a handler.
pub fn try_handler(spec: &HandlerSpec, trial: &Trial) -> Report {
    let mut findings = Findings::default();
    let is_collection = probe::handshake(spec, trial, &mut findings);
    if findings.is_broken("P1") {
        return findings.report(spec.id.to_string(), "the handshake failed");
    }
    if !is_collection {
        findings.not_tried("P11", "it is no collection");
        let name = try_one(spec, trial, &mut findings);
        return findings.report(name, "the handler gave no occasion");
    }
    let names: Vec<String> = partners::list(spec, trial, &mut findings)
        .iter()
        .map(|partner| {
            probe::handshake(partner, trial, &mut findings);
            if findings.is_broken("P1") {
                partner.id.to_string()
            } else {
                try_one(partner, trial, &mut findings)
            }
        })
        .collect();
    findings.report(format!("{}: {}", spec.id, names.join(", ")), "the collection has no partner")
}

/// Tries a process that answers the handshake; gives the name of its handler.
fn try_one(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) -> String {
    probe::versions(spec, trial, findings);
    probe::strange_input(spec, trial, findings);
    probe::endings(spec, trial, findings);
    scenes::play(spec, trial, findings)
}

/// Tries a handler of this process, made anew for each scene, in the rules of the contract. As [`try_handler`], it
/// really synchronizes.
pub fn try_here(make: &dyn Fn() -> Arc<dyn Handler>, trial: &Trial) -> Report {
    let mut findings = Findings::default();
    for (rule, _) in RULES.iter().filter(|(rule, _)| rule.starts_with('P')) {
        findings.not_tried(rule, "it is not in another process");
    }
    let name = scenes::play_here(make, trial, &mut findings);
    findings.report(name, "the handler gave no occasion")
}
