//! What visits hand to the planner: finished actions, and things that wait until moves are known.

use syncmgr::conflict::ConflictKind;

use crate::decide::Decision;
use crate::entry::{Agreed, Kind, Seen, Side};
use crate::facets::Facets;
use crate::path::RelPath;
use crate::plan::{Action, Contested, Note, Op, Plan, Settle, Tally};
use crate::policy::{Mode, Policy};
use crate::world::DirKey;

/// What becomes of a tree that only one side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// All of it is made on the other side.
    Copy,
    /// All of it is removed.
    Purge,
    /// The other side deleted it: what the base knows goes, what was edited or added survives.
    Sync,
}

/// A directory that only one side has.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// In the plan's names.
    pub(crate) path: RelPath,
    /// The agreement of the directory it is in.
    pub(crate) dir: Option<DirKey>,
    /// The side that has it.
    pub(crate) on: Side,
    /// Its path there, before the plan.
    pub(crate) at: RelPath,
    pub(crate) seen: Seen,
    pub(crate) agreed: Option<Box<Agreed>>,
    pub(crate) intent: Intent,
    /// A node for it was handed out by the visit that found it.
    pub(crate) given: bool,
    /// Whether it may have been moved.
    pub(crate) movable: bool,
}

/// What was found in a directory that only one side has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed {
    pub(crate) path: RelPath,
    /// Its files and links, where nobody needs them one by one.
    pub(crate) tally: Tally,
    /// Some of those in `tally` are not as the base knows them.
    pub(crate) survivors: bool,
    /// Something in it must stay: filtered, special or unreadable.
    pub(crate) stays: bool,
    /// It could not be listed.
    pub(crate) unreadable: bool,
    /// Names that the base has and this side has no more, and the base's key of this directory.
    pub(crate) vanished: Vec<Box<[u8]>>,
    pub(crate) base: Option<DirKey>,
}

/// A file or link that only one side has.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) path: RelPath,
    pub(crate) dir: Option<DirKey>,
    pub(crate) on: Side,
    /// Its path there before the plan, if it is another.
    pub(crate) at: Option<RelPath>,
    pub(crate) seen: Seen,
    pub(crate) agreed: Option<Box<Agreed>>,
    /// To take or to drop.
    pub(crate) decision: Decision,
}

impl Leaf {
    pub(crate) fn at(&self) -> &RelPath {
        self.at.as_ref().unwrap_or(&self.path)
    }

    pub(crate) fn is_drop(&self) -> bool {
        matches!(self.decision, Decision::Drop { .. })
    }

    /// What is done about it when it is no move.
    pub(crate) fn settle(self, actions: &mut Vec<Action>, notes: &mut Vec<Note>) {
        let tally = Tally::of(&self.seen, self.agreed.is_some());
        let op = if self.is_drop() {
            Op::Remove { on: self.on, target: self.seen, tally }
        } else {
            Op::Create { on: self.on.other(), source: self.seen, tally, whole: true }
        };
        if let Decision::Take { note: Some(what), .. } = self.decision {
            notes.push(Note { path: self.path.clone(), what });
        }
        actions.push(Action { path: self.path, dir: self.dir, op });
    }
}

/// Something whose identity may tell that it was moved.
pub(crate) trait Movable {
    fn on(&self) -> Side;
    fn seen(&self) -> &Seen;
    fn agreed(&self) -> Option<&Agreed>;
    fn movable(&self) -> bool;

    /// The side on which it was moved here, if it was.
    fn came_on(&self, policy: &Policy) -> Option<Side> {
        (self.movable() && self.agreed().is_none() && follows(policy, self.on())).then_some(self.on())
    }

    /// The side on which it was moved away, if it was, and its identity there.
    fn left_on(&self, policy: &Policy) -> Option<(Side, &Seen)> {
        let mover = self.on().other();
        let agreed = self.agreed().filter(|agreed| agreed.a.kind == self.seen().kind)?;
        (self.movable() && follows(policy, mover)).then_some((mover, agreed.on(mover)))
    }
}

/// Whether moves on that side are followed on the other.
fn follows(policy: &Policy, mover: Side) -> bool {
    match policy.mode {
        Mode::TwoWay => true,
        Mode::Mirror => mover == Side::A,
        Mode::Copy => false,
    }
}

impl Movable for Tree {
    fn on(&self) -> Side {
        self.on
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }

    fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_deref()
    }

    fn movable(&self) -> bool {
        self.movable
    }
}

impl Movable for Leaf {
    fn on(&self) -> Side {
        self.on
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }

    fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_deref()
    }

    fn movable(&self) -> bool {
        true
    }
}

