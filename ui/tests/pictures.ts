import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "./daemon";

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

test("the pictures of the documents", async ({ daemon, open, page }) => {
  test.setTimeout(600_000);
  daemon.write({
    "laptop/plan.txt": "same\n",
    "nas/plan.txt": "same\n",
    "music/one.flac": "la",
    "music/two.flac": "la la",
  });
  await daemon.add("Photos", "laptop", "nas");
  await daemon.instep("sync", "photos", "--yes");
  daemon.write({ "laptop/plan.txt": "Lisbon in May\n", "nas/plan.txt": "Porto in June\n", "laptop/beach.jpg": "sand" });
  await daemon.instep("sync", "photos");
  await daemon.add("Music", "music", "player");
  await daemon.add("Letters", "letters", "archive");
  daemon.write({ "letters/dear.txt": "Dear …\n" });
  await daemon.instep("sync", "letters", "--yes");
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
      await expect(page.getByText("Loading …")).toHaveCount(0);
      await page.screenshot({ path: `${PICTURES}${screen}-${name}.png`, animations: "disabled" });
    }
  }
});
