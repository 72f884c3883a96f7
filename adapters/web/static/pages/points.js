/** Points: the balance, every line of the statement, and what one's models earn. */

import { address, api, list } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { listen } from "../lib/live.js";
import { button, empty, linkButton, pageHead, table, tabs } from "../lib/pieces.js";
import { count, mark, moment, number, points, say } from "../lib/words.js";

const KINDS = {
  grant: mark("Granted"),
  hold: mark("Set aside"),
  refusal: mark("Refused"),
  settle: mark("Settled"),
  use: mark("Used"),
  sweep: mark("Earned"),
  top_up: mark("Bought"),
  refund: mark("Paid back"),
  transfer_out: mark("Given"),
  transfer_in: mark("Received"),
  move_out: mark("Moved"),
  move_in: mark("Moved"),
};
const DAYS = 30;
const DAY_MS = 24 * 3600 * 1000;

export async function open(place) {
  place.setTitle(say("Points"));
  const { signal } = place;
  const [{ balance_points }, earnings] = await Promise.all([
    api.get("/points/balance", { signal }),
    api.get("/royalties", { signal }),
  ]);
  const statement = await writeStatement(signal);
  return html`<div class="stack">
    ${pageHead(say("Points"), {
      text: say("Trainings and generations are paid with points; what is not used comes back."),
      actions: [linkButton(say("Download as CSV"), address("/points/statement.csv"), { icon: "download", download: true })],
    })}
    <div class="cards">
      ${figure(say("To spend now"), balance_points)} ${figure(say("Earned by models"), earnings.earned_points)}
      ${figure(say("Of it not paid out yet"), earnings.due_points)}
    </div>
    ${tabs(place, [
      ["statement", say("Statement"), () => statement],
      ["earnings", say("Earnings"), () => writeEarnings(signal)],
      ["more", say("More points"), explainMore],
    ])}
  </div>`;
}

function figure(title, value) {
  return html`<div class="card"><p class="quiet">${title}</p><p class="figure">${points(value)}</p></div>`;
}

async function writeStatement(signal) {
  const rows = html`<tbody></tbody>`;
  const more = button(say("Show older lines"), () => add(50));
  let entries = list("/points/statement", { signal, limit: 50 });
  const add = async (most) => {
    for (let done = 0; done < most; done += 1) {
      const { value, done: isOver } = await entries.next();
      more.hidden = isOver;
      if (isOver) return;
      rows.append(entryRow(value));
    }
  };
  const restart = async () => {
    const shown = Math.max(50, rows.childElementCount);
    entries = list("/points/statement", { signal, limit: 50 });
    rows.replaceChildren();
    await add(shown);
  };
  await add(50);
  if (!rows.childElementCount) {
    return empty("points", say("Nothing yet"), say("Every point that you get or spend stands here, with the balance after it."));
  }
  const tell = (kind) => kind === "notification" && restart();
  listen({ tell, refresh: restart, signal });
  return html`<div class="stack">
    ${table(say("Statement"), [say("When"), say("What for"), [say("Points"), "number"], [say("Balance"), "number"]], rows)}
    <div class="actions">${more}</div>
  </div>`;
}

function entryRow(entry) {
  const sign = entry.amount_points > 0 ? "+" : "";
  return html`<tr>
    <td>${moment(entry.created_at)}</td>
    <td>${entry.note} <span class="quiet small-text">${say(KINDS[entry.kind] ?? entry.kind)}</span></td>
    <td class="number">${sign}${number(entry.amount_points)}</td>
    <td class="number">${number(entry.balance_after_points)}</td>
  </tr>`;
}

function writeEarnings(signal) {
  const made = html`<div class="stack" aria-busy="true"></div>`;
  Promise.all([api.get(`/royalties/days?days=${DAYS}`, { signal }), list("/models", { signal, limit: 50 }).next()])
    .then(async ([{ items }]) => made.replaceChildren(items.length ? await drawEarnings(items, signal) : noEarnings()))
    .catch(() => made.replaceChildren(noEarnings()))
    .finally(() => made.removeAttribute("aria-busy"));
  return made;
}

function noEarnings() {
  const text = say("Publish a model: when others generate with it, you and those who gave pictures earn a share.");
  return empty("models", say("Nothing earned in {days} days", { days: DAYS }), text, linkButton(say("My models"), "/models"));
}

async function drawEarnings(items, signal) {
  const names = new Map();
  for await (const model of list("/models", { signal })) names.set(model.id, model.name);
  const days = [...Array(DAYS).keys()].map((back) => new Date(Date.now() - (DAYS - 1 - back) * DAY_MS).toISOString().slice(0, 10));
  const totals = new Map(days.map((day) => [day, 0]));
  const models = new Map();
  for (const { day, model, points: earned, uses } of items) {
    if (totals.has(day)) totals.set(day, totals.get(day) + earned);
    const before = models.get(model) ?? { earned: 0, uses: 0 };
    models.set(model, { earned: before.earned + earned, uses: before.uses + uses });
  }
  const most = Math.max(1, ...totals.values());
  const bars = [...totals].map(([day, earned]) => {
    const bar = html`<li title="${day}: ${points(earned)}"><span class="visually-hidden">${day}: ${points(earned)}</span></li>`;
    bar.style.height = `${Math.max(earned ? 4 : 1, (100 * earned) / most)}%`;
    return bar;
  });
  return html`<div class="stack">
    <figure class="card">
      <figcaption class="quiet">${say("Points a day, {days} days", { days: DAYS })}</figcaption>
      <ol class="bars">${bars}</ol>
    </figure>
    ${table(say("Earnings"), [say("Model"), [say("Uses"), "number"], [say("Points"), "number"]], [...models].map(([id, { earned, uses }]) => html`<tr>
        <td><a href="/models/${id}">${names.get(id) ?? id}</a></td>
        <td class="number">${number(uses)}</td><td class="number">${number(earned)}</td>
      </tr>`))}
  </div>`;
}

function explainMore() {
  return html`<div class="stack">
    <p class="note">${icon("info")}<span>${say("Who runs this instance gives out points. Where the bot is on Telegram and sells them, write /topup to it there; they arrive here at once.")}</span></p>
  </div>`;
}
