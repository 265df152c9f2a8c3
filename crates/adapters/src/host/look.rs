//! Previews and checks of a handler in another process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use syncmgr::conflict::Conflict;
use syncmgr::plan::{PlannedAction, PlannedNote, Preview, PreviewError, Rows, Verification, Watch};
use syncmgr::{ItemId, Outcome, Problem, ProblemClass, Refusal};
use wire::rpc::Method;
use wire::rpc::handler::Ability;
use wire::rpc::look::{
    CancelLook, ForgetRows, GetRows, Preview as AskPreview, PreviewAnswer, RowKind, RowPage, Verify,
};

use super::calls::CallError;
use super::connection::{Connection, locked};
use super::control::MOST_CONFLICTS;
use super::shared::Host;

/// How often whoever waits is asked whether to give up.
const GLANCE: Duration = Duration::from_millis(100);

/// How far the looks of a connection are: what the handler told and nobody was told yet.
#[derive(Default)]
pub(crate) struct Looks(Mutex<HashMap<u64, (u64, Vec<u8>)>>);

impl Looks {
    pub(crate) fn looked_at(&self, look: u64, entries: u64, place: &[u8]) {
        if let Some((sum, last)) = locked(&self.0).get_mut(&look) {
            *sum = sum.saturating_add(entries);
            last.clear();
            last.extend_from_slice(place);
        }
    }

    fn begin(&self, look: u64) {
        locked(&self.0).insert(look, (0, Vec::new()));
    }

    fn take(&self, look: u64) -> Option<(u64, Vec<u8>)> {
        locked(&self.0).get_mut(&look).map(std::mem::take).filter(|(entries, _)| *entries > 0)
    }

    fn end(&self, look: u64) {
        locked(&self.0).remove(&look);
    }
}

fn failed(error: CallError) -> PreviewError {
    match error {
        CallError::Answered(error) if error.code != wire::rpc::code::PROBLEM => error.into_refusal().into(),
        CallError::Answered(error) => {
            let told = error.data.as_ref().and_then(|data| data.outcome.and_then(|outcome| outcome.0));
            PreviewError::Failed { outcome: told.unwrap_or(Outcome::Failed), problem: error.into_problem() }
        }
        other => PreviewError::Failed { outcome: Outcome::Failed, problem: other.into() },
    }
}

