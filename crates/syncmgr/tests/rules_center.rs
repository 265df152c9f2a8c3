//! The rules beside a session: states (R14), switches (R15), the queue (R17), who is admitted (R18).

mod common;

use common::{begin, end, handler, id, session};
use syncmgr::admission::{self, Inadmissible};
use syncmgr::flags::{
    HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies, SyncControlFlags,
};
use syncmgr::handler::{ItemList, NamedItem};
use syncmgr::queue::{Pushed, Queue, Start};
use syncmgr::state::{ItemFacts, RunResult, SyncState, fold_status};
use syncmgr::switches::{HandlerStanding, ItemStanding, Offer, Origin, Switches, Task, Withheld};
use syncmgr::{
    Counts, Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, Outcome, ProblemClass,
    ProgressStatus, Request, SessionCreator, SyncItem, SyncItemInfo,
};

// ---- R14 -----------------------------------------------------------------------------------------------------------

#[test]
fn r14_the_worst_state_of_the_items_is_the_handlers() {
    use SyncState::{Error, Idle, NotRun, NotSetUp, Pending, Syncing};
    let worst_first = [Syncing, Pending, Error, NotRun, Idle];
    for (at, worst) in worst_first.iter().enumerate() {
        let items = worst_first[at..].iter().rev().copied();
        assert_eq!(SyncState::of_handler(true, items.clone()), *worst);
        assert_eq!(SyncState::of_handler(false, items), NotSetUp, "inactive, whatever its items are");
    }
    assert_eq!(SyncState::of_handler(true, []), NotRun);
}

#[test]
fn r14_the_state_of_an_item() {
    let known = ItemFacts { last: Some(ProgressStatus::Succeeded), ..ItemFacts::default() };
    for (facts, state) in [
        (ItemFacts::default(), SyncState::NotRun),
        (known, SyncState::Idle),
        (ItemFacts { last: Some(ProgressStatus::Failed), ..known }, SyncState::Error),
        (ItemFacts { errors: 1, ..known }, SyncState::Error),
        (ItemFacts { last: Some(ProgressStatus::Canceled), ..known }, SyncState::Idle),
        (ItemFacts { waiting: true, errors: 1, ..known }, SyncState::Pending),
        (ItemFacts { waiting: true, syncing: true, ..known }, SyncState::Syncing),
    ] {
        assert_eq!(SyncState::of_item(&facts), state, "{facts:?}");
    }
}

#[test]
fn r14_a_run_failed_if_any_item_did_else_canceled_else_disconnected_else_succeeded() {
    use ProgressStatus::{Canceled, Disconnected, Failed, Succeeded};
    assert_eq!(fold_status([Succeeded, Disconnected, Canceled, Failed, Succeeded]), Failed);
    assert_eq!(fold_status([Succeeded, Disconnected, Canceled]), Canceled);
    assert_eq!(fold_status([Succeeded, Disconnected]), Disconnected);
    assert_eq!(fold_status([Succeeded]), Succeeded);
    assert_eq!(fold_status([]), Succeeded);
}

#[test]
fn r14_the_counts_of_a_run_are_error_events_and_open_conflicts() {
    let session = session(&["a", "b"]);
    let counts = Counts { conflicts: 3, ..Counts::default() };
    session.report_outcome(1, &id("a"), Outcome::NeedsDecision, counts, None).unwrap();
    session.report_progress(1, &id("a"), None, ProgressStatus::Succeeded, 1, 1).unwrap();
    session.report_progress(1, &id("b"), None, ProgressStatus::Canceled, 1, 1).unwrap();
    let error = syncmgr::NewEvent::new(Some(&id("b")), syncmgr::Level::Error, "n", "d");
    session.admit_event(2, error, |_| false).unwrap();
    assert_eq!(
        end(&session).result,
        RunResult {
            status: ProgressStatus::Canceled,
            outcome: Outcome::NeedsDecision,
            errors: 1,
            conflicts: 3
        }
    );
}

// ---- R15 -----------------------------------------------------------------------------------------------------------

fn at_rest() -> (HandlerStanding, ItemStanding) {
    let switches = Switches::default();
    (
        HandlerStanding { switches, policies: HandlerPolicies::empty() },
        ItemStanding { switches, policies: ItemPolicies::empty() },
    )
}

