//! A bus of our own, and a small notification service on it that plays well, or plays badly.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use channels::Desktop;
use zbus::blocking::connection::{Builder, Connection};
use zbus::zvariant::OwnedValue;

/// A bus that ends with the test.
pub(crate) struct Bus {
    daemon: Child,
    pub(crate) address: String,
}

impl Bus {
    /// None where there is no `dbus-daemon`.
    #[expect(clippy::print_stderr, reason = "it says why a test is left out")]
    pub(crate) fn start() -> Option<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .inspect_err(|_| eprintln!("left out: there is no dbus-daemon here"))
            .ok()?;
        let mut address = String::new();
        BufReader::new(daemon.stdout.take()?).read_line(&mut address).ok()?;
        Some(Self { daemon, address: address.trim().to_owned() })
    }

    pub(crate) fn desktop(&self, id: &str, timeout: Duration) -> Desktop {
        Desktop::on_bus(id.into(), timeout, self.address.clone())
    }

    /// Puts a notification service on the bus; passes on what it shows.
    pub(crate) fn serve(&self, plays: Plays) -> (Connection, Receiver<Note>) {
        let (tell, told) = channel();
        let connection = Builder::address(self.address.as_str())
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .serve_at("/org/freedesktop/Notifications", Notifications { plays, tell })
            .unwrap()
            .build()
            .unwrap();
        (connection, told)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

/// What a notification service does with a note.
#[derive(Clone, Copy)]
pub(crate) enum Plays {
    Well,
    /// It never answers.
    Silent,
    /// It answers that it cannot.
    Failing,
}

/// What is on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) program: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) urgency: Option<u8>,
}

struct Notifications {
    plays: Plays,
    tell: Sender<Note>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "the interface is what it is")]
    async fn notify(
        &self,
        app: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        _actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> zbus::fdo::Result<u32> {
        match self.plays {
            Plays::Well => {
                let urgency = hints.get("urgency").and_then(|value| u8::try_from(value).ok());
                self.tell.send(Note { program: app, title: summary, text: body, urgency }).unwrap();
                Ok(1)
            }
            Plays::Silent => std::future::pending().await,
            Plays::Failing => Err(zbus::fdo::Error::Failed("500: the screen is full".into())),
        }
    }
}
