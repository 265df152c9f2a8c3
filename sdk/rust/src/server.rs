//! Serves a handler: reads what the center asks, and answers.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use syncmgr::ui::UiOperation;
use syncmgr::{
    Handler, HandlerCollection, HandlerError, HandlerId, ItemId, ProblemClass, Refusal, Request, RunId,
    SyncCallback, SyncItem,
};
use wire::rpc::center as say;
use wire::rpc::handler as ask;
use wire::rpc::handler::Ability;
use wire::rpc::look::CancelLook;
use wire::rpc::settle::SendContent;
use wire::rpc::things::Program;
use wire::rpc::{
    Done, ErrorObject, Incoming, Line, Lines, Method, Params, VERSION, code, conflict, paged, things,
};

use crate::call::Call;
use crate::center::Center;
use crate::follow::Follows;
use crate::looks::Looks;
use crate::parts::Parts;
use crate::peer::{Peer, locked};
use crate::session::RemoteSession;
use crate::{Hello, Make, Partners, ServeError, Served, lister};

/// The question of a program that started itself, which is asked before all others.
const REGISTER: u64 = 0;

/// The option by which a run is taken back.
pub(crate) const UNDO: &str = "undo-run";

/// What waits for a person's answer.
#[derive(Default)]
pub(crate) struct Operations {
    last: u64,
    pub(crate) waiting: HashMap<u64, Arc<dyn UiOperation>>,
}

/// What the handler's threads share.
pub(crate) struct Shared {
    pub(crate) peer: Arc<Peer>,
    pub(crate) handler: OnceLock<Arc<dyn Handler>>,
    /// What it lists the partners of, where it is that and no handler.
    collection: OnceLock<Arc<dyn HandlerCollection>>,
    sessions: Mutex<HashMap<u64, Weak<RemoteSession>>>,
    /// Items that were proposed and that the handler does not list (yet).
    proposed: Mutex<HashMap<ItemId, Arc<dyn SyncItem>>>,
    /// Waiting requests, as the handler made them of their options.
    requests: Mutex<Vec<(u64, Request)>>,
    pub(crate) operations: Mutex<Operations>,
    pub(crate) more_items: Mutex<HashMap<u64, Vec<ItemId>>>,
    /// What was decided about conflicts that a turn to come is to settle.
    pub(crate) decided: Mutex<HashMap<u64, Vec<conflict::Decided>>>,
    pub(crate) looks: Looks,
    pub(crate) parts: Parts,
    pub(crate) follows: Follows,
}

impl Shared {
    pub(crate) fn open_session(
        self: &Arc<Self>,
        turn: Option<u64>,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        // As many as fit into a line; the others follow one by one.
        let first: Vec<String> = paged(items.iter().map(ItemId::to_string));
        let rest = items.get(first.len()..).unwrap_or_default();
        let created = self.peer.call(&say::CreateSession { turn, items: Some(first) })?;
        let session = Arc::new(RemoteSession::new(Arc::clone(self), created));
        locked(&self.sessions).insert(session.number(), Arc::downgrade(&session));
        for item in rest {
            session.add_item_to_session(item)?;
        }
        Ok(session)
    }

    pub(crate) fn forget_session(&self, number: u64) {
        locked(&self.sessions).remove(&number);
    }

    fn session(&self, number: u64) -> Option<Arc<RemoteSession>> {
        locked(&self.sessions).get(&number)?.upgrade()
    }

    pub(crate) fn proposed(&self, item: Arc<dyn SyncItem>) {
        locked(&self.proposed).insert(item.id().clone(), item);
    }

    /// The request behind a number: the same number is the same object (R17).
    pub(crate) fn waiting_request(&self, number: u64, options: &Map<String, Value>) -> Option<Request> {
        let mut requests = locked(&self.requests);
        if let Some((_, known)) = requests.iter().find(|(known, _)| *known == number) {
            return Some(known.clone());
        }
        let request = self.request(options).ok()??;
        requests.push((number, request.clone()));
        Some(request)
    }

    /// What the handler makes of the options of a start.
    pub(crate) fn request(&self, options: &Map<String, Value>) -> Result<Option<Request>, Refusal> {
        let Some(handler) = self.handler.get() else { return Ok(None) };
        if let Some(run) = options.get(UNDO).and_then(Value::as_u64) {
            return Ok(handler.undo_request(RunId(run)));
        }
        if let Some(change) = self.follows.change(options) {
            return Ok(Some(change));
        }
        handler.request(&Value::from(options.clone()).to_string())
    }

    pub(crate) fn number_of(&self, request: &Request) -> Option<u64> {
        let requests = locked(&self.requests);
        requests.iter().find(|(_, known)| known.same(request)).map(|(number, _)| *number)
    }

    pub(crate) fn find_item(&self, id: &str) -> Result<Arc<dyn SyncItem>, ErrorObject> {
        let unknown = || refused(Refusal::InvalidArgument(format!("there is no item '{id}'")));
        let item = ItemId::new(id).map_err(refused)?;
        let listed = self.handler.get().and_then(|handler| handler.items().item(&item));
        listed.or_else(|| locked(&self.proposed).get(&item).cloned()).ok_or_else(unknown)
    }

