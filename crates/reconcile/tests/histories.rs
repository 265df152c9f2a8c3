//! Random histories on both sides, several runs: what must hold whatever happened.

mod common;

use std::collections::BTreeSet;

use common::{Deed, enact, history, history_with_sockets, mode, on_conflict, policy, story, sync};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{FileFailurePersistence, TestCaseError};
use reconcile::model::{Entry, Model};
use reconcile::{
    Action, Choices, Kind, Mode, NoteKind, OnConflict, Op, Plan, Planner, Policy, RelPath, Side, plan, visit,
};

type Checked = Result<(), TestCaseError>;

/// Runs a history with a sync after each busy time; `prepare` comes before each, `check` sees the state before a sync, its plan and the state after.
fn live(
    history: &[Vec<Deed>],
    policy: &Policy,
    mut prepare: impl FnMut(&mut Model),
    mut check: impl FnMut(&Model, &Plan, &Model) -> Checked,
) -> Checked {
    let mut model = Model::new();
    let mut serial = 0;
    for busy in history {
        for deed in busy {
            enact(&mut model, deed, &mut serial);
        }
        prepare(&mut model);
        let before = model.clone();
        let plan = sync(&mut model, policy);
        check(&before, &plan, &model)?;
    }
    Ok(())
}

/// What must be the same on both sides. Permissions need not be: where both made the same, they stay as they are.
fn shape(entry: &Entry) -> (Kind, &[u8]) {
    (entry.seen.kind, &entry.content)
}

fn contested(plan: &Plan) -> Vec<RelPath> {
    plan.conflicts.iter().map(|conflict| conflict.path.clone()).collect()
}

/// Every content of files and links.
fn contents(model: &Model) -> BTreeSet<Vec<u8>> {
    let all = Side::BOTH.into_iter().flat_map(|side| model.side(side).values());
    all.filter(|entry| entry.seen.kind != Kind::Dir).map(|entry| entry.content.clone()).collect()
}

fn is_quiet(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.settle.is_empty()
}

/// Both sides are the same outside conflicts.
fn converged(before: &Model, plan: &Plan, after: &Model) -> Checked {
    let contested = contested(plan);
    for side in Side::BOTH {
        for (path, entry) in after.side(side) {
            if contested.iter().any(|at| path.starts_with(at)) {
                continue;
            }
            let other = after.side(side.other()).get(path);
            prop_assert_eq!(
                other.map(shape),
                Some(shape(entry)),
                "{} differs from {:?}\n{}",
                path,
                side,
                story(before, plan)
            );
        }
    }
    Ok(())
}

/// Planning again finds nothing to do, and the same conflicts.
fn settled(before: &Model, made: &Plan, after: &Model, policy: &Policy) -> Checked {
    let again = plan(after, policy, after.base_is_empty());
    prop_assert!(is_quiet(&again), "first {}\nthen {}", story(before, made), story(after, &again));
    prop_assert_eq!(contested(&again), contested(made), "{}", story(before, made));
    Ok(())
}

/// Every content that was somewhere is somewhere still, or in the trash.
fn nothing_vanished(before: &Model, plan: &Plan, after: &Model) -> Checked {
    let trash = after.trash.iter().map(|(_, _, entry)| entry.content.clone());
    let kept: BTreeSet<_> = contents(after).into_iter().chain(trash).collect();
    for content in contents(before) {
        prop_assert!(kept.contains(&content), "{:?} is lost\n{}", content, story(before, plan));
    }
    Ok(())
}

/// What is in the trash after a two-way run was known to both sides before, so that somebody must have deleted or
/// replaced it on purpose.
fn only_the_known_was_removed(before: &Model, plan: &Plan, after: &Model) -> Checked {
    for (side, path, entry) in &after.trash[before.trash.len()..] {
        if entry.seen.kind == Kind::Dir {
            continue;
        }
        let known = before.knew(*side, &entry.content);
        prop_assert!(known, "{} on {:?} was news, and went\n{}", path, side, story(before, plan));
    }
    Ok(())
}

/// A plan with its sides exchanged.
fn exchanged(plan: &Plan) -> Vec<String> {
    let flip = |side: Side| side.other();
    let mut lines: Vec<String> = plan.actions.iter().map(|action| describe(action, flip)).collect();
    lines.extend(
        plan.conflicts.iter().map(|at| format!("conflict {} {:?} {:?} {:?}", at.path, at.kind, at.b, at.a)),
    );
    lines.extend(
        plan.settle
            .iter()
            .map(|at| format!("settle {} {:?} {:?}", at.path, at.agreed.map(|(a, b)| (b, a)), at.origin)),
    );
    lines.sort();
    lines
}

