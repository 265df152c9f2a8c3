//! Conflicts over all stores, and settling them.

use std::sync::{Arc, Mutex};

use center::{Center, ConflictQuery, SystemClock, Tally};
use store::Store;
use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger as _,
    ConflictStore, ConflictVersion, Decided, Feedback, ResolutionHandler, Selection, Settlement,
};
use syncmgr::control::{Control, UpdateReason};
use syncmgr::flags::{ControlFlags, HandlerCapabilities};
use syncmgr::handler::{ItemContainer, ItemList, NamedItem};
use syncmgr::testing::MemoryLedger;
use syncmgr::{Handler, HandlerError, HandlerId, ProgressStatus, Refusal, Request, SessionCreator};

use crate::support::{World, handler, item};

const NONE: ControlFlags = ControlFlags::empty();

fn conflict(of: &str, path: &str, modified: [i64; 2]) -> Conflict {
    let version = |modified| ConflictVersion {
        location: "side".into(),
        item_type: ConflictItemType::Updated,
        kind: "file".into(),
        size: 5,
        modified,
        stamp: Vec::new(),
        path: None,
    };
    Conflict {
        id: ConflictId(path.into()),
        handler: handler(),
        item: item(of),
        kind: ConflictKind::EditEdit,
        path: path.into(),
        detected: 1,
        versions: modified.map(version).to_vec(),
    }
}

/// A handler with a conflict store of its own, which settles one by one or in sessions.
struct Keeper {
    id: HandlerId,
    items: ItemList,
    own: Option<Arc<MemoryLedger>>,
    resolution: Arc<Settler>,
}

struct Settler {
    in_sessions: bool,
    ledger: Arc<MemoryLedger>,
    answers: Mutex<Vec<Feedback>>,
    done: Mutex<Vec<String>>,
}

impl Keeper {
    fn new(own: bool, in_sessions: bool) -> (Arc<Self>, Arc<MemoryLedger>) {
        let ledger = Arc::new(MemoryLedger::new());
        let resolution = Arc::new(Settler {
            in_sessions,
            ledger: Arc::clone(&ledger),
            answers: Mutex::default(),
            done: Mutex::default(),
        });
        let items = ["a", "b"].map(|id| NamedItem::new(item(id), id)).into_iter().collect();
        let keeper = Self { id: handler(), items, own: own.then(|| Arc::clone(&ledger)), resolution };
        (Arc::new(keeper), ledger)
    }
}

impl Handler for Keeper {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Keeper".into())
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::CONFLICT_STORE
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        self.own.clone().map(|own| own as Arc<dyn ConflictStore>)
    }

    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        Some(Arc::clone(&self.resolution) as Arc<dyn ResolutionHandler>)
    }

    fn synchronize(
        &self,
        items: &[syncmgr::ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let callback = creator.create_session(&self.id, items)?;
        let selection = request.and_then(|request| request.get::<Selection>());
        for item in items {
            for (place, decided) in selection.into_iter().flat_map(|selection| selection.of_item(item)) {
                self.resolution.done.lock().unwrap().push(decided.conflict.item.to_string());
                if let Some(selection) = selection {
                    selection.answer(place, Settlement::Settled(decided.choice.clone()));
                }
            }
            let _ = callback.report_progress(item, None, ProgressStatus::Succeeded, 1, 1);
        }
        Ok(())
    }
}

impl ResolutionHandler for Settler {
    fn works_in_sessions(&self) -> bool {
        self.in_sessions
    }

    fn abilities(&self, _conflict: &Conflict) -> Abilities {
        Abilities::KEEP_RECENT
    }

    fn resolve(&self, conflict: &Conflict, _choice: &Choice) -> Result<Feedback, HandlerError> {
        self.done.lock().unwrap().push(String::from_utf8_lossy(&conflict.path).into_owned());
        let feedback = self.answers.lock().unwrap().pop().unwrap_or(Feedback::Continue);
        if feedback != Feedback::Refresh {
            self.ledger.remove(&conflict.handler, &conflict.item, std::slice::from_ref(&conflict.id))?;
        }
        Ok(feedback)
    }
}

