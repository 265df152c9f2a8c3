//! Putting a plan together from what visits find: moves are known only when all of the rest is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::decide::{Decision, Trio, decide};
use crate::entry::{FileId, Kind, Seen, Side};
use crate::find::{Fresh, Intent, Leaf, Listed, Lost, Movable, Swap, Tree};
use crate::fold::{self, Folding};
use crate::order;
use crate::path::RelPath;
use crate::plan::{Action, Op, Origin, Plan, Settle};
use crate::policy::{Mode, Policy};
use crate::visit::{Both, Detail, Job, MovedLeaf, Node, Taken, Visited, metadata, visit};
use crate::world::{DirKey, World};

/// Plans one pair. It says what is to be looked at, takes what was found, and knows the plan in the end:
///
/// ```text
/// loop {
///     let nodes = planner.next_nodes();
///     if nodes.is_empty() { break planner.finish() }
///     // visit each of them, and all children of visits, in any order and by any number of threads
///     for each { let mut visited = visit(&node, world, &policy); /* visit visited.take_children() too */ planner.absorb(visited) }
/// }
/// ```
#[derive(Debug)]
pub struct Planner {
    policy: Policy,
    /// Nodes that can be handed out.
    ready: Vec<Node>,
    plan: Plan,
    trees: HashMap<RelPath, Tree>,
    listed: HashMap<RelPath, Listed>,
    leaves: Vec<Leaf>,
    swaps: HashMap<RelPath, Swap>,
    fresh: Vec<Fresh>,
    lost: Vec<Lost>,
    /// Trees that nobody looked into yet: such that the base knows, and such that are new.
    gone_waiting: Vec<RelPath>,
    new_waiting: Vec<RelPath>,
    /// Directories that the base knows and that are gone from a side, by their identity there.
    gone_dirs: HashMap<(Side, u64), Vec<RelPath>>,
    /// What moved directories are in the base, and where they were: not to be planned again as part of what was around
    /// them.
    taken: Taken,
    taken_from: BTreeSet<Vec<u8>>,
    /// Where something is moved to.
    targets: BTreeSet<Vec<u8>>,
    leaves_matched: bool,
}

impl Planner {
    /// Begins a plan. With nothing in the base nothing can have been moved, and looking is cheaper.
    pub fn new(policy: Policy, base_is_empty: bool) -> Self {
        let moves = !base_is_empty && policy.mode != Mode::Copy;
        let job = Job::Both(Both { base: Some(DirKey::ROOT), moves, taken: None });
        let root = Node { path: RelPath::root(), at: [None, None], job };
        Self {
            policy,
            ready: vec![root],
            plan: Plan::default(),
            trees: HashMap::new(),
            listed: HashMap::new(),
            leaves: Vec::new(),
            swaps: HashMap::new(),
            fresh: Vec::new(),
            lost: Vec::new(),
            gone_waiting: Vec::new(),
            new_waiting: Vec::new(),
            gone_dirs: HashMap::new(),
            taken: Taken::new(),
            taken_from: BTreeSet::new(),
            targets: BTreeSet::new(),
            leaves_matched: false,
        }
    }

    /// What can be looked at now; nothing when the plan is complete. To be asked again when all of it, and all
    /// children of it, has been absorbed.
    pub fn next_nodes(&mut self) -> Vec<Node> {
        if self.ready.is_empty() {
            self.advance();
        }
        std::mem::take(&mut self.ready)
    }

    /// Takes what a visit found. Children that nobody took are handed out again by [`next_nodes`](Self::next_nodes).
    pub fn absorb(&mut self, mut visited: Visited) {
        self.ready.append(&mut visited.take_children());
        let found = visited.found;
        self.plan.actions.extend(found.actions);
        self.plan.settle.extend(found.settle);
        self.plan.conflicts.extend(found.conflicts);
        self.plan.notes.extend(found.notes);
        for side in Side::BOTH.map(|side| side as usize) {
            self.plan.looked_at[side] += found.looked_at[side];
            self.plan.emptied[side] |= found.emptied[side];
        }
        self.fresh.extend(found.fresh);
        self.lost.extend(found.lost);
        self.leaves.extend(found.leaves);
        self.swaps.extend(found.swaps.into_iter().map(|swap| (swap.path.clone(), swap)));
        self.listed.extend(found.listed.map(|listed| (listed.path.clone(), listed)));
        for tree in found.trees {
            self.meet(tree);
        }
    }

