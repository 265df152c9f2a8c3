//! What is left to a person where the policy says so, and stays open until it is settled.

mod common;

use common::{policy, story, sync};
use reconcile::model::Model;
use reconcile::{AskAlso, OnConflict, Plan, Policy, Side};
use syncmgr::conflict::ConflictKind;

use Side::{A, B};

fn asking() -> Policy {
    Policy { ask: AskAlso { deletions: true, permissions: true }, ..policy() }
}

fn agreed(files: &[&str]) -> Model {
    let mut model = Model::new();
    for file in files {
        model.write(A, file, &format!("{file} as it was"));
    }
    sync(&mut model, &asking());
    model
}

fn conflicts(plan: &Plan) -> Vec<(String, ConflictKind)> {
    plan.conflicts.iter().map(|one| (one.path.to_string(), one.kind)).collect()
}

/// The same question again, and nothing else to do.
fn stays_open(model: &mut Model, before: &Plan) {
    let again = sync(model, &asking());
    assert_eq!(conflicts(&again), conflicts(before));
    assert!(again.actions.is_empty() && again.settle.is_empty(), "{}", story(model, &again));
}

#[test]
fn a_file_deleted_on_one_side_and_edited_on_the_other_is_a_question() {
    for side in Side::BOTH {
        let mut model = agreed(&["x", "y"]);
        model.write(side, "x", "edited, and longer");
        model.remove(side.other(), "x");
        let plan = sync(&mut model, &asking());
        assert_eq!(conflicts(&plan), [("x".to_owned(), ConflictKind::EditDelete)]);
        assert!(plan.actions.is_empty(), "{}", story(&model, &plan));
        assert_eq!((plan.conflicts[0].a.is_some(), plan.conflicts[0].b.is_some()), (side == A, side == B));
        stays_open(&mut model, &plan);
        // By itself, the edit survives.
        let plan = sync(&mut model, &policy());
        assert!(plan.conflicts.is_empty());
        assert_eq!(model.show(A), model.show(B));
    }
}

#[test]
fn a_directory_deleted_against_edits_and_new_content_in_it_is_a_question_about_each() {
    let mut model = agreed(&["d/edited", "d/same", "d/in/edited", "d/in/same", "other"]);
    model.write(A, "d/edited", "edited, and longer");
    model.write(A, "d/in/edited", "edited, and longer");
    model.write(A, "d/new", "new");
    model.write(A, "d/newdir/file", "new");
    model.remove(B, "d");
    let plan = sync(&mut model, &asking());
    let mut paths: Vec<String> = conflicts(&plan).into_iter().map(|(path, _)| path).collect();
    paths.sort();
    assert_eq!(paths, ["d/edited", "d/in/edited", "d/new", "d/newdir"]);
    // What nobody touched is deleted, as it was on the other side; nothing is made there only to lead to a question.
    assert!(!model.show(A).iter().any(|line| format!("{line:?}").contains("same")));
    assert!(!model.show(B).iter().any(|line| format!("{line:?}").contains("d/")));
    stays_open(&mut model, &plan);
}

#[test]
fn a_deletion_against_something_untouched_is_no_question() {
    let mut model = agreed(&["d/x", "y"]);
    model.remove(A, "d");
    model.remove(B, "y");
    let plan = sync(&mut model, &asking());
    assert!(plan.conflicts.is_empty());
    assert_eq!(model.show(A), model.show(B));
}

#[test]
fn permissions_changed_on_both_sides_are_a_question_and_on_one_side_are_not() {
    let mut model = agreed(&["x", "y"]);
    model.chmod(A, "x", 0o600);
    model.chmod(B, "x", 0o755);
    model.chmod(A, "y", 0o600);
    let plan = sync(&mut model, &asking());
    assert_eq!(conflicts(&plan), [("x".to_owned(), ConflictKind::Metadata)]);
    assert_eq!(plan.actions.len(), 1);
    stays_open(&mut model, &plan);
    let plan = sync(&mut model, &policy());
    assert!(plan.conflicts.is_empty());
}

#[test]
fn who_decides_by_a_policy_is_not_asked() {
    let mut model = agreed(&["x"]);
    model.write(A, "x", "edited, and longer");
    model.remove(B, "x");
    let plan = sync(&mut model, &Policy { on_conflict: OnConflict::Newest, ..asking() });
    assert!(plan.conflicts.is_empty());
    assert_eq!(model.show(A), model.show(B));
}
