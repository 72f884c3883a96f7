/** A model as a card: its latest sample, its trigger words, how much it is used, and whether one likes it. */

import { address, api } from "./api.js";
import { html } from "./dom.js";
import { badge, button } from "./pieces.js";
import { count, say } from "./words.js";

export function modelCard(model) {
  const sample = model.samples.at(-1);
  const source = sample && address(`/models/${model.id}/files/${sample.file.name}`);
  const like = button("", toggle, { kind: "quiet bare small", icon: "star", label: say("Favourite") });
  like.setAttribute("aria-pressed", String(model.is_favourite));
  async function toggle() {
    const isLiked = like.getAttribute("aria-pressed") === "true";
    await (isLiked ? api.delete(`/models/${model.id}/favourite`) : api.put(`/models/${model.id}/favourite`));
    like.setAttribute("aria-pressed", String(!isLiked));
  }
  return html`<article class="card">
    <a class="cover" href="/models/${model.id}" tabindex="-1" aria-hidden="true">${source && html`<img src=${source} alt="" loading="lazy" />`}</a>
    <div class="row spread"><h3><a href="/models/${model.id}">${model.name}</a></h3>${like}</div>
    <p class="row">${model.trigger_words.slice(0, 3).map((word) => badge(word))}</p>
    <p class="quiet small-text">${model.family} · ${count(model.generations, "{n} use", "{n} uses")}</p>
  </article>`;
}
