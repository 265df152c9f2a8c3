//! The sync center for tests: it runs a handler, asks in a person's place, and names the rules that were broken.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{handler, id};
use syncmgr::flags::HandlerCapabilities;
use syncmgr::handler::{ItemList, NamedItem};
use syncmgr::switches::Switches;
use syncmgr::testing::{Ask, TestCenter, Verdict, What};
use syncmgr::{
    CancelRequest, Handler, HandlerError, HandlerId, ItemContainer, ItemId, Level, NewEvent, Outcome,
    ProgressStatus, Refusal, Request, SessionCreator, SyncCallback,
};

type Work =
    dyn Fn(&[ItemId], &dyn SessionCreator, Option<&Request>) -> Result<(), HandlerError> + Send + Sync;

/// A handler of the items `a` and `b` that does what a test says.
struct Scripted {
    id: HandlerId,
    items: ItemList,
    capabilities: HandlerCapabilities,
    work: Box<Work>,
}

impl Handler for Scripted {
    fn id(&self) -> &HandlerId {
        &self.id
    }
    fn name(&self) -> Result<String, HandlerError> {
        Ok("Scripted".into())
    }
    fn capabilities(&self) -> HandlerCapabilities {
        self.capabilities
    }
    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }
    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        (self.work)(items, creator, request)
    }
}

fn scripted(
    work: impl Fn(&[ItemId], &dyn SessionCreator, Option<&Request>) -> Result<(), HandlerError>
    + Send
    + Sync
    + 'static,
) -> Arc<Scripted> {
    let items = ["a", "b"].map(|name| NamedItem::new(id(name), name)).into_iter().collect();
    Arc::new(Scripted {
        id: handler(),
        items,
        capabilities: HandlerCapabilities::empty(),
        work: Box::new(work),
    })
}

/// A handler that opens a session on what it is given, and works on it as the test says.
fn working(work: impl Fn(&dyn SyncCallback) -> Result<(), Refusal> + Send + Sync + 'static) -> Arc<Scripted> {
    scripted(move |items, creator, _| {
        let session = creator.create_session(&handler(), items)?;
        Ok(work(session.as_ref())?)
    })
}

/// Synchronizes `a` and tells what came of it.
fn verdict_of(work: impl Fn(&dyn SyncCallback) -> Result<(), Refusal> + Send + Sync + 'static) -> Verdict {
    let center = TestCenter::new(working(work));
    center.sync(&[id("a")]).unwrap();
    center.finish()
}

fn say(session: &dyn SyncCallback, item: &str, status: ProgressStatus) -> Result<CancelRequest, Refusal> {
    session.report_progress(&id(item), None, status, 1, 2)
}

/// Steps on until it is told to stop.
fn until_told(session: &dyn SyncCallback, item: &str) -> Result<(), Refusal> {
    for _ in 0..1000 {
        if say(session, item, ProgressStatus::Updating)? != CancelRequest::None {
            return say(session, item, ProgressStatus::Canceled).map(drop);
        }
    }
    say(session, item, ProgressStatus::Succeeded).map(drop)
}

#[test]
fn a_handler_that_keeps_the_rules_is_clean() {
    let verdict = verdict_of(|session| {
        say(session, "a", ProgressStatus::Updating)?;
        say(session, "a", ProgressStatus::Succeeded).map(drop)
    });
    verdict.assert_clean();
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Done);
    assert_eq!(verdict.calls.len(), 3, "create_session and two reports");
}

