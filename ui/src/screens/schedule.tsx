import { Link } from "@tanstack/react-router";
import { CalendarClock, ChevronLeft, ChevronRight } from "lucide-react";
import { memo, useState } from "react";
import type { Item } from "../api/client";
import { useCalendar, useItems, useSettings } from "../api/queries";
import type { Values } from "../draft";
import { count, dayOf, ms, timeOfDay } from "../format";
import { Asking } from "../parts/asking";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { HandlerIcon } from "../parts/handler-icon";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { Segments } from "../parts/segments";
import { VirtualList } from "../parts/virtual";
import { scheduleWords } from "../schedule-words";
import { text } from "../text";

type View = "day" | "week";

/** How many of the next times an item tells. */
const TIMES = 5;

/** What runs by itself, when next, and what keeps it from doing so. */
export function Schedule() {
  const items = useItems({ sort: "name", times: TIMES });
  const settings = useSettings().data?.values?.items as Record<string, Values> | undefined;
  return (
    <Screen title={text.rooms.schedule}>
      <Asking query={items.query}>
        {() =>
          items.rows.length === 0 ? (
            <Empty icon={CalendarClock} title={text.first.nothing} />
          ) : (
            <>
              <Calendar />
              <div className="card flush">
                <VirtualList
                  rows={items.rows}
                  keyOf={(item) => item.href}
                  height={76}
                  label={text.rooms.schedule}
                  onLook={items.look}
                >
                  {(item) => <Row of={item} said={settings?.[item.id]?.schedule} />}
                </VirtualList>
              </div>
            </>
          )
        }
      </Asking>
    </Screen>
  );
}

/** Midnight of the day that a moment is in, so many days on; a day may have 23 or 25 hours. */
function midnight(at: number, days = 0): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day.getTime();
}

/** A day by the hour, or a week by the day. */
function Calendar() {
  const now = useNow();
  const [view, setView] = useState<View>("day");
  const [step, setStep] = useState(0);
  const days = view === "day" ? 1 : 7;
  const from = midnight(now, step * days);
  const until = midnight(now, (step + 1) * days);
  const calendar = useCalendar(from, until);
  const due = (calendar.data?.items ?? [])
    .flatMap(({ handler, item, name, times }) => times.map((at) => ({ handler, item, name, at: ms(at) })))
    .sort((x, y) => x.at - y.at);
  return (
    <section className="card stack" aria-label={text.rooms.schedule}>
      <div className="row apart">
        <h2>{view === "day" ? dayOf(from) : `${dayOf(from)} – ${dayOf(midnight(until, -1))}`}</h2>
        <div className="row">
          <Segments
            label={text.schedule.view}
            value={view}
            onChange={(next) => {
              setView(next);
              setStep(0);
            }}
            choices={[
              { value: "day", text: text.schedule.views.day },
              { value: "week", text: text.schedule.views.week },
            ]}
          />
          <button
            type="button"
            className="icon"
            aria-label={text.schedule.earlier}
            disabled={step === 0}
            onClick={() => setStep(step - 1)}
          >
            <ChevronLeft aria-hidden />
          </button>
          <button type="button" disabled={step === 0} onClick={() => setStep(0)}>
            {text.schedule.today}
          </button>
          <button type="button" className="icon" aria-label={text.schedule.later} onClick={() => setStep(step + 1)}>
            <ChevronRight aria-hidden />
          </button>
        </div>
      </div>
      {view === "day" && <Hours from={from} until={until} due={due} now={now} />}
      {due.length === 0 ? (
        <p className="quiet">{calendar.isPending ? text.loading : text.schedule.nothing}</p>
      ) : (
        <Slots slots={view === "day" ? times(due) : weekdays(from)} until={until} due={due} byDay={view === "week"} />
      )}
    </section>
  );
}

const weekdays = (from: number): number[] => Array.from({ length: 7 }, (_, day) => midnight(from, day));

/** Each time at which something is due; when there are too many of them to be read, the hours. */
function times(due: Due[]): number[] {
  const exact = [...new Set(due.map(({ at }) => at))];
  return exact.length <= LISTED ? exact : [...new Set(exact.map((at) => at - (at % HOUR)))];
}

