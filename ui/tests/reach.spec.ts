/** For everyone: the whole way by keyboard, and nothing serious for axe, also where something lies above the page. */

import { mkdirSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { choose, expect, test } from "./daemon";

/** Goes on by the Tab key until it is there. */
async function tabTo(page: Page, place: Locator): Promise<void> {
  await expect(place).toBeVisible();
  for (let presses = 0; presses < 80; presses += 1) {
    if (await place.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${place} is not reached by the Tab key`);
}

async function press(page: Page, place: Locator): Promise<void> {
  await tabTo(page, place);
  await page.keyboard.press("Enter");
}

test("from home by way of an item to a settled conflict and back, by keyboard alone", async ({ daemon, open }) => {
  // What was just settled may be asked for once more on the way to the list.
  daemon.expectComplaints(/404/);
  await daemon.disagree("Notes");
  await daemon.start();
  const page = await open();
  await press(page, page.getByRole("link", { name: "Notes", exact: true }));
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  // The room that was entered is where the keyboard is.
  await expect(page.getByRole("main")).toBeFocused();
  await press(page, page.getByRole("region", { name: "How it stands" }).getByRole("link", { name: /conflict/ }));
  await press(page, page.getByRole("link", { name: /plan\.txt/ }));
  await press(page, page.getByRole("button", { name: "Keep nas" }));
  await expect(page.getByText("1 conflict is settled.")).toBeVisible();
  expect(daemon.read("laptop/plan.txt")).toContain("and from the nas");
  await press(page, page.getByRole("button", { name: "Undo" }));
  await expect.poll(() => daemon.read("laptop/plan.txt")).toContain("from the laptop");
});

test("a pair is set up, looked at and run, and its settings changed, by keyboard alone", async ({ daemon, open }) => {
  daemon.write({ "laptop/one.txt": "one", "laptop/two.txt": "two" });
  mkdirSync(daemon.path("nas"), { recursive: true });
  await daemon.start();
  const page = await open();
  const type = async (place: Locator, words: string) => {
    await tabTo(page, place);
    await page.keyboard.type(words);
  };
  const next = () => press(page, page.getByRole("button", { name: "Next" }));
  await press(page, page.getByRole("link", { name: "Add a pair of folders" }));
  await type(page.getByLabel("What you call it"), "Notes");
  await type(page.getByLabel("First folder"), daemon.path("laptop"));
  // The other one is found by walking through folders.
  await press(page, page.getByRole("button", { name: "Choose …" }).nth(1));
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("list")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await type(page.getByLabel("Second folder"), daemon.path("nas"));
  await next();
  // The directions are one place for the Tab key, and the arrows choose.
  await tabTo(page, page.getByLabel(/^Both ways/));
  await page.keyboard.press("ArrowDown");
  await expect(page.getByLabel(/^Mirror/)).toBeChecked();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByLabel(/^Copy/)).toBeChecked();
  await next();
  await tabTo(page, page.getByLabel(/When something changes/));
  await page.keyboard.press("Space");
  await next();
  await expect(page.getByText("created on nas")).toBeVisible();
  await press(page, page.getByRole("button", { name: "What shall be done with two.txt" }));
  await expect(page.getByRole("menuitem", { name: "Leave it as it is" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "What you decided" })).toContainText("two.txt");
  await press(page, page.getByRole("button", { name: "Run exactly this" }));
  await expect.poll(() => daemon.read("nas/one.txt")).toBe("one");
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  await press(page, page.getByRole("link", { name: "Handlers", exact: true }));
  const enabled = page.getByLabel("Enabled").first();
  await tabTo(page, enabled);
  await page.keyboard.press("Space");
  await expect(enabled).not.toBeChecked();
});

test("menus are opened, walked through and left by keyboard", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  const button = page.getByRole("button", { name: "What can be done with Notes" });
  await tabTo(page, button);
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Sync now" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "See what it would do" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(button).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Disable" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Disabled", { exact: true })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`what lies above the page shuts nobody out, ${colorScheme}`, async ({ daemon, open, page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme });
    const names = Object.fromEntries(["plan.txt", "list.txt"].map((name) => [name, "same\n"]));
    const on = (side: string, text: string) =>
      daemon.write(Object.fromEntries(Object.keys(names).map((name) => [`${side}/${name}`, text])));
    on("laptop", "same\n");
    await daemon.add("Notes", "laptop", "nas");
    await daemon.instep("sync", "notes", "--yes");
    on("laptop", "left\n");
    on("nas", "right, and longer\n");
    await daemon.instep("sync", "notes", "--approve");
    await daemon.start();
    await open();
    const fine = async (what: string) => {
      await expect(page.getByText("Loading …")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${what}: ${id} ${nodes[0]?.html}`)).toEqual([]);
    };
    const leave = async (role: "dialog" | "alertdialog" | "menu") => {
      await page.keyboard.press("Escape");
      await expect(page.getByRole(role)).toHaveCount(0);
    };
    await page.getByRole("button", { name: "What can be done with Notes" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
    await fine("the menu of an item");
    await leave("menu");
    await page.getByRole("link", { name: "Conflicts", exact: false }).first().click();
    await page.getByRole("button", { name: "Settle all 2" }).click();
    await expect(page.getByText(/settled so/)).toBeVisible();
    await fine("many conflicts");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: /plan\.txt/ }).click();
    await expect(page.getByRole("heading", { name: "What shall be kept?" })).toBeVisible();
    await fine("a conflict");
    for (const name of ["Keep both, named …", "Another version …"]) {
      await page.getByRole("button", { name }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await fine(name);
      await leave("dialog");
    }
    await page.getByRole("link", { name: "Alerts" }).click();
    for (const name of ["Add a way", "Add a rule"]) {
      await page.getByRole("button", { name }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await fine(name);
      await leave("dialog");
    }
    await page.getByRole("link", { name: "Home" }).click();
    await choose(page, "What can be done with Notes", "Pause for an hour");
    await expect(page.getByText(/starts nothing by itself for now/)).toBeVisible();
    await fine("a message");
  });
}
