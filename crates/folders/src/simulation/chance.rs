//! Histories by chance: the setting, what people do, and what goes wrong.

use reconcile::{Mode, OnConflict, RelPath, Side};
use rustix::io::Errno;

use super::Tally;
use super::story::{Setting, Step, Story};
use super::teller::{Broken, Teller};
use crate::filter::Filter;
use crate::side::simulated::{Acts, Chance, Count, Fault, Order, Tastes, Traits, What, choose, edit_one_of};

/// Tells the history of a seed, and says what it was.
pub(super) fn tell(seed: u64, filter: &Filter) -> (Story, Result<(), Broken>, Tally) {
    let mut chance = Chance::new(seed);
    let setting = with_extras(seed, in_haste(seed, setting(&mut chance)));
    let mut teller = Teller::new(setting, filter);
    let mut story = Story { setting, steps: Vec::new() };
    let result = go(&mut chance, &mut teller, &mut story);
    let mut tally = teller.tally;
    tally.histories = 1;
    (story, result, tally)
}

fn go(chance: &mut Chance, teller: &mut Teller, story: &mut Story) -> Result<(), Broken> {
    let setting = story.setting;
    let rounds = 2 + chance.below(3);
    for round in 0..rounds {
        let acts = if round == 0 { 3 + chance.below(10) } else { 1 + chance.below(6) };
        for _ in 0..acts {
            let acts = choose(&mut teller.machine.lock(), chance, &setting.tastes);
            for act in acts {
                tell_one(teller, story, Step::Act(act))?;
            }
        }
        if chance.one_in(2) {
            tell_one(teller, story, Step::Wait)?;
        }
        let is_first = teller.is_first();
        let faults = faults(chance, &setting, is_first);
        tell_one(teller, story, Step::Run(faults))?;
        if !teller.begun.is_empty() && chance.one_in(2) {
            let begun = std::mem::take(&mut teller.begun);
            let edit = edit_one_of(&mut teller.machine.lock(), chance, &setting.tastes, &begun);
            if let Some(edit) = edit {
                tell_one(teller, story, Step::Act(edit))?;
            }
        }
        if setting.tastes.hasty && chance.one_in(2) {
            let anywhere = Side::BOTH.map(|side| (side, RelPath::root()));
            let edit = edit_one_of(&mut teller.machine.lock(), chance, &setting.tastes, &anywhere);
            if let Some(edit) = edit {
                tell_one(teller, story, Step::Act(edit))?;
            }
        }
        if setting.lossy && chance.one_in(6) {
            tell_one(teller, story, Step::PowerLoss(order(chance), chance.draw() % 1_000_000))?;
        }
        if chance.one_in(40) && !setting.tastes.sneaks && !setting.tastes.hasty {
            tell_one(teller, story, Step::LoseBase)?;
        }
        if chance.one_in(2) {
            tell_one(teller, story, Step::Run(Vec::new()))?;
        }
    }
    teller.settle()
}

fn tell_one(teller: &mut Teller, story: &mut Story, mut step: Step) -> Result<(), Broken> {
    let result = teller.step(&step);
    if let Step::Run(faults) = &mut step {
        // As it came to pass: what people did in between by chance is known now.
        faults.clone_from(&teller.fired);
    }
    story.steps.push(step);
    result
}

fn order(chance: &mut Chance) -> Order {
    if chance.one_in(2) { Order::Journal } else { Order::Loose }
}

