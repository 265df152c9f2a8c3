/**
 * Every text of the page, in English: the one file that a translation replaces.
 *
 * Sentences with something in them are functions, so that another language may order and count as it likes.
 */

import type {
  Conflict,
  ConflictKind,
  Headline,
  Item,
  Keep,
  Outcome,
  Phase,
  Resolved,
  StopStage,
  SyncState,
  Verb,
} from "./api/client";
import { count, distance, duration, size, time } from "./format";

const rules = new Intl.PluralRules("en");
const plural = (value: number, one: string, other: string): string =>
  `${count(value)} ${rules.select(value) === "one" ? one : other}`;

/** How an item stands, in words. */
export const headlines: Record<Headline, string> = {
  safety_stop: "Safety stop",
  failed: "Failed",
  overdue: "Overdue",
  conflicts: "Conflicts",
  not_responding: "Not responding",
  gaps: "Done with gaps",
  interrupted: "Interrupted",
  never_run: "Never run",
  waiting: "Waiting",
  paused: "Paused",
  up_to_date: "Up to date",
};

/** What a run came to. */
export const outcomes: Record<Outcome | "running", string> = {
  done: "Done",
  pending: "Waits for the next run",
  waiting: "Waiting",
  disconnected: "Disconnected",
  canceled: "Stopped",
  interrupted: "Interrupted",
  needs_decision: "Conflicts wait",
  gaps: "Done with gaps",
  failed: "Failed",
  safety_stop: "Safety stop",
  running: "Running",
};

/** What is being done just now. */
export const phases: Record<Phase, string> = {
  looking: "Looking",
  comparing: "Comparing",
  moving: "Transferring",
  finishing: "Finishing",
};

export const conflictKinds: Record<ConflictKind, string> = {
  "edit-edit": "Changed on both sides",
  "create-create": "Created differently on both sides",
  kind: "File against folder or link",
  "edit-delete": "Changed on one side, deleted on the other",
  "name-clash": "Names that a side cannot tell apart",
  metadata: "Permissions or times differ",
  "foreign-copy": "A copy that another program left",
};

/** The state of a handler. */
export const states: Record<SyncState, string> = {
  not_set_up: "Not set up",
  not_run: "Never ran",
  idle: "Nothing to say",
  error: "The last run had errors",
  pending: "Something waits",
  syncing: "Synchronizing",
};

/** What a plan does. */
export const verbs: Record<Verb, string> = {
  delete: "Deleted",
  replace: "Replaced by another kind",
  move: "Moved or renamed",
  "keep-both": "Both kept",
  update: "Updated",
  create: "Created",
  metadata: "Only permissions or times",
};

