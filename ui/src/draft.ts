/** A pair of folders that is being set up, and when it runs: what the forms hold, and what the settings say. */

import type { PathText } from "./api/client";

export type Mode = "two-way" | "mirror" | "copy";
export type Policy = "ask" | "newest" | "largest" | "a" | "b" | "keep-both";
export type Values = Record<string, unknown>;

export interface Draft {
  name: string;
  a: string;
  b: string;
  aLabel: string;
  bLabel: string;
  mode: Mode;
  policy: Policy;
  exclude: string;
  usual: Usual[];
  when: When;
}

/** What is often left out, by why. */
export const USUAL = {
  litter: [".DS_Store", "Thumbs.db", "desktop.ini", ".Trash-*/", ".directory"],
  temporary: ["*.tmp", "*.temp", "*.part", "*.crdownload", "*.swp", "~$*", ".~lock.*#"],
  build: ["node_modules/", "target/", "__pycache__/", ".venv/"],
} as const;

export type Usual = keyof typeof USUAL;

/** When something runs by itself, as far as the form goes. */
export interface When {
  change: boolean;
  mount: boolean;
  wake: boolean;
  every: string;
  /** A time of the day, as a field for times has it. */
  at: string;
  /** Days of the week, 0 is Sunday; none: all of them. */
  days: number[];
  /** What the form does not show, and leaves alone. */
  others: string[];
  /** Lines of the calendar that say more than the form can. */
  byHand: boolean;
}

export const NEVER: When = {
  change: false,
  mount: false,
  wake: false,
  every: "",
  at: "",
  days: [],
  others: [],
  byHand: false,
};

export const EMPTY: Draft = {
  name: "",
  a: "",
  b: "",
  aLabel: "",
  bLabel: "",
  mode: "two-way",
  policy: "ask",
  exclude: "",
  usual: ["litter"],
  when: NEVER,
};

const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The schedule of an item as the form shows it. */
export function whenOf(schedule: unknown): When {
  const said = (schedule ?? {}) as Values;
  const on = list(said.on);
  const known = ["change", "mount", "wake"];
  const cron = list(said.cron);
  const daily = cron.length === 1 ? /^(\d{1,2}) (\d{1,2}) \* \* (\*|[\w,]+)$/.exec(cron[0] ?? "") : null;
  const days = daily?.[3] === "*" ? [] : (daily?.[3]?.split(",").map(dayNumber) ?? []);
  const shown = daily !== null && days.every((day) => day >= 0);
  return {
    change: on.includes("change"),
    mount: on.includes("mount"),
    wake: on.includes("wake"),
    every: typeof said.every === "string" ? said.every : "",
    at: shown ? `${(daily[2] ?? "").padStart(2, "0")}:${(daily[1] ?? "").padStart(2, "0")}` : "",
    days: shown ? days : [],
    others: on.filter((word) => !known.includes(word)),
    byHand: cron.length > 0 && !shown,
  };
}

/** The number of a day that cron names, from Sunday on; -1 for what is none. */
export function dayNumber(word: string): number {
  const named = DAYS.indexOf(word.toLowerCase());
  return named >= 0 ? named : /^[0-7]$/.test(word) ? Number(word) % 7 : -1;
}

/** The keys of a schedule that the form decides; null takes one out. */
export function scheduleKeys(when: When): Values {
  const on = [...(["change", "mount", "wake"] as const).filter((word) => when[word]), ...when.others];
  const [hour, minute] = when.at.split(":");
  const days = [...when.days].sort().map((day) => DAYS[day]);
  const cron = when.at ? `${Number(minute)} ${Number(hour)} * * ${days.length > 0 ? days.join(",") : "*"}` : null;
  return {
    on: on.length > 0 ? on : null,
    every: when.every || null,
    ...(when.byHand ? {} : { cron }),
  };
}

export const runsByItself = (when: When): boolean =>
  when.change || when.mount || when.wake || when.every !== "" || when.at !== "" || when.others.length > 0;

/** The item as the settings have it, without its schedule: nothing runs before it was looked at. */
export function itemOf(draft: Draft): Values {
  const exclude = [...draft.usual.flatMap((usual) => USUAL[usual]), ...lines(draft.exclude)];
  return {
    name: draft.name.trim(),
    a: draft.a.trim(),
    b: draft.b.trim(),
    a_label: sideName(draft, "a"),
    b_label: sideName(draft, "b"),
    ...(draft.mode === "two-way" ? {} : { mode: draft.mode }),
    ...(draft.policy === "ask" ? {} : { on_conflict: draft.policy }),
    ...(exclude.length > 0 ? { exclude } : {}),
  };
}

export const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What a side is called: what was typed, else the last name of its path. */
export const sideName = (draft: Draft, side: "a" | "b"): string =>
  called(side, side === "a" ? draft.aLabel : draft.bLabel, draft[side]);

/** The same of an item as the settings have it. */
export const calledIn = (said: Values, side: "a" | "b"): string =>
  called(side, String(said[`${side}_label`] ?? ""), String(said[side] ?? ""));

function called(side: "a" | "b", label: string, path: string): string {
  const place = path.trim().replace(/\/+$/, "");
  return label.trim() || place.slice(place.lastIndexOf("/") + 1) || side.toUpperCase();
}

/** An identity for a name: what the command line would choose. */
export function freeId(name: string, taken: readonly string[]): string {
  const words = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  const base = words || "pair";
  let id = base;
  for (let n = 2; taken.includes(id); n += 1) id = `${base}-${n}`;
  return id;
}

/** A path as settings write it: bytes that are no UTF-8 are spelt out. */
export function pathWord({ path, path_base64 }: PathText): string {
  if (!path_base64) return path;
  const escaped = Array.from(atob(path_base64), (char) =>
    char > " " && char <= "~" && char !== "\\"
      ? char
      : char === " "
        ? " "
        : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `bytes:${escaped.join("")}`;
}

export const isPath = (text: string): boolean => /^(\/|~$|~\/|bytes:\/)/.test(text.trim());
