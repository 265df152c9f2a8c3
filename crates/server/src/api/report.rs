//! The one-line form: a script says what it does with `curl`, and hears one word.
//!
//! The job comes into being with its first report, and a report that comes without a start opens the session that is
//! missing: reporting never fails the job.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use center::{Center, JOBS, Named, Opening, Outside, Process};
use serde::Deserialize;
use settings::period::Period;
use syncmgr::{
    CancelRequest, Counts, HandlerId, ItemId, Level, NewEvent, Outcome, Problem, ProblemClass,
    ProgressStatus, Refusal,
};
use utoipa::{IntoParams, ToSchema};

use crate::failure::Failure;
use crate::input::{Path, Query};
use crate::parts::Parts;
use crate::segment;

/// How long a script may be silent: it says a line now and then, at best.
const LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is reported.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// It began.
    Start,
    /// How far it is.
    Progress,
    /// A line of the results.
    Event,
    /// It ended.
    End,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ReportSegments {
    /// A token with the role operator, as part of the address; any word at the local socket.
    #[serde(rename = "key")]
    _key: String,
    /// The job; `.`, `..` and what begins with `~` get a `~` in front.
    slug: String,
    /// What is reported.
    #[param(inline)]
    word: Word,
}

/// What is said about it.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Said {
    /// What the script calls this run; the newest one if not said.
    #[param(nullable = false)]
    rid: Option<String>,
    /// What a person calls the job; of `event`, its headline.
    #[param(nullable = false)]
    name: Option<String>,
    /// What it is doing, or what happened.
    #[param(nullable = false)]
    text: Option<String>,
    /// How far it is.
    #[param(nullable = false)]
    #[serde(deserialize_with = "wire::said::said_whole")]
    step: Option<u64>,
    /// How far it goes; 100 if not said.
    #[param(nullable = false)]
    #[serde(deserialize_with = "wire::said::said_whole")]
    max: Option<u64>,
    /// How serious an event is; information if not said.
    #[param(nullable = false)]
    level: Option<wire::Level>,
    /// The exit code of the job: 0 is `done`, 130 and 143 are `canceled`, anything else is a failure.
    #[param(nullable = false)]
    code: Option<i32>,
    /// What it came to, of `end`; `done` if not said.
    #[param(nullable = false)]
    outcome: Option<wire::Outcome>,
    /// The process that does the work, on the machine of the service: when it is gone, the run is over.
    #[param(nullable = false)]
    pid: Option<u32>,
    /// Without a good run for so long the job is overdue, like `1d` or `90m`.
    #[param(nullable = false, value_type = String, example = "1d")]
    overdue: Option<Period>,
}

/// Report in one line; the answer is one word: `continue`, `cancel` or `pause`
#[utoipa::path(
    post, path = "/r/{key}/{slug}/{word}", tag = "sessions", params(ReportSegments, Said),
    responses((status = OK, content_type = "text/plain", body = String))
)]
pub(super) async fn report(
    state: State<Parts>,
    segments: Path<ReportSegments>,
    said: Query<Said>,
) -> Result<Response, Failure> {
    answer(state, segments, said).await
}

/// The same, for programs that can only fetch an address
#[utoipa::path(
    get, path = "/r/{key}/{slug}/{word}", tag = "sessions", params(ReportSegments, Said),
    responses((status = OK, content_type = "text/plain", body = String))
)]
pub(super) async fn report_by_get(
    state: State<Parts>,
    segments: Path<ReportSegments>,
    said: Query<Said>,
) -> Result<Response, Failure> {
    answer(state, segments, said).await
}

async fn answer(
    State(parts): State<Parts>,
    Path(segments): Path<ReportSegments>,
    Query(said): Query<Said>,
) -> Result<Response, Failure> {
    let job = ItemId::new(segment::read(&segments.slug))?;
    let word = parts.ask(move |center| carry_out(center, &job, segments.word, &said)).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{word}\n")).into_response())
}

