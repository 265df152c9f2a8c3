//! Following by the contract: the handler notices, whoever follows runs.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use syncmgr::follow::{News, Ran, Runner};
use syncmgr::handler::Handler as _;

use super::*;
use crate::options::ChangeRequest;

const PATIENCE: Duration = Duration::from_secs(30);

/// Hands what is to be run to the test, and waits for its answer.
struct ByHand {
    ask: Mutex<Sender<Request>>,
    answers: Mutex<Receiver<Option<Ran>>>,
    news: Mutex<Sender<News>>,
}

impl Runner for ByHand {
    fn run(&self, request: Option<Request>) -> Option<Ran> {
        self.ask.lock().unwrap().send(request?).ok()?;
        self.answers.lock().unwrap().recv().ok()?
    }

    fn tell(&self, news: News) {
        let _ = self.news.lock().unwrap().send(news);
    }
}

#[test]
fn a_change_is_noticed_and_run_in_its_scope_and_no_answer_ends_it() {
    let bed = Bed::new();
    bed.a.file("x/1", "one").file("y/2", "two");
    bed.sync().is(Outcome::Done);
    let ledger = Arc::clone(&bed.ledger) as Arc<dyn syncmgr::conflict::ConflictLedger>;
    let handler = FoldersHandler::new(Home { pairs: bed.home.path().into() }, vec![bed.pair.clone()], ledger);
    let (ask, asked) = channel();
    let (answer, answers) = channel();
    let (tell, told) = channel();
    let runner = ByHand { ask: Mutex::new(ask), answers: Mutex::new(answers), news: Mutex::new(tell) };
    let following = handler.follow(&bed.item, Arc::new(runner)).unwrap().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(News::Following));
    let run = || {
        let request = asked.recv_timeout(PATIENCE).unwrap();
        let dirs: Vec<String> =
            request.get::<ChangeRequest>().unwrap().scope.dirs().map(ToString::to_string).collect();
        let end = bed.request(Some(request));
        answer.send(Some(Ran { outcome: end.outcome, counts: end.counts })).unwrap();
        dirs
    };
    run();
    bed.a.file("x/1", "changed");
    assert_eq!(run(), ["x"]);
    assert_eq!(bed.b.read("x/1"), b"changed");
    bed.a.file("y/2", "changed");
    let _ = asked.recv_timeout(PATIENCE).unwrap();
    answer.send(None).unwrap();
    drop(following);
    assert!(asked.try_recv().is_err());
}

#[test]
fn an_item_that_is_not_there_is_not_followed() {
    let bed = Bed::new();
    let ledger = Arc::clone(&bed.ledger) as Arc<dyn syncmgr::conflict::ConflictLedger>;
    let handler = FoldersHandler::new(Home { pairs: bed.home.path().into() }, Vec::new(), ledger);
    let (ask, _asked) = channel();
    let (_answer, answers) = channel();
    let (tell, _told) = channel();
    let runner = ByHand { ask: Mutex::new(ask), answers: Mutex::new(answers), news: Mutex::new(tell) };
    assert!(handler.follow(&bed.item, Arc::new(runner)).unwrap().is_none());
}
