//! `instep doctor`.

use serde_json::json;

use crate::args::Doctor;
use crate::doctor::{self, Finding, Level};
use crate::exit::Exit;
use crate::out::{Out, Tone, Volume};
use crate::places::Places;
use crate::render::text::{Safe, counted};

pub(crate) fn run(out: &Out, places: &Places, args: &Doctor) -> Exit {
    let found = doctor::examine(places);
    let all = || found.iter().flat_map(|(_, findings)| findings);
    let worst = all().map(|finding| finding.level).max().unwrap_or(Level::Good);
    for (check, findings) in &found {
        for finding in findings {
            if args.json {
                out.json(&object(check, finding));
            } else {
                show(out, check, finding);
            }
        }
    }
    if !args.json {
        let count = |level| all().filter(|finding| finding.level == level).count() as u64;
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        out.say(match (errors, warnings) {
            (0, 0) => "All is well.".to_owned(),
            (0, _) => format!("\nEverything works; {}.", counted(warnings, "warning", "warnings")),
            _ => format!(
                "\n{}, {}.",
                counted(errors, "thing does not work", "things do not work"),
                counted(warnings, "warning", "warnings")
            ),
        });
    }
    worst.exit()
}

fn show(out: &Out, check: &str, finding: &Finding) {
    let (mark, tone) = match finding.level {
        Level::Good if out.volume() != Volume::Verbose => return,
        Level::Good => ("ok     ", Tone::Good),
        Level::Note => ("note   ", Tone::Faint),
        Level::Warning => ("warning", Tone::Warn),
        Level::Error => ("error  ", Tone::Bad),
    };
    out.line(format_args!("{} {check}: {}", out.paint(tone, mark), Safe(&finding.what)));
    for (word, text) in [("why", &finding.why), ("do ", &finding.fix)] {
        for line in text.iter().flat_map(|text| text.lines()) {
            out.line(format_args!("        {} {}", out.paint(Tone::Faint, word), Safe(line)));
        }
    }
}

fn object(check: &str, finding: &Finding) -> serde_json::Value {
    json!({
        "type": "finding",
        "check": check,
        "level": finding.level.word(),
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
    })
}
