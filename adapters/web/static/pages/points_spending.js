/** What may be done with points: give them to somebody, cap what one spends, and get more. */

import { me, showBalance } from "../app.js";
import { api, makeKey } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { busy, button, copyButton, facts, field, openDialog, table, toast } from "../lib/pieces.js";
import { reload } from "../lib/router.js";
import { namePlatform, number, points, say } from "../lib/words.js";

/** A form that looks up who would receive, and gives once that was confirmed. */
export function writeGiving(signal) {
  const to = html`<input maxlength="100" autocomplete="off" autocapitalize="off" spellcheck="false" />`;
  const amount = html`<input type="number" min="1" step="1" inputmode="numeric" />`;
  const toField = field(say("To whom"), to, { help: say("Their account id, or what a platform calls them on which you are known too, as discord:1234.") });
  const amountField = field(say("Points"), amount);
  const look = async () => {
    toField.showError("");
    amountField.showError("");
    const wanted = Number(amount.value);
    if (!to.value.trim()) return toField.showError(say("Say who shall get them."));
    if (!Number.isInteger(wanted) || wanted < 1) return amountField.showError(say("A whole number from 1."));
    const { balance_points: balance } = await api.get("/points/balance", { signal });
    if (wanted > balance) return amountField.showError(say("You have {points}.", { points: points(balance) }));
    const name = encodeURIComponent(to.value.trim());
    const receiver = await api.get(`/points/receivers/${name}`, { signal }).catch((error) => toField.showError(error.message));
    return receiver && confirmGift(receiver, wanted, balance);
  };
  return html`<section class="card narrow">
    <p>${say("They are told at once, and only they can give the points back.")}</p>
    ${toField} ${amountField}
    <div class="actions">${button(say("Give …"), look, { kind: "primary", icon: "points" })}</div>
  </section>`;
}

/** Show who would receive, by name, and what would be left; a second press of the same yes gives once. */
function confirmGift(receiver, wanted, balance) {
  const key = makeKey();
  const give = async () => {
    const made = await api.post("/points/transfers", { to: receiver.id, points: wanted }, { key });
    close();
    toast(say("{name} has {points} more.", { name: made.receiver_name, points: points(made.points) }), { tone: "good" });
    showBalance();
    await reload();
  };
  const close = openDialog(say("Give {points} to {name}?", { points: points(wanted), name: receiver.display_name }), html`<div class="stack">
    ${facts([[say("Account id"), html`<code>${receiver.id}</code>`], [say("Your balance after that"), points(balance - wanted)]])}
    <p>${say("They are told at once, and only they can give the points back.")}</p>
    <div class="actions end">${button(say("No, go back"), () => close(), { kind: "quiet" })} ${button(say("Give"), give, { kind: "primary" })}</div>
  </div>`);
}

/** The caps that one has set oneself, and how much of each is spent. */
export function writeCaps(signal) {
  const made = html`<section class="card narrow"></section>`;
  const show = (spending) => fill(made, capsForm(spending, show));
  busy(made, async () => show(await api.get("/points/spending", { signal })));
  return made;
}

function capsForm({ day_cap_points, day_spent_points, month_cap_points, month_spent_points }, show) {
  const makeInput = (value) => html`<input type="number" min="0" step="1" inputmode="numeric" placeholder=${say("no cap")} value=${value ?? ""} />`;
  const day = makeInput(day_cap_points);
  const month = makeInput(month_cap_points);
  const spent = (value) => say("{points} spent so far.", { points: points(value) });
  const read = (input) => (input.value === "" ? null : Number(input.value));
  const save = async () => {
    show(await api.put("/points/caps", { day_points: read(day), month_points: read(month) }));
    toast(say("Saved."), { tone: "good" });
  };
  return html`<div class="stack">
    <p>${say("What you want to spend at most. Beyond it nothing is bought, given or reported; what comes back makes room again.")}</p>
    ${field(say("Points each day"), day, { help: `${spent(day_spent_points)} ${say("Days and months are those of UTC.")}` })}
    ${field(say("Points each month"), month, { help: spent(month_spent_points) })}
    <div class="actions">${button(say("Save"), save, { kind: "primary" })}</div>
  </div>`;
}

/** Where points come from, and where they are sold. */
export function writeMore(signal) {
  const sold = html`<div class="stack"></div>`;
  busy(sold, async () => fill(sold, listPackages(await api.get("/points/packages", { signal }))));
  return html`<div class="stack">
    ${sold}
    <section class="card"><h2>${say("From whoever runs this place")}</h2>
      <p>${say("They give out points. Tell them your account id:")}</p>
      <p class="row"><code>${me.id}</code>${copyButton(me.id, say("Copy the account id"))}</p>
    </section>
    <section class="card"><h2>${say("From your models")}</h2>
      <p>${say("Publish a model: when others generate with it, you and those who gave pictures earn a share.")} <a href="/models">${say("My models")}</a></p>
    </section>
  </div>`;
}

function listPackages({ items, sold_on }) {
  if (!items.length || !sold_on.length) {
    return html`<p class="note">${icon("info")}<span>${say("No points are sold here.")}</span></p>`;
  }
  const rows = items.map((one) => html`<tr><td>${points(one.points)}</td><td class="number">${number(one.stars)} ⭐</td></tr>`);
  return html`<section class="card"><h2>${say("With Telegram Stars")}</h2>
    ${table(say("What is sold"), [say("Points"), [say("Stars"), "number"]], rows)}
    <ol class="steps">
      <li>${say("Link your account there first, so that what you buy is yours here too:")} <a href="/account">${say("Platforms")}</a></li>
      <li>${sold_on.map(({ platform, address }) => html`<a href=${address} target="_blank" rel="noopener">${say("Open the bot on {platform}", { platform: namePlatform(platform) })}</a> `)}</li>
      <li>${say("Write this to it, and pay the invoice that it sends; the points arrive at once.")} <code>/topup</code>${copyButton("/topup")}</li>
    </ol>
  </section>`;
}