/// Asks a question that may take long, and passes on how far it is and whether it is still wanted.
fn watched<M: Method>(
    connection: &Connection,
    number: u64,
    question: &M,
    watch: &dyn Watch,
) -> Result<M::Answer, PreviewError> {
    let (id, answer) = connection.calls.wait().map_err(failed)?;
    connection.looks.begin(number);
    let until = Instant::now() + connection.limits.work;
    let given_up = AtomicBool::new(false);
    let heard = connection.put(id, question).and_then(|()| {
        loop {
            match answer.recv_timeout(GLANCE) {
                Ok(answer) => break answer,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    break Err(CallError::Wrong { method: M::NAME, why: "it was let go of".into() });
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if let Some((entries, place)) = connection.looks.take(number) {
                watch.looked_at(entries, &place);
            }
            if watch.canceled() && !given_up.swap(true, Ordering::Relaxed) {
                connection.notify(&CancelLook { look: number });
            }
            if Instant::now() >= until {
                connection.calls.forget(id);
                break Err(CallError::Late { method: M::NAME, waited: connection.limits.work });
            }
        }
    });
    connection.looks.end(number);
    let raw = heard.map_err(failed)?;
    serde_json::from_str(raw.get())
        .map_err(|error| failed(CallError::Wrong { method: M::NAME, why: error.to_string() }))
}

fn able(
    host: &Arc<Host>,
    ability: Ability,
    what: &str,
    item: &ItemId,
) -> Result<Arc<Connection>, PreviewError> {
    let connection =
        host.connect().map_err(|problem| PreviewError::Failed { outcome: Outcome::Failed, problem })?;
    if connection.can(ability) {
        Ok(connection)
    } else {
        let why = format!("handler '{}' cannot {what} '{item}'", host.id);
        Err(Refusal::NotImplemented(why).into())
    }
}

/// What a start would do.
pub(crate) fn preview(
    host: &Arc<Host>,
    item: &ItemId,
    options: Map<String, Value>,
    watch: &dyn Watch,
) -> Result<Preview, PreviewError> {
    let connection = able(host, Ability::Preview, "say beforehand what it would do to", item)?;
    let look = connection.next_number();
    let question = AskPreview { look, item: item.to_string(), options };
    let answer: PreviewAnswer = watched(&connection, look, &question, watch)?;
    let expected = answer.expected.0.ok_or_else(|| PreviewError::Failed {
        outcome: Outcome::Failed,
        problem: Problem::new(ProblemClass::Config, "The preview names an outcome of a later version."),
    })?;
    Ok(Preview {
        plan: answer.plan,
        counts: answer.counts.into(),
        expected,
        stops: answer.stops,
        needs_consent: answer.needs_consent,
        first_run: answer.first_run,
        warnings: answer.warnings,
        sides: answer.sides,
        rows: Box::new(RemoteRows {
            connection,
            look,
            actions: answer.actions,
            conflicts: answer.conflicts,
            notes: answer.notes,
            page: Mutex::default(),
        }),
    })
}

/// Whether an item is as its last run left it.
pub(crate) fn verify(
    host: &Arc<Host>,
    item: &ItemId,
    options: Map<String, Value>,
    watch: &dyn Watch,
) -> Result<Verification, PreviewError> {
    let connection = able(host, Ability::Verify, "check", item)?;
    let look = connection.next_number();
    let question = Verify { look, item: item.to_string(), options };
    let answer = watched(&connection, look, &question, watch)?;
    let mut unknown: Vec<PlannedNote> = answer.unknown.into_iter().map(Into::into).collect();
    if answer.more {
        unknown.push(PlannedNote {
            path: Vec::new(),
            is_error: false,
            text: "there are more differences than were told".into(),
        });
    }
    Ok(Verification {
        differences: answer.differences.into_iter().map(Into::into).collect(),
        unknown,
        looked_at: answer.looked_at.map(|number| number.0),
        compared_bytes: answer.compared_bytes.0,
    })
}

/// Rows that stay in the handler; a page of them is here.
struct RemoteRows {
    connection: Arc<Connection>,
    look: u64,
    actions: usize,
    conflicts: usize,
    notes: usize,
    page: Mutex<Option<(RowKind, usize, RowPage)>>,
}

/// Conflicts that a look found, of which the handler says how many they are; fewer when it does not tell them all.
pub(crate) fn conflicts(connection: &Arc<Connection>, look: u64, count: usize) -> Vec<Conflict> {
    let rows = RemoteRows {
        connection: Arc::clone(connection),
        look,
        actions: 0,
        conflicts: count,
        notes: 0,
        page: Mutex::default(),
    };
    (0..count.min(MOST_CONFLICTS)).map_while(|at| rows.conflict(at)).collect()
}

impl RemoteRows {
    fn row<T>(&self, of: RowKind, at: usize, pick: impl Fn(&RowPage, usize) -> Option<T>) -> Option<T> {
        let mut page = locked(&self.page);
        if let Some((kind, from, rows)) = page.as_ref()
            && *kind == of
            && let Some(row) = at.checked_sub(*from).and_then(|offset| pick(rows, offset))
        {
            return Some(row);
        }
        let question = GetRows { look: self.look, of, from: at };
        let rows = self.connection.call(&question, self.connection.limits.answer).ok()?;
        let row = pick(&rows, 0);
        *page = Some((of, at, rows));
        row
    }
}

impl Rows for RemoteRows {
    fn actions(&self) -> usize {
        self.actions
    }

    fn action(&self, at: usize) -> Option<PlannedAction> {
        self.row(RowKind::Actions, at, |page, at| page.actions.get(at).cloned().map(Into::into))
    }

    fn conflicts(&self) -> usize {
        self.conflicts
    }

    fn conflict(&self, at: usize) -> Option<Conflict> {
        let handler = &self.connection.spec.id;
        self.row(RowKind::Conflicts, at, |page, at| {
            page.conflicts.get(at)?.clone().into_contract(handler, 0).ok()
        })
    }

    fn notes(&self) -> usize {
        self.notes
    }

    fn note(&self, at: usize) -> Option<PlannedNote> {
        self.row(RowKind::Notes, at, |page, at| page.notes.get(at).cloned().map(Into::into))
    }
}

impl Drop for RemoteRows {
    fn drop(&mut self) {
        self.connection.notify(&ForgetRows { look: self.look });
    }
}
