//! Two disks, a clock, and what goes wrong when.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reconcile::{RelPath, Side};
use rustix::io::Errno;

use super::chance::Chance;
use super::disk::{Disk, Traits};
use super::ledger::Ledger;
use super::loss::Order;
use super::person::{Act, Acts};

/// How far one operation moves the clock, in nanoseconds.
const TICK: u64 = 1_000;

/// What the program asks of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    List,
    Look,
    Read,
    Room,
    Make,
    Write,
    Set,
    /// The time of something that people see: between a look and this no program can tell an edit.
    SetTime,
    Rename,
    Remove,
    Flush,
    /// The program's own notes: journal and the list of half-made things.
    Note,
    /// The base's transaction.
    Commit,
}

impl Call {
    fn writes(self) -> bool {
        !matches!(self, Self::Open | Self::List | Self::Look | Self::Read | Self::Room)
    }

    fn takes_room(self) -> bool {
        matches!(self, Self::Make | Self::Write | Self::Note | Self::Commit)
    }
}

/// Which calls are counted to find a fault's moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    All,
    /// Only those that change something.
    Writes,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// The call is refused.
    Fail(Errno),
    /// The disks are full for so many calls.
    Full(u32),
    /// The program is killed before the call.
    Kill,
    /// The power fails before the call; the number decides what is left of what was not flushed.
    PowerLoss(Order, u64),
    /// A person's program acts before the call.
    Meanwhile(Acts),
}

/// Something that goes wrong at the `at`-th call of a run, the first being 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) count: Count,
    pub(crate) at: u32,
    pub(crate) what: What,
}

/// What the system may answer, by the names that people know.
const REFUSALS: [(&str, Errno); 6] = [
    ("EIO", Errno::IO),
    ("ENOSPC", Errno::NOSPC),
    ("EACCES", Errno::ACCESS),
    ("ENOENT", Errno::NOENT),
    ("EINTR", Errno::INTR),
    ("EROFS", Errno::ROFS),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.count {
            Count::All => "call",
            Count::Writes => "write",
        };
        write!(f, "at {of} {}: ", self.at)?;
        match &self.what {
            What::Fail(errno) => {
                write!(
                    f,
                    "{}",
                    REFUSALS.iter().find(|(_, known)| known == errno).map_or("EIO", |(name, _)| name)
                )
            }
            What::Full(calls) => write!(f, "full for {calls}"),
            What::Kill => write!(f, "killed"),
            What::PowerLoss(order, seed) => write!(f, "power {order:?} {seed}"),
            What::Meanwhile(acts) => write!(f, "meanwhile {acts}"),
        }
    }
}

impl Fault {
    pub(crate) fn is_power_loss(&self) -> bool {
        matches!(self.what, What::PowerLoss(..))
    }

    /// The fault that a line says, if it says one.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (when, what) = line.strip_prefix("at ")?.split_once(": ")?;
        let (of, at) = when.split_once(' ')?;
        let count = match of {
            "call" => Count::All,
            "write" => Count::Writes,
            _ => return None,
        };
        let mut words = what.split_whitespace();
        let what = match words.next()? {
            "killed" => What::Kill,
            "full" => What::Full(words.nth(1)?.parse().ok()?),
            "power" => What::PowerLoss(Order::parse(words.next()?)?, words.next()?.parse().ok()?),
            "meanwhile" => {
                let acts =
                    what.strip_prefix("meanwhile")?.split(',').map(str::trim).filter(|act| !act.is_empty());
                What::Meanwhile(Acts::Exactly(acts.map(Act::parse).collect::<Option<_>>()?))
            }
            name => What::Fail(REFUSALS.iter().find(|(known, _)| *known == name)?.1),
        };
        Some(Self { count, at: at.parse().ok()?, what })
    }
}

/// How a program's life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Killed,
    PowerLoss(Order, u64),
}

/// The machine itself; programs hold a [`Machine`].
pub(crate) struct State {
    pub(crate) disks: [Disk; 2],
    pub(crate) now: u64,
    pub(crate) ledger: Ledger,
    /// The program is dead: its calls have no effect.
    pub(crate) end: Option<End>,
    faults: Vec<Fault>,
    /// Faults that came to pass, as they came to pass.
    pub(crate) fired: Vec<Fault>,
    /// Versions that people edited or renamed in the middle of the run.
    pub(crate) meanwhile: Vec<usize>,
    pub(crate) calls: u32,
    pub(crate) writes: u32,
    full: u32,
    /// One line a call, when somebody wants to read it.
    pub(crate) trace: Option<Vec<String>>,
}

/// A handle on the machine.
#[derive(Clone)]
pub(crate) struct Machine(Arc<Mutex<State>>);

