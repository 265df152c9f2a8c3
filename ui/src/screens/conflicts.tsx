import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleCheck, GitCompareArrows } from "lucide-react";
import { useState } from "react";
import type { Conflict } from "../api/client";
import { useConflicts, useItem } from "../api/queries";
import { Asking } from "../parts/asking";
import { Drop } from "../parts/drop";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { Search } from "../parts/search";
import { SettleMany } from "../parts/settle-many";
import { VirtualList } from "../parts/virtual";
import { conflictKinds, text } from "../text";

const route = getRouteApi("/conflicts");

/** Everything that waits for a decision. */
export function Conflicts() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const [settling, setSettling] = useState(false);
  const conflicts = useConflicts(filter);
  const total = conflicts.first?.total ?? 0;
  const set = (change: Partial<typeof filter>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <Screen
      title={text.rooms.conflicts}
      actions={
        total > 1 &&
        !filter.search && (
          <button type="button" className="main" onClick={() => setSettling(true)}>
            <GitCompareArrows aria-hidden />
            {text.conflicts.settleMany(total)}
          </button>
        )
      }
    >
      <div className="row">
        <Search
          label={text.conflicts.search}
          value={filter.search ?? ""}
          onChange={(search) => set({ search: search || undefined })}
        />
        <select
          aria-label={text.conflicts.kind}
          value={filter.kind ?? ""}
          onChange={(event) => set({ kind: (event.target.value || undefined) as Conflict["kind"] | undefined })}
        >
          <option value="">{text.conflicts.anyKind}</option>
          {Object.entries(conflictKinds).map(([kind, words]) => (
            <option key={kind} value={kind}>
              {words}
            </option>
          ))}
        </select>
        <Search
          label={text.conflicts.folder}
          value={filter.folder ?? ""}
          onChange={(folder) => set({ folder: folder || undefined })}
        />
        {filter.handler && filter.item && (
          <OnlyItem
            handler={filter.handler}
            item={filter.item}
            drop={() => set({ handler: undefined, item: undefined })}
          />
        )}
      </div>
      <Asking query={conflicts.query}>
        {() =>
          conflicts.rows.length === 0 ? (
            <Empty icon={CircleCheck} title={text.conflicts.none}>
              <p className="quiet">{text.conflicts.noneTip}</p>
            </Empty>
          ) : (
            <div className="card flush">
              <VirtualList
                rows={conflicts.rows}
                keyOf={(conflict) => `${conflict.handler} ${conflict.item} ${conflict.id}`}
                height={66}
                label={text.rooms.conflicts}
                onLook={conflicts.look}
              >
                {(conflict) => <Row of={conflict} />}
              </VirtualList>
            </div>
          )
        }
      </Asking>
      {settling && (
        <SettleMany
          filter={filter}
          total={total}
          sides={filter.item ? conflicts.rows.at(0)?.versions.map((version) => version.side) : undefined}
          onClose={() => setSettling(false)}
        />
      )}
    </Screen>
  );
}

function OnlyItem({ handler, item, drop }: { handler: string; item: string; drop: () => void }) {
  const found = useItem(handler, item);
  return <Drop of={found.data?.name ?? item} drop={drop} />;
}

function Row({ of }: { of: Conflict }) {
  const now = useNow();
  return (
    <Link
      className="run-row conflict-row"
      to="/conflicts/$handler/$item/$conflict"
      params={{ handler: of.handler, item: of.item, conflict: of.id }}
    >
      <span className="who">
        <Name of={of.path.slice(of.path.lastIndexOf("/") + 1)} oneLine />
        <span className="small quiet one-line">
          <Name of={of.item_name} />
          {of.path.includes("/") && (
            <>
              {" · "}
              <Name of={of.path.slice(0, of.path.lastIndexOf("/"))} />
            </>
          )}
        </span>
      </span>
      <span className="tone-warn">{conflictKinds[of.kind] ?? of.kind}</span>
      <span className="small quiet">
        {of.newest === null || of.newest === undefined ? "" : text.conflicts.newest(of.versions[of.newest]?.side ?? "")}
      </span>
      <span className="small quiet">{text.when(of.detected, now)}</span>
    </Link>
  );
}
