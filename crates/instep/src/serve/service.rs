//! The API, answered by a runtime of its own beside the center's threads.

use std::sync::Arc;
use std::time::Duration;

use center::Center;
use server::{Config, Limits, Parts, Server, TlsFiles, World};
use settings::Settings;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::claim::Claim;
use super::door;
use crate::exit::Failure;
use crate::places::Places;

/// How long what is under way gets when the daemon ends, beyond what the service itself gives it.
const FAREWELL: Duration = Duration::from_secs(2);

/// The API while it is answered.
pub(crate) struct Service {
    runtime: Runtime,
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
    addresses: Vec<String>,
}

impl Service {
    /// Listens where the settings say, and begins to answer.
    pub(crate) fn start(
        claim: &Claim,
        places: &Places,
        said: &Settings,
        center: &Center,
    ) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("api")
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start the API: {}", syncmgr::reason(&error))))?;
        let world = World {
            version: env!("CARGO_PKG_VERSION").into(),
            hosts: said.server.hosts.clone(),
            origins: said.server.origins.clone(),
            settings: Some(Arc::new(crate::setup::file(places))),
            secrets: Some(Arc::new(secrets::Secrets::new(&said.secrets, &places.state))),
            detect: Some(crate::detecting::detect(places)),
        };
        let access = door::access(places);
        let parts = Parts::new(center.clone(), access, world, Limits::default());
        let home = places.home.as_deref();
        let config = Config {
            socket: Some(claim.socket().to_owned()),
            listen: said.server.listen.clone(),
            tls: said
                .server
                .tls
                .as_ref()
                .map(|tls| TlsFiles { certificate: tls.cert.resolve(home), key: tls.key.resolve(home) }),
        };
        let server = runtime.block_on(Server::bind(&config, parts)).map_err(|error| {
            Failure::failed(error.to_string()).tip("`[server]` in the settings says where the API listens")
        })?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let addresses = server.addresses().iter().map(|address| format!("{scheme}://{address}")).collect();
        let (end, ended) = oneshot::channel::<()>();
        let task = runtime.spawn(server.run(async {
            // The daemon ends, or is gone without a word: both are the end.
            let _ = ended.await;
        }));
        Ok(Self { runtime, task, end, addresses })
    }

    /// Where it is reached besides the socket.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Whether nothing is answered any more.
    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Answers what is under way and closes.
    pub(crate) fn finish(self) {
        let _ = self.end.send(());
        let task = self.task;
        let patience = Limits::default().grace + FAREWELL;
        // It has said what it had to say: what is left is cut off with the runtime.
        let _ = self.runtime.block_on(async { tokio::time::timeout(patience, task).await });
        self.runtime.shutdown_timeout(FAREWELL);
    }
}
