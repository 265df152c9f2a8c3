//! A plan, as a person and as a program read it: deletions first, for these are what is looked for.

use reconcile::{Action, Kind, Note, NoteKind, Op, Plan, Seen, Side, Tally};
use serde_json::{Value, json};
use syncmgr::Counts;

use super::human::{self, Names};
use super::json::rel_path_fields;
use super::text::{Count, Size, counted};
use crate::out::{Out, Tone, Volume};

/// How many actions a terminal shows; a pipe gets all.
const SHOWN: usize = 40;

/// What an action does, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Delete,
    Replace,
    Move,
    KeepBoth,
    Update,
    Create,
    Meta,
}

impl Verb {
    fn of(op: &Op) -> Self {
        match op {
            Op::Create { .. } => Self::Create,
            Op::Replace { source, target, .. } if source.kind == target.kind => Self::Update,
            Op::Replace { .. } => Self::Replace,
            Op::Meta { .. } => Self::Meta,
            Op::Remove { .. } => Self::Delete,
            Op::Move { .. } => Self::Move,
            Op::KeepBoth { .. } => Self::KeepBoth,
        }
    }

    /// In JSON, and (with a space for the hyphen) for people.
    fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::KeepBoth => "keep-both",
            Self::Update => "update",
            Self::Create => "create",
            Self::Meta => "metadata",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Delete | Self::Replace => Tone::Bad,
            Self::Update | Self::KeepBoth => Tone::Warn,
            Self::Move | Self::Create => Tone::Good,
            Self::Meta => Tone::Faint,
        }
    }
}

/// The side that an action changes.
fn side(op: &Op) -> Side {
    match op {
        Op::Create { on, .. }
        | Op::Replace { on, .. }
        | Op::Meta { on, .. }
        | Op::Remove { on, .. }
        | Op::Move { on, .. } => *on,
        Op::KeepBoth { renamed_on, .. } => *renamed_on,
    }
}

/// The version that comes, or that goes where none comes; and what it holds.
fn version(op: &Op) -> (&Seen, Option<&Tally>) {
    match op {
        Op::Create { source, tally, .. } | Op::Replace { source, tally, .. } => (source, Some(tally)),
        Op::Remove { target, tally, .. } => (target, Some(tally)),
        Op::Meta { source, .. } => (source, None),
        Op::Move { seen, .. } | Op::KeepBoth { seen, .. } => (seen, None),
    }
}

/// The plan of one item, for a person.
pub(crate) fn tell(out: &Out, plan: &Plan, counts: &Counts, names: &Names, terminal: bool) {
    let mut parts: Vec<String> = human::changes(counts, names).into_iter().collect();
    if parts.is_empty() && plan.conflicts.is_empty() {
        parts.push(format!("nothing to do, {} and {} are the same", names.a, names.b));
    }
    if !plan.conflicts.is_empty() {
        let conflicts = counted(plan.conflicts.len() as u64, "conflict", "conflicts");
        parts.push(out.paint(Tone::Warn, conflicts).to_string());
    }
    if counts.bytes > 0 {
        parts.push(format!("{} to copy", Size(counts.bytes)));
    }
    out.line(format_args!("{}: {}", out.paint(Tone::Strong, &names.item), parts.join("; ")));
    let mut actions: Vec<&Action> = plan.actions.iter().collect();
    actions.sort_by(|x, y| (Verb::of(&x.op), &x.path).cmp(&(Verb::of(&y.op), &y.path)));
    let shown = if terminal && out.volume() < Volume::Verbose { SHOWN } else { actions.len() };
    let label = |side| if side == Side::A { &names.a } else { &names.b };
    let what = |action: &Action| {
        format!("{} on {}", Verb::of(&action.op).word().replace('-', " "), label(side(&action.op)))
    };
    let width = actions.iter().take(shown).map(|action| what(action).chars().count()).max().unwrap_or(0);
    for action in actions.iter().take(shown) {
        let what = what(action);
        let pad = width - what.chars().count();
        let what = out.paint(Verb::of(&action.op).tone(), what);
        out.line(format_args!("  {what}{:pad$}  {}", "", described(action)));
    }
    if actions.len() > shown {
        out.line(format_args!("  and {} more; -v shows them all", Count((actions.len() - shown) as u64)));
    }
    for conflict in plan.conflicts.iter().take(if terminal { human::SHOWN } else { usize::MAX }) {
        out.line(format_args!(
            "  {} {}  {}",
            out.paint(Tone::Warn, "conflict"),
            conflict.path,
            human::kind(conflict.kind)
        ));
    }
    for note in plan.notes.iter().take(if terminal { human::SHOWN } else { usize::MAX }) {
        out.line(format_args!("  {} {}", out.paint(Tone::Faint, "note"), described_note(note, names)));
    }
}

