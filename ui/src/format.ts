/** Numbers, sizes, times and names as a person reads them, in the reader's own language. */

const language = typeof navigator === "undefined" ? "en" : navigator.language;
const whole = new Intl.NumberFormat(language);
const one = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

export const count = (value: number): string => whole.format(value);

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** Bytes in decimal units, as file managers show them. */
export function size(bytes: number): string {
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: SIZES[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

/** A moment of the API as milliseconds since 1970. */
export const ms = (moment: string): number => Date.parse(moment);

/** A moment of the API as a date with a time. */
export const time = (at: string): string => moment.format(ms(at));

const second = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

/** The same to the second: two versions of a file are often a moment apart. */
export const exactly = (at: string): string => second.format(ms(at));

const fraction = new Intl.DateTimeFormat(language, {
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

/** The time of the day of one of two versions that are less than a second apart, with its date. */
export const toTheMillisecond = (at: string): string => `${date.format(ms(at))}, ${fraction.format(ms(at))}`;

const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

const day = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });

/** Only the day. */
export const dayOf = (at: number): string => day.format(at);

/** The days of the week, short, from Sunday on. */
export const dayNames: readonly string[] = Array.from({ length: 7 }, (_, index) =>
  // The first of February of 2026 is a Sunday.
  new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2026, 1, 1 + index)),
);

/** Several things in a row, as a language joins them. */
export const listed = (words: readonly string[]): string => new Intl.ListFormat(language).format(words);

const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });

/** The time of the day, to the second. */
export const clockTime = (at: string): string => clock.format(ms(at));

/** Only the time of the day. */
export const timeOfDay = (at: string): string => hour.format(ms(at));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How far away a moment is: "3 minutes ago", "tomorrow". */
export function distance(at: string, now: number): string {
  const seconds = (ms(at) - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return ago.format(Math.round(seconds / length), unit);
  }
  return ago.format(Math.round(seconds), "second");
}

const SPANS: Record<string, string> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
};

/** A period as the settings write it, in words: `6h`, `1d12h`. What is none stays as it is. */
export function span(period: string): string {
  const parts = [...period.matchAll(/(\d+)([smhdw])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== period) return period;
  const words = parts.map(([, value, unit]) =>
    new Intl.NumberFormat(language, { style: "unit", unit: SPANS[unit ?? ""] ?? "day", unitDisplay: "long" }).format(
      Number(value),
    ),
  );
  return words.join(" ");
}

/** How long something took or will take: "4 s", "2 min", "1.5 hr". */
export function duration(took: number): string {
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: value < 10 ? 1 : 0,
    }).format(value);
  const seconds = took / 1000;
  if (seconds < 1) return unit(Math.max(0, Math.round(took)), "millisecond");
  if (seconds < 90) return unit(seconds, "second");
  if (seconds < 5400) return unit(seconds / 60, "minute");
  if (seconds < 172_800) return unit(seconds / 3600, "hour");
  return unit(seconds / 86_400, "day");
}

export const percent = (share: number): string => `${one.format(Math.min(100, share))} %`;

/** A piece of a name: shown as it is, or spelt out because it would be invisible or turn the text around it. */
export interface Piece {
  text: string;
  odd: boolean;
}

// Controls, marks that change direction or join invisibly, line and paragraph separators, tags, and lone surrogates.
const ODD =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/u;

/** Cuts a name that may hold anything into pieces that can be shown safely. */
export function pieces(name: string): Piece[] {
  const found: Piece[] = [];
  for (const character of name) {
    const odd = ODD.test(character);
    const text = odd ? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}` : character;
    const last = found.at(-1);
    if (last && !last.odd && !odd) last.text += text;
    else found.push({ text, odd });
  }
  return found;
}
