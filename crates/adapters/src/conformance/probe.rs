//! A bare connection with a handler, for what no center would say.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::{Value, json};
use wire::rpc::handler::PartnerPage;
use wire::rpc::{MAX_LINE, VERSION};

use super::{Findings, Trial};
use crate::host::HandlerSpec;
use crate::host::bare::{Pipes, Process};

/// A process and its lines.
struct Probe<'t> {
    trial: &'t Trial,
    process: Process,
    output: Option<File>,
    lines: Receiver<String>,
    exited: Receiver<()>,
    /// What the handler is told of its settings.
    settings: Value,
    items: Value,
    handler: String,
    partner: Option<String>,
}

impl<'t> Probe<'t> {
    fn start(spec: &HandlerSpec, trial: &'t Trial) -> Result<Self, String> {
        let command = spec.command.as_deref().unwrap_or_default();
        let (process, pipes) = Process::start(spec, command).map_err(|problem| problem.to_string())?;
        let Pipes { input, output, log, exited } = pipes;
        let (said, lines) = mpsc::channel();
        thread::spawn(move || {
            // A line that never ends must not fill the memory.
            let mut reader = BufReader::new(File::from(input));
            loop {
                let mut line = Vec::new();
                match reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line) {
                    Ok(count) if count > 0 => {}
                    _ => return,
                }
                if said.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        if let Some(log) = log {
            thread::spawn(move || std::io::copy(&mut File::from(log), &mut std::io::sink()));
        }
        let (gone, over) = mpsc::channel();
        if let Some(exited) = exited {
            thread::spawn(move || {
                let mut fds = [rustix::event::PollFd::new(&exited, rustix::event::PollFlags::IN)];
                while let Err(rustix::io::Errno::INTR) = rustix::event::poll(&mut fds, None) {}
                // Whoever watched may be satisfied already.
                let _ = gone.send(());
            });
        }
        Ok(Self {
            trial,
            process,
            output: Some(File::from(output)),
            lines,
            exited: over,
            settings: json!(spec.settings),
            items: json!(spec.items),
            handler: spec.id.to_string(),
            partner: spec.collection.as_ref().and_then(|of| of.partner.clone()),
        })
    }

    /// Sends a line; one that cannot be sent shows in what does not come back.
    fn send(&mut self, line: &str) {
        if let Some(output) = &mut self.output {
            let _ = output.write_all(line.as_bytes()).and_then(|()| output.write_all(b"\n"));
        }
    }

    fn ask(&mut self, id: &Value, method: &str, params: &Value) -> Result<Value, String> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        let until = Instant::now() + self.trial.answer;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|why| match why {
                mpsc::RecvTimeoutError::Timeout => {
                    format!("'{method}' was not answered within {} s", self.trial.answer.as_secs())
                }
                mpsc::RecvTimeoutError::Disconnected => format!("it ended instead of answering '{method}'"),
            })?;
            // What it says besides is none of the probe's affair.
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if message.get("method").is_none() && message["id"] == *id {
                return Ok(message);
            }
        }
    }

    fn initialize(&mut self, version: &str) -> Result<Value, String> {
        let mut params = json!({
            "protocol": version,
            "center": {"name": "instep", "version": env!("CARGO_PKG_VERSION"), "mood": "curious"},
            "handler": self.handler,
            "limits": {"line": MAX_LINE, "bad_lines": 100, "events_per_second": 1000, "lease": 60, "stop": 10, "jokes": 3},
            "settings": self.settings, "items": self.items, "abilities": ["of_tomorrow"], "of": {"tomorrow": [1, 2, 3]},
        });
        if let Some(partner) = &self.partner {
            params["partner"] = json!(partner);
        }
        self.ask(&json!(1), "initialize", &params)
    }

    fn exits(&self) -> bool {
        self.exited.recv_timeout(self.trial.exit).is_ok()
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.reap();
    }
}

fn started<'t>(spec: &HandlerSpec, trial: &'t Trial) -> Result<Probe<'t>, String> {
    let mut probe = Probe::start(spec, trial)?;
    probe.initialize(&VERSION.to_string())?;
    Ok(probe)
}

/// Tries the handshake; gives whether it is a collection.
pub(super) fn handshake(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) -> bool {
    let answered = Probe::start(spec, trial).and_then(|mut probe| probe.initialize(&VERSION.to_string()));
    match answered {
        Ok(message) if message["result"]["protocol"].is_string() => {
            findings.held("P1");
            let abilities = message["result"]["abilities"].as_array();
            return abilities.is_some_and(|all| all.contains(&json!("collection")));
        }
        Ok(message) => findings.broken("P1", format!("the answer has no protocol version: {message}")),
        Err(why) => findings.broken("P1", why),
    }
    false
}

