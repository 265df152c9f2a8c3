//! The unit file for systemd.

use std::path::Path;

/// Whose service manager runs the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    /// A person's.
    User,
    /// The system's.
    System,
}

impl Manager {
    /// What it is told by.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::User => "systemctl --user",
            Self::System => "systemctl",
        }
    }
}

/// The name of the unit.
pub(crate) const NAME: &str = "instep.service";

/// The text of the unit. Only what cannot get between handlers and folders is locked away: no read-only paths, no
/// private `/tmp`, and set-user-ID programs (FUSE mounts, `sudo` in a hook) keep working.
pub(crate) fn text(manager: Manager, program: &Path, home: Option<&Path>) -> Option<String> {
    let program = word(program)?;
    let home = match home {
        Some(home) => format!("Environment={}\n", quoted(&format!("INSTEP_HOME={}", home.to_str()?))?),
        None => String::new(),
    };
    let (wanted_by, after) = match manager {
        Manager::User => ("default.target", ""),
        Manager::System => ("multi-user.target", "After=local-fs.target network.target\n"),
    };
    let locked = match manager {
        // Needs rights that a person's service manager does not have.
        Manager::User => "",
        Manager::System => {
            "ProtectClock=yes\nProtectHostname=yes\nProtectKernelLogs=yes\nProtectKernelModules=yes\n\
             ProtectKernelTunables=yes\nRestrictRealtime=yes\n"
        }
    };
    Some(format!(
        "\
# Written by `instep service install`; `instep service uninstall` takes it away.
[Unit]
Description=Instep, the sync center
{after}StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={program} serve
ExecReload=/bin/kill -HUP $MAINPID
{home}WatchdogSec=60
Restart=on-failure
RestartSec=5
# A stop asks what runs to come to a safe end, and waits for it.
KillMode=mixed
TimeoutStopSec=90
UMask=0077
LockPersonality=yes
{locked}
[Install]
WantedBy={wanted_by}
"
    ))
}

/// A path as systemd reads it back. None where it cannot be written in a unit file.
fn word(path: &Path) -> Option<String> {
    quoted(&path.to_str()?.replace('$', "$$"))
}

fn quoted(text: &str) -> Option<String> {
    if text.contains(char::is_control) {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Set to rewrite the files: `INSTEP_UPDATE=1 cargo test -p instep unit`.
    const UPDATE: &str = "INSTEP_UPDATE";

    fn units() -> [(&'static str, String); 2] {
        let program = Path::new("/usr/bin/instep");
        [
            ("user", text(Manager::User, program, None).unwrap()),
            ("system", text(Manager::System, program, Some(Path::new("/var/lib/instep"))).unwrap()),
        ]
    }

    #[test]
    fn the_units_are_the_reviewed_ones() {
        for (name, text) in units() {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/units/{name}.service"));
            if std::env::var_os(UPDATE).is_some() {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, &text).unwrap();
            }
            let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(text, reviewed, "if that is meant, set {UPDATE}=1 and review the diff");
        }
    }

    #[test]
    fn systemd_finds_nothing_wrong_with_them() {
        for (name, _) in units() {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join(NAME);
            let program = std::env::current_exe().unwrap();
            let manager = if name == "user" { Manager::User } else { Manager::System };
            std::fs::write(&file, text(manager, &program, Some(dir.path())).unwrap()).unwrap();
            let Ok(verdict) =
                Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&file).output()
            else {
                eprintln!("left out: there is no systemd-analyze here");
                return;
            };
            let said = String::from_utf8_lossy(&verdict.stderr);
            let ours: Vec<&str> = said.lines().filter(|line| line.contains(NAME)).collect();
            assert!(ours.is_empty(), "{name}: {ours:?}");
        }
    }

    #[test]
    fn odd_paths_are_read_back_as_they_are() {
        let unit = text(Manager::User, Path::new("/opt/50% \"of\" $it/instep"), None).unwrap();
        assert!(unit.contains("ExecStart=\"/opt/50%% \\\"of\\\" $$it/instep\" serve\n"), "{unit}");
        assert_eq!(text(Manager::User, Path::new("/x\ny"), None), None);
    }
}
