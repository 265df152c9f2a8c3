/** Whether an item is as its last run left it: asked from the page, told by what differs, and nothing touched. */

import AxeBuilder from "@axe-core/playwright";
import { choose, expect, test } from "./daemon";

test("where the sides of a pair differ is told by how and on which side, and nothing is touched", async ({
  daemon,
  open,
}) => {
  daemon.write({ "laptop/gone.txt": "1", "laptop/edited.txt": "22", "laptop/same.txt": "333" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  const page = await open();
  await choose(page, "What can be done with Notes", "Verify");
  await expect(page.getByText("laptop and nas hold the same.")).toBeVisible();
  await expect(page.getByText(/3 entries looked at/)).toBeVisible();
  daemon.remove("nas/gone.txt");
  daemon.write({ "nas/edited.txt": "edited there" });
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(page.getByText("2 differences.")).toBeVisible();
  const list = (name: string) => page.getByRole("list", { name }).getByRole("listitem");
  await expect(list("Missing on nas")).toHaveText(["gone.txt"]);
  await expect(list("Other content on nas than was agreed on")).toHaveText(["edited.txt"]);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
  expect(daemon.read("laptop/edited.txt") + daemon.read("nas/gone.txt")).toBe("22");
  await page.getByRole("link", { name: "See what a run would do" }).click();
  await expect(page.getByRole("heading", { name: "Deleted" })).toBeVisible();
});

test("conflicts that a check meets are settled from there", async ({ daemon, open }) => {
  await daemon.disagree("Notes");
  await daemon.start();
  const page = await open("/verify/folders/notes");
  await expect(page.getByRole("list", { name: "Open conflicts" }).getByRole("listitem")).toHaveText(["plan.txt"]);
  await page.getByRole("link", { name: "Settle" }).click();
  await expect(page.getByRole("link", { name: /plan\.txt/ })).toBeVisible();
});

test("content is compared when it is asked for, by keyboard as well", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.bin": "x".repeat(12_000) });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.start();
  const page = await open("/items/folders/notes");
  await page.getByRole("link", { name: "Verify" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("laptop and nas hold the same.")).toBeVisible();
  await expect(page.getByText(/of content compared/)).toHaveCount(0);
  const byContent = page.getByLabel("Compare content byte for byte");
  await byContent.focus();
  await page.keyboard.press("Space");
  await expect(byContent).toBeChecked();
  await expect(page.getByText(/12 kB of content compared/)).toBeVisible();
  await expect(page.getByText("laptop and nas hold the same.")).toBeVisible();
});

test("open conflicts are told as what they are", async ({ daemon, open }) => {
  await daemon.disagree("Notes");
  await daemon.start();
  const page = await open("/verify/folders/notes");
  const open_ = page.getByRole("list", { name: "Open conflicts" }).getByRole("listitem");
  await expect(open_).toHaveText(["plan.txt"]);
  await expect(page.getByText("1 difference.")).toBeVisible();
});

test("a handler of another process is asked, and one that cannot check says so", async ({ daemon, open }) => {
  daemon.expectComplaints(/409/);
  await daemon.start();
  await daemon.shelves("shelves");
  daemon.write({ "../shelves/top/here/one": "1", "../shelves/top/there/one": "1" });
  await daemon.run("run", "nightly", "--", "true");
  const page = await open();
  await choose(page, "What can be done with Top shelf", "Verify");
  await expect(page.getByText("It is as its last run left it.", { exact: true })).toBeVisible();
  daemon.write({ "../shelves/top/here/two": "2" });
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(page.getByRole("list", { name: "Missing on the second side" })).toContainText("two");
  await page.goto(new URL("/verify/jobs/nightly", page.url()).href);
  await expect(page.getByRole("alert")).toContainText("cannot check");
});
