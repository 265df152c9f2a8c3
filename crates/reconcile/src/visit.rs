//! Looking at one directory: the part of planning that reads, and that runs for many directories at the same time.

mod lone;
mod moved;

use std::collections::HashMap;
use std::sync::Arc;

use syncmgr::conflict::ConflictKind;

use crate::decide::{Decision, Trio, decide};
use crate::entry::{Agreed, Kind, Seen, Side};
use crate::facets::{Facet, Facets, Follow};
use crate::find::{Findings, Fresh, Intent, Leaf, Lost, Movable, Otherwise, Swap, Tree, Twin};
use crate::name;
use crate::path::{Name, RelPath};
use crate::plan::{Action, Contested, Note, NoteKind, Op, Settle, Tally};
use crate::policy::{Mode, OnConflict, Policy};
use crate::scope::{Place, Scope};
use crate::world::{Agreement, DirKey, Listing, Unreadable, World};

/// One place to be looked at, handed out by [`Planner::next_nodes`](crate::Planner::next_nodes) and by visits.
#[derive(Debug, Clone)]
pub struct Node {
    pub(crate) path: RelPath,
    /// Where it is on a side, if that is not `path`.
    pub(crate) at: [Option<RelPath>; 2],
    pub(crate) job: Job,
}

impl Node {
    /// The place, in the names that hold after the plan's moves.
    pub fn path(&self) -> &RelPath {
        &self.path
    }

    /// Where it is on that side as long as nothing is moved.
    pub(crate) fn at(&self, side: Side) -> &RelPath {
        self.at[side as usize].as_ref().unwrap_or(&self.path)
    }

    /// All names by which somebody may know it.
    fn names(&self) -> impl Iterator<Item = &RelPath> {
        std::iter::once(&self.path).chain(self.at.iter().flatten())
    }

    /// Whether nothing in it is in doubt.
    fn is_outside(&self) -> bool {
        let Job::Both(Both { scope: Some(scope), .. }) = &self.job else { return false };
        scope.place(self.names()) == Place::Outside
    }

    /// Where a child is on that side, if it is not where the plan has it.
    fn child_at(&self, side: Side, name: &Name) -> Option<RelPath> {
        self.at[side as usize].as_ref().map(|at| at.join(name))
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// A directory that both sides have.
    Both(Both),
    /// A directory that one side has.
    Lone { on: Side, base: Option<DirKey>, intent: Intent, detail: Detail },
    /// A file or link that was moved on one side: what happened to its content?
    Moved(Box<MovedLeaf>),
}

#[derive(Debug, Clone)]
pub(crate) struct Both {
    pub(crate) base: Option<DirKey>,
    /// Names that only one side has wait until moves are known.
    pub(crate) moves: bool,
    /// What was moved out from beneath before it was known that this was moved itself.
    pub(crate) taken: Option<Arc<Taken>>,
    /// What is in doubt, if not everything is.
    pub(crate) scope: Option<Arc<Scope>>,
}

/// Places of the base that were moved away already, by the side on which they were.
pub(crate) type Taken = HashMap<(DirKey, Vec<u8>), Side>;

/// How much must be kept of a directory that one side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A sum.
    Sum,
    /// Each file.
    Files,
    /// Each file, and directories wait to be known again.
    FilesAndDirs,
}

#[derive(Debug, Clone)]
pub(crate) struct MovedLeaf {
    pub(crate) dir: Option<DirKey>,
    pub(crate) agreed: Agreed,
    pub(crate) mover: Side,
    /// The directory that it came to, where the side that is to follow has it before the plan.
    pub(crate) beside: RelPath,
    pub(crate) a: Seen,
    pub(crate) b: Seen,
    /// Where it is on the side that is to follow, and what carries it out.
    pub(crate) op: Op,
}

/// What a visit found: give it to [`Planner::absorb`](crate::Planner::absorb).
#[derive(Debug)]
pub struct Visited {
    children: Vec<Node>,
    pub(crate) found: Findings,
}

