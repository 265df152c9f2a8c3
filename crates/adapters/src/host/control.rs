//! What a handler asks of the center beside its sessions: to read it again, to start and stop its own items, to keep its
//! conflicts. All of it may take long, or lead to questions to the handler, so none of it is done on the link's thread.

use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use syncmgr::conflict::{Conflict, ConflictId, SharedLedger};
use syncmgr::control::{Control, UpdateReason};
use syncmgr::flags::{ControlFlags, SyncControlFlags};
use syncmgr::{HandlerId, ItemId, Refusal, Request};
use wire::rpc::center as say;
use wire::rpc::follow::ReportFollowing;
use wire::rpc::handler::ConflictPage;
use wire::rpc::{Done, ErrorObject, Method, Params, paged};

use super::connection::{Connection, locked};
use super::follow;
use super::sessions::OpenSession;

/// The most conflicts of one item.
pub(crate) const MOST_CONFLICTS: usize = 100_000;

/// Options of a start, as they travel in a [`Request`].
struct Options {
    words: Map<String, Value>,
    /// The only connection on which they mean something.
    of: Option<Weak<Connection>>,
}

/// The options of a request for whoever is on this connection; none when it is none of ours.
pub(crate) fn options_of(request: &Request, connection: &Connection) -> Option<Map<String, Value>> {
    let options = request.get::<Options>()?;
    let understood = options.of.as_ref().is_none_or(|of| std::ptr::eq(of.as_ptr(), connection));
    // Another process looks everywhere instead of where the change was.
    Some(if understood { options.words.clone() } else { Map::new() })
}

/// Wraps options for the way through the center's queue. `of`: only whoever is on that connection understands them.
pub(crate) fn request_of(words: Map<String, Value>, of: Option<&Arc<Connection>>) -> Request {
    Request::new(Options { words, of: of.map(Arc::downgrade) })
}

