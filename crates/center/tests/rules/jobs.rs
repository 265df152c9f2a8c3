//! Jobs of other programs: they come into being with their first report.

use center::Jobs;
use syncmgr::control::Control;
use syncmgr::flags::SyncControlFlags;
use syncmgr::{CancelRequest, Counts, HandlerId, ItemId, Outcome, ProgressStatus, Refusal};

use crate::support::World;

fn id(job: &str) -> ItemId {
    ItemId::new(job).unwrap()
}

#[test]
fn a_job_is_an_item_from_its_first_report_on_and_stays_one() {
    let world = World::new();
    let jobs = Jobs::register(&world.center).unwrap();
    let session = jobs.begin(&world.center, &id("nightly")).unwrap();
    session.report_outcome(&id("nightly"), Outcome::Done, Counts::default(), None).unwrap();
    session.report_progress(&id("nightly"), None, ProgressStatus::Succeeded, 1, 1).unwrap();
    session.end();
    let status = world.center.status().unwrap();
    assert_eq!(status[0].items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["nightly"]);
    // Another process knows it from the store.
    let other = center::Center::new(
        std::sync::Arc::clone(&world.store),
        std::sync::Arc::clone(&world.clock) as std::sync::Arc<dyn center::Clock>,
    );
    let known = Jobs::register(&other).unwrap();
    assert_eq!(other.status().unwrap()[0].items.len(), 1);
    // And learns of new ones when it looks.
    drop(jobs.begin(&world.center, &id("weekly")).unwrap());
    assert!(known.refresh(&other).unwrap());
    assert!(!known.refresh(&other).unwrap());
    assert_eq!(other.status().unwrap()[0].items.len(), 2);
}

#[test]
fn r3_a_job_is_stopped_through_its_answers_and_never_started_by_the_center() {
    let world = World::new();
    let jobs = Jobs::register(&world.center).unwrap();
    let job = id("nightly");
    let session = jobs.begin(&world.center, &job).unwrap();
    let handler = HandlerId::new("jobs").unwrap();
    world.center.stop_item_sync(&handler, std::slice::from_ref(&job)).unwrap();
    let answer = session.report_progress(&job, None, ProgressStatus::Updating, 1, 2);
    assert_eq!(answer, Ok(CancelRequest::Item));
    drop(session);
    let refused = world.center.start(&handler, Some(&[job]), None, SyncControlFlags::empty());
    assert!(matches!(refused, Err(Refusal::AccessDenied(_))));
}
