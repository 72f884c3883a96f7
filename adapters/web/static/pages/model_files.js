/** A model's files: to download, with their hashes, and how anybody can check who signed them. */

import { address } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { copyButton, table } from "../lib/pieces.js";
import { say, size } from "../lib/words.js";

const AUTOV2_DIGITS = 10;

export function showFiles(model, instance) {
  const shown = model.files.filter(({ content_type }) => !content_type.startsWith("image/"));
  if (!shown.length) return html`<p class="quiet">${say("Its maker does not let others download it; it can be used here.")}</p>`;
  const rows = shown.map((file) => html`<tr>
    <td><a href=${address(`/models/${model.id}/files/${file.name}`)} download>${file.name}</a></td>
    <td class="number">${size(file.bytes)}</td>
    <td><code title=${file.sha256}>${file.sha256.slice(0, AUTOV2_DIGITS)}</code>${copyButton(file.sha256, say("Copy the SHA-256 of {name}", { name: file.name }))}</td>
  </tr>`);
  const weights = shown.find(({ name }) => name.endsWith(".safetensors"));
  return html`<div class="stack">
    ${table(say("Files"), [say("File"), [say("Size"), "number"], "AutoV2"], rows)}
    ${weights ? explain(weights.name, instance) : null}
  </div>`;
}

function explain(name, { public_key: key, fingerprint }) {
  const command = `trainyard verify ${name} --key ${key}`;
  return html`<details class="card"><summary>${say("Checked and signed")}</summary><div class="stack">
    <p>${say("The weights were loaded again and compared with what was trained, before anybody got them. Each file says, signed, what it was made from. Anybody can check that without a network:")}</p>
    <p class="row"><code>${command}</code>${copyButton(command, say("Copy the command"))}</p>
    <p class="quiet small-text">${say("Signed by this place, whose key has the fingerprint")} <code>${fingerprint}</code></p>
  </div></details>`;
}
