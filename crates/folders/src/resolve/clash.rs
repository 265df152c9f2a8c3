//! TwoPaths clashes of names: each version gets a name that both sides can hold, or goes to the trash.

use reconcile::{Action, Contested, Holder, RelPath, Seen, Settle, Side};
use syncmgr::conflict::{Choice, Conflict, ResolutionItem, Settlement};
use syncmgr::outcome::{Problem, ProblemClass};

use super::step::{Refused, Steps, is_same, side_of, unreadable};
use crate::apply::Put;
use crate::run::to_clash;
use crate::side::names::same_but_spelling;

/// What goes between the name of a version that is kept beside its like and the extension.
const SUFFIX: &str = "name-clash";

/// What two a conflict of two paths comes to: what goes away, then the rest, then what the base is told.
#[derive(Default)]
pub(super) struct TwoPaths {
    /// All paths that it is about.
    pub(super) paths: Vec<RelPath>,
    pub(super) first: Vec<Action>,
    pub(super) then: Vec<Action>,
    pub(super) settled: Vec<Settle>,
    /// A version that no side has yet, for A, with what B has in its place. What comes then waits for it.
    pub(super) put: Option<(Put, Option<Seen>)>,
}

impl TwoPaths {
    /// The base is to forget a path, or to know that both sides have this there.
    pub(super) fn settle(&mut self, path: &RelPath, agreed: Option<(Seen, Seen)>) {
        self.settled.push(Settle { path: path.clone(), dir: None, agreed, origin: None });
    }
}

/// Both versions of a clash: the one that only one side can hold, and the one that is in its way.
struct Clash {
    path: RelPath,
    here: Seen,
    /// The side that has `path`.
    on: Side,
    other: Seen,
    holder: Holder,
}

impl Clash {
    fn of(contested: Contested) -> Option<Self> {
        let holder = contested.holder?;
        let [here, other] = match holder.on {
            Side::A => [contested.b?, contested.a?],
            Side::B => [contested.a?, contested.b?],
        };
        Some(Self { path: contested.path, here, on: holder.on.other(), other, holder })
    }

    /// Whether what is there now is what was shown (S1).
    fn is_still(&self, now: &Self) -> bool {
        self.path == now.path
            && self.holder.on == now.holder.on
            && self.holder.path == now.holder.path
            && is_same(Some(&self.here), Some(&now.here))
            && is_same(Some(&self.other), Some(&now.other))
            && is_same(self.holder.also.as_ref(), now.holder.also.as_ref())
    }
}

/// The names that both versions are to have, the contested one's first; none for one that goes.
type Names = [Option<RelPath>; 2];

impl Steps<'_> {
    /// What is to be done about a clash, if both versions are still those that were shown (S1).
    pub(super) fn clash(&mut self, conflict: &Conflict, choice: &Choice) -> Result<TwoPaths, Refused> {
        let clash = to_clash(conflict).and_then(Clash::of).ok_or_else(unreadable)?;
        let look = self.now.clashes.known_at(&clash.path).map_err(|why| Refused::Why(clash.on, why))?;
        if !look.and_then(Clash::of).is_some_and(|now| clash.is_still(&now)) {
            return Err(Refused::Settled(Settlement::Changed));
        }
        let names = self.names(conflict, choice, &clash)?;
        if names[1].as_ref() != Some(&clash.holder.path) && !self.take_holder(&clash.holder.path) {
            let text = format!("{} is settled together with another name in this run", clash.holder.path);
            return Err(Refused::Left(text));
        }
        self.carry_names(&clash, names)
    }

    fn names(&mut self, conflict: &Conflict, choice: &Choice, clash: &Clash) -> Result<Names, Refused> {
        let (path, holder) = (&clash.path, &clash.holder.path);
        let (dir, name) = path.split().ok_or_else(unreadable)?;
        match (choice, choice.winner(conflict)) {
            (Choice::KeepAll, _) => {
                let kept = reconcile::name::keep_both(name, SUFFIX, |name| !self.is_free(&dir.join(name)));
                Ok([Some(dir.join(&kept)), Some(holder.clone())])
            }
            (Choice::KeepItems(items), _) => {
                let mut names: Names = [None, None];
                for item in items {
                    let here = side_of(item.index) == clash.on;
                    let own = if here { path } else { holder };
                    names[usize::from(!here)] = Some(self.named(&dir, own, item)?);
                }
                self.check_names(clash, &names)?;
                Ok(names)
            }
            (_, Some(index)) => {
                let here = side_of(index) == clash.on;
                Ok([here.then(|| path.clone()), (!here).then(|| holder.clone())])
            }
            _ => Err(Refused::Left(format!("{path} cannot be settled this way"))),
        }
    }

    fn named(&self, dir: &RelPath, own: &RelPath, item: &ResolutionItem) -> Result<RelPath, Refused> {
        match &item.new_name {
            Some(name) => super::step::one_name(dir, name),
            None => Ok(own.clone()),
        }
    }

    /// Both names must be names that the side can hold beside each other, and beside what it has. A new name that is only
    /// the old one spelled otherwise is none: not every file system lets itself be told to spell a name anew.
    fn check_names(&self, clash: &Clash, names: &Names) -> Result<(), Refused> {
        let one = |x: &RelPath, y: &RelPath| x == y || same_but_spelling(x.as_bytes(), y.as_bytes());
        let refused = |text: String| {
            Err(Problem::new(ProblemClass::Config, text).with_fix("choose another name").into())
        };
        if let [Some(x), Some(y)] = names
            && one(x, y)
        {
            return refused(format!("{x} and {y} would be one name again"));
        }
        for (name, own) in names.iter().zip([&clash.path, &clash.holder.path]) {
            let Some(name) = name.as_ref().filter(|name| *name != own) else { continue };
            if one(name, &clash.path) {
                return refused(format!("{name} is only another spelling of {own}"));
            }
            if !self.is_free(name) {
                return refused(format!("{name} is there already"));
            }
        }
        Ok(())
    }

    fn carry_names(&mut self, clash: &Clash, names: Names) -> Result<TwoPaths, Refused> {
        let Clash { path, here, on, other, holder } = clash;
        let far = holder.on;
        let mut two = TwoPaths { paths: vec![path.clone(), holder.path.clone()], ..TwoPaths::default() };
        let [new, held] = names;
        if new.is_none() {
            two.first.push(self.remove(path, *on, *here)?);
        }
        if held.is_none() {
            two.first.push(self.remove(&holder.path, far, *other)?);
            if let Some(also) = holder.also {
                two.first.push(self.remove(&holder.path, *on, also)?);
            }
        }
        if new.as_ref() != Some(path) {
            two.settle(path, None);
        }
        if held.as_ref() != Some(&holder.path) {
            two.settle(&holder.path, None);
        }
        if let Some(held) = held {
            if held != holder.path {
                two.then.push(self.rename(&holder.path, &held, far, *other));
            }
            match holder.also {
                Some(also) if held != holder.path => {
                    two.then.push(self.rename(&holder.path, &held, *on, also));
                    let agreed = if *on == Side::A { (also, *other) } else { (*other, also) };
                    two.settle(&held, Some(agreed));
                }
                Some(_) => {}
                None => two.then.push(self.create_from(&held, far, &holder.path, *other)?),
            }
            self.give(&held);
            two.paths.push(held);
        }
        if let Some(new) = new {
            if new != *path {
                two.then.push(self.rename(path, &new, *on, *here));
            }
            two.then.push(self.create_from(&new, *on, path, *here)?);
            self.give(&new);
            two.paths.push(new);
        }
        Ok(two)
    }
}