impl Machine {
    pub(crate) fn new(traits: [Traits; 2], lossy: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            disks: traits.map(|traits| Disk::new(traits, lossy)),
            now: 0,
            ledger: Ledger::default(),
            end: None,
            faults: Vec::new(),
            fired: Vec::new(),
            meanwhile: Vec::new(),
            calls: 0,
            writes: 0,
            full: 0,
            trace: None,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn disk(&mut self, side: Side) -> &mut Disk {
        &mut self.disks[side as usize]
    }

    /// A program starts, and these things will go wrong.
    pub(crate) fn start(&mut self, faults: Vec<Fault>) {
        self.faults = faults;
        self.fired.clear();
        self.meanwhile.clear();
        self.ledger.run_begins(&self.disks);
        (self.calls, self.writes, self.full, self.end) = (0, 0, 0, None);
    }

    /// The program has ended, in whatever way; tells in which. If the power failed, the disks are what is left.
    pub(crate) fn stop(&mut self) -> Option<End> {
        self.faults.clear();
        let end = self.end.take();
        if let Some(End::PowerLoss(order, seed)) = end {
            self.lose(order, seed);
        }
        end
    }

    /// The power fails.
    pub(crate) fn lose(&mut self, order: Order, seed: u64) {
        let mut chance = Chance::new(seed);
        let flushed = [self.disks[0].as_flushed(), self.disks[1].as_flushed()];
        let flushed = self.ledger.live(&flushed);
        for disk in &mut self.disks {
            let loss = disk.lose(order, &mut chance);
            self.ledger.damaged(loss.damaged);
        }
        self.ledger.lost_power(&flushed, &self.disks);
    }

    /// One call of the program: the clock moves, and what is to go wrong now goes wrong.
    pub(crate) fn step(&mut self, call: Call, on: Option<Side>, path: &RelPath) -> Result<(), Errno> {
        if self.end.is_some() {
            return Err(Errno::IO);
        }
        self.now += TICK;
        self.calls += 1;
        self.writes += u32::from(call.writes());
        if let Some(trace) = &mut self.trace {
            let on = on.map_or_else(String::new, |on| format!("{on:?}:"));
            trace.push(format!("{:4}/{:<3} {call:?} {on}{path}", self.calls, self.writes));
        }
        while let Some(fault) = self.due(call) {
            self.happen(fault)?;
        }
        if self.full > 0 && call.takes_room() {
            self.full -= 1;
            return Err(Errno::NOSPC);
        }
        Ok(())
    }

    fn due(&mut self, call: Call) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| match fault.count {
            _ if call == Call::SetTime && matches!(fault.what, What::Meanwhile(_)) => false,
            // What could not be at its moment is at the next.
            _ if matches!(fault.what, What::Meanwhile(_)) && fault.at < self.count(fault.count) => true,
            Count::All => fault.at == self.calls,
            Count::Writes => call.writes() && fault.at == self.writes,
        })?;
        Some(self.faults.swap_remove(at))
    }

    fn count(&self, of: Count) -> u32 {
        match of {
            Count::All => self.calls,
            Count::Writes => self.writes,
        }
    }

    fn happen(&mut self, fault: Fault) -> Result<(), Errno> {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("         * {fault}"));
        }
        let Fault { count, at, what } = fault;
        let (what, result) = match what {
            What::Meanwhile(acts) => {
                let acts = acts.resolve(self);
                for act in &acts {
                    let before = self.ledger.at(act, &self.disks);
                    self.act(act);
                    self.meanwhile.extend(before.into_iter().chain(self.ledger.at(act, &self.disks)));
                }
                (What::Meanwhile(Acts::Exactly(acts)), Ok(()))
            }
            What::Fail(errno) => (What::Fail(errno), Err(errno)),
            What::Full(calls) => {
                self.full = calls;
                (What::Full(calls), Ok(()))
            }
            What::Kill => {
                self.end = Some(End::Killed);
                (What::Kill, Err(Errno::IO))
            }
            What::PowerLoss(order, seed) => {
                self.end = Some(End::PowerLoss(order, seed));
                (What::PowerLoss(order, seed), Err(Errno::IO))
            }
        };
        self.fired.push(Fault { count, at, what });
        result
    }

    /// A person's program does something.
    pub(crate) fn act(&mut self, act: &Act) {
        self.now += TICK;
        let before = self.ledger.live(&self.disks);
        for disk in &mut self.disks {
            disk.by_person = true;
        }
        // What is not possible (any more) is not done: a script stays a script when lines are taken out of it.
        let _ = act.perform(&mut self.disks, &mut self.ledger, self.now);
        for disk in &mut self.disks {
            disk.by_person = false;
        }
        self.ledger.acted(&before, &self.disks);
    }

    /// Everything on a disk is safe from power failures.
    pub(crate) fn flush(&mut self, side: Side) {
        self.disk(side).flush();
    }

    /// Whether the disks are full just now.
    pub(crate) fn is_full(&self) -> bool {
        self.full > 0
    }
}
