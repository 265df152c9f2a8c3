//! What the center says, as the API says it.

use center::{Center, HandlerStatus, Headline, ItemStatus, LiveItem, RunMark, RunRecord, StopStage};
use syncmgr::{HandlerId, Progress};
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
        handlers: live
            .handlers
            .into_iter()
            .map(|handler| wire::LiveHandler {
                handler: handler.handler.to_string(),
                name: handler.name,
                text: handler.text,
                stopping: handler.stopping,
            })
            .collect(),
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
            name: center.item_name(&handler, &item.item).unwrap_or_else(|| item.item.to_string()),
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
        item_name: center
            .item_name(&conflict.handler, &conflict.item)
            .unwrap_or_else(|| conflict.item.to_string()),
        id: wire::ConflictKey(conflict.id.0),
        handler: conflict.handler.to_string(),
        item: conflict.item.to_string(),
        path: wire::PathText::new(&conflict.path),
        kind: conflict.kind.into(),
        detected: Time(conflict.detected),
        versions: conflict.versions.into_iter().map(Into::into).collect(),
    }
}
