/** What happens to the account, told by the server as it happens: one stream a tab, shared by all that listen. */

import { address } from "./api.js";

const KINDS = ["training", "generation", "auto_caption", "notification"];
const listeners = new Set();
let source = null;
let wasLost = false;

/**
 * Listen until `signal` ends it. `tell(kind, data)` takes an event; `refresh()` is called when the line was lost
 * and is back, because what was said meanwhile was missed.
 */
export function listen({ tell, refresh, signal }) {
  const listener = { tell, refresh };
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
  open();
}

function open() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(address("/events"));
  source.addEventListener("open", () => {
    if (wasLost) for (const listener of [...listeners]) listener.refresh?.();
    wasLost = false;
  });
  source.addEventListener("error", () => {
    wasLost = true;
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
  });
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      for (const listener of [...listeners]) listener.tell?.(kind, data);
    });
  }
}
