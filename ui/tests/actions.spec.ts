/** Everything that can be done from the page, against a real daemon, also when things go wrong. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { choose, type Daemon, expect, freePort, test } from "./daemon";

const act = (page: Page, item: string, action: string) => choose(page, `What can be done with ${item}`, action);

/** Gives what was to be read of a run that goes on, however short: each text with its phase, a line each. */
async function listen(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const said = new Set<string>();
    Object.assign(window, { said });
    new MutationObserver(() => {
      const now = document.querySelector("section[aria-label=Now]");
      if (now) said.add(`${now.querySelector("[aria-current=step]")?.textContent}: ${now.textContent}`);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  return () => page.evaluate(() => [...(window as unknown as { said: Set<string> }).said].join("\n"));
}

/** Conflicts in two folders of a pair, as many as there are names. */
async function conflicts(daemon: Daemon, names: string[]): Promise<void> {
  const write = (side: string, text: string) =>
    daemon.write(Object.fromEntries(names.map((name) => [`${side}/${name}`, `${text} ${name}`])));
  write("laptop", "same");
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  write("laptop", "from the laptop, longer");
  write("nas", "from the nas");
  await daemon.instep("sync", "notes", "--approve");
}

test("what runs shows how far it is, is stopped, and says so", async ({ daemon, open }) => {
  await daemon.start();
  const items = [{ item: "nightly", name: "Nightly backup" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const say = (words: object) => daemon.ask("POST", `/api/v1/sessions/${run}/call`, { item: "nightly", ...words });
  const page = await open();
  await expect(page.getByRole("link", { name: "Nightly backup" })).toBeVisible();
  await say({ call: "progress", step: 30, max: 100, text: "third tape" });
  await expect(page.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "30");
  await expect(page.getByText("third tape")).toBeVisible();
  await page.getByRole("link", { name: "Nightly backup" }).click();
  const now = page.getByRole("region", { name: "Now" });
  // What its program would do, only its program knows.
  await expect(page.getByRole("link", { name: "Preview" })).toHaveCount(0);
  await expect(now).toContainText("third tape");
  await say({ call: "phase", phase: "moving" });
  await expect(now.getByRole("listitem").filter({ hasText: "Transferring" })).toHaveAttribute("aria-current", "step");
  await act(page, "Nightly backup", "Stop");
  await expect.poll(() => say({ call: "progress", step: 31, max: 100 })).toContain('"cancel":"item"');
  await expect(page.getByText("Stopping …")).toBeVisible();
  await say({ call: "progress", status: "canceled" });
  await daemon.ask("POST", `/api/v1/sessions/${run}/call`, { call: "end" });
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByRole("link", { name: /Stopped/ })).toBeVisible();
});

test("a run of folders is stopped in the middle, and both sides stay whole", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/items/folders/notes");
  const state = async () => {
    const { working, last_run } = JSON.parse(await daemon.ask("GET", "/api/v1/items/folders/notes"));
    return { working: working !== null, run: last_run?.run as number, outcome: last_run?.outcome as string };
  };
  test.slow();
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  // A fast machine may be done before the stop arrives; then there is more to do.
  for (let files = 4_000; ; files *= 2) {
    const names = Array.from({ length: files }, (_, n) => `laptop/${files}/${n % 50}/${n}.txt`);
    daemon.write(Object.fromEntries(names.map((name) => [name, name])));
    const before = (await state()).run;
    await page.getByRole("button", { name: "Sync now" }).click();
    await expect(async () => {
      if ((await state()).run === before) await stop.click({ timeout: 1_000 });
    }).toPass();
    await expect.poll(async () => (await state()).run).not.toBe(before);
    if ((await state()).outcome === "canceled") break;
  }
  await expect(page.getByRole("link", { name: /Stopped/ })).toBeVisible();
  for (const name of readdirSync(daemon.path("nas"), { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".txt")) expect(daemon.read(`nas/${name}`)).toBe(daemon.read(`laptop/${name}`));
  }
});

test("a run of folders tells its phase, the file that is under way, how fast it goes and how long it takes still", async ({
  daemon,
  open,
}) => {
  test.slow();
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/items/folders/notes");
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  const said = await listen(page);
  // A fast machine may be done before anything was told; then there is more to do.
  for (let files = 2_000; ; files *= 2) {
    const names = Array.from({ length: files }, (_, n) => `laptop/${files}/${n % 50}/photo-${n}.txt`);
    daemon.write(Object.fromEntries(names.map((name) => [name, name])));
    await page.getByRole("button", { name: "Sync now" }).click();
    await expect.poll(() => daemon.read(`nas/${files}/49/photo-49.txt`)).not.toBe("");
    await expect(page.getByRole("region", { name: "Now" })).toHaveCount(0);
    if (/^Transferring: .* left · .* of .* entries, .* at .*\/s, .*photo-\d+\.txt/m.test(await said())) break;
  }
});

test("files that are under way at the same time are named side by side", async ({ daemon, open }) => {
  test.skip(availableParallelism() < 2, "one after the other, where nothing can be at the same time");
  test.slow();
  await daemon.add("Films", "laptop", "nas");
  await daemon.start();
  const page = await open("/items/folders/films");
  await expect(page.getByRole("heading", { level: 1, name: "Films" })).toBeVisible();
  const said = await listen(page);
  // A fast machine may be done before anything was told; then there is more to do.
  for (let megabytes = 128; !/first\.mkv.*second\.mkv|second\.mkv.*first\.mkv/.test(await said()); megabytes *= 2) {
    const film = "film".repeat(megabytes << 18);
    daemon.write({ [`laptop/${megabytes}/a/first.mkv`]: film, [`laptop/${megabytes}/b/second.mkv`]: film });
    await page.getByRole("button", { name: "Sync now" }).click();
    await expect.poll(() => existsSync(daemon.path(`nas/${megabytes}/b/second.mkv`)), { timeout: 60_000 }).toBe(true);
    await expect(page.getByRole("region", { name: "Now" })).toHaveCount(0);
  }
});

test("what a run left out is told by reason, with the fix, and the command of a tool can be copied", async ({
  daemon,
  open,
  context,
}) => {
  mkdirSync(daemon.path("laptop"), { recursive: true });
  for (const name of ["camera.pipe", "scanner.pipe"]) execFileSync("mkfifo", [daemon.path(`laptop/${name}`)]);
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  writeFileSync(
    `${daemon.home}/instep.toml`,
    `${readFileSync(`${daemon.home}/instep.toml`, "utf8")}\n[items.letters]\nhandler = "rsync"\nsource = "/letters/"\ntarget = "/archive/"\n`,
  );
  await daemon.start();
  const page = await open("/items/folders/notes");
  const left = page.getByRole("region", { name: "What the last run left out or could not do" });
  await expect(left).toContainText("Left out (2)");
  await expect(left).toContainText("… on laptop is a socket, device or pipe");
  await expect(left).toContainText("exclude it");
  await left.getByText("2 entries").click();
  await expect(left).toContainText("camera.pipe on laptop");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("link", { name: "Home" }).click();
  await page.getByRole("link", { name: "letters" }).click();
  await page.getByRole("button", { name: "Copy the command" }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/rsync .*\/letters\/ .*\/archive\/$/);
});

test("a handler is switched off and on, and one that is not set up starts nothing", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/handlers");
  const folders = async () => {
    const { handlers } = JSON.parse(await daemon.ask("GET", "/api/v1/handlers")) as {
      handlers: { id: string; active: boolean; enabled: boolean }[];
    };
    return handlers.find(({ id }) => id === "folders");
  };
  const one = page.getByRole("listitem").filter({ hasText: /folders/i });
  for (const [label, key] of [
    ["Enabled", "enabled"],
    ["Active", "active"],
  ] as const) {
    const box = one.getByLabel(label);
    await box.click();
    await expect.poll(async () => (await folders())?.[key]).toBe(false);
    await expect(box).not.toBeChecked();
    const body = { handler: "folders", items: ["notes"] };
    expect(JSON.parse(await daemon.ask("POST", "/api/v1/control/start", body)).status).toBeGreaterThanOrEqual(400);
    await box.click();
    await expect.poll(async () => (await folders())?.[key]).toBe(true);
    await expect(box).toBeChecked();
  }
});

test("two pages on one item: each shows what the other did", async ({ daemon, open, context }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  const other = await context.newPage();
  await other.goto(new URL("/items/folders/notes", page.url()).href);
  await expect(other.getByRole("heading", { name: "Notes" })).toBeVisible();
  await act(page, "Notes", "Pause until resumed");
  await expect(other.getByText("Paused until resumed")).toBeVisible();
  await act(other, "Notes", "Resume");
  await expect(page.getByText("Paused until resumed")).toHaveCount(0);
  // Both start it: it is synchronized, and neither page is told of an error.
  await Promise.all([act(page, "Notes", "Sync now"), act(other, "Notes", "Sync now")]);
  await expect(page.getByText("Up to date")).toBeVisible();
  await expect(other.getByText("Up to date")).toBeVisible();
  for (const one of [page, other]) await expect(one.locator(".notice.bad")).toHaveCount(0);
  await other.getByRole("button", { name: "Stop keeping it in sync …" }).click();
  await other.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is kept in sync yet" })).toBeVisible();
});

test("a daemon that comes back as another version says so", async ({ daemon, open, page }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start(await freePort());
  await open();
  await expect(page.getByText(/^Version/)).toBeVisible();
  await daemon.end("SIGTERM");
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await page.route("**/api/v1/version", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), version: "99.0.0" } });
  });
  await daemon.start();
  await expect(page.getByRole("alert").filter({ hasText: "version 99.0.0" })).toBeVisible({ timeout: 60_000 });
});