fn straight(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan.actions.iter().map(|action| describe(action, |side| side)).collect();
    lines.extend(
        plan.conflicts.iter().map(|at| format!("conflict {} {:?} {:?} {:?}", at.path, at.kind, at.a, at.b)),
    );
    lines.extend(plan.settle.iter().map(|at| format!("settle {} {:?} {:?}", at.path, at.agreed, at.origin)));
    lines.sort();
    lines
}

fn describe(action: &Action, side: impl Fn(Side) -> Side) -> String {
    let mut action = action.clone();
    match &mut action.op {
        Op::Create { on, .. }
        | Op::Replace { on, .. }
        | Op::Meta { on, .. }
        | Op::Remove { on, .. }
        | Op::Move { on, .. } => *on = side(*on),
        Op::KeepBoth { renamed_on, .. } => *renamed_on = side(*renamed_on),
    }
    format!("{action:?}")
}

/// Plans as a driver with many threads would: children at once, everything in an order that nobody foresees.
fn plan_in_any_order(world: &Model, policy: &Policy, seeds: &[u32]) -> Plan {
    let mut planner = Planner::new(policy.clone(), world.base_is_empty());
    let mut seeds = seeds.iter().cycle().map(|&seed| seed as usize);
    let mut draw = |len: usize| seeds.next().unwrap_or(0) % len;
    loop {
        let mut open = planner.next_nodes();
        if open.is_empty() {
            return planner.finish();
        }
        let mut found = Vec::new();
        while !open.is_empty() {
            let node = open.swap_remove(draw(open.len()));
            let mut visited = visit(&node, world, policy);
            open.extend(visited.take_children());
            found.push(visited);
        }
        while !found.is_empty() {
            planner.absorb(found.swap_remove(draw(found.len())));
        }
    }
}

fn cases() -> ProptestConfig {
    // `PROPTEST_CASES` says otherwise.
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/histories.regressions"))),
        ..ProptestConfig::default()
    };
    if set { config } else { ProptestConfig { cases: 2500, ..config } }
}

/// B is what A is.
fn mirrored(before: &Model, plan: &Plan, after: &Model) -> Checked {
    let shapes = |side: Side| -> Vec<_> {
        after.side(side).iter().map(|(path, entry)| (path.clone(), shape(entry))).collect()
    };
    prop_assert_eq!(shapes(Side::A), shapes(Side::B), "{}", story(before, plan));
    prop_assert!(plan.conflicts.is_empty());
    untouched(before, plan, after, Side::A)
}

/// A side is what it was.
fn untouched(before: &Model, plan: &Plan, after: &Model, side: Side) -> Checked {
    prop_assert_eq!(before.side(side), after.side(side), "{:?} was touched\n{}", side, story(before, plan));
    Ok(())
}

/// B has all that A has, but for what B alone changed and for conflicts; and B lost no path.
fn copied(before: &Model, plan: &Plan, after: &Model) -> Checked {
    untouched(before, plan, after, Side::A)?;
    let left = plan.notes.iter().filter(|note| note.what == NoteKind::LeftOnB).map(|note| &note.path);
    let open: Vec<_> = plan.conflicts.iter().map(|conflict| &conflict.path).chain(left).collect();
    for (path, entry) in after.side(Side::A) {
        if !open.iter().any(|open| path.starts_with(open)) {
            let on_b = after.side(Side::B).get(path).map(shape);
            prop_assert_eq!(on_b, Some(shape(entry)), "{}\n{}", path, story(before, plan));
        }
    }
    for path in before.side(Side::B).keys() {
        prop_assert!(after.side(Side::B).contains_key(path), "{} is gone\n{}", path, story(before, plan));
    }
    Ok(())
}