fn carry_out(center: &Center, job: &ItemId, word: Word, said: &Said) -> Result<&'static str, Failure> {
    let session = match session(center, job, word, said) {
        // A person wants no runs of it for now.
        Err(Refusal::AccessDenied(_)) => return Ok("pause"),
        session => session?,
    };
    let text = said.text.as_deref();
    let asked = match word {
        Word::Start => {
            let status = ProgressStatus::UpdatingIndeterminate;
            session.report_progress(job, text, status, 0, 0)?
        }
        Word::Progress => {
            let (status, step, max) = match said.step {
                Some(step) => (ProgressStatus::Updating, step, said.max.unwrap_or(100)),
                None => (ProgressStatus::UpdatingIndeterminate, 0, 0),
            };
            session.report_progress(job, text, status, step, max)?
        }
        Word::Event => {
            let text = text.ok_or_else(|| Failure::bad_request("`text` says what happened"))?;
            let level = said.level.map_or(Level::Information, Into::into);
            let name = said.name.as_deref().unwrap_or("Report");
            session.report_event(NewEvent::new(Some(job), level, name, text))?;
            session.asked(Some(job))
        }
        Word::End => {
            end(&session, job, said)?;
            return Ok("continue");
        }
    };
    session.extend_lease(LEASE)?;
    Ok(if asked == CancelRequest::None { "continue" } else { "cancel" })
}

/// The session of this run of the job, opened if there is none. Whatever is said but a start goes on with a run that was
/// begun with a service that is gone.
fn session(center: &Center, job: &ItemId, word: Word, said: &Said) -> Result<Outside, Refusal> {
    let handler = HandlerId::new(JOBS)?;
    let rid = said.rid.as_deref();
    if let Some(known) = center.session_of(&handler, job, rid) {
        return Ok(known);
    }
    let opening = |resumes| Opening {
        items: vec![Named { item: job.clone(), name: name_of(word, said) }],
        reference: said.rid.clone(),
        // One that is not there may be of another machine, or have ended: the lease finds that out.
        process: said.pid.and_then(Process::find),
        lease: Some(LEASE),
        overdue: said.overdue.map(Period::duration),
        resumes,
        ..Opening::default()
    };
    let left = match word {
        Word::Start => None,
        Word::Progress | Word::Event | Word::End => center.left_behind(&handler, job, rid, LEASE)?,
    };
    match center.open_session(&handler, opening(left)) {
        // Somebody else has it.
        Err(Refusal::Ended) if left.is_some() => center.open_session(&handler, opening(None)),
        opened => opened,
    }
}

/// What a person calls the job; of an event, `name` is its headline.
fn name_of(word: Word, said: &Said) -> Option<String> {
    match word {
        Word::Event => None,
        Word::Start | Word::Progress | Word::End => said.name.clone(),
    }
}

/// What the exit code of a script says.
fn outcome_of(code: i32) -> Outcome {
    match code {
        0 => Outcome::Done,
        // A shell's words for Ctrl-C and a termination.
        130 | 143 => Outcome::Canceled,
        _ => Outcome::Failed,
    }
}

fn end(session: &Outside, job: &ItemId, said: &Said) -> Result<(), Failure> {
    let outcome = said.outcome.map_or_else(|| said.code.map_or(Outcome::Done, outcome_of), Into::into);
    let status = match outcome {
        Outcome::Done | Outcome::Pending | Outcome::NeedsDecision => ProgressStatus::Succeeded,
        Outcome::Canceled => ProgressStatus::Canceled,
        _ => ProgressStatus::Failed,
    };
    let problem = (status == ProgressStatus::Failed).then(|| {
        let text = match (said.text.as_deref(), said.code) {
            (Some(text), _) => text.to_owned(),
            (None, Some(code)) => format!("it ended with exit code {code}"),
            (None, None) => "it said that it failed".to_owned(),
        };
        Problem::new(ProblemClass::Transient, text)
    });
    session.report_outcome(job, outcome, Counts::default(), problem)?;
    session.report_progress(job, said.text.as_deref(), status, 1, 1)?;
    session.end();
    Ok(())
}
