import { Link } from "@tanstack/react-router";
import { CalendarClock } from "lucide-react";
import type { Item } from "../api/client";
import { useItems, useSchedule } from "../api/queries";
import { ms, time, timeOfDay } from "../format";
import { Asking } from "../parts/asking";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { VirtualList } from "../parts/virtual";
import { text } from "../text";

const DAY = 86_400_000;

/** What runs by itself, when next, and what keeps it from doing so. */
export function Schedule() {
  const items = useItems({ sort: "name" });
  return (
    <Screen title={text.rooms.schedule}>
      <Asking query={items.query}>
        {() =>
          items.rows.length === 0 ? (
            <Empty icon={CalendarClock} title={text.first.nothing} />
          ) : (
            <>
              <Today items={items.rows} />
              <div className="card flush">
                <VirtualList
                  rows={items.rows}
                  total={items.first?.total}
                  keyOf={(item) => item.href}
                  height={76}
                  label={text.rooms.schedule}
                  onEnd={items.more}
                >
                  {(item) => <Row of={item} />}
                </VirtualList>
              </div>
            </>
          )
        }
      </Asking>
    </Screen>
  );
}

/** The next day and night as a line, with a mark for each run that is to come. */
function Today({ items }: { items: Item[] }) {
  const now = useNow();
  const due = items.filter((item) => item.next_run && ms(item.next_run) - now < DAY && ms(item.next_run) >= now);
  if (due.length === 0) return null;
  const place = (at: number) => ({ left: `${((at - now) / DAY) * 100}%` });
  const hours = [6, 12, 18].map((hour) => now + hour * 3_600_000);
  return (
    <section className="stack tight" aria-label={text.schedule.nextDay}>
      <h2>{text.schedule.nextDay}</h2>
      <div className="day" role="img" aria-label={text.schedule.dayTold(due.length)}>
        {due.map((item) => (
          <i
            key={item.href}
            style={place(ms(item.next_run ?? ""))}
            title={`${item.name}, ${time(item.next_run ?? "")}`}
          />
        ))}
        {hours.map((at) => (
          <span key={at} style={place(at)}>
            {timeOfDay(new Date(at).toISOString())}
          </span>
        ))}
      </div>
    </section>
  );
}

function Row({ of: item }: { of: Item }) {
  const now = useNow();
  const schedule = useSchedule(item.handler, item.id);
  const next = schedule.data?.next ?? [];
  return (
    <div className="stack tight">
      <div className="row apart">
        <Link to="/items/$handler/$item" params={{ handler: item.handler, item: item.id }}>
          <Name of={item.name} />
        </Link>
        <span>{text.home.next(item, now) || text.item.byHand}</span>
      </div>
      {schedule.data?.waits_text && <span className="small tone-warn">{schedule.data.waits_text}</span>}
      {schedule.data?.retry_at && (
        <span className="small quiet">{text.schedule.retry(schedule.data.retry_at, now)}</span>
      )}
      {next.length > 0 && (
        <span className="small quiet">
          {text.schedule.times}: {next.map((at) => time(at)).join(" · ")}
        </span>
      )}
    </div>
  );
}
