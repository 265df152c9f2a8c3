//! Everything before the first change: opens the sides, the base and the filter of a pair, and plans.
//!
//! A preview ends here; a run takes the lock and goes on. Nothing in here writes to a side.

use std::num::NonZero;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use reconcile::guards::{first_run_needs_consent, stops_after};
use reconcile::{
    BaseCounts, Choices, Keep, MaxDelete, Mode, Plan, Planner, Policy, RelPath, Scope, Side, Stop, Time,
    Unturned,
};
use syncmgr::outcome::{Outcome, Problem, ProblemClass};

use crate::base::{Access, Base, BaseError, BaseRead, Meta, PutAside};
use crate::clash::Clashes;
use crate::drive::{self, Canceled};
use crate::filter::{BadGlob, Filter, IgnoreProblem};
use crate::notes::{LocalNotes, Notes};
use crate::options::{Home, RunOptions};
use crate::pair::Pair;
use crate::plans::{Held, PlanError, StoredPlan};
use crate::roots::{self, PairLock, RootClass, RootError, Roots, Surroundings};
use crate::scan::{Scan, Watch};
use crate::side::ReadSide as _;

/// What is to be looked at, and what the look depends on besides the trees.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The pair.
    pub pair: &'a Pair,
    /// What was asked for this time.
    pub options: &'a RunOptions,
    /// Where bases and stored plans are.
    pub home: &'a Home,
    /// The rest of the world.
    pub surroundings: &'a Surroundings,
    /// The current time.
    pub now: Time,
    /// How many threads look; [`drive::default_threads`] if nothing speaks against it.
    pub threads: NonZero<usize>,
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// A root is not what it must be.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The base cannot be read.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// A glob cannot be read.
    #[error(transparent)]
    Glob(#[from] BadGlob),
    /// The stored plan cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It was told to stop.
    #[error(transparent)]
    Canceled(#[from] Canceled),
}

impl LookError {
    /// Whether the person asked for something that cannot be (exit code 2).
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Root(error) => error.class() == RootClass::Usage,
            Self::Glob(_) | Self::Plan(PlanError::Unknown { .. } | PlanError::Damaged { .. }) => true,
            _ => false,
        }
    }

    /// The outcome of a run that ends with it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Root(error) => error.class().outcome(),
            Self::Base(BaseError::Locked { .. }) => Outcome::Waiting,
            Self::Canceled(_) => Outcome::Canceled,
            Self::Base(_) | Self::Glob(_) | Self::Plan(_) => Outcome::Failed,
        }
    }

    /// What a person reads.
    pub fn problem(&self) -> Problem {
        let class = match self {
            Self::Root(error) => return error.problem(),
            Self::Glob(_) | Self::Plan(_) => ProblemClass::Config,
            Self::Base(BaseError::Locked { .. }) | Self::Canceled(_) => ProblemClass::Transient,
            Self::Base(BaseError::TooNew { .. }) => ProblemClass::Config,
            Self::Base(_) => ProblemClass::Permission,
        };
        Problem::new(class, self.to_string())
    }
}

/// A pair that is ready to be planned: open, checked, and with what this run was asked for.
#[derive(Debug)]
pub struct Look<'a> {
    ask: Ask<'a>,
    /// Both sides.
    pub roots: Roots,
    /// The base.
    pub base: Base,
    /// What the base knows besides the agreements.
    pub meta: Meta,
    /// Whether the pair was synchronized before.
    pub known: bool,
    /// What is left out.
    pub filter: Filter,
    /// What the plan depends on besides the trees.
    pub policy: Policy,
    /// The plan that is to be held to.
    pub stored: Option<StoredPlan>,
    /// The pair's own directory.
    pub dir: PathBuf,
    exclude: Vec<String>,
    include: Vec<String>,
    choices: Choices,
    locked: bool,
    /// Nothing was looked at before.
    pub(crate) began: Instant,
    /// What is in doubt, if not everything is.
    scope: Option<Scope>,
    /// By how much each side shrank just before.
    lost: [u64; 2],
}

/// What came of it.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What guards say to it; `--approve` releases them.
    pub stops: Vec<Stop>,
    /// The pair never ran, and something that is there would go away: `--yes` agrees to it.
    pub needs_consent: bool,
    /// Actions that the trees call for, and that the stored plan did not have.
    pub held: Held,
    /// Changes that were to go the other way and cannot; they were left out.
    pub unturned: Vec<Unturned>,
    /// Lines of ignore files that say nothing.
    pub ignore_problems: Vec<(Side, IgnoreProblem)>,
    /// Bytes that were read to compare.
    pub compared_bytes: u64,
    /// Directories in which killed runs left half-made things.
    pub left_over: Vec<(Side, RelPath)>,
}

