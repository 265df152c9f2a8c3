import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleStop, Download, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { Event, LiveItem, RunItem, Run as RunRecord } from "../api/client";
import { useEvents, useItem, useLog, useRun, useRunEvents, useUndoable } from "../api/queries";
import { CHANGES, plain, tellsChanges, total } from "../counts";
import { clockTime, count, duration, ms, size, time } from "../format";
import { useMoving } from "../live/live";
import { Asking } from "../parts/asking";
import { Screen } from "../parts/frame";
import { HandlerIcon } from "../parts/handler-icon";
import { OutcomeWord, outcomeTone } from "../parts/headline";
import { Moving } from "../parts/moving";
import { Name } from "../parts/name";
import { Notice, type Tone } from "../parts/notice";
import { Phases } from "../parts/phases";
import { Fix } from "../parts/problem";
import { Prose } from "../parts/prose";
import { Reasons as ByReason, LEVEL_TONE } from "../parts/reason";
import { Search } from "../parts/search";
import { VirtualList } from "../parts/virtual";
import { text } from "../text";

const route = getRouteApi("/runs/$run");

export function Run() {
  const id = Number(route.useParams().run);
  const run = useRun(id);
  const control = useControl();
  return (
    <Asking query={run} title={text.run.title(id)}>
      {(run) => (
        <Screen
          title={text.run.title(run.id)}
          tip={text.run.sentence(
            time(run.started),
            run.ended ? duration(ms(run.ended) - ms(run.started)) : undefined,
            run.manual,
          )}
          actions={
            run.ended ? (
              <Undo run={run.id} />
            ) : (
              <button type="button" className="danger" onClick={() => control.stopRun(run)}>
                <CircleStop aria-hidden />
                {text.run.stop}
              </button>
            )
          }
        >
          {run.items.map((item) => (
            <Item key={item.item} run={run} item={item} />
          ))}
          <Reasons run={run.id} />
          <Log run={run.id} quiet={run.handler !== "folders"} />
          {run.handler !== "folders" && <Output run={run.id} />}
        </Screen>
      )}
    </Asking>
  );
}

/** Only where there is something to take back, and somebody who can: the program knows. */
function Undo({ run }: { run: number }) {
  const control = useControl();
  if (!useUndoable(run).data?.undoable) return null;
  return (
    <button type="button" onClick={() => void control.undo(run)}>
      <RotateCcw aria-hidden />
      {text.run.undo}
    </button>
  );
}

function Item({ run, item }: { run: RunRecord; item: RunItem }) {
  const moving = useLiveItem(run, item);
  const counts = plain(item.counts);
  const { bytes, conflicts, errors, skipped } = counts;
  const changed = CHANGES.filter((change) => total(counts, change) > 0);
  return (
    <section className="card stack">
      <header className="row apart">
        <h2>
          <Link className="titled" to="/items/$handler/$item" params={{ handler: run.handler, item: item.item }}>
            <HandlerIcon handler={run.handler} />
            <Name of={item.name} />
          </Link>
        </h2>
        <OutcomeWord of={item.outcome} />
      </header>
      {moving?.phase && <Phases at={moving.phase} />}
      {moving && <Moving of={moving} phased />}
      {item.problem && (
        <Notice
          tone={outcomeTone(item.outcome) === "bad" ? "bad" : "warn"}
          title={<Prose of={item.problem.text} />}
          actions={<WhatNext run={run} item={item} />}
        >
          {!settledHere(item) && <Fix of={item.problem.fix} />}
        </Notice>
      )}
      {run.ended && (
        <div className="counts">
          {changed.map((change) => (
            <Count key={change} value={count(total(counts, change))} name={text.run.counted[change]} />
          ))}
          {bytes > 0 && <Count value={size(bytes)} name={text.run.counted.bytes} />}
          {conflicts > 0 && <Count value={count(conflicts)} name={text.run.open(conflicts)} tone="warn" />}
          {errors > 0 && <Count value={count(errors)} name={text.run.failures(errors)} tone="bad" />}
          {skipped > 0 && <Count value={count(skipped)} name={text.run.counted.skipped} />}
          {item.outcome === "done" && changed.length === 0 && tellsChanges(run.handler) && (
            <p className="quiet">{text.run.nothing}</p>
          )}
        </div>
      )}
    </section>
  );
}

/** How far an item of a run is; none when the run is over. */
function useLiveItem(run: RunRecord, { item }: RunItem): LiveItem | undefined {
  const heard = useMoving(run.handler, item);
  // What was told before this page listened.
  const found = useItem(run.handler, item, !run.ended).data?.working ?? undefined;
  return run.ended ? undefined : [heard, found].find((live) => live?.run === run.id);
}