test("what another process runs is shown as what it is", async ({ daemon, open }) => {
  await daemon.start();
  const job = daemon.run("run", "nightly", "--", "sh", "-c", `until test -e ${daemon.home}/go; do sleep 0.1; done`);
  const page = await open();
  await expect(page.getByRole("progressbar")).toBeVisible();
  writeFileSync(`${daemon.home}/go`, "");
  expect(await job).toBe(0);
  await expect(page.getByRole("progressbar")).toHaveCount(0);
});

test("what a command wrote is searched and kept as a file", async ({ daemon, open }) => {
  await daemon.start();
  await daemon.run("run", "nightly", "--", "sh", "-c", "seq 1 5000; echo '<b>odd</b>'; exit 3");
  const page = await open("/runs/1");
  const output = page.getByRole("region", { name: "What the command wrote" });
  await expect(output.getByText("1", { exact: true })).toBeVisible();
  await output.getByRole("searchbox").fill("<b>odd");
  await expect(output.getByText("<b>odd</b>")).toBeVisible();
  await expect(output.getByText("17", { exact: true })).toHaveCount(0);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    output.getByRole("link", { name: "All of it" }).click(),
  ]);
  expect(readFileSync(await file.path(), "utf8")).toContain("4999\n5000\n");
});

test("results become a table, all of them", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  for (let run = 0; run < 3; run += 1) {
    daemon.write({ "laptop/a.txt": `version ${run}, ${"x".repeat(run)}` });
    await daemon.instep("sync", "notes", "--yes");
  }
  await daemon.start();
  const page = await open("/results");
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: /CSV/ }).click(),
  ]);
  const lines = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\n");
  expect(lines.length).toBe(4);
});

