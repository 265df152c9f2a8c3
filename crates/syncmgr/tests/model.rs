//! Random calls against a session, and against a model of it that is as simple as the rules.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{handler, id};
use proptest::prelude::*;
use syncmgr::handler::NamedItem;
use syncmgr::session::{EndReason, Session};
use syncmgr::{CancelRequest, ItemId, Outcome, Phase, ProgressStatus, Refusal, RunId};

const NAMES: [&str; 5] = ["a", "b", "c", "new", "late"];
const LEASE: i64 = 60_000;

#[derive(Debug, Clone)]
enum Call {
    Report(usize, ProgressStatus),
    Phase(usize),
    CanContinue(Option<usize>),
    HandlerText,
    Add(usize),
    Propose(usize),
    Commit(usize),
    CancelItem(usize),
    CancelAll,
    Wait(i64),
    End,
}

fn call() -> impl Strategy<Value = Call> {
    let item = 0..NAMES.len();
    let status = prop::sample::select(ProgressStatus::ALL);
    prop_oneof![
        12 => (item.clone(), status).prop_map(|(item, status)| Call::Report(item, status)),
        2 => item.clone().prop_map(Call::Phase),
        3 => prop::option::of(item.clone()).prop_map(Call::CanContinue),
        1 => Just(Call::HandlerText),
        1 => item.clone().prop_map(Call::Add),
        2 => item.clone().prop_map(Call::Propose),
        2 => item.clone().prop_map(Call::Commit),
        2 => item.prop_map(Call::CancelItem),
        1 => Just(Call::CancelAll),
        1 => prop_oneof![Just(1_000), Just(LEASE), Just(LEASE + 1)].prop_map(Call::Wait),
        1 => Just(Call::End),
    ]
}

/// What was said about an item, and nothing that could be computed from it.
#[derive(Debug, Clone, Default)]
struct Item {
    proposed: bool,
    heard: bool,
    said: Vec<ProgressStatus>,
    cancel: bool,
}

impl Item {
    /// R1: the first completion counts, and whatever follows can only make it failed.
    fn status(&self) -> Option<ProgressStatus> {
        match self.said.iter().position(|status| status.completes()) {
            Some(at) if at + 1 < self.said.len() => Some(ProgressStatus::Failed),
            _ => self.said.last().copied(),
        }
    }

    fn complete(&self) -> bool {
        self.said.iter().any(|status| status.completes())
    }

    fn awaited(&self) -> bool {
        !self.complete() && (self.heard || !self.proposed)
    }
}

#[derive(Debug, Default)]
struct Model {
    items: BTreeMap<ItemId, Item>,
    stopping: bool,
    ended: bool,
    now: i64,
    last_word: i64,
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Answer {
    Told(CancelRequest),
    GoOn(bool),
    Done,
    Invalid,
    Denied,
    Ended,
}

impl Model {
    fn begin() -> Self {
        let items = NAMES[..3].iter().map(|name| (id(name), Item::default())).collect();
        Self { items, ..Self::default() }
    }

    fn told(&self, item: &ItemId) -> Answer {
        Answer::Told(match self.items.get(item) {
            _ if self.stopping => CancelRequest::All,
            Some(Item { cancel: true, .. }) => CancelRequest::Item,
            _ => CancelRequest::None,
        })
    }

    fn apply(&mut self, call: &Call) -> Answer {
        match call {
            Call::Wait(by) => {
                self.now += by;
                self.ended |= self.now > self.last_word + LEASE;
                return Answer::Done;
            }
            Call::End => {
                self.ended = true;
                return Answer::Done;
            }
            Call::CancelItem(_) | Call::CancelAll if self.ended => return Answer::Done,
            Call::CancelItem(item) => {
                if let Some(item) = self.items.get_mut(&id(NAMES[*item])) {
                    item.cancel |= !item.complete();
                }
                return Answer::Done;
            }
            Call::CancelAll => {
                self.stopping = true;
                return Answer::Done;
            }
            _ if self.ended => return Answer::Ended,
            _ => self.last_word = self.now,
        }
        match call {
            Call::Report(item, status) => {
                let name = id(NAMES[*item]);
                let Some(item) = self.items.get_mut(&name) else { return Answer::Invalid };
                let was_complete = item.complete();
                let was_awaited = item.awaited();
                item.heard = true;
                item.said.push(*status);
                if was_complete && *status != ProgressStatus::Failed {
                    return Answer::Denied;
                }
                if item.complete() {
                    item.cancel = false;
                }
                if was_awaited && item.complete() && !self.items.values().any(Item::awaited) {
                    self.stopping = false;
                }
                self.told(&name)
            }
            Call::Phase(item) => {
                let name = id(NAMES[*item]);
                let Some(item) = self.items.get_mut(&name) else { return Answer::Invalid };
                if item.complete() {
                    return Answer::Denied;
                }
                item.heard = true;
                self.told(&name)
            }
            Call::CanContinue(None) => Answer::GoOn(!self.stopping),
            Call::CanContinue(Some(item)) => match self.items.get(&id(NAMES[*item])) {
                Some(item) => Answer::GoOn(!self.stopping && !item.cancel),
                None => Answer::Invalid,
            },
            Call::HandlerText => {
                Answer::Told(if self.stopping { CancelRequest::All } else { CancelRequest::None })
            }
            Call::Add(item) | Call::Propose(item) => {
                let name = id(NAMES[*item]);
                if self.items.contains_key(&name) {
                    return Answer::Invalid;
                }
                let proposed = matches!(call, Call::Propose(_));
                self.items.insert(name, Item { proposed, ..Item::default() });
                Answer::Done
            }
            Call::Commit(item) => match self.items.get_mut(&id(NAMES[*item])) {
                Some(item) if item.proposed => {
                    item.proposed = false;
                    Answer::Done
                }
                _ => Answer::Invalid,
            },
            Call::CancelItem(_) | Call::CancelAll | Call::Wait(_) | Call::End => {
                unreachable!("answered above")
            }
        }
    }

