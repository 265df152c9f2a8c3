import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { Action, Preview as PreviewRecord, Verb } from "../api/client";
import { useItem, usePreview, usePreviewRows } from "../api/queries";
import { CHANGES, plain } from "../counts";
import { count, size } from "../format";
import { Asking } from "../parts/asking";
import { Screen } from "../parts/frame";
import { OutcomeWord } from "../parts/headline";
import { Name } from "../parts/name";
import { Notice } from "../parts/notice";
import { VirtualList } from "../parts/virtual";
import { text, verbs } from "../text";

const route = getRouteApi("/preview/$handler/$item");

/** What a run would do, before it does anything: deletions first, and always open. */
export function Preview() {
  const { handler, item: id } = route.useParams();
  const item = useItem(handler, id);
  const preview = usePreview(handler, id);
  const name = item.data?.name ?? id;
  return (
    <Screen
      title={text.preview.title(name)}
      heading={<Name of={text.preview.title(name)} />}
      actions={
        <button type="button" disabled={preview.isFetching} onClick={() => void preview.refetch()}>
          <RefreshCw aria-hidden />
          {text.preview.again}
        </button>
      }
    >
      {preview.isFetching ? (
        <p role="status">{text.preview.looking}</p>
      ) : (
        <Asking query={preview}>{(preview) => <Plan of={preview} handler={handler} item={id} name={name} />}</Asking>
      )}
    </Screen>
  );
}

const SIDES = [0, 1] as const;
const VERBS: Verb[] = ["delete", "replace", "move", "keep-both", "update", "create", "metadata"];
/** What takes something away is never folded. */
const ALWAYS_OPEN: Verb[] = ["delete", "replace"];

interface PlanProps {
  of: PreviewRecord;
  handler: string;
  item: string;
  name: string;
}

function Plan({ of, handler, item, name }: PlanProps) {
  const control = useControl();
  const navigate = useNavigate();
  const [agreed, setAgreed] = useState(false);
  const guarded = of.stops.length > 0 || of.needs_consent;
  const counts = plain(of.counts);
  const run = async () => {
    const options = {
      ...(of.plan ? { plan: of.plan } : {}),
      ...(of.stops.length > 0 ? { approve: true } : {}),
      ...(of.needs_consent ? { yes: true } : {}),
    };
    if (await control.sync({ handler, id: item, name }, options)) {
      void navigate({ to: "/items/$handler/$item", params: { handler, item } });
    }
  };
  return (
    <>
      <div className="counts">
        {CHANGES.flatMap((change) =>
          SIDES.filter((side) => counts.sides[side][change] > 0).map((side) => (
            <div key={`${change} ${side}`} className={change === "deleted" ? "count tone-bad" : "count"}>
              <b>{count(counts.sides[side][change])}</b>
              <span className="small">
                {text.run.counted[change]}
                {of.sides?.[side] && (
                  <>
                    {" "}
                    {text.preview.on} <Name of={of.sides[side]} />
                  </>
                )}
              </span>
            </div>
          )),
        )}
        {counts.bytes > 0 && (
          <div className="count">
            <b>{size(counts.bytes)}</b>
            <span className="small">{text.preview.toTransfer}</span>
          </div>
        )}
        {of.conflicts > 0 && (
          <div className="count tone-warn">
            <b>{count(of.conflicts)}</b>
            <span className="small">{text.run.counted.conflicts}</span>
          </div>
        )}
      </div>
      {of.actions === 0 && of.conflicts === 0 && <Notice tone="good" title={text.preview.nothing} />}
      {of.stops.map((stop) => (
        <Notice key={stop} tone="bad" title={<Name of={stop} />} />
      ))}
      {of.warnings.map((warning) => (
        <Notice key={warning} tone="warn" title={<Name of={warning} />} />
      ))}
      <p>
        {text.preview.expected} <OutcomeWord of={of.expected} />
      </p>
      {VERBS.map((verb) => (
        <Group key={verb} of={of} verb={verb} />
      ))}
      <Remarks of={of} />
      {of.actions > 0 && (
        <section className="card stack">
          {guarded && (
            <label className="choice">
              <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
              <span>{of.stops.length > 0 ? text.preview.approve : text.preview.consent}</span>
            </label>
          )}
          <div className="row">
            <button type="button" className="main" disabled={guarded && !agreed} onClick={() => void run()}>
              {of.plan ? text.preview.runExactly : text.preview.run}
            </button>
            <span className="small quiet">{of.plan ? text.preview.exactly : text.preview.notHeld}</span>
          </div>
        </section>
      )}
    </>
  );
}

/** All actions of one kind. */
function Group({ of, verb }: { of: PreviewRecord; verb: Verb }) {
  const rows = usePreviewRows(of.id, verb);
  if (rows.rows.length === 0) return null;
  const list = (
    <div className="card flush">
      <VirtualList
        rows={rows.rows}
        keyOf={(action) => `${action.side} ${action.path} ${action.path_base64 ?? ""}`}
        height={46}
        label={verbs[verb]}
        onEnd={rows.more}
      >
        {(action) => <Row of={action} sides={of.sides} />}
      </VirtualList>
    </div>
  );
  if (ALWAYS_OPEN.includes(verb)) {
    return (
      <section className="stack tight" aria-label={verbs[verb]}>
        <h2 className="tone-bad">{verbs[verb]}</h2>
        {list}
      </section>
    );
  }
  return (
    <details className="stack tight">
      <summary>
        <h2 className="inline">{verbs[verb]}</h2>
      </summary>
      {list}
    </details>
  );
}

function Row({ of, sides }: { of: Action; sides: string[] | null | undefined }) {
  const side = sides?.[of.side === "a" ? 0 : 1];
  return (
    <div className="row">
      <span className="grow">
        {of.from && (
          <>
            <Name of={of.from.path} /> →{" "}
          </>
        )}
        <Name of={of.path} />
        {of.entries > 1 && <span className="quiet"> · {text.entries(of.entries)}</span>}
        {of.size > 0 && <span className="quiet"> · {size(of.size)}</span>}
      </span>
      {side && (
        <span className="small">
          {text.preview.on} <Name of={side} />
        </span>
      )}
      <span className="small quiet">
        <Name of={of.why} />
      </span>
    </div>
  );
}

/** What no action comes from: conflicts, and things to know. */
function Remarks({ of }: { of: PreviewRecord }) {
  const rows = usePreviewRows(of.id, undefined, of.actions);
  if (of.conflicts + of.notes === 0) return null;
  return (
    <>
      {rows.conflicts.length > 0 && (
        <section className="stack tight" aria-label={text.rooms.conflicts}>
          <h2>{text.preview.conflicts}</h2>
          <ul className="card flush list">
            {rows.conflicts.map((conflict) => (
              <li key={conflict.id}>
                <Name of={conflict.path} /> <span className="quiet small">{conflict.description}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {rows.notes.length > 0 && (
        <section className="stack tight" aria-label={text.preview.notes}>
          <h2>{text.preview.notes}</h2>
          <ul className="card flush list">
            {rows.notes.map((note) => (
              <li key={`${note.path} ${note.text}`}>
                <Name of={note.path} />{" "}
                <span className={note.is_error ? "tone-bad small" : "quiet small"}>
                  <Name of={note.text} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
