//! The guards (S5, S6): what must be approved of, and what need not.

mod common;

use common::{mode, policy, sync};
use reconcile::guards::{first_run_needs_consent, stops};
use reconcile::model::Model;
use reconcile::{BaseCounts, MaxDelete, Mode, Policy, Side, Stop, plan};

use Side::{A, B};

/// A pair with that many files in it, in agreement.
fn agreed(files: usize) -> Model {
    let mut model = Model::new();
    for number in 0..files {
        model.write(A, &format!("file-{number:03}"), &format!("content {number}"));
    }
    sync(&mut model, &policy());
    model
}

fn stopped(model: &Model, limit: Option<MaxDelete>) -> Vec<Stop> {
    stopped_under(model, &policy(), limit)
}

fn stopped_under(model: &Model, policy: &Policy, limit: Option<MaxDelete>) -> Vec<Stop> {
    let (entries, files) = model.base_counts();
    let plan = plan(model, policy, model.base_is_empty());
    stops(&plan, BaseCounts { entries, files }, limit)
}

fn delete(model: &mut Model, side: Side, count: usize) {
    for number in 0..count {
        model.remove(side, &format!("file-{number:03}"));
    }
}

#[test]
fn s6_more_than_half_deleted_is_a_stop() {
    let mut model = agreed(20);
    delete(&mut model, A, 10);
    assert_eq!(stopped(&model, None), []);
    delete(&mut model, A, 11);
    let limit = MaxDelete::Percent(50);
    assert_eq!(stopped(&model, None), [Stop::Deletions { side: B, deleted: 11, of: 20, limit }]);
}

#[test]
fn s6_a_share_means_nothing_below_ten_entries_unless_asked_for() {
    let mut model = agreed(9);
    delete(&mut model, B, 8);
    assert_eq!(stopped(&model, None), []);
    assert_eq!(stopped(&model, Some(MaxDelete::Percent(50))).len(), 1);
    let mut model = agreed(10);
    delete(&mut model, B, 6);
    assert_eq!(stopped(&model, None).len(), 1);
}

#[test]
fn s6_an_explicit_limit_applies_always() {
    let mut model = agreed(3);
    delete(&mut model, A, 1);
    let stop = |limit| stopped(&model, Some(limit)).len();
    assert_eq!(stop(MaxDelete::Count(0)), 1);
    assert_eq!(stop(MaxDelete::Count(1)), 0);
    assert_eq!(stop(MaxDelete::Percent(33)), 1);
    assert_eq!(stop(MaxDelete::Percent(34)), 0);
}

#[test]
fn s6_directories_and_what_is_in_them_count() {
    let mut model = Model::new();
    for number in 0..9 {
        model.write(A, &format!("d/file-{number}"), "x");
    }
    model.write(A, "rest", "x");
    sync(&mut model, &policy());
    model.remove(A, "d");
    let limit = MaxDelete::Percent(50);
    assert_eq!(stopped(&model, None), [Stop::Deletions { side: B, deleted: 10, of: 11, limit }]);
}

#[test]
fn s6_moves_do_not_count() {
    let mut model = agreed(20);
    model.mkdir(A, "n");
    for number in 0..20 {
        let name = format!("file-{number:03}");
        assert!(model.rename(A, &name, &format!("n/{name}")));
    }
    assert_eq!(stopped(&model, Some(MaxDelete::Count(0))), []);
}

#[test]
fn s6_everything_changed_is_a_stop_from_ten_files_up() {
    let encrypt = |model: &mut Model, files: usize| {
        for number in 0..files {
            model.write(A, &format!("file-{number:03}"), &format!("encrypted {number}"));
        }
    };
    let mut model = agreed(10);
    encrypt(&mut model, 9);
    assert_eq!(stopped(&model, None), []);
    encrypt(&mut model, 10);
    assert_eq!(stopped(&model, None), [Stop::Everything { side: B, replaced: 10, of: 10 }]);
    // What is deleted instead of changed does not make it better.
    delete(&mut model, A, 3);
    assert_eq!(stopped(&model, None), [Stop::Everything { side: B, replaced: 7, of: 10 }]);
    let mut model = agreed(9);
    encrypt(&mut model, 9);
    assert_eq!(stopped(&model, None), []);
}

#[test]
fn s6_that_all_times_changed_is_no_reason_to_stop() {
    let mut model = agreed(20);
    for number in 0..20 {
        model.touch(A, &format!("file-{number:03}"));
        model.chmod(A, &format!("file-{number:03}"), 0o600);
    }
    assert_eq!(stopped(&model, None), []);
}

#[test]
fn s5_an_emptied_side_is_a_stop_from_two_entries_up() {
    for policy in [policy(), mode(Mode::Mirror), mode(Mode::Copy)] {
        let mut model = agreed(2);
        delete(&mut model, A, 2);
        assert_eq!(stopped_under(&model, &policy, None), [Stop::Emptied { side: A, entries: 2 }]);
        let mut model = agreed(2);
        delete(&mut model, B, 2);
        assert_eq!(stopped_under(&model, &policy, None), [Stop::Emptied { side: B, entries: 2 }]);
    }
    let mut model = agreed(1);
    delete(&mut model, A, 1);
    assert_eq!(stopped(&model, None), []);
}

#[test]
fn s5_an_emptied_side_is_said_once() {
    let mut model = agreed(30);
    delete(&mut model, A, 30);
    assert_eq!(stopped(&model, None), [Stop::Emptied { side: A, entries: 30 }]);
}

#[test]
fn what_a_mirror_clears_away_was_never_agreed_on() {
    let mut model = agreed(10);
    for number in 0..50 {
        model.write(B, &format!("extra-{number}"), "x");
    }
    assert_eq!(stopped_under(&model, &mode(Mode::Mirror), None), []);
    // But somebody who says that nothing may be deleted means it.
    assert_eq!(stopped_under(&model, &mode(Mode::Mirror), Some(MaxDelete::Count(0))).len(), 1);
}

#[test]
fn a_first_run_that_takes_something_away_needs_consent() {
    let mut model = Model::new();
    model.write(A, "x", "by A");
    let first = |model: &Model, policy: &Policy| first_run_needs_consent(&plan(model, policy, true));
    assert!(!first(&model, &mode(Mode::Mirror)));
    model.write(B, "extra", "by B");
    assert!(first(&model, &mode(Mode::Mirror)));
    assert!(!first(&model, &policy()));
    assert!(!first(&model, &mode(Mode::Copy)));
    model.write(B, "x", "by B, differently");
    assert!(first(&model, &common::on_conflict(reconcile::OnConflict::Newest)));
}

#[test]
fn a_stop_says_what_happened_where_and_how_to_go_on() {
    let limit = MaxDelete::Percent(50);
    let stop = Stop::Deletions { side: B, deleted: 11, of: 20, limit };
    let said = stop.sentence(["laptop", "NAS"]);
    assert!(
        said.starts_with("11 of 20 entries would be deleted on NAS, more than the limit of 50%."),
        "{said}"
    );
    assert!(said.contains("--approve") && said.contains("--max-delete"));
    let stop = Stop::Emptied { side: A, entries: 2 };
    assert!(stop.sentence(["laptop", "NAS"]).starts_with("laptop is empty, although 2 entries were there"));
}
