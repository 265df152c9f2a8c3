//! What is to be told of a command, between who follows it and who tells: neither waits for the other.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapters::verdict::Verdict;
use center::{Clock, SystemClock};
use syncmgr::{CancelRequest, Counts, NewEvent};

/// How far a command is.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) text: String,
    pub(super) step: u64,
    pub(super) max: u64,
}

/// What has come together. A command has at most a thousand events.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// The newest only.
    pub(super) progress: Option<Progress>,
    /// Each with its time, in milliseconds since 1970.
    pub(super) events: VecDeque<(NewEvent, i64)>,
    pub(super) last: Option<(Verdict, Counts)>,
    /// Nothing more will come.
    pub(super) closed: bool,
}

impl Mail {
    pub(super) fn is_empty(&self) -> bool {
        self.progress.is_none() && self.events.is_empty() && self.last.is_none()
    }

    /// What was not told goes before what has come since.
    fn put_before(&mut self, mut rest: Self) {
        rest.events.append(&mut self.events);
        self.events = rest.events;
        self.progress = self.progress.take().or(rest.progress);
        self.last = self.last.take().or(rest.last);
    }
}

#[derive(Default)]
struct Content {
    mail: Mail,
    asked: CancelRequest,
}

/// The mailbox of one command.
#[derive(Default)]
pub(super) struct Mailbox {
    content: Mutex<Content>,
    bell: Condvar,
}

impl Mailbox {
    pub(super) fn progress(&self, text: &str, step: u64, max: u64) -> CancelRequest {
        let mut content = self.lock();
        content.mail.progress = Some(Progress { text: text.to_owned(), step, max });
        self.bell.notify_one();
        content.asked
    }

    pub(super) fn event(&self, event: NewEvent) {
        self.lock().mail.events.push_back((event, SystemClock::default().wall()));
        self.bell.notify_one();
    }

    pub(super) fn last_word(&self, verdict: Verdict, counts: Counts) {
        self.lock().mail.last = Some((verdict, counts));
        self.bell.notify_one();
    }

    pub(super) fn close(&self) {
        self.lock().mail.closed = true;
        self.bell.notify_one();
    }

    /// What the command is asked from now on.
    pub(super) fn ask(&self, asked: CancelRequest) {
        self.lock().asked = asked;
    }

    /// Waits for something to tell, at most for that long, and takes it.
    pub(super) fn take(&self, patience: Duration) -> Mail {
        let content = self.lock();
        let (mut content, _) = self
            .bell
            .wait_timeout_while(content, patience, |content| content.mail.is_empty() && !content.mail.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let closed = content.mail.closed;
        Mail { closed, ..std::mem::take(&mut content.mail) }
    }

    /// What could not be told is told later.
    pub(super) fn put_back(&self, rest: Mail) {
        let mut content = self.lock();
        let closed = rest.closed || content.mail.closed;
        content.mail.put_before(rest);
        content.mail.closed = closed;
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncmgr::Level;

    fn names(mail: &Mail) -> Vec<&str> {
        mail.events.iter().map(|(event, _)| event.name.as_str()).collect()
    }

    #[test]
    fn of_progress_the_newest_is_told_and_of_events_every_one_in_their_order() {
        let mailbox = Mailbox::default();
        let event = |name: &str| NewEvent::new(None, Level::Warning, name, name);
        mailbox.event(event("one"));
        mailbox.progress("a", 1, 3);
        mailbox.event(event("two"));
        mailbox.progress("b", 2, 3);
        let mail = mailbox.take(Duration::ZERO);
        assert_eq!((names(&mail), mail.progress.as_ref().map(|at| at.step)), (vec!["one", "two"], Some(2)));
        // Nobody heard it, and more has come meanwhile.
        mailbox.event(event("three"));
        mailbox.progress("c", 3, 3);
        mailbox.put_back(mail);
        let mail = mailbox.take(Duration::ZERO);
        assert_eq!(names(&mail), ["one", "two", "three"]);
        assert_eq!(mail.progress.map(|at| at.step), Some(3));
        assert!(mailbox.take(Duration::ZERO).is_empty());
    }

    #[test]
    fn r3_what_is_asked_is_the_answer_to_all_progress_from_then_on() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.progress("", 0, 0), CancelRequest::None);
        mailbox.ask(CancelRequest::Item);
        assert_eq!(mailbox.progress("", 0, 0), CancelRequest::Item);
        assert_eq!(mailbox.progress("", 0, 0), CancelRequest::Item);
    }
}
