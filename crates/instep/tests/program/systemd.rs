//! The service under a real systemd: one for this test alone.

use std::process::Command;

use tempfile::tempdir;

#[test]
fn systemd_starts_the_daemon_when_it_is_ready_and_again_when_it_dies_or_hangs() {
    let dir = tempdir().expect("there is room");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/systemd.sh");
    let namespace = ["--mount", "--propagation", "private", "sh", script, env!("CARGO_BIN_EXE_instep")];
    let run = Command::new("unshare").args(namespace).arg(dir.path()).output();
    let run = run.expect("unshare is part of every system");
    let (said, told) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    if told.contains("unshare failed") || said.contains("skipped: ") {
        eprintln!("skipped: {said}{told}");
        return;
    }
    assert!(run.status.success(), "{said}{told}");
    for line in [
        "installed: active, notify",
        "answers",
        "killed: started again",
        "hanging: started again",
        "stopped: inactive, success",
        "uninstalled",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}{told}");
    }
}
