//! `instep service install|uninstall|status`: lets systemd run the daemon.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use errand::Errand;

use crate::args::{Service, ServiceCommand};
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::places::Places;
use crate::render::text::{SafePath, shell_word};
use crate::unit::{self, Manager, NAME};

/// How long systemd may take: to stop the daemon it waits for what runs.
const PATIENCE: Duration = Duration::from_secs(100);

pub(crate) fn run(out: &Out, places: &Places, args: &Service) -> Result<Exit, Failure> {
    let manager = if args.system { Manager::System } else { Manager::User };
    let unit = Unit { manager, path: path(manager, places)? };
    match args.command {
        ServiceCommand::Install { now } => unit.install(out, places, now),
        ServiceCommand::Uninstall => unit.uninstall(out),
        ServiceCommand::Status => Ok(unit.status(out)),
    }
}

/// Where the unit is.
pub(crate) fn path(manager: Manager, places: &Places) -> Result<PathBuf, Failure> {
    match manager {
        Manager::System => Ok(Path::new("/etc/systemd/system").join(NAME)),
        Manager::User => {
            let config =
                std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            let config = config.or_else(|| places.home.as_ref().map(|home| home.join(".config")));
            let config =
                config.ok_or_else(|| Failure::failed("there is no home directory for a service of yours"))?;
            Ok(config.join("systemd/user").join(NAME))
        }
    }
}

struct Unit {
    manager: Manager,
    path: PathBuf,
}

impl Unit {
    fn install(&self, out: &Out, places: &Places, now: bool) -> Result<Exit, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::failed(format!("cannot find out where this program is: {error}")))?;
        let home = self.home(places);
        let text = unit::text(self.manager, &program, home.as_deref()).ok_or_else(|| {
            Failure::failed(format!("the path {} cannot stand in a unit file", SafePath(&program)))
                .tip("install the program at a plain path, such as /usr/local/bin/instep")
        })?;
        let same = fs::read_to_string(&self.path).is_ok_and(|there| there == text);
        if same {
            out.say(format_args!("{} is there already and says the same.", SafePath(&self.path)));
        } else {
            self.write(&text).map_err(|error| self.refused("write", &error))?;
            out.say(format_args!("Wrote {}", SafePath(&self.path)));
        }
        if !is_booted() {
            out.say(format_args!(
                "systemd does not run here, so nobody reads it yet. Without systemd, let whatever starts programs at \
                 the start of the system run this:\n  {} serve",
                shell_word(&SafePath(&program).to_string())
            ));
            return Ok(Exit::Done);
        }
        self.systemctl(&["daemon-reload"])?;
        if now {
            self.systemctl(&["enable", "--now", NAME])?;
            out.say("It runs, and will with every start from now on. `instep service status` shows how it stands.");
        } else {
            out.say(format_args!(
                "To start it now and with every start: {} enable --now {NAME}",
                self.command()
            ));
        }
        if self.manager == Manager::User {
            out.say("It runs while you are logged in. To have it run always: loginctl enable-linger");
        }
        Ok(Exit::Done)
    }

    fn uninstall(&self, out: &Out) -> Result<Exit, Failure> {
        if !self.path.exists() {
            return Err(Failure::usage(format!(
                "there is no service: {} does not exist",
                SafePath(&self.path)
            )));
        }
        if is_booted() {
            self.systemctl(&["disable", "--now", NAME])?;
        }
        fs::remove_file(&self.path).map_err(|error| self.refused("remove", &error))?;
        if is_booted() {
            self.systemctl(&["daemon-reload"])?;
        }
        out.say(format_args!(
            "Removed {}. Settings, results and folders are untouched.",
            SafePath(&self.path)
        ));
        Ok(Exit::Done)
    }

    fn status(&self, out: &Out) -> Exit {
        if !self.path.exists() {
            out.line(format_args!("not installed: {} does not exist", SafePath(&self.path)));
            return Exit::Waiting;
        }
        out.line(format_args!("unit:    {}", SafePath(&self.path)));
        if !is_booted() {
            out.line("systemd does not run here");
            return Exit::Waiting;
        }
        let (enabled, active) = (self.word("is-enabled"), self.word("is-active"));
        out.line(format_args!("enabled: {enabled}"));
        out.line(format_args!("active:  {active}"));
        if active == "active" { Exit::Done } else { Exit::Waiting }
    }

    /// The home that the daemon is to have. The system's own has one of its own: root's is nobody's.
    fn home(&self, places: &Places) -> Option<PathBuf> {
        let chosen = std::env::var_os("INSTEP_HOME").filter(|home| !home.is_empty());
        match (chosen, self.manager) {
            (Some(_), _) => places.settings.parent().map(Path::to_owned),
            (None, Manager::System) => Some("/var/lib/instep".into()),
            (None, Manager::User) => None,
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent)?;
        }
        let new = self.path.with_extension("service.new");
        fs::write(&new, text)?;
        fs::rename(&new, &self.path)
    }

    fn refused(&self, verb: &str, error: &io::Error) -> Failure {
        let failure =
            Failure::failed(format!("cannot {verb} {}: {}", SafePath(&self.path), syncmgr::reason(error)));
        match self.manager {
            Manager::System => {
                failure.tip("the system's services are root's: use sudo, or leave out --system")
            }
            Manager::User => failure,
        }
    }

    fn command(&self) -> &'static str {
        self.manager.command()
    }

    fn systemctl(&self, words: &[&str]) -> Result<Vec<u8>, Failure> {
        let mut args: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if self.manager == Manager::User {
            args.insert(0, "--user".to_owned());
        }
        let errand = Errand {
            program: "systemctl",
            args: &args,
            input: b"",
            directory: None,
            env: &[],
            timeout: PATIENCE,
        };
        errand.run().map(|done| done.stdout).map_err(|failed| {
            Failure::failed(failed.to_string()).tip(format!(
                "try it by hand: {} {}",
                self.command(),
                words.join(" ")
            ))
        })
    }

    /// The one word that systemd answers with, also when it is no good news.
    fn word(&self, question: &str) -> String {
        let mut command = std::process::Command::new("systemctl");
        if self.manager == Manager::User {
            command.arg("--user");
        }
        let answer = command.args([question, NAME]).output();
        answer.map_or_else(
            |error| error.to_string(),
            |answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned(),
        )
    }
}

/// As `sd_booted(3)` finds out whether systemd runs the system.
pub(crate) fn is_booted() -> bool {
    Path::new("/run/systemd/system").is_dir()
}
