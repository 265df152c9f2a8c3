/** Names and identifiers that hold anything: found under addresses of their own, and shown harmlessly wherever they come. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { choose, type Daemon, expect, test } from "./daemon";

const HTML = '<img src=x onerror="alert(1)">';

test("items are opened, reloaded and switched whatever they are called", async ({ daemon, open }) => {
  await daemon.start();
  const ids = ["..", ".", "~home", "a/b?c#d e%", HTML];
  const items = ids.map((item, n) => ({ item, name: `Tape ${n}` }));
  await daemon.ask("POST", "/api/v1/sessions", { items });
  const page = await open();
  const enabled = async (id: string) => {
    const listed = JSON.parse(await daemon.ask("GET", "/api/v1/items")) as {
      items: { id: string; enabled: boolean }[];
    };
    return listed.items.find((item) => item.id === id)?.enabled;
  };
  for (const [n, id] of ids.entries()) {
    const heading = page.getByRole("heading", { level: 1, name: `Tape ${n}` });
    await page.getByRole("link", { name: `Tape ${n}` }).click();
    await expect(heading).toBeVisible();
    // Its address alone leads there, too.
    await page.reload();
    await expect(heading).toBeVisible();
    await choose(page, `What can be done with Tape ${n}`, "Disable");
    await expect.poll(() => enabled(id)).toBe(false);
    await page.getByRole("link", { name: "Home" }).click();
    await expect(page.getByText("Disabled", { exact: true })).toHaveCount(n + 1);
  }
});

test("a handler that is called like a mark of addresses is tried, and its conflicts are shown and settled", async ({
  daemon,
  open,
}) => {
  // What was just settled may be asked for once more on the way to the list.
  daemon.expectComplaints(/404/);
  await daemon.start();
  await daemon.shelves("~shelves");
  daemon.write({ "../shelves/top/here/plan.txt": "mine\n", "../shelves/top/there/plan.txt": "theirs\n" });
  const page = await open();
  await choose(page, "What can be done with Top shelf", "Sync now");
  await page.getByRole("link", { name: "Settle" }).click();
  await page.getByRole("link", { name: /plan\.txt/ }).click();
  const differs = page.getByRole("region", { name: "What differs" });
  await expect(differs).toContainText("mine");
  await expect(differs).toContainText("theirs");
  await expect(page.getByText("Nothing is lost")).toHaveCount(0);
  await page.getByRole("button", { name: "Keep there" }).click();
  await expect(page.getByText("1 conflict is settled.")).toBeVisible();
  expect(daemon.read("../shelves/top/here/plan.txt")).toBe("theirs\n");
  // It was settled in no run that could be taken back.
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(0);
  await page.getByRole("link", { name: "Handlers" }).click();
  await page.getByRole("button", { name: "Test Shelves" }).click();
  await expect(page.getByText("Works")).toBeVisible();
});

/** HTML, a name that turns what follows around, the longest one that there is, and one that is no UTF-8. */
const NAMES = [HTML, "\u202egpj.exe", "n".repeat(255)].map((name) => Buffer.from(name));
const NO_TEXT = Buffer.from([0x6f, 0x64, 0x64, 0xff]);

const at = (daemon: Daemon, side: string, name: Buffer) => Buffer.concat([Buffer.from(`${daemon.path(side)}/`), name]);

function write(daemon: Daemon, side: string, text: string): void {
  mkdirSync(daemon.path(side), { recursive: true });
  for (const name of [...NAMES, NO_TEXT]) writeFileSync(at(daemon, side, name), text);
}

/** Nothing of a name became a part of the page, and nothing is wider than a phone. */
async function harmless(page: Page): Promise<void> {
  await expect(page.getByText("Loading …")).toHaveCount(0);
  await expect(page.locator("img[src=x]")).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
}

test("conflicts of names that hold anything are listed, compared and settled on a phone", async ({
  daemon,
  open,
  page,
}) => {
  // What was just settled may be asked for once more on the way to the list.
  daemon.expectComplaints(/404/);
  await page.setViewportSize({ width: 390, height: 800 });
  write(daemon, "laptop", "same");
  await daemon.add("Notes", "laptop", "nas");
  const file = `${daemon.home}/instep.toml`;
  writeFileSync(file, readFileSync(file, "utf8").replace(/^name = .*$/m, `name = '${HTML}'`));
  await daemon.instep("sync", "notes", "--yes");
  write(daemon, "laptop", "from the laptop");
  write(daemon, "nas", "at the nas");
  await daemon.instep("sync", "notes", "--approve");
  await daemon.start();
  await open();
  await expect(page.getByText("needs decisions.")).toBeVisible();
  await harmless(page);
  for (const name of [/^<img/, /^U\+202E/, /^nnnn/, /^odd/]) {
    await page.goto(new URL("/conflicts", page.url()).href);
    await page.getByRole("link", { name }).click();
    await expect(page.getByRole("region", { name: "What differs" })).toContainText("at the nas");
    await harmless(page);
  }
  await page.getByRole("button", { name: "Keep nas" }).click();
  await expect(page.getByText("1 conflict is settled.")).toBeVisible();
  expect(readFileSync(at(daemon, "laptop", NO_TEXT), "utf8")).toBe("at the nas");
  for (const path of ["/results", "/runs/2", "/items/folders/notes", "/verify/folders/notes", "/schedule", "/alerts"]) {
    await page.goto(new URL(path, page.url()).href);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await harmless(page);
  }
});
