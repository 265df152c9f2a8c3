//! Owners and extended attributes, where a pair keeps them: changes of metadata like permissions, each by itself.

mod common;

use common::{Deed, enact, history_with_extras, mode, policy, story, sync};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reconcile::model::Model;
use reconcile::{Extras, Kind, Mode, Op, Owner, Plan, Policy, Side, plan};

use Side::{A, B};

const KNOWN: Extras = Extras { owner: Owner { user: 0, group: 0 }, attributes: 1 };

/// A pair that has met and keeps both, with a file, a link and a directory.
fn agreed() -> Model {
    let mut model = Model::new();
    model.extras = KNOWN;
    model.write(A, "f", "as it was");
    model.link(A, "l", "f");
    model.write(A, "d/inner", "as it was too");
    sync(&mut model, &policy());
    model
}

fn owner(model: &Model, side: Side, path: &str) -> u32 {
    model.get(side, path).map_or(u32::MAX, |entry| entry.seen.extras.owner.user)
}

fn attributes(model: &Model, side: Side, path: &str) -> u64 {
    model.get(side, path).map_or(0, |entry| entry.seen.extras.attributes)
}

fn content_is_left(plan: &Plan) -> bool {
    plan.actions.iter().all(|action| matches!(action.op, Op::Meta { .. })) && plan.conflicts.is_empty()
}

fn is_quiet(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.settle.is_empty() && plan.alike.is_empty()
}

fn assert_settled(model: &mut Model, policy: &Policy) {
    let again = sync(model, policy);
    assert!(is_quiet(&again), "{}", story(model, &again));
}

#[test]
fn they_propagate_both_ways_and_are_no_edit() {
    for (from, path) in [(A, "f"), (B, "f"), (A, "l"), (B, "l"), (A, "d"), (B, "d")] {
        let mut model = agreed();
        model.chown(from, path, 7);
        model.set_attributes(from, path, 9);
        let plan = sync(&mut model, &policy());
        assert!(content_is_left(&plan), "{}", story(&model, &plan));
        assert_eq!(plan.actions.len(), 1);
        assert_eq!((owner(&model, from.other(), path), attributes(&model, from.other(), path)), (7, 9));
        assert_settled(&mut model, &policy());
    }
}

#[test]
fn each_goes_its_own_way() {
    let mut model = agreed();
    model.chown(A, "f", 7);
    model.set_attributes(B, "f", 9);
    model.chmod(A, "f", 0o600);
    let plan = sync(&mut model, &policy());
    assert!(content_is_left(&plan));
    for side in Side::BOTH {
        assert_eq!((owner(&model, side, "f"), attributes(&model, side, "f")), (7, 9));
    }
    assert_settled(&mut model, &policy());
}

#[test]
fn both_changed_the_later_wins_and_it_is_no_conflict() {
    for (first, later) in [(A, B), (B, A)] {
        let mut model = agreed();
        model.chown(first, "f", 7);
        model.chown(later, "f", 8);
        assert!(sync(&mut model, &policy()).conflicts.is_empty());
        assert_eq!((owner(&model, A, "f"), owner(&model, B, "f")), (8, 8));
        assert_settled(&mut model, &policy());
    }
}

#[test]
fn a_deletion_wins_over_them() {
    let mut model = agreed();
    model.chown(A, "f", 7);
    model.remove(B, "f");
    sync(&mut model, &policy());
    assert!(model.get(A, "f").is_none());
}

#[test]
fn an_edit_here_and_an_owner_there_both_survive() {
    for (editor, other) in [(A, B), (B, A)] {
        let mut model = agreed();
        model.write(editor, "f", "a longer content than before");
        model.chown(other, "f", 7);
        model.set_attributes(other, "f", 9);
        sync(&mut model, &policy());
        for side in Side::BOTH {
            assert_eq!(model.read(side, "f").as_deref(), Some("a longer content than before"));
            assert_eq!((owner(&model, side, "f"), attributes(&model, side, "f")), (7, 9));
        }
        assert_settled(&mut model, &policy());
    }
}

#[test]
fn a_mirror_puts_them_back_and_a_copy_leaves_them() {
    for (mode_of_pair, after) in [(Mode::Mirror, 0), (Mode::Copy, 7)] {
        let mut model = agreed();
        model.chown(B, "f", 7);
        let plan = sync(&mut model, &mode(mode_of_pair));
        assert!(content_is_left(&plan));
        assert_eq!(owner(&model, B, "f"), after);
        model.chown(A, "f", 9);
        sync(&mut model, &mode(mode_of_pair));
        assert_eq!(owner(&model, B, "f"), 9);
    }
}

