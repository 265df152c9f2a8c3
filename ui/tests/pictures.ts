import { fileURLToPath } from "node:url";
import { test } from "./daemon";

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
  results: "/results",
  schedule: "/schedule",
};

test("the pictures of the documents", async ({ daemon, open, page }) => {
  test.setTimeout(120_000);
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
  await daemon.start();
  await open();
  for (const { name, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    for (const [screen, path] of Object.entries(SCREENS)) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("Loading …").waitFor({ state: "detached" });
      await page.screenshot({ path: `${PICTURES}${screen}-${name}.png` });
    }
  }
});
