/** What needs a person comes first, in a sentence with its buttons; and what happens to all items is done from here. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { choose, type Daemon, expect, test } from "./daemon";

const settings = (daemon: Daemon) => join(daemon.home, "instep.toml");

/** A session of another program, which is open; what it says must be understood. */
async function session(daemon: Daemon, item: string, name: string): Promise<(words: object) => Promise<string>> {
  const body = { items: [{ item, name }] };
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", body)) as { run: number };
  return async (words) => {
    const answer = await daemon.ask("POST", `/api/v1/sessions/${run}/call`, words);
    expect(answer).not.toContain('"detail"');
    return answer;
  };
}

/** Goes on until it is told to stop, and does. */
async function acknowledge(say: (words: object) => Promise<string>, item: string): Promise<void> {
  await expect.poll(() => say({ call: "progress", item, step: 1, max: 9 })).toMatch(/"cancel":"(item|all)"/);
  await say({ call: "progress", item, status: "canceled" });
  await say({ call: "end" });
}

test("one sentence says how all stands, and what failed is tried again beside its reason", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  // A file is where the folder should be.
  daemon.remove("nas");
  daemon.write({ nas: "in the way" });
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing needs you.");
  await choose(page, "What can be done with Notes", "Sync now");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 item needs you.");
  const needs = page.getByRole("region", { name: "What needs you" });
  await expect(needs).toContainText("Notes");
  await expect(needs).toContainText("nas");
  daemon.remove("nas");
  await daemon.add("Letters", "nas", "archive");
  await needs.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Up to date")).toBeVisible();
  expect(daemon.read("nas/a.txt")).toBe("one");
});

test("a strip tells the last runs of an item, and its row when it runs next", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'schedule = { every = "6h" }');
  for (let run = 0; run < 2; run += 1) await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  const page = await open();
  const row = page.getByRole("list", { name: "Items" }).getByRole("listitem");
  await expect(row.getByRole("img", { name: /^Last 2 runs; the latest: Done/ })).toBeVisible();
  await expect(row).toContainText(/Next in 6 hours|Next in 5 hours/);
  await expect(row).toContainText("last good run just now");
});

test("an item without a good run for longer than it should take is overdue, and run from there", async ({
  daemon,
  open,
}) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'schedule = { overdue = "1s" }');
  await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  const page = await open();
  const needs = page.getByRole("region", { name: "What needs you" });
  await expect(needs).toContainText("had no good run for longer than it should take.");
  await expect(needs).toContainText(/Last good run/);
  daemon.write({ "laptop/b.txt": "two" });
  await needs.getByRole("button", { name: "Sync now" }).click();
  await expect.poll(() => daemon.read("nas/b.txt")).toBe("two");
});

test("an item that waits says for what", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("list", { name: "Items" }).getByRole("listitem")).toContainText(
    "when somebody starts it",
  );
  await page.getByRole("link", { name: "Notes" }).click();
  // What was in order once may not be any more.
  const said = "Not run since Instep was started";
  await expect(page.getByRole("region", { name: "How it stands" })).toContainText(said);
  await page.getByRole("button", { name: "Sync now" }).click();
  await expect(page.getByText("Up to date")).toBeVisible();
  await expect(page.getByText(said)).toHaveCount(0);
});

test("a program that does not answer a stop is told of, and stopping is asked again", async ({ daemon, open }) => {
  writeFileSync(settings(daemon), '[stop]\ngrace = "5s"\n');
  await daemon.start();
  const say = await session(daemon, "tapes", "Tapes");
  const page = await open();
  await choose(page, "What can be done with Tapes", "Stop");
  const needs = page.getByRole("region", { name: "What needs you" });
  await expect(needs).toContainText("does not answer.");
  await expect(needs.getByRole("button", { name: "Stop it" })).toBeVisible();
  await say({ call: "progress", item: "tapes", status: "canceled" });
  await say({ call: "end" });
  await expect(needs).toContainText("was cut short.");
});

test("everything that runs is stopped at once, and a run from its own screen", async ({ daemon, open }) => {
  daemon.expectComplaints(/404/);
  await daemon.start();
  const tapes = await session(daemon, "tapes", "Tapes");
  const disks = await session(daemon, "disks", "Disks");
  const page = await open();
  await expect(page.getByText("2 are working now.")).toBeVisible();
  await choose(page, "More for all items", "Stop everything");
  await acknowledge(tapes, "tapes");
  await acknowledge(disks, "disks");
  await expect(page.getByText("Nothing is going on now.")).toBeVisible();
  const cards = await session(daemon, "cards", "Cards");
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByRole("link", { name: /Cards/ }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await acknowledge(cards, "cards");
  await expect(page.getByText("Stopped")).toBeVisible();
});

test("items that work and items that are paused are listed by themselves", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.add("Letters", "letters", "archive");
  await daemon.start();
  await session(daemon, "tapes", "Tapes");
  const page = await open();
  const list = page.getByRole("list", { name: "Items" });
  await choose(page, "What can be done with Notes", "Sync now");
  await expect(page.getByText("Up to date")).toBeVisible();
  await choose(page, "What can be done with Notes", "Pause until tomorrow");
  await page.getByRole("button", { name: "Paused 1" }).click();
  await expect(list.getByRole("link")).toHaveText(["Notes"]);
  await page.getByRole("button", { name: "Working 1" }).click();
  await expect(list.getByRole("link")).toHaveText(["Tapes"]);
  await expect(list.getByText("First run")).toBeVisible();
  await page.getByRole("button", { name: "All 3" }).click();
  await expect(list.getByRole("link")).toHaveCount(3);
});

test("what happened while the program was away is seen when it is back", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await expect(page.getByText("Never run")).toBeVisible();
  // At the same address again.
  const address = `listen = ["${new URL(page.url()).host}"]`;
  writeFileSync(settings(daemon), readFileSync(settings(daemon), "utf8").replace(/listen = .*/, address));
  await daemon.end("SIGKILL");
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await expect(page.getByRole("button", { name: "Sync all" })).toBeDisabled();
  await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  await expect(page.getByRole("alert")).toHaveCount(0, { timeout: 60_000 });
  await expect(page.getByRole("img", { name: /^Last 1 run; the latest: Done/ })).toBeVisible();
});

test("an alert is told, leads to its item, and is over when all is well", async ({ daemon, open }) => {
  await daemon.disagree("Notes");
  writeFileSync(
    settings(daemon),
    `${readFileSync(settings(daemon), "utf8")}\n[channels.screen]\nkind = "command"\ncommand = ["true"]\n\n[[alerts]]\nstate = "attention"\n`,
  );
  await daemon.start();
  const page = await open("/alerts");
  const told = page.getByRole("region", { name: "What you were told" });
  await expect(told).toContainText("Notes", { timeout: 60_000 });
  await told.getByRole("link", { name: "Show it" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  await daemon.instep("resolve", "notes", "--all", "--keep", "a", "--yes");
  await page.getByRole("link", { name: "Alerts" }).click();
  await expect(told).toContainText("all is well again", { timeout: 60_000 });
});
