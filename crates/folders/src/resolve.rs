//! Settling conflicts: one version wins, the other goes to the trash, under the same rules as any run.

use reconcile::{Action, Kind, OnConflict, Op, Plan, RelPath, Seen, Settle, Side, Tally};
use syncmgr::conflict::{Conflict, ConflictId};
use syncmgr::outcome::{Counts, Outcome, Phase, Problem, ProblemClass};

use crate::apply::{Apply, Ending, Lists, Trouble, Why, same_version};
use crate::base::{Base, BaseError, BaseRead as _, Transaction};
use crate::journal::{Deed, Journal, RunKind};
use crate::look::Look;
use crate::options::{ResolveRequest, RunOptions};
use crate::run::{
    Entered, Finished, Here, NoBase, Results, Run, apply_problem, expect, from_stamp, outcome, refused,
};
use crate::side::ReadSide as _;

/// One conflict with what is to become of it.
struct Verdict {
    id: ConflictId,
    path: RelPath,
    a: Option<Seen>,
    b: Option<Seen>,
    keep: Keep,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Side(Side),
    Both,
}

impl Run<'_> {
    /// Settles conflicts as the person chose.
    pub(crate) fn resolve(&self, request: &ResolveRequest) -> Finished {
        let progress = self.progress();
        let options = RunOptions::default();
        let Entered { look, _lock, writers } = match self.enter(&progress, &options, None) {
            Ok(entered) => entered,
            Err(error) => return refused(&error),
        };
        let mut results = self.results();
        progress.phase(Phase::Comparing);
        let open = match self.ledger.conflicts(self.handler, Some(self.item())) {
            Ok(open) => open,
            Err(refusal) => {
                let text = format!("the conflicts could not be read: {refusal}");
                return Finished::stopped(Outcome::Failed, Problem::new(ProblemClass::Transient, text));
            }
        };
        let (verdicts, ties) = match self.verdicts(request, &open, &mut results) {
            Ok(verdicts) => verdicts,
            Err(problem) => return Finished::stopped(Outcome::Failed, problem),
        };
        let lists = Here(look.scan(&NoBase, &()));
        let mut plan = Plan::default();
        let mut settled = Vec::new();
        for verdict in &verdicts {
            match actions(&look, &lists, verdict) {
                Ok(actions) if actions.is_empty() => {
                    let path = verdict.path.clone();
                    plan.settle.push(Settle { path, dir: None, agreed: None, origin: None });
                    settled.push(verdict);
                }
                Ok(actions) => {
                    plan.actions.extend(actions);
                    settled.push(verdict);
                }
                Err((on, why)) => {
                    results.trouble(&Trouble { on, path: verdict.path.clone(), why });
                }
            }
        }
        // New names first, as in every plan; what goes away goes last.
        plan.actions.sort_by_key(|action| match action.op {
            Op::KeepBoth { .. } => 0,
            Op::Remove { .. } => 2,
            _ => 1,
        });
        progress.phase(Phase::Moving);
        expect(&progress, &plan);
        let ground = self.ground(&look, &writers, &lists, &progress, true);
        let journal = Journal::new(look.notes(), self.callback.run_id(), RunKind::Resolve);
        let mut apply = Apply::new(ground, journal);
        for verdict in &settled {
            // Undoing opens the conflict again: for that the base must say again what it says now.
            let before = match agreed_at(&look.base, &verdict.path) {
                Ok(before) => before.map(|(a, b)| ((&a).into(), (&b).into())),
                Err(error) => return base_failed(&error),
            };
            apply.note(&Deed::Agreed { path: (&verdict.path).into(), before });
        }
        let result = apply.carry_out(&plan);
        progress.phase(Phase::Finishing);
        let result = result.and_then(|ending| {
            let last = |_: &mut dyn Transaction| Ok(());
            apply.finish(&last).map(|()| ending)
        });
        let mut failed = Vec::new();
        for trouble in progress.take_troubles() {
            failed.push(trouble.path.clone());
            results.trouble(&trouble);
        }
        let done: Vec<ConflictId> = match &result {
            Ok(Ending::Complete) => settled
                .iter()
                .filter(|one| !failed.iter().any(|path| path.starts_with(&one.path)))
                .map(|one| one.id.clone())
                .collect(),
            // What of it was done shows at the next run.
            _ => Vec::new(),
        };
        if let Err(refusal) = self.ledger.remove(self.handler, self.item(), &done) {
            let text = format!("the settled conflicts could not be taken from the list: {refusal}");
            results.error("Conflicts not recorded".into(), Problem::new(ProblemClass::Transient, text));
        }
        let (changed, wrote) = (apply.counts(), apply.wrote());
        let counts = Counts {
            a: changed[0],
            b: changed[1],
            conflicts: open.len().saturating_sub(done.len()) as u64,
            errors: results.errors,
            skipped: 0,
            bytes: progress.bytes(),
        };
        match result {
            Err(error) => {
                let problem = apply_problem(self.pair, &error);
                let outcome = if wrote { Outcome::Gaps } else { Outcome::Failed };
                Finished { outcome, counts, problem: Some(problem) }
            }
            Ok(ending) => {
                let problem = self.problem(ending, &results, ties);
                Finished { outcome: outcome(ending, wrote, results.errors, ties), counts, problem }
            }
        }
    }

    /// What is to become of each conflict that was named, and how many stay open because none of their versions is the
    /// newest or largest.
    fn verdicts(
        &self,
        request: &ResolveRequest,
        open: &[Conflict],
        results: &mut Results<'_>,
    ) -> Result<(Vec<Verdict>, u64), Problem> {
        if request.keep == OnConflict::Ask {
            return Err(Problem::new(ProblemClass::Config, "which version is to be kept was not said")
                .with_fix("name it: a, b, both, newest or largest"));
        }
        let named = |conflict: &&Conflict| {
            request.paths.is_empty() || request.paths.iter().any(|path| path.as_bytes() == conflict.path)
        };
        for path in &request.paths {
            if !open.iter().any(|conflict| path.as_bytes() == conflict.path) {
                let problem = Problem::new(ProblemClass::Config, format!("{path} has no open conflict"))
                    .with_fix("see the open ones with `instep conflicts`");
                results.error(format!("Not settled: {path}"), problem);
            }
        }
        let mut ties = 0;
        let mut verdicts = Vec::new();
        for conflict in open.iter().filter(named) {
            let keep = match request.keep {
                OnConflict::A => Some(Keep::Side(Side::A)),
                OnConflict::B => Some(Keep::Side(Side::B)),
                OnConflict::KeepBoth => Some(Keep::Both),
                OnConflict::Newest => conflict.newest().map(side_of),
                _ => conflict.largest().map(side_of),
            };
            let stamps = match &conflict.versions[..] {
                [a, b] => from_stamp(&a.stamp).zip(from_stamp(&b.stamp)),
                _ => None,
            };
            let (Some((a, b)), Some(path)) = (stamps, RelPath::from_bytes(&conflict.path)) else {
                let text = "a conflict in the list cannot be read; the next sync writes it anew";
                results.error("Not settled".into(), Problem::new(ProblemClass::Bug, text));
                continue;
            };
            match keep {
                Some(keep) => verdicts.push(Verdict { id: conflict.id.clone(), path, a, b, keep }),
                None => ties += 1,
            }
        }
        Ok((verdicts, ties))
    }
}

