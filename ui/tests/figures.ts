/**
 * What the page costs, told and not judged. Run alone, by `cargo xtask figures`.
 *
 * A task counts by the time that it had a processor, not by the clock: what else the machine has to do is not the page's.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./daemon";

const ITEMS = 10_000;
/** How far a turn of the wheel goes, in pixels: a fast hand. */
const TURN = 600;
/** What a person notices, in milliseconds. */
const LONG = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Time on a processor, in microseconds. */
  tdur?: number;
  args?: { name?: string };
}

/** Turns the wheel so many times, a turn a frame, and tells what the page's own thread had to do for that. */
async function scroll(browser: Browser, page: Page, turns: number, file: string): Promise<string> {
  await page.mouse.move(600, 500);
  await browser.startTracing(page, { path: file, categories: ["toplevel"] });
  for (let turn = 0; turn < turns; turn += 1) {
    await page.mouse.wheel(0, TURN);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await browser.stopTracing();
  const { traceEvents: events } = JSON.parse(readFileSync(file, "utf8")) as { traceEvents: TraceEvent[] };
  const busiest = new Map<string, number[]>();
  const names = new Map<string, string>();
  for (const { name, ph, pid, tid, tdur, args } of events) {
    const thread = `${pid} ${tid}`;
    if (ph === "M" && name === "thread_name") names.set(thread, args?.name ?? "");
    if (tdur === undefined || !name.endsWith("RunTask")) continue;
    const tasks = busiest.get(thread) ?? [];
    tasks.push(tdur / 1000);
    busiest.set(thread, tasks);
  }
  const sum = (tasks: number[]) => tasks.reduce((all, task) => all + task, 0);
  // The page under test is the one of the browser's pages that does something.
  const [tasks = []] = [...busiest]
    .filter(([thread]) => names.get(thread) === "CrRendererMain")
    .map(([, tasks]) => tasks)
    .sort((a, b) => sum(b) - sum(a));
  const long = tasks.filter((task) => task > LONG).map(Math.round);
  return [
    `${turns} turns of ${TURN} px`,
    `${(sum(tasks) / turns).toFixed(1)} ms a turn`,
    `the longest task ${Math.max(0, ...tasks).toFixed(1)} ms`,
    `${long.length} over ${LONG} ms${long.length > 0 ? ` (${long.join(", ")})` : ""}`,
  ].join(", ");
}

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

test("ten thousand items", async ({ daemon, open, browser, page }, info) => {
  test.setTimeout(600_000);
  const items = Array.from({ length: ITEMS }, (_, n) => {
    const id = String(n).padStart(5, "0");
    return `[items.pair-${id}]\nname = "Pair ${id}"\na = "${daemon.home}/a/${id}"\nb = "${daemon.home}/b/${id}"\n`;
  });
  writeFileSync(join(daemon.home, "instep.toml"), items.join("\n"));
  await daemon.start();
  await page.goto("about:blank");
  await page.setContent("<style>body { height: 800000px }</style>nothing but length");
  tell(`an empty page: ${await scroll(browser, page, 100, info.outputPath("empty.json"))}`);
  await open();
  await expect(page.getByRole("link", { name: "Pair 00000" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("link", { name: "Pair 00000" })).toBeVisible();
  const paint = () =>
    page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
  tell(`${ITEMS} items: first paint after ${await paint()} ms`);
  const list = page.getByRole("list", { name: "Items" });
  // As high as they are on the screen, not as high as rows that nobody has seen are supposed to be.
  const rows = await list.getByRole("listitem").all();
  const turns = Math.ceil((((await rows[0]?.boundingBox())?.height ?? 0) * ITEMS) / TURN) + 10;
  tell(`from the first to the last: ${await scroll(browser, page, turns, info.outputPath("list.json"))}`);
  await expect(page.getByRole("link", { name: "Pair 09999" })).toBeVisible();
});
