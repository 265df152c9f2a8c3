/** Settings, alerts and schedules: whatever is changed here, the rest of the file stays. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "./daemon";

const file = (home: string) => join(home, "instep.toml");

test("a form changes its key and leaves every comment", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  const before = readFileSync(file(daemon.home), "utf8");
  writeFileSync(file(daemon.home), `# mine, and precious\n${before}\n[results]\nkeep_days = 10 # not long\n`);
  await daemon.start();
  const page = await open("/settings");
  await page.getByLabel("Days").fill("20");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("Saved.")).toBeVisible();
  const after = readFileSync(file(daemon.home), "utf8");
  expect(after).toContain("# mine, and precious");
  expect(after).toContain("keep_days = 20 # not long");
});

test("a mistake in the text is shown with its line, and nothing is written", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const before = readFileSync(file(daemon.home), "utf8");
  const page = await open("/settings");
  const text = page.getByLabel("The settings as text");
  await text.fill(`${before}\n[results]\nkeep_day = 3\n`);
  const lines = before.split("\n").length + 2;
  await page.getByRole("button", { name: `Line ${lines}, column 1` }).click();
  await expect(text).toBeFocused();
  await expect(page.getByText("keep_days", { exact: false }).first()).toBeVisible();
  const save = page.getByRole("button", { name: "Save" }).last();
  await expect(save).toBeDisabled();
  expect(readFileSync(file(daemon.home), "utf8")).toBe(before);
  await text.fill(`${before}\n[results]\nkeep_days = 3\n`);
  await expect(page.getByText("No mistakes.")).toBeVisible();
  await save.click();
  await expect.poll(() => readFileSync(file(daemon.home), "utf8")).toContain("keep_days = 3");
});

test("what another editor wrote meanwhile is not overwritten", async ({ daemon, open }) => {
  await daemon.start();
  const page = await open("/settings");
  await page.getByLabel("The settings as text").fill('[server]\nlisten = ["127.0.0.1:0"]\n# from the page\n');
  const other = `${readFileSync(file(daemon.home), "utf8")}# from an editor\n`;
  writeFileSync(file(daemon.home), other);
  await expect(page.getByText("The file was changed meanwhile.")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Show it as it is now" }).click();
  await expect(page.getByLabel("The settings as text")).toHaveValue(other);
});

test("a token is shown once and revoked, a secret is never shown", async ({ daemon, open }) => {
  await daemon.start();
  const page = await open("/settings");
  await page.getByLabel("What it is for").fill("monitor");
  await page.getByRole("button", { name: "New token" }).click();
  await expect(page.getByText("This is shown only now.")).toBeVisible();
  await page.reload();
  await expect(page.getByText("monitor")).toBeVisible();
  await expect(page.getByText("This is shown only now.")).toHaveCount(0);
  await page.getByRole("button", { name: "Revoke: monitor" }).click();
  await expect(page.getByText("monitor")).toHaveCount(0);
  await page.getByLabel("Name", { exact: true }).fill("nas");
  await page.getByLabel("Secret", { exact: true }).fill("very secret words");
  await page.getByLabel("Secret", { exact: true }).press("Enter");
  await expect(page.getByRole("button", { name: "Forget: nas" })).toBeVisible();
  await expect(page.getByText("very secret words")).toHaveCount(0);
  expect(await daemon.ask("GET", "/api/v1/secrets")).not.toContain("very secret words");
});

test("light and dark are chosen for this browser", async ({ daemon, open }) => {
  await daemon.start();
  const page = await open("/settings");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a way to be told is set up, tried and removed", async ({ daemon, open }) => {
  const told: string[] = [];
  const receiver = createServer((request, answer) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      told.push(`${request.headers.authorization} ${body}`);
      answer.end();
    });
  });
  await new Promise<void>((ready) => receiver.listen(0, "127.0.0.1", ready));
  const { port } = receiver.address() as AddressInfo;
  await daemon.start();
  const page = await open("/alerts");
  await expect(page.getByText("Nothing is wrong")).toBeVisible();
  await page.getByRole("button", { name: "Add a way" }).click();
  await page.getByLabel("Kind").selectOption("webhook");
  await page.getByLabel("Address").fill(`http://127.0.0.1:${port}/`);
  await page.getByLabel("Token").fill("hush");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("button", { name: "Send a test" })).toBeVisible();
  expect(readFileSync(file(daemon.home), "utf8")).not.toContain("hush");
  // It can be tried as soon as the daemon has taken it over.
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect.poll(() => told.join()).toContain("Bearer hush");
  await page.getByRole("button", { name: "Remove webhook?" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("button", { name: "Send a test" })).toHaveCount(0);
  receiver.close();
});

test("rules are added, changed and removed one by one", async ({ daemon, open }) => {
  writeFileSync(file(daemon.home), '# first of all\n[[alerts]]\nstate = "failed" # loud\n');
  await daemon.start();
  const page = await open("/alerts");
  await expect(page.getByText("When an item is: Failed")).toBeVisible();
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByLabel("It looks at").selectOption("age");
  await page.getByLabel("Longer than").selectOption("1w");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("No good run for 1 week")).toBeVisible();
  expect(readFileSync(file(daemon.home), "utf8")).toContain('# first of all\n[[alerts]]\nstate = "failed" # loud');
  await page.getByRole("button", { name: "Change: No good run for 1 week" }).click();
  await page.getByLabel("Remind while it stays so").selectOption("1d");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("No good run for 1 week, again every 1 day")).toBeVisible();
  await page.getByRole("button", { name: /Remove: When an item is: Failed/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("When an item is: Failed")).toHaveCount(0);
  expect(readFileSync(file(daemon.home), "utf8")).toContain('age = "1w"');
});

test("rules that are written in one line are changed there", async ({ daemon, open }) => {
  writeFileSync(file(daemon.home), 'alerts = [{ state = "failed" }, { age = "3d" }] # mine\n');
  await daemon.start();
  const page = await open("/alerts");
  await page.getByRole("button", { name: "Change: No good run for 3 days" }).click();
  await page.getByLabel("Longer than").selectOption("1w");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("No good run for 1 week")).toBeVisible();
  await page.getByRole("button", { name: /Remove: When an item is: Failed/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("When an item is: Failed")).toHaveCount(0);
  expect(readFileSync(file(daemon.home), "utf8")).toMatch(/^alerts = \[\{ age = "1w" \}\] # mine$/m);
});

test("a schedule is said in plain words, changed at its item, and shown in the calendar", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/items/folders/notes");
  await page.getByLabel("At a time of the day").check();
  await page.getByLabel("Time", { exact: true }).fill("23:59");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect.poll(() => daemon.ask("GET", "/api/v1/items/folders/notes/schedule")).toContain('"next":["');
  await page.getByRole("link", { name: "Schedule" }).click();
  await expect(page.getByText("Every day at 23:59")).toBeVisible();
  await page.getByRole("button", { name: "Week" }).click();
  await page.getByRole("button", { name: "Later" }).click();
  await expect(page.locator(".slot-runs").getByText("Notes")).toHaveCount(7);
});

test("an item is taken out, and its folders stay", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "a" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  const page = await open("/items/folders/notes");
  await page.getByRole("button", { name: "Stop keeping it in sync …" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is kept in sync yet" })).toBeVisible();
  expect(daemon.read("laptop/a.txt")).toBe("a");
});
