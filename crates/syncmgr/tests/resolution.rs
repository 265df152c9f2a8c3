//! Settling conflicts: one way through, whoever asks.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::Mutex;

use common::{handler, id};
use syncmgr::conflict::walk::settle;
use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger,
    ConflictPresenter, ConflictStore, ConflictVersion, Feedback, OtherVersion, PresenterChoice,
    PresenterNextStep, PropertyKey, PropertyValue, ResolutionHandler, ResolutionItem, ResolveInfo,
    Settlement,
};
use syncmgr::testing::MemoryLedger;
use syncmgr::{HandlerError, HandlerId, ProblemClass};

fn version(location: &str, size: u64, modified: i64) -> ConflictVersion {
    ConflictVersion {
        location: location.into(),
        item_type: ConflictItemType::Updated,
        kind: "file".into(),
        size,
        modified,
        stamp: Vec::new(),
        path: None,
    }
}

fn conflict(path: &str, kind: ConflictKind) -> Conflict {
    Conflict {
        id: ConflictId(path.into()),
        handler: handler(),
        item: id("a"),
        kind,
        path: path.into(),
        detected: 7,
        versions: vec![version("Laptop", 10, 100), version("/mnt/nas", 20, 50)],
    }
}

/// Writes down what it is asked to do, and answers what it is told.
#[derive(Default)]
struct Recorder {
    done: Mutex<Vec<(Vec<u8>, Choice)>>,
    answers: Mutex<Vec<Result<Feedback, HandlerError>>>,
    abilities: Option<Abilities>,
}

impl Recorder {
    fn answering(answers: impl IntoIterator<Item = Result<Feedback, HandlerError>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Mutex::new(answers), ..Self::default() }
    }

    fn choices(&self) -> Vec<Choice> {
        self.done.lock().unwrap().iter().map(|(_, choice)| choice.clone()).collect()
    }
}

impl ResolutionHandler for Recorder {
    fn resolve(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError> {
        self.done.lock().unwrap().push((conflict.path.clone(), choice.clone()));
        self.answers.lock().unwrap().pop().unwrap_or(Ok(Feedback::Continue))
    }

    fn abilities(&self, _conflict: &Conflict) -> Abilities {
        self.abilities.unwrap_or(Abilities::all())
    }
}

type Answer = fn(&Conflict, &mut ResolveInfo);

/// Answers from a script; when that is at its end it leaves conflicts for later.
#[derive(Default)]
struct Script {
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<(usize, usize, usize)>>,
    stop_at_failure: bool,
}

impl Script {
    fn new(answers: &[Answer]) -> Self {
        let answers = Mutex::new(answers.iter().rev().copied().collect());
        Self { answers, ..Self::default() }
    }

    fn asked(&self) -> Vec<(usize, usize, usize)> {
        self.asked.lock().unwrap().clone()
    }
}

impl ConflictPresenter for Script {
    fn present(&self, _conflict: &Conflict) -> Option<Choice> {
        None
    }

    fn present_in(&self, conflict: &Conflict, _abilities: Abilities, info: &mut ResolveInfo) {
        let at = info.iteration();
        self.asked.lock().unwrap().push((at.current, at.total, at.remaining_for_apply_to_all));
        if let Some(answer) = self.answers.lock().unwrap().pop() {
            answer(conflict, info);
        }
    }