/// Two things of different kinds, one of them a tree: one replaces the other if the tree allows it.
#[derive(Debug, Clone)]
pub(crate) struct Swap {
    pub(crate) path: RelPath,
    pub(crate) dir: Option<DirKey>,
    /// The side that is changed.
    pub(crate) on: Side,
    pub(crate) a: Seen,
    pub(crate) b: Seen,
    pub(crate) agreed: bool,
    /// What the policy says where something in the tree that would have to go is news.
    pub(crate) otherwise: Otherwise,
}

/// How a conflict that only a whole tree shows is settled.
#[derive(Debug, Clone)]
pub(crate) enum Otherwise {
    Ask,
    Wins(Side),
    /// B's version gets this name.
    KeepBoth(RelPath),
}

impl Swap {
    fn on_side(&self, side: Side) -> &Seen {
        if side == Side::A { &self.a } else { &self.b }
    }

    pub(crate) fn source(&self) -> &Seen {
        self.on_side(self.on.other())
    }

    pub(crate) fn target(&self) -> &Seen {
        self.on_side(self.on)
    }

    /// Whether the tree is the one that has to go.
    pub(crate) fn tree_goes(&self) -> bool {
        self.target().kind == Kind::Dir
    }

    fn act(&self, path: &RelPath, op: Op) -> Action {
        Action { path: path.clone(), dir: self.dir, op }
    }

    pub(crate) fn replace(&self, tree: Tally) -> Action {
        let (tally, removed) = if self.tree_goes() {
            (Tally::of(self.source(), false), tree)
        } else {
            (tree, Tally::of(self.target(), self.agreed))
        };
        let (source, target) = (*self.source(), *self.target());
        self.act(&self.path, Op::Replace { on: self.on, source, target, tally, removed, keep: Facets::NONE })
    }

    /// There is news in the tree; `tree` is all of it, `kept` says that something in it must stay.
    pub(crate) fn settle(mut self, tree: Tally, kept: bool, plan: &mut Plan) {
        match &self.otherwise {
            Otherwise::Wins(side) if *side != self.on && !kept => plan.actions.push(self.replace(tree)),
            Otherwise::Wins(side) if *side == self.on => {
                self.on = self.on.other();
                plan.actions.push(self.replace(tree));
            }
            Otherwise::KeepBoth(beside) => {
                let tally = |seen: &Seen| if seen.kind == Kind::Dir { tree } else { Tally::of(seen, false) };
                let create = |on, source: Seen| Op::Create { on, source, tally: tally(&source), whole: true };
                let rename = Op::KeepBoth { renamed_on: Side::B, from: self.path.clone(), seen: self.b };
                plan.actions.push(self.act(beside, rename));
                plan.actions.push(self.act(beside, create(Side::A, self.b)));
                plan.actions.push(self.act(&self.path, create(Side::B, self.a)));
            }
            _ => plan.conflicts.push(Contested {
                path: self.path,
                kind: ConflictKind::KindMismatch,
                a: Some(self.a),
                b: Some(self.b),
                holder: None,
            }),
        }
    }
}

/// A directory that both sides have and the base does not.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) path: RelPath,
    pub(crate) dir: Option<DirKey>,
    pub(crate) at: [Option<RelPath>; 2],
    pub(crate) a: Seen,
    pub(crate) b: Seen,
}

/// A file of one content under a name that is new to the base, with other permissions or another time on each side.
#[derive(Debug, Clone)]
pub(crate) struct Twin {
    pub(crate) path: RelPath,
    pub(crate) dir: Option<DirKey>,
    pub(crate) a: Seen,
    pub(crate) b: Seen,
}

/// Something that the base has and neither side has any more.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) path: RelPath,
    pub(crate) dir: Option<DirKey>,
    pub(crate) agreed: Box<Agreed>,
}

/// All that one visit found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    pub(crate) actions: Vec<Action>,
    pub(crate) settle: Vec<Settle>,
    /// Those of them that a second look would find by itself.
    pub(crate) alike: Vec<Settle>,
    pub(crate) conflicts: Vec<Contested>,
    pub(crate) notes: Vec<Note>,
    pub(crate) looked_at: [u64; 2],
    pub(crate) emptied: [bool; 2],
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) trees: Vec<Tree>,
    pub(crate) listed: Option<Listed>,
    pub(crate) swaps: Vec<Swap>,
    pub(crate) fresh: Vec<Fresh>,
    pub(crate) lost: Vec<Lost>,
    pub(crate) twins: Vec<Twin>,
    pub(crate) lost_files: Vec<Lost>,
    /// What the base has at contested names.
    pub(crate) contested: Vec<Lost>,
}
