//! Telling a history: step by step, with the rules looked after at every stop.

use reconcile::{Action, DirKey, Kind, Mode, OnConflict, Op, Plan, RelPath, Side};
use syncmgr::RunId;

use super::Tally;
use super::home::Home;
use super::run::{Outcome, run};
use super::story::{Setting, Step};
use crate::filter::Filter;
use crate::side::simulated::{
    Body, Chance, DOUBTFUL, Disk, End, Fault, Machine, Order, Place, State, What, place_of, tree,
};

/// A broken rule.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    /// Which, in a few words: the same however the history is shortened.
    pub(super) rule: &'static str,
    /// What exactly.
    pub(super) what: String,
}

/// How many clean runs bring both sides together when nobody disturbs them.
const CALM: usize = 2;

/// A machine with a pair on it, and what has happened so far.
pub(super) struct Teller {
    pub(super) machine: Machine,
    home: Home,
    setting: Setting,
    filter: Filter,
    runs: u64,
    pub(super) tally: Tally,
    /// What came to pass in the last run.
    pub(super) fired: Vec<Fault>,
    /// What the last run was copying when it was killed, by the side that has it: people go on working there.
    pub(super) begun: Vec<(Side, RelPath)>,
    /// Something may still be in the way of a quick end: the power failed, or the base was lost.
    shaken: bool,
    /// One line a call of the last run, for a person to read.
    pub(super) trace: Option<Vec<String>>,
}

type Told = Result<(), Broken>;

fn broken(rule: &'static str, what: impl Into<String>) -> Told {
    Err(Broken { rule, what: what.into() })
}

impl Teller {
    pub(super) fn new(setting: Setting, filter: &Filter) -> Self {
        let machine = Machine::new(setting.disks, setting.lossy);
        Self {
            home: Home::new(&machine),
            machine,
            setting,
            filter: filter.clone(),
            runs: 0,
            tally: Tally::default(),
            fired: Vec::new(),
            begun: Vec::new(),
            // An inode with several names shows one run later what happened to it under the other.
            shaken: setting.tastes.shares,
            trace: None,
        }
    }

    /// Whether the pair never met.
    pub(super) fn is_first(&self) -> bool {
        self.home.is_new()
    }

    /// Does one step.
    pub(super) fn step(&mut self, step: &Step) -> Told {
        match step {
            Step::Act(act) => self.machine.lock().act(act),
            Step::Wait => self.wait(),
            Step::PowerLoss(order, seed) => {
                self.lose_power(*order, *seed);
                self.base_is_true()?;
            }
            Step::LoseBase => {
                self.home.lose_base();
                self.shaken = true;
            }
            Step::Run(faults) => {
                let outcome = self.run(faults.clone())?;
                if self.fired.is_empty() {
                    self.clean(&outcome)?;
                }
            }
        }
        Ok(())
    }

    fn wait(&mut self) {
        let mut state = self.machine.lock();
        state.now += 60_000_000_000;
        for side in Side::BOTH {
            state.flush(side);
        }
        drop(state);
        self.home.settle();
    }

    fn lose_power(&mut self, order: Order, seed: u64) {
        self.machine.lock().lose(order, seed);
        self.home.lose(&mut Chance::new(seed ^ 0x9e37));
        self.shaken = true;
        self.tally.power_losses += 1;
    }

