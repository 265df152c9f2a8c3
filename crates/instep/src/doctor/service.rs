//! What systemd says of the daemon's unit: whether it starts by itself, runs, and goes on when nobody is logged in.

use std::process::Command;

use super::{Finding, Patient};
use crate::commands::service::{is_booted, path};
use crate::render::text::SafePath;
use crate::unit::{Manager, NAME};

/// How a unit stands, in systemd's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    enabled: String,
    active: String,
    /// Whether a person's services run without that person; none for the system's.
    lingers: Option<bool>,
    /// The text of the unit.
    text: String,
}

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let paths = [Manager::User, Manager::System]
        .into_iter()
        .filter_map(|manager| Some((manager, path(manager, patient.places).ok()?)));
    let installed: Vec<_> = paths.filter(|(_, path)| path.exists()).collect();
    let mut findings = Vec::new();
    if let [(_, first), (_, second)] = installed.as_slice() {
        findings.push(
            Finding::warning(format!("there are two services: {} and {}", SafePath(first), SafePath(second)))
                .why("each has a home of its own; the same folders in both would take turns")
                .fix("`instep service uninstall` takes one away, with --system the other"),
        );
    }
    if !is_booted() {
        return findings;
    }
    for (manager, path) in installed {
        let standing = Standing {
            enabled: word(manager, "is-enabled"),
            active: word(manager, "is-active"),
            lingers: (manager == Manager::User).then(lingers),
            text: std::fs::read_to_string(path).unwrap_or_default(),
        };
        findings.extend(of(manager, &standing));
    }
    findings
}

/// What is to be said of a unit that stands so.
fn of(manager: Manager, standing: &Standing) -> Vec<Finding> {
    let systemctl = manager.command();
    let mut findings = Vec::new();
    if standing.active == "failed" {
        findings.push(
            Finding::error("the service has failed")
                .why("what it said last is in its log")
                .fix(format!("look: {systemctl} status {NAME}; then: {systemctl} restart {NAME}")),
        );
    } else if standing.active != "active" {
        findings.push(
            Finding::warning(format!("the service does not run ({})", standing.active))
                .fix(format!("{systemctl} start {NAME}")),
        );
    }
    if standing.enabled != "enabled" {
        findings.push(
            Finding::warning(format!("the service does not start by itself ({})", standing.enabled))
                .why("after the next start of the machine nothing runs by itself")
                .fix(format!("{systemctl} enable {NAME}")),
        );
    }
    if standing.lingers == Some(false) {
        findings.push(
            Finding::note("the service runs only while you are logged in")
                .why("what is due meanwhile is made up for when you come back")
                .fix("loginctl enable-linger"),
        );
    }
    if !standing.text.lines().any(|line| line.starts_with("WatchdogSec=")) {
        findings.push(
            Finding::note("the service has no watchdog")
                .why("a daemon that hangs is not started again")
                .fix("`instep service install` writes the unit anew"),
        );
    }
    if findings.is_empty() {
        findings.push(Finding::good("the service runs, and starts by itself"));
    }
    findings
}

/// The one word that systemd answers with, also when it is no good news.
fn word(manager: Manager, question: &str) -> String {
    let mut command = Command::new("systemctl");
    if manager == Manager::User {
        command.arg("--user");
    }
    let answer = command.args([question, NAME]).output();
    answer.map_or_else(
        |error| syncmgr::reason(&error),
        |answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned(),
    )
}

fn lingers() -> bool {
    let answer = Command::new("loginctl").args(["show-user", "--property=Linger", "--value"]).output();
    // Where nobody can say, nothing is claimed.
    answer.map_or(true, |answer| String::from_utf8_lossy(&answer.stdout).trim() != "no")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn standing() -> Standing {
        let text = crate::unit::text(Manager::User, "/usr/bin/instep".as_ref(), None).unwrap();
        Standing { enabled: "enabled".into(), active: "active".into(), lingers: Some(true), text }
    }

    fn levels(standing: &Standing) -> Vec<Level> {
        let findings = of(Manager::User, standing);
        assert!(findings.iter().all(|finding| finding.level == Level::Good || finding.fix.is_some()));
        findings.into_iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn each_way_in_which_a_service_does_not_keep_running_is_found() {
        assert_eq!(levels(&standing()), [Level::Good]);
        assert_eq!(levels(&Standing { active: "failed".into(), ..standing() }), [Level::Error]);
        assert_eq!(levels(&Standing { active: "inactive".into(), ..standing() }), [Level::Warning]);
        assert_eq!(levels(&Standing { enabled: "disabled".into(), ..standing() }), [Level::Warning]);
        assert_eq!(levels(&Standing { lingers: Some(false), ..standing() }), [Level::Note]);
        assert_eq!(levels(&Standing { text: "[Service]\n".into(), ..standing() }), [Level::Note]);
    }
}
