/** The one connection of all tabs: opened with the first, closed with the last. */

import { type Heard, open } from "./source";

const ports = new Set<MessagePort>();
let close: (() => void) | undefined;
let state: Heard | undefined;

function hear(heard: Heard) {
  if (heard.kind === "connected" || heard.kind === "away") state = heard;
  for (const port of ports) port.postMessage(heard);
}

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  port.onmessage = (message: MessageEvent<{ open?: string; close?: boolean }>) => {
    if (message.data.open !== undefined) {
      ports.add(port);
      if (state) port.postMessage(state);
      close ??= open(message.data.open, hear);
    }
    if (message.data.close) {
      ports.delete(port);
      if (ports.size === 0) {
        close?.();
        close = undefined;
        state = undefined;
      }
    }
  };
  port.start();
});
