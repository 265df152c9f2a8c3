//! What reports of a handler in another process cost the center, through the handler protocol: progress as fast as the
//! other process can tell it, and among it begins, ends, events and conflicts, of which none may be missing; and how soon a
//! handler's first item begins.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::host::{HandlerSpec, HostedHandler, Limits, Services};
use anyhow::{Context, Result, anyhow, bail, ensure};
use center::{Center, SystemClock};
use store::{EventQuery, Store};
use syncmgr::conflict::{
    Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictStore, ConflictVersion, SharedLedger,
};
use syncmgr::flags::SyncControlFlags;
use syncmgr::handler::{ItemList, NamedItem};
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemContainer, ItemId, Level, NewEvent, Outcome, ProgressStatus,
    Request, SessionCreator,
};

use crate::{cpu, grpc, median, path};

/// Reports of one run.
const REPORTS: u64 = 2_000_000;
const ROUNDS: usize = 5;
/// An event comes after so many.
const PER_EVENT: u64 = 1_000;
/// An item ends after so many, with a conflict.
const PER_ITEM: u64 = 10_000;
const STARTS: usize = 21;

fn refused(refusal: syncmgr::Refusal) -> anyhow::Error {
    anyhow!("{refusal}")
}

/// `handler` prints all figures; with more words it is the other process of that.
pub(crate) fn run(words: &[String]) -> Result<()> {
    match words {
        [] => measure(),
        [how, to, reports] if how == "grpc" => grpc::pour(to.as_ref(), reports.parse()?),
        [how, reports] => serve(how, reports.parse()?),
        _ => bail!("say `handler` alone"),
    }
}

fn measure() -> Result<()> {
    println!("reports of progress a second from another process, {REPORTS} of them; median of {ROUNDS}");
    let rounds = (0..ROUNDS).map(|_| flood(REPORTS)).collect::<Result<Vec<_>>>()?;
    let mut rates: Vec<f64> = rounds.iter().map(|told| REPORTS as f64 / told.took.as_secs_f64()).collect();
    let computed: f64 = rounds.iter().map(|told| told.computed).sum();
    println!("{:60}  {:.0}", "the Rust SDK, into the center", median(&mut rates));
    println!(
        "{:60}  {:.2} us",
        "  computing of a report in the center",
        computed / (REPORTS * ROUNDS as u64) as f64 * 1e6
    );
    let home = tempfile::tempdir()?;
    let mut rates = Vec::new();
    let mut computed = 0.0;
    for _ in 0..ROUNDS {
        let before = cpu()?;
        rates.push(REPORTS as f64 / grpc::plugin(home.path(), REPORTS)?.as_secs_f64());
        computed += cpu()? - before;
    }
    println!("{:60}  {:.0}", "a stream of gRPC, to nobody", median(&mut rates));
    println!(
        "{:60}  {:.2} us",
        "  computing of a report where it arrives",
        computed / (REPORTS * ROUNDS as u64) as f64 * 1e6
    );

    println!("\nmilliseconds from the start of a program that does not run; median of {STARTS}");
    let [mut item, mut plugin, mut alone] = [(); 3].map(|()| Vec::new());
    for _ in 0..STARTS {
        item.push(flood(0)?.took.as_secs_f64() * 1e3);
        plugin.push(grpc::plugin(home.path(), 0)?.as_secs_f64() * 1e3);
        alone.push(start_alone()?.as_secs_f64() * 1e3);
    }
    println!("{:60}  {:.1}", "to the end of the empty item of a handler", median(&mut item));
    println!("{:60}  {:.1}", "to the end of the empty stream of a gRPC plugin", median(&mut plugin));
    println!("{:60}  {:.1}", "to its own end, without a word", median(&mut alone));
    Ok(())
}

/// What one run came to.
struct Told {
    took: Duration,
    /// Seconds that this process computed.
    computed: f64,
}

