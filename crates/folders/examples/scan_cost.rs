//! What a look at an unchanged pair costs beside the bare system calls that nobody can do without.
//!
//! `cargo run --release -p folders --example scan_cost -- DIRS FILES THREADS [WHAT]` makes a pair of `DIRS` directories
//! with `FILES` small files each in a temporary directory (kept in `SCAN_COST_DIR`, if set, for the next time), and
//! measures `floor` (getdents and statx, and nothing else), `look`, or both by turns.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::mem::MaybeUninit;
use std::num::NonZero;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use folders::base::{Access, Base, BaseStore as _};
use folders::look::{Ask, Look};
use folders::options::Home;
use folders::roots::Surroundings;
use folders::side::ReadSide as _;
use folders::{Pair, PairSide, RunOptions};
use reconcile::{Agreed, Agreement, DirKey, Kind, Mode, OnConflict, RelPath, Side, Time};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags, RawDir, StatxFlags, openat, statx};
use rustix::time::{ClockId, clock_gettime};
use syncmgr::ItemId;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<usize>().unwrap();
    let (dirs, files, threads) = (number(0), number(1), number(2));
    let what = arguments.get(3).map_or("both", String::as_str);
    let place = std::env::var_os("SCAN_COST_DIR")
        .map_or_else(|| std::env::temp_dir().join("scan-cost"), PathBuf::from);
    let place = place.join(format!("{dirs}x{files}"));
    let (a, b) = (place.join("a"), place.join("b"));
    let home = Home { pairs: place.join("home") };
    if !home.pairs.exists() {
        fill(&a, dirs, files);
        assert!(Command::new("cp").arg("-a").arg(&a).arg(&b).status().unwrap().success());
        agree(&a, &b, &home);
    }
    for _ in 0..5 {
        if what != "look" {
            report("floor", || floor(&[&a, &b], threads));
        }
        if what != "floor" {
            report("look ", || look(&a, &b, &home, threads));
        }
    }
    println!("peak memory: {} KiB", peak());
}

fn report(what: &str, work: impl FnOnce() -> u64) {
    let (start, cpu) = (Instant::now(), cpu());
    let entries = work();
    let per_entry = |time: Duration| time.as_nanos() as f64 / entries as f64;
    let (wall, cpu) = (start.elapsed(), self::cpu() - cpu);
    println!(
        "{what}: {entries} entries, {wall:.1?}; an entry: {:.0} ns wall, {:.0} ns of processor",
        per_entry(wall),
        per_entry(cpu)
    );
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn fill(root: &Path, dirs: usize, files: usize) {
    for number in 0..dirs {
        let dir = root.join(format!("top-{}", number / 100)).join(format!("dir-{number}"));
        std::fs::create_dir_all(&dir).unwrap();
        for file in 0..files {
            std::fs::write(dir.join(format!("file-{number}-{file}.txt")), b"small").unwrap();
        }
    }
}

fn pair(a: &Path, b: &Path) -> Pair {
    let side = |path: &Path| PairSide { path: path.into(), label: path.display().to_string() };
    Pair {
        item: ItemId::new("cost").unwrap(),
        name: "cost".into(),
        a: side(a),
        b: side(b),
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

fn with_look<T>(a: &Path, b: &Path, home: &Home, threads: usize, work: impl FnOnce(Look<'_>) -> T) -> T {
    let ask = Ask {
        pair: &pair(a, b),
        options: &RunOptions::default(),
        home,
        surroundings: &Surroundings::default(),
        now: Time { secs: 1_900_000_000, nanos: 0 },
        threads: NonZero::new(threads).unwrap(),
    };
    work(Look::open(ask).unwrap())
}

fn look(a: &Path, b: &Path, home: &Home, threads: usize) -> u64 {
    with_look(a, b, home, threads, |mut look| {
        let _lock = look.lock().unwrap();
        let planned = look.plan(&()).unwrap();
        assert!(planned.plan.actions.is_empty() && planned.plan.settle.is_empty());
        planned.plan.looked_at.iter().sum()
    })
}

/// A base that says that both sides agree.
fn agree(a: &Path, b: &Path, home: &Home) {
    with_look(a, b, home, 1, |look| {
        let base = Base::open(&look.dir, Access::Write).unwrap();
        let mut txn = base.begin().unwrap();
        let mut left = vec![(DirKey::ROOT, RelPath::root())];
        while let Some((key, dir)) = left.pop() {
            let list = |side| look.roots.side(side).dir(&dir).unwrap().list().unwrap();
            let (a, b) = (list(Side::A), list(Side::B));
            let mut agreement = Agreement::default();
            for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
                let key = (a.kind == Kind::Dir).then(|| txn.new_key());
                left.extend(key.map(|key| (key, dir.join(name))));
                agreement.push(name, Agreed { a: *a, b: *b, dir: key });
            }
            txn.put(key, &agreement).unwrap();
        }
        txn.commit().unwrap();
    });
}

/// Lists every directory and asks for the status of every child, and remembers nothing.
fn floor(roots: &[&Path], threads: usize) -> u64 {
    let left = Mutex::new(roots.iter().map(|root| root.to_path_buf()).collect::<Vec<_>>());
    let (busy, entries) = (Mutex::new(0_usize), Mutex::new(0_u64));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = Vec::with_capacity(64 * 1024);
                let mut mine = 0;
                loop {
                    let next = {
                        let mut left = left.lock().unwrap();
                        let next = left.pop();
                        *busy.lock().unwrap() += usize::from(next.is_some());
                        next
                    };
                    let Some(dir) = next else {
                        if *busy.lock().unwrap() == 0 {
                            break;
                        }
                        std::thread::yield_now();
                        continue;
                    };
                    let below = visit(&dir, &mut buffer, &mut mine);
                    left.lock().unwrap().extend(below);
                    *busy.lock().unwrap() -= 1;
                }
                *entries.lock().unwrap() += mine;
            });
        }
    });
    entries.into_inner().unwrap()
}

fn visit(dir: &Path, buffer: &mut Vec<u8>, entries: &mut u64) -> Vec<PathBuf> {
    let fd = openat(rustix::fs::CWD, dir, OFlags::DIRECTORY | OFlags::NOATIME, Bits::empty()).unwrap();
    let mut below = Vec::new();
    let room: &mut [MaybeUninit<u8>] = buffer.spare_capacity_mut();
    let mut names = RawDir::new(&fd, room);
    while let Some(entry) = names.next() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let mask = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let stat = statx(fd.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW, mask).unwrap();
        *entries += 1;
        if FileType::from_raw_mode(stat.stx_mode.into()) == FileType::Directory {
            below.push(dir.join(name.to_str().unwrap()));
        }
    }
    below
}
