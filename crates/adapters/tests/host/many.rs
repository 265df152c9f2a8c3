//! Programs that know many partners, each of which is a handler in a process of its own.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters::collection::Partners;
use adapters::host::{HandlerSpec, Limits, Membership, Provider, Services};
use syncmgr::conflict::ConflictId;
use syncmgr::control::{Control, SyncResult, UpdateReason};
use syncmgr::flags::{ControlFlags, SyncControlFlags};
use syncmgr::handler::HandlerCollection;
use syncmgr::testing::TestCenter;
use syncmgr::{HandlerId, ItemId, Outcome, ProblemClass, Refusal, Request};
use tempfile::TempDir;

use crate::support::{id, limits, python, wait_until};

/// Hears which collections changed.
#[derive(Default)]
struct Hears(Mutex<Vec<String>>);

macro_rules! refused {
    ($($name:ident($($type:ty),*);)+) => {
        $(fn $name(&self, $(_: $type),*) -> Result<(), Refusal> {
            Err(Refusal::NotImplemented("not here".into()))
        })+
    };
}

impl Control for Hears {
    fn update_handler_collection(&self, collection: &str, _flags: ControlFlags) -> Result<(), Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(collection.to_owned());
        Ok(())
    }

    refused! {
        start_handler_sync(&HandlerId, Option<Request>, SyncControlFlags, Option<Arc<dyn SyncResult>>);
        start_item_sync(&HandlerId, &[ItemId], Option<Request>, SyncControlFlags, Option<Arc<dyn SyncResult>>);
        start_sync_all();
        stop_handler_sync(&HandlerId);
        stop_item_sync(&HandlerId, &[ItemId]);
        stop_sync_all();
        update_handler(&HandlerId, ControlFlags);
        update_item(&HandlerId, &ItemId, ControlFlags);
        update_events(&HandlerId, Option<&ItemId>, ControlFlags);
        update_conflict(&HandlerId, Option<&ItemId>, &ConflictId, UpdateReason);
        update_conflicts(&HandlerId, Option<&ItemId>, ControlFlags);
        activate_handler(bool, &HandlerId, ControlFlags);
        enable_handler(bool, &HandlerId, ControlFlags);
        enable_item(bool, &HandlerId, &ItemId, ControlFlags);
    }
}

/// A collection of devices: a device is a directory below a place.
struct Scene {
    place: TempDir,
    partners: Partners<Provider>,
    control: Arc<Hears>,
}

fn describe(place: &Path, mode: &str) -> impl Fn(Option<&str>) -> HandlerSpec + Send + Sync + use<> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/devices.py");
    let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/python/src");
    let words = [python(), "-B", script, place.to_str().unwrap(), mode].map(str::to_owned);
    let state = place.join("state");
    move |partner| {
        let own = partner.map_or_else(|| "devices".to_owned(), |partner| format!("devices:{partner}"));
        let mut spec = HandlerSpec::of_command(HandlerId::new(&own).unwrap(), words.to_vec());
        spec.env.insert("PYTHONPATH".into(), sdk.into());
        spec.state = Some(state.clone());
        spec.collection =
            Some(Membership { collection: "devices".into(), partner: partner.map(str::to_owned) });
        spec
    }
}

impl Scene {
    fn new(mode: &str, devices: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("devices")).unwrap();
        let control = Arc::default();
        let scene = Self { partners: Self::partners(place.path(), mode, &control), control, place };
        devices.iter().for_each(|device| scene.plug(device));
        scene
    }

    fn partners(place: &Path, mode: &str, control: &Arc<Hears>) -> Partners<Provider> {
        let services = Services { control: Some(Arc::clone(control) as _), ..Services::default() };
        let patient = Limits { exit: Duration::from_secs(30), ..limits() };
        let provider = Provider::new("devices", patient, services);
        provider.set(Some(Arc::new(describe(place, mode))));
        Partners::new(provider)
    }

    fn plug(&self, device: &str) {
        fs::create_dir(self.place.path().join("devices").join(device)).unwrap();
    }

    fn unplug(&self, device: &str) {
        fs::remove_dir_all(self.place.path().join("devices").join(device)).unwrap();
    }

    fn listed(&self) -> Vec<String> {
        self.partners.handlers().unwrap().iter().map(HandlerId::to_string).collect()
    }

    fn sync(&self, device: &str, item: &str) -> Outcome {
        let handler = self.partners.bind(&HandlerId::new(device).unwrap()).unwrap();
        let center = TestCenter::new(handler);
        center.sync(&[id(item)]).unwrap();
        let verdict = center.finish();
        verdict.assert_clean();
        verdict.item(&id(item)).unwrap().outcome
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for handler in self.partners.made().into_iter().chain(self.partners.source().let_go()) {
            handler.shut_down();
        }
    }
}

