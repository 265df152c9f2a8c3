//! One run: Syncthing looks at the folder, and is followed until everybody who is there has everything.

use std::thread;
use std::time::{Duration, Instant};

use syncmgr::event::NewEvent;
use syncmgr::outcome::{Phase, Problem, ProblemClass, SideCounts};
use syncmgr::{CancelRequest, Counts, ItemId, Level, Outcome, SyncCallback};

use super::api::{Api, Fault};
use super::{Item, SyncthingHandler, conflicts};
use crate::telling::{Hearer as _, InSession};
use crate::verdict::Verdict;

/// How often Syncthing is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long another device may take nothing of what it needs: it may have paused the folder, or have no room.
const STILL: Duration = Duration::from_secs(10);
/// How many lines the results get; Syncthing keeps the rest.
const EVENTS: u64 = 1000;

/// An item that is not set up any more.
pub(super) fn unknown(item: &ItemId, callback: &dyn SyncCallback) {
    let problem =
        Problem::new(ProblemClass::Config, format!("there is no item '{item}' of Syncthing any more"));
    let verdict = Verdict { outcome: Outcome::Failed, problem: Some(problem) };
    InSession { callback, item }.end(&verdict, Counts::default());
}

/// A run of one item, to its last word.
pub(super) fn item(handler: &SyncthingHandler, item: &Item, callback: &dyn SyncCallback) {
    let mut following = Following {
        item,
        hearer: InSession { callback, item: &item.set.id },
        counts: Counts::default(),
        told: 0,
    };
    let verdict = item.api().and_then(|api| following.follow(handler, &api, callback));
    following.hearer.end(&verdict.unwrap_or_else(verdict_of), following.counts);
}

/// An item of which nothing could be done.
pub(super) fn refused(item: &ItemId, fault: Fault, callback: &dyn SyncCallback) {
    InSession { callback, item }.end(&verdict_of(fault), Counts::default());
}

/// Not there is a fact about the other program, not a failure of the run (R11).
fn verdict_of(fault: Fault) -> Verdict {
    let outcome = match fault {
        Fault::Away(_) | Fault::Slow => Outcome::Disconnected,
        Fault::Other(_) => Outcome::Failed,
    };
    Verdict { outcome, problem: Some(fault.into_problem()) }
}

/// A folder that Syncthing does not go on with.
fn stopped(why: &str) -> Verdict {
    let problem = Problem::new(crate::parse::class_of(why), format!("Syncthing stopped the folder: {why}"))
        .with_fix("see whether the folder is there, and mounted, and what Syncthing says of it");
    Verdict { outcome: Outcome::Failed, problem: Some(problem) }
}

struct Following<'i> {
    item: &'i Item,
    hearer: InSession<'i>,
    counts: Counts,
    told: u64,
}

