//! The simulated machine itself: what it keeps, what it loses, and that chance is the seed's alone.

use std::collections::BTreeSet;

use reconcile::{RelPath, Side};
use rustix::io::Errno;

use super::disk::ROOT;
use super::*;
use crate::side::write::{NewFile, Rename, WriteSide};
use crate::side::{ReadSide, SideError};

fn path(text: &str) -> RelPath {
    RelPath::from_bytes(text.as_bytes()).unwrap()
}

fn machine(lossy: bool) -> Machine {
    Machine::new([Traits::default(); 2], lossy)
}

fn act(machine: &Machine, lines: &[&str]) {
    for line in lines {
        machine.lock().act(&Act::parse(line).unwrap_or_else(|| panic!("{line}")));
    }
}

fn names(machine: &Machine) -> Vec<String> {
    let state = machine.lock();
    tree(&state.disks[0], &state.ledger).into_iter().map(|(path, what)| format!("{path}: {what}")).collect()
}

fn losses(machine: &Machine) -> Vec<String> {
    let state = machine.lock();
    state.ledger.losses(&state.disks, true, false)
}

#[test]
fn a_person_is_understood_and_shown_alike() {
    let lines =
        ["A write d/x 5 12", "B rename x d/y", "A chmod d 700", "B touch x 5", "A sneak x 7", "B link l 3 9"];
    for line in lines {
        assert_eq!(Act::parse(line).unwrap().to_string(), line);
    }
    assert_eq!(Act::parse("A write"), None);
    assert_eq!(Act::parse("C remove x"), None);
}

#[test]
fn s2_a_copy_is_partial_until_it_is_done_and_nothing_after_a_failure() {
    let machine = machine(false);
    act(&machine, &["A write x 1 20"]);
    let (a, b) = (SimulatedSide::new(&machine, Side::A), SimulatedSide::new(&machine, Side::B));
    let seen = a.dir(&RelPath::root()).unwrap().look(b"x").unwrap().unwrap();
    let copy = |fault: Option<What>| {
        let faults = fault.map(|what| Fault { count: Count::Writes, at: 3, what });
        machine.lock().start(faults.into_iter().collect());
        let mut source = a.dir(&RelPath::root())?.open(b"x")?;
        let new = NewFile { name: b"y", instead: None, like: &seen };
        let made = b.folder(&RelPath::root())?.create_file(new, &mut *source, &mut |_| true);
        machine.lock().stop();
        made
    };
    assert!(copy(Some(What::Fail(Errno::IO))).is_err());
    assert_eq!(machine.lock().disks[1].children(ROOT).unwrap().len(), 0);

    assert!(copy(Some(What::Kill)).is_err());
    assert_eq!(losses(&machine), ["B:y has a content that nobody wrote"]);

    act(&machine, &["B remove y"]);
    assert_eq!(copy(None).unwrap().size, 20);
    assert!(losses(&machine).is_empty());
}

#[test]
fn s4_the_dead_change_nothing() {
    let machine = machine(false);
    act(&machine, &["A write x 1 12"]);
    machine.lock().start(vec![Fault { count: Count::All, at: 1, what: What::Kill }]);
    let side = SimulatedSide::new(&machine, Side::A);
    assert!(side.folder(&RelPath::root()).is_err());
    assert!(side.flush(&mut BTreeSet::new()).is_err());
    assert_eq!(machine.lock().stop(), Some(End::Killed));
    assert_eq!(names(&machine), ["x: version 1"]);
}

#[test]
fn s1_no_replace_refuses_and_exchange_swaps_files_with_trees() {
    let machine = machine(false);
    act(&machine, &["A write x 1 12", "A mkdir d", "A write d/y 2 12"]);
    let side = SimulatedSide::new(&machine, Side::A);
    let root = side.folder(&RelPath::root()).unwrap();
    let refused = root.rename(b"x", &*root, b"d", Rename::NoReplace).unwrap_err();
    assert!(
        matches!(refused, SideError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists)
    );
    root.rename(b"x", &*root, b"d", Rename::Exchange).unwrap();
    assert_eq!(names(&machine), ["d: version 1", "x: directory", "x/y: version 2"]);
    // Never into itself.
    let below = side.folder(&path("x")).unwrap();
    assert!(root.rename(b"x", &*below, b"z", Rename::NoReplace).is_err());
}

#[test]
fn s3_what_was_flushed_survives_every_power_failure() {
    for seed in 0..300 {
        for order in [Order::Journal, Order::Loose] {
            let machine = machine(true);
            act(&machine, &["A mkdir d", "A write d/x 1 12", "A write y 2 12"]);
            machine.lock().flush(Side::A);
            act(
                &machine,
                &["A rename d/x z", "A rename d/x d/q", "A mkdir e", "A rename y e/y", "A rename e d/e"],
            );
            machine.lock().lose(order, seed);
            let state = machine.lock();
            let losses = state.ledger.losses(&state.disks, true, false);
            assert!(losses.is_empty(), "seed {seed}: {losses:?}");
        }
    }
}

#[test]
fn s3_what_was_not_flushed_is_sometimes_lost_and_sometimes_torn() {
    let (mut lost, mut torn, mut kept) = (0, 0, 0);
    for seed in 0..300 {
        let machine = machine(true);
        act(&machine, &["A write x 1 12"]);
        machine.lock().lose(Order::Journal, seed);
        match names(&machine).as_slice() {
            [] => lost += 1,
            [one] if one.ends_with("version 1") => kept += 1,
            _ => torn += 1,
        }
        let state = machine.lock();
        assert!(state.ledger.losses(&state.disks, true, false).is_empty(), "it was the person's own");
    }
    assert!(lost > 30 && torn > 30 && kept > 10, "{lost} {torn} {kept}");
}

#[test]
fn a_rename_over_a_file_gives_up_what_was_there() {
    let machine = machine(false);
    act(&machine, &["A write x 1 12", "A write y 2 12", "A rename y x"]);
    let state = machine.lock();
    assert!(state.ledger.losses(&state.disks, true, false).is_empty());
}

#[test]
fn what_the_program_takes_away_is_noticed() {
    let machine = machine(false);
    act(&machine, &["A write x 1 12"]);
    let side = SimulatedSide::new(&machine, Side::A);
    side.folder(&RelPath::root()).unwrap().remove(b"x", reconcile::Kind::File).unwrap();
    let state = machine.lock();
    assert_eq!(state.ledger.losses(&state.disks, true, false), ["version 1 is lost"]);
}

#[test]
fn the_same_seed_is_the_same_history() {
    let story = |seed| {
        let machine = machine(false);
        let tastes = Tastes {
            on: [true; 2],
            sneaks: true,
            shares: true,
            new_sizes: false,
            hasty: false,
            closes: false,
            extras: false,
        };
        let mut chance = Chance::new(seed);
        for _ in 0..40 {
            let acts = choose(&mut machine.lock(), &mut chance, &tastes);
            for act in acts {
                machine.lock().act(&act);
            }
        }
        names(&machine)
    };
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}
