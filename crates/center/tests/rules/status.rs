//! Truthful states: R14, R18 and the headlines, from what is on record.

use std::sync::{Arc, Mutex};

use center::{ConflictQuery, Headline};
use store::Switch;
use syncmgr::conflict::{Conflict, ConflictId, ConflictKind, ConflictLedger};
use syncmgr::flags::ItemPolicies;
use syncmgr::{Level, NewEvent, Outcome, ProblemClass, ProgressStatus, Refusal, SessionCreator, SyncState};

use crate::support::{Actor, Meeting, Prop, SECOND, World, handler, item, succeed, trouble, update};

#[test]
fn r14_the_worst_state_of_its_items_is_the_handlers() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        for item in items {
            if item.as_str() == "b" {
                let _ = callback.report_progress(item, None, ProgressStatus::Failed, 0, 0);
            } else {
                succeed(callback, item);
            }
        }
        there.meet();
        there.meet();
    }));
    let state = || world.center.status().unwrap()[0].state;
    assert_eq!(state(), SyncState::NotRun);
    let a = world.start(&["a"]);
    here.meet();
    let b = world.start(&["b"]);
    assert_eq!(state(), SyncState::Pending);
    here.meet();
    a.wait();
    here.meet();
    assert_eq!((world.item("a").state, world.item("b").state), (SyncState::Idle, SyncState::NotRun));
    here.meet();
    b.wait();
    world.is_idle();
    assert_eq!(state(), SyncState::Error);
    let outside = world.center.create_session(&handler(), &[item("a")]).unwrap();
    update(&outside, &item("a"), 1, 2);
    assert_eq!(state(), SyncState::Syncing);
}

#[test]
fn the_headline_follows_what_runs_came_to_and_survives_the_process() {
    let next = Arc::new(Mutex::new(Outcome::Done));
    let said = Arc::clone(&next);
    let world = World::with(Actor::saying(&["a"], move |_| *said.lock().unwrap()));
    let after = |outcome: Outcome| {
        *next.lock().unwrap() = outcome;
        world.start(&["a"]).wait();
        world.is_idle();
        let again = world.again(Actor::good(&["a"])).item("a").headline;
        assert_eq!(again, world.item("a").headline, "another process says the same");
        again
    };
    assert_eq!(world.item("a").headline, Headline::NeverRun);
    assert_eq!(after(Outcome::Done), Headline::UpToDate);
    assert_eq!(after(Outcome::Gaps), Headline::Gaps);
    assert_eq!(after(Outcome::Failed), Headline::Failed);
    assert_eq!(after(Outcome::SafetyStop), Headline::SafetyStop);
    assert_eq!(after(Outcome::Waiting), Headline::SafetyStop, "waiting does not undo a safety stop");
    assert_eq!(after(Outcome::NeedsDecision), Headline::Conflicts);
    assert_eq!(after(Outcome::Done), Headline::UpToDate);
    assert_eq!(after(Outcome::Waiting), Headline::Waiting);
    assert_eq!(after(Outcome::Disconnected), Headline::Waiting);
    assert_eq!(after(Outcome::Canceled), Headline::Interrupted);
}

#[test]
fn a_run_with_errors_is_not_green_and_does_not_move_the_last_good_run() {
    let errors = Arc::new(Mutex::new(false));
    let reports = Arc::clone(&errors);
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        if *reports.lock().unwrap() {
            callback.report_event(NewEvent::new(Some(&items[0]), Level::Error, "line", "text")).unwrap();
        }
        succeed(callback, &items[0]);
    }));
    let good = world.start(&["a"]).wait().runs[0];
    world.clock.advance(SECOND);
    *errors.lock().unwrap() = true;
    let bad = world.start(&["a"]).wait().runs[0];
    world.is_idle();
    let status = world.item("a");
    assert_eq!((status.headline, status.errors, status.state), (Headline::Gaps, 1, SyncState::Error));
    assert_eq!(status.last_good, Some((good, 1_000_000)));
    assert_eq!(status.last_run.unwrap().run, bad);
}

#[test]
fn an_item_is_overdue_when_its_last_good_run_is_too_long_ago() {
    let world = World::with(Actor::good(&["a"]));
    world.schedule("a", "overdue = '60s'");
    world.start(&["a"]).wait();
    world.clock.advance(60 * SECOND);
    assert_eq!(world.item("a").headline, Headline::UpToDate);
    assert_eq!(world.item("a").overdue_since, None);
    world.clock.advance(SECOND);
    assert_eq!(world.item("a").headline, Headline::Overdue);
    assert_eq!(world.item("a").overdue_since, Some(1_060_000));
    world.start(&["a"]).wait();
    assert_eq!(world.item("a").headline, Headline::UpToDate);
    world.schedule("a", "overdue = 'never'");
    world.clock.advance(3600 * SECOND);
    assert_eq!(world.item("a").headline, Headline::UpToDate);
}

#[test]
fn green_needs_a_clean_run_since_the_daemon_was_started() {
    let world = World::with(Actor::good(&["a"]));
    world.start(&["a"]).wait();
    world.clock.advance(SECOND);
    world.center.set_trusted_since(Some(1_000_500));
    assert_eq!(world.item("a").headline, Headline::Waiting);
    world.start(&["a"]).wait();
    assert_eq!(world.item("a").headline, Headline::UpToDate);
}

