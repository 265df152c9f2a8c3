//! When a person is told something, and by which channels: `[[alerts]]`.

use schemars::JsonSchema;
use serde::Deserialize;
use syncmgr::ItemId;

use crate::mistake::Mistake;
use crate::one_or_many::{one_or_many, one_or_many_schema};
use crate::period::Period;
use crate::raw::RawTable;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it looks at.
    pub when: When,
    /// Only these items; none: all.
    pub items: Vec<ItemId>,
    /// By these channels; none: by all.
    pub channels: Vec<String>,
    /// How long it must have been so before anybody is told.
    pub held: Option<Period>,
    /// How long after an alert the same one is not raised again.
    pub cool_down: Option<Period>,
    /// How often a person is reminded while it stays so.
    pub remind: Option<Period>,
    /// Whether a person is told when all is well again.
    pub resolved: bool,
}

impl Rule {
    /// Anything that a person should look at, of any item, by all channels.
    pub(crate) fn attention() -> Self {
        Self {
            when: When::State(vec![State::Attention]),
            items: Vec::new(),
            channels: Vec::new(),
            held: None,
            cool_down: None,
            remind: None,
            resolved: true,
        }
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The item stands like one of these.
    State(Vec<State>),
    /// No good run for longer than this.
    Age(Period),
    /// An event of this level or worse, with this text in its name or description.
    Event {
        /// The level.
        level: EventLevel,
        /// Part of the text, without case.
        text: Option<String>,
    },
}

/// How an item may stand, in the words of `instep status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A guard stopped the last run before anything was touched.
    SafetyStop,
    /// The last run did nothing useful.
    Failed,
    /// No good run for longer than it should take.
    Overdue,
    /// Conflicts wait for a decision.
    Conflicts,
    /// Its handler does not answer.
    NotResponding,
    /// The last run could not synchronize some entries.
    Gaps,
    /// The last run was stopped, or its program went away.
    Interrupted,
    /// There was no run yet.
    NeverRun,
    /// A condition is not met.
    Waiting,
    /// Nobody wants it synchronized for now.
    Paused,
    /// Anything that a person should look at: `interrupted` and all that is worse.
    Attention,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventLevel {
    /// Anything.
    Information,
    /// Worth a look.
    Warning,
    /// Something could not be done.
    Error,
}

/// What `[[alerts]]` may say: one of `state`, `age` and `event`, and the rest as it is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleKeys {
    /// Told when an item stands like this, in the words of `instep status`, or like anything that needs `attention`.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema::<State>", default)]
    state: Vec<State>,
    /// Told when there was no good run for longer than this.
    age: Option<Period>,
    /// Told of an event of this level or worse.
    event: Option<EventLevel>,
    /// With `event`: only if this is in its name or description, in whatever case.
    text: Option<String>,
    /// Only for these items; for all if nothing is said.
    #[serde(default)]
    items: Vec<String>,
    /// Only by these channels; by all if nothing is said.
    #[serde(default)]
    channels: Vec<String>,
    /// How long it must have been so before anybody is told; at once if nothing is said.
    held: Option<Period>,
    /// How long after an alert the same one is not raised again; an hour if nothing is said.
    cool_down: Option<Period>,
    /// How often to remind while it stays so; never if nothing is said.
    remind: Option<Period>,
    /// Whether to tell when all is well again; yes if nothing is said.
    resolved: Option<bool>,
}

pub(crate) fn read(table: &RawTable) -> Result<Rule, Mistake> {
    let keys: RuleKeys = table.read()?;
    let when = match (keys.state.as_slice(), keys.age, keys.event) {
        ([_, ..], None, None) => When::State(keys.state),
        ([], Some(age), None) => When::Age(age),
        ([], None, Some(level)) => When::Event { level, text: keys.text.clone() },
        ([], None, None) => {
            return Err(
                table.mistake("an alert looks at one of `state`, `age` and `event`, and none is here")
            );
        }
        _ => {
            return Err(table
                .mistake("an alert looks at only one of `state`, `age` and `event`; make two alerts of it"));
        }
    };
    if keys.text.is_some() && !matches!(when, When::Event { .. }) {
        return Err(table.mistake_at("text", "`text` goes with `event` only"));
    }
    if keys.held.is_some() && matches!(when, When::Event { .. }) {
        return Err(table.mistake_at("held", "`held` goes with `state` and `age`: an event is over at once"));
    }
    let items = keys.items.iter().map(|item| ItemId::new(item)).collect::<Result<_, _>>();
    Ok(Rule {
        when,
        items: items.map_err(|refusal| table.mistake_at("items", refusal.to_string()))?,
        channels: keys.channels,
        held: keys.held,
        cool_down: keys.cool_down,
        remind: keys.remind,
        resolved: keys.resolved.unwrap_or(true),
    })
}
