//! The rules of a session (R1 to R4, R6 to R13), one by one.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{begin, end, id, is_invalid, session};
use syncmgr::handler::NamedItem;
use syncmgr::session::{EndReason, LEASE, MAX_LEASE, Progress};
use syncmgr::{
    CancelRequest, Counts, Level, Outcome, Phase, Problem, ProblemClass, ProgressStatus, Refusal, RunId,
    Session, Stops,
};

const COMPLETE: [ProgressStatus; 3] =
    [ProgressStatus::Succeeded, ProgressStatus::Failed, ProgressStatus::Canceled];

// ---- R1 ------------------------------------------------------------------------------------------------------------

#[test]
fn r1_after_completion_anything_but_failed_is_refused_and_fails_the_item() {
    for last in COMPLETE {
        for late in ProgressStatus::ALL.iter().copied().filter(|late| *late != ProgressStatus::Failed) {
            let (session, a) = begin();
            session.report_progress(1, &a, None, last, 1, 1).unwrap();
            let refused = session.report_progress(2, &a, None, late, 1, 1).unwrap_err();
            assert_eq!(refused.hresult(), 0x8007_0005, "{last:?} then {late:?}: {refused}");
            assert_eq!(session.item(&a).unwrap().status, Some(ProgressStatus::Failed));

            let ended = end(&session);
            assert_eq!(ended.items[0].status, ProgressStatus::Failed);
            assert_eq!(ended.items[0].outcome, Outcome::Failed);
            assert_eq!(ended.items[0].broken_by, Some(late));
            assert_eq!(ended.events.len(), 1, "a broken rule is an event");
            assert_eq!(ended.events[0].level, Level::Error);
        }
    }
}

#[test]
fn r1_every_completion_can_still_be_turned_into_a_failure() {
    for last in COMPLETE {
        let (session, a) = begin();
        session.report_progress(1, &a, None, last, 1, 1).unwrap();
        session.report_progress(2, &a, Some("no room"), ProgressStatus::Failed, 0, 0).unwrap();
        let ended = end(&session);
        assert_eq!(ended.items[0].status, ProgressStatus::Failed);
        assert_eq!(ended.items[0].text, "no room");
        assert_eq!(ended.items[0].broken_by, None);
        assert!(ended.events.is_empty(), "{last:?} and then failed is allowed");
    }
}

#[test]
fn r1_only_succeeded_failed_and_canceled_complete() {
    for status in ProgressStatus::ALL.iter().copied() {
        let (session, a) = begin();
        session.report_progress(1, &a, None, status, 1, 2).unwrap();
        let goes_on = session.report_progress(2, &a, None, ProgressStatus::Updating, 2, 2).is_ok();
        assert_eq!(goes_on, !COMPLETE.contains(&status), "{status:?}");
        assert_eq!(status.completes(), COMPLETE.contains(&status));
    }
}