impl Visited {
    /// The places beneath that can be looked at now; each must be visited, by whomever.
    pub fn take_children(&mut self) -> Vec<Node> {
        std::mem::take(&mut self.children)
    }
}

/// Looks at one place.
pub fn visit(node: &Node, world: &dyn World, policy: &Policy) -> Visited {
    let mut visit = Visit { node, world, policy, children: Vec::new(), found: Findings::default() };
    match &node.job {
        Job::Both(both) => visit.both(both),
        Job::Lone { on, base, intent, detail } => visit.lone(*on, *base, *intent, *detail),
        Job::Moved(moved) => visit.moved(moved),
    }
    Visited { children: visit.children, found: visit.found }
}

struct Visit<'v> {
    node: &'v Node,
    world: &'v dyn World,
    policy: &'v Policy,
    children: Vec<Node>,
    found: Findings,
}

/// One name with what all three trees have of it, in a directory that both sides have.
#[derive(Clone, Copy)]
struct Here<'h> {
    name: &'h Name,
    base: Option<&'h Agreed>,
    a: Option<&'h Seen>,
    b: Option<&'h Seen>,
    /// The agreement of the directory.
    dir: Option<DirKey>,
    moves: bool,
    taken: Option<&'h Arc<Taken>>,
    scope: Option<&'h Arc<Scope>>,
}

impl<'h> Here<'h> {
    /// The side on which this was moved away, if that is known already.
    fn taken_by(&self) -> Option<Side> {
        self.taken?.get(&(self.dir?, self.name.to_vec())).copied()
    }

    fn on(&self, side: Side) -> Option<&'h Seen> {
        match side {
            Side::A => self.a,
            Side::B => self.b,
        }
    }

    /// The base's directory of this name, if that is what it has.
    fn base_dir(&self) -> Option<DirKey> {
        self.base.filter(|base| base.a.kind == Kind::Dir).and_then(|base| base.dir)
    }
}