#[test]
fn each_partner_is_a_handler_in_a_process_of_its_own_which_is_made_on_demand() {
    let scene = Scene::new("well", &["camera", "phone"]);
    assert_eq!(scene.listed(), ["devices:camera", "devices:phone"]);
    assert!(scene.partners.made().is_empty(), "nobody has asked for one");
    let phone = scene.partners.bind(&HandlerId::new("devices:phone").unwrap()).unwrap();
    assert_eq!(phone.name().unwrap(), "The phone");
    assert_eq!(phone.items().all().iter().map(|item| item.id().to_string()).collect::<Vec<_>>(), ["photos"]);
    assert_eq!(scene.sync("devices:phone", "photos"), Outcome::Done);
    assert_eq!(scene.sync("devices:camera", "photos"), Outcome::Done);
    let pid = |device: &str| {
        fs::read_to_string(scene.place.path().join("devices").join(device).join("pid")).unwrap()
    };
    assert_ne!(pid("camera"), pid("phone"));
    let unknown = scene.partners.bind(&HandlerId::new("devices:none").unwrap()).err().unwrap();
    assert!(matches!(unknown, Refusal::InvalidArgument(_)), "{unknown:?}");
}

#[test]
fn a_partner_that_dies_harms_no_other() {
    let scene = Scene::new("well", &["broken", "phone"]);
    scene.listed();
    let broken = scene.partners.bind(&HandlerId::new("devices:broken").unwrap()).unwrap();
    let center = TestCenter::new(broken);
    center.sync(&[id("photos")]).unwrap();
    let verdict = center.finish();
    assert!(verdict.failures[0].problem.text.contains("exited with code 9"), "{verdict:?}");
    assert_eq!(scene.sync("devices:phone", "photos"), Outcome::Done);
    assert_eq!(scene.listed(), ["devices:broken", "devices:phone"]);
}

#[test]
fn partners_that_come_and_go_are_told_and_those_that_are_gone_end() {
    let scene = Scene::new("watches", &["phone"]);
    assert_eq!(scene.listed(), ["devices:phone"]);
    scene.sync("devices:phone", "photos");
    let phone = scene.partners.made().remove(0);
    assert!(phone.is_running());
    let pid = fs::read_to_string(scene.place.path().join("devices/phone/pid")).unwrap();
    scene.plug("camera");
    scene.unplug("phone");
    wait_until("it told so", || !scene.control.0.lock().unwrap().is_empty());
    assert_eq!(scene.control.0.lock().unwrap()[0], "devices");
    wait_until("it lists what is there now", || scene.listed() == ["devices:camera"]);
    drop(phone);
    wait_until("its process has ended", || !crate::support::lives(&pid));
}

#[test]
fn the_list_is_remembered_for_whoever_only_looks_and_asked_for_after_that() {
    let scene = Scene::new("well", &["phone"]);
    scene.listed();
    scene.plug("camera");
    let later = Scene::partners(scene.place.path(), "well", &scene.control);
    let listed = || later.handlers().unwrap().iter().map(HandlerId::to_string).collect::<Vec<_>>();
    assert_eq!(listed(), ["devices:phone"]);
    assert_eq!(listed(), ["devices:camera", "devices:phone"]);
    later.source().let_go().unwrap().shut_down();
}

#[test]
fn other_settings_reach_partners_that_were_made_and_no_program_means_no_partners() {
    let scene = Scene::new("well", &["phone"]);
    scene.listed();
    let phone = scene.partners.bind(&HandlerId::new("devices:phone").unwrap()).unwrap();
    assert_eq!(phone.name().unwrap(), "The phone");
    scene.partners.source().set(Some(Arc::new(describe(scene.place.path(), "loud"))));
    assert_eq!(scene.listed(), ["devices:phone"]);
    assert_eq!(phone.name().unwrap(), "THE PHONE");
    scene.partners.source().set(None);
    assert!(scene.listed().is_empty());
}

#[test]
fn what_is_wrong_with_a_collection_is_explained() {
    let scene = Scene::new("single", &[]);
    let problem = scene.partners.handlers().unwrap_err().problem;
    assert_eq!(problem.class, ProblemClass::Config);
    assert!(problem.text.contains("lists no partners"), "{problem}");
    assert!(problem.fix.is_some_and(|fix| fix.contains("[handlers.devices]")));
    let scene = Scene::new("fails", &[]);
    let problem = scene.partners.handlers().unwrap_err().problem;
    assert_eq!((problem.class, problem.text.as_str()), (ProblemClass::Auth, "The bus is locked."));
    // Those whose name can be no identifier are left out.
    let long = "x".repeat(60);
    assert_eq!(Scene::new("well", &["good", &long]).listed(), ["devices:good"]);
}
