/** What one model has earned for its maker, by day. */

import { api } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { DAYS, earningsChart, sumEarnings } from "../lib/earnings.js";
import { count, say } from "../lib/words.js";

export async function showEarnings(model, signal) {
  const { items } = await api.get(`/royalties/days?days=${DAYS}`, { signal });
  const own = items.filter((item) => item.model === model.id);
  const [[, { uses }] = ["", { uses: 0 }]] = sumEarnings(own, (item) => item.model);
  const text = uses
    ? count(uses, "{n} paid use by others.", "{n} paid uses by others.")
    : say("Nobody else has paid for it in {days} days.", { days: DAYS });
  return html`<section class="card"><h2>${say("Earnings")}</h2>
    <p class="row spread"><span class="quiet">${text}</span><a href="/points?tab=earnings">${say("All earnings")}</a></p>
    ${uses ? earningsChart(own) : null}
  </section>`;
}
