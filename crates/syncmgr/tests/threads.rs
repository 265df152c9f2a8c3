//! One session, many threads: nothing is lost, and exactly one caller gets the end.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{end, handler, id};
use syncmgr::session::{EndReason, Progress, Session};
use syncmgr::{CancelRequest, ItemId, Outcome, ProgressStatus, RunId};

const THREADS: usize = 8;
const ITEMS: usize = 400;

fn many(count: usize) -> (Session, Vec<ItemId>) {
    let ids: Vec<ItemId> = (0..count).map(|n| id(&format!("item-{n}"))).collect();
    (Session::new(RunId(1), handler(), &ids, 0).unwrap(), ids)
}

#[test]
fn every_item_of_every_thread_gets_its_own_end() {
    let (session, ids) = many(ITEMS);
    std::thread::scope(|scope| {
        let session = &session;
        for chunk in ids.chunks(ITEMS / THREADS) {
            scope.spawn(move || {
                for (n, id) in (1..).zip(chunk) {
                    session.report_progress(n, id, Some("at it"), ProgressStatus::Updating, 1, 4).unwrap();
                    session.report_progress(n, id, None, ProgressStatus::Succeeded, 4, 4).unwrap();
                }
            });
        }
    });
    assert_eq!(session.open_items(), 0);
    assert!(end(&session).items.iter().all(|item| item.outcome == Outcome::Done && item.text == "at it"));
}

#[test]
fn an_item_is_added_once_however_many_try() {
    let (session, _) = many(1);
    let (added, barrier) = (AtomicUsize::new(0), Barrier::new(THREADS));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for n in 0..ITEMS {
                    let item = id(&format!("late-{n}"));
                    let won = session.add_item(1, &item, true).is_ok();
                    added.fetch_add(usize::from(won), Ordering::Relaxed);
                    // Whoever won, the item is there now.
                    session.report_progress(1, &item, None, ProgressStatus::Updating, 1, 2).unwrap();
                }
            });
        }
    });
    assert_eq!(added.into_inner(), ITEMS);
    assert_eq!(session.snapshot().items.len(), ITEMS + 1);
    assert_eq!(session.open_items(), ITEMS + 1);
    assert_eq!(session.changes().len(), ITEMS, "each once, however often it was reported");
}

#[test]
fn a_stop_reaches_every_thread_and_is_over_when_all_have_acknowledged() {
    let (session, ids) = many(THREADS);
    let barrier = Barrier::new(THREADS + 1);
    std::thread::scope(|scope| {
        let (session, barrier) = (&session, &barrier);
        for id in &ids {
            scope.spawn(move || {
                barrier.wait();
                while session.can_continue(Some(id)).unwrap() {
                    let told = session.report_progress(1, id, None, ProgressStatus::Updating, 1, 2).unwrap();
                    if told != CancelRequest::None {
                        break;
                    }
                }
                session.report_progress(2, id, None, ProgressStatus::Canceled, 0, 0).unwrap();
            });
        }
        barrier.wait();
        assert_eq!(session.cancel_all(), THREADS);
    });
    assert!(!session.is_stopping());
    assert_eq!(end(&session).result.status, ProgressStatus::Canceled);
}

#[test]
fn r12_an_end_is_given_to_one_caller() {
    let (session, _) = many(1);
    let barrier = Barrier::new(THREADS);
    let ends = std::thread::scope(|scope| {
        let ender = || {
            barrier.wait();
            session.end(9, EndReason::Dropped).is_some()
        };
        let enders: Vec<_> = (0..THREADS).map(|_| scope.spawn(ender)).collect();
        enders.into_iter().map(|ender| ender.join().unwrap()).filter(|got| *got).count()
    });
    assert_eq!(ends, 1);
}

#[test]
fn r12_a_report_is_in_the_end_exactly_if_it_was_accepted() {
    let (_, ids) = many(64);
    let last = &ids[63];
    for _ in 0..200 {
        let session = Session::new(RunId(1), handler(), &ids, 0).unwrap();
        let barrier = Barrier::new(2);
        let (accepted, ended) = std::thread::scope(|scope| {
            let reporter = scope.spawn(|| {
                barrier.wait();
                session.report_progress(1, last, None, ProgressStatus::Succeeded, 1, 1).is_ok()
            });
            barrier.wait();
            let ended = session.end(9, EndReason::Dropped).unwrap();
            (reporter.join().unwrap(), ended)
        });
        assert_eq!(ended.items[63].completed, accepted);
    }
}

#[test]
fn a_screen_that_reads_changes_misses_none() {
    let (session, ids) = many(ITEMS);
    let mut seen: std::collections::BTreeMap<ItemId, Progress> = std::collections::BTreeMap::new();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            for step in 1..=10 {
                for id in &ids {
                    session
                        .report_progress(step, id, None, ProgressStatus::Updating, step as u64, 10)
                        .unwrap();
                }
            }
        });
        while !worker.is_finished() {
            seen.extend(session.changes().into_iter().map(|view| (view.id, view.progress)));
        }
    });
    seen.extend(session.changes().into_iter().map(|view| (view.id, view.progress)));
    assert_eq!(seen.len(), ITEMS);
    assert!(seen.values().all(|progress| *progress == Progress::Percent(100)));
    assert!(session.changes().is_empty(), "nothing changed since");
}
