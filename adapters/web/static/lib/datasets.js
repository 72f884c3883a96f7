/** A dataset as a card: its first picture, its name and how much is in it. */

import { address } from "./api.js";
import { html } from "./dom.js";
import { icon } from "./icons.js";
import { ago, pictures } from "./words.js";

export function datasetCard(dataset) {
  const source = dataset.cover && address(`/datasets/${dataset.id}/items/${dataset.cover}/thumbnail`);
  return html`<a class="card" href="/datasets/${dataset.id}">
    <div class="cover ${source ? "" : "bare"}">${source ? html`<img src=${source} alt="" loading="lazy" width="320" height="240" />` : icon("datasets")}</div>
    <h3>${dataset.name}</h3>
    <p class="quiet small-text">${pictures(dataset.items)} · ${ago(dataset.updated_at)}</p>
  </a>`;
}