impl Visit<'_> {
    fn list(&mut self, side: Side) -> Option<Listing> {
        let listing = self.world.list(side, self.node.at(side));
        self.listed(side, listing)
    }

    fn listed(&mut self, side: Side, listing: Result<Listing, Unreadable>) -> Option<Listing> {
        match listing {
            Ok(listing) => {
                self.found.looked_at[side as usize] += listing.len() as u64;
                Some(listing)
            }
            Err(error) => {
                self.note(self.node.path.clone(), NoteKind::Unreadable(side, error.reason));
                None
            }
        }
    }

    fn note(&mut self, path: RelPath, what: NoteKind) {
        self.found.notes.push(Note { path, what });
    }

    /// A directory that both sides have. Where one side cannot be listed, nothing beneath is touched (S5).
    fn both(&mut self, both: &Both) {
        let base = both.base;
        let scope = match &both.scope {
            None => None,
            Some(scope) => match scope.place(self.node.names()) {
                Place::Outside => return,
                Place::Leads if self.lead(both, scope) => return,
                Place::Leads | Place::Doubtful => Some(scope),
                Place::Whole => None,
            },
        };
        let agreement = base.and_then(|key| self.world.agreement(key)).unwrap_or_default();
        let [a, b] = self.world.list_both(Side::BOTH.map(|side| self.node.at(side)), agreement.len());
        let (Some(a), Some(b)) = (self.listed(Side::A, a), self.listed(Side::B, b)) else { return };
        if self.node.path.is_root() {
            self.found.emptied = [(Side::A, &a), (Side::B, &b)]
                .map(|(side, listing)| listing.is_empty() && self.is_missing_anything(side, &agreement));
        }
        let kept = KeptNames { a: &a, b: &b, agreement: &agreement };

        let mut base_names = agreement.iter().peekable();
        let (mut a_names, mut b_names) = (a.iter().peekable(), b.iter().peekable());
        loop {
            let next = [
                base_names.peek().map(|entry| entry.0),
                a_names.peek().map(|entry| entry.0),
                b_names.peek().map(|entry| entry.0),
            ];
            let Some(name) = next.into_iter().flatten().min() else { return };
            let here = Here {
                name,
                base: base_names.next_if(|entry| entry.0 == name).map(|entry| entry.1),
                a: a_names.next_if(|entry| entry.0 == name).map(|entry| entry.1),
                b: b_names.next_if(|entry| entry.0 == name).map(|entry| entry.1),
                dir: base,
                moves: both.moves,
                taken: both.taken.as_ref(),
                scope,
            };
            if let Some(mover) = here.taken_by() {
                self.place_taken(&here, mover);
            } else if !self.is_unchanged(&here) {
                self.name(&here, &kept);
            }
        }
    }

    /// Goes on to what is in doubt beneath a directory that is not in doubt itself; false if the base does not know the
    /// way: then the directory is in doubt after all.
    fn lead(&mut self, both: &Both, scope: &Arc<Scope>) -> bool {
        let Some(agreement) = both.base.and_then(|key| self.world.agreement(key)) else { return false };
        let mut children = Vec::new();
        for name in scope.leads(self.node.names()) {
            let Some(key) = agreement.get(&name).and_then(|agreed| agreed.dir) else { return false };
            let at = Side::BOTH.map(|side| self.node.child_at(side, &name));
            let both = Both { base: Some(key), ..both.clone() };
            children.push(Node { path: self.node.path.join(&name), at, job: Job::Both(both) });
        }
        self.children.append(&mut children);
        true
    }

    /// What the base and one side have here is moved away already. What the mover has here now is something else, and
    /// the other side gets it when the place is free: as a copy, for a move might come too early.
    fn place_taken(&mut self, here: &Here<'_>, mover: Side) {
        let (a, b) = if mover == Side::A { (here.a, None) } else { (None, here.b) };
        let free = Here { base: None, a, b, moves: false, taken: None, ..*here };
        if !self.is_filtered(&free) {
            let trio = Trio { base: None, a, b, moved: [false; 2] };
            match decide(trio, self.policy, &mut || Ok(false)) {
                decision @ (Decision::Take { .. } | Decision::Drop { .. }) => {
                    self.alone(&free, mover, decision);
                }
                Decision::Leave(notes) => self.notes(&free, notes),
                // Nobody else has it: no other decision is made.
                _ => {}
            }
        }
    }

    /// Whether the base knows of something here that no filter leaves out on that side.
    fn is_missing_anything(&self, side: Side, agreement: &Agreement) -> bool {
        agreement.iter().any(|(name, agreed)| {
            !self.world.is_excluded(side, &self.node.at(side).join(name), agreed.a.kind)
        })
    }

    /// The common case, for nothing.
    fn is_unchanged(&self, here: &Here<'_>) -> bool {
        let (Some(base), Some(a), Some(b)) = (here.base, here.a, here.b) else { return false };
        a.kind != Kind::Dir && a.is_as_known(&base.a) && b.is_as_known(&base.b) && !self.policy.checksum
    }

    fn name(&mut self, here: &Here<'_>, kept: &KeptNames<'_>) {
        if self.is_filtered(here) {
            if here.base.is_some() {
                self.settle(here, None);
            }
            return;
        }
        let (world, node) = (self.world, self.node);
        let trio = Trio { base: here.base, a: here.a, b: here.b, moved: [false; 2] };
        let mut compared = false;
        let decision = decide(trio, self.policy, &mut || {
            compared = true;
            world.same_content(&node.at(Side::A).join(here.name), &node.at(Side::B).join(here.name))
        });
        match decision {
            Decision::Nothing => {}
            Decision::Settle => match (here.a, here.b) {
                (Some(a), Some(b))
                    if !compared
                        && a.kind == Kind::File
                        && match here.base {
                            None => !(here.moves && differ_beside_content(a, b)),
                            Some(base) => base.differs_in_extras_only(a, b),
                        } =>
                {
                    let agreed = Some((*a, *b));
                    let settle = Settle { path: self.path(here), dir: here.dir, agreed, origin: None };
                    self.found.alike.push(settle);
                }
                (Some(a), Some(b)) if here.moves && here.base.is_none() && differ_beside_content(a, b) => {
                    self.found.twins.push(Twin { path: self.path(here), dir: here.dir, a: *a, b: *b });
                }
                (Some(a), Some(b)) => self.settle(here, Some((*a, *b))),
                _ => self.gone_on_both(here),
            },
            Decision::Merge { follow, settle } => self.merge(here, follow, settle),
            Decision::Meta(follow) => self.meta(here, follow),
            Decision::Take { from, keep, force, .. } if here.on(from.other()).is_some() => {
                self.replace(here, kept, from, keep, force);
            }
            Decision::Take { from: on, .. } | Decision::Drop { on, .. } => self.alone(here, on, decision),
            Decision::KeepBoth => self.keep_both(here, kept),
            Decision::Conflict(kind) => self.conflict(here, kind),
            Decision::Leave(notes) => self.notes(here, notes),
            Decision::Forget(notes) => {
                self.settle(here, None);
                self.notes(here, notes);
            }
        }
    }

    fn path(&self, here: &Here<'_>) -> RelPath {
        self.node.path.join(here.name)
    }

    fn notes(&mut self, here: &Here<'_>, notes: Vec<NoteKind>) {
        for what in notes {
            self.note(self.path(here), what);
        }
    }

    fn settle(&mut self, here: &Here<'_>, agreed: Option<(Seen, Seen)>) {
        self.found.settle.push(Settle { path: self.path(here), dir: here.dir, agreed, origin: None });
    }

    /// Whether a name that a side does not show is there, but filtered.
    fn is_filtered(&self, here: &Here<'_>) -> bool {
        let kind = here.a.or(here.b).or(here.base.map(|base| &base.a)).map(|seen| seen.kind);
        kind.is_some_and(|kind| {
            Side::BOTH.into_iter().any(|side| {
                here.on(side).is_none()
                    && self.world.is_excluded(side, &self.node.at(side).join(here.name), kind)
            })
        })
    }

    fn conflict(&mut self, here: &Here<'_>, kind: ConflictKind) {
        let path = self.path(here);
        if let Some(agreed) = here.base.filter(|base| base.a.kind != Kind::Dir) {
            let known = Lost { path: path.clone(), dir: here.dir, agreed: Box::new(*agreed) };
            self.found.contested.push(known);
        }
        let (a, b) = (here.a.copied(), here.b.copied());
        self.found.conflicts.push(Contested { path, kind, a, b, holder: None });
    }

    fn gone_on_both(&mut self, here: &Here<'_>) {
        match here.base {
            Some(agreed) if here.moves && agreed.a.kind == Kind::Dir => {
                self.found.lost.push(Lost { path: self.path(here), dir: here.dir, agreed: Box::new(*agreed) })
            }
            Some(agreed) if here.moves && agreed.a.kind == Kind::File => {
                let lost = Lost { path: self.path(here), dir: here.dir, agreed: Box::new(*agreed) };
                self.found.lost_files.push(lost);
            }
            _ => self.settle(here, None),
        }
    }

    fn merge(&mut self, here: &Here<'_>, follow: Follow, settle: bool) {
        let (Some(a), Some(b)) = (here.a, here.b) else { return };
        let at = Side::BOTH.map(|side| self.node.child_at(side, here.name));
        let base = here.base_dir();
        if here.moves && base.is_none() {
            self.found.fresh.push(Fresh { path: self.path(here), dir: here.dir, at, a: *a, b: *b });
        } else {
            if settle {
                self.settle(here, Some((*a, *b)));
            }
            let scope = here.scope.filter(|_| here.base.is_some_and(|base| is_the_same(base, a, b))).cloned();
            let job = Job::Both(Both { base, moves: here.moves, taken: here.taken.cloned(), scope });
            let node = Node { path: self.path(here), at, job };
            if !node.is_outside() {
                self.children.push(node);
            }
        }
        self.meta(here, follow);
    }

    fn meta(&mut self, here: &Here<'_>, follow: Follow) {
        let (Some(a), Some(b)) = (here.a, here.b) else { return };
        let path = self.path(here);
        self.found.actions.extend(metadata(&path, here.dir, [a, b], follow));
    }

    /// The other side's version goes for that of `from`.
    fn replace(&mut self, here: &Here<'_>, kept: &KeptNames<'_>, from: Side, keep: Facets, force: bool) {
        let (Some(a), Some(b)) = (here.a, here.b) else { return };
        let (source, target) = if from == Side::A { (a, b) } else { (b, a) };
        if source.kind != Kind::Dir && target.kind != Kind::Dir {
            let path = self.path(here);
            self.found.actions.extend(replacement(&path, here.dir, from, [a, b], keep, here.base));
            return;
        }
        let otherwise = match self.policy.on_conflict {
            OnConflict::A => Otherwise::Wins(Side::A),
            OnConflict::B => Otherwise::Wins(Side::B),
            OnConflict::KeepBoth => Otherwise::KeepBoth(self.kept_path(here, kept)),
            OnConflict::Ask | OnConflict::Newest | OnConflict::Largest => Otherwise::Ask,
        };
        let (path, dir) = (self.path(here), here.dir);
        let agreed = here.base.is_some();
        let swap = Swap { path, dir, on: from.other(), a: *a, b: *b, agreed, otherwise };
        let (on, intent) = match (swap.tree_goes(), force) {
            (true, true) => (swap.on, Intent::Purge),
            (true, false) => (swap.on, Intent::Sync),
            (false, _) => (from, Intent::Copy),
        };
        self.found.swaps.push(swap);
        self.tree(here, on, self.path(here), intent, Some(Detail::Sum));
    }

    /// Only one side has it.
    fn alone(&mut self, here: &Here<'_>, on: Side, decision: Decision) {
        let Some(seen) = here.on(on) else { return };
        if seen.kind == Kind::Dir {
            let intent = match decision {
                Decision::Drop { force: true, .. } => Intent::Purge,
                Decision::Drop { force: false, .. } => Intent::Sync,
                _ => Intent::Copy,
            };
            // Of what goes, something may have to stay: the planner looks into that itself.
            let at_once = !here.moves && intent == Intent::Copy;
            self.tree(here, on, self.path(here), intent, at_once.then_some(Detail::Sum));
            return;
        }
        let leaf = Leaf {
            path: self.path(here),
            dir: here.dir,
            on,
            at: self.node.child_at(on, here.name),
            seen: *seen,
            agreed: here.base.map(|base| Box::new(*base)),
            decision,
        };
        self.leaf(leaf, here.moves);
    }

    fn leaf(&mut self, leaf: Leaf, moves: bool) {
        if moves && (leaf.came_on(self.policy).is_some() || leaf.left_on(self.policy).is_some()) {
            self.found.leaves.push(leaf);
        } else {
            leaf.settle(&mut self.found.actions, &mut self.found.notes);
        }
    }

    /// A directory that one side has, with the node for it if it can be looked at now.
    fn tree(&mut self, here: &Here<'_>, on: Side, path: RelPath, intent: Intent, detail: Option<Detail>) {
        let Some(seen) = here.on(on) else { return };
        let tree = Tree {
            path,
            dir: here.dir,
            on,
            at: self.node.at(on).join(here.name),
            seen: *seen,
            agreed: here.base.filter(|base| base.a.kind == Kind::Dir).map(|base| Box::new(*base)),
            intent,
            given: detail.is_some(),
            // Where the base has something else at this very name, its entry has first to be replaced.
            movable: here.moves
                && detail != Some(Detail::Sum)
                && here.base.is_none_or(|base| base.a.kind == Kind::Dir),
        };
        if let Some(detail) = detail {
            self.children.push(tree.node(detail));
        }
        self.found.trees.push(tree);
    }

    fn kept_path(&self, here: &Here<'_>, kept: &KeptNames<'_>) -> RelPath {
        let suffix = &self.policy.keep_both_suffix;
        self.node.path.join(&name::keep_both(here.name, suffix, |name| kept.has(name)))
    }

    /// B's version gets another name; then each side gets what it lacks.
    fn keep_both(&mut self, here: &Here<'_>, kept: &KeptNames<'_>) {
        let (Some(a), Some(b)) = (here.a, here.b) else { return };
        let path = self.kept_path(here, kept);
        let rename = Op::KeepBoth { renamed_on: Side::B, from: self.path(here), seen: *b };
        self.found.actions.push(Action { path: path.clone(), dir: here.dir, op: rename });
        let mut both = vec![(Side::A, self.path(here), a)];
        if self.policy.mode != Mode::Copy {
            both.push((Side::B, path, b));
        }
        for (on, path, seen) in both {
            if seen.kind == Kind::Dir {
                self.tree(here, on, path, Intent::Copy, Some(Detail::Sum));
            } else {
                let op =
                    Op::Create { on: on.other(), source: *seen, tally: Tally::of(seen, false), whole: true };
                self.found.actions.push(Action { path, dir: here.dir, op });
            }
        }
    }
}

