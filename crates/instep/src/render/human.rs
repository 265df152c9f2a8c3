//! Results as a person reads them: one headline, then what needs attention, then what to do.

use adapters::tools::Ends;
use folders::pair::Pair;
use folders::words::permissions;
use reconcile::RelPath;
use store::{RunItem, RunRecord};
use syncmgr::conflict::{Conflict, ConflictItemType, ConflictKind, ConflictVersion};
use syncmgr::outcome::SideCounts;
use syncmgr::plan::PlanSide;
use syncmgr::{Counts, Event, ItemEnd, Level, Outcome, Problem, RunId};

use super::text::{Count, Safe, Size, counted, local_time, shell_word, took};
use crate::ledger::path_of;
use crate::out::{Out, Tone};

/// How many lines of one kind are shown before "and N more".
pub(crate) const SHOWN: usize = 10;

/// What the sides and the item are called.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) item: String,
    pub(crate) a: String,
    pub(crate) b: String,
    /// The item's identity, for commands that are shown.
    pub(crate) id: String,
    /// Where the changes of each side are ("on NAS", "in the repository"), if that is known.
    places: Option<[String; 2]>,
    /// What is said of a run that found nothing to do, if there is more to say than that.
    same: Option<String>,
}

impl Names {
    pub(crate) fn of(pair: &Pair) -> Self {
        let (a, b) = (Safe(&pair.a.label).to_string(), Safe(&pair.b.label).to_string());
        Self {
            item: Safe(&pair.name).to_string(),
            places: Some([format!("on {a}"), format!("on {b}")]),
            same: Some(format!("{a} and {b} are the same")),
            a,
            b,
            id: shell_word(pair.item.as_str()),
        }
    }

    /// For an item of which no more is known: it is no longer in the settings, or another program's.
    pub(crate) fn unknown(id: &str) -> Self {
        Self {
            item: Safe(id).to_string(),
            a: "A".to_owned(),
            b: "B".to_owned(),
            id: shell_word(id),
            places: None,
            same: None,
        }
    }

    /// The same with its name.
    pub(crate) fn called(self, name: &str) -> Self {
        Self { item: Safe(name).to_string(), ..self }
    }

    /// The same with the words of its tool.
    pub(crate) fn in_words_of(self, ends: &Ends) -> Self {
        let [a, b] = ends.names.clone().unwrap_or([self.a, self.b]).map(|name| Safe(name).to_string());
        let places = ends.places().map(|places| places.map(|place| Safe(place).to_string()));
        Self { a, b, places, same: Some(Safe(&ends.same).to_string()), ..self }
    }

    /// Where a change of a side is, after a space; nothing where that is not known.
    pub(crate) fn place(&self, side: &str) -> String {
        let place = self.places.as_ref().map(|[a, b]| if side == PlanSide::A.word() { a } else { b });
        place.map(|place| format!(" {place}")).unwrap_or_default()
    }

    /// Where changes are, after a space. That there are two sides is known at the latest when both were changed.
    fn places(&self, counts: &Counts) -> [String; 2] {
        match &self.places {
            Some(places) => places.each_ref().map(|place| format!(" {place}")),
            None if counts.a == SideCounts::default() => <[String; 2]>::default(),
            None => [format!(" on {}", self.a), format!(" on {}", self.b)],
        }
    }
}

