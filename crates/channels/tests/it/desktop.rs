//! Notes on a desktop: on a bus of our own, with a small notification service.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use center::{Channel, Notice};
use channels::Desktop;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedValue;

use crate::servers::LONG;

/// A bus that ends with the test.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    /// None where there is no `dbus-daemon`.
    fn start() -> Option<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut address = String::new();
        BufReader::new(daemon.stdout.take()?).read_line(&mut address).ok()?;
        Some(Self { daemon, address: address.trim().to_owned() })
    }

    fn desktop(&self) -> Desktop {
        Desktop::on_bus("desktop".into(), Duration::from_secs(10), self.address.clone())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

struct Notifications(Sender<(String, String)>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "the interface is what it is")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        self.0.send((summary.to_owned(), body.to_owned())).unwrap();
        1
    }
}

#[test]
fn a_note_appears_and_its_text_is_no_markup() {
    let Some(bus) = Bus::start() else {
        eprintln!("left out: there is no dbus-daemon here");
        return;
    };
    let (tell, told) = channel();
    let _service = Builder::address(bus.address.as_str())
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", Notifications(tell))
        .unwrap()
        .build()
        .unwrap();
    let mut notice = Notice::test(0);
    notice.alert.title = "Photos: failed".into();
    notice.alert.text = "<b>a&b</b>".into();
    bus.desktop().deliver(&notice).unwrap();
    let note = told.recv_timeout(LONG).unwrap();
    assert_eq!(note, ("Photos: failed".to_owned(), "&lt;b&gt;a&amp;b&lt;/b&gt;".to_owned()));
}

#[test]
fn a_desktop_that_is_not_there_is_said() {
    let Some(bus) = Bus::start() else {
        eprintln!("left out: there is no dbus-daemon here");
        return;
    };
    let undelivered = bus.desktop().deliver(&Notice::test(0)).unwrap_err();
    assert!(undelivered.again && undelivered.why.contains("notification service"), "{}", undelivered.why);
    let nowhere = Desktop::on_bus("d".into(), Duration::from_secs(1), "unix:path=/nonexistent/bus".into());
    assert!(nowhere.deliver(&Notice::test(0)).is_err());
}