/// What a filter leaves out is what it was, wherever a moved directory took it.
fn filtered_stays(before: &Model, plan: &Plan, after: &Model) -> Checked {
    for side in Side::BOTH {
        let filtered = |model: &Model| -> Vec<Vec<u8>> {
            let hidden = |path: &RelPath| path.names().any(|name| after.excluded.contains(name));
            let all = model.side(side).iter().filter(|(path, _)| hidden(path));
            let mut contents: Vec<_> = all.map(|(_, entry)| entry.content.clone()).collect();
            contents.sort();
            contents
        };
        prop_assert_eq!(filtered(before), filtered(after), "{:?}\n{}", side, story(before, plan));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn two_way_converges_settles_and_loses_nothing(history in history(), births in any::<bool>()) {
        live(&history, &policy(), |model| model.births = births, |before, plan, after| {
            converged(before, plan, after)?;
            settled(before, plan, after, &policy())?;
            nothing_vanished(before, plan, after)?;
            only_the_known_was_removed(before, plan, after)
        })?;
    }

    #[test]
    fn s1_whatever_is_skipped_or_turned_around_the_rest_can_be_done_and_nothing_is_lost(
        history in history(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3), 0..4),
    ) {
        let policy = policy();
        let choose = |model: &mut Model| {
            let mut chosen = plan(model, &policy, model.base_is_empty());
            let mut choices = Choices::default();
            for (at, what) in &picks {
                if chosen.actions.is_empty() {
                    break;
                }
                let path = at.get(&chosen.actions).path.clone();
                match what {
                    0 => choices.skip.push(path),
                    1 => choices.flip.push((path, Side::A)),
                    _ => choices.flip.push((path, Side::B)),
                }
            }
            let before = model.clone();
            choices.apply(&mut chosen, Mode::TwoWay);
            if let Err(refused) = model.apply(&chosen) {
                panic!("{refused}\n{choices:?}\n{}", story(&before, &chosen));
            }
            if let Err(lost) = nothing_vanished(&before, &chosen, model) {
                panic!("{lost}\n{choices:?}");
            }
            // Directories that move take along what is in them, under whatever name.
            let nothing_moves = !chosen.actions.iter().any(|action| matches!(action.op, Op::Move { .. }));
            for path in choices.skip.iter().filter(|_| nothing_moves) {
                for side in Side::BOTH {
                    assert_eq!(
                        before.side(side).get(path).map(shape),
                        model.side(side).get(path).map(shape),
                        "{path} on {side:?} was to be left\n{choices:?}\n{}",
                        story(&before, &chosen)
                    );
                }
            }
        };
        live(&history, &policy, choose, |before, plan, after| {
            converged(before, plan, after)?;
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)
        })?;
    }

    #[test]
    fn s4_a_killed_run_is_finished_by_the_next(
        history in history(),
        kills in prop::collection::vec(0_usize..12, 1..4),
        choice in select(&[OnConflict::Ask, OnConflict::A, OnConflict::KeepBoth][..]),
    ) {
        let policy = on_conflict(choice);
        let mut after_kill = kills.iter().cycle();
        let kill = |model: &mut Model| {
            let plan = plan(model, &policy, model.base_is_empty());
            let actions = *after_kill.next().unwrap_or(&0);
            if let Err(refused) = model.apply_some(&plan, actions) {
                panic!("{refused}\n{}", story(model, &plan));
            }
        };
        live(&history, &policy, kill, |before, plan, after| {
            converged(before, plan, after)?;
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)
        })?;
    }

    #[test]
    fn what_is_no_file_directory_or_link_stays_where_it_is(
        history in history_with_sockets(),
        mode in select(&[Mode::TwoWay, Mode::Mirror, Mode::Copy][..]),
    ) {
        let policy = common::mode(mode);
        live(&history, &policy, |_| {}, |before, plan, after| {
            for side in Side::BOTH {
                let sockets = |model: &Model| {
                    model.side(side).values().filter(|entry| entry.seen.kind == Kind::Special).count()
                };
                prop_assert_eq!(sockets(before), sockets(after), "{:?}\n{}", side, story(before, plan));
            }
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)
        })?;
    }

    #[test]
    fn exchanging_the_sides_exchanges_the_plan(history in history()) {
        live(&history, &policy(), |_| {}, |before, made, _| {
            let turned = before.mirrored();
            let turned = plan(&turned, &policy(), turned.base_is_empty());
            prop_assert_eq!(straight(made), exchanged(&turned), "{}", story(before, made));
            Ok(())
        })?;
    }

    #[test]
    fn the_order_of_looking_does_not_matter(history in history(), seeds in prop::collection::vec(any::<u32>(), 1..9)) {
        live(&history, &policy(), |_| {}, |before, made, _| {
            let other = plan_in_any_order(before, &policy(), &seeds);
            prop_assert_eq!(straight(made), straight(&other), "{}", story(before, made));
            prop_assert_eq!(&made.actions, &other.actions);
            prop_assert_eq!(&made.notes, &other.notes);
            Ok(())
        })?;
    }

    #[test]
    fn a_policy_settles_conflicts_and_loses_nothing(
        history in history(),
        choice in select(&[OnConflict::Newest, OnConflict::Largest, OnConflict::A, OnConflict::B, OnConflict::KeepBoth][..]),
    ) {
        let policy = on_conflict(choice);
        live(&history, &policy, |_| {}, |before, plan, after| {
            converged(before, plan, after)?;
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)?;
            if matches!(choice, OnConflict::A | OnConflict::B | OnConflict::KeepBoth) {
                prop_assert!(plan.conflicts.is_empty(), "{}", story(before, plan));
            }
            if choice == OnConflict::KeepBoth {
                only_the_known_was_removed(before, plan, after)?;
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_mirror_becomes_the_other_side(history in history()) {
        let policy = mode(Mode::Mirror);
        live(&history, &policy, |_| {}, |before, plan, after| {
            mirrored(before, plan, after)?;
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)
        })?;
    }

    #[test]
    fn a_copy_deletes_nothing(history in history()) {
        let policy = mode(Mode::Copy);
        live(&history, &policy, |_| {}, |before, plan, after| {
            copied(before, plan, after)?;
            settled(before, plan, after, &policy)?;
            nothing_vanished(before, plan, after)?;
            only_the_known_was_removed(before, plan, after)
        })?;
    }

    #[test]
    fn comparing_contents_changes_nothing_where_nothing_rots(history in history()) {
        let policy = Policy { checksum: true, ..policy() };
        live(&history, &policy, |_| {}, |before, plan, after| {
            converged(before, plan, after)?;
            settled(before, plan, after, &policy)
        })?;
    }

    #[test]
    fn a_lost_base_deletes_nothing(history in history(), mode in select(&[Mode::TwoWay, Mode::Copy][..])) {
        let policy = common::mode(mode);
        live(&history, &policy, Model::lose_base, |before, plan, after| {
            prop_assert_eq!(before.trash.len(), after.trash.len(), "{}", story(before, plan));
            settled(before, plan, after, &policy)
        })?;
    }

    #[test]
    fn s5_an_unlistable_directory_is_not_an_absence(
        history in history(),
        hidden in prop::collection::vec((select(&Side::BOTH[..]), any::<u16>()), 1..3),
        mode in select(&[Mode::TwoWay, Mode::Mirror, Mode::Copy][..]),
    ) {
        let policy = common::mode(mode);
        let hide = |model: &mut Model| {
            model.unlistable.clear();
            for (side, number) in &hidden {
                let dirs = model.side(*side).iter().filter(|(_, entry)| entry.seen.kind == Kind::Dir);
                let dirs: Vec<_> = dirs.map(|(path, _)| path.clone()).collect();
                if !dirs.is_empty() {
                    let dir = dirs[usize::from(*number) % dirs.len()].clone();
                    model.unlistable.insert((*side, dir));
                }
            }
        };
        // Moves are left out: they take what cannot be listed along, and this is about places.
        let still: Vec<Vec<Deed>> = history
            .iter()
            .map(|busy| busy.iter().filter(|deed| !matches!(deed, Deed::Rename(..) | Deed::Swap(..))).cloned().collect())
            .collect();
        live(&still, &policy, hide, |before, plan, after| {
            for (_, path, _) in &after.trash[before.trash.len()..] {
                let beneath = before.unlistable.iter().find(|(_, dir)| path.starts_with(dir) && path != dir);
                prop_assert!(beneath.is_none(), "{} is beneath {:?}\n{}", path, beneath, story(before, plan));
            }
            for (side, dir) in &before.unlistable {
                for (path, entry) in before.side(*side).iter().filter(|(path, _)| path.starts_with(dir)) {
                    let is = after.side(*side).get(path);
                    prop_assert_eq!(is.map(shape), Some(shape(entry)), "{}\n{}", path, story(before, plan));
                }
            }
            nothing_vanished(before, plan, after)
        })?;
    }

    #[test]
    fn a_filter_deletes_nothing(
        history in history(),
        filters in prop::collection::vec(any::<bool>(), 4),
        mode in select(&[Mode::TwoWay, Mode::Mirror, Mode::Copy][..]),
    ) {
        let policy = common::mode(mode);
        let mut turn = filters.iter().cycle();
        let filter = |model: &mut Model| {
            model.excluded.clear();
            if *turn.next().unwrap_or(&false) {
                model.excluded.insert(b"d".to_vec());
            }
        };
        live(&history, &policy, filter, |before, plan, after| {
            filtered_stays(before, plan, after)?;
            nothing_vanished(before, plan, after)?;
            if mode == Mode::TwoWay {
                only_the_known_was_removed(before, plan, after)?;
            }
            Ok(())
        })?;
    }
}
