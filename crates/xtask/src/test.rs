//! Every test there is.

use anyhow::Result;

use crate::shell;

/// What tests run beside our own program: the package, and how to see that it is there.
const TOOLS: [(&str, &[&str]); 20] = [
    // Faults are injected with it.
    ("strace", &["strace", "--version"]),
    // What people run under `instep run`, and what is wrapped.
    ("rsync", &["rsync", "--version"]),
    ("rclone", &["rclone", "version"]),
    ("restic", &["restic", "version"]),
    ("borgbackup", &["borg", "--version"]),
    ("unison", &["unison", "-version"]),
    ("git", &["git", "--version"]),
    ("syncthing", &["syncthing", "--version"]),
    // Scripts that report by HTTP, and notes on a desktop.
    ("curl", &["curl", "--version"]),
    ("dbus-daemon", &["dbus-daemon", "--version"]),
    // Shells whose completions are tried, beside bash.
    ("zsh", &["zsh", "--version"]),
    ("fish", &["fish", "--version"]),
    // What they are tested against.
    ("openssh-server", &["test", "-x", "/usr/sbin/sshd"]),
    // The SDK for shells stands on it.
    ("jq", &["jq", "--version"]),
    // The SDK for Python is tested from its wheel, in an environment of its own.
    ("python3-venv", &["python3", "-c", "import ensurepip"]),
    // File systems that folders may lie on; each is mounted from a file where that is allowed.
    ("e2fsprogs", &["mkfs.ext4", "-V"]),
    ("xfsprogs", &["mkfs.xfs", "-V"]),
    ("btrfs-progs", &["mkfs.btrfs", "--version"]),
    ("exfatprogs", &["test", "-x", "/usr/sbin/mkfs.exfat"]),
    ("exfat-fuse", &["test", "-x", "/usr/sbin/mount.exfat-fuse"]),
];

pub(crate) fn run(filters: &[&str]) -> Result<()> {
    shell::cargo_tool("nextest", "cargo-nextest")?;
    shell::packages(&TOOLS)?;
    let profile = if std::env::var_os("CI").is_some() { "ci" } else { "default" };
    let mut words = vec!["cargo", "nextest", "run", "--workspace", "--profile", profile];
    words.extend(filters);
    shell::run(&words)?;
    if filters.is_empty() {
        python()?;
        // The test runner above does not know documentation tests.
        shell::run(&["cargo", "test", "--quiet", "--workspace", "--doc"])?;
    }
    Ok(())
}

/// What checks the types of the Python SDK.
const MYPY: &str = "mypy==2.4.1";

/// The tests of the Python SDK: its wheel in an environment of its own, with the program that was built.
fn python() -> Result<()> {
    let (venv, wheels) = ("target/python", "target/wheels");
    let python = format!("{venv}/bin/python");
    for left in [venv, wheels] {
        shell::succeeds(&["rm", "-r", left]);
    }
    shell::run(&["python3", "-m", "venv", venv])?;
    shell::run(&[
        &python,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        wheels,
        "./sdk/python",
    ])?;
    shell::run(&[
        &python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        wheels,
        "instep-handler",
    ])?;
    let program = "INSTEP=target/debug/instep";
    shell::run(&[
        "env",
        program,
        &python,
        "-m",
        "unittest",
        "discover",
        "--start-directory",
        "sdk/python/tests",
    ])?;
    // Its types are part of what it promises.
    shell::run(&[&python, "-m", "pip", "install", "--quiet", MYPY])?;
    let config = "sdk/python/pyproject.toml";
    shell::run(&[
        "env",
        "MYPYPATH=sdk/python/src",
        &python,
        "-m",
        "mypy",
        "--config-file",
        config,
        "--cache-dir",
        "target/mypy",
        "sdk/python/src",
        "sdk/python/tests",
    ])
}
