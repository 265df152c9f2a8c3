//! A stop that is not answered: asked, "not responding", terminated, killed; and what cannot be ended by force is left
//! behind. Each step is seen on the screen and stands in the results.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use syncmgr::{
    CancelRequest, EndReason, Handler, ItemId, Level, NewEvent, Problem, ProblemClass, Refusal, Termination,
};

use crate::center::{Center, Inner, State, locked};
use crate::feed::What;
use crate::open::Open;
use crate::turn::Turn;

/// How far a stop has gone that is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StopStage {
    /// Asked.
    Asked,
    /// Not acknowledged in time.
    NotResponding,
    /// The process that does the work was told to end.
    Terminated,
    /// That process was killed.
    Killed,
}

impl StopStage {
    /// The word used in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::NotResponding => "not_responding",
            Self::Terminated => "terminated",
            Self::Killed => "killed",
        }
    }

    /// What a person reads.
    pub fn label(self) -> &'static str {
        match self {
            Self::Asked => "stopping",
            Self::NotResponding => "not responding",
            Self::Terminated => "terminated",
            Self::Killed => "killed",
        }
    }
}

/// How long each step of a stop waits, counted from the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopGrace {
    /// After that it is "not responding".
    pub answer: Duration,
    /// After that its process is told to end.
    pub terminate: Duration,
    /// After that its process is killed.
    pub kill: Duration,
    /// After that its session is closed as interrupted, whatever its handler still does.
    pub leave: Duration,
}

impl Default for StopGrace {
    fn default() -> Self {
        Self::of(Duration::from_secs(10))
    }
}

impl StopGrace {
    /// All steps from the time that a handler has to answer.
    pub fn of(answer: Duration) -> Self {
        Self { answer, terminate: answer * 2, kill: answer * 3, leave: answer * 6 }
    }

    pub(crate) fn is_unanswered(&self, waited: i64) -> bool {
        waited >= millis(self.answer)
    }

