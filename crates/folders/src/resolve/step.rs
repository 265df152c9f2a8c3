//! From what was decided about one conflict to what is to be done about it.

use std::collections::HashSet;

use reconcile::{Action, Extras, Facets, FileId, Kind, Op, RelPath, Seen, Side, Time};
use syncmgr::HandlerError;
use syncmgr::conflict::{Choice, Conflict, ConflictKind, Decided, OtherVersion, ResolutionItem, Settlement};
use syncmgr::outcome::{Problem, ProblemClass};

use super::abilities::abilities;
use super::clash::TwoPaths;
use super::merge::{NoMerge, merge};
use super::now::Now;
use crate::apply::{Put, Why, open_given, same_version};
use crate::run::from_stamp;

/// What is to be done about one conflict.
pub(super) enum Work {
    /// Changes of the sides, in any order.
    Actions {
        actions: Vec<Action>,
        /// Nothing has the contested name afterwards: the base forgets it.
        forget: bool,
    },
    /// A version that no side has: on A first, then in place of B's.
    Put { put: Box<Put>, b: Option<Seen> },
    /// The path is left out from now on.
    Exclude,
}

/// Why there is nothing to be done.
pub(super) enum Refused {
    /// It is as it is.
    Settled(Settlement),
    /// The choice leaves it open, for this reason.
    Left(String),
    /// The sides could not be looked at.
    Why(Side, Why),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Settled(Settlement::Failed(HandlerError { problem }))
    }
}

/// Plans step by step; what earlier steps take is taken.
pub(super) struct Steps<'n> {
    pub(super) now: &'n Now<'n>,
    labels: [&'n str; 2],
    clock: Time,
    /// Names that are given in this run.
    given: HashSet<RelPath>,
    /// Directories that are made in this run.
    made: HashSet<(Side, RelPath)>,
    /// Names that were in the way of others, and do not stay as they are.
    holders: HashSet<RelPath>,
}

/// Both versions as they were shown.
type Shown = [Option<Seen>; 2];