impl Following<'_> {
    fn follow(
        &mut self,
        handler: &SyncthingHandler,
        api: &Api,
        callback: &dyn SyncCallback,
    ) -> Result<Verdict, Fault> {
        let folder = self.item.folder();
        let set = api.folder(folder)?;
        if set.paused {
            let problem = Problem::new(ProblemClass::Transient, "the folder is paused in Syncthing")
                .with_fix("let it go on there, or enable the item");
            return Ok(Verdict { outcome: Outcome::Waiting, problem: Some(problem) });
        }
        // What happened before is no news.
        let mut since = api.finished(0)?.last().map_or(0, |event| event.id);
        let _ = callback.report_phase(&self.item.set.id, Phase::Looking);
        match api.scan(folder) {
            // It looks on without us.
            Ok(()) | Err(Fault::Slow) => {}
            // Why it does not look stands in the folder's state.
            Err(fault) => match api.status(folder) {
                Ok(status) if !status.error.is_empty() => return Ok(stopped(&status.error)),
                _ => return Err(fault),
            },
        }
        let _ = callback.report_phase(&self.item.set.id, Phase::Moving);
        let mut moved = (Instant::now(), Needed::default());
        let peers = loop {
            for event in api.finished(since)? {
                since = since.max(event.id);
                if event.data.folder == folder {
                    self.finished(&event.data.item, &event.data.action, event.data.error.as_deref());
                }
            }
            let status = api.status(folder)?;
            if !status.error.is_empty() {
                return Ok(stopped(&status.error));
            }
            let (needed, peers) = self.others(api, &set.devices)?;
            let all = status.global_bytes.saturating_add(needed.bytes);
            let text = match (status.state.as_str(), needed.items) {
                ("idle", 0) => "up to date".to_owned(),
                ("idle", items) => format!("other devices still need {items} entries"),
                (state, _) => state.to_owned(),
            };
            if self.hearer.progress(&text, status.in_sync_bytes, all) != CancelRequest::None {
                let text = "Syncthing goes on by itself; disable the item to pause the folder";
                self.tell(Level::Information, "Not followed any more", text);
                return Ok(Verdict { outcome: Outcome::Canceled, problem: None });
            }
            let stuck = !api.errors(folder)?.is_empty();
            if status.state == "idle" && (stuck || status.need_total_items == 0 && needed.items == 0) {
                break peers;
            }
            if status.state != "idle" || needed != moved.1 {
                moved = (Instant::now(), needed);
            } else if moved.0.elapsed() >= STILL {
                let text = format!("other devices still need {} entries and do not take them", needed.items);
                let problem = Problem::new(ProblemClass::Transient, text)
                    .with_fix("see there whether the folder is paused, or the disk full");
                return Ok(Verdict { outcome: Outcome::Waiting, problem: Some(problem) });
            }
            thread::sleep(LOOK_EVERY);
        };
        self.judge(handler, api, &set.path, peers)
    }

    /// What devices that are connected still need, and how many of them there are.
    fn others(&self, api: &Api, shared: &[super::api::Shared]) -> Result<(Needed, usize), Fault> {
        let connected = api.connected()?;
        let mut needed = Needed::default();
        let mut peers = 0;
        for device in shared.iter().map(|shared| &shared.device).filter(|device| connected.contains(device)) {
            let completion = api.completion(self.item.folder(), device)?;
            needed.items += completion.need_items + completion.need_deletes;
            needed.bytes += completion.need_bytes;
            peers += 1;
        }
        Ok((needed, peers))
    }

    fn judge(
        &mut self,
        handler: &SyncthingHandler,
        api: &Api,
        root: &str,
        peers: usize,
    ) -> Result<Verdict, Fault> {
        let errors = api.errors(self.item.folder())?;
        for error in &errors {
            self.counts.errors += 1;
            self.tell(Level::Error, &format!("Failed: {}", error.path), &error.error);
        }
        let SyncthingHandler { id, ledger, keeper, .. } = handler;
        match conflicts::note(&**keeper, self.item, root, &**ledger, id) {
            Ok(open) => self.counts.conflicts = open,
            // What is known of them stands.
            Err(error) => self.tell(Level::Warning, "Conflicts not looked for", &error.problem.text),
        }
        let problem = |class, text: String| Some(Problem::new(class, text));
        Ok(if let Some(first) = errors.first() {
            let text = format!(
                "{} files could not be synchronized, the first of them {}: {}",
                errors.len(),
                first.path,
                first.error
            );
            Verdict { outcome: Outcome::Gaps, problem: problem(crate::parse::class_of(&first.error), text) }
        } else if self.counts.conflicts > 0 {
            let text = format!(
                "Syncthing left {} conflict copies: choose the versions to keep",
                self.counts.conflicts
            );
            Verdict { outcome: Outcome::NeedsDecision, problem: problem(ProblemClass::Conflict, text) }
        } else if peers == 0 {
            let text = "no other device of the folder is connected".to_owned();
            Verdict { outcome: Outcome::Disconnected, problem: problem(ProblemClass::Transient, text) }
        } else {
            Verdict { outcome: Outcome::Done, problem: None }
        })
    }

    /// Syncthing is done with a file on this machine.
    fn finished(&mut self, path: &str, action: &str, error: Option<&str>) {
        if error.is_some() {
            // Syncthing tries again; what is left in the end is told then.
            return;
        }
        let here: &mut SideCounts = &mut self.counts.b;
        if action == "delete" {
            here.deleted += 1;
            self.tell(Level::Information, &format!("Deleted: {path}"), &format!("{path} was deleted"));
        } else {
            here.updated += 1;
        }
    }

    fn tell(&mut self, level: Level, name: &str, text: &str) {
        self.told += 1;
        if self.told <= EVENTS {
            self.hearer.event(NewEvent::new(Some(&self.item.set.id), level, name, text));
        }
    }
}

/// What others need.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Needed {
    items: u64,
    bytes: u64,
}
