/**
 * What the page costs, told and not judged. Run alone, by `cargo xtask figures`.
 *
 * A task counts by the time that it had a processor, not by the clock: what else the machine has to do is not the page's.
 */

import { cpSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
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

/** A home with ten thousand items, a hundred thousand runs and a run of a million lines; `cargo xtask figures` makes it. */
const HOME = fileURLToPath(new URL("../../target/figures/", import.meta.url));

/** What the page's objects take, in MiB, after what nobody holds any more was let go. */
async function memory(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return `${(usedSize / 2 ** 20).toFixed(0)} MiB`;
}

/** How long until something is there, in milliseconds of the clock. */
async function until(there: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await there();
  return Math.round(performance.now() - begun);
}

test("what very much of everything costs", async ({ daemon, open, browser, page }, info) => {
  test.setTimeout(1_200_000);
  cpSync(HOME, daemon.home, { recursive: true });
  await daemon.start();
  await page.goto("about:blank");
  await page.setContent("<style>body { height: 800000px }</style>nothing but length");
  tell(`an empty page: ${await scroll(browser, page, 100, info.outputPath("empty.json"))}; ${await memory(page)}`);
  await open();
  const rows = (name: string) => page.getByRole("list", { name }).getByRole("listitem");
  const paint = () =>
    page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
  const look = async (what: string, path: string, list: string, turns: number) => {
    await page.goto(new URL(path, page.url()).href);
    await expect(rows(list).first()).toBeVisible();
    await page.reload();
    const first = await until(() => expect(rows(list).first().getByText(/./).first()).toBeVisible());
    tell(
      `${what}: first paint after ${await paint()} ms, its first row ${first} ms after that was asked; ${await memory(page)}`,
    );
    const file = info.outputPath(`${list}-${path.length}.json`);
    tell(`  ${await scroll(browser, page, turns, file)}; ${await memory(page)}`);
  };
  const ends = async () => {
    const there = await until(async () => {
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      await expect(page.locator("li[aria-busy=true]")).toHaveCount(0);
    });
    tell(`  at the very end after ${there} ms; ${await memory(page)}`);
  };
  await look(`${ITEMS} items`, "/", "Items", TURNS);
  await ends();
  await look("100,000 runs", "/results", "Results", TURNS);
  await ends();
  await look("the runs of one item", "/results?handler=folders&item=item-4711", "Results", 5);
  await look("a run with a million lines", "/runs/100001", "Log", TURNS);
});

/** So many turns of the wheel: through all of ten thousand items, and as far through what is longer. */
const TURNS = 1_200;
