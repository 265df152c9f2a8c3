//! Trees that one side has: what was found in each directory is folded up to the fewest actions that say it all.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::entry::Seen;
use crate::find::{Intent, Leaf, Listed, Swap, Tree};
use crate::path::RelPath;
use crate::plan::{Action, Note, NoteKind, Op, Plan, Settle, Tally};

/// All that the planner knows of what only one side has.
pub(crate) struct Folding {
    pub(crate) trees: HashMap<RelPath, Tree>,
    pub(crate) listed: HashMap<RelPath, Listed>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) swaps: HashMap<RelPath, Swap>,
    /// Where something is moved to.
    pub(crate) targets: BTreeSet<Vec<u8>>,
}

/// Whether something was found in a directory that has turned out to be somewhere else meanwhile.
pub(crate) fn is_orphan(
    path: &RelPath,
    trees: &HashMap<RelPath, Tree>,
    listed: &HashMap<RelPath, Listed>,
) -> bool {
    let mut at = path.clone();
    while let Some((parent, _)) = at.split() {
        if !trees.contains_key(&parent) {
            return listed.contains_key(&parent);
        }
        at = parent;
    }
    false
}

/// What is known of one directory when all beneath it is folded.
#[derive(Default)]
struct Inside {
    actions: Vec<Action>,
    notes: Vec<Note>,
    settle: Vec<Settle>,
    /// All in it that is made on the other side.
    created: Tally,
    /// All in it that is removed.
    removed: Tally,
    /// All in it.
    all: Tally,
    /// Something in it must stay, however deep.
    keeps: bool,
    /// Something in it is made on the other side, or moved there.
    leads: bool,
    /// Something in it needs an action of its own.
    explicit: bool,
    /// Something in it stays, and so must the directory.
    stays: bool,
}

/// What a directory comes to.
enum Folded {
    Remove(Tally),
    Create(Tally),
    /// Its parts have their own actions.
    Parts {
        /// The directory is made on the other side for them; else it only stays where it is.
        leads: bool,
    },
    /// It could not be looked into.
    Unknown,
}

/// Turns all trees into actions.
pub(crate) fn fold(mut folding: Folding, plan: &mut Plan) {
    let mut inside: HashMap<RelPath, Inside> = HashMap::new();
    let (trees, listed) = (&folding.trees, &folding.listed);
    let orphans: HashSet<RelPath> =
        trees.keys().filter(|path| is_orphan(path, trees, listed)).cloned().collect();
    folding.leaves.retain(|leaf| !is_orphan(&leaf.path, trees, listed));
    folding.trees.retain(|path, _| !orphans.contains(path));

    for leaf in folding.leaves {
        match leaf.path.split().map(|(parent, _)| parent).filter(|parent| folding.trees.contains_key(parent))
        {
            Some(parent) => inside.entry(parent).or_default().add_leaf(leaf),
            None => leaf.settle(&mut plan.actions, &mut plan.notes),
        }
    }
    for target in &folding.targets {
        let parent = RelPath::from_bytes(target).and_then(|path| path.split().map(|(parent, _)| parent));
        if let Some(parent) = parent.filter(|parent| folding.trees.contains_key(parent)) {
            let inside = inside.entry(parent).or_default();
            inside.leads = true;
            inside.explicit = true;
        }
    }

    // Children before their parents.
    let mut order: Vec<RelPath> = folding.trees.keys().cloned().collect();
    order.sort_by(|x, y| y.cmp(x));
    for path in order {
        let Some(tree) = folding.trees.remove(&path) else { continue };
        // What nobody looked into is not empty.
        let unknown = || Listed { unreadable: true, ..Listed::default() };
        let listed = folding.listed.remove(&path).unwrap_or_else(unknown);
        let mut inside_of = inside.remove(&path).unwrap_or_default();
        let folded = inside_of.fold(&tree, &listed);
        match path.split().filter(|(parent, _)| folding.trees.contains_key(parent)) {
            Some((parent, name)) => {
                inside.entry(parent).or_default().add_tree(&tree, name, folded, inside_of);
            }
            None => emit(tree, folded, inside_of, folding.swaps.remove(&path), plan),
        }
    }
}

