import { getRouteApi } from "@tanstack/react-router";
import { Download, ListChecks } from "lucide-react";
import type { Outcome } from "../api/client";
import { useHandlers, useItem, useRuns } from "../api/queries";
import { Asking } from "../parts/asking";
import { Drop } from "../parts/drop";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { Menu } from "../parts/menu";
import { RunRow } from "../parts/run-row";
import { Search } from "../parts/search";
import { VirtualList } from "../parts/virtual";
import { outcomes, text } from "../text";

const route = getRouteApi("/results");

const FORMATS = ["csv", "jsonl"] as const;

/** Has the browser keep what is at an address as a file. */
function keep(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}

const OUTCOMES: Outcome[] = [
  "done",
  "gaps",
  "failed",
  "safety_stop",
  "needs_decision",
  "canceled",
  "interrupted",
  "waiting",
];

export function Results() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<typeof filter>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const runs = useRuns(filter);
  const handlers = useHandlers();
  const download = new URLSearchParams(
    Object.entries(filter).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
  return (
    <Screen
      title={text.rooms.results}
      actions={
        <Menu
          label={text.results.export}
          actions={FORMATS.map((format) => ({
            id: format,
            text: text.results.formats[format],
            run: () => keep(`/api/v1/export/runs?${download}&format=${format}`),
          }))}
        >
          <Download aria-hidden />
          {text.results.export}
        </Menu>
      }
    >
      <div className="row">
        <Search
          label={text.results.search}
          value={filter.search ?? ""}
          onChange={(search) => set({ search: search || undefined })}
        />
        <select
          aria-label={text.results.outcome}
          value={filter.outcome ?? ""}
          onChange={(event) => set({ outcome: (event.target.value || undefined) as Outcome | undefined })}
        >
          <option value="">{text.results.anyOutcome}</option>
          {OUTCOMES.map((outcome) => (
            <option key={outcome} value={outcome}>
              {outcomes[outcome]}
            </option>
          ))}
        </select>
        <select
          aria-label={text.results.handler}
          value={filter.handler ?? ""}
          onChange={(event) => set({ handler: event.target.value || undefined, item: undefined })}
        >
          <option value="">{text.results.anyHandler}</option>
          {handlers.data?.handlers.map((handler) => (
            <option key={handler.id} value={handler.id}>
              {handler.name}
            </option>
          ))}
        </select>
        {filter.handler && filter.item && (
          <OnlyItem handler={filter.handler} item={filter.item} drop={() => set({ item: undefined })} />
        )}
      </div>
      <Asking query={runs.query}>
        {() =>
          runs.rows.length === 0 ? (
            <Empty icon={ListChecks} title={text.results.none}>
              <p className="quiet">{text.results.noneTip}</p>
            </Empty>
          ) : (
            <div className="card flush">
              <VirtualList
                rows={runs.rows}
                keyOf={(run) => String(run.id)}
                height={62}
                label={text.rooms.results}
                onLook={runs.look}
              >
                {(run) => <RunRow of={run} />}
              </VirtualList>
            </div>
          )
        }
      </Asking>
    </Screen>
  );
}

function OnlyItem({ handler, item, drop }: { handler: string; item: string; drop: () => void }) {
  const found = useItem(handler, item);
  return <Drop of={text.results.onlyItem(found.data?.name ?? item)} drop={drop} />;
}
