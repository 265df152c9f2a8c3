//! Syncthing itself, on loopback: nothing leaves this machine.

#![expect(clippy::expect_used, reason = "a test that cannot set its scene has failed")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A Syncthing of its own with one folder, `notes-id` ("Notes"), which it shares with another one.
pub struct Syncthing {
    home: TempDir,
    id: String,
    /// Where its API answers.
    pub port: u16,
    listen: u16,
    process: Option<Child>,
}

/// A port that nobody has just now.
fn port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    socket.expect("loopback has a free port").port()
}

impl Syncthing {
    /// The key of the API of each.
    pub const KEY: &'static str = "a-key-that-nobody-sees";

    /// With its keys and an empty folder; it does not run yet.
    ///
    /// # Panics
    /// Syncthing is not installed.
    #[expect(clippy::new_without_default, reason = "it makes directories and keys")]
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("there is room in /tmp");
        fs::create_dir_all(home.path().join("folder/.stfolder")).expect("it is ours");
        let settings = format!("--home={}", home.path().join("st").display());
        let ask = |words: &[&str]| {
            let output = Command::new("syncthing").args(words).env("HOME", home.path()).output();
            let output = output.expect("syncthing is not installed: `cargo xtask test` installs it");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        ask(&["generate", &settings]);
        let id = ask(&[&settings, "--device-id"]);
        Self { home, id, port: port(), listen: port(), process: None }
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("folder")
    }

    /// The directory of its settings.
    pub fn settings(&self) -> PathBuf {
        self.home.path().join("st")
    }

    /// Where its API answers.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it, known to the other one.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(&mut self, other: &Self) {
        let config = format!(
            "<configuration version=\"35\">\
             <folder id=\"notes-id\" label=\"Notes\" path=\"{}\" type=\"sendreceive\" rescanIntervalS=\"3600\" \
             fsWatcherEnabled=\"false\"><maxConflicts>10</maxConflicts><device id=\"{}\"/><device id=\"{}\"/></folder>\
             <device id=\"{}\" name=\"me\"/>\
             <device id=\"{}\" name=\"other\"><address>tcp://127.0.0.1:{}</address></device>\
             <gui enabled=\"true\" tls=\"false\"><address>127.0.0.1:{}</address><apikey>{}</apikey></gui>\
             <options><listenAddress>tcp://127.0.0.1:{}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>\
             <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled>\
             <natEnabled>false</natEnabled><urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH>\
             <crashReportingEnabled>false</crashReportingEnabled><reconnectionIntervalS>1</reconnectionIntervalS>\
             <startBrowser>false</startBrowser></options></configuration>",
            self.folder().display(),
            self.id,
            other.id,
            self.id,
            other.id,
            other.listen,
            self.port,
            Self::KEY,
            self.listen,
        );
        fs::write(self.settings().join("config.xml"), config).expect("it is ours");
        let mut command = Command::new("syncthing");
        command.arg(format!("--home={}", self.settings().display()));
        command.args(["--no-browser", "--no-restart", "--no-upgrade"]).env("HOME", self.home.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        // Itself, not a process that watches over it: what is killed is gone.
        self.process = Some(command.env("STMONITORED", "yes").spawn().expect("it starts"));
    }

    /// Has it look at its folder, and waits until it has.
    ///
    /// # Panics
    /// It does not answer.
    pub fn rescan(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it answers");
        let key = Self::KEY;
        write!(
            stream,
            "POST /rest/db/scan?folder=notes-id HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Ends it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Syncthing {
    fn drop(&mut self) {
        self.stop();
    }
}
