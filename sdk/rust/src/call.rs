//! What the center asks of the handler, question by question.

use std::sync::Arc;

use serde::Serialize;
use serde::de::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use syncmgr::conflict::{ConflictStore, Decided, Selection};
use syncmgr::event::EventStore;
use syncmgr::plan::PreviewError;
use syncmgr::ui::UiAction;
use syncmgr::{
    Handler, HandlerId, ItemId, Problem, ProblemClass, Refusal, Request, RunId, SessionCreator, SyncCallback,
};
use wire::rpc::center as say;
use wire::rpc::follow::{Follow, Unfollow};
use wire::rpc::handler as ask;
use wire::rpc::handler::{HandlerDescription, ItemDescription};
use wire::rpc::look::{ForgetRows, GetRows, Preview, Verify};
use wire::rpc::{Done, ErrorObject, Method, conflict, paged, settle, things};

use crate::follow::follow;
use crate::looks::verified;
use crate::peer::locked;
use crate::server::{Shared, UNDO, failed, item_ids, refused};

fn looked(error: PreviewError) -> ErrorObject {
    match error {
        PreviewError::Refused(refusal) => refused(refusal),
        PreviewError::Failed { outcome, problem } => {
            let mut error = failed(problem.into());
            error.data.get_or_insert_default().outcome = Some(outcome.into());
            error
        }
    }
}

/// One question, on a thread of its own.
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) handler: Arc<dyn Handler>,
}

pub(crate) type Answered<T> = Result<T, ErrorObject>;

impl Call {
    pub(crate) fn serve(&self, method: &str, params: &str, id: Option<&RawValue>) {
        macro_rules! serve {
            ($($message:ty => $serve:expr),+ $(,)?) => {
                match method {
                    $(<$message as Method>::NAME => self.answer::<$message, _>(params, id, $serve),)+
                    _ => self.shared.peer.reply(id, &Err::<Done, _>(ErrorObject::unknown_method(method))),
                }
            };
        }
        serve! {
            ask::GetHandler => |_| HandlerDescription::of(self.handler.as_ref()).map_err(failed),
            ask::ListItems => |question| self.list_items(question),
            ask::GetItem => |question: ask::GetItem| {
                Ok(ask::FoundItem {
                    item: self.shared.find_item(&question.item).ok().map(|item| ItemDescription::of(item.as_ref())),
                })
            },
            ask::Activate => |question: ask::Activate| {
                self.handler.activate(question.active).map(|()| Done {}).map_err(failed)
            },
            ask::Enable => |question: ask::Enable| {
                match &question.item {
                    None => self.handler.enable(question.enabled),
                    Some(item) => self.shared.find_item(item)?.enable(question.enabled),
                }
                .map(|()| Done {})
                .map_err(failed)
            },
            ask::DeleteItem => |question: ask::DeleteItem| {
                self.shared.find_item(&question.item)?.delete().map(|()| Done {}).map_err(failed)
            },
            ask::Synchronize => |question| self.synchronize(&question),
            settle::GetAbilities => |question: settle::GetAbilities| self.abilities(question.conflict),
            settle::ResolveConflict => |question| self.resolve(question),
            settle::LookAgain => |question: settle::LookAgain| self.look_again(question.conflict),
            settle::FindCopies => |question| self.find_copies(&question),
            settle::GetContent => |question| self.content(question),
            settle::Merge => |question: settle::Merge| self.merge(question),
            settle::GetPart => |question| {
                self.shared.parts.part(question).ok_or_else(no_such_look)
            },
            settle::ForgetParts => |message: settle::ForgetParts| {
                self.shared.parts.forget(message.look);
                Ok(Done {})
            },
            ask::ListConflicts => |question| self.list_conflicts(&question),
            ask::RemoveConflicts => |question| self.remove_conflicts(question),
            ask::ListEvents => |question| self.list_events(&question),
            ask::RemoveEvents => |question: ask::RemoveEvents| {
                let ids: Vec<_> = question.events.iter().map(|id| syncmgr::EventId(id.0)).collect();
                self.event_store(question.item.as_deref())?.remove(&ids);
                Ok(Done {})
            },
            ask::GetIcon => |question| self.icon(&question),
            ask::Adopt => |question: ask::Adopt| {
                let item = ItemId::new(&question.item).map_err(refused)?;
                self.handler.adopt(&item, question.name.as_deref()).map(|()| Done {}).map_err(refused)
            },
            Follow => |question| follow(&self.shared, &question),
            Unfollow => |question: Unfollow| {
                self.shared.follows.end(question.follow);
                Ok(Done {})
            },
            ask::GetUiOperation => |question| self.ui_operation(&question),
            ask::EventLink => |question: ask::EventLink| {
                let event = question.event.into_contract(self.handler.id());
                let event = event.ok_or_else(|| refused(Refusal::InvalidArgument("no such item".into())))?;
                Ok(self.shared.add_operation(self.handler.event_link(&event)))
            },
            ask::UiAnswer => |answer: ask::UiAnswer| {
                let operation = locked(&self.shared.operations).waiting.remove(&answer.operation);
                match operation {
                    Some(operation) => operation.answered(answer.yes),
                    None => return Err(refused(Refusal::InvalidArgument("no such operation".into()))),
                }
                Ok(Done {})
            },
            ask::CheckOptions => |question: ask::CheckOptions| {
                let options = Value::from(question.options).to_string();
                self.handler.request(&options).map(|_| Done {}).map_err(refused)
            },
            // What a handler of this kind takes back, it takes back by a request of its own that has no text.
            ask::UndoOptions => |question: ask::UndoOptions| {
                let can = self.handler.undo_request(RunId(question.run.0)).is_some();
                let options = can.then(|| Map::from_iter([(UNDO.to_owned(), Value::from(question.run.0))]));
                Ok(ask::FoundOptions { options })
            },
            ask::CommandLine => |question: ask::CommandLine| {
                let item = ItemId::new(&question.item).map_err(refused)?;
                Ok(ask::FoundCommand { command: self.handler.command_line(&item) })
            },
            Preview => |question: Preview| {
                let item = ItemId::new(&question.item).map_err(refused)?;
                let options = Value::from(question.options).to_string();
                let looks = &self.shared.looks;
                let looked_at = looks.watch(&self.shared.peer, question.look, |watch| {
                    self.handler.preview(&item, &options, watch)
                });
                Ok(looks.keep(question.look, looked_at.map_err(looked)?))
            },
            GetRows => |question: GetRows| {
                self.shared.looks.rows(&question).ok_or_else(no_such_look)
            },
            ForgetRows => |message: ForgetRows| {
                self.shared.looks.forget(message.look);
                Ok(Done {})
            },
            Verify => |question: Verify| {
                let item = ItemId::new(&question.item).map_err(refused)?;
                let options = Value::from(question.options).to_string();
                let found = self.shared.looks.watch(&self.shared.peer, question.look, |watch| {
                    self.handler.verify(&item, &options, watch)
                });
                found.map(verified).map_err(looked)
            },
        }
    }

