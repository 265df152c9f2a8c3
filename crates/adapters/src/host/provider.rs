//! Collections of somebody else's program: one process lists the partners, and each partner is a handler in a process of
//! its own, which is the same program started again and told whose handler it is.
//!
//! So one that hangs, floods or dies harms no other, each is stopped and explained by itself, and nothing else in the
//! protocol has to know of partners.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use syncmgr::{Handler, HandlerError, HandlerId, Problem, ProblemClass, Refusal};
use wire::rpc::handler::{Ability, ListPartners};

use super::connection::locked;
use super::handler::HostedHandler;
use super::limits::Limits;
use super::memory::Memory;
use super::shared::MOST_PAGES;
use super::spec::{HandlerSpec, Services};
use crate::collection::Source;

/// What is known beforehand of the process that lists the partners (none), or of a partner's.
pub type Describe = dyn Fn(Option<&str>) -> HandlerSpec + Send + Sync;

/// A program that knows many partners.
pub struct Provider {
    id: String,
    limits: Limits,
    services: Mutex<Services>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// None: the settings do not name it any more, and it has no partners.
    set: Option<Set>,
    /// How often it was set.
    times: u64,
    /// With which setting each handler was made.
    made_with: HashMap<HandlerId, u64>,
}

#[derive(Clone)]
struct Set {
    describe: Arc<Describe>,
    lister: Arc<HostedHandler>,
    /// It was asked since it was set: what is remembered is old then.
    asked: bool,
}

/// What it said, for those who only want to look.
#[derive(Serialize, Deserialize)]
struct Listed {
    partners: Vec<String>,
    stays: bool,
}

impl Provider {
    /// A collection of that name, which has no program yet.
    pub fn new(id: impl Into<String>, limits: Limits, services: Services) -> Self {
        Self { id: id.into(), limits, services: Mutex::new(services), state: Mutex::default() }
    }

    /// Another program or other settings, or (none) no program any more. Handlers that were made are brought up to date
    /// when the partners are listed next.
    pub fn set(&self, describe: Option<Arc<Describe>>) {
        let set = describe.map(|describe| {
            let lister = HostedHandler::with_limits(describe(None), self.limits);
            lister.set_services(self.services());
            Set { describe, lister: Arc::new(lister), asked: false }
        });
        let mut state = locked(&self.state);
        state.times += 1;
        // The old one goes as soon as nobody asks it any more.
        state.set = set;
    }

    /// Whether its process wants to run all the time and does not: it is to be asked again then.
    pub fn is_missing(&self) -> bool {
        let Some(Set { lister, .. }) = self.now() else { return false };
        let stays = || remembered(&lister).is_some_and(|listed| listed.stays);
        !lister.is_running() && stays()
    }

    /// Lets go of the center, and of the process that lists, which is to be ended by whoever ends all.
    pub fn let_go(&self) -> Option<Arc<HostedHandler>> {
        *locked(&self.services) = Services::default();
        locked(&self.state).set.take().map(|set| set.lister)
    }

    fn services(&self) -> Services {
        locked(&self.services).clone()
    }

    fn now(&self) -> Option<Set> {
        locked(&self.state).set.clone()
    }

    fn describe(&self, partner: &str) -> Result<(HandlerSpec, u64), Refusal> {
        let state = locked(&self.state);
        let gone = || Refusal::InvalidArgument(format!("there is no collection '{}' any more", self.id));
        let describe = Arc::clone(&state.set.as_ref().ok_or_else(gone)?.describe);
        let times = state.times;
        drop(state);
        Ok((describe(Some(partner)), times))
    }

    /// The partners: as they are remembered, until it was asked once.
    fn partners(&self, set: &Set) -> Result<Vec<String>, Problem> {
        let known = if set.asked { None } else { remembered(&set.lister) };
        if let Some(now) = &mut locked(&self.state).set {
            now.asked = true;
        }
        match known {
            Some(known) => Ok(known.partners),
            None => self.ask(&set.lister),
        }
    }

    fn ask(&self, lister: &HostedHandler) -> Result<Vec<String>, Problem> {
        let host = &lister.host;
        let connection = host.connect()?;
        if !connection.can(Ability::Collection) {
            let text =
                format!("The program of collection '{}' lists no partners: it is a single handler.", self.id);
            return Err(Problem::new(ProblemClass::Config, text)
                .with_fix(format!("set it up under [handlers.{}] instead", self.id)));
        }
        let (mut partners, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = connection.call(&ListPartners { after: after.take() }, self.limits.answer)?;
            partners.extend(page.partners);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let listed = Listed { partners, stays: connection.can(Ability::Stay) };
        Memory::of(&host.spec()).write(&listed);
        Ok(listed.partners)
    }
}

fn remembered(lister: &HostedHandler) -> Option<Listed> {
    Memory::of(&lister.host.spec()).read()
}

impl Source for Provider {
    type Partner = String;
    type Made = HostedHandler;

    fn id(&self) -> &str {
        &self.id
    }

    fn list(&self) -> Result<Vec<(HandlerId, String)>, HandlerError> {
        let Some(set) = self.now() else { return Ok(Vec::new()) };
        let partners = self.partners(&set)?;
        let named = partners.into_iter().filter_map(|partner| {
            match HandlerId::new(&format!("{}:{partner}", self.id)) {
                Ok(id) if !partner.is_empty() => Some((id, partner)),
                // An identifier that is none hides its partner, and only that (R18).
                _ => {
                    tracing::warn!(collection = %self.id, %partner, "this partner's name can be no identifier");
                    None
                }
            }
        });
        Ok(named.collect())
    }

    fn make(&self, id: &HandlerId, partner: &String) -> Result<HostedHandler, Refusal> {
        let (spec, times) = self.describe(partner)?;
        let made = HostedHandler::with_limits(spec, self.limits);
        made.set_services(self.services());
        locked(&self.state).made_with.insert(id.clone(), times);
        Ok(made)
    }

    fn renew(&self, made: &HostedHandler, partner: &String) -> Result<(), Refusal> {
        let (spec, times) = self.describe(partner)?;
        let before = locked(&self.state).made_with.insert(made.id().clone(), times);
        if before != Some(times) {
            made.set_spec(spec);
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
