/** Every shape of conflict and every choice that the page offers, on real pairs of folders, and taken back. */

import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { userInfo } from "node:os";
import type { Page } from "@playwright/test";
import { type Daemon, expect, test } from "./daemon";

/** Both sides agree on these files, then each gets its own. */
async function comeApart(
  daemon: Daemon,
  agreed: Record<string, string>,
  laptop: Record<string, string>,
  nas: Record<string, string>,
): Promise<void> {
  const on = (side: string, files: Record<string, string>) =>
    daemon.write(Object.fromEntries(Object.entries(files).map(([name, content]) => [`${side}/${name}`, content])));
  on("laptop", agreed);
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  on("laptop", laptop);
  on("nas", nas);
  await daemon.instep("sync", "notes", "--approve");
}

const LINES = "one\ntwo\nthree\nfour\nfive\n";
const ONE_EACH = { laptop: "ONE\ntwo\nthree\nfour\nfive\n", nas: "one\ntwo\nthree\nfour\nFIVE\n" };
const SAME_LINE = { laptop: "one\ntwo\nleft\nfour\nfive\n", nas: "one\ntwo\nright\nfour\nfive\n" };

const shared = async (daemon: Daemon, { laptop, nas }: { laptop: string; nas: string }) => {
  await comeApart(daemon, { "plan.txt": LINES }, { "plan.txt": laptop }, { "plan.txt": nas });
  await daemon.start();
};

async function openConflict(open: (path?: string) => Promise<Page>, name: RegExp): Promise<Page> {
  const page = await open("/conflicts");
  await page.getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { name: "What shall be kept?" })).toBeVisible();
  return page;
}

const settled = (page: Page) => expect(page.getByText("1 conflict is settled.")).toBeVisible();
const undo = (page: Page) => page.getByRole("button", { name: "Undo" }).click();
const version = (page: Page, side: string) => page.getByRole("region", { name: side, exact: true });

// What was just settled may be asked for once more on the way to the list.
test.beforeEach(({ daemon }) => daemon.expectComplaints(/404/));

test("both are kept under names that the person chooses", async ({ daemon, open }) => {
  await shared(daemon, SAME_LINE);
  const page = await openConflict(open, /plan\.txt/);
  await page.getByRole("button", { name: "Keep both, named …" }).click();
  const keep = page.getByRole("dialog").getByRole("button", { name: "Keep both" });
  await page.getByLabel("Name for the version of laptop").fill("mine.txt");
  await page.getByLabel("Name for the version of nas").fill("mine.txt");
  await expect(page.getByText("Both cannot have the same name.")).toBeVisible();
  await expect(keep).toBeDisabled();
  await page.getByLabel("Name for the version of nas").fill("theirs.txt");
  await keep.click();
  await settled(page);
  for (const side of ["laptop", "nas"]) {
    expect(daemon.read(`${side}/mine.txt`)).toBe(SAME_LINE.laptop);
    expect(daemon.read(`${side}/theirs.txt`)).toBe(SAME_LINE.nas);
    expect(daemon.read(`${side}/plan.txt`)).toBe("");
  }
  await undo(page);
  await expect.poll(() => daemon.read("nas/plan.txt")).toBe(SAME_LINE.nas);
  expect(daemon.read("laptop/theirs.txt")).toBe("");
});

test("both are kept with one press", async ({ daemon, open }) => {
  await shared(daemon, SAME_LINE);
  const page = await openConflict(open, /plan\.txt/);
  await page.getByRole("button", { name: "Keep both", exact: true }).click();
  await settled(page);
  expect(daemon.read("nas/plan.txt")).toBe(SAME_LINE.laptop);
});

test("changes in different lines are merged, and taken back", async ({ daemon, open }) => {
  await shared(daemon, ONE_EACH);
  const page = await openConflict(open, /plan\.txt/);
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await settled(page);
  for (const side of ["laptop", "nas"]) expect(daemon.read(`${side}/plan.txt`)).toBe("ONE\ntwo\nthree\nfour\nFIVE\n");
  await undo(page);
  await expect.poll(() => daemon.read("nas/plan.txt")).toBe(ONE_EACH.nas);
});

