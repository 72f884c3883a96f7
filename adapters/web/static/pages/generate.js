/** Generate: a prompt whose trigger words bring models in, its price, and what was drawn lately. */

import { api } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { readDraft } from "../lib/drafts.js";
import { pageHead } from "../lib/pieces.js";
import { say } from "../lib/words.js";
import { DRAFT, makeForm } from "./generate_form.js";
import { makeRecent } from "./generate_recent.js";

export async function open(place) {
  place.setTitle(say("Generate"));
  const { signal, query } = place;
  const [offers, again, model, recent] = await Promise.all([
    api.get("/generation-offers", { signal }),
    query.get("again") && api.get(`/generations/${query.get("again")}`, { signal }),
    query.get("model") && api.get(`/models/${query.get("model")}`, { signal }),
    makeRecent(signal),
  ]);
  const started = start(offers.items, again, model, query.get("seed"));
  const form = await makeForm(offers.items, started, recent.add, signal);
  return html`<div class="stack">
    ${pageHead(say("Generate"), { text: say("Write what you want to see; trigger words bring models in.") })}
    <div class="columns">${form}${recent}</div>
  </div>`;
}

/** What the form begins with: another generation's settings, a model and its trigger word, or the draft. */
function start(offers, again, model, seed) {
  if (again) {
    const { spec } = again;
    const { width_px, height_px, steps, guidance_scale, count, sampler } = spec;
    return {
      prompt: spec.typed_prompt, negative_prompt: spec.negative_prompt, base_model: spec.base_model.id, seed,
      params: { width_px, height_px, steps, guidance_scale, sampler, count: seed ? 1 : count },
      loras: spec.loras.map((lora) => ({ model: lora.model, name: lora.name, weight: lora.weight })),
    };
  }
  if (model) {
    const base = offers.find(({ base_model }) => base_model.family === model.family)?.base_model.id;
    const loras = [{ model: model.id, name: model.name, weight: null, usual: model.default_weight }];
    return { prompt: model.trigger_words.length ? `${model.trigger_words[0]} ` : "", base_model: base, loras, params: {} };
  }
  return readDraft(DRAFT) ?? { prompt: "", params: {} };
}
