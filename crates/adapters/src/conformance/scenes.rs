//! Synchronizations as a center has them: undisturbed, stopped in part, stopped as a whole, and after a restart.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use syncmgr::testing::{Ask, Call, TestCenter, Verdict, What};
use syncmgr::{Handler, ItemId, ProgressStatus, admission};

use super::stage::{Stage, Subject};
use super::{Findings, Trial, settling};
use crate::host::bare::locked;
use crate::host::{HandlerSpec, HostedHandler, Limits};

/// The rules that show in the calls of any synchronization.
const SEEN: &[&str] = &["R1", "R2", "R5", "R10", "R12", "R15", "R18"];

/// Plays all scenes; gives the handler's name.
pub(super) fn play(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) -> String {
    let limits = Limits {
        work: trial.patience,
        answer: trial.answer,
        exit: trial.exit,
        let_go: trial.stop,
        ..Limits::default()
    };
    let handler = HostedHandler::with_limits(spec.clone(), limits);
    if let Err(problem) = handler.start() {
        findings.broken("P1", problem.to_string());
        return spec.id.to_string();
    }
    let name = handler.name().unwrap_or_default();
    let admissible = admissible(&handler, findings);
    restart(&handler, &admissible, findings);
    handler.shut_down();
    let subject = || {
        let hosted = Arc::new(HostedHandler::with_limits(spec.clone(), limits));
        Subject { handler: Arc::clone(&hosted) as Arc<dyn Handler>, hosted: Some(hosted) }
    };
    synchronize(&subject, trial, admissible, findings);
    name
}

/// Plays the scenes with a handler in this process, made anew for each; gives its name.
pub(super) fn play_here(
    make: &dyn Fn() -> Arc<dyn Handler>,
    trial: &Trial,
    findings: &mut Findings,
) -> String {
    let first = make();
    let admissible = admissible(first.as_ref(), findings);
    let subject = || Subject { handler: make(), hosted: None };
    synchronize(&subject, trial, admissible, findings);
    first.name().unwrap_or_default()
}

/// The items that a center would synchronize.
fn admissible(handler: &dyn Handler, findings: &mut Findings) -> Vec<ItemId> {
    let all = handler.items().all();
    let admissible: Vec<ItemId> = all
        .iter()
        .filter(|item| admission::item(item.as_ref()).is_ok())
        .map(|item| item.id().clone())
        .collect();
    let twice = (1..admissible.len())
        .any(|at| admissible.iter().skip(at).any(|id| admissible.get(at - 1) == Some(id)));
    if twice {
        findings.broken("R5", "two items have the same identifier");
    }
    admissible
}

fn synchronize(
    subject: &dyn Fn() -> Subject,
    trial: &Trial,
    admissible: Vec<ItemId>,
    findings: &mut Findings,
) {
    let items = match &trial.items {
        Some(items) => items.clone(),
        None => admissible,
    };
    if items.is_empty() {
        for rule in SEEN.iter().chain(settling::RULES) {
            findings.not_tried(rule, "it has no item to synchronize");
        }
        return;
    }
    let stage = Stage { subject, trial, items, ledger: Arc::default() };
    stage.undisturbed(findings);
    stage.asked_for_more(findings);
    // Before the stops: a tool that was stopped may have to be told first that it may go on.
    settling::play(&stage, findings);
    stage.one_stopped(findings);
    stage.all_stopped(findings);
}

/// The same items after the process was ended and started again.
fn restart(handler: &HostedHandler, before: &[ItemId], findings: &mut Findings) {
    handler.restart();
    match handler.read_again() {
        Ok(()) => {
            let after: Vec<ItemId> = handler.items().all().iter().map(|item| item.id().clone()).collect();
            match before.iter().find(|item| !after.contains(item)) {
                None => findings.held("P9"),
                Some(item) => findings.broken("P9", format!("item '{item}' is gone after a restart")),
            }
        }
        Err(problem) => findings.broken("P9", problem.to_string()),
    }
}

