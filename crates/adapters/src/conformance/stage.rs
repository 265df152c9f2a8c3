//! Where scenes are played: a handler that is made anew for each, and a center of its own.

use std::sync::{Arc, mpsc};
use std::thread;

use syncmgr::conflict::{Conflict, ConflictStore};
use syncmgr::testing::{MemoryLedger, TestCenter, Verdict};
use syncmgr::{Handler, ItemId, Refusal, Request};

use super::{Findings, Trial};
use crate::host::{HostedHandler, Services};

/// The handler that is tried in a scene.
pub(super) struct Subject {
    pub(super) handler: Arc<dyn Handler>,
    /// Where it is in another process.
    pub(super) hosted: Option<Arc<HostedHandler>>,
}

/// What all scenes have in common.
pub(super) struct Stage<'a> {
    pub(super) subject: &'a dyn Fn() -> Subject,
    pub(super) trial: &'a Trial,
    pub(super) items: Vec<ItemId>,
    /// As a center's it stays, however often the handler is made anew.
    pub(super) ledger: Arc<MemoryLedger>,
}

impl<'a> Stage<'a> {
    /// A scene about to begin.
    pub(super) fn set(&self) -> Play<'a> {
        let subject = (self.subject)();
        let center = TestCenter::new(Arc::clone(&subject.handler));
        let ledger = Arc::clone(&self.ledger);
        if let Some(hosted) = &subject.hosted {
            hosted.set_services(Services {
                creator: Some(Arc::new(center.clone())),
                control: None,
                ledger: Some(ledger.clone()),
            });
        }
        Play { subject, center, ledger, trial: self.trial }
    }
}

/// A scene that is being played.
pub(super) struct Play<'a> {
    subject: Subject,
    pub(super) center: TestCenter,
    ledger: Arc<MemoryLedger>,
    trial: &'a Trial,
}

impl Play<'_> {
    pub(super) fn handler(&self) -> &dyn Handler {
        self.subject.handler.as_ref()
    }

    /// Synchronizes, and whatever else waits then. False: it may not be, or did not come back.
    pub(super) fn synchronize(
        &self,
        items: &[ItemId],
        request: Option<Request>,
        findings: &mut Findings,
    ) -> bool {
        let (done, over) = mpsc::channel();
        let (center, items) = (self.center.clone(), items.to_vec());
        let spawned = thread::Builder::new().name("trial".into()).spawn(move || {
            let started = center.start(&items, request).map(|()| center.run());
            // Whoever waited may have given up.
            let _ = done.send(started);
        });
        let patience = self.trial.patience;
        let Ok(_) = spawned else { return false };
        match over.recv_timeout(patience) {
            Ok(Ok(())) => true,
            Ok(Err(refusal)) => {
                findings.broken("R15", refusal.to_string());
                false
            }
            Err(_) => {
                findings
                    .broken("R12", format!("a synchronization was not over after {} s", patience.as_secs()));
                // Ends the process, and with it the call.
                if let Some(hosted) = &self.subject.hosted {
                    hosted.restart();
                    let _ = over.recv_timeout(patience);
                }
                false
            }
        }
    }

    /// The conflicts that are open now.
    pub(super) fn conflicts(&self, items: &[ItemId]) -> Result<Vec<Conflict>, Refusal> {
        let id = self.handler().id();
        let store = self.handler().conflict_store();
        let store = store.as_deref().unwrap_or(self.ledger.as_ref() as &dyn ConflictStore);
        let mut open = Vec::new();
        for item in items {
            open.extend(store.conflicts(id, Some(item))?);
        }
        Ok(open)
    }

    /// Ends the scene. A `synchronize` that failed breaks the rule `failing`.
    pub(super) fn end(self, failing: &'static str, findings: &mut Findings) -> Verdict {
        if let Some(hosted) = &self.subject.hosted {
            match hosted.bad_lines() {
                0 => findings.held("P6"),
                count => findings.broken(
                    "P6",
                    format!("{count} lines were no messages: {}", hosted.last_words().join(" | ")),
                ),
            }
            hosted.shut_down();
        }
        let verdict = self.center.finish();
        for failure in &verdict.failures {
            if !failure.problem.text.contains("was stopped") {
                findings.broken(failing, format!("'synchronize' failed: {}", failure.problem));
            }
        }
        for violation in &verdict.violations {
            findings.broken(violation.rule, violation.text.clone());
        }
        verdict
    }
}