#[test]
fn r15_each_switch_alone_keeps_from_starting_and_hidden_does_not() {
    let (handler, item) = at_rest();
    let on = Switches::default();
    let start = |handler: Switches, item: Switches| {
        let handler = HandlerStanding { switches: handler, policies: HandlerPolicies::empty() };
        ItemStanding { switches: item, policies: ItemPolicies::empty() }.may_start(&handler, Origin::Control)
    };
    assert_eq!(item.may_start(&handler, Origin::Control), Ok(()));
    assert_eq!(start(Switches { active: false, ..on }, on), Err(Withheld::Inactive));
    assert_eq!(start(Switches { enabled: false, ..on }, on), Err(Withheld::HandlerDisabled));
    assert_eq!(start(Switches { connected: false, ..on }, on), Err(Withheld::HandlerDisconnected));
    assert_eq!(start(on, Switches { enabled: false, ..on }), Err(Withheld::Disabled));
    assert_eq!(start(on, Switches { connected: false, ..on }), Err(Withheld::Disconnected));
    assert_eq!(start(Switches { hidden: true, ..on }, Switches { hidden: true, ..on }), Ok(()));
}

#[test]
fn r15_policies_bind_control_and_leave_the_work_to_sessions_from_outside() {
    let (handler, item) = at_rest();
    let background = HandlerStanding { policies: HandlerPolicies::BACKGROUND_SYNC_ONLY, ..handler };
    let prevented = ItemStanding { policies: ItemPolicies::PREVENT_START_SYNC, ..item };
    let greyed = ItemStanding { policies: ItemPolicies::DISABLE_START_SYNC, ..item };
    assert_eq!(item.may_start(&background, Origin::Control), Err(Withheld::HandlerPolicy));
    assert_eq!(item.may_start(&background, Origin::Outside), Ok(()));
    assert_eq!(prevented.may_start(&handler, Origin::Control), Err(Withheld::Policy));
    assert_eq!(prevented.may_start(&handler, Origin::Outside), Ok(()));
    assert_eq!(greyed.may_start(&handler, Origin::Control), Err(Withheld::ForNow));
    assert_eq!(item.may_stop(&background), Err(Withheld::HandlerPolicy));
    assert_eq!(item.may_stop(&handler), Ok(()));
    let disabled = Switches { enabled: false, ..Switches::default() };
    let disabled = HandlerStanding { switches: disabled, ..handler };
    assert_eq!(item.may_start(&disabled, Origin::Outside), Err(Withheld::HandlerDisabled));
}

#[test]
fn r15_a_switch_is_kept_by_the_center_unless_the_handler_knows_better() {
    let none = HandlerPolicies::empty();
    let kept = Switches { active: false, enabled: false, connected: true, hidden: true };
    let silent = HandlerInfo::default();
    assert_eq!(Switches::of_handler(None, &silent, none), Switches::default());
    assert_eq!(Switches::of_handler(Some(kept), &silent, none), kept);
    let knows = HandlerInfo { active: Some(true), enabled: Some(true), connected: false, ..silent };
    let known = Switches { active: true, enabled: true, connected: false, hidden: true };
    assert_eq!(Switches::of_handler(Some(kept), &knows, none), known);
    let item = SyncItemInfo { enabled: Some(false), ..SyncItemInfo::default() };
    assert!(!Switches::of_item(None, &item, ItemPolicies::empty()).enabled);
}

#[test]
fn r15_hidden_by_default_counts_only_the_first_time() {
    let hide = HandlerPolicies::HIDDEN_BY_DEFAULT;
    let info = HandlerInfo::default();
    let first = Switches::of_handler(None, &info, hide);
    assert!(first.hidden);
    let shown = Switches { hidden: false, ..first };
    assert!(!Switches::of_handler(Some(shown), &info, hide).hidden, "afterwards it is the person's");
    assert!(Switches::of_item(None, &SyncItemInfo::default(), ItemPolicies::HIDDEN_BY_DEFAULT).hidden);
}

#[test]
fn r15_prevent_hides_a_task_and_disable_greys_it() {
    let (handler, item) = at_rest();
    let can = HandlerCapabilities::empty();
    let with = |policies| HandlerStanding { policies, ..handler };
    let off = |switches| HandlerStanding { switches, ..handler };
    assert_eq!(handler.offer(Task::Start, can), Offer::Shown);
    assert_eq!(with(HandlerPolicies::DISABLE_START_SYNC).offer(Task::Start, can), Offer::Greyed);
    assert_eq!(with(HandlerPolicies::PREVENT_START_SYNC).offer(Task::Start, can), Offer::Absent);
    assert_eq!(handler.offer(Task::Activate, can), Offer::Absent, "it is active");
    let inactive = off(Switches { active: false, ..Switches::default() });
    assert_eq!(inactive.offer(Task::Activate, can), Offer::Shown);
    assert_eq!(inactive.offer(Task::Start, can), Offer::Absent);
    let away = off(Switches { connected: false, ..Switches::default() });
    assert_eq!(away.offer(Task::Start, can), Offer::Greyed);
    assert_eq!(handler.offer(Task::Browse, can), Offer::Absent);
    let browse = HandlerCapabilities::CAN_BROWSE_CONTENT;
    assert_eq!(handler.offer(Task::Browse, browse), Offer::Shown);
    assert_eq!(with(HandlerPolicies::DISABLE_BROWSE).offer(Task::Browse, browse), Offer::Greyed);
    assert_eq!(handler.offer(Task::Enable, can), Offer::Absent, "it is enabled");
    assert_eq!(handler.offer(Task::Disable, can), Offer::Shown);

    let item_can = ItemCapabilities::CAN_DELETE;
    assert_eq!(item.offer(Task::Delete, item_can, &handler), Offer::Shown);
    assert_eq!(item.offer(Task::Delete, ItemCapabilities::empty(), &handler), Offer::Absent);
    let above = with(HandlerPolicies::PREVENT_STOP_SYNC);
    assert_eq!(item.offer(Task::Stop, item_can, &above), Offer::Absent, "the handler must allow it too");
    assert_eq!(item.offer(Task::Start, item_can, &away), Offer::Greyed);
}

