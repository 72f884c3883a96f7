/** The form of a generation: a prompt, the models that it brings in, settings, and what it will cost. */

import { showBalance } from "../app.js";
import { api, makeKey } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { dropDraft, keepDraft } from "../lib/drafts.js";
import { button, busy, complain, field } from "../lib/pieces.js";
import { nameSetting } from "../lib/settings.js";
import { debounce } from "../lib/timing.js";
import { count, points, say } from "../lib/words.js";
import { makeModels } from "./generate_models.js";
import { offerWords } from "./generate_words.js";

export const DRAFT = "generate";
const TYPING_MS = 300;

/** Make the form, whole with its price, so that nothing moves once it stands. `started` is what it begins with (see generate.js); `bought(job)` takes what was bought. */
export async function makeForm(offers, started, bought, signal) {
  const prompt = html`<textarea maxlength="2000" .value=${started.prompt}></textarea>`;
  const negative = html`<input maxlength="2000" value=${started.negative_prompt ?? ""} />`;
  const base = html`<select>${offers.map(({ base_model }) => html`<option value=${base_model.id} ?selected=${base_model.id === started.base_model}>${base_model.name}</option>`)}</select>`;
  const seed = html`<input type="number" min="0" max="2147483647" placeholder=${say("a new one each time")} value=${started.seed ?? ""} />`;
  const settings = html`<div class="columns"></div>`;
  const preview = html`<div class="stack" aria-live="polite"></div>`;
  const send = button(say("Generate"), submit, { kind: "primary", icon: "generate" });
  const getOffer = () => offers.find(({ base_model }) => base_model.id === base.value) ?? offers[0];
  const getFamily = () => getOffer().base_model.family;
  let key = makeKey();
  let known = "";
  let asking = new AbortController();
  let inputs = new Map();

  function showBase() {
    const { params } = getOffer();
    inputs = new Map(params.map((param) => [param.name, control(param, started.params?.[param.name])]));
    fill(settings, ...params.map((param) => field(nameSetting(param.name), inputs.get(param.name), { help: param.help })));
    return models.offer(getFamily()).catch(complain);
  }

  /** What is wanted; settings that stand at their default are left to the server, which knows the models. */
  function read() {
    const params = {};
    for (const [name, input] of inputs) {
      if (input.value !== input.dataset.default) params[name] = input.type === "number" ? Number(input.value) : input.value;
    }
    return { prompt: prompt.value, negative_prompt: negative.value, base_model: base.value, params, ...(seed.value && { seed: Number(seed.value) }) };
  }

  const write = () => JSON.stringify({ ...read(), loras: models.keep() });

  async function quote() {
    asking.abort();
    asking = new AbortController();
    const stop = AbortSignal.any([signal, asking.signal]);
    keepDraft(DRAFT, { ...read(), loras: models.keep() });
    send.disabled = true;
    try {
      await models.resolve(prompt.value, getFamily(), stop);
      if (!prompt.value.trim()) return fill(preview), models.show([]);
      const found = await api.post("/generations/quote", { ...read(), loras: models.read() }, { signal: stop });
      send.disabled = !found.covered;
      models.show(found.spec.loras);
      known = write();
      fill(preview, describe(found));
    } catch (error) {
      if (error.name !== "AbortError") fill(preview, html`<p class="note bad">${error.message}</p>`);
    }
    return undefined;
  }

  async function submit() {
    const made = await api.post("/generations", { ...read(), loras: models.read() }, { key });
    key = makeKey();
    dropDraft(DRAFT);
    showBalance();
    bought(made);
  }

  const quoteSoon = debounce(quote, TYPING_MS);
  const changed = () => {
    if (write() === known) return; // a field that is only left must not disable the button that is being pressed
    known = write();
    key = makeKey(); // what is sent next is another order, even if the one before was never answered
    send.disabled = true; // until the price of what is written now is known
    quoteSoon();
  };
  const models = makeModels(started.loras ?? [], changed, signal);
  base.addEventListener("change", showBase);
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !send.disabled) busy(send, submit);
  });
  const promptField = field(say("Prompt"), prompt);
  prompt.after(offerWords(prompt, getFamily, signal));
  const form = html`<section class="card" @input=${changed} @change=${changed}>
    ${promptField} ${models} ${preview}
    <div class="actions">${send}</div>
    <details ?open=${Boolean(started.seed)}><summary>${say("Settings")}</summary><div class="stack">
      ${field(say("Not in the picture"), negative)} ${field(say("Base model"), base)} ${settings}
      ${field(say("Seed"), seed, { help: say("The same seed and settings draw the same picture.") })}
    </div></details>
  </section>`;
  await Promise.all([showBase(), quote()]);
  return form;
}

function control(param, value) {
  const shown = value ?? param.default;
  const made = param.choices?.length
    ? html`<select>${param.choices.map((choice) => html`<option ?selected=${choice === shown}>${choice}</option>`)}</select>`
    : html`<input type="number" min=${param.min} max=${param.max} step=${param.kind === "float" ? "any" : 1} value=${shown} />`;
  made.dataset.default = String(param.default);
  return made;
}

function describe({ spec, quote, balance_points, covered }) {
  return html`<div class="stack">
    ${spec.loras.length ? null : html`<p class="quiet">${say("No trigger word in it: the base model draws alone.")}</p>`}
    ${spec.prompt === spec.typed_prompt ? null : html`<p class="small-text"><span class="quiet">${say("Drawn as:")}</span> ${spec.prompt}</p>`}
    ${spec.warnings.map((warning) => html`<p class="note warn">${warning}</p>`)}
    <p><strong>${points(quote.points)}</strong> <span class="quiet">${count(spec.count, "for {n} picture; you have {balance}.", "for {n} pictures; you have {balance}.", { balance: points(balance_points) })}</span></p>
    ${covered ? null : html`<p class="note bad">${say("Your points do not cover it.")} <a href="/points?tab=more">${say("More points")}</a></p>`}
  </div>`;
}
