//! When items run by themselves, as the settings say it to the center.

use settings::Item;
use settings::schedule::Schedule;
use syncmgr::{HandlerId, ItemId};

use crate::setup::Setup;

/// The schedules of the items that are set up.
pub(crate) fn of_items(setup: &Setup) -> impl Iterator<Item = (HandlerId, ItemId, Schedule)> {
    let said = setup.said.items.iter().filter(|item| item.schedule != Schedule::default());
    said.map(|item| (item.handler.clone(), item.id.clone(), of(setup, item)))
}

/// The schedule of an item. Where it does not say what must be mounted, that are its own folders.
pub(crate) fn of(setup: &Setup, item: &Item) -> Schedule {
    let schedule = item.schedule.clone();
    match setup.pair(&item.id) {
        Some(pair) => schedule.with_folders(&[&pair.a.path, &pair.b.path]),
        None => schedule,
    }
}
