/** What each room offers beside the ways that other tests go: filters, calendars, handlers, collections, the reader's own habits. */

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { choose, type Daemon, expect, test } from "./daemon";

/** Gives the daemon a person with these files, and programs of their own. */
function live(daemon: Daemon, files: Record<string, string>): string {
  const person = join(daemon.home, "person");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(person, name)), { recursive: true });
    writeFileSync(join(person, name), content);
    if (name.startsWith("bin/")) chmodSync(join(person, name), 0o755);
  }
  Object.assign(daemon.env, {
    HOME: person,
    XDG_CONFIG_HOME: join(person, ".config"),
    XDG_STATE_HOME: undefined,
    PATH: `${join(person, "bin")}:${process.env.PATH}`,
  });
  return person;
}

/** Writes more settings. */
function settle(daemon: Daemon, text: string): void {
  const file = join(daemon.home, "instep.toml");
  let before = "";
  try {
    before = readFileSync(file, "utf8");
  } catch {
    // The first settings.
  }
  writeFileSync(file, `${before}\n${text}`);
}

test("everything is synchronized, paused for a time and resumed at once", async ({ daemon, open }) => {
  for (const name of ["Notes", "Letters"]) {
    daemon.write({ [`${name}/a.txt`]: name });
    await daemon.add(name, name, `${name}-b`);
    await daemon.instep("sync", name, "--yes");
    daemon.write({ [`${name}/b.txt`]: "more" });
  }
  await daemon.start();
  const page = await open();
  await choose(page, "More for all items", "Pause for an hour");
  await expect(page.getByText(/Paused, goes on in/)).toHaveCount(2);
  await choose(page, "More for all items", "Resume all");
  await expect(page.getByText(/Paused, goes on in/)).toHaveCount(0);
  await page.getByRole("button", { name: "Sync all" }).click();
  await expect(page.getByText("Up to date")).toHaveCount(2);
  expect(daemon.read("Notes-b/b.txt") + daemon.read("Letters-b/b.txt")).toBe("moremore");
});