/// Whether somebody may have something to say about what a file that both sides have has besides content.
fn differ_beside_content(a: &Seen, b: &Seen) -> bool {
    let differ = || Facet::ALL.into_iter().any(|facet| facet.differs(a, b));
    a.kind == Kind::File && (a.mtime != b.mtime || differ())
}

/// Whether the directories of both sides are those that the base knows. What the base knows of another directory says
/// nothing of this one: all of it is in doubt, whatever a scope says.
pub(crate) fn is_the_same(base: &Agreed, a: &Seen, b: &Seen) -> bool {
    base.dir.is_some() && base.a.id.may_be(a.id) && base.b.id.may_be(b.id)
}

/// All names of a directory that a kept version must not take.
struct KeptNames<'k> {
    a: &'k Listing,
    b: &'k Listing,
    agreement: &'k Agreement,
}

impl KeptNames<'_> {
    fn has(&self, name: &Name) -> bool {
        self.a.get(name).is_some() || self.b.get(name).is_some() || self.agreement.get(name).is_some()
    }
}

impl Tree {
    pub(crate) fn node(&self, detail: Detail) -> Node {
        let mut at = [None, None];
        if self.at != self.path {
            at[self.on as usize] = Some(self.at.clone());
        }
        let base = self.agreed.as_ref().and_then(|agreed| agreed.dir);
        let job = Job::Lone { on: self.on, base, intent: self.intent, detail };
        Node { path: self.path.clone(), at, job }
    }
}