    /// One run, and what must hold after every run.
    fn run(&mut self, faults: Vec<Fault>) -> Result<Outcome, Broken> {
        self.runs += 1;
        self.tally.runs += 1;
        self.machine.lock().start(faults);
        if self.trace.is_some() {
            self.machine.lock().trace = Some(Vec::new());
        }
        let outcome = run(&self.machine, &self.home, &self.setting, &self.filter, RunId(self.runs));
        let mut state = self.machine.lock();
        self.fired = std::mem::take(&mut state.fired);
        self.tally.calls += u64::from(state.calls);
        self.tally.recoveries += u64::from(outcome.recovered);
        let trace = state.trace.take();
        let end = state.stop();
        drop(state);
        if let (Some(all), Some(trace)) = (&mut self.trace, trace) {
            all.push(format!("run {}", self.runs));
            all.extend(trace);
            all.extend(
                outcome.plan.actions.iter().map(|action| format!("plan {}: {:?}", action.path, action.op)),
            );
            all.extend(outcome.plan.settle.iter().map(|settle| format!("settle {settle:?}")));
            all.extend(
                outcome.plan.conflicts.iter().map(|one| format!("conflict {} {:?}", one.path, one.kind)),
            );
            all.extend(outcome.plan.notes.iter().map(|note| format!("note {note:?}")));
            all.extend(outcome.troubles.iter().map(|trouble| format!("trouble {trouble}")));
            let state = self.machine.lock();
            for side in Side::BOTH {
                let lines = tree(&state.disks[side as usize], &state.ledger);
                all.extend(lines.into_iter().map(|(path, what)| format!("{side:?}: {path}: {what}")));
            }
            drop(state);
            let mut left = vec![(RelPath::root(), DirKey::ROOT)];
            while let Some((dir, key)) = left.pop() {
                all.push(format!("base {dir} (key {}):", key.0));
                for (name, agreed) in self.home.peek(key).iter().flat_map(|agreement| agreement.iter()) {
                    all.push(format!(
                        "  {}: {:?} {:?} {:?}",
                        name.escape_ascii(),
                        agreed.a.kind,
                        agreed.a.id.ino,
                        agreed.dir
                    ));
                    left.extend(agreed.dir.map(|key| (dir.join(name), key)));
                }
            }
        }
        self.begun = if matches!(end, Some(End::Killed)) { copied(&outcome.plan) } else { Vec::new() };
        if let Some(End::PowerLoss(_, seed)) = end {
            // The machine itself has lost already.
            self.home.lose(&mut Chance::new(seed ^ 0x9e37));
            self.shaken = true;
        }
        for fault in &self.fired {
            self.tally.count(&fault.what);
        }
        if end.is_some() || !outcome.complete {
            let mut state = self.machine.lock();
            let State { ledger, disks, meanwhile, .. } = &mut *state;
            ledger.ended_early(disks);
            ledger.in_the_middle(meanwhile);
        }
        self.nothing_is_lost(end.is_some() || !outcome.complete)?;
        self.base_is_true()?;
        Ok(outcome)
    }

    /// S1, S2, S7, S10: nothing a person wrote is lost, and nothing is there that nobody wrote.
    fn nothing_is_lost(&self, under_way: bool) -> Told {
        let setting = &self.setting;
        let keeps_live = setting.mode == Mode::TwoWay
            && matches!(setting.on_conflict, OnConflict::Ask | OnConflict::KeepBoth);
        // In copy mode nobody looks into what only B has: a directory that a person renamed while a killed run had an
        // old version in it under a temporary name.
        let under_way = under_way || setting.mode == Mode::Copy;
        let state = self.machine.lock();
        match state.ledger.losses(&state.disks, keeps_live, under_way).first() {
            None => Ok(()),
            Some(loss) if loss.ends_with("nobody wrote") => broken("S2: no partial content", loss),
            Some(loss) => broken("S1: nothing is lost", loss),
        }
    }

    /// S3: where both sides are as the base has them, they are the same.
    fn base_is_true(&self) -> Told {
        let state = self.machine.lock();
        let mut left = vec![(RelPath::root(), DirKey::ROOT)];
        while let Some((dir, key)) = left.pop() {
            for (name, agreed) in self.home.peek(key).iter().flat_map(|agreement| agreement.iter()) {
                let path = dir.join(name);
                left.extend(agreed.dir.map(|key| (path.clone(), key)));
                if agreed.a.kind == Kind::Dir {
                    continue;
                }
                let on = |side: Side| find(&state.disks[side as usize], &path);
                let (Some(a), Some(b)) = (on(Side::A), on(Side::B)) else { continue };
                let unchanged =
                    state.disks[0].seen(a) == Ok(agreed.a) && state.disks[1].seen(b) == Ok(agreed.b);
                let (a, b) = (bytes(&state.disks[0], a), bytes(&state.disks[1], b));
                let doubtful = [a, b].into_iter().flatten().any(|bytes| state.ledger.is_doubtful(bytes));
                if unchanged && a != b && !doubtful {
                    return broken("S3: the base is true", format!("{path} is not the same on both sides"));
                }
            }
        }
        Ok(())
    }

    /// What must hold after a run in which nothing went wrong.
    fn clean(&mut self, outcome: &Outcome) -> Told {
        self.tally.clean_runs += 1;
        if !outcome.complete {
            // Closed doors and pipes are troubles of the person's own making; and what happens to a file shows under its
            // other names.
            if self.setting.tastes.closes || self.setting.tastes.shares {
                return Ok(());
            }
            return broken("S4: a clean run has no trouble", outcome.troubles.join("; "));
        }
        self.no_temps(outcome)?;
        self.sides_agree(outcome)
    }