    fn outcome(item: &Item) -> (ProgressStatus, Outcome) {
        match item.status() {
            Some(status) if item.complete() => (status, Outcome::of(status, None)),
            Some(ProgressStatus::Disconnected) => (ProgressStatus::Disconnected, Outcome::Disconnected),
            _ if item.heard => (ProgressStatus::Failed, Outcome::Interrupted),
            _ => (ProgressStatus::Failed, Outcome::Failed),
        }
    }
}

fn answer<T>(result: Result<T, Refusal>, fine: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(value) => fine(value),
        Err(Refusal::InvalidArgument(_)) => Answer::Invalid,
        Err(Refusal::AccessDenied(_)) => Answer::Denied,
        Err(Refusal::Ended) => Answer::Ended,
        Err(other) => panic!("{other}"),
    }
}

fn real(session: &Session, now: i64, call: &Call) -> Answer {
    match call {
        Call::Report(item, status) => {
            answer(session.report_progress(now, &id(NAMES[*item]), None, *status, 1, 2), Answer::Told)
        }
        Call::Phase(item) => {
            answer(session.report_phase(now, &id(NAMES[*item]), Phase::Moving), Answer::Told)
        }
        Call::CanContinue(item) => {
            let item = item.map(|item| id(NAMES[item]));
            let said = answer(session.can_continue(item.as_ref()), Answer::GoOn);
            // It carries no time; the next look at the lease counts it, which is now.
            assert!(session.expire(now).is_none());
            said
        }
        Call::HandlerText => answer(session.set_handler_progress_text(now, "line"), Answer::Told),
        Call::Add(item) => answer(session.add_item(now, &id(NAMES[*item]), true), |()| Answer::Done),
        Call::Propose(item) => {
            let item = Arc::new(NamedItem::new(id(NAMES[*item]), "name"));
            answer(session.propose_item(now, item, false), |()| Answer::Done)
        }
        Call::Commit(item) => answer(session.commit_item(now, &id(NAMES[*item])), |_| Answer::Done),
        Call::CancelItem(item) => {
            session.cancel_item(&id(NAMES[*item]));
            Answer::Done
        }
        Call::CancelAll => {
            session.cancel_all();
            Answer::Done
        }
        Call::Wait(_) | Call::End => Answer::Done,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_session_does_what_the_rules_say(calls in prop::collection::vec(call(), 1..60)) {
        let first: Vec<ItemId> = NAMES[..3].iter().map(|name| id(name)).collect();
        let session = Session::new(RunId(1), handler(), &first, 0).unwrap();
        let mut model = Model::begin();
        let mut ended = None;
        for call in &calls {
            let expected = model.apply(call);
            let got = real(&session, model.now, call);
            prop_assert_eq!(got, expected, "{:?}", call);
            if let Call::Wait(_) = call {
                ended = ended.or(session.expire(model.now));
            }
            if let Call::End = call {
                ended = ended.or(session.end(model.now, EndReason::Ended));
            }
            prop_assert_eq!(session.is_ended(), model.ended);
            if !model.ended {
                prop_assert_eq!(session.open_items(), model.items.values().filter(|item| item.awaited()).count());
                let visible = model.items.values().filter(|item| !item.proposed).count();
                prop_assert_eq!(session.snapshot().items.len(), visible);
            }
        }
        let ended = ended.or_else(|| session.end(model.now, EndReason::Ended)).unwrap();
        let dropped = model.items.values().filter(|item| item.proposed).count();
        prop_assert_eq!(ended.dropped.len(), dropped);
        prop_assert_eq!(ended.items.len() + dropped, model.items.len());
        for end in &ended.items {
            let item = &model.items[&end.item];
            prop_assert_eq!((end.status, end.outcome), Model::outcome(item), "{}", end.item);
            prop_assert_eq!(end.reported, item.heard);
            prop_assert_eq!(end.completed, item.complete());
        }
    }

    #[test]
    fn a_percentage_never_exceeds_100(step: u64, max: u64, status in prop::sample::select(ProgressStatus::ALL)) {
        let percent = syncmgr::Progress::of(Some(status), step, max).percent();
        prop_assert!(percent.is_none_or(|percent| percent <= 100));
    }

    #[test]
    fn a_cut_text_is_the_longest_beginning_that_fits(text: String, max in 0_usize..40) {
        let cut = syncmgr::text::cut(&text, max);
        prop_assert!(text.starts_with(cut));
        prop_assert!(syncmgr::text::units(cut) <= max);
        if let Some(next) = text[cut.len()..].chars().next() {
            prop_assert!(syncmgr::text::units(cut) + next.len_utf16() > max);
        }
    }
}
