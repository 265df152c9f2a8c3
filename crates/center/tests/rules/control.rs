//! Switches, policies and questions (R15), and the news that handlers bring.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use syncmgr::conflict::ConflictId;
use syncmgr::control::{Control, UpdateReason};
use syncmgr::flags::{
    ControlFlags, HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies, SyncControlFlags,
};
use syncmgr::handler::{HandlerCollection, HandlerInfo};
use syncmgr::ui::{UiOperation, UiRequest};
use syncmgr::{
    Handler, HandlerError, HandlerId, Outcome, Refusal, SessionCreator, SyncItem, SyncItemInfo, SyncState,
};

use crate::support::{Actor, Meeting, Prop, World, handler, item, succeed, trouble};

const NONE: ControlFlags = ControlFlags::empty();

fn refusal(world: &World, id: &str) -> String {
    match world.center.start(&handler(), Some(&[item(id)]), None, SyncControlFlags::empty()) {
        Err(Refusal::AccessDenied(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was started"),
    }
}

#[test]
fn r15_the_switches_are_independent_and_each_keeps_from_synchronizing_by_its_own_sentence() {
    let disconnected =
        Prop { info: Ok(SyncItemInfo { connected: false, ..SyncItemInfo::default() }), ..Prop::new("away") };
    let world = World::with(Actor::good(&["a", "b"]).prop(disconnected));
    world.disable("a");
    assert_eq!(refusal(&world, "a"), "'The a' cannot be synchronized: it is disabled");
    assert_eq!(refusal(&world, "away"), "'The away' cannot be synchronized: it is not connected");
    assert_eq!(world.item("a").refusal.as_deref(), Some("'The a' cannot be synchronized: it is disabled"));
    assert_eq!(world.item("b").refusal, None);

    world.center.enable_handler(false, &handler(), NONE).unwrap();
    assert_eq!(refusal(&world, "b"), "'The actor' cannot be synchronized: it is disabled");
    world.center.activate_handler(false, &handler(), NONE).unwrap();
    assert_eq!(refusal(&world, "b"), "'The actor' cannot be synchronized: it is not set up");
    assert_eq!(world.center.status().unwrap()[0].state, SyncState::NotSetUp);

    // Kept by the store, one by one.
    let again = world.again(Actor::good(&["a", "b"]));
    again.center.activate_handler(true, &handler(), NONE).unwrap();
    assert!(!again.center.status().unwrap()[0].switches.enabled);
    again.center.enable_handler(true, &handler(), NONE).unwrap();
    assert!(!again.item("a").switches.enabled);
    again.center.enable_item(true, &handler(), &item("a"), NONE).unwrap();
    assert_eq!(again.start(&["a", "b"]).wait().result.outcome, Outcome::Done);
}

#[test]
fn r15_a_session_from_outside_needs_the_handler_active_and_enabled() {
    let mut actor = Actor::good(&["a"]);
    actor.policies = HandlerPolicies::BACKGROUND_SYNC_ONLY;
    actor.info = HandlerInfo { connected: false, ..HandlerInfo::default() };
    let world = World::with(actor);
    assert!(refusal(&world, "a").contains("policy"));
    let outside = world.center.create_session(&handler(), &[item("a")]).unwrap();
    succeed(&outside, &item("a"));
    drop(outside);
    world.center.enable_handler(false, &handler(), NONE).unwrap();
    let refused = world.center.create_session(&handler(), &[item("a")]).err();
    assert!(matches!(refused, Some(Refusal::AccessDenied(_))), "{refused:?}");
}

#[test]
fn what_waits_for_something_that_is_switched_off_comes_to_nothing() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        there.meet();
        succeed(callback, &items[0]);
    }));
    let a = world.start(&["a"]);
    let b = world.start(&["b"]);
    world.disable("b");
    assert_eq!(b.wait().result.outcome, Outcome::Canceled);
    here.meet();
    assert_eq!(a.wait().result.outcome, Outcome::Done);
    world.is_idle();
}

#[test]
fn everything_at_once_passes_over_what_may_not() {
    let world = World::with(Actor::good(&["a", "b"]));
    let mut off = Actor::good(&["x"]);
    off.id = HandlerId::new("off").unwrap();
    off.info = HandlerInfo { enabled: Some(false), ..HandlerInfo::default() };
    world.center.register(Arc::new(off)).unwrap();
    world.disable("a");
    world.center.start_sync_all().unwrap();
    world.is_idle();
    assert!(world.item("a").last_run.is_none());
    assert!(world.item("b").last_run.is_some());
    assert!(world.item("x").last_run.is_none());
}

