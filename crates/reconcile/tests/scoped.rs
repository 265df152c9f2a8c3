//! Planning what is in doubt finds what planning everything finds.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{enact, history, mode, on_conflict, policy, story};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use reconcile::model::{Model, rel};
use reconcile::{
    Kind, Mode, OnConflict, Plan, Planner, Policy, RelPath, Scope, Seen, Side, World, plan, visit,
};

fn plan_within(world: &dyn World, policy: &Policy, base_is_empty: bool, scope: Scope) -> Plan {
    let mut planner = Planner::within(policy.clone(), base_is_empty, scope);
    loop {
        let nodes = planner.next_nodes();
        if nodes.is_empty() {
            return planner.finish();
        }
        for node in nodes {
            planner.absorb(visit(&node, world, policy));
        }
    }
}

/// What each directory of a side holds, by its identity (the root's is zero), and where it is.
fn directories(model: &Model, side: Side) -> BTreeMap<u64, (RelPath, BTreeMap<Vec<u8>, Seen>)> {
    let mut all = BTreeMap::from([(0, (RelPath::root(), BTreeMap::new()))]);
    let mut numbers = BTreeMap::from([(RelPath::root(), 0)]);
    for (path, entry) in model.side(side) {
        if entry.seen.kind == Kind::Dir {
            all.insert(entry.seen.id.ino, (path.clone(), BTreeMap::new()));
            numbers.insert(path.clone(), entry.seen.id.ino);
        }
    }
    for (path, entry) in model.side(side) {
        if let Some((parent, name)) = path.split()
            && let Some((_, names)) = numbers.get(&parent).and_then(|number| all.get_mut(number))
        {
            names.insert(name.to_vec(), entry.seen);
        }
    }
    all
}

/// What somebody who follows both sides would put in doubt: directories that are not what they were, under the names
/// that they have now; in some modes all that is in those that came to their names; and where conflicts are open.
fn in_doubt(before: &Model, now: &Model, open: &[RelPath], mode: Mode) -> Scope {
    let mut scope = Scope::default();
    for side in Side::BOTH {
        let was = directories(before, side);
        for (number, (path, names)) in directories(now, side) {
            let was = was.get(&number);
            if was.is_none_or(|(_, was)| *was != names) {
                scope.add_dir(path.clone());
            }
            if mode.leaves_what_is_gone() && was.is_none_or(|(was_at, _)| *was_at != path) {
                scope.add_tree(path);
            }
        }
    }
    for path in open {
        scope.add_unsettled(path);
    }
    scope
}

fn same(history: &[Vec<common::Deed>], policy: &Policy, births: bool) -> Result<(), TestCaseError> {
    let mut model = Model::new();
    model.births = births;
    let mut agreed = model.clone();
    let mut open = Vec::new();
    let mut serial = 0;
    for busy in history {
        for deed in busy {
            enact(&mut model, deed, &mut serial);
        }
        let all = plan(&model, policy, model.base_is_empty());
        let mut scope = in_doubt(&agreed, &model, &open, policy.mode);
        let some = loop {
            let some = plan_within(&model, policy, model.base_is_empty(), scope.clone());
            if !scope.widen(&some) {
                break some;
            }
        };
        let told = || format!("{scope:?}\nall {}\nin doubt {}", story(&model, &all), story(&model, &some));
        prop_assert_eq!(&all.actions, &some.actions, "{}", told());
        prop_assert_eq!(&all.settle, &some.settle, "{}", told());
        prop_assert_eq!(&all.conflicts, &some.conflicts, "{}", told());
        prop_assert!(some.looked_at.iter().zip(all.looked_at).all(|(some, all)| *some <= all), "{}", told());
        model.apply(&some).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
        open = some.conflicts.into_iter().map(|conflict| conflict.path).collect();
        agreed = model.clone();
    }
    Ok(())
}