/** The day at a glance: how much is due in which hour, and where in it we are. */
function Hours({ from, until, due, now }: { from: number; until: number; due: Due[]; now: number }) {
  const hours = Array.from({ length: Math.round((until - from) / HOUR) }, (_, hour) => {
    const begin = from + hour * HOUR;
    return { begin, runs: due.filter(({ at }) => at >= begin && at < begin + HOUR).length };
  });
  const most = Math.max(1, ...hours.map(({ runs }) => runs));
  return (
    <div className="hours" aria-hidden>
      {hours.map(({ begin, runs }, index) => (
        <div
          key={begin}
          className={now >= begin + HOUR ? "over" : now >= begin ? "now" : undefined}
          title={runs > 0 ? `${timeOfDay(new Date(begin).toISOString())}: ${text.schedule.hours(runs)}` : undefined}
        >
          <i style={runs > 0 ? { height: `${30 + (70 * runs) / most}%` } : undefined} />
          {index % 3 === 0 && <span>{timeOfDay(new Date(begin).toISOString())}</span>}
        </div>
      ))}
    </div>
  );
}

/** How many times of a day are listed one by one. */
const LISTED = 30;
const HOUR = 3_600_000;
/** How many runs of a slot are named. */
const NAMED = 6;

/** A run that is to come. */
interface Due {
  handler: string;
  item: string;
  name: string;
  at: number;
}

interface SlotsProps {
  /** Where each line begins. */
  slots: number[];
  until: number;
  due: Due[];
  byDay: boolean;
}

function Slots({ slots, until, due, byDay }: SlotsProps) {
  return (
    <ol className="slots">
      {slots.map((from, index) => {
        const to = slots[index + 1] ?? until;
        const runs = due.filter(({ at }) => at >= from && at < to);
        return (
          <li key={from}>
            <span className="slot-at">{byDay ? dayOf(from) : timeOfDay(new Date(from).toISOString())}</span>
            <ul className="slot-runs">
              {runs.slice(0, NAMED).map(({ handler, item, at, name }) => (
                <li key={`${at} ${handler} ${item}`}>
                  {at !== from && (
                    <time className="small quiet" dateTime={new Date(at).toISOString()}>
                      {timeOfDay(new Date(at).toISOString())}{" "}
                    </time>
                  )}
                  <Link to="/items/$handler/$item" params={{ handler, item }}>
                    <Name of={name} />
                  </Link>
                </li>
              ))}
              {runs.length > NAMED && <li className="small quiet">{text.schedule.many(runs.length - NAMED)}</li>}
              {runs.length === 0 && <li className="small quiet">–</li>}
            </ul>
            <span className="small quiet number">{runs.length > 1 ? count(runs.length) : ""}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** Times with their days, each day said once. */
function nextTimes(times: string[]): string {
  const days = new Map<string, string[]>();
  for (const at of times) {
    const day = dayOf(ms(at));
    days.set(day, [...(days.get(day) ?? []), timeOfDay(at)]);
  }
  return [...days].map(([day, at]) => `${day} ${at.join(", ")}`).join(" · ");
}

/** An item in the list: what was said about when it runs, what keeps it from that, and the next times. */
const Row = memo(function Row({ of: item, said }: { of: Item; said: unknown }) {
  const now = useNow();
  return (
    <div className="schedule-row">
      <HandlerIcon handler={item.handler} item={item} />
      <div className="stack tight">
        <div className="row apart">
          <strong className="grow">
            <Link className="quiet-link" to="/items/$handler/$item" params={{ handler: item.handler, item: item.id }}>
              <Name of={item.name} />
            </Link>
          </strong>
          <span className="small">
            {text.home.due({ ...item, waits: null }, now) ??
              (item.next_run ? text.home.next({ ...item, waits: null }, now) : scheduleWords(undefined))}
          </span>
        </div>
        {said !== undefined && <span className="small">{scheduleWords(said)}</span>}
        {item.waits && <span className="small tone-warn">{item.waits}</span>}
        {item.retry_at && <span className="small quiet">{text.schedule.retry(item.retry_at, now)}</span>}
        {item.enabled && item.times.length > 0 && (
          <span className="small quiet">
            {text.schedule.times}: {nextTimes(item.times)}
          </span>
        )}
      </div>
    </div>
  );
});
