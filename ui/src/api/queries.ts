/** What the screens ask for. A key begins with the thing it is about, so that the event stream can say what is stale. */

import { keepPreviousData, type UseQueryResult, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import {
  type Action,
  api,
  asked,
  type Conflict,
  type ConflictVersion,
  type Event,
  type Item,
  type ItemsPage,
  type Note,
  type operations,
  type Run,
  type Verb,
} from "./client";

type Query<Operation extends keyof operations> = operations[Operation] extends { parameters: { query?: infer Q } }
  ? NonNullable<Q>
  : never;

export type ItemQuery = Query<"items">;
export type RunQuery = Query<"runs">;
export type EventQuery = Query<"events">;
export type ConflictQuery = Query<"conflicts">;

/** How many runs an item's strip shows. */
export const STRIP = 14;
const PAGE = 200;

/** A list that grows as it is scrolled through. */
export interface Growing<Row, Page> {
  rows: Row[];
  first: Page | undefined;
  query: UseQueryResult<unknown>;
  more: () => void;
}

export function useItems(filter: ItemQuery): Growing<Item, ItemsPage> {
  const query = useInfiniteQuery({
    queryKey: ["items", filter],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/items", {
          params: { query: { ...filter, history: STRIP, limit: PAGE, offset: pageParam } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.items) ?? [],
    first: query.data?.pages[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

export const useItem = (handler: string, item: string) =>
  useQuery({
    queryKey: ["items", handler, item],
    queryFn: ({ signal }) =>
      asked(api.GET("/api/v1/items/{handler}/{item}", { params: { path: { handler, item } }, signal })),
  });

/** How many items stand how, and how many conflicts are open: for the badges. */
export const useCounts = () =>
  useQuery({
    queryKey: ["items", "counts"],
    queryFn: async ({ signal }) => {
      const [items, conflicts] = await Promise.all([
        asked(api.GET("/api/v1/items", { params: { query: { limit: 1 } }, signal })),
        asked(api.GET("/api/v1/conflicts", { params: { query: { limit: 1 } }, signal })),
      ]);
      return { ...items.counts, open_conflicts: conflicts.total };
    },
  });

export const useVersion = () =>
  useQuery({
    queryKey: ["version"],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/version", { signal })),
  });

export const useHandlers = () =>
  useQuery({
    queryKey: ["handlers"],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/handlers", { signal })),
  });

export function useRuns(filter: RunQuery): Growing<Run, unknown> {
  const query = useInfiniteQuery({
    queryKey: ["runs", filter],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/runs", {
          params: { query: { ...filter, limit: PAGE, ...(pageParam === undefined ? {} : { before: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.runs) ?? [],
    first: query.data?.pages[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

export const useRun = (run: number) =>
  useQuery({
    queryKey: ["runs", run],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/runs/{run}", { params: { path: { run } }, signal })),
  });

/** What went wrong in a run, by reason; nothing is asked without a run. */
export const useRunEvents = (run: number | undefined) =>
  useQuery({
    queryKey: ["runs", run, "events"],
    queryFn: ({ signal }) =>
      asked(api.GET("/api/v1/runs/{run}/events", { params: { path: { run: run ?? 0 } }, signal })),
    enabled: run !== undefined,
  });

export function useEvents(filter: EventQuery): Growing<Event, unknown> {
  const query = useInfiniteQuery({
    queryKey: ["events", filter],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/events", {
          params: { query: { ...filter, limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.events) ?? [],
    first: query.data?.pages[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

export function useConflicts(filter: ConflictQuery): Growing<Conflict, { total: number }> {
  const query = useInfiniteQuery({
    queryKey: ["conflicts", filter],
    queryFn: ({ pageParam, signal }) =>
      asked(api.GET("/api/v1/conflicts", { params: { query: { ...filter, limit: PAGE, offset: pageParam } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.conflicts) ?? [],
    first: query.data?.pages[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

export const useConflict = (handler: string, item: string, conflict: string) =>
  useQuery({
    queryKey: ["conflicts", handler, item, conflict],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/conflicts/{handler}/{item}/{conflict}", {
          params: { path: { handler, item, conflict } },
          signal,
        }),
      ),
  });

/** The content of a version as far as the page can show it. */
export interface Content {
  text?: string;
  /** An address of the picture. */
  image?: string;
}

/** Larger versions are not fetched to be looked at; in bytes. */
const SHOWN = 512 * 1024;
const PICTURES = /\.(png|jpe?g|gif|webp|avif|bmp)$/i;

const canShow = (version: ConflictVersion | undefined): boolean =>
  version?.kind === "file" && version.state === "changed" && (version.size ?? 0) <= SHOWN;

/** What a version of a conflict holds: text, a picture, or nothing that can be shown. */
export const useVersionContent = (conflict: Conflict, version: number) =>
  useQuery({
    queryKey: ["conflicts", conflict.handler, conflict.item, conflict.id, "version", version, conflict.seen],
    queryFn: async ({ signal }): Promise<Content> => {
      const path = [conflict.handler, conflict.item, conflict.id].map(encodeURIComponent).join("/");
      const url = `/api/v1/conflicts/${path}/versions/${version}`;
      const answer = await fetch(url, { signal, credentials: "same-origin", headers: { "X-Instep": "1" } });
      if (!answer.ok) return {};
      const bytes = await answer.arrayBuffer();
      if (PICTURES.test(conflict.path)) return { image: URL.createObjectURL(new Blob([bytes])) };
      try {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        return text.includes("\0") ? {} : { text };
      } catch {
        return {};
      }
    },
    enabled: canShow(conflict.versions[version]),
  });

export const useSchedule = (handler: string, item: string) =>
  useQuery({
    queryKey: ["schedule", handler, item],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/items/{handler}/{item}/schedule", {
          params: { path: { handler, item }, query: { count: 5 } },
          signal,
        }),
      ),
  });

export const useCommand = (handler: string, item: string) =>
  useQuery({
    queryKey: ["items", handler, item, "command"],
    queryFn: ({ signal }) =>
      asked(api.GET("/api/v1/items/{handler}/{item}/command", { params: { path: { handler, item } }, signal })),
  });

/** Looks at what a run would do. Never asked again by itself: looking may take long, and what was shown is what is run. */
export const usePreview = (handler: string, item: string) =>
  useQuery({
    queryKey: ["preview", handler, item],
    queryFn: ({ signal }) =>
      asked(
        api.POST("/api/v1/items/{handler}/{item}/preview", {
          params: { path: { handler, item } },
          body: {},
          signal,
        }),
      ),
    gcTime: 0,
    retry: false,
  });

/** The actions of a preview that do one thing; without one, what stands after `offset`: conflicts and notes. */
export function usePreviewRows(preview: number, verb: Verb | undefined, offset = 0) {
  const query = useInfiniteQuery({
    queryKey: ["preview", preview, "rows", verb ?? "remarks"],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/previews/{preview}", {
          params: { path: { preview }, query: { ...(verb ? { verb } : {}), offset: pageParam, limit: 500 } },
          signal,
        }),
      ),
    initialPageParam: offset,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const pages = query.data?.pages ?? [];
  return {
    rows: pages.flatMap((page): Action[] => page.actions),
    conflicts: pages.flatMap((page): Conflict[] => page.conflicts),
    notes: pages.flatMap((page): Note[] => page.notes),
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}
