import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { ConflictQuery, RunQuery } from "./api/queries";
import { Broken, NotFound } from "./parts/broken";
import { Frame } from "./parts/frame";
import { Home } from "./screens/home";
import { identifier, segment } from "./segment";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: Broken });

/** Keeps the words of a search that are texts; a link may say anything. */
function words<Key extends string>(
  search: Record<string, unknown>,
  keys: readonly Key[],
): Partial<Record<Key, string>> {
  const kept: Partial<Record<Key, string>> = {};
  for (const key of keys) {
    const value = search[key];
    if (typeof value === "string" && value !== "") kept[key] = value;
  }
  return kept;
}

interface Named {
  handler: string;
  item: string;
}

// Handlers and items are called as they please, also as what a browser takes for a direction.
const read = <Params extends Named>(said: Params): Params => ({
  ...said,
  handler: identifier(said.handler),
  item: identifier(said.item),
});
const write = <Params extends Named>(meant: Params): Params => ({
  ...meant,
  handler: segment(meant.handler),
  item: segment(meant.item),
});
const named = { parse: (said: Named) => read(said), stringify: (meant: Named) => write(meant) };

type RunSearch = Pick<RunQuery, "handler" | "item" | "outcome" | "search">;
type ConflictSearch = Pick<ConflictQuery, "handler" | "item" | "kind" | "folder" | "search">;

/** Which items are listed. */
export const VIEWS = ["attention", "working", "paused"] as const;
type HomeSearch = { view?: (typeof VIEWS)[number]; search?: string; handler?: string };

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search: Record<string, unknown>): HomeSearch => {
    const { view, ...rest } = words(search, ["view", "search", "handler"]);
    const known = VIEWS.find((each) => each === view);
    return { ...rest, ...(known ? { view: known } : {}) };
  },
  component: Home,
});

const item = createRoute({
  getParentRoute: () => root,
  path: "/items/$handler/$item",
  params: named,
  component: lazyRouteComponent(() => import("./screens/item"), "Item"),
});

const preview = createRoute({
  getParentRoute: () => root,
  path: "/preview/$handler/$item",
  params: named,
  component: lazyRouteComponent(() => import("./screens/preview"), "Preview"),
});

const verify = createRoute({
  getParentRoute: () => root,
  path: "/verify/$handler/$item",
  params: named,
  component: lazyRouteComponent(() => import("./screens/verify"), "Verify"),
});

const conflicts = createRoute({
  getParentRoute: () => root,
  path: "/conflicts",
  validateSearch: (search: Record<string, unknown>): ConflictSearch =>
    words(search, ["handler", "item", "kind", "folder", "search"]) as ConflictSearch,
  component: lazyRouteComponent(() => import("./screens/conflicts"), "Conflicts"),
});

const conflict = createRoute({
  getParentRoute: () => root,
  path: "/conflicts/$handler/$item/$conflict",
  params: { parse: (said) => read(said), stringify: (meant) => write(meant) },
  component: lazyRouteComponent(() => import("./screens/conflict"), "Conflict"),
});

const results = createRoute({
  getParentRoute: () => root,
  path: "/results",
  validateSearch: (search: Record<string, unknown>): RunSearch =>
    words(search, ["handler", "item", "outcome", "search"]) as RunSearch,
  component: lazyRouteComponent(() => import("./screens/results"), "Results"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("./screens/run"), "Run"),
});

const schedule = createRoute({
  getParentRoute: () => root,
  path: "/schedule",
  component: lazyRouteComponent(() => import("./screens/schedule"), "Schedule"),
});

const handlers = createRoute({
  getParentRoute: () => root,
  path: "/handlers",
  component: lazyRouteComponent(() => import("./screens/handlers"), "Handlers"),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  component: lazyRouteComponent(() => import("./screens/alerts"), "Alerts"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./screens/settings"), "Settings"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/add",
  component: lazyRouteComponent(() => import("./screens/setup"), "Setup"),
});

const tree = root.addChildren([
  home,
  item,
  preview,
  verify,
  conflicts,
  conflict,
  results,
  run,
  schedule,
  handlers,
  alerts,
  settings,
  setup,
]);

export const router = createRouter({ routeTree: tree, scrollRestoration: true, defaultPreload: "intent" });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