    /// S2: half-made things do not survive a clean run.
    fn no_temps(&self, outcome: &Outcome) -> Told {
        // A directory that a person renamed meanwhile may now be where no plan looks: beneath a conflict, or, in copy
        // mode, where A has nothing.
        if self.setting.mode == Mode::Copy {
            return Ok(());
        }
        let looked_at =
            |path: &RelPath| !outcome.plan.conflicts.iter().any(|one| path.starts_with(&one.path));
        let state = self.machine.lock();
        for side in Side::BOTH {
            let mut temp = None;
            state.disks[side as usize].each(&mut |path, _, _| {
                if place_of(path) == Place::Temp && looked_at(path) {
                    temp.get_or_insert_with(|| path.clone());
                }
            });
            if let Some(path) = temp {
                return broken("S2: temporary files go", format!("{side:?}:{path} survived a clean run"));
            }
        }
        Ok(())
    }

    /// S4: both sides are the same outside of conflicts.
    fn sides_agree(&self, outcome: &Outcome) -> Told {
        if self.setting.mode == Mode::Copy {
            return Ok(());
        }
        let state = self.machine.lock();
        let [a, b] = [0, 1].map(|side: usize| {
            let mut lines = tree(&state.disks[side], &state.ledger);
            lines.retain(|(path, what)| {
                what != "pipe"
                    && !outcome.plan.conflicts.iter().any(|one| path.starts_with(&one.path))
                    && !outcome.plan.notes.iter().any(|note| {
                        (path.starts_with(&note.path) || note.path.starts_with(path)) && is_left(&note.what)
                    })
            });
            lines
        });
        let doubtful = |path: &RelPath| {
            let mut lines = a.iter().chain(&b);
            lines.any(|(at, what)| at == path && what.starts_with(DOUBTFUL))
        };
        let lacks = |x: &[(RelPath, String)], y: &[(RelPath, String)]| {
            x.iter()
                .find(|line| !y.contains(line) && !doubtful(&line.0))
                .map(|(path, what)| format!("{path} ({what})"))
        };
        match (lacks(&a, &b), lacks(&b, &a)) {
            (None, None) => Ok(()),
            (a, b) => broken("S4: both sides agree", format!("only on A: {a:?}, only on B: {b:?}")),
        }
    }

    /// The end of every history: people rest, and clean runs bring both sides together; then there is nothing to do.
    pub(super) fn settle(&mut self) -> Told {
        self.wait();
        for calm in 0..=CALM {
            let outcome = self.run(Vec::new())?;
            self.clean(&outcome)?;
            if !outcome.complete {
                return Ok(());
            }
            let idle = outcome.plan.actions.is_empty() && outcome.plan.settle.is_empty();
            let writes = self.machine.lock().writes;
            // Once more may be written: that nothing half-made is left.
            if idle && writes > 0 && calm == CALM {
                return broken("S12: an idle pair makes no write", format!("{writes} writes"));
            }
            if idle && writes > 0 {
                continue;
            }
            if idle && calm > 0 {
                self.tally.conflicts += outcome.plan.conflicts.len() as u64;
                return Ok(());
            }
            if calm == CALM || (calm == 1 && !self.shaken) {
                let plan = format!("{:?} {:?}", outcome.plan.actions, outcome.plan.settle);
                return broken("S4: it converges", plan);
            }
        }
        Ok(())
    }
}

/// What a plan copies, by the side that has it.
fn copied(plan: &Plan) -> Vec<(Side, RelPath)> {
    let source = |action: &Action| match action.op {
        Op::Create { on, .. } | Op::Replace { on, .. } => Some((on.other(), action.path.clone())),
        _ => None,
    };
    plan.actions.iter().filter_map(source).collect()
}

fn is_left(note: &reconcile::NoteKind) -> bool {
    use reconcile::NoteKind::{AgainstSpecial, DirectoryStays, LeftOnB, Special, Uncompared, Unreadable};
    matches!(note, AgainstSpecial | DirectoryStays(_) | LeftOnB | Special(_) | Uncompared(_) | Unreadable(..))
}

fn find(disk: &Disk, path: &RelPath) -> Option<crate::side::simulated::Key> {
    let (dir, name) = path.split()?;
    disk.walk(&dir).and_then(|dir| disk.child(dir, name)).ok().flatten()
}

fn bytes(disk: &Disk, key: crate::side::simulated::Key) -> Option<&[u8]> {
    match &disk.inode(key)?.body {
        Body::File(bytes) | Body::Link(bytes) => Some(bytes),
        _ => None,
    }
}

impl Tally {
    fn count(&mut self, what: &What) {
        *match what {
            What::Fail(_) => &mut self.refusals,
            What::Full(_) => &mut self.full_disks,
            What::Kill => &mut self.kills,
            What::PowerLoss(..) => &mut self.power_losses,
            What::Meanwhile(_) => &mut self.meanwhile,
        } += 1;
    }
}
