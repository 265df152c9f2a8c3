/**
 * The event stream, shared by all tabs of the browser.
 *
 * HTTP/1.1 lets a browser open six connections to a host: a stream for each tab would use them up. A shared worker
 * holds one for all of them; where there are no shared workers, the tab opens its own.
 */

/** What a screen hears. */
export type Heard =
  | { kind: "change"; type: string; data: unknown }
  /** Too much was missed: whatever is shown is to be asked again. */
  | { kind: "reload" }
  | { kind: "connected" }
  | { kind: "away" };

type Listener = (heard: Heard) => void;

/** Longest wait between two tries, in milliseconds. */
const LONGEST_WAIT = 10_000;

/** Opens the stream and keeps it open; gives a way to close it. The browser itself resumes from the last id. */
export function open(url: string, listener: Listener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = 500;
  let last = "";
  let closed = false;

  const connect = () => {
    // A new connection of ours knows nothing of the old one's last id: it is told by the query.
    source = new EventSource(last === "" ? url : `${url}?since=${encodeURIComponent(last)}`);
    source.onopen = () => {
      wait = 500;
      listener({ kind: "connected" });
    };
    source.onmessage = (message: MessageEvent<string>) => {
      last = message.lastEventId || last;
      const data = JSON.parse(message.data) as { type: string };
      listener(data.type === "reload" ? { kind: "reload" } : { kind: "change", type: data.type, data });
    };
    source.onerror = () => {
      source?.close();
      listener({ kind: "away" });
      if (closed) return;
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}

/** Listens to the stream by the shared worker, or directly. */
export function listen(url: string, listener: Listener): () => void {
  if (typeof SharedWorker === "undefined") return open(url, listener);
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "instep-stream" });
  worker.port.onmessage = (message: MessageEvent<Heard>) => listener(message.data);
  worker.port.start();
  worker.port.postMessage({ open: url });
  const leave = () => worker.port.postMessage({ close: true });
  addEventListener("pagehide", leave);
  return () => {
    removeEventListener("pagehide", leave);
    leave();
    worker.port.close();
  };
}