fn described(action: &Action) -> String {
    let (seen, tally) = version(&action.op);
    let slash = if seen.kind == Kind::Dir { "/" } else { "" };
    match (&action.op, tally) {
        (Op::Move { from, .. } | Op::KeepBoth { from, .. }, _) => {
            format!("{from}{slash} -> {}{slash}", action.path)
        }
        (Op::Meta { what, .. }, _) => format!("{}{slash}  ({what})", action.path),
        (_, Some(tally)) if tally.entries() > 1 => format!(
            "{}{slash}  ({}, {})",
            action.path,
            counted(tally.entries(), "entry", "entries"),
            Size(tally.bytes)
        ),
        (_, Some(_)) if seen.kind == Kind::File => format!("{}  ({})", action.path, Size(seen.size)),
        _ => format!("{}{slash}", action.path),
    }
}

pub(crate) fn described_note(note: &Note, names: &Names) -> String {
    let label = |side: &Side| if *side == Side::A { &names.a } else { &names.b };
    let path = &note.path;
    match &note.what {
        NoteKind::Unreadable(side, reason) => {
            format!("{path} cannot be read on {} and is left alone: {reason}", label(side))
        }
        NoteKind::Uncompared(reason) => format!("{path} cannot be compared and is left alone: {reason}"),
        NoteKind::Special(side) => {
            format!("{path} on {} is no file, folder or link and is skipped", label(side))
        }
        NoteKind::AgainstSpecial => {
            format!("{path} is no file, folder or link on one side; both are left alone")
        }
        NoteKind::EditSurvived(side) => {
            format!("{path} was deleted, but edited on {}: the edit stays", label(side))
        }
        NoteKind::LeftOnB => format!("{path} was changed on {} alone and is left as it is", names.b),
        NoteKind::DirectoryStays(side) => {
            format!("{path}/ stays on {}, something excluded or unreadable is in it", label(side))
        }
    }
}

/// The plan of one item, for programs.
pub(crate) fn objects(out: &Out, item: &str, plan: &Plan, names: &Names) {
    for action in &plan.actions {
        out.json(&action_object(item, action));
    }
    for conflict in &plan.conflicts {
        let found = |label: &str, seen: &Option<Seen>| match seen {
            Some(seen) => {
                json!({ "side": label, "state": "changed", "kind": kind(seen.kind), "size": seen.size })
            }
            None => json!({ "side": label, "state": "deleted" }),
        };
        let mut object = json!({ "type": "conflict", "item": item });
        rel_path_fields(&mut object, "path", &conflict.path);
        object["kind"] = json!(conflict.kind.word());
        object["a"] = found(&names.a, &conflict.a);
        object["b"] = found(&names.b, &conflict.b);
        if let Some(holder) = &conflict.holder {
            let version = &mut object[if holder.on == Side::A { "a" } else { "b" }];
            rel_path_fields(version, "path", &holder.path);
        }
        out.json(&object);
    }
    for note in &plan.notes {
        let level = match note.what {
            NoteKind::Unreadable(..) | NoteKind::Uncompared(_) | NoteKind::AgainstSpecial => "error",
            _ => "information",
        };
        let mut object = json!({ "type": "event", "item": item, "level": level, "description": described_note(note, names) });
        rel_path_fields(&mut object, "path", &note.path);
        out.json(&object);
    }
}

fn action_object(item: &str, action: &Action) -> Value {
    let (seen, tally) = version(&action.op);
    let mut object = json!({
        "type": "action",
        "item": item,
        "op": Verb::of(&action.op).word(),
        "side": if side(&action.op) == Side::A { "a" } else { "b" },
    });
    rel_path_fields(&mut object, "path", &action.path);
    object["kind"] = json!(kind(seen.kind));
    object["size"] = json!(seen.size);
    if let Some(tally) = tally {
        object["entries"] = json!(tally.entries());
        object["bytes"] = json!(tally.bytes);
    }
    match &action.op {
        Op::Move { from, .. } | Op::KeepBoth { from, .. } => rel_path_fields(&mut object, "from", from),
        Op::Meta { what, .. } => {
            object["mode"] = json!(what.mode);
            object["mtime"] = json!(what.mtime);
            object["owner"] = json!(what.owner);
            object["attributes"] = json!(what.attributes);
        }
        _ => {}
    }
    object
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Dir => "directory",
        Kind::Link => "link",
        Kind::Special => "special",
        Kind::Unreadable => "unreadable",
    }
}
