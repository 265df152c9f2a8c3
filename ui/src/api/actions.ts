/** What a person can do from the page. Each says what it came to; what cannot be taken back asks first. */

import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Action as MenuAction } from "../parts/menu";
import { useSay } from "../parts/toasts";
import { text } from "../text";
import {
  api,
  asked,
  type Item,
  type KeyChange,
  type NewToken,
  Refused,
  type ResolveOrder,
  type Run,
  type ShownConflict,
} from "./client";
import { undoable } from "./queries";

/** What is kept of conflicts, with what belongs to that choice. */
export type Kept = Pick<ResolveOrder, "keep" | "name_a" | "name_b" | "content">;

type Which = Pick<Item, "handler" | "id" | "name">;

const HOUR = 3_600_000;

/** Tomorrow at midnight, in the reader's zone. */
function tomorrow(): string {
  const day = new Date();
  day.setHours(24, 0, 0, 0);
  return day.toISOString();
}

/** What went wrong, in the program's words, and what to do about it. */
function wordsOf(error: unknown): string {
  const fix = error instanceof Refused && error.fix ? ` ${error.fix}` : "";
  return `${error instanceof Error ? error.message : String(error)}${fix}`;
}

/** Those of the runs that can be taken back. One of which that is not known is not offered. */
async function takenBack(runs: readonly number[]): Promise<number[]> {
  const can = await Promise.all(runs.map((run) => undoable(run).catch(() => ({ undoable: false }))));
  return runs.filter((_, index) => can[index]?.undoable);
}

