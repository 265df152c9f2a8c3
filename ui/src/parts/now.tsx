import { useSyncExternalStore } from "react";

/** How often "3 minutes ago" is looked at again. */
const STEP = 15_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // While nobody looked, nobody set it.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, STEP);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, kept current: one clock for the whole page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);
