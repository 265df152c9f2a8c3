//! Syncthing itself, on loopback: nothing leaves this machine.

#![expect(clippy::expect_used, reason = "a test that cannot set its scene has failed")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A Syncthing of its own with one folder, `notes-id` ("Notes"), which it shares with another one.
pub struct Syncthing {
    home: PathBuf,
    folder: PathBuf,
    /// What must be in the folder, else it is taken for gone.
    marker: &'static str,
    _room: Option<TempDir>,
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
        let room = tempfile::tempdir().expect("there is room in /tmp");
        let folder = room.path().join("folder");
        fs::create_dir_all(folder.join(".stfolder")).expect("it is ours");
        let mut this = Self::of(room.path(), &folder);
        (this.marker, this._room) = (".stfolder", Some(room));
        this
    }

    /// That of a home, for a folder that is there already. What it knows of it stays in the home.
    ///
    /// # Panics
    /// Syncthing is not installed.
    pub fn of(home: &Path, folder: &Path) -> Self {
        let settings = format!("--home={}", home.join("st").display());
        let ask = |words: &[&str]| {
            let output = Command::new("syncthing").args(words).env("HOME", home).output();
            let output = output.expect("syncthing is not installed: `cargo xtask test` installs it");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        if !home.join("st/cert.pem").exists() {
            ask(&["generate", &settings]);
        }
        let id = ask(&[&settings, "--device-id"]);
        let (home, folder) = (home.to_owned(), folder.to_owned());
        Self { home, folder, marker: ".", _room: None, id, port: port(), listen: port(), process: None }
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The directory of its settings.
    pub fn settings(&self) -> PathBuf {
        self.home.join("st")
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
             fsWatcherEnabled=\"false\"><markerName>{}</markerName><minDiskFree unit=\"%\">0</minDiskFree>\
             <maxConflicts>10</maxConflicts><device id=\"{}\"/><device id=\"{}\"/></folder>\
             <device id=\"{}\" name=\"me\"/>\
             <device id=\"{}\" name=\"other\"><address>tcp://127.0.0.1:{}</address></device>\
             <gui enabled=\"true\" tls=\"false\"><address>127.0.0.1:{}</address><apikey>{}</apikey></gui>\
             <options><listenAddress>tcp://127.0.0.1:{}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>\
             <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled>\
             <natEnabled>false</natEnabled><urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH>\
             <crashReportingEnabled>false</crashReportingEnabled><reconnectionIntervalS>1</reconnectionIntervalS>\
             <startBrowser>false</startBrowser></options></configuration>",
            self.folder.display(),
            self.marker,
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
        command.args(["--no-browser", "--no-restart", "--no-upgrade"]).env("HOME", &self.home);
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        // Itself, not a process that watches over it: what is killed is gone.
        self.process = Some(command.env("STMONITORED", "yes").spawn().expect("it starts"));
    }

    /// Whether its API answers.
    pub fn answers(&self) -> bool {
        self.ask("GET", "system/ping").is_some()
    }

    /// Has it look at its folder, and waits until it has.
    ///
    /// # Panics
    /// It does not answer.
    pub fn rescan(&self) {
        self.ask("POST", "db/scan?folder=notes-id").expect("it answers");
    }

    /// Whether the other one has all that this one has, as far as it knows.
    pub fn is_done_with(&self, other: &Self) -> bool {
        let completion = self.ask("GET", &format!("db/completion?folder=notes-id&device={}", other.id));
        completion.is_some_and(|said| {
            ["completion\": 100,", "needItems\": 0,", "needDeletes\": 0,"]
                .iter()
                .all(|word| said.contains(word))
        })
    }

    /// Has it end by itself, and waits until it has.
    ///
    /// # Panics
    /// It does not answer.
    pub fn shut_down(&mut self) {
        self.ask("POST", "system/shutdown").expect("it answers");
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
    }

    /// What its API says; none if it does not answer or refuses.
    fn ask(&self, method: &str, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let key = Self::KEY;
        // Of that version, so that the answer comes as it is, and ends with the connection.
        write!(
            stream,
            "{method} /rest/{path} HTTP/1.0\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Length: 0\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.split(' ').nth(1).filter(|code| *code == "200").map(|_| body.to_owned())
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