#[test]
fn what_is_unknown_is_an_invalid_argument_for_every_operation() {
    let world = World::with(Actor::good(&["a"]));
    let (center, nobody, films) = (&world.center, HandlerId::new("nobody").unwrap(), item("films"));
    let flags = SyncControlFlags::empty();
    let conflict = ConflictId(vec![1]);
    let refused = [
        center.start_handler_sync(&nobody, None, flags, None),
        center.start_item_sync(&nobody, &[item("a")], None, flags, None),
        center.start_item_sync(&handler(), std::slice::from_ref(&films), None, flags, None),
        center.start_item_sync(&handler(), &[], None, flags, None),
        center.stop_handler_sync(&nobody),
        center.stop_item_sync(&nobody, &[]),
        center.stop_item_sync(&handler(), std::slice::from_ref(&films)),
        center.update_handler_collection("nothing", NONE),
        center.update_handler(&nobody, NONE),
        center.update_item(&handler(), &films, NONE),
        center.update_events(&nobody, None, NONE),
        center.update_events(&handler(), Some(&films), NONE),
        center.update_conflict(&handler(), Some(&films), &conflict, UpdateReason::Added),
        center.update_conflicts(&nobody, None, NONE),
        center.activate_handler(true, &nobody, NONE),
        center.enable_handler(true, &nobody, NONE),
        center.enable_item(true, &handler(), &films, NONE),
    ];
    for (at, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Err(Refusal::InvalidArgument(_))), "{at}: {refused:?}");
    }
    center.update_item(&handler(), &item("a"), NONE).unwrap();
    center.update_events(&handler(), Some(&item("a")), NONE).unwrap();
    center.update_conflict(&handler(), None, &conflict, UpdateReason::Removed).unwrap();
    center.update_conflicts(&handler(), None, NONE).unwrap();
}

#[test]
fn a_handler_tells_of_new_items_and_names() {
    let actor = Arc::new(Actor::good(&["a"]));
    let world = World::new();
    world.center.register(Arc::clone(&actor) as Arc<dyn Handler>).unwrap();
    let add = |prop: Prop| actor.items.lock().unwrap().push(Arc::new(prop) as Arc<dyn SyncItem>);
    add(Prop::new("b"));
    // Started before anybody told: the handler is asked again.
    assert_eq!(world.start(&["b"]).wait().result.outcome, Outcome::Done);
    add(Prop::new("c"));
    world.center.update_handler(&handler(), NONE).unwrap();
    assert_eq!(world.item("c").name, "The c");
    actor.items.lock().unwrap()[0] = Arc::new(Prop { name: Ok("Renamed".into()), ..Prop::new("a") });
    world.center.update_item(&handler(), &item("a"), NONE).unwrap();
    assert_eq!(world.item("a").name, "Renamed");
    assert!(world.center.register(Arc::new(Actor::good(&[]))).is_err(), "one ID, one handler");
}

struct Question {
    answer: Mutex<Option<bool>>,
}

impl UiOperation for Question {
    fn request(&self) -> UiRequest {
        UiRequest::Confirm { text: "Really?".into() }
    }
    fn answered(&self, yes: bool) {
        *self.answer.lock().unwrap() = Some(yes);
    }
}

#[test]
fn a_question_needs_somebody_to_ask_and_a_yes() {
    let question = Arc::new(Question { answer: Mutex::default() });
    let world = World::with(Actor::good(&[]).prop(Prop {
        capabilities: ItemCapabilities::QUERY_BEFORE_DISABLE,
        question: Some(Arc::clone(&question) as Arc<dyn UiOperation>),
        ..Prop::new("a")
    }));
    let disable = |flags| world.center.enable_item(false, &handler(), &item("a"), flags);
    let answer = Arc::new(AtomicBool::new(false));
    assert!(matches!(disable(NONE), Err(Refusal::AccessDenied(why)) if why.contains("nobody to ask")));
    assert_eq!(question.answer.lock().unwrap().take(), Some(false));

    let says = Arc::clone(&answer);
    world.center.set_asker(Some(Arc::new(move |request: &UiRequest| {
        assert_eq!(*request, UiRequest::Confirm { text: "Really?".into() });
        says.load(Ordering::SeqCst)
    })));
    assert!(disable(NONE).is_err());
    assert!(world.item("a").switches.enabled);
    answer.store(true, Ordering::SeqCst);
    assert!(disable(ControlFlags::NO_UI).is_err());
    disable(NONE).unwrap();
    assert_eq!(question.answer.lock().unwrap().take(), Some(true));
    assert!(!world.item("a").switches.enabled);
}

