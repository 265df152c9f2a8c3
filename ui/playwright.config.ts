import { defineConfig } from "@playwright/test";

/** The system's browser; a build of the test tool's own is never fetched. */
const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // Each test has a program of its own; a machine with few cores is not helped by more at once.
  workers: 2,
  retries: 0,
  // Nothing is about speed here: a machine that has other work to do must not fail a test.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: { launchOptions, locale: "en-GB", timezoneId: "Europe/Berlin" },
  projects: [
    { name: "rules", testMatch: "*.spec.ts" },
    { name: "pictures", testMatch: "pictures.ts" },
    { name: "figures", testMatch: "figures.ts" },
  ],
});
