//! What reporting costs a program that is not the center: a stream of lines and single calls on the local socket, beside a
//! unary call of gRPC on a socket and a method call over a bus of D-Bus.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::daemon::Daemon;
use crate::{cpu, dbus, grpc, median, path};

/// Reports of one round.
const REPORTS: u64 = 3_000_000;
/// How much a program says at once.
const PART: usize = 64 * 1024;
const ROUNDS: usize = 5;
const CALLS: u64 = 20_000;

pub(crate) fn run() -> Result<()> {
    let home = tempfile::tempdir()?;
    std::fs::write(home.path().join("instep.toml"), "")?;
    let daemon = Daemon::start(home.path())?;
    let screen = Screen::open(daemon.socket())?;
    stream(&daemon)?;
    println!("{:60}  {:.1}", "changes a second that the screen got", screen.per_second());
    println!("\none call at a time, answered; median");
    call(&daemon)?;
    drop(screen);
    grpc::call(home.path(), CALLS)?;
    dbus::call(CALLS)
}

/// Prints how long one call takes.
pub(crate) fn tell_calls(what: &str, times: &mut [f64]) {
    println!("{what:60}  {:.1} us", median(times) * 1e6);
}

/// A stream of reports on one connection, while a screen follows.
fn stream(daemon: &Daemon) -> Result<()> {
    let mut rates = Vec::new();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        let run = open(daemon)?;
        let before = (cpu()?, daemon.cpu()?);
        let begun = Instant::now();
        say(daemon.socket(), run)?;
        rates.push(REPORTS as f64 / begun.elapsed().as_secs_f64());
        ours += cpu()? - before.0;
        theirs += daemon.cpu()? - before.1;
    }
    let all = REPORTS as f64 * ROUNDS as f64;
    println!("{:60}  {:.0}", "streamed reports a second, a screen follows; median", median(&mut rates));
    println!(
        "{:60}  {:.2} us, {:.2} us",
        "computing of a report: the center, the program",
        theirs / all * 1e6,
        ours / all * 1e6
    );
    Ok(())
}

fn open(daemon: &Daemon) -> Result<u64> {
    let opened = daemon.post("/sessions", &json!({ "items": [{ "item": "photos" }] }))?;
    opened["run"].as_u64().context("no session")
}

/// Lines as programs write them, in parts of a chunked body; what is answered is read meanwhile.
fn say(socket: &Path, run: u64) -> Result<()> {
    let mut out = UnixStream::connect(socket)?;
    let answers = BufReader::new(out.try_clone()?);
    let listener = thread::spawn(move || heard(answers));
    write!(
        out,
        "POST /api/v1/sessions/{run}/stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )?;
    let mut part = Vec::with_capacity(PART + 256);
    for n in 0..REPORTS {
        let text = path(n);
        writeln!(
            part,
            r#"{{"call":"progress","item":"photos","text":"{text}","step":{n},"max":{REPORTS}}}"#
        )?;
        if part.len() >= PART {
            send(&mut out, &mut part)?;
        }
    }
    writeln!(part, r#"{{"call":"progress","item":"photos","status":"succeeded"}}"#)?;
    writeln!(part, r#"{{"call":"end"}}"#)?;
    send(&mut out, &mut part)?;
    out.write_all(b"0\r\n\r\n")?;
    let read = listener.join().map_err(|_| anyhow::anyhow!("the listener panicked"))??;
    ensure!(read == REPORTS + 2, "the center read {read} lines of {}", REPORTS + 2);
    Ok(())
}

fn send(out: &mut UnixStream, part: &mut Vec<u8>) -> Result<()> {
    write!(out, "{:x}\r\n", part.len())?;
    part.extend_from_slice(b"\r\n");
    out.write_all(part)?;
    part.clear();
    Ok(())
}

/// How many lines were read, by the last word about it.
fn heard(answers: BufReader<UnixStream>) -> Result<u64> {
    let mut read = 0;
    for line in answers.lines() {
        let line = line?;
        ensure!(!line.contains("\"fault\""), "refused: {line}");
        if let Some(rest) = line.strip_prefix("{\"read\":") {
            read = rest.split(',').next().unwrap_or_default().parse()?;
        }
    }
    Ok(read)
}

/// Single calls on one connection, one after the other.
fn call(daemon: &Daemon) -> Result<()> {
    let run = open(daemon)?;
    let mut stream = UnixStream::connect(daemon.socket())?;
    let mut answer = [0; 16 * 1024];
    let mut times = Vec::new();
    for n in 0..CALLS {
        let text = path(n);
        let begun = Instant::now();
        let body =
            format!(r#"{{"call":"progress","item":"photos","text":"{text}","step":{n},"max":{CALLS}}}"#);
        let request = format!(
            "POST /api/v1/sessions/{run}/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let length = stream.read(&mut answer)?;
        times.push(begun.elapsed().as_secs_f64());
        let text = String::from_utf8_lossy(&answer[..length]);
        ensure!(text.starts_with("HTTP/1.1 200") && text.ends_with('}'), "refused: {text}");
    }
    tell_calls("a report to the center, HTTP on its socket", &mut times);
    Ok(())
}

/// Somebody who looks on.
struct Screen {
    begun: Instant,
    changes: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
}

impl Screen {
    fn open(socket: &Path) -> Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let (changes, closed) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let screen =
            Self { begun: Instant::now(), changes: Arc::clone(&changes), closed: Arc::clone(&closed) };
        thread::spawn(move || {
            let mut part = [0; 64 * 1024];
            while !closed.load(Ordering::Relaxed) {
                let Ok(length) = stream.read(&mut part) else { continue };
                let news = part[..length].windows(6).filter(|word| word == b"data: ").count();
                changes.fetch_add(news as u64, Ordering::Relaxed);
            }
        });
        Ok(screen)
    }

    fn per_second(&self) -> f64 {
        self.changes.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
