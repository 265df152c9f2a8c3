//! What the center says, as the API says it.

use center::{
    Center, HandlerStatus, Headline, ItemStatus, LiveHandler, LiveItem, RunMark, RunRecord, StopStage, What,
};
use syncmgr::{HandlerId, ItemEnd, ItemId, Progress};
use wire::Time;

use crate::segment;

pub(crate) fn headline(headline: Headline) -> wire::Headline {
    match headline {
        Headline::SafetyStop => wire::Headline::SafetyStop,
        Headline::Failed => wire::Headline::Failed,
        Headline::Overdue => wire::Headline::Overdue,
        Headline::Conflicts => wire::Headline::Conflicts,
        Headline::NotResponding => wire::Headline::NotResponding,
        Headline::Gaps => wire::Headline::Gaps,
        Headline::Interrupted => wire::Headline::Interrupted,
        Headline::NeverRun => wire::Headline::NeverRun,
        Headline::Waiting => wire::Headline::Waiting,
        Headline::Paused => wire::Headline::Paused,
        Headline::UpToDate => wire::Headline::UpToDate,
    }
}

pub(crate) fn handler(status: HandlerStatus) -> wire::Handler {
    wire::Handler {
        id: status.handler.to_string(),
        name: status.name,
        comment: status.comment,
        state: status.state.into(),
        active: status.switches.active,
        enabled: status.switches.enabled,
        connected: status.switches.connected,
        hidden: status.switches.hidden,
        refusal: status.refusal,
        items: status.items.len() as u64,
    }
}

pub(crate) fn item(status: ItemStatus, history: Vec<RunMark>) -> wire::Item {
    let href = format!(
        "{}/items/{}/{}",
        crate::api::BASE,
        segment::write(status.handler.as_str()),
        segment::write(status.item.as_str())
    );
    wire::Item {
        handler: status.handler.to_string(),
        id: status.item.to_string(),
        href,
        name: status.name,
        comment: status.comment,
        headline: headline(status.headline),
        attention: status.headline.needs_attention(),
        working: status.working.map(live_item),
        running_elsewhere: status.running_elsewhere.map(|run| run.0),
        waiting: status.waiting,
        state: status.state.into(),
        enabled: status.switches.enabled,
        connected: status.switches.connected,
        hidden: status.switches.hidden,
        refusal: status.refusal,
        last_run: status.last_run.map(|last| wire::LastRun {
            run: last.run.0,
            started: Time(last.started),
            ended: Time(last.ended),
            manual: last.manual,
            outcome: last.result.outcome.map(Into::into),
            problem: last.result.problem.map(Into::into),
        }),
        last_good: status.last_good.map(|(run, ended)| wire::RunAt { run: run.0, ended: Time(ended) }),
        conflicts: status.conflicts,
        errors: status.errors,
        paused_until: status.paused_until.map(Time),
        history: history.into_iter().map(mark).collect(),
    }
}

fn mark(mark: RunMark) -> wire::Mark {
    wire::Mark {
        run: mark.run.0,
        started: Time(mark.started),
        ended: mark.ended.map(Time),
        outcome: mark.outcome.map(Into::into),
        errors: mark.errors,
    }
}

pub(crate) fn live_item(item: LiveItem) -> wire::LiveItem {
    let (bar, percent) = match item.progress {
        Progress::Waiting => (wire::Bar::Waiting, None),
        Progress::Indeterminate => (wire::Bar::Indeterminate, None),
        Progress::Percent(percent) => (wire::Bar::Determinate, Some(percent)),
    };
    wire::LiveItem {
        handler: item.handler.to_string(),
        item: item.item.to_string(),
        name: item.name,
        run: item.run.0,
        started: Time(item.started),
        status: item.status.map(Into::into),
        phase: item.phase.map(Into::into),
        text: item.text,
        bar,
        percent,
        step: item.step,
        max: item.max,
        errors: item.errors,
        cancel: item.cancel.into(),
        stop: item.stop.map(stop_stage),
        outcome: item.outcome.map(Into::into),
    }
}

pub(crate) fn live_handler(handler: LiveHandler) -> wire::LiveHandler {
    wire::LiveHandler {
        handler: handler.handler.to_string(),
        name: handler.name,
        text: handler.text,
        stopping: handler.stopping,
    }
}

fn stop_stage(stage: StopStage) -> wire::StopStage {
    match stage {
        StopStage::Asked => wire::StopStage::Asked,
        StopStage::NotResponding => wire::StopStage::NotResponding,
        StopStage::Terminated => wire::StopStage::Terminated,
        StopStage::Killed => wire::StopStage::Killed,
    }
}

