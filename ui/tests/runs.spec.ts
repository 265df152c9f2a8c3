/** Before and after a run: the plan with what a person decides about it, and what a run tells when it is over. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { choose, expect, test } from "./daemon";

test("what would be deleted stands first and open, and a decision is taken back", async ({ daemon, open }) => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`laptop/old/${n}.txt`, String(n)]));
  daemon.write({ ...files, "laptop/gone.txt": "keep me", "laptop/edited.txt": "old" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  const edited = Object.fromEntries(Object.keys(files).map((name) => [name, "edited"]));
  daemon.write({ ...edited, "laptop/edited.txt": "newer text" });
  daemon.remove("laptop/gone.txt");
  await daemon.start();
  const page = await open("/preview/folders/notes");
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText("Deleted");
  const deleted = page.getByRole("region", { name: "Deleted" });
  await expect(deleted).toContainText("gone.txt");
  // Many changes are folded, but for what takes something away.
  await expect(page.getByText("edited.txt")).toBeHidden();
  await page.getByRole("heading", { name: "Updated" }).click();
  await expect(page.getByText("edited.txt")).toBeVisible();
  await choose(page, "What shall be done with gone.txt", "Leave it as it is");
  await expect(deleted).toHaveCount(0);
  await page.getByRole("region", { name: "What you decided" }).getByRole("button", { name: "Take back" }).click();
  await expect(deleted).toContainText("gone.txt");
  daemon.write({ "laptop/gone.txt": "keep me" });
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(deleted).toHaveCount(0);
});

test("a first run that would overwrite asks for consent, and runs only with it", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "from the laptop", "nas/a.txt": "at the nas", "nas/b.txt": "only there" });
  await daemon.add("Notes", "laptop", "nas");
  daemon.schedule("notes", 'mode = "mirror"');
  await daemon.start();
  const page = await open("/preview/folders/notes");
  const go = page.getByRole("button", { name: "Run exactly this" });
  await expect(go).toBeDisabled();
  await page.getByLabel(/I agree to what would be deleted or overwritten|I have seen what goes/).check();
  await go.click();
  await expect.poll(() => daemon.read("nas/a.txt")).toBe("from the laptop");
  expect(daemon.read("nas/b.txt")).toBe("");
});

test("undo is offered only for a run that left something to put back", async ({ daemon, open }) => {
  // Of a run whose program wrote nothing there is no output.
  daemon.expectComplaints(/404/);
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "nas");
  await daemon.instep("sync", "notes", "--yes");
  await daemon.instep("sync", "notes");
  await daemon.run("run", "nightly", "--", "true");
  await daemon.start();
  const page = await open("/runs/1");
  const undo = page.getByRole("button", { name: "Undo this run" });
  await expect(undo).toBeVisible();
  for (const run of [2, 3]) {
    const asked = page.waitForResponse(`**/api/v1/runs/${run}/undo`);
    await page.goto(new URL(`/runs/${run}`, page.url()).href);
    expect(await (await asked).json()).toEqual({ undoable: false });
    await expect(page.getByRole("heading", { level: 1, name: `Run ${run}` })).toBeVisible();
    await expect(undo).toHaveCount(0);
  }
  // A program that takes its runs back says so for itself; it comes while the page is open.
  await page.getByRole("link", { name: "Home" }).click();
  await daemon.shelves("shelves");
  daemon.write({ "../shelves/top/here/one": "1" });
  await choose(page, "What can be done with Top shelf", "Sync now");
  await expect.poll(() => daemon.read("../shelves/top/there/one")).toBe("1");
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByRole("link", { name: /Top shelf/ }).click();
  await undo.click();
  await expect.poll(() => daemon.read("../shelves/top/there/one")).toBe("");
});

test("what went wrong in a run is told once for each reason, with what can be done about it", async ({
  daemon,
  open,
}) => {
  daemon.expectComplaints(/404/);
  await daemon.start();
  const items = [{ item: "tapes", name: "Tapes" }];
  const { run } = JSON.parse(await daemon.ask("POST", "/api/v1/sessions", { items })) as { run: number };
  const call = (words: object) => daemon.ask("POST", `/api/v1/sessions/${run}/call`, { item: "tapes", ...words });
  for (let n = 0; n < 12; n += 1) {
    const description = `tape ${n} is torn`;
    await call({ call: "event", level: "error", name: "Torn", description, fix: "mend it with `glue`" });
  }
  await call({ call: "event", level: "warning", name: "Dust", description: "there is dust on tape 3" });
  await call({ call: "progress", status: "failed" });
  await daemon.ask("POST", `/api/v1/sessions/${run}/call`, { call: "end" });
  const page = await open(`/runs/${run}`);
  const reasons = page.getByRole("region", { name: "What went wrong, by reason" });
  await expect(reasons).toContainText("Torn (12)");
  await expect(reasons).toContainText("mend it with glue");
  await expect(reasons).toContainText("there is dust on tape 3");
  await expect(reasons.getByText("tape 11 is torn")).toBeHidden();
  await reasons.getByText(/^The first \d+ of 12$|^12 entries$/).click();
  await expect(reasons.getByText("tape 0 is torn")).toBeVisible();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("region", { name: "Log" }).getByRole("link", { name: "Export" }).click(),
  ]);
  expect(
    readFileSync(await file.path(), "utf8")
      .trim()
      .split("\n").length,
  ).toBeGreaterThan(13);
});

test("a run that went wrong says why and what to do, and is tried again from there", async ({ daemon, open }) => {
  daemon.write({ "laptop/a.txt": "one" });
  await daemon.add("Notes", "laptop", "other");
  daemon.remove("other");
  daemon.write({ other: "in the way" });
  await daemon.instep("sync", "notes", "--yes");
  daemon.remove("other");
  mkdirSync(daemon.path("other"));
  await daemon.start();
  const page = await open("/runs/1");
  const problem = page.getByRole("main").locator(".notice.bad");
  await expect(problem).toContainText("other");
  await problem.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => daemon.read("other/a.txt")).toBe("one");
});

test("the runs of one item are listed by themselves and kept as JSON, a run a line", async ({ daemon, open }) => {
  for (const name of ["Notes", "Letters"]) {
    daemon.write({ [`${name}/a.txt`]: name });
    await daemon.add(name, name, `${name}-b`);
    await daemon.instep("sync", name, "--yes");
  }
  await daemon.start();
  const page = await open();
  await choose(page, "What can be done with Notes", "All runs");
  const rows = page.getByRole("list", { name: "Results" }).getByRole("listitem");
  await expect(rows).toHaveCount(1);
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: /JSON/ }).click(),
  ]);
  const lines = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"name":"Notes"');
  await page.getByRole("button", { name: "Only Notes" }).click();
  await expect(rows).toHaveCount(2);
});

/** A picture of one colour, of that many dots each way. */
function picture(dots: number, [red, green, blue]: [number, number, number]): Buffer {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(dots, 0);
  head.writeUInt32BE(dots, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.from([0, ...Array.from({ length: dots }, () => [red, green, blue]).flat()]);
  const rows = Buffer.concat(Array.from({ length: dots }, () => line));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("two pictures that disagree are shown side by side", async ({ daemon, open }) => {
  daemon.write({ "laptop/beach.png": "", "nas/beach.png": "" });
  await daemon.add("Photos", "laptop", "nas");
  await daemon.instep("sync", "photos", "--yes");
  writeFileSync(daemon.path("laptop/beach.png"), picture(24, [0, 120, 200]));
  writeFileSync(daemon.path("nas/beach.png"), picture(32, [240, 200, 80]));
  await daemon.instep("sync", "photos", "--approve");
  await daemon.start();
  const page = await open("/conflicts");
  await page.getByRole("link", { name: /beach\.png/ }).click();
  for (const [side, dots] of [
    ["laptop", 24],
    ["nas", 32],
  ] as const) {
    const shown = page.getByRole("img", { name: `The version on ${side}` });
    await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(dots);
  }
});
