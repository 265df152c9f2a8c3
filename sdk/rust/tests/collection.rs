//! A collection in Rust, in processes of its own, with a whole center: partners appear, are synchronized, stopped in the
//! middle and disabled, and go away.
#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use adapters::collection::Partners;
use adapters::host::{HandlerSpec, Limits, Membership, Provider, Services};
use center::{Center, SystemClock};
use instep_handler::{Hello, Partners as Known, serve_collection};
use serde_json::json;
use store::Store;
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::flags::{ControlFlags, SyncControlFlags};
use syncmgr::handler::{HandlerCollection, ItemList, NamedItem};
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemContainer, ItemId, Outcome, ProblemClass, ProgressStatus, Refusal,
    Request, SessionCreator,
};
use tempfile::TempDir;

// ---- The program: each directory is a device -----------------------------------------------------------------------

struct Devices {
    place: PathBuf,
    /// What the center calls the handler of this process.
    handler: HandlerId,
}

impl HandlerCollection for Devices {
    fn id(&self) -> &str {
        "devices"
    }

    fn handlers(&self) -> Result<Vec<HandlerId>, HandlerError> {
        let entries = fs::read_dir(&self.place).map_err(|why| {
            HandlerError::new(
                ProblemClass::Config,
                format!("There are no devices: {}.", syncmgr::reason(&why)),
            )
        })?;
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut devices: Vec<HandlerId> = names.filter_map(|name| HandlerId::new(&name).ok()).collect();
        devices.sort();
        Ok(devices)
    }

    fn bind(&self, partner: &HandlerId) -> Result<Arc<dyn Handler>, Refusal> {
        let items = [NamedItem::new(ItemId::new("photos")?, format!("Photos of the {partner}"))];
        let place = self.place.join(partner.as_str());
        Ok(Arc::new(Device { id: self.handler.clone(), place, items: items.into_iter().collect() }))
    }
}

struct Device {
    id: HandlerId,
    place: PathBuf,
    items: ItemList,
}

impl Device {
    fn note(&self, name: &str) -> Result<(), HandlerError> {
        let text = std::process::id().to_string();
        fs::write(self.place.join(name), text)
            .map_err(|why| HandlerError::new(ProblemClass::Transient, syncmgr::reason(&why)))
    }
}

impl Handler for Device {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("A device".into())
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn enable(&self, enabled: bool) -> Result<(), HandlerError> {
        self.note(if enabled { "enabled" } else { "disabled" })
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let session = creator.create_session(&self.id, items)?;
        for item in items {
            session.report_progress(item, Some("copying"), ProgressStatus::Updating, 0, 1)?;
            self.note("works")?;
            // One that is slow comes to no end by itself.
            while self.place.join("slow").exists() && session.can_continue(Some(item))? {
                thread::yield_now();
            }
            let last = match session.can_continue(Some(item))? {
                true => ProgressStatus::Succeeded,
                false => ProgressStatus::Canceled,
            };
            session.report_progress(item, None, last, 1, 1)?;
        }
        Ok(())
    }
}

fn make(hello: &Hello) -> Result<Arc<dyn HandlerCollection>, HandlerError> {
    let place = PathBuf::from(hello.settings["place"].as_str().unwrap_or_default());
    let devices = Arc::new(Devices { place, handler: hello.handler.clone() });
    if hello.partner.is_none() {
        let (watches, center) = (Arc::clone(&devices), hello.center.clone());
        thread::spawn(move || {
            let mut known = watches.handlers();
            loop {
                thread::park_timeout(Duration::from_millis(20));
                let now = watches.handlers();
                if now.is_ok() && now != known {
                    known = now;
                    // A center that is gone needs to hear nothing.
                    let _ = center.update_partners();
                }
            }
        });
    }
    Ok(devices)
}

/// Not a test by itself: the other processes, when the test below has this program started.
#[test]
fn the_other_process() {
    if std::env::var_os("INSTEP_HANDLER").is_some() {
        serve_collection(Known::Watched, make).unwrap();
    }
}

// ---- The center ----------------------------------------------------------------------------------------------------

struct Scene {
    home: TempDir,
    center: Center,
    partners: Arc<Partners<Provider>>,
}

