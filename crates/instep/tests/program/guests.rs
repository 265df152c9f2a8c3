//! A program that starts itself and connects to the daemon has nothing less than one that is built in: whatever a person
//! does with items, from the command line and over the API, goes to it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::daemon::ask;
use crate::scene::{Scene, of_type, wait_until};
use crate::serve::Daemon;

/// A daemon, and the program that is connected to it.
struct World {
    scene: Scene,
    /// Ended before the daemon is, which it belongs to.
    _guest: Guest,
    _daemon: Daemon,
}

fn shelves(scene: &Scene) -> PathBuf {
    scene.home().join("shelves")
}

struct Guest(Child);

impl Guest {
    fn start(scene: &Scene) -> Self {
        let at = |path: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
        let mut command = Command::new("/usr/bin/python3");
        command.arg(at("tests/program/shelf.py")).arg(shelves(scene)).arg(scene.state("handlers.sock"));
        command.env("PYTHONPATH", at("../../sdk/python/src")).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().expect("python3 is there"))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl World {
    fn new(settings: &str) -> Self {
        let scene = Scene::bare();
        fs::create_dir(scene.home().join("me")).expect("the home is ours");
        for place in ["top/here", "top/there", "low/here", "low/there"] {
            fs::create_dir_all(shelves(&scene).join(place)).expect("the home is ours");
        }
        fs::write(scene.settings_file(), settings).expect("the home is ours");
        let daemon = Daemon::start(&scene);
        let guest = Guest::start(&scene);
        wait_until(|| ask(&scene, "GET", "/items/shelves/top", &Value::Null).1["connected"] == true);
        Self { scene, _guest: guest, _daemon: daemon }
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(shelves(&self.scene).join(path), text).expect("the home is ours");
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(shelves(&self.scene).join(path)).ok()
    }

    fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = ask(&self.scene, method, path, &body);
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    fn item(&self, item: &str) -> Value {
        self.ask("GET", &format!("/items/shelves/{item}"), Value::Null)
    }
}

#[test]
fn a_connected_program_is_listed_with_its_items_by_commands_and_gone_with_it() {
    let world = World::new("");
    let (_, handlers) = world.scene.json("handler list");
    let listed = handlers.iter().find(|handler| handler["handler"] == "shelves").expect("it is there");
    assert_eq!((&listed["name"], &listed["connected"]), (&json!("Shelves"), &json!(true)));
    world.scene.instep("status").expect(0).says(&["Top shelf", "Low shelf"]);
    let World { scene, _guest, _daemon } = world;
    drop(_guest);
    wait_until(|| !scene.instep("status").stdout.contains("Top shelf"));
    scene.instep("sync top").expect(2).says(&["there is no item \"top\""]);
}

#[test]
fn previews_of_a_connected_program_are_its_own_from_the_command_line_and_the_api() {
    let world = World::new("");
    world.write("top/here/one", "1");
    world.write("top/here/two", "2");
    let (code, objects) = world.scene.json("preview top");
    let paths: Vec<&Value> = of_type(&objects, "action").iter().map(|action| &action["path"]).collect();
    assert_eq!((code, paths), (0, vec![&json!("one"), &json!("two")]));
    world.scene.instep("preview shelves").expect(0).says(&["Top shelf", "Low shelf", "create     one"]);
    world.scene.instep("preview top --mode mirror").expect(2).says(&["--mode is for pairs of folders"]);
    let order = json!({ "options": { "only": "two" } });
    let preview = world.ask("POST", "/items/shelves/top/preview", order);
    assert_eq!((&preview["counts"]["b"]["created"], &preview["actions"]), (&json!(1), &json!(1)));
    let rows = world.ask("GET", &format!("/previews/{}?offset=0", preview["id"]), Value::Null);
    assert_eq!(
        (&rows["actions"][0]["path"], &rows["actions"][0]["why"]),
        (&json!("two"), &json!("new here"))
    );
    let (status, fault) = ask(&world.scene, "POST", "/items/shelves/none/preview", &json!({ "options": {} }));
    assert_eq!((status, &fault["code"]), (404, &json!("unknown_item")));
    assert_eq!(world.read("top/there/one"), None, "a preview touches nothing");
}

#[test]
fn a_connected_program_is_verified_from_the_command_line_and_the_api() {
    let world = World::new("");
    world.write("top/here/one", "1");
    let (code, objects) = world.scene.json("verify top");
    let difference = of_type(&objects, "difference").remove(0);
    assert_eq!((code, &difference["path"], &difference["kind"]), (1, &json!("one"), &json!("missing")));
    let found = world.ask("POST", "/items/shelves/top/verify", json!({}));
    assert_eq!(
        (&found["clean"], &found["differing"], &found["looked_at"]),
        (&json!(false), &json!(1), &json!([1, 0]))
    );
    world.scene.instep("sync top").expect(0);
    world.scene.instep("verify top low").expect(0).says(&["as its last run left it"]);
    assert_eq!(world.ask("POST", "/items/shelves/top/verify", json!({}))["clean"], true);
}

#[test]
fn options_and_requests_reach_a_connected_program_which_checks_them_itself() {
    let world = World::new("");
    world.write("top/here/one", "1");
    world.write("top/here/two", "2");
    let wrong = json!({ "handler": "shelves", "items": ["top"], "options": { "colour": "red" } });
    let (status, fault) = ask(&world.scene, "POST", "/control/start", &wrong);
    assert_eq!(status, 400, "{fault}");
    assert!(fault["detail"].as_str().is_some_and(|text| text.contains("`only` and `undo`")), "{fault}");
    let order = json!({ "handler": "shelves", "items": ["top"], "options": { "only": "two" } });
    world.ask("POST", "/control/start", order);
    wait_until(|| world.item("top")["last_run"]["outcome"] == "done");
    assert_eq!((world.read("top/there/one"), world.read("top/there/two")), (None, Some("2".into())));
    world.scene.instep("sync top --approve").expect(3).says(&["`only` and `undo`"]);
}

#[test]
fn runs_of_a_connected_program_are_taken_back_from_the_command_line_and_the_api() {
    let world = World::new("");
    world.write("top/here/one", "1");
    let (code, objects) = world.scene.json("sync top");
    assert_eq!(code, 0);
    let run = |objects: &[Value]| objects.last().expect("a summary")["run"].to_string();
    assert_eq!(world.read("top/there/one").as_deref(), Some("1"));
    world.scene.instep(&format!("undo {}", run(&objects))).expect(0);
    assert_eq!(world.read("top/there/one"), None);
    let (_, objects) = world.scene.json("sync top");
    world.ask("POST", &format!("/runs/{}/undo", run(&objects)), json!({}));
    wait_until(|| world.read("top/there/one").is_none());
}

#[test]
fn conflicts_of_a_connected_program_are_settled_by_it_from_the_command_line_and_the_api() {
    let world = World::new("");
    for shelf in ["top", "low"] {
        world.write(&format!("{shelf}/here/one"), "mine");
        world.write(&format!("{shelf}/there/one"), "theirs");
    }
    world.scene.instep("sync shelves").expect(5);
    let (_, objects) = world.scene.json("conflicts top");
    assert_eq!(objects.first().map(|conflict| &conflict["path"]), Some(&json!("one")));
    world.scene.instep("resolve top one --keep b").expect(0);
    assert_eq!(world.read("top/here/one").as_deref(), Some("theirs"));
    let open = world.ask("GET", "/conflicts", Value::Null);
    let [conflict] = open["conflicts"].as_array().expect("a list").as_slice() else { panic!("{open}") };
    let order = json!({ "keep": "a", "conflicts": [{
        "handler": "shelves", "item": "low", "id": conflict["id"], "seen": conflict["seen"] }] });
    world.ask("POST", "/conflicts/resolve", order);
    assert_eq!(world.read("low/there/one").as_deref(), Some("mine"));
    assert_eq!(world.ask("GET", "/conflicts", Value::Null)["conflicts"], json!([]));
}

/// What keeps them in the settings, and has them run by themselves.
const SCHEDULED: &str = "[handlers.shelves]\n[items.top]\nhandler = 'shelves'\n[items.top.schedule]\non = 'change'\n\
                         [items.low]\nhandler = 'shelves'\n[items.low.schedule]\nevery = '1s'\n";

#[test]
fn schedules_and_changes_start_a_connected_program() {
    let world = World::new(SCHEDULED);
    world.write("top/here/one", "1");
    wait_until(|| world.read("top/there/one").as_deref() == Some("1"));
    world.write("top/here/two", "2");
    wait_until(|| world.read("top/there/two").as_deref() == Some("2"));
    world.write("low/here/late", "3");
    wait_until(|| world.read("low/there/late").as_deref() == Some("3"));
    world.scene.instep("pause low").expect(0);
    wait_until(|| world.item("low")["paused"] == true);
    world.scene.instep("sync low").expect(0);
    world.scene.instep("status").expect(0).says(&["Top shelf", "paused"]);
}

#[test]
fn a_program_of_the_settings_that_is_away_says_so_and_works_when_it_is_back() {
    let world = World::new(SCHEDULED);
    let World { scene, _guest, _daemon } = world;
    drop(_guest);
    wait_until(|| ask(&scene, "GET", "/handlers/shelves", &Value::Null).1["connected"] == false);
    scene.instep("preview top").expect(3).says(&["is not running: it starts itself"]);
    let _again = Guest::start(&scene);
    wait_until(|| ask(&scene, "GET", "/handlers/shelves", &Value::Null).1["connected"] == true);
    scene.instep("preview top").expect(0);
}
