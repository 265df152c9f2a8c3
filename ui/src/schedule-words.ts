/** A schedule of the settings in plain words. */

import { type Values, whenOf } from "./draft";
import { dayNames, listed } from "./format";
import { text } from "./text";

const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];

export function scheduleWords(schedule: unknown): string {
  const said = (schedule ?? {}) as Values;
  const when = whenOf(schedule);
  const say = text.times;
  const days = [...when.days].sort((x, y) => ((x + 6) % 7) - ((y + 6) % 7)).map((day) => dayNames[day] ?? "");
  const starts = [
    ...(when.at ? [say.at2(when.at, listed(days))] : []),
    ...(when.byHand ? words(said.cron).map(say.cron) : []),
    ...(when.every ? [say.every2(when.every)] : []),
    ...words(said.on).map((word) => say.told[word] ?? say.told[word.split(":")[0] ?? ""] ?? word),
    ...(words(said.after).length > 0 ? [say.after(listed(words(said.after)))] : []),
  ];
  if (starts.length === 0) return say.never;
  const only = [
    ...(words(said.windows).length > 0 ? [say.window(listed(words(said.windows)))] : []),
    ...(words(said.needs).length > 0 ? [say.needs(listed(words(said.needs)))] : []),
  ];
  const sentence = [listed(starts), ...only].join(", ");
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}
