//! A channel that hangs, refuses or fails stands alone: the others tell what they have to, runs begin and end, and it is
//! itself reported. A test for each kind.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use center::{Channel, Pace, Standing};
use secrets::Secrets;
use settings::Settings;
use syncmgr::ProgressStatus;

use crate::bus::{Bus, Plays};
use crate::channels::no_keyring;
use crate::servers::{LONG, http, refusing, silent, silent_socket, smtp};
use crate::support::{Scene, wait_until};

/// How long a channel that is to be given up may take.
const SHORT: Duration = Duration::from_millis(300);
/// How long one may take that hangs for as long as a test goes on.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// Channels of one kind.
struct Kind {
    /// One that works.
    good: Arc<dyn Channel>,
    /// What was told by that one: gives more of it with each call.
    heard: Box<dyn FnMut() -> String>,
    /// One that hangs, with much time to do so.
    stuck: Arc<dyn Channel>,
    /// Those that do not work, and a word of why each is said not to.
    bad: Vec<(Arc<dyn Channel>, &'static str)>,
}

/// The one channel with this identity and these keys.
fn channel(dir: &Path, id: &str, timeout: Duration, keys: &str) -> Arc<dyn Channel> {
    let text = format!("[channels.{id}]\ntimeout = '{}ms'\n{keys}", timeout.as_millis());
    let settings = Settings::parse(&text).unwrap();
    let secrets = Secrets::with_keyring(&settings.secrets, dir, no_keyring);
    channels::open(&settings, &Arc::new(secrets), Some(dir.to_owned())).remove(0)
}

/// Channels to servers: what a channel says of where its server is, the server that works, and one that fails.
fn servers(
    dir: &Path,
    keys: impl Fn(u16) -> String,
    (good, told): (u16, Receiver<String>),
    failing: u16,
    words: [&'static str; 3],
) -> Kind {
    let bad = [("hangs", silent()), ("refuses", refusing()), ("fails", failing)];
    let bad = bad.map(|(id, port)| channel(dir, id, SHORT, &keys(port)));
    Kind {
        good: channel(dir, "good", LONG, &keys(good)),
        heard: Box::new(move || told.recv_timeout(LONG).unwrap()),
        stuck: channel(dir, "stuck", FOR_EVER, &keys(silent())),
        bad: bad.into_iter().zip(words).collect(),
    }
}

/// What holds for every kind.
fn stands_alone(scene: &Scene, mut kind: Kind) {
    let rules = Settings::parse("[[alerts]]\nstate = 'failed'").unwrap().alerts;
    let bad = kind.bad.iter().map(|(channel, _)| Arc::clone(channel));
    let channels = [kind.stuck].into_iter().chain(bad).chain([kind.good]).collect();
    scene.center.set_alerts(rules, channels, &Pace(vec![Duration::from_millis(1)]));
    let watch = scene.center.watch_alerts().unwrap();
    scene.run(ProgressStatus::Failed);
    let mut heard = String::new();
    let mut hears = |words: &str| {
        while !heard.contains(words) {
            heard.push_str(&(kind.heard)());
        }
    };
    hears("backup: failed");
    // One of them hangs for as long as this takes, and a run begins and ends all the same.
    scene.run(ProgressStatus::Succeeded);
    assert_eq!(scene.center.status().unwrap()[0].items[0].last_run.as_ref().unwrap().result.errors, 0);
    // Each of the others is told of: by those that work, ...
    for (channel, _) in &kind.bad {
        hears(&format!("Alerts do not get through by '{}'", channel.id()));
    }
    // ... in the list of alerts, and in that of channels, with the reason.
    wait_until(|| scene.center.alerts().unwrap().len() > kind.bad.len());
    let alerts = scene.center.alerts().unwrap();
    let standings = scene.center.channels();
    for (channel, word) in &kind.bad {
        let of = |id: &str| id == channel.id();
        let standing = standings.iter().find(|(id, _)| of(id)).unwrap();
        assert!(matches!(&standing.1, Standing::Broken(why) if why.contains(word)), "{word}: {standing:?}");
        let title = format!("Alerts do not get through by '{}'", channel.id());
        let alert = alerts.iter().find(|alert| alert.title == title).unwrap();
        assert!(alert.text.contains(word), "{word}: {alert:?}");
        assert!(alert.fix.as_ref().unwrap().contains(&format!("instep alerts test {}", channel.id())));
        // Trying it says the same.
        let tried = scene.center.test_channel(channel.id()).unwrap_err().to_string();
        assert!(tried.contains(word), "{word}: {tried}");
    }
    assert_eq!(standings.iter().find(|(id, _)| id == "good").unwrap().1, Standing::Works);
    scene.center.test_channel("good").unwrap();
    drop(watch);
}

#[test]
fn a_webhook_that_does_not_work_stands_alone() {
    let scene = Scene::new();
    let keys = |port| format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{port}/'");
    let failing = http("500 Oops").0;
    let words = ["timeout", "efused", "500"];
    stands_alone(&scene, servers(scene.dir.path(), keys, http("200 OK"), failing, words));
}

#[test]
fn an_ntfy_that_does_not_work_stands_alone() {
    let scene = Scene::new();
    let keys = |port| format!("kind = 'ntfy'\ntopic = 'x'\nserver = 'http://127.0.0.1:{port}'");
    let failing = http("500 Oops").0;
    let words = ["timeout", "efused", "500"];
    stands_alone(&scene, servers(scene.dir.path(), keys, http("200 OK"), failing, words));
}

#[test]
fn a_mail_server_that_does_not_work_stands_alone() {
    let scene = Scene::new();
    let keys = |port| {
        format!(
            "kind = 'mail'\nhost = '127.0.0.1'\nport = {port}\nencryption = 'none'\nfrom = 'a@b.c'\nto = ['d@e.f']"
        )
    };
    let failing = smtp("451 no room for mail").0;
    let words = ["127.0.0.1", "efused", "no room for mail"];
    stands_alone(&scene, servers(scene.dir.path(), keys, smtp("250 fine"), failing, words));
}

#[test]
fn a_command_that_does_not_work_stands_alone() {
    let scene = Scene::new();
    let dir = scene.dir.path();
    let command =
        |id, timeout, words: &str| channel(dir, id, timeout, &format!("kind = 'command'\ncommand = {words}"));
    let told = dir.join("told");
    // It ends when the scene does.
    let waits = format!("['sh', '-c', 'while [ -e {} ]; do sleep 0.05; done']", dir.display());
    let kind = Kind {
        good: command("good", LONG, "['sh', '-c', 'cat >> told; echo >> told']"),
        heard: Box::new(move || std::fs::read_to_string(&told).unwrap_or_default()),
        stuck: command("stuck", FOR_EVER, &waits),
        bad: vec![
            (command("hangs", SHORT, &waits), "took longer"),
            (command("refuses", LONG, "['/nonexistent/program']"), "cannot start"),
            (command("fails", LONG, "['sh', '-c', 'echo 500 >&2; exit 3']"), "exit code 3: 500"),
        ],
    };
    stands_alone(&scene, kind);
}

#[test]
fn a_desktop_that_does_not_work_stands_alone() {
    let scene = Scene::new();
    let (Some(well), Some(mute), Some(failing)) = (Bus::start(), Bus::start(), Bus::start()) else { return };
    let (_well, told) = well.serve(Plays::Well);
    let (_mute, _) = mute.serve(Plays::Silent);
    let (_failing, _) = failing.serve(Plays::Failing);
    let bus = silent_socket(scene.dir.path());
    let on = |id: &str, timeout, address: &str| -> Arc<dyn Channel> {
        Arc::new(channels::Desktop::on_bus(id.into(), timeout, address.to_owned()))
    };
    let kind = Kind {
        good: on("good", LONG, &well.address),
        heard: Box::new(move || {
            let note = told.recv_timeout(LONG).unwrap();
            format!("{}\n{}\n", note.title, note.text)
        }),
        stuck: on("stuck", FOR_EVER, &mute.address),
        bad: vec![
            (on("hangs", SHORT, &mute.address), "no answer within"),
            (on("bus-hangs", SHORT, &format!("unix:path={bus}")), "no answer within"),
            (on("refuses", LONG, "unix:path=/nonexistent/bus"), "cannot be reached"),
            (on("fails", LONG, &failing.address), "the screen is full"),
        ],
    };
    stands_alone(&scene, kind);
}
