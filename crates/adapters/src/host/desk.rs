//! The link's thread: reads every line, carries out what a session tells, and hands on what may take long.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use syncmgr::handler::SyncItem;
use syncmgr::{ItemId, Level, NewEvent, Problem, ProblemClass, Refusal};
use wire::rpc::center as say;
use wire::rpc::follow::ItemChanged;
use wire::rpc::handler::{Cancel, SessionEnded};
use wire::rpc::look::LookedAt;
use wire::rpc::{BadLine, Done, ErrorObject, Incoming, Line, Method, Params, code};

use super::calls::CallError;
use super::connection::{Connection, locked};
use super::control;
use super::follow;
use super::items::HostedItem;
use super::limits::Pace;
use super::link::{Desk, Tick};
use super::sessions::{OpenSession, PassOn};
use super::turns::TurnNews;

/// So much of a bad line is logged.
const SHOWN: usize = 120;
/// A waiting list in one answer; the rest can be asked for when these are taken.
const MOST_WAITING: usize = 200;

/// Reads what a handler says.
pub(crate) struct ConnectionDesk {
    connection: Arc<Connection>,
    events: Pace,
    /// The session of the last message: nearly always that of the next.
    last: Option<Arc<OpenSession>>,
    /// Something was said since the last tick.
    heard: bool,
    /// When something was said or done last.
    busy: Instant,
}

/// What is answered, or why not.
type Served<T> = Result<T, ErrorObject>;

fn read<'a, M: Method + Deserialize<'a>>(params: Params<'a>) -> Served<M> {
    params.read().map_err(|why| ErrorObject::invalid_params(M::NAME, &why))
}

fn refused(refusal: Refusal) -> ErrorObject {
    (&refusal).into()
}

