//! What schedules have come to, and pauses.

use store::{DueState, FOREVER, ScheduleRow, ScheduleState};

use crate::support::{Home, handler, item};

fn row(name: &str, state: ScheduleState) -> ScheduleRow {
    ScheduleRow { handler: handler(), item: item(name), state }
}

#[test]
fn what_schedules_have_come_to_survives() {
    let home = Home::new();
    let busy = ScheduleState {
        times: "cron 30 2 * * *".into(),
        handled: 7,
        tried: Some(6),
        followed: 5,
        due: Some(DueState { cause: "mount".into(), since: 4, count: 3 }),
        waits: Some("mount:/media/nas".into()),
        begun: Some(2),
        retries: 1,
        retry_at: Some(9),
        skipped: 8,
        skipped_at: Some(10),
        missed: 11,
    };
    let rows = vec![row("music", ScheduleState::default()), row("photos", busy)];
    home.open().save_schedules(rows.clone(), 1).unwrap();
    let store = home.open();
    let read = |store: &store::Store| {
        let mut read = store.schedules().unwrap();
        read.sort_by(|a, b| a.item.as_str().cmp(b.item.as_str()));
        read
    };
    assert_eq!(read(&store), rows);
    let again = row("photos", ScheduleState { handled: 12, ..ScheduleState::default() });
    store.save_schedules(vec![again.clone()], 1).unwrap();
    assert_eq!(read(&store)[1], again);
    store.forget_item(&handler(), &item("photos")).unwrap();
    assert_eq!(read(&store), rows[..1]);
}

#[test]
fn the_pause_of_everything_survives_until_it_is_ended() {
    let home = Home::new();
    assert_eq!(home.open().paused_until().unwrap(), None);
    home.open().pause_all(Some(FOREVER)).unwrap();
    assert_eq!(home.open().paused_until().unwrap(), Some(FOREVER));
    home.open().pause_all(Some(99)).unwrap();
    assert_eq!(home.open().paused_until().unwrap(), Some(99));
    home.open().pause_all(None).unwrap();
    assert_eq!(home.open().paused_until().unwrap(), None);
}

#[test]
fn whoever_writes_the_edition_is_another_one_afterwards() {
    let home = Home::new();
    let (store, other) = (home.open(), home.open());
    store.pause_all(None).unwrap();
    let edition = store.edition().unwrap();
    assert_eq!(store.edition().unwrap(), edition);
    other.pause_all(Some(1)).unwrap();
    let next = store.edition().unwrap();
    assert_ne!(next, edition);
    store.pause_all(None).unwrap();
    assert_ne!(store.edition().unwrap(), next);
}