    fn failed(&self, _conflict: &Conflict, _error: &HandlerError) -> bool {
        !self.stop_at_failure
    }
}

fn three() -> Vec<Conflict> {
    vec![
        conflict("a.txt", ConflictKind::EditEdit),
        conflict("b.txt", ConflictKind::CreateCreate),
        conflict("c.txt", ConflictKind::EditEdit),
    ]
}

fn keep_first_for_all(conflict: &Conflict, info: &mut ResolveInfo) {
    info.answer(conflict, Choice::KeepOne(0), true);
}

fn keep_second(_: &Conflict, info: &mut ResolveInfo) {
    info.set_presenter_choice(PresenterChoice::KeepOne, false);
    info.set_item_choices(&[1]);
}

#[test]
fn every_method_of_the_original_leads_into_resolve() {
    let recorder = Recorder::default();
    let one = conflict("a.txt", ConflictKind::EditEdit);
    let merged = OtherVersion::Reference("/tmp/merged".into());
    let both = [ResolutionItem::unchanged(0), ResolutionItem { index: 1, new_name: Some("b".into()) }];
    recorder.keep_other(&one, merged.clone()).unwrap();
    recorder.keep_recent(&one).unwrap();
    recorder.remove_from_sync_set(&one).unwrap();
    recorder.keep_items(&one, &both).unwrap();
    assert_eq!(
        recorder.choices(),
        [
            Choice::KeepOther(merged),
            Choice::KeepRecent,
            Choice::RemoveFromSyncSet,
            Choice::KeepItems(both.to_vec())
        ]
    );
}

#[test]
fn what_a_handler_is_not_able_to_do_is_not_asked_of_it() {
    let recorder = Recorder { abilities: Some(Abilities::empty()), ..Recorder::default() };
    let one = conflict("a.txt", ConflictKind::EditEdit);
    assert!(recorder.keep_recent(&one).is_err());
    assert!(recorder.remove_from_sync_set(&one).is_err());
    assert!(recorder.keep_other(&one, OtherVersion::Content(b"x".to_vec())).is_err());
    let both = [ResolutionItem::unchanged(0), ResolutionItem::unchanged(1)];
    assert!(recorder.keep_items(&one, &both).is_err());
    assert!(recorder.keep_items(&one, &both[..1]).is_ok(), "one version can always be kept");
    assert_eq!(recorder.choices().len(), 1);
}

#[test]
fn a_choice_must_make_sense() {
    let one = conflict("a.txt", ConflictKind::EditEdit);
    let keep = |indexes: &[usize]| {
        Choice::KeepItems(indexes.iter().copied().map(ResolutionItem::unchanged).collect()).check(&one)
    };
    assert!(Choice::KeepOne(1).check(&one).is_ok());
    assert!(Choice::KeepOne(2).check(&one).is_err());
    assert!(keep(&[0, 1]).is_ok());
    assert!(keep(&[]).is_err());
    assert!(keep(&[0, 0]).is_err());
    assert!(keep(&[0, 2]).is_err());
}

#[test]
fn a_walk_asks_for_each_and_says_where_it_stands() {
    let (recorder, presenter) = (Recorder::default(), Script::new(&[keep_second, keep_second, keep_second]));
    let done = settle(&three(), &presenter, None, |_| Some(&recorder));
    assert_eq!(done, vec![Settlement::Settled(Choice::KeepOne(1)); 3]);
    assert_eq!(presenter.asked(), [(1, 3, 1), (2, 3, 0), (3, 3, 0)]);
}

#[test]
fn an_answer_for_all_applies_to_the_same_kind_of_the_same_handler() {
    let (recorder, presenter) = (Recorder::default(), Script::new(&[keep_first_for_all, keep_second]));
    let done = settle(&three(), &presenter, None, |_| Some(&recorder));
    assert_eq!(presenter.asked().len(), 2, "c.txt is of the kind of a.txt");
    assert_eq!(done[2], Settlement::Settled(Choice::KeepOne(0)));
    assert_eq!(done[1], Settlement::Settled(Choice::KeepOne(1)));
}

#[test]
fn a_refresh_ends_an_answer_for_all_and_shows_the_conflict_again() {
    let recorder = Recorder::answering([Ok(Feedback::Continue), Ok(Feedback::Refresh)]);
    let presenter = Script::new(&[keep_first_for_all, keep_second]);
    let two = [conflict("a.txt", ConflictKind::EditEdit), conflict("c.txt", ConflictKind::EditEdit)];
    let done = settle(&two, &presenter, None, |_| Some(&recorder));
    assert_eq!(done[1], Settlement::Settled(Choice::KeepOne(1)));
    assert_eq!(recorder.choices(), [Choice::KeepOne(0), Choice::KeepOne(0), Choice::KeepOne(1)]);
}

#[test]
fn an_endless_refresh_does_not_keep_the_person_for_ever() {
    let recorder = Recorder::answering(std::iter::repeat_n(Ok(Feedback::Refresh), 100));
    let presenter = Script::new(&[keep_second as Answer; 100]);
    let done = settle(&three()[..1], &presenter, None, |_| Some(&recorder));
    assert_eq!(done, [Settlement::Left]);
}

#[test]
fn a_handler_that_wants_no_more_is_asked_no_more() {
    let recorder = Recorder::answering([Ok(Feedback::Cancel)]);
    let other_handler = Recorder::default();
    let mut conflicts = three();
    conflicts[2].handler = HandlerId::new("other").unwrap();
    let presenter = Script::new(&[keep_second, keep_second]);
    let done = settle(&conflicts, &presenter, None, |conflict| {
        Some(if conflict.handler == handler() { &recorder } else { &other_handler })
    });
    assert_eq!(done[0], Settlement::Settled(Choice::KeepOne(1)));
    assert_eq!(done[1], Settlement::NotReached);
    assert_eq!(done[2], Settlement::Settled(Choice::KeepOne(1)));
}

#[test]
fn a_presenter_can_drop_the_walk_or_hand_a_conflict_to_the_default_one() {
    let recorder = Recorder::default();
    let drop_it: Answer = |_, info| info.set_next_step(PresenterNextStep::Cancel);
    let done = settle(&three(), &Script::new(&[drop_it]), None, |_| Some(&recorder));
    assert_eq!(done, [Settlement::Left, Settlement::NotReached, Settlement::NotReached]);

    let pass_on: Answer = |_, info| info.set_next_step(PresenterNextStep::Default);
    let fallback = Script::new(&[keep_second]);
    let done = settle(&three()[..1], &Script::new(&[pass_on]), Some(&fallback), |_| Some(&recorder));
    assert_eq!(done, [Settlement::Settled(Choice::KeepOne(1))]);
    assert_eq!(fallback.asked().len(), 1);
}

#[test]
fn a_failure_is_shown_and_the_conflict_stands() {
    let why = HandlerError::new(ProblemClass::Permission, "a.txt may not be written");
    let recorder = Recorder::answering([Err(why.clone())]);
    let presenter = Script::new(&[keep_first_for_all, keep_second, keep_second]);
    let done = settle(&three(), &presenter, None, |_| Some(&recorder));
    assert_eq!(done[0], Settlement::Failed(why.clone()));
    assert_eq!(presenter.asked().len(), 3, "what failed once for all is asked again");

    let recorder = Recorder::answering([Err(why)]);
    let presenter = Script { stop_at_failure: true, ..Script::new(&[keep_second as Answer; 3]) };
    let done = settle(&three(), &presenter, None, |_| Some(&recorder));
    assert_eq!(done[1..], [Settlement::NotReached, Settlement::NotReached]);
}

#[test]
fn nobody_settles_the_conflicts_of_a_handler_that_cannot() {
    let done = settle(&three()[..1], &Script::new(&[]), None, |_| None);
    assert!(matches!(&done[0], Settlement::Failed(why) if why.problem.text.contains("settles no conflicts")));
}

#[test]
fn the_answers_of_the_original_and_ours_say_the_same() {
    let one = conflict("a.txt", ConflictKind::EditEdit);
    for (choice, kind, items) in [
        (Choice::KeepOne(1), PresenterChoice::KeepOne, vec![1]),
        (Choice::KeepAll, PresenterChoice::KeepMultiple, vec![0, 1]),
        (Choice::KeepRecent, PresenterChoice::KeepRecent, vec![]),
        (Choice::KeepLargest, PresenterChoice::KeepOne, vec![1]),
        (Choice::RemoveFromSyncSet, PresenterChoice::RemoveFromSyncSet, vec![]),
    ] {
        let mut info = ResolveInfo::default();
        info.answer(&one, choice.clone(), false);
        assert_eq!(info.presenter_choice(), (kind, false));
        assert_eq!(info.item_choices(), items);
        assert_eq!(info.choice(), Ok(Some(choice)));
    }
    let mut info = ResolveInfo::default();
    assert_eq!(info.choice(), Ok(None), "no choice leaves it for later");
    info.set_presenter_choice(PresenterChoice::KeepOne, true);
    assert!(info.choice().is_err(), "which one?");
    info.set_item_choices(&[0]);
    assert_eq!(info.choice(), Ok(Some(Choice::KeepOne(0))));
}

#[test]
fn newest_and_largest_are_one_version_or_none() {
    let mut one = conflict("a.txt", ConflictKind::EditEdit);
    assert_eq!((one.newest(), one.largest()), (Some(0), Some(1)));
    one.versions[1].modified = 100;
    assert_eq!(one.newest(), None, "a tie stays a conflict");
    one.versions[1].item_type = ConflictItemType::Deleted;
    assert_eq!((one.newest(), one.largest()), (Some(0), Some(0)));
}

#[test]
fn a_conflict_tells_its_properties_and_versions() {
    let one = conflict("docs/report.txt", ConflictKind::EditEdit);
    assert_eq!(one.property(PropertyKey::ItemNameDisplay), PropertyValue::Text("report.txt".into()));
    assert_eq!(one.property(PropertyKey::FirstLocation), PropertyValue::Text("Laptop".into()));
    assert_eq!(one.property(PropertyKey::DateModified), PropertyValue::Time(7));
    assert_eq!(one.id_info().id, one.id);
    assert_eq!(one.items().count(), 2);
    assert!(one.items().get(2).is_none());
    let names: Vec<String> = one.items().iter().map(|item| item.alternate_name).collect();
    assert_eq!(names, ["report (Laptop).txt", "report (-mnt-nas).txt"]);
    assert_eq!(one.items().get(0).unwrap().location_full, "Laptop: docs/report.txt");
    let mut none = one.clone();
    none.versions.clear();
    assert_eq!(none.property(PropertyKey::SecondLocation), PropertyValue::Empty, "absent is empty, no error");
    let mut hidden = one;
    hidden.path = ".profile".into();
    assert_eq!(hidden.items().get(0).unwrap().alternate_name, ".profile (Laptop)");
}

#[test]
fn a_ledger_keeps_the_time_of_the_first_sight_and_closes_what_is_no_more() {
    let ledger = MemoryLedger::new();
    let [a, b, c] = <[Conflict; 3]>::try_from(three()).unwrap();
    ledger.replace(&handler(), &id("a"), vec![a.clone(), b]).unwrap();
    let later = Conflict { detected: 99, ..a.clone() };
    ledger.replace(&handler(), &id("a"), vec![later, Conflict { detected: 99, ..c }]).unwrap();
    let open = ledger.conflicts(&handler(), Some(&id("a"))).unwrap();
    let times: Vec<i64> = open.iter().map(|conflict| conflict.detected).collect();
    assert_eq!(times, [7, 99]);
    assert_eq!(ledger.count(&handler(), Some(&id("other"))).unwrap(), 0);
    ledger.remove(&handler(), &id("a"), std::slice::from_ref(&a.id)).unwrap();
    assert_eq!(ledger.bind(&handler(), &id("a"), &a.id).unwrap(), None);
    assert_eq!(ledger.count(&handler(), None).unwrap(), 1);
}
