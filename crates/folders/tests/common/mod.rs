//! A pair of real folders with a home, for whole looks.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(dead_code, reason = "each test uses its part")]

use std::num::NonZero;
use std::path::Path;

use folders::base::{Access, Base, BaseStore as _};
use folders::look::{Ask, Look, LookError};
use folders::options::Home;
use folders::preview::{Preview, preview};
use folders::roots::Surroundings;
use folders::side::ReadSide;
use folders::verify::{Report, verify};
use folders::{Pair, PairSide, RunOptions};
use reconcile::{Agreed, Agreement, DirKey, Kind, Mode, OnConflict, RelPath, Side, Time};
use syncmgr::ItemId;
use testkit::Tree;

/// Two folders that are a pair.
pub(crate) struct Both {
    pub(crate) a: Tree,
    pub(crate) b: Tree,
    pub(crate) home: Tree,
    pub(crate) pair: Pair,
    pub(crate) options: RunOptions,
    pub(crate) surroundings: Surroundings,
    pub(crate) threads: usize,
}

impl Both {
    pub(crate) fn new() -> Self {
        let (a, b, home) = (Tree::new(), Tree::new(), Tree::new());
        let pair = pair(a.path(), b.path());
        let (options, surroundings) = (RunOptions::default(), Surroundings::default());
        Self { a, b, home, pair, options, surroundings, threads: 2 }
    }

    /// Makes the same tree on both sides, and a base that says so.
    pub(crate) fn in_sync(fill: impl Fn(&Tree)) -> Self {
        let both = Self::new();
        fill(&both.a);
        // With all times, so that nothing is left to be compared.
        let mut copy = std::process::Command::new("cp");
        let from = both.a.path().join(".");
        assert!(copy.arg("-a").arg(from).arg(both.b.path()).status().unwrap().success());
        both.agree();
        both
    }

    /// Writes a base that says that both sides agree on all that they have as it is now.
    pub(crate) fn agree(&self) {
        let look = self.look().unwrap();
        let base = Base::open(&look.dir, Access::Write).unwrap();
        let mut txn = base.begin().unwrap();
        let mut left = vec![(DirKey::ROOT, RelPath::root())];
        while let Some((key, dir)) = left.pop() {
            let list = |side| look.roots.side(side).dir(&dir).unwrap().list().unwrap();
            let (a, b) = (list(Side::A), list(Side::B));
            let mut agreement = Agreement::default();
            for (name, a) in a.iter() {
                if let Some(b) = b.get(name).filter(|b| b.kind == a.kind) {
                    let key = (a.kind == Kind::Dir).then(|| txn.new_key());
                    left.extend(key.map(|key| (key, dir.join(name))));
                    agreement.push(name, Agreed { a: *a, b: *b, dir: key });
                }
            }
            txn.put(key, &agreement).unwrap();
        }
        for side in Side::BOTH {
            txn.set_root(side, &look.roots.identities[side as usize]).unwrap();
        }
        txn.commit().unwrap();
    }

    pub(crate) fn ask<'a>(&'a self, home: &'a Home) -> Ask<'a> {
        Ask {
            pair: &self.pair,
            options: &self.options,
            home,
            surroundings: &self.surroundings,
            now: Time { secs: 1_800_000_000, nanos: 0 },
            threads: NonZero::new(self.threads).unwrap(),
        }
    }

    fn home(&self) -> &'static Home {
        // A few bytes for each test: simpler than to carry it around.
        Box::leak(Box::new(Home { pairs: self.home.at("pairs") }))
    }

    pub(crate) fn look(&self) -> Result<Look<'_>, LookError> {
        Look::open(self.ask(self.home()))
    }

    pub(crate) fn preview(&self) -> Result<Preview, LookError> {
        preview(self.ask(self.home()), &())
    }

    pub(crate) fn verify(&self, by_content: bool) -> Result<Report, LookError> {
        verify(self.ask(self.home()), by_content, &())
    }
}

pub(crate) fn pair(a: &Path, b: &Path) -> Pair {
    let side = |path: &Path, label: &str| PairSide { path: path.into(), label: label.into() };
    Pair {
        item: ItemId::new("pair").unwrap(),
        name: "pair".into(),
        a: side(a, "laptop"),
        b: side(b, "nas"),
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        keep: reconcile::Keep::default(),
        exclude: vec![],
        include: vec![],
        max_delete: None,
        trash_days: 30,
        trash_size: None,
        ancestors: true,
        ask: Default::default(),
    }
}

/// What a plan does, a line each, sorted: `create b x`.
pub(crate) fn lines(plan: &reconcile::Plan) -> Vec<String> {
    use reconcile::Op;
    let side = |side: &Side| if *side == Side::A { "a" } else { "b" };
    let mut lines: Vec<_> = plan
        .actions
        .iter()
        .map(|action| {
            let (what, on) = match &action.op {
                Op::Create { on, .. } => ("create", on),
                Op::Replace { on, .. } => ("replace", on),
                Op::Meta { on, .. } => ("meta", on),
                Op::Remove { on, .. } => ("remove", on),
                Op::Move { on, .. } => ("move", on),
                Op::KeepBoth { renamed_on, .. } => ("keep", renamed_on),
            };
            format!("{what} {} {}", side(on), action.path)
        })
        .chain(plan.conflicts.iter().map(|one| format!("conflict {}", one.path)))
        .collect();
    lines.sort();
    lines
}