export function useControl() {
  const say = useSay();
  const queries = useQueryClient();
  return useMemo(() => {
    /** Does it, says how that went, and has the lists asked for again where no event will say so. */
    async function act<T>(call: () => Promise<T>, done: string, ...stale: string[]): Promise<T | undefined> {
      try {
        const answer = await call();
        say("good", done);
        for (const topic of stale) void queries.invalidateQueries({ queryKey: [topic] });
        return answer;
      } catch (error) {
        say("bad", wordsOf(error));
        return undefined;
      }
    }

    const pause = (which: Partial<Which>, until: string | undefined) =>
      act(
        () =>
          asked(
            api.POST("/api/v1/control/pause", {
              body: {
                ...(which.handler && which.id ? { handler: which.handler, item: which.id } : {}),
                ...(until ? { until } : {}),
              },
            }),
          ),
        text.done.paused(which.name),
        "items",
        "schedule",
      );
    const undo = (run: number) =>
      act(
        () => asked(api.POST("/api/v1/runs/{run}/undo", { params: { path: { run } } })),
        text.done.undoing(run),
        "runs",
      );

    const change = (changes: KeyChange[], done: string, digest?: string) =>
      act(
        () => asked(api.PATCH("/api/v1/settings", { body: { changes, ...(digest ? { digest } : {}) } })),
        done,
        "settings",
        "schedule",
      );

    return {
      /** Changes keys of the settings; tells whether that was done. */
      change: async (changes: KeyChange[], done: string = text.done.saved, digest?: string) =>
        (await change(changes, done, digest)) !== undefined,
      /** Replaces the text of the settings. */
      write: async (written: string, digest: string) =>
        (await act(
          () => asked(api.PUT("/api/v1/settings", { body: { text: written, digest } })),
          text.done.saved,
          "settings",
          "schedule",
        )) !== undefined,
      keepSecret: async (name: string, value: string) =>
        (await act(
          () => asked(api.PUT("/api/v1/secrets/{name}", { params: { path: { name } }, body: { value } })),
          text.done.saved,
          "secrets",
        )) !== undefined,
      forgetSecret: (name: string) =>
        act(
          () => asked(api.DELETE("/api/v1/secrets/{name}", { params: { path: { name } } })),
          text.done.saved,
          "secrets",
        ),
      newToken: (body: NewToken) => act(() => asked(api.POST("/api/v1/tokens", { body })), text.done.saved, "tokens"),
      revoke: (token: string) =>
        act(
          () => asked(api.DELETE("/api/v1/tokens/{token}", { params: { path: { token } } })),
          text.done.saved,
          "tokens",
        ),
      testChannel: (channel: string) =>
        act(
          () => asked(api.POST("/api/v1/channels/{channel}/test", { params: { path: { channel } } })),
          text.alerts.tested(channel),
          "alerts",
        ),
      remove: async (item: Which) =>
        (await act(
          () =>
            asked(
              api.DELETE("/api/v1/items/{handler}/{item}", {
                params: { path: { handler: item.handler, item: item.id } },
              }),
            ),
          text.settings.removed(item.name),
          "items",
          "settings",
        )) !== undefined,
      sync: (item: Which, options: Record<string, unknown> = {}) =>
        act(
          () =>
            asked(api.POST("/api/v1/control/start", { body: { handler: item.handler, items: [item.id], options } })),
          text.done.started(item.name),
          "items",
        ),
      syncAll: () => act(() => asked(api.POST("/api/v1/control/start-all")), text.done.startedAll, "items"),
      stop: (item: Which) =>
        act(
          () => asked(api.POST("/api/v1/control/stop", { body: { handler: item.handler, items: [item.id] } })),
          text.done.stopping(item.name),
        ),
      stopRun: (run: Run) =>
        act(
          () =>
            asked(
              api.POST("/api/v1/control/stop", {
                body: { handler: run.handler, items: run.items.map((item) => item.item) },
              }),
            ),
          text.done.stopping(text.run.title(run.id)),
        ),
      stopAll: () => act(() => asked(api.POST("/api/v1/control/stop", { body: {} })), text.done.stoppingAll),
      pause,
      resume: (which: Partial<Which>) =>
        act(
          () =>
            asked(
              api.POST("/api/v1/control/resume", {
                body: which.handler && which.id ? { handler: which.handler, item: which.id } : {},
              }),
            ),
          text.done.resumed(which.name),
          "items",
          "schedule",
        ),
      /** The ways to pause, for a menu. */
      pauses: (which: Partial<Which>): MenuAction[] => [
        {
          id: "pause-hour",
          text: text.menu.pauseHour,
          run: () => void pause(which, new Date(Date.now() + HOUR).toISOString()),
        },
        { id: "pause-day", text: text.menu.pauseDay, run: () => void pause(which, tomorrow()) },
        { id: "pause", text: text.menu.pauseOpen, run: () => void pause(which, undefined) },
      ],
      enable: (item: Which, enabled: boolean) =>
        act(
          () =>
            asked(
              api.PATCH("/api/v1/items/{handler}/{item}", {
                params: { path: { handler: item.handler, item: item.id } },
                body: { enabled },
              }),
            ),
          text.done.enabled(item.name, enabled),
          "items",
        ),
      switchHandler: (handler: { id: string; name: string }, change: { active?: boolean; enabled?: boolean }) =>
        act(
          () =>
            asked(api.PATCH("/api/v1/handlers/{handler}", { params: { path: { handler: handler.id } }, body: change })),
          text.done.switched(handler.name),
          "handlers",
          "items",
        ),
      /** Tries a handler; what came of it stands beside it. */
      testHandler: (handler: string) =>
        asked(api.POST("/api/v1/handlers/{handler}/test", { params: { path: { handler } } })).catch(
          (error: unknown): undefined => say("bad", wordsOf(error)) as undefined,
        ),
      undo,
      /** Settles conflicts as they were shown; says how many came to what, and offers to take it back. */
      settle: async (kept: Kept, conflicts: ShownConflict[] | undefined, all?: ResolveOrder["all"]) => {
        try {
          const body = { ...kept, ...(conflicts ? { conflicts } : {}), ...(all ? { all } : {}) };
          const resolved = await asked(api.POST("/api/v1/conflicts/resolve", { body }));
          const whole = resolved.settled > 0 && resolved.failed + resolved.changed + resolved.left === 0;
          const back = resolved.settled > 0 ? await takenBack(resolved.runs) : [];
          say(
            whole ? "good" : "warn",
            text.done.settled(resolved),
            back.length === 0 ? undefined : () => back.forEach((run) => void undo(run)),
          );
          for (const topic of ["conflicts", "items", "runs"]) void queries.invalidateQueries({ queryKey: [topic] });
          return resolved;
        } catch (error) {
          say("bad", wordsOf(error));
          return undefined;
        }
      },
    };
  }, [say, queries]);
}
