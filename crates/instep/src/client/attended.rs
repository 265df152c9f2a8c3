//! Whoever waits for the daemon: sees how far it is, and may have enough of it.

use std::collections::BTreeMap;
use std::time::Duration;

use center::{LiveItem, StopStage};
use syncmgr::{HandlerId, ItemId, Progress, RunId};
use wire::{Bar, Change};

use super::changes::{Changes, Heard};
use super::{Daemon, Trouble};
use crate::exit::{Exit, Failure};
use crate::render::progress::Progress as Shown;
use crate::signals::{Watched, Wish};

/// How often it is looked whether the person has enough of it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Something that the daemon does, and the person who waits for it.
pub(super) struct Attended<'a, 'o> {
    daemon: &'a Daemon,
    /// None when the daemon tells nothing by itself.
    changes: Option<Changes>,
    /// What it is about.
    items: Vec<(HandlerId, Vec<ItemId>)>,
    live: BTreeMap<(HandlerId, ItemId), LiveItem>,
    progress: &'a mut Shown<'o>,
    signalled: &'a Watched<'a>,
    asked: bool,
}

impl<'a, 'o> Attended<'a, 'o> {
    pub(super) fn new(
        daemon: &'a Daemon,
        items: Vec<(HandlerId, Vec<ItemId>)>,
        progress: &'a mut Shown<'o>,
        signalled: &'a Watched<'a>,
    ) -> Self {
        let only = items.first().filter(|_| items.len() == 1).map(|(handler, _)| handler);
        let changes = daemon.changes(only);
        Self { daemon, changes, items, live: BTreeMap::new(), progress, signalled, asked: false }
    }

    /// Whether it is told by itself what changes.
    pub(super) fn hears(&self) -> bool {
        self.changes.is_some()
    }

    /// Waits for something to change, for a moment and at most for that long; whether it was more than progress. The first
    /// Ctrl-C asks the daemon to stop all of it.
    pub(super) fn wait(&mut self, patience: Duration) -> Result<bool, Failure> {
        let patience = patience.min(LOOK_EVERY);
        let heard = match &mut self.changes {
            Some(changes) => self.daemon.hear(changes, patience),
            None => {
                std::thread::sleep(patience);
                Heard::Nothing
            }
        };
        let is_news = match heard {
            Heard::Nothing => false,
            Heard::Over => {
                self.changes = None;
                true
            }
            Heard::Change(change) => self.take(*change)?,
        };
        self.heed()?;
        if self.progress.is_shown() {
            self.progress.update(&self.live.values().cloned().collect::<Vec<_>>());
        }
        Ok(is_news)
    }

    fn take(&mut self, change: Change) -> Result<bool, Trouble> {
        match change {
            Change::Progress { live, .. } => {
                self.show(live);
                Ok(false)
            }
            Change::HandlerProgress { .. } | Change::Event { .. } => Ok(false),
            Change::SessionBegan { .. } | Change::Reload => {
                self.live.clear();
                self.daemon.live()?.items.into_iter().for_each(|live| self.show(live));
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    fn show(&mut self, live: wire::LiveItem) {
        let Some(live) = live_item(live) else { return };
        let is_ours = |(handler, items): &(HandlerId, Vec<ItemId>)| {
            *handler == live.handler && items.contains(&live.item)
        };
        if self.items.iter().any(is_ours) {
            self.live.insert((live.handler.clone(), live.item.clone()), live);
        }
    }

    fn heed(&mut self) -> Result<(), Failure> {
        match self.signalled.wish() {
            Wish::Stop if !self.asked => {
                self.asked = true;
                self.progress
                    .say("Stopping: what is under way is brought to a safe end. Once more leaves at once.");
                for (handler, items) in &self.items {
                    self.daemon.stop(Some((handler, items)))?;
                }
                Ok(())
            }
            Wish::Leave => Err(Failure::new(Exit::Canceled, "left; the daemon goes on with the stop")
                .tip("`instep status` shows when it has stopped")),
            Wish::GoOn | Wish::Stop => Ok(()),
        }
    }
}

/// What is live there, as it would be here.
fn live_item(live: wire::LiveItem) -> Option<LiveItem> {
    Some(LiveItem {
        handler: HandlerId::new(&live.handler).ok()?,
        item: ItemId::new(&live.item).ok()?,
        name: live.name,
        run: RunId(live.run),
        started: live.started.0,
        status: live.status.map(Into::into),
        phase: live.phase.map(Into::into),
        text: live.text,
        progress: match (live.bar, live.percent) {
            (Bar::Determinate, Some(percent)) => Progress::Percent(percent),
            (Bar::Waiting, _) => Progress::Waiting,
            _ => Progress::Indeterminate,
        },
        step: live.step,
        max: live.max,
        errors: live.errors,
        cancel: live.cancel.into(),
        stop: live.stop.map(|stop| match stop {
            wire::StopStage::Asked => StopStage::Asked,
            wire::StopStage::NotResponding => StopStage::NotResponding,
            wire::StopStage::Terminated => StopStage::Terminated,
            wire::StopStage::Killed => StopStage::Killed,
        }),
        outcome: live.outcome.map(Into::into),
    })
}
