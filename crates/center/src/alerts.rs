//! Alerts: what a person is told, when, and by which channels.
//!
//! The [`Book`] decides, purely: rules, how everything stands and the time go in, what is to be told comes out. A thread
//! follows the feed and asks it; what it decides is in the store before anybody is told, so that a restart neither
//! repeats nor forgets it. Each channel has a queue and a thread of its own ([`courier`]): one that hangs, refuses or
//! fails delays nothing, and is itself an alert by the others.

mod book;
mod courier;
mod watch;

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use settings::alerts::Rule;
use store::{Alert, StoreError};
use syncmgr::Refusal;

use crate::center::{Center, locked};

pub use book::{Book, Sight};
pub use courier::{Pace, Standing};
pub use watch::AlertWatch;

use courier::Courier;
use watch::Bell;

/// A way to tell a person something. What it is given may take as long as [`timeout`](Self::timeout) says.
pub trait Channel: Send + Sync {
    /// Its identity in the settings.
    fn id(&self) -> &str;
    /// How long a delivery takes at most.
    fn timeout(&self) -> Duration;
    /// Tells it.
    ///
    /// # Errors
    /// Why it could not be told, and whether another attempt may do better.
    fn deliver(&self, notice: &Notice) -> Result<(), Undelivered>;
}

/// Why something could not be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Undelivered {
    /// What happened, in a sentence without secrets.
    pub why: String,
    /// Whether another attempt may do better.
    pub again: bool,
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Why now.
    pub occasion: Occasion,
    /// What about.
    pub alert: Alert,
    /// Only by these channels; none: by all.
    pub channels: Vec<String>,
}

/// Why a person is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It happened.
    Raised,
    /// It is still so.
    Reminder,
    /// All is well again.
    Resolved,
    /// Somebody tries the channel.
    Test,
}

impl Occasion {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

impl Notice {
    /// The line that a person sees first.
    pub fn title(&self) -> String {
        match self.occasion {
            Occasion::Raised | Occasion::Test => self.alert.title.clone(),
            Occasion::Reminder => format!("Still: {}", self.alert.title),
            Occasion::Resolved => format!("{}: back to normal", self.alert.name),
        }
    }

    /// What is to be read below it.
    pub fn body(&self) -> String {
        let alert = &self.alert;
        if self.occasion == Occasion::Resolved {
            return format!("It was: {}", alert.title);
        }
        let mut body = alert.text.clone();
        if alert.more > 0 {
            body.push_str(&format!("\nThe same happened {} more times since.", alert.more));
        }
        if let Some(fix) = &alert.fix {
            body.push('\n');
            body.push_str(fix);
        }
        body
    }

    /// What a channel is tried with.
    pub fn test(now: i64) -> Self {
        let alert = Alert {
            id: 0,
            cause: "test".to_owned(),
            rule: "test".to_owned(),
            handler: None,
            item: None,
            name: "Instep".to_owned(),
            state: None,
            title: "Instep: a test".to_owned(),
            text: "If you read this, alerts reach you this way.".to_owned(),
            fix: None,
            since: Some(now),
            raised: Some(now),
            told: Some(now),
            cleared: None,
            more: 0,
        };
        Self { occasion: Occasion::Test, alert, channels: Vec::new() }
    }
}

/// The center's half: what is set up.
#[derive(Default)]
pub(crate) struct Desk {
    rules: Mutex<Arc<[Rule]>>,
    couriers: Mutex<Vec<Courier>>,
    bell: Arc<Bell>,
}

impl Center {
    /// Sets rules and channels, in place of those before. What waits in a channel that stays set up is told still.
    pub fn set_alerts(&self, rules: Vec<Rule>, channels: Vec<Arc<dyn Channel>>, pace: &Pace) {
        let desk = &self.inner.alerts;
        *locked(&desk.rules) = rules.into();
        let couriers = channels.into_iter().map(|channel| Courier::new(channel, pace, &desk.bell));
        // The old ones tell what they still have, and end.
        *locked(&desk.couriers) = couriers.collect();
        desk.bell.ring();
    }

    /// What persons were told: what is open, and what was in the last days, the latest first.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let mut alerts = self.inner.store.alerts()?;
        alerts.retain(|alert| alert.raised.is_some());
        alerts.sort_by_key(|alert| std::cmp::Reverse((alert.is_open(), alert.raised)));
        Ok(alerts)
    }

    /// The channels by which persons are told something, by their names, and how each stands.
    pub fn channels(&self) -> Vec<(String, Standing)> {
        let couriers = locked(&self.inner.alerts.couriers);
        let mut channels: Vec<_> =
            couriers.iter().map(|courier| (courier.channel().id().to_owned(), courier.standing())).collect();
        channels.sort_by(|(one, _), (other, _)| one.cmp(other));
        channels
    }

    /// Tells something by a channel, to try it; waits until that is done.
    ///
    /// # Errors
    /// `InvalidArgument` when there is no such channel, `Failed` with why it did not work.
    pub fn test_channel(&self, id: &str) -> Result<(), Refusal> {
        let couriers = locked(&self.inner.alerts.couriers);
        let channel = couriers.iter().map(Courier::channel).find(|channel| channel.id() == id).cloned();
        drop(couriers);
        let Some(channel) = channel else {
            return Err(Refusal::InvalidArgument(format!("there is no channel '{id}'")));
        };
        let notice = Notice::test(self.inner.clock.wall());
        // On a thread of its own: not even a channel that ignores its own time limit may hold the caller.
        let limit = channel.timeout() + courier::GRACE;
        let (tell, told) = sync_channel(1);
        std::thread::Builder::new()
            .name("channel-test".into())
            .spawn(move || tell.send(channel.deliver(&notice)))
            .map_err(|error| Refusal::Failed(error.to_string()))?;
        match told.recv_timeout(limit) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(undelivered)) => Err(Refusal::Failed(undelivered.why)),
            Err(_) => Err(Refusal::Failed(format!("it gave no answer within {} seconds", limit.as_secs()))),
        }
    }
}