fn decided(conflict: &Conflict, choice: Choice) -> Decided {
    Decided { conflict: conflict.clone(), choice }
}

#[test]
fn a_handlers_own_conflicts_stand_beside_all_others_when_it_says_that_they_changed() {
    let world = World::new();
    let (keeper, own) = Keeper::new(true, false);
    world.center.register(keeper).unwrap();
    own.replace(&handler(), &item("a"), vec![conflict("a", "x", [1, 2]), conflict("a", "y", [1, 2])])
        .unwrap();
    let all = ConflictQuery::default();
    // Nobody looks before it says so.
    assert!(world.center.conflicts(&all).unwrap().is_empty());
    world.center.update_conflicts(&handler(), None, NONE).unwrap();
    assert_eq!(world.center.conflicts(&all).unwrap().len(), 2);
    assert_eq!(world.item("a").conflicts, 2);

    let (z, x) = (conflict("a", "z", [1, 2]), conflict("a", "x", [1, 2]));
    own.put(vec![z.clone()]).unwrap();
    world.center.update_conflict(&handler(), Some(&item("a")), &z.id, UpdateReason::Added).unwrap();
    own.remove(&handler(), &item("a"), std::slice::from_ref(&x.id)).unwrap();
    world.center.update_conflict(&handler(), Some(&item("a")), &x.id, UpdateReason::Removed).unwrap();
    let paths: Vec<Vec<u8>> = world.center.conflicts(&all).unwrap().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, [b"y", b"z"]);
}

#[test]
fn what_a_handler_said_is_still_there_when_it_is_not() {
    let home = tempfile::tempdir().unwrap();
    let open = || {
        let store = Arc::new(Store::open(&home.path().join("instep.db")).unwrap());
        Center::new(store, Arc::new(SystemClock::default()))
    };
    let center = open();
    let (keeper, own) = Keeper::new(true, false);
    center.register(keeper).unwrap();
    own.put(vec![conflict("b", "x", [1, 2])]).unwrap();
    center.update_conflicts(&handler(), Some(&item("b")), NONE).unwrap();
    drop(center);
    let found = open().conflicts(&ConflictQuery::default()).unwrap();
    assert_eq!(found, [conflict("b", "x", [1, 2])]);
}

#[test]
fn removing_asks_the_store_that_keeps_it_and_binding_sees_its_last_word() {
    let world = World::new();
    let (keeper, own) = Keeper::new(true, false);
    world.center.register(keeper).unwrap();
    let (x, y) = (conflict("a", "x", [1, 2]), conflict("a", "y", [1, 2]));
    own.put(vec![x.clone(), y.clone()]).unwrap();
    world.center.update_conflicts(&handler(), None, NONE).unwrap();
    world.center.remove_conflicts(&[x.key()]).unwrap();
    assert_eq!(own.count(&handler(), None).unwrap(), 1);
    assert_eq!(world.center.conflicts(&ConflictQuery::default()).unwrap(), std::slice::from_ref(&y));
    let newer = conflict("a", "y", [1, 9]);
    own.put(vec![newer.clone()]).unwrap();
    assert_eq!(world.center.conflict(&y.key()).unwrap(), Some(newer));
    assert_eq!(world.center.conflict(&x.key()).unwrap(), None);
}

