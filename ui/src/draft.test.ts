import { expect, test } from "vitest";
import { EMPTY, freeId, itemOf, NEVER, pathWord, scheduleKeys, whenOf } from "./draft";

test("a schedule that the form can show comes back as it was", () => {
  const said = { cron: "5 3 * * mon,fri", every: "6h", on: ["change", "network"] };
  const when = whenOf(said);
  expect(when).toMatchObject({ at: "03:05", days: [1, 5], every: "6h", change: true, others: ["network"] });
  expect(scheduleKeys(when)).toEqual(said);
});

test("lines of the calendar that say more are left alone", () => {
  const when = whenOf({ cron: ["*/5 * * * *", "0 12 1 * *"] });
  expect(when).toMatchObject({ at: "", byHand: true });
  expect(scheduleKeys(when)).toEqual({ on: null, every: null });
});

test("nothing that is said is nothing that runs", () => {
  expect(scheduleKeys(whenOf(undefined))).toEqual({ on: null, every: null, cron: null });
  expect(whenOf({})).toEqual(NEVER);
});

test("an identity is short, plain and free", () => {
  expect(freeId("My Photos!", [])).toBe("my-photos");
  expect(freeId("My Photos!", ["my-photos", "my-photos-2"])).toBe("my-photos-3");
  expect(freeId("🦊", [])).toBe("pair");
});

test("a path that is no UTF-8 is spelt out", () => {
  expect(pathWord({ path: "/x/caf\ufffd", path_base64: btoa("/x/caf\xe9 \\") })).toBe("bytes:/x/caf\\xe9 \\x5c");
  expect(pathWord({ path: "/x/ü" })).toBe("/x/ü");
});

test("sides are called as their folders if nothing else is said", () => {
  const item = itemOf({ ...EMPTY, name: " Photos ", a: "/home/me/Photos/", b: "/media/nas", bLabel: "NAS", usual: [] });
  expect(item).toEqual({ name: "Photos", a: "/home/me/Photos/", b: "/media/nas", a_label: "Photos", b_label: "NAS" });
});
