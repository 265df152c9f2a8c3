//! Two sides that are made up as they are asked for, so that they may be as large as anybody likes.

use std::num::NonZero;
use std::path::Path;

use folders::base::{Access, Base, BaseRead, BaseStore as _};
use folders::drive;
use reconcile::{
    Agreed, Agreement, DirKey, FileId, Kind, Listing, Mode, OnConflict, Plan, Planner, Policy, RelPath, Seen,
    Side, Time, Unreadable, World,
};

/// Directories in each directory of the top, and files in each of those.
pub(crate) const WIDTH: u64 = 100;

/// Plans over two sides of `tops` times 10,000 files: a first run if there is no base. `edited` is the directory of the
/// top in which A's very first file was edited.
pub(crate) fn plan(
    tops: u64,
    edited: Option<u64>,
    base: Option<&dyn BaseRead>,
    threads: NonZero<usize>,
) -> Plan {
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
    let planner = Planner::new(policy.clone(), base.is_none());
    drive::plan(&MadeUp { tops, edited, base }, planner, &policy, threads, &()).unwrap()
}

/// The most memory that this process has had so far, in bytes.
pub(crate) fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// Two sides of which nothing is kept, and what both agreed on.
struct MadeUp<'b> {
    tops: u64,
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

/// The same thing on each side: B has copies, which were made later than what they are of.
fn on(side: Side, seen: Seen) -> Seen {
    let ctime = Time { secs: seen.ctime.secs + side as i64, ..seen.ctime };
    Seen { id: FileId { ino: seen.id.ino * 2 + side as u64, ..seen.id }, ctime, ..seen }
}

/// A base that says that both sides agree, written in parts.
pub(crate) fn agree(home: &Path, tops: u64) {
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
