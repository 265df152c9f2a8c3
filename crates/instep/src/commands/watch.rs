//! `instep watch`: follows items in the foreground, and says what each run changed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use center::Verdict;
use folders::ChangeRequest;
use folders::pair::Pair;
use folders::watch::{Ended, Follower, Ground, News, Runner};
use reconcile::Scope;
use serde_json::{Value, json};
use store::Store;
use syncmgr::control::Control;
use syncmgr::flags::SyncControlFlags;
use syncmgr::{Counts, ItemEnd, ItemId, Outcome, Problem, ProblemClass, Request};

use crate::app::App;
use crate::args::{Rules, Watch};
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::render::text::{Count, Safe, local_time, took, utc_time};
use crate::render::{human, json, sum};
use crate::report;
use crate::signals::Wish;
use crate::targets;

/// How often requests to stop are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(app: &mut App<'_>, args: &Watch) -> Result<Exit, Failure> {
    let mut pairs = targets::items(app, &args.targets, &Rules::default())?;
    let engine = Engine::open(app)?;
    if args.targets.all {
        engine.only_enabled(&mut pairs, |pair| (&HANDLER, &pair.item))?;
    }
    if pairs.is_empty() {
        return Err(Failure::usage("all items are disabled").tip("`instep enable ITEM` takes one in again"));
    }
    let mut followers = Vec::new();
    for pair in &pairs {
        let follower = Follower::new().map_err(|error| Failure::failed(format!("cannot watch: {error}")))?;
        followers.push(Watching {
            app,
            engine: &engine,
            pair,
            follower,
            yes: args.yes,
            stands: Mutex::default(),
        });
    }
    follow_all(app, &engine, &followers);
    let stands: Vec<Stands> = followers.iter().map(Watching::stands).collect();
    let exit = stands.iter().map(|stands| stands.exit).max().unwrap_or(Exit::Done);
    app.out.json(&json!({
        "type": "summary",
        "outcome": exit.word(),
        "counts": json::counts(&sum(stands.iter().map(|stands| &stands.counts))),
        "runs": stands.iter().map(|stands| stands.runs).sum::<u64>(),
    }));
    app.out.say("Stopped watching.");
    Ok(exit)
}

/// Follows until a signal says that it is enough.
///
/// The first Ctrl-C stops what is under way and waits until it has; a second one leaves at once, which is as safe as a
/// crash: the next run picks up.
fn follow_all(app: &App<'_>, engine: &Engine, followers: &[Watching<'_, '_>]) {
    let signalled = engine.signalled.watch();
    std::thread::scope(|scope| {
        let threads: Vec<_> = followers.iter().map(|one| scope.spawn(|| one.follow())).collect();
        let mut asked = false;
        while !threads.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            match signalled.wish() {
                Wish::Stop if !asked => {
                    asked = true;
                    followers.iter().for_each(|one| one.follower.stop());
                }
                Wish::Leave => {
                    engine.center.abandon();
                    app.out.flush();
                    std::process::exit(Exit::Canceled.code().into());
                }
                Wish::GoOn | Wish::Stop => {}
            }
            std::thread::sleep(LOOK_EVERY);
        }
    });
}

/// One item that is followed.
struct Watching<'w, 'o> {
    app: &'w App<'o>,
    engine: &'w Engine,
    pair: &'w Pair,
    follower: Follower,
    yes: bool,
    stands: Mutex<Stands>,
}

/// How an item stands.
#[derive(Debug, Clone)]
struct Stands {
    exit: Exit,
    counts: Counts,
    runs: u64,
}

impl Default for Stands {
    fn default() -> Self {
        Self { exit: Exit::Done, counts: Counts::default(), runs: 0 }
    }
}

impl Watching<'_, '_> {
    fn follow(&self) {
        let home = self.app.home();
        let surroundings = self.app.surroundings(&self.pair.item);
        let store: &Store = &self.engine.store;
        self.follower.follow(
            &Ground {
                pair: self.pair,
                home: &home,
                surroundings: &surroundings,
                handler: &HANDLER,
                conflicts: store,
            },
            self,
        );
    }

