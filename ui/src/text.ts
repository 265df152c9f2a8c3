/**
 * Every text of the page, in English: the one file that a translation replaces.
 *
 * Sentences with something in them are functions, so that another language may order and count as it likes.
 */

import type {
  Conflict,
  ConflictKind,
  DifferenceKind,
  HandlerKind,
  Headline,
  Item,
  Keep,
  Outcome,
  Phase,
  Resolved,
  StopStage,
  SyncState,
  Verb,
  Verification,
} from "./api/client";
import { count, distance, duration, ms, size, span, time } from "./format";

const rules = new Intl.PluralRules("en");
const word = (value: number, one: string, other: string): string => (rules.select(value) === "one" ? one : other);
const plural = (value: number, one: string, other: string): string => `${count(value)} ${word(value, one, other)}`;

/** Up to this is just now, in milliseconds. */
const JUST = 45_000;
/** When something was; clocks that look again only now and then take nothing for yet to come. */
const past = (at: string, now: number): string => (now - ms(at) < JUST ? "just now" : distance(at, now));

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
  not_run: "Something has not run yet",
  idle: "No errors",
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
  firstRun: "First run",
  skip: "Skip to the content",
  rooms: {
    home: "Home",
    conflicts: "Conflicts",
    results: "Results",
    schedule: "Schedule",
    handlers: "Handlers",
    alerts: "Alerts",
    settings: "Settings",
    setup: "Add a pair of folders",
  },

  undo: "Undo",
  dismiss: "Dismiss",
  cancel: "Cancel",
  back: "Back",
  next: "Next",
  add: "Add",
  remove: "Remove",
  change: "Change",
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
  awayTip: "Trying again by itself. On a terminal: `instep serve`",
  updated: (version: string) => `Instep is version ${version} now. This page belongs to the one before.`,
  reload: "Load the page anew",
  signedOut: "This page is not signed in.",
  signedOutTip: "On a terminal, `instep serve link` gives a link that opens it signed in.",
  brokenPage: "This part of the page broke.",
  notFound: "There is no such page.",

  version: (version: string) => `Version ${version}`,
  when: (at: string, now: number) => past(at, now),
  at: (at: string) => time(at),
  took: (ms: number) => duration(ms),
  items: (n: number) => plural(n, "item", "items"),
  files: (n: number) => plural(n, "file", "files"),
  entries: (n: number) => plural(n, "entry", "entries"),
  conflictsOpen: (n: number) => plural(n, "open conflict", "open conflicts"),
  errors: (n: number) => plural(n, "error", "errors"),
  bytes: (n: number) => size(n),

  beyond: (listed: number, all: number) =>
    `The first ${count(listed)} of ${count(all)} are listed: search or filter to see what is further down.`,
  noRuns: "No runs yet.",
  lastRuns: (last: string, n: number) => `Last ${plural(n, "run", "runs")}; the latest: ${last}`,

  first: {
    title: "Welcome",
    nothing: "Nothing is kept in sync yet",
    explain:
      "Two folders are enough to begin with. A script that synchronizes is shown here as soon as it runs under Instep.",
    add: "Add a pair of folders",
    detected: "What other tools synchronize on this machine already is found there, too.",
    terminal: "Or on a terminal:",
  },

  setup: {
    steps: "Steps",
    step: {
      sides: "The two folders",
      rules: "Direction, and what is left out",
      when: "When",
      look: "Look before the first run",
    },
    name: "What you call it",
    nameTip: "As it is listed: Photos, Letters, …",
    side: { a: "First folder", b: "Second folder" },
    label: "Called",
    labelTip: "The name of the device or place, such as laptop or NAS.",
    choose: "Choose …",
    chooseTitle: (side: string) => `Choose: ${side}`,
    chooseThis: "Take this folder",
    up: "Folder above",
    noFolders: "No folders in here.",
    moreFolders: "There are more folders than are listed: type the path.",
    path: "Path",
    wrong: {
      name: "It needs a name.",
      path: "A path begins with / or ~/.",
      same: "These are the same folder.",
      label: "The two sides need different names.",
    },
    mode: "Direction",
    modes: {
      "two-way": (a: string, b: string) => `Both ways: ${a} and ${b} become the same`,
      mirror: (a: string, b: string) => `Mirror: ${b} becomes exactly what ${a} is`,
      copy: (a: string, b: string) => `Copy: ${b} gets what ${a} has`,
    },
    modeTips: {
      "two-way": () => "What is added, changed or deleted on one side happens on the other.",
      mirror: (a: string, b: string) =>
        `What ${b} has and ${a} has not goes to the trash there. ${a} is never changed.`,
      copy: (a: string, b: string) => `Nothing is ever deleted on ${b}. ${a} is never changed.`,
    },
    conflict: "When both sides changed the same thing",
    policies: {
      ask: "Leave both as they are and ask me",
      newest: "Keep the newest",
      largest: "Keep the largest",
      a: "Keep the first side's",
      b: "Keep the second side's",
      "keep-both": "Keep both, one under another name",
    },
    exclude: "Leave out",
    excludeTip: "One pattern a line, as in .gitignore: *.tmp, cache/, /drafts",
    usual: {
      litter: "What systems leave behind (.DS_Store, Thumbs.db, …)",
      temporary: "Temporary and half-written files (*.tmp, *.part, ~$*, …)",
      build: "What can be built again (node_modules/, target/, __pycache__/)",
    },
    nothingDeleted: "What is left out stays where it is, on both sides.",
    saving: "Writing it to the settings …",
    taking: "Waiting for the program to take it over …",
    addOnly: "Add without running",
    runTip: "The first run does exactly what is listed here. Afterwards it runs as you said.",
    unfinished: "It was added, and does not run by itself yet.",
  },

  times: {
    hand: "Only when somebody starts it",
    change: "When something changes",
    changeTip: "Seconds after you save a file.",
    every: "Again and again",
    everyLabel: "How often",
    periods: {
      "15m": "every 15 minutes",
      "1h": "every hour",
      "6h": "every 6 hours",
      "1d": "every day",
      "1w": "every week",
    },
    at: "At a time of the day",
    atLabel: "Time",
    days: "Days",
    mount: "When a drive with one of the folders is plugged in",
    wake: "When the machine wakes up",
    byHand: "Times that are written in the settings by hand stay as they are.",
    told: {
      change: "when something changes",
      mount: "when its drive is there",
      wake: "when the machine wakes up",
      network: "when the network is there",
      start: "when the daemon starts",
    } as Record<string, string>,
    every2: (period: string) => `every ${span(period)}`,
    at2: (time: string, days: string) => (days ? `at ${time} on ${days}` : `every day at ${time}`),
    on: (days: string, at: string) => `every ${days} at ${at}`,
    ofMonth: (days: string, at: string) => `every month on day ${days} at ${at}`,
    minutes: (every: string) => (every === "1" ? "every minute" : `every ${count(Number(every))} minutes`),
    hours: (every: string, minute: string) =>
      every === "1" ? `every hour at :${minute}` : `every ${count(Number(every))} hours at :${minute}`,
    cron: (line: string) => `by the cron line ${line}`,
    after: (items: string) => `after ${items}`,
    window: (windows: string) => `only between ${windows}`,
    needs: (needs: string) => `only with ${needs}`,
    never: "only when somebody starts it",
  },

  detected: {
    title: "Already on this machine",
    tip: "Found by reading what other tools are set up for; nothing was changed.",
    none: "No other tool that synchronizes was found.",
    looking: "Looking for what synchronizes already …",
    kinds: {
      job: "Runs by itself",
      folder: "Folder",
      profile: "Two folders",
      repository: "Backup",
      remote: "Remote",
      device: "Other machine",
    } as Record<string, string>,
    watch: "Watch it",
    run: "Let me run it",
    known: "Is in the list already",
    at: (file: string, line: number | null | undefined) => (line ? `${file}, line ${line}` : file),
    watchTitle: (title: string) => `Watch: ${title}`,
    watchTip:
      "Put this in the place of the line there. It runs as before, and is seen, explained and stopped from here.",
    runTitle: (title: string) => `Run from here: ${title}`,
    runTip: "This goes into the settings. Take the old one out where it is set up, else it runs twice.",
    taken: (name: string) => `${name} is in the list now.`,
    unread: (n: number) => `${plural(n, "file", "files")} could not be looked at`,
  },

  alerts: {
    told: "What you were told",
    none: "Nothing is wrong",
    noneTip: "What needs you is listed here, and told by the channels below.",
    open: "Open",
    over: "Over",
    raised: (at: string, now: number) => past(at, now),
    cleared: (at: string, now: number) => `all is well again, ${past(at, now)}`,
    more: (n: number) => `${plural(n, "more of the same was", "more of the same were")} not told`,
    item: "Show it",
    channels: "How you are told",
    channelsNone: "No way to tell you is set up yet: this page is the only place where alerts are seen.",
    rules: "When you are told",
    rulesNone: "Of everything that a person should look at. Add a rule to decide yourself.",
    states: { untried: "not tried yet", works: "works", broken: "does not get through" },
    test: "Send a test",
    tested: (channel: string) => `A test is on its way by ${channel}.`,
    addChannel: "Add a way",
    addRule: "Add a rule",
    changeRule: "Change the rule",
    removeSure: (what: string) => `Remove ${what}?`,
    removeTip: "It goes from the settings; the rest of the file stays as it is.",
    inText: "These are written in one line in the settings: change them there.",
    id: "Its short name",
    idTip: "Small letters, digits, - and _",
    kind: "Kind",
    kinds: {
      desktop: "Note on the desktop",
      mail: "Mail",
      webhook: "Webhook",
      ntfy: "ntfy (push to a phone)",
      command: "A command",
    } as Record<string, string>,
    keys: {
      host: "Mail server",
      user: "User",
      password: "Password",
      from: "From",
      to: "To",
      url: "Address",
      token: "Token",
      topic: "Topic",
      server: "Server",
      command: "Program and arguments, one a line",
    } as Record<string, string>,
    secretTip: "Kept with the secrets, never shown again.",
    rule: {
      looks: "It looks at",
      state: "how an item stands",
      age: "how long ago the last good run was",
      event: "lines of the results",
      states: "Told when an item is",
      attention: "anything that needs you",
      ageLabel: "Longer than",
      level: "This bad or worse",
      text: "With this in it (optional)",
      held: "Only after it was so for",
      remind: "Remind while it stays so",
      items: "Only these items",
      itemsTip: "None chosen: all.",
      channels: "By these ways",
      resolved: "Tell me also when all is well again",
      atOnce: "at once",
      never: "never",
      sentence: (what: string, rest: string[]) => [what, ...rest].join(", "),
      toldState: (states: string) => `When an item is: ${states}`,
      toldAge: (age: string) => `No good run for ${span(age)}`,
      toldEvent: (level: string, text: string) =>
        text ? `${level} in the results with “${text}”` : `${level} in the results`,
      toldHeld: (held: string) => `after ${span(held)}`,
      toldRemind: (remind: string) => `again every ${span(remind)}`,
      toldItems: (items: string) => `only ${items}`,
      toldChannels: (channels: string) => `by ${channels}`,
    },
  },

  settings: {
    look: "Appearance",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    onlyHere: "Only in this browser.",
    keep: "How much of the past is kept",
    keepDays: "Days",
    keepRuns: "Runs",
    keepEvents: "Lines of results",
    keepTip: "The last run of each item and its last good run always stay.",
    stop: "Stopping",
    grace: "How long a handler may take to stop",
    graceTip: "Then its program is ended. Such as 10s or 1m.",
    server: "Where this page is reached",
    listen: "Addresses with ports, one a line",
    listenTip: "Takes effect when the daemon is started again. The socket for you alone is always there.",
    default: (value: string) => `${value} unless you change it`,
    secrets: "Secrets",
    secretsTip: "Write-only: what they are is never shown. Settings refer to them as secret:NAME.",
    noSecrets: "No secrets are kept.",
    secretName: "Name",
    secretValue: "Secret",
    forget: "Forget",
    tokens: "Who may ask from the network",
    noTokens: "No tokens.",
    newToken: "New token",
    tokenName: "What it is for",
    role: "May",
    roles: { viewer: "only look", operator: "also start, stop and settle", admin: "also change settings" } as Record<
      string,
      string
    >,
    expires: "Ends",
    lasts: { "7": "in a week", "30": "in 30 days", "365": "in a year", "": "never" } as Record<string, string>,
    tokenOnce: "This is shown only now. Keep it where the program that uses it can read it.",
    revoke: "Revoke",
    page: "a page",
    until: (at: string) => `until ${time(at)}`,
    file: "The file itself",
    fileTip: "Comments and order stay. A mistake is shown with its line; nothing is written before there is none.",
    text: "The settings as text",
    mistakes: (n: number) => plural(n, "mistake", "mistakes"),
    at: (line: number, column: number) => `Line ${line}, column ${column}`,
    fine: "No mistakes.",
    changed: "The file was changed meanwhile.",
    reload: "Show it as it is now",
    unsaved: "Not saved yet",
    pair: "How it synchronizes",
    maxDelete: "Stop before deleting more than",
    trashDays: "Keep deleted and overwritten files for (days)",
    sideName: { a: "What the first side is called", b: "What the second side is called" },
    when: "When it runs by itself",
    removed: (name: string) => `${name} is no longer kept in sync. No file was touched.`,
    removeTitle: (name: string) => `Stop keeping ${name} in sync?`,
    removeTip: "Both folders stay as they are. Its results go.",
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
    lastGood: (at: string, now: number) => `last good run ${past(at, now)}`,
    neverGood: "no good run yet",
    queued: "Waits for its turn",
    /** Green only after a good run since then. */
    unseen: "Not run since Instep was started",
    next: (item: Item, now: number) => {
      const said = text.home.due(item, now);
      if (said !== undefined) return said;
      if (item.next_run) return `Next ${distance(item.next_run, now)}`;
      return item.headline === "waiting" ? text.item.byHand : "";
    },
    /** Why an item does not run by itself just now. */
    due: (item: Item, now: number): string | undefined => {
      if (!item.enabled) return "Disabled";
      if (item.paused_until) return `Paused, goes on ${distance(item.paused_until, now)}`;
      if (item.paused) return "Paused until resumed";
      return item.waits ?? (item.waiting ? text.home.queued : undefined);
    },
  },

  moving: {
    label: (name: string) => `Progress of ${name}`,
    left: (ms: number) => `${duration(ms)} left`,
    elsewhere: "Runs in another process: it is stopped where it was started.",
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
    lastGood: (at: string, now: number) => `Last good run ${past(at, now)}.`,
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
    verify: "Verify",
    pauseHour: "Pause for an hour",
    pauseDay: "Pause until tomorrow",
    pauseOpen: "Pause until resumed",
    resume: "Resume",
    enable: "Enable",
    disable: "Disable",
    results: "All runs",
    settings: "Settings",
    remove: "Stop keeping it in sync …",
  },

  item: {
    sync: "Sync now",
    preview: "Preview",
    verify: "Verify",
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
    began: (at: string, now: number) => `Began ${past(at, now)}`,
    skipped: "What the last run left out or could not do",
    history: "History",
    allRuns: "All runs",
    allOf: (n: number) => `All ${plural(n, "run", "runs")}`,
  },

  results: {
    search: "Search runs and problems",
    outcome: "What it came to",
    anyOutcome: "Any outcome",
    handler: "Handler",
    anyHandler: "Any handler",
    onlyItem: (item: string) => `Only ${item}`,
    export: "Export",
    formats: { csv: "As a table (CSV)", jsonl: "As JSON, a run a line" },
    none: "No runs like that",
    noneTip: "Every run is kept here, whoever started it.",
  },

  run: {
    title: (id: number) => `Run ${count(id)}`,
    number: (id: number) => `Run ${id}`,
    sentence: (began: string, took: string | undefined, manual: boolean) => {
      const how = manual ? ", started by hand" : "";
      return took === undefined ? `Runs since ${began}${how}.` : `Began ${began}${how} and took ${took}.`;
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
      skipped: "left out",
    },
    reasons: "What went wrong, by reason",
    moreEvents: "There is more: only the first events were looked at. The log below has all of them.",
    open: (n: number) => word(n, "open conflict", "open conflicts"),
    failures: (n: number) => word(n, "error", "errors"),
    moreReasons: (n: number) => `Show ${plural(n, "further reason", "further reasons")}`,
    examples: (shown: number, all: number) =>
      shown < all ? `The first ${count(shown)} of ${count(all)}` : plural(all, "entry", "entries"),
    log: "Log",
    events: "Events",
    output: "What the command wrote",
    outputAll: "All of it",
    leftOut: (bytes: number) => `${size(bytes)} in the middle are not kept.`,
    exportEvents: "Export",
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
    facts: {
      at: "Name",
      kind: "Kind",
      changed: "Changed",
      size: "Size",
      owner: "Owner",
      permissions: "Permissions",
      target: "Points to",
      entries: "Entries in it",
    },
    kinds: { file: "file", directory: "folder", link: "link" } as Record<string, string>,
    differs: " (differs)",
    newest: "newest",
    largest: "largest",
    picture: (side: string) => `The version on ${side}`,
    sameContent: "The content is the same on both sides.",
    difference: "What differs",
    tooLong: "The texts are too long to be compared here.",
    onlyOn: (side: string) => `only on ${side}: `,
    choices: "What shall be kept?",
    keep: (side: string) => `Keep ${side}`,
    keepBoth: "Keep both",
    keepNamed: "Keep both, named …",
    merge: "Merge",
    own: "Another version …",
    leaveOut: "Leave it out",
    consequence: (conflict: Conflict, kept: number) => {
      const [keep, lose] = [conflict.versions[kept], conflict.versions[1 - kept]];
      if (!keep || !lose) return "";
      if (keep.state === "deleted") return `It goes to the trash on ${lose.side}, too.`;
      if (lose.state === "deleted") return `It comes back on ${lose.side}.`;
      if (conflict.kind === "name-clash") return "The other name goes to the trash, on both sides.";
      if (conflict.kind === "metadata") return `On ${lose.side} it gets the permissions that it has on ${keep.side}.`;
      return `The version on ${lose.side} goes to the trash there, and the one on ${keep.side} takes its place.`;
    },
    bothComes: "Both versions are on both sides afterwards; one of them gets another name.",
    namedComes: "The same, under names that you choose.",
    mergeComes: "Both changes are in one file, on both sides: they do not touch the same lines.",
    ownComes: (merge: { overlaps: number } | null | undefined) =>
      merge && merge.overlaps > 0
        ? `Both changed the same in ${plural(merge.overlaps, "place", "places")}: put them together yourself, or take a file in the place of both.`
        : "What you write, or a file that you choose, takes the place of both.",
    leaveOutComes: "Both stay as they are and are synchronized no more: a line in .instepignore says so on both sides.",
    noChoice: "Its handler can do nothing about it from here.",
    undoable: "Nothing is lost: undo brings everything back as it was.",
    nameFor: (side: string) => `Name for the version of ${side}`,
    noName: "A name without “/”.",
    sameName: "Both cannot have the same name.",
    namesTip: "Both come to lie in the same folder on both sides.",
    written: "The version in the place of both",
    beginWith: "Begin with",
    theMerge: "both, marked",
    stillMarked: "There are marks of a merge in it still.",
    fromFile: "Or a file of yours",
    fileTooLarge: (most: string) => `Up to ${most}; put a larger one in its place on one side instead.`,
    ownTip: "Both versions go to the trash of their side.",
    keepOwn: "Keep this version",
  },

  many: {
    title: (n: number) => `Settle ${plural(n, "conflict", "conflicts")}`,
    which: "What is kept",
    confirm: (n: number) => `Settle ${count(n)}`,
    busy: "Settling …",
    undoable: "What is settled in a run can be taken back at once: undo is offered afterwards.",
    outlook: (can: number, left: number) =>
      [
        can > 0 ? `${plural(can, "conflict is", "conflicts are")} settled so.` : "None can be settled so.",
        left > 0 ? `${plural(left, "stays", "stay")} open.` : "",
      ]
        .filter(Boolean)
        .join(" "),
    choices: (keep: Keep, sides: string[] | undefined) =>
      ({
        newest: "Keep the newest",
        largest: "Keep the largest",
        both: "Keep both",
        a: `Keep ${sides?.[0] ?? "the first side"}`,
        b: `Keep ${sides?.[1] ?? "the second side"}`,
        merged: "Merge texts",
        "leave-out": "Leave them out",
        other: "",
      })[keep],
    comes: (keep: Keep, sides: string[] | undefined) =>
      ({
        newest: "The older versions go to the trash. Where both are equally new, it stays open.",
        largest: "The smaller versions go to the trash. Where both are equally large, it stays open.",
        both: "Both are on both sides afterwards, one of them under another name.",
        a: `What ${sides?.[1] ?? "the second side"} has goes to its trash.`,
        b: `What ${sides?.[0] ?? "the first side"} has goes to its trash.`,
        merged: "Where both changed the same lines, or one is no text, it stays open.",
        "leave-out": "Both versions stay as they are and are synchronized no more.",
        other: "",
      })[keep],
  },

  preview: {
    title: (name: string) => `What a run of ${name} would do`,
    looking: "Looking at both sides; nothing is touched …",
    again: "Look again",
    nothing: "Nothing: a run would find nothing to do.",
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
    skip: "Leave it as it is",
    keep: (side: string) => `Keep the version of ${side}`,
    of: (path: string) => `What shall be done with ${path}`,
    yours: "What you decided",
    skipped: "is left as it is on both sides, with all that is beneath it",
    wins: (side: string) => `the version of ${side} wins`,
    putBack: "Take back",
    folder: (path: string, open: boolean) => (open ? `Fold ${path}` : `Unfold ${path}`),
    looksAgain: "Looking again with that …",
  },

  verify: {
    title: (name: string) => `Verify ${name}`,
    tip: {
      pair: "Whether both sides hold the same. Nothing is touched.",
      other: "Whether it is as its last run left it. Nothing is touched.",
    },
    again: "Look again",
    preview: "See what a run would do",
    byContent: "Compare content byte for byte",
    byContentTip: "Everything is read, and that takes its time. Without it, sizes and times decide.",
    looking: "Looking; nothing is touched …",
    side: { a: "the first side", b: "the second side" },
    found: ({ clean, differing, unseen }: Verification, sides: readonly [string, string] | undefined) => {
      if (clean) return sides ? `${sides[0]} and ${sides[1]} hold the same.` : "It is as its last run left it.";
      const said = [
        differing > 0 ? plural(differing, "difference", "differences") : "",
        unseen > 0 ? `${plural(unseen, "entry", "entries")} of which nothing is known` : "",
      ];
      return `${said.filter(Boolean).join(", ")}.`;
    },
    looked: (entries: number, bytes: number, at: string) => {
      const compared = bytes > 0 ? `, ${size(bytes)} of content compared` : "";
      return `${plural(entries, "entry", "entries")} looked at${compared}, ${time(at)}.`;
    },
    groups: {
      missing: (side) => (side ? `Missing on ${side}` : "Missing"),
      content: (side) => (side ? `Other content on ${side} than was agreed on` : "Other content"),
      conflict: () => "Open conflicts",
      renamed: (side) => (side ? `Still under the old name on ${side}` : "Still under the old name"),
      metadata: () => "Other permissions or times",
    } satisfies Record<DifferenceKind, (side: string | null) => string>,
    unknown: "Nothing is known of these",
    untold: (n: number) => `and ${count(n)} more`,
  },

  schedule: {
    next: (at: string, now: number) => distance(at, now),
    hours: (n: number) => `${plural(n, "run", "runs")} in this hour`,
    view: "What is shown",
    views: { day: "Day", week: "Week" },
    today: "Today",
    earlier: "Earlier",
    later: "Later",
    nothing: "Nothing runs by itself here.",
    many: (n: number) => `and ${count(n)} more`,
    times: "Next times",
    retry: (at: string, now: number) => `Tried again ${distance(at, now)}.`,
  },

  handlers: {
    none: "No handlers",
    groups: {
      folder: "Folders",
      application: "Programs",
      service: "Services",
      device: "Devices",
      computer: "Computers",
      unspecified: "Others",
    } as Record<HandlerKind, string>,
    enabled: "Enabled",
    active: "Active",
    disconnected: "not connected",
    test: "Test",
    testOf: (name: string) => `Test ${name}`,
    testing: "Testing …",
    works: (said: string) => (said ? `Works: ${said}` : "Works"),
    tools: "Tools on this machine",
    toolsTip: "Found where programs lie on this machine. One that is missing is named by what needs it.",
    toolsNone: "No tool that Instep knows was found.",
    found: "Found",
    lookAgain: "Look again",
  },

  /** What a button came to. */
  done: {
    saved: "Saved.",
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
        resolved.gone > 0 ? `${plural(resolved.gone, "was", "were")} settled already` : "",
        open - resolved.changed > 0 ? `${plural(open - resolved.changed, "stays", "stay")} open` : "",
      ].filter(Boolean);
      return [`${said.join(", ")}.`, ...resolved.reasons.slice(0, 2)].join(" ");
    },
  },
};