/// What was changed, side by side: "12 created, 3 updated on NAS; 1 deleted on laptop".
pub(crate) fn changes(counts: &Counts, names: &Names) -> Option<String> {
    let side = |side: &SideCounts, place: &str| {
        let parts: Vec<String> = [
            (side.created, "created"),
            (side.updated, "updated"),
            (side.moved, "moved"),
            (side.deleted, "deleted"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", Count(count)))
        .collect();
        (!parts.is_empty()).then(|| format!("{}{place}", parts.join(", ")))
    };
    let [at_a, at_b] = names.places(counts);
    let sides: Vec<String> = [side(&counts.a, &at_a), side(&counts.b, &at_b)].into_iter().flatten().collect();
    (!sides.is_empty()).then(|| sides.join("; "))
}

/// The outcome in words, and their colour.
pub(crate) fn outcome(outcome: Option<Outcome>) -> (&'static str, Tone) {
    match outcome {
        None => ("running", Tone::Strong),
        Some(Outcome::Done) => ("done", Tone::Good),
        Some(Outcome::Pending) => ("done, the next sync carries it over", Tone::Good),
        Some(Outcome::Waiting) => ("waiting", Tone::Warn),
        Some(Outcome::Disconnected) => ("disconnected", Tone::Warn),
        Some(Outcome::Canceled) => ("canceled", Tone::Warn),
        Some(Outcome::Interrupted) => ("interrupted", Tone::Warn),
        Some(Outcome::NeedsDecision) => ("needs a decision", Tone::Warn),
        Some(Outcome::Gaps) => ("done with gaps", Tone::Bad),
        Some(Outcome::SafetyStop) => ("safety stop", Tone::Bad),
        Some(_) => ("failed", Tone::Bad),
    }
}

/// How a run ended for one item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended<'a> {
    outcome: Option<Outcome>,
    counts: &'a Counts,
}

impl<'a> From<&'a RunItem> for Ended<'a> {
    fn from(item: &'a RunItem) -> Self {
        Self { outcome: item.outcome, counts: &item.counts }
    }
}

impl<'a> From<&'a ItemEnd> for Ended<'a> {
    fn from(item: &'a ItemEnd) -> Self {
        Self { outcome: Some(item.outcome), counts: &item.counts }
    }
}

/// The headline of an item after a run.
pub(crate) fn headline(out: &Out, item: Ended<'_>, names: &Names) -> String {
    let (word, tone) = outcome(item.outcome);
    let mut parts = Vec::new();
    match item.outcome {
        Some(Outcome::Done) if changes(item.counts, names).is_none() => {
            let same = names.same.as_ref().map(|same| format!(", {same}")).unwrap_or_default();
            parts.push(format!("{}{same}", out.paint(tone, "up to date")));
        }
        // The counts say it.
        Some(Outcome::Done | Outcome::NeedsDecision) => {}
        _ => parts.push(out.paint(tone, word).to_string()),
    }
    parts.extend(changes(item.counts, names));
    if item.counts.conflicts > 0 {
        parts
            .push(out.paint(Tone::Warn, counted(item.counts.conflicts, "conflict", "conflicts")).to_string());
    }
    if item.counts.errors > 0 {
        parts.push(
            out.paint(Tone::Bad, format!("{} not synced", counted(item.counts.errors, "entry", "entries")))
                .to_string(),
        );
    }
    if item.counts.skipped > 0 {
        parts.push(format!(
            "{} skipped (no file, folder or link)",
            counted(item.counts.skipped, "entry", "entries")
        ));
    }
    format!("{}: {}", out.paint(Tone::Strong, &names.item), parts.join("; "))
}

/// What went wrong as a whole, with the way out.
pub(crate) fn problem(out: &Out, problem: Option<&Problem>) {
    let Some(problem) = problem else { return };
    out.trouble(format_args!("  {}", Safe(&problem.text)));
    if let Some(fix) = &problem.fix {
        out.trouble(format_args!("  {} {}", out.paint(Tone::Good, "next:"), Safe(fix)));
    }
}

