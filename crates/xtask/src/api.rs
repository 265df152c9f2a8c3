//! `cargo xtask api`: what the API's document promises, asked of the running daemon by Schemathesis, with each role.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell;

/// The version that is installed; another one asks other questions.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const VENV: &str = "target/schemathesis";
/// What must never be: an error of the service, and an answer that the document does not know.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
response_headers_conformance,response_schema_conformance,unsupported_method";
/// How often it is asked whether the daemon is there.
const PATIENCE: u32 = 300;

/// How much is asked.
struct Plan {
    roles: &'static [&'static str],
    phases: &'static str,
}

/// Every operation with examples of every kind.
const LONG: Plan = Plan { roles: &["viewer", "operator", "admin"], phases: "examples,coverage,fuzzing" };
/// What each value may be and may not be: for every check of a change.
const SHORT: Plan = Plan { roles: &["viewer", "admin"], phases: "examples,coverage" };

/// Asks what the document allows and what it forbids, the same each time. `--short` asks less; further `words` go to
/// Schemathesis.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (plan, words) = match words {
        ["--short", rest @ ..] => (SHORT, rest),
        words => (LONG, words),
    };
    let tester = format!("{VENV}/bin/schemathesis");
    if !shell::succeeds(&[&tester, "--version"]) {
        shell::run(&["python3", "-m", "venv", VENV])?;
        shell::run(&[&format!("{VENV}/bin/pip"), "install", "--quiet", SCHEMATHESIS])?;
    }
    shell::run(&["cargo", "build", "-p", "instep"])?;
    let mut broken = Vec::new();
    for &role in plan.roles {
        println!("\nas {role}");
        // What one role leaves behind is nothing to the next.
        let daemon = Daemon::start()?;
        let token = daemon.token(role)?;
        let (document, header) =
            (format!("{}/api/v1/openapi.json", daemon.base), format!("Authorization: Bearer {token}"));
        let mut command =
            vec![tester.as_str(), "run", document.as_str(), "--header", header.as_str(), "--checks", CHECKS];
        command.extend(["--phases", plan.phases, "--generation-deterministic", "--max-examples", "30"]);
        command.extend(["--continue-on-failure", "--request-timeout", "30", "--rate-limit", "150/s"]);
        // A stream without an end, lines that it cannot write, and its own token, which it finds in the list.
        command.extend(["--exclude-operation-id", "stream", "--exclude-operation-id", "lines"]);
        command.extend(["--exclude-operation-id", "revoke_token", "--warnings", "off"]);
        command.extend(words);
        let status = shell::command(&command).status().context("cannot start Schemathesis")?;
        if !status.success() {
            broken.push(role);
        }
    }
    if !broken.is_empty() {
        bail!("the API does not keep what its document says, asked as {}", broken.join(", "));
    }
    Ok(())
}

/// The real daemon in a home of its own.
struct Daemon {
    process: Child,
    home: PathBuf,
    base: String,
}

impl Daemon {
    fn start() -> Result<Self> {
        // A port that is free now is free a moment later.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let home = shell::root().join(format!("target/api-{}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(home.join("a"))?;
        fs::create_dir_all(home.join("b"))?;
        fs::write(home.join("a/file"), "content")?;
        fs::write(home.join("instep.toml"), settings(&home, &address.to_string()))?;
        let process = program()
            .arg("serve")
            .env("INSTEP_HOME", &home)
            .env("INSTEP_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start the daemon")?;
        let daemon = Self { process, home, base: format!("http://{address}") };
        for _ in 0..PATIENCE {
            if TcpStream::connect(address).is_ok() {
                // Something to look at: a run of folders, and one of a command with a log.
                daemon.say(&["sync", "photos", "--yes", "--quiet"])?;
                daemon.say(&["run", "job", "--", "echo", "50%"])?;
                return Ok(daemon);
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("the daemon did not begin to listen")
    }

    fn say(&self, words: &[&str]) -> Result<String> {
        let output = program().args(words).env("INSTEP_HOME", &self.home).output()?;
        if !output.status.success() {
            bail!("`instep {}`: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn token(&self, role: &str) -> Result<String> {
        let told = self.say(&["serve", "token", "add", "schemathesis", "--role", role])?;
        let token = told.split_ascii_whitespace().next().context("no token was told")?;
        Ok(token.to_owned())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn program() -> Command {
    Command::new(shell::root().join("target/debug/instep"))
}

fn settings(home: &Path, address: &str) -> String {
    let home = home.display();
    format!(
        "[server]\nlisten = [\"{address}\"]\n\n[items.photos]\na = \"{home}/a\"\nb = \"{home}/b\"\n\
         schedule = {{ cron = \"30 2 * * *\" }}\n\n[channels.hook]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n\n\
         [secrets]\nkeyring = false\n"
    )
}
