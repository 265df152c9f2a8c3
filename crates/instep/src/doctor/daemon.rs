//! The daemon: whether it answers, is the same version, and starts by itself.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;

use super::{Finding, Patient};
use crate::client::Daemon;
use crate::render::text::SafePath;
use crate::serve::claim::Address;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let address = Address::read(patient.places);
    let answers = address.as_ref().is_some_and(|address| UnixStream::connect(&address.socket).is_ok());
    let mut findings = Vec::new();
    match address {
        Some(address) if answers && Daemon::find(patient.places).is_none() => findings.push(
            Finding::error(format!("the daemon (process {}) does not answer", address.pid))
                .why("it is stopped, or hangs; commands do without it, and what it was doing does not go on")
                .fix(format!(
                    "kill -CONT {0}; if that does not help: kill -9 {0}, and start it anew",
                    address.pid
                )),
        ),
        Some(address) if answers => {
            findings.push(Finding::good(format!("the daemon runs (process {})", address.pid)));
            findings.extend(replaced(address.pid));
        }
        Some(address) => findings.push(
            Finding::warning(format!(
                "the daemon said that it answers at {}, and nobody does",
                SafePath(&address.socket)
            ))
            .why("it was killed, or hangs; what it left is cleared away by the next one")
            .fix("`instep serve`, or `instep service install --now`"),
        ),
        None => findings.push(idle(patient)),
    }
    if !answers {
        findings.extend(patient.setup.said.server.listen.iter().filter_map(|address| taken(*address)));
    }
    findings
}

/// No daemon runs. Whether that matters depends on what the settings want of one.
fn idle(patient: &Patient<'_>) -> Finding {
    let said = &patient.setup.said;
    let scheduled = said.items.iter().filter(|item| !item.schedule.is_empty()).count();
    if scheduled == 0 && said.channels.is_empty() {
        return Finding::note("no daemon runs")
            .why("none is needed for commands; schedules and alerts need one");
    }
    Finding::error("no daemon runs, and the settings want one")
        .why(format!("{scheduled} items have a schedule, {} channels wait for alerts", said.channels.len()))
        .fix("`instep service install --now`, or `instep serve` in the foreground")
}

/// Another program has the port that the next daemon is to listen at.
fn taken(address: SocketAddr) -> Option<Finding> {
    let error = TcpListener::bind(address).err()?;
    if error.kind() != std::io::ErrorKind::AddrInUse {
        return Some(
            Finding::error(format!("the daemon cannot listen at {address}: {}", syncmgr::reason(&error)))
                .fix("`listen` in `[server]` of the settings names an address of this machine"),
        );
    }
    Some(
        Finding::error(format!("another program listens at {address}"))
            .why("a daemon does not start while it does")
            .fix(format!(
                "ss -ltnp 'sport = :{}' shows which; or name another port in `[server]`",
                address.port()
            )),
    )
}

/// The daemon's program was replaced since it began: what runs is the old one.
fn replaced(pid: u32) -> Option<Finding> {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    program.to_string_lossy().ends_with(" (deleted)").then(|| {
        Finding::warning("the daemon is of another version than this program")
            .why("its program file was replaced since it was started")
            .fix("start it again: systemctl --user restart instep, or end `instep serve` and start it anew")
    })
}