    fn answer<M, R>(&self, params: &str, id: Option<&RawValue>, serve: impl FnOnce(M) -> Answered<R>)
    where
        M: for<'a> Deserialize<'a> + Method<Answer = R>,
        R: Serialize,
    {
        let message = serde_json::from_str(params)
            .map_err(|why| ErrorObject::invalid_params(M::NAME, &why.to_string()));
        self.shared.peer.reply(id, &message.and_then(serve));
    }

    fn list_items(&self, question: ask::ListItems) -> Answered<ask::ItemPage> {
        let all = self.handler.items().all();
        let from = page_start(question.after.as_deref())?;
        let items: Vec<_> = paged(all.iter().skip(from).map(|item| ItemDescription::of(item.as_ref())));
        Ok(ask::ItemPage { next: page_end(from + items.len(), all.len()), items })
    }

    fn list_conflicts(&self, question: &ask::ListConflicts) -> Answered<ask::ConflictPage> {
        let item = question.item.as_deref().map(ItemId::new).transpose().map_err(refused)?;
        let store = self.conflict_store(question.item.as_deref())?;
        let all = store.conflicts(self.handler.id(), item.as_ref()).map_err(refused)?;
        let from = page_start(question.after.as_deref())?;
        let conflicts: Vec<_> = paged(all.iter().skip(from).map(conflict::Conflict::from));
        Ok(ask::ConflictPage { next: page_end(from + conflicts.len(), all.len()), conflicts })
    }

    fn remove_conflicts(&self, question: ask::RemoveConflicts) -> Answered<Done> {
        let item = ItemId::new(&question.item).map_err(refused)?;
        let ids: Vec<_> =
            question.conflicts.into_iter().map(|id| syncmgr::conflict::ConflictId(id.0)).collect();
        let store = self.conflict_store(Some(&question.item))?;
        store.remove(self.handler.id(), &item, &ids).map(|()| Done {}).map_err(refused)
    }

    /// The handler's own store, or else that of the item.
    fn conflict_store(&self, item: Option<&str>) -> Answered<Arc<dyn ConflictStore>> {
        let of_item = || self.shared.find_item(item?).ok()?.conflict_store();
        self.handler.conflict_store().or_else(of_item).ok_or_else(|| without("conflict store"))
    }

    fn list_events(&self, question: &ask::ListEvents) -> Answered<ask::EventPage> {
        let all = self.event_store(question.item.as_deref())?.events();
        let from = page_start(question.after.as_deref())?;
        let events: Vec<_> = paged(all.iter().skip(from).map(things::WireEvent::from));
        Ok(ask::EventPage { next: page_end(from + events.len(), all.len()), events })
    }

