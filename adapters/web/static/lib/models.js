/** Models in lists: a card with the latest sample, trigger words and uses, and the button of favourites. */

import { address, api } from "./api.js";
import { html } from "./dom.js";
import { badge, button } from "./pieces.js";
import { count, say } from "./words.js";

/** A button that makes a model one's favourite, and takes that back. */
export function likeButton(model, text, options) {
  const made = button(text, toggle, { icon: "star", ...options });
  made.setAttribute("aria-pressed", String(model.is_favourite));
  async function toggle() {
    const isLiked = made.getAttribute("aria-pressed") === "true";
    await (isLiked ? api.delete(`/models/${model.id}/favourite`) : api.put(`/models/${model.id}/favourite`));
    made.setAttribute("aria-pressed", String(!isLiked));
  }
  return made;
}

/** A model as a card. */
export function modelCard(model) {
  const sample = model.samples.at(-1);
  const source = sample && address(`/models/${model.id}/files/${sample.file.name}`);
  const like = likeButton(model, "", { kind: "quiet bare small", label: say("Favourite") });
  return html`<article class="card">
    <a class="cover" href="/models/${model.id}" tabindex="-1" aria-hidden="true">${source && html`<img src=${source} alt="" loading="lazy" />`}</a>
    <div class="row spread"><h3><a href="/models/${model.id}">${model.name}</a></h3>${like}</div>
    <p class="row">${model.trigger_words.slice(0, 3).map((word) => badge(word))}</p>
    <p class="quiet small-text">${model.family} · ${count(model.generations, "{n} use", "{n} uses")}</p>
  </article>`;
}
