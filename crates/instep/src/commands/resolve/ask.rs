//! Asking a person about one conflict after another.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};

use syncmgr::conflict::walk::settle;
use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictPresenter, Decided, Feedback, PresenterNextStep, ResolutionHandler,
    ResolveInfo,
};
use syncmgr::{HandlerError, HandlerId};

use super::decide;
use crate::app::App;
use crate::engine::Engine;
use crate::exit::Failure;
use crate::out::Tone;
use crate::render::human;
use crate::render::text::Safe;
use crate::run::has_person;

/// Asks about each; what was answered is what is to be settled, all of it together.
pub(super) fn walk(app: &App<'_>, engine: &Engine, open: &[Conflict]) -> Result<Vec<Decided>, Failure> {
    if !has_person(app) {
        return Err(Failure::usage("which version is to stay was not said, and there is nobody to ask")
            .tip("say it: --keep a|b|both|newest|largest|merge, --tool, --file or --leave-out"));
    }
    let mut collectors: BTreeMap<HandlerId, Collector> = BTreeMap::new();
    for conflict in open {
        if let Some(handler) = engine.center.resolution_handler(&conflict.handler) {
            let collector = || Collector { handler, answers: Mutex::default() };
            collectors.entry(conflict.handler.clone()).or_insert_with(collector);
        }
    }
    let asker = Asker { app, handlers: &collectors };
    settle(open, &asker, None, |conflict| {
        collectors.get(&conflict.handler).map(|collector| collector as &dyn ResolutionHandler)
    });
    let answers = collectors.into_values().map(|collector| collector.answers.into_inner());
    Ok(answers.flat_map(Result::unwrap_or_default).collect())
}

/// Knows what can be done, and only writes down what is to be done.
struct Collector {
    handler: Arc<dyn ResolutionHandler>,
    answers: Mutex<Vec<Decided>>,
}

impl ResolutionHandler for Collector {
    fn abilities(&self, conflict: &Conflict) -> Abilities {
        self.handler.abilities(conflict)
    }

    fn resolve(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError> {
        if let Ok(mut answers) = self.answers.lock() {
            answers.push(decide(conflict, choice.clone()));
        }
        Ok(Feedback::Continue)
    }
}

struct Asker<'a> {
    app: &'a App<'a>,
    handlers: &'a BTreeMap<HandlerId, Collector>,
}

impl ConflictPresenter for Asker<'_> {
    fn present(&self, _conflict: &Conflict) -> Option<Choice> {
        None
    }

    fn present_in(&self, conflict: &Conflict, abilities: Abilities, info: &mut ResolveInfo) {
        let out = self.app.out;
        let at = info.iteration();
        out.line(format_args!("{}", out.paint(Tone::Strong, format_args!("{} of {}", at.current, at.total))));
        human::one_conflict(out, conflict);
        let handler = self.handlers.get(&conflict.handler).map(|collector| &collector.handler);
        let merge = handler
            .filter(|_| abilities.contains(Abilities::KEEP_OTHER))
            .and_then(|handler| handler.merge(conflict).ok().flatten());
        let clean = merge.as_ref().is_some_and(|merge| merge.overlaps == 0);
        let words = words(conflict, abilities, clean, at.remaining_for_apply_to_all);
        loop {
            let Some(answer) = read(self.app, &words) else {
                info.set_next_step(PresenterNextStep::Cancel);
                return;
            };
            let (word, all) = match answer.strip_suffix('!') {
                Some(word) => (word, true),
                None => (answer.as_str(), false),
            };
            let choice = match word {
                "a" => Choice::KeepOne(0),
                "b" => Choice::KeepOne(1),
                "both" if abilities.contains(Abilities::KEEP_MULTIPLE) => Choice::KeepAll,
                "newest" if conflict.newest().is_some() => Choice::KeepRecent,
                "largest" if conflict.largest().is_some() => Choice::KeepLargest,
                "merge" if clean => Choice::KeepMerged,
                "leave-out" if abilities.contains(Abilities::REMOVE_FROM_SYNC_SET) => {
                    Choice::RemoveFromSyncSet
                }
                "diff" => {
                    match &merge {
                        Some(merge) => human::text(out, &merge.text),
                        None => out.line("  There is nothing to show: no text, or no version in common."),
                    }
                    continue;
                }
                "" | "skip" => return,
                "quit" => {
                    info.set_next_step(PresenterNextStep::Cancel);
                    return;
                }
                other => {
                    out.line(format_args!("  \"{}\" is none of the answers.", Safe(other)));
                    continue;
                }
            };
            info.answer(conflict, choice, all);
            return;
        }
    }
}

/// The answers there are.
fn words(conflict: &Conflict, abilities: Abilities, clean: bool, more: usize) -> String {
    let side = |index: usize| {
        conflict.versions.get(index).map(|version| Safe(&version.location).to_string()).unwrap_or_default()
    };
    let mut words = vec![format!("a ({})", side(0)), format!("b ({})", side(1))];
    let mut offer = |word: &str, offered: bool| words.extend(offered.then(|| word.to_owned()));
    offer("both", abilities.contains(Abilities::KEEP_MULTIPLE));
    offer("newest", conflict.newest().is_some());
    offer("largest", conflict.largest().is_some());
    offer("merge", clean);
    offer("diff", abilities.contains(Abilities::KEEP_OTHER));
    offer("leave-out", abilities.contains(Abilities::REMOVE_FROM_SYNC_SET));
    words.push("skip".into());
    words.push("quit".into());
    let for_all = match more {
        0 => String::new(),
        more => format!(" (with ! for this and the {more} later ones of its kind)"),
    };
    format!("  keep: {}{for_all}", words.join(", "))
}

/// One answer; none at the end of the input.
fn read(app: &App<'_>, words: &str) -> Option<String> {
    app.out.line(words);
    app.out.flush();
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "  > ").and_then(|()| stderr.flush()).ok()?;
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_lowercase()),
    }
}