impl<'a> Look<'a> {
    /// Where this pair's runs write down what they do.
    pub fn notes(&self) -> Arc<dyn Notes> {
        Arc::new(LocalNotes::new(&self.dir))
    }

    /// Opens and checks everything.
    ///
    /// # Errors
    /// Something is not as it must be; nothing was touched.
    pub fn open(ask: Ask<'a>) -> Result<Self, LookError> {
        let began = Instant::now();
        let (pair, options) = (ask.pair, ask.options);
        let dir = ask.home.of(&pair.item);
        let stored = options.plan.as_deref().map(|id| StoredPlan::load(&dir, id)).transpose()?;
        let (exclude, include) = match &stored {
            Some(plan) => (plan.exclude.clone(), plan.include.clone()),
            None => (both(&pair.exclude, &options.exclude), both(&pair.include, &options.include)),
        };
        let choices = stored.as_ref().map_or(&options.choices, |plan| &plan.choices).clone();
        let filter = Filter::new(exclude.iter().map(String::as_str), include.iter().map(String::as_str))?;
        let base = Base::open(&dir, Access::Read)?;
        let (meta, known) = (base.meta()?, !base.is_new()?);
        let mode = stored.as_ref().map_or(options.mode.unwrap_or(pair.mode), |plan| plan.policy.mode);
        let keep = stored.as_ref().map_or(options.keep.unwrap_or(pair.keep), |plan| plan.policy.keep);
        let roots = roots::open(pair, mode, keep, &meta, known, ask.surroundings)?;
        let policy = match &stored {
            Some(plan) => plan.policy.clone(),
            None => policy(&ask, mode, keep, &roots),
        };
        Ok(Self {
            ask,
            roots,
            base,
            meta,
            known,
            filter,
            policy,
            stored,
            dir,
            exclude,
            include,
            choices,
            locked: false,
            began,
            scope: None,
            lost: [0; 2],
        })
    }

    /// Looks only at what is in doubt. A pair that never met, or whose base is damaged, is in doubt as a whole.
    #[must_use]
    pub fn within(self, scope: Scope) -> Self {
        Self { scope: Some(scope).filter(|scope| !scope.is_whole()), ..self }
    }

    /// Guards are to count what each side lost in runs just before (S6).
    #[must_use]
    pub fn after(self, lost: [u64; 2]) -> Self {
        Self { lost, ..self }
    }

    /// Whether everything is looked at.
    pub fn is_whole(&self) -> bool {
        self.scope.is_none()
    }