impl ConnectionDesk {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        let limits = connection.limits;
        let now = Instant::now();
        let events = Pace::new(limits.events_per_second, limits.event_burst, now);
        Self { connection, events, last: None, heard: true, busy: now }
    }

    fn session(&mut self, number: u64) -> Served<Arc<OpenSession>> {
        if let Some(last) = self.last.as_ref().filter(|last| last.number == number) {
            return Ok(Arc::clone(last));
        }
        let session = self.connection.sessions.get(number).map_err(refused)?;
        self.last = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Carries a message out. `id`: it wants an answer.
    fn serve(&mut self, method: &str, params: Params<'_>, id: Option<&RawValue>) -> Served<()> {
        macro_rules! serve {
            ($($message:ty => $serve:ident),+ $(,)?) => {
                match method {
                    $(<$message as Method>::NAME => {
                        let answer = read::<$message>(params).and_then(|message| self.$serve(message));
                        return self.reply(id, answer);
                    })+
                    _ => {}
                }
            };
        }
        serve! {
            say::ReportProgress<'_> => report_progress,
            say::CanContinue => can_continue,
            say::ReportPhase => report_phase,
            say::ReportEvent => report_event,
            say::SetHandlerProgressText => set_text,
            say::ReportOutcome => report_outcome,
            say::QueryForAdditionalItems => query,
            say::AddItemToSession => add_item,
            say::AddRequestToSession => add_request,
            say::ProposeItem => propose,
            say::CommitItem => commit,
            say::ReportManualSync => manual,
            say::ReportSettlement => report_settlement,
            say::ExtendLease => extend_lease,
            say::EndSession => end_session,
            LookedAt => looked_at,
        }
        match method {
            <say::CreateSession as Method>::NAME => self.create_session(read(params)?, id),
            <ItemChanged as Method>::NAME => follow::changed(&self.connection, read(params)?, id),
            _ => control::serve(&self.connection, method, params, id),
        }
    }

    fn reply<T: serde::Serialize>(&self, id: Option<&RawValue>, answer: Served<T>) -> Served<()> {
        match (id, answer) {
            (Some(_), answer) => {
                self.connection.reply(id, &answer);
                Ok(())
            }
            (None, answer) => answer.map(drop),
        }
    }

    // ---- Methods of a session --------------------------------------------------------------------------------------

    fn report_progress(&mut self, report: say::ReportProgress<'_>) -> Served<say::Told> {
        let session = self.session(report.session)?;
        let status = report.status.0.ok_or_else(|| {
            refused(Refusal::InvalidArgument("the status is none of this version (R10)".into()))
        })?;
        let item = session.reported(&report.item, status).map_err(refused)?;
        let (step, max) = (report.step.0, report.max.0);
        let told = session.callback.report_progress(&item, report.text.as_deref(), status, step, max);
        told.map(|cancel| say::Told { cancel: cancel.into() }).map_err(refused)
    }

    fn can_continue(&mut self, question: say::CanContinue) -> Served<say::GoOn> {
        let session = self.session(question.session)?;
        let item = question.item.as_deref().filter(|item| !item.is_empty());
        let item = item.map(|item| session.item(item)).transpose().map_err(refused)?;
        session.callback.can_continue(item.as_ref()).map(|go_on| say::GoOn { go_on }).map_err(refused)
    }

    fn report_phase(&mut self, report: say::ReportPhase) -> Served<say::Told> {
        let session = self.session(report.session)?;
        let item = session.item(&report.item).map_err(refused)?;
        let told = match report.phase.0 {
            Some(phase) => session.callback.report_phase(&item, phase),
            // A phase of a later version: what counts is the answer.
            None => session
                .callback
                .can_continue(Some(&item))
                .map(|go_on| if go_on { syncmgr::CancelRequest::None } else { syncmgr::CancelRequest::Item }),
        };
        told.map(|cancel| say::Told { cancel: cancel.into() }).map_err(refused)
    }

    fn report_event(&mut self, report: say::ReportEvent) -> Served<say::Reported> {
        let session = self.session(report.session)?;
        // Whoever reports faster than anybody could read is read more slowly; nothing is lost.
        let pause = self.events.take(Instant::now());
        if !pause.is_zero() {
            thread::sleep(pause);
        }
        let item = report.item.as_deref().map(|item| session.item(item)).transpose().map_err(refused)?;
        let level = report.level.0.unwrap_or(Level::Information);
        let mut event = NewEvent::new(item.as_ref(), level, report.name, report.description);
        if let Some(fix) = &report.fix {
            event = event.with_fix(fix);
        }
        (event.link_text, event.link_reference, event.context) =
            (report.link_text, report.link_reference, report.context);
        let id = session.callback.report_event(event).map_err(refused)?;
        Ok(say::Reported { event: id.0.into() })
    }

    fn set_text(&mut self, message: say::SetHandlerProgressText) -> Served<say::Told> {
        let session = self.session(message.session)?;
        let told = session.callback.set_handler_progress_text(&message.text);
        told.map(|cancel| say::Told { cancel: cancel.into() }).map_err(refused)
    }

    fn report_outcome(&mut self, report: say::ReportOutcome) -> Served<Done> {
        let session = self.session(report.session)?;
        let item = session.item(&report.item).map_err(refused)?;
        let outcome = report.outcome.0.ok_or_else(|| {
            refused(Refusal::InvalidArgument("the outcome is none of this version (R10)".into()))
        })?;
        let (counts, problem) = (report.counts.into(), report.problem.map(Into::into));
        done(session.callback.report_outcome(&item, outcome, counts, problem))
    }

    fn query(&mut self, question: say::QueryForAdditionalItems) -> Served<say::Additional> {
        let session = self.session(question.session)?;
        let waiting = session.callback.query_for_additional_items().map_err(refused)?;
        let more = waiting.items.len() > MOST_WAITING || waiting.requests.len() > MOST_WAITING;
        let requests = waiting.requests.iter().take(MOST_WAITING).map(|request| say::WaitingRequest {
            request: self.connection.turns.number_of(request, || self.connection.next_number()),
            options: control::options_of(request, &self.connection).unwrap_or_default(),
        });
        Ok(say::Additional {
            items: waiting.items.iter().take(MOST_WAITING).map(ItemId::to_string).collect(),
            requests: requests.collect(),
            more,
        })
    }

    fn add_item(&mut self, message: say::AddItemToSession) -> Served<Done> {
        let session = self.session(message.session)?;
        let item = session.item(&message.item).map_err(refused)?;
        done(session.callback.add_item_to_session(&item))
    }

    fn add_request(&mut self, message: say::AddRequestToSession) -> Served<Done> {
        let session = self.session(message.session)?;
        let request = self.connection.turns.request(message.request).map_err(refused)?;
        done(session.callback.add_request_to_session(&request))
    }

    fn propose(&mut self, message: say::ProposeItem) -> Served<Done> {
        let session = self.session(message.session)?;
        let item = HostedItem::new(message.item, &self.connection).map_err(refused)?;
        done(session.callback.propose_item(Arc::new(item) as Arc<dyn SyncItem>))
    }

    fn commit(&mut self, message: say::CommitItem) -> Served<Done> {
        let session = self.session(message.session)?;
        let item = session.item(&message.item).map_err(refused)?;
        session.callback.commit_item(&item).map_err(refused)?;
        // The handler lists it from now on. When too much waits to be done, it will be read with that.
        let connection = Arc::clone(&self.connection);
        let _ = self.connection.run_errand(Box::new(move || connection.read_again()));
        Ok(Done {})
    }

    fn manual(&mut self, message: say::ReportManualSync) -> Served<Done> {
        done(self.session(message.session)?.callback.report_manual_sync())
    }

    fn report_settlement(&mut self, report: say::ReportSettlement) -> Served<Done> {
        let settlement = report.settlement.try_into().map_err(refused)?;
        done(self.connection.turns.settled(report.turn, report.place, settlement))
    }

    fn extend_lease(&mut self, message: say::ExtendLease) -> Served<Done> {
        let lease = std::time::Duration::from_secs(message.seconds);
        done(self.session(message.session)?.callback.extend_lease(lease))
    }

    fn end_session(&mut self, message: say::EndSession) -> Served<Done> {
        self.last = None;
        let session = self.connection.sessions.remove(message.session).map_err(refused)?;
        if !message.let_go {
            session.callback.end();
        }
        Ok(Done {})
    }

    fn looked_at(&mut self, message: LookedAt) -> Served<Done> {
        self.connection.looks.looked_at(message.look, message.entries.0, &message.place.0);
        Ok(Done {})
    }

    /// Opening a session asks the store: the turn's own thread does so, or the errands' one.
    fn create_session(&mut self, message: say::CreateSession, id: Option<&RawValue>) -> Served<()> {
        let limit = self.connection.limits.sessions;
        if self.connection.sessions.len() >= limit {
            let why = format!("{limit} sessions are open on this connection");
            return self.reply(id, Err::<Done, _>(refused(Refusal::AccessDenied(why))));
        }
        let Some(turn) = message.turn else {
            return control::create_session(&self.connection, message.items, id);
        };
        let news = TurnNews::Create { id: id.map(ToOwned::to_owned), items: message.items };
        match self.connection.turns.tell(turn, news) {
            Ok(()) => Ok(()),
            Err(why) => self.reply(id, Err::<Done, _>(refused(why))),
        }
    }

    /// Counts a bad line; false when it was one too many.
    fn bad(&mut self, why: &BadLine, line: &[u8]) -> bool {
        let count = self.connection.bad_lines.fetch_add(1, Ordering::Relaxed) + 1;
        let shown = String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line)).into_owned();
        let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        locked(&self.connection.log).note(&format!("a line is no message: {why}: {shown}"));
        tracing::debug!(handler = %self.connection.spec.id, %why, "bad line");
        let limit = self.connection.limits.bad_lines;
        if count < limit {
            return true;
        }
        let problem = Problem::new(
            ProblemClass::Bug,
            format!(
                "Handler '{}' was ended: it wrote {limit} lines to descriptor 4 that are no messages. Of the last one: \
                 {why}: {shown}",
                self.connection.spec.id
            ),
        )
        .with_fix("only messages of the handler protocol go there, all else goes to standard output or standard error");
        self.connection.end_because(problem);
        false
    }
}