#[test]
fn r1_a_phase_after_completion_is_refused_and_changes_nothing() {
    let (session, a) = begin();
    session.report_phase(1, &a, Phase::Moving).unwrap();
    session.report_progress(2, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    assert!(matches!(session.report_phase(3, &a, Phase::Finishing), Err(Refusal::AccessDenied(_))));
    assert_eq!(session.item(&a).unwrap().phase, Some(Phase::Moving));
    assert_eq!(end(&session).items[0].status, ProgressStatus::Succeeded);
}

#[test]
fn r1_an_outcome_after_completion_can_only_become_worse() {
    let (session, a) = begin();
    let tell = |outcome| session.report_outcome(2, &a, outcome, Counts::default(), None);
    tell(Outcome::NeedsDecision).unwrap();
    session.report_progress(1, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    assert!(matches!(tell(Outcome::Done), Err(Refusal::AccessDenied(_))));
    assert_eq!(session.item(&a).unwrap().outcome, Some(Outcome::NeedsDecision));
    tell(Outcome::Gaps).unwrap();
    assert_eq!(end(&session).items[0].outcome, Outcome::Gaps);
}

#[test]
fn r1_the_final_status_has_the_last_word_over_the_outcome() {
    let of = Outcome::of;
    assert_eq!(of(ProgressStatus::Succeeded, None), Outcome::Done);
    assert_eq!(of(ProgressStatus::Succeeded, Some(Outcome::NeedsDecision)), Outcome::NeedsDecision);
    assert_eq!(of(ProgressStatus::Failed, None), Outcome::Failed);
    assert_eq!(of(ProgressStatus::Failed, Some(Outcome::Done)), Outcome::Failed);
    assert_eq!(of(ProgressStatus::Failed, Some(Outcome::Gaps)), Outcome::Gaps);
    assert_eq!(of(ProgressStatus::Failed, Some(Outcome::SafetyStop)), Outcome::SafetyStop);
    assert_eq!(of(ProgressStatus::Canceled, Some(Outcome::Done)), Outcome::Canceled);
    assert_eq!(of(ProgressStatus::Canceled, Some(Outcome::Gaps)), Outcome::Gaps);
    assert_eq!(of(ProgressStatus::Canceled, Some(Outcome::Waiting)), Outcome::Waiting);
    assert_eq!(of(ProgressStatus::Disconnected, Some(Outcome::Done)), Outcome::Disconnected);
    assert_eq!(of(ProgressStatus::Disconnected, Some(Outcome::Waiting)), Outcome::Waiting);
}

// ---- R2 ------------------------------------------------------------------------------------------------------------

#[test]
fn r2_an_item_about_which_nothing_was_said_is_failed_whatever_ended_the_session() {
    for reason in [
        EndReason::Ended,
        EndReason::Returned,
        EndReason::Dropped,
        EndReason::LeaseExpired,
        EndReason::Shutdown,
    ] {
        let session = session(&["a", "b"]);
        session.report_progress(1, &id("a"), None, ProgressStatus::Succeeded, 1, 1).unwrap();
        let ended = session.end(2, reason).unwrap();
        assert_eq!(ended.items[0].status, ProgressStatus::Succeeded);
        assert_eq!(ended.items[1].status, ProgressStatus::Failed);
        assert_eq!(ended.items[1].outcome, Outcome::Failed);
        assert!(ended.items[1].problem.as_ref().unwrap().text.contains("no result"));
        assert_eq!(ended.events.len(), 1);
        assert_eq!(ended.events[0].name, "No result");
        assert_eq!(ended.events[0].level, Level::Error);
        assert_eq!(ended.events[0].item, Some(id("b")));
        assert_eq!(ended.result.status, ProgressStatus::Failed);
    }
}

#[test]
fn r2_a_stop_does_not_excuse_an_item_from_its_last_word() {
    let session = session(&["a", "b"]);
    session.cancel_all();
    session.report_progress(1, &id("a"), None, ProgressStatus::Canceled, 0, 0).unwrap();
    let ended = end(&session);
    assert_eq!(ended.items[0].status, ProgressStatus::Canceled);
    assert_eq!(ended.items[1].status, ProgressStatus::Failed);
}

// ---- R3, R4 --------------------------------------------------------------------------------------------------------

#[test]
fn r3_a_cancel_of_an_item_is_in_every_answer_until_it_is_acknowledged() {
    let session = session(&["a", "b"]);
    let (a, b) = (id("a"), id("b"));
    let report = |item, status| session.report_progress(1, item, None, status, 1, 9).unwrap();
    assert_eq!(report(&a, ProgressStatus::Updating), CancelRequest::None);
    assert!(session.cancel_item(&a));
    for _ in 0..3 {
        assert_eq!(report(&a, ProgressStatus::Updating), CancelRequest::Item);
        assert_eq!(report(&a, ProgressStatus::Disconnected), CancelRequest::Item);
        assert_eq!(session.report_phase(1, &a, Phase::Moving), Ok(CancelRequest::Item));
        assert_eq!(session.can_continue(Some(&a)), Ok(false));
        assert_eq!(session.item(&a).unwrap().cancel, CancelRequest::Item);
        assert_eq!(
            report(&b, ProgressStatus::Updating),
            CancelRequest::None,
            "it belongs to that item alone"
        );
        assert_eq!(session.can_continue(Some(&b)), Ok(true));
        assert_eq!(session.can_continue(None), Ok(true));
    }
    assert_eq!(report(&a, ProgressStatus::Canceled), CancelRequest::None);
    assert_eq!(session.can_continue(Some(&a)), Ok(true), "acknowledged");
    assert_eq!(session.item(&a).unwrap().cancel, CancelRequest::None);
}

#[test]
fn r3_a_stop_of_everything_comes_back_until_every_item_has_acknowledged_it() {
    let session = session(&["a", "b", "c"]);
    let report = |item, status| session.report_progress(1, &id(item), None, status, 0, 0).unwrap();
    report("c", ProgressStatus::Succeeded);
    assert_eq!(session.cancel_all(), 2, "what is complete is not waited for");
    assert_eq!(report("a", ProgressStatus::Updating), CancelRequest::All);
    assert_eq!(session.set_handler_progress_text(1, "stopping"), Ok(CancelRequest::All));
    assert_eq!(report("a", ProgressStatus::Canceled), CancelRequest::All, "b does not know yet");
    assert_eq!(report("b", ProgressStatus::Updating), CancelRequest::All);
    assert_eq!(session.can_continue(None), Ok(false));
    assert_eq!(report("b", ProgressStatus::Canceled), CancelRequest::None);
    assert_eq!(session.can_continue(None), Ok(true));
    assert_eq!(session.set_handler_progress_text(1, ""), Ok(CancelRequest::None));
}

#[test]
fn r3_stops_can_be_passed_on_without_counting_as_a_word_of_the_handler() {
    let session = session(&["a", "b"]);
    assert_eq!(session.stops(), Stops::default());
    session.cancel_item(&id("a"));
    assert_eq!(session.stops(), Stops { items: vec![id("a")], ..Stops::default() });
    session.cancel_all();
    assert!(session.stops().all);
    for item in ["a", "b"] {
        session.report_progress(1, &id(item), None, ProgressStatus::Canceled, 0, 0).unwrap();
    }
    assert_eq!(session.stops(), Stops::default());
    let lease = session.lease_end();
    session.stops();
    assert_eq!(session.lease_end(), lease);
    assert!(session.expire(lease + 1).is_some());
    assert!(session.stops().ended);
}

#[test]
fn r3_any_completion_settles_the_request() {
    for last in COMPLETE {
        let (session, a) = begin();
        session.cancel_item(&a);
        session.cancel_all();
        assert_eq!(session.report_progress(1, &a, None, last, 1, 1), Ok(CancelRequest::None));
        assert!(!session.is_stopping());
        assert!(!session.cancel_item(&a), "there is nothing left to stop");
        assert!(!end(&session).items[0].canceled);
    }
}

#[test]
fn r3_a_request_that_was_never_acknowledged_shows_in_the_end() {
    let session = session(&["a", "b"]);
    session.report_progress(1, &id("a"), None, ProgressStatus::Updating, 1, 2).unwrap();
    session.report_progress(1, &id("b"), None, ProgressStatus::Updating, 1, 2).unwrap();
    session.cancel_item(&id("a"));
    let ended = end(&session);
    assert!(ended.items[0].canceled);
    assert!(!ended.items[1].canceled);
}

#[test]
fn r3_a_stop_when_nothing_is_open_stands_until_the_end() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    assert_eq!(session.cancel_all(), 0);
    assert_eq!(session.can_continue(None), Ok(false));
}

#[test]
fn r3_an_item_that_is_added_while_everything_stops_must_acknowledge_too() {
    let (session, a) = begin();
    session.cancel_all();
    session.add_item(1, &id("b"), true).unwrap();
    session.report_progress(2, &a, None, ProgressStatus::Canceled, 0, 0).unwrap();
    assert_eq!(session.can_continue(Some(&id("b"))), Ok(false));
    session.report_progress(3, &id("b"), None, ProgressStatus::Canceled, 0, 0).unwrap();
    assert_eq!(session.can_continue(None), Ok(true));
}

#[test]
fn r4_no_item_asks_about_the_whole_handler_and_a_stop_of_it_stops_every_item() {
    let session = session(&["a", "b"]);
    assert_eq!(session.can_continue(None), Ok(true));
    session.cancel_item(&id("a"));
    assert_eq!(session.can_continue(None), Ok(true), "one item is not the handler");
    session.cancel_all();
    assert_eq!(session.can_continue(None), Ok(false));
    assert_eq!(session.can_continue(Some(&id("a"))), Ok(false));
    assert_eq!(session.can_continue(Some(&id("b"))), Ok(false));
    assert_eq!(session.item(&id("a")).unwrap().cancel, CancelRequest::All, "all is more than one");
}

// ---- R6, R7 --------------------------------------------------------------------------------------------------------

#[test]
fn r6_odd_steps_make_a_bar_that_makes_sense() {
    use ProgressStatus::{Canceled, Disconnected, Failed, Succeeded, Updating, UpdatingIndeterminate};
    let of = |status, step, max| Progress::of(Some(status), step, max);
    assert_eq!(Progress::of(None, 5, 10), Progress::Waiting);
    assert_eq!(of(Updating, 0, 10), Progress::Percent(0));
    assert_eq!(of(Updating, 999, 1000), Progress::Percent(99), "100 only at the last step");
    assert_eq!(of(Updating, 10, 10), Progress::Percent(100));
    assert_eq!(of(Updating, 11, 10), Progress::Percent(100), "current above maximum");
    assert_eq!(of(Updating, 3, 0), Progress::Indeterminate, "zero maximum while updating");
    assert_eq!(of(UpdatingIndeterminate, 3, 10), Progress::Indeterminate);
    assert_eq!(of(Succeeded, 1, 10), Progress::Percent(100));
    assert_eq!(of(Failed, 0, 0), Progress::Percent(0), "harmless at the end");
    assert_eq!(of(Canceled, 5, 10), Progress::Percent(50));
    assert_eq!(of(Disconnected, 5, 10), Progress::Percent(50));
    assert_eq!(of(Updating, u64::MAX, u64::MAX), Progress::Percent(100));
    assert_eq!(of(Updating, u64::MAX / 2, u64::MAX), Progress::Percent(49));
}

#[test]
fn r6_the_maximum_may_change_and_steps_may_go_back() {
    let (session, a) = begin();
    let percent = |step, max| {
        session.report_progress(1, &a, None, ProgressStatus::Updating, step, max).unwrap();
        session.item(&a).unwrap().progress.percent()
    };
    assert_eq!(percent(5, 10), Some(50));
    assert_eq!(percent(5, 100), Some(5));
    assert_eq!(percent(2, 100), Some(2));
    assert_eq!(percent(2, 1), Some(100));
}

#[test]
fn r6_a_last_word_without_steps_leaves_the_bar_where_it_was() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Updating, 5, 10).unwrap();
    session.report_progress(2, &a, None, ProgressStatus::Canceled, 0, 0).unwrap();
    assert_eq!(session.item(&a).unwrap().progress, Progress::Percent(50));
    assert_eq!(end(&session).items[0].progress, Progress::Percent(50));
}

