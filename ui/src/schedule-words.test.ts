import { expect, test } from "vitest";
import { dayNames, listed } from "./format";
import { cronWords, scheduleWords } from "./schedule-words";

test("lines of cron are said in plain words, and rare ones as they are", () => {
  const [sun, mon, , , , fri, sat] = dayNames;
  const both = (...words: (string | undefined)[]) => listed(words.map(String));
  const said: [line: string, words: string][] = [
    ["15 */4 * * *", "every 4 hours at :15"],
    ["*/10 * * * *", "every 10 minutes"],
    ["* * * * *", "every minute"],
    ["5 * * * *", "every hour at :05"],
    ["0 8,20 * * *", `every day at ${both("08:00", "20:00")}`],
    ["30 22 * * mon-fri", `every ${mon}–${fri} at 22:30`],
    ["0 9 * * 6,7", `every ${both(sat, sun)} at 09:00`],
    ["0 6 1,15 * *", `every month on day ${both("1", "15")} at 06:00`],
    ["@daily", "every day at 00:00"],
    ...["0 9-17 * * *", "0 0 13 * fri", "0 0 29 2 *", "0 9 * * mon-friday"].map((line): [string, string] => [
      line,
      `by the cron line ${line}`,
    ]),
  ];
  for (const [line, words] of said) expect(cronWords(line)).toBe(words);
});

test("a schedule is one sentence, and none at all is said as well", () => {
  const starts = listed(["Every 6 hours at :00", "when something changes"]);
  expect(scheduleWords({ cron: ["0 */6 * * *"], on: ["change"], windows: ["22:00-06:00"] })).toBe(
    `${starts}, only between 22:00-06:00`,
  );
  expect(scheduleWords(undefined)).toBe("Only when somebody starts it");
});
