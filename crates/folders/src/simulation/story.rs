//! A history as a value: written down as lines, read back, and cut shorter.

use std::fmt;

use reconcile::{Mode, OnConflict};

use crate::side::simulated::{Act, Fault, Order, Tastes, Traits};

/// What holds for a whole history.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) mode: Mode,
    pub(super) on_conflict: OnConflict,
    pub(super) disks: [Traits; 2],
    /// Entries of one batch.
    pub(super) batch: u64,
    /// The power may fail.
    pub(super) lossy: bool,
    pub(super) tastes: Tastes,
}

impl Setting {
    /// Whether a file system is among them that has no inodes, or knows whole seconds at best.
    pub(super) fn is_simple(&self) -> bool {
        self.disks.iter().any(|disk| !disk.inodes || disk.resolution > 1)
    }
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A person does something.
    Act(Act),
    /// Time passes: the system has flushed everything.
    Wait,
    /// The pair is synchronized, and things go wrong.
    Run(Vec<Fault>),
    /// The power fails while nothing runs.
    PowerLoss(Order, u64),
    /// The base is lost.
    LoseBase,
}

/// A whole history.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) setting: Setting,
    pub(super) steps: Vec<Step>,
}

impl Setting {
    /// The pair keeps owners and attributes, and people change them.
    pub(super) fn keep_extras(&mut self) {
        self.tastes.extras = true;
        for disk in &mut self.disks {
            disk.extras = true;
        }
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            mode: Mode::TwoWay,
            on_conflict: OnConflict::Ask,
            disks: [Traits::default(); 2],
            batch: 1000,
            lossy: false,
            tastes: Tastes {
                on: [true; 2],
                sneaks: false,
                shares: false,
                new_sizes: false,
                hasty: false,
                closes: false,
                extras: false,
            },
        }
    }
}

const MODES: [(&str, Mode); 3] = [("two-way", Mode::TwoWay), ("mirror", Mode::Mirror), ("copy", Mode::Copy)];
const POLICIES: [(&str, OnConflict); 6] = [
    ("ask", OnConflict::Ask),
    ("newest", OnConflict::Newest),
    ("largest", OnConflict::Largest),
    ("a", OnConflict::A),
    ("b", OnConflict::B),
    ("keep-both", OnConflict::KeepBoth),
];

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = &self.setting;
        let word = |known: bool, word: &'static str| if known { word } else { "" };
        let mode = MODES.iter().find(|(_, mode)| *mode == setting.mode).map_or("", |(word, _)| word);
        let policy = POLICIES.iter().find(|(_, on)| *on == setting.on_conflict).map_or("", |(word, _)| word);
        let closes = word(setting.tastes.closes, " closes");
        let extras = word(setting.tastes.extras, " extras");
        let shares = word(setting.tastes.shares, " shares");
        let one_sided = word(setting.tastes.on != [true; 2], " one-sided");
        writeln!(f, "pair {mode} {policy} batch {}{closes}{extras}{shares}{one_sided}", setting.batch)?;
        for (name, disk) in ["A", "B"].iter().zip(&setting.disks) {
            let tick = if disk.tick > 1 { format!(" tick {}", disk.tick) } else { String::new() };
            let inodes = word(!disk.inodes, " no-inodes");
            let births = word(!disk.births, " no-births");
            let reuses = word(disk.reuses_numbers, " reuses-numbers");
            let exchange = word(!disk.exchange, " no-exchange");
            let permissions = word(disk.permissions, " permissions");
            write!(f, "disk {name} resolution {}{tick}{inodes}", disk.resolution)?;
            writeln!(f, "{births}{reuses}{exchange}{permissions}")?;
        }
        for step in &self.steps {
            match step {
                Step::Act(act) => writeln!(f, "{act}")?,
                Step::Wait => writeln!(f, "wait")?,
                Step::Run(faults) => {
                    writeln!(f, "run")?;
                    for fault in faults {
                        writeln!(f, "  {fault}")?;
                    }
                }
                Step::PowerLoss(order, seed) => writeln!(f, "power {order:?} {seed}")?,
                Step::LoseBase => writeln!(f, "base lost")?,
            }
        }
        Ok(())
    }
}

impl Story {
    /// Reads what [`Display`](fmt::Display) wrote; tells the line that it does not understand.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut story = Self { setting: Setting::default(), steps: Vec::new() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            story.line(line).ok_or_else(|| line.to_owned())?;
        }
        story.setting.lossy = story.steps.iter().any(|step| match step {
            Step::PowerLoss(..) => true,
            Step::Run(faults) => faults.iter().any(Fault::is_power_loss),
            _ => false,
        });
        Ok(story)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_whitespace();
        let setting = &mut self.setting;
        match words.next()? {
            "pair" => {
                let mode = words.next()?;
                setting.mode = MODES.iter().find(|(word, _)| *word == mode)?.1;
                let policy = words.next()?;
                setting.on_conflict = POLICIES.iter().find(|(word, _)| *word == policy)?.1;
                while let Some(word) = words.next() {
                    match word {
                        "batch" => setting.batch = words.next()?.parse().ok()?,
                        "shares" => setting.tastes.shares = true,
                        "closes" => setting.tastes.closes = true,
                        "extras" => setting.keep_extras(),
                        "one-sided" => setting.tastes.on = [true, false],
                        _ => return None,
                    }
                }
            }
            "disk" => {
                let disk = &mut setting.disks[usize::from(words.next()? == "B")];
                while let Some(word) = words.next() {
                    match word {
                        "resolution" => disk.resolution = words.next()?.parse().ok()?,
                        "tick" => disk.tick = words.next()?.parse().ok()?,
                        "no-inodes" => disk.inodes = false,
                        "no-births" => disk.births = false,
                        "reuses-numbers" => disk.reuses_numbers = true,
                        "no-exchange" => disk.exchange = false,
                        "permissions" => disk.permissions = true,
                        _ => return None,
                    }
                }
            }
            "wait" => self.steps.push(Step::Wait),
            "run" => self.steps.push(Step::Run(Vec::new())),
            "power" => {
                let order = Order::parse(words.next()?)?;
                self.steps.push(Step::PowerLoss(order, words.next()?.parse().ok()?));
            }
            "base" => self.steps.push(Step::LoseBase),
            "at" => match self.steps.last_mut()? {
                Step::Run(faults) => faults.push(Fault::parse(line)?),
                _ => return None,
            },
            _ => self.steps.push(Step::Act(Act::parse(line)?)),
        }
        Some(())
    }
}
