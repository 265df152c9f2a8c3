//! Handlers that are other people's programs: added in the settings or connected by themselves, listed, switched,
//! synchronized, stopped and taken out again.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::scene::{Scene, of_type, wait_until};
use crate::serve::Daemon;

fn sdk(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sdk").join(path)
}

/// Winds clocks; one of them takes for ever.
const CLOCKS: &str = r#"
import sys, time
from instep_handler import Action, Counts, Handler, Item, Note, Preview, keep_serving, serve

class Clocks(Handler):
    name = "Clocks"

    def hello(self, hello):
        self.greeting = hello.settings.get("greeting", "winding")

    def items(self):
        return [Item("kitchen", "Kitchen clock"), Item("tower", "Tower clock")]

    def preview(self, item, options, look):
        if item == "tower":
            raise NotImplementedError
        actions = [Action("update", "hands", why=str(options.get("checksum"))), Action("create", "b\u00fcll")]
        return Preview(actions=actions, notes=[Note("bell", "the bell is left alone")], stops=["it is late"])

    def synchronize(self, session):
        for item in session.items:
            with session.item(item) as work:
                work.progress(self.greeting, 0, 1)
                while item == "tower":
                    work.check()
                    time.sleep(0.01)
                work.done(updated=1)

if len(sys.argv) > 1:
    keep_serving(Clocks, path=sys.argv[1], identifier="clocks")
serve(Clocks())
"#;

fn scene(settings: &str) -> Scene {
    let scene = Scene::bare();
    // Programs are started in the home directory.
    fs::create_dir(scene.home().join("me")).expect("the home is ours");
    fs::write(scene.home().join("clocks.py"), CLOCKS).expect("the home is ours");
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    scene
}

/// The tests' programs have next to no environment, and no PATH: the system's own, by its whole path.
const PYTHON: &str = "/usr/bin/python3";

/// The settings of the program, and of those of its items that a person names.
fn settings(scene: &Scene, greeting: &str) -> String {
    format!(
        "[handlers.clocks]\ncommand = [\"{PYTHON}\", \"{}\"]\nenv = {{ PYTHONPATH = \"{}\" }}\n\
         [handlers.clocks.settings]\ngreeting = \"{greeting}\"\n\
         [items.kitchen]\nhandler = \"clocks\"\n[items.tower]\nhandler = \"clocks\"\n",
        scene.home().join("clocks.py").display(),
        sdk("python/src").display()
    )
}

fn listed(scene: &Scene) -> Option<Value> {
    let (_, objects) = scene.json("handler list");
    objects.into_iter().find(|object| object["handler"] == "clocks")
}

#[test]
fn a_program_of_the_settings_is_listed_switched_synchronized_and_explained() {
    let scene = scene("");
    assert_eq!(listed(&scene), None);
    fs::write(scene.settings_file(), settings(&scene, "winding")).expect("the home is ours");
    let clocks = listed(&scene).expect("it is there");
    assert_eq!((&clocks["name"], clocks["items"].as_array().map(Vec::len)), (&"Clocks".into(), Some(2)));
    let (code, objects) = scene.json("sync kitchen");
    assert_eq!((code, &objects.last().expect("a summary")["counts"]["updated"]["b"]), (0, &1.into()));
    assert!(of_type(&objects, "progress").iter().all(|line| line["text"] != "later"));
    scene.instep("handler disable clocks").expect(0);
    scene.instep("sync kitchen").expect(3).says(&["disabled"]);
    scene.instep("handler enable clocks").expect(0);
    scene.instep("sync kitchen").expect(0);
}

#[test]
fn the_daemon_takes_programs_in_and_out_as_the_settings_change_and_stops_their_items() {
    let scene = scene("");
    let daemon = Daemon::start(&scene);
    fs::write(scene.settings_file(), settings(&scene, "winding")).expect("the home is ours");
    wait_until(|| daemon.log().contains("read again"));
    let mut child = scene.spawn("sync tower");
    wait_until(|| {
        let run = scene.instep("status tower --json");
        run.objects().iter().any(|item| !item["running"].is_null())
            || child.try_wait().is_ok_and(|ended| ended.is_some())
    });
    scene.instep("stop tower").expect(0);
    assert_eq!(child.wait().expect("it ends").code(), Some(6));
    assert_eq!(daemon.stop(), Some(0));
}

/// A program that starts itself; killed when a test gives up on it.
struct Guest(Child);