#[test]
fn every_broken_rule_is_named_by_its_number() {
    type Breaks = fn(&dyn SyncCallback) -> Result<(), Refusal>;
    let breaks: [(&str, Breaks); 10] = [
        ("R1", |s| {
            say(s, "a", ProgressStatus::Succeeded)?;
            let _ = say(s, "a", ProgressStatus::Updating);
            Ok(())
        }),
        ("R2", |_| Ok(())),
        ("R5", |s| {
            s.set_handler_progress_text(&"x".repeat(300))?;
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
        ("R8", |s| {
            s.propose_item(Arc::new(NamedItem::new(id("new"), "new")))?;
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
        ("R8", |s| {
            let _ = s.propose_item(Arc::new(NamedItem::new(id("b"), "known")));
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
        ("R9", |s| {
            let _ = s.add_item_to_session(&id("a"));
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
        ("R10", |s| {
            let _ = say(s, "b", ProgressStatus::Updating);
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
        ("R12", |s| say(s, "a", ProgressStatus::Updating).map(drop)),
        ("R12", |s| {
            say(s, "a", ProgressStatus::Succeeded)?;
            s.end();
            let _ = s.can_continue(None);
            Ok(())
        }),
        ("R16", |s| {
            let _ = s.report_event(NewEvent::new(None, Level::Error, "", "no name"));
            say(s, "a", ProgressStatus::Succeeded).map(drop)
        }),
    ];
    for (rule, work) in breaks {
        let verdict = verdict_of(work);
        let rules: Vec<_> = verdict.violations.iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, [rule], "{:?}", verdict.violations);
    }
}

#[test]
fn a_stop_of_an_item_reaches_that_item_alone() {
    let center = TestCenter::new(working(|session| {
        until_told(session, "a")?;
        say(session, "b", ProgressStatus::Updating)?;
        say(session, "b", ProgressStatus::Succeeded).map(drop)
    }));
    center.when(|call| call.is_progress(&id("a"), ProgressStatus::Updating), Ask::CancelItem(id("a")));
    center.sync_all().unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.item(&id("a")).unwrap().status, ProgressStatus::Canceled);
    assert_eq!(verdict.item(&id("b")).unwrap().status, ProgressStatus::Succeeded);
}

#[test]
fn a_stop_of_everything_can_be_asked_for_before_it_begins() {
    let center = TestCenter::new(working(|session| {
        until_told(session, "a")?;
        until_told(session, "b")
    }));
    center.ask(Ask::CancelAll);
    center.sync_all().unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert!(verdict.runs[0].items.iter().all(|item| item.status == ProgressStatus::Canceled));
}

#[test]
fn a_stop_that_is_not_acknowledged_breaks_r3_and_more_work_after_it_breaks_r4() {
    let center = TestCenter::new(working(|session| {
        say(session, "a", ProgressStatus::Updating)?;
        session.set_handler_progress_text("on and on")?;
        session.add_item_to_session(&id("b"))?;
        say(session, "b", ProgressStatus::Canceled).map(drop)
    }));
    center.when(|call| matches!(call.what, What::Progress { .. }), Ask::CancelAll);
    center.sync(&[id("a")]).unwrap();
    let verdict = center.finish();
    assert!(verdict.broke("R3"));
    assert!(verdict.broke("R4"));
}

#[test]
fn silence_beyond_the_lease_ends_the_session_and_a_longer_lease_does_not() {
    let silent = |lease: Option<Duration>| {
        let center = TestCenter::new(working(move |session| {
            if let Some(lease) = lease {
                session.extend_lease(lease)?;
            }
            say(session, "a", ProgressStatus::Updating)?;
            say(session, "a", ProgressStatus::Succeeded).map(drop)
        }));
        let silence = Ask::Advance(Duration::from_secs(90));
        center.when(|call| call.is_progress(&id("a"), ProgressStatus::Updating), silence);
        center.sync(&[id("a")]).unwrap();
        assert_eq!(center.now(), 90_000);
        center.finish()
    };
    let verdict = silent(None);
    assert!(verdict.broke("R12"));
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Interrupted);
    silent(Some(Duration::from_secs(100))).assert_clean();
}

#[test]
fn what_waits_can_be_taken_into_the_session_and_does_not_run_again() {
    let turns = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&turns);
    let center = TestCenter::new(scripted(move |items, creator, _| {
        seen.lock().unwrap().push(items.to_vec());
        let session = creator.create_session(&handler(), items)?;
        say(session.as_ref(), "a", ProgressStatus::Updating)?;
        for item in session.query_for_additional_items()?.items {
            session.add_item_to_session(&item)?;
            session.report_progress(&item, None, ProgressStatus::Succeeded, 1, 1)?;
        }
        say(session.as_ref(), "a", ProgressStatus::Succeeded)?;
        Ok(())
    }));
    let started = |call: &syncmgr::testing::Call| matches!(call.what, What::CreateSession(_));
    center.when(started, Ask::Start(vec![id("b")], None));
    center.sync(&[id("a")]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(*turns.lock().unwrap(), [vec![id("a")]], "one turn did both");
    assert_eq!(verdict.runs[0].items.len(), 2);
}

#[test]
fn what_nobody_took_runs_afterwards_with_its_opaque_request() {
    let center = TestCenter::new(scripted(|items, creator, request| {
        let session = creator.create_session(&handler(), items)?;
        let text = request.and_then(Request::get::<&str>).copied();
        for item in items {
            session.report_progress(item, text, ProgressStatus::Succeeded, 1, 1)?;
        }
        Ok(())
    }));
    let started = |call: &syncmgr::testing::Call| matches!(call.what, What::CreateSession(_));
    center.when(started, Ask::Start(vec![id("b")], Some(Request::new("undo"))));
    center.sync(&[id("a")]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.runs.len(), 2);
    assert_eq!(verdict.item(&id("b")).unwrap().text, "undo");
}

#[test]
fn an_opaque_request_can_be_taken_with_its_items() {
    let center = TestCenter::new(working(|session| {
        say(session, "a", ProgressStatus::Updating)?;
        let waiting = session.query_for_additional_items()?;
        assert!(waiting.items.is_empty(), "its items are not listed without it");
        for request in &waiting.requests {
            session.add_request_to_session(request)?;
        }
        say(session, "b", ProgressStatus::Succeeded)?;
        say(session, "a", ProgressStatus::Succeeded).map(drop)
    }));
    let started = |call: &syncmgr::testing::Call| matches!(call.what, What::CreateSession(_));
    center.when(started, Ask::Start(vec![id("b")], Some(Request::new(1))));
    center.sync(&[id("a")]).unwrap();
    center.finish().assert_clean();
}

#[test]
fn a_committed_proposal_is_an_item_from_then_on() {
    let center = TestCenter::new(scripted(|items, creator, _| {
        let session = creator.create_session(&handler(), items)?;
        for item in items {
            session.report_progress(item, None, ProgressStatus::Succeeded, 1, 1)?;
        }
        if items.contains(&id("a")) {
            session.propose_item(Arc::new(NamedItem::new(id("new"), "New")))?;
            session.report_progress(&id("new"), None, ProgressStatus::Succeeded, 1, 1)?;
            session.commit_item(&id("new"))?;
        }
        Ok(())
    }));
    assert!(center.sync(&[id("new")]).is_err());
    center.sync(&[id("a")]).unwrap();
    center.sync(&[id("new")]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.adopted, [id("new")]);
}

#[test]
fn one_session_at_a_time_unless_the_handler_says_otherwise() {
    let both = |capabilities| {
        let work = scripted(|_, creator, _| {
            let first = creator.create_session(&handler(), &[id("a")])?;
            let second = creator.create_session(&handler(), &[id("b")])?;
            say(first.as_ref(), "a", ProgressStatus::Succeeded)?;
            say(second.as_ref(), "b", ProgressStatus::Succeeded)?;
            Ok(())
        });
        let work = Arc::into_inner(work).unwrap();
        let center = TestCenter::new(Arc::new(Scripted { capabilities, ..work }));
        center.sync_all().unwrap();
        center.finish()
    };
    assert!(both(HandlerCapabilities::empty()).broke("R15"));
    both(HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS).assert_clean();
}

#[test]
fn a_disabled_or_inactive_handler_is_not_started() {
    let center = TestCenter::new(working(|session| say(session, "a", ProgressStatus::Succeeded).map(drop)));
    for off in [
        Switches { enabled: false, ..Switches::default() },
        Switches { active: false, ..Switches::default() },
        Switches { connected: false, ..Switches::default() },
    ] {
        center.set_switches(off);
        assert!(matches!(center.sync(&[id("a")]), Err(Refusal::AccessDenied(_))));
    }
    center.set_switches(Switches { hidden: true, ..Switches::default() });
    center.sync(&[id("a")]).unwrap();
    center.finish().assert_clean();
}

#[test]
fn a_handler_that_opens_no_session_or_fails_says_so() {
    let center = TestCenter::new(scripted(|_, _, _| Ok(())));
    center.sync_all().unwrap();
    assert!(center.finish().broke("R2"));

    let why = HandlerError::new(syncmgr::ProblemClass::Auth, "the password was refused");
    let fails = why.clone();
    let center = TestCenter::new(scripted(move |_, _, _| Err(fails.clone())));
    center.sync_all().unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.failures, [why]);
}

#[test]
fn an_item_without_a_name_is_named() {
    let items = [NamedItem::new(id("a"), "a"), NamedItem::new(id("nameless"), " ")];
    let work = Arc::into_inner(working(|s| say(s, "a", ProgressStatus::Succeeded).map(drop))).unwrap();
    let center = TestCenter::new(Arc::new(Scripted { items: items.into_iter().collect(), ..work }));
    assert!(matches!(center.sync(&[id("nameless")]), Err(Refusal::AccessDenied(_))));
    center.sync_all().unwrap();
    let verdict = center.finish();
    assert!(verdict.broke("R18"));
    assert_eq!(verdict.runs[0].items.len(), 1, "it is never synchronized");
}

#[test]
#[should_panic(expected = "R2: nothing was reported for item 'a'")]
fn an_unclean_verdict_panics_with_the_rules() {
    verdict_of(|_| Ok(())).assert_clean();
}
