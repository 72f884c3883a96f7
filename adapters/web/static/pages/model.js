/** A model: what it draws, how to bring it in, its files, what it was made from, and who may use it. */

import { me } from "../app.js";
import { address, api } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { ask, badge, button, copyButton, facts, field, linkButton, openDialog, pageHead, table, toast } from "../lib/pieces.js";
import { reload } from "../lib/router.js";
import { mark, moment, number, percent, pictures, say, size } from "../lib/words.js";

const ACCESS = { private: mark("Private"), unlisted: mark("Unlisted"), public: mark("Public") };
const AUTOV2_DIGITS = 10;

export async function open({ params, query, signal, setTitle }) {
  const model = await api.get(`/models/${params.id}`, { signal });
  setTitle(model.name);
  const isMine = model.owner === me.id;
  const actions = [
    linkButton(say("Generate"), `/generate?model=${model.id}`, { icon: "generate", kind: "primary" }),
    isMine ? linkButton(say("Train further"), `/train?start_from=${model.id}`, { icon: "train" }) : null,
    isMine ? button(say("Edit"), () => edit(model), { icon: "edit" }) : null,
    isMine ? shareButton(model) : null,
  ].filter(Boolean);
  if (isMine && query.get("publish") && model.access === "private") setTimeout(() => publish(model));
  return html`<div class="stack">
    ${pageHead(model.name, { text: model.description, back: { href: "/models", text: say("Models") }, actions })}
    <p class="row">${badge(say(ACCESS[model.access]), model.access === "public" ? "good" : "")} ${badge(model.family)} ${model.tags.map((tag) => badge(tag))}</p>
    <section class="stack"><h2>${say("Trigger words")}</h2>
      <p class="row">${model.trigger_words.map((word) => html`<span class="row"><code>${word}</code>${copyButton(word)}</span>`)}</p>
    </section>
    <section class="stack"><h2>${say("Samples")}</h2><div class="cards">${model.samples.map((sample) => picture(model, sample))}</div></section>
    <section class="stack"><h2>${say("Files")}</h2>${files(model)}</section>
    <section class="card"><h2>${say("Made from")}</h2>${made(model)}</section>
    ${model.shares.length ? html`<section class="card"><h2>${say("Who earns")}</h2>${shares(model)}</section>` : null}
  </div>`;
}

function picture(model, { file, prompt, step }) {
  const source = address(`/models/${model.id}/files/${file.name}`);
  const enlarge = () => openDialog(prompt, html`<img src=${source} alt=${prompt} />`, { wide: true });
  return html`<figure class="card">
    <button type="button" class="cover picture-button" aria-label=${say("Enlarge: {prompt}", { prompt })} @click=${enlarge}><img src=${source} alt=${prompt} loading="lazy" /></button>
    <figcaption class="small-text">${prompt} <span class="quiet">${say("Step {step}", { step: number(step) })}</span></figcaption>
  </figure>`;
}

function files(model) {
  const rows = model.files.map((file) => html`<tr>
    <td><a href=${address(`/models/${model.id}/files/${file.name}`)} download>${file.name}</a></td>
    <td class="number">${size(file.bytes)}</td>
    <td><code>${file.sha256.slice(0, AUTOV2_DIGITS)}</code>${copyButton(file.sha256, say("Copy the SHA-256"))}</td>
  </tr>`);
  return table(say("Files"), [say("File"), [say("Size"), "number"], "AutoV2"], rows);
}

function made(model) {
  const { provenance } = model;
  return facts([
    [say("Base model"), provenance.base_model],
    [say("Offering"), provenance.offering],
    [say("Steps"), number(provenance.steps)],
    [say("Seed"), provenance.seed],
    [say("Dataset"), provenance.dataset && html`<a href="/datasets/${provenance.dataset}">${say("Open it")}</a>`],
    [say("Training"), provenance.job && html`<a href="/trainings/${provenance.job}">${say("Open it")}</a>`],
    [say("Started from"), provenance.started_from && html`<a href="/models/${provenance.started_from}">${say("Open it")}</a>`],
    [say("Made"), moment(model.created_at)],
    [say("Uses"), number(model.generations)],
    [say("Favourites"), number(model.favourites)],
  ]);
}

function shares(model) {
  return html`<ul>${model.shares.map((share) => html`<li class="row spread">
    <span>${share.account === me.id ? say("You") : say("A contributor")} ${share.pictures ? html`<span class="quiet">${pictures(share.pictures)}</span>` : null}</span>
    <span>${percent(share.bps / 10_000, 2)}</span>
  </li>`)}</ul>`;
}

function shareButton(model) {
  if (model.access === "private") return button(say("Publish"), () => publish(model), { icon: "share" });
  return button(say("Withdraw"), async () => {
    const text = say("Others can no longer use it. What was earned stays, and you can publish it again.");
    if (!(await ask(say("Withdraw it?"), text, say("Withdraw"), { danger: true }))) return;
    await api.delete(`/models/${model.id}/publication`);
    await reload();
  });
}

function publish(model) {
  const words = html`<input value=${model.trigger_words.join(", ")} />`;
  const access = html`<select><option value="public">${say("Public")}</option><option value="unlisted">${say("Unlisted")}</option></select>`;
  const send = async () => {
    await api.put(`/models/${model.id}/publication`, { access: access.value, trigger_words: split(words.value) });
    close();
    toast(say("It is published."), { tone: "good" });
    await reload();
  };
  const close = openDialog(say("Publish {name}", { name: model.name }), html`<div class="stack">
    <p>${say("Others can then use it by its trigger words. Whenever they do, its makers earn: half goes to you, half to those who gave pictures.")}</p>
    ${field(say("Trigger words"), words, { help: say("Separated by commas; common words and words of other models are refused.") })}
    ${field(say("Who may use it"), access, { help: say("Unlisted models are found by whoever has the address.") })}
    <div class="actions end">${button(say("Publish"), send, { kind: "primary" })}</div>
  </div>`);
}

function edit(model) {
  const name = html`<input maxlength="100" value=${model.name} />`;
  const text = html`<textarea .value=${model.description}></textarea>`;
  const tags = html`<input value=${model.tags.join(", ")} />`;
  const save = async () => {
    await api.patch(`/models/${model.id}`, { name: name.value, description: text.value, tags: split(tags.value) });
    close();
    await reload();
  };
  const close = openDialog(say("Edit {name}", { name: model.name }), html`<div class="stack">
    ${field(say("Name"), name)} ${field(say("Description"), text)} ${field(say("Tags"), tags, { help: say("Separated by commas.") })}
    <div class="actions end">${button(say("Save"), save, { kind: "primary" })}</div>
  </div>`);
}

const split = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);
