//! Sessions of other programs: what they say, and what they hear.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counts::Counts;
use crate::live::LiveItem;
use crate::problem::{Fault, Problem};
use crate::time::Time;
use crate::words::{CancelRequest, Level, Outcome, Phase, Status};

/// A session to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// Whose items; `jobs` if not said, whose items come into being with the first report.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// The items that have begun.
    #[schema(min_items = 1)]
    pub items: Vec<NamedItem>,
    /// What the program itself calls this run. Opening it again while it is open gives the same session.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// The process of this machine that does the work. When it is gone, the session is over.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pid: Option<u32>,
    /// When it began; now if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started: Option<Time>,
    /// A person started it by hand.
    #[serde(default)]
    pub manual: bool,
    /// For how many milliseconds it may be silent the first time; a minute if not said.
    #[serde(default, deserialize_with = "crate::said::said_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lease: Option<u64>,
    /// The run to go on with, when the daemon that it was begun with is gone. What was reported to that one stays.
    #[serde(default, deserialize_with = "crate::said::said_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resumes: Option<u64>,
    /// Without a good run for so many milliseconds the first item is overdue, from now on and as long as the settings say
    /// nothing about it.
    #[serde(default, deserialize_with = "crate::said::said_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub overdue: Option<u64>,
}

/// An item, and what a person calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedItem {
    /// Its identifier.
    pub item: String,
    /// Its name; where items come into being by reports, it is kept.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
}

/// A session that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opened {
    /// The run that it is recorded as, and its number in every call.
    pub run: u64,
    /// The stop that waits for acknowledgement.
    pub cancel: CancelRequest,
}

/// All sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sessions {
    /// In the order in which they began.
    pub sessions: Vec<Session>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Its run.
    pub run: u64,
    /// Its handler.
    pub handler: String,
    /// When it began.
    pub started: Time,
    /// Its items.
    pub items: Vec<LiveItem>,
}

/// One call of a session: what a handler says or asks. Over a stream one such object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "call", rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// The state of an item.
    Progress {
        /// The item.
        item: String,
        /// Its text; what was there stays if not said, empty clears it.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        text: Option<String>,
        /// Its status; `updating` if not said.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        status: Option<Status>,
        /// How far it is.
        #[serde(default, deserialize_with = "crate::said::whole")]
        step: u64,
        /// How far it goes; 0: nobody knows.
        #[serde(default, deserialize_with = "crate::said::whole")]
        max: u64,
    },
    /// What is being done with an item.
    Phase {
        /// The item.
        item: String,
        /// What.
        phase: Phase,
    },
    /// The line of the session.
    Text {
        /// What it says.
        text: String,
    },
    /// A line of the results.
    Event {
        /// The item; the session itself if not said.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        item: Option<String>,
        /// How serious it is.
        level: Level,
        /// A short summary.
        name: String,
        /// What happened, to what, and why.
        description: String,
        /// What to do about it.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        fix: Option<String>,
        /// Caption of a link; said together with `link`.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        link_text: Option<String>,
        /// What the link opens.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        link: Option<String>,
        /// When it happened; now if not said.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        time: Option<Time>,
    },
    /// What an item came to; said before its final status.
    Outcome {
        /// The item.
        item: String,
        /// What it came to.
        outcome: Outcome,
        /// What was changed.
        #[serde(default)]
        counts: Counts,
        /// What went wrong.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        problem: Option<Problem>,
    },
    /// Whether to go on.
    CanContinue {
        /// With this item; with everything if not said.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        item: Option<String>,
    },
    /// What else waits for the handler.
    Additional {},
    /// One item more becomes part of the session.
    AddItem {
        /// The item.
        item: String,
        /// Its name, where it is kept.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        name: Option<String>,
    },
    /// A new item is offered; it stays invisible until it is committed.
    ProposeItem {
        /// The item.
        item: String,
        /// Its name.
        name: String,
    },
    /// An item that was offered becomes one of the handler's.
    CommitItem {
        /// The item.
        item: String,
    },
    /// A person started this by hand.
    ManualSync {},
    /// The session may be silent for longer than usual, once.
    Lease {
        /// For how long, in milliseconds.
        #[serde(deserialize_with = "crate::said::whole")]
        milliseconds: u64,
    },
    /// The session ends.
    End {
        /// When it ended; now if not said.
        #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        ended: Option<Time>,
    },
}

/// What a call hears. What it did not ask for is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The stop that waits for acknowledgement: of the item that the call was about, or of everything.
    pub cancel: CancelRequest,
    /// Whether to go on, of `can_continue`.
    #[serde(rename = "continue")]
    pub go_on: Option<bool>,
    /// The event, of `event`.
    pub event: Option<u64>,
    /// Items that wait, of `additional`.
    pub waiting: Option<Vec<String>>,
}

/// One line that a stream answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Heard {
    /// How far the stream was read, and what is to be stopped. Comes after each part that was read, and when somebody asks
    /// for a stop.
    Read {
        /// How many lines were read.
        read: u64,
        /// The stop of everything, or of an item, that waits for acknowledgement.
        cancel: CancelRequest,
        /// The items that are to be stopped, of those that this part was about.
        items: Vec<String>,
    },
    /// What a line heard that asked for something.
    Answered {
        /// Its number, counted from 1.
        line: u64,
        /// What it heard.
        answer: Answer,
    },
    /// A line that was refused, or could not be read.
    Refused {
        /// Its number, counted from 1.
        line: u64,
        /// Why.
        fault: Fault,
    },
}

/// A line with progress, read without copying anything: what streams are full of. One with an escape in a text cannot be
/// read so; it is read as a [`Call`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgressLine<'a> {
    /// `progress`.
    pub call: &'a str,
    /// The item.
    #[serde(borrow)]
    pub item: &'a str,
    /// Its text.
    #[serde(default, borrow)]
    pub text: Option<&'a str>,
    /// Its status.
    #[serde(default)]
    pub status: Option<Status>,
    /// How far it is.
    #[serde(default, deserialize_with = "crate::said::whole")]
    pub step: u64,
    /// How far it goes.
    #[serde(default, deserialize_with = "crate::said::whole")]
    pub max: u64,
}
