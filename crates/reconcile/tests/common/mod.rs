//! What the tests share: policies, runs, and random histories.

#![allow(dead_code, reason = "each test file uses its part")]

use proptest::prelude::*;
use proptest::sample::select;
use reconcile::model::{EPOCH, Model};
use reconcile::{Kind, Mode, OnConflict, Op, Plan, Policy, Side, Time, plan};

/// The policy that people have who say nothing.
pub(crate) fn policy() -> Policy {
    Policy {
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        ask: reconcile::AskAlso::default(),
        checksum: false,
        keep: reconcile::Keep::default(),
        now: Time { secs: EPOCH + 1_000_000, nanos: 0 },
        time_resolution: 1,
        keep_both_suffix: "conflict-B-20261122-161500".to_owned(),
    }
}

pub(crate) fn mode(mode: Mode) -> Policy {
    Policy { mode, ..policy() }
}

pub(crate) fn on_conflict(on_conflict: OnConflict) -> Policy {
    Policy { on_conflict, ..policy() }
}

/// Plans and carries out.
pub(crate) fn sync(model: &mut Model, policy: &Policy) -> Plan {
    let plan = plan(model, policy, model.base_is_empty());
    let before = model.clone();
    if let Err(refused) = model.apply(&plan) {
        panic!("{refused}\n{}", story(&before, &plan));
    }
    plan
}

pub(crate) fn story(before: &Model, plan: &Plan) -> String {
    let mut story = String::new();
    for side in Side::BOTH {
        story += &format!("{side:?} before: {:?}\n", before.show(side));
    }
    story += &format!("base: {:?}\n", before.show_base());
    for action in &plan.actions {
        story += &format!("  {} {}\n", action.path, brief(&action.op));
    }
    for settle in &plan.settle {
        story += &format!("  settle {} {} {:?}\n", settle.path, settle.agreed.is_some(), settle.origin);
    }
    for conflict in &plan.conflicts {
        story += &format!("  conflict {} {:?}\n", conflict.path, conflict.kind);
    }
    story + &format!("{:?}", plan.notes)
}

fn brief(op: &Op) -> String {
    match op {
        Op::Create { on, whole, tally, .. } => format!("create on {on:?} whole {whole} {}", tally.entries()),
        Op::Replace { on, .. } => format!("replace on {on:?}"),
        Op::Meta { on, what, .. } => format!("meta on {on:?}: {what}"),
        Op::Remove { on, tally, .. } => format!("remove on {on:?} {}", tally.entries()),
        Op::Move { on, from, at, same, .. } => format!("move on {on:?} from {from} at {at} same {same}"),
        Op::KeepBoth { renamed_on, from, .. } => format!("keep both, on {renamed_on:?} from {from}"),
    }
}

/// A place that a deed is about: made up, or one that is there.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Any(String),
    /// One of those that are there, by its number.
    Known(u16),
    /// A name in a directory that is there.
    In(u16, &'static str),
}

impl Place {
    fn find(&self, model: &Model, side: Side) -> Option<String> {
        let pick = |number: u16, wanted: &dyn Fn(Kind) -> bool| {
            let fits = model.side(side).iter().filter(|(_, entry)| wanted(entry.seen.kind));
            let fits: Vec<String> = fits.map(|(path, _)| path.to_string()).collect();
            (!fits.is_empty()).then(|| fits[usize::from(number) % fits.len()].clone())
        };
        match self {
            Self::Any(path) => Some(path.clone()),
            Self::Known(number) => pick(*number, &|_| true),
            Self::In(number, name) => Some(format!("{}/{name}", pick(*number, &|kind| kind == Kind::Dir)?)),
        }
    }
}

/// One thing that somebody does. Names are drawn from few, so that things meet.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Write(Side, Place, u8),
    /// Other content of the same size.
    Scramble(Side, Place),
    Mkdir(Side, Place),
    Link(Side, Place, u8),
    Remove(Side, Place),
    Rename(Side, Place, Place),
    Swap(Side, Place, Place),
    Touch(Side, Place),
    Chmod(Side, Place, bool),
    /// Another owner.
    Chown(Side, Place, u32),
    /// Other extended attributes.
    Attributes(Side, Place, u64),
    /// Something that is never synchronized.
    Socket(Side, Place),
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn any_path() -> impl Strategy<Value = Place> {
    prop::collection::vec(select(&NAMES[..]), 1..4).prop_map(|names| Place::Any(names.join("/")))
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => any_path(),
        2 => any::<u16>().prop_map(Place::Known),
        1 => (any::<u16>(), select(&NAMES[..])).prop_map(|(dir, name)| Place::In(dir, name)),
    ]
}

