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
    closed: bool,
}

impl<T> Queue<T> {
    /// `waiting`: the last is taken first.
    pub(super) fn new(waiting: Vec<T>) -> Self {
        Self { state: Mutex::new(State { waiting, busy: 0, closed: false }), changed: Condvar::new() }
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
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    pub(super) fn add(&self, tasks: impl IntoIterator<Item = T>) {
        lock(&self.state).waiting.extend(tasks);
        self.changed.notify_all();
    }

    /// A task that was taken is done.
    pub(super) fn done(&self) {
        let mut state = lock(&self.state);
        state.busy -= 1;
        if state.busy == 0 {
            self.changed.notify_all();
        }
    }

    /// Nobody gets another task; what waits stays for the next batch.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }

    pub(super) fn into_rest(self) -> Vec<T> {
        self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).waiting
    }
}
