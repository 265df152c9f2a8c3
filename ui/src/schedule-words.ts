/** A schedule of the settings in plain words. */

import { dayNumber, type Values, whenOf } from "./draft";
import { count, dayNames, listed } from "./format";
import { text } from "./text";

const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];

/** What starts it, joined to one sentence, and what keeps it from that. */
export function scheduleWords(schedule: unknown): string {
  const said = (schedule ?? {}) as Values;
  const when = whenOf(schedule);
  const say = text.times;
  const days = [...when.days].sort((x, y) => ((x + 6) % 7) - ((y + 6) % 7)).map((day) => dayNames[day] ?? "");
  const starts = [
    ...(when.at ? [say.at2(when.at, listed(days))] : []),
    ...(when.byHand ? words(said.cron).map(cronWords) : []),
    ...(when.every ? [say.every2(when.every)] : []),
    ...words(said.on).map((word) => say.told[word] ?? say.told[word.split(":")[0] ?? ""] ?? word),
    ...(words(said.after).length > 0 ? [say.after(listed(words(said.after)))] : []),
  ];
  if (starts.length === 0) return capital(say.never);
  const only = [
    ...(words(said.windows).length > 0 ? [say.window(listed(words(said.windows)))] : []),
    ...(words(said.needs).length > 0 ? [say.needs(listed(words(said.needs)))] : []),
  ];
  return capital([listed(starts), ...only].join(", "));
}

const capital = (sentence: string): string => sentence.slice(0, 1).toUpperCase() + sentence.slice(1);

const NAMED: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
};

/** A line of cron in plain words where there are some, else the line itself. */
export function cronWords(line: string): string {
  const fields = (NAMED[line.toLowerCase()] ?? line).split(/\s+/);
  return (fields.length === 5 && plain(fields as Fields)) || text.times.cron(line);
}

type Fields = [minute: string, hour: string, day: string, month: string, weekday: string];

function plain([minute, hour, day, month, weekday]: Fields): string | undefined {
  const say = text.times;
  const daily = day === "*" && month === "*" && weekday === "*";
  if (/^\d+$/.test(minute) && /^\d+(,\d+)*$/.test(hour)) {
    const at = listed(hour.split(",").map((hour) => `${two(hour)}:${two(minute)}`));
    if (daily) return say.at2(at, "");
    if (day === "*" && month === "*") {
      const days = weekdays(weekday);
      return days && say.on(listed(days), at);
    }
    const dates = month === "*" && weekday === "*" && /^\d+(,\d+)*$/.test(day);
    return dates ? say.ofMonth(listed(day.split(",").map((date) => count(Number(date)))), at) : undefined;
  }
  if (!daily) return undefined;
  const step = (field: string) => (field === "*" ? "1" : /^\*\/(\d+)$/.exec(field)?.[1]);
  const [minutes, hours] = [step(minute), step(hour)];
  if (minutes && hour === "*") return say.minutes(minutes);
  return hours && /^\d+$/.test(minute) ? say.hours(hours, two(minute)) : undefined;
}

const two = (number: string): string => number.padStart(2, "0");

/** The days of a list of names, numbers and ranges; none where one of them is no day. */
function weekdays(field: string): string[] | undefined {
  const days = field.split(",").map((part) => {
    const [first, last, ...more] = part.split("-").map((day) => dayNames[dayNumber(day)] ?? "");
    if (last === undefined) return first ?? "";
    return first && last && more.length === 0 ? `${first}–${last}` : "";
  });
  return days.every(Boolean) ? days : undefined;
}
