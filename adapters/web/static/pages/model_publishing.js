/** Publishing a model and taking it back: its words are checked and the shares shown before anything happens. */

import { me } from "../app.js";
import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { ask, button, complain, field, openDialog, toast } from "../lib/pieces.js";
import { reload } from "../lib/router.js";
import { debounce } from "../lib/timing.js";
import { percent, pictures, say } from "../lib/words.js";

const TYPING_MS = 300;

/** Split a text at its commas. */
export const split = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);

/** Ask how to publish, and say as it is being typed what would come of it. */
export async function publish(model) {
  const words = html`<input value=${model.trigger_words.join(", ")} autocapitalize="off" spellcheck="false" />`;
  const access = html`<select><option value="public">${say("Public")}</option><option value="unlisted">${say("Unlisted")}</option></select>`;
  const wordsField = field(say("Trigger words"), words, { help: say("Separated by commas; common words and words of other models are refused.") });
  const preview = html`<div class="stack preview" aria-live="polite"></div>`;
  const send = button(say("Publish"), submit, { kind: "primary" });
  const read = () => ({ access: access.value, trigger_words: split(words.value) });
  let asked = 0;

  async function look() {
    const mine = (asked += 1);
    try {
      const found = await api.post(`/models/${model.id}/publication/preview`, read());
      if (mine !== asked) return;
      wordsField.showError("");
      fill(preview, describe(found));
      send.disabled = false;
    } catch (error) {
      if (mine === asked) wordsField.showError(error.message);
    }
  }
  async function submit() {
    await api.put(`/models/${model.id}/publication`, read());
    close();
    toast(say("It is published."), { tone: "good" });
    await reload();
  }
  const lookSoon = debounce(() => look().catch(complain), TYPING_MS);
  const changed = () => {
    asked += 1; // what was answered to other words no longer counts
    send.disabled = true;
    lookSoon();
  };
  send.disabled = true;
  await look();
  const close = openDialog(say("Publish {name}", { name: model.name }), html`<div class="stack" @input=${changed}>
    <p>${say("Others can then use it by its trigger words. Whenever they do, its makers earn: half goes to whoever trained it, half to those who gave pictures.")}</p>
    ${wordsField}
    ${field(say("Who may use it"), access, { help: say("Unlisted models are found by whoever has the address.") })}
    ${preview}
    <div class="actions end">${send}</div>
  </div>`);
}

function describe({ trigger_words, shares }) {
  return html`<div class="stack">
    <p class="note good">${icon("check")}<span>${say("Its words are free: {words}", { words: trigger_words.join(", ") })}</span></p>
    <h3>${say("Who earns")}</h3>${showShares(shares)}
    <p class="quiet small-text">${say("The shares are fixed when it is first published.")}</p>
  </div>`;
}

/** Who is paid for a model, and how much of it. */
export function showShares(shares) {
  return html`<ul class="stack">${shares.map((share) => html`<li class="row spread">
    <span>${share.account === me.id ? say("You") : say("A contributor")} ${share.pictures ? html`<span class="quiet">${pictures(share.pictures)}</span>` : null}</span>
    <span>${percent(share.bps / 10_000, 2)}</span>
  </li>`)}</ul>`;
}

export async function withdraw(model) {
  const text = say("Others can no longer use it. What was earned stays, and you can publish it again.");
  if (!(await ask(say("Withdraw it?"), text, say("Withdraw"), { danger: true }))) return;
  await api.delete(`/models/${model.id}/publication`);
  await reload();
}
