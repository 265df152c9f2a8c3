import { rmSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { choose, expect, freePort, test } from "./daemon";

const act = (page: Page, item: string, action: string) => choose(page, `What can be done with ${item}`, action);

test("a machine with nothing to synchronize is told how to begin", async ({ daemon, open }) => {
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("heading", { name: "Nothing is kept in sync yet" })).toBeVisible();
});

test("an item is synchronized from the page, its run is told and taken back", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one", "laptop/b/c.txt": "two" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await act(page, "Notes", "Sync now");
  await expect(page.getByText("Up to date")).toBeVisible();
  expect(daemon.read("nas/b/c.txt")).toBe("two");
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByRole("link", { name: /Run 1/ }).click();
  await expect(page.getByRole("heading", { name: "Run 1" })).toBeVisible();
  await page.getByRole("button", { name: "Undo this run" }).click();
  await expect.poll(() => daemon.read("nas/b/c.txt")).toBe("");
});

test("a plan is looked at, and exactly it is run", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/preview/folders/notes");
  const go = page.getByRole("button", { name: "Run exactly this" });
  await expect(go).toBeVisible();
  daemon.write({ "laptop/late.txt": "late" });
  await go.click();
  await expect.poll(() => daemon.read("nas/a.txt")).toBe("one");
  expect(daemon.read("nas/late.txt")).toBe("");
});

test("a guard's stop is explained, and released with open eyes", async ({ daemon, open }) => {
  for (let n = 0; n < 20; n += 1) daemon.write({ [`laptop/${n}.txt`]: String(n) });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  for (let n = 0; n < 15; n += 1) rmSync(daemon.path(`laptop/${n}.txt`));
  await daemon.start();
  const page = await open();
  await act(page, "Notes", "Sync now");
  await expect(page.getByText("was stopped before anything was touched.")).toBeVisible();
  expect(daemon.read("nas/0.txt")).toBe("0");
  await page.getByRole("link", { name: "See what it would do" }).click();
  await expect(page.getByRole("heading", { name: "Deleted" })).toBeVisible();
  const go = page.getByRole("button", { name: "Run exactly this" });
  await expect(go).toBeDisabled();
  await page.getByLabel("I have seen what goes, and want it so.").check();
  await go.click();
  await expect.poll(() => daemon.read("nas/0.txt")).toBe("");
});

test("a conflict is settled, and taken back", async ({ daemon, open }) => {
  // What was just settled may be asked for once more on the way to the list.
  daemon.expectComplaints(/404/);
  await daemon.disagree("Notes");
  await daemon.start();
  const page = await open();
  await page.getByRole("link", { name: "Settle" }).click();
  await page.getByRole("link", { name: /plan\.txt/ }).click();
  await expect(page.getByText("from the laptop")).toBeVisible();
  await expect(page.getByText("and from the nas")).toBeVisible();
  await expect(page.getByText("Nothing is lost: undo brings everything back as it was.")).toBeVisible();
  await page.getByRole("button", { name: "Keep nas" }).click();
  await expect(page.getByText("1 conflict is settled.")).toBeVisible();
  expect(daemon.read("laptop/plan.txt")).toContain("and from the nas");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => daemon.read("laptop/plan.txt")).toContain("from the laptop");
});

test("names that hold anything are shown harmlessly", async ({ daemon, open }) => {
  daemon.write({ "laptop/x.txt": "x" });
  await daemon.add('<img src=x onerror="alert(1)">\u202egpj.exe', "laptop", "nas");
  await daemon.start();
  const page = await open();
  await expect(page.getByText("U+202E").first()).toBeVisible();
  await expect(page.locator("img[src=x]")).toHaveCount(0);
});

test("the page says when the program is away, and goes on when it is back", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start(await freePort());
  const page = await open();
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  await daemon.end("SIGKILL");
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await daemon.start();
  await expect(page.getByRole("alert")).toHaveCount(0, { timeout: 30_000 });
});

test("everything is reached by keyboard", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.getByRole("button", { name: "What can be done with Notes" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
});

const SCREENS = [
  "/",
  "/items/folders/notes",
  "/preview/folders/notes",
  "/verify/folders/notes",
  "/conflicts",
  "/results",
  "/runs/2",
  "/schedule",
  "/handlers",
  "/alerts",
  "/settings",
  "/add",
];

const LOOKS = [
  { look: "light", colorScheme: "light", width: 1280 },
  { look: "dark", colorScheme: "dark", width: 1280 },
  { look: "on a phone", colorScheme: "light", width: 390 },
  { look: "dark on a phone", colorScheme: "dark", width: 390 },
] as const;

for (const { look, colorScheme, width } of LOOKS) {
  test(`nobody is shut out, ${look}`, async ({ daemon, open, page }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await daemon.disagree("Notes");
    await daemon.start();
    await open();
    test.slow();
    for (const path of SCREENS) {
      await page.goto(new URL(path, page.url()).href);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.getByText("Loading …")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${path}: ${id} ${nodes[0]?.html}`)).toEqual([]);
    }
  });
}

test("nothing is wider than a phone", async ({ daemon, open, page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await daemon.disagree("Notes");
  await daemon.start();
  await open();
  for (const path of SCREENS) {
    await page.goto(new URL(path, page.url()).href);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByText("Loading …")).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
  }
});