// ---- R17 -----------------------------------------------------------------------------------------------------------

fn ids(items: &[&str]) -> Vec<ItemId> {
    items.iter().copied().map(id).collect()
}

fn push(queue: &mut Queue<u32>, items: &[&str], ticket: u32) -> Pushed<u32> {
    ask(queue, items, None, ticket)
}

fn ask(queue: &mut Queue<u32>, items: &[&str], request: Option<&Request>, ticket: u32) -> Pushed<u32> {
    let flags = SyncControlFlags::empty();
    let start = Start { items: ids(items), request: request.cloned(), flags, ticket: Some(ticket) };
    queue.push(start, |_| false)
}

#[test]
fn r17_first_come_first_served() {
    let mut queue = Queue::new();
    push(&mut queue, &["b", "a"], 1);
    push(&mut queue, &["c"], 2);
    let first = queue.pop().unwrap();
    assert_eq!((first.items, first.tickets), (ids(&["b", "a"]), vec![1]));
    assert_eq!(queue.pop().unwrap().items, ids(&["c"]));
    assert!(queue.pop().is_none());
}

#[test]
fn r17_a_request_for_an_item_that_waits_is_folded_into_the_waiting_one() {
    let mut queue = Queue::new();
    push(&mut queue, &["a", "b"], 1);
    let pushed = push(&mut queue, &["B", "a", "a"], 2);
    assert_eq!((pushed.queued.len(), pushed.folded.len()), (0, 3));
    assert_eq!(queue.len(), 1);
    let pushed = push(&mut queue, &["b", "c"], 3);
    assert_eq!((pushed.queued, pushed.folded), (ids(&["c"]), ids(&["b"])));
    let first = queue.pop().unwrap();
    assert_eq!((first.items, first.tickets), (ids(&["a", "b"]), vec![1, 2]));
    let second = queue.pop().unwrap();
    assert_eq!(
        (second.items, second.tickets),
        (ids(&["c"]), vec![3]),
        "answered when the last of it is done"
    );
}

#[test]
fn r17_an_item_that_syncs_and_is_requested_again_syncs_once_more() {
    let mut queue = Queue::new();
    let syncing = |item: &ItemId| *item == id("a");
    let start = |flags| Start { items: ids(&["a", "b"]), request: None, flags, ticket: Some(1) };
    let pushed = queue.push(start(SyncControlFlags::empty()), syncing);
    assert_eq!(pushed.queued, ids(&["a", "b"]));
    queue.stop_all();

    let pushed = queue.push(start(SyncControlFlags::IGNORE_IF_ALREADY_SYNCING), syncing);
    assert_eq!((pushed.queued, pushed.ignored), (ids(&["b"]), ids(&["a"])));
    assert_eq!(pushed.unclaimed, None);
    queue.stop_all();

    let only = Start { items: ids(&["a"]), ..start(SyncControlFlags::IGNORE_IF_ALREADY_SYNCING) };
    assert_eq!(queue.push(only, syncing).unclaimed, Some(1), "the running session answers");
    assert!(queue.is_empty());
}

#[test]
fn r17_an_opaque_request_is_folded_only_into_the_same_one() {
    let mut queue = Queue::new();
    let (undo, other) = (Request::new("undo"), Request::new("undo"));
    push(&mut queue, &["a"], 1);
    assert_eq!(ask(&mut queue, &["a"], Some(&undo), 2).queued, ids(&["a"]));
    assert_eq!(ask(&mut queue, &["a"], Some(&undo), 3).folded, ids(&["a"]));
    assert_eq!(ask(&mut queue, &["a"], Some(&other), 4).queued, ids(&["a"]));
    assert_eq!(queue.len(), 3);
    assert!(queue.pop().unwrap().request.is_none());
    let second = queue.pop().unwrap();
    assert!(second.request.unwrap().same(&undo));
    assert_eq!(second.tickets, [2, 3]);
}

