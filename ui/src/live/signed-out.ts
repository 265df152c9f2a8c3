/** Whether the program still lets this page in: what is shown may be old, and nothing can be done. */

import { useSyncExternalStore } from "react";

let out = false;
const listeners = new Set<() => void>();

export function setSignedOut(now: boolean): void {
  if (now === out) return;
  out = now;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSignedOut = (): boolean => useSyncExternalStore(subscribe, () => out);