#[test]
fn a_policy_prevents_a_switch() {
    let mut actor = Actor::good(&[]).prop(Prop { policies: ItemPolicies::PREVENT_DISABLE, ..Prop::new("a") });
    actor.policies = HandlerPolicies::PREVENT_DEACTIVATE | HandlerPolicies::DISABLE_DISABLE;
    actor.capabilities = HandlerCapabilities::empty();
    let world = World::with(actor);
    for refused in [
        world.center.enable_item(false, &handler(), &item("a"), NONE),
        world.center.enable_handler(false, &handler(), NONE),
        world.center.activate_handler(false, &handler(), NONE),
    ] {
        assert!(matches!(&refused, Err(Refusal::AccessDenied(why)) if why.contains("policy")), "{refused:?}");
    }
    world.center.enable_handler(true, &handler(), NONE).unwrap();
}

/// A provider whose handlers come and go.
struct Troupe {
    names: Mutex<Vec<&'static str>>,
}

impl HandlerCollection for Troupe {
    fn id(&self) -> &str {
        "troupe"
    }
    fn handlers(&self) -> Result<Vec<HandlerId>, HandlerError> {
        let names = self.names.lock().unwrap();
        if names.is_empty() {
            return Err(trouble("nobody came"));
        }
        Ok(names.iter().map(|name| HandlerId::new(name).unwrap()).collect())
    }
    fn bind(&self, id: &HandlerId) -> Result<Arc<dyn Handler>, Refusal> {
        let mut actor = Actor::good(&["a"]);
        actor.id = id.clone();
        Ok(Arc::new(actor))
    }
}

#[test]
fn a_collection_brings_its_handlers_and_takes_them_away() {
    let world = World::with(Actor::good(&["a"]));
    let troupe = Arc::new(Troupe { names: Mutex::new(vec!["one", "two"]) });
    world.center.register_collection(Arc::clone(&troupe) as Arc<dyn HandlerCollection>).unwrap();
    let there = || -> Vec<String> {
        world.center.status().unwrap().iter().map(|handler| handler.handler.to_string()).collect()
    };
    assert_eq!(there(), ["actor", "one", "two"]);
    *troupe.names.lock().unwrap() = vec!["two", "three"];
    world.center.update_handler_collection("troupe", NONE).unwrap();
    assert_eq!(there(), ["actor", "two", "three"]);
    // It cannot say who is there: then all stay.
    troupe.names.lock().unwrap().clear();
    assert!(matches!(world.center.update_handler_collection("troupe", NONE), Err(Refusal::Failed(_))));
    assert_eq!(there(), ["actor", "two", "three"]);
    // Another's handler is not taken over.
    *troupe.names.lock().unwrap() = vec!["actor", "two", "three"];
    assert!(world.center.update_handler_collection("troupe", NONE).is_err());
    assert_eq!(there(), ["actor", "two", "three"]);
}

#[test]
fn a_start_in_words_is_read_by_the_handler_and_followed_by_its_number() {
    let world = World::with(Actor::good(&["a"]));
    let flags = SyncControlFlags::empty();
    let refused = world.center.start_with(&handler(), None, r#"{"mood": 1}"#, flags).err();
    assert!(
        matches!(&refused, Some(Refusal::InvalidArgument(why)) if why.contains("no options")),
        "{refused:?}"
    );
    let id = world.center.keep(world.center.start_with(&handler(), None, "{}", flags).unwrap());
    let verdict = world.center.started(id).unwrap().wait();
    assert_eq!(verdict.result.outcome, Outcome::Done);
    assert!(world.center.started(center::StartId(id.0 + 1)).is_none());
}

#[test]
fn a_run_is_taken_back_by_its_handler_if_that_can_do_so() {
    let world = World::with(Actor::good(&["a"]));
    let run = world.start(&["a"]).wait().runs[0];
    assert!(matches!(world.center.undo(run), Err(Refusal::NotImplemented(_))));
    assert!(matches!(world.center.undo(syncmgr::RunId(run.0 + 1)), Err(Refusal::InvalidArgument(_))));
}
