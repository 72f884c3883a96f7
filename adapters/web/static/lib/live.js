/** What happens to the account, told by the server as it happens: one stream a tab, shared by all that listen. */

import { address } from "./api.js";
import { complain } from "./pieces.js";

const KINDS = ["training", "generation", "auto_caption", "notification"];
const LOOK_MS = 5000;
const SLEPT_MS = 90_000;
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
  if (!source) watchSleep();
  open();
}

function open() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(address("/events"));
  source.addEventListener("open", () => {
    if (wasLost) for (const listener of [...listeners]) call(() => listener.refresh?.());
    wasLost = false;
  });
  source.addEventListener("error", () => {
    wasLost = true;
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
  });
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      for (const listener of [...listeners]) call(() => listener.tell?.(kind, data));
    });
  }
}

/** Call what listens, and say what goes wrong there; that its page was left meanwhile is nothing wrong. */
async function call(listen) {
  try {
    await listen();
  } catch (error) {
    complain(error);
  }
}

/** After a sleep, of the tab or of the computer, the line may be dead without having said so: open another. */
function watchSleep() {
  let looked = Date.now();
  const reopen = () => {
    source.close();
    wasLost = true;
    open();
  };
  setInterval(() => {
    const now = Date.now();
    if (now - looked > SLEPT_MS) reopen();
    looked = now;
  }, LOOK_MS);
  window.addEventListener("online", reopen);
  document.addEventListener("resume", reopen);
}
