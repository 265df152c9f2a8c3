/** Set-up: a pair of folders in four steps, and nothing touched before it was looked at. */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "./daemon";

test("a pair is added in four steps, and its first run is exactly what was shown", async ({ daemon, open }) => {
  daemon.write({ "laptop/one.txt": "one", "laptop/two.txt": "two", "laptop/.DS_Store": "x", "nas/three.txt": "three" });
  await daemon.start();
  const page = await open();
  await page.getByRole("link", { name: "Add a pair of folders" }).click();
  await page.getByLabel("What you call it").fill("Notes");
  const next = page.getByRole("button", { name: "Next" });
  await expect(next).toBeDisabled();
  await page.getByLabel("First folder").fill("sides/laptop");
  await expect(page.getByText("A path begins with / or ~/.")).toBeVisible();
  await page.getByLabel("First folder").fill(daemon.path("laptop"));
  await page.getByLabel("Second folder").fill(daemon.path("nas"));
  await page.getByLabel("Called").nth(1).fill("Office");
  await next.click();
  await expect(page.getByLabel("Both ways: laptop and Office become the same")).toBeChecked();
  await page.getByLabel(/One pattern a line/).fill("two*");
  await next.click();
  await page.getByLabel(/When something changes/).check();
  await next.click();
  await expect(page.getByRole("heading", { name: "Look before the first run" })).toBeFocused();
  await expect(page.getByText("created on Office")).toBeVisible();
  expect(daemon.read("nas/one.txt")).toBe("");
  const written = () => readFileSync(join(daemon.home, "instep.toml"), "utf8");
  expect(written()).not.toContain("change");
  await page.getByRole("button", { name: "Run exactly this" }).click();
  await expect(page.getByRole("heading", { name: "Notes" })).toBeVisible();
  await expect.poll(() => daemon.read("nas/one.txt")).toBe("one");
  await expect.poll(() => daemon.read("laptop/three.txt")).toBe("three");
  expect(daemon.read("nas/two.txt") + daemon.read("nas/.DS_Store")).toBe("");
  await expect.poll(written).toContain('on = ["change"]');
});

test("the way back takes the pair out again, and nothing was touched", async ({ daemon, open }) => {
  daemon.write({ "laptop/one.txt": "one", "nas/x.txt": "x" });
  await daemon.start();
  const page = await open("/add");
  await page.getByLabel("What you call it").fill("Notes");
  await page.getByLabel("First folder").fill(daemon.path("laptop"));
  await page.getByLabel("Second folder").fill(daemon.path("nas"));
  for (let step = 0; step < 3; step += 1) await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByRole("button", { name: "Run exactly this" })).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("heading", { name: "When", exact: true })).toBeVisible();
  expect(readFileSync(join(daemon.home, "instep.toml"), "utf8")).not.toContain("[items");
  expect(daemon.read("nas/one.txt")).toBe("");
});

test("folders are chosen by walking through them", async ({ daemon, open }) => {
  mkdirSync(daemon.path("laptop/Photos/2026"), { recursive: true });
  daemon.write({ "laptop/secret.txt": "not a folder" });
  await daemon.start();
  const page = await open("/add");
  await page.getByRole("button", { name: "Choose …" }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("list")).toBeVisible();
  // Home is where it begins; the test's folders lie elsewhere.
  const up = dialog.getByRole("button", { name: "Folder above" });
  while (await up.isEnabled()) {
    const before = await dialog.getByRole("strong").textContent();
    await up.click();
    await expect(dialog.getByRole("strong")).not.toHaveText(before ?? "");
  }
  for (const name of daemon.path("laptop/Photos").split("/").slice(1)) {
    await dialog.getByRole("button", { name, exact: true }).click();
    await expect(dialog.getByRole("strong")).toHaveText(new RegExp(`/${name}$`));
  }
  await expect(dialog.getByRole("button", { name: "2026" })).toBeVisible();
  await expect(dialog.getByText("secret.txt")).toHaveCount(0);
  await dialog.getByRole("button", { name: "Take this folder" }).click();
  await expect(page.getByLabel("First folder")).toHaveValue(daemon.path("laptop/Photos"));
});

test("what the machine synchronizes already is watched, or run from here", async ({ daemon, open, page }) => {
  await daemon.start();
  const found = (title: string, more: object) => ({
    key: title,
    tool: "rsync",
    kind: "job",
    title,
    file: { path: "/etc/crontab" },
    line: 7,
    user: null,
    command: null,
    schedule: "every day at 03:00",
    known: false,
    watch: null,
    run: null,
    note: null,
    ...more,
  });
  const watch = {
    name: "nightly",
    prefix: "instep run nightly --",
    line: "0 3 * * * instep run nightly -- rsync -a /a /b",
  };
  const settings = { handler: "rsync", source: `${daemon.home}/a/` };
  const run = { item: "letters", settings, missing: ["target"], text: '[items.letters]\nhandler = "rsync"\n' };
  const answer = {
    tools: [],
    found: [found("rsync /a to /b", { watch }), found("rsync letters", { run }), found("rsync old", { known: true })],
    unread: [{ file: { path: "/root/.config" }, why: "permission denied" }],
  };
  await page.route("**/api/v1/detected", (route) => route.fulfill({ json: answer }));
  await open("/add");
  await page.getByRole("button", { name: "Watch it: rsync /a to /b" }).click();
  await expect(page.getByRole("dialog").getByText(watch.line)).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("Is in the list already")).toBeVisible();
  await page.getByRole("button", { name: "Let me run it: rsync letters" }).click();
  const add = page.getByRole("button", { name: "Add", exact: true });
  await expect(add).toBeDisabled();
  await page.getByLabel("target").fill(`${daemon.home}/b/`);
  await add.click();
  await expect(page.getByText("letters is in the list now.")).toBeVisible();
  expect(readFileSync(join(daemon.home, "instep.toml"), "utf8")).toContain("[items.letters]");
});

test("a pair is added without being run, and runs by itself as it was said", async ({ daemon, open }) => {
  daemon.write({ "laptop/one.txt": "one" });
  await daemon.start();
  const page = await open("/add");
  await page.getByLabel("What you call it").fill("Notes");
  await page.getByLabel("First folder").fill(daemon.path("laptop"));
  mkdirSync(daemon.path("nas"), { recursive: true });
  await page.getByLabel("Second folder").fill(daemon.path("nas"));
  const next = page.getByRole("button", { name: "Next" });
  await next.click();
  await next.click();
  await page.getByLabel("At a time of the day").check();
  await page.getByLabel("Time", { exact: true }).fill("23:59");
  await next.click();
  await page.getByRole("button", { name: "Add without running" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  await expect.poll(() => readFileSync(join(daemon.home, "instep.toml"), "utf8")).toContain('cron = "59 23 * * *"');
  expect(daemon.read("nas/one.txt")).toBe("");
});
