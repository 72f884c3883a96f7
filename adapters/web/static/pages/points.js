/** Points: the balance, every line of the statement, what one's models earn, and what may be done with points. */

import { address, api, list } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { button, empty, linkButton, pageHead, table, tabs } from "../lib/pieces.js";
import { inOrder } from "../lib/timing.js";
import { mark, moment, number, points, say } from "../lib/words.js";
import { writeEarnings } from "./points_earnings.js";
import { writeCaps, writeGiving, writeMore } from "./points_spending.js";

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
    <div class="figures">
      ${figure(say("To spend now"), balance_points)} ${figure(say("Earned by models"), earnings.earned_points)}
      ${figure(say("Of it not paid out yet"), earnings.due_points)}
    </div>
    ${tabs(place, [
      ["statement", say("Statement"), () => statement],
      ["earnings", say("Earnings"), () => writeEarnings(signal)],
      ["give", say("Give"), () => writeGiving(signal)],
      ["caps", say("Caps"), () => writeCaps(signal)],
      ["more", say("More points"), () => writeMore(signal)],
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
  const restart = inOrder(
    async () => {
      const fresh = list("/points/statement", { signal, limit: 50 });
      const found = [];
      let isOver = false;
      for (const most = Math.max(50, rows.childElementCount); !isOver && found.length < most; ) {
        const next = await fresh.next();
        isOver = next.done;
        if (!isOver) found.push(next.value);
      }
      return { fresh, found, isOver };
    },
    ({ fresh, found, isOver }) => {
      entries = fresh;
      more.hidden = isOver;
      rows.replaceChildren(...found.map(entryRow));
    },
  );
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
