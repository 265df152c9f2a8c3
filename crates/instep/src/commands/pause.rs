//! `instep pause` and `instep resume`: nothing begins by itself for a while.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, Zoned};
use store::FOREVER;
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::app::App;
use crate::args::{Pause, Resume};
use crate::client::Daemon;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::render::text::{shell_word, soon};
use crate::targets::named_items;

pub(crate) fn run(app: &mut App<'_>, args: &Pause) -> Result<Exit, Failure> {
    let until = end(args, &Zoned::now())?;
    let engine = Engine::open(app)?;
    let daemon = Daemon::find(&app.places);
    let pause = |of: Option<(&HandlerId, &ItemId)>| match &daemon {
        Some(daemon) => daemon.pause(of, until).map_err(Failure::from),
        None => engine.center.pause(of, until).map_err(refused),
    };
    if args.all {
        pause(None)?;
        app.out.say(match until {
            Some(until) => format!("Everything is paused until {}.", soon(until, now())),
            None => "Everything is paused until `instep resume --all`.".to_owned(),
        });
    }
    for (handler, item) in named_items(&engine.center, &args.items)? {
        pause(Some((&handler, &item)))?;
        let name = app.names(&item).item;
        app.out.say(match until {
            Some(until) => format!("Paused \"{name}\" until {}.", soon(until, now())),
            None => format!("Paused \"{name}\" until `instep resume {}`.", shell_word(item.as_str())),
        });
    }
    Ok(Exit::Done)
}

pub(crate) fn resume(app: &mut App<'_>, args: &Resume) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let daemon = Daemon::find(&app.places);
    let resume = |of: Option<(&HandlerId, &ItemId)>| match &daemon {
        Some(daemon) => daemon.resume(of).map_err(Failure::from),
        None => engine.center.resume(of).map_err(refused),
    };
    if args.all {
        resume(None)?;
        app.out.say("Nothing is paused any more.");
    }
    for (handler, item) in named_items(&engine.center, &args.items)? {
        resume(Some((&handler, &item)))?;
        app.out.say(format_args!("Resumed \"{}\".", app.names(&item).item));
    }
    Ok(Exit::Done)
}

/// "paused until ...".
pub(crate) fn phrase(until: i64) -> String {
    if until == FOREVER {
        "paused until it is resumed".to_owned()
    } else {
        format!("paused until {}", soon(until, now()))
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::InvalidArgument(text) => Failure::usage(text),
        Refusal::AccessDenied(text) => Failure::failed(text).tip("`instep resume --all` ends that"),
        other => Failure::failed(other.to_string()),
    }
}

/// When the pause ends; none: when somebody ends it.
fn end(args: &Pause, now: &Zoned) -> Result<Option<i64>, Failure> {
    if let Some(length) = args.length {
        return Ok(Some(now.timestamp().as_millisecond().saturating_add(length.millis())));
    }
    let Some(text) = &args.until else { return Ok(None) };
    let unreadable = || {
        Failure::usage(format!("--until: \"{text}\" is no time"))
            .tip("write a time of the day (18:00), a date (2026-12-24), or both (2026-12-24T18:00)")
    };
    let zone = now.time_zone();
    let end = if let (Ok(time), false) = (text.parse::<Time>(), text.contains('-')) {
        let today = now.date().to_datetime(time).to_zoned(zone.clone()).map_err(|_| unreadable())?;
        // That time tomorrow, when it has been today.
        if today > *now {
            today
        } else {
            let tomorrow = now.date().tomorrow().map_err(|_| unreadable())?;
            tomorrow.to_datetime(time).to_zoned(zone.clone()).map_err(|_| unreadable())?
        }
    } else if let (Ok(date), false) = (text.parse::<Date>(), text.contains(['T', ' '])) {
        date.to_zoned(zone.clone()).map_err(|_| unreadable())?
    } else {
        let time: DateTime = text.parse().map_err(|_| unreadable())?;
        time.to_zoned(zone.clone()).map_err(|_| unreadable())?
    };
    Ok(Some(end.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(text: &str) -> Result<String, String> {
        let now: Zoned = "2026-07-01T12:00[Europe/Berlin]".parse().unwrap();
        let args = Pause { items: Vec::new(), all: true, length: None, until: Some(text.to_owned()) };
        let end = end(&args, &now).map_err(|failure| failure.text)?.unwrap();
        let end = Timestamp::from_millisecond(end).unwrap().to_zoned(now.time_zone().clone());
        Ok(end.strftime("%F %H:%M").to_string())
    }

    #[test]
    fn a_pause_ends_at_a_time_of_today_or_tomorrow_or_on_a_date() {
        assert_eq!(until("18:00").unwrap(), "2026-07-01 18:00");
        assert_eq!(until("08:30").unwrap(), "2026-07-02 08:30");
        assert_eq!(until("2026-12-24").unwrap(), "2026-12-24 00:00");
        assert_eq!(until("2026-12-24T18:00").unwrap(), "2026-12-24 18:00");
        assert_eq!(until("2026-12-24 18:00").unwrap(), "2026-12-24 18:00");
        assert!(until("soon").unwrap_err().contains("soon"));
    }
}
