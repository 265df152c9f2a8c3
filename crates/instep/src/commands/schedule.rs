//! `instep schedule`: when items run by themselves, said in words, and set in the settings.

use std::path::Path;

use center::ItemStatus;
use serde_json::{Value, json};
use settings::edit::Change;
use settings::schedule::{Cron, Need, Overdue, Schedule, Trigger, Window, Zone};
use settings::{Item, period::Period};
use syncmgr::{HandlerId, ItemId};
use toml_edit::{Array, value};

use crate::app::App;
use crate::args::{self, ScheduleKeys};
use crate::collections::is_partner;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::out::{Out, Tone};
use crate::render::text::{Safe, SafePath, soon, utc_time};
use crate::serve::claim;
use crate::setup::{self, Setup};

/// What is said where there are schedules and nobody follows them.
pub(crate) const NOT_SERVED: &str = "Nothing runs by itself just now: `instep serve` is not running.";
/// What takes a key out.
const NONE: &str = "none";

/// An item and when it runs by itself.
struct Scheduled {
    handler: HandlerId,
    item: ItemId,
    name: String,
    schedule: Schedule,
}

impl From<&Item> for Scheduled {
    fn from(item: &Item) -> Self {
        let Item { id, name, handler, schedule, .. } = item.clone();
        Self { handler, item: id, name, schedule }
    }
}

pub(crate) fn run(app: &mut App<'_>, args: &args::Schedule) -> Result<Exit, Failure> {
    let keys = keys(&args.keys)?;
    let changes = args.off || !keys.is_empty();
    let partner = args.item.as_deref().filter(|item| is_partner(&app.settings.said, item));
    if let (Some(partner), true) = (partner, changes) {
        return Err(in_the_settings(&app.places.settings, partner));
    }
    if let Some(item) = args.item.as_ref().filter(|_| changes) {
        let id = app.settings.item(item)?.id.clone();
        let file = setup::file(&app.places);
        app.places.make_state()?;
        let mut editor = file.edit()?;
        let path = ["items", id.as_str(), "schedule"];
        if args.off {
            editor.set(&path, None)?;
        } else {
            editor.set_all(keys.into_iter().map(|(key, value)| Change {
                path: path.into_iter().chain([key]).map(str::to_owned).collect(),
                value,
            }))?;
        }
        app.settings = Setup::load(&app.places)?;
    }
    let engine = Engine::open(app)?;
    let partners = || of_partners(app, &engine);
    let wanted = match &args.item {
        Some(item) if partner.is_some() => {
            partners()?.into_iter().filter(|one| one.item.as_str() == item).collect()
        }
        Some(item) => vec![app.settings.item(item)?.into()],
        None => {
            let said = app.settings.said.items.iter().filter(|item| !item.schedule.is_empty());
            let all = said.map(Scheduled::from).chain(partners()?);
            all.filter(|item| !item.schedule.is_empty()).collect::<Vec<_>>()
        }
    };
    tell(app, &engine, args, &wanted)?;
    Ok(Exit::Done)
}

/// What is said of a collection's partners stands with the collection.
fn in_the_settings(settings: &Path, partner: &str) -> Failure {
    let (collection, name) = partner.split_once(':').unwrap_or((partner, ""));
    Failure::usage(format!("the schedule of {partner} is that of its collection")).tip(format!(
        "say it in {}: `schedule` in [collections.{collection}], or for {partner} alone in \
         [collections.{collection}.partners.\"{name}\"]",
        SafePath(settings)
    ))
}

/// The items of the partners of collections.
fn of_partners(app: &App<'_>, engine: &Engine) -> Result<Vec<Scheduled>, Failure> {
    if app.settings.said.collections.is_empty() {
        return Ok(Vec::new());
    }
    let items = engine.center.status()?.into_iter().flat_map(|handler| handler.items);
    let partners = items.filter(|item| is_partner(&app.settings.said, item.item.as_str()));
    let scheduled = |item: ItemStatus| {
        let schedule = engine.center.schedule(&item.handler, &item.item);
        let schedule = schedule.map(|schedule| (*schedule).clone()).unwrap_or_default();
        Scheduled { handler: item.handler, item: item.item, name: item.name, schedule }
    };
    Ok(partners.map(scheduled).collect())
}

