//! A center with one job, whose runs end as a test says.

use std::sync::Arc;

use center::{Center, Jobs, SystemClock};
use store::{EventQuery, Store};
use syncmgr::{ItemId, Level, ProgressStatus};

pub(crate) struct Scene {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) center: Center,
    jobs: Jobs,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("instep.db")).unwrap());
        let center = Center::new(store, Arc::new(SystemClock::default()));
        let jobs = Jobs::register(&center).unwrap();
        Self { dir, center, jobs }
    }

    /// One run of the job "backup", which ends like this.
    pub(crate) fn run(&self, status: ProgressStatus) {
        let backup = ItemId::new("backup").unwrap();
        let callback = self.jobs.begin(&self.center, &backup).unwrap();
        callback.report_progress(&backup, None, status, 1, 1).unwrap();
    }

    /// The text of each warning in the results.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.center.store().flush().unwrap();
        let query = EventQuery { level: Some(Level::Warning), ..EventQuery::default() };
        let events = self.center.store().events(&query).unwrap();
        events.into_iter().map(|event| event.event.description).collect()
    }
}

/// Waits until it is so. The machine may be slow, but not that slow.
pub(crate) fn wait_until(mut so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed() < crate::servers::LONG, "it never came to that");
        std::thread::yield_now();
    }
}