impl Stage<'_> {
    /// Synchronizes once, with whatever `prepare` asks for in between. None: it did not come back.
    fn run(&self, findings: &mut Findings, prepare: impl FnOnce(&TestCenter)) -> Option<Verdict> {
        let play = self.set();
        prepare(&play.center);
        let came_back = play.synchronize(&self.items, None, findings);
        let verdict = play.end("R12", findings);
        came_back.then_some(verdict)
    }

    fn undisturbed(&self, findings: &mut Findings) {
        let Some(verdict) = self.run(findings, |_| {}) else { return };
        for rule in SEEN {
            findings.held(rule);
        }
        let did = |what: fn(&What) -> bool| verdict.calls.iter().any(|call| what(&call.what));
        for (rule, tried, why) in [
            ("R8", did(|what| matches!(what, What::Propose(_))), "it proposed no item"),
            ("R16", did(|what| matches!(what, What::Event(_))), "it reported no event"),
        ] {
            if tried { findings.held(rule) } else { findings.not_tried(rule, why) }
        }
    }

    /// While one item is synchronized, it is asked for once more, and so is another one. Both are synchronized then: taken
    /// in by the session, or in the next turn.
    fn asked_for_more(&self, findings: &mut Findings) {
        let Some(first) = self.items.first() else { return };
        let wanted: Vec<ItemId> = self.items.iter().take(2).cloned().collect();
        let play = self.set();
        let begins = |call: &Call| matches!(call.what, What::CreateSession(_)) && call.refusal.is_none();
        play.center.when(begins, Ask::Start(wanted.clone(), None));
        let came_back = play.synchronize(std::slice::from_ref(first), None, findings);
        let verdict = play.end("R17", findings);
        if !came_back {
            return;
        }
        findings.held("R17");
        for item in &wanted {
            let runs = verdict.runs.iter().filter(|run| run.items.iter().any(|end| end.item == *item));
            let expected = if item == first { 2 } else { 1 };
            if runs.count() < expected {
                findings
                    .broken("R17", format!("item '{item}' was asked for meanwhile, and not synchronized"));
            }
        }
        let did = |what: fn(&What) -> bool| verdict.calls.iter().any(|call| what(&call.what));
        if did(|what| matches!(what, What::AddItem(_) | What::AddRequest)) {
            findings.held("R9");
        } else if did(|what| matches!(what, What::Query)) {
            findings.not_tried("R9", "it asked what waits, and left it to the next synchronization");
        } else {
            findings.not_tried("R9", "it never asks what waits");
        }
    }

    /// One item is stopped when it reports for the first time; the others go on.
    fn one_stopped(&self, findings: &mut Findings) {
        let stopped = Arc::new(Mutex::new(None::<(ItemId, Instant, Option<Instant>)>));
        let verdict = self.run(findings, |center| {
            for item in self.items.clone() {
                let (first, asked) = (item.clone(), Arc::clone(&stopped));
                let begins = move |call: &Call| {
                    let mut asked = locked(&asked);
                    let hit = asked.is_none() && works(call, &first);
                    if hit {
                        *asked = Some((first.clone(), Instant::now(), None));
                    }
                    hit
                };
                center.when(begins, Ask::CancelItem(item.clone()));
                let ended = Arc::clone(&stopped);
                let ends = move |call: &Call| {
                    let hit = completes(call, &item);
                    if let Some((id, _, end)) = locked(&ended).as_mut()
                        && hit
                        && *id == item
                    {
                        end.get_or_insert(Instant::now());
                    }
                    hit
                };
                center.when(ends, Ask::Advance(Duration::ZERO));
            }
        });
        let stopped = locked(&stopped).clone();
        match (verdict, stopped) {
            (_, None) => findings.not_tried("R3", "no item reported that it is being worked on"),
            (_, Some((item, asked, Some(end)))) if end - asked > self.trial.stop => findings.broken(
                "R3",
                format!("item '{item}' was acknowledged {} s after it was stopped", (end - asked).as_secs()),
            ),
            (None, Some((item, ..))) => {
                findings
                    .broken("R3", format!("item '{item}' was stopped, and 'synchronize' did not come back"));
            }
            (Some(verdict), Some((item, ..))) => {
                findings.held("R3");
                let others = self.items.iter().filter(|other| **other != item);
                let also = others.clone().find(|other| {
                    verdict.item(other).is_some_and(|end| end.status == ProgressStatus::Canceled)
                });
                match also {
                    Some(other) => {
                        findings.broken("R4", format!("'{item}' was stopped, and '{other}' with it"))
                    }
                    None if others.count() == 0 => {
                        findings.not_tried("R4", "it has one item only");
                    }
                    None => findings.held("R4"),
                }
            }
        }
    }

    /// Everything is stopped at the first report.
    fn all_stopped(&self, findings: &mut Findings) {
        let asked = Arc::new(Mutex::new(None::<Instant>));
        let verdict = self.run(findings, |center| {
            let (items, asked) = (self.items.clone(), Arc::clone(&asked));
            let begins = move |call: &Call| {
                let hit = items.iter().any(|item| works(call, item));
                if hit {
                    locked(&asked).get_or_insert(Instant::now());
                }
                hit
            };
            center.when(begins, Ask::CancelAll);
        });
        let took = locked(&asked).map(|asked| asked.elapsed());
        match (verdict, took) {
            (_, None) => findings.not_tried("R3", "no item reported that it is being worked on"),
            // The process is ended after the synchronization, which takes a moment of its own.
            (Some(_), Some(took)) if took <= self.trial.stop + self.trial.exit => findings.held("R3"),
            (_, Some(took)) => findings
                .broken("R3", format!("{} s after a stop of everything it was not over", took.as_secs())),
        }
    }
}

fn works(call: &Call, item: &ItemId) -> bool {
    call.is_progress(item, ProgressStatus::Updating)
        || call.is_progress(item, ProgressStatus::UpdatingIndeterminate)
}

fn completes(call: &Call, item: &ItemId) -> bool {
    matches!(&call.what, What::Progress { item: of, status, .. } if of == item && status.completes())
}