#[test]
fn r7_an_item_of_two_sessions_is_shown_as_indeterminate() {
    let half = Progress::Percent(50);
    assert_eq!(Progress::of_sessions([]), Progress::Waiting);
    assert_eq!(Progress::of_sessions([half]), half);
    assert_eq!(Progress::of_sessions([half, half]), Progress::Indeterminate);
    assert_eq!(Progress::of_sessions([Progress::Waiting, half, half]), Progress::Indeterminate);
}

// ---- R8, R9 --------------------------------------------------------------------------------------------------------

fn named(text: &str) -> Arc<NamedItem> {
    Arc::new(NamedItem::new(id(text), text))
}

#[test]
fn r8_a_proposed_item_is_invisible_until_committed() {
    let (session, _) = begin();
    let new = id("new");
    session.propose_item(1, named("new"), false).unwrap();
    session.report_progress(2, &new, None, ProgressStatus::Updating, 1, 2).unwrap();
    assert_eq!(session.item(&new), None);
    assert!(!session.contains(&new));
    assert_eq!(session.snapshot().items.len(), 1);
    assert!(session.changes().iter().all(|view| view.id != new));

    let adopted = session.commit_item(3, &new).unwrap();
    assert_eq!(adopted.id(), &new);
    assert_eq!(session.item(&new).unwrap().progress, Progress::Percent(50));
    assert!(session.changes().iter().any(|view| view.id == new));
    session.report_progress(4, &new, None, ProgressStatus::Succeeded, 2, 2).unwrap();
    let ended = end(&session);
    assert_eq!(ended.items.len(), 2);
    assert!(ended.dropped.is_empty());
}

