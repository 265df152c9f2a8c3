import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleStop, Eye, FolderSync, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useControl } from "../api/actions";
import type { Item as ItemRecord } from "../api/client";
import { useCommand, useHandler, useItem, useLastRuns, usePair, useRunEvents } from "../api/queries";
import { calledIn } from "../draft";
import { time } from "../format";
import { useLive, useMoving } from "../live/live";
import { Asking } from "../parts/asking";
import { Attention } from "../parts/attention";
import { CopyButton } from "../parts/copy";
import { Screen } from "../parts/frame";
import { HandlerIcon } from "../parts/handler-icon";
import { Headline } from "../parts/headline";
import { ItemMenu, isForeseeable } from "../parts/item-menu";
import { ItemSettings } from "../parts/item-settings";
import { Elsewhere, Moving } from "../parts/moving";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { Phases } from "../parts/phases";
import { Reasons } from "../parts/reason";
import { RunRow } from "../parts/run-row";
import { text } from "../text";

const route = getRouteApi("/items/$handler/$item");

/** One item: now, what needs a person, facts, history. */
export function Item() {
  const { handler, item: id } = route.useParams();
  const item = useItem(handler, id);
  const { away } = useLive();
  const control = useControl();
  return (
    <Asking query={item} title={id}>
      {(item) => (
        <Screen
          title={item.name}
          heading={
            <span className="titled">
              <HandlerIcon handler={item.handler} item={item} />
              <Name of={item.name} />
            </span>
          }
          tip={item.comment && <Name of={item.comment} />}
          actions={
            <>
              <button
                type="button"
                className="main"
                disabled={away || !!item.working || item.refusal !== null}
                title={item.refusal ?? undefined}
                onClick={() => void control.sync(item)}
              >
                <FolderSync aria-hidden />
                {text.item.sync}
              </button>
              {isForeseeable(item) && (
                <>
                  <Link to="/preview/$handler/$item" params={{ handler, item: id }} className="button">
                    <Eye aria-hidden />
                    {text.item.preview}
                  </Link>
                  <Link to="/verify/$handler/$item" params={{ handler, item: id }} className="button">
                    <ShieldCheck aria-hidden />
                    {text.item.verify}
                  </Link>
                </>
              )}
              <ItemMenu of={item} />
            </>
          }
        >
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
          <Moving of={moving} phased />
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

function Facts({ item }: { item: ItemRecord }) {
  const now = useNow();
  const command = useCommand(item.handler, item.id).data?.command;
  const handler = useHandler(item.handler);
  const moving = useMoving(item.handler, item.id) ?? item.working;
  return (
    <section className="card stack" aria-label={text.item.facts}>
      <dl className="facts wide">
        <Fact name={text.item.stands}>
          <Headline of={item.headline} running={Boolean(moving || item.running_elsewhere)} />
          {item.headline === "waiting" && (
            <div className="small quiet">{text.home.due(item, now) ?? text.home.unseen}</div>
          )}
        </Fact>
        <Fact name={text.item.lastGood}>
          {item.last_good ? (
            <Link to="/runs/$run" params={{ run: String(item.last_good.run) }} title={time(item.last_good.ended)}>
              {text.when(item.last_good.ended, now)}
            </Link>
          ) : (
            text.never
          )}
        </Fact>
        <Fact name={text.item.nextRun}>
          {text.home.due(item, now) ?? (item.next_run ? text.schedule.next(item.next_run, now) : text.item.byHand)}
        </Fact>
        <Fact name={text.item.handler}>
          <Link to="/handlers">
            <Name of={handler?.name ?? item.handler} />
          </Link>
        </Fact>
        {item.conflicts > 0 && (
          <Fact name={text.rooms.conflicts}>
            <Link to="/conflicts" search={{ handler: item.handler, item: item.id }}>
              {text.conflictsOpen(item.conflicts)}
            </Link>
          </Fact>
        )}
      </dl>
      <Sides item={item} />
      {command && (
        <div className="stack tight">
          <span className="quiet small">{text.item.command}</span>
          <div className="row nowrap command">
            <code className="name grow">{command}</code>
            <CopyButton of={command} />
          </div>
        </div>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Where the two sides lie, under the names that the person gave them. */
function Sides({ item }: { item: ItemRecord }) {
  const said = usePair(item.handler, item.id);
  if (!said) return null;
  return (
    <dl className="facts wide sides">
      {(["a", "b"] as const).map((side) => (
        <Fact key={side} name={<Name of={calledIn(said, side)} />}>
          <code className="name">{String(said[side] ?? "")}</code>
        </Fact>
      ))}
    </dl>
  );
}

/** What the last run left out or could not do, by reason. */
function Skipped({ item }: { item: ItemRecord }) {
  const events = useRunEvents(item.last_run?.run, item.id);
  // A note without advice is no loss: which command was run, for instance.
  const groups = events.data?.groups.filter(({ level, fix }) => level !== "information" || fix) ?? [];
  if (groups.length === 0) return null;
  return (
    <section className="stack tight" aria-label={text.item.skipped}>
      <h2>{text.item.skipped}</h2>
      <Reasons of={groups} />
    </section>
  );
}

const SHOWN = 10;

function History({ item }: { item: ItemRecord }) {
  const runs = useLastRuns(item.handler, item.id, SHOWN).data;
  return (
    <section className="stack tight" aria-label={text.item.history}>
      <div className="row apart">
        <h2>{text.item.history}</h2>
        <Link to="/results" search={{ handler: item.handler, item: item.id }}>
          {runs && runs.total > SHOWN ? text.item.allOf(runs.total) : text.item.allRuns}
        </Link>
      </div>
      {!runs ? (
        <p className="quiet">{text.loading}</p>
      ) : runs.runs.length === 0 ? (
        <p className="quiet">{text.noRuns}</p>
      ) : (
        <ul className="card flush list">
          {runs.runs.map((run) => (
            <li key={run.id}>
              <RunRow of={run} ofItem />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
