//! Putting a plan together from what visits find: moves are known only when all of the rest is.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::decide::{Decision, Trio, decide};
use crate::entry::{FileId, Kind, Seen, Side};
use crate::facets::Follow;
use crate::find::{Fresh, Intent, Leaf, Listed, Lost, Movable, Swap, Tree, Twin};
use crate::fold::{self, Folding};
use crate::order;
use crate::path::RelPath;
use crate::plan::{Action, Alike, Op, Origin, Plan, Settle};
use crate::policy::{Mode, Policy};
use crate::questions;
use crate::scope::Scope;
use crate::visit::{Both, Detail, Job, MovedLeaf, Node, Taken, Visited, is_the_same, metadata, visit};
use crate::world::{DirKey, World};

/// Plans one pair. It says what is to be looked at, takes what was found, and knows the plan in the end; the crate's
/// page shows the loop around it.
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
    /// Files that have other permissions or times under a new name, and files that are gone: moved alike, perhaps.
    twins: Vec<Twin>,
    lost_files: Vec<Lost>,
    /// What the base has at contested names.
    contested: Vec<Lost>,
    /// Trees that nobody looked into yet: such that the base knows, and such that are new.
    gone_waiting: Vec<RelPath>,
    new_waiting: Vec<RelPath>,
    /// Trees that were only summed up in the hope that all of each goes the same way.
    trials: HashSet<RelPath>,
    /// Directories that the base knows and that are gone from a side, by their identity there; and such that are new.
    gone_dirs: HashMap<(Side, u64), Vec<RelPath>>,
    new_dirs: HashMap<(Side, u64), Vec<RelPath>>,
    /// New directories to be compared with those that are gone.
    to_pair: BTreeSet<RelPath>,
    /// Whether anything on that side may have been moved to where it is.
    has_news: [bool; 2],
    /// What moved directories are in the base, and where they were: not to be planned again as part of what was around
    /// them.
    taken: Taken,
    taken_from: BTreeSet<Vec<u8>>,
    /// Where something is moved to.
    targets: BTreeSet<Vec<u8>>,
    /// Where moved directories are on each side before the plan, if that is elsewhere.
    before: HashMap<RelPath, [Option<RelPath>; 2]>,
    leaves_matched: bool,
    /// What is in doubt, if not everything is.
    scope: Option<Arc<Scope>>,
}

impl Planner {
    /// Begins a plan. With nothing in the base nothing can have been moved, and looking is cheaper.
    pub fn new(policy: Policy, base_is_empty: bool) -> Self {
        Self::begin(policy, base_is_empty, None)
    }

    /// Begins a plan for what is in doubt; the rest is not looked at.
    pub fn within(policy: Policy, base_is_empty: bool, scope: Scope) -> Self {
        Self::begin(policy, base_is_empty, (!scope.is_whole()).then(|| Arc::new(scope)))
    }

    fn begin(policy: Policy, base_is_empty: bool, scope: Option<Arc<Scope>>) -> Self {
        let moves = !base_is_empty && policy.mode != Mode::Copy;
        let job = Job::Both(Both { base: Some(DirKey::ROOT), moves, taken: None, scope: scope.clone() });
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
            twins: Vec::new(),
            lost_files: Vec::new(),
            contested: Vec::new(),
            gone_waiting: Vec::new(),
            new_waiting: Vec::new(),
            trials: HashSet::new(),
            gone_dirs: HashMap::new(),
            new_dirs: HashMap::new(),
            to_pair: BTreeSet::new(),
            has_news: [false; 2],
            taken: Taken::new(),
            taken_from: BTreeSet::new(),
            targets: BTreeSet::new(),
            before: HashMap::new(),
            leaves_matched: false,
            scope,
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
        gather(&mut self.plan.actions, found.actions);
        self.plan.settle.extend(found.settle);
        self.keep_alike(found.alike);
        self.plan.conflicts.extend(found.conflicts);
        self.plan.notes.extend(found.notes);
        for side in Side::BOTH.map(|side| side as usize) {
            self.plan.looked_at[side] += found.looked_at[side];
            self.plan.emptied[side] |= found.emptied[side];
        }
        self.fresh.extend(found.fresh);
        self.lost.extend(found.lost);
        self.twins.extend(found.twins);
        self.lost_files.extend(found.lost_files);
        self.contested.extend(found.contested);
        for mover in found.leaves.iter().filter_map(|leaf| leaf.came_on(&self.policy)) {
            self.has_news[mover as usize] = true;
        }
        gather(&mut self.leaves, found.leaves);
        self.swaps.extend(found.swaps.into_iter().map(|swap| (swap.path.clone(), swap)));
        self.listed.extend(found.listed.map(|listed| (listed.path.clone(), listed)));
        for tree in found.trees {
            self.meet(tree);
        }
    }