fn known() -> impl Strategy<Value = Place> {
    any::<u16>().prop_map(Place::Known)
}

fn side() -> impl Strategy<Value = Side> {
    select(&Side::BOTH[..])
}

pub(crate) fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (side(), place(), any::<u8>()).prop_map(|(side, path, n)| Deed::Write(side, path, n)),
        2 => (side(), known()).prop_map(|(side, path)| Deed::Scramble(side, path)),
        2 => (side(), place()).prop_map(|(side, path)| Deed::Mkdir(side, path)),
        1 => (side(), place(), any::<u8>()).prop_map(|(side, path, n)| Deed::Link(side, path, n)),
        2 => (side(), known()).prop_map(|(side, path)| Deed::Remove(side, path)),
        7 => (side(), known(), place()).prop_map(|(side, from, to)| Deed::Rename(side, from, to)),
        1 => (side(), known(), known()).prop_map(|(side, x, y)| Deed::Swap(side, x, y)),
        1 => (side(), known()).prop_map(|(side, path)| Deed::Touch(side, path)),
        1 => (side(), known(), any::<bool>()).prop_map(|(side, path, x)| Deed::Chmod(side, path, x)),
    ]
}

/// The same, with sockets here and there.
pub(crate) fn history_with_sockets() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    let socket = (side(), place()).prop_map(|(side, at)| Deed::Socket(side, at));
    let busy = prop::collection::vec(prop_oneof![9 => deed(), 1 => socket], 0..14);
    prop::collection::vec(busy, 1..5)
}

/// The same by people whose pair keeps owners and attributes.
pub(crate) fn history_with_extras() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    let chown = (side(), known(), 0..3_u32).prop_map(|(side, at, user)| Deed::Chown(side, at, user));
    let attributes = (side(), known(), 1..4_u64).prop_map(|(side, at, n)| Deed::Attributes(side, at, n));
    let busy = prop::collection::vec(prop_oneof![6 => deed(), 1 => chown, 1 => attributes], 0..14);
    prop::collection::vec(busy, 1..5)
}

/// What happens between syncs, several times.
pub(crate) fn history() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    let busy = prop::collection::vec(deed(), 0..14);
    prop::collection::vec(busy, 1..5)
}

pub(crate) fn enact(model: &mut Model, deed: &Deed, serial: &mut u32) {
    *serial += 1;
    // What is nowhere to be found is not done.
    let _ = try_enact(model, deed, *serial);
}

fn try_enact(model: &mut Model, deed: &Deed, serial: u32) -> Option<()> {
    match deed {
        Deed::Write(side, at, n) => {
            // Long enough to be unique, short enough to meet others of the same size.
            let pad = "x".repeat(usize::from(n % 3));
            let content = if *n > 220 { "the same".to_owned() } else { format!("{serial:04}{pad}") };
            let path = at.find(model, *side)?;
            model.write(*side, &path, &content);
        }
        Deed::Scramble(side, at) => {
            let path = at.find(model, *side)?;
            let entry = model.get(*side, &path).filter(|entry| entry.seen.kind == Kind::File)?;
            let pad = "y".repeat(entry.content.len().saturating_sub(4));
            model.write(*side, &path, &format!("{serial:04}{pad}"));
        }
        Deed::Mkdir(side, at) => model.mkdir(*side, &at.find(model, *side)?),
        Deed::Link(side, at, n) => {
            let path = at.find(model, *side)?;
            model.link(*side, &path, &format!("to{n:03}-{serial:04}"));
        }
        Deed::Remove(side, at) => model.remove(*side, &at.find(model, *side)?),
        Deed::Rename(side, from, to) => {
            let (from, to) = (from.find(model, *side)?, to.find(model, *side)?);
            model.rename(*side, &from, &to);
        }
        Deed::Swap(side, x, y) => {
            let (x, y) = (x.find(model, *side)?, y.find(model, *side)?);
            model.swap(*side, &x, &y);
        }
        Deed::Socket(side, at) => model.special(*side, &at.find(model, *side)?),
        Deed::Touch(side, at) => model.touch(*side, &at.find(model, *side)?),
        Deed::Chown(side, at, user) => model.chown(*side, &at.find(model, *side)?, *user),
        Deed::Attributes(side, at, n) => model.set_attributes(*side, &at.find(model, *side)?, *n),
        Deed::Chmod(side, at, exec) => {
            let path = at.find(model, *side)?;
            let mode = match model.get(*side, &path)?.seen.kind {
                Kind::Dir => 0o700,
                Kind::File if *exec => 0o700,
                Kind::File => 0o600,
                _ => return None,
            };
            model.chmod(*side, &path, mode);
        }
    }
    Some(())
}
