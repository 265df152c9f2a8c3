//! The types of the API, of the event stream and of the handler protocol, with their schemas. No behaviour.
//!
//! Names are those of the contract; words ("needs_decision", "edit-edit") are those of its `word()`. Times are RFC 3339
//! in UTC, durations and sizes are numbers of milliseconds and bytes.

mod access;
mod change;
mod conflict;
mod control;
mod counts;
mod detected;
mod event;
mod export;
mod handler;
mod item;
mod live;
mod log;
mod page;
mod path;
mod plan;
mod problem;
mod resolve;
pub mod rpc;
mod run;
pub mod said;
mod schedule;
mod service;
mod session;
mod settings;
mod time;
mod words;

pub use access::{CreatedToken, NewToken, PageLink, Role, Token, TokenKind, Tokens};
pub use change::{Change, ChangeFilter};
pub use conflict::{Conflict, ConflictKey, ConflictVersion, ConflictsPage};
pub use control::{
    CommandLine, EndedItem, HandlerSwitches, ItemSwitches, PauseOrder, Queue, ResumeOrder, Start, StartOrder,
    StopOrder,
};
pub use counts::{Counts, SideCounts};
pub use detected::{Detected, DetectedTool, Found, FoundKind, RunIt, Unread, WatchIt};
pub use event::{Event, EventGroup, EventsPage};
pub use export::{ExportEvents, ExportFormat, ExportRuns};
pub use handler::{Handler, HandlerTest, Handlers};
pub use item::{HeadlineCounts, Item, ItemsPage, LastRun, Mark, RunAt};
pub use live::{Bar, Live, LiveHandler, LiveItem, StopStage, Waiting};
pub use log::{LogFilter, LogGap, LogLine, RunLog};
pub use page::{ConflictFilter, EventFilter, EventOrder, ItemFilter, ItemSort, RunFilter};
pub use path::PathText;
pub use plan::{
    Action, Difference, DifferenceKind, Note, Preview, PreviewOrder, RowFilter, RowsPage, Verb, Verification,
};
pub use problem::{Fault, Problem};
pub use resolve::{
    AllConflicts, Became, Chosen, ConflictChoices, Keep, MergedText, ResolveOrder, Resolved, Settlement,
    ShownConflict, VersionDetails,
};
pub use run::{Run, RunEvents, RunItem, RunsPage, Undoable};
pub use schedule::{Calendar, CalendarItem, CalendarSpan, NextTimes, Schedule};
pub use service::{Check, Health, Version};
pub use session::{Answer, Call, Heard, NamedItem, OpenSession, Opened, ProgressLine, Session, Sessions};
pub use settings::{
    Alert, Alerts, Channel, ChannelState, Channels, DraftSettings, Folder, FolderPath, Folders, KeyChange,
    Mistake, Mistakes, NewSettings, SecretNames, SecretPlace, SecretValue, SettingsPatch, SettingsText,
};
pub use time::Time;
pub use words::{
    CancelRequest, ConflictKind, HandlerKind, Headline, Level, Outcome, Phase, ProblemClass, Status,
    SyncState, VersionState,
};
