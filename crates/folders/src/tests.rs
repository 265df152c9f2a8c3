//! Whole runs through the handler, on real folders, with a test's hand in the works: what a rule says is tried where it
//! could break.

mod basics;
mod choices;
mod clashes;
mod crash;
mod extras;
mod follow;
mod limits;
mod meta;
mod mounts;
mod odd;
mod races;
mod random;
mod resolve;
mod systems;
mod trash;
mod undo;
mod undo_table;
mod verify;
mod watch;

use std::sync::{Arc, Mutex};

use reconcile::{Mode, OnConflict, RelPath, Side};
use syncmgr::conflict::{Choice, Conflict, ConflictStore as _, Decided, Selection, Settlement};
use syncmgr::outcome::{Counts, Outcome, Problem};
use syncmgr::testing::{Ask, MemoryLedger, TestCenter};
use syncmgr::{Event, HandlerId, ItemId, Level, Request, RunId};
use testkit::Tree;

use crate::apply::{Fault, Hooks, Limits, Point};
use crate::options::{Home, RunOptions, UndoRequest};
use crate::pair::{Pair, PairSide};
use crate::{FoldersHandler, handler};

/// What a test does when applying comes to a point.
type Act = Box<dyn FnMut(Point, Side, &RelPath) -> Result<(), Fault> + Send>;

/// The hand in the works; set anew for each run.
#[derive(Clone, Default)]
struct Hand {
    act: Arc<Mutex<Option<Act>>>,
    plain_renames: bool,
}

impl Hooks for Hand {
    fn at(&self, point: Point, on: Side, path: &RelPath) -> Result<(), Fault> {
        match &mut *self.act.lock().unwrap() {
            Some(act) => act(point, on, path),
            None => Ok(()),
        }
    }

    fn plain_renames(&self) -> bool {
        self.plain_renames
    }
}

/// Two folders, a handler that keeps them in sync, and a center.
struct Bed {
    a: Tree,
    b: Tree,
    home: Tree,
    item: ItemId,
    pair: Pair,
    hand: Hand,
    ledger: Arc<MemoryLedger>,
    center: TestCenter,
}

/// What one run came to.
#[derive(Debug)]
struct End {
    run: RunId,
    outcome: Outcome,
    counts: Counts,
    problem: Option<Problem>,
    events: Vec<Event>,
}

impl End {
    #[track_caller]
    fn is(self, outcome: Outcome) -> Self {
        assert_eq!(self.outcome, outcome, "{self:#?}");
        self
    }

    fn errors(&self) -> Vec<&str> {
        let errors = self.events.iter().filter(|event| event.event.level == Level::Error);
        errors.map(|event| event.event.description.as_str()).collect()
    }
}

impl Bed {
    fn new() -> Self {
        Self::with(|pair| pair, Limits::default())
    }

    fn small_batches() -> Self {
        Self::with(|pair| pair, Limits { entries: 3, bytes: 1 << 20, threads: 2, ..Limits::default() })
    }

    fn with(change: impl FnOnce(Pair) -> Pair, limits: Limits) -> Self {
        Self::on(Tree::new(), Tree::new(), change, limits)
    }

    /// On file systems whose renames know no flags.
    fn with_plain_renames() -> Self {
        let hand = Hand { plain_renames: true, ..Hand::default() };
        Self::of(Tree::new(), Tree::new(), |pair| pair, Limits::default(), hand)
    }

    fn on(a: Tree, b: Tree, change: impl FnOnce(Pair) -> Pair, limits: Limits) -> Self {
        Self::of(a, b, change, limits, Hand::default())
    }

    fn of(a: Tree, b: Tree, change: impl FnOnce(Pair) -> Pair, limits: Limits, hand: Hand) -> Self {
        let home = Tree::new();
        let item = ItemId::new("test").unwrap();
        let side = |tree: &Tree, label: &str| PairSide {
            path: tree.path().canonicalize().unwrap(),
            label: label.into(),
        };
        let pair = change(Pair {
            item: item.clone(),
            name: "Test".into(),
            a: side(&a, "left"),
            b: side(&b, "right"),
            mode: Mode::TwoWay,
            on_conflict: OnConflict::Ask,
            keep: reconcile::Keep::default(),
            exclude: Vec::new(),
            include: Vec::new(),
            max_delete: None,
            trash_days: 30,
            trash_size: None,
            ancestors: true,
            ask: Default::default(),
        });
        let ledger = Arc::new(MemoryLedger::new());
        let handler = FoldersHandler::new(
            Home { pairs: home.path().into() },
            vec![pair.clone()],
            Arc::clone(&ledger) as Arc<dyn syncmgr::conflict::ConflictLedger>,
        )
        .with_hooks(hand.clone())
        .with_limits(limits);
        let center = TestCenter::new(Arc::new(handler));
        Self { a, b, home, item, pair, hand, ledger, center }
    }

    fn tree(&self, side: Side) -> &Tree {
        if side == Side::A { &self.a } else { &self.b }
    }

