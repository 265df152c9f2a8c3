//! A unary call of gRPC with what a report says, on a socket of this machine. The service is declared by hand: nothing
//! here needs a compiler of protocols.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::path::Path;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use anyhow::Result;
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Endpoint, Server, Uri};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::{path, streams};

/// What a report says.
#[derive(Clone, PartialEq, prost::Message)]
struct Report {
    #[prost(string, tag = "1")]
    item: String,
    #[prost(string, tag = "2")]
    text: String,
    #[prost(uint64, tag = "3")]
    step: u64,
    #[prost(uint64, tag = "4")]
    max: u64,
}

/// What it hears.
#[derive(Clone, PartialEq, prost::Message)]
struct Heard {
    #[prost(uint32, tag = "1")]
    cancel: u32,
}

/// Takes reports, and does nothing with them.
#[derive(Clone)]
struct Taker;

impl UnaryService<Report> for Taker {
    type Response = Heard;
    type Future = Ready<Result<Response<Heard>, Status>>;

    fn call(&mut self, report: Request<Report>) -> Self::Future {
        black_box(report.into_inner());
        ready(Ok(Response::new(Heard { cancel: 0 })))
    }
}

impl NamedService for Taker {
    const NAME: &'static str = "bench.Reports";
}

impl Service<http::Request<Body>> for Taker {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let taker = self.clone();
        let codec = ProstCodec::<Heard, Report>::default();
        Box::pin(async move { Ok(tonic::server::Grpc::new(codec).unary(taker, request).await) })
    }
}

/// One call at a time, answered.
pub(crate) fn call(dir: &Path, calls: u64) -> Result<()> {
    // The two ends compute on different threads, as two programs would.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let socket = dir.join("grpc.sock");
    let listener = {
        let _in_runtime = runtime.enter();
        UnixListener::bind(&socket)?
    };
    runtime
        .spawn(Server::builder().add_service(Taker).serve_with_incoming(UnixListenerStream::new(listener)));
    let connector = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let mut times = Vec::new();
    runtime.block_on(async {
        let channel = Endpoint::from_static("http://localhost").connect_with_connector(connector).await?;
        let mut client = tonic::client::Grpc::new(channel);
        for n in 0..calls {
            let begun = Instant::now();
            let report = Report { item: "photos".into(), text: path(n).into(), step: n, max: calls };
            client.ready().await?;
            let to = PathAndQuery::from_static("/bench.Reports/Take");
            let codec = ProstCodec::<Report, Heard>::default();
            let heard = client.unary(Request::new(report), to, codec).await?;
            times.push(begun.elapsed().as_secs_f64());
            black_box(heard.into_inner().cancel);
        }
        anyhow::Ok(())
    })?;
    streams::tell_calls("the same to nobody, a unary call of gRPC on a socket", &mut times);
    Ok(())
}
