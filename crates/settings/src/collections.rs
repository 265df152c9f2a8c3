//! Providers that bring a handler for each of their partners: `[collections.<id>]`.
//!
//! ```toml
//! [collections.rclone]
//! folder = "~/Clouds"
//! schedule = { every = "6h" }        # of every partner that says nothing else
//!
//! [collections.rclone.partners.drive]
//! schedule = { cron = "0 3 * * *" }
//!
//! [collections.rclone.partners.old]
//! enabled = false                    # no handler
//! ```

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use syncmgr::HandlerId;

use crate::handlers::{HandlerKeys, HandlerProgram};
use crate::mistake::Mistake;
use crate::raw::{Named, RawTable};
use crate::schedule::Schedule;

/// What is read here of a collection; all other keys are its kind's.
const KEYS: &[&str] = &["schedule", "enabled", "partners"];
/// The same of one of its partners.
const PARTNER_KEYS: &[&str] = &["schedule", "enabled"];

/// A collection as the person set it up.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Which one.
    pub id: String,
    /// When its partners run by themselves.
    pub schedule: Schedule,
    /// Whether partners that are not named come in.
    pub enabled: bool,
    /// Partners of which something else is said, by the name that the tool has for them.
    pub partners: BTreeMap<String, Partner>,
    /// What is said of it: whoever makes its handlers knows the keys.
    pub options: RawTable,
}

/// What is said of one partner.
#[derive(Debug, Clone)]
pub struct Partner {
    /// When it runs by itself, if not as all others do.
    pub schedule: Option<Schedule>,
    /// Whether it comes in, if not as all others do.
    pub enabled: Option<bool>,
    /// The rest, for whoever makes its handler.
    pub options: RawTable,
}

impl Collection {
    /// The program that knows the partners, where that is somebody else's: it is set up as a handler is.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn program(&self) -> Option<Result<HandlerProgram, Mistake>> {
        let keys = self.options.has("command").then(|| HandlerKeys::read(&self.options))?;
        let id = || HandlerId::new(&self.id).map_err(|refusal| self.options.mistake(refusal.to_string()));
        Some(keys.and_then(|keys| Ok(HandlerProgram { id: id()?, keys })))
    }

    /// Whether anything is said of when its partners run, and which of them come in.
    pub fn says_of_partners(&self) -> bool {
        self.schedule != Schedule::default() || !self.enabled || !self.partners.is_empty()
    }

    /// Whether a partner comes in.
    pub fn enables(&self, partner: &str) -> bool {
        self.partners.get(partner).and_then(|said| said.enabled).unwrap_or(self.enabled)
    }

    /// When a partner runs by itself.
    pub fn schedule_of(&self, partner: &str) -> &Schedule {
        self.partners.get(partner).and_then(|said| said.schedule.as_ref()).unwrap_or(&self.schedule)
    }
}

/// What every collection may say besides the keys of its kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionKeys {
    /// When each partner runs by itself; never if nothing is said.
    #[serde(default)]
    schedule: Schedule,
    /// Whether partners of which nothing is said are brought in; yes if nothing is said.
    #[serde(default = "yes")]
    enabled: bool,
}

/// What one of its partners may say besides.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerKeys {
    /// When it runs by itself; as all others do if nothing is said.
    schedule: Option<Schedule>,
    /// Whether it is brought in; as all others are if nothing is said.
    enabled: Option<bool>,
}

fn yes() -> bool {
    true
}

pub(crate) fn read(named: Named) -> Result<Collection, Mistake> {
    let Named { key, table: mut options } = named;
    let mut own = options.split(KEYS);
    let partners = own.split(&["partners"]).table("partners")?;
    let partners: Result<_, Mistake> =
        partners.iter().flat_map(RawTable::tables).map(|named| named.and_then(partner)).collect();
    let CollectionKeys { schedule, enabled } = own.read()?;
    Ok(Collection { id: key.text, schedule, enabled, partners: partners?, options })
}

fn partner(named: Named) -> Result<(String, Partner), Mistake> {
    let Named { key, table: mut options } = named;
    let PartnerKeys { schedule, enabled } = options.split(PARTNER_KEYS).read()?;
    Ok((key.text, Partner { schedule, enabled, options }))
}
