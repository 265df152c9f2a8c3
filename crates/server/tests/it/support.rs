//! A service on a center of its own, and a client that speaks to it as any other would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use center::{Center, Jobs, Store, SystemClock};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use secrets::Secrets;
use serde_json::Value;
use server::{Access, Config, Limits, Parts, Server, World};
use settings::SettingsFile;
use syncmgr::flags::{HandlerCapabilities, SyncControlFlags};
use syncmgr::handler::{ItemContainer, ItemList, NamedItem};
use syncmgr::ui::Icon;
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemId, Level, NewEvent, ProgressStatus, Request as Options,
    SessionCreator,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Long enough to say that something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A service, for as long as a test has it.
pub(crate) struct Service {
    pub(crate) center: Center,
    pub(crate) jobs: Jobs,
    pub(crate) parts: Parts,
    pub(crate) icon: Picture,
    pub(crate) address: SocketAddr,
    pub(crate) home: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&home.path().join("instep.db")).unwrap());
        let center = Center::new(store, Arc::new(SystemClock::default()));
        let jobs = Jobs::register(&center).unwrap();
        let icon = Icon { media_type: "image/svg+xml".into(), bytes: Arc::from(*b"<svg/>") };
        let icon = Arc::new(Mutex::new(icon));
        center.register(Arc::new(Shelf::new("shelf", &icon))).unwrap();
        let access = Access::new(home.path().join("tokens.json"));
        let lock = home.path().join("settings.lock");
        let settings = SettingsFile::new(home.path().join("instep.toml"), lock, Arc::new(|_| Vec::new()));
        let world = World {
            version: "0".into(),
            hosts: vec!["nas.example".into()],
            settings: Some(Arc::new(settings)),
            secrets: Some(Arc::new(secrets(home.path()))),
            ..World::default()
        };
        let parts = Parts::new(center.clone(), access, world, limits);
        let config = Config {
            socket: Some(home.path().join("instep.sock")),
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            tls: None,
        };
        let server = Server::bind(&config, parts.clone()).await.unwrap();
        let address = server.addresses()[0];
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { center, jobs, parts, icon, address, home, stop: Some(stop), running: Some(running) }
    }

    /// Adds another shelf with the same items.
    pub(crate) fn add_shelf(&self, id: &str) {
        self.center.register(Arc::new(Shelf::new(id, &self.icon))).unwrap();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.home.path().join("instep.sock")
    }

    /// Ends the service and waits until it has.
    pub(crate) async fn end(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            tokio::time::timeout(LONG, running).await.unwrap().unwrap();
        }
    }

    /// Asks at the local socket.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path, None)).await
    }

    /// Sends JSON to the local socket.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.ask(request(method, path, Some(body))).await
    }

    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        ask(UnixStream::connect(self.socket()).await.unwrap(), request).await
    }

    /// Asks from the network.
    pub(crate) async fn ask_tcp(&self, request: Request<Full<Bytes>>) -> Answer {
        ask(TcpStream::connect(self.address).await.unwrap(), request).await
    }

    /// Runs an item of the shelf and waits for its end.
    pub(crate) async fn run(&self, item: &str) -> u64 {
        let (center, item) = (self.center.clone(), ItemId::new(item).unwrap());
        tokio::task::spawn_blocking(move || {
            let started = center
                .start(&HandlerId::new("shelf").unwrap(), Some(&[item]), None, SyncControlFlags::empty())
                .unwrap();
            let verdict = started.wait();
            center.store().flush().unwrap();
            verdict.runs[0].0
        })
        .await
        .unwrap()
    }
}

/// Kept in an encrypted file: no test asks a person's keyring.
fn secrets(home: &std::path::Path) -> Secrets {
    let settings: settings::Secrets =
        serde_json::from_value(serde_json::json!({ "keyring": false })).unwrap();
    Secrets::new(&settings, home)
}

pub(crate) fn request(method: Method, path: &str, body: Option<&Value>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path).header(HOST, "localhost");
    match body {
        Some(body) => request
            .header(CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(body).unwrap().into())
            .unwrap(),
        None => request.body(Full::default()).unwrap(),
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Answer {
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = tokio::time::timeout(LONG, sender.send_request(request)).await.unwrap().unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    let _ = connection.await;
    Answer { status: head.status, headers: head.headers, body }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body of a success.
    pub(crate) fn json(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem details of a refusal; its status and code.
    pub(crate) fn fault(&self) -> (u16, String) {
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json", "{}", self.text());
        let fault: wire::Fault = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(fault.status, self.status.as_u16());
        assert!(!fault.detail.is_empty());
        (fault.status, fault.code)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A handler whose items come out as they are called.
struct Shelf {
    id: HandlerId,
    items: ItemList,
    icon: Picture,
}

/// What the shelf gives out as its picture.
pub(crate) type Picture = Arc<Mutex<Icon>>;

/// The shelf's items. Names may hold anything.
pub(crate) const ODD_NAME: &str = "<img src=x onerror=alert(1)> \u{202e}\u{7}";

impl Shelf {
    fn new(id: &str, icon: &Picture) -> Self {
        let named =
            [("good", "Good"), ("bad", "Bad"), ("a/b?c#d%", ODD_NAME), ("..", "Two dots"), ("~", "A tilde")];
        let items =
            named.map(|(id, name)| NamedItem::new(ItemId::new(id).unwrap(), name)).into_iter().collect();
        Self { id: HandlerId::new(id).unwrap(), items, icon: Arc::clone(icon) }
    }
}

impl Handler for Shelf {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Shelf".into())
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::PROVIDES_ICON
    }

    fn icon(&self) -> Option<Icon> {
        let picture = self.icon.lock().unwrap().clone();
        Some(picture)
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        _request: Option<&Options>,
    ) -> Result<(), HandlerError> {
        let session = creator.create_session(&self.id, items)?;
        for item in items {
            let good = item.as_str() != "bad";
            if !good {
                for number in 0..3 {
                    let text = format!("page {number} is torn\nmend it");
                    session.report_event(NewEvent::new(Some(item), Level::Error, "Torn page", text))?;
                }
                session.report_event(NewEvent::new(Some(item), Level::Warning, "Dust", "there is dust"))?;
            }
            let status = if good { ProgressStatus::Succeeded } else { ProgressStatus::Failed };
            session.report_progress(item, None, status, 1, 1)?;
        }
        Ok(())
    }
}
