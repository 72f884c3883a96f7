/** Models: one's own and those that others have published, to look for and to like. */

import { address, api, take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { badge, busy, button, complain, empty, linkButton, pageHead } from "../lib/pieces.js";
import { count, mark, say } from "../lib/words.js";

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
  async function show() {
    const view = place.query.get("view") ?? "";
    const text = place.query.get("text") ?? "";
    for (const shelf of shelves) shelf.setAttribute("aria-pressed", String(shelf.dataset.view === view));
    const asked = new URLSearchParams({ ...VIEWS[view], ...(text && { text }) });
    const models = await take(`/models?${asked}`, MOST, { signal: place.signal });
    fill(found, models.map(card));
    fill(none, models.length ? null : nothing(view, text));
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      place.setQuery({ text: search.value });
      show().catch(complain);
    }, TYPING_MS);
  });
  await show();
  return html`<div class="stack">
    ${pageHead(say("Models"), { text: say("What trainings have made; a trigger word in a prompt brings a model in.") })}
    <div class="row">${shelves}</div>
    ${search} ${found} ${none}
  </div>`;
}

function nothing(view, text) {
  if (text) return empty("search", say("No model fits"), say("Search for another name."));
  if (view) return empty("models", say("Nothing here yet"), say("Publish a model of yours, or like one of others."));
  return empty("models", say("No models yet"), say("Train one on a dataset; it appears here with its trigger words."), linkButton(say("Train a model"), "/train", { kind: "primary" }));
}

function card(model) {
  const sample = model.samples.at(-1);
  const source = sample && address(`/models/${model.id}/files/${sample.file.name}`);
  const like = button("", () => busy(like, toggle), { kind: "quiet bare small", icon: "star", label: say("Favourite") });
  like.setAttribute("aria-pressed", String(model.is_favourite));
  async function toggle() {
    const isLiked = like.getAttribute("aria-pressed") === "true";
    await (isLiked ? api.delete(`/models/${model.id}/favourite`) : api.put(`/models/${model.id}/favourite`));
    like.setAttribute("aria-pressed", String(!isLiked));
  }
  return html`<article class="card">
    <a class="cover" href="/models/${model.id}" tabindex="-1" aria-hidden="true">${source && html`<img src=${source} alt="" loading="lazy" />`}</a>
    <div class="row spread"><h2><a href="/models/${model.id}">${model.name}</a></h2>${like}</div>
    <p class="row">${model.trigger_words.slice(0, 3).map((word) => badge(word))}</p>
    <p class="quiet small-text">${model.family} · ${count(model.generations, "{n} use", "{n} uses")}</p>
  </article>`;
}
