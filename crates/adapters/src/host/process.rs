//! The process of a handler: started in a group of its own, with descriptors 3 and 4, and ended with all that it started.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use syncmgr::{Problem, ProblemClass, reason};

use super::spec::HandlerSpec;
use crate::strays::Mark;

/// Our ends of a process's pipes.
pub(crate) struct Pipes {
    /// What the handler writes to descriptor 4.
    pub(crate) input: OwnedFd,
    /// What the handler reads from descriptor 3.
    pub(crate) output: OwnedFd,
    /// Its standard output and standard error.
    pub(crate) log: Option<OwnedFd>,
    /// Readable when the process has exited.
    pub(crate) exited: Option<OwnedFd>,
}

/// A started process.
pub(crate) struct Process {
    group: Pid,
    /// Finds those that left the group.
    mark: Mark,
    /// None once it was reaped: its number may be another process's then.
    child: Mutex<Option<Child>>,
}

impl Process {
    pub(crate) fn start(spec: &HandlerSpec, command: &[String]) -> Result<(Self, Pipes), Problem> {
        let [program, words @ ..] = command else {
            return Err(Problem::new(
                ProblemClass::Config,
                format!("The handler '{}' has no command.", spec.id),
            )
            .with_fix(format!("name its program in [handlers.{}] command", spec.id)));
        };
        let failed = |error: io::Error| {
            let class = match error.kind() {
                io::ErrorKind::NotFound => ProblemClass::Config,
                io::ErrorKind::PermissionDenied => ProblemClass::Permission,
                _ => ProblemClass::Transient,
            };
            let text = format!(
                "The program '{program}' of handler '{}' cannot be started: {}.",
                spec.id,
                reason(&error)
            );
            Problem::new(class, text).with_fix(format!("look at [handlers.{}] command", spec.id))
        };
        let environment = spec.environment.as_ref().map(|environment| (environment.0)()).transpose()?;
        Self::spawn(spec, program, words, environment).map_err(failed)
    }

    fn spawn(
        spec: &HandlerSpec,
        program: &str,
        words: &[String],
        environment: Option<Vec<(String, String)>>,
    ) -> io::Result<(Self, Pipes)> {
        let (theirs_in, output) = pipe()?;
        let (input, theirs_out) = pipe()?;
        let (log, theirs_log) = pipe()?;
        let mark = Mark::new();
        let mut command = Command::new(program);
        if let Some(environment) = environment {
            command.env_clear().envs(environment);
        }
        command
            .args(words)
            .envs(&spec.env)
            .env("INSTEP_HANDLER", spec.id.as_str())
            .envs([mark.variable()])
            .stdin(Stdio::null())
            .stdout(theirs_log.try_clone()?)
            .stderr(theirs_log)
            // Whatever it starts can be ended with it.
            .process_group(0);
        if let Some(dir) = &spec.dir {
            command.current_dir(dir);
        }
        let ends = |reader: PipeReader, writer: PipeWriter| [(OwnedFd::from(reader), 3), (writer.into(), 4)];
        let mappings =
            ends(theirs_in, theirs_out).map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd });
        command.fd_mappings(mappings.into()).map_err(|error| io::Error::other(error.to_string()))?;
        let mut child = command.spawn()?;
        // Our copies of its ends go with the command; only then does an end mean that it is gone.
        drop(command);
        let described =
            i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData);
        let watched = described
            .map_err(io::Error::from)
            .and_then(|pid| Ok((pid, pidfd_open(pid, PidfdFlags::empty())?)));
        let (group, exited) = match watched {
            Ok(watched) => watched,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let process = Self { group, mark, child: Mutex::new(Some(child)) };
        let pipes =
            Pipes { input: input.into(), output: output.into(), log: Some(log.into()), exited: Some(exited) };
        Ok((process, pipes))
    }

    /// Sends a signal to the process and its group.
    pub(crate) fn signal(&self, signal: Signal) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if child.is_some() {
            // It fails when nobody is left, which is what was wanted.
            let _ = kill_process_group(self.group, signal);
        }
    }

    /// After its exit: ends whatever is left of what it started, in its group or elsewhere, and tells how it ended. Waits
    /// for an exit that has not come.
    pub(crate) fn reap(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = child.take()?;
        // While it is not reaped, the number of its group is nobody else's.
        let _ = kill_process_group(self.group, Signal::KILL);
        let status = gone.wait().ok();
        self.mark.kill_all();
        status
    }
}

/// How a process ended, for "it ...".
pub(crate) fn ending(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return "ended".into() };
    match (status.code(), status.signal()) {
        (Some(0), _) => "exited by itself".into(),
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => match Signal::from_named_raw(signal) {
            Some(named) => format!("was ended by signal {signal} ({named:?})"),
            None => format!("was ended by signal {signal}"),
        },
        (None, None) => "ended".into(),
    }
}
