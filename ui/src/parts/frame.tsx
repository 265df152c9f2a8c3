import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  Bell,
  CalendarClock,
  Settings as Gear,
  GitCompareArrows,
  House,
  ListChecks,
  type LucideIcon,
  Plug,
} from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useCounts, useVersion } from "../api/queries";
import { useLive } from "../live/live";
import { useSignedOut } from "../live/signed-out";
import { text } from "../text";
import { Notice } from "./notice";
import { Fix } from "./problem";

interface Room {
  to: string;
  name: string;
  icon: LucideIcon;
  badge?: number | undefined;
}

/** The rooms beside (on a phone: below) whatever room is open. */
export function Frame() {
  const counts = useCounts();
  const version = useVersion();
  const { away } = useLive();
  const signedOut = useSignedOut();
  // The page belongs to the program that served it: another version may answer otherwise.
  const [served, setServed] = useState<string | undefined>();
  const answers = version.data?.version;
  if (served === undefined && answers !== undefined) setServed(answers);
  useFocusOfRoom();
  const updated = served !== undefined && answers !== undefined && answers !== served;
  const rooms: Room[] = [
    { to: "/", name: text.rooms.home, icon: House, badge: counts.data?.attention },
    { to: "/conflicts", name: text.rooms.conflicts, icon: GitCompareArrows, badge: counts.data?.open_conflicts },
    { to: "/results", name: text.rooms.results, icon: ListChecks },
    { to: "/schedule", name: text.rooms.schedule, icon: CalendarClock },
    { to: "/alerts", name: text.rooms.alerts, icon: Bell },
    { to: "/handlers", name: text.rooms.handlers, icon: Plug },
    { to: "/settings", name: text.rooms.settings, icon: Gear },
  ];
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {text.skip}
      </a>
      <nav className="nav" aria-label={text.title}>
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" />
          {text.title}
        </Link>
        <ul>
          {rooms.map(({ to, name, icon: Icon, badge }) => (
            <li key={to}>
              <Link to={to} activeOptions={{ exact: to === "/" }}>
                <Icon aria-hidden />
                {name}
                {badge ? <span className="badge">{badge > 999 ? "999+" : badge}</span> : null}
              </Link>
            </li>
          ))}
        </ul>
        {version.data && <footer className="small quiet">{text.version(version.data.version)}</footer>}
      </nav>
      <main id="content" tabIndex={-1}>
        {away && !signedOut && (
          <div className="away" role="alert">
            <Notice tone="bad" title={text.away}>
              <Fix of={text.awayTip} />
            </Notice>
          </div>
        )}
        {signedOut && (
          <div className="away" role="alert">
            <Notice tone="bad" title={text.signedOut}>
              <Fix of={text.signedOutTip} />
            </Notice>
          </div>
        )}
        {updated && (
          <div className="away" role="alert">
            <Notice
              tone="warn"
              title={text.updated(answers)}
              actions={
                <button type="button" className="main" onClick={() => location.reload()}>
                  {text.reload}
                </button>
              }
            />
          </div>
        )}
        <Outlet />
      </main>
    </div>
  );
}

/** Another room was entered: whoever goes by keyboard goes on in it, and whoever listens is told. */
function useFocusOfRoom(): void {
  const room = useRouterState({ select: (state) => state.location.pathname });
  const before = useRef(room);
  useEffect(() => {
    if (before.current === room) return;
    before.current = room;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [room]);
}

interface ScreenProps {
  title: string;
  /** Shown instead of the title where that is a name. */
  heading?: ReactNode;
  /** A line beneath the title. */
  tip?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A room: its title (also the window's), what can be done in it, what is in it. */
export function Screen({ title, heading, tip, actions, children }: ScreenProps) {
  useEffect(() => {
    document.title = `${title} · ${text.title}`;
  }, [title]);
  return (
    <>
      <header className="row apart screen-head">
        <div className="grow stack tight">
          <h1>{heading ?? title}</h1>
          {tip && <p className="quiet">{tip}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </>
  );
}
