import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleCheck, FolderSync, Plus } from "lucide-react";
import { memo } from "react";
import { useControl } from "../api/actions";
import type { HeadlineCounts, Item } from "../api/client";
import { type ItemQuery, STRIP, useFirstItems, useHandler, useItems } from "../api/queries";
import { useLive, useMoving } from "../live/live";
import { Asking } from "../parts/asking";
import { Attention } from "../parts/attention";
import { CopyButton } from "../parts/copy";
import { Drop } from "../parts/drop";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { HandlerIcon } from "../parts/handler-icon";
import { Headline } from "../parts/headline";
import { ItemMenu } from "../parts/item-menu";
import { Menu } from "../parts/menu";
import { Elsewhere, Moving } from "../parts/moving";
import { Name } from "../parts/name";
import { useNow } from "../parts/now";
import { Search } from "../parts/search";
import { Segments } from "../parts/segments";
import { Strip } from "../parts/strip";
import { VirtualList } from "../parts/virtual";
import { text } from "../text";

const route = getRouteApi("/");

type View = "all" | "attention" | "working" | "paused";

const FILTERS: Record<View, ItemQuery> = {
  all: {},
  attention: { attention: true },
  working: { working: true },
  paused: { headline: "paused" },
};

/** How many sentences stand above the list; the rest is a filter away. */
const SENTENCES = 5;

export function Home() {
  const { view = "all", search, handler } = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: { view?: View; search?: string | undefined; handler?: undefined }) =>
    void navigate({
      search: (before) => {
        const { view, ...rest } = { ...before, ...change };
        return { ...rest, ...(view && view !== "all" ? { view } : {}) };
      },
      replace: true,
    });
  const needy = useFirstItems({ attention: true }, SENTENCES).data;
  const items = useItems({
    ...FILTERS[view],
    history: STRIP,
    ...(search ? { search } : {}),
    ...(handler ? { handler } : {}),
  });
  const { away } = useLive();
  const control = useControl();
  return (
    <Asking query={items.query} title={text.rooms.home}>
      {() => {
        const counts = items.first?.counts;
        if (!counts) return null;
        if (counts.all === 0) return <FirstSteps />;
        return (
          <Screen
            title={text.rooms.home}
            heading={text.home.sentence(counts.all, counts.attention)}
            tip={text.home.doing(counts.working, counts.paused)}
            actions={
              <>
                <button type="button" className="main" disabled={away} onClick={() => control.syncAll()}>
                  <FolderSync aria-hidden />
                  {text.home.syncAll}
                </button>
                <Link to="/add" className="button">
                  <Plus aria-hidden />
                  {text.add}
                </Link>
                <Menu
                  label={text.home.allItems}
                  actions={[
                    { id: "stop", text: text.home.stopAll, run: control.stopAll, disabled: counts.working === 0 },
                    ...control.pauses({}),
                    { id: "resume", text: text.home.resumeAll, run: () => control.resume({}) },
                  ]}
                />
              </>
            }
          >
            {needy && needy.items.length > 0 && (
              <section className="stack tight" aria-label={text.home.attention}>
                {needy.items.map((item) => (
                  <Attention key={item.href} of={item} />
                ))}
                {needy.total > SENTENCES && (
                  <button type="button" className="plain" onClick={() => set({ view: "attention" })}>
                    {text.home.furtherAttention(needy.total - SENTENCES)}
                  </button>
                )}
              </section>
            )}
            <section className="stack" aria-label={text.home.items}>
              <div className="row apart">
                <Segments
                  label={text.home.filter}
                  value={view}
                  onChange={(view) => set({ view })}
                  choices={choices(counts)}
                />
                {handler && <OfHandler id={handler} drop={() => set({ handler: undefined })} />}
                <Search
                  label={text.home.search}
                  value={search ?? ""}
                  onChange={(search) => set({ search: search || undefined })}
                />
              </div>
              {items.rows.length === 0 ? (
                <Empty icon={CircleCheck} title={text.home.noMatch}>
                  <button type="button" onClick={() => set({ view: "all", search: undefined, handler: undefined })}>
                    {text.home.showAll}
                  </button>
                </Empty>
              ) : (
                <div className="card flush">
                  <VirtualList
                    rows={items.rows}
                    keyOf={(item) => item.href}
                    height={70}
                    label={text.home.items}
                    onLook={items.look}
                  >
                    {(item) => <Row item={item} />}
                  </VirtualList>
                </div>
              )}
            </section>
          </Screen>
        );
      }}
    </Asking>
  );
}

const choices = (counts: HeadlineCounts): { value: View; text: string }[] => [
  { value: "all", text: text.home.views.all(counts.all) },
  { value: "attention", text: text.home.views.attention(counts.attention) },
  { value: "working", text: text.home.views.working(counts.working) },
  { value: "paused", text: text.home.views.paused(counts.paused) },
];

function OfHandler({ id, drop }: { id: string; drop: () => void }) {
  return <Drop of={text.results.onlyItem(useHandler(id)?.name ?? id)} drop={drop} />;
}

/** An item in a line; drawn again only when something about it changed. */
const Row = memo(function Row({ item }: { item: Item }) {
  const now = useNow();
  const moving = useMoving(item.handler, item.id) ?? item.working;
  const handler = useHandler(item.handler);
  return (
    <div className="item-row">
      <HandlerIcon handler={item.handler} item={item} />
      <div className="who">
        <Link to="/items/$handler/$item" params={{ handler: item.handler, item: item.id }}>
          <Name of={item.name} oneLine />
        </Link>
        <span className="quiet small">
          <Name of={item.comment || (handler?.name ?? item.handler)} oneLine />
        </span>
      </div>
      <div className="stack tight">
        <Headline of={item.headline} running={Boolean(moving || item.running_elsewhere)} />
        {moving ? (
          <Moving of={moving} />
        ) : item.running_elsewhere ? (
          <Elsewhere of={item} />
        ) : (
          <span className="quiet small">
            {item.last_good ? text.home.lastGood(item.last_good.ended, now) : text.home.neverGood}
          </span>
        )}
      </div>
      <Strip of={item.history} />
      <span className="quiet small">{text.home.next(item, now)}</span>
      <div className="menu-cell">
        <ItemMenu of={item} />
      </div>
    </div>
  );
});

const FIRST_COMMANDS = [
  "instep sync ~/Photos /media/nas/Photos",
  "instep run nightly -- rsync -a ~/Documents /mnt/backup/",
];

function FirstSteps() {
  return (
    <Screen title={text.rooms.home} heading={text.first.title}>
      <Empty icon={FolderSync} title={text.first.nothing}>
        <p className="quiet">{text.first.explain}</p>
        <Link to="/add" className="button main">
          <Plus aria-hidden />
          {text.first.add}
        </Link>
        <p className="quiet small">{text.first.detected}</p>
        <p className="quiet small">{text.first.terminal}</p>
        <div className="stack tight">
          {FIRST_COMMANDS.map((command) => (
            <div key={command} className="row nowrap command">
              <code className="grow">{command}</code>
              <CopyButton of={command} />
            </div>
          ))}
        </div>
      </Empty>
    </Screen>
  );
}
