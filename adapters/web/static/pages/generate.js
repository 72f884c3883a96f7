/** Generate: a prompt whose trigger words bring models in, its price, and what was drawn lately. */

import { showBalance } from "../app.js";
import { address, api, makeKey, take } from "../lib/api.js";
import { fill, html, showRows } from "../lib/dom.js";
import { dropDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { jobRow } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { badge, button, field, hasEnded, pageHead } from "../lib/pieces.js";
import { nameSetting } from "../lib/settings.js";
import { debounce } from "../lib/timing.js";
import { count, number, points, say } from "../lib/words.js";

const DRAFT = "generate";
const TYPING_MS = 300;
const RECENT = 12;

export async function open(place) {
  place.setTitle(say("Generate"));
  const { signal, query } = place;
  const [offers, again, model] = await Promise.all([
    api.get("/generation-offers", { signal }),
    query.get("again") && api.get(`/generations/${query.get("again")}`, { signal }),
    query.get("model") && api.get(`/models/${query.get("model")}`, { signal }),
  ]);
  const started = start(again, model);
  const form = makeForm(offers.items, started, signal);
  return html`<div class="stack">
    ${pageHead(say("Generate"), { text: say("Write what you want to see; trigger words bring models in.") })}
    <div class="columns">${form}${await recent(signal)}</div>
  </div>`;
}

/** What the form begins with: another generation's settings, a model's trigger word, or the draft. */
function start(again, model) {
  if (again) {
    const { spec } = again;
    return {
      prompt: spec.typed_prompt, negative_prompt: spec.negative_prompt, base_model: spec.base_model.id,
      params: { width_px: spec.width_px, height_px: spec.height_px, steps: spec.steps, guidance_scale: spec.guidance_scale, count: spec.count },
    };
  }
  if (model) return { prompt: `${model.trigger_words[0] ?? ""} `, params: {} };
  return readDraft(DRAFT) ?? { prompt: "", params: {} };
}

function makeForm(offers, started, signal) {
  const prompt = html`<textarea maxlength="2000" .value=${started.prompt}></textarea>`;
  const negative = html`<input maxlength="2000" value=${started.negative_prompt ?? ""} />`;
  const base = html`<select>${offers.map(({ base_model }) => html`<option value=${base_model.id} ?selected=${base_model.id === started.base_model}>${base_model.name}</option>`)}</select>`;
  const seed = html`<input type="number" min="0" max="2147483647" placeholder=${say("a new one each time")} />`;
  const settings = html`<div class="columns"></div>`;
  const preview = html`<div class="stack" aria-live="polite"></div>`;
  const send = button(say("Generate"), submit, { kind: "primary", icon: "generate" });
  let key = makeKey();
  let asking = new AbortController();
  let inputs = new Map();

  function showSettings() {
    const offer = offers.find(({ base_model }) => base_model.id === base.value) ?? offers[0];
    inputs = new Map(offer.params.map((param) => [param.name, control(param, started.params?.[param.name])]));
    fill(settings, ...offer.params.map((param) => field(nameSetting(param.name), inputs.get(param.name), { help: param.help })));
  }

  /** What is wanted; settings that stand at their default are left to the server, which knows the models. */
  function read() {
    const params = {};
    for (const [name, input] of inputs) {
      if (input.value !== input.dataset.default) params[name] = input.type === "number" ? Number(input.value) : input.value;
    }
    return { prompt: prompt.value, negative_prompt: negative.value, base_model: base.value, params, ...(seed.value && { seed: Number(seed.value) }) };
  }

  async function quote() {
    const wanted = read();
    asking.abort();
    asking = new AbortController();
    keepDraft(DRAFT, wanted);
    send.disabled = true;
    if (!wanted.prompt.trim()) return fill(preview);
    try {
      const found = await api.post("/generations/quote", wanted, { signal: AbortSignal.any([signal, asking.signal]) });
      send.disabled = !found.covered;
      fill(preview, describe(found));
    } catch (error) {
      if (error.name !== "AbortError") fill(preview, html`<p class="note bad">${error.message}</p>`);
    }
    return undefined;
  }

  async function submit() {
    const made = await api.post("/generations", read(), { key });
    key = makeKey();
    dropDraft(DRAFT);
    showBalance();
    document.dispatchEvent(new CustomEvent("generated", { detail: made }));
  }

  const quoteSoon = debounce(quote, TYPING_MS);
  const changed = () => {
    key = makeKey(); // what is sent next is another order, even if the one before was never answered
    quoteSoon();
  };
  base.addEventListener("change", showSettings);
  const form = html`<section class="card" @input=${changed} @change=${changed}>
    ${field(say("Prompt"), prompt)} ${preview}
    <div class="actions">${send}</div>
    <details><summary>${say("Settings")}</summary><div class="stack">
      ${field(say("Not in the picture"), negative)} ${field(say("Base model"), base)} ${settings}
      ${field(say("Seed"), seed, { help: say("The same seed and settings draw the same picture.") })}
    </div></details>
  </section>`;
  showSettings();
  quote();
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
  const loras = spec.loras.map((lora) => badge(`${lora.name} · ${number(lora.weight, 2)}`, "busy"));
  return html`<div class="stack">
    <p class="row">${loras.length ? loras : say("No trigger word in it: the base model draws alone.")}</p>
    ${spec.warnings.map((warning) => html`<p class="note warn">${warning}</p>`)}
    <p><strong>${points(quote.points)}</strong> <span class="quiet">${count(spec.count, "for {n} picture; you have {balance}.", "for {n} pictures; you have {balance}.", { balance: points(balance_points) })}</span></p>
    ${covered ? null : html`<p class="note bad">${say("Your points do not cover it.")} <a href="/points?tab=more">${say("More points")}</a></p>`}
  </div>`;
}

async function recent(signal) {
  const jobs = new Map();
  for (const job of await take("/generations", RECENT, { signal })) jobs.set(job.id, job);
  const running = html`<ul class="stack"></ul>`;
  const gallery = html`<div class="gallery"></div>`;
  const show = () => {
    const all = [...jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    const active = all.filter((job) => !hasEnded(job.status)).map((job) => ({ kind: "generation", ...job }));
    showRows(running, active, (job) => job.id, jobRow, (row, job) => row.set(job));
    const drawn = all.flatMap((job) => job.pictures.map((picture) => ({ job, picture })));
    showRows(gallery, drawn, ({ picture, job }) => job.id + picture.file.name, thumbnail);
  };
  const reread = async (id) => {
    jobs.set(id, await api.get(`/generations/${id}`, { signal }));
    show();
  };
  listen({
    tell: (kind, event) => kind === "generation" && reread(event.id),
    refresh: () => Promise.all([...jobs.keys()].map(reread)),
    signal,
  });
  document.addEventListener("generated", ({ detail }) => (jobs.set(detail.id, detail), show()), { signal });
  show();
  return html`<section class="stack"><h2>${say("Drawn lately")}</h2>${running}${gallery}</section>`;
}

function thumbnail({ job, picture }) {
  const source = address(`/generations/${job.id}/images/${picture.file.name}`);
  return html`<a href="/generations/${job.id}"><img src=${source} alt=${job.spec.typed_prompt} loading="lazy" /></a>`;
}