#[test]
fn working_never_hides_what_is_wrong() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        callback.report_progress(&items[0], None, ProgressStatus::Failed, 0, 0).unwrap();
    }));
    let first = world.start(&["a"]);
    here.meet();
    here.meet();
    first.wait();
    let second = world.start(&["a"]);
    here.meet();
    let status = world.item("a");
    assert_eq!((status.headline, status.state), (Headline::Failed, SyncState::Syncing));
    assert_eq!(status.working.unwrap().progress.percent(), Some(50));
    here.meet();
    second.wait();
}

#[test]
fn open_conflicts_are_counted_for_the_item_and_for_the_verdict() {
    let world = World::new();
    let ledger = Arc::clone(&world.store);
    world
        .center
        .register(Arc::new(Actor::in_session(&["a", "b"], move |items, callback| {
            let conflict = |path: &[u8]| Conflict {
                id: ConflictId(path.to_vec()),
                handler: handler(),
                item: items[0].clone(),
                kind: ConflictKind::EditEdit,
                path: path.to_vec(),
                detected: 1,
                versions: Vec::new(),
            };
            ledger.replace(&handler(), &items[0], vec![conflict(b"x"), conflict(b"y")]).unwrap();
            items.iter().for_each(|item| succeed(callback, item));
        })))
        .unwrap();
    assert_eq!(world.start(&["a", "b"]).wait().result.conflicts, 2);
    let status = world.item("a");
    assert_eq!((status.conflicts, status.headline), (2, Headline::Conflicts));
    assert_eq!(world.item("b").headline, Headline::UpToDate);
    assert_eq!(
        world.center.conflicts(&ConflictQuery::all_of(&handler(), Some(&item("a")))).unwrap().len(),
        2
    );
    assert_eq!(world.center.conflicts(&ConflictQuery::all_of(&handler(), None)).unwrap().len(), 2);
}

#[test]
fn a_paused_item_says_so_until_the_pause_is_over() {
    let world = World::with(Actor::good(&["a"]));
    world.start(&["a"]).wait();
    world.store.set_switch(&handler(), Some(&item("a")), Switch::PausedUntil(Some(1_001_000)), 0).unwrap();
    assert_eq!(world.item("a").headline, Headline::Paused);
    world.clock.advance(SECOND);
    assert_eq!(world.item("a").headline, Headline::UpToDate);
}

#[test]
fn r18_what_has_no_name_is_hidden_and_never_synchronized_and_failing_info_means_defaults() {
    let nameless = Prop { name: Ok("  ".into()), ..Prop::new("nameless") };
    let failing = Prop { name: Err(trouble("no idea")), ..Prop::new("failing") };
    let shy = Prop { info: Err(trouble("no idea")), ..Prop::new("shy") };
    let actor = Actor::good(&[]).prop(nameless).prop(failing).prop(shy);
    let world = World::with(actor);
    for id in ["nameless", "failing"] {
        let status = world.item(id);
        assert!(status.switches.hidden);
        assert!(status.refusal.unwrap().contains("name"));
        let refused = world.center.start(
            &handler(),
            Some(&[item(id)]),
            None,
            syncmgr::flags::SyncControlFlags::empty(),
        );
        assert!(matches!(refused, Err(Refusal::AccessDenied(_))));
        assert!(world.center.create_session(&handler(), &[item(id)]).is_err());
    }
    let status = world.item("shy");
    assert!(status.switches.enabled && status.switches.connected && !status.switches.hidden);
    // All of the handler means all that may be.
    let all =
        world.center.start(&handler(), None, None, syncmgr::flags::SyncControlFlags::empty()).unwrap().wait();
    assert_eq!(all.items.iter().map(|end| end.item.as_str()).collect::<Vec<_>>(), ["shy"]);

    let mut actor = Actor::good(&["a"]);
    actor.name = String::new();
    actor.id = syncmgr::HandlerId::new("nobody").unwrap();
    let world = World::with(actor);
    let status = &world.center.status().unwrap()[0];
    assert!(status.switches.hidden && status.refusal.is_some());
}

#[test]
fn hidden_by_default_counts_only_the_first_time() {
    let shy = || Prop { policies: ItemPolicies::HIDDEN_BY_DEFAULT, ..Prop::new("shy") };
    let world = World::with(Actor::good(&[]).prop(shy()));
    assert!(world.item("shy").switches.hidden);
    world.store.set_switch(&handler(), Some(&item("shy")), Switch::Hidden(false), 0).unwrap();
    assert!(!world.again(Actor::good(&[]).prop(shy())).item("shy").switches.hidden);
}

#[test]
fn a_problem_is_told_with_its_class() {
    let world = World::with(Actor::new(&["a"], |_, _, _| Err(trouble("The net is down."))));
    world.start(&["a"]).wait();
    let last = world.item("a").last_run.unwrap();
    assert_eq!(last.result.problem.unwrap().class, ProblemClass::Transient);
}