test("items are filtered and searched, and the way back leads to the same list", async ({ daemon, open }) => {
  await daemon.disagree("Notes");
  await daemon.add("Letters", "letters", "archive");
  await daemon.start();
  const page = await open();
  const list = page.getByRole("list", { name: "Items" });
  await expect(list.getByRole("listitem")).toHaveCount(2);
  await page.getByRole("button", { name: "Need you 1" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await page.getByRole("link", { name: "Notes", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
  await page.goBack();
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await page.getByRole("searchbox", { name: "Search items" }).fill("letters");
  await expect(page.getByRole("heading", { name: "No item is like that" })).toBeVisible();
  await page.getByRole("button", { name: "Show all items" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(2);
});

test("how fast it goes and how long it takes still is told while it runs", async ({ daemon, open }) => {
  await daemon.start();
  const items = [{ item: "tapes", name: "Tapes" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const page = await open();
  await expect(page.getByRole("link", { name: "Tapes" })).toBeVisible();
  let step = 1_000;
  await expect(async () => {
    step += 1_000;
    await daemon.ask("POST", `/api/v1/sessions/${run}/call`, {
      call: "progress",
      item: "tapes",
      step,
      max: 10_000_000,
    });
    await expect(page.getByText(/ left · /)).toBeVisible({ timeout: 500 });
  }).toPass();
});

test("runs are searched and filtered, and their log, too", async ({ daemon, open }) => {
  // Of a run whose program wrote nothing there is no output.
  daemon.expectComplaints(/404/);
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.run("run", "nightly", "--", "sh", "-c", "exit 3");
  await daemon.start();
  const page = await open("/results");
  const rows = page.getByRole("list", { name: "Results" }).getByRole("listitem");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("What it came to").selectOption("Failed");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("nightly");
  await page.getByLabel("What it came to").selectOption("Any outcome");
  await page.getByLabel("Handler").selectOption("Folders");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("Notes");
  await page.getByLabel("Handler").selectOption("Any handler");
  await expect(rows).toHaveCount(2);
  await page.getByRole("searchbox").fill("nightly");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("nightly");
  const items = [{ item: "tapes", name: "Tapes" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const call = (words: object) => daemon.ask("POST", `/api/v1/sessions/${run}/call`, words);
  for (const name of ["first", "second", "third"]) {
    await call({ call: "event", item: "tapes", level: "warning", name, description: `the ${name} tape is old` });
  }
  await call({ call: "end" });
  await page.goto(new URL(`/runs/${run}`, page.url()).href);
  const log = page.getByRole("list", { name: "Log" }).getByRole("listitem");
  // The last says that the session ended without a word on the tapes.
  await expect(log).toHaveCount(4);
  await page.getByRole("searchbox", { name: "Search the log" }).fill("second tape");
  await expect(log).toHaveCount(1);
});

test("changes are shown as a tree that is folded, and a folder of them left as it is", async ({ daemon, open }) => {
  daemon.write({ "laptop/2026/Lisbon/a.txt": "a", "laptop/2026/Porto/b.txt": "b", "laptop/top.txt": "t" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  daemon.write({
    "laptop/2026/Lisbon/a.txt": "a, new",
    "laptop/2026/Porto/b.txt": "b, new",
    "laptop/top.txt": "t, new",
  });
  await daemon.start();
  const page = await open("/preview/folders/notes");
  const tree = page.getByRole("list", { name: "Updated" });
  await expect(tree.getByText("a.txt")).toBeVisible();
  await tree.getByRole("button", { name: "Fold 2026", exact: true }).click();
  await expect(tree.getByText("a.txt")).toHaveCount(0);
  await tree.getByRole("button", { name: "Unfold 2026", exact: true }).click();
  await page.getByRole("button", { name: "What shall be done with 2026/Lisbon", exact: true }).click();
  await page.getByRole("menuitem", { name: "Leave it as it is" }).click();
  await expect(page.getByRole("region", { name: "What you decided" })).toContainText("2026/Lisbon");
  await expect(tree.getByText("a.txt")).toHaveCount(0);
  await page.getByRole("button", { name: "Run exactly this" }).click();
  await expect.poll(() => daemon.read("nas/2026/Porto/b.txt")).toBe("b, new");
  expect(daemon.read("nas/2026/Lisbon/a.txt")).toBe("a");
});

test("the next five times are told, and a day is shown by its times", async ({ daemon, open }) => {
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'schedule = { cron = "15 */6 * * *" }');
  await daemon.start();
  const page = await open("/schedule");
  const row = page.getByRole("list", { name: "Schedule" }).getByRole("listitem");
  await expect(row).toContainText("Every 6 hours at :15");
  await expect(row).toContainText("Next times");
  expect((await row.textContent())?.match(/\d\d:15/g)).toHaveLength(5);
  await page.getByRole("button", { name: "Later" }).click();
  for (const at of ["00:15", "06:15", "12:15", "18:15"])
    await expect(page.locator(".slot-at").getByText(at)).toBeVisible();
  await page.locator(".slots").getByRole("link", { name: "Notes" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
});

const TOOL = '#!/bin/sh\necho "rsync  version 3.4.1  protocol version 32"\n';

test("handlers are tried, and the tools of the machine told with their versions", async ({ daemon, open }) => {
  const person = live(daemon, { "bin/rsync": TOOL });
  settle(daemon, '[items.letters]\nhandler = "rsync"\nsource = "/letters/"\ntarget = "/archive/"\n');
  await daemon.start();
  const page = await open("/handlers");
  const tools = page.getByRole("region", { name: "Tools on this machine" });
  await expect(tools).toContainText("3.4.1");
  await expect(tools).toContainText(join(person, "bin/rsync"));
  await page.getByRole("button", { name: "Test rsync" }).click();
  await expect(page.getByText("Works: rsync 3.4.1")).toBeVisible();
  writeFileSync(join(person, "bin/rsync"), TOOL.replace("3.4.1", "2.6.9"));
  await page.getByRole("button", { name: "Test rsync" }).click();
  await expect(page.getByText(/2\.6 is too old/)).toBeVisible();
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(tools).toContainText("2.6.9");
  const one = page.getByRole("listitem").filter({ hasText: "Runs rsync" });
  await one.getByRole("link", { name: "1 item" }).click();
  await expect(page.getByRole("button", { name: "Only rsync" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Items" }).getByRole("listitem")).toHaveCount(1);
});

const RCLONE = `#!/bin/sh
case "$*" in
  *version*) echo "rclone v1.66.0" ;;
  *listremotes*) echo "attic: local"; echo "cloud: webdav" ;;
  *) exit 0 ;;
esac
`;

test("what a collection brings in is shown, run and switched like all else", async ({ daemon, open }) => {
  live(daemon, {
    "bin/rclone": RCLONE,
    ".config/rclone/rclone.conf": "[attic]\ntype = local\n[cloud]\ntype = webdav\n",
  });
  settle(daemon, `[collections.rclone]\nfolder = "${daemon.home}/clouds"\n`);
  await daemon.start();
  const page = await open();
  await expect(page.getByRole("link", { name: "cloud", exact: true })).toBeVisible();
  await choose(page, "What can be done with attic", "Sync now");
  await expect(page.getByText("Up to date")).toBeVisible();
  await page.getByRole("link", { name: "attic", exact: true }).click();
  await expect(page.getByRole("region", { name: "How it stands" })).toContainText(/rclone .*attic:/);
  await page.getByRole("link", { name: "Handlers" }).click();
  const services = page.getByRole("region", { name: "Services" });
  await expect(services.getByRole("listitem")).toHaveCount(2);
  await services.getByRole("button", { name: "Test cloud" }).click();
  await expect(services.getByText("Works: rclone 1.66.0")).toBeVisible();
  const attic = services.getByRole("listitem").filter({ hasText: "attic:" });
  await attic.getByLabel("Enabled").click();
  await expect(attic.getByLabel("Enabled")).not.toBeChecked();
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
});

test("what other tools are set up for is listed, each with what can be done about it", async ({ daemon, open }) => {
  live(daemon, {
    ".config/rclone/rclone.conf": "[cloud]\ntype = webdav\npass = hush\n",
    ".unison/papers.prf": "root = /home/me/papers\nroot = ssh://nas//papers\n",
    ".local/state/syncthing/config.xml":
      '<configuration><gui><apikey>hush</apikey></gui><folder id="ab-c" label="Music" path="/music"/></configuration>',
    ".config/borgmatic/config.yaml":
      "repositories:\n  - path: ssh://nas/./r.borg\nsource_directories: [/home]\nencryption_passphrase: hush\n",
    ".restic.env": 'export RESTIC_REPOSITORY="sftp:nas:/backup"\nexport RESTIC_PASSWORD=hush\n',
  });
  await daemon.start();
  const page = await open("/add");
  const section = page.getByRole("region", { name: "Already on this machine" });
  for (const title of [
    'rclone knows "cloud" (webdav)',
    'Unison\'s profile "papers": /home/me/papers and ssh://nas//papers',
    'Syncthing keeps "Music" (/music) in sync',
    "borgmatic backs up /home to ssh://nas/./r.borg",
    "restic's repository sftp:nas:/backup",
  ]) {
    const found = section.getByRole("listitem").filter({ hasText: title });
    await expect(found).toHaveCount(1);
    await expect(
      found
        .getByRole("button", { name: /Watch it|Let me run it/ })
        .or(found.locator(".tone-warn"))
        .first(),
    ).toBeVisible();
  }
  await expect(section).not.toContainText("hush");
});

test("what really stands in a person's files is found, and becomes an item", async ({ daemon, open }) => {
  const unit = ".config/systemd/user/backup";
  const person = live(daemon, {
    "bin/rsync": TOOL,
    [`${unit}.service`]: "[Service]\nExecStart=rsync -a --delete %h/Documents/ /media/backup/Documents/\n",
    [`${unit}.timer`]: "[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n",
  });
  mkdirSync(join(person, ".config/systemd/user/timers.target.wants"));
  symlinkSync("../backup.timer", join(person, ".config/systemd/user/timers.target.wants/backup.timer"));
  await daemon.start();
  const page = await open("/add");
  const found = page.getByRole("listitem").filter({ hasText: `rsync mirrors ${person}/Documents/` });
  await expect(found).toContainText("every day at 00:00");
  await found.getByRole("button", { name: /Watch it/ }).click();
  await expect(page.getByRole("dialog")).toContainText("-- rsync -a --delete %h/Documents/ /media/backup/Documents/");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await found.getByRole("button", { name: /Let me run it/ }).click();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByText(/is in the list now/)).toBeVisible();
  const written = readFileSync(join(daemon.home, "instep.toml"), "utf8");
  expect(written).toContain(`source = "${person}/Documents/"`);
  expect(written).toContain('cron = "0 0 * * *"');
});

test("a handler's own picture is shown, and one that is none leaves the usual sign", async ({ daemon, open, page }) => {
  daemon.expectComplaints(/404/);
  await daemon.add("Notes", "laptop", "nas");
  await daemon.start();
  await page.route("**/api/v1/handlers", async (route) => {
    const answer = await route.fetch();
    const { handlers } = (await answer.json()) as { handlers: { id: string; icon: boolean }[] };
    await route.fulfill({ response: answer, json: { handlers: handlers.map((each) => ({ ...each, icon: true })) } });
  });
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/><script>alert(1)</script></svg>`;
  await page.route("**/api/v1/handlers/folders/icon", (route) =>
    route.fulfill({ contentType: "image/svg+xml", body: picture }),
  );
  await open("/handlers");
  const sign = (name: string) => page.getByRole("region", { name }).locator(".picture").first();
  const shown = sign("Folders").locator("img");
  await expect(shown).toHaveAttribute("src", "/api/v1/handlers/folders/icon");
  await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  // What Jobs says to have is not there.
  await expect(sign("Programs").locator("svg")).toBeVisible();
});

test("a run that goes on shows its phases and how far it is, also to who comes later", async ({ daemon, open }) => {
  daemon.expectComplaints(/404/);
  await daemon.start();
  const items = [{ item: "tapes", name: "Tapes" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const call = (words: object) => daemon.ask("POST", `/api/v1/sessions/${run}/call`, { item: "tapes", ...words });
  await call({ call: "phase", phase: "moving" });
  await call({ call: "progress", step: 40, max: 100, text: "second tape" });
  const page = await open(`/runs/${run}`);
  await expect(page.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "40");
  await expect(page.getByRole("listitem").filter({ hasText: "Transferring" })).toHaveAttribute("aria-current", "step");
  await expect(page.getByText("second tape")).toBeVisible();
});

test("who wants less motion sees none", async ({ daemon, open, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await daemon.start();
  await daemon.ask("POST", "/api/v1/sessions", { items: [{ item: "tapes", name: "Tapes" }] });
  await open();
  const bar = page.getByRole("progressbar").locator("i");
  await expect(bar).toBeVisible();
  expect(await bar.evaluate((element) => getComputedStyle(element).animationName)).toBe("none");
});

test.describe("a reader of German", () => {
  test.use({ locale: "de-DE" });

  test("reads dates, numbers and sizes as at home", async ({ daemon, open }) => {
    daemon.write({ "laptop/a.bin": "x".repeat(1_234_567) });
    await daemon.add("Notes", "laptop", "nas");
    await daemon.instep("sync", "notes", "--yes");
    await daemon.start();
    const page = await open("/runs/1");
    await expect(page.getByText("1,2 MB")).toBeVisible();
    await expect(page.getByText(/Began \d\d\.\d\d\.\d{4}, \d\d:\d\d/)).toBeVisible();
  });
});
