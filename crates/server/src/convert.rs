//! What the center says, as the API says it.

use center::{
    Alert, Center, FOREVER, HandlerStatus, Headline, ItemStatus, LiveHandler, LiveItem, RunMark, RunRecord,
    ScheduleStatus, Standing, Started, StopStage, Waits, What,
};
use syncmgr::conflict::Conflict;
use syncmgr::plan::{Difference, DifferenceKind, PlannedAction, PlannedNote, Preview, Verb, Verification};
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
        href: format!("{}/handlers/{}", crate::api::BASE, segment::write(status.handler.as_str())),
        id: status.handler.to_string(),
        name: status.name,
        comment: status.comment,
        kind: status.kind.into(),
        icon: status.icon,
        state: status.state.into(),
        active: status.switches.active,
        enabled: status.switches.enabled,
        connected: status.switches.connected,
        hidden: status.switches.hidden,
        refusal: status.refusal,
        items: status.items.len() as u64,
    }
}

pub(crate) fn item(status: ItemStatus, history: Vec<RunMark>, times: Vec<i64>) -> wire::Item {
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
        icon: status.icon,
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
        paused: status.paused_until.is_some(),
        paused_until: status.paused_until.filter(|until| *until != FOREVER).map(Time),
        overdue_since: status.overdue_since.map(Time),
        next_run: status.schedule.as_ref().and_then(|schedule| schedule.next).map(Time),
        times: times.into_iter().map(Time).collect(),
        waits: status.schedule.as_ref().and_then(|schedule| schedule.waits.as_ref()).map(waits_text),
        retry_at: status.schedule.as_ref().and_then(|schedule| schedule.retry).map(|(_, at)| Time(at)),
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

pub(crate) fn conflict(center: &Center, conflict: Conflict) -> wire::Conflict {
    let index = |at: Option<usize>| at.and_then(|at| u32::try_from(at).ok());
    wire::Conflict {
        description: conflict.description(),
        seen: seen(&conflict),
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
pub(crate) fn item_name(center: &Center, handler: &HandlerId, item: &ItemId) -> String {
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

/// Tells the versions of a conflict from later ones: what the API calls `seen`.
pub fn seen(conflict: &Conflict) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(conflict.kind.word().as_bytes());
    for version in &conflict.versions {
        // Each part with its length, so that no two lists of versions are the same bytes.
        for part in [version.location.as_bytes(), version.kind.as_bytes(), &version.stamp] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.update(&version.item_type.number().to_le_bytes());
        hasher.update(&version.size.to_le_bytes()).update(&version.modified.to_le_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}

fn waits_text(waits: &Waits) -> String {
    waits.text(&jiff::tz::TimeZone::system())
}

pub(crate) fn schedule(next: Vec<Time>, status: Option<ScheduleStatus>) -> wire::Schedule {
    let status = status.as_ref();
    wire::Schedule {
        next,
        due: status.and_then(|status| status.due).map(|(cause, _)| cause.word().to_owned()),
        due_since: status.and_then(|status| status.due).map(|(_, since)| Time(since)),
        waits: status.and_then(|status| status.waits.as_ref()).map(|waits| waits.word().to_owned()),
        waits_text: status.and_then(|status| status.waits.as_ref()).map(waits_text),
        retry_at: status.and_then(|status| status.retry).map(|(_, at)| Time(at)),
        missed: status.map_or(0, |status| status.missed),
        overdue_at: status.and_then(|status| status.overdue_at).map(Time),
        running: status.is_some_and(|status| status.is_running),
    }
}

/// What an item came to.
pub(crate) fn ended_item(end: &ItemEnd) -> wire::EndedItem {
    wire::EndedItem {
        item: end.item.to_string(),
        status: end.status.into(),
        outcome: end.outcome.into(),
        errors: end.errors,
        counts: end.counts.into(),
        problem: end.problem.clone().map(Into::into),
    }
}

pub(crate) fn start(id: u64, started: &Started) -> wire::Start {
    let verdict = started.verdict();
    let verdict = verdict.as_ref();
    wire::Start {
        id,
        over: verdict.is_some(),
        runs: verdict.map(|verdict| verdict.runs.iter().map(|run| run.0).collect()).unwrap_or_default(),
        status: verdict.map(|verdict| verdict.result.status.into()),
        outcome: verdict.map(|verdict| verdict.result.outcome.into()),
        items: verdict.map(|verdict| verdict.items.iter().map(ended_item).collect()).unwrap_or_default(),
        trouble: verdict.and_then(|verdict| verdict.trouble.as_ref()).map(ToString::to_string),
    }
}

pub(crate) fn rows(
    center: &Center,
    preview: &Preview,
    verb: Option<wire::Verb>,
    offset: usize,
    limit: usize,
) -> wire::RowsPage {
    let rows = preview.rows.as_ref();
    let mut page =
        wire::RowsPage { actions: Vec::new(), conflicts: Vec::new(), notes: Vec::new(), next: None };
    if let Some(verb) = verb {
        let wanted = (0..rows.actions()).filter_map(|at| rows.action(at)).map(action);
        let mut wanted = wanted.filter(|action| action.verb == verb).skip(offset);
        page.actions = wanted.by_ref().take(limit).collect();
        page.next = wanted.next().map(|_| (offset + limit) as u64);
        return page;
    }
    let (actions, conflicts) = (rows.actions(), rows.conflicts());
    let all = actions + conflicts + rows.notes();
    let end = offset.saturating_add(limit).min(all);
    for at in offset..end {
        if at < actions {
            page.actions.extend(rows.action(at).map(action));
        } else if at < actions + conflicts {
            page.conflicts.extend(rows.conflict(at - actions).map(|one| conflict(center, one)));
        } else {
            page.notes.extend(rows.note(at - actions - conflicts).map(note));
        }
    }
    page.next = (end < all).then_some(end as u64);
    page
}

fn note(note: PlannedNote) -> wire::Note {
    wire::Note { path: wire::PathText::new(&note.path), is_error: note.is_error, text: note.text }
}

/// More differences than anybody reads in one answer.
const SHOWN: usize = 1000;

/// What a check found, as the API tells it.
pub fn verification(found: Verification) -> wire::Verification {
    wire::Verification {
        clean: found.is_clean(),
        differing: found.differences.len() as u64,
        differences: found.differences.into_iter().take(SHOWN).map(difference).collect(),
        unseen: found.unknown.len() as u64,
        unknown: found.unknown.into_iter().take(SHOWN).map(note).collect(),
        looked_at: found.looked_at,
        compared_bytes: found.compared_bytes,
    }
}

fn difference(difference: Difference) -> wire::Difference {
    wire::Difference {
        path: wire::PathText::new(&difference.path),
        kind: match difference.kind {
            DifferenceKind::Missing => wire::DifferenceKind::Missing,
            DifferenceKind::Metadata => wire::DifferenceKind::Metadata,
            DifferenceKind::Renamed => wire::DifferenceKind::Renamed,
            DifferenceKind::Conflict => wire::DifferenceKind::Conflict,
            _ => wire::DifferenceKind::Content,
        },
        side: difference.side.map(|side| side.word().to_owned()),
        from: difference.from.as_deref().map(wire::PathText::new),
    }
}

fn action(action: PlannedAction) -> wire::Action {
    wire::Action {
        verb: match action.verb {
            Verb::Delete => wire::Verb::Delete,
            Verb::Replace => wire::Verb::Replace,
            Verb::Move => wire::Verb::Move,
            Verb::KeepBoth => wire::Verb::KeepBoth,
            Verb::Create => wire::Verb::Create,
            Verb::Metadata => wire::Verb::Metadata,
            _ => wire::Verb::Update,
        },
        side: action.side.word().to_owned(),
        path: wire::PathText::new(&action.path),
        from: action.from.as_deref().map(wire::PathText::new),
        kind: action.kind.word().to_owned(),
        entries: action.entries,
        size: action.size,
        why: action.why,
    }
}

pub(crate) fn mistake(mistake: settings::Mistake) -> wire::Mistake {
    wire::Mistake {
        line: mistake.line as u64,
        column: mistake.column as u64,
        width: mistake.width as u64,
        text: mistake.text,
        excerpt: mistake.excerpt,
    }
}

pub(crate) fn channel(id: String, standing: Standing) -> wire::Channel {
    let (state, trouble) = match standing {
        Standing::Unknown => (wire::ChannelState::Untried, None),
        Standing::Works => (wire::ChannelState::Works, None),
        Standing::Broken(why) => (wire::ChannelState::Broken, Some(why)),
    };
    wire::Channel { id, state, trouble }
}

pub(crate) fn alert(alert: Alert) -> wire::Alert {
    wire::Alert {
        open: alert.is_open(),
        id: alert.id,
        rule: alert.rule,
        handler: alert.handler.map(|handler| handler.to_string()),
        item: alert.item.map(|item| item.to_string()),
        name: alert.name,
        title: alert.title,
        text: alert.text,
        fix: alert.fix,
        raised: alert.raised.map(Time),
        told: alert.told.map(Time),
        cleared: alert.cleared.map(Time),
        more: alert.more,
    }
}