fn item_ids(items: &[String]) -> Result<Vec<ItemId>, Refusal> {
    items.iter().map(|item| ItemId::new(item)).collect()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Carries out a message that is none of a session's.
pub(crate) fn serve(
    connection: &Arc<Connection>,
    method: &str,
    params: Params<'_>,
    id: Option<&RawValue>,
) -> Result<(), ErrorObject> {
    macro_rules! errands {
        ($($message:ident => $errand:expr),+ $(,)?) => {
            match method {
                $(say::$message::NAME => {
                    let message: say::$message = read(params)?;
                    errand(connection, id, move |connection| $errand(connection, message))
                })+
                _ => Err(ErrorObject::unknown_method(method)),
            }
        };
    }
    if method == ReportFollowing::NAME {
        let message: ReportFollowing = read(params)?;
        return errand(connection, id, move |connection| follow::news(connection, message));
    }
    if method == say::ListKeptConflicts::NAME {
        let message: say::ListKeptConflicts = read(params)?;
        let (runs, id) = (Arc::clone(connection), id.map(ToOwned::to_owned));
        let accepted = connection.run_errand(Box::new(move || {
            let page = kept_conflicts(&runs, &message).map_err(|refusal| ErrorObject::from(&refusal));
            runs.reply(id.as_deref(), &page);
        }));
        return if accepted { Ok(()) } else { Err((&too_busy(connection)).into()) };
    }
    errands! {
        UpdateHandler => |connection: &Connection, _| {
            connection.read_again();
            on_control(connection, |control, id| control.update_handler(id, ControlFlags::WAIT))
        },
        UpdatePartners => |connection: &Connection, _| {
            let of = connection.spec.collection.as_ref().map(|of| of.collection.clone());
            let none = || Refusal::InvalidArgument("this handler belongs to no collection".into());
            let of = of.ok_or_else(none)?;
            on_control(connection, |control, _| control.update_handler_collection(&of, ControlFlags::WAIT))
        },
        UpdateItem => |connection: &Connection, message: say::UpdateItem| {
            connection.read_again();
            let item = ItemId::new(&message.item)?;
            on_control(connection, |control, id| control.update_item(id, &item, ControlFlags::WAIT))
        },
        UpdateEvents => |connection: &Connection, message: say::UpdateEvents| {
            let item = message.item.as_deref().map(ItemId::new).transpose()?;
            on_control(connection, |control, id| control.update_events(id, item.as_ref(), ControlFlags::WAIT))
        },
        UpdateConflict => |connection: &Connection, message: say::UpdateConflict| {
            let item = message.item.as_deref().map(ItemId::new).transpose()?;
            let conflict = ConflictId(message.conflict.0);
            let reason = message.reason.0.unwrap_or(UpdateReason::Changed);
            on_control(connection, |control, id| control.update_conflict(id, item.as_ref(), &conflict, reason))
        },
        UpdateConflicts => |connection: &Connection, message: say::UpdateConflicts| {
            let item = message.item.as_deref().map(ItemId::new).transpose()?;
            on_control(connection, |control, id| control.update_conflicts(id, item.as_ref(), ControlFlags::WAIT))
        },
        StartSync => start_sync,
        StopSync => |connection: &Connection, message: say::StopSync| {
            let items = message.items.as_deref().map(item_ids).transpose()?;
            on_control(connection, |control, id| match &items {
                Some(items) => control.stop_item_sync(id, items),
                None => control.stop_handler_sync(id),
            })
        },
        ActivateHandler => |connection: &Connection, message: say::ActivateHandler| {
            on_control(connection, |control, id| control.activate_handler(message.active, id, ControlFlags::WAIT))
        },
        EnableHandler => |connection: &Connection, message: say::EnableHandler| {
            on_control(connection, |control, id| control.enable_handler(message.enabled, id, ControlFlags::WAIT))
        },
        EnableItem => |connection: &Connection, message: say::EnableItem| {
            let item = ItemId::new(&message.item)?;
            on_control(connection, |control, id| {
                control.enable_item(message.enabled, id, &item, ControlFlags::WAIT)
            })
        },
        ReplaceConflicts => replace_conflicts,
        PutConflicts => |connection: &Connection, message: say::PutConflicts| {
            let (id, now) = (&connection.spec.id, now());
            let conflicts: Result<Vec<Conflict>, _> =
                message.conflicts.into_iter().map(|conflict| conflict.into_contract(id, now)).collect();
            ledger(connection)?.put(conflicts?)
        },
        RemoveKeptConflicts => |connection: &Connection, message: say::RemoveKeptConflicts| {
            let ids: Vec<ConflictId> = message.conflicts.into_iter().map(|id| ConflictId(id.0)).collect();
            ledger(connection)?.remove(&connection.spec.id, &ItemId::new(&message.item)?, &ids)
        },
    }
}

fn read<'a, M: Method + Deserialize<'a>>(params: Params<'a>) -> Result<M, ErrorObject> {
    params.read().map_err(|why| ErrorObject::invalid_params(M::NAME, &why))
}

/// Has something done on the errands' thread, which answers.
fn errand(
    connection: &Arc<Connection>,
    id: Option<&RawValue>,
    run: impl FnOnce(&Connection) -> Result<(), Refusal> + Send + 'static,
) -> Result<(), ErrorObject> {
    let (runs, id) = (Arc::clone(connection), id.map(ToOwned::to_owned));
    let accepted = connection.run_errand(Box::new(move || {
        let answer = run(&runs).map(|()| Done {}).map_err(|refusal| ErrorObject::from(&refusal));
        runs.reply(id.as_deref(), &answer);
    }));
    if accepted { Ok(()) } else { Err((&too_busy(connection)).into()) }
}

fn too_busy(connection: &Connection) -> Refusal {
    Refusal::Failed(format!("more than {} questions of this handler wait", connection.limits.errands))
}

fn on_control(
    connection: &Connection,
    ask: impl FnOnce(&dyn Control, &HandlerId) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    match connection.services().control {
        Some(control) => ask(control.as_ref(), &connection.spec.id),
        None => Err(Refusal::NotImplemented("this center cannot be controlled by a handler".into())),
    }
}

fn start_sync(connection: &Connection, message: say::StartSync) -> Result<(), Refusal> {
    let items = message.items.as_deref().map(item_ids).transpose()?;
    let request = message.options.map(|options| request_of(options, None));
    let mut flags = SyncControlFlags::empty();
    flags.set(SyncControlFlags::IGNORE_IF_ALREADY_SYNCING, message.ignore_if_already_syncing);
    on_control(connection, |control, id| match &items {
        Some(items) => control.start_item_sync(id, items, request, flags, None),
        None => control.start_handler_sync(id, request, flags, None),
    })
}

fn ledger(connection: &Connection) -> Result<SharedLedger, Refusal> {
    let no = || Refusal::NotImplemented("this center keeps no conflicts".into());
    connection.services().ledger.ok_or_else(no)
}

/// As many as surely fit into a line, and at least one.
fn kept_conflicts(
    connection: &Connection,
    message: &say::ListKeptConflicts,
) -> Result<ConflictPage, Refusal> {
    let item = message.item.as_deref().map(ItemId::new).transpose()?;
    let all = ledger(connection)?.conflicts(&connection.spec.id, item.as_ref())?;
    let from: usize = match &message.after {
        None => 0,
        Some(after) => after.parse().map_err(|_| Refusal::InvalidArgument("no such page".into()))?,
    };
    let conflicts: Vec<_> = paged(all.iter().skip(from).map(wire::rpc::conflict::Conflict::from));
    let next = from + conflicts.len();
    Ok(ConflictPage { conflicts, next: (next < all.len()).then(|| next.to_string()) })
}

fn replace_conflicts(connection: &Connection, message: say::ReplaceConflicts) -> Result<(), Refusal> {
    let ledger = ledger(connection)?;
    let item = ItemId::new(&message.item)?;
    let (id, now) = (&connection.spec.id, now());
    let part: Vec<Conflict> = message
        .conflicts
        .into_iter()
        .map(|conflict| conflict.into_contract(id, now))
        .collect::<Result<_, _>>()?;
    if let Some(foreign) = part.iter().find(|conflict| conflict.item != item) {
        let why = format!("a conflict of '{}' is among those of '{item}'", foreign.item);
        return Err(Refusal::InvalidArgument(why));
    }
    let mut parts = locked(&connection.conflicts);
    let all = parts.entry(item.clone()).or_default();
    if all.len() + part.len() > MOST_CONFLICTS {
        parts.remove(&item);
        return Err(Refusal::InvalidArgument(format!("more than {MOST_CONFLICTS} conflicts of '{item}'")));
    }
    all.extend(part);
    if message.more {
        return Ok(());
    }
    let open = parts.remove(&item).unwrap_or_default();
    drop(parts);
    ledger.replace(id, &item, open)
}

/// Opens a session that nobody asked for.
pub(crate) fn create_session(
    connection: &Arc<Connection>,
    items: Option<Vec<String>>,
    id: Option<&RawValue>,
) -> Result<(), ErrorObject> {
    let (runs, id) = (Arc::clone(connection), id.map(ToOwned::to_owned));
    let accepted = connection.run_errand(Box::new(move || {
        let created = open_session(&runs, items).map_err(|refusal| ErrorObject::from(&refusal));
        runs.reply(id.as_deref(), &created);
    }));
    if accepted { Ok(()) } else { Err((&too_busy(connection)).into()) }
}

fn open_session(connection: &Connection, items: Option<Vec<String>>) -> Result<say::Created, Refusal> {
    let items = items
        .ok_or_else(|| Refusal::InvalidArgument("a session without a turn must name its items".into()))?;
    let Some(creator) = connection.services().creator else {
        return Err(Refusal::NotImplemented("this center opens sessions only when it asked for them".into()));
    };
    let callback = creator.create_session(&connection.spec.id, &item_ids(&items)?)?;
    let (session, run) = (connection.next_number(), callback.run_id());
    connection.sessions.add(Arc::new(OpenSession::new(session, None, callback)));
    connection.wake();
    Ok(say::Created { session, run: run.0.into() })
}
