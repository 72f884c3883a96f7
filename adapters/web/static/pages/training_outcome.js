/** How a training has ended: the model and what to do with it, or why there is none and what helps. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { badge, copyButton, facts, linkButton } from "../lib/pieces.js";
import { duration, mark, say } from "../lib/words.js";

const ADVICE = {
  out_of_memory: mark("Take a lower resolution, batch size or rank, or switch gradient checkpointing on."),
  loss_nan: mark("Take a lower learning rate, and look whether a picture of the dataset is broken."),
  invalid_data: mark("Look at the dataset, mend or remove what is named, and train again."),
  worker_lost: mark("Try it again. If that does not help, tell whoever runs this place."),
  base_model_missing: mark("Only whoever runs this place can mend that; tell them the code."),
  acceleration_missing: mark("Only whoever runs this place can mend that; tell them the code."),
  optimizer_missing: mark("Take another optimiser, or tell whoever runs this place."),
  disk_full: mark("Only whoever runs this place can mend that; tell them the code."),
};

/** Make the part; `set(job)` fills it once the training has ended. */
export function showOutcome({ signal }) {
  const made = html`<section class="stack" aria-live="polite" hidden></section>`;
  let shown = "";
  made.set = async (job) => {
    const wanted = `${job.status} ${job.model}`;
    if (wanted === shown) return;
    shown = wanted;
    const content = await describe(job, signal).catch(() => null);
    if (shown !== wanted) return;
    made.hidden = !content;
    fill(made, content);
  };
  return made;
}

async function describe(job, signal) {
  if (job.status === "failed") return showFailure(job.error);
  if (job.status === "cancelled")
    return note(
      "warn",
      say("The training was cancelled."),
      say("Nothing came of it but its samples; you can try it again or change it."),
    );
  if (job.status !== "completed") return null;
  if (!job.model) return note("", say("The training is done."), say("Its model is on its way."));
  return showModel(job, await api.get(`/models/${job.model}`, { signal }).catch(() => null));
}

function showFailure(error) {
  const advice = ADVICE[error.code] ?? ADVICE.worker_lost;
  const made = note("bad", say("The training failed."), error.message, say(advice));
  made.lastElementChild.append(html`<p class="small-text">${say("Code")}: <code>${error.code}</code></p>`);
  return made;
}

function showModel(job, model) {
  const took = (new Date(job.history.at(-1).at) - new Date(job.history[0].at)) / 1000;
  if (!model) return note("good", say("The training is done."), say("Its model is no longer there."));
  const words = model.trigger_words.map(
    (word) =>
      html`<span class="row">${badge(word)}${copyButton(word, say("Copy “{word}”", { word }))}</span>`,
  );
  const isLora = job.spec.output === "lora";
  return html`<div class="card training-done">
    <h2>${icon("check")}<span>${say("“{name}” is ready", { name: model.name })}</span></h2>
    <p>${say("Write a trigger word into a prompt to bring the model in.")}</p>
    <div class="row">${words}</div>
    ${facts([[say("Took"), duration(took)]])}
    <div class="actions">
      ${linkButton(say("The model"), `/models/${model.id}`, { kind: "primary", icon: "models" })}
      ${isLora ? linkButton(say("Try it"), `/generate?${new URLSearchParams({ model: model.id })}`, { icon: "generate" }) : null}
      ${isLora && model.access === "private" ? linkButton(say("Publish"), `/models/${model.id}?publish=1`, { icon: "share" }) : null}
      ${isLora ? linkButton(say("Train it further"), `/train?${new URLSearchParams({ start_from: model.id })}`, { icon: "train" }) : null}
    </div>
  </div>`;
}

function note(tone, title, ...texts) {
  return html`<div class="note ${tone}">${icon(tone === "good" ? "check" : "warning")}
    <div class="stack"><h2>${title}</h2>${texts.map((text) => html`<p>${text}</p>`)}</div></div>`;
}