/// The actions that take over what is no content, at most one for each side.
pub(crate) fn metadata(
    path: &RelPath,
    dir: Option<DirKey>,
    [a, b]: [&Seen; 2],
    follow: Follow,
) -> impl Iterator<Item = Action> {
    Side::BOTH.into_iter().filter(move |&on| follow.on(on).any()).map(move |on| {
        let (source, target) = if on == Side::B { (*a, *b) } else { (*b, *a) };
        let op = Op::Meta { on, source, target, what: follow.on(on) };
        Action { path: path.clone(), dir, op }
    })
}

/// The actions by which one file or link replaces another.
fn replacement(
    path: &RelPath,
    dir: Option<DirKey>,
    from: Side,
    [a, b]: [&Seen; 2],
    keep: Facets,
    base: Option<&Agreed>,
) -> impl Iterator<Item = Action> {
    let (source, target) = if from == Side::A { (*a, *b) } else { (*b, *a) };
    let replace = Op::Replace {
        on: from.other(),
        source,
        target,
        tally: Tally::of(&source, false),
        removed: Tally::of(&target, base.is_some()),
        keep,
    };
    // What was changed on the other side comes back here; what always was another stays another.
    let news = Facets::which(|facet| {
        let before = base.map(|base| base.on(from.other()));
        keep.has(facet) && before.is_none_or(|before| facet.differs(before, &target))
    });
    let follow = Op::Meta { on: from, source: target, target: source, what: news };
    let ops = [Some(replace), news.any().then_some(follow)];
    ops.into_iter().flatten().map(move |op| Action { path: path.clone(), dir, op })
}
