/** What a maker may change of a model: what people read about it, its usual weight, and who may download it. */

import { api } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { button, field, openDialog } from "../lib/pieces.js";
import { reload } from "../lib/router.js";
import { say } from "../lib/words.js";
import { split } from "./model_publishing.js";

export function edit(model) {
  const name = html`<input maxlength="100" value=${model.name} />`;
  const text = html`<textarea maxlength="2000" .value=${model.description}></textarea>`;
  const tags = html`<input value=${model.tags.join(", ")} />`;
  const weight = html`<input type="number" min="0.05" max="2" step="0.05" value=${model.default_weight} />`;
  const download = html`<input type="checkbox" ?checked=${model.downloadable} />`;
  const save = async () => {
    const changes = { name: name.value, description: text.value, tags: split(tags.value), default_weight: Number(weight.value), downloadable: download.checked };
    await api.patch(`/models/${model.id}`, changes);
    close();
    await reload();
  };
  const close = openDialog(say("Edit {name}", { name: model.name }), html`<div class="stack">
    ${field(say("Name"), name)} ${field(say("Description"), text)} ${field(say("Tags"), tags, { help: say("Separated by commas.") })}
    ${field(say("Usual weight"), weight, { help: say("How strongly it comes in when a prompt says nothing else.") })}
    <label class="choice">${download}<span>${say("Others may download the weights once it is published")}</span></label>
    <div class="actions end">${button(say("Save"), save, { kind: "primary" })}</div>
  </div>`);
}