/// Synchronizes the item of a handler that tells so many reports.
fn flood(reports: u64) -> Result<Told> {
    let home = tempfile::tempdir()?;
    let store = Arc::new(Store::open(&home.path().join("bench.db"))?);
    let center = Center::new(store, Arc::new(SystemClock::default()));
    let program =
        std::env::current_exe()?.to_str().context("the path of this program is no text")?.to_owned();
    let id = HandlerId::new("bench").map_err(refused)?;
    let words = vec![program, "handler".into(), "sdk".into(), reports.to_string()];
    // Nothing is read more slowly on purpose here.
    let limits = Limits { events_per_second: 1_000_000, ..Limits::default() };
    let handler = Arc::new(HostedHandler::with_limits(HandlerSpec::of_command(id.clone(), words), limits));
    let whole = Arc::new(center.clone());
    handler.set_services(Services {
        creator: Some(whole.clone()),
        control: Some(whole),
        ledger: Some(Arc::clone(center.store()) as SharedLedger),
    });
    center.register(Arc::clone(&handler) as Arc<dyn Handler>).map_err(refused)?;
    handler.restart();
    let (begun, computed) = (Instant::now(), cpu()?);
    let started = center.start(&id, None, None, SyncControlFlags::empty()).map_err(refused)?;
    let verdict = started.wait();
    let (took, computed) = (begun.elapsed(), cpu()? - computed);
    handler.shut_down();
    let [run] = verdict.runs.as_slice() else { return Err(anyhow!("it was not one run: {verdict:?}")) };
    ensure!(
        verdict.items.iter().all(|item| item.outcome == Outcome::Done),
        "it did not end well: {verdict:?}"
    );
    let items = items(reports)?;
    ensure!(verdict.items.len() == items.len(), "{} items ended", verdict.items.len());
    let query = EventQuery { run: Some(*run), limit: Some(u32::MAX), ..EventQuery::default() };
    let events = center.store().events(&query)?.len();
    ensure!(events as u64 == reports / PER_EVENT, "{events} events arrived");
    let conflicts = center.store().count(&id, None).map_err(refused)?;
    ensure!(conflicts == reports / PER_ITEM, "{conflicts} conflicts arrived");
    Ok(Told { took, computed })
}

/// The program started and ended, without a center.
fn start_alone() -> Result<Duration> {
    let begun = Instant::now();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["handler", "nothing", "0"]).stdin(Stdio::null()).status()?;
    Ok(begun.elapsed())
}

/// The other process.
fn serve(how: &str, reports: u64) -> Result<()> {
    match how {
        "nothing" => Ok(()),
        _ => Ok(instep_handler::serve(|hello| {
            let items = items(reports)?.into_iter().map(|id| NamedItem::new(id, "Photos")).collect();
            let ledger = hello.center.ledger();
            Ok(Arc::new(Flood { id: hello.handler.clone(), items, reports, ledger }))
        })?),
    }
}

/// The items that so many reports are about; one at least.
fn items(reports: u64) -> Result<Vec<ItemId>, syncmgr::Refusal> {
    (0..(reports / PER_ITEM).max(1)).map(|n| ItemId::new(&format!("photos-{n}"))).collect()
}

/// Reports as fast as it can.
struct Flood {
    id: HandlerId,
    items: ItemList,
    reports: u64,
    ledger: SharedLedger,
}

impl Flood {
    fn conflict(&self, item: &ItemId) -> Conflict {
        let version = |location: &str| ConflictVersion {
            location: location.into(),
            item_type: ConflictItemType::Updated,
            kind: "file".into(),
            size: 1,
            modified: 0,
            stamp: Vec::new(),
            path: None,
        };
        Conflict {
            id: ConflictId(b"both".to_vec()),
            handler: self.id.clone(),
            item: item.clone(),
            kind: ConflictKind::EditEdit,
            path: b"both".to_vec(),
            detected: 0,
            versions: vec![version("here"), version("there")],
        }
    }
}

impl Handler for Flood {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Flood".into())
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let session = creator.create_session(&self.id, items)?;
        let each = self.reports / items.len() as u64;
        for item in items {
            for n in 1..=each {
                session.report_progress(item, Some(path(n)), ProgressStatus::Updating, n, each)?;
                if n % PER_EVENT == 0 {
                    let event = NewEvent::new(Some(item), Level::Information, "So far", n.to_string());
                    session.report_event(event)?;
                }
            }
            if each > 0 {
                self.ledger.put(vec![self.conflict(item)])?;
            }
            session.report_progress(item, None, ProgressStatus::Succeeded, each, each)?;
        }
        Ok(())
    }
}
