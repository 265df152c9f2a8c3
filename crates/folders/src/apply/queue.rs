//! What is still to be staged, shared by the threads that do it. The latest first: depth first keeps the list short.

use std::sync::{Condvar, Mutex};

use super::lock;

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    waiting: Vec<T>,
    /// Tasks that were taken and may bring others.
    busy: usize,
    /// Threads that wait for a task: waking takes a call of the system, also where nobody waits.
    idle: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// `waiting`: the last is taken first.
    pub(super) fn new(waiting: Vec<T>) -> Self {
        Self {
            state: Mutex::new(State { waiting, busy: 0, idle: 0, closed: false }),
            changed: Condvar::new(),
        }
    }

    /// Takes a task, waiting for one as long as a busy thread may bring one; none when all is done, or it was closed.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return None;
            }
            if let Some(task) = state.waiting.pop() {
                state.busy += 1;
                return Some(task);
            }
            if state.busy == 0 {
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    pub(super) fn add(&self, tasks: impl IntoIterator<Item = T>) {
        let mut state = lock(&self.state);
        state.waiting.extend(tasks);
        self.wake(&state);
    }

    /// A task that was taken is done.
    pub(super) fn done(&self) {
        let mut state = lock(&self.state);
        state.busy -= 1;
        if state.busy == 0 {
            self.wake(&state);
        }
    }

    /// Nobody gets another task; what waits stays for the next batch.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        self.wake(&state);
    }

    fn wake(&self, state: &State<T>) {
        if state.idle > 0 {
            self.changed.notify_all();
        }
    }

    pub(super) fn into_rest(self) -> Vec<T> {
        self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).waiting
    }
}