impl<'n> Steps<'n> {
    pub(super) fn new(now: &'n Now<'n>, labels: [&'n str; 2], clock: Time) -> Self {
        Self { now, labels, clock, given: HashSet::new(), made: HashSet::new(), holders: HashSet::new() }
    }

    /// What is to be done about one conflict, if both versions are still those that were shown (S1).
    pub(super) fn step(&mut self, decided: &Decided) -> Result<(RelPath, Work), Refused> {
        let Decided { conflict, choice } = decided;
        makes_sense(decided)?;
        if !(choice.needs() - abilities(conflict)).is_empty() {
            return Err(Refused::Left(format!("{} cannot be settled this way", named(conflict))));
        }
        if conflict.kind == ConflictKind::NameClash {
            return Ok((named(conflict), Work::Exclude));
        }
        let (path, shown) = shown(conflict).ok_or_else(unreadable)?;
        for side in Side::BOTH {
            let now = self.now.at(side, &path).map_err(|why| Refused::Why(side, why))?;
            if !is_same(shown[side as usize].as_ref(), now.as_ref()) {
                return Err(Refused::Settled(Settlement::Changed));
            }
        }
        let work = self.work(conflict, choice, &path, shown)?;
        Ok((path, work))
    }

    /// What is to be done about a conflict copy of another program.
    pub(super) fn copy(&mut self, decided: &Decided) -> Result<TwoPaths, Refused> {
        let Decided { conflict, choice } = decided;
        makes_sense(decided)?;
        let two = super::copies::steps(self.now, conflict, choice, self.clock, |path| self.is_free(path))?;
        self.given.extend(two.then.iter().map(|action| action.path.clone()));
        Ok(two)
    }

    fn work(
        &mut self,
        conflict: &Conflict,
        choice: &Choice,
        path: &RelPath,
        shown: Shown,
    ) -> Result<Work, Refused> {
        let actions = match choice {
            Choice::KeepOne(index) => self.keep_one(path, shown, side_of(*index))?,
            Choice::KeepRecent | Choice::KeepLargest => match choice.winner(conflict) {
                Some(index) => self.keep_one(path, shown, side_of(index))?,
                None => return Err(Refused::Settled(Settlement::Left)),
            },
            Choice::KeepAll => self.keep_both(path, shown)?,
            Choice::KeepItems(items) => self.keep_items(path, shown, items)?,
            Choice::KeepOther(other) => return self.keep_other(path, shown, other),
            Choice::KeepMerged => return self.keep_merged(path, shown),
            Choice::RemoveFromSyncSet => {
                return match super::exclude::pattern(path) {
                    Some(_) => Ok(Work::Exclude),
                    None => {
                        let text = format!("{path} has a name that no line of an ignore file can hold");
                        Err(Problem::new(ProblemClass::Config, text)
                            .with_fix("rename it, or exclude the folder it is in")
                            .into())
                    }
                };
            }
            _ => {
                let text = format!("{path}: a pair of folders knows no such choice");
                return Err(Problem::new(ProblemClass::Config, text).into());
            }
        };
        let stays = |one: &Action| {
            one.path == *path && matches!(one.op, Op::Create { .. } | Op::Replace { .. } | Op::Meta { .. })
        };
        let forget = !actions.iter().any(stays);
        Ok(Work::Actions { actions, forget })
    }

    fn keep_one(&mut self, path: &RelPath, shown: Shown, keep: Side) -> Result<Vec<Action>, Refused> {
        let on = keep.other();
        Ok(match (shown[keep as usize], shown[on as usize]) {
            (None, None) => Vec::new(),
            (None, Some(target)) => vec![self.remove(path, on, target)?],
            (Some(source), None) => {
                let mut actions = self.lead_to(path, on)?;
                actions.push(self.create(path, on, source)?);
                actions
            }
            // Only permissions differ: nothing is copied, nothing goes to the trash.
            (Some(source), Some(target)) if self.same_content(path, &source, &target) => {
                let op = Op::Meta { on, source, target, what: Facets::MODE };
                vec![action(path, op)]
            }
            (Some(source), Some(target)) => {
                let removed = self.tally(on, path, &target)?;
                let tally = self.tally(keep, path, &source)?;
                let op = Op::Replace { on, source, target, tally, removed, keep: Facets::NONE };
                vec![action(path, op)]
            }
        })
    }

    /// A's version keeps its name, B's gets one beside it.
    fn keep_both(&mut self, path: &RelPath, shown: Shown) -> Result<Vec<Action>, Refused> {
        let [Some(_), Some(_)] = shown else {
            // Both of one version: the one there is.
            return self.keep_one(path, shown, if shown[0].is_some() { Side::A } else { Side::B });
        };
        let (dir, name) = path.split().ok_or_else(unreadable)?;
        let is_taken = |name: &[u8]| !self.is_free(&dir.join(name));
        let kept =
            dir.join(&reconcile::name::keep_both(name, &self.now.look.policy.keep_both_suffix, is_taken));
        self.keep_named(path, shown, [path.clone(), kept])
    }

    fn keep_items(
        &mut self,
        path: &RelPath,
        shown: Shown,
        items: &[ResolutionItem],
    ) -> Result<Vec<Action>, Refused> {
        let named = |item: &ResolutionItem| -> Result<RelPath, Refused> {
            let Some(name) = &item.new_name else { return Ok(path.clone()) };
            let (dir, _) = path.split().ok_or_else(unreadable)?;
            one_name(&dir, name)
        };
        match items {
            [one] => {
                let side = side_of(one.index);
                let to = named(one)?;
                if to == *path {
                    return self.keep_one(path, shown, side);
                }
                let Some(seen) = shown[side as usize] else {
                    return self.keep_one(path, shown, side);
                };
                self.claim(&to)?;
                let mut actions = vec![self.rename(path, &to, side, seen)];
                actions.push(self.create_from(&to, side, path, seen)?);
                if let Some(target) = shown[side.other() as usize] {
                    actions.push(self.remove(path, side.other(), target)?);
                }
                Ok(actions)
            }
            [one, two] => {
                let (to_one, to_two) = (named(one)?, named(two)?);
                let names = match side_of(one.index) {
                    Side::A => [to_one, to_two],
                    Side::B => [to_two, to_one],
                };
                if names[0] == names[1] {
                    let text = format!("{path}: two versions cannot have the same name");
                    return Err(Problem::new(ProblemClass::Config, text).into());
                }
                self.keep_named(path, shown, names)
            }
            _ => Err(unreadable()),
        }
    }

    /// Both versions stay, each on both sides, under these names.
    fn keep_named(
        &mut self,
        path: &RelPath,
        shown: Shown,
        names: [RelPath; 2],
    ) -> Result<Vec<Action>, Refused> {
        let [Some(a), Some(b)] = shown else {
            return self.keep_one(path, shown, if shown[0].is_some() { Side::A } else { Side::B });
        };
        let mut actions = Vec::new();
        for (side, seen) in [(Side::A, a), (Side::B, b)] {
            let name = &names[side as usize];
            if name != path {
                self.claim(name)?;
                actions.push(self.rename(path, name, side, seen));
            }
        }
        for (side, seen) in [(Side::A, a), (Side::B, b)] {
            actions.push(self.create_from(&names[side as usize], side, path, seen)?);
        }
        Ok(actions)
    }

    fn keep_merged(&mut self, path: &RelPath, shown: Shown) -> Result<Work, Refused> {
        match merge(self.now, path, shown, self.labels) {
            Ok(merge) if merge.overlaps == 0 => {
                self.keep_other(path, shown, &OtherVersion::Content(merge.text))
            }
            // To be looked at: the markers are shown, nothing is written.
            Ok(_) => Err(Refused::Left(format!("{path} was changed in the same place on both sides"))),
            Err(NoMerge::Version(Why::Changed)) => Err(Refused::Settled(Settlement::Changed)),
            Err(NoMerge::Version(why)) => Err(Refused::Why(Side::A, why)),
            Err(why) => Err(Refused::Left(format!("{path} cannot be merged: {why}"))),
        }
    }

    fn keep_other(&mut self, path: &RelPath, shown: Shown, other: &OtherVersion) -> Result<Work, Refused> {
        let kinds = shown.iter().flatten().map(|seen| seen.kind);
        if kinds.clone().count() < 2 || kinds.clone().any(|kind| kind != Kind::File) {
            let text = format!("{path}: only two files can be replaced by another one");
            return Err(Problem::new(ProblemClass::Config, text).into());
        }
        let [a, b] = shown;
        let put = given(path, a.or(b), a, other, self.clock)?;
        Ok(Work::Put { put: Box::new(put), b })
    }

    pub(super) fn rename(&self, from: &RelPath, to: &RelPath, on: Side, seen: Seen) -> Action {
        action(to, Op::KeepBoth { renamed_on: on, from: from.clone(), seen })
    }

    pub(super) fn remove(&self, path: &RelPath, on: Side, target: Seen) -> Result<Action, Refused> {
        let tally = self.tally(on, path, &target)?;
        Ok(action(path, Op::Remove { on, target, tally }))
    }

    fn create(&self, path: &RelPath, on: Side, source: Seen) -> Result<Action, Refused> {
        self.create_from(path, on.other(), path, source)
    }

    /// The other side gets what `from` has, which is at `at` now and at `path` then.
    pub(super) fn create_from(
        &self,
        path: &RelPath,
        from: Side,
        at: &RelPath,
        source: Seen,
    ) -> Result<Action, Refused> {
        let tally = self.tally(from, at, &source)?;
        Ok(action(path, Op::Create { on: from.other(), source, tally, whole: true }))
    }

    /// The directories that lead to a path, where that side has lost them.
    fn lead_to(&mut self, path: &RelPath, on: Side) -> Result<Vec<Action>, Refused> {
        let mut actions = Vec::new();
        let mut at = RelPath::root();
        let Some((dir, _)) = path.split() else { return Ok(actions) };
        for name in dir.names() {
            at = at.join(name);
            let look = |side: Side| self.now.at(side, &at).map_err(|why| Refused::Why(side, why));
            if self.made.contains(&(on, at.clone())) || look(on)?.is_some() {
                continue;
            }
            let Some(source) = look(on.other())? else {
                return Err(Refused::Settled(Settlement::Changed));
            };
            let tally = reconcile::Tally::of(&source, false);
            actions.push(action(&at, Op::Create { on, source, tally, whole: false }));
            self.made.insert((on, at.clone()));
        }
        Ok(actions)
    }

    fn claim(&mut self, path: &RelPath) -> Result<(), Refused> {
        if !self.is_free(path) {
            let text = format!("{path} is there already");
            return Err(Problem::new(ProblemClass::Config, text).with_fix("choose another name").into());
        }
        self.given.insert(path.clone());
        Ok(())
    }

    /// A name is taken from now on.
    pub(super) fn give(&mut self, path: &RelPath) {
        self.given.insert(path.clone());
    }

    /// A name that was in the way of another does not stay as it is; false when it was another conflict's already.
    pub(super) fn take_holder(&mut self, path: &RelPath) -> bool {
        self.holders.insert(path.clone())
    }

    /// Whether neither side has anything at a path. What cannot be looked at may be there.
    pub(super) fn is_free(&self, path: &RelPath) -> bool {
        !self.given.contains(path)
            && Side::BOTH.into_iter().all(|side| matches!(self.now.at(side, path), Ok(None)))
    }

    fn tally(&self, side: Side, path: &RelPath, seen: &Seen) -> Result<reconcile::Tally, Refused> {
        self.now.tally(side, path, seen).map_err(|why| Refused::Why(side, why))
    }

    fn same_content(&self, path: &RelPath, a: &Seen, b: &Seen) -> bool {
        use reconcile::World as _;
        a.kind == Kind::File
            && a.kind == b.kind
            && a.size == b.size
            && a.mode != b.mode
            && self.now.lists.0.same_content(path, path).unwrap_or(false)
    }
}

fn named(conflict: &Conflict) -> RelPath {
    RelPath::from_bytes(&conflict.path).unwrap_or_default()
}

/// Where a conflict is, and its versions as they were shown; none when that is nothing of ours.
pub(super) fn shown(conflict: &Conflict) -> Option<(RelPath, Shown)> {
    let path = RelPath::from_bytes(&conflict.path).filter(|path| !path.is_root())?;
    let [a, b] = &conflict.versions[..] else { return None };
    Some((path, [from_stamp(&a.stamp)?, from_stamp(&b.stamp)?]))
}

/// Whether what is there is what was shown (S1).
pub(super) fn is_same(shown: Option<&Seen>, now: Option<&Seen>) -> bool {
    match (shown, now) {
        (None, None) => true,
        (Some(shown), Some(now)) => same_version(shown, now),
        _ => false,
    }
}

/// A version that no side has, for A: with the permissions of what is `like` it, in the place of `target`.
pub(super) fn given(
    path: &RelPath,
    like: Option<Seen>,
    target: Option<Seen>,
    other: &OtherVersion,
    clock: Time,
) -> Result<Put, Refused> {
    let like = Seen {
        kind: Kind::File,
        mode: like.map_or(0o644, |seen| seen.mode),
        size: 0,
        mtime: clock,
        ctime: Time::default(),
        id: FileId::default(),
        extras: Extras::default(),
    };
    match other {
        OtherVersion::Content(bytes) => Ok(Put::bytes(Side::A, path.clone(), target, like, bytes.clone())),
        OtherVersion::Reference(file) => {
            let (content, size) = open_given(std::path::Path::new(file)).map_err(|error| {
                let text = format!("{path}: {file} cannot be read: {}", syncmgr::reason(&error));
                Refused::from(Problem::new(ProblemClass::Permission, text))
            })?;
            Ok(Put { on: Side::A, path: path.clone(), target, like: Seen { size, ..like }, content })
        }
    }
}

/// A name that a person gave, in a directory.
pub(super) fn one_name(dir: &RelPath, name: &str) -> Result<RelPath, Refused> {
    let is_name = |path: &RelPath| path.names().count() == 1 && name.len() <= 255;
    match RelPath::from_bytes(name.as_bytes()).filter(is_name) {
        Some(name) => Ok(dir.join(name.as_bytes())),
        None => {
            let text = format!("'{}' is no name for a file", name.escape_debug());
            Err(Problem::new(ProblemClass::Config, text).into())
        }
    }
}

pub(super) fn unreadable() -> Refused {
    let text = "a conflict in the list cannot be read; the next sync writes it anew";
    Problem::new(ProblemClass::Bug, text).into()
}

fn action(path: &RelPath, op: Op) -> Action {
    Action { path: path.clone(), dir: None, op }
}

/// The center looks at that too, but not for a handler in a process of its own.
fn makes_sense(decided: &Decided) -> Result<(), Refused> {
    let why = decided.choice.check(&decided.conflict);
    why.map_err(|why| Problem::new(ProblemClass::Config, why.to_string()).into())
}

pub(super) fn side_of(version: usize) -> Side {
    if version == 0 { Side::A } else { Side::B }
}
