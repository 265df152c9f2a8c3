//! What is asked of Syncthing's REST API. Answers are read for what is needed of them; whatever else is in them, now or in
//! a later version, is passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use syncmgr::outcome::{Problem, ProblemClass};
use ureq::Agent;
use ureq::http::{Method, Request};

/// How long an answer may take. A look at a folder may take longer and goes on without us.
const PATIENCE: Duration = Duration::from_secs(5);
/// How large an answer may be.
const ANSWER: u64 = 8 << 20;

/// Why there is no answer.
pub(super) enum Fault {
    /// Nobody answers.
    Away(String),
    /// It takes longer than we wait.
    Slow,
    /// Anything else.
    Other(Problem),
}

impl Fault {
    pub(super) fn into_problem(self) -> Problem {
        match self {
            Self::Away(why) => {
                Problem::new(ProblemClass::Transient, format!("Syncthing does not answer: {why}"))
                    .with_fix("start Syncthing, or set the item's `address`")
            }
            Self::Slow => Problem::new(ProblemClass::Transient, "Syncthing takes too long to answer"),
            Self::Other(problem) => problem,
        }
    }
}

/// A Syncthing that is asked with its key.
pub(super) struct Api {
    agent: Agent,
    address: String,
    key: String,
}

/// How a folder stands on this machine.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) state: String,
    #[serde(default)]
    pub(super) error: String,
    pub(super) global_bytes: u64,
    pub(super) in_sync_bytes: u64,
    #[serde(default)]
    pub(super) need_total_items: u64,
}

/// A folder in the list of all.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    #[serde(default)]
    pub(super) label: String,
}

/// A folder as it is set up.
#[derive(Deserialize)]
pub(super) struct Folder {
    pub(super) path: String,
    #[serde(default)]
    pub(super) paused: bool,
    #[serde(default)]
    pub(super) devices: Vec<Shared>,
}

#[derive(Deserialize)]
pub(super) struct Shared {
    #[serde(rename = "deviceID")]
    pub(super) device: String,
}

/// What another device still needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Completion {
    #[serde(default)]
    pub(super) need_items: u64,
    #[serde(default)]
    pub(super) need_deletes: u64,
    #[serde(default)]
    pub(super) need_bytes: u64,
}

#[derive(Deserialize)]
struct Connections {
    connections: BTreeMap<String, Connection>,
}

#[derive(Deserialize)]
struct Connection {
    connected: bool,
}

/// Something that happened to a file.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) data: Finished,
}

#[derive(Deserialize)]
pub(super) struct Finished {
    pub(super) folder: String,
    pub(super) item: String,
    #[serde(default)]
    pub(super) action: String,
    pub(super) error: Option<String>,
}

/// A file that could not be synchronized.
#[derive(Deserialize)]
pub(super) struct FileError {
    pub(super) path: String,
    pub(super) error: String,
}

#[derive(Deserialize)]
struct Errors {
    errors: Option<Vec<FileError>>,
}

#[derive(Deserialize)]
struct Ignored {
    ignore: Option<Vec<String>>,
}