    /// What was asked.
    pub fn ask(&self) -> &Ask<'a> {
        &self.ask
    }

    /// Takes the pair's lock for a run. What another run changed until now is read again, and a damaged base is put
    /// aside.
    ///
    /// # Errors
    /// Another run works on the pair, or the base cannot be read.
    pub fn lock(&mut self) -> Result<PairLock, LookError> {
        let lock = self.roots.lock(self.ask.pair, &self.dir, self.ask.surroundings)?;
        self.base = Base::open(&self.dir, Access::Write)?;
        self.refresh()?;
        self.locked = true;
        Ok(lock)
    }

    /// The damaged base that was met, if there was one: worth an event.
    pub fn damaged_base(&self) -> Option<&PutAside> {
        self.base.was_put_aside()
    }

    /// The world as the planner sees it, for those who carry out the plan: they may ask for any directory.
    pub fn scan<'s>(&'s self, base: &'s dyn BaseRead, watch: &'s dyn Watch) -> Scan<'s> {
        self.scan_down(base, watch).in_any_order()
    }

    fn scan_down<'s>(&'s self, base: &'s dyn BaseRead, watch: &'s dyn Watch) -> Scan<'s> {
        Scan::new(&*self.roots.a, &*self.roots.b, base, &self.filter, watch).without(self.ours())
    }

    /// Where our own state lies in the sides, if it does.
    pub(crate) fn ours(&self) -> [Option<RelPath>; 2] {
        Side::BOTH.map(|side| state_in(self.ask.home, self.roots.side(side).path()))
    }

    /// Plans. Other policies than its own are for those who only want to know (see [`crate::verify`]).
    ///
    /// # Errors
    /// The base failed, or the watcher canceled it.
    pub fn plan(&mut self, watch: &dyn Watch) -> Result<Planned, LookError> {
        if !self.known {
            self.scope = None;
        }
        let mut planned = self.plan_once(&self.policy, watch)?;
        while let Some(scope) = &mut self.scope
            && scope.widen(&planned.plan)
        {
            planned = self.plan_once(&self.policy, watch)?;
        }
        if self.base.is_damaged() {
            // It showed under way: part of the plan rests on agreements, part on none. Now all of it rests on none.
            if self.locked {
                self.base.put_aside("it turned out to be damaged while it was read".into())?;
            }
            self.refresh()?;
            self.scope = None;
            planned = self.plan_once(&self.policy, watch)?;
        }
        Clashes::new(self).take_out(&mut planned.plan);
        // Before the stored plan: what it leaves out by choice did not change since. Before the guards: they judge what is
        // going to be done.
        planned.unturned = self.choices.apply(&mut planned.plan, self.policy.mode);
        if let Some(stored) = &self.stored {
            planned.held = stored.hold_back(&mut planned.plan);
        }
        planned.stops = self.stops(&planned.plan);
        planned.needs_consent = !self.known && first_run_needs_consent(&planned.plan);
        Ok(planned)
    }

    pub(crate) fn plan_once(&self, policy: &Policy, watch: &dyn Watch) -> Result<Planned, LookError> {
        // Without the lock another run may begin: a view that is held would keep it from writing to the base.
        let reader = self.locked.then(|| self.base.reader()).transpose()?;
        let base: &dyn BaseRead = reader.as_ref().map_or(&self.base as _, |reader| reader as _);
        let (scan, planner) = match &self.scope {
            None => (self.scan_down(base, watch), Planner::new(policy.clone(), !self.known)),
            Some(scope) => {
                (self.scan(base, watch), Planner::within(policy.clone(), !self.known, scope.clone()))
            }
        };
        let planned = drive::plan(&scan, planner, policy, self.ask.threads, watch);
        if let Some(error) = scan.take_base_error() {
            return Err(error.into());
        }
        let plan = planned?;
        let problems = |side| scan.ignore_problems(side).into_iter().map(move |problem| (side, problem));
        Ok(Planned {
            plan,
            stops: Vec::new(),
            needs_consent: false,
            held: Held::default(),
            unturned: Vec::new(),
            ignore_problems: Side::BOTH.into_iter().flat_map(problems).collect(),
            compared_bytes: scan.compared_bytes(),
            left_over: scan.take_left_over(),
        })
    }

    /// The plan as it is stored when it is shown.
    pub fn to_store(&self, plan: &Plan) -> StoredPlan {
        StoredPlan::of(plan, &self.policy, &self.exclude, &self.include, &self.choices)
    }

    fn stops(&self, plan: &Plan) -> Vec<Stop> {
        let limit: Option<MaxDelete> = self.ask.options.max_delete.or(self.ask.pair.max_delete);
        let base = BaseCounts { entries: self.meta.entries, files: self.meta.files };
        stops_after(self.lost, plan, base, limit)
    }

    /// Reads again what the base knows besides the agreements.
    pub(crate) fn refresh(&mut self) -> Result<(), BaseError> {
        (self.meta, self.known) = (self.base.meta()?, !self.base.is_new()?);
        Ok(())
    }
}

/// Where our own state lies beneath a root, if it does: whoever keeps their whole home directory in sync has it there.
fn state_in(home: &Home, root: &Path) -> Option<RelPath> {
    // Bases and stored plans are in a directory of the state; the store is beside it.
    let state = home.pairs.parent()?;
    let existing = state.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let (above, real) = existing?;
    let state = real.join(state.strip_prefix(above).ok()?);
    let beneath = state.strip_prefix(root.canonicalize().ok()?).ok()?;
    RelPath::from_bytes(beneath.as_os_str().as_bytes()).filter(|path| !path.is_root())
}

fn both(pair: &[String], options: &[String]) -> Vec<String> {
    pair.iter().chain(options).cloned().collect()
}

fn policy(ask: &Ask<'_>, mode: Mode, keep: Keep, roots: &Roots) -> Policy {
    let resolution = |side| roots.side(side).capabilities().time_resolution;
    Policy {
        mode,
        on_conflict: ask.options.on_conflict.unwrap_or(ask.pair.on_conflict),
        ask: ask.pair.ask,
        checksum: ask.options.checksum,
        keep,
        now: ask.now,
        time_resolution: resolution(Side::A).max(resolution(Side::B)),
        keep_both_suffix: format!("conflict-B-{}", stamp(ask.now)),
    }
}

/// `20261122-161500`, UTC.
fn stamp(time: Time) -> String {
    let (days, second) = (time.secs.div_euclid(86_400), time.secs.rem_euclid(86_400));
    // Civil from days: years are counted from March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + carry;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_date_and_time() {
        let of = |secs| stamp(Time { secs, nanos: 0 });
        assert_eq!(of(0), "19700101-000000");
        assert_eq!(of(1_795_364_100), "20261122-161500");
        assert_eq!(of(951_782_399), "20000228-235959");
        assert_eq!(of(951_782_400), "20000229-000000");
        assert_eq!(of(-1), "19691231-235959");
    }
}
