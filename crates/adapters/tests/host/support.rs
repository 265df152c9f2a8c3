//! What the tests of the host share.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::host::{HandlerSpec, HostedHandler, Limits, Services};
use syncmgr::testing::{MemoryLedger, TestCenter, Verdict};
use syncmgr::{HandlerId, ItemId};

pub(crate) fn id(text: &str) -> ItemId {
    ItemId::new(text).unwrap()
}

/// A hosted handler of one of `handler.py`'s ways, and a center of its own.
pub(crate) struct Scene {
    pub(crate) handler: Arc<HostedHandler>,
    pub(crate) center: TestCenter,
    pub(crate) ledger: Arc<MemoryLedger>,
}

/// The system's own where there is one: what else is called so may be a script that looks for it first, for long.
pub(crate) fn python() -> &'static str {
    let system = "/usr/bin/python3";
    if Path::new(system).exists() { system } else { "python3" }
}

pub(crate) fn spec(words: &[&str]) -> HandlerSpec {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/handler.py");
    let command = [python(), "-S", "-E", script].into_iter().chain(words.iter().copied());
    HandlerSpec::of_command(HandlerId::new("test").unwrap(), command.map(str::to_owned).collect())
}

/// Impatient where a test would wait for nothing, patient where it waits for something.
pub(crate) fn limits() -> Limits {
    Limits {
        exit: Duration::from_millis(300),
        let_go: Duration::from_millis(100),
        // A machine with much else to do is no mistake of a handler.
        answer: Duration::from_secs(120),
        ..Limits::default()
    }
}

impl Scene {
    pub(crate) fn new(words: &[&str]) -> Self {
        Self::with(words, limits())
    }

    pub(crate) fn with(words: &[&str], limits: Limits) -> Self {
        let handler = Arc::new(HostedHandler::with_limits(spec(words), limits));
        let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn syncmgr::Handler>);
        let ledger = Arc::new(MemoryLedger::default());
        let services =
            Services { creator: Some(Arc::new(center.clone())), control: None, ledger: Some(ledger.clone()) };
        handler.set_services(services);
        Self { handler, center, ledger }
    }

    /// Synchronizes the first item and gives what everything came to.
    pub(crate) fn sync(&self) -> Verdict {
        self.center.sync(&[id("a")]).unwrap();
        self.center.finish()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.handler.shut_down();
    }
}

/// Waits for a condition; a minute is for ever.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

pub(crate) fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie that nobody reaps (its parent is gone, and this may be a machine without a real init) is dead too.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
