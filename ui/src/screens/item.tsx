import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleStop, Eye, FolderSync } from "lucide-react";
import { useControl } from "../api/actions";
import type { Item as ItemRecord, Phase } from "../api/client";
import { useCommand, useItem, useRunEvents, useRuns } from "../api/queries";
import { time } from "../format";
import { useMoving } from "../live/live";
import { Asking } from "../parts/asking";
import { Attention } from "../parts/attention";
import { CopyButton } from "../parts/copy";
import { Screen } from "../parts/frame";
import { Headline } from "../parts/headline";
import { ItemMenu } from "../parts/item-menu";
import { ItemSettings } from "../parts/item-settings";
import { Elsewhere, Moving } from "../parts/moving";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { Reason } from "../parts/reason";
import { RunRow } from "../parts/run-row";
import { phases, text } from "../text";

const route = getRouteApi("/items/$handler/$item");

/** One item: now, what needs a person, facts, history. */
export function Item() {
  const { handler, item: id } = route.useParams();
  const item = useItem(handler, id);
  const control = useControl();
  return (
    <Asking query={item}>
      {(item) => (
        <Screen
          title={item.name}
          heading={<Name of={item.name} />}
          actions={
            <>
              <button type="button" className="main" disabled={!!item.working} onClick={() => void control.sync(item)}>
                <FolderSync aria-hidden />
                {text.item.sync}
              </button>
              <Link to="/preview/$handler/$item" params={{ handler, item: id }} className="button">
                <Eye aria-hidden />
                {text.item.preview}
              </Link>
              <ItemMenu of={item} />
            </>
          }
        >
          {item.comment && (
            <p className="quiet">
              <Name of={item.comment} />
            </p>
          )}
          {item.attention && <Attention of={item} />}
          <Now item={item} />
          <Facts item={item} />
          <Skipped item={item} />
          <History item={item} />
          <ItemSettings of={item} />
        </Screen>
      )}
    </Asking>
  );
}

/** What is going on with it: how far, with what, since when. */
function Now({ item }: { item: ItemRecord }) {
  const now = useNow();
  const control = useControl();
  const moving = useMoving(item.handler, item.id) ?? item.working;
  if (!moving && !item.running_elsewhere) return null;
  return (
    <section className="card stack" aria-label={text.item.now}>
      <div className="row apart">
        <h2>{text.item.now}</h2>
        {moving && (
          <button
            type="button"
            className="danger"
            disabled={moving.cancel !== "none"}
            onClick={() => void control.stop(item)}
          >
            <CircleStop aria-hidden />
            {text.menu.stop}
          </button>
        )}
      </div>
      {moving ? (
        <>
          {moving.phase && <Phases at={moving.phase} />}
          <Moving of={moving} />
          <p className="small quiet">
            {text.item.began(moving.started, now)}
            {moving.errors > 0 && ` · ${text.errors(moving.errors)}`} ·{" "}
            <Link to="/runs/$run" params={{ run: String(moving.run) }}>
              {text.run.number(moving.run)}
            </Link>
          </p>
        </>
      ) : (
        <Elsewhere of={item} />
      )}
    </section>
  );
}

/** Where a run is on its way through what every run does. */
function Phases({ at }: { at: Phase }) {
  return (
    <ol className="steps">
      {(Object.keys(phases) as Phase[]).map((phase) => (
        <li key={phase} aria-current={phase === at ? "step" : undefined}>
          {phases[phase]}
        </li>
      ))}
    </ol>
  );
}

function Facts({ item }: { item: ItemRecord }) {
  const now = useNow();
  const command = useCommand(item.handler, item.id).data?.command;
  return (
    <section className="card" aria-label={text.item.facts}>
      <dl className="facts">
        <dt>{text.item.stands}</dt>
        <dd>
          <Headline of={item.headline} />
        </dd>
        <dt>{text.item.lastGood}</dt>
        <dd>
          {item.last_good ? (
            <Link to="/runs/$run" params={{ run: String(item.last_good.run) }} title={time(item.last_good.ended)}>
              {text.when(item.last_good.ended, now)}
            </Link>
          ) : (
            text.never
          )}
        </dd>
        <dt>{text.item.nextRun}</dt>
        <dd>{text.home.next(item, now) || text.item.byHand}</dd>
        <dt>{text.item.handler}</dt>
        <dd>
          <Name of={item.handler} />
        </dd>
        {item.conflicts > 0 && (
          <>
            <dt>{text.rooms.conflicts}</dt>
            <dd>
              <Link to="/conflicts" search={{ handler: item.handler, item: item.id }}>
                {text.conflictsOpen(item.conflicts)}
              </Link>
            </dd>
          </>
        )}
        {command && (
          <>
            <dt>{text.item.command}</dt>
            <dd className="row">
              <code className="name">{command}</code>
              <CopyButton of={command} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** What the last run left out or could not do, by reason. */
function Skipped({ item }: { item: ItemRecord }) {
  const events = useRunEvents(item.last_run?.run, item.id);
  const groups = events.data?.groups ?? [];
  if (groups.length === 0) return null;
  return (
    <section className="stack tight" aria-label={text.item.skipped}>
      <h2>{text.item.skipped}</h2>
      {groups.map((group) => (
        <Reason key={`${group.level} ${group.name} ${group.reason} ${group.fix}`} of={group} />
      ))}
    </section>
  );
}

const SHOWN = 10;

function History({ item }: { item: ItemRecord }) {
  const runs = useRuns({ handler: item.handler, item: item.id });
  return (
    <section className="stack tight" aria-label={text.item.history}>
      <div className="row apart">
        <h2>{text.item.history}</h2>
        <Link to="/results" search={{ handler: item.handler, item: item.id }}>
          {text.item.allRuns}
        </Link>
      </div>
      {runs.rows.length === 0 ? (
        <p className="quiet">{text.noRuns}</p>
      ) : (
        <ul className="card flush list">
          {runs.rows.slice(0, SHOWN).map((run) => (
            <li key={run.id}>
              <RunRow of={run} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