fn done(answer: Result<(), Refusal>) -> Served<Done> {
    answer.map(|()| Done {}).map_err(refused)
}

impl Desk for ConnectionDesk {
    fn line(&mut self, line: Line<'_>) -> bool {
        self.heard = true;
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong => return self.bad(&BadLine::TooLong, b""),
        };
        match Incoming::read(line) {
            Err(why) => self.bad(&why, line),
            Ok(Incoming::Answer { id, result }) => {
                let answer = result.map(ToOwned::to_owned).map_err(CallError::Answered);
                self.connection.calls.answer(id, answer)
                    || self.bad(&BadLine::NoQuestion(id.to_string()), line)
            }
            Ok(Incoming::Request { id, method, params }) => {
                if let Err(error) = self.serve(&method, params, Some(id)) {
                    self.connection.reply(Some(id), &Err::<Done, _>(error));
                }
                true
            }
            Ok(Incoming::Notification { method, params }) => match self.serve(&method, params, None) {
                // The rules have said what becomes of a call that is refused; what cannot even be read is no call.
                Err(error) if error.code == code::INVALID_PARAMS => {
                    let method: Cow<'_, str> = method;
                    self.bad(&BadLine::Notification { method: method.into_owned(), why: error.message }, line)
                }
                _ => true,
            },
        }
    }

    fn half_line(&mut self, bytes: usize) {
        locked(&self.connection.log).note(&format!("a line is no message: {}", BadLine::Half(bytes)));
    }

    fn log(&mut self, bytes: &[u8]) {
        locked(&self.connection.log).take(bytes);
    }

    fn tick(&mut self) -> Tick {
        let connection = &self.connection;
        let now = Instant::now();
        if std::mem::take(&mut self.heard) || !connection.sessions.is_empty() {
            self.busy = now;
        }
        if connection.sessions.is_empty() {
            self.last = None;
            return connection.rest(now.saturating_duration_since(self.busy));
        }
        for (session, news) in connection.sessions.news(now) {
            match news {
                PassOn::Cancel(item) => {
                    connection.notify(&Cancel { session, item: item.map(|item| item.to_string()) });
                }
                PassOn::Ended => {
                    let why = "the center has ended it: it was silent for too long, or it was stopped".into();
                    connection.notify(&SessionEnded { session, why });
                }
            }
        }
        if let Some(before) = now.checked_sub(connection.limits.let_go) {
            for session in connection.sessions.kept_since(before) {
                match session.turn {
                    Some(turn) => {
                        let _ = connection.turns.tell(turn, TurnNews::Kept);
                    }
                    None => drop(connection.sessions.remove(session.number)),
                }
            }
        }
        Tick::Soon
    }
}