/// Lines of the results, the worst first, and how many `more` the run has.
pub(crate) fn events(out: &Out, events: &[Event], more: u64, run: Option<RunId>) {
    let mut sorted: Vec<&Event> = events.iter().collect();
    sorted.sort_by_key(|event| std::cmp::Reverse(event.event.level));
    // Many lines often have one way out: it is said once, below the last of them.
    let mut lines = sorted.into_iter().peekable();
    while let Some(event) = lines.next() {
        let (word, tone) = level(event.event.level);
        let (text, fix) = event.event.told();
        let line = format!("  {} {}", out.paint(tone, format_args!("{word}:")), Safe(text));
        if event.event.level == Level::Information {
            out.say(line)
        } else {
            out.trouble(line)
        }
        if let Some(fix) = fix.filter(|fix| lines.peek().is_none_or(|next| next.event.told().1 != Some(*fix)))
        {
            out.trouble(format_args!("    {} {}", out.paint(Tone::Good, "next:"), Safe(fix)));
        }
    }
    if let (Some(run), 1..) = (run, more) {
        out.trouble(format_args!("  and {} more: instep results {run}", Count(more)));
    }
}

pub(crate) fn level(level: Level) -> (&'static str, Tone) {
    match level {
        Level::Error => ("error", Tone::Bad),
        Level::Warning => ("warning", Tone::Warn),
        Level::Information => ("note", Tone::Faint),
    }
}

/// One conflict with its versions.
pub(crate) fn one_conflict(out: &Out, conflict: &Conflict) {
    out.trouble(format_args!("  {}  {}", out.paint(Tone::Warn, path_of(conflict)), kind(conflict.kind)));
    let width = conflict.versions.iter().map(|version| version.location.chars().count()).max().unwrap_or(0);
    let (newest, largest) = (conflict.newest(), conflict.largest());
    for (index, found) in conflict.versions.iter().enumerate() {
        let there = conflict.versions.iter().filter(|one| one.item_type == ConflictItemType::Updated).count();
        let mark = match (newest == Some(index), largest == Some(index)) {
            _ if there < 2 => "",
            (true, true) => "  (newer, larger)",
            (true, false) => "  (newer)",
            (false, true) => "  (larger)",
            (false, false) => "",
        };
        // As `--keep` calls it.
        let letter = if index == 0 { 'a' } else { 'b' };
        let name = match &found.path {
            Some(path) if conflict.kind == ConflictKind::NameClash => last_name(path),
            None if conflict.kind == ConflictKind::NameClash => last_name(&conflict.path),
            // The one thing in which they differ.
            _ if conflict.kind == ConflictKind::Metadata => {
                permissions(found).map_or_else(String::new, |permissions| format!("{permissions}, "))
            }
            _ => String::new(),
        };
        out.trouble(format_args!(
            "    {letter}: {:width$}  {name}{}{}",
            Safe(&found.location).to_string(),
            version(found),
            out.paint(Tone::Faint, mark)
        ));
    }
}

/// `report.txt, `: what a version is called, where two names clash.
fn last_name(path: &[u8]) -> String {
    let path = RelPath::from_bytes(path).unwrap_or_default();
    let name = path.split().map(|(_, name)| RelPath::root().join(name)).unwrap_or_default();
    format!("{name}, ")
}

/// What `--keep` takes for all of these conflicts.
fn choices(conflicts: &[Conflict]) -> String {
    let is = |kinds: &[ConflictKind]| conflicts.iter().any(|one| kinds.contains(&one.kind));
    use ConflictKind::{CreateCreate, EditEdit, KindMismatch, NameClash};
    let texts = [EditEdit, CreateCreate, NameClash];
    let mut choices = vec!["a", "b"];
    if is(&texts) || is(&[KindMismatch]) {
        choices.push("both");
    }
    if is(&texts) {
        choices.extend(["newest", "largest"]);
    }
    // Who only names the versions has none that they come from.
    if is(&[EditEdit]) && conflicts.iter().all(|one| one.handler.as_str() == folders::handler::HANDLER_ID) {
        choices.push("merge");
    }
    choices.join("|")
}