#[test]
fn r8_a_known_id_cannot_be_proposed() {
    let (session, _) = begin();
    assert!(is_invalid(session.propose_item(1, named("of-handler"), true)));
    assert!(is_invalid(session.propose_item(1, named("a"), false)), "it is in the session");
    assert!(is_invalid(session.propose_item(1, named("A"), false)), "case does not make another ID");
    session.propose_item(1, named("new"), false).unwrap();
    assert!(is_invalid(session.propose_item(1, named("new"), false)), "proposed twice");
}

#[test]
fn r8_only_a_proposed_item_can_be_committed_and_only_once() {
    let (session, a) = begin();
    assert!(is_invalid(session.commit_item(1, &id("never"))));
    assert!(is_invalid(session.commit_item(1, &a)));
    session.propose_item(1, named("new"), false).unwrap();
    session.commit_item(2, &id("new")).unwrap();
    assert!(is_invalid(session.commit_item(3, &id("new"))));
}

#[test]
fn r8_a_proposal_that_was_not_committed_is_dropped_with_an_information() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    session.propose_item(1, named("new"), false).unwrap();
    session.report_progress(2, &id("new"), None, ProgressStatus::Succeeded, 1, 1).unwrap();
    let ended = end(&session);
    assert_eq!(ended.dropped, [id("new")]);
    assert_eq!(ended.items.len(), 1, "it is no item of the run");
    assert_eq!(ended.events.len(), 1);
    assert_eq!(ended.events[0].level, Level::Information);
    assert_eq!(ended.result.status, ProgressStatus::Succeeded);
}

