//! Commands that are started when a run begins and when it ends: `[hooks]` and `[items.<id>.hooks]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use syncmgr::Outcome;

use crate::period::Period;
use crate::words::Command;

/// How long a hook may take when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What is started when. Each command gets the run as JSON on its standard input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// When a run begins.
    pub start: Option<Command>,
    /// When a run ended, whatever it came to.
    pub end: Option<Command>,
    /// When a run ended and all is in sync.
    pub done: Option<Command>,
    /// When some entries could not be synchronized.
    pub gaps: Option<Command>,
    /// When nothing useful was done.
    pub failed: Option<Command>,
    /// When a guard stopped the run before anything was touched.
    pub safety_stop: Option<Command>,
    /// When conflicts are open, and all the rest is in sync.
    pub needs_decision: Option<Command>,
    /// When a person stopped it.
    pub canceled: Option<Command>,
    /// When a condition was not met: a drive, a network, another run.
    pub waiting: Option<Command>,
    /// When its program went away.
    pub interrupted: Option<Command>,
    /// How long each may take before it is stopped; 30 seconds if nothing is said.
    timeout: Option<Period>,
}

impl Hooks {
    /// What is started when a run ends like this: the outcome's own command, then the one of every end.
    pub fn for_outcome(&self, outcome: Outcome) -> impl Iterator<Item = &Command> {
        let own = match outcome {
            Outcome::Done | Outcome::Pending => &self.done,
            Outcome::Gaps => &self.gaps,
            Outcome::SafetyStop => &self.safety_stop,
            Outcome::NeedsDecision => &self.needs_decision,
            Outcome::Canceled => &self.canceled,
            Outcome::Waiting | Outcome::Disconnected => &self.waiting,
            Outcome::Interrupted => &self.interrupted,
            // Failed, and whatever a later contract adds.
            _ => &self.failed,
        };
        own.iter().chain(&self.end)
    }

    /// All commands that there are.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        let all = [
            &self.start,
            &self.end,
            &self.done,
            &self.gaps,
            &self.failed,
            &self.safety_stop,
            &self.needs_decision,
            &self.canceled,
            &self.waiting,
            &self.interrupted,
        ];
        all.into_iter().flatten()
    }

    /// How long each command may take.
    pub fn timeout(&self) -> Duration {
        self.timeout.map_or(DEFAULT_TIMEOUT, Period::duration)
    }

    /// Whether nothing is ever started.
    pub fn is_empty(&self) -> bool {
        self.commands().next().is_none()
    }
}
