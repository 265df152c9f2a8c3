//! Conflicts that the daemon settles, as they were shown here.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use center::Verdict;
use hyper::Method;
use syncmgr::conflict::{Choice, ConflictKind, Decided, OtherVersion, Settlement};
use syncmgr::{HandlerError, HandlerId, ItemId, ProblemClass, Refusal, RunId, RunResult};
use tempfile::NamedTempFile;
use wire::{Became, Chosen, ConflictKey, Keep, ResolveOrder, Resolved, ShownConflict};

use super::attended::Attended;
use super::{Daemon, through};
use crate::exit::Failure;
use crate::render::progress::Progress as Shown;
use crate::run::{Settled, SettledOne};
use crate::signals::Watched;

/// How long is waited between two looks for the answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The largest version that is sent along; a larger one is put where the daemon can read it.
const SENT: usize = 1024 * 1024;

/// Has the daemon settle conflicts and waits for what became of them. Ctrl-C asks the daemon to stop that; a second one
/// leaves, and the daemon goes on with the stop.
pub(crate) fn settle(
    daemon: &Daemon,
    decided: Vec<Decided>,
    progress: &mut Shown<'_>,
    signalled: &Watched<'_>,
) -> Result<Settled, Failure> {
    let mut files = Vec::new();
    let order = order(&decided, &mut files)?;
    let mut attended = Attended::new(daemon, items(&decided), progress, signalled);
    let mut pending = daemon.ask_for_long(Method::POST, "/conflicts/resolve", &order)?;
    loop {
        if let Some(answer) = daemon.answered::<Resolved>(&mut pending) {
            return Ok(settled(decided, answer?));
        }
        attended.wait(LOOK_EVERY)?;
    }
}

/// The items that it is about, handler by handler.
fn items(decided: &[Decided]) -> Vec<(HandlerId, Vec<ItemId>)> {
    let mut items: BTreeMap<HandlerId, Vec<ItemId>> = BTreeMap::new();
    for Decided { conflict, .. } in decided {
        let of = items.entry(conflict.handler.clone()).or_default();
        if of.last() != Some(&conflict.item) {
            of.push(conflict.item.clone());
        }
    }
    items.into_iter().collect()
}

fn order(decided: &[Decided], files: &mut Vec<NamedTempFile>) -> Result<ResolveOrder, Failure> {
    let for_all = decided
        .first()
        .map(|one| &one.choice)
        .filter(|choice| !matches!(choice, Choice::KeepOther(_)))
        .filter(|choice| decided.iter().all(|one| one.choice == **choice));
    let mut shown = Vec::with_capacity(decided.len());
    for Decided { conflict, choice } in decided {
        shown.push(ShownConflict {
            handler: conflict.handler.to_string(),
            item: conflict.item.to_string(),
            id: ConflictKey(conflict.id.0.clone()).to_string(),
            seen: server::seen(conflict),
            copy: conflict.kind == ConflictKind::ForeignCopy,
            instead: if for_all.is_some() { None } else { Some(chosen(choice, files)?) },
        });
    }
    // Where each has a choice of its own, the one for all is not used.
    let Chosen { keep, name_a, name_b, content, file } = match for_all {
        Some(choice) => chosen(choice, files)?,
        None => only(Keep::A),
    };
    Ok(ResolveOrder {
        keep,
        name_a,
        name_b,
        content,
        file,
        dry_run: false,
        conflicts: Some(shown),
        all: None,
    })
}

fn only(keep: Keep) -> Chosen {
    Chosen { keep, name_a: None, name_b: None, content: None, file: None }
}

/// A choice in the words of the API.
fn chosen(choice: &Choice, files: &mut Vec<NamedTempFile>) -> Result<Chosen, Failure> {
    Ok(match choice {
        Choice::KeepOne(0) => only(Keep::A),
        Choice::KeepOne(_) => only(Keep::B),
        Choice::KeepAll => only(Keep::Both),
        Choice::KeepRecent => only(Keep::Newest),
        Choice::KeepLargest => only(Keep::Largest),
        Choice::KeepMerged => only(Keep::Merged),
        Choice::RemoveFromSyncSet => only(Keep::LeaveOut),
        Choice::KeepItems(items) => {
            let name =
                |index| items.iter().find(|item| item.index == index).and_then(|item| item.new_name.clone());
            let keep = match items.as_slice() {
                [one] if one.index == 0 => Keep::A,
                [_] => Keep::B,
                _ => Keep::Both,
            };
            Chosen { name_a: name(0), name_b: name(1), ..only(keep) }
        }
        Choice::KeepOther(OtherVersion::Reference(file)) => {
            Chosen { file: Some(file.clone()), ..only(Keep::Other) }
        }
        Choice::KeepOther(OtherVersion::Content(content)) if content.len() <= SENT => {
            Chosen { content: Some(BASE64_STANDARD.encode(content)), ..only(Keep::Other) }
        }
        Choice::KeepOther(OtherVersion::Content(content)) => {
            let file = put_down(content).map_err(|error| {
                Failure::failed(format!("no place for that version: {}", syncmgr::reason(&error)))
            })?;
            let path = file.path().to_string_lossy().into_owned();
            files.push(file);
            Chosen { file: Some(path), ..only(Keep::Other) }
        }
        other => {
            return Err(Failure::failed(format!("the daemon has no word for the choice {other:?}")));
        }
    })
}

/// A file that only this person can read, until the conflict is settled.
fn put_down(content: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut file = NamedTempFile::with_prefix("instep-version-")?;
    file.write_all(content)?;
    Ok(file)
}

/// What the daemon says, as it would be told here.
fn settled(decided: Vec<Decided>, answer: Resolved) -> Settled {
    let items = through::ended(answer.items);
    let mut result = RunResult::fold(&items);
    result.outcome = answer.outcome.into();
    let verdict = Verdict {
        runs: answer.runs.into_iter().map(RunId).collect(),
        result,
        items,
        trouble: answer.trouble.map(Refusal::Failed),
    };
    let each = decided.into_iter().zip(answer.settlements).map(|(decided, said)| SettledOne {
        settlement: match said.became {
            Became::Settled => Settlement::Settled(decided.choice.clone()),
            Became::Left => Settlement::Left,
            Became::Failed => Settlement::Failed(match said.problem {
                Some(problem) => HandlerError::from(syncmgr::Problem::from(problem)),
                None => HandlerError::new(ProblemClass::Bug, "it could not be settled"),
            }),
            Became::Changed => Settlement::Changed,
            Became::Gone => Settlement::Gone,
            Became::NotReached => Settlement::NotReached,
        },
        in_run: said.in_run,
        conflict: decided.conflict,
    });
    Settled { verdict, each: each.collect() }
}
