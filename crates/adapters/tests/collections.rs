//! rclone's remotes as handlers that nobody set up one by one: listed as rclone lists them, made on demand, at work, and
//! gone with their remote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use adapters::collection::{Partners, Source as _};
use adapters::tools::Surroundings;
use adapters::tools::remotes::{Places, Remotes, SaidOfRemotes};
use serde_json::{Value, json};
use syncmgr::handler::HandlerCollection as _;
use syncmgr::testing::{MemoryLedger, TestCenter};
use syncmgr::{HandlerError, HandlerId, ItemId, Outcome, ProblemClass, Refusal};
use tempfile::TempDir;

struct Scene {
    place: TempDir,
    partners: Partners<Remotes>,
}

impl Scene {
    /// With these settings of rclone's own, and what ours say of all remotes.
    fn new(conf: &str, more: Value) -> Self {
        let place = tempfile::tempdir().unwrap();
        let around = Surroundings {
            secret: Arc::new(|_| Err(HandlerError::new(ProblemClass::Auth, "there is no such secret"))),
            log: Arc::new(|_run| None),
        };
        let file = place.path().join("rclone.conf");
        fs::write(&file, conf).unwrap();
        let (home, kept) = (Some(place.path().to_owned()), place.path().join("kept"));
        let places = Places { home, config: vec![file.clone()], kept };
        let remotes = Remotes::new(places, around, Arc::new(MemoryLedger::new()));
        let mut keys = json!({ "folder": "~/Clouds", "environment": { "RCLONE_CONFIG": file } });
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        remotes.set(Some(said(keys, &json!({}))));
        Self { place, partners: Partners::new(remotes) }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.place.path().join(path)
    }

    fn conf(&self, text: &str) {
        fs::write(self.at("rclone.conf"), text).unwrap();
    }

    fn listed(&self) -> Vec<String> {
        self.partners.handlers().unwrap().iter().map(|id| id.as_str().to_owned()).collect()
    }
}

/// What is said of all remotes, and of some of them; one called `out` does not come in.
fn said(keys: Value, ones: &Value) -> SaidOfRemotes {
    let ones = ones.as_object().unwrap().iter();
    let one = |(name, keys): (&String, &Value)| (name.clone(), serde_json::from_value(keys.clone()).unwrap());
    SaidOfRemotes {
        keys: serde_json::from_value(keys).unwrap(),
        ones: ones.map(one).collect(),
        enabled: Arc::new(|name| name != "out"),
    }
}

fn id(text: &str) -> HandlerId {
    HandlerId::new(text).unwrap()
}

/// An alias: what lies in a folder of this machine is the remote.
fn alias(name: &str, folder: &Path) -> String {
    format!("[{name}]\ntype = alias\nremote = {}\n", folder.display())
}

#[test]
fn a_remote_is_a_handler_that_is_made_when_it_is_asked_for() {
    let scene = Scene::new("", json!({}));
    fs::create_dir(scene.at("far")).unwrap();
    fs::write(scene.at("far/one"), "1").unwrap();
    scene.conf(&alias("disk", &scene.at("far")));
    // Before anything was listed.
    let handler = scene.partners.bind(&id("rclone:disk")).unwrap();
    assert_eq!(handler.name().unwrap(), "disk");
    assert_eq!(handler.info().unwrap().type_label, "Remote of rclone (alias)");
    let item = ItemId::new("rclone:disk").unwrap();
    assert!(handler.items().item(&item).is_some() && handler.items().count() == 1);
    // The same one whenever it is asked for.
    assert!(Arc::ptr_eq(&handler, &scene.partners.bind(&id("rclone:disk")).unwrap()));

    let center = TestCenter::new(handler);
    center.sync(std::slice::from_ref(&item)).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.item(&item).unwrap().outcome, Outcome::Done, "{verdict:#?}");
    assert_eq!(fs::read_to_string(scene.at("Clouds/disk/one")).unwrap(), "1");
}

#[test]
fn remotes_come_and_go_as_rclone_has_them() {
    let scene = Scene::new("", json!({}));
    let (a, b) = (alias("a", &scene.at("a")), alias("b two", &scene.at("b")));
    assert!(scene.listed().is_empty());
    scene.conf(&format!("{a}{b}"));
    assert_eq!(scene.listed(), ["rclone:a", "rclone:b two"]);
    let made = scene.partners.bind(&id("rclone:a")).unwrap();
    scene.conf(&b);
    assert_eq!(scene.listed(), ["rclone:b two"]);
    let refused = scene.partners.bind(&id("rclone:a")).err().unwrap();
    assert!(matches!(refused, Refusal::InvalidArgument(_)), "{refused:?}");
    // Come back, it is made anew: nobody holds on to what it was.
    scene.conf(&format!("{a}{b}"));
    assert!(!Arc::ptr_eq(&made, &scene.partners.bind(&id("rclone:a")).unwrap()));
    assert_eq!(scene.partners.source().files(), [scene.at("rclone.conf")]);
    scene.partners.source().set(None);
    assert!(scene.listed().is_empty() && scene.partners.source().files().is_empty());
}