    fn request(&self, request: Option<Request>) -> End {
        let events = self.center.finish().events.len();
        self.center.start(std::slice::from_ref(&self.item), request).unwrap();
        self.center.run();
        let verdict = self.center.finish();
        verdict.assert_clean();
        let end = verdict.item(&self.item).unwrap();
        End {
            run: RunId(verdict.runs.len() as u64),
            outcome: end.outcome,
            counts: end.counts,
            problem: end.problem.clone(),
            events: verdict.events[events..].to_vec(),
        }
    }

    /// A run with its first-run question answered.
    fn sync(&self) -> End {
        self.sync_with(RunOptions { consent: true, ..RunOptions::default() })
    }

    fn sync_with(&self, options: RunOptions) -> End {
        self.request(Some(Request::new(options)))
    }

    /// A run during which `act` has its hand in the works.
    fn sync_while(
        &self,
        act: impl FnMut(Point, Side, &RelPath) -> Result<(), Fault> + Send + 'static,
    ) -> End {
        *self.hand.act.lock().unwrap() = Some(Box::new(act));
        let end = self.sync();
        *self.hand.act.lock().unwrap() = None;
        end
    }

    fn undo(&self, run: RunId) -> End {
        self.request(Some(Request::new(UndoRequest { run })))
    }

    fn resolve(&self, paths: &[&str], keep: OnConflict) -> End {
        let choice = match keep {
            OnConflict::A => Choice::KeepOne(0),
            OnConflict::B => Choice::KeepOne(1),
            OnConflict::KeepBoth => Choice::KeepAll,
            OnConflict::Newest => Choice::KeepRecent,
            OnConflict::Largest => Choice::KeepLargest,
            OnConflict::Ask => panic!("nothing to settle by"),
        };
        let named = |conflict: &Conflict| {
            paths.is_empty() || paths.iter().any(|path| path.as_bytes() == conflict.path)
        };
        self.settle(self.conflicts().into_iter().filter(named), &choice).0
    }

    /// Settles conflicts as they were shown; tells what became of each.
    fn settle(
        &self,
        conflicts: impl IntoIterator<Item = Conflict>,
        choice: &Choice,
    ) -> (End, Vec<Settlement>) {
        let decided =
            conflicts.into_iter().map(|conflict| Decided { conflict, choice: choice.clone() }).collect();
        let request = Request::new(Selection::new(decided));
        let end = self.request(Some(request.clone()));
        (end, request.get::<Selection>().unwrap().settlements())
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let handler = HandlerId::new(handler::HANDLER_ID).unwrap();
        self.ledger.conflicts(&handler, Some(&self.item)).unwrap()
    }

    /// Both sides hold the same, nothing half-made is left, and another run finds nothing to do and writes nothing.
    #[track_caller]
    fn assert_in_sync(&self) {
        assert_eq!(self.a.entries(), self.b.entries());
        assert_eq!(self.left_overs(), Vec::<String>::new());
        // On kernels whose clocks stand still for a moment the first run after a change settles what was in doubt.
        assert_eq!(self.sync().is(Outcome::Done).counts, Counts::default());
        // The base's own time of access moves with the first read after a write, and then rests.
        self.home.entries();
        let before = [&self.a, &self.b, &self.home].map(|tree| testkit::stamps(tree.path()));
        let end = self.sync().is(Outcome::Done);
        assert_eq!(end.counts, Counts::default());
        let after = [&self.a, &self.b, &self.home].map(|tree| testkit::stamps(tree.path()));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(testkit::moved(before, after), Vec::<String>::new(), "S12");
        }
    }

    /// Another run finds nothing to do. For sides that cannot hold just the same times.
    #[track_caller]
    fn assert_rests(&self) {
        assert_eq!(self.left_overs(), Vec::<String>::new());
        assert_eq!(self.sync().is(Outcome::Done).counts, Counts::default());
    }

    /// Temporary names on either side, outside of the trash too.
    fn left_overs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for tree in [&self.a, &self.b] {
            for path in testkit::stamps(tree.path()).into_keys() {
                let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                if crate::side::names::TempName::parse(name).is_some() {
                    found.push(path.escape_ascii().to_string());
                }
            }
        }
        found
    }
}

fn path_of(text: &str) -> RelPath {
    RelPath::from_bytes(text.as_bytes()).unwrap()
}

fn die() -> Result<(), Fault> {
    Err(Fault::Die)
}

/// Acts once: at the first time that the condition holds.
fn once(
    condition: impl Fn(Point, &RelPath) -> bool + Send + 'static,
    act: impl FnOnce() -> Result<(), Fault> + Send + 'static,
) -> impl FnMut(Point, Side, &RelPath) -> Result<(), Fault> + Send + 'static {
    let mut act = Some(act);
    move |point, _, path| match &act {
        Some(_) if condition(point, path) => act.take().map_or(Ok(()), |act| act()),
        _ => Ok(()),
    }
}
