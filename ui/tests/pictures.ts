import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** Gives the daemon a person with these files. */
function live(daemon: Daemon): void {
  const person = join(daemon.home, "person");
  for (const [name, content] of Object.entries(OTHERS)) {
    mkdirSync(dirname(join(person, name)), { recursive: true });
    writeFileSync(join(person, name), content);
  }
  const wanted = join(person, ".config/systemd/user/timers.target.wants");
  mkdirSync(wanted);
  symlinkSync("../backup.timer", join(wanted, "backup.timer"));
  Object.assign(daemon.env, { HOME: person, XDG_CONFIG_HOME: join(person, ".config"), XDG_STATE_HOME: undefined });
}

test("the pictures of the documents", async ({ daemon, open, page }) => {
  test.setTimeout(600_000);
  live(daemon);
  daemon.write({
    "laptop/plan.txt": "same\n",
    "nas/plan.txt": "same\n",
    "music/one.flac": "la",
    "music/two.flac": "la la",
  });
  await daemon.add("Photos", "laptop", "nas");
  // What cannot be synchronized is told by reason.
  for (const name of ["camera.pipe", "scanner.pipe"]) execFileSync("mkfifo", [daemon.path(`laptop/${name}`)]);
  await daemon.instep("sync", "photos", "--yes");
  daemon.write({ "laptop/plan.txt": "Lisbon in May\n", "nas/plan.txt": "Porto in June\n", "laptop/beach.jpg": "sand" });
  await daemon.instep("sync", "photos");
  await daemon.add("Music", "music", "player");
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
  await daemon.start();
  await open();
  const conflicts = JSON.parse(await daemon.ask("GET", "/api/v1/conflicts")) as { conflicts: { id: string }[] };
  SCREENS.conflict = `/conflicts/folders/photos/${conflicts.conflicts[0]?.id}`;
  for (const { name, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    for (const [screen, path] of Object.entries(SCREENS)) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await expect(page.getByText(/^(Loading|Looking for what synchronizes already) …$/)).toHaveCount(0);
      await page.screenshot({ path: `${PICTURES}${screen}-${name}.png`, animations: "disabled" });
    }
    // Further down on the way to another pair.
    await page.getByRole("heading", { name: "Already on this machine" }).scrollIntoViewIfNeeded();
    await page.getByText("Found by reading").evaluate((tip) => tip.scrollIntoView({ block: "start" }));
    await page.screenshot({ path: `${PICTURES}detected-${name}.png`, animations: "disabled" });
  }
});
