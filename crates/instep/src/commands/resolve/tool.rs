//! Merging in another program, as git does it: `$BASE`, `$LOCAL`, `$REMOTE` and `$MERGED` name its files. Whatever it does,
//! the sides are touched only afterwards, and only by what it says is good.

use std::fs;
use std::io::IsTerminal;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use syncmgr::conflict::{Abilities, Choice, Conflict, Decided, OtherVersion, Shown};

use super::decide;
use crate::app::App;
use crate::args::Resolve;
use crate::engine::Engine;
use crate::exit::Failure;
use crate::ledger::path_of;
use crate::render::human;
use crate::render::text::SafePath;
use crate::signals::Wish;

/// How often it is looked whether the tool has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a tool that is to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// The largest version that is handed to a tool.
const MAX: u64 = 1 << 30;

/// What came of merging.
pub(super) struct Merged {
    pub(super) decided: Vec<Decided>,
    /// Where the merges lie until they are in place.
    pub(super) workplace: tempfile::TempDir,
}

/// Merges one after another; one that came to nothing stays open, and is said.
pub(super) fn merge_all(
    app: &App<'_>,
    engine: &Engine,
    open: &[Conflict],
    args: &Resolve,
) -> Result<Merged, Failure> {
    let setting = &app.settings.said.merge;
    let given = args.tool.as_deref().filter(|line| !line.is_empty());
    let Some(line) = given.or(setting.tool.as_deref()) else {
        return Err(Failure::usage("no merge tool is set up").tip(
            "name it: --tool 'meld $LOCAL $BASE $REMOTE -o $MERGED', or `tool` in [merge] of the settings",
        ));
    };
    let failed = |error: std::io::Error| {
        Failure::failed(format!("no place for the files of the tool: {}", syncmgr::reason(&error)))
    };
    let workplace = tempfile::Builder::new().prefix("instep-merge-").tempdir().map_err(failed)?;
    let mut decided = Vec::new();
    for (number, conflict) in open.iter().enumerate() {
        if !app.out.is_json() {
            human::one_conflict(app.out, conflict);
            app.out.flush();
        }
        let place = workplace.path().join(number.to_string());
        fs::create_dir(&place).map_err(failed)?;
        match merge_one(engine, conflict, &place, line, setting) {
            Ok(merged) => {
                let other = OtherVersion::Reference(merged.to_string_lossy().into_owned());
                decided.push(decide(conflict, Choice::KeepOther(other)));
            }
            Err(why) => app.out.warn(format_args!("{} stays open: {why}", path_of(conflict))),
        }
        if engine.signalled.watch().wish() != Wish::GoOn {
            break;
        }
    }
    Ok(Merged { decided, workplace })
}

fn merge_one(
    engine: &Engine,
    conflict: &Conflict,
    place: &Path,
    line: &str,
    setting: &settings::MergeTool,
) -> Result<PathBuf, String> {
    let handler = engine
        .center
        .resolution_handler(&conflict.handler)
        .filter(|handler| handler.abilities(conflict).contains(Abilities::KEEP_OTHER))
        .ok_or("only two files can be merged")?;
    let told = |error: syncmgr::HandlerError| error.problem.text;
    let content = |which| handler.content(conflict, which, MAX).map_err(told);
    let local = content(Shown::Version(0))?.ok_or("its versions are too large for a tool")?;
    let remote = content(Shown::Version(1))?.ok_or("its versions are too large for a tool")?;
    let base = content(Shown::Ancestor)?.unwrap_or_default();
    // What a tool finds to begin with, and changes if it does anything at all.
    let begun = handler.merge(conflict).map_err(told)?.map_or_else(|| local.clone(), |merge| merge.text);

    let shown = path_of(conflict).to_string();
    let extension =
        Path::new(&shown).extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    let file = |name: &str, text: &[u8]| -> Result<PathBuf, String> {
        let path = place.join(format!("{name}{}", extension.as_deref().unwrap_or_default()));
        let written = fs::write(&path, text);
        written.map_err(|error| format!("its versions could not be written: {}", syncmgr::reason(&error)))?;
        Ok(path)
    };
    let merged = file("MERGED", &begun)?;
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line).env("BASE", file("BASE", &base)?).env("LOCAL", file("LOCAL", &local)?);
    command.env("REMOTE", file("REMOTE", &remote)?).env("MERGED", &merged);
    let status = run(command, setting.time_limit.map(settings::period::Period::duration), engine)?;

    let after = fs::read(&merged)
        .map_err(|error| format!("the tool left no merge behind: {}", syncmgr::reason(&error)))?;
    if setting.trust_exit_code.unwrap_or(true) {
        if !status.success() {
            return Err(match (status.code(), status.signal()) {
                (Some(code), _) => format!("the tool ended with exit code {code}"),
                (None, Some(signal)) => format!("the tool was ended by signal {signal}"),
                (None, None) => "the tool failed".into(),
            });
        }
    } else if after == begun {
        return Err("the tool changed nothing".into());
    }
    if after.is_empty() && !(local.is_empty() || remote.is_empty()) {
        return Err(format!("the tool left {} empty", SafePath(&merged)));
    }
    Ok(merged)
}

/// Runs a tool until it ends, its time is over, or the person has enough of it.
fn run(mut command: Command, limit: Option<Duration>, engine: &Engine) -> Result<ExitStatus, String> {
    // A tool on the terminal must stay in the terminal's own group, or it is stopped as soon as it reads.
    let apart = !std::io::stdin().is_terminal();
    if apart {
        command.process_group(0);
    }
    let signalled = engine.signalled.watch();
    let mut child = command
        .spawn()
        .map_err(|error| format!("the tool cannot be started: {}", syncmgr::reason(&error)))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(format!("the tool was lost: {}", syncmgr::reason(&error))),
        }
        let late = limit.is_some_and(|limit| begun.elapsed() >= limit);
        if late || signalled.wish() != Wish::GoOn {
            end(&mut child, apart);
            return Err(match limit {
                Some(limit) if late => format!("the tool was ended after {} s", limit.as_secs()),
                _ => "the tool was ended".into(),
            });
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Asks it to end, with all that it has started; makes it end if it does not.
fn end(child: &mut Child, apart: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let tell = |signal| if apart { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
    let _ = tell(Signal::TERM);
    let begun = Instant::now();
    while begun.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    // Those whom it has started may still be there.
    let _ = tell(Signal::KILL);
    let _ = child.wait();
}
