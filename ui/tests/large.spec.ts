/** Ten thousand items, a million results, a run with very many lines: what is not seen is not there, and what is seen comes when it is scrolled to. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./daemon";

/** The most rows of a list that may be in the page at once, with what is kept ready above and below. */
const MOST_ROWS = 80;

/** Scrolls until these places of a list were reached, one after the other. */
async function scrollPast(page: Page, list: Locator, places: number[]): Promise<void> {
  const rows = list.getByRole("listitem");
  for (const place of places) {
    await expect(async () => {
      await page.mouse.wheel(0, 3_000);
      expect(Number(await rows.last().getAttribute("aria-posinset"))).toBeGreaterThan(place);
    }).toPass();
    expect(await rows.count()).toBeLessThan(MOST_ROWS);
  }
}

test("ten thousand items are listed, searched and scrolled through", async ({ daemon, open, page }) => {
  const items = Array.from({ length: 10_000 }, (_, n) => {
    const id = String(n).padStart(5, "0");
    return `[items.pair-${id}]\nname = "Pair ${id}"\na = "${daemon.home}/a/${id}"\nb = "${daemon.home}/b/${id}"\n`;
  });
  writeFileSync(join(daemon.home, "instep.toml"), items.join("\n"));
  await daemon.start();
  await open();
  await expect(page.getByRole("link", { name: "Pair 00000" })).toBeVisible();
  const list = page.getByRole("list", { name: "Items" });
  expect(await list.getByRole("listitem").count()).toBeLessThan(MOST_ROWS);
  await expect(list.getByRole("listitem").first()).toHaveAttribute("aria-setsize", "10000");
  await scrollPast(page, list, [150, 390, 590]);
  // Far down it is there at once: nothing before it must be fetched.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByRole("link", { name: "Pair 09999" })).toBeVisible();
  expect(await list.getByRole("listitem").count()).toBeLessThan(MOST_ROWS);
  await page.getByRole("searchbox").fill("pair 07777");
  await expect(page.getByRole("link", { name: "Pair 07777" })).toBeVisible();
  await expect(list.getByRole("listitem")).toHaveCount(1);
});

test("a million results: each place is there at once, and the end of a run asks for no more than is seen", async ({
  daemon,
  open,
  page,
}) => {
  await daemon.start();
  await open();
  const asked: number[] = [];
  let total = 1_000_000;
  await page.route("**/api/v1/runs?*", async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const offset = Number(query.get("offset") ?? 0);
    asked.push(offset);
    const length = Math.max(0, Math.min(Number(query.get("limit")), total - offset));
    const runs = Array.from({ length }, (_, n) => run(total - offset - n));
    await route.fulfill({ json: { runs, total, next: null } });
  });
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByText("Run 1000000")).toBeVisible();
  const list = page.getByRole("list", { name: "Results" });
  await expect(list.getByRole("listitem").first()).toHaveAttribute("aria-setsize", "1000000");
  await scrollPast(page, list, [300, 900]);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByText("The first 193,548 of 1,000,000 are listed")).toBeVisible();
  await expect(page.getByText(`Run ${1_000_000 - 193_547}`, { exact: true })).toBeVisible();
  // As many pages as were scrolled through, not the ten thousand that there are.
  expect(asked.length).toBeLessThan(60);
  asked.length = 0;
  total += 1;
  const items = [{ item: "nightly", name: "Nightly backup" }];
  const begun = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  await daemon.ask("POST", `/api/v1/sessions/${begun.run}/call`, { call: "end" });
  // The beginning of the list, for its length, and what is seen at its end: for the beginning of the run and its end.
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  await expect(list.getByRole("listitem").first()).toHaveAttribute("aria-setsize", "1000001");
  expect(asked.length).toBeLessThanOrEqual(8);
  expect(asked.every((offset) => offset === 0 || offset > 193_000)).toBe(true);
});

test("the lines of a run come at its end while it runs, and none is asked for twice", async ({ daemon, open }) => {
  // Its program writes nothing itself.
  daemon.expectComplaints(/404/);
  await daemon.start();
  const items = [{ item: "nightly", name: "Nightly backup" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const tell = (name: string) =>
    daemon.ask("POST", `/api/v1/sessions/${run}/call`, {
      call: "event",
      item: "nightly",
      level: "warning",
      name,
      description: "is told",
    });
  for (let n = 0; n < 450; n += 1) await tell(`Line ${n}`);
  const page = await open(`/runs/${run}`);
  const log = page.getByRole("list", { name: "Log" });
  await scrollPast(page, log, [430]);
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/api/v1/events?") && asked.push(request.url()));
  await tell("The latest line");
  await expect(log.getByText("The latest line")).toBeAttached();
  expect(asked.length).toBeGreaterThan(0);
  // Only from the end of the page before the last on.
  expect(asked.every((url) => new URL(url).searchParams.has("after"))).toBe(true);
});

function run(id: number) {
  const counts = { conflicts: 0, errors: 0, skipped: 0, bytes: 1 };
  const items = [
    { item: "x", name: `Item ${id % 7}`, counts, errors: 0, outcome: "done", problem: null, status: null },
  ];
  const at = new Date(Date.UTC(2026, 0, 1) + id * 1000).toISOString();
  const ended = { started: at, ended: at, outcome: "done", status: "succeeded", manual: false };
  return { id, handler: "folders", items, errors: 0, conflicts: 0, ...ended };
}