    /// The step that is due after so many milliseconds.
    fn step(&self, waited: i64) -> Step {
        [(self.leave, Step::Leave), (self.kill, Step::Kill), (self.terminate, Step::Terminate)]
            .into_iter()
            .find_map(|(after, step)| (waited >= millis(after)).then_some(step))
            .unwrap_or(if self.is_unanswered(waited) { Step::Tell } else { Step::Wait })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What is done next about a stop that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Step {
    #[default]
    Wait,
    Tell,
    Terminate,
    Kill,
    Leave,
}

/// The stops of one session. Times are steady milliseconds.
#[derive(Default)]
pub(crate) struct Stopping {
    all: Option<i64>,
    items: HashMap<ItemId, i64>,
    done: Step,
    /// What was done to the process.
    forced: Option<Termination>,
}

impl Stopping {
    pub(crate) fn asked_all(&mut self, now: i64, again: bool) {
        if !again || self.all.is_none() {
            self.all = Some(now);
        }
    }

    pub(crate) fn asked_item(&mut self, item: &ItemId, now: i64) {
        self.items.insert(item.clone(), now);
    }

    /// When a stop of this item was asked for that is not acknowledged.
    fn asked(&self, item: &ItemId, cancel: CancelRequest) -> Option<i64> {
        let all = self.all.filter(|_| cancel == CancelRequest::All);
        match cancel {
            CancelRequest::None => None,
            _ => self.items.get(item).copied().into_iter().chain(all).min(),
        }
    }

    /// How far the stop of an item has gone.
    pub(crate) fn stage(
        &self,
        item: &ItemId,
        cancel: CancelRequest,
        now: i64,
        grace: &StopGrace,
    ) -> Option<StopStage> {
        let asked = self.asked(item, cancel)?;
        Some(match self.forced {
            Some(Termination::Kill) => StopStage::Killed,
            Some(Termination::Terminate) => StopStage::Terminated,
            None if grace.is_unanswered(now.saturating_sub(asked)) => StopStage::NotResponding,
            None => StopStage::Asked,
        })
    }
}

impl Center {
    /// How long a handler has to answer a stop, and what follows.
    pub fn set_stop_grace(&self, grace: StopGrace) {
        self.inner.lock().stop_grace = grace;
        self.inner.announce();
    }
}

impl State {
    /// Whether a stop waits for its answer.
    pub(crate) fn is_stopping(&self) -> bool {
        self.open.iter().any(|open| open.waits_for_stop()) || self.stuck_turns().next().is_some()
    }

    /// Whether there is anything that could need an end from outside.
    pub(crate) fn is_to_be_watched(&self) -> bool {
        !self.open.is_empty() || self.stuck_turns().next().is_some()
    }

    /// Calls that were asked to stop, have no session in which they could answer, and are not given up on.
    fn stuck_turns(&self) -> impl Iterator<Item = &Arc<Turn>> {
        self.handlers.iter().flat_map(|entry| &entry.turns).filter(|turn| {
            turn.stop_asked().is_some()
                && !turn.is_silent()
                && !self.open.iter().any(|open| open.belongs_to(turn))
        })
    }
}

impl Open {
    fn waits_for_stop(&self) -> bool {
        let stopping = locked(&self.stopping);
        let waits = |item| self.session.item(item).is_some_and(|view| view.cancel != CancelRequest::None);
        (stopping.all.is_some() && self.session.is_stopping()) || stopping.items.keys().any(waits)
    }

    /// Since when all that is open in it has been asked to stop. While something in it is wanted, nothing is forced.
    fn stop_ignored_since(&self) -> Option<i64> {
        let stopping = locked(&self.stopping);
        if stopping.all.is_none() && stopping.items.is_empty() {
            return None;
        }
        let views = self.session.snapshot().items;
        let open = views.iter().filter(|view| view.outcome.is_none());
        open.map(|view| stopping.asked(&view.id, view.cancel))
            .collect::<Option<Vec<i64>>>()?
            .into_iter()
            .max()
    }
}

impl Inner {
    /// Goes on with what has not answered a stop.
    pub(crate) fn escalate(self: &Arc<Self>) {
        let now = self.clock.steady();
        let (grace, open, stuck) = {
            let state = self.lock();
            let stuck: Vec<Arc<Turn>> = state.stuck_turns().cloned().collect();
            (state.stop_grace, state.open.clone(), stuck)
        };
        for open in open {
            let due =
                open.stop_ignored_since().map_or(Step::Wait, |asked| grace.step(now.saturating_sub(asked)));
            let done = std::mem::replace(&mut locked(&open.stopping).done, due);
            if due > done {
                self.take_step(&open, due, &grace);
            }
        }
        for turn in stuck {
            let asked = turn.stop_asked().unwrap_or(now);
            if grace.step(now.saturating_sub(asked)) == Step::Leave {
                let text = format!(
                    "The handler '{}' did not answer the request to stop, and was left to itself.",
                    turn.handler
                );
                self.record_the_rest(&turn, Some(Problem::new(ProblemClass::Transient, text)));
                turn.fell_silent();
                self.announce();
            }
        }
    }

    /// Ends the work of a session at once, if it is another process's: what it leaves behind is no longer ours to wait for.
    pub(crate) fn kill(&self, open: &Open) {
        let handler = self.lock().handler(open.session.handler()).map(|entry| Arc::clone(&entry.handler));
        // One that cannot be ended by force is left to itself.
        let _ = force(open, handler.as_deref(), Termination::Kill);
    }

    fn take_step(self: &Arc<Self>, open: &Arc<Open>, step: Step, grace: &StopGrace) {
        let handler = self.lock().handler(open.session.handler()).map(|entry| Arc::clone(&entry.handler));
        let name = open.session.handler();
        let ignored = format!("'{name}' has not answered the request to stop");
        let (title, text) = match step {
            Step::Wait => return,
            Step::Tell => ("Not responding", format!("{ignored} for {} s.", grace.answer.as_secs_f32())),
            Step::Terminate | Step::Kill => {
                let how = if step == Step::Kill { Termination::Kill } else { Termination::Terminate };
                if force(open, handler.as_deref(), how).is_err() {
                    return;
                }
                locked(&open.stopping).forced = Some(how);
                match how {
                    Termination::Terminate => {
                        ("Terminated", format!("{ignored}; its process was told to end."))
                    }
                    Termination::Kill => ("Killed", format!("{ignored}; its process was killed.")),
                }
            }
            Step::Leave => {
                let why = match force(open, handler.as_deref(), Termination::Kill) {
                    Ok(()) => "its process was killed and is not gone yet".to_owned(),
                    Err(Refusal::NotImplemented(why)) => why,
                    Err(other) => other.to_string(),
                };
                ("Left behind", format!("{ignored}: {why}. Its session is closed; it may still be at work."))
            }
        };
        // A store that cannot take the line is no reason to wait longer.
        let _ = self.record_event(open, NewEvent::new(None, Level::Warning, title, text), self.clock.wall());
        if step == Step::Tell {
            // Its headline is another one from now on, and nothing else would say so.
            for item in open.session.snapshot().items {
                self.tell(What::ItemChanged { handler: name.clone(), item: item.id });
            }
        }
        if step == Step::Leave {
            self.end(open, EndReason::LeftBehind);
        }
        self.announce();
    }
}

/// Ends the work of a session by force, where that is possible: a session from outside is another program's.
fn force(open: &Open, handler: Option<&dyn Handler>, how: Termination) -> Result<(), Refusal> {
    match (&open.turn, handler) {
        (Some(_), Some(handler)) => handler.terminate(open.session.run_id(), how),
        _ => Err(Refusal::NotImplemented("another program does its work, and is not ours to end".into())),
    }
}
