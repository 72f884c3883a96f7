/** Home: what runs now, and what there is; or the first step, where there is nothing yet. */

import { me } from "../app.js";
import { take } from "../lib/api.js";
import { datasetCard } from "../lib/datasets.js";
import { html } from "../lib/dom.js";
import { liveJobs } from "../lib/jobs.js";
import { modelCard } from "../lib/models.js";
import { empty, linkButton, pageHead } from "../lib/pieces.js";
import { say } from "../lib/words.js";

export async function open({ signal, setTitle }) {
  setTitle(say("Home"));
  const [datasets, models, trainings, generations, captions] = await Promise.all([
    take("/datasets", 6, { signal }),
    take("/models", 6, { signal }),
    take("/trainings?show=active", 10, { signal }),
    take("/generations", 10, { signal }),
    take("/auto-captions", 5, { signal }),
  ]);
  const jobs = [
    ...trainings.map((job) => ({ kind: "training", ...job })),
    ...generations.map((job) => ({ kind: "generation", ...job })),
    ...captions.map((job) => ({ kind: "auto_caption", ...job })),
  ];
  const head = pageHead(say("Hello, {name}", { name: me.display_name }), {
    actions: [
      linkButton(say("New dataset"), "/datasets?new=1", { icon: "add", kind: "primary" }),
      linkButton(say("Generate"), "/generate", { icon: "generate" }),
    ],
  });
  if (!datasets.length && !models.length) return html`<div>${head}${firstStep()}</div>`;
  return html`<div class="stack">
    ${head} ${liveJobs(say("At work now"), jobs, { kinds: ["training", "generation", "auto_caption"], signal })}
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

function section(title, href, cards) {
  if (!cards.length) return null;
  return html`<section class="stack">
    <div class="row spread"><h2>${title}</h2><a href=${href}>${say("Show all")}</a></div>
    <div class="cards">${cards}</div>
  </section>`;
}