fn side_of(version: usize) -> Keep {
    Keep::Side(if version == 0 { Side::A } else { Side::B })
}

fn base_failed(error: &BaseError) -> Finished {
    Finished::stopped(Outcome::Failed, Problem::new(ProblemClass::Permission, error.to_string()))
}

/// What is to be done for one conflict, if both versions are still those that were shown.
fn actions(look: &Look<'_>, lists: &dyn Lists, verdict: &Verdict) -> Result<Vec<Action>, (Side, Why)> {
    for (side, shown) in [(Side::A, &verdict.a), (Side::B, &verdict.b)] {
        let now = look_at(look, side, &verdict.path).map_err(|why| (side, why))?;
        let same = match (shown, &now) {
            (None, None) => true,
            (Some(shown), Some(now)) => same_version(shown, now),
            _ => false,
        };
        if !same {
            return Err((side, Why::Changed));
        }
    }
    let version = |side: Side| if side == Side::A { verdict.a } else { verdict.b };
    let action = |path: &RelPath, op| Action { path: path.clone(), dir: None, op };
    let tally = |side: Side, path: &RelPath, seen: &Seen| {
        tally(lists, side, path, seen).map_err(|reason| (side, Why::Unlisted(reason)))
    };
    let keep = match (verdict.keep, verdict.a, verdict.b) {
        (Keep::Side(side), ..) => side,
        (Keep::Both, Some(a), Some(b)) => {
            let (dir, name) = verdict.path.split().ok_or((Side::A, Why::Changed))?;
            let is_taken = |name: &[u8]| {
                let path = dir.join(name);
                // What cannot be looked at may be there.
                Side::BOTH.into_iter().any(|side| !matches!(look_at(look, side, &path), Ok(None)))
            };
            let kept = dir.join(&reconcile::name::keep_both(name, &look.policy.keep_both_suffix, is_taken));
            let (of_a, of_b) = (tally(Side::A, &verdict.path, &a)?, tally(Side::B, &verdict.path, &b)?);
            return Ok(vec![
                action(&kept, Op::KeepBoth { renamed_on: Side::B, from: verdict.path.clone(), seen: b }),
                action(&kept, Op::Create { on: Side::A, source: b, tally: of_b, whole: true }),
                action(&verdict.path, Op::Create { on: Side::B, source: a, tally: of_a, whole: true }),
            ]);
        }
        // Both of one version: the one there is.
        (Keep::Both, Some(_), None) => Side::A,
        (Keep::Both, None, _) => Side::B,
    };
    let on = keep.other();
    let path = &verdict.path;
    Ok(match (version(keep), version(on)) {
        (None, None) => Vec::new(),
        (None, Some(target)) => {
            vec![action(path, Op::Remove { on, target, tally: tally(on, path, &target)? })]
        }
        (Some(source), None) => {
            let tally = tally(keep, path, &source)?;
            vec![action(path, Op::Create { on, source, tally, whole: true })]
        }
        (Some(source), Some(target)) => {
            let removed = tally(on, path, &target)?;
            let tally = tally(keep, path, &source)?;
            vec![action(path, Op::Replace { on, source, target, tally, removed, keep_mode: false })]
        }
    })
}

