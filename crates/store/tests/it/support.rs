//! What the tests share.

use std::path::PathBuf;

use store::{NewRun, RunEnd, RunItemEnd, RunRecorder, Store};
use syncmgr::outcome::{Counts, Outcome};
use syncmgr::{HandlerId, ItemId, Level, NewEvent, ProgressStatus, RunId};

pub(crate) struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("state/instep.db")
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.file()).unwrap()
    }
}

pub(crate) fn handler() -> HandlerId {
    HandlerId::new("folders").unwrap()
}

pub(crate) fn item(name: &str) -> ItemId {
    ItemId::new(name).unwrap()
}

pub(crate) fn begin(store: &Store, items: &[&str], started: i64) -> RunRecorder {
    let items = items.iter().map(|name| item(name)).collect();
    store.begin_run(NewRun { handler: handler(), items, started, reference: None }).unwrap()
}

pub(crate) fn error(of: &str, text: &str) -> NewEvent {
    NewEvent::new(Some(&item(of)), Level::Error, "went wrong", text)
}

pub(crate) fn ended(items: &[(&str, Outcome)], time: i64) -> RunEnd {
    let status = |outcome: Outcome| match outcome {
        Outcome::Done | Outcome::NeedsDecision => ProgressStatus::Succeeded,
        Outcome::Canceled => ProgressStatus::Canceled,
        Outcome::Disconnected => ProgressStatus::Disconnected,
        _ => ProgressStatus::Failed,
    };
    let worst = items.iter().map(|(_, outcome)| *outcome).max().unwrap_or(Outcome::Done);
    RunEnd {
        ended: time,
        recorded: time,
        status: status(worst),
        outcome: worst,
        manual: false,
        conflicts: 0,
        items: items
            .iter()
            .map(|(name, outcome)| RunItemEnd {
                item: item(name),
                status: status(*outcome),
                outcome: *outcome,
                counts: Counts::default(),
                problem: None,
            })
            .collect(),
    }
}

/// A run from begin to end.
pub(crate) fn run(store: &Store, items: &[(&str, Outcome)], started: i64) -> RunId {
    let names: Vec<&str> = items.iter().map(|(name, _)| *name).collect();
    let recorder = begin(store, &names, started);
    recorder.finish(ended(items, started + 10)).unwrap();
    recorder.run()
}
