/** The folders of a real Syncthing, with another one across the room: followed, paused and settled from the page. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { choose, type Daemon, test as daemons, expect } from "./daemon";
import { Syncthing } from "./syncthing";

const test = daemons.extend<{ pair: [Syncthing, Syncthing] }>({
  // biome-ignore lint/correctness/noEmptyPattern: the test tool wants a pattern
  pair: async ({}, use) => {
    const pair = await Syncthing.pair();
    await use(pair);
    for (const one of pair) await one.clear();
  },
});

const ITEM = "/api/v1/items/syncthing%3Anotes-id/syncthing%3Anotes-id";

interface Standing {
  headline: string;
  working: object | null;
  last_run: { run: number; outcome: string } | null;
}

const standing = async (daemon: Daemon) => JSON.parse(await daemon.ask("GET", ITEM)) as Standing;

const act = (page: Page, action: string) => choose(page, "What can be done with Notes", action);

/** Presses the button until a run came to that: the two may not have met yet. */
async function syncUntil(daemon: Daemon, page: Page, outcome: string): Promise<void> {
  await expect(async () => {
    const before = (await standing(daemon)).last_run?.run;
    await act(page, "Sync now");
    await expect.poll(async () => (await standing(daemon)).last_run?.run).not.toBe(before);
    expect((await standing(daemon)).last_run?.outcome).toBe(outcome);
  }).toPass({ timeout: 100_000 });
}

async function begin(daemon: Daemon, here: Syncthing): Promise<void> {
  writeFileSync(join(daemon.home, "instep.toml"), `[collections.syncthing]\nhome = "${here.settings}"\n`);
  await daemon.start();
}

test("a folder of Syncthing is an item: looked at, brought to the other device, paused and let go on", async ({
  daemon,
  open,
  pair: [here, there],
}) => {
  test.slow();
  here.write("one", "1");
  await begin(daemon, here);
  const page = await open();
  await expect(page.getByRole("link", { name: "Notes", exact: true })).toBeVisible();
  await syncUntil(daemon, page, "done");
  await expect(page.getByText("Up to date")).toBeVisible();
  expect(there.read("one")).toBe("1");
  // Syncthing looks at its folder only when it is told to.
  here.write("two", "2");
  await syncUntil(daemon, page, "done");
  expect(there.read("two")).toBe("2");
  await act(page, "Disable");
  await expect(page.getByText("Disabled", { exact: true })).toBeVisible();
  await expect.poll(() => here.paused()).toBe(true);
  await act(page, "Enable");
  await expect(page.getByText("Disabled", { exact: true })).toHaveCount(0);
  await expect.poll(() => here.paused()).toBe(false);
  await page.getByRole("link", { name: "Handlers" }).click();
  await expect(page.getByRole("region", { name: "Folders" })).toContainText("Follows the folder notes-id of Syncthing");
});

test("what the two devices changed differently is settled from the page, and taken back", async ({
  daemon,
  open,
  pair: [here, there],
}) => {
  test.slow();
  // What was just settled may be asked for once more on the way to the list.
  daemon.expectComplaints(/404/);
  here.write("plan.txt", "agreed\n");
  await begin(daemon, here);
  const page = await open();
  await syncUntil(daemon, page, "done");
  await act(page, "Disable");
  await expect.poll(() => here.paused()).toBe(true);
  here.write("plan.txt", "agreed\nfrom this machine\n");
  there.write("plan.txt", "agreed\nfrom the other device\n");
  await there.rescan();
  await act(page, "Enable");
  await expect.poll(() => here.paused()).toBe(false);
  await syncUntil(daemon, page, "needs_decision");
  const won = here.read("plan.txt") ?? "";
  const lost = ["this machine", "the other device"].find((side) => !won.includes(side)) ?? "";
  await page.getByRole("link", { name: "Settle" }).click();
  await page.getByRole("link", { name: /plan\.txt/ }).click();
  const differs = page.getByRole("region", { name: "What differs" });
  await expect(differs).toContainText("from this machine");
  await expect(differs).toContainText("from the other device");
  // The second version is the copy that Syncthing put beside the file.
  await page
    .getByRole("region", { name: "What shall be kept?" })
    .getByRole("button", { name: /^Keep / })
    .nth(1)
    .click();
  await expect(page.getByText("1 conflict is settled.")).toBeVisible();
  expect(here.read("plan.txt")).toContain(lost);
  await expect.poll(() => there.read("plan.txt")).toContain(lost);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => here.read("plan.txt")).toBe(won);
  await expect(page.getByRole("link", { name: /plan\.txt/ })).toBeVisible();
});
