/** What is going on just now: progress goes to whoever shows that item, everything else says what to ask for again. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Change, LiveItem } from "../api/client";
import { readOn } from "../api/tail";
import { type Heard, listen } from "./source";

/** How far something is and how fast it goes. */
export interface Moving extends LiveItem {
  /** Steps a second, over the last seconds; none before there are two reports. */
  rate: number | undefined;
}

interface Sample {
  at: number;
  step: number;
}

/** How long a rate looks back, in milliseconds. */
const WINDOW = 5_000;
/** How long changes are gathered before the lists that they touch are asked for again, in milliseconds. */
const GATHER = 300;

const keyOf = (handler: string, item: string) => `${handler}\n${item}`;

export class LiveStore {
  away = false;
  private readonly items = new Map<string, Moving>();
  private readonly samples = new Map<string, Sample[]>();
  private readonly listeners = new Set<() => void>();
  private readonly stale = new Set<string>();
  /** Runs that have told something. */
  private readonly told = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly queries: QueryClient) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  item = (handler: string, item: string): Moving | undefined => this.items.get(keyOf(handler, item));

  hear = (heard: Heard, now = Date.now()): void => {
    switch (heard.kind) {
      case "connected":
        // Whatever happened meanwhile was not heard.
        if (this.away) this.reload();
        this.away = false;
        break;
      case "away":
        // A stream does not tell why it ended: whether this page is let in still, an answer does.
        if (!this.away) void this.queries.invalidateQueries({ queryKey: ["version"] });
        this.away = true;
        this.items.clear();
        break;
      case "reload":
        this.reload();
        break;
      case "change":
        this.change(heard.data as Change, now);
        break;
    }
    for (const listener of this.listeners) listener();
  };

  private change(change: Change, now: number): void {
    switch (change.type) {
      case "progress":
        this.progress(change.live, now);
        break;
      case "session_began":
      case "items_joined":
        this.outdate("items", "runs");
        break;
      case "session_ended":
        for (const { item } of change.items) {
          this.items.delete(keyOf(change.handler, item));
          this.samples.delete(keyOf(change.handler, item));
        }
        this.told.add(change.run);
        this.outdate("items", "runs", "conflicts", "schedule");
        break;
      case "event":
        this.told.add(change.event.run);
        this.outdate();
        break;
      case "conflicts":
        this.outdate("conflicts", "items");
        break;
      case "item_changed":
      case "queue":
        this.outdate("items");
        break;
      case "handler_changed":
        this.outdate("handlers", "items");
        break;
      case "schedule":
        this.outdate("schedule", "items");
        break;
      case "settings":
        this.reload();
        break;
      default:
        break;
    }
  }

  private progress(item: LiveItem, now: number): void {
    const key = keyOf(item.handler, item.item);
    const kept = (this.samples.get(key) ?? []).filter((sample) => now - sample.at < WINDOW && sample.step <= item.step);
    kept.push({ at: now, step: item.step });
    this.samples.set(key, kept);
    const first = kept[0];
    const passed = first ? now - first.at : 0;
    const rate = first && passed > 500 ? ((item.step - first.step) * 1000) / passed : undefined;
    this.items.set(key, { ...item, rate });
  }

  private reload(): void {
    this.items.clear();
    this.samples.clear();
    void this.queries.invalidateQueries();
  }

  /** Marks what is shown as old, gathered: a run that reports a thousand events asks once. */
  private outdate(...topics: string[]): void {
    for (const topic of topics) this.stale.add(topic);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const [topics, runs] = [[...this.stale], [...this.told]];
      this.stale.clear();
      this.told.clear();
      for (const run of runs) void readOn(this.queries, run);
      for (const topic of topics) void this.queries.invalidateQueries({ queryKey: [topic] });
    }, GATHER);
  }
}

const Context = createContext<LiveStore | undefined>(undefined);

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const store = useMemo(() => new LiveStore(queries), [queries]);
  useEffect(() => listen("/api/v1/stream", store.hear), [store]);
  return <Context value={store}>{children}</Context>;
}

function useStore(): LiveStore {
  const store = useContext(Context);
  if (!store) throw new Error("a screen stands outside LiveProvider");
  return store;
}

/** Whether the program answers. */
export function useLive(): { away: boolean } {
  const store = useStore();
  return { away: useSyncExternalStore(store.subscribe, () => store.away) };
}

/** How far an item is, as it moves. */
export function useMoving(handler: string, item: string): Moving | undefined {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => store.item(handler, item));
}
