//! What a look at a pair of ten million files costs, but for the disk: two sides that are made up as they are asked for,
//! and a real base.
//!
//! `cargo run --release -p folders --example ten_million [-- DIRS]` agrees on `DIRS` times 10,000 files (1,000 if not
//! said), then plans a first run that finds both sides the same, one that finds nothing changed, and one that finds a
//! single edit. Memory must follow the changes: the peak is printed after each.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::path::Path;
use std::time::Instant;

use folders::base::{Access, Base, BaseRead, BaseStore as _};
use folders::drive;
use reconcile::{
    Agreed, Agreement, DirKey, FileId, Kind, Listing, Mode, OnConflict, Plan, Planner, Policy, RelPath, Seen,
    Side, Time, Unreadable, World,
};

/// Directories in each directory of the top, and files in each of those.
const WIDTH: u64 = 100;

fn main() {
    let tops = std::env::args().nth(1).map_or(1000, |dirs| dirs.parse().unwrap());
    let home = std::env::temp_dir().join(format!("ten-million-{}", std::process::id()));
    println!("{} files in {} directories on each side", tops * WIDTH * WIDTH, tops * (WIDTH + 1));
    let begun = Instant::now();
    agree(&home, tops);
    told("the base is written", begun);

    let base = Base::open(&home, Access::Read).unwrap();
    let reader = base.reader().unwrap();
    let world = |edited, base| MadeUp { tops, edited, base };
    let first = plan(&world(None, None), true, "a first run: both sides are the same");
    assert!(first.actions.is_empty() && first.conflicts.is_empty());
    let unchanged = plan(&world(None, Some(&reader)), false, "nothing is changed");
    assert!(unchanged.actions.is_empty() && unchanged.settle.is_empty() && unchanged.alike.is_empty());
    assert_eq!(unchanged.looked_at, [tops + tops * WIDTH * (WIDTH + 1); 2]);
    let edited = plan(&world(Some(tops / 2), Some(&reader)), false, "one file is edited");
    assert_eq!(edited.actions.len(), 1);
    drop(reader);
    std::fs::remove_dir_all(home).unwrap();
}

fn plan(world: &MadeUp<'_>, base_is_empty: bool, what: &str) -> Plan {
    let policy = Policy {
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        ask: reconcile::AskAlso::default(),
        checksum: false,
        keep: reconcile::Keep::default(),
        now: Time { secs: 1_900_000_000, nanos: 0 },
        time_resolution: 1,
        keep_both_suffix: "kept".into(),
    };
    let planner = Planner::new(policy.clone(), base_is_empty);
    let begun = Instant::now();
    let plan = drive::plan(world, planner, &policy, drive::default_threads(), &()).unwrap();
    told(what, begun);
    plan
}

fn told(what: &str, begun: Instant) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let peak: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{what}: {:.1?}, peak {} MiB", begun.elapsed(), peak / 1024);
}

/// Two sides of which nothing is kept, and what both agreed on.
struct MadeUp<'b> {
    tops: u64,
    /// The directory of the top in which A's very first file was edited.
    edited: Option<u64>,
    base: Option<&'b dyn BaseRead>,
}

impl World for MadeUp<'_> {
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable> {
        let numbers: Vec<u64> = dir.names().map(number).collect();
        let mut listing = Listing::default();
        for (name, mut seen) in children(self.tops, &numbers) {
            let here = [numbers.first().copied(), numbers.get(1).copied(), Some(number(&name))];
            if side == Side::A && self.edited.is_some() && here == [self.edited, Some(0), Some(0)] {
                seen.size += 1;
                seen.mtime.secs += 1;
                seen.ctime.secs += 1;
            }
            listing.push(&name, on(side, seen));
        }
        listing.sort();
        Ok(listing)
    }

    fn agreement(&self, dir: DirKey) -> Option<Agreement> {
        self.base?.agreement(dir).unwrap()
    }

    fn same_content(&self, _a: &RelPath, _b: &RelPath) -> Result<bool, Unreadable> {
        Ok(false)
    }
}

fn number(name: &[u8]) -> u64 {
    std::str::from_utf8(&name[2..]).unwrap().parse().unwrap()
}

/// What is in a directory, by name. Each entry has a number of its own, which all about it is made of.
fn children(tops: u64, at: &[u64]) -> impl Iterator<Item = (Vec<u8>, Seen)> {
    let (kind, count) = match at.len() {
        0 => (Kind::Dir, tops),
        1 => (Kind::Dir, WIDTH),
        _ => (Kind::File, WIDTH),
    };
    let above = at.iter().fold(1, |above, number| above * 10_000 + number + 1);
    (0..count).map(move |number| {
        let ino = above * 10_000 + number + 1;
        let time = Time { secs: 1_700_000_000 + (ino % 1_000_000) as i64, nanos: (ino % 999_999_937) as u32 };
        let seen = Seen {
            kind,
            mode: if kind == Kind::Dir { 0o755 } else { 0o644 },
            size: if kind == Kind::Dir { 0 } else { ino % 100_000 },
            mtime: time,
            ctime: time,
            id: FileId { ino, birth: time.secs * 1_000_000_000 },
            extras: reconcile::Extras::default(),
        };
        (format!("{}-{number:04}", if kind == Kind::Dir { 'd' } else { 'f' }).into_bytes(), seen)
    })
}

/// The same thing on each side: another inode, the rest alike.
fn on(side: Side, seen: Seen) -> Seen {
    Seen { id: FileId { ino: seen.id.ino * 2 + side as u64, ..seen.id }, ..seen }
}

/// A base that says that both sides agree, written in parts.
fn agree(home: &Path, tops: u64) {
    let base = Base::open(home, Access::Write).unwrap();
    let agreement = |at: &[u64], mut key: Box<dyn FnMut() -> DirKey + '_>| {
        let mut agreement = Agreement::default();
        for (name, seen) in children(tops, at) {
            let dir = (seen.kind == Kind::Dir).then(&mut *key);
            agreement.push(&name, Agreed { a: on(Side::A, seen), b: on(Side::B, seen), dir });
        }
        agreement
    };
    let mut txn = base.begin().unwrap();
    let root = agreement(&[], Box::new(|| txn.new_key()));
    txn.put(DirKey::ROOT, &root).unwrap();
    txn.commit().unwrap();
    for (top, (_, agreed)) in (0..).zip(root.iter()) {
        let mut txn = base.begin().unwrap();
        let dirs = agreement(&[top], Box::new(|| txn.new_key()));
        txn.put(agreed.dir.unwrap(), &dirs).unwrap();
        for (dir, (_, agreed)) in (0..).zip(dirs.iter()) {
            txn.put(agreed.dir.unwrap(), &agreement(&[top, dir], Box::new(|| DirKey::ROOT))).unwrap();
        }
        txn.commit().unwrap();
    }
}