#[test]
fn r8_a_stop_waits_for_a_proposed_item_from_its_first_report_on() {
    let (session, a) = begin();
    session.propose_item(1, named("idle"), false).unwrap();
    session.propose_item(1, named("busy"), false).unwrap();
    session.report_progress(2, &id("busy"), None, ProgressStatus::Updating, 1, 2).unwrap();
    assert_eq!(session.cancel_all(), 2);
    session.report_progress(3, &a, None, ProgressStatus::Canceled, 0, 0).unwrap();
    assert_eq!(
        session.report_progress(4, &id("busy"), None, ProgressStatus::Updating, 1, 2),
        Ok(CancelRequest::All)
    );
    session.report_progress(5, &id("busy"), None, ProgressStatus::Canceled, 0, 0).unwrap();
    assert_eq!(session.can_continue(None), Ok(true));
}

#[test]
fn r9_an_added_item_owes_a_last_word_and_cannot_be_added_again() {
    let (session, a) = begin();
    assert!(is_invalid(session.add_item(1, &a, true)), "it is in the session already");
    session.add_item(1, &id("late"), true).unwrap();
    assert!(is_invalid(session.add_item(2, &id("LATE"), true)));
    session.report_progress(3, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    let ended = end(&session);
    assert_eq!(ended.items[1].item, id("late"));
    assert_eq!(ended.items[1].status, ProgressStatus::Failed, "nothing was said about it (R2)");
}

// ---- R10 -----------------------------------------------------------------------------------------------------------

#[test]
fn r10_an_unknown_item_is_an_invalid_argument_and_changes_nothing() {
    let (session, _) = begin();
    let x = id("x");
    let before = session.snapshot();
    assert!(is_invalid(session.report_progress(1, &x, Some("t"), ProgressStatus::Failed, 1, 1)));
    assert!(is_invalid(session.report_phase(1, &x, Phase::Looking)));
    assert!(is_invalid(session.report_outcome(1, &x, Outcome::Done, Counts::default(), None)));
    assert!(is_invalid(session.can_continue(Some(&x))));
    assert!(is_invalid(session.add_item(1, &x, false)), "an item of another handler");
    assert!(!session.cancel_item(&x));
    assert_eq!(session.snapshot(), before);
    assert_eq!(session.open_items(), 1);
}

#[test]
fn r10_a_status_out_of_range_is_an_invalid_argument() {
    for number in [0, 7, u32::MAX] {
        assert_eq!(ProgressStatus::from_number(number).unwrap_err().hresult(), 0x8007_0057);
    }
    assert!(is_invalid(Session::new(RunId(1), common::handler(), &[], 0)), "a session of nothing");
}

// ---- R11 -----------------------------------------------------------------------------------------------------------

#[test]
fn r11_disconnected_does_not_complete_an_item() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Disconnected, 1, 2).unwrap();
    assert_eq!(session.item(&a).unwrap().outcome, None);
    session.report_progress(2, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    session.report_progress(3, &a, None, ProgressStatus::Succeeded, 2, 2).unwrap();
    assert_eq!(end(&session).items[0].outcome, Outcome::Done);
}