    pub(crate) fn add_operation(&self, operation: Option<Arc<dyn UiOperation>>) -> ask::FoundOperation {
        let operation = operation.map(|operation| {
            let request = operation.request().into();
            let mut operations = locked(&self.operations);
            operations.last += 1;
            let number = operations.last;
            operations.waiting.insert(number, operation);
            things::UiOperation { operation: number, request }
        });
        ask::FoundOperation { operation }
    }
}

pub(crate) fn refused(refusal: Refusal) -> ErrorObject {
    (&refusal).into()
}

pub(crate) fn failed(error: HandlerError) -> ErrorObject {
    (&error).into()
}

/// Serves until the center says goodbye or is gone.
pub(crate) fn serve(
    mut input: Box<dyn Read>,
    output: Box<dyn Write + Send>,
    register: Option<&HandlerId>,
    make: Box<Make<'_>>,
) -> Result<(), ServeError> {
    let peer = Peer::new(output).map_err(ServeError::NotConnected)?;
    let shared = Arc::new(Shared {
        peer: Arc::clone(&peer),
        handler: OnceLock::new(),
        collection: OnceLock::new(),
        sessions: Mutex::default(),
        proposed: Mutex::default(),
        requests: Mutex::default(),
        operations: Mutex::default(),
        more_items: Mutex::default(),
        decided: Mutex::default(),
        looks: Looks::default(),
        parts: Parts::default(),
        follows: Follows::default(),
    });
    if let Some(handler) = register {
        let message = say::Register { handler: handler.to_string(), protocol: VERSION, program: None };
        peer.ask(REGISTER, &message).map_err(|why| ServeError::Handshake(why.to_string()))?;
    }
    let mut server = Server { shared, make: Some(make), end: None };
    let (mut lines, mut buffer) = (Lines::default(), vec![0; 64 * 1024]);
    while server.end.is_none() {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => lines.push(buffer.get(..count).unwrap_or_default(), |line| server.line(line)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => server.end = Some(Err(ServeError::Broken(error))),
        }
    }
    peer.over();
    // Whoever waited for a run has heard of the end.
    server.shared.follows.end_all();
    server.end.unwrap_or(Ok(()))
}

/// Answers a question, given its method, its parameters and its id.
type Serves = Box<dyn FnOnce(&str, &str, Option<&RawValue>) + Send>;

struct Server<'a> {
    shared: Arc<Shared>,
    make: Option<Box<Make<'a>>>,
    end: Option<Result<(), ServeError>>,
}

