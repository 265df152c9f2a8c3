//! Programs that know many partners, as the settings describe them: `[collections.ID]` with a `command`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapters::collection::Partners;
use adapters::host::{Describe, HandlerSpec, HostedHandler, Membership, Provider};
use center::Center;
use settings::Settings;
use settings::handlers::HandlerProgram;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::handler::HandlerCollection;
use syncmgr::{HandlerId, Refusal};

use super::{Said, items, limits, services, spec};
use crate::places::Places;

/// All that there were since the program began: one that the settings name no more has no partners.
#[derive(Default)]
pub(super) struct Providers(Mutex<Vec<Member>>);

struct Member {
    partners: Arc<Partners<Provider>>,
    /// What the settings say of it and of its partners' items.
    said: Option<(HandlerProgram, Vec<Said>)>,
}

impl Providers {
    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes them those that the settings name now; gives what kept some from saying which partners they have.
    pub(super) fn apply(&self, center: &Center, settings: &Settings, places: &Places) -> Vec<Refusal> {
        // What is wrong with them was told when the settings were read.
        let programs = settings.collections.iter().filter_map(|one| one.program()?.ok());
        let wanted: Vec<HandlerProgram> = programs.collect();
        let mut refused = Vec::new();
        let gone: Vec<Arc<Partners<Provider>>> = {
            let mut members = self.members();
            let is_gone = |member: &&mut Member| {
                let id = member.partners.id();
                member.said.is_some() && wanted.iter().all(|program| program.id.as_str() != id)
            };
            members
                .iter_mut()
                .filter(is_gone)
                .map(|member| {
                    member.said = None;
                    member.partners.source().set(None);
                    Arc::clone(&member.partners)
                })
                .collect()
        };
        for partners in gone {
            refused.extend(center.update_handler_collection(partners.id(), ControlFlags::WAIT).err());
        }
        for program in wanted {
            refused.extend(self.take(center, program, settings, places).err());
        }
        refused
    }

    fn take(
        &self,
        center: &Center,
        program: HandlerProgram,
        settings: &Settings,
        places: &Places,
    ) -> Result<(), Refusal> {
        let id = program.id.clone();
        let said = (program.clone(), said_of_partners(&program, settings));
        let known = {
            let mut members = self.members();
            let known = members.iter_mut().find(|member| member.partners.id() == id.as_str());
            if known.as_ref().is_some_and(|member| member.said.as_ref() == Some(&said)) {
                return Ok(());
            }
            known.map(|member| {
                member.said = Some(said.clone());
                Arc::clone(&member.partners)
            })
        };
        let describe = describe(&program, settings, places);
        if let Some(partners) = known {
            partners.source().set(Some(describe));
            return center.update_handler_collection(id.as_str(), ControlFlags::WAIT);
        }
        let provider = Provider::new(id.as_str(), limits(&program), services(center));
        provider.set(Some(describe));
        let partners = Arc::new(Partners::new(provider));
        self.members().push(Member { partners: Arc::clone(&partners), said: Some(said) });
        center.register_collection(partners as Arc<dyn HandlerCollection>)
    }

    /// Asks those again of which this is so.
    pub(super) fn ask(&self, center: &Center, which: impl Fn(&Provider) -> bool) {
        let members = self.members();
        let ids = members.iter().filter(|member| member.said.is_some() && which(member.partners.source()));
        let ids: Vec<String> = ids.map(|member| member.partners.id().to_owned()).collect();
        drop(members);
        for id in ids {
            if let Err(refusal) = center.update_handler_collection(&id, ControlFlags::WAIT) {
                tracing::debug!("{refusal}");
            }
        }
    }

    /// The handlers of partners that were made.
    pub(super) fn made(&self) -> Vec<Arc<HostedHandler>> {
        self.members().iter().flat_map(|member| member.partners.made()).collect()
    }

    /// All processes, which are to be ended now.
    pub(super) fn end(&self) -> Vec<Arc<HostedHandler>> {
        let members = std::mem::take(&mut *self.members());
        let all = members.iter().flat_map(|member| {
            let lister = member.partners.source().let_go();
            member.partners.made().into_iter().chain(lister)
        });
        all.collect()
    }
}

/// What the settings say of the items of its partners: other words are a reason to bring them up to date.
fn said_of_partners(program: &HandlerProgram, settings: &Settings) -> Vec<Said> {
    let prefix = format!("{}:", program.id);
    let mut ids: Vec<&HandlerId> = settings
        .items
        .iter()
        .map(|item| &item.handler)
        .filter(|id| id.as_str().starts_with(&prefix))
        .collect();
    ids.dedup();
    let said = |id: &HandlerId| (HandlerProgram { id: id.clone(), ..program.clone() }, items(id, settings));
    ids.into_iter().map(said).collect()
}

fn describe(program: &HandlerProgram, settings: &Settings, places: &Places) -> Arc<Describe> {
    let (program, settings, places) = (program.clone(), settings.clone(), places.clone());
    Arc::new(move |partner| {
        let collection = program.id.to_string();
        let id = partner.map(|partner| HandlerId::new(&format!("{collection}:{partner}")));
        let mut own: HandlerSpec = match id {
            Some(Ok(id)) => spec(&HandlerProgram { id, ..program.clone() }, &settings, &places),
            _ => spec(&program, &settings, &places),
        };
        // What people call the collection is no partner's name.
        own.name = None;
        own.collection = Some(Membership { collection, partner: partner.map(str::to_owned) });
        own
    })
}
