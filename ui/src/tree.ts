/** Changes as the folders that they lie in, one beneath the other. */

import type { Action } from "./api/client";

/** A line of the tree. */
export type Line =
  | { kind: "folder"; path: string; name: string; depth: number; within: number; open: boolean }
  | { kind: "action"; action: Action; name: string; depth: number };

interface Folder {
  path: string;
  name: string;
  folders: Map<string, Folder>;
  actions: Action[];
  /** How many changes lie in it, at any depth. */
  within: number;
}

const folder = (path: string, name: string): Folder => ({ path, name, folders: new Map(), actions: [], within: 0 });

const parts = (path: string): [string[], string] => {
  const names = path.split("/");
  return [names, names.pop() ?? ""];
};

/** The lines to be shown: folders in which nothing else lies are one line with the one in them, and what is folded is left out. */
export function treeLines(actions: readonly Action[], folded: ReadonlySet<string>): Line[] {
  const root = folder("", "");
  for (const action of actions) {
    const [names] = parts(action.path);
    let at = root;
    for (const name of names) {
      let next = at.folders.get(name);
      if (!next) {
        next = folder(at.path ? `${at.path}/${name}` : name, name);
        at.folders.set(name, next);
      }
      next.within += 1;
      at = next;
    }
    at.actions.push(action);
  }
  const lines: Line[] = [];
  const tell = (of: Folder, depth: number) => {
    for (const action of of.actions) lines.push({ kind: "action", action, name: parts(action.path)[1], depth });
    for (const each of of.folders.values()) {
      let [last, name] = [each, each.name];
      for (let only = soleFolder(last); only; only = soleFolder(last)) {
        [last, name] = [only, `${name}/${only.name}`];
      }
      const open = !folded.has(last.path);
      lines.push({ kind: "folder", path: last.path, name, depth, within: last.within, open });
      if (open) tell(last, depth + 1);
    }
  };
  tell(root, 0);
  return lines;
}

const soleFolder = ({ folders, actions }: Folder): Folder | undefined =>
  actions.length === 0 && folders.size === 1 ? folders.values().next().value : undefined;