    fn stands(&self) -> Stands {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a run and waits for its end; stops it when following is to end.
    fn wait_for(&self, request: Request) -> Result<Verdict, Problem> {
        let refused = |refusal: syncmgr::Refusal| Problem::new(ProblemClass::Config, refusal.to_string());
        let items = std::slice::from_ref(&self.pair.item);
        let center = &self.engine.center;
        let started =
            center.start(&HANDLER, Some(items), Some(request), SyncControlFlags::empty()).map_err(refused)?;
        let mut asked = false;
        loop {
            if let Some(verdict) = started.wait_for(LOOK_EVERY) {
                return Ok(verdict);
            }
            if self.follower.is_stopped() && !asked {
                asked = true;
                center.stop_item_sync(&HANDLER, items).map_err(refused)?;
            }
        }
    }

    /// Remembers what a run came to, and says so if it changed anything, or if the item stands in another way now.
    fn note(&self, scope: &Scope, verdict: &Verdict, item: &ItemEnd) {
        let exit = Exit::of(item.outcome, item.problem.as_ref());
        let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = stands.runs == 0 || stands.exit != exit || changed(&item.counts) || exit != Exit::Done;
        stands.exit = exit;
        stands.counts = sum([&stands.counts, &item.counts].into_iter());
        (stands.counts.conflicts, stands.counts.errors) = (item.counts.conflicts, item.counts.errors);
        stands.runs += 1;
        // Held while it is told, so that the lines of one item stay together and in order.
        if !is_news {
            return;
        }
        let out = self.app.out;
        if out.is_json() {
            out.json(&self.object(scope, verdict, item, exit));
        } else {
            let time = local_time(now());
            let line = human::headline(out, item.into(), &self.app.names(&item.item));
            let line = format!("{} {line}", out.paint(Tone::Faint, time));
            if exit == Exit::Done {
                out.say(line)
            } else {
                out.trouble(line)
            }
            if exit != Exit::Done
                && let Err(failure) = report::details(self.app, self.engine, &HANDLER, verdict, item)
            {
                out.failure(&failure);
            }
        }
        out.flush();
    }

    fn object(&self, scope: &Scope, verdict: &Verdict, item: &ItemEnd, exit: Exit) -> Value {
        json!({
            "type": "run",
            "time": utc_time(now()),
            "item": item.item.as_str(),
            "run": verdict.runs.first().map(|run| run.0),
            "outcome": exit.word(),
            "counts": json::counts(&item.counts),
            "problem": item.problem.as_ref().map(json::problem_object),
            // What was looked at: these directories, and these with all beneath.
            "directories": scope.dirs().map(ToString::to_string).collect::<Vec<_>>(),
            "trees": scope.trees().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl Runner for Watching<'_, '_> {
    fn run(&self, change: ChangeRequest) -> Ended {
        let scope = change.scope.clone();
        let request = Request::new(ChangeRequest { consent: self.yes, ..change });
        let out = self.app.out;
        let verdict = match self.wait_for(request) {
            Ok(verdict) => verdict,
            Err(problem) => {
                out.failure(&Failure::failed(problem.text));
                self.stands.lock().unwrap_or_else(PoisonError::into_inner).exit = Exit::Failed;
                return Ended { outcome: Outcome::Failed, counts: Counts::default() };
            }
        };
        if let Some(trouble) = &verdict.trouble {
            out.warn(format_args!("what follows is on no record: {trouble}"));
        }
        match verdict.items.iter().find(|item| item.item == self.pair.item) {
            Some(item) => {
                self.note(&scope, &verdict, item);
                Ended { outcome: item.outcome, counts: item.counts }
            }
            None => {
                self.stands.lock().unwrap_or_else(PoisonError::into_inner).exit =
                    verdict.result.outcome.into();
                Ended { outcome: verdict.result.outcome, counts: Counts::default() }
            }
        }
    }

    fn tell(&self, news: News) {
        let out = self.app.out;
        let name = Safe(&self.pair.name);
        match &news {
            News::Following { directories, took: time } => {
                let time = took(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
                out.remark(format_args!(
                    "Watching {name}: {} folders, ready in {time}.",
                    Count(*directories as u64)
                ));
            }
            News::Away(problem) => {
                out.warn(format_args!(
                    "{name}: {}; it is watched again when it is back",
                    Safe(&problem.text)
                ));
            }
            News::Periodic { problem, every } => {
                out.warn(format_args!(
                    "{name}: {}. Everything is looked at every {} s instead. To change that: {}",
                    Safe(&problem.text),
                    every.as_secs(),
                    Safe(problem.fix.as_deref().unwrap_or_default())
                ));
            }
        }
        out.json(&news_object(&self.pair.item, &news));
        out.flush();
    }
}

fn news_object(item: &ItemId, news: &News) -> Value {
    let item = item.as_str();
    match news {
        News::Following { directories, .. } => {
            json!({ "type": "watching", "item": item, "folders": directories })
        }
        News::Away(problem) => {
            json!({ "type": "away", "item": item, "problem": json::problem_object(problem) })
        }
        News::Periodic { problem, every } => json!({
            "type": "periodic",
            "item": item,
            "problem": json::problem_object(problem),
            "every": every.as_secs(),
        }),
    }
}

fn changed(counts: &Counts) -> bool {
    [counts.a, counts.b].iter().any(|side| side.created + side.updated + side.deleted + side.moved > 0)
}

/// The current time in milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
