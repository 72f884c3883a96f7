/** What one's models have earned lately, by day and by model. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { DAYS, earningsChart, sumEarnings } from "../lib/earnings.js";
import { busy, empty, linkButton, table } from "../lib/pieces.js";
import { number, say } from "../lib/words.js";

export function writeEarnings(signal) {
  const made = html`<div class="stack"></div>`;
  busy(made, async () => fill(made, await draw(signal)));
  return made;
}

async function draw(signal) {
  const { items } = await api.get(`/royalties/days?days=${DAYS}`, { signal });
  if (!items.length) {
    const text = say("Publish a model: when others generate with it, you and those who gave pictures earn a share.");
    return empty("models", say("Nothing earned in {days} days", { days: DAYS }), text, linkButton(say("My models"), "/models"));
  }
  const models = sumEarnings(items, ({ model }) => model);
  // Also of models that are gone or of others, whose pictures one gave: then the id has to do.
  const names = await Promise.all(models.map(([id]) => api.get(`/models/${id}`, { signal }).then(({ name }) => name, () => id)));
  const rows = models.map(([id, { earned, uses }], index) => html`<tr>
    <td><a href="/models/${id}">${names[index]}</a></td>
    <td class="number">${number(uses)}</td><td class="number">${number(earned)}</td>
  </tr>`);
  return html`<div class="stack"><section class="card">${earningsChart(items)}</section>
    ${table(say("Earnings"), [say("Model"), [say("Uses"), "number"], [say("Points"), "number"]], rows)}</div>`;
}
