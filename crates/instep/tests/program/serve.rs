//! The daemon: one for each home, found by its address, told by signals, and never fooled by what a killed one left.

use std::fs;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, wait_until};

/// A daemon of a scene; killed when a test gives up on it.
pub(crate) struct Daemon {
    child: Child,
    log: std::path::PathBuf,
}

impl Daemon {
    /// Starts it and waits until it answers.
    pub(crate) fn start(scene: &Scene) -> Self {
        Self::start_with(scene, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(scene: &Scene, env: &[(&str, &std::ffi::OsStr)]) -> Self {
        let mut daemon = Self::spawn_with(scene, env);
        let pid = daemon.child.id().to_string();
        wait_until(|| {
            let address = fs::read_to_string(scene.state("daemon")).unwrap_or_default();
            address.split(' ').next() == Some(&pid) || daemon.has_ended()
        });
        assert!(!daemon.has_ended(), "{}", daemon.log());
        daemon
    }

    fn spawn_with(scene: &Scene, env: &[(&str, &std::ffi::OsStr)]) -> Self {
        let log = scene.home().join("serve.log");
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).expect("the home is ours");
        let mut command = scene.command(&["serve", "--log-format", "json"]);
        command.envs(env.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(file).spawn().expect("the program starts");
        Self { child, log }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is our child");
    }

    /// Asks it to end; gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().expect("it ends").code()
    }

    /// As a machine that runs out of memory does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn says(&self, words: &str) {
        wait_until(|| self.log().contains(words));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_second_daemon_of_a_home_is_refused_and_says_which_one_runs() {
    let scene = Scene::new();
    let first = Daemon::start(&scene);
    scene.instep("serve").expect(3).says(&["running already", &format!("process {}", first.child.id())]);
    let other = Scene::new();
    let second = Daemon::start(&other);
    assert_eq!(second.stop(), Some(0));
    assert_eq!(first.stop(), Some(0));
    assert!(
        !scene.state("daemon").exists() && !scene.state("instep.sock").exists(),
        "nothing is left behind"
    );
}

#[test]
fn what_a_killed_daemon_left_is_in_nobodys_way() {
    let scene = Scene::new();
    Daemon::start(&scene).kill();
    assert!(scene.state("daemon").exists() && scene.state("instep.sock").exists());
    scene.instep("sync pair").expect(0);
    assert_eq!(Daemon::start(&scene).stop(), Some(0));
}

#[test]
fn a_socket_that_another_program_answers_at_is_not_taken_from_it() {
    let scene = Scene::new();
    let listener = UnixListener::bind(scene.state("instep.sock")).expect("the home is ours");
    scene.instep("serve").expect(3).says(&["another program answers"]);
    drop(listener);
    fs::remove_file(scene.state("instep.sock")).expect("it is there");
    fs::write(scene.state("instep.sock"), "a note").expect("the home is ours");
    scene.instep("serve").expect(3).says(&["something else", "move it away"]);
    assert_eq!(fs::read(scene.state("instep.sock")).expect("it is there"), b"a note");
}

#[test]
fn a_path_that_no_socket_can_have_is_said() {
    let scene = Scene::bare();
    let deep = scene.home().join("x".repeat(120));
    let output = scene.command(&["serve"]).env("INSTEP_HOME", &deep).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(3) && said.contains("too long"), "{said}");
}

#[test]
fn bad_settings_are_told_and_change_nothing_and_good_ones_are_taken_over() {
    let scene = Scene::new();
    let daemon = Daemon::start(&scene);
    let file = scene.home().join("instep.toml");
    let good = fs::read_to_string(&file).expect("it is there");
    fs::write(&file, format!("{good}\n[items.more]\na = '/x'\nmood = 1\n")).expect("the home is ours");
    daemon.says("what was read before still holds");
    daemon.says("mood");
    // A person asks for it; it is still wrong.
    daemon.signal(Signal::HUP);
    wait_until(|| daemon.log().matches("what was read before still holds").count() >= 2);
    fs::write(&file, format!("{good}\n[items.more]\na = '/x'\nb = '/y'\n")).expect("the home is ours");
    daemon.says("the settings were read again");
    fs::remove_file(&file).expect("it is there");
    wait_until(|| daemon.log().matches("the settings were read again").count() >= 2);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn wrong_settings_keep_a_daemon_from_starting_with_the_place_of_the_mistake() {
    let scene = Scene::new();
    fs::write(scene.home().join("instep.toml"), "[itmes.x]\n").expect("the home is ours");
    scene.instep("serve").expect(2).says(&["line 1", "itmes"]);
}

#[test]
fn a_daemon_whose_log_cannot_be_written_serves_all_the_same() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    std::os::unix::fs::symlink("/dev/full", scene.home().join("serve.log")).expect("the home is ours");
    let daemon = Daemon::start(&scene);
    scene.a.file("y", "y");
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_log_for_programs_has_one_object_a_line() {
    let scene = Scene::new();
    let daemon = Daemon::start(&scene);
    daemon.signal(Signal::INT);
    daemon.says("\"ended\"");
    for line in daemon.log().lines() {
        let object: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        assert!(object["timestamp"].is_string() && object["level"].is_string(), "{line}");
    }
}

#[test]
fn the_service_manager_hears_that_it_is_ready_what_it_does_that_it_lives_and_that_it_ends() {
    let scene = Scene::new();
    let path = scene.home().join("notify");
    let socket = UnixDatagram::bind(&path).expect("the home is ours");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a socket has one");
    let usec = std::ffi::OsStr::new("1000000");
    let daemon = Daemon::spawn_with(&scene, &[("NOTIFY_SOCKET", path.as_os_str()), ("WATCHDOG_USEC", usec)]);
    let mut said = String::new();
    let mut until = |word: &str| {
        while !said.contains(word) {
            let mut buffer = [0_u8; 4096];
            let length = socket.recv(&mut buffer).expect("it goes on");
            said.push_str(&String::from_utf8_lossy(&buffer[..length]));
            said.push('\n');
        }
        std::mem::take(&mut said)
    };
    until("READY=1");
    assert!(scene.state("daemon").exists(), "it is found when it says that it is ready");
    let lives = until("WATCHDOG=1");
    assert!(lives.contains("STATUS=1 items, nothing runs"), "{lives}");
    until("WATCHDOG=1");
    daemon.signal(Signal::TERM);
    until("STOPPING=1");
    assert_eq!(daemon.stop(), Some(0));
}