test("changes in the same line are put together by hand, and taken back", async ({ daemon, open }) => {
  await shared(daemon, SAME_LINE);
  const page = await openConflict(open, /plan\.txt/);
  await expect(page.getByText("Both changed the same in 1 place")).toBeVisible();
  await expect(page.getByRole("button", { name: "Merge", exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Another version …" }).click();
  const field = page.getByLabel("The version in the place of both");
  await expect(field).toHaveValue(/<<<<<<< laptop\nleft\n/);
  await expect(page.getByText("There are marks of a merge in it still.")).toBeVisible();
  await field.fill("one\ntwo\nleft and right\nfour\nfive\n");
  await expect(page.getByText("There are marks of a merge in it still.")).toHaveCount(0);
  await page.getByRole("button", { name: "Keep this version" }).click();
  await settled(page);
  for (const side of ["laptop", "nas"]) expect(daemon.read(`${side}/plan.txt`)).toContain("left and right");
  await undo(page);
  await expect.poll(() => daemon.read("laptop/plan.txt")).toBe(SAME_LINE.laptop);
  await expect.poll(() => daemon.read("nas/plan.txt")).toBe(SAME_LINE.nas);
});

test("a file of the person takes the place of both", async ({ daemon, open }) => {
  await shared(daemon, SAME_LINE);
  const page = await openConflict(open, /plan\.txt/);
  await page.getByRole("button", { name: "Another version …" }).click();
  const buffer = Buffer.from([0, 1, 2, 255]);
  await page.getByLabel("Or a file of yours").setInputFiles({ name: "mine", mimeType: "x/y", buffer });
  await page.getByRole("button", { name: "Keep this version" }).click();
  await settled(page);
  expect(statSync(daemon.path("nas/plan.txt")).size).toBe(buffer.length);
});

test("it is left out from now on, and taken back", async ({ daemon, open }) => {
  await shared(daemon, SAME_LINE);
  const page = await openConflict(open, /plan\.txt/);
  await page.getByRole("button", { name: "Leave it out" }).click();
  await settled(page);
  await expect(page.getByRole("heading", { name: "No conflicts" })).toBeVisible();
  for (const side of ["laptop", "nas"] as const) {
    expect(daemon.read(`${side}/plan.txt`)).toBe(SAME_LINE[side]);
    expect(daemon.read(`${side}/.instepignore`)).toContain("/plan.txt");
  }
  await undo(page);
  await expect(page.getByRole("link", { name: /plan\.txt/ })).toBeVisible();
  expect(daemon.read("nas/.instepignore")).toBe("");
});

test("other permissions are shown and settled without a copy", async ({ daemon, open }) => {
  daemon.write({ "laptop/plan.txt": LINES });
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'ask = ["permissions"]');
  await daemon.instep("sync", "notes", "--yes");
  chmodSync(daemon.path("laptop/plan.txt"), 0o600);
  chmodSync(daemon.path("nas/plan.txt"), 0o640);
  await daemon.instep("sync", "notes");
  await daemon.start();
  const page = await openConflict(open, /plan\.txt/);
  await expect(version(page, "laptop")).toContainText("rw-------");
  await expect(version(page, "nas")).toContainText("rw-r-----");
  await expect(page.getByText("The content is the same on both sides.")).toBeVisible();
  await page.getByRole("button", { name: "Keep nas" }).click();
  await settled(page);
  const mode = () => statSync(daemon.path("laptop/plan.txt")).mode & 0o777;
  expect(mode()).toBe(0o640);
  await undo(page);
  await expect(() => expect(mode()).toBe(0o600)).toPass();
});

test("who, when and how large is told of both versions, and what differs is marked", async ({ daemon, open }) => {
  await comeApart(daemon, { "plan.txt": "same" }, { "plan.txt": "from the laptop" }, { "plan.txt": "at the nas" });
  utimesSync(daemon.path("laptop/plan.txt"), 1_700_000_000, 1_700_000_000);
  const me = userInfo();
  // Only root gives files away.
  const other = me.uid === 0 ? 65_432 : undefined;
  if (other !== undefined) chownSync(daemon.path("nas/plan.txt"), other, other);
  await daemon.instep("sync", "notes", "--approve");
  await daemon.start();
  const page = await openConflict(open, /plan\.txt/);
  await expect(version(page, "laptop")).toContainText(`Owner${me.username}`);
  await expect(version(page, "nas")).toContainText(`Owner${other ?? me.username}`);
  await expect(version(page, "laptop")).toContainText("14 Nov 2023");
  await expect(version(page, "laptop")).toContainText("15 bytes largest");
  await expect(version(page, "nas")).toContainText("10 bytes");
  await expect(version(page, "nas")).toContainText("newest");
});

test("links are shown with where they point, and one of them is kept", async ({ daemon, open }) => {
  mkdirSync(daemon.path("laptop"), { recursive: true });
  symlinkSync("base", daemon.path("laptop/here"));
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  for (const side of ["laptop", "nas"]) {
    rmSync(daemon.path(`${side}/here`));
    symlinkSync(`to-${side}`, daemon.path(`${side}/here`));
  }
  await daemon.instep("sync", "notes", "--approve");
  await daemon.start();
  const page = await openConflict(open, /here/);
  await expect(version(page, "laptop")).toContainText("to-laptop");
  await expect(version(page, "nas")).toContainText("to-nas");
  await page.getByRole("button", { name: "Keep laptop" }).click();
  await settled(page);
  expect(readlinkSync(daemon.path("nas/here"))).toBe("to-laptop");
  await undo(page);
  // What is put back is away for a moment.
  await expect(() => expect(readlinkSync(daemon.path("nas/here"))).toBe("to-nas")).toPass();
});

test("a file against a folder is shown as what it is", async ({ daemon, open }) => {
  await comeApart(daemon, { other: "x" }, { thing: "file" }, { "thing/one": "1", "thing/two": "2" });
  await daemon.start();
  const page = await openConflict(open, /thing/);
  await expect(version(page, "laptop")).toContainText("Kindfile");
  await expect(version(page, "nas")).toContainText("Kindfolder");
  await expect(version(page, "nas")).toContainText("Entries in it2");
  await expect(page.getByRole("button", { name: "Another version …" })).toHaveCount(0);
  await page.getByRole("button", { name: "Keep nas" }).click();
  await settled(page);
  expect(daemon.read("laptop/thing/two")).toBe("2");
  await undo(page);
  await expect(() => expect(lstatSync(daemon.path("laptop/thing")).isFile()).toBe(true)).toPass();
});

test("what one side deleted stays deleted, or comes back", async ({ daemon, open }) => {
  daemon.write({ "laptop/plan.txt": LINES, "laptop/other.txt": "x" });
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'ask = ["deletions"]');
  await daemon.instep("sync", "notes", "--yes");
  daemon.write({ "laptop/plan.txt": "edited after all\n" });
  daemon.remove("nas/plan.txt");
  await daemon.instep("sync", "notes", "--approve");
  await daemon.start();
  const page = await openConflict(open, /plan\.txt/);
  await expect(version(page, "nas")).toContainText("Deleted here.");
  await expect(page.getByText("It goes to the trash on laptop, too.")).toBeVisible();
  await page.getByRole("button", { name: "Keep nas" }).click();
  await settled(page);
  expect(daemon.read("laptop/plan.txt")).toBe("");
  await undo(page);
  await expect.poll(() => daemon.read("laptop/plan.txt")).toBe("edited after all\n");
});

test("many of one type are settled at once, the others stay", async ({ daemon, open }) => {
  const both = (side: string) => ({ "old.txt": `${side} edit`, "new-1.txt": side, "new-2.txt": `${side} 2` });
  await comeApart(daemon, { "old.txt": "same" }, both("from the laptop"), both("from the nas"));
  await daemon.start();
  const page = await open("/conflicts");
  await page.getByLabel("Kind of conflict").selectOption("Created differently on both sides");
  await page.getByRole("button", { name: "Settle all 2" }).click();
  await page.getByLabel("Keep the second side").check();
  await page.getByRole("button", { name: "Settle 2" }).click();
  await expect(page.getByText("2 conflicts are settled.")).toBeVisible();
  expect(daemon.read("laptop/new-1.txt")).toBe("from the nas");
  expect(daemon.read("laptop/old.txt")).toBe("from the laptop edit");
  await undo(page);
  await expect.poll(() => daemon.read("laptop/new-1.txt")).toBe("from the laptop");
});

test("many are settled by a rule, after what stays open was said", async ({ daemon, open }) => {
  const names = ["a.txt", "b.txt", "tie.txt"];
  const files = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
  await comeApart(daemon, files("same"), files("laptop"), files("at the nas"));
  const dated = (path: string, seconds: number) => utimesSync(daemon.path(path), seconds, seconds);
  for (const [name, laptop, nas] of [
    ["a.txt", 1_700_000_000, 1_600_000_000],
    ["b.txt", 1_600_000_000, 1_700_000_000],
    ["tie.txt", 1_650_000_000, 1_650_000_000],
  ] as const) {
    dated(`laptop/${name}`, laptop);
    dated(`nas/${name}`, nas);
  }
  await daemon.instep("sync", "notes", "--approve");
  await daemon.start();
  const page = await open("/conflicts?handler=folders&item=notes");
  await page.getByRole("button", { name: "Settle all 3" }).click();
  await expect(page.getByLabel("Keep laptop")).toBeVisible();
  await page.getByLabel("Keep the newest").check();
  await expect(page.getByText("2 conflicts are settled so. 1 stays open.")).toBeVisible();
  await page.getByRole("button", { name: "Settle 2" }).click();
  await expect(page.getByText(/2 conflicts are settled[.,]/)).toBeVisible();
  expect(daemon.read("nas/a.txt")).toBe("laptop");
  expect(daemon.read("laptop/b.txt")).toBe("at the nas");
  expect(daemon.read("laptop/tie.txt")).toBe("laptop");
  await undo(page);
  await expect.poll(() => daemon.read("laptop/b.txt")).toBe("laptop");
});
