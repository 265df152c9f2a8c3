/** What the screens ask for. A key begins with the thing it is about, so that the event stream can say what is stale. */

import { keepPreviousData, type UseQueryResult, useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { Values } from "../draft";
import type { Rows } from "../parts/virtual";
import {
  type Action,
  api,
  asked,
  type Conflict,
  type ConflictsPage,
  type ConflictVersion,
  type Event,
  type EventsPage,
  type Handler,
  type Item,
  type ItemsPage,
  type Keep,
  type LogLine,
  type Note,
  type operations,
  type PathText,
  type ResolveOrder,
  type Run,
  type RunLog,
  type RunsPage,
  type Verb,
} from "./client";

type Query<Operation extends keyof operations> = operations[Operation] extends { parameters: { query?: infer Q } }
  ? NonNullable<Q>
  : never;

export type ItemQuery = Query<"items">;
export type RunQuery = Query<"runs">;
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

/** A list of known length, of which only the pages that are looked at are there: far down it costs what it does at the top. */
export interface Paged<Row, Page> {
  rows: Rows<Row>;
  first: Page | undefined;
  query: UseQueryResult<unknown>;
  /** Says which places are seen. */
  look: (from: number, until: number) => void;
}

interface PageSource<Row, Page> {
  key: readonly unknown[];
  fetch: (offset: number, limit: number, signal: AbortSignal) => Promise<Page>;
  rows: (page: Page) => Row[];
}

/** The rows of a page of the page: small enough to be read between two frames. */
const PART = 100;
/** How long a part that nobody looks at is kept, in milliseconds: whoever scrolls through everything does not keep everything. */
const KEPT = 30_000;

function usePages<Row, Page extends { total: number }>(source: PageSource<Row, Page>): Paged<Row, Page> {
  const part = (at: number) => ({
    queryKey: [...source.key, at],
    queryFn: ({ signal }: { signal: AbortSignal }) => source.fetch(at * PART, PART, signal),
    gcTime: KEPT,
  });
  const [seen, setSeen] = useState<readonly [number, number]>([0, 0]);
  const query = useQuery({ ...part(0), placeholderData: keepPreviousData });
  const length = query.data?.total ?? 0;
  const begin = Math.max(1, seen[0]);
  const end = Math.min(seen[1], Math.ceil(length / PART) - 1);
  const further = useQueries({
    queries: Array.from({ length: Math.max(0, end - begin + 1) }, (_, index) => part(begin + index)),
  });
  const look = useCallback((from: number, until: number) => {
    const next = [Math.floor(from / PART), Math.floor(until / PART)] as const;
    setSeen((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  }, []);
  const pageAt = (at: number) => (at === 0 ? query.data : further[at - begin]?.data);
  const at = (index: number): Row | undefined => {
    const page = pageAt(Math.floor(index / PART));
    return page && source.rows(page)[index % PART];
  };
  return { rows: { length, at }, first: query.data, query: query as UseQueryResult<unknown>, look };
}

export const useItems = (filter: ItemQuery): Paged<Item, ItemsPage> =>
  usePages({
    key: ["items", filter],
    fetch: (offset, limit, signal) =>
      asked(api.GET("/api/v1/items", { params: { query: { ...filter, limit, offset } }, signal })),
    rows: (page) => page.items,
  });

/** The first items of a list; enough to choose from, or to be told of. */
export const useFirstItems = (filter: ItemQuery, limit: number) =>
  useQuery({
    queryKey: ["items", "first", filter, limit],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/items", { params: { query: { ...filter, limit } }, signal })),
  });

/** Whether an item that was just added to the settings is there: it is looked for until it is. */
export const useComing = (handler: string, item: string) =>
  useQuery({
    queryKey: ["items", "coming", handler, item],
    queryFn: async ({ signal }) => {
      const query = { handler, search: item, limit: 1000 };
      const found = await asked(api.GET("/api/v1/items", { params: { query }, signal }));
      if (!found.items.some(({ id }) => id === item)) throw new Error(item);
      return true;
    },
    retry: true,
    retryDelay: 300,
    gcTime: 0,
  });

export const useItem = (handler: string, item: string, enabled = true) =>
  useQuery({
    enabled,
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

/** Handlers by their identifier; none while they are asked for. */
export const useHandler = (id: string): Handler | undefined => {
  const handlers = useHandlers().data?.handlers;
  return useMemo(() => handlers?.find((handler) => handler.id === id), [handlers, id]);
};

export const useHandlers = () =>
  useQuery({
    queryKey: ["handlers"],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/handlers", { signal })),
  });

export const useRuns = (filter: RunQuery): Paged<Run, RunsPage> =>
  usePages({
    key: ["runs", filter],
    fetch: (offset, limit, signal) =>
      asked(api.GET("/api/v1/runs", { params: { query: { ...filter, limit, offset } }, signal })),
    rows: (page) => page.runs,
  });

/** The last runs of an item. */
export const useLastRuns = (handler: string, item: string, limit: number) =>
  useQuery({
    queryKey: ["runs", "last", handler, item, limit],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/runs", { params: { query: { handler, item, limit } }, signal })),
  });

export const useRun = (run: number) =>
  useQuery({
    queryKey: ["runs", run],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/runs/{run}", { params: { path: { run } }, signal })),
  });

/** Whether a run can be taken back. */
export const useUndoable = (run: number) =>
  useQuery({ queryKey: ["runs", run, "undoable"], queryFn: ({ signal }) => undoable(run, signal) });

export const undoable = (run: number, signal?: AbortSignal) =>
  asked(api.GET("/api/v1/runs/{run}/undo", { params: { path: { run } }, ...(signal ? { signal } : {}) }));

/** What a run told, by reason: what went wrong in it, or all about one item of it. Nothing is asked without a run. */
export const useRunEvents = (run: number | undefined, item?: string) =>
  useQuery({
    queryKey: ["runs", run, "events", item],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/runs/{run}/events", {
          params: { path: { run: run ?? 0 }, query: item === undefined ? {} : { item, level: "information" } },
          signal,
        }),
      ),
    enabled: run !== undefined,
  });

/** The lines of a run as they were told; what is there stays as it is, and more comes at the end. */
export function useEvents(run: number, search: string): Growing<Event, EventsPage> {
  const query = useInfiniteQuery({
    queryKey: ["events", run, search],
    queryFn: ({ pageParam, signal }) => eventsAfter(run, search, pageParam, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const pages = query.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.events) ?? [], [pages]);
  return {
    rows,
    first: pages?.[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

/** A page of the lines of a run. */
export const eventsAfter = (run: number, search: string, after: number | undefined, signal?: AbortSignal) =>
  asked(
    api.GET("/api/v1/events", {
      params: {
        query: {
          run,
          order: "oldest",
          limit: PAGE,
          ...(search ? { search } : {}),
          ...(after === undefined ? {} : { after }),
        },
      },
      ...(signal ? { signal } : {}),
    }),
  );

export const useConflicts = (filter: ConflictQuery): Paged<Conflict, ConflictsPage> =>
  usePages({
    key: ["conflicts", filter],
    fetch: (offset, limit, signal) =>
      asked(api.GET("/api/v1/conflicts", { params: { query: { ...filter, limit, offset } }, signal })),
    rows: (page) => page.conflicts,
  });

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

/** What can be done about a conflict as it was shown, and more about its versions. */
export const useChoices = (of: Conflict | undefined) =>
  useQuery({
    queryKey: ["conflicts", of?.handler, of?.item, of?.id, "choices", of?.seen],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/conflicts/{handler}/{item}/{conflict}/choices", {
          params: { path: { handler: of?.handler ?? "", item: of?.item ?? "", conflict: of?.id ?? "" } },
          signal,
        }),
      ),
    enabled: of !== undefined,
    retry: false,
  });

/** What a choice for many conflicts would come to. */
export const useOutlook = (keep: Keep, all: NonNullable<ResolveOrder["all"]>) =>
  useQuery({
    queryKey: ["conflicts", "outlook", keep, all],
    queryFn: ({ signal }) =>
      asked(api.POST("/api/v1/conflicts/resolve", { body: { keep, all, dry_run: true }, signal })),
    gcTime: 0,
    retry: false,
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
      const { handler, item, id } = conflict;
      const answer = await api.GET("/api/v1/conflicts/{handler}/{item}/{conflict}/versions/{version}", {
        params: { path: { handler, item, conflict: id, version: String(version) } },
        parseAs: "arrayBuffer",
        signal,
      });
      if (!answer.response.ok) return {};
      // Of an empty file nothing comes.
      const bytes = answer.data ?? new ArrayBuffer(0);
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

/** What runs by itself between two moments, as far as time decides. */
export const useCalendar = (from: number, until: number) =>
  useQuery({
    queryKey: ["schedule", "calendar", from, until],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/calendar", {
          params: {
            query: {
              // What is over is in the results.
              from: new Date(Math.max(from, Date.now())).toISOString(),
              until: new Date(until).toISOString(),
              times: 1000,
              limit: 1000,
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** What the command of a run wrote, page by page. */
export function useLog(run: number, search: string): Growing<LogLine, RunLog> {
  const query = useInfiniteQuery({
    queryKey: ["log", run, search],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/runs/{run}/log", {
          params: { path: { run }, query: { from: pageParam, limit: PAGE, ...(search ? { search } : {}) } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const pages = query.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.lines) ?? [], [pages]);
  return {
    rows,
    first: pages?.[0],
    query: query as UseQueryResult<unknown>,
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}

export const useChannels = () =>
  useQuery({
    queryKey: ["alerts", "channels"],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/channels", { signal })),
    refetchInterval: 15_000,
  });

export const useCommand = (handler: string, item: string) =>
  useQuery({
    queryKey: ["items", handler, item, "command"],
    queryFn: ({ signal }) =>
      asked(api.GET("/api/v1/items/{handler}/{item}/command", { params: { path: { handler, item } }, signal })),
  });

export type Choice = { skip: PathText } | { flip: PathText; wins: "a" | "b" };

const exact = ({ path, path_base64 }: PathText) => (path_base64 ? { path_base64 } : path);

/** What a person decided about single changes, as options of a run. */
export const choiceOptions = (choices: readonly Choice[]): Record<string, unknown> => {
  const skip = choices.flatMap((choice) => ("skip" in choice ? [exact(choice.skip)] : []));
  const flip = choices.flatMap((choice) => ("flip" in choice ? [{ path: exact(choice.flip), wins: choice.wins }] : []));
  return { ...(skip.length > 0 ? { skip } : {}), ...(flip.length > 0 ? { flip } : {}) };
};

/** Looks at what a run would do. Never asked again by itself: looking may take long, and what was shown is what is run. */
export const usePreview = (handler: string, item: string, choices: readonly Choice[], enabled = true) =>
  useQuery({
    queryKey: ["preview", handler, item, choices],
    queryFn: ({ signal }) =>
      asked(
        api.POST("/api/v1/items/{handler}/{item}/preview", {
          params: { path: { handler, item } },
          body: choices.length > 0 ? { options: choiceOptions(choices) } : {},
          signal,
        }),
      ),
    gcTime: 0,
    retry: false,
    enabled,
    placeholderData: keepPreviousData,
  });

/** Looks whether an item is as its last run left it. Like a preview it may take long, and is never asked again by itself. */
export const useVerification = (handler: string, item: string, byContent: boolean) =>
  useQuery({
    queryKey: ["verification", handler, item, byContent],
    queryFn: ({ signal }) =>
      asked(
        api.POST("/api/v1/items/{handler}/{item}/verify", {
          params: { path: { handler, item } },
          body: byContent ? { options: { checksum: true } } : {},
          signal,
        }),
      ),
    gcTime: 0,
    retry: false,
  });

/** The folders in a folder; those of the person if none is said. */
export const useFolders = (at: PathText | undefined) =>
  useQuery({
    queryKey: ["folders", at?.path_base64 ?? at?.path ?? ""],
    queryFn: ({ signal }) =>
      asked(
        api.GET("/api/v1/folders", {
          params: { query: at ? { path: at.path, ...(at.path_base64 ? { path_base64: at.path_base64 } : {}) } : {} },
          signal,
        }),
      ),
    // Folders come and go unseen.
    staleTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
  });

export type { SettingsText as Settings } from "./client";

export const useSettings = () =>
  useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => asked(api.GET("/api/v1/settings", { signal })) });

/** What the settings say of a pair of folders; nothing of an item of another handler. */
export const usePair = (handler: string, item: string): Values | undefined => {
  const items = useSettings().data?.values?.items as Record<string, Values> | undefined;
  return handler === "folders" ? items?.[item] : undefined;
};

/** What other tools synchronize on this machine; looking takes a moment, and is not repeated by itself. */
export const useDetected = () =>
  useQuery({ queryKey: ["detected"], queryFn: ({ signal }) => asked(api.GET("/api/v1/detected", { signal })) });

export const useSecrets = () =>
  useQuery({ queryKey: ["secrets"], queryFn: ({ signal }) => asked(api.GET("/api/v1/secrets", { signal })) });

export const useTokens = () =>
  useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => asked(api.GET("/api/v1/tokens", { signal })) });

export const useAlerts = () =>
  useQuery({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => asked(api.GET("/api/v1/alerts", { signal })),
    // Nothing says when a channel gave up.
    refetchInterval: 15_000,
  });

/** What is wrong with a text that might become the settings. */
export const useMistakes = (text: string, enabled: boolean) =>
  useQuery({
    queryKey: ["settings", "check", text],
    queryFn: ({ signal }) => asked(api.POST("/api/v1/settings/check", { body: { text }, signal })),
    enabled,
    gcTime: 0,
    placeholderData: keepPreviousData,
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
  const pages = query.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page): Action[] => page.actions) ?? [], [pages]);
  return {
    rows,
    conflicts: pages?.flatMap((page): Conflict[] => page.conflicts) ?? [],
    notes: pages?.flatMap((page): Note[] => page.notes) ?? [],
    more: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
  };
}