impl Api {
    pub(super) fn new(address: &str, key: String) -> Result<Self, Fault> {
        if !address.starts_with("http://") {
            let text =
                format!("{address} is no address of Syncthing on this machine: that begins with http://");
            return Err(Fault::Other(Problem::new(ProblemClass::Config, text)));
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // The key goes to the address that was set, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self { agent, address: address.trim_end_matches('/').to_owned(), key })
    }

    pub(super) fn status(&self, folder: &str) -> Result<Status, Fault> {
        self.get(&format!("db/status?folder={}", escaped(folder)))
    }

    /// All folders.
    pub(super) fn folders(&self) -> Result<Vec<Listed>, Fault> {
        self.get("config/folders")
    }

    pub(super) fn folder(&self, folder: &str) -> Result<Folder, Fault> {
        self.get(&format!("config/folders/{}", escaped(folder)))
    }

    pub(super) fn completion(&self, folder: &str, device: &str) -> Result<Completion, Fault> {
        self.get(&format!("db/completion?folder={}&device={}", escaped(folder), escaped(device)))
    }

    /// The devices that are connected.
    pub(super) fn connected(&self) -> Result<Vec<String>, Fault> {
        let all: Connections = self.get("system/connections")?;
        Ok(all.connections.into_iter().filter(|(_, at)| at.connected).map(|(device, _)| device).collect())
    }

    pub(super) fn errors(&self, folder: &str) -> Result<Vec<FileError>, Fault> {
        let all: Errors = self.get(&format!("folder/errors?folder={}", escaped(folder)))?;
        Ok(all.errors.unwrap_or_default())
    }

    /// Files that it has finished with since that event; does not wait for any.
    pub(super) fn finished(&self, since: u64) -> Result<Vec<Event>, Fault> {
        self.get(&format!("events?events=ItemFinished&timeout=0&since={since}"))
    }

    /// Has the folder looked at now. [`Fault::Slow`]: it is looking.
    pub(super) fn scan(&self, folder: &str) -> Result<(), Fault> {
        self.ask(Method::POST, &format!("db/scan?folder={}", escaped(folder)), "").map(drop)
    }

    /// Pauses the folder, or has it go on.
    pub(super) fn pause(&self, folder: &str, paused: bool) -> Result<(), Fault> {
        let body = json!({ "paused": paused }).to_string();
        self.ask(Method::PATCH, &format!("config/folders/{}", escaped(folder)), &body).map(drop)
    }

    /// The lines of what the folder leaves out.
    pub(super) fn ignored(&self, folder: &str) -> Result<Vec<String>, Fault> {
        let ignored: Ignored = self.get(&format!("db/ignores?folder={}", escaped(folder)))?;
        Ok(ignored.ignore.unwrap_or_default())
    }

    /// Has it leave out what these lines say, and nothing else.
    pub(super) fn ignore(&self, folder: &str, lines: &[String]) -> Result<(), Fault> {
        let body = json!({ "ignore": lines }).to_string();
        self.ask(Method::POST, &format!("db/ignores?folder={}", escaped(folder)), &body).map(drop)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let text = self.ask(Method::GET, path, "")?;
        serde_json::from_str(&text).map_err(|error| {
            let text = format!(
                "Syncthing's answer is not understood ({error}); its version may be too new or too old"
            );
            Fault::Other(Problem::new(ProblemClass::Config, text))
        })
    }

    fn ask(&self, method: Method, path: &str, body: &str) -> Result<String, Fault> {
        let other = |class, text: String| Fault::Other(Problem::new(class, text));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/rest/{path}", self.address))
            .header("X-API-Key", &self.key)
            .body(body.to_owned())
            .map_err(|_| {
                let text =
                    format!("{} or the key of the item is none that Syncthing could have", self.address);
                other(ProblemClass::Config, text)
            })?;
        let mut answer = self.agent.run(request).map_err(|error| match error {
            ureq::Error::Timeout(_) => Fault::Slow,
            ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                Fault::Away(format!("{} ({error})", self.address))
            }
            error => other(ProblemClass::Config, format!("Syncthing cannot be asked: {error}")),
        })?;
        let text = answer.body_mut().with_config().limit(ANSWER).read_to_string();
        match answer.status().as_u16() {
            200..=299 => {
                text.map_err(|error| other(ProblemClass::Transient, format!("Syncthing broke off: {error}")))
            }
            401 | 403 => Err(Fault::Other(
                Problem::new(ProblemClass::Auth, "Syncthing does not accept the item's key").with_fix(
                    "it is in Syncthing's settings; keep it with `instep secret set` and name it in `key`",
                ),
            )),
            404 => Err(Fault::Other(
                Problem::new(ProblemClass::Config, "Syncthing has no such folder")
                    .with_fix("`instep handler list --found` lists its folders"),
            )),
            status => Err(other(ProblemClass::Transient, format!("Syncthing answers with status {status}"))),
        }
    }
}

/// Text as part of an address.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