    fn meet(&mut self, tree: Tree) {
        if tree.agreed.is_some() && base_place(&tree).is_some_and(|place| self.taken.contains_key(&place)) {
            return;
        }
        if let Some((mover, was)) = tree.left_on(&self.policy)
            && was.id.ino != 0
        {
            self.gone_dirs.entry((mover, was.id.ino)).or_default().push(tree.path.clone());
        }
        if !tree.given {
            let waiting = if tree.agreed.is_some() { &mut self.gone_waiting } else { &mut self.new_waiting };
            waiting.push(tree.path.clone());
        }
        self.trees.insert(tree.path.clone(), tree);
    }

    /// Nothing is being looked at any more: what comes next? Moves are recognised as early and as far outside as
    /// possible; what was gone is looked into before what is new, for moved things may have been anywhere in it.
    fn advance(&mut self) {
        self.merge_fresh();
        self.pair_directories();
        if self.ready.is_empty() {
            self.open_gone();
        }
        if self.ready.is_empty() {
            self.open_new();
        }
        if self.ready.is_empty() && !self.leaves_matched {
            self.leaves_matched = true;
            self.pair_leaves();
        }
    }

    /// Directories that are new on both sides: made on both, or moved there on both.
    fn merge_fresh(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_by(|x, y| x.path.cmp(&y.path));
        for Fresh { path, dir, at, a, b } in fresh {
            let was = self.lost.iter().position(|lost| {
                let (was_a, was_b) = (lost.agreed.a.id, lost.agreed.b.id);
                is_known_again(was_a, a.id) && is_known_again(was_b, b.id)
            });
            let (origin, base) = match was.map(|at| self.lost.swap_remove(at)) {
                Some(lost) => (origin(lost.dir, &lost.path), lost.agreed.dir),
                None => (None, None),
            };
            self.plan.settle.push(Settle { path: path.clone(), dir, agreed: Some((a, b)), origin });
            self.ready.push(Node { path, at, job: Job::Both(Both { base, moves: true, taken: None }) });
        }
    }

    /// New directories that are known to be old ones: what is in them is planned under the new name.
    fn pair_directories(&mut self) {
        if self.gone_dirs.is_empty() {
            return;
        }
        let mut waiting = std::mem::take(&mut self.new_waiting);
        waiting.sort();
        for path in waiting {
            if !self.pair_directory(&path) {
                self.new_waiting.push(path);
            }
        }
    }

    fn pair_directory(&mut self, path: &RelPath) -> bool {
        let Some(new) = self.trees.get(path) else { return true };
        let Some(mover) = new.came_on(&self.policy) else { return false };
        let known = self.gone_dirs.get(&(mover, new.seen.id.ino)).into_iter().flatten();
        let mut known: Vec<_> = known.filter(|gone| self.can_move(gone, new, mover)).cloned().collect();
        known.sort();
        let Some(gone) = known.first().and_then(|gone| self.trees.remove(gone)) else { return false };
        let Some(new) = self.trees.remove(path) else { return true };
        self.withdraw(&gone.path);
        self.taken.extend(base_place(&gone).map(|place| (place, mover)));
        self.taken_from.insert(gone.path.as_bytes().to_vec());
        self.targets.insert(path.as_bytes().to_vec());
        self.follow(gone, new, mover);
        true
    }

    /// Whether a directory that is gone can be the one that is new.
    fn can_move(&self, gone: &RelPath, new: &Tree, mover: Side) -> bool {
        let Some(gone) = self.trees.get(gone) else { return false };
        let was = gone.agreed.as_ref().map(|agreed| agreed.on(mover).id);
        // Never into itself (each side may have moved one directory into the other), and not when something is already
        // planned to be moved into it under its old name.
        was.is_some_and(|was| is_known_again(was, new.seen.id))
            && !fold::is_orphan(&gone.path, &self.trees, &self.listed)
            && !new.path.starts_with(&gone.path)
            && !has_beneath(&self.targets, &gone.path)
    }

