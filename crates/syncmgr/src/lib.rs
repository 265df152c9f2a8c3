//! The contract of the sync center: what a handler implements, what it may call, and the rules of both.
//!
//! A *handler* synchronizes *items*; while it does so it talks to the sync center through a *callback*, one per
//! *session*. This crate holds what both sides agree on, and nothing else: identifiers, states, the rules of a
//! session (R1 to R18), and the traits. It does no I/O, reads no clock and starts no thread. It is the contract behind
//! Windows' Sync Center (`syncmgr.h`) in Rust; each public item names its original, and says what we ruled where the
//! original is silent.
//!
//! # Who is who
//!
//! | written by | trait | what it is |
//! |---|---|---|
//! | handler | [`Handler`], with [`ItemContainer`] and [`SyncItem`] | what is synchronized, and how |
//! | handler | [`HandlerCollection`] | many handlers of one provider |
//! | handler | [`EventStore`](event::EventStore), [`ConflictStore`](conflict::ConflictStore) | its own results and conflicts, if it keeps any |
//! | handler | [`ResolutionHandler`](conflict::ResolutionHandler) | settles conflicts as chosen |
//! | handler | [`Following`](follow::Following) | an item whose changes it notices |
//! | handler | [`UiOperation`](ui::UiOperation) | asks or shows something through the front end |
//! | center | [`SessionCreator`], [`SyncCallback`] | opens sessions; what a session tells and asks |
//! | center | [`Control`](control::Control) | start, stop, enable, "something changed" |
//! | center | [`follow::Runner`] | has a followed item synchronized when it changed |
//! | center | [`ConflictLedger`](conflict::ConflictLedger) | where handlers without a store put their conflicts |
//! | front end | [`ConflictPresenter`](conflict::ConflictPresenter), [`SyncResult`](control::SyncResult) | asks the person; hears the verdict |
//!
//! The rules themselves are here too, as plain data, so that every sync center has the same: [`Session`] (R1 to R13),
//! [`state`] (R14), [`switches`] (R15), [`text`] (R5, R16), [`queue`] (R17), [`admission`] (R18). [`testing`] has a sync
//! center for tests.
//!
//! # The life of a synchronization
//!
//! 1. Someone asks for it: [`Control::start_item_sync`](control::Control::start_item_sync). The request waits its turn.
//! 2. The center calls [`Handler::synchronize`] with the items, on a thread of its own.
//! 3. The handler opens a session ([`SessionCreator::create_session`]) and reports on it: progress, events, what it came
//!    to. The answers tell it when to stop; it acknowledges that with [`ProgressStatus::Canceled`].
//! 4. Every item gets a last word: succeeded, failed or canceled. An item without one ends failed or interrupted.
//! 5. The handler drops the callback and returns. The run stands in the results.
//!
//! # A handler
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Arc, Mutex};
//! use syncmgr::handler::{ItemList, NamedItem};
//! use syncmgr::testing::{Ask, TestCenter};
//! use syncmgr::*;
//!
//! /// Copies shelves of notes, note by note.
//! struct Notes {
//!     id: HandlerId,
//!     items: ItemList,
//!     shelves: BTreeMap<ItemId, Vec<String>>,
//!     copy: Mutex<BTreeMap<ItemId, Vec<String>>>,
//! }
//!
//! impl Notes {
//!     fn copy_shelf(&self, shelf: &ItemId, session: &dyn SyncCallback) -> Result<(), Refusal> {
//!         let notes = self.shelves.get(shelf).map_or(&[][..], Vec::as_slice);
//!         let (total, mut counts) = (notes.len() as u64, Counts::default());
//!         let mut copied = Vec::new();
//!         for (done, note) in (0..).zip(notes) {
//!             let asked = session.report_progress(shelf, Some(note), ProgressStatus::Updating, done, total)?;
//!             if asked != CancelRequest::None {
//!                 session.report_progress(shelf, Some("stopped"), ProgressStatus::Canceled, 0, 0)?;
//!                 return Ok(());
//!             }
//!             if note.is_empty() {
//!                 let text = format!("note {} of '{shelf}' is empty; write something on it", done + 1);
//!                 session.report_event(NewEvent::new(Some(shelf), Level::Error, "Empty note", text))?;
//!                 counts.errors += 1;
//!                 continue;
//!             }
//!             copied.push(note.clone());
//!             counts.b.created += 1;
//!         }
//!         self.copy.lock().expect("no one panics with it").insert(shelf.clone(), copied);
//!         let (outcome, status) = match counts.errors {
//!             0 => (Outcome::Done, ProgressStatus::Succeeded),
//!             _ => (Outcome::Gaps, ProgressStatus::Failed),
//!         };
//!         session.report_outcome(shelf, outcome, counts, None)?;
//!         session.report_progress(shelf, Some(""), status, total, total).map(drop)
//!     }
//! }
//!
//! impl Handler for Notes {
//!     fn id(&self) -> &HandlerId {
//!         &self.id
//!     }
//!     fn name(&self) -> Result<String, HandlerError> {
//!         Ok("Notes".into())
//!     }
//!     fn items(&self) -> &dyn ItemContainer {
//!         &self.items
//!     }
//!     fn synchronize(
//!         &self,
//!         items: &[ItemId],
//!         creator: &dyn SessionCreator,
//!         _request: Option<&Request>,
//!     ) -> Result<(), HandlerError> {
//!         let session = creator.create_session(&self.id, items)?;
//!         for shelf in items {
//!             self.copy_shelf(shelf, session.as_ref())?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), Refusal> {
//! let (home, work) = (ItemId::new("home")?, ItemId::new("work")?);
//! let notes = Arc::new(Notes {
//!     id: HandlerId::new("notes")?,
//!     items: [(home.clone(), "At home"), (work.clone(), "At work")]
//!         .map(|(id, name)| NamedItem::new(id, name))
//!         .into_iter()
//!         .collect(),
//!     shelves: BTreeMap::from([
//!         (home.clone(), vec!["milk".into(), "bread".into()]),
//!         (work.clone(), vec!["ship it".into(), String::new()]),
//!     ]),
//!     copy: Mutex::default(),
//! });
//!
//! let center = TestCenter::new(notes.clone());
//! center.sync_all()?;
//! let verdict = center.finish();
//! verdict.assert_clean();
//! assert_eq!(verdict.item(&home).map(|end| end.outcome), Some(Outcome::Done));
//! assert_eq!(verdict.item(&work).map(|end| end.outcome), Some(Outcome::Gaps));
//! assert_eq!(verdict.events.len(), 1);
//!
//! // The same with a person who stops everything at the first report about `home`.
//! let center = TestCenter::new(notes);
//! let first = home.clone();
//! center.when(move |call| call.is_progress(&first, ProgressStatus::Updating), Ask::CancelAll);
//! center.sync_all()?;
//! let verdict = center.finish();
//! verdict.assert_clean();
//! assert_eq!(verdict.item(&work).map(|end| end.status), Some(ProgressStatus::Canceled));
//! # Ok(())
//! # }
//! ```
//!
//! # Rulings
//!
//! Where the original does not say what happens, the rules R1 to R18 of this crate do; where those leave a corner open, we
//! ruled as follows.
//!
//! * A cancel request is settled by any completion of its item, not only by `canceled`: what has succeeded cannot be
//!   stopped any more. A stop of everything is over when the last open item is complete; one that comes when nothing is
//!   open stands until the session's end (R3).
//! * An item about which nothing was ever said is failed, whatever ended the session; one that was begun and not completed
//!   is interrupted. For callers that know only the original's numbers, interrupted is failed (R2, R12).
//! * The outcome that a handler reports counts as far as the final status allows: a failed item is not done (R1).
//! * A longer lease is leave to be silent once, until then; it ends at most a day later (R12).
//! * A proposed item may be reported on. It is invisible until committed, and a stop of everything waits for it from its
//!   first report on (R8).
//! * A waiting opaque request is folded only into one that carries the same object (R17).
//! * Descriptions of events are cut at [`text::MAX_EVENT_TEXT`]; over-long links and contexts are refused, because half a
//!   link is another link (R5, R16).
//! * Identifiers are compared one character for one, in upper case, as the original's ordinal comparison does (R5).

pub mod admission;
pub mod callback;
pub mod conflict;
pub mod control;
pub mod error;
pub mod event;
pub mod flags;
pub mod follow;
pub mod guid;
pub mod handler;
pub mod ids;
pub mod outcome;
pub mod plan;
pub mod queue;
pub mod session;
pub mod state;
pub mod status;
pub mod switches;
pub mod testing;
pub mod text;
pub mod ui;

pub use callback::{Additional, SessionCreator, Stops, SyncCallback};
pub use error::{HandlerError, Refusal, reason};
pub use event::{Event, EventId, Level, NewEvent};
pub use handler::{Handler, HandlerCollection, HandlerInfo, ItemContainer, Request, SyncItem, SyncItemInfo};
pub use ids::{HandlerId, ItemId, RunId};
pub use outcome::{Counts, Outcome, Phase, Problem, ProblemClass};
pub use session::{EndReason, Ended, ItemEnd, ItemView, Progress, Session, SessionView};
pub use state::{RunResult, SyncState};
pub use status::{CancelRequest, ProgressStatus, Termination};