export const text = {
  title: "Instep",
  skip: "Skip to the content",
  rooms: {
    home: "Home",
    conflicts: "Conflicts",
    results: "Results",
    schedule: "Schedule",
    handlers: "Handlers",
  },

  undo: "Undo",
  dismiss: "Dismiss",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  search: "Search",
  more: "More",
  loading: "Loading …",
  tryAgain: "Try again",
  never: "never",
  none: "none",
  all: "All",

  away: "Instep does not answer. What you see is how things stood; nothing can be started or stopped until it is back.",
  awayTip: "Trying again by itself. On a terminal: instep serve",
  back: "Connected again.",
  signedOut: "This page is not signed in.",
  signedOutTip: "On a terminal, `instep open` opens the page signed in.",
  brokenPage: "This part of the page broke.",
  notFound: "There is no such page.",

  version: (version: string) => `Version ${version}`,
  when: (at: string, now: number) => distance(at, now),
  at: (at: string) => time(at),
  took: (ms: number) => duration(ms),
  items: (n: number) => plural(n, "item", "items"),
  files: (n: number) => plural(n, "file", "files"),
  entries: (n: number) => plural(n, "entry", "entries"),
  conflictsOpen: (n: number) => plural(n, "open conflict", "open conflicts"),
  errors: (n: number) => plural(n, "error", "errors"),
  bytes: (n: number) => size(n),

  noRuns: "No runs yet.",
  lastRuns: (last: string, n: number) => `Last ${plural(n, "run", "runs")}; the latest: ${last}`,

  first: {
    title: "Welcome",
    nothing: "Nothing is kept in sync yet",
    explain:
      "Two folders are enough to begin with. A script that synchronizes is shown here as soon as it runs under Instep.",
    terminal: "On a terminal:",
  },

  home: {
    sentence: (all: number, attention: number) => {
      if (attention === 0)
        return all === 1 ? "Nothing needs you." : `Nothing needs you: all ${count(all)} items are fine.`;
      return `${plural(attention, "item needs", "items need")} you.`;
    },
    doing: (working: number, paused: number) => {
      const said = [
        working > 0 ? `${plural(working, "is", "are")} working now` : "Nothing is going on now",
        paused > 0 ? `${plural(paused, "is", "are")} paused` : "",
      ];
      return `${said.filter(Boolean).join(", ")}.`;
    },
    attention: "What needs you",
    furtherAttention: (n: number) => `and ${plural(n, "more item", "more items")}`,
    items: "Items",
    allItems: "More for all items",
    syncAll: "Sync all",
    stopAll: "Stop everything",
    resumeAll: "Resume all",
    filter: "Which items",
    search: "Search items",
    noMatch: "No item is like that",
    showAll: "Show all items",
    views: {
      all: (n: number) => `All ${count(n)}`,
      attention: (n: number) => `Need you ${count(n)}`,
      working: (n: number) => `Working ${count(n)}`,
      paused: (n: number) => `Paused ${count(n)}`,
    },
    lastGood: (at: string, now: number) => `last good run ${distance(at, now)}`,
    neverGood: "no good run yet",
    next: (item: Item, now: number) => {
      if (!item.enabled) return "Disabled";
      if (item.paused_until) return `Paused, goes on ${distance(item.paused_until, now)}`;
      if (item.paused) return "Paused until resumed";
      if (item.waits) return item.waits;
      return item.next_run ? `Next ${distance(item.next_run, now)}` : "";
    },
  },

  moving: {
    label: (name: string) => `Progress of ${name}`,
    left: (ms: number) => `${duration(ms)} left`,
    stopping: "Stopping …",
    stages: {
      asked: "Stopping …",
      not_responding: "Does not answer the request to stop",
      terminated: "Was told to end",
      killed: "Was ended by force",
    } as Record<StopStage, string>,
  },

  /** What needs a person, as a sentence; the buttons follow it. */
  attention: {
    sentences: {
      safety_stop: "was stopped before anything was touched.",
      failed: "failed.",
      overdue: "had no good run for longer than it should take.",
      conflicts: "needs decisions.",
      not_responding: "does not answer.",
      gaps: "could not synchronize everything.",
      interrupted: "was cut short.",
    } as Partial<Record<Headline, string>>,
    lastGood: (at: string, now: number) => `Last good run ${distance(at, now)}.`,
    neverGood: "There was no good run yet.",
    conflicts: (n: number) => `${plural(n, "conflict waits", "conflicts wait")}; both versions are untouched.`,
    look: "See what it would do",
    approve: "Run anyway",
    again: "Try again",
    details: "What happened",
    settle: "Settle",
    stop: "Stop it",
    syncNow: "Sync now",
  },

  menu: {
    of: (name: string) => `What can be done with ${name}`,
    sync: "Sync now",
    stop: "Stop",
    preview: "See what it would do",
    pauseHour: "Pause for an hour",
    pauseDay: "Pause until tomorrow",
    pauseOpen: "Pause until resumed",
    resume: "Resume",
    enable: "Enable",
    disable: "Disable",
    results: "All runs",
    settings: "Settings",
    remove: "Stop keeping it in sync",
  },

  item: {
    sync: "Sync now",
    preview: "Preview",
    now: "Now",
    facts: "How it stands",
    stands: "State",
    lastGood: "Last good run",
    nextRun: "Next run",
    byHand: "when somebody starts it",
    handler: "Handler",
    command: "Exact command",
    copy: "Copy the command",
    copied: "Copied.",
    notCopied: "The browser did not allow copying.",
    skipped: "Not synchronized, by reason",
    history: "History",
    allRuns: "All runs",
  },

  results: {
    search: "Search runs and problems",
    outcome: "What it came to",
    anyOutcome: "Any outcome",
    handler: "Handler",
    anyHandler: "Any handler",
    onlyItem: (item: string) => `Only ${item}`,
    export: "Export",
    none: "No runs like that",
    noneTip: "Every run is kept here, whoever started it.",
  },

  run: {
    title: (id: number) => `Run ${count(id)}`,
    number: (id: number) => `Run ${id}`,
    sentence: (names: string[], began: string, took: string | undefined, manual: boolean) => {
      const what = names.length > 3 ? plural(names.length, "item", "items") : names.join(", ");
      const how = manual ? ", started by hand" : "";
      return took === undefined
        ? `${what}: runs since ${began}${how}.`
        : `${what}: began ${began}${how}, took ${took}.`;
    },
    undo: "Undo this run",
    stop: "Stop",
    changes: (n: number) => plural(n, "change", "changes"),
    nothing: "Nothing had to be changed.",
    counted: {
      created: "created",
      updated: "updated",
      deleted: "deleted",
      moved: "moved",
      bytes: "transferred",
      conflicts: "open conflicts",
      errors: "errors",
      skipped: "left out",
    },
    reasons: "What went wrong, by reason",
    moreEvents: "There is more: only the first events were looked at. The log below has all of them.",
    examples: (shown: number, all: number) =>
      shown < all ? `The first ${count(shown)} of ${count(all)}` : plural(all, "entry", "entries"),
    log: "Log",
    events: "Events",
    output: "Output",
    searchLog: "Search the log",
    noMatch: "No line is like that.",
    noEvents: "Nothing was reported.",
  },
  levels: { information: "Note", warning: "Warning", error: "Error" },

  conflicts: {
    settleMany: (n: number) => `Settle all ${count(n)}`,
    search: "Search paths",
    folder: "Only beneath folder",
    kind: "Kind of conflict",
    anyKind: "Any kind",
    none: "No conflicts",
    noneTip: "When both sides change the same thing differently, both versions stay untouched and wait here.",
    newest: (side: string) => (side ? `newest on ${side}` : ""),
  },

  conflict: {
    since: (at: string) => `since ${at}`,
    deleted: "Deleted here.",
    kind: "Kind",
    kinds: { file: "file", directory: "folder", link: "link" } as Record<string, string>,
    changed: "Changed",
    size: "Size",
    newest: "newest",
    largest: "largest",
    picture: (side: string) => `The version on ${side}`,
    difference: "What differs",
    tooLong: "The texts are too long to be compared here.",
    onlyOn: (side: string) => `only on ${side}: `,
    choices: "What shall be kept?",
    keep: (side: string) => `Keep ${side}`,
    keepBoth: "Keep both",
    merge: "Merge",
    consequence: (conflict: Conflict, kept: number) => {
      const [keep, lose] = [conflict.versions[kept], conflict.versions[1 - kept]];
      if (!keep || !lose) return "";
      if (keep.state === "deleted") return `It goes to the trash on ${lose.side}, too.`;
      if (lose.state === "deleted") return `It comes back on ${lose.side}.`;
      return `The version on ${lose.side} goes to the trash there, and the one on ${keep.side} takes its place.`;
    },
    bothComes: "Both versions are on both sides afterwards; one of them gets another name.",
    mergeComes: "Both changes in one file, where they do not touch the same lines; else it stays open.",
    undoable: "Nothing is lost: undo brings everything back as it was.",
  },

  many: {
    title: (n: number) => `Settle ${plural(n, "conflict", "conflicts")}`,
    which: "What is kept",
    confirm: (n: number) => `Settle ${count(n)}`,
    choices: {
      newest: "Keep the newest",
      largest: "Keep the largest",
      both: "Keep both",
      a: "Keep the first side",
      b: "Keep the second side",
      merged: "Merge texts",
    } as Record<Keep, string>,
    comes: {
      newest: "The older versions go to the trash. Where both are equally new, it stays open.",
      largest: "The smaller versions go to the trash. Where both are equally large, it stays open.",
      both: "Both are on both sides afterwards, one of them under another name.",
      a: "What the second side has goes to its trash.",
      b: "What the first side has goes to its trash.",
      merged: "Where both changed the same lines, or one is no text, it stays open.",
    } as Record<Keep, string>,
  },

  preview: {
    title: (name: string) => `What a run of ${name} would do`,
    looking: "Looking at both sides; nothing is touched …",
    again: "Look again",
    nothing: "Nothing: both sides agree.",
    expected: "A run would come to:",
    on: "on",
    toTransfer: "to transfer",
    conflicts: "Left for you to decide",
    notes: "Worth knowing",
    approve: "I have seen what goes, and want it so.",
    consent: "I agree to what would be deleted or overwritten.",
    runExactly: "Run exactly this",
    run: "Run",
    exactly: "What changed since you looked is left for the next run.",
    notHeld: "This handler looks again when it runs.",
  },

  schedule: {
    nextDay: "The next 24 hours",
    dayTold: (n: number) => `${plural(n, "item runs", "items run")} within a day`,
    times: "Next times",
    retry: (at: string, now: number) => `Tried again ${distance(at, now)}.`,
  },

  handlers: {
    none: "No handlers",
    enabled: "May synchronize",
    active: "Set up",
    disconnected: "not connected",
  },

  /** What a button came to. */
  done: {
    started: (name: string) => `${name} starts.`,
    startedAll: "Everything that may starts.",
    stopping: (name: string) => `${name} is asked to stop.`,
    stoppingAll: "Everything is asked to stop.",
    paused: (name: string | undefined) => `${name ?? "Everything"} starts nothing by itself for now.`,
    resumed: (name: string | undefined) => `${name ?? "Everything"} goes on.`,
    enabled: (name: string, on: boolean) => (on ? `${name} may synchronize again.` : `${name} is disabled.`),
    switched: (name: string) => `${name} is changed.`,
    undoing: (run: number) => `Run ${run} is being taken back.`,
    settled: (resolved: Resolved) => {
      const open = resolved.left + resolved.failed + resolved.changed + resolved.not_reached;
      const said = [
        resolved.settled > 0 ? `${plural(resolved.settled, "conflict is", "conflicts are")} settled` : "",
        resolved.changed > 0 ? `${count(resolved.changed)} changed since they were shown` : "",
        resolved.gone > 0 ? `${count(resolved.gone)} were settled already` : "",
        open - resolved.changed > 0 ? `${count(open - resolved.changed)} stay open` : "",
      ].filter(Boolean);
      return [`${said.join(", ")}.`, ...resolved.reasons.slice(0, 2)].join(" ");
    },
  },
};
