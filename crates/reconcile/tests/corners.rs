//! The corners of the decisions, each on a small pair of folders.

use Side::{A, B};
use reconcile::model::Model;
use reconcile::{Mode, OnConflict, Op, Plan, Policy, Side, Time, plan};

fn policy() -> Policy {
    Policy {
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        checksum: false,
        now: Time { secs: reconcile::model::EPOCH + 1_000_000, nanos: 0 },
        time_resolution: 1,
        keep_both_suffix: "conflict-B-20261122-161500".to_owned(),
    }
}

fn sync(model: &mut Model, policy: &Policy) -> Plan {
    let plan = plan(model, policy, model.base_is_empty());
    if let Err(refused) = model.apply(&plan) {
        panic!("{refused}\nplan: {:#?}\nA: {:#?}\nB: {:#?}", plan, model.show(A), model.show(B));
    }
    plan
}

#[test]
fn a_first_run_is_a_union() {
    let mut model = Model::new();
    model.write(A, "docs/a.txt", "from a");
    model.write(B, "docs/b.txt", "from b");
    model.write(B, "music/x", "x");
    sync(&mut model, &policy());
    assert_eq!(model.show(A), model.show(B));
    assert_eq!(model.show(A).len(), 5);
    let again = sync(&mut model, &policy());
    assert!(again.actions.is_empty() && again.settle.is_empty());
}

#[test]
fn a_moved_directory_is_one_move() {
    let mut model = Model::new();
    model.write(A, "d/x", "1");
    model.write(A, "d/sub/y", "2");
    sync(&mut model, &policy());
    model.mkdir(A, "n");
    assert!(model.rename(A, "d", "n/e"));
    model.write(B, "d/sub/y", "edited");
    let plan = sync(&mut model, &policy());
    assert_eq!(plan.actions.len(), 3, "{plan:#?}");
    assert!(plan.actions.iter().any(|action| matches!(action.op, Op::Move { on: B, .. })));
    assert_eq!(model.show(A), model.show(B));
    assert_eq!(model.read(A, "n/e/sub/y").as_deref(), Some("edited"));
}