#[test]
fn r11_disconnected_as_the_last_word_ends_disconnected() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Disconnected, 1, 2).unwrap();
    let ended = end(&session);
    assert_eq!(ended.items[0].status, ProgressStatus::Disconnected);
    assert_eq!(ended.items[0].outcome, Outcome::Disconnected);
    assert_eq!(ended.result.status, ProgressStatus::Disconnected);
    assert!(ended.events.is_empty(), "not failed, not interrupted");
}

// ---- R12 -----------------------------------------------------------------------------------------------------------

const LEASE_MS: i64 = 60_000;

#[test]
fn r12_an_item_that_was_begun_and_not_completed_is_interrupted() {
    let (session, a) = begin();
    session.report_progress(1, &a, Some("half way"), ProgressStatus::Updating, 1, 2).unwrap();
    let ended = session.end(2, EndReason::Dropped).unwrap();
    assert_eq!(ended.items[0].outcome, Outcome::Interrupted);
    assert_eq!(
        ended.items[0].status,
        ProgressStatus::Failed,
        "for those who know only the original's numbers"
    );
    assert_eq!(ended.items[0].text, "half way");
    assert_eq!(ended.events[0].name, "Interrupted");
    assert_eq!(ended.events[0].level, Level::Warning);
}

#[test]
fn r12_an_interruption_does_not_make_a_worse_outcome_better() {
    for (said, comes_to) in [
        (Outcome::Done, Outcome::Interrupted),
        (Outcome::Gaps, Outcome::Gaps),
        (Outcome::SafetyStop, Outcome::SafetyStop),
    ] {
        let (session, a) = begin();
        session.report_outcome(1, &a, said, Counts::default(), None).unwrap();
        let ended = end(&session);
        assert_eq!(ended.items[0].outcome, comes_to);
        assert_eq!(ended.events[0].name, "Interrupted");
    }
}

#[test]
fn r12_a_session_ends_once_and_refuses_everything_afterwards() {
    let (session, a) = begin();
    assert!(session.end(1, EndReason::Ended).is_some());
    assert!(session.end(2, EndReason::Dropped).is_none());
    assert!(session.expire(i64::MAX).is_none());
    assert!(session.is_ended());
    let ended = Refusal::Ended;
    assert_eq!(session.report_progress(3, &a, None, ProgressStatus::Failed, 0, 0), Err(ended.clone()));
    assert_eq!(session.set_handler_progress_text(3, "t"), Err(ended.clone()));
    assert_eq!(session.can_continue(None), Err(ended.clone()));
    assert_eq!(session.can_continue(Some(&id("x"))), Err(ended.clone()));
    assert_eq!(session.add_item(3, &id("x"), true), Err(ended.clone()));
    assert_eq!(session.propose_item(3, named("x"), false), Err(ended.clone()));
    assert_eq!(session.commit_item(3, &a).map(drop), Err(ended.clone()));
    assert_eq!(session.report_manual_sync(3), Err(ended.clone()));
    assert_eq!(session.report_phase(3, &a, Phase::Moving), Err(ended.clone()));
    assert_eq!(session.extend_lease(3, LEASE), Err(ended.clone()));
    assert_eq!(session.word(3), Err(ended));
    assert!(!session.cancel_item(&a));
}