/// A text with the markers of a merge, each line made harmless (S8).
pub(crate) fn text(out: &Out, text: &[u8]) {
    let mut tone = None;
    for line in String::from_utf8_lossy(text).lines() {
        let marker = |c: char| line.chars().take_while(|found| *found == c).count() >= 7;
        tone = if marker('<') {
            Some(Tone::Warn)
        } else if marker('|') {
            Some(Tone::Faint)
        } else if marker('=') && tone.is_some() {
            Some(Tone::Good)
        } else {
            tone
        };
        let line = Safe(line);
        match tone {
            Some(tone) => out.line(format_args!("    {}", out.paint(tone, line))),
            None => out.line(format_args!("    {line}")),
        }
        if marker('>') {
            tone = None;
        }
    }
}

/// Open conflicts with both versions, and how to settle them.
pub(crate) fn conflicts(out: &Out, conflicts: &[Conflict], names: &Names, all: bool) {
    let shown = if all { conflicts.len() } else { SHOWN };
    for conflict in conflicts.iter().take(shown) {
        one_conflict(out, conflict);
    }
    if conflicts.len() > shown {
        out.trouble(format_args!(
            "  and {} more: instep conflicts {}",
            Count((conflicts.len() - shown) as u64),
            names.id
        ));
    }
    if conflicts.iter().all(|one| one.versions.is_empty()) {
        // Its handler only tells of it.
        return;
    }
    match conflicts {
        [] => {}
        [only] => out.trouble(format_args!(
            "  settle it: instep resolve {} {} --keep {}",
            names.id,
            shell_path(&path_of(only)),
            choices(conflicts)
        )),
        [first, ..] => {
            out.trouble(format_args!(
                "  settle one: instep resolve {} {} --keep {}",
                names.id,
                shell_path(&path_of(first)),
                choices(std::slice::from_ref(first))
            ));
            out.trouble(format_args!(
                "  settle all: instep resolve {} --all --keep {}",
                names.id,
                choices(conflicts)
            ));
            out.trouble(format_args!("  one by one: instep resolve {}", names.id));
        }
    }
}

/// A path as it can be typed again. What is not harmless is shown, and understood, with its escapes.
pub(crate) fn shell_path(path: &RelPath) -> String {
    shell_word(&path.to_string())
}

pub(crate) fn kind(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::EditEdit => "changed on both sides",
        ConflictKind::CreateCreate => "new on both sides, and different",
        ConflictKind::KindMismatch => "of another kind on each side",
        ConflictKind::EditDelete => "changed on one side, deleted on the other",
        ConflictKind::NameClash => "two names that one side takes for the same",
        ConflictKind::Metadata => "the same content, with other permissions on each side",
        ConflictKind::ForeignCopy => "with a conflict copy that another program has left",
        _ => "different on both sides",
    }
}

fn version(version: &ConflictVersion) -> String {
    match version.item_type {
        ConflictItemType::Deleted => "deleted".to_owned(),
        ConflictItemType::Updated => {
            let changed = local_time(version.modified);
            match version.kind.as_str() {
                "file" => format!("{}, changed {changed}", Size(version.size)),
                kind => format!("{}, changed {changed}", Safe(kind)),
            }
        }
    }
}

/// How long a run took, and what it moved: "4.2 MiB in 1.2 s".
pub(crate) fn effort(run: &RunRecord) -> String {
    let bytes: u64 = run.items.iter().map(|item| item.counts.bytes).sum();
    let time = took(run.ended.unwrap_or(run.started).saturating_sub(run.started).unsigned_abs());
    if bytes > 0 { format!("{} in {time}", Size(bytes)) } else { time }
}

/// What can be done about a run that deleted or overwrote something.
pub(crate) fn undo_hint(run: &RunRecord) -> Option<String> {
    let takes_away = |side: &SideCounts| side.deleted > 0 || side.updated > 0;
    run.items
        .iter()
        .any(|item| takes_away(&item.counts.a) || takes_away(&item.counts.b))
        .then(|| format!("instep undo {}", run.id))
}
