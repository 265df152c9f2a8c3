//! Connections, from their first byte to their last.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::debug;

use super::patient::Patient;
use crate::access::Door;
use crate::parts::Parts;

/// The most bytes that the head of a request may have.
const HEAD: usize = 64 * 1024;

/// All connections.
#[derive(Clone)]
pub(super) struct Connections {
    tasks: TaskTracker,
    closing: CancellationToken,
    patience: Duration,
    most: usize,
}

impl Connections {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            tasks: TaskTracker::new(),
            closing: parts.closing().clone(),
            patience: parts.limits().patience,
            most: parts.limits().connections,
        }
    }

    /// Room for the connections of one door: a flood at one does not close the others.
    pub(super) fn room(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.most))
    }

    /// Serves a connection on a task of its own.
    pub(super) fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        door: Door,
        router: Router,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let (closing, patience) = (self.closing.clone(), self.patience);
        self.tasks.spawn(async move {
            let _permit = permit;
            converse(stream, door, router, closing, patience).await;
        });
    }

    /// The same, after both ends have agreed on keys.
    pub(super) fn serve_tls(
        &self,
        stream: TcpStream,
        tls: TlsAcceptor,
        door: Door,
        router: Router,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let (closing, patience) = (self.closing.clone(), self.patience);
        self.tasks.spawn(async move {
            let _permit = permit;
            match timeout(patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, door, router, closing, patience).await,
                Ok(Err(error)) => debug!(?door, %error, "no TLS"),
                Err(_) => debug!(?door, "no TLS in time"),
            }
        });
    }

    /// Waits for the end of all connections, for a while.
    pub(super) async fn finish(&self, grace: Duration) {
        self.tasks.close();
        if timeout(grace, self.tasks.wait()).await.is_err() {
            debug!("connections were cut that did not end in time");
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    door: Door,
    router: Router,
    closing: CancellationToken,
    patience: Duration,
) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(door);
        request.map(Body::new)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD);
    let stream = TokioIo::new(Patient::new(stream, patience));
    let connection = http.serve_connection(stream, TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // The other end's doing: nothing that anybody here could mend.
        debug!(?door, %error, "a connection ended early");
    }
}