    /// Plans a moved directory: the other side follows, then both are looked at together.
    fn follow(&mut self, gone: Tree, new: Tree, mover: Side) {
        let Some(agreed) = gone.agreed else { return };
        let (on, path, dir) = (gone.on, new.path, new.dir);
        let (a, b) = if mover == Side::A { (new.seen, gone.seen) } else { (gone.seen, new.seen) };
        if let Some(origin) = origin(gone.dir, &gone.path) {
            let op = Op::Move {
                on,
                from: gone.at.clone(),
                at: gone.at.clone(),
                origin,
                seen: gone.seen,
                source: new.seen,
                same: true,
            };
            self.plan.actions.push(Action { path: path.clone(), dir, op });
        }
        let trio = Trio { base: Some(&agreed), a: Some(&a), b: Some(&b), moved: [true; 2] };
        if let Decision::Merge { mode, .. } = decide(trio, &self.policy, &mut || Ok(true)) {
            self.plan.actions.extend(metadata(&path, dir, [&a, &b], mode, None));
        }
        let mut at = [None, None];
        at[mover as usize] = (new.at != path).then_some(new.at);
        at[on as usize] = (gone.at != path).then_some(gone.at);
        let taken = has_beneath(&self.taken_from, &gone.path).then(|| Arc::new(self.taken.clone()));
        self.ready.push(Node { path, at, job: Job::Both(Both { base: agreed.dir, moves: true, taken }) });
    }

    /// Forgets all that was found beneath a tree as long as it was thought to be one side's.
    fn withdraw(&mut self, top: &RelPath) {
        if self.listed.remove(top).is_none() {
            self.gone_waiting.retain(|path| path != top);
            return;
        }
        let beneath = |path: &RelPath| path.starts_with(top);
        self.trees.retain(|path, _| !beneath(path));
        self.listed.retain(|path, _| !beneath(path));
        self.leaves.retain(|leaf| !beneath(&leaf.path));
        self.new_waiting.retain(|path| !beneath(path));
        self.plan.notes.retain(|note| !beneath(&note.path));
    }

    fn open_gone(&mut self) {
        for path in std::mem::take(&mut self.gone_waiting) {
            if let Some(tree) = self.trees.get(&path) {
                self.ready.push(tree.node(Detail::FilesAndDirs));
            }
        }
    }

    fn open_new(&mut self) {
        let gone_leaves = Side::BOTH.map(|mover| {
            self.leaves.iter().any(|leaf| leaf.left_on(&self.policy).is_some_and(|left| left.0 == mover))
        });
        let gone_dirs = Side::BOTH.map(|mover| {
            let on = mover.other();
            self.trees.values().any(|tree| tree.on == on && tree.left_on(&self.policy).is_some())
        });
        for path in std::mem::take(&mut self.new_waiting) {
            let Some(tree) = self.trees.get(&path) else { continue };
            let detail = match tree.came_on(&self.policy) {
                None if tree.intent == Intent::Purge => Detail::Files,
                Some(mover) if gone_dirs[mover as usize] => Detail::FilesAndDirs,
                Some(mover) if gone_leaves[mover as usize] => Detail::Files,
                _ => Detail::Sum,
            };
            self.ready.push(tree.node(detail));
        }
    }

    /// New files and links that are known to be old ones.
    fn pair_leaves(&mut self) {
        let (trees, listed) = (&self.trees, &self.listed);
        self.leaves.retain(|leaf| !fold::is_orphan(&leaf.path, trees, listed));
        self.leaves.sort_by(|x, y| x.path.cmp(&y.path));
        let mut gone: HashMap<(Side, u64), Vec<usize>> = HashMap::new();
        for (at, leaf) in self.leaves.iter().enumerate() {
            if let Some((mover, was)) = leaf.left_on(&self.policy)
                && was.id.ino != 0
            {
                gone.entry((mover, was.id.ino)).or_default().push(at);
            }
        }
        if gone.is_empty() {
            return;
        }
        let mut leaves: Vec<Option<Leaf>> = std::mem::take(&mut self.leaves).into_iter().map(Some).collect();
        for at in 0..leaves.len() {
            let Some(new) = &leaves[at] else { continue };
            let Some(mover) = new.came_on(&self.policy) else { continue };
            let was =
                gone.get(&(mover, new.seen.id.ino)).into_iter().flatten().copied().find(|&was| {
                    leaves[was].as_ref().is_some_and(|gone| is_moved_leaf(gone, &new.seen, mover))
                });
            if let Some(was) = was
                && let (Some(gone), Some(new)) = (leaves[was].take(), leaves[at].take())
            {
                self.follow_leaf(gone, new, mover);
            }
        }
        self.leaves = leaves.into_iter().flatten().collect();
    }