    /// One by one as long as they are few: the plan of a first run over two full sides must not hold a record of each file.
    fn keep_alike(&mut self, alike: Vec<Settle>) {
        const FEW: usize = 16_384;
        if self.plan.settle.len() + alike.len() <= FEW {
            self.plan.settle.extend(alike);
        } else if let Some((path, _)) = alike.first().and_then(|first| first.path.split()) {
            self.plan.alike.push(Alike { path, files: alike.len() as u64 });
        }
    }

    fn meet(&mut self, tree: Tree) {
        if tree.agreed.is_some() && base_place(&tree).is_some_and(|place| self.taken.contains_key(&place)) {
            return;
        }
        if let Some((mover, was)) = tree.left_on(&self.policy)
            && was.id.ino != 0
        {
            let id = (mover, was.id.ino);
            self.gone_dirs.entry(id).or_default().push(tree.path.clone());
            self.to_pair.extend(self.new_dirs.get(&id).into_iter().flatten().cloned());
        }
        if let Some(mover) = tree.came_on(&self.policy) {
            self.has_news[mover as usize] = true;
            self.new_dirs.entry((mover, tree.seen.id.ino)).or_default().push(tree.path.clone());
            self.to_pair.insert(tree.path.clone());
        }
        if !tree.given {
            let waiting = if tree.agreed.is_some() { &mut self.gone_waiting } else { &mut self.new_waiting };
            waiting.push(tree.path.clone());
        }
        self.trees.insert(tree.path.clone(), tree);
    }

    /// Nothing is being looked at any more: what comes next? Moves are recognised as early and as far outside as
    /// possible. What is new is looked into before what is gone: most often a directory is moved into a new one, and is
    /// known again before anybody had to look into it.
    fn advance(&mut self) {
        self.merge_fresh();
        self.pair_directories();
        self.judge_trials();
        if self.ready.is_empty() {
            let waiting = std::mem::take(&mut self.new_waiting);
            self.open(waiting);
        }
        if self.ready.is_empty() {
            let waiting = std::mem::take(&mut self.gone_waiting);
            self.open(waiting);
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
            self.ready.push(Node {
                path,
                at,
                job: Job::Both(Both { base, moves: true, taken: None, scope: None }),
            });
        }
    }

    /// New directories that are known to be old ones: what is in them is planned under the new name.
    fn pair_directories(&mut self) {
        let mut withdrawn = HashSet::new();
        // In the order of their paths: the outer ones first.
        for path in std::mem::take(&mut self.to_pair) {
            if let Some((gone, new, mover)) = self.pair(&path, &withdrawn) {
                withdrawn.extend([&gone.path, &new.path].map(RelPath::clone));
                self.taken.extend(base_place(&gone).map(|place| (place, mover)));
                self.taken_from.insert(gone.path.as_bytes().to_vec());
                self.targets.insert(path.as_bytes().to_vec());
                self.follow(gone, new, mover);
            }
        }
        self.withdraw(&withdrawn);
    }

