/** A model: what it draws, how to bring it in, its files, what it was made from, who may use it and what it earns. */

import { me } from "../app.js";
import { address, api } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { likeButton } from "../lib/models.js";
import { ask, badge, button, complain, copyButton, facts, linkButton, openDialog, pageHead } from "../lib/pieces.js";
import { reload } from "../lib/router.js";
import { mark, moment, number, say } from "../lib/words.js";
import { showEarnings } from "./model_earnings.js";
import { edit } from "./model_editing.js";
import { showFiles } from "./model_files.js";
import { publish, showShares, withdraw } from "./model_publishing.js";

const ACCESS = { private: mark("Private"), unlisted: mark("Unlisted"), public: mark("Public") };

export async function open({ params, query, signal, setTitle }) {
  const [model, instance] = await Promise.all([
    api.get(`/models/${params.id}`, { signal }),
    api.get("/instance", { signal }),
  ]);
  setTitle(model.name);
  const isMine = model.owner === me.id;
  const isLora = isMine ? model.files.some(({ name }) => name.startsWith("lora")) : true;
  const actions = [
    isLora ? linkButton(say("Generate"), `/generate?model=${model.id}`, { icon: "generate", kind: "primary" }) : null,
    isMine && isLora ? linkButton(say("Train further"), `/train?start_from=${model.id}`, { icon: "train" }) : null,
    isMine ? button(say("Edit"), () => edit(model), { icon: "edit" }) : null,
    isMine && isLora ? shareButton(model) : null,
    isMine ? null : likeButton(model, say("Favourite")),
    me.role === "admin" ? freezeButton(model) : null,
  ].filter(Boolean);
  if (isMine && query.get("publish") && model.access === "private") setTimeout(() => publish(model).catch(complain));
  return html`<div class="stack">
    ${pageHead(model.name, { text: model.description, back: { href: "/models", text: say("Models") }, actions })}
    <p class="row">${badge(say(ACCESS[model.access]), model.access === "public" ? "good" : "")} ${badge(model.family)} ${model.tags.map((tag) => badge(tag))}</p>
    ${model.state === "frozen" ? html`<p class="note warn">${icon("warning")}<span>${say("An admin has stopped this model; nobody can use it.")}</span></p>` : null}
    <section class="stack"><h2>${say("Trigger words")}</h2>${triggers(model)}</section>
    <section class="stack"><h2>${say("Samples")}</h2><div class="cards small">${model.samples.toReversed().map((sample) => picture(model, sample))}</div></section>
    ${isMine && model.published_at ? await showEarnings(model, signal) : null}
    <section class="stack"><h2>${say("Files")}</h2>${showFiles(model, instance)}</section>
    <div class="columns">
      <section class="card"><h2>${say("Made from")}</h2>${made(model)}</section>
      ${model.shares.length ? html`<section class="card"><h2>${say("Who earns")}</h2>${showShares(model.shares)}</section>` : null}
    </div>
  </div>`;
}

function triggers({ trigger_words: words, old_words: old }) {
  if (!words.length) return html`<p class="quiet">${say("It has none; pick it by name where you generate.")}</p>`;
  return html`<div class="stack">
    <p class="row">${words.map((word) => html`<span class="row"><code>${word}</code>${copyButton(word, say("Copy “{word}”", { word }))}</span>`)}
      ${words.length > 1 ? html`<span class="row quiet small-text">${say("All of them")}${copyButton(words.join(", "), say("Copy all trigger words"))}</span>` : null}</p>
    ${old.map(({ word, now }) => html`<p class="quiet small-text">${say("“{old}” still works; write “{now}” now.", { old: word, now })}</p>`)}
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

function made(model) {
  const { provenance } = model;
  const link = (href) => html`<a href=${href}>${say("Open it")}</a>`;
  return facts([
    [say("Base model"), provenance.base_model],
    [say("Offering"), provenance.offering],
    [say("Steps"), number(provenance.steps)],
    [say("Seed"), provenance.seed],
    [say("Usual weight"), number(model.default_weight, 2)],
    [say("Dataset"), provenance.dataset && link(`/datasets/${provenance.dataset}`)],
    [say("Training"), provenance.job && link(`/trainings/${provenance.job}`)],
    [say("Started from"), provenance.started_from && link(`/models/${provenance.started_from}`)],
    [say("Digest of its pictures"), provenance.snapshot_digest && html`<code>${provenance.snapshot_digest.slice(0, 10)}</code>${copyButton(provenance.snapshot_digest, say("Copy the digest"))}`],
    [say("Made"), moment(model.created_at)],
    [say("Published"), model.published_at && moment(model.published_at)],
    [say("Uses"), number(model.generations)],
    [say("Favourites"), number(model.favourites)],
  ]);
}

function shareButton(model) {
  if (model.access === "private") return button(say("Publish"), () => publish(model), { icon: "share" });
  return button(say("Withdraw"), () => withdraw(model));
}

/** What only admins have: to stop a model for everybody, and to let it go on. */
function freezeButton({ id, state }) {
  const set = async (wanted) => (await api.put(`/models/${id}/state`, { state: wanted }), reload());
  if (state === "frozen") return button(say("Let it go on"), () => set("active"), { icon: "play" });
  return button(say("Stop for everybody"), async () => {
    const text = say("Nobody can use it until an admin lets it go on. What it earned stays.");
    if (await ask(say("Stop this model for everybody?"), text, say("Stop for everybody"), { danger: true })) await set("frozen");
  }, { icon: "stop", kind: "danger" });
}
