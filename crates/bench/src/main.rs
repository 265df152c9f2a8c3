//! What one report of progress costs a handler: the callback of a session beside what programs use for the same today, a
//! progress bar, a logged event and a job view on D-Bus. Run by `cargo xtask bench`; by itself:
//! `cargo run --release -p bench`.
//!
//! With a word it measures the real daemon: `streams` what other programs' reports cost, `center` its answers with ten
//! thousand items and a million events; `handler` what reports of a handler in another process cost. `store DIR` only makes what `center`
//! asks about, with a run of a million lines, for those who want to look at it; `syncthing A B STATE` brings two folders
//! to the same state, as a program that `cargo xtask bench` measures.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod center;
mod daemon;
mod dbus;
mod grpc;
mod handler;
mod streams;
mod syncthing;

use std::hint::black_box;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget};
use syncmgr::session::Session;
use syncmgr::{HandlerId, ItemId, ProgressStatus, RunId};
use zbus::blocking::connection::Builder;

const ROUNDS: usize = 7;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => {
            callback()?;
            bar();
            event();
            job_view()
        }
        Some("center") => center::run(),
        Some("store") => {
            let home = std::env::args().nth(2).context("say in which directory: `store DIR`")?;
            center::prepare(std::path::Path::new(&home))
        }
        Some("streams") => streams::run(),
        Some("syncthing") => {
            let places: Vec<_> = std::env::args().skip(2).map(std::path::PathBuf::from).collect();
            let [a, b, state] = &places[..] else {
                bail!("say which folders, and where it keeps what it knows")
            };
            syncthing::run(a, b, state)
        }
        Some("handler") => handler::run(&std::env::args().skip(2).collect::<Vec<_>>()),
        Some(other) => bail!(
            "`{other}` cannot be measured: say `center`, `streams`, `handler` or nothing; `store DIR` fills one"
        ),
    }
}

/// The middle one; sorts them.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The seconds that this process has computed so far.
fn cpu() -> Result<f64> {
    let used = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(used.user_time()) + seconds(used.system_time()))
}

/// Prints the nanoseconds of one call, the best of some rounds.
fn tell(what: &str, calls: u64, mut call: impl FnMut(u64)) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        (0..calls).for_each(&mut call);
        best = best.min(start.elapsed().as_nanos() as f64 / calls as f64);
    }
    println!("{what:60}  {best:.1} ns");
}

fn callback() -> Result<()> {
    const CALLS: u64 = 1_000_000;
    let item = ItemId::new("photos").map_err(|refusal| anyhow!("{refusal}"))?;
    let handler = HandlerId::new("bench").map_err(|refusal| anyhow!("{refusal}"))?;
    let session = Session::new(RunId(1), handler, std::slice::from_ref(&item), 0)
        .map_err(|refusal| anyhow!("{refusal}"))?;
    tell("progress with a path, the callback", CALLS, |n| {
        let answer =
            session.report_progress(n as i64 >> 10, &item, Some(path(n)), ProgressStatus::Updating, n, CALLS);
        let _ = black_box(answer);
    });
    Ok(())
}

/// A bar that is drawn into nowhere at its usual pace of 20 times a second.
fn bar() {
    const CALLS: u64 = 1_000_000;
    let bar = ProgressBar::with_draw_target(Some(CALLS), ProgressDrawTarget::hidden());
    tell("progress with a path, indicatif's bar (hidden)", CALLS, |n| {
        bar.set_message(path(n));
        bar.set_position(n);
    });
}

/// An event with the same fields, formatted as a log has it and written into nowhere.
fn event() {
    const CALLS: u64 = 200_000;
    let log = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(log, || {
        tell("progress with a path, a tracing event", CALLS, |n| {
            tracing::info!(item = "photos", path = path(n), step = n, max = CALLS, "progress");
        });
    });
}

/// The other end of the bus: a view as desktops have it.
struct JobView;

#[zbus::interface(name = "org.kde.JobViewV3")]
impl JobView {
    /// Takes what a job says of itself.
    fn update(&self, path: &str, processed: u64, total: u64) {
        black_box((path, processed, total));
    }
}

/// Messages over a socket pair, without a bus between: less than any desktop's view can cost.
fn job_view() -> Result<()> {
    const CALLS: u64 = 5_000;
    let (ours, theirs) = UnixStream::pair()?;
    let view = thread::spawn(move || {
        let guid = zbus::Guid::generate();
        Builder::async_io_unix_stream(theirs).server(guid)?.p2p().serve_at("/job", JobView)?.build()
    });
    let connection =
        Builder::async_io_unix_stream(ours).p2p().build().context("no connection to the job view")?;
    let _view = view.join().map_err(|_| anyhow!("the job view panicked"))?.context("no job view")?;
    let proxy = zbus::blocking::Proxy::new(&connection, "org.kde.JobView", "/job", "org.kde.JobViewV3")?;
    let mut failed = None;
    tell("progress with a path, a D-Bus job view, answered", CALLS, |n| {
        if let Err(error) = proxy.call_method("Update", &(path(n), n, CALLS)) {
            failed = Some(error);
        }
    });
    failed.map_or(Ok(()), |error| Err(error).context("the job view refused"))
}

/// Texts as they come: another one with each file.
fn path(n: u64) -> &'static str {
    const PATHS: [&str; 2] =
        ["photos/2024/summer/IMG_20240714_101112.jpg", "photos/2024/summer/IMG_20240714_101113.jpg"];
    PATHS[(n & 1) as usize]
}