    /// The directory that is gone and now is the new one there, both taken out of the trees.
    fn pair(&mut self, path: &RelPath, withdrawn: &HashSet<RelPath>) -> Option<(Tree, Tree, Side)> {
        let new = self.trees.get(path)?;
        let mover = new.came_on(&self.policy)?;
        let known = self.gone_dirs.get(&(mover, new.seen.id.ino))?;
        // Where something is planned to be moved into it, the other side's names in it would come too late.
        if is_beneath(path, withdrawn)
            || has_beneath(&self.targets, path)
            || fold::is_orphan(path, &self.trees, &self.listed)
        {
            return None;
        }
        let can_move = |gone: &&RelPath| !is_beneath(gone, withdrawn) && self.can_move(gone, new, mover);
        let gone = known.iter().filter(can_move).min()?.clone();
        Some((self.trees.remove(&gone)?, self.trees.remove(path)?, mover))
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
        let trio = Trio { base: Some(&agreed), a: Some(&a), b: Some(&b), moved: [true; 2] };
        let follow = match decide(trio, &self.policy, &mut || Ok(true)) {
            Decision::Merge { follow, .. } => follow,
            _ => Follow::NONE,
        };
        if let Some(origin) = origin(gone.dir, &gone.path) {
            let op = Op::Move {
                on,
                from: gone.at.clone(),
                at: gone.at.clone(),
                origin,
                seen: gone.seen,
                source: new.seen,
                same: !follow.any(),
            };
            self.plan.actions.push(Action { path: path.clone(), dir, op });
        }
        self.plan.actions.extend(metadata(&path, dir, [&a, &b], follow));
        let mut at = [None, None];
        at[mover as usize] = (new.at != path).then_some(new.at);
        at[on as usize] = (gone.at != path).then_some(gone.at);
        self.before.insert(path.clone(), at.clone());
        let taken = has_beneath(&self.taken_from, &gone.path).then(|| Arc::new(self.taken.clone()));
        let scope = self.scope.clone().filter(|_| is_the_same(&agreed, &a, &b));
        self.ready.push(Node {
            path,
            at,
            job: Job::Both(Both { base: agreed.dir, moves: true, taken, scope }),
        });
    }

    /// Forgets all that was found in trees as long as they were thought to be one side's.
    fn withdraw(&mut self, tops: &HashSet<RelPath>) {
        let mut opened = false;
        for top in tops {
            opened |= self.listed.remove(top).is_some();
        }
        if !opened {
            return;
        }
        self.trees.retain(|path, _| !is_beneath(path, tops));
        self.listed.retain(|path, _| !is_beneath(path, tops));
        self.leaves.retain(|leaf| !is_beneath(&leaf.path, tops));
        self.plan.notes.retain(|note| !tops.contains(&note.path) && !is_beneath(&note.path, tops));
    }

    /// Trees of which not all goes the same way are looked into once more, and closely.
    fn judge_trials(&mut self) {
        let trials = std::mem::take(&mut self.trials);
        let mixed = |listed: &&Listed| listed.survivors || listed.stays || listed.unreadable;
        let failed: HashSet<RelPath> = if trials.is_empty() {
            HashSet::new()
        } else {
            self.listed
                .values()
                .filter(mixed)
                .filter_map(|listed| self_or_above(&listed.path, &trials))
                .collect()
        };
        self.withdraw(&failed);
        for tree in failed.iter().filter_map(|path| self.trees.get(path)) {
            self.ready.push(tree.node(closely(tree)));
        }
    }