/// The partners that a process of a collection lists.
pub(super) fn partners(spec: &HandlerSpec, trial: &Trial) -> Result<Vec<String>, String> {
    let mut probe = started(spec, trial)?;
    let (mut partners, mut after) = (Vec::new(), Value::Null);
    for page in 2..1000 {
        let params = if after.is_null() { json!({}) } else { json!({ "after": after }) };
        let message = probe.ask(&json!(page), "list_partners", &params)?;
        let result = message.get("result").cloned().unwrap_or_default();
        let told: PartnerPage = serde_json::from_value(result)
            .map_err(|why| format!("the answer to 'list_partners' cannot be read: {why}: {message}"))?;
        partners.extend(told.partners);
        match told.next {
            Some(next) => after = json!(next),
            None => return Ok(partners),
        }
    }
    Err("'list_partners' has no last page".into())
}

pub(super) fn versions(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) {
    let offered = [VERSION.to_string(), format!("{}.{}", VERSION.major, VERSION.minor + 99)];
    for offer in offered {
        let answer = Probe::start(spec, trial).and_then(|mut probe| probe.initialize(&offer));
        let spoken = answer.map(|message| message["result"]["protocol"].as_str().map(str::to_owned));
        match spoken {
            Ok(Some(version)) => match version.parse::<wire::rpc::Version>() {
                Ok(version) if version.major == VERSION.major && version <= VERSION => findings.held("P2"),
                Ok(version) if version.major == VERSION.major && offer == version.to_string() => {
                    findings.held("P2");
                }
                _ => findings.broken("P2", format!("it was offered {offer} and answered {version}")),
            },
            Ok(None) => findings.broken("P2", format!("it was offered {offer} and refused")),
            Err(why) => findings.broken("P2", why),
        }
    }
    let newer = format!("{}.0", VERSION.major + 1);
    let answer = Probe::start(spec, trial).and_then(|mut probe| probe.initialize(&newer));
    // It may refuse, go away, or say what it speaks; it must not say that it speaks what does not exist yet.
    if let Ok(message) = answer
        && message["result"]["protocol"].as_str() == Some(newer.as_str())
    {
        findings.broken("P2", format!("it claims to speak version {newer}"));
    }
}

pub(super) fn strange_input(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) {
    let mut probe = match started(spec, trial) {
        Ok(probe) => probe,
        Err(why) => return findings.broken("P1", why),
    };
    match probe.ask(&json!(2), "foretell_weather", &json!({"where": "here"})) {
        Ok(message) if message["error"]["code"] == -32601 => findings.held("P3"),
        Ok(message) => findings.broken("P3", format!("it answered {message}")),
        Err(why) => findings.broken("P3", why),
    }
    match probe.ask(&json!(3), "get_handler", &json!({"of": "tomorrow", "deep": [[1], {"x": null}]})) {
        Ok(message) if message["result"]["name"].is_string() => findings.held("P4"),
        Ok(message) => findings.broken("P4", format!("'get_handler' with a further member: {message}")),
        Err(why) => findings.broken("P4", why),
    }
    let longest = "\u{e9}".repeat(63);
    let id = json!(9_007_199_254_740_991_u64);
    match probe.ask(&id, "get_item", &json!({"item": longest})) {
        Ok(message) if message.get("error").is_none_or(|error| error["code"] != -32700) => {
            findings.held("P10")
        }
        Ok(message) => findings.broken("P10", format!("it answered {message}")),
        Err(why) => findings.broken("P10", why),
    }
    for line in [
        "garbage",
        "{\"jsonrpc\":\"2.0\"",
        "[]",
        "7",
        "null",
        "",
        "{}",
        "{\"jsonrpc\":\"2.0\",\"id\":987654321,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"session\":987654321}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"session\":\"one\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"foretell_weather\"}",
    ] {
        probe.send(line);
    }
    probe.send(&"x".repeat(MAX_LINE * 2));
    match probe.ask(&json!(4), "get_handler", &json!({})) {
        Ok(_) => findings.held("P5"),
        Err(why) => findings.broken("P5", format!("after lines that are no messages {why}")),
    }
}

pub(super) fn endings(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) {
    match started(spec, trial) {
        Ok(mut probe) => {
            let _ = probe.ask(&json!(2), "shutdown", &json!({}));
            if probe.exits() {
                findings.held("P7");
            } else {
                findings.broken("P7", format!("it went on for {} s after 'shutdown'", trial.exit.as_secs()));
            }
        }
        Err(why) => findings.broken("P7", why),
    }
    match started(spec, trial) {
        Ok(mut probe) => {
            probe.output = None;
            if probe.exits() {
                findings.held("P8");
            } else {
                findings.broken(
                    "P8",
                    format!("it went on for {} s after the center had gone", trial.exit.as_secs()),
                );
            }
        }
        Err(why) => findings.broken("P8", why),
    }
}
