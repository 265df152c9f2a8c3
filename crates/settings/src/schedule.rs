//! When an item runs by itself: `schedule = { ... }` of an item.
//!
//! ```toml
//! [items.photos.schedule]
//! cron = ["30 2 * * *", "0 12 * * sun"]   # times of the calendar
//! zone = "Europe/Berlin"                  # of the machine if not given
//! every = "6h"                            # since the last good run; from = "clock": at 00:00, 06:00, ...
//! on = ["change", "mount", "wake"]        # and when something happens
//! after = ["music"]                       # and after a good run of another item
//! windows = ["22:00-06:00"]               # only then
//! needs = ["network"]                     # and only if
//! overdue = "2d"                          # without a good run for so long, somebody should know
//! catch_up = true                         # one run for all that were missed
//! retry = { limit = 5, first = "1m", longest = "1h" }
//! ```

mod chain;
mod cron;
mod plain;
mod trigger;
mod window;
mod zone;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use syncmgr::ItemId;

use crate::one_or_many::{one_or_many, one_or_many_schema};
use crate::period::Period;

pub use chain::{ChainError, check_chains};
pub use cron::Cron;
pub use trigger::{Need, Trigger};
pub use window::Window;
pub use zone::Zone;

const DAY: i64 = 86_400_000;

/// When an item runs by itself. Without anything in it, it never does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Times of the calendar: one cron line or several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema::<Cron>", default)]
    pub cron: Vec<Cron>,
    /// The time zone of `cron`, `windows` and `from = "clock"`; the machine's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// An interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// What the interval counts from.
    #[schemars(default)]
    pub from: CountFrom,
    /// What starts a run besides the time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema::<Trigger>", default)]
    pub on: Vec<Trigger>,
    /// Items whose good runs start one of this item.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "item_words")]
    #[schemars(schema_with = "one_or_many_schema::<String>", default)]
    pub after: Vec<ItemId>,
    /// Times of the day in which runs may begin; none: always.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema::<Window>", default)]
    pub windows: Vec<Window>,
    /// What must hold for a run to begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema::<Need>", default)]
    pub needs: Vec<Need>,
    /// After so long without a good run the item is overdue. If not given: when two times of `cron` or `every` have
    /// come since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
    /// Whether one run makes up for all that were missed, while the machine slept, the center was not running or the
    /// item was paused.
    #[schemars(default = "yes")]
    pub catch_up: bool,
    /// How a run is repeated that failed for a reason that passes.
    #[schemars(default)]
    pub retry: Retry,
}

/// What an interval counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountFrom {
    /// The end of the last good run, whoever started it.
    #[default]
    LastGood,
    /// The wall clock: an interval of six hours means midnight, six, noon and so on.
    Clock,
}

/// When an item is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub enum Overdue {
    /// After so long without a good run.
    After(Period),
    /// Never: `never`.
    Never,
}

/// How a run is repeated that failed for a reason that passes: each time after twice as long as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// How often at most; 0: never.
    pub limit: u32,
    /// How long before the first time.
    pub first: Period,
    /// How long at most from one time to the next.
    pub longest: Period,
}

impl Default for Retry {
    fn default() -> Self {
        Self { limit: 5, first: Period::seconds(60), longest: Period::seconds(3600) }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            cron: Vec::new(),
            zone: None,
            every: None,
            from: CountFrom::default(),
            on: Vec::new(),
            after: Vec::new(),
            windows: Vec::new(),
            needs: Vec::new(),
            overdue: None,
            catch_up: yes(),
            retry: Retry::default(),
        }
    }
}

impl Schedule {
    /// Whether anything ever starts a run.
    pub fn is_empty(&self) -> bool {
        self.cron.is_empty() && self.every.is_none() && self.on.is_empty() && self.after.is_empty()
    }

    /// The same, with a trigger for each of these folders where it is not said what must be mounted. A mount counts that
    /// is at the folder or above it.
    #[must_use]
    pub fn with_folders(mut self, folders: &[&Path]) -> Self {
        let places = |trigger: Trigger| match trigger {
            Trigger::Mount(None) => {
                folders.iter().map(|folder| Trigger::Mount(Some((*folder).to_owned()))).collect()
            }
            other => vec![other],
        };
        self.on = self.on.into_iter().flat_map(places).collect();
        self
    }

    /// Whether the handler is to watch the item for changes.
    pub fn watches(&self) -> bool {
        self.on.contains(&Trigger::Change)
    }
}

fn yes() -> bool {
    true
}

/// The table as it is written, before it is known to make sense as a whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, deserialize_with = "one_or_many")]
    cron: Vec<Cron>,
    zone: Option<Zone>,
    every: Option<Period>,
    #[serde(default)]
    from: CountFrom,
    #[serde(default, deserialize_with = "one_or_many")]
    on: Vec<Trigger>,
    #[serde(default, deserialize_with = "one_or_many")]
    after: Vec<ItemWord>,
    #[serde(default, deserialize_with = "one_or_many")]
    windows: Vec<Window>,
    #[serde(default, deserialize_with = "one_or_many")]
    needs: Vec<Need>,
    overdue: Option<Overdue>,
    #[serde(default = "yes")]
    catch_up: bool,
    #[serde(default)]
    retry: Retry,
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl TryFrom<Written> for Schedule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { cron, zone, every, from, on, after, windows, needs, overdue, catch_up, retry } =
            written;
        if every.is_some_and(|every| every < Period::seconds(1)) {
            return Err("`every` is at least a second".to_owned());
        }
        if from == CountFrom::Clock {
            let every = every.ok_or("`from` says what `every` counts from, and there is no `every`")?;
            if DAY % every.millis() != 0 && every.millis() % DAY != 0 {
                return Err(format!(
                    "an interval by the clock divides the day or is of whole days, and `{every}` is neither"
                ));
            }
        }
        if retry.longest < retry.first {
            return Err("`retry.longest` is shorter than `retry.first`".to_owned());
        }
        Ok(Self {
            cron,
            zone,
            every,
            from,
            on,
            after: after.into_iter().map(|word| word.0).collect(),
            windows,
            needs,
            overdue,
            catch_up,
            retry,
        })
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ItemWord(ItemId);

impl TryFrom<String> for ItemWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        ItemId::new(&text).map(Self).map_err(|refusal| refusal.to_string())
    }
}

fn item_words<S: Serializer>(items: &[ItemId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(items.iter().map(ItemId::as_str))
}

impl<'de> Deserialize<'de> for Overdue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Overdue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "never" => Ok(Self::Never),
            length => length.parse().map(Self::After).map_err(|why: String| format!("{why}, or `never`")),
        }
    }
}

impl Serialize for Overdue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::After(period) => serializer.collect_str(period),
        }
    }
}

#[cfg(test)]
mod tests;
