//! The API, answered by a runtime of its own beside the center's threads.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use center::Center;
use server::{Parts, ServeError};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::claim::Claim;
use crate::exit::Failure;

/// How long it may take until the API answers.
const START: Duration = Duration::from_secs(10);
/// How long connections get to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// The API while it is answered.
pub(crate) struct Service {
    runtime: Runtime,
    task: JoinHandle<Result<(), ServeError>>,
    end: oneshot::Sender<()>,
}

impl Service {
    /// Begins to answer; returns when it does.
    pub(crate) fn start(claim: &Claim, center: &Center) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("api")
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start the API: {}", syncmgr::reason(&error))))?;
        let (end, ended) = oneshot::channel::<()>();
        let parts = Parts::new(center.clone(), env!("CARGO_PKG_VERSION"));
        let socket = claim.socket().to_owned();
        let task = runtime.spawn(async move {
            let until = async {
                // The daemon ends, or has gone without a word: both are the end.
                let _ = ended.await;
            };
            server::serve_unix(&socket, parts, until).await
        });
        let mut service = Self { runtime, task, end };
        let begun = Instant::now();
        while UnixStream::connect(claim.socket()).is_err() {
            if service.task.is_finished() || begun.elapsed() > START {
                return Err(service.why());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(service)
    }

    /// Whether nothing is answered any more.
    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Why nothing is answered.
    pub(crate) fn why(&mut self) -> Failure {
        let ended = async { tokio::time::timeout(Duration::ZERO, &mut self.task).await };
        match self.runtime.block_on(ended) {
            Ok(Ok(Err(error))) => Failure::failed(error.to_string()),
            Ok(Err(_)) => Failure::failed("the API broke down because of a mistake in the program"),
            Ok(Ok(Ok(()))) | Err(_) => Failure::failed("the API does not answer"),
        }
    }

    /// Answers what is under way and closes.
    pub(crate) fn finish(self) {
        let _ = self.end.send(());
        let task = self.task;
        let _ = self.runtime.block_on(async { tokio::time::timeout(FAREWELL, task).await });
        self.runtime.shutdown_timeout(FAREWELL);
    }
}