/// A tree that is in no other.
fn emit(tree: Tree, folded: Folded, inside: Inside, swap: Option<Swap>, plan: &mut Plan) {
    plan.notes.extend(inside.notes);
    if let Some(swap) = swap {
        match folded {
            Folded::Remove(tally) | Folded::Create(tally) => plan.actions.push(swap.replace(tally)),
            Folded::Parts { .. } => {
                let all = top(&tree.seen, tree.agreed.is_some(), &inside.all);
                swap.settle(all, inside.keeps, plan);
            }
            Folded::Unknown => {}
        }
        return;
    }
    if let Folded::Parts { .. } = folded {
        plan.settle.extend(inside.settle);
        plan.actions.extend(inside.actions);
    }
    plan.actions.extend(own_action(&tree, &folded));
}

/// The action for the directory itself.
fn own_action(tree: &Tree, folded: &Folded) -> Option<Action> {
    let create = |tally, whole| Op::Create { on: tree.on.other(), source: tree.seen, tally, whole };
    let op = match *folded {
        Folded::Remove(tally) => Op::Remove { on: tree.on, target: tree.seen, tally },
        Folded::Create(tally) => create(tally, true),
        Folded::Parts { leads: true } => create(Tally::of(&tree.seen, tree.agreed.is_some()), false),
        Folded::Parts { leads: false } | Folded::Unknown => return None,
    };
    Some(Action { path: tree.path.clone(), dir: tree.dir, op })
}

impl Inside {
    fn add_leaf(&mut self, leaf: Leaf) {
        let Some((_, name)) = leaf.path.split() else { return };
        let agreed = leaf.agreed.is_some();
        self.all.add(name, &leaf.seen, agreed);
        if leaf.is_drop() {
            self.removed.add(name, &leaf.seen, agreed);
        } else {
            self.created.add(name, &leaf.seen, agreed);
            self.leads = true;
        }
        leaf.settle(&mut self.actions, &mut self.notes);
    }

    /// Takes a child that is folded.
    fn add_tree(&mut self, tree: &Tree, name: &[u8], folded: Folded, child: Inside) {
        self.actions.extend(own_action(tree, &folded));
        self.notes.extend(child.notes);
        self.keeps |= child.keeps;
        self.all.add_tree(name, &tree.seen, &top(&tree.seen, tree.agreed.is_some(), &child.all));
        match folded {
            Folded::Remove(tally) => self.removed.add_tree(name, &tree.seen, &tally),
            Folded::Create(tally) => {
                self.created.add_tree(name, &tree.seen, &tally);
                self.leads = true;
            }
            Folded::Parts { leads } => {
                self.actions.extend(child.actions);
                self.settle.extend(child.settle);
                self.leads |= leads;
                self.stays |= !leads;
                self.explicit = true;
            }
            Folded::Unknown => self.stays = true,
        }
    }

    fn fold(&mut self, tree: &Tree, listed: &Listed) -> Folded {
        self.all.add_sum(&listed.tally);
        self.keeps |= listed.stays || listed.unreadable;
        if listed.unreadable {
            return Folded::Unknown;
        }
        // What was only summed up goes the way of the whole tree.
        let goes = tree.intent == Intent::Purge || (tree.intent == Intent::Sync && !listed.survivors);
        let sum = if goes { &mut self.removed } else { &mut self.created };
        sum.add_sum(&listed.tally);
        self.leads |= listed.survivors;

        let leads = tree.intent == Intent::Copy || self.leads;
        if leads {
            let whole = !self.explicit && self.removed.entries() == 0 && tree.intent == Intent::Copy;
            if whole {
                return Folded::Create(top(&tree.seen, tree.agreed.is_some(), &self.created));
            }
            self.forget(tree, listed);
            return Folded::Parts { leads: true };
        }
        if self.stays || listed.stays {
            if listed.stays {
                let what = NoteKind::DirectoryStays(tree.on);
                self.notes.push(Note { path: tree.path.clone(), what });
            }
            self.forget(tree, listed);
            return Folded::Parts { leads: false };
        }
        Folded::Remove(top(&tree.seen, tree.agreed.is_some(), &self.removed))
    }

    /// The directory lives on, so the base forgets one by one what neither side has in it any more.
    fn forget(&mut self, tree: &Tree, listed: &Listed) {
        let names = listed.vanished.iter().filter(|_| listed.base.is_some());
        self.settle.extend(names.map(|name| Settle {
            path: tree.path.join(name),
            dir: listed.base,
            agreed: None,
            origin: None,
        }));
    }
}

/// The tally of a whole tree from that of all beneath its top.
fn top(seen: &Seen, agreed: bool, beneath: &Tally) -> Tally {
    let mut tally = Tally::of(seen, agreed);
    tally.add_sum(beneath);
    tally
}
