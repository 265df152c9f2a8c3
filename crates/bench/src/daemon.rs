//! The real daemon in a home of its own, asked as any program would ask it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ends when it is dropped.
pub(crate) struct Daemon {
    process: Child,
    socket: PathBuf,
}

impl Daemon {
    /// Starts the program that was built beside this one, and waits until it answers.
    pub(crate) fn start(home: &Path) -> Result<Self> {
        let program = program()?;
        let log = File::create(home.join("daemon.log"))?;
        let process = Command::new(&program)
            .arg("serve")
            .env("INSTEP_HOME", home)
            .env("INSTEP_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut daemon = Self { process, socket: home.join("state/instep.sock") };
        let begun = Instant::now();
        while daemon.get("/version").is_err() {
            if daemon.process.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                let log = fs::read_to_string(home.join("daemon.log")).unwrap_or_default();
                bail!("the daemon did not begin to answer: {log}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks and reads the whole answer.
    pub(crate) fn get(&self, path: &str) -> Result<Vec<u8>> {
        self.ask("GET", path, None)
    }

    /// Says something and reads what is answered.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        Ok(serde_json::from_slice(&self.ask("POST", path, Some(&body.to_string()))?)?)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        let body = body.unwrap_or_default();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no answer")? + 4;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        if !head.starts_with("HTTP/1.1 2") {
            bail!("{method} {path}: {head}{}", String::from_utf8_lossy(&answer[end..]));
        }
        Ok(answer.split_off(end))
    }

    /// The seconds that its process has computed so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        // After the name: user and system time are the twelfth and thirteenth, in hundredths of a second.
        let ticks: f64 = fields
            .split_ascii_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Ok(ticks / 100.0)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It was there for its figures alone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program of the same build.
fn program() -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let program = me.with_file_name("instep");
    let flags: &[&str] =
        if me.parent().is_some_and(|dir| dir.ends_with("release")) { &["--release"] } else { &[] };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--quiet", "-p", "instep"]).args(flags).status()?;
    if !built.success() {
        bail!("the program cannot be built");
    }
    Ok(program)
}
