//! Alerts through the whole program: what is told arrives, and a channel that does not work is seen wherever a person
//! looks.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::daemon::ask;
use crate::scene::{Scene, wait_until};
use crate::serve::Daemon;

/// A server that answers every request with this status; gives its port.
fn server(status: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.expect("somebody connects"));
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let said = line.to_lowercase();
                length =
                    said.strip_prefix("content-length: ").map_or(length, |n| n.trim().parse().unwrap_or(0));
                line.clear();
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let _ = write!(reader.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        }
    });
    port
}

/// A port at which nobody listens.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("there is a port")
        .port()
}

/// A home with a channel that works (it writes down what it is told), and one to each of these ports.
fn scene(ports: &[(&str, u16)]) -> Scene {
    let scene = Scene::bare();
    fs::create_dir(scene.home().join("me")).expect("the home is ours");
    let mut settings =
        "[channels.good]\nkind = 'command'\ncommand = ['sh', '-c', 'cat >> told; echo >> told']\n".to_owned();
    for (id, port) in ports {
        let url = format!("http://127.0.0.1:{port}/");
        settings.push_str(&format!("[channels.{id}]\nkind = 'webhook'\nurl = '{url}'\ntimeout = '10s'\n"));
    }
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    scene
}

/// What the channel that works was told.
fn told(scene: &Scene) -> Vec<Value> {
    let text = fs::read_to_string(scene.home().join("me/told")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_channel_is_tried_by_command_and_by_the_api_and_what_came_of_it_is_said() {
    let scene =
        scene(&[("works", server("204 No Content")), ("fails", server("500 Oops")), ("away", nobody())]);
    scene.instep("alerts test works").expect(0).says(&["\"works\" works"]);
    scene.instep("alerts test fails").expect(3).says(&["\"fails\" did not work", "500"]);
    scene.instep("alerts test away").expect(3).says(&["\"away\" did not work", "efused"]);
    scene
        .instep("alerts test nobody")
        .expect(2)
        .says(&["no channel 'nobody'", "there are: good, works, fails, away"]);
    scene.instep("alerts test good").expect(0);
    assert_eq!(told(&scene)[0]["occasion"], "test");
    let _daemon = Daemon::start(&scene);
    let test = |channel: &str| ask(&scene, "POST", &format!("/channels/{channel}/test"), &Value::Null);
    assert_eq!(test("works").0, 204);
    let (status, fault) = test("fails");
    assert_eq!((status, &fault["code"]), (424, &"channel_failed".into()), "{fault}");
    assert!(
        fault["detail"].as_str().is_some_and(|detail| detail.contains("500")) && fault["fix"].is_string()
    );
    assert_eq!(test("nobody").0, 400);
}

#[test]
fn a_channel_that_does_not_work_is_told_by_the_others_and_listed_by_command_and_api() {
    // Neither can get better by itself, so that neither is tried again.
    let scene = scene(&[("gone", server("404 Not Found")), ("locked", server("401 Who"))]);
    let _daemon = Daemon::start(&scene);
    scene.instep("run nightly -- false").expect(1);
    let titles = |scene: &Scene| -> Vec<String> {
        let title = |notice: &Value| notice["title"].as_str().unwrap_or_default().to_owned();
        told(scene).iter().map(title).collect()
    };
    let troubles = ["gone", "locked"].map(|id| format!("Alerts do not get through by '{id}'"));
    wait_until(|| troubles.iter().all(|trouble| titles(&scene).contains(trouble)));
    assert_eq!(titles(&scene)[0], "nightly: failed");
    let listed = scene.instep("alerts").expect(0).says(&["instep alerts test gone", "404", "401"]);
    assert!(troubles.iter().all(|trouble| listed.stdout.contains(trouble)), "{listed:?}");
    let (_, channels) = ask(&scene, "GET", "/channels", &Value::Null);
    let state = |id: &str| {
        let channels = channels["channels"].as_array().expect("a list");
        channels.iter().find(|channel| channel["id"] == id).expect("it is there").clone()
    };
    assert_eq!((&state("gone")["state"], &state("good")["state"]), (&"broken".into(), &"works".into()));
    assert!(
        state("locked")["trouble"].as_str().is_some_and(|why| why.contains("another token")),
        "{channels}"
    );
    let (_, alerts) = ask(&scene, "GET", "/alerts", &Value::Null);
    let alerts = alerts["alerts"].as_array().expect("a list");
    assert!(
        troubles.iter().all(|trouble| alerts.iter().any(|alert| alert["title"] == **trouble)),
        "{alerts:?}"
    );
    // A synchronization knows nothing of it.
    scene.instep("run nightly -- true").expect(0);
    wait_until(|| titles(&scene).contains(&"nightly: back to normal".to_owned()));
}