fn describe(place: &Path) -> impl Fn(Option<&str>) -> HandlerSpec + Send + Sync + use<> {
    let this = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let words = [this, "--exact".into(), "the_other_process".into(), "--nocapture".into()];
    let place = json!(place);
    move |partner| {
        let own = partner.map_or_else(|| "devices".to_owned(), |partner| format!("devices:{partner}"));
        let mut spec = HandlerSpec::of_command(HandlerId::new(&own).unwrap(), words.to_vec());
        spec.settings.insert("place".into(), place.clone());
        spec.collection =
            Some(Membership { collection: "devices".into(), partner: partner.map(str::to_owned) });
        spec
    }
}

impl Scene {
    fn new(devices: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&home.path().join("store.db")).unwrap());
        let center = Center::new(store, Arc::new(SystemClock::default()));
        let whole = Arc::new(center.clone());
        let services = Services {
            creator: Some(whole.clone()),
            control: Some(whole),
            ledger: Some(Arc::clone(center.store()) as SharedLedger),
        };
        let provider = Provider::new("devices", Limits::default(), services);
        let partners = Arc::new(Partners::new(provider));
        let scene = Self { home, center, partners };
        fs::create_dir(scene.place()).unwrap();
        devices.iter().for_each(|device| scene.plug(device));
        scene.partners.source().set(Some(Arc::new(describe(&scene.place()))));
        scene.center.register_collection(Arc::clone(&scene.partners) as Arc<dyn HandlerCollection>).unwrap();
        scene
    }

    fn place(&self) -> PathBuf {
        self.home.path().join("devices")
    }

    fn plug(&self, device: &str) {
        fs::create_dir(self.place().join(device)).unwrap();
    }

    fn known(&self) -> Vec<String> {
        self.center.status().unwrap().iter().map(|handler| handler.handler.to_string()).collect()
    }

    /// The process that noted something at a device.
    fn noted(&self, device: &str, name: &str) -> Option<String> {
        fs::read_to_string(self.place().join(device).join(name)).ok().filter(|text| !text.is_empty())
    }

    fn start(&self, device: &str) -> Result<center::Started, Refusal> {
        self.center.start(&id(device), None, None, SyncControlFlags::empty())
    }

    fn sync(&self, device: &str) -> Outcome {
        self.start(device).unwrap().wait().items[0].outcome
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for handler in self.partners.made().into_iter().chain(self.partners.source().let_go()) {
            handler.shut_down();
        }
    }
}

fn id(device: &str) -> HandlerId {
    HandlerId::new(&format!("devices:{device}")).unwrap()
}

/// Waits for a condition; a minute is for ever.
#[track_caller]
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        thread::yield_now();
    }
}

#[test]
fn partners_of_a_program_come_are_synchronized_stopped_and_disabled_and_go() {
    let scene = Scene::new(&["camera", "phone"]);
    assert_eq!(scene.known(), ["devices:camera", "devices:phone"]);

    // One appears, and the program says so by itself.
    scene.plug("radio");
    wait_until("the new one is known", || scene.known().contains(&"devices:radio".into()));
    assert_eq!([scene.sync("phone"), scene.sync("radio")], [Outcome::Done; 2]);
    let [phone, radio] = ["phone", "radio"].map(|device| scene.noted(device, "works").unwrap());
    assert_ne!(phone, radio, "each has a process of its own");

    // One is stopped in the middle, and the others hear nothing of it.
    fs::write(scene.place().join("camera/slow"), "").unwrap();
    let started = scene.start("camera").unwrap();
    wait_until("it works", || scene.noted("camera", "works").is_some());
    scene.center.stop_handler_sync(&id("camera")).unwrap();
    let verdict = started.wait();
    assert_eq!((verdict.items[0].outcome, verdict.trouble), (Outcome::Canceled, None));
    assert_eq!(scene.sync("phone"), Outcome::Done);
    assert_eq!(scene.noted("phone", "works"), Some(phone.clone()), "in the same process as before");

    // One goes away, and its process with it.
    fs::remove_dir_all(scene.place().join("radio")).unwrap();
    wait_until("it is known no more", || !scene.known().contains(&"devices:radio".into()));
    assert!(matches!(scene.start("radio"), Err(Refusal::InvalidArgument(_))));
    wait_until("its process has ended", || !Path::new("/proc").join(&radio).exists());

    // One is disabled: it hears of it, and is not started any more.
    scene.center.enable_handler(false, &id("phone"), ControlFlags::WAIT).unwrap();
    assert_eq!(scene.noted("phone", "disabled"), Some(phone));
    assert!(matches!(scene.start("phone"), Err(Refusal::AccessDenied(_))));
    fs::remove_file(scene.place().join("camera/slow")).unwrap();
    assert_eq!(scene.sync("camera"), Outcome::Done);
}