/// Asked for later: all that is known of both sides now was not known before.
fn asked_for_later(differ: bool) -> Model {
    let mut model = Model::new();
    for file in ["f", "g", "d/inner"] {
        model.write(A, file, &format!("{file} as it was"));
    }
    sync(&mut model, &policy());
    model.extras = KNOWN;
    for side in Side::BOTH {
        for path in ["f", "g", "d", "d/inner"] {
            model.alter(side, path, |entry| entry.seen.extras = KNOWN);
        }
    }
    if differ {
        model.alter(B, "f", |entry| entry.seen.extras.owner = Owner { user: 7, group: 7 });
    }
    model
}

#[test]
fn asked_for_later_they_change_nothing_where_they_agree() {
    for policy in [policy(), mode(Mode::Mirror), mode(Mode::Copy)] {
        let mut model = asked_for_later(false);
        let plan = sync(&mut model, &policy);
        assert!(plan.actions.is_empty() && plan.conflicts.is_empty(), "{}", story(&model, &plan));
        assert_settled(&mut model, &policy);
        model.chown(A, "f", 9);
        sync(&mut model, &policy);
        assert_eq!(owner(&model, B, "f"), 9, "from now on they are known");
    }
}

#[test]
fn asked_for_later_each_keeps_its_own_but_in_a_mirror() {
    for (mode_of_pair, after) in [(Mode::TwoWay, 7), (Mode::Copy, 7), (Mode::Mirror, 0)] {
        let mut model = asked_for_later(true);
        let plan = sync(&mut model, &mode(mode_of_pair));
        assert!(content_is_left(&plan));
        assert_eq!((owner(&model, A, "f"), owner(&model, B, "f")), (0, after), "{mode_of_pair:?}");
        assert_settled(&mut model, &mode(mode_of_pair));
    }
}

#[test]
fn s12_no_more_asked_for_nothing_is_written_and_what_was_known_stays_known() {
    let mut model = agreed();
    for side in Side::BOTH {
        for path in ["f", "l", "d", "d/inner"] {
            model.alter(side, path, |entry| entry.seen.extras = Extras::default());
        }
    }
    assert_settled(&mut model, &policy());
    assert_eq!(model.agreed("f").map(|agreed| agreed.a.extras), Some(KNOWN));
}

/// What must be the same on both sides.
fn converged(model: &Model, plan: &Plan) -> bool {
    let contested = |path: &reconcile::RelPath| plan.conflicts.iter().any(|one| path.starts_with(&one.path));
    Side::BOTH.into_iter().all(|side| {
        model.side(side).iter().filter(|(path, _)| !contested(path)).all(|(path, entry)| {
            let other = model.side(side.other()).get(path);
            other.is_some_and(|other| (other.seen.kind, &other.content) == (entry.seen.kind, &entry.content))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Whatever happens, both sides agree afterwards and nothing more is to be done; where A alone is changed, B has all
    /// that A has.
    #[test]
    fn they_converge_and_settle(history in history_with_extras(), one_sided in any::<bool>(), births in any::<bool>()) {
        let mut model = Model::new();
        (model.extras, model.births) = (KNOWN, births);
        let mut serial = 0;
        for busy in &history {
            for deed in busy.iter().filter(|deed| !one_sided || side_of(deed) == A) {
                enact(&mut model, deed, &mut serial);
            }
            let before = model.clone();
            let made = sync(&mut model, &policy());
            prop_assert!(converged(&model, &made), "{}", story(&before, &made));
            let again = plan(&model, &policy(), model.base_is_empty());
            prop_assert!(is_quiet(&again), "first {}\nthen {}", story(&before, &made), story(&model, &again));
            if one_sided {
                for (path, entry) in model.side(A) {
                    let other = model.side(B).get(path).map(|other| (other.seen.mode, other.seen.extras));
                    prop_assert_eq!(other, Some((entry.seen.mode, entry.seen.extras)), "{}\n{}", path, story(&before, &made));
                    prop_assert!(entry.seen.kind != Kind::Special);
                }
            }
        }
    }
}

fn side_of(deed: &Deed) -> Side {
    match deed {
        Deed::Write(side, ..)
        | Deed::Scramble(side, ..)
        | Deed::Mkdir(side, ..)
        | Deed::Link(side, ..)
        | Deed::Remove(side, ..)
        | Deed::Rename(side, ..)
        | Deed::Swap(side, ..)
        | Deed::Touch(side, ..)
        | Deed::Chmod(side, ..)
        | Deed::Chown(side, ..)
        | Deed::Attributes(side, ..)
        | Deed::Socket(side, ..) => *side,
    }
}
