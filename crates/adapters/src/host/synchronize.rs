//! One `synchronize`, on the thread that the center gave it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use serde_json::value::RawValue;
use syncmgr::conflict::Selection;
use syncmgr::{HandlerError, ItemId, Problem, ProblemClass, Refusal, Request, SessionCreator};
use wire::rpc::center::Created;
use wire::rpc::conflict::Decided;
use wire::rpc::handler::{Ability, SettleMore, Synchronize, SynchronizeMore};
use wire::rpc::{ErrorObject, MAX_LINE, paged};

use super::calls::CallError;
use super::connection::Connection;
use super::control::options_of;
use super::sessions::OpenSession;
use super::settle::told;
use super::turns::TurnNews;

/// So many bytes of identifiers go into one line; the longest identifier has 189 bytes, escaped six times as many.
const ITEMS_IN_A_LINE: usize = MAX_LINE / 2;

/// Has the handler synchronize, and serves what only this thread can: the center's session creator lives as long as
/// this call.
pub(crate) fn synchronize(
    connection: &Arc<Connection>,
    items: &[ItemId],
    creator: &dyn SessionCreator,
    request: Option<&Request>,
) -> Result<(), HandlerError> {
    let turn = connection.next_number();
    let (news, sender) = connection.turns.begin(turn, request);
    let run = Turn { connection, items, creator, turn };
    let done = run.ask(request, sender).and_then(|()| run.serve(&news));
    // Sessions that the handler did not end, end here (R12).
    end(connection, turn);
    done
}

fn end(connection: &Connection, turn: u64) {
    connection.turns.end(turn);
    connection.sessions.end_turn(turn);
}

struct Turn<'a> {
    connection: &'a Arc<Connection>,
    items: &'a [ItemId],
    creator: &'a dyn SessionCreator,
    turn: u64,
}

impl Turn<'_> {
    fn ask(&self, request: Option<&Request>, sender: Sender<TurnNews>) -> Result<(), HandlerError> {
        let selection = request.and_then(Request::get::<Selection>);
        let options = match request.map(|request| options_of(request, self.connection)) {
            None => None,
            Some(Some(options)) => Some(options).filter(|options| !options.is_empty()),
            Some(None) if selection.is_some() && self.connection.can(Ability::Settle) => None,
            Some(None) => {
                let text = format!("Handler '{}' cannot read this request.", self.connection.spec.id);
                return Err(HandlerError::new(ProblemClass::Bug, text));
            }
        };
        let mut lines = parts(self.items);
        let last = lines.pop().unwrap_or_default();
        // Asked and not only told: the handler is sent no more than it reads.
        for items in lines {
            let more = SynchronizeMore { turn: self.turn, items };
            self.connection.call(&more, self.connection.limits.answer)?;
        }
        self.tell_what_was_decided(selection)?;
        let id = self.connection.calls.ask(Box::new(move |answer| {
            let done = match answer {
                Ok(_) => Ok(()),
                Err(CallError::Answered(error)) => Err(error),
                // The connection tells the turn of its end itself.
                Err(_) => return,
            };
            // The turn was given up: nobody listens.
            let _ = sender.send(TurnNews::Done(done));
        }))?;
        self.connection
            .put(id, &Synchronize { turn: self.turn, items: last, options, settle: selection.is_some() })?;
        Ok(())
    }

    fn tell_what_was_decided(&self, selection: Option<&Selection>) -> Result<(), CallError> {
        let all = selection.map(Selection::decided).unwrap_or_default().iter().enumerate();
        let decided = all.map(|(place, one)| {
            let choice = told(self.connection, &one.choice)?;
            Ok(Decided { place, conflict: (&one.conflict).into(), choice })
        });
        let decided: Vec<Decided> = decided.collect::<Result<_, CallError>>()?;
        let mut rest = decided.as_slice();
        while !rest.is_empty() {
            let page = paged(rest.iter().cloned());
            rest = rest.get(page.len()..).unwrap_or_default();
            let more = SettleMore { turn: self.turn, decided: page };
            match self.connection.call(&more, self.connection.limits.answer) {
                // One that does not even fit into a line by itself is not told, and stays not reached.
                Ok(_) | Err(CallError::Wrong { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn serve(&self, news: &Receiver<TurnNews>) -> Result<(), HandlerError> {
        loop {
            match news.recv() {
                Ok(TurnNews::Create { id, items }) => self.create(id.as_deref(), items),
                Ok(TurnNews::Done(Ok(()))) => return Ok(()),
                Ok(TurnNews::Done(Err(error))) => return Err(error.into_problem().into()),
                Ok(TurnNews::Over(problem)) => return Err(problem.into()),
                Ok(TurnNews::Kept) => return Err(self.give_up().into()),
                Err(_) => {
                    let text = format!("Handler '{}' went away.", self.connection.spec.id);
                    return Err(HandlerError::new(ProblemClass::Transient, text));
                }
            }
        }
    }

    fn create(&self, id: Option<&RawValue>, items: Option<Vec<String>>) {
        let created = self.open(items).map_err(|refusal| ErrorObject::from(&refusal));
        self.connection.reply(id, &created);
    }

    fn open(&self, items: Option<Vec<String>>) -> Result<Created, Refusal> {
        let named: Option<Vec<ItemId>> =
            items.map(|items| items.iter().map(|item| ItemId::new(item)).collect()).transpose()?;
        let items = named.as_deref().unwrap_or(self.items);
        let callback = self.creator.create_session(&self.connection.spec.id, items)?;
        let (session, run) = (self.connection.next_number(), callback.run_id());
        self.connection.sessions.add(Arc::new(OpenSession::new(session, Some(self.turn), callback)));
        self.connection.wake();
        Ok(Created { session, run: run.0.into() })
    }

    /// The handler works on for nobody. If nobody else needs its process, that is ended.
    fn give_up(&self) -> Problem {
        let id = &self.connection.spec.id;
        let text =
            format!("Handler '{id}' did not come back from a synchronization whose session had ended.");
        let problem = Problem::new(ProblemClass::Bug, text)
            .with_fix("This is a mistake in the handler; please report it to its author");
        end(self.connection, self.turn);
        if self.connection.sessions.is_empty() {
            self.connection.end_because(problem.clone());
        }
        problem
    }
}

/// Cuts the items so that each part fits into a line.
fn parts(items: &[ItemId]) -> Vec<Vec<String>> {
    let (mut parts, mut part, mut size) = (Vec::new(), Vec::new(), 0);
    for item in items {
        // As long as it can get when every character is escaped.
        let length = item.as_str().len() * 6 + 3;
        if size + length > ITEMS_IN_A_LINE {
            parts.push(std::mem::take(&mut part));
            size = 0;
        }
        size += length;
        part.push(item.to_string());
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_items_fits_into_lines_and_none_is_lost() {
        let items: Vec<ItemId> = (0..5000).map(|n| ItemId::new(&format!("\u{1}{n:060}")).unwrap()).collect();
        let parts = parts(&items);
        assert!(parts.len() > 1);
        let all: Vec<String> = parts.iter().flatten().cloned().collect();
        assert_eq!(all, items.iter().map(ItemId::to_string).collect::<Vec<_>>());
        for items in parts {
            let line = wire::rpc::write_call(
                Some(u64::MAX),
                &Synchronize { turn: 1, items, options: None, settle: false },
            );
            assert!(line.is_ok());
        }
    }
}
