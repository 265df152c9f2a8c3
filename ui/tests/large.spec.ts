/** Ten thousand items, a million results: what is not seen is not there, and what is seen comes when it is scrolled to. */

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

test("a million results are scrolled through page by page", async ({ daemon, open, page }) => {
  await daemon.start();
  await open();
  const asked: number[] = [];
  await page.route("**/api/v1/runs?*", async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const before = Number(query.get("before") ?? 1_000_001);
    const limit = Number(query.get("limit"));
    asked.push(before);
    const runs = Array.from({ length: limit }, (_, n) => run(before - 1 - n));
    await route.fulfill({ json: { runs, next: before - limit } });
  });
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByText("Run 1000000")).toBeVisible();
  const list = page.getByRole("list", { name: "Results" });
  await scrollPast(page, list, [300, 900]);
  // As many pages as were scrolled through, not the million.
  expect(asked.length).toBeLessThan(40);
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
