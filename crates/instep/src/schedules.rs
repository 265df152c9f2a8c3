//! When items run by themselves, as the settings say it to the center.

use center::Center;
use settings::Item;
use settings::schedule::Schedule;

use crate::setup::Setup;

/// Hands the schedules that are set up to the center.
pub(crate) fn set(center: &Center, setup: &Setup) {
    let said = setup.said.items.iter().filter(|item| item.schedule != Schedule::default());
    center.set_schedules(said.map(|item| (item.handler.clone(), item.id.clone(), of(setup, item))));
}

/// The schedule of an item. Where it does not say what must be mounted, that are its own folders.
pub(crate) fn of(setup: &Setup, item: &Item) -> Schedule {
    let schedule = item.schedule.clone();
    match setup.pair(&item.id) {
        Some(pair) => schedule.with_folders(&[&pair.a.path, &pair.b.path]),
        None => schedule,
    }
}