fn look_at(look: &Look<'_>, side: Side, path: &RelPath) -> Result<Option<Seen>, Why> {
    let Some((dir, name)) = path.split() else { return Ok(None) };
    Ok(look.roots.side(side).dir(&dir)?.look(name)?)
}

/// What is in a tree, as a plan counts it.
fn tally(lists: &dyn Lists, side: Side, path: &RelPath, seen: &Seen) -> Result<Tally, String> {
    let mut tally = Tally::of(seen, false);
    if seen.kind != Kind::Dir {
        return Ok(tally);
    }
    let mut left = vec![path.clone()];
    while let Some(dir) = left.pop() {
        let listing = lists.list(side, &dir).map_err(|error| error.reason)?;
        for (name, seen) in listing.iter() {
            tally.add(name, seen, false);
            if seen.kind == Kind::Dir {
                left.push(dir.join(name));
            }
        }
    }
    Ok(tally)
}

/// What the base says of a path.
pub(crate) fn agreed_at(base: &Base, path: &RelPath) -> Result<Option<(Seen, Seen)>, BaseError> {
    let mut key = Some(reconcile::DirKey::ROOT);
    let mut found = None;
    for name in path.names() {
        let Some(dir) = key else { return Ok(None) };
        let Some(agreement) = base.agreement(dir)? else { return Ok(None) };
        found = agreement.get(name).copied();
        key = found.and_then(|agreed| agreed.dir);
    }
    Ok(found.map(|agreed| (agreed.a, agreed.b)))
}