fn setting(chance: &mut Chance) -> Setting {
    let lossy = chance.below(5) < 2;
    let coarse = chance.one_in(8);
    let on = match chance.below(10) {
        0 | 1 => [true, false],
        2 => [false, true],
        _ => [true; 2],
    };
    let (closes, sneaks) = (chance.one_in(8), chance.one_in(6));
    let mut disk = |resolution| Traits {
        resolution,
        tick: 1,
        inodes: true,
        births: !chance.one_in(5),
        reuses_numbers: !lossy && chance.one_in(4),
        exchange: !chance.one_in(8),
        permissions: closes,
        extras: false,
    };
    let disks = if coarse { [disk(2_000_000_000), disk(1_000_000)] } else { [disk(1), disk(1)] };
    let mode = match chance.below(8) {
        0 => Mode::Mirror,
        1 => Mode::Copy,
        _ => Mode::TwoWay,
    };
    let policies =
        [OnConflict::Newest, OnConflict::Largest, OnConflict::A, OnConflict::B, OnConflict::KeepBoth];
    let on_conflict = if chance.one_in(3) { policies[chance.below(policies.len())] } else { OnConflict::Ask };
    let batch = if chance.one_in(3) { 1 + chance.below(4) as u64 } else { 1000 };
    let tastes = Tastes {
        on,
        sneaks: !coarse && sneaks,
        shares: chance.one_in(6) && !sneaks,
        new_sizes: coarse,
        hasty: false,
        closes,
        extras: false,
    };
    Setting { mode, on_conflict, disks, batch, lossy, tastes }
}

/// In some histories the pair keeps owners and attributes, and people change them.
fn with_extras(seed: u64, mut setting: Setting) -> Setting {
    // A chance of its own, for the same reason.
    if Chance::new(seed ^ 0xe87a_a5e7).one_in(4) && !setting.tastes.hasty {
        setting.keep_extras();
    }
    setting
}

/// In some histories clocks stand still while people edit.
fn in_haste(seed: u64, mut setting: Setting) -> Setting {
    // A chance of its own: all other histories stay as they were.
    let mut chance = Chance::new(!seed);
    if !chance.one_in(6) {
        return setting;
    }
    for disk in &mut setting.disks {
        // A few calls, a whole run, several runs.
        disk.tick = [1, 20_000, 300_000, 5_000_000][chance.below(4)];
        if chance.one_in(4) {
            (disk.inodes, disk.resolution) = (false, 2_000_000_000);
        }
    }
    setting.lossy = false;
    // Two files that were made at the same time and are of the same size are the same to who knows nothing else of them.
    setting.tastes = Tastes { hasty: true, sneaks: false, shares: false, new_sizes: true, ..setting.tastes };
    if setting.is_simple() && setting.tastes.on == [true; 2] {
        setting.tastes.on = [true, false];
    }
    setting
}

/// None, one or some of what can go wrong in one run.
fn faults(chance: &mut Chance, setting: &Setting, is_first: bool) -> Vec<Fault> {
    let count = match chance.below(8) {
        // Where both sides look the same and the base knows nothing, only the content could tell a sneaky edit.
        _ if setting.tastes.sneaks => 0,
        0 => 0,
        1..=5 => 1,
        _ => 2 + chance.below(2),
    };
    (0..count)
        .map(|_| {
            let of = if chance.one_in(2) { Count::All } else { Count::Writes };
            // Early calls more often: short runs are many.
            let reach = if of == Count::All { [8, 40, 160] } else { [4, 16, 48] };
            let reach = reach[chance.below(reach.len())];
            let at = 1 + chance.below(reach) as u32;
            // What is copied and not recorded looks like its original, however often that is edited in one tick: only where
            // pairs have met and files have numbers a later run knows better.
            let gentle = setting.tastes.hasty && (is_first || setting.is_simple());
            let what = if gentle { meanwhile(chance, setting) } else { what(chance, setting) };
            Fault { count: of, at, what }
        })
        .collect()
}

fn what(chance: &mut Chance, setting: &Setting) -> What {
    match chance.below(10) {
        0 | 1 => What::Kill,
        2..=4 if setting.lossy => What::PowerLoss(order(chance), chance.draw() % 1_000_000),
        5 | 6 => {
            let refusals = [Errno::IO, Errno::NOSPC, Errno::ACCESS, Errno::NOENT, Errno::INTR];
            What::Fail(refusals[chance.below(refusals.len())])
        }
        7 if chance.one_in(2) => What::Full(1 + chance.below(12) as u32),
        _ => meanwhile(chance, setting),
    }
}

fn meanwhile(chance: &mut Chance, setting: &Setting) -> What {
    // A change of time that nobody can see, at the very moment of a check, is beyond every program.
    let tastes = Tastes { sneaks: false, ..setting.tastes };
    What::Meanwhile(Acts::ByChance { seed: chance.draw(), count: 1 + chance.below(2), tastes })
}
