//! The rules of a session, one by one.

mod common;

use common::{begin, id};
use syncmgr::session::EndReason;
use syncmgr::{CancelRequest, Outcome, ProgressStatus, Refusal};

#[test]
fn r1_after_completion_only_failed_is_accepted_and_anything_else_fails_the_item() {
    for last in [ProgressStatus::Succeeded, ProgressStatus::Failed, ProgressStatus::Canceled] {
        let (session, a) = begin();
        session.report_progress(1, &a, None, last, 1, 1).unwrap();
        session.report_progress(2, &a, None, ProgressStatus::Failed, 0, 0).unwrap();

        for late in [
            ProgressStatus::Updating,
            ProgressStatus::UpdatingIndeterminate,
            ProgressStatus::Succeeded,
            ProgressStatus::Canceled,
            ProgressStatus::Disconnected,
        ] {
            let (session, a) = begin();
            session.report_progress(1, &a, None, last, 1, 1).unwrap();
            let refused = session.report_progress(2, &a, None, late, 1, 1).unwrap_err();
            assert!(matches!(refused, Refusal::AccessDenied(_)), "{last:?} then {late:?}: {refused:?}");
            let ended = session.end(3, EndReason::Ended).unwrap();
            assert_eq!(ended.items[0].status, ProgressStatus::Failed);
            assert_eq!(ended.items[0].outcome, Outcome::Failed);
            assert_eq!(ended.items[0].broken_by, Some(late));
            assert_eq!(ended.events.len(), 1, "a broken rule is an event");
        }
    }
}

#[test]
fn r1_a_success_can_still_be_turned_into_a_failure() {
    let (session, a) = begin();
    session.report_progress(1, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    assert_eq!(
        session.report_progress(2, &a, Some("late"), ProgressStatus::Failed, 0, 0),
        Ok(CancelRequest::None)
    );
    let ended = session.end(3, EndReason::Ended).unwrap();
    assert_eq!(ended.items[0].status, ProgressStatus::Failed);
    assert_eq!(ended.items[0].broken_by, None);
    assert!(ended.events.is_empty());
    assert_eq!(session.report_progress(4, &id("a"), None, ProgressStatus::Failed, 0, 0), Err(Refusal::Ended));
}
