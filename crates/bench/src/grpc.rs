//! Calls of gRPC with what a report says, on a socket of this machine: one by one, and as a stream from another process. The
//! service is declared by hand: nothing here needs a compiler of protocols.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{ClientStreamingService, NamedService, UnaryService};
use tonic::transport::{Channel, Endpoint, Server, Uri};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::{path, streams};

const TAKE: &str = "/bench.Reports/Take";
const STREAM: &str = "/bench.Reports/Stream";

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
    #[prost(uint64, tag = "2")]
    read: u64,
}

/// Takes reports, and does nothing with them.
#[derive(Clone)]
struct Taker;

impl UnaryService<Report> for Taker {
    type Response = Heard;
    type Future = Ready<Result<Response<Heard>, Status>>;

    fn call(&mut self, report: Request<Report>) -> Self::Future {
        black_box(report.into_inner());
        ready(Ok(Response::new(Heard { cancel: 0, read: 1 })))
    }
}

impl ClientStreamingService<Report> for Taker {
    type Response = Heard;
    type Future = BoxFuture<Response<Heard>, Status>;

    fn call(&mut self, reports: Request<Streaming<Report>>) -> Self::Future {
        Box::pin(async move {
            let (mut reports, mut read) = (reports.into_inner(), 0);
            while let Some(report) = reports.message().await? {
                black_box(report);
                read += 1;
            }
            Ok(Response::new(Heard { cancel: 0, read }))
        })
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
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(codec);
            Ok(match request.uri().path() {
                STREAM => grpc.client_streaming(taker, request).await,
                _ => grpc.unary(taker, request).await,
            })
        })
    }
}

/// The two ends compute on different threads, as two programs would.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Takes reports at a socket, for as long as the runtime lives.
fn take_at(runtime: &Runtime, socket: &Path) -> Result<()> {
    let _in_runtime = runtime.enter();
    let listener = UnixListenerStream::new(UnixListener::bind(socket)?);
    runtime.spawn(Server::builder().add_service(Taker).serve_with_incoming(listener));
    Ok(())
}

async fn connect(socket: PathBuf) -> Result<tonic::client::Grpc<Channel>> {
    let connector = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let channel = Endpoint::from_static("http://localhost").connect_with_connector(connector).await?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    Ok(client)
}

fn report(n: u64, max: u64) -> Report {
    Report { item: "photos".into(), text: path(n).into(), step: n, max }
}

/// One call at a time, answered.
pub(crate) fn call(dir: &Path, calls: u64) -> Result<()> {
    let runtime = runtime()?;
    let socket = dir.join("grpc.sock");
    take_at(&runtime, &socket)?;
    let mut times = Vec::new();
    runtime.block_on(async {
        let mut client = connect(socket).await?;
        for n in 0..calls {
            let begun = Instant::now();
            client.ready().await?;
            let codec = ProstCodec::<Report, Heard>::default();
            let to = PathAndQuery::from_static(TAKE);
            let heard = client.unary(Request::new(report(n, calls)), to, codec).await?;
            times.push(begun.elapsed().as_secs_f64());
            black_box(heard.into_inner().cancel);
        }
        anyhow::Ok(())
    })?;
    streams::tell_calls("the same to nobody, a unary call of gRPC on a socket", &mut times);
    Ok(())
}

/// A program that is started, sends so many reports in one stream, and ends; how long that takes.
pub(crate) fn plugin(dir: &Path, reports: u64) -> Result<Duration> {
    let runtime = runtime()?;
    let socket = dir.join("plugin.sock");
    let _ = std::fs::remove_file(&socket);
    take_at(&runtime, &socket)?;
    let begun = Instant::now();
    let mut program = Command::new(std::env::current_exe()?);
    let status = program.args(["handler", "grpc"]).arg(&socket).arg(reports.to_string()).status()?;
    ensure!(status.success(), "the plugin failed: {status}");
    Ok(begun.elapsed())
}

/// The other process of that.
pub(crate) fn pour(socket: &Path, reports: u64) -> Result<()> {
    runtime()?.block_on(async {
        let mut client = connect(socket.to_owned()).await?;
        let stream = tokio_stream::iter((1..=reports).map(move |n| report(n, reports)));
        let codec = ProstCodec::<Report, Heard>::default();
        let to = PathAndQuery::from_static(STREAM);
        let heard = client.client_streaming(Request::new(stream), to, codec).await?.into_inner();
        ensure!(heard.read == reports, "{} of {reports} arrived", heard.read);
        Ok(())
    })
}
