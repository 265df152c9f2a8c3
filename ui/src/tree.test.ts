import { expect, it } from "vitest";
import type { Action } from "./api/client";
import { treeLines } from "./tree";

const changes = (...paths: string[]) => paths.map((path) => ({ path }) as Action);
const shown = (paths: string[], folded: string[] = []) =>
  treeLines(changes(...paths), new Set(folded)).map((line) =>
    line.kind === "folder"
      ? `${" ".repeat(line.depth)}${line.open ? "-" : "+"} ${line.name} (${line.within})`
      : `${" ".repeat(line.depth)}${line.name}`,
  );

it("shows changes beneath their folders, and a lone way of folders as one", () => {
  expect(shown(["top", "a/b/c/one", "a/b/c/two", "a/b/three", "d/four"])).toEqual([
    "top",
    "- a/b (3)",
    " three",
    " - c (2)",
    "  one",
    "  two",
    "- d (1)",
    " four",
  ]);
});

it("leaves out what is folded", () => {
  expect(shown(["a/b/one", "a/two", "three"], ["a/b", "other"])).toEqual(["three", "- a (2)", " two", " + b (1)"]);
});

it("takes any number of changes", () => {
  const many = Array.from({ length: 50_000 }, (_, n) => `${n % 100}/${n % 7}/${n}`);
  expect(treeLines(changes(...many), new Set())).toHaveLength(50_000 + 100 + 700);
});