fn tell(app: &App<'_>, engine: &Engine, args: &args::Schedule, items: &[Scheduled]) -> Result<(), Failure> {
    let out = app.out;
    let is_running = claim::answers(&app.places);
    let handlers = engine.center.status()?;
    for item in items {
        let next = engine.center.next_runs(&item.handler, &item.item, args.next)?;
        let status = handlers
            .iter()
            .flat_map(|handler| &handler.items)
            .find(|status| status.handler == item.handler && status.item == item.item);
        let paused_until = status.and_then(|status| status.paused_until);
        out.json(&object(item, &next, paused_until, is_running));
        if !out.is_json() {
            tell_one(out, item, &next);
            if let Some(until) = paused_until {
                out.line(format_args!("  {}", out.paint(Tone::Warn, super::pause::phrase(until))));
            }
        }
    }
    if items.is_empty() {
        out.line("Nothing runs by itself yet. `instep schedule ITEM --every 1h` changes that.");
    } else if !is_running && items.iter().any(|item| !item.schedule.is_empty()) {
        out.remark(NOT_SERVED);
    }
    Ok(())
}

fn tell_one(out: &Out, item: &Scheduled, next: &[i64]) {
    out.line(out.paint(Tone::Strong, Safe(&item.name)));
    let words = item.schedule.words();
    if words.is_empty() {
        out.line("  never runs by itself");
    }
    for line in words.iter().chain(&item.schedule.conditions()) {
        out.line(format_args!("  {}", Safe(line)));
    }
    let now = jiff::Timestamp::now().as_millisecond();
    for (place, at) in next.iter().enumerate() {
        let label = if place == 0 { "next" } else { "then" };
        out.line(format_args!("  {} {}", out.paint(Tone::Faint, label), soon(*at, now)));
    }
}

fn object(item: &Scheduled, next: &[i64], paused_until: Option<i64>, is_running: bool) -> Value {
    json!({
        "item": item.item.as_str(),
        "name": item.name,
        "schedule": item.schedule,
        "words": item.schedule.words(),
        "conditions": item.schedule.conditions(),
        "next": next.iter().filter_map(|at| utc_time(*at)).collect::<Vec<_>>(),
        "paused": paused_until.is_some(),
        "paused_until": paused_until.and_then(utc_time),
        // Whether there is a daemon that follows it.
        "running": is_running,
    })
}

/// What the options set, by key; nothing for a key that is taken out. Each word is read here first, so that what is
/// wrong is said about the option and not about a line of the file.
fn keys(keys: &ScheduleKeys) -> Result<Vec<(&'static str, Option<toml_edit::Item>)>, Failure> {
    let ScheduleKeys { cron, zone, every, by_clock, on, after, window, needs, overdue } = keys;
    let mut set = Vec::new();
    many::<Cron>(&mut set, "cron", "--cron", cron)?;
    one::<Zone>(&mut set, "zone", "--zone", zone.as_ref())?;
    one::<Period>(&mut set, "every", "--every", every.as_ref())?;
    if every.is_some() || *by_clock {
        set.push(("from", by_clock.then(|| value("clock"))));
    }
    many::<Trigger>(&mut set, "on", "--on", on)?;
    many::<String>(&mut set, "after", "--after", after)?;
    many::<Window>(&mut set, "windows", "--window", window)?;
    many::<Need>(&mut set, "needs", "--needs", needs)?;
    one::<Overdue>(&mut set, "overdue", "--overdue", overdue.as_ref())?;
    Ok(set)
}

type Keys = Vec<(&'static str, Option<toml_edit::Item>)>;

fn one<T: std::str::FromStr<Err: std::fmt::Display>>(
    set: &mut Keys,
    key: &'static str,
    option: &str,
    word: Option<&String>,
) -> Result<(), Failure> {
    let Some(word) = word else { return Ok(()) };
    set.push((key, if word == NONE { None } else { Some(value(checked::<T>(option, word)?)) }));
    Ok(())
}

fn many<T: std::str::FromStr<Err: std::fmt::Display>>(
    set: &mut Keys,
    key: &'static str,
    option: &str,
    words: &[String],
) -> Result<(), Failure> {
    match words {
        [] => return Ok(()),
        [word] if word == NONE => set.push((key, None)),
        [word] => set.push((key, Some(value(checked::<T>(option, word)?)))),
        words => {
            let words: Result<Array, Failure> = words.iter().map(|word| checked::<T>(option, word)).collect();
            set.push((key, Some(value(words?))));
        }
    }
    Ok(())
}

fn checked<'w, T: std::str::FromStr<Err: std::fmt::Display>>(
    option: &str,
    word: &'w str,
) -> Result<&'w str, Failure> {
    match word.parse::<T>() {
        Ok(_) => Ok(word),
        Err(why) => Err(Failure::usage(format!("{option}: {why}"))),
    }
}

/// An item's schedule as it is listed: in one line.
pub(crate) fn in_brief(schedule: &Schedule) -> Option<String> {
    let words = schedule.words();
    (!words.is_empty()).then(|| words.join(", "))
}