    /// Hands out trees, to be looked into as closely as moves may need it.
    fn open(&mut self, waiting: Vec<RelPath>) {
        let gone_leaves = Side::BOTH.map(|mover| {
            self.leaves.iter().any(|leaf| leaf.left_on(&self.policy).is_some_and(|left| left.0 == mover))
        });
        let gone_dirs = Side::BOTH.map(|mover| {
            self.trees.values().any(|tree| tree.on != mover && tree.left_on(&self.policy).is_some())
        });
        for path in waiting {
            let Some(tree) = self.trees.get(&path) else { continue };
            let (on, other) = (tree.on as usize, tree.on.other() as usize);
            let detail = match tree.intent {
                Intent::Copy if gone_dirs[on] => Detail::FilesAndDirs,
                Intent::Copy if gone_leaves[on] => Detail::Files,
                Intent::Copy => Detail::Sum,
                Intent::Purge | Intent::Sync if self.has_news[other] => closely(tree),
                Intent::Purge | Intent::Sync => {
                    self.trials.insert(path);
                    Detail::Sum
                }
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
        let beside = new.path.split().map(|(dir, _)| self.before(on, &dir)).unwrap_or_default();
        let moved = MovedLeaf { dir: new.dir, agreed: *agreed, mover, beside, a, b, op };
        self.ready.push(Node { path: new.path, at, job: Job::Moved(Box::new(moved)) });
    }

    /// Where a side has a directory as long as nothing is moved.
    fn before(&self, side: Side, dir: &RelPath) -> RelPath {
        let mut above = dir.clone();
        let mut beneath = Vec::new();
        loop {
            if let Some(at) = self.before.get(&above) {
                let at = at[side as usize].clone().unwrap_or(above);
                return beneath.iter().rev().fold(at, |path, name: &Vec<u8>| path.join(name));
            }
            let Some((parent, name)) = above.split() else { return dir.clone() };
            beneath.push(name.to_vec());
            above = parent;
        }
    }

    /// Files that both sides moved to the same new name are what they were under the old one: who changed permissions or
    /// the time since has the word.
    fn settle_twins(&mut self) {
        let known: HashMap<(u64, u64), &Lost> = if self.twins.is_empty() {
            HashMap::new()
        } else {
            self.lost_files.iter().map(|lost| ((lost.agreed.a.id.ino, lost.agreed.b.id.ino), lost)).collect()
        };
        for Twin { path, dir, a, b } in &self.twins {
            let was = known
                .get(&(a.id.ino, b.id.ino))
                .map(|lost| &*lost.agreed)
                .filter(|was| is_known_again(was.a.id, a.id) && is_known_again(was.b.id, b.id));
            let trio = Trio { base: was, a: Some(a), b: Some(b), moved: [true; 2] };
            match decide(trio, &self.policy, &mut || Ok(true)) {
                Decision::Meta(follow) => {
                    self.plan.actions.extend(metadata(path, *dir, [a, b], follow));
                }
                _ => self.plan.settle.push(Settle {
                    path: path.clone(),
                    dir: *dir,
                    agreed: Some((*a, *b)),
                    origin: None,
                }),
            }
        }
    }

    /// What both sides moved away from a contested name is agreed on where it is now, and no more where it was: coming back
    /// to the old name on one side, it would pass for what was always there, and go for the other's version.
    fn forget_what_left_conflicts(&mut self) {
        if self.contested.is_empty() {
            return;
        }
        let settled = self.plan.settle.iter().filter_map(|settle| settle.agreed);
        let settled: HashMap<_, _> = settled.map(|(a, b)| ((a.id.ino, b.id.ino), (a.id, b.id))).collect();
        let has_left = |known: &Lost| {
            let (a, b) = (known.agreed.a.id, known.agreed.b.id);
            let now = settled.get(&(a.ino, b.ino));
            now.is_some_and(|now| is_known_again(a, now.0) && is_known_again(b, now.1))
        };
        let contested = std::mem::take(&mut self.contested);
        self.lost_files.extend(contested.into_iter().filter(has_left));
    }

    /// The plan, when [`next_nodes`](Self::next_nodes) has nothing more.
    pub fn finish(mut self) -> Plan {
        self.settle_twins();
        self.forget_what_left_conflicts();
        let mut plan = self.plan;
        plan.settle.extend(self.lost.into_iter().chain(self.lost_files).map(|lost| Settle {
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
        if self.policy.asks_about_deletions() {
            questions::deletions(&mut plan);
        }
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

/// How a tree must be looked into, parts of which may go different ways.
fn closely(tree: &Tree) -> Detail {
    match tree.intent {
        Intent::Purge => Detail::Files,
        Intent::Copy | Intent::Sync => Detail::FilesAndDirs,
    }
}

/// The nearest of some directories that a path is, or is beneath.
fn self_or_above(path: &RelPath, dirs: &HashSet<RelPath>) -> Option<RelPath> {
    let mut at = path.clone();
    loop {
        if dirs.contains(&at) {
            return Some(at);
        }
        at = at.split()?.0;
    }
}

/// Whether a path is beneath one of some directories.
fn is_beneath(path: &RelPath, dirs: &HashSet<RelPath>) -> bool {
    !dirs.is_empty() && path.split().is_some_and(|(parent, _)| self_or_above(&parent, dirs).is_some())
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

/// Adds what was found; the first that is found is taken as it is, for a wide directory fills the memory once.
fn gather<T>(all: &mut Vec<T>, found: Vec<T>) {
    if all.is_empty() {
        *all = found;
    } else {
        all.extend(found);
    }
}