#[test]
fn r17_a_busy_item_holds_up_only_what_shares_items_with_it() {
    let mut queue = Queue::new();
    push(&mut queue, &["a", "b"], 1);
    ask(&mut queue, &["b"], Some(&Request::new(1)), 2);
    push(&mut queue, &["c"], 3);
    let busy = |item: &ItemId| *item == id("a");
    assert_eq!(queue.pop_ready(busy).unwrap().items, ids(&["c"]));
    assert!(queue.pop_ready(busy).is_none(), "b must not overtake a and b");
    assert_eq!(queue.pop_ready(|_| false).unwrap().items, ids(&["a", "b"]));
}

#[test]
fn r9_what_waits_is_listed_and_what_a_session_takes_waits_no_more() {
    let mut queue = Queue::new();
    assert!(queue.additional().is_empty());
    let request = Request::new("undo");
    push(&mut queue, &["a", "b"], 1);
    ask(&mut queue, &["c"], Some(&request), 2);
    let additional = queue.additional();
    assert_eq!(additional.items, ids(&["a", "b"]));
    assert_eq!(additional.requests.len(), 1);

    assert!(queue.take_item(&id("a")).is_empty(), "b of the same request still waits");
    assert_eq!(queue.take_item(&id("b")), [1]);
    assert!(queue.take_item(&id("c")).is_empty(), "an opaque request is taken as a whole");
    let turn = queue.take_request(&request).unwrap();
    assert_eq!((turn.items, turn.tickets), (ids(&["c"]), vec![2]));
    assert!(queue.take_request(&request).is_none());
    assert!(queue.additional().is_empty());
}

#[test]
fn r17_a_stop_takes_waiting_requests_of_every_kind() {
    let mut queue = Queue::new();
    push(&mut queue, &["a", "b"], 1);
    ask(&mut queue, &["a"], Some(&Request::new(1)), 2);
    assert_eq!(queue.stop_item(&id("a")), [2]);
    assert!(!queue.has(&id("a")));
    assert!(queue.has(&id("b")));
    assert_eq!(queue.stop_all(), [1]);
}

// ---- R18 -----------------------------------------------------------------------------------------------------------

struct Odd {
    id: ItemId,
    handler: HandlerId,
    name: Result<String, HandlerError>,
    info_fails: bool,
    items: ItemList,
}

impl Odd {
    fn named(name: Result<&str, HandlerError>, info_fails: bool) -> Self {
        let name = name.map(str::to_owned);
        Self { id: id("odd"), handler: handler(), name, info_fails, items: ItemList::default() }
    }
}

fn broken() -> HandlerError {
    HandlerError::new(ProblemClass::Transient, "the device does not answer")
}

impl SyncItem for Odd {
    fn id(&self) -> &ItemId {
        &self.id
    }
    fn name(&self) -> Result<String, HandlerError> {
        self.name.clone()
    }
    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        if self.info_fails { Err(broken()) } else { Ok(SyncItemInfo::default()) }
    }
    fn policies(&self) -> ItemPolicies {
        ItemPolicies::DISABLE_BROWSE
    }
}

impl Handler for Odd {
    fn id(&self) -> &HandlerId {
        &self.handler
    }
    fn name(&self) -> Result<String, HandlerError> {
        self.name.clone()
    }
    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        if self.info_fails { Err(broken()) } else { Ok(HandlerInfo::default()) }
    }
    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }
    fn synchronize(
        &self,
        _items: &[ItemId],
        _creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        Err(broken())
    }
}

#[test]
fn r18_without_a_name_neither_shown_nor_synchronized() {
    for (name, why) in [
        (Ok(""), Inadmissible::NoName),
        (Ok(" \t"), Inadmissible::NoName),
        (Err(broken()), Inadmissible::NameFails(broken())),
    ] {
        let odd = Odd::named(name, false);
        assert_eq!(admission::item(&odd).unwrap_err(), why);
        assert_eq!(admission::handler(&odd).unwrap_err(), why);
        let (session, _) = begin();
        assert!(session.propose_item(1, std::sync::Arc::new(odd), false).is_err());
    }
}

#[test]
fn r18_a_failing_info_only_means_default_properties() {
    let odd = Odd::named(Ok("name"), true);
    let item = admission::item(&odd).unwrap();
    assert_eq!(item.info, SyncItemInfo::default());
    assert_eq!(item.info_error, Some(broken()));
    assert!(item.info.connected, "an error is read as connected (R15)");
    assert_eq!(item.policies, ItemPolicies::DISABLE_BROWSE, "a bit that the original's mask forgot");
    assert_eq!(admission::handler(&odd).unwrap().info, HandlerInfo::default());
}

#[test]
fn r18_names_are_cut_where_they_are_read() {
    let long = "n".repeat(200);
    let item = NamedItem::new(id("long"), &*long);
    assert_eq!(admission::item(&item).unwrap().name.len(), 127);
}
