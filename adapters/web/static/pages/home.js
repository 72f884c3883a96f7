/** Home: what runs now, and what there is; or the first step, where there is nothing yet. */

import { me } from "../app.js";
import { address, api, take } from "../lib/api.js";
import { datasetCard } from "../lib/datasets.js";
import { html, showRows } from "../lib/dom.js";
import { jobRow } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { badge, empty, hasEnded, linkButton, pageHead } from "../lib/pieces.js";
import { say } from "../lib/words.js";

export async function open({ signal, setTitle }) {
  setTitle(say("Home"));
  const [datasets, models, trainings, generations] = await Promise.all([
    take("/datasets", 6, { signal }),
    take("/models", 6, { signal }),
    take("/trainings", 10, { signal }),
    take("/generations", 10, { signal }),
  ]);
  const head = pageHead(say("Hello, {name}", { name: me.display_name }), {
    actions: [
      linkButton(say("New dataset"), "/datasets?new=1", { icon: "add", kind: "primary" }),
      linkButton(say("Generate"), "/generate", { icon: "generate" }),
    ],
  });
  if (!datasets.length && !models.length) return html`<div>${head}${firstStep()}</div>`;
  return html`<div class="stack">
    ${head} ${running(trainings, generations, signal)}
    ${section(say("Datasets"), "/datasets", datasets.map((dataset) => datasetCard(dataset)))}
    ${section(say("Models"), "/models", models.map(modelCard))}
  </div>`;
}

function firstStep() {
  return empty(
    "datasets",
    say("From a few pictures to pictures of your own"),
    say("Gather pictures of one subject or style in a dataset, train a LoRA on it, and generate with it."),
    linkButton(say("New dataset"), "/datasets?new=1", { icon: "add", kind: "primary" }),
  );
}

function running(trainings, generations, signal) {
  const jobs = new Map();
  for (const job of trainings) jobs.set(job.id, { kind: "training", ...job });
  for (const job of generations) jobs.set(job.id, { kind: "generation", ...job });
  const list = html`<ul class="stack"></ul>`;
  const made = html`<section class="stack"><h2>${say("At work now")}</h2>${list}</section>`;
  const show = () => {
    const active = [...jobs.values()].filter((job) => !hasEnded(job.status));
    made.hidden = !active.length;
    showRows(list, active, (job) => job.id, jobRow, (row, job) => row.set(job));
  };
  const tell = async (kind, event) => {
    if (kind !== "training" && kind !== "generation") return;
    const known = jobs.get(event.id) ?? (await api.get(`/${kind}s/${event.id}`, { signal }));
    jobs.set(event.id, { ...known, kind, ...event });
    show();
  };
  const refresh = async () => {
    for (const job of jobs.values()) Object.assign(job, await api.get(`/${job.kind}s/${job.id}`, { signal }));
    show();
  };
  listen({ tell, refresh, signal });
  show();
  return made;
}

function section(title, href, cards) {
  if (!cards.length) return null;
  return html`<section class="stack">
    <div class="row spread"><h2>${title}</h2><a href=${href}>${say("Show all")}</a></div>
    <div class="cards">${cards}</div>
  </section>`;
}

function modelCard(model) {
  const sample = model.samples.at(-1);
  const source = sample && address(`/models/${model.id}/files/${sample.file.name}`);
  return html`<a class="card" href="/models/${model.id}">
    <div class="cover">${source && html`<img src=${source} alt=${sample.prompt} loading="lazy" />`}</div>
    <h3>${model.name}</h3>
    <p class="row">${model.trigger_words.slice(0, 3).map((word) => badge(word))}</p>
  </a>`;
}
