import { Link } from "@tanstack/react-router";
import { CalendarClock, ChevronLeft, ChevronRight } from "lucide-react";
import { memo, useState } from "react";
import type { Item } from "../api/client";
import { useCalendar, useItems, useSettings } from "../api/queries";
import type { Values } from "../draft";
import { count, dayOf, ms, time, timeOfDay } from "../format";
import { Asking } from "../parts/asking";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
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
    .flatMap(({ name, times }) => times.map((at) => ({ name, at: ms(at) })))
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
      {due.length === 0 ? (
        <p className="quiet">{calendar.isPending ? text.loading : text.schedule.nothing}</p>
      ) : view === "day" ? (
        <Slots
          slots={Array.from({ length: Math.round((until - from) / HOUR) }, (_, hour) => from + hour * HOUR)}
          until={until}
          due={due}
          label={(at) => timeOfDay(new Date(at).toISOString())}
          skipEmpty
        />
      ) : (
        <Slots
          slots={Array.from({ length: 7 }, (_, day) => midnight(from, day))}
          until={until}
          due={due}
          label={dayOf}
        />
      )}
    </section>
  );
}

const HOUR = 3_600_000;
/** How many runs of a slot are named. */
const NAMED = 6;

/** A run that is to come. */
interface Due {
  name: string;
  at: number;
}

interface SlotsProps {
  slots: number[];
  until: number;
  due: Due[];
  label: (at: number) => string;
  skipEmpty?: boolean;
}

function Slots({ slots, until, due, label, skipEmpty = false }: SlotsProps) {
  const filled = slots
    .map((from, index) => {
      const to = slots[index + 1] ?? until;
      return { from, runs: due.filter(({ at }) => at >= from && at < to) };
    })
    .filter(({ runs }) => !skipEmpty || runs.length > 0);
  return (
    <ol className="slots">
      {filled.map(({ from, runs }) => (
        <li key={from}>
          <span className="slot-at">{label(from)}</span>
          <ul className="slot-runs">
            {runs.slice(0, NAMED).map(({ at, name }) => (
              <li key={`${at} ${name}`}>
                <time className="small quiet" dateTime={new Date(at).toISOString()}>
                  {timeOfDay(new Date(at).toISOString())}
                </time>{" "}
                <Name of={name} />
              </li>
            ))}
            {runs.length > NAMED && <li className="small quiet">{text.schedule.many(runs.length - NAMED)}</li>}
            {runs.length === 0 && <li className="small quiet">–</li>}
          </ul>
          <span className="small quiet number">{runs.length > 1 ? count(runs.length) : ""}</span>
        </li>
      ))}
    </ol>
  );
}

/** An item in the list: what was said about when it runs, what keeps it from that, and the next times. */
const Row = memo(function Row({ of: item, said }: { of: Item; said: unknown }) {
  const now = useNow();
  return (
    <div className="stack tight">
      <div className="row apart">
        <strong>
          <Link to="/items/$handler/$item" params={{ handler: item.handler, item: item.id }}>
            <Name of={item.name} />
          </Link>
        </strong>
        <span>{text.home.next({ ...item, waits: null }, now) || text.item.byHand}</span>
      </div>
      {said !== undefined && <span className="small">{scheduleWords(said)}</span>}
      {item.waits && <span className="small tone-warn">{item.waits}</span>}
      {item.retry_at && <span className="small quiet">{text.schedule.retry(item.retry_at, now)}</span>}
      {item.enabled && item.times.length > 0 && (
        <span className="small quiet">
          {text.schedule.times}: {item.times.map((at) => time(at)).join(" · ")}
        </span>
      )}
    </div>
  );
});