impl Server<'_> {
    fn line(&mut self, line: Line<'_>) {
        // The center writes no bad lines; one of a later version that cannot be read asks for nothing that we have.
        let Line::Whole(line) = line else { return };
        match Incoming::read(line) {
            Ok(Incoming::Answer { id: REGISTER, result }) => {
                if let Err(error) = result {
                    self.end = Some(Err(ServeError::NotLetIn(error.into_refusal())));
                }
            }
            Ok(Incoming::Answer { id, result }) => self.shared.peer.answered(id, result),
            Ok(Incoming::Request { id, method, params }) => self.take(&method, params, Some(id)),
            Ok(Incoming::Notification { method, params }) => self.take(&method, params, None),
            Err(why) => {
                if self.make.is_some() {
                    self.end = Some(Err(ServeError::Handshake(why.to_string())));
                }
            }
        }
    }

    fn take(&mut self, method: &str, params: Params<'_>, id: Option<&RawValue>) {
        let reply = |answer: Result<Done, ErrorObject>| self.shared.peer.reply(id, &answer);
        match method {
            ask::Initialize::NAME => match params.read::<ask::Initialize>() {
                Ok(hello) => self.initialize(hello, id),
                Err(why) => reply(Err(ErrorObject::invalid_params(method, &why))),
            },
            ask::Shutdown::NAME => {
                reply(Ok(Done {}));
                self.end = Some(Ok(()));
            }
            ask::Cancel::NAME => {
                if let Ok(message) = params.read::<ask::Cancel>()
                    && let Some(session) = self.shared.session(message.session)
                {
                    session.cancel(message.item.as_deref());
                }
                reply(Ok(Done {}));
            }
            ask::SessionEnded::NAME => {
                if let Ok(message) = params.read::<ask::SessionEnded>()
                    && let Some(session) = self.shared.session(message.session)
                {
                    session.ended();
                }
                reply(Ok(Done {}));
            }
            CancelLook::NAME => {
                if let Ok(message) = params.read::<CancelLook>() {
                    self.shared.looks.cancel(message.look);
                }
                reply(Ok(Done {}));
            }
            ask::SynchronizeMore::NAME => {
                let taken = params.read::<ask::SynchronizeMore>().and_then(|message| {
                    let items = item_ids(&message.items).map_err(|why| why.to_string())?;
                    locked(&self.shared.more_items).entry(message.turn).or_default().extend(items);
                    Ok(Done {})
                });
                reply(taken.map_err(|why| ErrorObject::invalid_params(method, &why)));
            }
            ask::SettleMore::NAME => {
                let taken = params.read::<ask::SettleMore>().map(|message| {
                    locked(&self.shared.decided).entry(message.turn).or_default().extend(message.decided);
                    Done {}
                });
                reply(taken.map_err(|why| ErrorObject::invalid_params(method, &why)));
            }
            SendContent::NAME => {
                let taken = params.read::<SendContent>().map(|message| {
                    self.shared.parts.take(message);
                    Done {}
                });
                reply(taken.map_err(|why| ErrorObject::invalid_params(method, &why)));
            }
            _ => self.hand_on(method, params, id),
        }
    }

    /// Everything else is the handler's, and may take its time.
    fn hand_on(&mut self, method: &str, params: Params<'_>, id: Option<&RawValue>) {
        let (handler, collection) = (self.shared.handler.get(), self.shared.collection.get());
        let serves: Serves = match (handler, collection) {
            (Some(handler), _) => {
                let call = Call { shared: Arc::clone(&self.shared), handler: Arc::clone(handler) };
                Box::new(move |method, params, id| call.serve(method, params, id))
            }
            (None, Some(collection)) => {
                let (peer, collection) = (Arc::clone(&self.shared.peer), Arc::clone(collection));
                Box::new(move |method, params, id| {
                    peer.reply(id, &lister::answer(collection.as_ref(), method, params));
                })
            }
            (None, None) => {
                let error = ErrorObject::new(code::INVALID_REQUEST, "the handshake comes first");
                self.shared.peer.reply(id, &Err::<Done, _>(error));
                return;
            }
        };
        let (method, text, id) = (method.to_owned(), params.text().to_owned(), id.map(ToOwned::to_owned));
        let spawned = thread::Builder::new().name(method.clone()).spawn({
            let id = id.clone();
            move || serves(&method, &text, id.as_deref())
        });
        if let Err(error) = spawned {
            let text = format!("the system gave no thread: {}", syncmgr::reason(&error));
            let error = HandlerError::new(ProblemClass::Transient, text);
            self.shared.peer.reply(id.as_deref(), &Err::<Done, _>(failed(error)));
        }
    }

    fn initialize(&mut self, question: ask::Initialize, id: Option<&RawValue>) {
        let Some(make) = self.make.take() else {
            let error = ErrorObject::new(code::INVALID_REQUEST, "the handshake was made before");
            self.shared.peer.reply(id, &Err::<Done, _>(error));
            return;
        };
        let made = VERSION
            .with(question.protocol)
            .map_err(|other| {
                let text = format!(
                    "this handler speaks version {} of the protocol, and the center version {}",
                    other.ours, other.theirs
                );
                HandlerError::new(ProblemClass::Config, text)
            })
            .and_then(|protocol| {
                let hello = Hello {
                    handler: HandlerId::new(&question.handler)?,
                    partner: question.partner,
                    settings: question.settings,
                    items: question.items,
                    center: Center(Arc::clone(&self.shared)),
                };
                Ok((protocol, make(&hello)?))
            });
        match made {
            Ok((protocol, Served::Collection(collection, partners))) => {
                let program = Program { name: collection.id().to_owned(), version: String::new() };
                let _ = self.shared.collection.set(collection);
                let mut abilities = vec![Ability::Collection];
                abilities.extend((partners == Partners::Watched).then_some(Ability::Stay));
                let answer = ask::Initialized { protocol, program: Some(program), abilities };
                self.shared.peer.reply(id, &Ok(answer));
            }
            Ok((protocol, Served::Handler(handler))) => {
                let mut abilities = vec![
                    Ability::Ui,
                    Ability::Options,
                    Ability::Preview,
                    Ability::Verify,
                    Ability::Undo,
                    Ability::CommandLine,
                    Ability::Follow,
                    Ability::Adopt,
                ];
                if let Some(resolves) = handler.resolution_handler() {
                    let settles =
                        if resolves.works_in_sessions() { Ability::Settle } else { Ability::Resolve };
                    abilities.extend([settles, Ability::Content, Ability::LookAgain, Ability::Copies]);
                }
                let program = Program { name: handler.id().to_string(), version: String::new() };
                let _ = self.shared.handler.set(handler);
                let answer = ask::Initialized { protocol, program: Some(program), abilities };
                self.shared.peer.reply(id, &Ok(answer));
            }
            Err(error) => {
                self.shared.peer.reply(id, &Err::<Done, _>(failed(error.clone())));
                self.end = Some(Err(ServeError::Handler(error)));
            }
        }
    }
}

pub(crate) fn item_ids(items: &[String]) -> Result<Vec<ItemId>, Refusal> {
    items.iter().map(|item| ItemId::new(item)).collect()
}
