//! `instep alerts`: what a person was told of, and trying a channel before it is needed.

use serde_json::json;
use syncmgr::Refusal;

use crate::app::App;
use crate::args::{Alerts, AlertsCommand};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::render::text::{Safe, local_time};
use crate::telling;

pub(crate) fn run(app: &App<'_>, args: &Alerts) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    match &args.command {
        Some(AlertsCommand::Test { channel }) => test(app, &engine, channel),
        None => list(app, &engine, args.json),
    }
}

fn list(app: &App<'_>, engine: &Engine, as_json: bool) -> Result<Exit, Failure> {
    let alerts = engine.store.alerts()?;
    let open: Vec<_> = alerts.into_iter().filter(store::Alert::is_open).collect();
    if open.is_empty() && !as_json {
        app.out.line("No alert is open.");
    }
    for alert in open {
        app.out.json(&json!({
            "rule": alert.rule,
            "item": alert.item.as_ref().map(syncmgr::ItemId::as_str),
            "title": alert.title,
            "text": alert.text,
            "fix": alert.fix,
            "raised": alert.raised,
        }));
        let raised = alert.raised.map(local_time).unwrap_or_default();
        app.out.line(format_args!("{}  {}", app.out.paint(Tone::Strong, Safe(&alert.title)), Safe(raised)));
        for text in [Some(&alert.text), alert.fix.as_ref()].into_iter().flatten() {
            app.out.line(format_args!("  {}", Safe(text)));
        }
    }
    Ok(Exit::Done)
}

/// Tells something by a channel, and waits for what came of it.
fn test(app: &App<'_>, engine: &Engine, channel: &str) -> Result<Exit, Failure> {
    telling::set_alerts(&engine.center, &app.settings.said, &app.places);
    engine.center.test_channel(channel).map_err(|refusal| match refusal {
        Refusal::InvalidArgument(text) => {
            let ids: Vec<&str> =
                app.settings.said.channels.iter().map(|channel| channel.id.as_str()).collect();
            Failure::usage(text).tip(match ids.as_slice() {
                [] => "the settings have none; docs/alerts.md shows how one is written".to_owned(),
                ids => format!("there are: {}", ids.join(", ")),
            })
        }
        other => Failure::failed(format!("\"{channel}\" did not work: {other}")),
    })?;
    app.out.say(format_args!("\"{}\" works: look whether it arrived.", Safe(channel)));
    Ok(Exit::Done)
}
