//! Why a run begins, why it does not, and what is passed over: as words.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use settings::schedule::{Need, Trigger};
use store::FOREVER;

use super::times::zoned;

/// Why a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its time has come.
    Time,
    /// Its time came while nobody could begin it.
    CatchUp,
    /// The run before failed for a reason that passes.
    Retry,
    /// Its handler noticed a change.
    Change,
    /// Something was mounted.
    Mount,
    /// The machine is online again.
    Network,
    /// The machine woke up.
    Wake,
    /// The center was started.
    Start,
    /// A run of another item was good.
    After,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Time,
        Self::CatchUp,
        Self::Retry,
        Self::Change,
        Self::Mount,
        Self::Network,
        Self::Wake,
        Self::Start,
        Self::After,
    ];

    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::CatchUp => "catch_up",
            Self::Retry => "retry",
            Self::Change => "change",
            Self::Mount => "mount",
            Self::Network => "network",
            Self::Wake => "wake",
            Self::Start => "start",
            Self::After => "after",
        }
    }

    /// The cause with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    /// What a person reads.
    pub fn label(self) -> &'static str {
        match self {
            Self::Time => "its time has come",
            Self::CatchUp => "its time has passed",
            Self::Retry => "the run before failed for a reason that passes",
            Self::Change => "something changed",
            Self::Mount => "something was mounted",
            Self::Network => "the network is there again",
            Self::Wake => "the machine woke up",
            Self::Start => "the center was started",
            Self::After => "the item before it is done",
        }
    }
}

/// Something happened that may make items due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Something is mounted at that path since.
    Mounted(PathBuf),
    /// The machine is online since: by that interface, or at all.
    Online(Option<String>),
    /// The machine was asleep.
    Woke,
    /// The center was started.
    Started,
}

impl Happening {
    /// What it is to an item with that trigger.
    pub(crate) fn cause_of(&self, trigger: &Trigger) -> Option<Cause> {
        match (self, trigger) {
            // Mounted there, or where it is in.
            (Self::Mounted(at), Trigger::Mount(Some(path))) if holds(at, path) => Some(Cause::Mount),
            (Self::Online(by), Trigger::Network(wanted)) if by == wanted => Some(Cause::Network),
            (Self::Woke, Trigger::Wake) => Some(Cause::Wake),
            (Self::Started, Trigger::Start) => Some(Cause::Start),
            _ => None,
        }
    }
}

/// Whether a path is what is mounted there, or in it. What holds everything is no answer.
fn holds(mount: &Path, path: &Path) -> bool {
    mount.parent().is_some() && path.starts_with(mount)
}

/// Why something that is due does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// A person paused it until then; [`FOREVER`]: until it is resumed.
    Paused(i64),
    /// Its windows are closed until then.
    Window(i64),
    /// Something it needs is not there.
    Need(Need),
    /// A run is still at it.
    Running,
    /// The center refuses to start it, for this reason.
    Refused(String),
}

impl Waits {
    /// The word used in the API and the command line.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Paused(_) => "paused",
            Self::Window(_) => "window",
            Self::Need(Need::Mount(_)) => "mount",
            Self::Need(Need::Network(_)) => "network",
            Self::Running => "running",
            Self::Refused(_) => "refused",
        }
    }

    /// As it is kept by the store.
    pub(crate) fn kept(&self) -> String {
        match self {
            Self::Paused(until) | Self::Window(until) => format!("{}:{until}", self.word()),
            Self::Need(need) => need.to_string(),
            Self::Running => self.word().to_owned(),
            Self::Refused(why) => format!("{}:{why}", self.word()),
        }
    }

    /// What the store kept; none for words of another version.
    pub(crate) fn from_kept(text: &str) -> Option<Self> {
        let (word, of) = text.split_once(':').unwrap_or((text, ""));
        match word {
            "paused" => of.parse().ok().map(Self::Paused),
            "window" => of.parse().ok().map(Self::Window),
            "running" => Some(Self::Running),
            "refused" => Some(Self::Refused(of.to_owned())),
            _ => text.parse().ok().map(Self::Need),
        }
    }

    /// Until when, if that is known.
    pub fn until(&self) -> Option<i64> {
        match self {
            Self::Paused(until) => Some(*until).filter(|until| *until != FOREVER),
            Self::Window(until) => Some(*until),
            _ => None,
        }
    }

    /// What a person reads, with times as in that zone.
    pub fn text(&self, zone: &TimeZone) -> String {
        let at = |time: i64| zoned(time, zone).strftime("%a %H:%M").to_string();
        match self {
            Self::Paused(FOREVER) => "paused until it is resumed".to_owned(),
            Self::Paused(until) => format!("paused until {}", at(*until)),
            Self::Window(opens) => format!("waiting for its window, which opens {}", at(*opens)),
            Self::Need(Need::Mount(path)) => format!("waiting for something mounted at {}", path.display()),
            Self::Need(Need::Network(None)) => "waiting for the network".to_owned(),
            Self::Need(Need::Network(Some(name))) => format!("waiting for the network by {name}"),
            Self::Running => "waiting for the run that is at it".to_owned(),
            Self::Refused(why) => format!("waiting: {why}"),
        }
    }
}

/// Why due times come to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// A run was still at it.
    Overlap,
    /// The machine slept or the center was not running, and nothing is to be made up for.
    Missed,
    /// It was paused, and nothing is to be made up for.
    Paused,
    /// It was disabled.
    Disabled,
    /// A good run has begun since, whoever started it.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_kept_as_it_is() {
        for waits in [
            Waits::Paused(FOREVER),
            Waits::Window(7),
            Waits::Need(Need::Mount("/media/a:b".into())),
            Waits::Need(Need::Network(None)),
            Waits::Need(Need::Network(Some("wlan0".into()))),
            Waits::Running,
            Waits::Refused("'X' cannot: it is away".into()),
        ] {
            assert_eq!(Waits::from_kept(&waits.kept()), Some(waits));
        }
        assert_eq!(Waits::from_kept("moon:full"), None);
    }
}
