/** Models: one's own and those that others have published, to look for and to like. */

import { take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { modelCard } from "../lib/models.js";
import { button, complain, empty, linkButton, pageHead } from "../lib/pieces.js";
import { debounce, inOrder } from "../lib/timing.js";
import { mark, say } from "../lib/words.js";

const SHELVES = [["", mark("Mine")], ["popular", mark("Popular")], ["recent", mark("Recent")], ["favourites", mark("Favourites")]];
const VIEWS = {
  "": { show: "mine" },
  popular: { show: "public", order: "popular" },
  recent: { show: "public", order: "recent" },
  favourites: { show: "favourites" },
};
const MOST = 100;
const TYPING_MS = 250;

export async function open(place) {
  place.setTitle(say("Models"));
  const search = html`<input type="search" aria-label=${say("Search models")} placeholder=${say("Search models")} value=${place.query.get("text") ?? ""} />`;
  const found = html`<div class="cards"></div>`;
  const none = html`<div></div>`;
  const shelves = SHELVES.map(([name, text]) => {
    const made = button(say(text), () => (place.setQuery({ view: name }), show()), { kind: "small" });
    made.dataset.view = name;
    return made;
  });
  const show = inOrder(
    async () => {
      const view = place.query.get("view") ?? "";
      const text = place.query.get("text") ?? "";
      for (const shelf of shelves) shelf.setAttribute("aria-pressed", String(shelf.dataset.view === view));
      const asked = new URLSearchParams({ ...VIEWS[view], ...(text && { text }) });
      return { view, text, models: await take(`/models?${asked}`, MOST, { signal: place.signal }) };
    },
    ({ view, text, models }) => {
      fill(found, models.map(modelCard));
      fill(none, models.length ? null : nothing(view, text));
    },
  );
  const look = () => {
    place.setQuery({ text: search.value });
    show().catch(complain);
  };
  search.addEventListener("input", debounce(look, TYPING_MS));
  await show();
  return html`<div class="stack">
    ${pageHead(say("Models"), { text: say("What trainings have made; a trigger word in a prompt brings a model in.") })}
    <div class="row">${shelves}</div>
    ${search}
    <section><h2 class="visually-hidden">${say("What was found")}</h2>${found} ${none}</section>
  </div>`;
}

function nothing(view, text) {
  if (text) return empty("search", say("No model fits"), say("Search for another name."));
  if (view) return empty("models", say("Nothing here yet"), say("Publish a model of yours, or like one of others."));
  return empty("models", say("No models yet"), say("Train one on a dataset; it appears here with its trigger words."), linkButton(say("Train a model"), "/train", { kind: "primary" }));
}