/** Whether a button leads to what the advice says for those on a terminal. */
const settledHere = ({ outcome }: RunItem): boolean => outcome === "needs_decision";

/** What can be done about how it ended. */
function WhatNext({ run, item }: { run: RunRecord; item: RunItem }) {
  const control = useControl();
  const at = { handler: run.handler, item: item.item };
  switch (item.outcome) {
    case "needs_decision":
      return (
        <Link to="/conflicts" search={at} className="button">
          {text.attention.settle}
        </Link>
      );
    case "safety_stop":
      return (
        <Link to="/preview/$handler/$item" params={at} className="button">
          {text.attention.look}
        </Link>
      );
    case "failed":
    case "gaps":
    case "interrupted":
    case "waiting":
      return (
        <button
          type="button"
          onClick={() => void control.sync({ handler: run.handler, id: item.item, name: item.name })}
        >
          {text.attention.again}
        </button>
      );
    default:
      return null;
  }
}

function Count({ value, name, tone }: { value: string; name: string; tone?: Tone }) {
  return (
    <div className={tone ? `count tone-${tone}` : "count"}>
      <b>{value}</b>
      <span className="small">{name}</span>
    </div>
  );
}

/** What went wrong, one entry for each reason. */
function Reasons({ run }: { run: number }) {
  const events = useRunEvents(run);
  if (!events.data || events.data.groups.length === 0) return null;
  return (
    <section className="stack tight" aria-label={text.run.reasons}>
      <h2>{text.run.reasons}</h2>
      <ByReason of={events.data.groups} />
      {events.data.more && <p className="quiet small">{text.run.moreEvents}</p>}
    </section>
  );
}

/** A line as a terminal leaves it: what was written over is gone. */
const asSeen = (line: string): string => line.split("\r").filter(Boolean).at(-1) ?? "";

/** What the run's command wrote; nothing where there was none. */
function Output({ run }: { run: number }) {
  const [search, setSearch] = useState("");
  const log = useLog(run, search);
  if (!log.first || log.first.bytes === 0) return null;
  const gap = log.first.left_out;
  return (
    <section className="stack" aria-label={text.run.output}>
      <div className="row apart">
        <h2>{text.run.output}</h2>
        <div className="row nowrap">
          <Search label={text.run.searchLog} value={search} onChange={setSearch} />
          <a className="button" href={`/api/v1/runs/${run}/log.txt`} download={`run-${run}.txt`}>
            <Download aria-hidden />
            {text.run.outputAll}
          </a>
        </div>
      </div>
      {gap && <p className="quiet small">{text.run.leftOut(gap.until - gap.from)}</p>}
      {log.rows.length === 0 ? (
        <p className="quiet">{text.run.noMatch}</p>
      ) : (
        <div className="output">
          <VirtualList
            rows={log.rows}
            keyOf={(line) => String(line.at)}
            height={22}
            label={text.run.output}
            onEnd={log.more}
          >
            {(line) => <Name of={asSeen(line.text)} />}
          </VirtualList>
        </div>
      )}
    </section>
  );
}

/** All that was reported; where a command wrote for itself, only if there is something. */
function Log({ run, quiet }: { run: number; quiet: boolean }) {
  const [search, setSearch] = useState("");
  const events = useEvents(run, search);
  if (quiet && events.rows.length === 0 && !search) return null;
  return (
    <section className="stack" aria-label={text.run.log}>
      <div className="row apart">
        <h2>{text.run.log}</h2>
        <div className="row nowrap">
          <Search label={text.run.searchLog} value={search} onChange={setSearch} />
          <a className="button" href={`/api/v1/export/events?run=${run}&format=csv`} download={`run-${run}.csv`}>
            <Download aria-hidden />
            {text.run.exportEvents}
          </a>
        </div>
      </div>
      {events.rows.length === 0 ? (
        <p className="quiet">{search ? text.run.noMatch : text.run.noEvents}</p>
      ) : (
        <div className="card flush">
          <VirtualList
            rows={events.rows}
            keyOf={(event) => String(event.id)}
            height={48}
            label={text.run.log}
            onEnd={events.more}
          >
            {(event) => <Line of={event} />}
          </VirtualList>
        </div>
      )}
    </section>
  );
}

function Line({ of }: { of: Event }) {
  return (
    <div className="log-row">
      <span className={`small tone-${LEVEL_TONE[of.level]}`}>{text.levels[of.level]}</span>
      <span>
        <strong>
          <Name of={of.name} />
        </strong>{" "}
        <Name of={of.description} />
      </span>
      <time className="small quiet" dateTime={of.time} title={time(of.time)}>
        {clockTime(of.time)}
      </time>
    </div>
  );
}
