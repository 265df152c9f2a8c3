//! How a handler in another process settles conflicts, and what it shows of them.

use std::sync::Arc;

use syncmgr::conflict::{
    Abilities, Choice, Conflict, Feedback, Merge, OtherVersion, ResolutionHandler, Shown,
};
use syncmgr::{HandlerError, ItemId, ProblemClass};
use wire::rpc::handler::Ability;
use wire::rpc::{conflict, part, settle as ask};

use super::calls::CallError;
use super::connection::Connection;
use super::look;
use super::parts::{self, MOST_BYTES};
use super::shared::Host;

/// Has the handler settle its conflicts.
pub(crate) struct RemoteResolution {
    host: Arc<Host>,
}

impl RemoteResolution {
    pub(crate) fn new(host: &Arc<Host>) -> Self {
        Self { host: Arc::clone(host) }
    }

    /// The connection, if the handler has these optional methods.
    fn able(&self, ability: Ability) -> Result<Option<Arc<Connection>>, HandlerError> {
        let connection = self.host.connect()?;
        Ok(connection.can(ability).then_some(connection))
    }
}

impl ResolutionHandler for RemoteResolution {
    fn resolve(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError> {
        let connection = self.host.connect()?;
        let choice = told(&connection, choice)?;
        let question = ask::ResolveConflict { conflict: conflict.into(), choice };
        let resolved = connection.call(&question, self.host.limits.work)?;
        Ok(resolved.feedback.0.unwrap_or(Feedback::Continue))
    }

    fn works_in_sessions(&self) -> bool {
        self.host.able(Ability::Settle).is_some()
    }

    fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        let Some(connection) = self.able(Ability::LookAgain)? else { return Ok(Some(shown.clone())) };
        let found = connection.call(&ask::LookAgain { conflict: shown.into() }, self.host.limits.work)?;
        let there = found.conflict.map(|conflict| conflict.into_contract(&self.host.id, shown.detected));
        Ok(there.transpose()?)
    }

    fn find_copies(&self, item: &ItemId) -> Result<Vec<Conflict>, HandlerError> {
        let Some(connection) = self.able(Ability::Copies)? else { return Ok(Vec::new()) };
        let question = ask::FindCopies { look: connection.next_number(), item: item.to_string() };
        let count = connection.call(&question, self.host.limits.work)?.conflicts;
        let copies = look::conflicts(&connection, question.look, count);
        if copies.len() < count {
            let text = format!(
                "Handler '{}' found {count} conflict copies of '{item}', and told of {} only.",
                self.host.id,
                copies.len()
            );
            return Err(HandlerError::new(ProblemClass::Bug, text));
        }
        Ok(copies)
    }

    fn content(
        &self,
        conflict: &Conflict,
        which: Shown,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, HandlerError> {
        let Some(connection) = self.able(Ability::Content)? else { return Ok(None) };
        let version = match which {
            Shown::Version(index) => Some(index),
            Shown::Ancestor => None,
        };
        let look = connection.next_number();
        let question = ask::GetContent { look, conflict: conflict.into(), version, limit: limit.into() };
        let first = connection.call(&question, self.host.limits.work)?;
        Ok(parts::whole(&connection, look, first, limit)?)
    }

    fn merge(&self, conflict: &Conflict) -> Result<Option<Merge>, HandlerError> {
        let Some(connection) = self.able(Ability::Content)? else { return Ok(None) };
        let look = connection.next_number();
        let found =
            connection.call(&ask::Merge { look, conflict: conflict.into() }, self.host.limits.work)?;
        let first = ask::Part { bytes: found.text, more: found.more };
        let text = parts::whole(&connection, look, first, MOST_BYTES)?;
        Ok(text.map(|text| Merge { text, overlaps: found.overlaps }))
    }

    fn abilities(&self, conflict: &Conflict) -> Abilities {
        let question = ask::GetAbilities { conflict: conflict.into() };
        let answer = self.host.call(&question, self.host.limits.answer);
        answer.map_or(Abilities::KEEP_SINGLE, |answer| answer.abilities.0)
    }
}

/// A choice as the handler is told of it. Content that would not fit into a line goes before it.
pub(crate) fn told(connection: &Connection, choice: &Choice) -> Result<conflict::Choice, CallError> {
    let Choice::KeepOther(OtherVersion::Content(content)) = choice else { return Ok(choice.into()) };
    let (mut bytes, mut more) = part(content, 0);
    if !more {
        return Ok(choice.into());
    }
    let (sent, mut from) = (connection.next_number(), 0);
    loop {
        from += bytes.0.len();
        // Asked and not only told: the handler is sent no more than it reads.
        connection.call(&ask::SendContent { sent, bytes }, connection.limits.answer)?;
        if !more {
            return Ok(conflict::Choice::Other { reference: None, content: None, sent: Some(sent) });
        }
        (bytes, more) = part(content, from);
    }
}
