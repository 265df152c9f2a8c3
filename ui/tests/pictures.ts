import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { type Daemon, expect, test } from "./daemon";

const PICTURES = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));

const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1180, height: 760 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1180, height: 760 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 800 } },
] as const;

const SCREENS: Record<string, string> = {
  home: "/",
  item: "/items/folders/photos",
  preview: "/preview/folders/music",
  verify: "/verify/folders/photos",
  conflicts: "/conflicts",
  conflict: "",
  results: "/results",
  run: "/runs/2",
  running: "/items/jobs/tapes",
  schedule: "/schedule",
  handlers: "/handlers",
  alerts: "/alerts",
  settings: "/settings",
  add: "/add",
};

const LIFE = `
[channels.screen]
kind = "command"
command = ["true"]

[channels.phone]
kind = "ntfy"
topic = "secret:ntfy-topic"

[items.website]
name = "Website"
handler = "rsync"
source = "/srv/drafts/"
target = "web.example.org:/srv/www/"
schedule = { cron = "15 */4 * * *" }

[[alerts]]
state = "attention"

[[alerts]]
age = "3d"
channels = ["phone"]
`;

const SCHEDULES: Record<string, string> = {
  photos: 'schedule = { cron = "30 2 * * *", on = ["mount"] }',
  letters: 'schedule = { every = "6h", from = "clock", on = ["change"] }',
};

/** What other tools of a person are set up for: only read, and offered at set-up. */
const OTHERS: Record<string, string> = {
  ".config/rclone/rclone.conf": "[cloud]\ntype = webdav\nurl = https://cloud.example.org/dav\nvendor = nextcloud\n",
  ".unison/papers.prf": "label = Papers on both desks\nroot = ~/Papers\nroot = ssh://desk.example.org/Papers\n",
  ".config/systemd/user/backup.service":
    "[Service]\nExecStart=rsync -a --delete /home/me/Documents/ /media/backup/Documents/\n",
  ".config/systemd/user/backup.timer": "[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n",
};

/** Gives the daemon a person with these files, in whose home the sides lie. */
function live(daemon: Daemon): void {
  const person = daemon.path("");
  for (const [name, content] of Object.entries(OTHERS)) {
    mkdirSync(dirname(join(person, name)), { recursive: true });
    writeFileSync(join(person, name), content);
  }
  const wanted = join(person, ".config/systemd/user/timers.target.wants");
  mkdirSync(wanted);
  symlinkSync("../backup.timer", join(wanted, "backup.timer"));
  Object.assign(daemon.env, { HOME: person, XDG_CONFIG_HOME: join(person, ".config"), XDG_STATE_HOME: undefined });
}

/** A backup that goes on as long as it is told of: a step for each picture of it. */
async function backup(daemon: Daemon): Promise<(page: Page) => Promise<void>> {
  const items = [{ item: "tapes", name: "Tapes" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const say = (words: object) => daemon.ask("POST", `/api/v1/sessions/${run}/call`, { item: "tapes", ...words });
  await say({ call: "phase", phase: "moving" });
  let step = 38_000;
  return (page) =>
    expect(async () => {
      step += 40;
      await say({ call: "progress", step, max: 90_000, text: "Documents/Letters/2026/dear.odt" });
      await expect(page.getByText(/ left · /).first()).toBeVisible({ timeout: 700 });
    }).toPass();
}

test("the pictures of the documents", async ({ daemon, open, page }) => {
  test.setTimeout(600_000);
  live(daemon);
  const plan = ["Trip in spring", "", "Where: not decided yet", "Who: all of us", ""];
  const trip = (where: string, ...more: string[]) => [plan[0], "", `Where: ${where}`, plan[3], ...more, ""].join("\n");
  for (const side of ["laptop", "nas"]) {
    daemon.write({ [`${side}/2026/plan.txt`]: plan.join("\n"), [`${side}/2026/beach.jpg`]: "sea" });
  }
  await daemon.add("Photos", "laptop", "nas");
  // What cannot be synchronized is told by reason.
  for (const name of ["camera.pipe", "scanner.pipe"]) execFileSync("mkfifo", [daemon.path(`laptop/${name}`)]);
  await daemon.instep("sync", "photos", "--yes");
  daemon.write({
    "laptop/2026/plan.txt": trip("Lisbon, in May"),
    "nas/2026/plan.txt": trip("Porto, in June", "Train: booked"),
    "laptop/2026/beach.jpg": "sand",
    "nas/2026/beach.jpg": "sea and sand",
    "laptop/2026/tower.jpg": "stone",
  });
  const day = 86_400;
  const dated = (path: string, daysAgo: number) => {
    const at = Date.now() / 1000 - daysAgo * day;
    utimesSync(daemon.path(path), at, at);
  };
  dated("laptop/2026/plan.txt", 2);
  dated("nas/2026/plan.txt", 1);
  dated("laptop/2026/beach.jpg", 3);
  dated("nas/2026/beach.jpg", 5);
  await daemon.instep("sync", "photos");
  const songs = (names: string[], size: number) =>
    daemon.write(Object.fromEntries(names.map((name) => [`music/${name}.flac`, "la ".repeat(size)])));
  songs(["Evening/one", "Evening/two", "Morning/first", "Morning/second"], 3_000_000);
  await daemon.add("Music", "music", "player");
  await daemon.instep("sync", "music", "--yes");
  daemon.remove("music/Evening/two.flac");
  songs(["Morning/first"], 3_300_000);
  songs(["Noon/alone", "Noon/together"], 2_500_000);
  await daemon.add("Letters", "letters", "archive");
  daemon.write({ "letters/dear.txt": "Dear …\n" });
  await daemon.instep("sync", "letters", "--yes");
  for (let n = 0; n < 12; n += 1) {
    daemon.write({ "letters/dear.txt": `Dear … ${"yours, ".repeat(n)}\n` });
    await daemon.instep("sync", "letters");
  }
  await daemon.instep("run", "nightly", "--", "seq", "30");
  // As on a day in the life of a machine: things run by themselves, and somebody is told.
  appendFileSync(`${daemon.home}/instep.toml`, LIFE);
  for (const item of ["photos", "letters"]) daemon.schedule(item, SCHEDULES[item] ?? "");
  // As a person writes it.
  const settings = `${daemon.home}/instep.toml`;
  writeFileSync(settings, readFileSync(settings, "utf8").replaceAll(`${daemon.path("")}/`, "~/"));
  await daemon.start();
  const tapes = await backup(daemon);
  await open();
  const conflicts = JSON.parse(await daemon.ask("GET", "/api/v1/conflicts")) as {
    conflicts: { id: string; path: string }[];
  };
  const shown = conflicts.conflicts.find(({ path }) => path.endsWith("plan.txt"));
  SCREENS.conflict = `/conflicts/folders/photos/${shown?.id}`;
  for (const { name, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    for (const [screen, path] of Object.entries(SCREENS)) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await expect(page.getByText(/^(Loading|Looking for what synchronizes already) …$/)).toHaveCount(0);
      if (screen === "home" || screen === "running") await tapes(page);
      await page.screenshot({ path: `${PICTURES}${screen}-${name}.png`, animations: "disabled" });
    }
    // Further down on the way to another pair.
    await page.getByRole("heading", { name: "Already on this machine" }).scrollIntoViewIfNeeded();
    await page.getByText("Found by reading").evaluate((tip) => tip.scrollIntoView({ block: "start" }));
    await page.screenshot({ path: `${PICTURES}detected-${name}.png`, animations: "disabled" });
  }
});
