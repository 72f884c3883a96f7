/** What models earn, by day: bars that are read out as a table is. */

import { html } from "./dom.js";
import { number, points, say } from "./words.js";

export const DAYS = 30;
const DAY_MS = 24 * 3600 * 1000;

/** Draw the last DAYS days; `items` are those of GET /royalties/days. */
export function earningsChart(items) {
  const days = [...Array(DAYS).keys()].map((back) => new Date(Date.now() - (DAYS - 1 - back) * DAY_MS).toISOString().slice(0, 10));
  const totals = new Map(days.map((day) => [day, 0]));
  for (const { day, points: earned } of items) if (totals.has(day)) totals.set(day, totals.get(day) + earned);
  const all = [...totals.values()].reduce((sum, earned) => sum + earned, 0);
  const most = Math.max(1, ...totals.values());
  const bars = [...totals].map(([day, earned]) => {
    const bar = html`<li title="${day}: ${points(earned)}"><span class="visually-hidden">${day}: ${points(earned)}</span></li>`;
    bar.style.height = `${Math.max(earned ? 4 : 1, (100 * earned) / most)}%`;
    return bar;
  });
  return html`<figure class="chart-days">
    <figcaption class="row spread"><span class="quiet">${say("Points a day, {days} days", { days: DAYS })}</span><strong>${points(all)}</strong></figcaption>
    <div class="bars-room"><span class="quiet small-text" aria-hidden="true">${number(most)}</span><ol class="bars">${bars}</ol></div>
    <p class="row spread quiet small-text" aria-hidden="true"><span>${days[0]}</span><span>${days.at(-1)}</span></p>
  </figure>`;
}

/** Sum earnings by what `getKey(item)` tells, the most first: [[key, {earned, uses}], …]. */
export function sumEarnings(items, getKey) {
  const sums = new Map();
  for (const item of items) {
    const before = sums.get(getKey(item)) ?? { earned: 0, uses: 0 };
    sums.set(getKey(item), { earned: before.earned + item.points, uses: before.uses + item.uses });
  }
  return [...sums].sort(([, a], [, b]) => b.earned - a.earned);
}
