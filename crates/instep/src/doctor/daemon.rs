//! The daemon: whether it answers, is the same version, and starts by itself.

use std::os::unix::net::UnixStream;

use super::{Finding, Patient};
use crate::commands::service;
use crate::render::text::SafePath;
use crate::serve::claim::Address;
use crate::unit::Manager;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let address = Address::read(patient.places);
    let answers = address.as_ref().is_some_and(|address| UnixStream::connect(&address.socket).is_ok());
    let mut findings = Vec::new();
    match address {
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
    let units = [Manager::User, Manager::System]
        .into_iter()
        .filter_map(|manager| service::path(manager, patient.places).ok());
    let installed: Vec<_> = units.filter(|path| path.exists()).collect();
    if let [first, second] = installed.as_slice() {
        findings.push(
            Finding::warning(format!("there are two services: {} and {}", SafePath(first), SafePath(second)))
                .why("each has a home of its own; the same folders in both would take turns")
                .fix("`instep service uninstall` takes one away, with --system the other"),
        );
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

/// The daemon's program was replaced since it began: what runs is the old one.
fn replaced(pid: u32) -> Option<Finding> {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    program.to_string_lossy().ends_with(" (deleted)").then(|| {
        Finding::warning("the daemon is of another version than this program")
            .why("its program file was replaced since it was started")
            .fix("start it again: systemctl --user restart instep, or end `instep serve` and start it anew")
    })
}
