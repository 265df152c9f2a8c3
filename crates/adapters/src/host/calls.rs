//! Questions that wait for their answers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::value::RawValue;
use syncmgr::{HandlerError, Problem, ProblemClass, Refusal};
use wire::rpc::ErrorObject;

/// What came of a question.
pub(crate) type Answer = Result<Box<RawValue>, CallError>;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// The handler answered with an error.
    #[error("{}", .0.message)]
    Answered(ErrorObject),
    /// The connection is over.
    #[error("{0}")]
    Over(Problem),
    /// No answer came in time.
    #[error("the handler did not answer '{method}' within {} s", .waited.as_secs())]
    Late {
        /// The question.
        method: &'static str,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The answer is not what the method answers, or the question cannot be put.
    #[error("'{method}': {why}")]
    Wrong {
        /// The question.
        method: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        match error {
            CallError::Answered(error) => error.into_problem(),
            CallError::Over(problem) => problem,
            CallError::Late { .. } => Self::new(ProblemClass::Transient, format!("{text}.")),
            CallError::Wrong { .. } => {
                Self::new(ProblemClass::Bug, format!("The handler's answer cannot be understood: {text}."))
                    .with_fix("This is a mistake in the handler; please report it to its author")
            }
        }
    }
}

impl From<CallError> for HandlerError {
    fn from(error: CallError) -> Self {
        Problem::from(error).into()
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Answered(error) => error.into_refusal(),
            other => Self::Failed(Problem::from(other).text),
        }
    }
}

type Waiter = Box<dyn FnOnce(Answer) + Send>;

/// The open questions of a connection.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Open>);

#[derive(Default)]
struct Open {
    last: u64,
    waiters: HashMap<u64, Waiter>,
    over: Option<Problem>,
}

impl Calls {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a question; whoever waits gets the answer on the link's thread.
    pub(crate) fn ask(&self, waiter: Waiter) -> Result<u64, CallError> {
        let mut open = self.open();
        if let Some(problem) = &open.over {
            return Err(CallError::Over(problem.clone()));
        }
        open.last += 1;
        let id = open.last;
        open.waiters.insert(id, waiter);
        Ok(id)
    }

    /// Opens a question that a thread waits for.
    pub(crate) fn wait(&self) -> Result<(u64, mpsc::Receiver<Answer>), CallError> {
        let (sender, receiver) = mpsc::channel();
        let id = self.ask(Box::new(move |answer| {
            // Nobody waits any more: the time was over.
            let _ = sender.send(answer);
        }))?;
        Ok((id, receiver))
    }

    /// Waits for the answer no longer: one that comes late is passed over.
    pub(crate) fn forget(&self, id: u64) {
        self.open().waiters.insert(id, Box::new(drop));
    }

    /// Whether no more questions can be put.
    pub(crate) fn is_over(&self) -> bool {
        self.open().over.is_some()
    }

    /// Hands an answer on. False: there is no such question.
    pub(crate) fn answer(&self, id: u64, answer: Answer) -> bool {
        let waiter = self.open().waiters.remove(&id);
        waiter.map(|waiter| waiter(answer)).is_some()
    }

    /// Answers all open questions, and every later one, with the end of the connection.
    pub(crate) fn end(&self, problem: &Problem) {
        let waiters = {
            let mut open = self.open();
            open.over = Some(problem.clone());
            std::mem::take(&mut open.waiters)
        };
        for waiter in waiters.into_values() {
            waiter(Err(CallError::Over(problem.clone())));
        }
    }
}
