//! Sessions of other programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use center::{JOBS, Named, Opening, Outside, Process};
use std::time::Duration;
use syncmgr::{CancelRequest, HandlerId, ItemId, NewEvent, ProgressStatus, RunId};
use wire::{Answer, Call, OpenSession, Opened, Session, Sessions};

use crate::convert;
use crate::failure::Failure;
use crate::input::{self, Path};
use crate::parts::Parts;

/// Sessions that have not ended
#[utoipa::path(get, path = "/sessions", tag = "sessions", responses((status = OK, body = Sessions)))]
pub(super) async fn sessions(State(parts): State<Parts>) -> Json<Sessions> {
    let mut sessions: Vec<Session> = Vec::new();
    for item in convert::live(parts.center().live()).items {
        match sessions.iter_mut().find(|session| session.run == item.run) {
            Some(session) => session.items.push(item),
            None => sessions.push(Session {
                run: item.run,
                handler: item.handler.clone(),
                started: item.started,
                items: vec![item],
            }),
        }
    }
    Json(Sessions { sessions })
}

/// Open a session
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", request_body = OpenSession,
    responses((status = CREATED, body = Opened))
)]
pub(super) async fn open(
    State(parts): State<Parts>,
    input::Json(order): input::Json<OpenSession>,
) -> Result<(StatusCode, Json<Opened>), Failure> {
    let handler = HandlerId::new(order.handler.as_deref().unwrap_or(JOBS))?;
    let items = order
        .items
        .into_iter()
        .map(|named| Ok(Named { item: ItemId::new(&named.item)?, name: named.name }))
        .collect::<Result<Vec<Named>, Failure>>()?;
    let process = match order.pid {
        None => None,
        Some(pid) => Some(Process::find(pid).ok_or_else(|| {
            Failure::bad_request(format!("there is no process {pid} on this machine"))
                .with_fix("leave `pid` out when the work is done elsewhere")
        })?),
    };
    let opening = Opening {
        items,
        reference: order.reference,
        process,
        started: order.started.map(|time| time.0),
        manual: order.manual,
        lease: order.lease.map(Duration::from_millis),
        resumes: order.resumes.map(RunId),
        overdue: order.overdue.map(Duration::from_millis),
    };
    parts
        .ask(move |center| {
            let session = center.open_session(&handler, opening)?;
            let opened = Opened { run: session.run_id().0, cancel: session.asked(None).into() };
            Ok((StatusCode::CREATED, Json(opened)))
        })
        .await
}

/// Say or ask something in a session
#[utoipa::path(
    post, path = "/sessions/{run}/call", tag = "sessions", params(("run" = u64, Path)), request_body = Call,
    responses((status = OK, body = Answer))
)]
pub(super) async fn call(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
    input::Json(call): input::Json<Call>,
) -> Result<Json<Answer>, Failure> {
    if is_short(&call) {
        // Over before another thread could be found for it.
        return session(&parts, run).and_then(|session| perform(&session, call)).map(Json);
    }
    let of = parts.clone();
    parts.ask(move |_| session(&of, run).and_then(|session| perform(&session, call)).map(Json)).await
}

/// Whether a call waits for nothing.
fn is_short(call: &Call) -> bool {
    matches!(
        call,
        Call::Progress { .. }
            | Call::Phase { .. }
            | Call::Text { .. }
            | Call::CanContinue { .. }
            | Call::Lease { .. }
    )
}

pub(super) fn session(parts: &Parts, run: u64) -> Result<Outside, Failure> {
    let unknown = |refusal| match refusal {
        syncmgr::Refusal::InvalidArgument(text) => Failure::not_found("unknown_session", text),
        other => other.into(),
    };
    parts.center().session(RunId(run)).map_err(unknown)
}

/// Carries a call out. All rules are those of the contract.
pub(super) fn perform(session: &Outside, call: Call) -> Result<Answer, Failure> {
    let mut answer = Answer { cancel: wire::CancelRequest::None, go_on: None, event: None, waiting: None };
    let cancel: CancelRequest = match call {
        Call::Progress { item, text, status, step, max } => {
            let status = status.map_or(ProgressStatus::Updating, Into::into);
            session.report_progress(&ItemId::new(&item)?, text.as_deref(), status, step, max)?
        }
        Call::Phase { item, phase } => session.report_phase(&ItemId::new(&item)?, phase.into())?,
        Call::Text { text } => session.set_handler_progress_text(&text)?,
        Call::Event { item, level, name, description, fix, link_text, link, time } => {
            let item = item.as_deref().map(ItemId::new).transpose()?;
            let mut event = NewEvent::new(item.as_ref(), level.into(), name, description);
            if let Some(fix) = fix {
                event = event.with_fix(&fix);
            }
            event = match (link_text, link) {
                (Some(text), Some(link)) => event.with_link(text, link),
                (None, None) => event,
                _ => return Err(Failure::bad_request("`link_text` and `link` are said together")),
            };
            let id = match time {
                Some(time) => session.report_event_at(event, time.0)?,
                None => session.report_event(event)?,
            };
            answer.event = Some(id.0);
            session.asked(item.as_ref())
        }
        Call::Outcome { item, outcome, counts, problem } => {
            let item = ItemId::new(&item)?;
            session.report_outcome(&item, outcome.into(), counts.into(), problem.map(Into::into))?;
            session.asked(Some(&item))
        }
        Call::CanContinue { item } => {
            let item = item.as_deref().map(ItemId::new).transpose()?;
            answer.go_on = Some(session.can_continue(item.as_ref())?);
            session.asked(item.as_ref())
        }
        Call::Additional {} => {
            let additional = session.query_for_additional_items()?;
            answer.waiting = Some(additional.items.iter().map(ToString::to_string).collect());
            session.asked(None)
        }
        Call::AddItem { item, name } => {
            let item = ItemId::new(&item)?;
            session.add_item(&Named { item: item.clone(), name })?;
            session.asked(Some(&item))
        }
        Call::ProposeItem { item, name } => {
            session.propose(ItemId::new(&item)?, &name)?;
            session.asked(None)
        }
        Call::CommitItem { item } => {
            session.commit_item(&ItemId::new(&item)?)?;
            session.asked(None)
        }
        Call::ManualSync {} => {
            session.report_manual_sync()?;
            session.asked(None)
        }
        Call::Lease { milliseconds } => {
            session.extend_lease(Duration::from_millis(milliseconds))?;
            session.asked(None)
        }
        Call::End { ended } => {
            match ended {
                Some(time) => session.end_at(time.0),
                None => session.end(),
            }
            CancelRequest::None
        }
    };
    answer.cancel = cancel.into();
    Ok(answer)
}
