//! `instep verify`: whether both sides hold the same, or what the handlers of other items find. Changes nothing.

mod others;

use folders::RunOptions;
use folders::look::Ask;
use folders::pair::Pair;
use folders::verify::{Difference, DifferenceKind, Report, verify};
use reconcile::Side;
use serde_json::{Value, json};

use crate::app::App;
use crate::args::{Targets, Verify};
use crate::commands::others::split;
use crate::exit::{Exit, Failure};
use crate::looking::{Looking, failed};
use crate::out::{Out, Tone, Volume};
use crate::render::human::{self, Names, SHOWN};
use crate::render::json::{counts, rel_path_fields};
use crate::render::plan::described_note;
use crate::render::text::{Count, Size, counted};
use crate::targets;

pub(crate) fn run(app: &mut App<'_>, args: &Verify) -> Result<Exit, Failure> {
    let words = args.items.iter().map(Into::into).collect();
    let (more, rest) = split(app, &Targets { targets: words, all: args.items.is_empty() })?;
    let pairs = match rest {
        Some(rest) if !rest.all => targets::named(&app.settings, &rest.targets)?,
        Some(_) => app.settings.pairs.clone(),
        None => Vec::new(),
    };
    let out = app.out;
    if pairs.is_empty() && more.is_empty() {
        return Err(
            Failure::usage("no items are set up yet").tip("`instep sync A B` makes one of two folders")
        );
    }
    let alone = pairs.len() + more.len() == 1;
    let looking = Looking::new(app);
    let options = RunOptions { checksum: args.checksum, ..RunOptions::default() };
    let mut worst = Exit::Done;
    let mut items = Vec::new();
    for pair in &pairs {
        let ask = Ask {
            pair,
            options: &options,
            home: &looking.home,
            surroundings: &looking.surroundings(pair),
            now: looking.now,
            threads: folders::drive::default_threads(),
        };
        let exit = match looking.show(pair, |watch| verify(ask, args.checksum, watch)) {
            Ok(report) => {
                tell(out, &report, &Names::of(pair), args.checksum);
                report.differences.iter().for_each(|difference| out.json(&object(pair, difference)));
                items.push(item_object(pair, &report));
                if report.is_clean() { Exit::Done } else { Exit::Gaps }
            }
            Err(error) => {
                let failure = failed(pair, &error);
                if alone {
                    return Err(failure);
                }
                out.failure(&failure);
                failure.exit
            }
        };
        worst = worst.max(exit);
    }
    if !more.is_empty() {
        let (checked, exit) = others::verify(app, &more, args.checksum, args.items.is_empty())?;
        items.extend(checked);
        worst = worst.max(exit);
    }
    out.json(&json!({
        "type": "summary",
        "outcome": worst.word(),
        "counts": counts(&syncmgr::Counts::default()),
        "items": items,
    }));
    Ok(worst)
}

fn tell(out: &Out, report: &Report, names: &Names, by_content: bool) {
    if out.is_json() {
        return;
    }
    let looked_at = report.looked_at.iter().copied().max().unwrap_or(0);
    let how = if by_content {
        format!("{} of content compared", Size(report.compared_bytes))
    } else {
        "by size and time; --checksum compares content".to_owned()
    };
    let entries = counted(looked_at, "entry", "entries");
    let name = out.paint(Tone::Strong, &names.item);
    if report.is_clean() {
        let same = out.paint(Tone::Good, format!("{} and {} hold the same", names.a, names.b));
        out.say(format_args!("{name}: {same} ({entries}, {how})"));
        return;
    }
    let differ = counted(report.differences.len() as u64, "difference", "differences");
    out.trouble(format_args!("{name}: {} ({entries}, {how})", out.paint(Tone::Bad, differ)));
    let shown = if out.volume() == Volume::Verbose { usize::MAX } else { SHOWN };
    for difference in report.differences.iter().take(shown) {
        out.trouble(format_args!("  {}  {}", difference.path, described(&difference.kind, names)));
    }
    if report.differences.len() > shown {
        out.trouble(format_args!(
            "  and {} more; -v shows them all",
            Count((report.differences.len() - shown) as u64)
        ));
    }
    for note in report.unknown.iter().take(shown) {
        out.trouble(format_args!("  {} {}", out.paint(Tone::Bad, "unknown:"), described_note(note, names)));
    }
    out.trouble(format_args!("  instep preview {} shows what a run would do about it", names.id));
}

fn described(kind: &DifferenceKind, names: &Names) -> String {
    let label = |side: &Side| if *side == Side::A { &names.a } else { &names.b };
    match kind {
        DifferenceKind::Missing(side) => format!("is missing on {}", label(side)),
        DifferenceKind::Content { strayed: Some(side) } => {
            format!("has other content on {} than was agreed on", label(side))
        }
        DifferenceKind::Content { strayed: None } => "has other content".to_owned(),
        DifferenceKind::Metadata => "has other permissions or another time".to_owned(),
        DifferenceKind::Renamed { on, from } => format!("is still called {from} on {}", label(on)),
        DifferenceKind::Conflict(kind) => human::kind(*kind).to_owned(),
        _ => "differs".to_owned(),
    }
}

fn object(pair: &Pair, difference: &Difference) -> Value {
    let (word, side) = match &difference.kind {
        DifferenceKind::Missing(side) => ("missing", Some(*side)),
        DifferenceKind::Content { strayed } => ("content", *strayed),
        DifferenceKind::Metadata => ("metadata", None),
        DifferenceKind::Renamed { on, .. } => ("renamed", Some(*on)),
        DifferenceKind::Conflict(_) => ("conflict", None),
        _ => ("other", None),
    };
    let mut object = json!({ "type": "difference", "item": pair.item.as_str() });
    rel_path_fields(&mut object, "path", &difference.path);
    object["kind"] = json!(word);
    if let Some(side) = side {
        object["side"] = json!(if side == Side::A { "a" } else { "b" });
    }
    if let DifferenceKind::Renamed { from, .. } = &difference.kind {
        rel_path_fields(&mut object, "from", from);
    }
    object
}

fn item_object(pair: &Pair, report: &Report) -> Value {
    json!({
        "item": pair.item.as_str(),
        "name": pair.name,
        "outcome": if report.is_clean() { "done" } else { "gaps" },
        "differences": report.differences.len(),
        "unknown": report.unknown.len(),
        "looked_at": { "a": report.looked_at[0], "b": report.looked_at[1] },
        "compared_bytes": report.compared_bytes,
    })
}
