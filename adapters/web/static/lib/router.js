/** Addresses and pages: links, the back button and reloads all lead to the same page. */

import { complain, empty, linkButton } from "./pieces.js";
import { fill, html } from "./dom.js";
import { Problem } from "./api.js";
import { say } from "./words.js";

/**
 * Every address and the module that makes its page. A module exports `open(place)`, which returns the page's
 * element, or a promise of it. `place` is: `params` (parts of the address), `query` (URLSearchParams),
 * `signal` (aborted when the page is left), `setTitle(text)`, `setQuery({name: value})`, `go(address)` and
 * `stay(follow)`: the back button asks `follow(query)` first, which returns true when the page shows that itself.
 */
export const PLACES = [
  ["/", () => import("../pages/home.js")],
  ["/datasets", () => import("../pages/datasets.js")],
  ["/datasets/:id", () => import("../pages/dataset.js")],
  ["/train", () => import("../pages/train.js")],
  ["/trainings", () => import("../pages/trainings.js")],
  ["/trainings/:id", () => import("../pages/training.js")],
  ["/compare", () => import("../pages/compare.js")],
  ["/models", () => import("../pages/models.js")],
  ["/models/:id", () => import("../pages/model.js")],
  ["/generate", () => import("../pages/generate.js")],
  ["/generations/:id", () => import("../pages/generation.js")],
  ["/points", () => import("../pages/points.js")],
  ["/inbox", () => import("../pages/inbox.js")],
  ["/account", () => import("../pages/account.js")],
  ["/admin", () => import("../pages/admin.js")],
  ["/style", () => import("../pages/style.js")],
];

const SLOW_MS = 200;
let leaving = new AbortController();
let onShown = () => {};
let onStay = null;

/** Whether the page that is open shows the present address by itself (see `place.stay`). */
function isShownBy(stay) {
  return Boolean(stay && stay.path === location.pathname && stay.follow(new URLSearchParams(location.search)));
}

/** Start: show the page of the present address, and from now on those of links. `shown(path)` is told of each. */
export function start(shown) {
  onShown = shown;
  history.scrollRestoration = "manual";
  document.addEventListener("click", follow);
  window.addEventListener("popstate", () => isShownBy(onStay) || show(history.state?.scroll ?? 0));
  window.addEventListener("scroll", keepScroll, { passive: true });
  return show(history.state?.scroll ?? 0);
}

/** Go to an address inside the sandbox. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"]({}, "", address);
  return show(0);
}

/** Show the present address's page anew. */
export const reload = () => show(window.scrollY);

let scrollTimer = 0;

function keepScroll() {
  clearTimeout(scrollTimer);
  scrollTimer = setTimeout(() => history.replaceState({ ...history.state, scroll: window.scrollY }, ""), 100);
}

function follow(event) {
  const link = event.target.closest?.("a[href]");
  const isOurs = link && link.origin === location.origin && findPlace(link.pathname);
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!isOurs || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

function findPlace(path) {
  for (const [pattern, load] of PLACES) {
    const names = pattern.split("/");
    const parts = path.split("/");
    if (names.length !== parts.length) continue;
    const params = {};
    const fits = names.every((name, index) => {
      if (!name.startsWith(":")) return name === parts[index];
      params[name.slice(1)] = decodeURIComponent(parts[index]);
      return parts[index] !== "";
    });
    if (fits) return { load, params };
  }
  return null;
}

async function show(scroll) {
  leaving.abort();
  const mine = (leaving = new AbortController());
  onStay = null;
  clearTimeout(scrollTimer);
  const main = document.querySelector("main");
  const slow = setTimeout(() => main.setAttribute("aria-busy", "true"), SLOW_MS);
  let page;
  try {
    page = await open(mine.signal);
  } catch (error) {
    if (error.name === "AbortError" || mine.signal.aborted) return;
    page = explain(error);
  } finally {
    clearTimeout(slow);
    if (!mine.signal.aborted) main.removeAttribute("aria-busy");
  }
  if (mine.signal.aborted) return;
  const isFirst = !main.firstElementChild;
  fill(main, page);
  onShown(location.pathname);
  window.scrollTo(0, scroll);
  if (!isFirst) main.querySelector("h1")?.focus({ preventScroll: true });
}

async function open(signal) {
  const found = findPlace(location.pathname);
  if (!found) throw new Problem(404, "not_found", say("There is no such page."));
  const place = {
    params: found.params,
    query: new URLSearchParams(location.search),
    signal,
    go,
    setTitle: (text) => (document.title = `${text} · Trainyard`),
    setQuery: (values) => {
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === "") place.query.delete(name);
        else place.query.set(name, value);
      }
      if (signal.aborted) return;
      history.replaceState(history.state, "", location.pathname + (place.query.size ? `?${place.query}` : ""));
    },
    stay: (follow) => (onStay = { path: location.pathname, follow }),
  };
  const page = await (await found.load()).open(place);
  return page;
}

function explain(error) {
  if (!(error instanceof Problem)) complain(error);
  document.title = "Trainyard";
  const title = error.status === 404 ? say("Not found") : say("That did not work");
  const text = error instanceof Problem ? error.message : say("Something went wrong here. Try again.");
  return html`<section>${empty("warning", title, text, linkButton(say("Go home"), "/"), html`<h1 tabindex="-1">${title}</h1>`)}</section>`;
}
