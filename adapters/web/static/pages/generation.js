/** A generation: its pictures, every setting that draws them again, and what it cost. */

import { address, api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { describeProgress, getShare } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { button, facts, hasEnded, linkButton, pageHead, progress, statusBadge } from "../lib/pieces.js";
import { inOrder } from "../lib/timing.js";
import { number, points, say } from "../lib/words.js";

export async function open({ params, signal, setTitle }) {
  const path = `/generations/${params.id}`;
  const page = html`<div class="stack"></div>`;
  const show = inOrder(
    () => api.get(path, { signal }),
    (job) => {
      setTitle(job.spec.typed_prompt || say("Generation"));
      fill(page, ...write(job, show));
    },
  );
  await show();
  listen({ tell: (kind, event) => kind === "generation" && event.id === params.id && show(), refresh: show, signal });
  return page;
}

function write(job, show) {
  const { spec } = job;
  const cancel = async () => (await api.post(`/generations/${job.id}/cancel`), show());
  const again = `/generate?again=${job.id}`;
  const actions = hasEnded(job.status)
    ? [
        linkButton(say("Use these settings"), again, { icon: "undo", kind: "primary" }),
        job.pictures.length > 1 ? linkButton(say("Download all"), address(`/generations/${job.id}/images`), { icon: "download", download: true }) : null,
      ].filter(Boolean)
    : [button(say("Cancel"), cancel, { icon: "stop", kind: "danger" })];
  return [
    pageHead(spec.typed_prompt, { back: { href: "/generate", text: say("Generate") }, actions }),
    html`<p class="row">${statusBadge(job.status)} <span class="quiet">${describeProgress(job)}</span></p>`,
    hasEnded(job.status) ? null : progress(getShare(job)),
    job.error ? html`<p class="note bad">${job.error.message}</p>` : null,
    html`<div class="cards">${job.pictures.map((picture) => showPicture(job, picture))}</div>`,
    html`<section class="card"><h2>${say("Settings")}</h2>${settings(job)}</section>`,
  ];
}

function showPicture(job, { file, seed }) {
  const source = address(`/generations/${job.id}/images/${file.name}`);
  return html`<figure class="card">
    <img src=${source} alt=${job.spec.typed_prompt} width=${job.spec.width_px} height=${job.spec.height_px} class="drawn" />
    <figcaption class="row spread small-text"><span>${say("Seed")} <code>${seed}</code></span>
      <span class="row"><a href=${`/generate?${new URLSearchParams({ again: job.id, seed })}`}>${say("Vary it")}</a><a href=${source} download=${file.name}>${say("Download")}</a></span></figcaption>
  </figure>`;
}

function settings({ spec, quote, charged_points, royalty_points }) {
  return facts([
    [say("Base model"), spec.base_model.name],
    [say("Models"), spec.loras.length ? spec.loras.map((lora) => html`<a href="/models/${lora.model}">${lora.name} · ${number(lora.weight, 2)}</a> `) : "–"],
    [say("Prompt"), spec.prompt],
    [say("Not in the picture"), spec.negative_prompt],
    [say("Size"), `${spec.width_px} × ${spec.height_px} px`],
    [say("Steps"), number(spec.steps)],
    [say("Guidance"), number(spec.guidance_scale, 1)],
    [say("Sampler"), spec.scheduler],
    [say("Seed"), spec.seed],
    [say("Price"), points(quote.points)],
    [say("Charged"), charged_points === null ? null : points(charged_points)],
    [say("Of it for the makers"), royalty_points ? points(royalty_points) : null],
  ]);
}