impl Guest {
    fn start(scene: &Scene) -> Self {
        let mut command = Command::new(PYTHON);
        command.arg(scene.home().join("clocks.py")).arg(scene.state("handlers.sock"));
        command.env("PYTHONPATH", sdk("python/src")).stdin(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("python3 is there"))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the daemon itself says of its handlers.
fn at_the_daemon(scene: &Scene) -> Option<Value> {
    let (_, handlers) = crate::daemon::ask(scene, "GET", "/handlers", &Value::Null);
    let all = handlers.as_array().or_else(|| handlers["handlers"].as_array()).cloned().unwrap_or_default();
    all.into_iter().find(|handler| handler["handler"] == "clocks" || handler["id"] == "clocks")
}

#[test]
fn a_program_that_connects_is_a_handler_of_the_daemon_until_it_leaves() {
    let scene = scene("");
    let daemon = Daemon::start(&scene);
    assert_eq!(at_the_daemon(&scene), None);
    let guest = Guest::start(&scene);
    wait_until(|| at_the_daemon(&scene).is_some());
    drop(guest);
    wait_until(|| at_the_daemon(&scene).is_none());
    let _again = Guest::start(&scene);
    wait_until(|| at_the_daemon(&scene).is_some());
    assert_eq!(daemon.stop(), Some(0));
    assert!(!scene.state("handlers.sock").exists());
}

#[test]
fn items_that_only_the_daemon_knows_are_previewed_and_synchronized_by_their_names() {
    let scene = scene("");
    let daemon = Daemon::start(&scene);
    scene.instep("preview kitchen").expect(2).says(&["no item"]);
    let guest = Guest::start(&scene);
    wait_until(|| at_the_daemon(&scene).is_some_and(|clocks| clocks["items"] != 0));
    let said =
        ["Kitchen clock", "update     hands", "create     b\u{fc}ll", "the bell is left alone", "it is late"];
    scene.instep("preview kitchen").expect(0).says(&said);
    let (code, objects) = scene.json("preview kitchen");
    let summary = objects.last().expect("a summary");
    assert_eq!((code, &summary["items"][0]["item"], objects.len()), (0, &"kitchen".into(), 3), "{objects:?}");
    // One that cannot say is no failure of the others, and one alone is.
    let (code, objects) = scene.json("preview kitchen tower");
    assert_eq!((code, &objects.last().expect("a summary")["unable"][0]), (0, &"tower".into()), "{objects:?}");
    scene.run(&["preview", "kitchen", "Tower clock"]).expect(0).says(&["Tower clock: cannot say beforehand"]);
    scene.instep("preview tower").expect(2).says(&["cannot say beforehand"]);
    scene.run(&["sync", "kitchen clock"]).expect(0);
    assert_eq!(scene.json("results kitchen").1.len(), 1);
    drop(guest);
    wait_until(|| at_the_daemon(&scene).is_none());
    scene.instep("sync kitchen").expect(2).says(&["no item"]);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn all_items_are_previewed_though_some_cannot_say_beforehand() {
    let scene = scene("");
    fs::write(scene.settings_file(), settings(&scene, "winding")).expect("the home is ours");
    for daemon in [false, true] {
        let daemon = daemon.then(|| Daemon::start(&scene));
        let run = scene.instep("preview --all").expect(0);
        run.says(&["kitchen: ", "update     hands", "tower: cannot say beforehand"]);
        drop(daemon);
    }
}

#[test]
fn the_socket_of_a_killed_daemon_is_in_nobodys_way() {
    let scene = scene("");
    Daemon::start(&scene).kill();
    assert!(scene.state("handlers.sock").exists());
    let daemon = Daemon::start(&scene);
    let _guest = Guest::start(&scene);
    wait_until(|| at_the_daemon(&scene).is_some());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_is_built_in_or_comes_by_itself_is_not_taken_for_a_command_to_test() {
    let scene = scene("[handlers.guest]\n");
    for word in ["folders", "jobs", "rsync", "syncthing", "rclone:disk"] {
        scene
            .instep(&format!("handler test {word}"))
            .expect(2)
            .says(&["is part of Instep", "give a command"]);
    }
    scene.instep("handler test guest").expect(2).says(&["starts itself", "descriptors 3 and 4"]);
    scene.instep("handler test guest --settle").expect(2).says(&["`instep handler test --settle guest`"]);
}
