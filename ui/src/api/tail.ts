/** What a run has told since its lines were asked for: put at their end, wherever somebody has read that far. */

import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { EventsPage } from "./client";
import { eventsAfter } from "./queries";

type Pages = InfiniteData<EventsPage, number | undefined>;

export async function readOn(queries: QueryClient, run: number): Promise<void> {
  const lists = queries.getQueryCache().findAll({ queryKey: ["events", run], type: "active" });
  for (const { queryKey } of lists) {
    const read = queries.getQueryData<Pages>(queryKey);
    if (!read || read.pages.at(-1)?.next != null) continue;
    // The last page was not full: it is the only one that can be another now.
    const page = await eventsAfter(run, String(queryKey[2] ?? ""), read.pageParams.at(-1)).catch(() => undefined);
    queries.setQueryData<Pages>(queryKey, (now) =>
      page && now?.pages.length === read.pages.length ? { ...now, pages: [...now.pages.slice(0, -1), page] } : now,
    );
  }
}