fn cases() -> ProptestConfig {
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/scoped.regressions"))),
        ..ProptestConfig::default()
    };
    if set { config } else { ProptestConfig { cases: 4000, ..config } }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_is_in_doubt_is_planned_as_if_all_were_looked_at(history in history(), births in any::<bool>()) {
        same(&history, &policy(), births)?;
    }

    #[test]
    fn in_every_direction(history in history(), which in select(&[Mode::Mirror, Mode::Copy][..])) {
        same(&history, &mode(which), true)?;
    }

    #[test]
    fn with_every_policy(
        history in history(),
        choice in select(&[OnConflict::Newest, OnConflict::Largest, OnConflict::A, OnConflict::B, OnConflict::KeepBoth][..]),
    ) {
        same(&history, &on_conflict(choice), true)?;
    }
}

/// Three directories of three files each, in sync.
fn settled() -> Model {
    let mut model = Model::new();
    for dir in ["x", "x/deep", "y"] {
        for file in ["1", "2", "3"] {
            model.write(Side::A, &format!("{dir}/{file}"), &format!("{dir}{file}"));
        }
    }
    common::sync(&mut model, &policy());
    model
}

fn within(model: &Model, dirs: &[&str]) -> Plan {
    let mut scope = Scope::default();
    dirs.iter().for_each(|dir| scope.add_dir(rel(dir)));
    plan_within(model, &policy(), false, scope)
}

#[test]
fn only_what_is_in_doubt_is_looked_at() {
    let mut model = settled();
    model.write(Side::A, "x/deep/2", "another");
    let plan = within(&model, &["x/deep"]);
    assert_eq!(plan.looked_at, [3, 3]);
    assert_eq!(plan.actions.len(), 1);
}

#[test]
fn what_is_not_in_doubt_waits() {
    let mut model = settled();
    model.write(Side::A, "x/2", "another");
    assert!(within(&model, &["y", "x/deep"]).actions.is_empty());
}

#[test]
fn a_directory_in_doubt_that_the_base_does_not_know_is_found_from_above() {
    let mut model = settled();
    model.write(Side::A, "x/new/er/file", "new");
    let plan = within(&model, &["x/new/er"]);
    let made: BTreeSet<_> = plan.actions.iter().map(|action| action.path.to_string()).collect();
    assert_eq!(made, BTreeSet::from(["x/new".to_owned()]));
    // `x` was looked at, `y` was not.
    assert_eq!(plan.looked_at, [4 + 1 + 1 + 1, 4]);
}

#[test]
fn a_renamed_directory_is_not_looked_at_but_for_what_is_in_doubt_in_it() {
    let mut model = settled();
    model.rename(Side::A, "x", "z");
    model.write(Side::A, "z/deep/1", "another");
    let plan = within(&model, &["", "z/deep"]);
    assert_eq!(plan.looked_at, [2 + 3, 2 + 3]);
    assert_eq!(plan.actions.len(), 2);
}

#[test]
fn copy_a_directory_that_comes_back_is_in_doubt_as_a_whole() {
    let copy = mode(Mode::Copy);
    let mut model = settled();
    model.rename(Side::A, "x", "y/x");
    common::sync(&mut model, &copy);
    // What A has no more is B's own meanwhile: nobody looks into it.
    model.write(Side::B, "x/deep/1", "by B, while A had it elsewhere");
    model.write(Side::A, "y/x/deep/1", "by A");
    model.write(Side::A, "y/x/deep/2", "by A alone");
    common::sync(&mut model, &copy);
    let before = model.clone();
    model.rename(Side::A, "y/x", "x");

    let scope = in_doubt(&before, &model, &[], Mode::Copy);
    let plan = plan_within(&model, &copy, false, scope);
    let contested: Vec<_> = plan.conflicts.iter().map(|one| one.path.to_string()).collect();
    assert_eq!(contested, ["x/deep/1"]);
    assert!(plan.actions.iter().any(|action| action.path == rel("x/deep/2")));
    assert_eq!(plan.actions, reconcile::plan(&model, &copy, false).actions);
}

#[test]
fn a_scope_of_everything_is_a_look_at_everything() {
    let mut model = settled();
    model.write(Side::B, "y/4", "new");
    let whole = plan_within(&model, &policy(), false, Scope::whole());
    assert_eq!(whole.actions, plan(&model, &policy(), false).actions);
    assert_eq!(whole.looked_at, [12, 13]);
}
