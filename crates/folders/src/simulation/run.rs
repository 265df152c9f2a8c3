//! One run on the simulated machine: what [`crate::run`] does, without what people and the local machine have to do
//! with it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reconcile::{Keep, Listing, NoteKind, Plan, Policy, RelPath, Side, Unreadable};
use syncmgr::RunId;

use super::home::Home;
use super::story::Setting;
use crate::apply::{self, Apply, Ending, Ground, Limits, Lists, NoHooks, Report, Trouble};
use crate::base::{BaseError, RootIdentity};
use crate::filter::Filter;
use crate::journal::{Journal, RunKind};
use crate::scan::Scan;
use crate::side::ReadDir;
use crate::side::simulated::{Machine, SimulatedSide, clock};
use crate::side::write::WriteSide;

/// Marks the temporary names of the pair.
const TAG: u32 = 0x5eed_0000;

/// What came of a run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) plan: Plan,
    /// Everything was tried and nothing was refused.
    pub(super) complete: bool,
    /// The base was told what a killed run had finished.
    pub(super) recovered: bool,
    /// What was refused, and what kept the run from going on.
    pub(super) troubles: Vec<String>,
}

impl Outcome {
    fn failed(error: impl ToString) -> Self {
        Self { troubles: vec![error.to_string()], ..Self::default() }
    }
}

struct Listener(Mutex<Vec<String>>);

impl Report for Listener {
    fn done(&self, _path: &RelPath, _entries: u64, _bytes: u64) {}

    fn go_on(&self) -> bool {
        true
    }

    fn trouble(&self, trouble: Trouble) {
        let line = format!("{:?}:{}: {}", trouble.on, trouble.path, trouble.why);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

struct Here<'s>(Scan<'s>);

impl Lists for Here<'_> {
    fn open(&self, side: Side, dir: &RelPath) -> Result<(Box<dyn ReadDir + '_>, Listing), Unreadable> {
        self.0.open(side, dir)
    }
}

/// Runs from the beginning to the end, or until it is killed.
pub(super) fn run(machine: &Machine, home: &Home, setting: &Setting, filter: &Filter, run: RunId) -> Outcome {
    let (a, b) = (SimulatedSide::new(machine, Side::A), SimulatedSide::new(machine, Side::B));
    let recovered = match recover(home, [&a, &b]) {
        Ok(recovered) => recovered,
        Err(error) => return Outcome::failed(error),
    };
    let began = machine.lock().now;
    let policy = Policy {
        mode: setting.mode,
        on_conflict: setting.on_conflict,
        ask: reconcile::AskAlso::default(),
        checksum: false,
        keep: Keep { owners: setting.tastes.extras, attributes: setting.tastes.extras },
        now: clock(began),
        time_resolution: setting.disks[0].resolution.max(setting.disks[1].resolution),
        keep_both_suffix: format!("kept-{run}"),
    };
    let (plan, left_over) = {
        let scan = Scan::new(&a, &b, home, filter, &());
        let plan = reconcile::plan(&scan, &policy, home.is_new());
        if let Some(error) = scan.take_base_error() {
            return Outcome::failed(error);
        }
        (plan, scan.take_left_over())
    };
    let listener = Listener(Mutex::default());
    let lists = Here(Scan::new(&a, &b, home, filter, &()));
    let identities = [(); 2].map(|()| RootIdentity { mount_point: "/".into(), fs_id: 1, ino: 2 });
    let ground = Ground {
        sides: [&a, &b],
        lists: &lists,
        base: home,
        run,
        tag: TAG,
        keep_trash: true,
        limits: Limits { entries: setting.batch, bytes: 1 << 30, time: Duration::MAX, threads: 1 },
        report: &listener,
        hooks: &NoHooks,
        policy: &policy,
        identities: &identities,
        since_looking: Box::new(|| Duration::from_nanos(machine.lock().now - began)),
    };
    let journal = Journal::new(Arc::new(home.clone()), run, RunKind::Sync);
    let mut apply = Apply::new(ground, journal);
    apply.clear(&left_over);
    let result =
        apply.carry_out(&mut plan.clone()).and_then(|ending| apply.finish(&|_| Ok(())).map(|()| ending));
    drop(apply);
    let mut troubles = listener.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    match &result {
        Ok(Ending::Complete) => {}
        Ok(other) => troubles.push(format!("{other:?}")),
        Err(error) => troubles.push(error.to_string()),
    }
    troubles.extend(plan.notes.iter().filter(|note| is_error(&note.what)).map(|note| format!("{note:?}")));
    Outcome { complete: troubles.is_empty(), recovered, plan, troubles }
}

/// What every run begins with: half-made things go, and the base learns what a killed run had finished.
fn recover(home: &Home, sides: [&dyn WriteSide; 2]) -> Result<bool, BaseError> {
    let swept = apply::sweep(home, sides);
    let mut recovered = false;
    for &killed in &swept.runs {
        recovered |= !home.is_new() && apply::recover(home, killed, sides, home)?;
    }
    swept.close(home);
    Ok(recovered)
}

fn is_error(note: &NoteKind) -> bool {
    matches!(note, NoteKind::Unreadable(..) | NoteKind::Uncompared(_) | NoteKind::AgainstSpecial)
}