test("a pause has an end, and ends when somebody says so", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await act(page, "Notes", "Pause for an hour");
  await expect(page.getByText(/Paused, goes on in/)).toBeVisible();
  expect(await daemon.ask("GET", "/api/v1/items/folders/notes")).toContain('"paused_until":"20');
  await act(page, "Notes", "Resume");
  await expect(page.getByText(/Paused, goes on/)).toHaveCount(0);
});

test("an item is disabled and enabled", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await act(page, "Notes", "Disable");
  await expect(page.getByText("Disabled", { exact: true })).toBeVisible();
  await act(page, "Notes", "Enable");
  await expect(page.getByText("Disabled", { exact: true })).toHaveCount(0);
});

test("single changes are left out or turned around, and exactly that is run", async ({ daemon, open }) => {
  daemon.write({ "laptop/edited.txt": "old", "laptop/gone.txt": "keep me" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  daemon.write({ "laptop/edited.txt": "newer text", "laptop/added.txt": "new" });
  daemon.remove("laptop/gone.txt");
  await daemon.start();
  const page = await open("/preview/folders/notes");
  await choose(page, "What shall be done with gone.txt", "Leave it as it is");
  const yours = page.getByRole("region", { name: "What you decided" });
  await expect(yours).toContainText("gone.txt");
  await expect(page.getByRole("heading", { name: "Deleted" })).toHaveCount(0);
  await choose(page, "What shall be done with edited.txt", "Keep the version of nas");
  await expect(yours).toContainText("the version of nas wins");
  await page.getByRole("button", { name: "Run exactly this" }).click();
  await expect.poll(() => daemon.read("laptop/edited.txt")).toBe("old");
  await expect.poll(() => daemon.read("nas/added.txt")).toBe("new");
  expect(daemon.read("nas/gone.txt")).toBe("keep me");
});

test("many conflicts are settled at once, by folder, and taken back", async ({ daemon, open }) => {
  await conflicts(daemon, ["work/a.txt", "work/b.txt", "home/c.txt"]);
  await daemon.start();
  const page = await open("/conflicts");
  await expect(page.getByText("c.txt", { exact: true })).toBeVisible();
  await page.getByLabel("Only beneath folder").fill("work");
  await expect(page.getByText("c.txt", { exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Settle all 2" }).click();
  await page.getByLabel("Keep the largest").check();
  await page.getByRole("button", { name: "Settle 2" }).click();
  await expect(page.getByText("2 conflicts are settled.")).toBeVisible();
  expect(daemon.read("nas/work/a.txt")).toContain("from the laptop");
  expect(daemon.read("nas/home/c.txt")).toContain("from the nas");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => daemon.read("nas/work/a.txt")).toContain("from the nas");
});

test("two pages on one conflict: the second is told that it is settled", async ({ daemon, open, context }) => {
  await daemon.disagree("Notes");
  await daemon.start();
  const page = await open("/conflicts");
  await page.getByRole("link", { name: /plan\.txt/ }).click();
  await expect(page.getByRole("button", { name: "Keep nas" })).toBeVisible();
  // The other page does not hear of it: as one whose event is still under way.
  await page.route("**/api/v1/conflicts/**", (route) =>
    route.request().method() === "GET" ? route.abort() : route.continue(),
  );
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("button", { name: "Keep laptop" }).click();
  await expect(other.getByText("1 conflict is settled.")).toBeVisible();
  await page.getByRole("button", { name: "Keep nas" }).click();
  await expect(page.getByText(/settled already|changed since/)).toBeVisible();
  expect(daemon.read("nas/plan.txt")).toContain("from the laptop");
});

test("a page that is no longer let in says so", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  const { tokens } = JSON.parse(await daemon.ask("GET", "/api/v1/tokens")) as { tokens: { id: string }[] };
  for (const { id } of tokens) await daemon.ask("DELETE", `/api/v1/tokens/${id}`);
  daemon.expectComplaints(/401/);
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByRole("alert").first()).toContainText("not signed in");
  // A link that was opened elsewhere in the browser lets this page in again, too.
  const other = await page.context().newPage();
  await other.goto(await daemon.link());
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("No runs like that")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a page whose time is over says so, and a link that was used lets nobody in again", async ({
  daemon,
  open,
  page,
}) => {
  daemon.expectComplaints(/401/);
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  await open();
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  const address = new URL("/", page.url()).href;
  // A link leads to the page also when it was used: this browser is let in still.
  const used = await daemon.link();
  await page.goto(used);
  await page.goto(used);
  await expect(page).toHaveURL(address);
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  const tokens = join(daemon.home, "state/tokens.json");
  const kept = JSON.parse(readFileSync(tokens, "utf8")) as object[];
  writeFileSync(tokens, JSON.stringify(kept.map((each) => ({ ...each, expires: "2020-01-01T00:00:00Z" }))));
  await page.getByRole("link", { name: "Results" }).click();
  const alerts = page.getByRole("alert");
  await expect(alerts.first()).toContainText("not signed in");
  await expect(alerts.first()).toContainText("instep serve link");
  await page.goto(used);
  await expect(alerts.first()).toContainText("not signed in");
  await expect(alerts.filter({ hasText: "does not answer" })).toHaveCount(0);
  await page.goto(await daemon.link());
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a daemon of another version asks for the page to be loaded anew", async ({ daemon, open, page }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  await open();
  await expect(page.getByText(/^Version/)).toBeVisible();
  await page.route("**/api/v1/version", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), version: "99.0.0" } });
  });
  // The settings change: everything is asked for anew.
  await daemon.add("Letters", "letters", "archive");
  await expect(page.getByRole("alert")).toContainText("version 99.0.0", { timeout: 30_000 });
  await page.getByRole("button", { name: "Load the page anew" }).click();
  await expect(page.getByRole("link", { name: "Letters" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("an error of the program is shown in its words, and asked again", async ({ daemon, open, page }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  daemon.expectComplaints(/500/);
  await open();
  await expect(page.getByRole("link", { name: "Notes" })).toBeVisible();
  const fault = { type: "about:blank", title: "x", status: 500, code: "internal", detail: "The disk is on fire" };
  await page.route("**/api/v1/runs?*", (route) => route.fulfill({ status: 500, json: fault }));
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByRole("alert")).toContainText("The disk is on fire");
  await page.unroute("**/api/v1/runs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("No runs like that")).toBeVisible();
});

test("a slow answer shows that it is waited for, and the page stays usable", async ({ daemon, open, page }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  await open();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/api/v1/runs?*", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByText("Loading …")).toBeVisible();
  await page.getByRole("link", { name: "Schedule" }).click();
  await expect(page.getByRole("heading", { name: "Schedule" })).toBeVisible();
  release();
});

test("hostile names are shown harmlessly on every screen", async ({ daemon, open, page }) => {
  const html = '<img src=x onerror="alert(1)">';
  const names = [html, "\u202egpj.exe", "n".repeat(255)];
  const both = (text: string) => daemon.write(Object.fromEntries(names.flatMap((name) => [[`laptop/${name}`, text]])));
  both("same");
  const odd = Buffer.concat([Buffer.from(daemon.path("laptop/")), Buffer.from([0x6f, 0x64, 0x64, 0xff])]);
  mkdirSync(dirname(daemon.path("laptop/x")), { recursive: true });
  writeFileSync(odd, "not UTF-8");
  await daemon.add(html, "laptop", "nas");
  await daemon.start();
  await open();
  await page.getByRole("link", { name: "<img" }).click();
  await page.getByRole("link", { name: "Preview" }).click();
  await expect(page.getByText("U+202E")).toBeVisible();
  await expect(page.getByText("n".repeat(255))).toBeVisible();
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole("button", { name: /What shall be done with odd/ }).click();
  await page.getByRole("menuitem", { name: "Leave it as it is" }).click();
  const run = page.getByRole("button", { name: "Run exactly this" });
  await expect(page.getByRole("region", { name: "What you decided" })).toContainText("odd");
  await run.click();
  await expect.poll(() => readdirSync(daemon.path("nas")).length).toBeGreaterThanOrEqual(names.length);
  expect(readdirSync(daemon.path("nas")).some((name) => name.startsWith("odd"))).toBe(false);
  await expect(page.locator("img[src=x]")).toHaveCount(0);
});

test("nothing is asked of any other machine, and the page is small", async ({ daemon, open, page }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).hostname));
  await open();
  for (const path of ["/settings", "/alerts", "/schedule", "/results"]) {
    await page.goto(new URL(path, page.url()).href);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  expect([...hosts]).toEqual(["127.0.0.1"]);
  const assets = fileURLToPath(new URL("../dist/assets/", import.meta.url));
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(assets + name)).length, 0);
  expect(bytes).toBeLessThan(250_000);
});