#[test]
fn a_name_that_leads_out_of_the_folder_or_is_no_identifier_is_left_out() {
    let long = "x".repeat(80);
    let conf: String =
        ["..", ".", "good", &long].iter().map(|name| alias(name, Path::new("/nowhere"))).collect();
    assert_eq!(Scene::new(&conf, json!({})).listed(), ["rclone:good"]);
}

#[test]
fn what_keeps_rclone_from_listing_is_said_and_those_known_before_stay() {
    let scene = Scene::new("", json!({}));
    scene.conf(&alias("a", &scene.at("a")));
    scene.listed();
    scene.conf("RCLONE_ENCRYPT_V0:\nabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdef\n");
    let error = scene.partners.handlers().unwrap_err();
    assert_eq!(error.problem.class, ProblemClass::Auth, "{error:?}");
    assert!(error.problem.fix.is_some_and(|fix| fix.contains("secret:rclone")));
    assert!(scene.partners.bind(&id("rclone:a")).is_ok());

    let scene = Scene::new("", json!({ "environment": { "RCLONE_CONFIG_PASS": "secret:missing" } }));
    let error = scene.partners.handlers().unwrap_err();
    assert!(error.problem.text.contains("no such secret"), "{error:?}");
}

#[test]
fn s6_a_sync_of_a_remote_that_lost_its_content_is_stopped() {
    let scene = Scene::new("", json!({ "mode": "sync" }));
    for directory in ["far", "Clouds/disk"] {
        fs::create_dir_all(scene.at(directory)).unwrap();
    }
    for number in 0..12 {
        fs::write(scene.at(&format!("Clouds/disk/{number}")), "x").unwrap();
    }
    scene.conf(&alias("disk", &scene.at("far")));
    let center = TestCenter::new(scene.partners.bind(&id("rclone:disk")).unwrap());
    let item = ItemId::new("rclone:disk").unwrap();
    center.sync(std::slice::from_ref(&item)).unwrap();
    let verdict = center.finish();
    assert_eq!(verdict.item(&item).unwrap().outcome, Outcome::SafetyStop, "{verdict:#?}");
    assert!(scene.at("Clouds/disk/0").exists());
}

#[test]
fn rclone_is_asked_again_only_when_its_own_settings_are_others() {
    let scene = Scene::new("", json!({}));
    scene.conf(&alias("a", &scene.at("a")));
    assert_eq!(scene.listed(), ["rclone:a"]);
    // What was listed stands in a file, and is believed as long as rclone's is the same.
    let kept = fs::read_to_string(scene.at("kept")).unwrap();
    fs::write(scene.at("kept"), kept.replace("alias", "believed")).unwrap();
    assert_eq!(scene.listed(), ["rclone:a"]);
    let made = scene.partners.bind(&id("rclone:a")).unwrap();
    assert_eq!(made.info().unwrap().type_label, "Remote of rclone (believed)");
    scene.conf(&format!("{}{}", alias("a", &scene.at("a")), alias("b", &scene.at("b"))));
    assert_eq!(scene.listed(), ["rclone:a", "rclone:b"]);
    assert!(fs::read_to_string(scene.at("kept")).unwrap().contains("alias"));
    // A remote that is made of variables stands in no file.
    let keys = json!({
        "folder": "~/Clouds",
        "environment": { "RCLONE_CONFIG": scene.at("rclone.conf"), "RCLONE_CONFIG_MEM_TYPE": "memory" },
    });
    scene.partners.source().set(Some(said(keys, &json!({}))));
    assert_eq!(scene.listed(), ["rclone:a", "rclone:b", "rclone:mem"]);
}

#[test]
fn what_is_said_of_one_remote_alone_goes_before_what_is_said_of_all() {
    let scene = Scene::new("", json!({}));
    scene.conf(&["out", "mine", "other"].map(|name| alias(name, &scene.at(name))).concat());
    let keys = json!({ "folder": "~/Clouds", "exclude": ["*.tmp"], "environment": { "RCLONE_CONFIG": scene.at("rclone.conf") } });
    let ones =
        json!({ "mine": { "mode": "sync", "max_delete": 3, "exclude": [], "options": ["--fast-list"] } });
    scene.partners.source().set(Some(said(keys, &ones)));
    assert_eq!(scene.listed(), ["rclone:mine", "rclone:other"]);
    let command = |name: &str| {
        let handler = scene.partners.bind(&id(name)).unwrap();
        handler.command_line(&ItemId::new(name).unwrap()).unwrap()
    };
    let mine = command("rclone:mine");
    assert!(
        mine.contains("rclone sync") && mine.contains("--fast-list") && !mine.contains("*.tmp"),
        "{mine}"
    );
    let other = command("rclone:other");
    assert!(other.contains("rclone copy") && other.contains("*.tmp"), "{other}");
}
