//! Following: a handler that notices changes of its items has them synchronized soon after.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use syncmgr::{Outcome, follow};

use super::things::{Counts, Problem};
use super::words::Word;

/// The item is to be followed, until `unfollow` or the end of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Follow {
    /// Names this following in `unfollow`, `item_changed` and `report_following`.
    pub follow: u64,
    /// The item.
    pub item: String,
}

/// Whether it is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Follows {
    /// False: the handler cannot notice changes of this item.
    pub follows: bool,
}

/// The item is followed no longer. The answer comes when nothing of that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unfollow {
    /// The following.
    pub follow: u64,
}

/// The item may have changed: has it synchronized. The answer comes when that has ended, which may take as long as the item
/// is paused; what changes meanwhile is the handler's to remember, and one such question is open at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemChanged {
    /// The following.
    pub follow: u64,
    /// Options for the `synchronize` that comes of it, for instance where to look. They come back as they are; a process
    /// that was started since gets none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Map<String, Value>>,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// The run; absent: there was none, for following is over.
    #[serde(default)]
    pub ran: Option<Ran>,
}

/// What a run for a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// How it ended.
    pub outcome: Word<Outcome>,
    /// What it changed.
    #[serde(default)]
    pub counts: Counts,
}

impl From<follow::Ran> for Ran {
    fn from(ran: follow::Ran) -> Self {
        Self { outcome: ran.outcome.into(), counts: ran.counts.into() }
    }
}

impl From<Ran> for follow::Ran {
    fn from(ran: Ran) -> Self {
        // One of a later version: something is not as it should be, and is looked at again.
        Self { outcome: ran.outcome.0.unwrap_or(Outcome::Failed), counts: ran.counts.into() }
    }
}

/// How following goes from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFollowing {
    /// The following.
    pub follow: u64,
    /// How it goes.
    pub news: FollowNews,
}

/// How following an item goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FollowNews {
    /// The item is not there: it is followed again when it is back.
    Away {
        /// Why.
        problem: Problem,
    },
    /// Changes cannot be noticed: the handler looks for them now and then.
    Periodic {
        /// Why, and what to do.
        problem: Problem,
        /// How often.
        seconds: u64,
    },
    /// Changes are noticed at once; or something of a later version.
    #[serde(other)]
    Following,
}

impl From<follow::News> for FollowNews {
    fn from(news: follow::News) -> Self {
        match news {
            follow::News::Following => Self::Following,
            follow::News::Away(problem) => Self::Away { problem: problem.into() },
            follow::News::Periodic { problem, every } => {
                Self::Periodic { problem: problem.into(), seconds: every.as_secs() }
            }
        }
    }
}

impl From<FollowNews> for follow::News {
    fn from(news: FollowNews) -> Self {
        match news {
            FollowNews::Following => Self::Following,
            FollowNews::Away { problem } => Self::Away(problem.into()),
            FollowNews::Periodic { problem, seconds } => {
                Self::Periodic { problem: problem.into(), every: std::time::Duration::from_secs(seconds) }
            }
        }
    }
}