pub(crate) fn live(live: center::Live) -> wire::Live {
    wire::Live {
        handlers: live.handlers.into_iter().map(live_handler).collect(),
        items: live.items.into_iter().map(live_item).collect(),
        waiting: live
            .waiting
            .into_iter()
            .map(|(handler, item)| wire::Waiting { handler: handler.to_string(), item: item.to_string() })
            .collect(),
    }
}

pub(crate) fn run(center: &Center, run: RunRecord) -> wire::Run {
    let handler: HandlerId = run.handler;
    let items = run
        .items
        .into_iter()
        .map(|item| wire::RunItem {
            name: item_name(center, &handler, &item.item),
            item: item.item.to_string(),
            status: item.status.map(Into::into),
            outcome: item.outcome.map(Into::into),
            errors: item.errors,
            counts: item.counts.into(),
            problem: item.problem.map(Into::into),
        })
        .collect();
    wire::Run {
        id: run.id.0,
        handler: handler.to_string(),
        started: Time(run.started),
        ended: run.ended.map(Time),
        manual: run.manual,
        status: run.status.map(Into::into),
        outcome: run.outcome.map(Into::into),
        errors: run.errors,
        conflicts: run.conflicts,
        items,
    }
}

pub(crate) fn conflict(center: &Center, conflict: syncmgr::conflict::Conflict) -> wire::Conflict {
    let index = |at: Option<usize>| at.and_then(|at| u32::try_from(at).ok());
    wire::Conflict {
        description: conflict.description(),
        newest: index(conflict.newest()),
        largest: index(conflict.largest()),
        item_name: item_name(center, &conflict.handler, &conflict.item),
        id: wire::ConflictKey(conflict.id.0),
        handler: conflict.handler.to_string(),
        item: conflict.item.to_string(),
        path: wire::PathText::new(&conflict.path),
        kind: conflict.kind.into(),
        detected: Time(conflict.detected),
        versions: conflict.versions.into_iter().map(Into::into).collect(),
    }
}

/// What a person calls an item; of one that is gone nobody knows more than its identifier.
fn item_name(center: &Center, handler: &HandlerId, item: &ItemId) -> String {
    center.item_name(handler, item).unwrap_or_else(|| item.to_string())
}

/// What changed, and of which handler and item.
pub(crate) fn change(center: &Center, change: &center::Change) -> wire::Change {
    let time = Time(change.time);
    match &change.what {
        What::SessionBegan { run, handler, items, started } => wire::Change::SessionBegan {
            time,
            run: run.0,
            handler: handler.to_string(),
            items: items.iter().map(ToString::to_string).collect(),
            started: Time(*started),
        },
        What::ItemsJoined { run, handler, items } => wire::Change::ItemsJoined {
            time,
            run: run.0,
            handler: handler.to_string(),
            items: items.iter().map(ToString::to_string).collect(),
        },
        What::SessionEnded { run, handler, started, result, items } => wire::Change::SessionEnded {
            time,
            run: run.0,
            handler: handler.to_string(),
            started: Time(*started),
            status: result.status.into(),
            outcome: result.outcome.into(),
            errors: result.errors,
            conflicts: result.conflicts,
            items: items.iter().map(|end| item_end(center, handler, end)).collect(),
        },
        What::Progress(live) => wire::Change::Progress { time, live: live_item(live.clone()) },
        What::HandlerProgress(live) => {
            wire::Change::HandlerProgress { time, live: live_handler(live.clone()) }
        }
        What::Event(event) => wire::Change::Event { event: event.clone().into() },
        What::Queue { handler, waiting } => wire::Change::Queue {
            time,
            handler: handler.to_string(),
            waiting: waiting.iter().map(ToString::to_string).collect(),
        },
        What::ItemChanged { handler, item } => {
            wire::Change::ItemChanged { time, handler: handler.to_string(), item: item.to_string() }
        }
        What::HandlerChanged { handler } => {
            wire::Change::HandlerChanged { time, handler: handler.to_string() }
        }
        What::Conflicts { handler, item } => wire::Change::Conflicts {
            time,
            handler: handler.to_string(),
            item: item.as_ref().map(ToString::to_string),
        },
        What::Schedule { handler, item } => {
            wire::Change::Schedule { time, handler: handler.to_string(), item: item.to_string() }
        }
        What::Settings => wire::Change::Settings { time },
        _ => wire::Change::Other { time },
    }
}

fn item_end(center: &Center, handler: &HandlerId, end: &ItemEnd) -> wire::RunItem {
    wire::RunItem {
        item: end.item.to_string(),
        name: item_name(center, handler, &end.item),
        status: Some(end.status.into()),
        outcome: Some(end.outcome.into()),
        errors: end.errors,
        counts: end.counts.into(),
        problem: end.problem.clone().map(Into::into),
    }
}