    fn event_store(&self, item: Option<&str>) -> Answered<Arc<dyn EventStore>> {
        let store = match item {
            None => self.handler.event_store(),
            Some(item) => self.shared.find_item(item)?.event_store(),
        };
        store.ok_or_else(|| without("event store"))
    }

    fn icon(&self, question: &ask::GetIcon) -> Answered<ask::FoundIcon> {
        let icon = match &question.item {
            None => self.handler.icon(),
            Some(item) => self.shared.find_item(item)?.icon(),
        };
        let Some(icon) = icon else { return Ok(ask::FoundIcon::default()) };
        let part = self.shared.parts.tell(question.look, Some(icon.bytes.to_vec()));
        Ok(ask::FoundIcon { media_type: icon.media_type, bytes: part.bytes, more: part.more })
    }

    fn ui_operation(&self, question: &ask::GetUiOperation) -> Answered<ask::FoundOperation> {
        let action = match question.action.as_str() {
            "browse_content" => UiAction::BrowseContent,
            "show_schedule" => UiAction::ShowSchedule,
            "query_before_activate" => UiAction::QueryBeforeActivate,
            "query_before_deactivate" => UiAction::QueryBeforeDeactivate,
            "query_before_enable" => UiAction::QueryBeforeEnable,
            "query_before_disable" => UiAction::QueryBeforeDisable,
            "query_before_delete" => UiAction::QueryBeforeDelete,
            // Something of a later version, which this handler has no operation for.
            _ => return Ok(ask::FoundOperation::default()),
        };
        let operation = match &question.item {
            None => self.handler.ui_operation(&action),
            Some(item) => self.shared.find_item(item)?.ui_operation(&action),
        };
        Ok(self.shared.add_operation(operation))
    }

    fn synchronize(&self, question: &ask::Synchronize) -> Answered<Done> {
        let mut items = locked(&self.shared.more_items).remove(&question.turn).unwrap_or_default();
        items.extend(item_ids(&question.items).map_err(refused)?);
        let decided = locked(&self.shared.decided).remove(&question.turn).unwrap_or_default();
        let (places, selection) = if question.settle { self.selection(decided)? } else { Default::default() };
        let request = match (&question.options, selection) {
            (_, Some(selection)) => Some(Request::new(selection)),
            (None, None) => None,
            (Some(options), None) => self.shared.request(options).map_err(refused)?,
        };
        let creator = TurnCreator { shared: Arc::clone(&self.shared), turn: question.turn };
        let run = || self.handler.synchronize(&items, &creator, request.as_ref());
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            let said = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("it gave no reason");
            let text = format!("The handler '{}' broke down: {said}.", self.handler.id());
            Err(Problem::new(ProblemClass::Bug, text)
                .with_fix("This is a mistake in the handler; please report it to its author")
                .into())
        });
        let settled = request.as_ref().and_then(Request::get::<Selection>).map(Selection::settlements);
        for (place, settlement) in places.into_iter().zip(settled.unwrap_or_default()) {
            let report = say::ReportSettlement { turn: question.turn, place, settlement: settlement.into() };
            // The center is gone, or waits for the answer that follows.
            let _ = self.shared.peer.tell(&report);
        }
        done.map(|()| Done {}).map_err(failed)
    }

    /// What was decided, as the handler knows it, and under which numbers the center does.
    fn selection(&self, decided: Vec<conflict::Decided>) -> Answered<(Vec<usize>, Option<Selection>)> {
        let places = decided.iter().map(|one| one.place).collect();
        let known = decided.into_iter().map(|one| {
            let conflict = one.conflict.into_contract(self.handler.id(), 0)?;
            Ok(Decided { conflict, choice: self.shared.parts.choice(one.choice)? })
        });
        let known = known.collect::<Result<_, Refusal>>().map_err(refused)?;
        Ok((places, Some(Selection::new(known))))
    }
}

pub(crate) fn without(what: &str) -> ErrorObject {
    refused(Refusal::NotImplemented(format!("this handler has no {what}")))
}

fn no_such_look() -> ErrorObject {
    refused(Refusal::InvalidArgument("no such look".into()))
}

pub(crate) fn page_start(after: Option<&str>) -> Answered<usize> {
    let unknown = |_| refused(Refusal::InvalidArgument("no such page".into()));
    after.map_or(Ok(0), |after| after.parse().map_err(unknown))
}

pub(crate) fn page_end(next: usize, count: usize) -> Option<String> {
    (next < count).then(|| next.to_string())
}

/// Opens the sessions of one call.
struct TurnCreator {
    shared: Arc<Shared>,
    turn: u64,
}

impl SessionCreator for TurnCreator {
    fn create_session(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        match self.shared.handler.get() {
            Some(ours) if ours.id() == handler => self.shared.open_session(Some(self.turn), items),
            _ => Err(Refusal::InvalidArgument(format!("there is no handler '{handler}'"))),
        }
    }
}