    fn follow_leaf(&mut self, gone: Leaf, new: Leaf, mover: Side) {
        let on = gone.on;
        let from = gone.at().clone();
        let (Some(agreed), Some(origin)) = (gone.agreed, origin(gone.dir, &gone.path)) else { return };
        let (a, b) = if mover == Side::A { (new.seen, gone.seen) } else { (gone.seen, new.seen) };
        let mut at = [None, None];
        at[mover as usize] = new.at;
        at[on as usize] = Some(from.clone());
        let op =
            Op::Move { on, at: from.clone(), from, origin, seen: gone.seen, source: new.seen, same: false };
        self.targets.insert(new.path.as_bytes().to_vec());
        let moved = MovedLeaf { dir: new.dir, agreed: *agreed, mover, a, b, op };
        self.ready.push(Node { path: new.path, at, job: Job::Moved(Box::new(moved)) });
    }

    /// The plan, when [`next_nodes`](Self::next_nodes) has nothing more.
    pub fn finish(self) -> Plan {
        let mut plan = self.plan;
        plan.settle.extend(self.lost.into_iter().map(|lost| Settle {
            path: lost.path,
            dir: lost.dir,
            agreed: None,
            origin: None,
        }));
        let folding = Folding {
            trees: self.trees,
            listed: self.listed,
            leaves: self.leaves,
            swaps: self.swaps,
            targets: self.targets,
        };
        fold::fold(folding, &mut plan);
        order::order(&mut plan);
        plan
    }
}

/// Plans a pair from beginning to end, one directory after the other.
pub fn plan(world: &dyn World, policy: &Policy, base_is_empty: bool) -> Plan {
    let mut planner = Planner::new(policy.clone(), base_is_empty);
    loop {
        let nodes = planner.next_nodes();
        if nodes.is_empty() {
            return planner.finish();
        }
        for node in nodes {
            planner.absorb(visit(&node, world, policy));
        }
    }
}

/// Where the base has something.
fn base_place(tree: &Tree) -> Option<(DirKey, Vec<u8>)> {
    let (_, name) = tree.path.split()?;
    Some((tree.dir?, name.to_vec()))
}

fn origin(dir: Option<DirKey>, path: &RelPath) -> Option<Origin> {
    let (_, name) = path.split()?;
    Some(Origin { dir: dir?, name: name.to_vec() })
}

/// Whether an identity is known for sure to be one that was there before.
fn is_known_again(was: FileId, is: FileId) -> bool {
    was.ino != 0 && was.ino == is.ino && was.may_be(is)
}

/// Whether a file or link that is gone can be one that is new. Numbers are given again soon: where the file system does
/// not tell when something was born, size and time must be the same too.
fn is_moved_leaf(gone: &Leaf, new: &Seen, mover: Side) -> bool {
    let Some(was) = gone.agreed.as_ref().map(|agreed| agreed.on(mover)) else { return false };
    let born_known = was.id.birth != 0 && was.id.birth == new.id.birth;
    was.kind == new.kind
        && new.kind != Kind::Dir
        && is_known_again(was.id, new.id)
        && (born_known || (was.size == new.size && was.mtime == new.mtime))
}

/// Whether any of the paths is beneath a directory.
fn has_beneath(paths: &BTreeSet<Vec<u8>>, dir: &RelPath) -> bool {
    let mut start = dir.as_bytes().to_vec();
    start.push(b'/');
    paths.range(start.clone()..).next().is_some_and(|path| path.starts_with(&start))
}
