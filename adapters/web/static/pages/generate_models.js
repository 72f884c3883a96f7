/** The models of a picture: those that the prompt brings in and those that were picked, each with its weight. */

import { api, take } from "../lib/api.js";
import { fill, html, showRows } from "../lib/dom.js";
import { badge, button } from "../lib/pieces.js";
import { number, say } from "../lib/words.js";

const LORA_FILE = "lora.safetensors";
const CHOICES = 100;

/**
 * Make the part. `started` are models that the form begins with, [{model, name, weight, usual}], weight null for
 * the usual one; `changed()` is called when a weight or a pick has changed.
 *
 * `resolve(prompt, family)` reads what the prompt brings in; `read()` is what is sent of it; `show(loras)` shows
 * what will be drawn with; `offer(family)` fills the list to pick from.
 */
export function makeModels(started, changed, signal) {
  const picked = new Map();
  const weights = new Map();
  let waiting = started;
  let brought = new Map();
  const rows = html`<ul class="weights"></ul>`;
  const choice = html`<select aria-label=${say("Add a model")}></select>`;
  const made = html`<div class="stack" role="group" aria-label=${say("Models")}>${rows}${choice}</div>`;

  /** What the form began with: the prompt may bring it in already, otherwise it counts as picked. */
  function sort() {
    for (const { model, name, weight, usual } of waiting) {
      if (!brought.has(model)) picked.set(model, { name, usual: usual ?? weight });
      if (weight !== null && weight !== brought.get(model)?.weight) weights.set(model, weight);
    }
    waiting = [];
  }
  function setWeight(model, value) {
    weights.set(model, value);
    changed();
  }
  function remove(model) {
    picked.delete(model);
    weights.delete(model);
    changed();
  }
  function makeRow(line) {
    const { model, name } = line;
    const slider = html`<input type="range" min="-2" max="2" step="0.05" aria-label=${say("Weight of {name}", { name })} />`;
    const shown = html`<output class="mono"></output>`;
    const from = html`<span></span>`;
    const off = button("", () => remove(model), { kind: "quiet bare small", icon: "close", label: say("Take {name} out", { name }) });
    const tellWeight = () => fill(shown, Number(slider.value) ? number(Number(slider.value), 2) : say("off"));
    slider.addEventListener("input", () => (tellWeight(), setWeight(model, Number(slider.value))));
    const row = html`<li><div class="row spread"><span class="row"><a href="/models/${model}">${name}</a>${from}</span>${off}</div>
      <div class="weight">${slider}${shown}</div></li>`;
    row.set = ({ weight, word }) => {
      fill(from, word ? badge(word, "busy") : badge(say("picked")));
      off.hidden = !picked.has(model);
      if (document.activeElement !== slider) slider.value = weight;
      tellWeight();
    };
    row.set(line);
    return row;
  }

  made.resolve = async (prompt, family, asking) => {
    const found = prompt.trim() ? await api.post("/loras/resolve", { prompt, family }, { signal: asking }) : { models: [] };
    brought = new Map(found.models.map((model) => [model.id, { name: model.name, weight: model.weight, word: model.trigger_word }]));
    sort();
  };
  made.read = () => {
    const wanted = new Set([...picked.keys(), ...[...weights.keys()].filter((model) => brought.has(model))]);
    return [...wanted].map((model) => ({ model, ...(weights.has(model) && { weight: weights.get(model) }) }));
  };
  made.keep = () => [
    ...made.read().map(({ model, weight = null }) => ({ model, weight, usual: picked.get(model)?.usual, name: (picked.get(model) ?? brought.get(model)).name })),
    ...waiting,
  ];
  made.show = (loras) => {
    const lines = loras.map(({ model, name, weight }) => ({ model, name, weight, word: brought.get(model)?.word }));
    for (const [model, { name, usual }] of new Map([...brought, ...picked])) {
      const isShown = lines.some((line) => line.model === model);
      if (isShown || !(picked.has(model) || weights.get(model) === 0)) continue;
      lines.push({ model, name, weight: weights.get(model) ?? usual, word: brought.get(model)?.word });
    }
    showRows(rows, lines, ({ model }) => model, makeRow, (row, line) => row.set(line));
  };
  made.offer = async (family) => {
    const lists = ["mine", "favourites"].map((show) => take(`/models?${new URLSearchParams({ show, family })}`, CHOICES, { signal }));
    const [mine, liked] = await Promise.all(lists);
    const found = new Map([...mine.filter(({ files }) => files.some(({ name }) => name === LORA_FILE)), ...liked].map((model) => [model.id, model]));
    choice.hidden = !found.size;
    fill(choice, html`<option value="">${say("Add a model …")}</option>`, [...found.values()].map(({ id, name }) => html`<option value=${id}>${name}</option>`));
    choice.onchange = () => {
      const model = found.get(choice.value);
      if (model) picked.set(model.id, { name: model.name, usual: model.default_weight });
      choice.value = "";
      changed();
    };
  };
  return made;
}