#[test]
fn conflicts_are_settled_one_by_one_where_the_handler_works_so() {
    let world = World::new();
    let (keeper, own) = Keeper::new(true, false);
    let settler = Arc::clone(&keeper.resolution);
    world.center.register(keeper).unwrap();
    let open: Vec<Conflict> = ["p", "q", "r", "s"].map(|path| conflict("a", path, [1, 2])).to_vec();
    own.put(open.clone()).unwrap();
    world.center.update_conflicts(&handler(), None, NONE).unwrap();
    // q was settled by somebody else, r is another than the one that was shown, after s nothing more is wanted.
    own.remove(&handler(), &item("a"), std::slice::from_ref(&open[1].id)).unwrap();
    own.put(vec![conflict("a", "r", [1, 7])]).unwrap();
    let resolved = world
        .center
        .resolve(open.iter().map(|one| decided(one, Choice::KeepRecent)).collect())
        .unwrap()
        .wait();
    let tally = Tally { settled: 2, gone: 1, changed: 1, ..Tally::default() };
    assert_eq!(resolved.tally(), tally);
    assert_eq!(*settler.done.lock().unwrap(), ["p", "s"]);
    let left = world.center.conflicts(&ConflictQuery::default()).unwrap();
    assert_eq!(left, [conflict("a", "r", [1, 7])]);

    // The handler sees for itself that the world has moved on, or wants no more.
    own.put(vec![conflict("a", "t", [1, 2])]).unwrap();
    world.center.update_conflicts(&handler(), None, NONE).unwrap();
    *settler.answers.lock().unwrap() = vec![Feedback::Cancel, Feedback::Refresh];
    let both = world.center.conflicts(&ConflictQuery::default()).unwrap();
    let third = decided(&both[0], Choice::KeepRecent);
    let mut all: Vec<Decided> = both.iter().map(|one| decided(one, Choice::KeepRecent)).collect();
    all.push(third);
    let tally = world.center.resolve(all).unwrap().wait().tally();
    assert_eq!(tally, Tally { changed: 1, settled: 1, not_reached: 1, ..Tally::default() });
}

#[test]
fn all_conflicts_of_a_handler_are_settled_in_one_run_where_it_works_in_sessions() {
    let world = World::new();
    let (keeper, _) = Keeper::new(false, true);
    world.center.register(keeper).unwrap();
    let open = vec![conflict("a", "x", [1, 2]), conflict("b", "y", [2, 1]), conflict("b", "z", [3, 3])];
    world.store.put(open).unwrap();
    let outlook = world.center.outlook(&ConflictQuery::default(), &Choice::KeepRecent).unwrap();
    // A tie is left, and said so.
    assert_eq!((outlook.decided.len(), outlook.left.len()), (2, 1));
    assert!(outlook.left[0].1.contains("newer"));
    let resolved = world.center.resolve(outlook.decided).unwrap().wait();
    assert_eq!(resolved.tally(), Tally { settled: 2, ..Tally::default() });
    assert_eq!((resolved.verdict.runs.len(), resolved.verdict.items.len()), (1, 2));
}

#[test]
fn what_cannot_be_settled_is_refused_in_a_sentence() {
    let world = World::new();
    let (keeper, _) = Keeper::new(false, true);
    world.center.register(keeper).unwrap();
    world.store.put(vec![conflict("a", "x", [1, 2])]).unwrap();
    let refused = |decided| world.center.resolve(decided).err().map(|refusal| refusal.to_string());
    assert!(refused(Vec::new()).unwrap().contains("no conflict"));
    let beyond = decided(&conflict("a", "x", [1, 2]), Choice::KeepOne(7));
    assert!(refused(vec![beyond]).unwrap().contains("version 7"));
    let mut stranger = conflict("a", "x", [1, 2]);
    stranger.handler = HandlerId::new("nobody").unwrap();
    assert!(refused(vec![decided(&stranger, Choice::KeepRecent)]).unwrap().contains("nobody"));
    let of_nobody = ConflictQuery { handler: HandlerId::new("nobody").ok(), ..ConflictQuery::default() };
    assert!(matches!(world.center.conflicts(&of_nobody), Err(Refusal::InvalidArgument(_))));
    // It cannot keep several: that is known before anything is done.
    let outlook = world.center.outlook(&ConflictQuery::default(), &Choice::KeepAll).unwrap();
    assert_eq!((outlook.decided.len(), outlook.left.len()), (0, 1));
}
