/** What a run changed, as plain numbers: programs that report may leave out what is zero. */

import type { Counts } from "./api/client";

export type Change = "deleted" | "moved" | "updated" | "created";

/** What takes away comes first. */
export const CHANGES: readonly Change[] = ["deleted", "moved", "updated", "created"];

export interface Plain extends Record<"bytes" | "conflicts" | "errors" | "skipped", number> {
  sides: [Record<Change, number>, Record<Change, number>];
}

export function plain(counts: Counts): Plain {
  const side = (given: Counts["a"]): Record<Change, number> => ({
    deleted: given?.deleted ?? 0,
    moved: given?.moved ?? 0,
    updated: given?.updated ?? 0,
    created: given?.created ?? 0,
  });
  return {
    sides: [side(counts.a), side(counts.b)],
    bytes: counts.bytes ?? 0,
    conflicts: counts.conflicts ?? 0,
    errors: counts.errors ?? 0,
    skipped: counts.skipped ?? 0,
  };
}

/** On both sides together. */
export function total(counts: Plain, change: Change): number {
  return counts.sides[0][change] + counts.sides[1][change];
}

/** Whether a run that tells of no change had nothing to do: of what a command did, often only the command knows. */
export const tellsChanges = (handler: string): boolean => handler !== "jobs";