#[test]
fn r12_silence_for_longer_than_the_lease_ends_the_session() {
    let (session, a) = begin();
    session.report_progress(1000, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    assert_eq!(session.lease_end(), 1000 + LEASE_MS);
    assert!(session.expire(1000 + LEASE_MS).is_none());
    let ended = session.expire(1001 + LEASE_MS).unwrap();
    assert_eq!(ended.reason, EndReason::LeaseExpired);
    assert_eq!(ended.at, 1001 + LEASE_MS);
    assert_eq!(ended.items[0].outcome, Outcome::Interrupted);
}

#[test]
fn r12_every_word_renews_the_lease() {
    type Word = fn(&Session, i64);
    let words: [(&str, Word); 7] = [
        ("progress", |s, now| {
            s.report_progress(now, &id("a"), None, ProgressStatus::Updating, 1, 2).map(drop).unwrap();
        }),
        ("text", |s, now| s.set_handler_progress_text(now, "t").map(drop).unwrap()),
        ("phase", |s, now| s.report_phase(now, &id("a"), Phase::Moving).map(drop).unwrap()),
        ("manual", |s, now| s.report_manual_sync(now).unwrap()),
        ("word", |s, now| s.word(now).unwrap()),
        ("refused", |s, now| assert!(s.report_phase(now, &id("x"), Phase::Moving).is_err())),
        ("can continue", |s, now| {
            s.can_continue(None).map(drop).unwrap();
            assert!(s.expire(now).is_none(), "it is noticed at the next look");
        }),
    ];
    for (name, word) in words {
        let (session, _) = begin();
        word(&session, LEASE_MS);
        assert!(session.expire(2 * LEASE_MS).is_none(), "{name}");
        assert!(session.expire(2 * LEASE_MS + 1).is_some(), "{name}");
    }
}

#[test]
fn r12_a_longer_lease_is_leave_to_be_silent_once() {
    let (session, a) = begin();
    session.extend_lease(0, Duration::from_secs(600)).unwrap();
    session.report_progress(1, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    assert!(session.expire(600_000).is_none());
    session.report_progress(600_000, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    assert!(session.expire(600_000 + LEASE_MS).is_none());
    assert!(session.expire(600_001 + LEASE_MS).is_some());
}

#[test]
fn r12_no_lease_is_endless() {
    let (session, _) = begin();
    session.extend_lease(0, Duration::MAX).unwrap();
    let longest = i64::try_from(MAX_LEASE.as_millis()).unwrap();
    assert!(session.expire(longest).is_none());
    assert!(session.expire(longest + 1).is_some());
}

#[test]
fn r12_a_clock_that_jumps_back_takes_no_lease_away() {
    let (session, a) = begin();
    session.report_progress(100_000, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    session.report_progress(5, &a, None, ProgressStatus::Updating, 1, 2).unwrap();
    assert!(session.expire(100_000 + LEASE_MS).is_none());
}

#[test]
fn r12_a_problem_in_the_handlers_words_is_kept() {
    let (session, a) = begin();
    let problem = Problem::new(ProblemClass::Space, "the disk is full").with_fix("make room");
    session.report_outcome(1, &a, Outcome::Failed, Counts::default(), Some(problem.clone())).unwrap();
    session.report_progress(2, &a, None, ProgressStatus::Failed, 0, 0).unwrap();
    assert_eq!(end(&session).items[0].problem, Some(problem));
}

// ---- R13 -----------------------------------------------------------------------------------------------------------

#[test]
fn r13_a_run_that_was_started_by_hand_outside_says_so() {
    let (session, _) = begin();
    assert!(!session.snapshot().manual);
    session.report_manual_sync(1).unwrap();
    assert!(session.snapshot().manual);
    assert!(end(&session).manual);
    assert!(!end(&begin().0).manual);
}
